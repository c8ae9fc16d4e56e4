import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import InvalidError, UnavailableError
from bot.records.anchors import folder_anchors
from bot.records.database import Database
from bot.records.ledger import verify_store
from bot.records.migrations import MIGRATIONS, migrate
from bot.records.schema import metadata
from bot.records.signing import Signer, trusted_keys
from bot.records.store import Store
from tests.records.keeping import KEPT, lay_out
from tests.records.values import NOON, StandingClock


def test_the_tables_have_the_columns_that_statements_use(store: Store, url: str) -> None:
    store.close()
    database = Database(url)
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        made = {
            name: {column["name"] for column in inspector.get_columns(name)} for name in inspector.get_table_names()
        }
    database.close()

    used = {table.name: {column.name for column in table.columns} for table in metadata.sorted_tables}
    assert made == {**used, "migrations": {"number", "name"}}


def test_opening_again_changes_nothing(url: str, signer: Signer) -> None:
    for _ in range(2):
        Store.open(url, signer=signer).close()

    database = Database(url)
    with database.reading() as connection:
        done = connection.execute(sa.text("select number, name from migrations order by number")).all()
    database.close()
    assert [tuple(row) for row in done] == [
        (number, migration.__name__) for number, migration in enumerate(MIGRATIONS, start=1)
    ]


def test_a_database_of_a_newer_bot_is_left_alone(store: Store, url: str, signer: Signer) -> None:
    store.close()
    database = Database(url)
    with database.writing() as connection:
        connection.execute(sa.text("insert into migrations values (99, 'later')"))
    database.close()

    with pytest.raises(UnavailableError, match="newer version"):
        Store.open(url, signer=signer)

    Database(url).close()  # whoever was refused has let go of it


def test_a_database_of_before_strikes_gets_its_table_and_keeps_its_drafts(url: str, signer: Signer) -> None:
    database = Database(url)
    with database.writing() as connection:
        if database.postgres:
            connection.execute(sa.text("drop table bot.strikes; delete from bot.migrations where number = 7"))
        else:
            migrate(connection)
            connection.execute(sa.text("drop table strikes"))
            connection.execute(sa.text("delete from migrations where number = 7"))
        draft = {
            **{"id": 1, "label": "INC-1", "title": "halted", "place": {"team": "T", "channel": "C"}, "by": "U1"},
            **dict.fromkeys(("begun", "since", "until"), "2026-11-23T12:00:00Z"),
            "revision": 1,
        }
        row = {"doc": json.dumps(draft)}
        connection.execute(sa.text("insert into drafts (id, revision, doc) values (1, 1, :doc)"), row)
    database.close()

    store = Store.open(url, signer=signer)

    assert (store.draft(1).struck, store.draft(1).about, store.strikes(["INC-1"])) == ((), (), [])
    store.close()


def test_the_records_of_todays_schema_are_kept_for_the_bots_to_come() -> None:
    newest = max(int(folder.name) for folder in KEPT.iterdir())

    assert newest == len(MIGRATIONS), "Write them down: python -m tests.records.keeping"


@pytest.mark.parametrize("kept", sorted(KEPT.iterdir()), ids=lambda folder: f"schema-{folder.name}")
def test_records_that_an_earlier_bot_kept_open_migrate_and_verify(kept: Path, tmp_path: Path, signer: Signer) -> None:
    url = lay_out(kept, tmp_path)

    store = Store.open(url, signer=signer, clock=StandingClock())
    found = [
        *(one.label for one in store.runs(open_only=False)),
        *(f"{one.label} {one.state}" for one in store.approvals()),
        *(f"{one.step} {one.state}" for one in store.attempts(1)),
        *(one.notice.name for one in store.episodes(open_only=False)),
        *(one.label for one in store.incidents()),
        *(one.label for one in store.drafts()),
        *(one.label for one in store.followups()),
        *(one.reason for one in store.strikes(["INC-1"])),
        *(one.said for number in store.deliveries() if (one := store.delivery(number)) is not None),
        *(one.key for one in store.open_waits(due=NOON + timedelta(days=1))),
    ]
    looked = (store.holds("schedule:nightly"), store.snapshot("0" * 64)[1], store.dialog("opaque", person="U1"))
    items, card = store.evidence("A-1").items, store.card("run:1")
    audited = [record.body.kind for record, _ in store.audit()]
    store.close()

    assert found == [
        *("R-2", "R-1", "Q-2 approved", "Q-1 consumed", "pause done", "errors", "INC-1", "INC-1", "ACT-1"),
        *("it is still paused", "breaker", "segment:1:2", "remind:1:1"),
    ]
    assert looked == ((1,), "runbooks/circuit-breaker.md", "approve:2:1")
    assert (len(items) > 1, card and card.ts, audited[0], len(audited)) == (True, "1.1", "audit.erased", 5)
    keys, anchors = trusted_keys(kept / "audit.pub"), folder_anchors(kept / "anchors")
    told = verify_store(url, keys=keys, anchors=anchors, every_signature=True)
    assert told.whole, told.lines()
    assert told.unanchored == 0
    assert _numbers(url) == [*range(1, len(MIGRATIONS) + 1)]


def _numbers(url: str) -> list[int]:
    database = Database(url)
    with database.reading() as connection:
        done = connection.execute(sa.text("select number from migrations order by number")).scalars().all()
    database.close()
    return [*done]


def test_a_change_that_breaks_off_leaves_nothing(store: Store, url: str) -> None:
    store.close()
    database = Database(url)

    def break_off() -> None:
        with database.writing() as connection:
            connection.execute(sa.text("insert into meta values ('half', 'done')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with database.reading() as connection:
        names = connection.execute(sa.text("select name from meta")).scalars().all()
    database.close()
    assert names == ["installation"]


def test_an_error_of_the_database_says_nothing_of_what_was_to_be_kept(store: Store, url: str) -> None:
    store.close()
    database = Database(url)
    insert, row = sa.text("insert into meta values (:name, :value)"), {"name": "installation", "value": "canary"}

    with pytest.raises(sa.exc.IntegrityError) as raised, database.writing() as connection:
        connection.execute(insert, row)
    database.close()

    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db"])
def test_records_need_a_database_they_know(url: str) -> None:
    with pytest.raises(InvalidError, match="records"):
        Database(url)


def test_a_database_that_does_not_answer_is_a_neighbour_that_failed() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")

    with pytest.raises(UnavailableError, match="did not answer"), database.reading():
        pass
    database.close()


def test_sqlite_is_opened_as_the_rules_say(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('rules')}/bot.db"
    Store.open(url, signer=signer).close()
    database = Database(url)
    with database.writing() as connection:
        found = {
            name: connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "recursive_triggers", "synchronous", "busy_timeout")
        }
    database.close()

    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "synchronous": 2,
        "busy_timeout": 10_000,
    }
