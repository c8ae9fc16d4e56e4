"""Several months at once: which can be loaded anew, and which of those that were may be given to readers."""

import json

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.actions.listing import rows_of
from bot.domain.action import Looking
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.partition import put, success
from tests.actions.scripted import NOW, Script, params_of, read
from tests.aws.moto_lake import Lake, gate
from tests.aws.seeded import PLATFORM

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
TABLE, SOURCES = "silver/mortgages/transactions/", "bronze/mortgages/transactions/ingest_date="
WANTED: JsonObject = {
    "bucket": "lake-silver",
    "table": TABLE,
    "source_bucket": "lake-bronze",
    "sources": SOURCES,
    "first": "2026-04",
    "last": "2026-06",
}
ANEW = "backfill-202604-r7-0123456789ab"


def looked(name: str, given: JsonObject) -> JsonObject:
    action, params = params_of(name, given)
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def partition(month: str) -> str:
    return f"{TABLE}year={month[:4]}/month={month[5:]}/schema_v=v1/"


def run_of(lake: Lake, month: str, run_id: str, *, files: int, rows: int = 1000, aside: int = 0) -> None:
    metrics = {"input_files": files, "input_rows": rows, "quarantined_rows": aside, "condemned_rows": 0}
    body = {**success(run_id), "metrics": metrics, "promotion_allowed": aside * 20 < rows, "quarantine_by_reason": {}}
    put(lake, f"{partition(month)}run_id={run_id}/part-0000.parquet", run_id)
    put(lake, f"{partition(month)}run_id={run_id}/_SUCCESS", json.dumps(body))


def give(lake: Lake, month: str, run_id: str) -> None:
    put(lake, f"{partition(month)}current/part-0000.parquet", run_id)
    put(lake, f"{partition(month)}_LATEST.json", json.dumps({"run_id": run_id, "schema_version": "v1"}))


def land(lake: Lake, month: str, count: int) -> None:
    for number in range(count):
        put(lake, f"{SOURCES}{month}-01/f-{number:04d}.csv.gz", "x", "lake-bronze")


def held(lake: Lake, month: str, *, read: int, there: int) -> None:
    """Let readers have a month from so many files, of which there are now so many."""
    run_of(lake, month, "old", files=read)
    give(lake, month, "old")
    land(lake, month, there)


def names(value: JsonValue, field: str) -> list[JsonValue]:
    return [one[field] for one in rows_of(value)]


def test_a_month_is_ready_with_what_readers_have_of_it_and_what_came_since(the_lake: Lake) -> None:
    held(the_lake, "2026-04", read=2, there=3)
    held(the_lake, "2026-06", read=3, there=3)

    found = looked("lake.months", WANTED)

    assert (found["count"], found["source_files"], found["held_back"]) == (2, 6, [])
    assert names(found["ready"], "month") == ["04", "06"]
    assert rows_of(found["ready"])[0] | {"etag": ""} == {
        "partition": partition("2026-04"),
        "year": "2026",
        "month": "04",
        "schema_version": "v1",
        "run_id": "old",
        "etag": "",
        "files": 2,
        "rows": 1000,
        "source_files": 3,
    }


def test_a_month_that_lacks_files_or_a_pointer_is_held_back_and_named(the_lake: Lake) -> None:
    held(the_lake, "2026-04", read=3, there=2)
    run_of(the_lake, "2026-05", "old", files=1)
    held(the_lake, "2026-06", read=1, there=1)

    found = looked("lake.months", WANTED)

    assert names(found["ready"], "month") == ["06"]
    assert found["held_back"] == [
        "2026-04: 2 source files, and the run readers have read 3",
        "2026-05: readers have nothing of it; take Common Failure Scenarios",
    ]


def folders(*names: str) -> JsonObject:
    return {"CommonPrefixes": [{"Prefix": name} for name in names]}


def test_more_months_than_are_looked_at_together_are_refused_before_any_is() -> None:
    years = [f"{TABLE}year={year}/" for year in range(2010, 2020)]
    answers = [folders(*years)]
    for year in years:
        months = [f"{year}month={month:02d}/" for month in range(1, 13)]
        answers += [folders(*months), *(folders(f"{month}schema_v=v1/") for month in months)]
    script = Script(s3__folders=answers)

    with pytest.raises(InvalidError, match="120 months; at most 100"):
        read(script, "lake.months", **{**WANTED, "first": "2010-01", "last": "2019-12"})

    assert set(script.asked) == {"s3.folders"}


def judged(months: JsonValue, **more: JsonValue) -> JsonObject:
    return looked("lake.loaded", {"bucket": "lake-silver", "months": months, "called": "r7", "most_change": 50, **more})


def test_a_month_loaded_anew_may_be_given_and_is_given_once_readers_have_it_whole(the_lake: Lake) -> None:
    held(the_lake, "2026-04", read=2, there=3)
    months = looked("lake.months", WANTED)["ready"]
    run_of(the_lake, "2026-04", ANEW, files=3, rows=1200)

    before = judged(months)
    give(the_lake, "2026-04", ANEW)
    after = judged(months)

    assert (names(before["allowed"], "run_id"), names(before["allowed"], "was")) == ([ANEW], ["old"])
    assert (before["given"], after["given"]) == (0, 1)


@pytest.mark.parametrize(
    ("anew", "why"),
    [
        (None, "its load left no run"),
        ({"files": 2}, f"{ANEW} read 2 of 3 source files"),
        ({"files": 3, "rows": 1501}, f"{ANEW} read 1501 rows, the run before 1000: more than 50 % apart"),
        ({"files": 3, "rows": 499}, f"{ANEW} read 499 rows, the run before 1000: more than 50 % apart"),
        ({"files": 3, "aside": 50}, "5.00 % of the rows are in quarantine; it must be under 5 %."),
    ],
)
def test_a_month_that_may_not_be_given_is_named_with_the_reason(
    the_lake: Lake, anew: dict[str, int] | None, why: str
) -> None:
    held(the_lake, "2026-04", read=2, there=3)
    months = looked("lake.months", WANTED)["ready"]
    if anew is not None:
        run_of(the_lake, "2026-04", ANEW, **{"files": 0, **anew})

    found = judged(months)

    assert (found["allowed"], found["refused"]) == ([], [f"2026-04: {why}"])


def test_a_run_of_another_backfill_is_not_taken_for_ours(the_lake: Lake) -> None:
    held(the_lake, "2026-04", read=2, there=3)
    months = looked("lake.months", WANTED)["ready"]
    run_of(the_lake, "2026-04", "backfill-202604-r77-0123456789ab", files=3)
    run_of(the_lake, "2026-04", "backfill-202604-r6-0123456789ab", files=3)

    assert judged(months)["refused"] == ["2026-04: its load left no run"]
