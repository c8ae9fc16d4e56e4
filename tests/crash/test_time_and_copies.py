"""Processes started again later than anybody thought, or on an older copy of the records."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.records import AttemptState
from tests.crash.instants import AFTER_TAKE, SENT, Instant
from tests.crash.killing import Kill
from tests.crash.scene import WHOLE, Scene

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]

LIFETIME = timedelta(minutes=15)
APPROVED = Kill(at="approved", when="after", step="half_open")


def test_an_approval_that_expired_while_no_process_ran_sends_nothing_and_is_asked_for_anew(on_sqlite: Scene) -> None:
    assert on_sqlite.dies(APPROVED)
    on_sqlite.clock.advance((LIFETIME + timedelta(seconds=1)).total_seconds())

    on_sqlite.reaches("person:half_open")

    assert on_sqlite.edge.asked["PutObject"] == 0
    assert on_sqlite.attempts("half_open") == []
    assert "expired" in on_sqlite.why_over("half_open")
    assert on_sqlite.approvals("half_open") == [ApprovalState.VOID]

    on_sqlite.reaches("watching")
    assert on_sqlite.approvals("half_open") == [ApprovalState.CONSUMED, ApprovalState.VOID]
    assert on_sqlite.effects() == WHOLE


def test_a_call_taken_in_time_but_never_sent_is_not_sent_after_its_approval_expired(on_sqlite: Scene) -> None:
    AFTER_TAKE.kills(on_sqlite, "half_open")
    on_sqlite.clock.advance((LIFETIME + timedelta(seconds=1)).total_seconds())

    on_sqlite.reaches("person:half_open")

    assert on_sqlite.edge.asked["PutObject"] == 0
    assert [one.state for one in on_sqlite.attempts("half_open")] == [AttemptState.FAILED]


@pytest.mark.parametrize("instant", [AFTER_TAKE, SENT], ids=lambda one: one.name)
def test_a_call_unfinished_in_an_older_copy_of_the_records_is_not_made_a_second_time(
    on_sqlite: Scene, instant: Instant
) -> None:
    instant.kills(on_sqlite, "half_open")
    copy = put_aside(on_sqlite)
    on_sqlite.reaches("asked:close")
    before = on_sqlite.edge.asked.copy()

    put_back(on_sqlite, copy)
    assert on_sqlite.is_behind_its_anchors()
    on_sqlite.reaches("outcome_unknown")

    assert [one.state for one in on_sqlite.attempts("half_open")] == [AttemptState.UNKNOWN]
    assert on_sqlite.approvals("half_open") == [ApprovalState.VOID]
    on_sqlite.reaches("asked:probe", happened=True)
    assert on_sqlite.edge.asked == before


def test_an_approval_used_after_the_copy_was_made_does_not_send_a_second_time(on_sqlite: Scene) -> None:
    assert on_sqlite.dies(APPROVED)
    copy = put_aside(on_sqlite)
    on_sqlite.reaches("watching")
    before = on_sqlite.edge.asked.copy()

    put_back(on_sqlite, copy)
    assert on_sqlite.is_behind_its_anchors()
    on_sqlite.reaches("person:half_open")

    assert on_sqlite.approvals("half_open") == [ApprovalState.VOID]
    assert on_sqlite.edge.asked == before
    assert on_sqlite.effects() == WHOLE


def put_aside(scene: Scene) -> Path:
    """Copy the records as a backup would, while nobody is at them."""
    folder = scene.folder / "copy"
    folder.mkdir()
    for path in scene.folder.glob("bot.db*"):
        shutil.copy(path, folder)
    return folder


def put_back(scene: Scene, copy: Path) -> None:
    """Replace the records by the copy, as somebody does after a mishap."""
    for path in scene.folder.glob("bot.db*"):
        path.unlink()
    for path in copy.iterdir():
        shutil.copy(path, scene.folder)
