"""Failure Recovery on a load that really failed: the good way, and what must not become of it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.driving import nightly, run
from tests.runbooks.drill import Answers, Drill, a_lake
from tests.workbench.lake.driving import read_json


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with a_lake(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@pytest.fixture
def drill(running: Lake, tmp_path: Path) -> Drill:
    running.reset()
    return Drill(running, tmp_path, "failure-recovery")


def failed_run(lake: Lake) -> str:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn, statusFilter="FAILED")
    return found["executions"][0]["name"]


def readers_have(lake: Lake) -> object:
    return read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key)["run_id"]


def test_the_same_input_runs_again_and_reaches_readers(drill: Drill) -> None:
    done = drill(Answers({"way": "rerun"}))

    assert done.ok, done.told
    assert done.approvals == ["13. Run it again, as a new run  [change, platform]"]
    assert "RunETL failed: Command failed with exit code 10: OutOfMemoryError" in done.line("4. In which state?")
    assert "1 error line, most of glue.driver" in done.told
    assert "it left output without _SUCCESS" in done.line("7. Half written")
    assert "560 rows in, 0 set aside" in done.line("check 1.")


def test_resuming_is_refused_by_the_local_lake_in_plain_words_and_nothing_is_done(drill: Drill) -> None:
    done = drill(Answers({"way": "resume"}))

    assert "The local lake cannot do this" in done.told
    assert done.approvals == []
    assert readers_have(drill.lake) == drill.lake.seeded.run_id


def test_a_load_that_fails_again_stops_there_and_readers_keep_what_they_had(drill: Drill) -> None:
    done = drill(Answers({"way": "rerun"}, meanwhile={"Approve as": drill.lake.take_memory_away}))

    assert not done.ok
    assert 'output.status is "FAILED"' in done.told
    assert "check 1." not in done.told
    assert readers_have(drill.lake) == drill.lake.seeded.run_id


def test_readers_who_have_the_failed_run_stop_it_before_anybody_is_asked(drill: Drill) -> None:
    def point_at_it() -> None:
        lake = drill.lake
        bad, partition = failed_run(lake), lake.names.partition(lake.clock.now().date())
        body = {"run_id": bad, "output_prefix": f"{partition}run_id={bad}/"}
        lake.clients.s3.put_object(
            Bucket=lake.names.silver_bucket, Key=f"{partition}_LATEST.json", Body=json.dumps(body).encode()
        )

    done = drill(Answers({"way": "rerun"}), worse=point_at_it)

    assert "FAILED   7. Half written, and the pointer untouched?" in done.told
    assert (done.approvals, done.asked) == ([], ())


def test_a_marker_written_by_hand_is_not_called_repaired(drill: Drill) -> None:
    def write_marker() -> None:
        lake = drill.lake
        prefix = lake.names.run_prefix(lake.clock.now().date(), failed_run(lake))
        metrics = {"input_files": 14, "quarantine_rate": 0}
        body = {"run_id": failed_run(lake), "metrics": metrics, "promotion_allowed": True}
        lake.clients.s3.put_object(
            Bucket=lake.names.silver_bucket, Key=f"{prefix}_SUCCESS", Body=json.dumps(body).encode()
        )

    done = drill(Answers({"way": "rerun"}, meanwhile={"Approve as": write_marker}))

    assert "FAILED   check 4. Nobody wrote a marker by hand" in done.told
    assert "The run ended not_repaired." in done.told


def test_nothing_started_and_nothing_newer_is_not_called_repaired(drill: Drill) -> None:
    done = drill(Answers({"way": "none"}))

    assert done.approvals == []
    assert "FAILED   check 2. Readers are up to date" in done.told
    assert "The run ended not_repaired." in done.told


def test_a_load_that_somebody_ran_again_meanwhile_is_found_repaired(drill: Drill) -> None:
    def again() -> None:
        time.sleep(1)  # S3 tells the time of a run in whole seconds; a load that is run again takes longer than one
        run(drill.lake, "rerun-by-hand", nightly(drill.lake, drill.lake.clock.now().date()))

    done = drill(Answers({"way": "none"}), worse=again)

    assert (done.ok, done.approvals) == (True, []), done.told
    assert "readers have rerun-by-hand" in done.line("check 2.")


def test_of_two_that_failed_a_person_says_which(drill: Drill) -> None:
    def fail_once_more() -> None:
        drill.lake.take_memory_away()
        given = {**nightly(drill.lake, drill.lake.clock.now().date()), "promote": False}
        run(drill.lake, "another-that-failed", given)

    done = drill(Answers({"which": "another-that-failed", "way": "rerun"}), worse=fail_once_more)

    assert done.asked[:2] == ("which", "way")
    assert "2 failed in 24 hours" in done.told
    assert "promoting nothing" in done.line("5. What was it about?")
    assert '\\"promote\\":false' in done.line("states.start_day")
    assert readers_have(drill.lake) == drill.lake.seeded.run_id


def test_an_execution_nobody_knows_is_said_so_and_nothing_is_asked(drill: Drill) -> None:
    done = drill(given={"execution": "no-such-run"})

    assert "FAILED   3. What happened to it?" in done.told
    assert done.approvals == []


def test_without_any_failure_only_the_queues_are_looked_at(drill: Drill) -> None:
    done = drill(broken=False)

    assert (done.ok, done.asked) == (True, ()), done.told
    assert "SKIPPED  3. What happened to it?" in done.told
    assert "no dead letters" in done.line("8. Are messages")
