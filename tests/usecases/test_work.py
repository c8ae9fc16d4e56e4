"""What the engine performs, and what it waits for before it begins."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from bot.usecases.work import Precedence

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
