"""The backfill on a month that really misses files: its good way, and the ways on which nothing may happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.domain.run import RunState, StepState
from bot.workbench.cast import YOU
from bot.workbench.lake import furniture, readings
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.furniture import Promoted
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.sources import to_csv
from bot.workbench.scenarios.registry import SCENARIOS
from tests.runbooks.playing import ONE, TWO, Broken, Played, broken, playing
from tests.workbench.lake.driving import read_json
from tests.workbench.scenarios.mending import failing


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with broken("backfill", tmp_path_factory.mktemp("lake")) as one:
        yield one


@pytest.fixture
def kept(late: Broken, tmp_path: Path) -> Iterator[Played]:
    """For what gives readers nothing."""
    with playing("backfill", late.kept(), tmp_path) as played:
        yield played


@pytest.fixture
def anew(late: Broken, tmp_path: Path) -> Iterator[Played]:
    """For what changes what readers get, or what the runs say."""
    with playing("backfill", late.anew(), tmp_path) as played:
        late.clean = False
        yield played


def month(lake: Lake) -> Promoted:
    return lake.seeded.months[1]


def started(played: Played, **inputs: str) -> Played:
    return played.start(**{"first": f"{month(played.lake).day:%Y-%m}", **inputs})


def live(lake: Lake) -> str:
    return str(read_json(lake, lake.names.silver_bucket, f"{month(lake).partition}_LATEST.json")["run_id"])


def executions(lake: Lake) -> list[str]:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn)
    return [one["name"] for one in found["executions"] if one["name"].startswith("backfill-")]


def promote_something_else(lake: Lake, run_id: str) -> None:
    """Let somebody else move the pointer."""
    key = f"{month(lake).partition}_LATEST.json"
    body = {**read_json(lake, lake.names.silver_bucket, key), "run_id": run_id}
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key, Body=to_json(body))


def rewrite_success(lake: Lake, run_id: str, **fields: object) -> None:
    """Let a run say something else of itself."""
    key = f"{month(lake).partition}run_id={run_id}/_SUCCESS"
    body = {**read_json(lake, lake.names.silver_bucket, key), **fields}
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key, Body=to_json(body))


def test_a_month_is_loaded_beside_the_old_run_judged_and_given_to_readers_and_undo_gives_the_old_one_back(
    anew: Played,
) -> None:
    lake, old = anew.lake, month(anew.lake).run_id

    started(anew).approve_until("load")
    assert (anew.note("was"), anew.note("raw")) == ("it read 9 files, 360 rows", "source files now 12")
    assert anew.note("counted_before") == "Athena counts 360 rows for readers"
    assert set(anew.asked().binding.needs) == {"platform", "domain"}

    anew.approve("load", ONE)
    assert executions(lake) == []
    anew.approve("load", TWO)
    assert live(lake) == old
    assert anew.note("compare") == "12 files, 480 rows (before: 360)"

    anew.approve("promote")

    assert anew.run.state is RunState.REPAIRED, anew.failed()
    assert failing(SCENARIOS["backfill"], lake) == set()
    assert anew.note("counted_after") == "Athena counts 480 rows for readers"
    assert [row for row in anew.sent() if not row.startswith("events.")] == [
        "states.start_month",
        "s3.copy_current",
        "s3.put_pointer",
    ]

    anew.undo().approve("give_back")

    assert (live(lake), anew.run.state) == (old, RunState.STOPPED)
    assert len(readings.current_rows(lake.clients.s3, lake.names, month(lake).partition)) == 360


def test_who_asked_can_approve_neither_the_load_nor_the_promotion(kept: Played) -> None:
    started(kept).approve_until("load")

    kept.table.vote(YOU, kept.asked())

    assert kept.asked().state.open
    assert executions(kept.lake) == []


def test_a_partition_that_does_not_exist_is_said_so_before_anything_is_asked(kept: Played) -> None:
    kept.start(partition="silver/mortgages/transactions/year=1999/month=01/schema_v=v1/")

    assert (kept.waits_for(), kept.failed()) == (("person", "runs"), ["runs"])
    assert kept.sent() == []


def test_a_month_that_nobody_ever_loaded_is_no_partition(kept: Played) -> None:
    kept.start(first="1999-01")

    assert kept.failed() == ["range"]


def test_a_range_of_more_than_500_months_is_refused_with_the_limit(kept: Played) -> None:
    kept.start(first="1980-01", last="2026-12")

    assert kept.failed() == ["range"]
    assert "at most 500 partitions" in kept.words()


def test_of_several_months_a_person_picks_one(kept: Played) -> None:
    lake = kept.lake
    newest, oldest = lake.seeded.months[0], lake.seeded.months[1]

    kept.start(first=f"{oldest.day:%Y-%m}", last=f"{newest.day:%Y-%m}")
    assert kept.waits_for() == ("input", "runs")
    kept.give(partition=oldest.partition)

    assert kept.output("runs")["live"]["run_id"] == oldest.run_id


def test_a_second_backfill_of_the_pipeline_is_shown_the_first_and_starts_nothing(kept: Played) -> None:
    started(kept)
    first = kept.run.id

    started(kept)

    assert [run.id for run in kept.table.store.runs(open_only=False)] == [first]


def test_source_files_that_went_missing_stop_it(late: Broken, tmp_path: Path) -> None:
    with playing("backfill", late.anew(), tmp_path) as played:
        late.clean = False
        lake = played.lake
        for key in readings.raw_files(lake.clients.s3, lake.names, month(lake).partition)[:5]:
            lake.clients.s3.delete_object(Bucket=lake.names.bronze_bucket, Key=key)

        started(played)

        assert (played.failed(), played.sent()) == (["raw"], [])


def test_one_more_source_file_after_the_asking_voids_the_request(anew: Played) -> None:
    started(anew).approve_until("load")
    lake, day = anew.lake, month(anew.lake).day
    rows = next(iter(furniture.month_files(day).values()))
    lake.clients.s3.put_object(
        Bucket=lake.names.bronze_bucket, Key=lake.names.raw_key(day, "f-9999"), Body=to_csv(rows)
    )

    anew.approve("load")

    assert "void" in anew.words()
    assert executions(lake) == []


def test_a_pointer_somebody_else_moved_is_not_overwritten(anew: Played) -> None:
    started(anew).approve_until("promote")
    promote_something_else(anew.lake, "20200101T000000Z")

    anew.approve("promote")

    assert "Somebody gave readers 20200101T000000Z since" in anew.words()
    assert live(anew.lake) == "20200101T000000Z"
    assert "s3.put_pointer" not in anew.sent()


def test_a_run_whose_numbers_contradict_its_own_flag_is_not_promoted(anew: Played) -> None:
    """5.2 % and 123 of 1,000 rows set aside, and yet it says allowed."""
    metrics = {"input_files": 12, "input_rows": 1000, "quarantined_rows": 123, "condemned_rows": 0}
    started(anew).approve_until("promote")
    run_id = anew.output("load")["name"]
    rewrite_success(anew.lake, run_id, metrics={**metrics, "quarantine_rate": 5.2}, promotion_allowed=True)

    anew.approve("promote")

    assert "may not be given to readers" in anew.words()
    assert live(anew.lake) == month(anew.lake).run_id


def test_a_run_without_its_marker_is_refused_by_the_gate_and_the_run_ends_as_not_repaired(
    anew: Played,
) -> None:
    lake = anew.lake
    started(anew).approve_until("load")

    with losing_markers(lake):
        anew.approve("load")

    assert anew.note("gate").startswith("gate refuses it: There is no _SUCCESS")
    assert anew.state("promote") is StepState.SKIPPED
    assert (anew.run.state, live(lake)) == (RunState.NOT_REPAIRED, month(lake).run_id)
    assert anew.run.owed == ()


@contextmanager
def losing_markers(lake: Lake) -> Iterator[None]:
    """Let the marker of every run of the month go astray."""

    def astray(params: dict[str, object], **_: object) -> None:
        key = str(params["Key"])
        if key.startswith(month(lake).partition) and key.endswith("/_SUCCESS"):
            params["Key"] = f"{key}.tmp"

    events = lake.clients.s3.meta.events
    events.register("provide-client-params.s3.PutObject", astray)
    try:
        yield
    finally:
        events.unregister("provide-client-params.s3.PutObject", astray)


def test_a_month_that_shrinks_too_much_is_left_to_a_person(kept: Played) -> None:
    started(kept, most_change="10").approve_until("load").approve("load")

    assert kept.failed() == ["compare"]
    assert live(kept.lake) == month(kept.lake).run_id


def test_no_row_of_the_data_is_in_anything_the_bot_keeps_or_shows(kept: Played) -> None:
    rows = readings.current_rows(kept.lake.clients.s3, kept.lake.names, month(kept.lake).partition)
    started(kept).approve_until("promote")

    assert kept.named(rows) == set()
    assert kept.output("counted_before")["rows"] == [{"n": 360}]
