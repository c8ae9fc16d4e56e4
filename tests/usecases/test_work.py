"""What the engine performs, and what it waits for before it begins."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from bot.domain.inbox import OF_ALARM, AlarmCame, ShowList
from bot.domain.records import Change, Wait
from bot.usecases.work import ALARMS_AT_ONCE, KINDS, MOST_STARTED, THREADS, WAITS, Bell, Failures, Precedence, Sweeper
from tests.usecases.table import ANA, Table
from tests.usecases.test_alarms import notice

PATIENCE_S = 10.0


def begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_work_begins_only_when_nothing_that_slack_waits_for_is_under_way() -> None:
    precedence, order = Precedence(most=timedelta(seconds=PATIENCE_S)), list[str]()

    def work() -> None:
        precedence.give_way()
        order.append("work")

    with precedence.urgent():
        thread = begun(work)
        thread.join(0.05)
        order.append("answered")
    thread.join(PATIENCE_S)

    assert order == ["answered", "work"]


def test_work_begins_at_once_where_nobody_waits() -> None:
    precedence = Precedence(most=timedelta(days=1))

    with precedence.urgent():
        pass
    thread = begun(precedence.give_way)
    thread.join(PATIENCE_S)

    assert not thread.is_alive()


def test_work_is_put_off_and_never_held_up_by_slack_that_never_ceases_to_ask() -> None:
    precedence = Precedence(most=timedelta(seconds=0.05))
    with precedence.urgent():
        began = time.monotonic()
        threads = [begun(precedence.give_way) for _ in range(3)]
        for thread in threads:
            thread.join(PATIENCE_S)
        took = time.monotonic() - began

    assert not any(thread.is_alive() for thread in threads)
    assert took >= 0.14, "one at a time"


# What begins, where much has come in.


class Hung:
    """Be an engine in which nothing that was started ever ends."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, work: str) -> None:
        """Take a work; the same twice is one."""
        if work not in self.started:
            self.started.append(work)


def swept(table: Table, failures: Failures) -> list[str]:
    engine = Hung()
    sweeper = Sweeper(
        records=table.store, engine=engine, failures=failures, bell=Bell(), also=lambda: None, give_way=lambda: None
    )
    for _ in range(3):
        sweeper.sweep()
    return engine.started


def test_what_a_person_wants_begins_first_however_many_alarms_wait_for_an_answer_of_aws(table: Table) -> None:
    for number in range(MOST_STARTED + 1):
        table.send(None, AlarmCame(notice=notice()), identity=f"{OF_ALARM}{number}")
    table.send(ANA, ShowList())

    started = swept(table, Failures())

    assert started[0] == f"inbox:{MOST_STARTED + 2}"
    assert len(started) == 1 + ALARMS_AT_ONCE


def test_what_failed_hides_nothing_that_came_after_it(table: Table) -> None:
    failures = Failures()
    for number in range(MOST_STARTED + 1):
        table.send(ANA, ShowList(), identity=f"help-{number}")
    table.send(ANA, ShowList())
    for number in range(MOST_STARTED + 1):
        failures.add(f"inbox:{number + 1}")

    assert swept(table, failures) == [f"inbox:{MOST_STARTED + 2}"]


def test_work_of_one_kind_holds_up_no_other_and_leaves_threads_for_people(table: Table) -> None:
    kinds = [kind for kinds, _ in WAITS for kind in kinds]
    waits = tuple(Wait(key=f"{kind}:{number}:0", due=table.now()) for kind in kinds for number in range(50))
    table.store.commit(Change(opens=waits))

    started = swept(table, Failures())

    assert len(started) + ALARMS_AT_ONCE < THREADS
    assert all(any(work.startswith(f"{kind}:") for kind in kinds for work in started) for kinds, _ in WAITS)


def test_every_kind_of_wait_has_its_place() -> None:
    assert {kind for kinds, _ in WAITS for kind in kinds} == set(KINDS) - {"inbox"}
