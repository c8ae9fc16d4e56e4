import pytest

from bot.workbench.lake.lake import Lake
from tests.workbench.lake.driving import (
    breaker_state,
    ended,
    eventually,
    good,
    land,
    read_json,
    run,
    set_breaker,
    start,
)


def test_an_open_breaker_halts_the_load_before_it_reads_anything(lake: Lake) -> None:
    set_breaker(lake, "OPEN")
    key = land(lake, "f-0180", good(lake, "f-0180"))

    end = run(lake, "nightly", raw_key=key)

    assert (end["status"], end["error"]) == ("FAILED", "CircuitBreakerOpen")
    assert "not closed" in end["cause"]


def test_a_half_open_breaker_halts_everything_but_a_probe(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    key = land(lake, "f-0180", good(lake, "f-0180"))

    nightly = run(lake, "20261123T020000Z", raw_key=key)
    disguised = run(lake, "not-cb-probe-1", raw_key=key)
    probe = run(lake, "cb-probe-1", raw_key=key, promote=False)

    assert (nightly["status"], nightly["error"]) == ("FAILED", "CircuitBreakerOpen")
    assert (disguised["status"], disguised["error"]) == ("FAILED", "CircuitBreakerOpen")
    assert probe["status"] == "SUCCEEDED"


@pytest.mark.parametrize("state", ["", "closed", "TRIPPED"])
def test_a_state_nobody_knows_halts_the_load(lake: Lake, state: str) -> None:
    set_breaker(lake, state)
    key = land(lake, "f-0180", good(lake, "f-0180"))

    assert run(lake, "nightly", raw_key=key)["error"] == "CircuitBreakerOpen"
    assert run(lake, "cb-probe-1", raw_key=key)["error"] == "CircuitBreakerOpen"


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}"])
def test_a_breaker_file_that_cannot_be_read_fails_the_load(lake: Lake, body: bytes) -> None:
    lake.clients.s3.put_object(Bucket=lake.names.artifacts_bucket, Key=lake.names.breaker_key, Body=body)
    key = land(lake, "f-0180", good(lake, "f-0180"))

    assert run(lake, "nightly", raw_key=key)["status"] == "FAILED"


def test_a_missing_breaker_file_fails_the_load(lake: Lake) -> None:
    lake.clients.s3.delete_object(Bucket=lake.names.artifacts_bucket, Key=lake.names.breaker_key)
    key = land(lake, "f-0180", good(lake, "f-0180"))

    assert run(lake, "nightly", raw_key=key)["status"] == "FAILED"


def test_an_execution_that_waits_for_its_worker_stops_at_once(lake: Lake) -> None:
    lake.pause()
    arn = start(lake, "nightly", raw_key="bronze/none")
    eventually(lambda: waits(lake), what="the task in its queue")

    lake.clients.sfn.stop_execution(executionArn=arn, error="CIRCUIT_BREAKER", cause="INC-7")

    assert ended(lake, arn)["status"] == "ABORTED"
    lake.resume()


def test_executions_that_have_only_just_started_can_be_stopped(lake: Lake) -> None:
    lake.pause()
    started = []
    for number in range(8):
        started.append(start(lake, f"just-{number}", raw_key="bronze/none"))
        lake.clients.sfn.stop_execution(executionArn=started[-1])

    assert {ended(lake, arn)["status"] for arn in started} == {"ABORTED"}
    lake.resume()


def test_an_answer_to_a_stopped_execution_stops_nobody_else(lake: Lake) -> None:
    lake.pause()
    key = land(lake, "f-0180", good(lake, "f-0180"))
    stopped = start(lake, "first", raw_key=key)
    eventually(lambda: waits(lake), what="the task in its queue")
    lake.clients.sfn.stop_execution(executionArn=stopped)
    ended(lake, stopped)

    lake.resume()

    assert run(lake, "second", raw_key=key)["status"] == "SUCCEEDED"
    assert lake.clients.sfn.describe_execution(executionArn=stopped)["status"] == "ABORTED"


def test_a_failed_task_keeps_its_cause(lake: Lake) -> None:
    end = run(lake, "nightly", ingest_date="1999-01-01")

    assert (end["status"], end["error"]) == ("FAILED", "INPUT_MISSING")
    assert end["cause"] == "There is no source file for nightly."


def test_the_same_name_and_input_is_the_same_execution(lake: Lake) -> None:
    key = land(lake, "f-0180", good(lake, "f-0180"))
    lake.pause()

    first, second = start(lake, "nightly", raw_key=key), start(lake, "nightly", raw_key=key)

    assert first == second
    lake.resume()
    assert ended(lake, first)["status"] == "SUCCEEDED"


def test_another_execution_of_a_used_name_is_refused(lake: Lake) -> None:
    key = land(lake, "f-0180", good(lake, "f-0180"))
    run(lake, "nightly", raw_key=key)

    with pytest.raises(lake.clients.sfn.exceptions.ExecutionAlreadyExists):
        start(lake, "nightly", raw_key=key, promote=True)


def test_a_good_probe_leaves_the_breaker_to_the_person(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    key = land(lake, "f-0180", good(lake, "f-0180"))

    run(lake, "cb-probe-1", raw_key=key, promote=False)

    assert breaker_state(lake) == "HALF_OPEN"
    day = lake.clock.now().date()
    success = f"{lake.names.run_prefix(day, 'cb-probe-1')}_SUCCESS"
    assert read_json(lake, lake.names.silver_bucket, success)["run_id"] == "cb-probe-1"


def waits(lake: Lake) -> bool:
    found = lake.clients.sqs.get_queue_attributes(
        QueueUrl=lake.queue_url(lake.names.worker_queue), AttributeNames=["ApproximateNumberOfMessages"]
    )
    return found["Attributes"]["ApproximateNumberOfMessages"] != "0"
