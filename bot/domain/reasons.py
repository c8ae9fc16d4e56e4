"""Why a change is wanted: asked once a run, before the first request to change something. Pure.

An author may ask it in words of their own, as the input `reason`; where none does, every runbook has one all the same.
"""

from bot.domain.action import Catalogue
from bot.domain.expression import compile_expression, references_in
from bot.domain.plain import visible
from bot.domain.redaction import secrets_in
from bot.domain.references import Path
from bot.domain.run import Run, StepRecord, StepState
from bot.domain.runbook import Parameter, Risk, Runbook, Step
from bot.errors import InvalidError

REASON = "reason"
ASKED = "Why do you want this change? Approvers read it."
MOST_REASON = 300  # characters


def own_words(parameter: Parameter) -> bool:
    """Return whether the input is a reason in somebody's own words, picked from nothing and filled in by nothing."""
    picked = parameter.enum or parameter.choices or parameter.sources or parameter.default is not None
    return parameter.name == REASON and not picked


def needs_reason(risk: Risk) -> bool:
    """Return whether nobody is asked for this without being told why."""
    return risk.rank >= Risk.CHANGE.rank


def asking_why(runbook: Runbook, catalogue: Catalogue, run: Run | None = None) -> Runbook:
    """Return the runbook with the reason asked before its first step that may change something.

    Args:
        run: where it stands; a step that was skipped, or found so already, asks nothing, so the next one does.
    """
    declared = next((one for one in runbook.parameters if one.name == REASON), None)
    if declared is not None and not own_words(declared):
        return runbook
    order = [step.id for step in runbook.forward] if run is None else _to_ask(run)
    first = next((name for name in order if may_change(runbook, runbook.step(name), catalogue)), None)
    if declared is None:
        asked = Parameter(name=REASON, title=ASKED, required=first is not None, asked_by=first)
    elif first is None or (declared.required and declared.asked_by is None):
        return runbook
    else:
        soon = declared.asked_by in order and order.index(declared.asked_by) <= order.index(first)
        asked = declared.model_copy(update={"required": True, "asked_by": declared.asked_by if soon else first})
    if run and _has_a_choice_before(runbook, run, asked):
        asked = asked.model_copy(update={"required": False})
    others = tuple(one for one in runbook.parameters if one.name != REASON)
    return runbook.model_copy(update={"parameters": (*others, asked)})


def _to_ask(run: Run) -> list[str]:
    """Return the steps that ask, or have asked, why."""
    path = run.path if REASON in run.inputs else run.path[run.at :]
    return [name for name in path if not _passed(run.record(name))]


def _passed(record: StepRecord) -> bool:
    return record.state is StepState.SKIPPED or (record.state is StepState.DONE and not record.answers)


def _has_a_choice_before(runbook: Runbook, run: Run, reason: Parameter) -> bool:
    """Return whether the step has a choice that is not made yet: its ways are buttons, and the reason follows them."""
    at_step = [one for one in runbook.parameters if one.asked_by == reason.asked_by and one.name != REASON]
    return any(one.choice and one.name not in run.inputs for one in at_step)


def asked_once_known(parameter: Parameter, step: Step) -> bool:
    """Return whether the input is a reason that the step's own calls do without: it is asked once they are known."""
    return own_words(parameter) and not step.manual and ("inputs", REASON) not in _looked_at(step)


def _looked_at(step: Step) -> frozenset[Path]:
    """Return every path that an expression of the step looks at."""
    alone = [compile_expression(one) for one in (step.when, step.for_each, step.expect) if one]
    within = [dict(step.with_), step.effect, step.untouched, step.says]
    return frozenset(path for one in (*alone, *within) for path in references_in(one))


def may_change(runbook: Runbook, step: Step, catalogue: Catalogue) -> bool:
    """Return whether what one yes to the step covers can be more than a look or a control."""
    covered = [step, *(one for one in runbook.steps if one.approved_with == step.id or one.id == step.owes)]
    return any(needs_reason(_highest(one, catalogue)) for one in covered)


def _highest(step: Step, catalogue: Catalogue) -> Risk:
    action = catalogue.actions.get(step.uses or "")
    risks = (step.risk or Risk.READ, action.risk if action else Risk.READ)
    return max(risks, key=lambda risk: risk.rank) if action else Risk.READ


def insist_on_words(reason: str) -> str:
    """Return the reason if it says something that everybody may read.

    Raises:
        InvalidError: it is empty to the eye, too long to be read whole, or holds a secret.
    """
    if not any(character.isalnum() for character in visible(reason)):
        raise InvalidError("A reason needs words: who approves decides on them. Say what was found, or what was fixed.")
    if len(reason) > MOST_REASON:
        raise InvalidError(
            f"A reason has at most {MOST_REASON} characters; this has {len(reason):,}. Say the rest in the thread."
        )
    if kinds := secrets_in({REASON: reason}):
        raise InvalidError(
            f"A reason is shown and kept, and this holds what looks like a secret ({', '.join(sorted(kinds))}). "
            "Leave it out."
        )
    return reason
