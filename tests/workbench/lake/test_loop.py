from threading import Event

import pytest

from bot.workbench.lake.loop import Loop

LONG = 60.0
PATIENCE = 20.0


def test_a_turn_that_fails_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[str] = []
    twice = Event()

    def turn() -> None:
        turns.append("x")
        if len(turns) == 1:
            raise ValueError("the first goes wrong")
        twice.set()

    loop = Loop(turn, name="failing", rest=0.01)
    loop.start()
    came = twice.wait(PATIENCE)
    loop.stop()

    assert came
    assert "the first goes wrong" in caplog.text


def test_waking_takes_the_next_turn_at_once() -> None:
    first, second = Event(), Event()

    def turn() -> None:
        (second if first.is_set() else first).set()

    loop = Loop(turn, name="sleepy", rest=LONG)
    loop.start()
    first.wait(PATIENCE)

    loop.wake()

    assert second.wait(PATIENCE)
    loop.stop()


def test_a_pause_waits_for_the_turn_under_way_and_nudges_it() -> None:
    inside, nudged, left = Event(), Event(), Event()

    def turn() -> None:
        inside.set()
        nudged.wait(PATIENCE)
        left.set()

    loop = Loop(turn, name="waiting", rest=LONG, nudge=nudged.set)
    loop.start()
    inside.wait(PATIENCE)

    loop.pause()

    assert left.is_set()
    loop.stop()


def test_a_paused_loop_takes_no_turn_even_when_woken() -> None:
    turns: list[str] = []
    resumed = Event()

    def turn() -> None:
        turns.append("x")
        if len(turns) == 2:
            resumed.set()

    loop = Loop(turn, name="paused", rest=LONG)
    loop.start()
    loop.pause()
    taken = len(turns)
    loop.wake()
    loop.wake()
    taken_while_paused = len(turns) - taken

    loop.resume()

    assert taken_while_paused == 0
    assert resumed.wait(PATIENCE) or taken == 0
    loop.stop()
