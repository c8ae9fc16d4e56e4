"""Steps that people add to one run: where they stand, what they are judged by, and the run's runbook with them. Pure.

An added step is kept in the run, whole: the runbook's snapshot stays what its author wrote. It carries no words of a
model: its title is the catalogue's, its parameters are literal values.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from bot.domain.action import Action
from bot.domain.run import AddedStep, Run
from bot.domain.runbook import Phase, Risk, Runbook, Step
from bot.domain.value import JsonValue
from bot.errors import InvalidError, RequestError

MOST_ADDED = 10


def following(runbook: Runbook, run: Run) -> Runbook:
    """Return the runbook as this run follows it: with the steps that were added, each behind the one it follows."""
    steps = list(runbook.steps)
    for added in run.added:
        place = next(index for index, step in enumerate(steps) if step.id == added.after)
        steps.insert(place + 1, _as_step(added))
    return runbook.model_copy(update={"steps": tuple(steps)}) if run.added else runbook


def _as_step(added: AddedStep) -> Step:
    return Step(
        id=added.id,
        number=added.number,
        phase=Phase.MITIGATION,
        line=0,
        title=added.title,
        prose=added.title,
        uses=added.uses,
        with_=added.params,
        risk=added.risk,
        needs=added.needs,
        no_undo="It was added to this run, and no step of the runbook takes it back." if added.changes else None,
        added=True,
    )


def follows(run: Run, runbook: Runbook) -> str:
    """Return the step behind which the next added one stands: what is under way, with all that one yes covers.

    Raises:
        RequestError: nothing can be added any more; says what can be done instead.
    """
    if run.state.ended or run.stopping:
        raise RequestError(f"{run.label} has ended; nothing was added. Start a run for it.")
    if run.undoing:
        raise RequestError(f"{run.label} is taking something back; nothing was added.")
    if run.next_step is None or runbook.step(run.next_step).phase is Phase.VERIFICATION:
        raise RequestError(
            f"{run.label} is checking what it did; a step added now would come behind its checks. Nothing was added."
        )
    if len(run.added) >= MOST_ADDED:
        raise RequestError(f"{run.label} has {MOST_ADDED} added steps already; write them into the runbook instead.")
    waiting = {one.id for one in run.added}
    lead = runbook.step(run.next_step).approved_with or run.next_step
    last = run.next_step
    for name in run.path[run.at + 1 :]:
        if name not in waiting and runbook.step(name).approved_with != lead:
            break
        last = name
    return last


def insist_literal(params: Mapping[str, JsonValue]) -> None:
    """Let only values through that nothing would evaluate.

    Raises:
        InvalidError: one of them holds an expression.
    """
    if any("${" in text for text in _texts(dict(params))):
        raise InvalidError("A value of an added step is never an expression; `${` stands in one.")


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for name, one in value.items():
                yield name
                yield from _texts(one)
        case _:
            return


def judged_by(action: Action, runbook: Runbook) -> tuple[Risk, tuple[str, ...]]:
    """Return the risk and the roles of a step that uses the action: no less than where the runbook itself uses it."""
    alike = [step for step in runbook.steps if step.uses == action.id]
    alike += [runbook.step(step.approved_with) for step in alike if step.approved_with]
    risks = (action.risk, *(step.risk for step in alike if step.risk))
    needs: Counter[str] = Counter()
    for step in alike:
        needs |= Counter(step.needs)
    return max(risks, key=lambda risk: risk.rank), tuple(sorted(needs.elements()))
