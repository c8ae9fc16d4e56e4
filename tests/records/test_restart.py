"""PostgreSQL is restarted in the middle: what was kept stays, what was not is not there by half, and all goes on."""

import pytest
import sqlalchemy as sa

from bot.domain.records import Change
from bot.errors import UnavailableError
from bot.records.anchors import NamedAnchors
from bot.records.database import Database
from bot.records.signing import Signer
from bot.records.store import Store
from tests.postgres import Postgres
from tests.records.values import StandingClock, a_delivery, a_run, begin, entry

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]


def break_off(url: str, postgres: Postgres, *, at_commit: bool) -> None:
    """Have the database restarted between a change and its commit, or between two statements of it."""
    database = Database(url)
    try:
        with database.writing() as connection:
            connection.execute(sa.text("insert into meta values ('half', 'done')"))
            postgres.restart()
            if not at_commit:
                connection.execute(sa.text("insert into meta values ('other half', 'done')"))
    finally:
        database.close()


@pytest.mark.parametrize("at_commit", [False, True])
def test_a_restart_in_mid_transaction_loses_nothing_and_halves_nothing(
    postgres: Postgres,
    records_on_postgres: str,
    signer: Signer,
    anchors: NamedAnchors,
    clock: StandingClock,
    at_commit: bool,
) -> None:
    store = Store.open(records_on_postgres, signer=signer, anchors=anchors, clock=clock)
    begin(store)
    store.accept(a_delivery("before"))

    with pytest.raises(UnavailableError, match="nothing is done twice"):
        break_off(records_on_postgres, postgres, at_commit=at_commit)

    assert (store.run(1).id, len(store.deliveries())) == (1, 1)  # over connections that the restart has cut
    assert not store.accept(a_delivery("before"))
    assert store.accept(a_delivery("after"))
    store.commit(Change(runs=(a_run(2),), audit=(entry(subject="R-2"),)))
    store.close()
    reader = Database(records_on_postgres, read_only=True)
    with reader.reading() as connection:
        names = set(connection.execute(sa.text("select name from meta")).scalars())
    reader.close()
    assert names == {"installation"}
