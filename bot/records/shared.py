"""What only one run may change (leases), and what several may want kept still (holds, which are counted)."""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection, delete, select, text

from bot.errors import LeaseHeldError
from bot.records.schema import fold, holds, leases
from bot.records.statements import insert_new


def lease(connection: Connection, resource: str, *, run: int) -> None:
    """Take the resource for the run, which may have it already.

    Raises:
        LeaseHeldError: another run has it.
    """
    row = {"resource": fold(resource), "run": run}
    if insert_new(connection, leases, row, returning=leases.c.run) is not None:
        return
    holder = connection.execute(select(leases.c.run).where(leases.c.resource == fold(resource))).scalar_one()
    if holder != run:
        words = f"R-{holder} is changing {resource} right now; this goes on when it is through."
        raise LeaseHeldError(words, resource=resource, holder=holder)


def free(connection: Connection, run: int, *, resource: str | None = None) -> None:
    """End the run's leases, or its lease on one resource."""
    statement = delete(leases).where(leases.c.run == run)
    connection.execute(statement if resource is None else statement.where(leases.c.resource == fold(resource)))


def lock_hold(connection: Connection, resource: str) -> None:
    """Let nobody else count the holds of the resource before the transaction ends."""
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(sha256(b"hold:" + resource.encode()).digest()[:8], signed=True)
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


def hold(connection: Connection, resource: str, *, run: int) -> None:
    """Keep that the run wants the resource kept still."""
    insert_new(connection, holds, {"resource": fold(resource), "run": run}, returning=holds.c.run)


def drop_hold(connection: Connection, *, run: int, resource: str) -> None:
    """Keep that the run does not want it any more; the resource may be given folded."""
    connection.execute(delete(holds).where((holds.c.run == run) & (holds.c.resource == fold(resource))))


def holders(connection: Connection, resource: str) -> Sequence[int]:
    """Return the runs that want the resource kept still, oldest first."""
    found = select(holds.c.run).where(holds.c.resource == fold(resource)).order_by(holds.c.run)
    return connection.execute(found).scalars().all()
