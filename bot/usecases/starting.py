"""Start a run: find the runbook, fill in what is known, hold the target, and begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.audit import AuditEntry
from bot.domain.expression import compile_expression, first_given
from bot.domain.inbox import Delivery, StartRun
from bot.domain.incident import Incident, about
from bot.domain.people import Place
from bot.domain.policy import foreseen, together
from bot.domain.reasons import asking_why
from bot.domain.records import Card, CardKind, Change, Episode, taken
from bot.domain.run import Run
from bot.domain.runbook import Parameter, Phase, Runbook, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import ExpressionError, InvalidError, NotAllowedError, NotFoundError, RequestError
from bot.usecases.desk import Desk
from bot.usecases.runs import fits as fits
from bot.usecases.runs import picked, waking
from bot.usecases.telling import run_card


class InputsMissingError(InvalidError):
    """Name the inputs that nobody gave and nothing knows."""

    def __init__(self, runbook: Runbook, missing: tuple[Parameter, ...]) -> None:
        names = ", ".join(f"{one.name}=…" for one in missing)
        super().__init__(f"{runbook.title} needs {names}. Type /runbook run {runbook.id} {names}")
        self.missing = missing


@dataclass(frozen=True, kw_only=True)
class Started:
    """Say what a start led to: a new run, or the one that is under way already."""

    change: Change
    run: Run
    joined: bool = False


def start_run(desk: Desk, delivery: Delivery, wish: StartRun) -> Started:
    """Begin a run, or show the one that holds the target.

    Raises:
        RequestError: the words say what is missing or refused.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    runbook = asking_why(desk.library.find(wish.runbook), desk.catalogue)
    refusal = runbook.not_startable(desk.environment)
    if refusal:
        raise NotAllowedError(refusal)
    place = _where(desk, delivery.place)
    episode = find_episode(desk, runbook, wish, place.channel)
    incident = incident_of(desk, place.channel)
    facts = facts_of(episode, incident)
    inputs = fill(desk, runbook, wish.inputs, facts)
    target = exclusive_target(desk, runbook, inputs, facts)
    held = desk.records.holder(target) if target else None
    if held is not None:
        return Started(change=Change(cards=(run_card(held),)), run=held, joined=True)
    now = desk.now()
    number = desk.records.next_id("run")
    forward = runbook.forward
    run = Run(
        id=number,
        runbook=runbook.id,
        title=runbook.title,
        snapshot=runbook.sha256,
        environment=desk.platform.name,
        place=place,
        incident=incident.id if incident else None,
        alarm=episode.id if episode else None,
        facts=facts,
        inputs=inputs,
        given_by=dict.fromkeys(wish.inputs, somebody.id),
        requester=somebody.id,
        authors=(somebody.id,),
        path=tuple(step.id for step in forward),
        checks=frozenset(step.id for step in forward if step.phase is Phase.VERIFICATION),
        exclusive=target,
        started=now,
        touched=now,
    )
    desk.records.keep_snapshot(desk.library.text(runbook), runbook.path, runbook.sha256)
    going, wait = waking(run, now)
    told: JsonObject = {"runbook": runbook.id, "snapshot": runbook.sha256, "alarm": run.alarm, "exclusive": target}
    entry = AuditEntry(
        kind="run.started", subject=run.label, actor=somebody.id, facts=told, private=" ".join(inputs.values())[:600]
    )
    theirs = taken(episode, by=somebody.id, now=now) if episode and not episode.taken_by else episode
    answered = theirs.model_copy(update={"run": number}) if theirs else None
    change = Change(
        runs=(going,),
        episodes=(answered,) if answered else (),
        opens=(wait,),
        incidents=_with_alarm(incident, episode),
        cards=(
            run_card(going),
            *((alarm_card_of(answered),) if answered else ()),
            *((incident_card(incident),) if incident else ()),
        ),
        audit=(entry,),
    )
    return Started(change=change, run=going)


def listed(desk: Desk, runbook: Runbook, matched: Sequence[str] = ()) -> JsonObject:
    """Return a runbook as a line of a list, and whether it may be started here."""
    return {
        "id": runbook.id,
        "title": runbook.title,
        "category": runbook.category,
        "status": runbook.status.value,
        "summary": runbook.summary,
        "matched": list(matched),
        "starts": runbook.not_startable(desk.environment) is None,
    }


def alarm_card_of(episode: Episode) -> Card:
    """Return the card that shows the alarm."""
    key = f"alarm:{episode.id}"
    return Card(key=key, kind=CardKind.ALARM, subject=episode.id, channel=episode.channel, urgent=True)


def _where(desk: Desk, said: Place) -> Place:
    """Return where the run is shown: where it was started, never in a direct message, which approvers cannot see."""
    channel = desk.channel if said.channel.startswith("D") else said.channel
    return Place(team=said.team, channel=channel)


def find_episode(desk: Desk, runbook: Runbook, wish: StartRun, channel: str) -> Episode | None:
    """Return the alarm the run answers: the one named, or the only open one here that this runbook answers.

    Raises:
        RequestError: there are two; the person says which.
    """
    if wish.alarm is not None:
        return desk.records.episode(wish.alarm)
    fitting = [one for one in desk.records.episodes() if one.channel == channel and one.runbook == runbook.id]
    here = [one for one in fitting if one.with_ is None]
    if len(here) > 1:
        which = ", ".join(f"alarm=A-{one.id} ({one.notice.name})" for one in here[:5])
        raise RequestError(f"{len(here)} open alarms here fit {runbook.id}; say which: {which}.")
    return here[0] if here else None


def incident_of(desk: Desk, channel: str) -> Incident | None:
    """Return the newest open incident of a channel, which what is started there belongs to."""
    return next(iter(desk.records.incidents(channel=channel, open_only=True)), None)


def incident_card(incident: Incident) -> Card:
    """Return the card that shows the incident."""
    key = f"incident:{incident.id}"
    return Card(key=key, kind=CardKind.INCIDENT, subject=incident.id, channel=incident.place.channel, urgent=True)


def _with_alarm(incident: Incident | None, episode: Episode | None) -> tuple[Incident, ...]:
    """Return the incident if the alarm is new to it."""
    if incident is None or episode is None or episode.id in incident.alarms:
        return ()
    return (about(incident, episode.id),)


def facts_of(episode: Episode | None, incident: Incident | None = None) -> JsonObject:
    """Return what the run's expressions may know of the alarm and the incident."""
    known: JsonObject = {}
    if incident is not None:
        known = {"incident": {"id": incident.id, "label": incident.label, "severity": incident.severity}}
    if episode is None:
        return known
    notice = episode.notice
    dimensions: dict[str, JsonValue] = dict(notice.dimensions)
    return {
        **known,
        "alarm": {
            "id": episode.id,
            "name": notice.name,
            "arn": notice.arn,
            "state": episode.state.value,
            "since": episode.since,
            "reason": notice.reason,
            "metric": notice.metric,
            "namespace": notice.namespace,
            "threshold": notice.threshold,
            "dimensions": dimensions,
        },
    }


def known_scope(desk: Desk, inputs: Mapping[str, str], facts: JsonObject) -> dict[str, JsonValue]:
    """Return what can be known before a run begins."""
    platform: dict[str, JsonValue] = {
        "name": desk.platform.name,
        "account": desk.platform.account,
        "region": desk.platform.region,
        **{key: list(v) if isinstance(v, tuple) else v for key, v in desk.platform.resources.items()},
    }
    alarm = facts.get("alarm") or {}
    incident = facts.get("incident") or {}
    return {"inputs": dict(inputs), "steps": {}, "platform": platform, "alarm": alarm, "incident": incident}


def fill(desk: Desk, runbook: Runbook, given: Mapping[str, str], facts: JsonObject) -> dict[str, str]:
    """Return the inputs the run starts with: typed ones first, then what the alarm or the platform knows.

    Raises:
        InputsMissingError: one that is needed at the start is not known.
        InvalidError: a value does not fit, or is no input of this runbook.
    """
    known = {parameter.name for parameter in runbook.parameters}
    for name in given:
        if name not in known:
            has = ", ".join(sorted(known)) or "none"
            raise InvalidError(f"{runbook.title} has no input {name!a}; it has: {has}.")
    inputs: dict[str, str] = {}
    missing: list[Parameter] = []
    for parameter in runbook.parameters:
        value = given.get(parameter.name)
        if value is None and parameter.asked_by is None:
            value = suggestion(desk, parameter, inputs, facts)
        if value is not None:
            inputs[parameter.name] = picked(parameter, fits(parameter, value), known_scope(desk, inputs, facts))
        elif parameter.required and parameter.asked_by is None:
            missing.append(parameter)
    if missing:
        raise InputsMissingError(runbook, tuple(missing))
    return inputs


def suggestion(desk: Desk, parameter: Parameter, inputs: Mapping[str, str], facts: JsonObject) -> str | None:
    """Return the first value that a source of the parameter gives, or its default."""
    found = first_given(parameter.sources, known_scope(desk, inputs, facts))
    return str(found) if found is not None else parameter.default


def exclusive_target(desk: Desk, runbook: Runbook, inputs: Mapping[str, str], facts: JsonObject) -> str | None:
    """Return the target that only one run may hold, or None where the runbook names none."""
    if runbook.exclusive is None:
        return None
    found = compile_expression(runbook.exclusive).value(known_scope(desk, inputs, facts))
    if not isinstance(found, str):
        raise ExpressionError(f"exclusive of {runbook.id} must yield a text.")
    return f"{desk.environment}/{found}"


def roles_needed(desk: Desk, runbook: Runbook) -> tuple[tuple[Step, tuple[str, ...], bool], ...]:
    """Return, for each step that will be asked for, the roles it needs and whether the requester may give them.

    The risk is the highest a row of the action can have; the real call may turn out milder.

    Raises:
        InvalidError: it names an action that nobody knows, so it cannot be run.
    """
    found = []
    for step in runbook.forward:
        if step.manual and step.needs:
            found.append((step, step.needs, False))
        if step.manual or step.approved_with:
            continue
        try:
            action = desk.catalogue.action(step.uses or "")
        except NotFoundError as error:
            at = f"{runbook.path}, step {step.number}"
            raise InvalidError(
                f"{at}: {error.words} Nothing was started; `runbook-bot check` says the line."
            ) from error
        if action.propose is None:
            continue
        covered = (step, *(one for one in runbook.forward if one.approved_with == step.id and not one.manual))
        judged = together(
            [
                (one, foreseen(one, desk.catalogue.action(one.uses or ""), desk.catalogue, desk.policy))
                for one in covered
            ]
        )
        found.append((step, judged.needs, judged.requester_may))
    return tuple(found)


def nobody_but(desk: Desk, runbook: Runbook, requester: str) -> tuple[str, ...]:
    """Return, in words, the steps that nobody but the requester could approve, so that it is said at once."""
    words = []
    for step, needs, requester_may in roles_needed(desk, runbook):
        for role in dict.fromkeys(needs):
            able = desk.directory.members(role) - (frozenset() if requester_may else {requester})
            if len(able) < needs.count(role):
                words.append(f"{step.title}: nobody but you is in {desk.policy.role(role).title}")
    return tuple(words)
