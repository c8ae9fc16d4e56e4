"""The rollback on a run that really gives readers wrong amounts: its ways, and the ways on which nothing may happen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.run import RunState, StepState
from bot.workbench.lake import readings
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.runbooks.playing import ONE, Broken, Played, broken, playing
from tests.workbench.lake.driving import read_json
from tests.workbench.scenarios.mending import failing

HALF = "20200101T020000Z"


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with broken("rollback", tmp_path_factory.mktemp("lake")) as one:
        yield one


@pytest.fixture
def kept(wrong: Broken, tmp_path: Path) -> Iterator[Played]:
    """For what leaves readers and code as they are."""
    with playing("rollback", wrong.kept(), tmp_path) as played:
        yield played


@pytest.fixture
def anew(wrong: Broken, tmp_path: Path) -> Iterator[Played]:
    """For what changes readers' run, or code."""
    with playing("rollback", wrong.anew(), tmp_path) as played:
        wrong.clean = False
        yield played


def partition(lake: Lake) -> str:
    return lake.seeded.latest_key.removesuffix("_LATEST.json")


def live(lake: Lake) -> str:
    return str(read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key)["run_id"])


def started(played: Played, **inputs: str) -> Played:
    """Go on until the way is asked for."""
    played.start(**{"partition": partition(played.lake), **inputs}).approve("pause", ONE)
    assert played.waits_for() == ("input", "to_run_before"), (played.run.waiting, played.failed())
    return played


def ways(played: Played) -> set[str]:
    assert played.run.waiting is not None
    return set(played.run.waiting.offers)


def move_pointer(lake: Lake) -> None:
    """Let somebody else give readers another run."""
    body = {**read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key), "run_id": HALF}
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key, Body=to_json(body))


def write_half_a_run(lake: Lake) -> None:
    key = f"{partition(lake)}run_id={HALF}/part-0000.jsonl.gz"
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key, Body=b"half")


def test_readers_get_the_run_before_whole_and_undo_gives_the_bad_one_back(anew: Played) -> None:
    lake, good = anew.lake, anew.lake.seeded.run_id
    bad = live(lake)

    started(anew, alarm_name="PromotedBadRun").give(way="data")
    assert (anew.waits_for(), set(anew.asked().binding.needs)) == (
        ("approval", "to_run_before"),
        {"platform", "domain"},
    )
    anew.approve("to_run_before").approve("smoke", ONE)

    assert (anew.run.state, live(lake)) == (RunState.REPAIRED, good), (anew.run.waiting, anew.failed())
    assert failing(SCENARIOS["rollback"], lake) == set()
    assert anew.sent() == [
        "events.disable_rule",
        "s3.copy_current",
        "s3.put_pointer",
        "states.smoke",
        "events.enable_rule",
    ]

    anew.undo().approve("back_to_bad_run")

    assert live(lake) == bad
    assert not readings.amounts_are_sane(lake.clients.s3, lake.names, partition(lake))


def test_where_no_alarm_went_off_none_that_was_ok_all_along_is_taken_for_a_proof(anew: Played) -> None:
    started(anew).give(way="data").approve("to_run_before").approve("smoke", ONE)

    assert (anew.run.state, anew.state("current_exact")) == (RunState.REPAIRED, StepState.DONE)
    assert anew.state("alarm_ok") is StepState.SKIPPED


def test_only_the_ways_that_what_was_read_leaves_open_are_offered(kept: Played) -> None:
    started(kept)

    assert ways(kept) == {"data", "function", "job"}
    assert kept.note("states").startswith("1 versions of the state; newest ")


def test_a_run_without_its_marker_is_never_gone_back_to(kept: Played) -> None:
    write_half_a_run(kept.lake)

    kept.start(partition=partition(kept.lake), to_run=HALF)

    assert kept.waits_for() == ("person", "good")
    assert f"to_run is one of {kept.lake.seeded.run_id}, not '{HALF}'" in kept.words()
    assert kept.sent() == []


def test_a_run_that_loses_its_marker_meanwhile_is_not_gone_back_to(anew: Played) -> None:
    lake = anew.lake
    started(anew).give(way="data")
    marker = f"{partition(lake)}run_id={lake.seeded.run_id}/_SUCCESS"
    lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=marker)
    before = live(lake)

    anew.approve("to_run_before")

    assert "There is no _SUCCESS" in anew.words()
    assert (live(lake), anew.sent()) == (before, ["events.disable_rule"])


def test_a_run_that_is_not_there_is_never_gone_back_to(kept: Played) -> None:
    kept.start(partition=partition(kept.lake), to_run="no-such-run")

    assert (kept.waits_for(), kept.sent()) == (("person", "good"), [])


def test_a_month_with_one_run_only_has_nothing_to_go_back_to(kept: Played) -> None:
    started(kept, partition=kept.lake.seeded.months[0].partition)

    assert kept.note("readers").endswith("before it no good run")
    assert "data" not in ways(kept)


def test_a_pointer_somebody_moves_before_the_choice_stops_it(anew: Played) -> None:
    anew.start(partition=partition(anew.lake))
    move_pointer(anew.lake)

    anew.approve("pause", ONE)

    assert anew.failed() == ["decide_on"]


def test_a_pointer_somebody_moves_after_the_asking_is_not_overwritten(anew: Played) -> None:
    started(anew).give(way="data")
    move_pointer(anew.lake)

    anew.approve("to_run_before")

    assert f"Somebody gave readers {HALF} since" in anew.words()
    assert live(anew.lake) == HALF
    assert anew.sent() == ["events.disable_rule"]
