"""The rule of promotion: quarantine rate under 5 %, condemned rows under 100, no critical error; and data.

The run's own word is checked, never taken: where its flag and its numbers contradict each other, the answer is no.
"""

from collections.abc import Mapping

from bot.actions.parameters import Returns
from bot.domain.value import JsonObject, JsonValue

MOST_RATE = 5.0  # percent, not reached
MOST_CONDEMNED = 100  # rows, not reached
TOLERANCE = 0.05  # percent points by which a rounded rate may differ
_NAMES = {"input_rows": "InputRows", "quarantined_rows": "QuarantinedRows", "condemned_rows": "CondemnedRows"}


class Gate(Returns):
    """Say whether a run may be promoted, and why not.

    Attributes:
        found: whether the run has a `_SUCCESS`.
        reasons: why it may not, each a sentence; empty when it may.
        quarantine_rate: percent, computed from the rows; absent with them.
        said: what the run says of itself, where it does.
    """

    found: bool
    run_id: str
    allowed: bool
    reasons: list[str]
    input_rows: int | float = 0
    quarantined_rows: int | float = 0
    condemned_rows: int | float = 0
    quarantine_rate: int | float = 0
    has_critical_errors: bool = False
    said: bool = False
    quarantine_by_reason: Mapping[str, int | float] = {}


def judged(run_id: str, success: JsonObject | None) -> JsonObject:
    """Return whether the run may be promoted, from the fields of its `_SUCCESS`; None where it has none."""
    if success is None:
        words = "There is no _SUCCESS: the run did not finish, or could not say so. It is never written by hand."
        return {"found": False, "run_id": run_id, "allowed": False, "reasons": [words]}
    metrics = success.get("metrics")
    numbers = _numbers(metrics if isinstance(metrics, dict) else {})
    reasons = [*_identity(run_id, success), *_missing(numbers, success)]
    rate = _rate(numbers)
    if not reasons:
        reasons = [*_rule(numbers, rate, success), *_contradictions(numbers, rate, success, metrics)]
    output: JsonObject = {
        "found": True,
        "run_id": run_id,
        "allowed": not reasons,
        "reasons": [*reasons],
        **numbers,
        "quarantine_by_reason": success.get("quarantine_by_reason") or {},
    }
    if rate is not None:
        output["quarantine_rate"] = rate
    for ours, theirs in (("has_critical_errors", "has_critical_errors"), ("said", "promotion_allowed")):
        if isinstance(success.get(theirs), bool):
            output[ours] = success[theirs]
    return output


def _numbers(metrics: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name, other in _NAMES.items():
        value = metrics.get(name, metrics.get(other))
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found


def _identity(run_id: str, success: JsonObject) -> list[str]:
    said = success.get("run_id")
    return [] if said == run_id else [f"Its _SUCCESS is that of another run, {said!a}."]


def _missing(numbers: Mapping[str, JsonValue], success: JsonObject) -> list[str]:
    absent = [name for name in _NAMES if name not in numbers]
    if not isinstance(success.get("has_critical_errors"), bool):
        absent.append("has_critical_errors")
    return [f"Its _SUCCESS says nothing of {name}, so the rule cannot be met." for name in absent]


def _rate(numbers: Mapping[str, JsonValue]) -> float | int | None:
    rows, aside = numbers.get("input_rows"), numbers.get("quarantined_rows")
    if not isinstance(rows, int | float) or not isinstance(aside, int | float) or rows <= 0:
        return None
    rate = round(aside / rows * 100, 4)
    return int(rate) if rate == int(rate) else rate


def _rule(numbers: Mapping[str, JsonValue], rate: float | None, success: JsonObject) -> list[str]:
    condemned = numbers["condemned_rows"]
    reasons = []
    if rate is None:
        reasons.append("It read no rows; a run without data is not promoted.")
    elif not 0 <= rate < MOST_RATE:
        reasons.append(f"{rate:.2f} % of the rows are in quarantine; it must be under {MOST_RATE:.0f} %.")
    if not isinstance(condemned, int | float) or not 0 <= condemned < MOST_CONDEMNED:
        reasons.append(f"{condemned} rows are condemned; it must be under {MOST_CONDEMNED}.")
    if success["has_critical_errors"] is not False:
        reasons.append("It met a critical error (a business duplicate, or the circuit breaker).")
    return reasons


def _contradictions(
    numbers: Mapping[str, JsonValue], rate: float | None, success: JsonObject, metrics: JsonValue
) -> list[str]:
    reasons = []
    said = success.get("quarantine_rate")
    if said is None and isinstance(metrics, dict):
        said = metrics.get("quarantine_rate")
    if isinstance(said, int | float) and rate is not None and abs(said - rate) > TOLERANCE:
        reasons.append(
            f"It says {said} % are in quarantine, and its rows make {rate:.2f} %: its numbers contradict each other."
        )
    allowed = rate is not None and not _rule(numbers, rate, success)
    if success.get("promotion_allowed") is not None and success["promotion_allowed"] is not allowed:
        word = "allowed" if success["promotion_allowed"] else "not allowed"
        reasons.append(f"It says that promotion is {word}, and its numbers say otherwise.")
    return reasons
