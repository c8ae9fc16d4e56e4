"""Common Failure Scenarios: what is missing is brought back, and never by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workbench.lake import sources
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.driving import land, nightly, run
from tests.runbooks.drill import Answers, Drill, a_lake
from tests.workbench.lake.driving import keys, read_json


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with a_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def lake(running: Lake) -> Lake:
    running.reset()
    return running


@pytest.fixture
def drill(lake: Lake, tmp_path: Path) -> Drill:
    return Drill(lake, tmp_path, "common-failures")


def last_month(lake: Lake, what: str = "pointer", **more: str) -> dict[str, str]:
    return {"what": what, "partition": lake.seeded.months[0].partition, **more}


def pointer_key(lake: Lake) -> str:
    return f"{lake.seeded.months[0].partition}_LATEST.json"


def forget_every_version(lake: Lake) -> None:
    s3, bucket, key = lake.clients.s3, lake.names.silver_bucket, pointer_key(lake)
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for one in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=one["VersionId"])


def versions(lake: Lake) -> int:
    found = lake.clients.s3.list_object_versions(Bucket=lake.names.silver_bucket, Prefix=pointer_key(lake))
    return len(found.get("Versions", []))


def test_a_hidden_pointer_is_brought_back_as_it_was(drill: Drill, lake: Lake) -> None:
    done = drill(given=last_month(lake))

    assert done.ok, done.told
    assert "hidden by a delete marker, 1 version below" in done.line("5. Pointer")
    assert done.approvals == ["6. Bring it back as it was  [change, platform]"]
    assert versions(lake) == 1


def test_without_any_version_two_people_make_it_anew_from_a_good_run(drill: Drill, lake: Lake) -> None:
    done = drill(given=last_month(lake), worse=lambda: forget_every_version(lake))

    assert done.ok, done.told
    assert "no version is left" in done.line("5. Pointer")
    assert done.approvals == ["8. Make the pointer anew  [change, platform + domain]"]
    assert read_json(lake, lake.names.silver_bucket, pointer_key(lake))["run_id"] == lake.seeded.months[0].run_id


def test_where_current_is_another_run_readers_are_given_the_whole_one(drill: Drill, lake: Lake) -> None:
    def worse() -> None:
        forget_every_version(lake)
        stray = f"{lake.seeded.months[0].partition}current/part-0007.jsonl.gz"
        lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=stray, Body=b"stray")

    done = drill(given=last_month(lake), worse=worse)

    assert done.ok, done.told
    assert "0 missing, 1 left over" in done.line("7. Which run")
    assert done.approvals == ["9. Or give readers the whole run  [change, platform + domain]"]


def test_a_run_without_success_is_refused_as_the_pointers_run(drill: Drill, lake: Lake) -> None:
    def worse() -> None:
        forget_every_version(lake)
        prefix = f"{lake.seeded.months[0].partition}run_id=partial-1/"
        lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=f"{prefix}part-0000.jsonl.gz", Body=b"half")

    done = drill(given=last_month(lake, point_to="partial-1"), worse=worse)

    assert f"point_to is one of {lake.seeded.months[0].run_id}, not 'partial-1'." in done.told
    assert done.approvals == []
    assert versions(lake) == 0


def test_a_pointer_somebody_made_meanwhile_is_not_written_over(drill: Drill, lake: Lake) -> None:
    def somebody_makes_one() -> None:
        body = to_json({"run_id": "theirs", "output_prefix": f"{lake.seeded.months[0].partition}run_id=theirs/"})
        lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=pointer_key(lake), Body=body)

    done = drill(
        Answers(meanwhile={"Approve as @two": somebody_makes_one}),
        given=last_month(lake),
        worse=lambda: forget_every_version(lake),
    )

    assert not done.ok
    assert read_json(lake, lake.names.silver_bucket, pointer_key(lake))["run_id"] == "theirs"
    assert versions(lake) == 1


def lose_the_marker(lake: Lake) -> str:
    """Load the night, and lose its marker afterwards, as a load does whose publishing failed."""
    day = lake.clock.now().date()
    for name in sources.file_ids(180):
        land(lake, day, name, sources.good_rows(day, name))
    run(lake, "lost-its-marker", nightly(lake, day))
    key = f"{lake.names.run_prefix(day, 'lost-its-marker')}_SUCCESS"
    lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=key)
    return key


def test_a_lost_marker_is_never_written_but_the_same_input_runs_again(drill: Drill, lake: Lake) -> None:
    key = lose_the_marker(lake)

    done = drill(Answers({"what": "marker"}), broken=False)

    assert done.ok, done.told
    assert "SUCCEEDED, yet no marker: a bug in publishing" in done.told
    assert done.approvals == ["13. Load it again, as a new run  [change, platform]"]
    assert "560 rows in" in done.line("check 1.")
    assert key not in keys(lake, lake.names.silver_bucket, key)


def test_a_marker_that_is_there_after_all_starts_nothing(drill: Drill, lake: Lake) -> None:
    done = drill(given=last_month(lake, "marker", run_id=lake.seeded.months[0].run_id), broken=False)

    assert (done.ok, done.approvals) == (True, []), done.told
    assert "has its _SUCCESS" in done.line("10. Marker")


def drop_partitions(lake: Lake) -> None:
    glue, names = lake.clients.glue, lake.names
    found = glue.get_partitions(DatabaseName=names.database, TableName=names.table)["Partitions"]
    for one in found[:2]:
        glue.delete_partition(DatabaseName=names.database, TableName=names.table, PartitionValues=one["Values"])


def test_partitions_that_s3_has_are_entered_into_the_catalogue(drill: Drill, lake: Lake) -> None:
    drop_partitions(lake)

    done = drill(Answers({"how": "api"}), given={"what": "catalogue"}, broken=False)

    assert done.ok, done.told
    there = 1 + len(lake.seeded.months)
    assert f"2 of {there} partitions are not entered" in done.told, done.told
    assert done.approvals == ["16. Enter them through Glue  [change, platform]"]
    assert f"{there} of {there} partitions are entered" in done.line("check 4.")


def test_partitions_that_are_left_out_are_not_called_repaired(drill: Drill, lake: Lake) -> None:
    drop_partitions(lake)

    done = drill(Answers({"how": "none"}), given={"what": "catalogue"}, broken=False)

    assert (done.ok, done.approvals) == (False, [])
    assert "FAILED   check 4. The catalogue has every partition" in done.told


def test_a_table_that_is_gone_is_found_without_an_alarm_and_sent_to_a_deployment(drill: Drill, lake: Lake) -> None:
    lake.clients.glue.delete_table(DatabaseName=lake.names.database, Name=lake.names.table)

    done = drill(broken=False)

    assert "table silver_transactions is gone" in done.told
    assert "FAILED   14. Catalogue: is the table there now?" in done.told
    assert (done.approvals, done.asked) == ([], ())


def test_a_quarantine_bucket_that_is_gone_halts_the_loads_before_anything_else(drill: Drill, lake: Lake) -> None:
    s3, bucket = lake.clients.s3, lake.names.quarantine_bucket
    s3.delete_bucket(Bucket=bucket)

    def comes_back() -> None:
        assert lake.clients.events.describe_rule(Name=lake.names.schedule_rule)["State"] == "DISABLED"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": lake.names.region})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    done = drill(Answers({"mended": "none"}, meanwhile={"mended": comes_back}), broken=False)

    assert done.ok, done.told
    assert "quarantine bucket is gone" in done.told
    assert done.approvals == ["18. Quarantine: halt, pause the schedule  [control, oncall]"]
    assert "schedule ENABLED" in done.line("check 6.")


def test_a_quarantine_bucket_that_stays_gone_leaves_the_schedule_paused(drill: Drill, lake: Lake) -> None:
    lake.clients.s3.delete_bucket(Bucket=lake.names.quarantine_bucket)

    done = drill(Answers({"mended": "none"}), broken=False)

    assert "FAILED   20. Is the bucket there, with versions?" in done.told
    assert "It still owes resume." in done.told
    assert lake.clients.events.describe_rule(Name=lake.names.schedule_rule)["State"] == "DISABLED"


def test_iam_cannot_be_asked_on_the_local_lake_which_says_so_while_loads_stay_paused(drill: Drill, lake: Lake) -> None:
    done = drill(Answers({"mended": "ask"}), given={"what": "quarantine"}, broken=False)

    assert "The local lake cannot do this" in done.told
    assert "It still owes resume." in done.told
    assert lake.clients.events.describe_rule(Name=lake.names.schedule_rule)["State"] == "DISABLED"


def test_a_pause_that_was_never_resumed_is_found_and_resumed(drill: Drill, lake: Lake) -> None:
    lake.clients.events.disable_rule(Name=lake.names.schedule_rule)

    done = drill(broken=False)

    assert done.ok, done.told
    assert done.approvals == ["21. Nightly start: resume a schedule that somebody forgot  [control, oncall]"]
    assert "schedule ENABLED" in done.line("check 6.")
