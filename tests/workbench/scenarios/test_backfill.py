from bot.workbench.lake import readings
from bot.workbench.lake.furniture import Promoted
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import read_json, run
from tests.workbench.scenarios.mending import dimensions, failing, fill, flip, promote, quiet, seen, told

SCENARIO = SCENARIOS["backfill"]
ALARM = "LatestPointerStale"
RUN = "backfill-0123456789ab"


def month(lake: Lake) -> Promoted:
    return lake.seeded.months[1]


def rerun(lake: Lake) -> None:
    given = {"pipeline": "transactions", "month": f"{month(lake).day:%Y-%m}", "promote": False}
    assert run(lake, RUN, **given)["status"] == "SUCCEEDED"


def test_readers_really_miss_files_of_a_closed_month(lake: Lake) -> None:
    SCENARIO.break_(lake)

    success = read_json(lake, lake.names.silver_bucket, f"{month(lake).partition}run_id={month(lake).run_id}/_SUCCESS")
    raw = readings.raw_files(lake.clients.s3, lake.names, month(lake).partition)
    assert (success["metrics"]["input_files"], len(raw)) == (9, 12)
    assert failing(SCENARIO, lake) == {
        "_LATEST.json names a new run",
        "that run read every source file",
    }


def test_the_alarm_names_the_partition_and_how_old_it_is(lake: Lake) -> None:
    SCENARIO.break_(lake)

    notice = told(lake, ALARM)

    assert dimensions(notice) == {"Pipeline": "transactions", "Partition": month(lake).partition}
    assert notice["Trigger"]["Threshold"] == 93_600


def test_an_isolated_run_promoted_repairs_it(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)
    rerun(lake)
    assert (
        read_json(lake, lake.names.silver_bucket, f"{month(lake).partition}_LATEST.json")["run_id"]
        == month(lake).run_id
    )

    promote(lake, month(lake).partition, RUN)
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}
    assert len(readings.current_rows(lake.clients.s3, lake.names, month(lake).partition)) == 480


def test_the_isolated_run_alone_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    rerun(lake)

    assert "_LATEST.json names a new run" in failing(SCENARIO, lake)


def test_a_pointer_without_current_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    rerun(lake)

    flip(lake, month(lake).partition, RUN)

    assert failing(SCENARIO, lake) == {"current/ is the run of _LATEST.json"}


def test_a_run_of_the_day_on_which_the_files_came_is_as_good(lake: Lake) -> None:
    SCENARIO.break_(lake)
    run(lake, RUN, pipeline="transactions", ingest_date=f"{month(lake).day}", promote=False)

    promote(lake, month(lake).partition, RUN)

    assert failing(SCENARIO, lake) == set()


def test_a_run_of_one_file_only_is_not_enough(lake: Lake) -> None:
    SCENARIO.break_(lake)
    raw = readings.raw_files(lake.clients.s3, lake.names, month(lake).partition)
    run(lake, RUN, pipeline="transactions", raw_key=raw[-1], promote=False)

    promote(lake, month(lake).partition, RUN)

    assert "that run read every source file" in failing(SCENARIO, lake)


def test_deleting_the_old_run_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    rerun(lake)
    promote(lake, month(lake).partition, RUN)
    old = f"{month(lake).partition}run_id={month(lake).run_id}/"

    for key in readings.keys_under(lake.clients.s3, lake.names.silver_bucket, old):
        lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=key)

    assert "no run was deleted" in failing(SCENARIO, lake)


def test_current_without_the_pointer_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    rerun(lake)

    fill(lake, month(lake).partition, RUN)

    assert {"_LATEST.json names a new run", "current/ is the run of _LATEST.json"} <= failing(SCENARIO, lake)
