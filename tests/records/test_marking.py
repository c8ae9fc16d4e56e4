"""Marks kept and looked at on both databases, by several at once and through a restart."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.inbox import Delivery, MarkMessage
from bot.domain.incident import Note
from bot.domain.records import Change
from bot.domain.remarks import Mark, Remark
from bot.errors import StaleError
from bot.records.store import Store
from bot.usecases.desk import Desk
from bot.usecases.work import perform_work
from tests.records.values import NOON, PLACE, an_incident
from tests.slack.door import POLICY, Door

TS = "1795430400.{:06d}"


class Everything:
    """Say of every message that it bears the mark, and read as its place does."""

    def remark(self, channel: str, ts: str) -> Remark | None:
        return Remark(ts=ts, at=NOON, by="U0CY", text=f"said\u202e at {ts} \x00", pinned=True)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    """A desk on this database, with nothing else beside it."""
    door = Door(tmp_path / "door")
    door.close()
    policy = POLICY.model_copy(update={"operator": "everyone", "channels": ("C1",)})
    store.commit(Change(incidents=(an_incident(),)))
    return replace(door.desk, records=store, remarks=Everything(), policy=policy)


def kept(store: Store, number: int, *, person: str = "U0ANA", added: bool = True) -> bool:
    return store.accept(
        Delivery(
            identity=f"Ev{number}-{person}-{added}",
            wish=MarkMessage(message=TS.format(number), added=added),
            person=person,
            place=PLACE,
            at=NOON,
        )
    )


def drive(desk: Desk) -> None:
    store = desk.records
    while due := [*(f"inbox:{one}" for one in store.deliveries()), *(w.key for w in store.open_waits(due=store.now()))]:
        for work in due:
            perform_work(desk, work)


def test_a_mark_is_kept_once_for_each_event_and_its_message_read_by_the_next_work(store: Store, desk: Desk) -> None:
    assert kept(store, 1)
    assert not kept(store, 1)

    perform_work(desk, f"inbox:{store.deliveries()[0]}")
    assert len(store.incident(1).markings) == 1
    drive(desk)

    ts = TS.format(1)
    assert store.incident(1).notes == (
        Note(at=NOON, by="U0CY", text=f"said at {ts}", ts=ts, marks=(Mark(by="U0ANA"),)),
    )
    assert store.open_waits(due=NOON + timedelta(days=1)) == []


def perform_to_the_end(desk: Desk, work: str) -> None:
    """Perform it as the engine does: where somebody else was first every time, it is tried again."""
    while True:
        with suppress(StaleError):
            return perform_work(desk, work)


def test_marks_of_many_people_at_once_are_all_kept_and_wait_in_one_line(store: Store, desk: Desk) -> None:
    for number in range(30):
        kept(store, number, person=("U0ANA", "U0BO")[number % 2])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: perform_to_the_end(desk, f"inbox:{number}"), store.deliveries()))

    assert len(store.incident(1).markings) == 30
    assert len(store.open_waits(due=store.now())) == 1
    with ThreadPoolExecutor(2) as pool:  # as on two replicas
        list(pool.map(lambda key: perform_to_the_end(desk, key), [store.open_waits(due=store.now())[0].key] * 4))
    drive(desk)
    assert sorted(note.ts for note in store.incident(1).notes) == [TS.format(number) for number in range(30)]
    assert (store.incident(1).markings, store.open_waits(due=store.now())) == ((), [])


def test_what_is_marked_while_messages_are_read_is_read_too(store: Store, desk: Desk) -> None:
    class Slow(Everything):
        def remark(self, channel: str, ts: str) -> Remark | None:
            if ts == TS.format(1) and kept(store, 2):
                perform_work(desk, f"inbox:{store.deliveries()[0]}")
            return super().remark(channel, ts)

    kept(store, 1)

    drive(replace(desk, remarks=Slow()))

    assert [note.ts for note in store.incident(1).notes] == [TS.format(1), TS.format(2)]
