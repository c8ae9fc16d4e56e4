"""Statements that both databases understand but SQLAlchemy spells once for each."""

from collections.abc import Mapping
from typing import TypeVar

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Kind = TypeVar("Kind")
Insert = postgresql.Insert | sqlite.Insert


def insert_into(connection: Connection, table: Table) -> Insert:
    """Return an insert that may say what happens on a conflict."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(
    connection: Connection, table: Table, values: Mapping[str, object], *, returning: Column[Kind]
) -> Kind | None:
    """Insert the row unless a unique column is taken; return a column of it, or None if it is taken.

    A row count would not do: it is -1 on psycopg.
    """
    statement = insert_into(connection, table).values(**values).on_conflict_do_nothing().returning(returning)
    return connection.execute(statement).scalar()
