import pytest
from pydantic import ValidationError

from bot.actions.catalogue import CATALOGUE
from bot.actions.listing import rows_of
from bot.domain.action import Looking
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.partition import HALF, HERE, NEW, OLD, point_to, put, seed_partition, write_run
from tests.actions.scripted import NOW, Script, params_of, read
from tests.aws.moto_lake import Lake, gate
from tests.aws.seeded import PARTITION, PLATFORM

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))


def looked(name: str, **given: JsonValue) -> JsonObject:
    action, params = params_of(name, {**HERE, **given})
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def test_a_partition_s_runs_are_told_apart_by_their_marker(the_lake: Lake) -> None:
    seed_partition(the_lake)

    found = looked("lake.runs")

    assert isinstance(found["runs"], list)
    runs = {run["run_id"]: (run["success"], run["files"]) for run in found["runs"] if isinstance(run, dict)}
    assert runs == {OLD: (True, 3), NEW: (True, 2), HALF: (False, 1)}
    assert (found["count"], found["partial"], found["complete"], found["current_files"]) == (3, 1, True, 3)
    assert isinstance(found["live"], dict)
    assert found["live"]["run_id"] == OLD
    assert (found["year"], found["month"], found["schema_version"]) == ("2026", "01", "v1")


def test_the_run_before_the_live_one_is_named_and_none_before_the_first(the_lake: Lake) -> None:
    seed_partition(the_lake)
    assert "previous_good" not in looked("lake.runs")

    point_to(the_lake, NEW)

    found = looked("lake.runs")
    assert (found["newest_good"], found["previous_good"]) == (NEW, OLD)


def test_a_partition_that_is_not_there_is_found_to_be_empty(the_lake: Lake) -> None:
    found = looked("lake.runs")

    assert (found["found"], found["count"], found["live"]) == (False, 0, {"found": False})
    assert "newest_good" not in found


@pytest.mark.parametrize("partition", ["silver/", "silver/x/year=2026/month=01/schema_v=v1", "etl/", "silver/../x/"])
def test_what_is_no_partition_is_not_looked_for(partition: str) -> None:
    with pytest.raises(ValidationError):
        params_of("lake.runs", {"bucket": "lake-silver", "partition": partition})


def test_the_gate_reads_the_run_s_own_marker(the_lake: Lake) -> None:
    seed_partition(the_lake)

    assert looked("lake.gate", run_id=NEW)["allowed"] is True
    assert looked("lake.gate", run_id=HALF) == {
        "found": False,
        "run_id": HALF,
        "allowed": False,
        "reasons": ["There is no _SUCCESS: the run did not finish, or could not say so. It is never written by hand."],
    }


def test_a_marker_that_contradicts_itself_is_refused_on_the_lake(the_lake: Lake) -> None:
    metrics: JsonObject = {"input_rows": 1000, "quarantined_rows": 123, "condemned_rows": 0, "quarantine_rate": 5.2}
    write_run(the_lake, NEW, {"part-0000.parquet": "x"}, metrics=metrics, promotion_allowed=True)

    assert looked("lake.gate", run_id=NEW)["allowed"] is False


def test_current_is_held_against_one_run(the_lake: Lake) -> None:
    seed_partition(the_lake)

    old, new = looked("lake.current", run_id=OLD), looked("lake.current", run_id=NEW)

    assert (old["complete"], old["left_over"], old["missing"]) == (True, [], 0)
    assert (new["complete"], new["unproven"], new["left_over_count"]) == (False, 2, 1)
    assert isinstance(new["left_over"], list)
    keys = [one["key"] for one in new["left_over"] if isinstance(one, dict)]
    assert keys == [f"{PARTITION}current/part-0002.parquet"]


def test_what_a_run_adds_is_what_its_way_back_takes_out_of_sight(the_lake: Lake) -> None:
    seed_partition(the_lake)
    write_run(the_lake, NEW, {"part-0000.parquet": "new-0", "extra-0000.parquet": "new-x"})

    added = looked("lake.current", run_id=NEW)["added"]

    assert isinstance(added, list)
    assert {one["key"] for one in added if isinstance(one, dict)} == {f"{PARTITION}current/extra-0000.parquet"}


def in_parts(lake: Lake, key: str, body: str) -> None:
    s3, place = lake.client("s3"), {"Bucket": "lake-silver", "Key": key}
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    etag = s3.upload_part(PartNumber=1, Body=body.encode(), **upload)["ETag"]
    s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **upload)


def test_a_copy_of_a_file_uploaded_in_parts_is_the_run_s_once_readers_are_pointed_to_it(the_lake: Lake) -> None:
    write_run(the_lake, NEW, {"part-0001.parquet": "new-1"})
    in_parts(the_lake, f"{PARTITION}run_id={NEW}/part-0000.parquet", "new-0")
    for number in range(2):
        put(the_lake, f"{PARTITION}current/part-000{number}.parquet", f"new-{number}")
    point_to(the_lake, OLD)
    before = looked("lake.current", run_id=NEW)

    point_to(the_lake, NEW)

    after = looked("lake.current", run_id=NEW)
    assert (before["complete"], before["unproven"]) == (False, 1)
    assert (after["complete"], after["unproven"]) == (True, 0)


@pytest.mark.parametrize(("algorithm", "unproven"), [("aws:kms", 0), ("AES256", 2)])
def test_another_etag_of_the_same_size_is_another_file_unless_a_key_of_kms_gives_each_copy_its_own(
    the_lake: Lake, algorithm: str, unproven: int
) -> None:
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    the_lake.client("s3").put_bucket_encryption(
        Bucket="lake-silver", ServerSideEncryptionConfiguration={"Rules": [default]}
    )
    write_run(the_lake, NEW, {"part-0000.parquet": "new-0", "part-0001.parquet": "new-1"})
    for number in range(2):
        put(the_lake, f"{PARTITION}current/part-000{number}.parquet", f"mew-{number}")
    point_to(the_lake, NEW)

    found = looked("lake.current", run_id=NEW)

    assert (found["complete"], found["unproven"]) == (not unproven, unproven)


def test_under_a_key_of_kms_what_is_older_than_the_run_s_own_file_is_no_copy_of_it() -> None:
    def listing(folder: str, modified: str, etag: str) -> JsonObject:
        key = f"{PARTITION}{folder}/part-0000.parquet"
        return {"Contents": [{"Key": key, "Size": 5, "ETag": etag, "LastModified": modified}]}

    rule: JsonObject = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    script = Script(
        s3__list=[
            listing(f"run_id={NEW}", "2026-01-21T02:10:00Z", '"a"'),
            listing("current", "2026-01-21T02:09:59Z", '"b"'),
        ],
        s3__get_pointer=[{"ETag": '"p"', "Body": {"run_id": NEW}}],
        s3__encryption=[{"ServerSideEncryptionConfiguration": {"Rules": [rule]}}],
    )

    found = read(script, "lake.current", **HERE, run_id=NEW)

    assert (found["complete"], found["unproven"]) == (False, 1)


def test_nothing_against_nothing_is_not_complete(the_lake: Lake) -> None:
    assert looked("lake.current", run_id=NEW)["complete"] is False


def test_partitions_are_listed_by_month(the_lake: Lake) -> None:
    table = "silver/mortgages/transactions/"
    for month in ("2025/month=11", "2025/month=12", "2026/month=01"):
        put(the_lake, f"{table}year={month}/schema_v=v1/run_id=r/part", "x")
    put(the_lake, f"{table}year=2026/month=02/schema_v=v2/run_id=r/part", "x")
    months: JsonObject = {"bucket": "lake-silver", "table": table, "first": "2025-12", "last": "2026-03"}
    action, params = params_of("lake.partitions", months)

    found = action.looked(LOOK, params, NOW)

    assert isinstance(found["partitions"], list)
    assert [(one["year"], one["month"]) for one in found["partitions"] if isinstance(one, dict)] == [
        ("2025", "12"),
        ("2026", "01"),
    ]


@pytest.mark.parametrize(("first", "last"), [("2026-02", "2026-01"), ("1950-01", "2026-01")])
def test_months_the_wrong_way_round_or_too_many_are_refused(first: str, last: str) -> None:
    months: JsonObject = {"bucket": "lake-silver", "table": "silver/a/", "first": first, "last": last}
    action, params = params_of("lake.partitions", months)

    with pytest.raises(InvalidError):
        action.looked(LOOK, params, NOW)


def located(run_id: str) -> JsonObject:
    action, params = params_of(
        "lake.locate", {"bucket": "lake-silver", "table": "silver/mortgages/transactions/", "run_id": run_id}
    )
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def test_a_run_is_found_where_it_wrote_and_known_to_have_finished_or_not(the_lake: Lake) -> None:
    seed_partition(the_lake)
    put(the_lake, "silver/mortgages/transactions/year=2026/month=03/schema_v=v1/run_id=x/part-0.parquet", "x")

    finished, half = located(OLD), located(HALF)

    assert (finished["partition"], finished["success"], finished["files"]) == (PARTITION, True, 3)
    assert (half["year"], half["month"], half["schema_version"], half["success"]) == ("2026", "01", "v1", False)


def test_a_run_that_wrote_nothing_is_found_nowhere(the_lake: Lake) -> None:
    seed_partition(the_lake)

    assert located("20200101T000000Z") == {"found": False}


def test_many_small_files_are_advised_to_be_compacted(the_lake: Lake) -> None:
    for number in range(12):
        put(the_lake, f"{PARTITION}current/part-{number:04d}.parquet", "small")

    found = looked("lake.sizes")

    assert (found["files"], found["small"], found["advice"]) == (12, 12, "compact")


def test_the_month_that_is_cut_worst_is_found_without_being_named(the_lake: Lake) -> None:
    for number in range(12):
        put(the_lake, f"{PARTITION}current/part-{number:04d}.parquet", "small")
    put(the_lake, f"{PARTITION.replace('month=01', 'month=02')}current/part-0000.parquet", "one alone is fine")

    table = PARTITION.split("year=", maxsplit=1)[0]
    action, params = params_of(
        "lake.crowded", {"bucket": "lake-silver", "table": table, "first": "2025-01", "last": "2026-12"}
    )
    found = action.looked(LOOK, params, NOW)

    action.returns.model_validate(found)
    (worst,) = rows_of(found["partitions"])
    assert (found["looked"], found["count"]) == (2, 1)
    assert (worst["partition"], worst["month"], worst["files"]) == (PARTITION, "2026-01", 12)
