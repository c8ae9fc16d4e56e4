import json
from datetime import date, datetime, timedelta

import pytest

from bot.errors import EdgeError
from bot.workbench.lake import breaker, journal, sources
from bot.workbench.lake.lake import Lake
from tests.workbench.lake.driving import (
    breaker_state,
    good,
    host_now,
    keys,
    land,
    lines,
    metric,
    read_json,
    run,
    set_breaker,
)

HOUR = timedelta(hours=1)


def spoilt(rows: list[sources.Row], count: int, **cells: str) -> list[sources.Row]:
    return [{**row, **cells} if index < count else row for index, row in enumerate(rows)]


def many(lake: Lake, file_id: str) -> list[sources.Row]:
    return sources.good_rows(lake.clock.now().date(), file_id, count=400)


def today(lake: Lake) -> date:
    return lake.clock.now().date()


def test_a_good_night_is_promoted(lake: Lake) -> None:
    for file_id in sources.file_ids(180):
        land(lake, file_id, good(lake, file_id))

    end = run(lake, "20261123T020000Z", ingest_date=f"{today(lake)}", promote=True)

    assert end["status"] == "SUCCEEDED"
    names = lake.names
    prefix = names.run_prefix(today(lake), "20261123T020000Z")
    success = read_json(lake, names.silver_bucket, f"{prefix}_SUCCESS")
    assert success["metrics"] == {
        "input_files": 14,
        "input_rows": 560,
        "valid_rows": 560,
        "quarantined_rows": 0,
        "condemned_rows": 0,
        "quarantine_rate": 0.0,
    }
    assert success["execution_arn"] == end["executionArn"]
    latest = read_json(lake, names.silver_bucket, names.latest_key(today(lake)))
    assert (latest["run_id"], latest["output_prefix"]) == ("20261123T020000Z", prefix)
    current = f"{names.partition(today(lake))}current/"
    assert keys(lake, names.silver_bucket, current) == [f"{current}part-0000.jsonl.gz"]


def test_promotion_leaves_nothing_of_the_run_before(lake: Lake) -> None:
    left_over = f"{lake.names.partition(today(lake))}current/part-0099.jsonl.gz"
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=left_over, Body=b"old")
    land(lake, "f-0180", good(lake, "f-0180"))

    run(lake, "nightly", promote=True)

    assert left_over not in keys(lake, lake.names.silver_bucket, lake.names.partition(today(lake)))


def test_without_promote_readers_keep_the_run_before(lake: Lake) -> None:
    land(lake, "f-0180", good(lake, "f-0180"))
    latest = lake.seeded.latest_key
    before = lake.clients.s3.head_object(Bucket=lake.names.silver_bucket, Key=latest)["VersionId"]

    end = run(lake, "nightly", promote=False)

    assert end["status"] == "SUCCEEDED"
    assert lake.clients.s3.head_object(Bucket=lake.names.silver_bucket, Key=latest)["VersionId"] == before


def test_only_the_word_true_promotes(lake: Lake) -> None:
    land(lake, "f-0180", good(lake, "f-0180"))

    output = json.loads(run(lake, "nightly", promote="true")["output"])

    assert output["run"]["promote"] is False
    assert "promoted" not in output


def test_a_hundred_equal_errors_do_not_trip_the_breaker_and_one_more_does(lake: Lake) -> None:
    key = land(lake, "f-0180", spoilt(many(lake, "f-0180"), 100, currency="EURO"))
    first = run(lake, "a-hundred", raw_key=key, promote=False)
    state_after_a_hundred = breaker_state(lake)

    key = land(lake, "f-0181", spoilt(many(lake, "f-0181"), 101, currency="EURO"))
    second = run(lake, "one-more", raw_key=key, promote=False)

    assert (first["status"], state_after_a_hundred) == ("SUCCEEDED", "CLOSED")
    assert (second["status"], second["error"]) == ("FAILED", "CircuitBreakerOpen")
    body = breaker.read(lake.clients.s3, lake.names).body
    told = {name: body[name] for name in ("state", "error_type", "count", "run_id", "threshold", "window_s")}
    assert told == {
        "state": "OPEN",
        "error_type": "CURRENCY_ERROR",
        "count": 101,
        "run_id": "one-more",
        "threshold": 100,
        "window_s": 3600,
    }


def test_unlike_errors_are_counted_apart(lake: Lake) -> None:
    rows = spoilt(many(lake, "f-0180"), 150, currency="EURO")
    rows = spoilt(rows, 75, account_id="")

    key = land(lake, "f-0180", rows)
    run(lake, "mixed", raw_key=key, promote=False)

    assert breaker_state(lake) == "CLOSED"


def test_a_halted_run_leaves_no_output_behind(lake: Lake) -> None:
    key = land(lake, "f-0180", spoilt(many(lake, "f-0180"), 101, currency="EURO"))

    run(lake, "halted", raw_key=key, promote=True)

    assert keys(lake, lake.names.silver_bucket, lake.names.run_prefix(today(lake), "halted")) == []


def test_the_gate_blocks_a_run_with_too_much_set_aside(lake: Lake) -> None:
    key = land(lake, "f-0180", spoilt(good(lake, "f-0180"), 2, booked_at="yesterday"))  # 2 of 40: 5 %

    end = run(lake, "too-much", raw_key=key, promote=True)

    assert (end["status"], end["error"]) == ("FAILED", "PromotionBlocked")
    aside = lake.names.quarantine_key(today(lake), "too-much", "TIMESTAMP_ERROR")
    assert keys(lake, lake.names.quarantine_bucket, "quarantine/") == [aside]
    assert lake.seeded.run_id == read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key)["run_id"]


def test_a_probe_of_a_bad_file_fails_with_the_error_it_found(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    key = land(lake, "f-0193", sources.wrong_currency_rows(today(lake), "f-0193"))

    end = run(lake, "cb-probe-1", raw_key=key, promote=False)

    assert (end["status"], end["error"]) == ("FAILED", "CURRENCY_ERROR")
    assert end["cause"] == "The probe found 137 CURRENCY_ERROR in f-0193 (wanted 0)."
    assert breaker_state(lake) == "HALF_OPEN"
    assert keys(lake, lake.names.silver_bucket, lake.names.run_prefix(today(lake), "cb-probe-1")) == []


def test_a_probe_of_the_corrected_file_succeeds(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    rows = sources.corrected(sources.wrong_currency_rows(today(lake), "f-0193"))
    key = land(lake, "f-0193", rows)

    end = run(lake, "cb-probe-1", raw_key=key, promote=False)

    assert end["status"] == "SUCCEEDED"
    assert json.loads(end["output"])["run"]["quarantined_rows"] == 0


def test_one_bad_row_is_enough_to_fail_a_probe(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    key = land(lake, "f-0193", spoilt(good(lake, "f-0193"), 1, currency="EURO"))

    assert run(lake, "cb-probe-1", raw_key=key, promote=False)["error"] == "CURRENCY_ERROR"


def test_a_probe_looks_for_the_error_that_tripped_and_sets_others_aside(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    key = land(lake, "f-0193", spoilt(good(lake, "f-0193"), 1, account_id=""))

    assert run(lake, "cb-probe-1", raw_key=key, promote=False)["status"] == "SUCCEEDED"


def test_a_probe_whose_breaker_names_no_error_fails_on_any(lake: Lake) -> None:
    body = {"pipeline": "transactions", "state": "HALF_OPEN"}
    lake.clients.s3.put_object(
        Bucket=lake.names.artifacts_bucket, Key=lake.names.breaker_key, Body=json.dumps(body).encode()
    )
    key = land(lake, "f-0193", spoilt(good(lake, "f-0193"), 1, account_id=""))

    assert run(lake, "cb-probe-1", raw_key=key, promote=False)["error"] == "NULL_VALUE_ERROR"


def test_a_probe_is_one_file(lake: Lake) -> None:
    set_breaker(lake, "HALF_OPEN", error_type="CURRENCY_ERROR")
    for file_id in ("f-0180", "f-0181"):
        land(lake, file_id, good(lake, file_id))

    end = run(lake, "cb-probe-1", ingest_date=f"{today(lake)}", promote=False)

    assert (end["status"], end["error"]) == ("FAILED", "PROBE_TOO_LARGE")


@pytest.mark.parametrize("body", [b"no gzip", sources.to_csv([])[:20], b""])
def test_a_file_that_is_no_csv_fails_the_run_and_the_worker_goes_on(lake: Lake, body: bytes) -> None:
    key = lake.names.raw_key(today(lake), "f-0180")
    lake.clients.s3.put_object(Bucket=lake.names.bronze_bucket, Key=key, Body=body)

    broken = run(lake, "broken", raw_key=key)
    land(lake, "f-0180", good(lake, "f-0180"))

    assert broken["error"] == "SCHEMA_ERROR"
    assert run(lake, "mended", raw_key=key)["status"] == "SUCCEEDED"


def test_a_task_the_worker_cannot_do_fails_and_the_worker_goes_on(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    end = run(lake, "nonsense", ingest_date="not a day")

    assert (end["status"], end["error"]) == ("FAILED", "WorkerError")
    assert "The worker could not do a task." in caplog.text
    key = land(lake, "f-0180", good(lake, "f-0180"))
    assert run(lake, "next", raw_key=key)["status"] == "SUCCEEDED"


def test_log_lines_have_the_platforms_shape_and_stand_in_order(lake: Lake) -> None:
    key = land(lake, "f-0193", sources.wrong_currency_rows(today(lake), "f-0193"))
    run(lake, "halted", raw_key=key, promote=True)

    told = lines(lake, "halted")

    assert [line["timestamp"] for line in told] == sorted(line["timestamp"] for line in told)
    errors = [line for line in told if line["level"] == "ERROR"]
    critical = [line for line in told if line["level"] == "CRITICAL"]
    assert len(errors) == 101
    assert {key: value for key, value in errors[0].items() if key != "timestamp"} == {
        "level": "ERROR",
        "message": "validation failed: CURRENCY_ERROR",
        "module": "validate",
        "function": "check_currency",
        "run_id": "halted",
        "error_type": "CURRENCY_ERROR",
        "source_file_id": "f-0193",
    }
    assert [(line["message"], line["count"], line["module"]) for line in critical] == [
        ("circuit breaker open: 101 CURRENCY_ERROR in 3600 s, halting", 101, "breaker")
    ]
    finish = {line["metric_name"]: line["metric_value"] for line in told if "metric_name" in line}
    assert finish == {"InputRows": 101, "ValidRows": 0, "QuarantinedRows": 101}


def test_lines_and_metrics_carry_the_movable_clocks_time(lake: Lake) -> None:
    lake.clock.advance(95 * 60)
    key = land(lake, "f-0193", sources.wrong_currency_rows(today(lake), "f-0193"))

    run(lake, "halted", raw_key=key)

    ahead = datetime.fromisoformat(lines(lake, "halted")[0]["timestamp"]) - host_now()
    assert timedelta(minutes=94) < ahead <= timedelta(minutes=95)
    assert sum(metric(lake, "SameErrorCount", stat="Sum", back=HOUR, error_type="CURRENCY_ERROR")) == 101


def test_a_run_says_how_many_rows_it_read(lake: Lake) -> None:
    key = land(lake, "f-0180", spoilt(good(lake, "f-0180"), 3, amount="many"))

    run(lake, "counted", raw_key=key)

    assert sum(metric(lake, "InputRows", stat="Sum", back=HOUR)) == 40
    assert sum(metric(lake, "ValidRows", stat="Sum", back=HOUR)) == 37
    assert sum(metric(lake, "QuarantinedRows", stat="Sum", back=HOUR)) == 3
    assert sum(metric(lake, "SameErrorCount", stat="Sum", back=HOUR, error_type="TYPE_ERROR")) == 3


@pytest.mark.parametrize("away", [timedelta(hours=3), timedelta(days=-15)])
def test_lines_that_the_log_group_drops_are_not_passed_over(lake: Lake, away: timedelta) -> None:
    at = host_now() + away
    events = journal.stamp([journal.line("INFO", "x", "y", "z")], run_id="lost", start=at, end=at)

    with pytest.raises(EdgeError, match="dropped lines of run lost"):
        journal.write(lake.clients.logs, lake.names, run_id="lost", events=events)


def test_a_breaker_somebody_changed_meanwhile_is_still_opened(lake: Lake) -> None:
    meddled: list[str] = []

    def meddle(**_: object) -> None:
        if not meddled:
            meddled.append("once")
            set_breaker(lake, "CLOSED", reason="touched by somebody")

    events = lake.clients.s3.meta.events
    events.register("before-call.s3.PutObject", meddle)
    try:
        body = breaker.opened(lake.names, at=lake.clock.now(), error_type="CURRENCY_ERROR", count=101, run_id="r")
        breaker.trip(lake.clients.s3, lake.names, body)
    finally:
        events.unregister("before-call.s3.PutObject", meddle)

    assert meddled
    assert breaker_state(lake) == "OPEN"


def test_a_breaker_that_is_open_already_keeps_its_first_reason(lake: Lake) -> None:
    set_breaker(lake, "OPEN", reason="the first")

    breaker.trip(lake.clients.s3, lake.names, {**breaker.closed(lake.names), "state": "OPEN", "reason": "second"})

    assert breaker.read(lake.clients.s3, lake.names).body["reason"] == "the first"
