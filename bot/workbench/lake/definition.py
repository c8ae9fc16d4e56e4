"""The state machine of the nightly load, in Amazon States Language (JSONPath).

RunETL and PromoteSilver are task-token tasks that the workbench's worker answers; Glue and Lambda on the real
platform. The breaker is asked first, and anything but CLOSED (or a probe while HALF_OPEN) halts the load.
"""

from bot.workbench.lake.names import PROBE_PREFIX, LakeNames

HALTED = "CircuitBreakerOpen"
BLOCKED = "PromotionBlocked"
_TASK_SECONDS = 300


def state_machine(names: LakeNames, *, worker_queue_url: str) -> dict[str, object]:
    """Return the definition as it is given to CreateStateMachine."""
    half_open = {"Variable": "$.gate.breaker.state", "StringEquals": "HALF_OPEN"}
    probe = {"Variable": "$.gate.run_id", "StringMatches": f"{PROBE_PREFIX}*"}
    return {
        "Comment": f"Load {names.pipeline} from bronze to silver; halt while the circuit breaker is open.",
        "StartAt": "CheckBreaker",
        "States": {
            "CheckBreaker": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
                "Parameters": {"Bucket": names.artifacts_bucket, "Key": names.breaker_key},
                "ResultSelector": {
                    "breaker.$": "States.StringToJson($.Body)",
                    "run_id.$": "$$.Execution.Name",
                },
                "ResultPath": "$.gate",
                "Next": "BreakerLetsThrough",
            },
            "BreakerLetsThrough": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.gate.breaker.state", "StringEquals": "CLOSED", "Next": "RunETL"},
                    {"And": [half_open, probe], "Next": "RunETL"},
                ],
                "Default": "Halted",
            },
            "Halted": {
                "Type": "Fail",
                "Error": HALTED,
                "Cause": f"The circuit breaker of {names.pipeline} is not closed; nothing was loaded.",
            },
            "RunETL": _task("etl", worker_queue_url, result="$.run", then="ValidateOutput"),
            "ValidateOutput": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.run.promote", "BooleanEquals": False, "Next": "Success"},
                    {"Variable": "$.run.promotion_allowed", "BooleanEquals": True, "Next": "PromoteSilver"},
                ],
                "Default": "Blocked",
            },
            "Blocked": {
                "Type": "Fail",
                "Error": BLOCKED,
                "Cause": "The gate did not allow the promotion; current/ and _LATEST.json are untouched.",
            },
            "PromoteSilver": _task("promote", worker_queue_url, result="$.promoted", then="Success"),
            "Success": {"Type": "Succeed"},
        },
    }


def _task(task: str, queue_url: str, *, result: str, then: str) -> dict[str, object]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "TimeoutSeconds": _TASK_SECONDS,
        "Parameters": {
            "QueueUrl": queue_url,
            "MessageBody": {
                "task": task,
                "token.$": "$$.Task.Token",
                "run_id.$": "$$.Execution.Name",
                "execution_arn.$": "$$.Execution.Id",
                "input.$": "$",
            },
        },
        "ResultPath": result,
        "Next": then,
    }
