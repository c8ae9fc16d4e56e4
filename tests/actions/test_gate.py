import pytest

from bot.actions.gate import judged
from bot.domain.value import JsonObject, JsonValue
from tests.aws.seeded import RUN

GOOD_METRICS: JsonObject = {"input_rows": 1000, "quarantined_rows": 12, "condemned_rows": 0, "quarantine_rate": 1.2}


def success(*, metrics: JsonObject | None = None, **other: JsonValue) -> JsonObject:
    return {
        "run_id": RUN,
        "metrics": {**GOOD_METRICS, **(metrics or {})},
        "has_critical_errors": False,
        "promotion_allowed": True,
        **other,
    }


def refused(given: JsonObject | None) -> str:
    judgement = judged(RUN, given)
    assert judgement["allowed"] is False
    assert isinstance(judgement["reasons"], list)
    return " ".join(str(one) for one in judgement["reasons"])


def test_a_clean_run_may_be_promoted() -> None:
    judgement = judged(RUN, success())

    assert (judgement["allowed"], judgement["reasons"], judgement["quarantine_rate"]) == (True, [], 1.2)


def test_the_sample_that_breaks_its_own_rule_is_refused_for_each_contradiction() -> None:
    sample = success(metrics={"quarantined_rows": 123, "quarantine_rate": 5.2}, promotion_allowed=True)

    words = refused(sample)

    assert "12.30 % of the rows are in quarantine" in words
    assert "It says 5.2 % are in quarantine, and its rows make 12.30 %" in words
    assert "It says that promotion is allowed, and its numbers say otherwise." in words


def test_a_run_without_its_marker_is_refused() -> None:
    assert "no _SUCCESS" in refused(None)


@pytest.mark.parametrize("name", ["input_rows", "quarantined_rows", "condemned_rows"])
@pytest.mark.parametrize("value", [None, "12", True])
def test_a_number_that_is_missing_or_none_is_refused(name: str, value: JsonValue) -> None:
    assert f"says nothing of {name}" in refused(success(metrics={name: value}))


def test_no_word_on_critical_errors_is_refused() -> None:
    given = success()
    del given["has_critical_errors"]

    assert "has_critical_errors" in refused(given)


def test_nothing_but_a_marker_is_refused() -> None:
    assert "says nothing of input_rows" in refused({"run_id": RUN})


REFUSED: dict[str, tuple[JsonObject, str]] = {
    "five percent exactly": (success(metrics={"quarantined_rows": 50, "quarantine_rate": 5.0}), "must be under 5 %"),
    "a hundred condemned": (success(metrics={"condemned_rows": 100}), "must be under 100"),
    "a critical error": (success(has_critical_errors=True), "critical error"),
    "no rows at all": (success(metrics={"input_rows": 0, "quarantined_rows": 0}), "without data"),
    "fewer than no rows": (success(metrics={"quarantined_rows": -1, "quarantine_rate": -0.1}), "must be under 5 %"),
    "a flag that says no": (success(promotion_allowed=False), "not allowed"),
    "a rate of its own": (success(metrics={"quarantine_rate": 0.2}), "contradict"),
    "another run's marker": (success(run_id="20260101T020000Z"), "another run"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_whatever_breaks_the_rule_is_refused(what: str) -> None:
    given, words = REFUSED[what]

    assert words in refused(given)


def test_just_inside_the_rule_is_allowed() -> None:
    near = success(metrics={"quarantined_rows": 49, "condemned_rows": 99, "quarantine_rate": 4.9})

    assert judged(RUN, near)["allowed"] is True


def test_names_as_the_metrics_have_them_are_understood() -> None:
    metrics: JsonObject = {"InputRows": 1000, "QuarantinedRows": 12, "CondemnedRows": 0}

    assert judged(RUN, {**success(), "metrics": metrics})["allowed"] is True
