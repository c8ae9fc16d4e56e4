"""Statements that both databases understand but SQLAlchemy spells once for each."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

Kind = TypeVar("Kind")
Insert = postgresql.Insert | sqlite.Insert


def insert_into(dialect: str, table: Table) -> Insert:
    """Return an insert that may say what happens on a conflict."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_new(
    connection: Connection, table: Table, values: Mapping[str, object], *, returning: Column[Kind]
) -> Kind | None:
    """Insert the row unless a unique column is taken; return a column of it, or None if it is taken.

    A row count would not do: it is -1 on psycopg.
    """
    return connection.execute(_inserting(connection.dialect.name, table, returning), values).scalar()


@lru_cache
def _inserting(dialect: str, table: Table, returning: Column[Kind]) -> ReturningInsert[Kind]:
    return insert_into(dialect, table).on_conflict_do_nothing().returning(returning)
