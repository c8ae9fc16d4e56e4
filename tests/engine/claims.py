"""Claims in a table, for tests with several processes; the real ones live in the records."""

from datetime import timedelta

import sqlalchemy as sa

TABLES = (
    "create table beats (replica text primary key, at double precision not null)",
    "create table claims (work text not null, of_replica text not null, primary key (work, of_replica))",
)


class TableClaims:
    """Beats and claims on the database's own clock; a claim here never expires."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        postgres = self._engine.dialect.name == "postgresql"
        self._now = "extract(epoch from clock_timestamp())" if postgres else "julianday('now') * 86400.0"

    def create(self) -> None:
        with self._engine.begin() as connection:
            for table in TABLES:
                connection.execute(sa.text(table))
        self._engine.dispose()

    def beat(self, replica: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                sa.text(
                    f"insert into beats values (:replica, {self._now})"  # noqa: S608 - one of two fixed words
                    " on conflict (replica) do update set at = excluded.at"
                ),
                {"replica": replica},
            )

    def dead(self, *, after: timedelta) -> frozenset[str]:
        with self._engine.begin() as connection:
            rows = connection.execute(
                sa.text(
                    f"select replica from beats where at < {self._now} - :after"  # noqa: S608 - as above
                ),
                {"after": after.total_seconds()},
            )
            return frozenset(rows.scalars())

    def claim(self, work: str, *, of: str, by: str) -> bool:
        del by
        with self._engine.begin() as connection:
            won = connection.execute(
                sa.text("insert into claims values (:work, :of) on conflict do nothing returning work"),
                {"work": work, "of": of},
            )
            return won.first() is not None
