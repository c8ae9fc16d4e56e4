"""Plan a run without starting it: the reads are made for real, the calls that would follow are worked out."""

from collections.abc import Mapping

from bot.domain.approval import BoundCall
from bot.domain.expression import compile_expression, references_in
from bot.domain.inbox import Delivery, StartRun
from bot.domain.people import Place
from bot.domain.policy import Verdict, foreseen
from bot.domain.reasons import asked_once_known, asking_why
from bot.domain.redaction import for_eyes
from bot.domain.run import Run, StepRecord, StepState
from bot.domain.runbook import Phase, Runbook, Step
from bot.domain.value import JsonObject, Value
from bot.errors import BotError
from bot.usecases.asking import calls, judge
from bot.usecases.desk import Desk
from bot.usecases.runs import worded
from bot.usecases.starting import facts_of, fill, find_episode, nobody_but


class PlannedStep(Value):
    """Say what a step found, or would do, as far as it can be known now.

    Attributes:
        status: looked, would ask, not needed, by hand, known later, could not look.
    """

    step: str
    number: int
    title: str
    phase: str
    status: str
    words: str = ""
    risk: str = ""
    needs: tuple[str, ...] = ()
    calls: tuple[JsonObject, ...] = ()


class Plan(Value):
    """Hold a plan, step by step, and what stands in the way of it."""

    runbook: str
    title: str
    environment: str
    inputs: Mapping[str, str]
    steps: tuple[PlannedStep, ...]
    warnings: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the plan for a terminal, a line a step and each call that would be made under it."""
        told = [f"{self.title} ({self.runbook}) on {self.environment}"]
        told += [f"  {name} = {value}" for name, value in self.inputs.items()]
        for step in self.steps:
            asks = f" [{step.risk}, {' + '.join(step.needs)}]" if step.needs else ""
            words = f" - {step.words}" if step.words else ""
            told.append(f"{step.number:>3}. {step.title}: {step.status}{asks}{words}")
            told += [f"       {_one_line(call)}" for call in step.calls]
        return [*told, *(f"  ! {warning}" for warning in self.warnings)]


def plan_run(desk: Desk, delivery: Delivery, wish: StartRun) -> Plan:
    """Return the plan for whoever asks in a channel."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    runbook = asking_why(desk.library.find(wish.runbook), desk.catalogue)
    facts = facts_of(find_episode(desk, runbook, wish, delivery.place.channel))
    inputs = fill(desk, runbook, wish.inputs, facts)
    made = plan(desk, runbook, inputs=inputs, facts=facts, requester=somebody.id, place=delivery.place)
    return made.model_copy(update={"warnings": nobody_but(desk, runbook, somebody.id)})


def plan(
    desk: Desk, runbook: Runbook, *, inputs: dict[str, str], facts: JsonObject, requester: str, place: Place
) -> Plan:
    """Walk the runbook: look where it looks, and work out each call as far as it can be known."""
    now = desk.now()
    run = Run(
        id=0,
        runbook=runbook.id,
        title=runbook.title,
        snapshot=runbook.sha256,
        environment=desk.environment,
        place=place,
        facts=facts,
        inputs=inputs,
        requester=requester,
        authors=(requester,),
        path=tuple(step.id for step in runbook.forward),
        started=now,
        touched=now,
    )
    steps: list[PlannedStep] = []
    for step in runbook.forward:
        run, planned = _plan_step(desk, run, runbook, step)
        steps.append(planned)
    return Plan(
        runbook=runbook.id,
        title=runbook.title,
        environment=desk.platform.name,
        inputs=inputs,
        steps=tuple(steps),
    )


def _plan_step(desk: Desk, run: Run, runbook: Runbook, step: Step) -> tuple[Run, PlannedStep]:
    def say(status: str, words: str = "") -> PlannedStep:
        return PlannedStep(
            step=step.id, number=step.number, title=step.title, phase=step.phase.value, status=status, words=words[:300]
        )

    if step.manual:
        return run, say("by hand")
    lacking = [
        p.title
        for p in runbook.parameters
        if p.asked_by == step.id and p.name not in run.inputs and not asked_once_known(p, step)
    ]
    later = _known_later(run, runbook, step)
    if step.phase is Phase.VERIFICATION:
        return run, say("known later", "checked at the end")
    if later or lacking:
        asked = f"asks first: {', '.join(lacking)}" if lacking else ""
        words = "; ".join(part for part in (asked, f"known after {later}" if later else "") if part)
        return run, _foreseen(desk, runbook, step, say("known later", words))
    covering = _covered_by(runbook, step)
    if covering is not None:
        return run, say("known later", f"under the yes to step {covering.number}, {covering.title}")
    try:
        if step.when and not compile_expression(step.when).truth(desk.scope(run)):
            skipped = StepRecord(step=step.id, state=StepState.SKIPPED)
            return run.model_copy(update={"records": {**run.records, step.id: skipped}}), say("not needed", step.when)
        return _plan_action(desk, run, runbook, step, say("looked"))
    except BotError as error:
        return run, say("could not look", for_eyes(error.words))


def _plan_action(desk: Desk, run: Run, runbook: Runbook, step: Step, planned: PlannedStep) -> tuple[Run, PlannedStep]:
    action = desk.catalogue.action(step.uses or "")
    if action.read is not None:
        output = action.looked(desk.look, desk.parameters(run, step), desk.now())
        words = worded(step.says, {**desk.scope(run), "output": output}) if step.says else ""
        record = StepRecord(step=step.id, state=StepState.DONE, output=output)
        seen = run.model_copy(update={"records": {**run.records, step.id: record}})
        return seen, planned.model_copy(update={"words": words[:300]})
    bound = calls(desk, run, (step,), known={})
    judged = judge(desk, (step,), bound)
    return run, _would_ask(planned, bound, judged)


def _would_ask(planned: PlannedStep, bound: tuple[BoundCall, ...], judged: Verdict) -> PlannedStep:
    words = "; ".join(one.changes or one.effect for one in bound) or "nothing to do as things stand"
    return planned.model_copy(
        update={
            "status": "would ask" if bound else "not needed",
            "words": words[:300],
            "risk": judged.risk.value,
            "needs": judged.needs,
            "calls": tuple(one.call.model_dump(mode="json", exclude_none=True) for one in bound),
        }
    )


def _foreseen(desk: Desk, runbook: Runbook, step: Step, planned: PlannedStep) -> PlannedStep:
    """Return, of a step whose calls cannot be known yet, who would be asked for the worst its action can do."""
    action = desk.catalogue.action(step.uses or "")
    if action.propose is None:
        return planned
    if (covering := _covered_by(runbook, step)) is not None:
        words = f"under the yes to step {covering.number}; {planned.words}"
        return planned.model_copy(update={"words": words[:300]})
    judged = foreseen(step, action, desk.catalogue, desk.policy)
    return planned.model_copy(update={"risk": judged.risk.value, "needs": judged.needs})


def _covered_by(runbook: Runbook, step: Step) -> Step | None:
    """Return the earlier step whose approval covers this one: approved with it, or owed from it on."""
    if step.approved_with is not None:
        return runbook.step(step.approved_with)
    return next((one for one in runbook.forward if one.owes == step.id), None)


def _one_line(call: JsonObject) -> str:
    many = call.get("many")
    if isinstance(many, dict):
        return f"{call['row']} × {many['count']} on {call['resource']}, list {many['digest']}"
    return f"{call['row']} {call['params']}"


def _known_later(run: Run, runbook: Runbook, step: Step) -> str:
    """Return the first step whose outcome, or whose question, this one needs and that a plan cannot know."""
    looked_at = set(references_in(dict(step.with_)))
    for text in (step.when, step.for_each):
        looked_at |= references_in(compile_expression(text)) if text else frozenset()
    wanted = {path[1] for path in looked_at if path[0] == "steps" and len(path) > 1}
    given = {path[1] for path in looked_at if path[0] == "inputs" and len(path) > 1} - set(run.inputs)
    wanted |= {one.asked_by for one in runbook.parameters if one.name in given and one.asked_by}
    unknown = [one for one in runbook.forward if one.id in wanted - {step.id} and one.id not in run.records]
    return f"step {unknown[0].number}, {unknown[0].title}" if unknown else ""
