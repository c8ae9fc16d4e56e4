import json
from typing import Any

from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import keys, lines, read_json, run
from tests.workbench.scenarios.mending import dimensions, failing, quiet, seen, told

SCENARIO = SCENARIOS["failure-recovery"]
ALARM = "StepFunctionsExecutionsFailed"


def failed(lake: Lake) -> dict[str, Any]:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn, statusFilter="FAILED")
    return dict(lake.clients.sfn.describe_execution(executionArn=found["executions"][0]["executionArn"]))


def test_the_run_really_failed_half_way(lake: Lake) -> None:
    SCENARIO.break_(lake)

    end = failed(lake)
    prefix = lake.names.run_prefix(lake.clock.now().date(), end["name"])
    assert (end["error"], "OutOfMemoryError" in end["cause"]) == ("GlueJobFailed", True)
    assert keys(lake, lake.names.silver_bucket, prefix) == [f"{prefix}part-0000.jsonl.gz"]
    assert [line["message"] for line in lines(lake, end["name"]) if line["level"] == "ERROR"] == [
        "Command failed with exit code 10: OutOfMemoryError: Java heap space"
    ]
    assert read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key)["run_id"] == lake.seeded.run_id
    assert {"same input SUCCEEDED"} <= failing(SCENARIO, lake)


def test_the_alarm_names_the_state_machine(lake: Lake) -> None:
    SCENARIO.break_(lake)

    assert dimensions(told(lake, ALARM)) == {"StateMachineArn": lake.names.state_machine_arn}


def test_the_original_input_run_again_repairs_it(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, ALARM)

    assert run(lake, "rerun-0123456789ab", **json.loads(failed(lake)["input"]))["status"] == "SUCCEEDED"
    quiet(lake, ALARM)

    assert seen(SCENARIO, lake) == {}


def test_a_run_key_added_to_the_input_does_not_make_it_another(lake: Lake) -> None:
    SCENARIO.break_(lake)

    run(lake, "rerun-0123456789ab", **json.loads(failed(lake)["input"]), run_key="rerun-0123456789ab")

    assert failing(SCENARIO, lake) == set()


def test_a_run_that_does_not_promote_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    run(lake, "rerun-0123456789ab", **{**json.loads(failed(lake)["input"]), "promote": False})

    assert "same input SUCCEEDED" in failing(SCENARIO, lake)


def test_a_marker_written_by_hand_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    end = failed(lake)
    prefix = lake.names.run_prefix(lake.clock.now().date(), end["name"])
    body = b'{"metrics": {"input_files": 14, "quarantine_rate": 0}, "promotion_allowed": true}'

    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=f"{prefix}_SUCCESS", Body=body)

    assert "the failed run has no _SUCCESS" in failing(SCENARIO, lake)


def test_only_one_load_runs_out_of_memory(lake: Lake) -> None:
    lake.take_memory_away()
    lake.reset()

    SCENARIO.break_(lake)

    assert run(lake, "again", **json.loads(failed(lake)["input"]))["status"] == "SUCCEEDED"


def test_without_the_failure_there_is_nothing_to_judge(lake: Lake) -> None:
    assert failing(SCENARIO, lake) == {"the failure happened"}
