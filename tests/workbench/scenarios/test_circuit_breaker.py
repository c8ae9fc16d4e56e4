import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import EdgeError
from bot.workbench.lake import breaker
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import LakeNames
from bot.workbench.scenarios import circuit_breaker
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import (
    alarm_state,
    eventually,
    keys,
    lines,
    metric,
    run,
    set_breaker,
)

SCENARIO = SCENARIOS["circuit-breaker"]
HOUR = timedelta(hours=1)


def bad_key(lake: Lake) -> str:
    return lake.names.raw_key(lake.clock.now().date(), "f-0193")


def probe(lake: Lake, number: int = 1) -> str:
    end = run(lake, f"cb-probe-{number:012x}", raw_key=bad_key(lake), promote=False)
    return str(end["status"])


def half_open(lake: Lake) -> None:
    """Do what the runbook does: change only the state, so that the file still names the error."""
    seen = breaker.read(lake.clients.s3, lake.names)
    lake.clients.s3.put_object(
        Bucket=lake.names.artifacts_bucket,
        Key=lake.names.breaker_key,
        Body=json.dumps({**seen.body, "state": "HALF_OPEN"}).encode(),
        IfMatch=seen.etag,
    )


def repair(lake: Lake) -> None:
    """Do by hand what the bot's runbook does, the source corrected."""
    lake.clients.events.disable_rule(Name=lake.names.schedule_rule)
    SCENARIO.mend(lake)
    half_open(lake)
    assert probe(lake) == "SUCCEEDED"
    set_breaker(lake, "CLOSED")
    lake.clients.events.enable_rule(Name=lake.names.schedule_rule)
    lake.clock.advance(61 * 60)
    lake.look()
    eventually(lambda: all(alarm_state(lake, name) == "OK" for name in lake.names.alarms), what="the alarms to be OK")


def failing(lake: Lake) -> set[str]:
    return {check.name for check in SCENARIO.repaired(lake) if not check.ok}


def test_it_really_breaks(lake: Lake) -> None:
    SCENARIO.break_(lake)

    found = breaker.read(lake.clients.s3, lake.names)
    run_id = str(found.body["run_id"])
    told = lines(lake, run_id)
    assert (found.state, found.error_type, found.body["count"]) == ("OPEN", "CURRENCY_ERROR", 101)
    assert sum(line["level"] == "ERROR" for line in told) == 101
    assert {line["source_file_id"] for line in told if line["level"] == "ERROR"} == {"f-0193"}
    assert sum(line["level"] == "CRITICAL" for line in told) == 1
    assert sum(metric(lake, "SameErrorCount", stat="Sum", back=HOUR, error_type="CURRENCY_ERROR")) == 101
    raw = keys(lake, lake.names.bronze_bucket, lake.names.raw_prefix(lake.clock.now().date()))
    assert [key.rsplit("/", 1)[1] for key in raw] == [f"f-{number:04d}.csv.gz" for number in range(180, 194)]
    arn = f"{lake.names.state_machine_arn.replace('stateMachine', 'execution')}:{run_id}"
    end = lake.clients.sfn.describe_execution(executionArn=arn)
    assert (end["status"], end["error"]) == ("FAILED", "CircuitBreakerOpen")


def test_the_run_is_named_after_the_movable_clock(lake: Lake) -> None:
    lake.clock.advance(95 * 60)

    SCENARIO.break_(lake)

    run_id = str(breaker.read(lake.clients.s3, lake.names).body["run_id"])
    assert abs((lake.clock.now() - timedelta(minutes=1)).timestamp() - moment(run_id)) < 120


def test_the_alarm_goes_off_while_readers_keep_the_run_before(lake: Lake) -> None:
    SCENARIO.break_(lake)

    eventually(lambda: alarm_state(lake, lake.names.breaker_alarm) == "ALARM", what="the alarm")

    assert failing(lake) >= {"breaker CLOSED", "newest probe SUCCEEDED", "alarm CircuitBreakerOpen OK"}
    assert "_LATEST.json unchanged" not in failing(lake)


def test_a_probe_of_the_file_as_it_is_fails_honestly(lake: Lake) -> None:
    SCENARIO.break_(lake)
    half_open(lake)

    assert probe(lake) == "FAILED"

    assert "newest probe SUCCEEDED" in failing(lake)
    assert breaker.read(lake.clients.s3, lake.names).state == "HALF_OPEN"


def test_the_source_corrected_and_the_runbook_followed_the_lake_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)

    repair(lake)

    checks = SCENARIO.repaired(lake)
    assert [check.name for check in checks] == [
        "breaker CLOSED",
        "schedule ENABLED",
        "newest probe SUCCEEDED",
        "_LATEST.json unchanged",
        "alarm CircuitBreakerOpen OK",
        "alarm SameErrorRateHigh OK",
    ]
    assert [check.seen for check in checks if not check.ok] == []


def close_only(lake: Lake) -> None:
    set_breaker(lake, "CLOSED")


def leave_paused(lake: Lake) -> None:
    lake.clients.events.disable_rule(Name=lake.names.schedule_rule)


def probe_again_in_vain(lake: Lake) -> None:
    lake.clients.s3.delete_object(Bucket=lake.names.bronze_bucket, Key=bad_key(lake))
    assert probe(lake, 2) == "FAILED"


def promote_something(lake: Lake) -> None:
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key, Body=b'{"run_id": "other"}')


def rewrite_the_same(lake: Lake) -> None:
    latest = {"Bucket": lake.names.silver_bucket, "Key": lake.seeded.latest_key}
    body = lake.clients.s3.get_object(Bucket=latest["Bucket"], Key=latest["Key"])["Body"].read()
    lake.clients.s3.put_object(Bucket=latest["Bucket"], Key=latest["Key"], Body=body)


def open_again(lake: Lake) -> None:
    set_breaker(lake, "OPEN")


@pytest.mark.parametrize(
    ("spoil", "fails"),
    [
        (leave_paused, "schedule ENABLED"),
        (probe_again_in_vain, "newest probe SUCCEEDED"),
        (promote_something, "_LATEST.json unchanged"),
        (rewrite_the_same, "_LATEST.json unchanged"),
        (open_again, "breaker CLOSED"),
    ],
)
def test_each_check_notices_what_it_is_there_for(lake: Lake, spoil: Callable[[Lake], None], fails: str) -> None:
    SCENARIO.break_(lake)
    repair(lake)

    spoil(lake)

    assert failing(lake) == {fails}


def test_closing_the_breaker_without_a_probe_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)

    close_only(lake)

    assert "newest probe SUCCEEDED" in failing(lake)


def test_correcting_keeps_the_bad_file_as_an_earlier_version(lake: Lake) -> None:
    SCENARIO.break_(lake)

    SCENARIO.mend(lake)

    versions = lake.clients.s3.list_object_versions(Bucket=lake.names.bronze_bucket, Prefix=bad_key(lake))
    assert len(versions["Versions"]) == 2


def test_correcting_twice_is_harmless(lake: Lake) -> None:
    SCENARIO.break_(lake)

    SCENARIO.mend(lake)
    SCENARIO.mend(lake)
    half_open(lake)

    assert probe(lake) == "SUCCEEDED"


def test_correcting_what_never_landed_says_so(lake: Lake) -> None:
    with pytest.raises(EdgeError, match="f-0193 has not landed yet"):
        SCENARIO.mend(lake)


def test_breaking_a_lake_that_is_broken_already_changes_nothing_of_it(lake: Lake) -> None:
    SCENARIO.break_(lake)
    before = breaker.read(lake.clients.s3, lake.names)
    lake.clock.advance(60)

    SCENARIO.break_(lake)

    assert breaker.read(lake.clients.s3, lake.names) == before


def test_another_account_is_not_broken(lake: Lake) -> None:
    lake.names, own = LakeNames(account="999999999999"), lake.names
    try:
        with pytest.raises(EdgeError, match="answered as account 123456789012"):
            circuit_breaker.break_(lake)
    finally:
        lake.names = own

    assert keys(lake, own.bronze_bucket, own.raw_prefix(lake.clock.now().date())) == []


def test_every_scenario_is_found_under_its_own_name() -> None:
    assert [name for name, scenario in SCENARIOS.items() if name != scenario.name] == []
    assert all(scenario.title and (scenario.fix is None or scenario.fix.title) for scenario in SCENARIOS.values())


def moment(run_id: str) -> float:
    """Return when a run began, from its name."""
    return datetime.strptime(run_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
