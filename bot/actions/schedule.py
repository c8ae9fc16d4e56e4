"""The schedule of a pipeline: see it, pause it, resume it. Pauses are counted over runs by what they hold."""

from datetime import datetime

from bot.actions.parameters import Params, Returns
from bot.domain.action import Action, Look, Occasion, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject
from bot.errors import InvalidError


class NameRule(Params):
    """Name the rule."""

    rule: str


class Rule(Returns):
    """Return the rule as it stands; without it only `found` is there."""

    found: bool
    state: str = ""
    schedule: str = ""


class RuleState(Returns):
    """Return whether the rule is ENABLED or DISABLED."""

    state: str


def read_rule(look: Look, params: NameRule, _now: datetime) -> JsonObject:
    """Return the rule's state and schedule."""
    answer = look("events.rule", Name=params.rule)
    if answer.get("found") is False:
        return {"found": False}
    return {"found": True, "state": answer["State"], "schedule": answer.get("ScheduleExpression", "")}


def propose_pause(look: Look, params: NameRule, _occasion: Occasion) -> Proposal:
    """Propose to disable the rule; named also where it is disabled already, so that the hold is counted."""
    seen = _standing(look, params.rule)
    already = seen["state"] == "DISABLED"
    return Proposal(
        calls=(look.call("events.disable_rule", Name=params.rule),),
        seen=seen,
        effect=f"Pauses the schedule {params.rule}"
        + (": it is paused already, so nothing is sent." if already else "; no load starts by it until it is resumed."),
        changes=f"state: {seen['state']} -> DISABLED",
        untouched="Executions that run now, files that arrive by themselves, all data.",
        already=already,
        holds=f"events:{params.rule}",
    )


def propose_resume(look: Look, params: NameRule, _occasion: Occasion) -> Proposal:
    """Propose to enable the rule; named also where it is enabled, because it is asked for with its pause."""
    seen = _standing(look, params.rule)
    return Proposal(
        calls=(look.call("events.enable_rule", Name=params.rule),),
        seen=seen,
        effect=f"Resumes the schedule {params.rule}; the next load starts at its hour.",
        changes=f"state: {seen['state']} -> ENABLED",
        untouched="Executions that run now, all data.",
        already=seen["state"] == "ENABLED",
        releases=f"events:{params.rule}",
    )


def observe_rule(look: Look, params: NameRule, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the rule's state now."""
    return {"state": _standing(look, params.rule)["state"]}


def _standing(look: Look, rule: str) -> JsonObject:
    answer = look("events.rule", Name=rule)
    if answer.get("found") is False:
        raise InvalidError(f"There is no rule {rule}. Check `rules` in the platform section of bot.toml.")
    return {"state": answer["State"], "schedule": answer.get("ScheduleExpression", "")}


ACTIONS = (
    Action(
        id="events.rule",
        title="See whether a schedule is on",
        params=NameRule,
        returns=Rule,
        rows=("events.rule",),
        read=read_rule,
    ),
    Action(
        id="schedule.pause",
        title="Pause a schedule",
        params=NameRule,
        returns=RuleState,
        rows=("events.rule", "events.disable_rule"),
        risk=Risk.CONTROL,
        propose=propose_pause,
        observe=observe_rule,
    ),
    Action(
        id="schedule.resume",
        title="Resume a schedule",
        params=NameRule,
        returns=RuleState,
        rows=("events.rule", "events.enable_rule"),
        risk=Risk.CONTROL,
        propose=propose_resume,
        observe=observe_rule,
    ),
)
