"""What is on screen keeps its order in time, and begins anew with the clock."""

from bot.workbench.slack.board import Board
from bot.workbench.slack.events import EventLog
from tests.workbench.slack.scene import WORKSPACE


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_clock_that_stands_still_gives_each_message_a_time_of_its_own() -> None:
    board = Board(WORKSPACE, url="http://127.0.0.1", now=Hands(), ticks=Hands(), log=EventLog())

    assert (board.stamp(), board.stamp()) == ("1000.000000", "1000.000001")


def test_after_start_over_messages_bear_the_time_of_the_clock_that_was_put_back() -> None:
    now = Hands()
    board = Board(WORKSPACE, url="http://127.0.0.1", now=now, ticks=Hands(), log=EventLog())
    now.at += 6_000
    board.stamp()

    now.at -= 6_000
    board.reset()

    assert board.stamp() == "1000.000000"
