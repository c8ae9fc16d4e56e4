import pytest

from bot.domain.value import JsonObject
from bot.errors import InvalidError
from tests.actions.scripted import Script, observe, propose, read

RULE: JsonObject = {"rule": "daily_etl_schedule"}
ENABLED: JsonObject = {
    "found": True,
    "Name": "daily_etl_schedule",
    "State": "ENABLED",
    "ScheduleExpression": "rate(1 day)",
}
DISABLED: JsonObject = {**ENABLED, "State": "DISABLED"}
GONE: JsonObject = {"found": False}


def test_a_rule_is_read() -> None:
    assert read(Script(events__rule=[ENABLED]), "events.rule", **RULE) == {
        "found": True,
        "state": "ENABLED",
        "schedule": "rate(1 day)",
    }
    assert read(Script(events__rule=[GONE]), "events.rule", **RULE) == {"found": False}


def test_a_pause_names_one_call_and_holds_the_rule() -> None:
    proposal = propose(Script(events__rule=[ENABLED]).look, "schedule.pause", **RULE)

    assert [(call.row, call.params) for call in proposal.calls] == [
        ("events.disable_rule", {"Name": "daily_etl_schedule"})
    ]
    assert (proposal.holds, proposal.releases, proposal.already) == ("events:daily_etl_schedule", None, False)
    assert proposal.seen == {"state": "ENABLED", "schedule": "rate(1 day)"}


def test_a_pause_of_a_paused_rule_says_so_and_still_names_its_call() -> None:
    proposal = propose(Script(events__rule=[DISABLED]).look, "schedule.pause", **RULE)

    assert (proposal.already, len(proposal.calls), proposal.holds) == (True, 1, "events:daily_etl_schedule")


def test_a_resume_names_its_call_also_before_the_pause_was_done() -> None:
    proposal = propose(Script(events__rule=[ENABLED]).look, "schedule.resume", **RULE)

    assert [call.row for call in proposal.calls] == ["events.enable_rule"]
    assert (proposal.already, proposal.releases, proposal.holds) == (True, "events:daily_etl_schedule", None)


@pytest.mark.parametrize("action", ["schedule.pause", "schedule.resume"])
def test_what_became_of_it_is_seen_by_looking(action: str) -> None:
    assert observe(Script(events__rule=[DISABLED]).look, action, **RULE) == {"state": "DISABLED"}


@pytest.mark.parametrize("action", ["schedule.pause", "schedule.resume"])
def test_a_rule_that_is_not_there_is_said_so(action: str) -> None:
    with pytest.raises(InvalidError, match="no rule"):
        propose(Script(events__rule=[GONE]).look, action, **RULE)


@pytest.mark.parametrize("action", ["schedule.pause", "schedule.resume"])
def test_a_rule_we_do_not_list_is_refused(action: str) -> None:
    with pytest.raises(InvalidError, match="Name"):
        propose(Script().look, action, rule="payroll")
