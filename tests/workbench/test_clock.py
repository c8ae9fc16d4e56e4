from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import InvalidError
from bot.workbench.clock import LARGEST_OFFSET, Clock


def host_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - what the movable clock is compared with


def test_an_unmoved_clock_tells_the_hosts_time(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")

    before, now, after = host_now(), clock.now(), host_now()

    assert before <= now <= after


def test_moving_it_moves_now_by_as_much(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")

    before = host_now()
    moved = clock.advance(3600)

    assert moved >= before + timedelta(hours=1)
    assert clock.offset == timedelta(hours=1)
    assert clock.offset_left == timedelta(minutes=40)


def test_another_process_with_the_same_file_sees_the_same_time(tmp_path: Path) -> None:
    here, there = Clock(tmp_path / "clock.json"), Clock(tmp_path / "clock.json")

    here.advance(900)

    assert there.offset == timedelta(minutes=15)


@pytest.mark.parametrize("seconds", [0, -1, -3600])
def test_it_never_goes_back(tmp_path: Path, seconds: int) -> None:
    clock = Clock(tmp_path / "clock.json")

    with pytest.raises(InvalidError, match="only moves forward"):
        clock.advance(seconds)

    assert clock.offset == timedelta(0)


def test_it_may_be_moved_100_minutes_in_all_and_not_a_second_more(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")
    clock.advance(90 * 60)

    with pytest.raises(InvalidError, match=r"may still be moved 10 min, not 15 min.*Press Start over"):
        clock.advance(15 * 60)
    clock.advance(10 * 60)
    with pytest.raises(InvalidError, match="may still be moved 0 min"):
        clock.advance(1)

    assert clock.offset == LARGEST_OFFSET


def test_start_over_gives_the_full_span_back(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")
    clock.advance(90 * 60)

    clock.reset()

    assert clock.offset == timedelta(0)
    assert clock.offset_left == LARGEST_OFFSET
