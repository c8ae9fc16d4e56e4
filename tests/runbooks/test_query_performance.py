"""Slow queries in a lake where they really read everything: the good way, and what must not pass for a repair."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.value import JsonObject, JsonValue
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake
from tests.runbooks.drill import Answers, Drill, a_lake
from tests.runbooks.test_runbooks import Walk, load
from tests.workbench.lake.driving import keys, read_json

NAME = "query-performance"
PIPELINE = {"cap": "none", "way": "pipeline"}
PARTITION = "silver/mortgages/transactions/year=2026/month=01/schema_v=v1/"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with a_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def drill(running: Lake, tmp_path: Path) -> Drill:
    running.reset()
    return Drill(running, tmp_path, NAME)


def current(lake: Lake) -> list[str]:
    return keys(lake, lake.names.silver_bucket, f"{lake.seeded.months[-1].partition}current/")


def test_stopped_registered_and_compacted_queries_read_one_month(drill: Drill) -> None:
    done = drill(Answers(PIPELINE))

    assert done.ok, done.told
    assert done.approvals == [
        "7. Stop what runs away  [control, oncall]",
        "10. Tell the catalogue of the months it lacks  [change, platform]",
        "13. Write them anew, by the pipeline  [control, platform]",
        "17. Give readers the new files  [change, platform + domain]",
    ]
    assert "files: 1 instead of 12" in done.line("16. Compare")
    assert "for 360 rows" in done.line("check 4.")


def test_a_limit_is_no_work_for_the_local_lake_and_it_says_so(drill: Drill) -> None:
    done = drill(Answers({"cap": "limit"}))

    assert not done.ok
    assert "The local lake cannot do this" in done.line("FAILED   9.")
    assert done.approvals == ["7. Stop what runs away  [control, oncall]"]


def test_a_month_that_lost_rows_before_is_not_promoted_as_if_it_had_them(drill: Drill) -> None:
    def lose_a_file() -> None:
        drill.lake.clients.s3.delete_object(Bucket=drill.lake.names.silver_bucket, Key=current(drill.lake)[-1])

    done = drill(Answers(PIPELINE), worse=lose_a_file)

    assert not done.ok
    assert "FAILED   15. Are they the same rows?" in done.told
    assert "17. Give" not in done.told
    assert len(current(drill.lake)) == 11


def test_somebody_elses_promotion_meanwhile_is_not_overwritten(drill: Drill) -> None:
    lake, month = drill.lake, drill.lake.seeded.months[-1]
    bucket, key = lake.names.silver_bucket, f"{month.partition}_LATEST.json"
    theirs = {**read_json(lake, bucket, key), "promoted_at": "2026-01-01T00:00:00Z"}

    def promote() -> None:
        lake.clients.s3.put_object(Bucket=bucket, Key=key, Body=to_json(theirs))

    done = drill(Answers(PIPELINE, meanwhile={"of domain": promote}))

    assert not done.ok
    assert "DONE     17." not in done.told
    assert read_json(lake, bucket, key) == theirs
    assert len(current(lake)) == 12


# -- walked with what the steps would find: Athena as it is on AWS


def ran(state: str = "SUCCEEDED", *, scanned: int = 64_000_000_000, number: int = 1) -> JsonObject:
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}", "state": state, "reason": "", "submitted": "s",
        "scanned_bytes": scanned, "total_ms": 64_000, "queue_ms": 0, "planning_ms": 0, "engine_ms": 64_000,
        "query": "SELECT COUNT(*) FROM silver_transactions", "compared": [],
    }  # fmt: skip


def asked(state: str = "SUCCEEDED", **more: JsonValue) -> JsonObject:
    return {"state": state, "id": "q", "reason": "", "scanned_bytes": 900_000_000, "total_ms": 900, **more}


def counted(n: int, *, scanned: int = 900_000_000) -> JsonObject:
    first: JsonObject = {"n": n}
    return asked(count=1, complete=True, rows=[first], first=first) | {"scanned_bytes": scanned}


def gate(run_id: str, rows: int = 360, aside: int = 0) -> JsonObject:
    return {
        "found": True, "run_id": run_id, "allowed": True, "reasons": [], "input_rows": rows, "quarantined_rows": aside,
        "condemned_rows": 0, "quarantine_by_reason": {},
    }  # fmt: skip


def files(run: int, current: int, *left_over: str) -> JsonObject:
    left: list[JsonValue] = [{"key": f"{PARTITION}current/{name}", "etag": '"e"', "size": 1} for name in left_over]
    return {
        "complete": not left and run == current, "run_files": run, "current_files": current, "missing": 0,
        "unproven": 0, "left_over": left, "left_over_count": len(left), "added": [],
    }  # fmt: skip


MONTHS: JsonObject = {"in_s3": 60, "in_catalogue": 60, "missing": [], "missing_count": 0, "complete": True}
ONE: JsonObject = {
    "partition": PARTITION, "month": "2026-01", "files": 40, "bytes": 400, "complete": True, "small": 40, "large": 0,
    "mean": 10, "advice": "compact",
}  # fmt: skip
READERS: JsonObject = {
    "found": True, "complete": True, "year": "2026", "month": "01", "schema_version": "v1", "count": 1, "partial": 0,
    "runs": [], "current_files": 40, "current_bytes": 400,
    "live": {"found": True, "run_id": "live", "etag": '"e"', "version_id": "v", "promoted_at": "p"},
}  # fmt: skip
OK: JsonObject = {"found": True, "state": "OK", "reason": "", "since": "", "metric": "", "namespace": ""}


def on_aws() -> dict[str, JsonObject]:
    """Return what each step would find on AWS where one query runs away and one month is badly cut."""
    run: JsonObject = {"id": "jr_1", "state": "SUCCEEDED", "attempt": 0, "error": "", "started": "s", "stopped": "s"}
    return {
        "worst": {"looked": 2, "going": 1, "queries": [ran("RUNNING", number=2), ran()]},
        "statistics": ran("RUNNING", number=2),
        "stages": {"known": True, "input_rows": 1, "input_bytes": 1, "output_rows": 1},
        "plan": asked(plan="- TableScan", bounded=["year", "month"], pruned=True),
        "catalogue": MONTHS,
        "files": {"looked": 60, "count": 1, "partitions": [ONE]},
        "stop": {"state": "CANCELLED"},
        "limit": {"bytes": 0},
        "limit_queries": {"bytes": 10_000_000_000},
        "register": {"count": 1, "registered": 1},
        "readers": READERS,
        "rows_before": gate("live", 400, 40),
        "compact_job": {**run, "run_key": "compact-42"},
        "same_rows": gate("compact-42"),
        "new_files": files(1, 40, "part-1"),
        "promote": {
            "run_id": "compact-42", "etag": '"n"', "version_id": "v", "complete": True, "files": 1, "missing": 0,
            "unproven": 0, "left_over_count": 0,
        },
        "nothing_runs_away": {"looked": 2, "going": 0, "queries": [ran("CANCELLED", number=2), ran()]},
        "catalogue_whole": MONTHS,
        "files_as_promoted": files(1, 1),
        "reads_less": counted(360),
        "alarm_ok": OK,
    }  # fmt: skip


class QueryWalk(Walk):
    """Walk it where the platform has a compaction job and the person on call takes it."""

    def asked(self, step: str) -> Iterator[tuple[str, JsonValue]]:
        chosen: dict[str, JsonValue] = {"way": "job", "cap": "limit", "cap_gb": "10", "partition": PARTITION}
        for name, value in super().asked(step):
            yield name, chosen.get(name, value)


def walk(**seen: JsonObject) -> Walk:
    done = QueryWalk(load(f"{NAME}.md"), {**on_aws(), **seen}, alarm={"name": "AthenaTotalTimeHigh"})
    platform = done.scope["platform"]
    assert isinstance(platform, dict)
    more: JsonObject = {
        "database": "lake", "table": "silver_transactions", "workgroup": "lake", "workgroups": ["lake"],
        "compact_job": "compact_silver",
    }  # fmt: skip
    done.scope["platform"] = {**platform, **more}
    done.scope["inputs"] = {"workgroup": "lake"}
    return done.forward()


def test_on_aws_a_limit_is_set_and_a_job_cuts_the_files() -> None:
    done = walk()

    assert done.failed == []
    assert done.given["stop"].id == ran(number=2)["id"]
    assert done.given["limit_queries"].bytes == 10_000_000_000
    assert done.given["compact_job"].model_dump() == {
        "job": "compact_silver", "partition": PARTITION, "source_run": "live", "run_key": "compact-42",
    }  # fmt: skip
    assert [one.key for one in done.given["promote"].left_over] == [f"{PARTITION}current/part-1"]
    assert done.given["promote"].replaces == '"e"'
    assert "register" not in done.given
    assert done.said["reads_less"] == "900 MB read in 0 s for 360 rows"


def test_undo_takes_back_only_what_its_own_run_gave_and_set() -> None:
    live: JsonObject = {**on_aws()["promote"], "run_id": "live"}
    done = walk(limit={"bytes": 20_000_000_000}, old_files=live, limit_back={"bytes": 20_000_000_000})

    done.do("old_files")
    done.do("limit_back")

    assert done.failed == []
    assert done.given["old_files"].replaces == '"n"'
    assert (done.given["limit_back"].bytes, done.given["limit_back"].replaces) == (20_000_000_000, 10_000_000_000)


BAD: list[tuple[str, JsonObject]] = [
    ("plan", asked(plan="- TableScan", bounded=["year"], pruned=False)),
    ("stop", {"state": "RUNNING"}),
    ("readers", {**READERS, "live": {"found": False}}),
    ("compact_job", {"id": "jr_1", "state": "FAILED", "attempt": 0, "error": "e", "started": "s", "stopped": "s",
                     "run_key": "compact-42"}),
    ("same_rows", gate("compact-42", 359)),
    ("same_rows", {"found": False, "run_id": "compact-42", "allowed": False, "reasons": ["There is no _SUCCESS."]}),
    ("new_files", files(41, 40)),
    ("nothing_runs_away", {"looked": 1, "going": 1, "queries": [ran("RUNNING")]}),
    ("catalogue_whole", {**MONTHS, "missing": ["year=2026/month=01"], "missing_count": 1, "complete": False}),
    ("files_as_promoted", files(1, 2, "part-9")),
    ("reads_less", asked("FAILED") | {"reason": "TABLE_NOT_FOUND"}),
    ("reads_less", asked("RUNNING")),
    ("reads_less", asked(count=0, complete=True, rows=[])),
    ("reads_less", counted(359)),
    ("reads_less", counted(360, scanned=64_000_000_000)),
    ("alarm_ok", {**OK, "state": "ALARM"}),
]  # fmt: skip


@pytest.mark.parametrize(("step", "seen"), BAD)
def test_each_finding_that_is_no_repair_is_called_so(step: str, seen: JsonObject) -> None:
    assert walk(**{step: seen}).failed == [step]


def test_an_explain_that_fails_or_gives_no_plan_is_said_and_does_not_stop_the_night() -> None:
    assert walk(plan=asked("FAILED")).said["plan"] == "no plan: FAILED"
    assert walk(plan=asked()).said["plan"] == "Athena gave no plan"


def test_no_query_and_whole_files_leave_everything_as_it_is() -> None:
    nothing: JsonObject = {"looked": 0, "going": 0, "queries": []}
    done = walk(worst=nothing, files={"looked": 60, "count": 0, "partitions": []}, nothing_runs_away=nothing)

    assert done.failed == []
    assert not {"statistics", "stop", "readers", "compact_job", "promote"} & set(done.given)
