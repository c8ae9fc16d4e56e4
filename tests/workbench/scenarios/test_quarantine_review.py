import json
from typing import TYPE_CHECKING

import pytest

from bot.errors import InvalidError
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import condemned_key
from bot.workbench.scenarios.registry import SCENARIOS
from tests.workbench.lake.driving import keys, read_json, run
from tests.workbench.scenarios.mending import dimensions, failing, promote, quiet, seen, told

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TaggingTypeDef

SCENARIO = SCENARIOS["quarantine-review"]
RETRY = "qretry-0123456789ab"
ALARMS = ("QuarantineRateHigh", "PromotionBlocked")


def blocked(lake: Lake) -> str:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn, statusFilter="FAILED")
    return found["executions"][0]["name"]


def partition(lake: Lake) -> str:
    return lake.names.partition(lake.clock.now().date())


def aside(lake: Lake, reason: str) -> str:
    return lake.names.quarantine_key(lake.clock.now().date(), blocked(lake), reason)


def retry(lake: Lake, *reasons: str) -> dict[str, object]:
    given = {"pipeline": "transactions", "source": "quarantine", "run_id": blocked(lake), "promote": False}
    assert run(lake, RETRY, **given, reasons=list(reasons))["status"] == "SUCCEEDED"
    return read_json(lake, lake.names.silver_bucket, f"{partition(lake)}run_id={RETRY}/_SUCCESS")


def condemn(lake: Lake, reason: str) -> None:
    key, bucket = aside(lake, reason), lake.names.quarantine_bucket
    lake.clients.s3.copy_object(Bucket=bucket, Key=condemned_key(key), CopySource={"Bucket": bucket, "Key": key})
    tags: TaggingTypeDef = {"TagSet": [{"Key": "state", "Value": "condemned"}]}
    lake.clients.s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tags)


def repair(lake: Lake) -> None:
    SCENARIO.mend(lake)
    retry(lake, "CURRENCY_ERROR")
    promote(lake, partition(lake), RETRY)
    condemn(lake, "NULL_VALUE_ERROR")
    condemn(lake, "TIMESTAMP_ERROR")


def point_somewhere(lake: Lake) -> None:
    """Today may be the first of a month, whose partition has no pointer yet."""
    key = f"{partition(lake)}_LATEST.json"
    if key not in keys(lake, lake.names.silver_bucket, partition(lake)):
        body = lake.clients.s3.get_object(Bucket=lake.names.silver_bucket, Key=lake.seeded.latest_key)["Body"].read()
        lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key, Body=body)


def test_the_gate_really_blocked_it_and_the_rows_lie_in_quarantine_by_reason(lake: Lake) -> None:
    SCENARIO.break_(lake)

    success = read_json(lake, lake.names.silver_bucket, f"{partition(lake)}run_id={blocked(lake)}/_SUCCESS")
    folder = lake.names.quarantine_prefix(lake.clock.now().date(), blocked(lake))
    assert (success["metrics"]["quarantine_rate"], success["promotion_allowed"]) == (6.12, False)
    assert success["quarantine_by_reason"] == {"CURRENCY_ERROR": 96, "NULL_VALUE_ERROR": 41, "TIMESTAMP_ERROR": 16}
    assert [key.removeprefix(folder) for key in keys(lake, lake.names.quarantine_bucket, folder)] == [
        "error_type=CURRENCY_ERROR/part-0000.jsonl.gz",
        "error_type=NULL_VALUE_ERROR/part-0000.jsonl.gz",
        "error_type=TIMESTAMP_ERROR/part-0000.jsonl.gz",
    ]
    assert {"_LATEST.json names a retry of the blocked run", "the gate allowed it"} <= failing(SCENARIO, lake)


def test_both_alarms_go_off_and_one_names_the_run(lake: Lake) -> None:
    SCENARIO.break_(lake)

    notice = told(lake, "PromotionBlocked")

    assert dimensions(notice) == {"Pipeline": "transactions", "RunId": blocked(lake)}


def test_the_rate_is_told_too(lake: Lake) -> None:
    SCENARIO.break_(lake)

    notice = told(lake, "QuarantineRateHigh")

    assert "6.12" in notice["NewStateReason"]


def test_corrected_retried_promoted_and_the_rest_condemned_it_is_repaired(lake: Lake) -> None:
    SCENARIO.break_(lake)
    told(lake, "PromotionBlocked")
    point_somewhere(lake)

    repair(lake)
    quiet(lake, *ALARMS)

    assert seen(SCENARIO, lake) == {}


def test_a_retry_of_corrected_rows_passes_the_gate_and_counts_what_is_left(lake: Lake) -> None:
    SCENARIO.break_(lake)
    SCENARIO.mend(lake)

    success = retry(lake, "CURRENCY_ERROR")

    assert (success["promotion_allowed"], success["source_run"]) == (True, blocked(lake))
    assert success["quarantine_by_reason"] == {"NULL_VALUE_ERROR": 41, "TIMESTAMP_ERROR": 16}
    told_metrics = json.loads(json.dumps(success["metrics"]))
    assert (told_metrics["input_rows"], told_metrics["valid_rows"]) == (2500, 2443)


def test_a_retry_of_rows_nobody_corrected_is_blocked_again_and_is_their_second_attempt(lake: Lake) -> None:
    SCENARIO.break_(lake)

    success = retry(lake, "CURRENCY_ERROR")

    again = lake.names.quarantine_key(lake.clock.now().date(), RETRY, "CURRENCY_ERROR")
    assert success["promotion_allowed"] is False
    assert keys(lake, lake.names.quarantine_bucket, again) == [again]


def test_without_condemning_the_rest_it_is_half_a_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    point_somewhere(lake)
    SCENARIO.mend(lake)
    retry(lake, "CURRENCY_ERROR")

    promote(lake, partition(lake), RETRY)
    condemn(lake, "NULL_VALUE_ERROR")

    assert failing(SCENARIO, lake) == {"TIMESTAMP_ERROR rows condemned: copied and tagged"}


def test_promoting_the_blocked_run_itself_is_no_repair(lake: Lake) -> None:
    SCENARIO.break_(lake)
    point_somewhere(lake)

    promote(lake, partition(lake), blocked(lake))

    assert {"_LATEST.json names a retry of the blocked run", "the gate allowed it"} <= failing(SCENARIO, lake)


def test_deleting_from_quarantine_is_noticed(lake: Lake) -> None:
    SCENARIO.break_(lake)
    condemn(lake, "TIMESTAMP_ERROR")

    lake.clients.s3.delete_object(Bucket=lake.names.quarantine_bucket, Key=aside(lake, "TIMESTAMP_ERROR"))

    assert {"nothing left quarantine", "TIMESTAMP_ERROR rows condemned: copied and tagged"} <= failing(SCENARIO, lake)


def test_a_retry_of_a_run_that_set_nothing_aside_fails(lake: Lake) -> None:
    end = run(lake, RETRY, source="quarantine", run_id="20200101T000000Z", reasons=["CURRENCY_ERROR"])

    assert (end["status"], end["error"]) == ("FAILED", "INPUT_MISSING")


def test_correcting_what_was_never_set_aside_says_so(lake: Lake) -> None:
    with pytest.raises(InvalidError, match="No load has set rows aside yet"):
        SCENARIO.mend(lake)
