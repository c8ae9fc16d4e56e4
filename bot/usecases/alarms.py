"""Alarms: confirm what came in, find the runbook, look before a human opens the phone, and keep the episode."""

import logging
from datetime import datetime, timedelta

from bot.domain.alarm import AlarmNotice
from bot.domain.audit import AuditEntry
from bot.domain.expression import compile_expression, needed_steps
from bot.domain.inbox import AlarmCame, Delivery, NoneFits, SnoozeAlarm, TakeAlarm
from bot.domain.matching import words_of_alarm
from bot.domain.metrics import ALARMS_REFUSED, measured
from bot.domain.moment import moment
from bot.domain.people import Place
from bot.domain.records import AlarmState, Card, CardKind, Change, Episode, Near, Said, Wait, taken
from bot.domain.redaction import for_eyes
from bot.domain.run import Run, StepRecord, StepState
from bot.domain.runbook import Runbook, Step
from bot.domain.value import JsonObject
from bot.errors import BotError, InvalidError, RequestError
from bot.usecases.desk import Desk
from bot.usecases.runs import decides, fits, found_out, worded
from bot.usecases.starting import alarm_card_of, facts_of, fill

log = logging.getLogger(__name__)

MOST_LOOKS = 8
MOST_NEAREST = 3
LONGEST_SNOOZE = timedelta(days=1)
COMPANY = timedelta(milliseconds=250)  # alarms of one cause come in one breath; they are shown as one
TOGETHER_WITHIN = timedelta(minutes=5)
FLAPS_WITHIN = timedelta(minutes=10)
STORM_WITHIN = timedelta(minutes=1)
STORM_LASTS = timedelta(minutes=5)
MOST_AT_ONCE = 6  # cards of alarms within a minute; what comes beyond is told as a storm


def alarm_came(desk: Desk, delivery: Delivery, wish: AlarmCame) -> Change:
    """Keep one state change of an alarm, once CloudWatch itself has confirmed it."""
    notice = wish.notice
    known = next(iter(desk.records.episodes(open_only=False, arn=notice.arn)), None)
    confirming = desk.catalogue.action("cloudwatch.alarm")
    state = confirming.looked(desk.look, confirming.params.model_validate({"name": notice.name}), desk.now())
    if not state.get("found"):
        entry = AuditEntry(kind="alarm.unconfirmed", subject="alarm", actor="aws", facts={"message": notice.message_id})
        told = measured((ALARMS_REFUSED, 1), Why="unconfirmed")
        log.warning("An alarm message names an alarm that CloudWatch does not know.", extra=told)
        return Change(audit=(entry,))
    if notice.state == AlarmState.ALARM.value and state.get("state") == AlarmState.ALARM.value:
        return _went_off(desk, _confirmed(notice, state), known)
    if known is not None and known.ok_since is None and state.get("state") == AlarmState.OK.value:
        over = known.model_copy(update={"state": AlarmState.OK, "ok_since": str(state["since"])})
        return _kept(desk, over, "alarm.ok")
    return Change()


def _confirmed(notice: AlarmNotice, state: JsonObject) -> AlarmNotice:
    """Return the notice with what CloudWatch itself says of the alarm: anybody may have put a message in the queue."""
    said = {name: state.get(name, "") for name in ("reason", "description", "metric", "namespace")}
    said |= {"at": state["since"], "dimensions": state.get("dimensions", {}), "threshold": state.get("threshold")}
    return AlarmNotice.model_validate({**notice.model_dump(), **said})


def _went_off(desk: Desk, notice: AlarmNotice, known: Episode | None) -> Change:
    if known is not None and known.since == notice.at:
        return Change()
    if known is not None and known.ok_since is None:
        return _kept(desk, known.model_copy(update={"times": known.times + 1}), "alarm.again")
    if known is not None and _flaps(desk, known):
        again = {"state": AlarmState.ALARM, "since": notice.at, "ok_since": None, "times": known.times + 1}
        return _kept(desk, known.model_copy(update=again), "alarm.flapped")
    runbook = answering(desk, notice)
    episode = Episode(
        id=desk.records.next_id("alarm"),
        notice=notice,
        since=notice.at,
        runbook=runbook.id if runbook else None,
        why=f"exact match by alarm name {notice.name}" if runbook else "no runbook names this alarm",
        channel=desk.channel,
        opened=desk.now(),
    )
    wait = Wait(key=f"look:{episode.id}", due=desk.now() + COMPANY)
    return Change(episodes=(episode,), opens=(wait,), audit=(_entry("alarm.went_off", episode),))


def _flaps(desk: Desk, known: Episode) -> bool:
    """Return whether the alarm was OK for minutes only, and nobody has begun anything since: the same card tells it."""
    over = moment(known.ok_since) if known.ok_since else None
    return over is not None and known.run is None and desk.now() - over <= FLAPS_WITHIN


def perform_look(desk: Desk, key: str) -> None:
    """Serve `look:ALARM`: join it to an alarm of the same cause, or look and show it."""
    found: list[Episode] = []

    def build() -> Change:
        if not desk.records.wait_open(key):
            return Change()
        episode = desk.records.episode(int(key.split(":")[1]))
        first = _same_cause(desk, episode)
        if first is not None:
            joined = episode.model_copy(update={"with_": first.id, "inputs": first.inputs})
            stands = desk.records.card(alarm_card_of(first).key) is not None
            return Change(episodes=(joined,), closes=(key,), cards=(alarm_card_of(first),) if stands else ())
        if _snoozed(desk, episode):
            return Change(closes=(key,))
        storm = _storm(desk, episode)
        if storm is not None:
            caught = episode.model_copy(update={"storm": storm})
            return Change(episodes=(caught,), closes=(key,), cards=(storm_card(desk, storm),))
        runbook = desk.library.runbooks().get(episode.runbook or "")
        if runbook is not None and not found:
            found.append(look(desk, episode, runbook))
        if runbook is None and not found:
            found.append(episode.model_copy(update={"nearest": nearest(desk, episode)}))
        looked = found[0].model_copy(update={"revision": episode.revision}) if found else episode
        suggest = Wait(key=f"suggest:{episode.id}", due=desk.now())
        return Change(episodes=(looked,), closes=(key,), opens=(suggest,), cards=(alarm_card_of(looked),))

    desk.keep(build)


def _same_cause(desk: Desk, episode: Episode) -> Episode | None:
    """Return the open alarm of the same cause that speaks for this one, if it is another.

    Of alarms with the same runbook on the same pipeline, minutes apart, one speaks: the one that is shown already,
    else the one the runbook names first. Alarms that no runbook answers have nothing in common.
    """
    runbook = desk.library.runbooks().get(episode.runbook or "")
    if runbook is None:
        return None
    named = runbook.alarms
    subject = episode.notice.dimensions.get("Pipeline")
    together = [
        other
        for other in desk.records.episodes()
        if other.runbook == episode.runbook
        and other.with_ is None
        and other.notice.dimensions.get("Pipeline") == subject
        and abs(episode.opened - other.opened) <= TOGETHER_WITHIN
    ]

    def place(one: Episode) -> tuple[bool, int, int]:
        rank = named.index(one.notice.name) if one.notice.name in named else len(named)
        return desk.records.card(alarm_card_of(one).key) is None, rank, one.id

    first = min(together, key=place, default=episode)
    return None if first.id == episode.id else first


def _storm(desk: Desk, episode: Episode) -> int | None:
    """Return the alarm with which the storm began that this one is part of, or None on a quiet night.

    The first alarm that a runbook answers is never lost in one: it says what to do.
    """
    others = [one for one in desk.records.episodes(open_only=False) if one.id != episode.id]
    alike = [one for one in others if one.runbook == episode.runbook and one.ok_since is None]
    if episode.runbook is not None and not any(desk.records.card(alarm_card_of(one).key) for one in alike):
        return None
    raging = [one for one in others if one.storm is not None and episode.opened - one.opened <= STORM_LASTS]
    if raging:
        return raging[0].storm
    alone = [one for one in others if one.with_ is None and abs(episode.opened - one.opened) <= STORM_WITHIN]
    shown = [one for one in alone if desk.records.card(alarm_card_of(one).key) is not None]
    return episode.id if len(shown) >= MOST_AT_ONCE else None


def storm_card(desk: Desk, storm: int) -> Card:
    """Return the card that tells of every alarm of a storm."""
    return Card(key=f"storm:{storm}", kind=CardKind.STORM, subject=storm, channel=desk.channel, urgent=True)


def _snoozed(desk: Desk, episode: Episode) -> bool:
    same = desk.records.episodes(open_only=False, arn=episode.notice.arn)
    return any(one.snoozed_until is not None and one.snoozed_until > desk.now() for one in same)


def answering(desk: Desk, notice: AlarmNotice) -> Runbook | None:
    """Return the runbook whose front matter names the alarm."""
    return next((one for one in desk.library.runbooks().values() if notice.name in one.alarms), None)


def nearest(desk: Desk, episode: Episode) -> tuple[Near, ...]:
    """Return the runbooks that come nearest to an alarm by words, best first, each with the words that matched."""
    runbooks = desk.library.runbooks()
    found = desk.search.fitting(words_of_alarm(episode.notice.model_dump(mode="json")), most=MOST_NEAREST)
    return tuple(Near(runbook=name, matched=matched) for name, matched in found if name in runbooks)


def _kept(desk: Desk, episode: Episode, kind: str) -> Change:
    """Keep what became of an alarm; one that has no card, because it joined another or is snoozed, gets none."""
    card = alarm_card_of(episode) if episode.storm is None else storm_card(desk, episode.storm)
    cards = (card,) if desk.records.card(card.key) is not None else ()
    return Change(episodes=(episode,), cards=cards, audit=(_entry(kind, episode),))


def _entry(kind: str, episode: Episode) -> AuditEntry:
    facts: JsonObject = {"arn": episode.notice.arn, "since": episode.since, "message": episode.notice.message_id}
    return AuditEntry(kind=kind, subject=f"A-{episode.id}", actor="aws", facts=facts)


def look(desk: Desk, episode: Episode, runbook: Runbook) -> Episode:
    """Perform the runbook's leading reads with what the alarm tells, and keep what they found, in words.

    It is best effort: a look that fails is a finding too, and never keeps the alarm from being shown.
    """
    inputs, findings = findings_of(desk, runbook, facts_of(episode), channel=episode.channel, alarm=episode.id)
    return episode.model_copy(update={"findings": findings, "inputs": inputs})


def findings_of(
    desk: Desk, runbook: Runbook, facts: JsonObject, *, channel: str, alarm: int | None = None
) -> tuple[JsonObject, tuple[JsonObject, ...]]:
    """Return the inputs that are known, and what the runbook's leading reads find with them now, in words."""
    try:
        inputs = fill(desk, runbook, {}, facts)
    except BotError as error:
        return {}, ({"words": f"Not looked: {for_eyes(error.words)[:160]}", "ok": False},)
    run = _sketch(desk, runbook, facts, inputs, channel=channel, alarm=alarm)
    findings: list[JsonObject] = []
    for step in leading_reads(desk, runbook):
        knowing = _knowing(desk, run, runbook, step)
        if knowing is None:
            break  # from here on a person is asked first
        run, finding = _one_look(desk, knowing, step)
        if finding:
            seen = sum(1 for one in findings if one["ok"])
            name: JsonObject = {"id": f"E{seen + 1}"} if finding["ok"] else {}
            findings.append({**name, "step": step.id, **finding})
    return dict(inputs), tuple(findings)


def leading_reads(desk: Desk, runbook: Runbook) -> tuple[Step, ...]:
    """Return the reads that come before anything is changed or asked of a person.

    A step whose action nobody knows is among them: looking says what is wrong with the runbook.
    """
    found: list[Step] = []
    for step in runbook.forward:
        action = desk.catalogue.actions.get(step.uses or "")
        if step.manual or (action is not None and action.read is None) or len(found) == MOST_LOOKS:
            break
        found.append(step)
    return tuple(found)


def _knowing(desk: Desk, run: Run, runbook: Runbook, step: Step) -> Run | None:
    """Return the run with what is asked for at this step, where it follows from what was found; None where it does not.

    A step that would be skipped asks for nothing, except what its own `if` asks.
    """
    late = [one for one in runbook.parameters if one.asked_by == step.id and one.name not in run.inputs]
    deciding = [one for one in late if decides(one, step)]
    try:
        for asked in (deciding, [one for one in late if one not in deciding]):
            found = {one.name: fits(one, value) for one in asked if (value := found_out(desk, run, one)) is not None}
            run = run.model_copy(update={"inputs": {**run.inputs, **found}})
            if any(one.required and one.name not in found for one in asked):
                return None
            if asked is deciding and step.when and not compile_expression(step.when).truth(desk.scope(run)):
                return run
    except BotError:
        return run  # what cannot be answered is said by the step itself
    return run


def _one_look(desk: Desk, run: Run, step: Step) -> tuple[Run, JsonObject | None]:
    try:
        if step.when and not compile_expression(step.when).truth(desk.scope(run)):
            return run, None
        if not needed_steps(dict(step.with_)) <= set(run.records):
            return run, None
        action = desk.catalogue.action(step.uses or "")
        output = action.looked(desk.look, desk.parameters(run, step), desk.now())
        words = worded(step.says, {**desk.scope(run), "output": output}) if step.says else step.title
    except BotError as error:
        return run, {"words": f"{step.title}: could not look ({for_eyes(error.words)[:160]})", "ok": False}
    record = StepRecord(step=step.id, state=StepState.DONE, output=output)
    return run.model_copy(update={"records": {**run.records, step.id: record}}), {"words": words, "ok": True}


def _sketch(
    desk: Desk, runbook: Runbook, facts: JsonObject, inputs: dict[str, str], *, channel: str, alarm: int | None
) -> Run:
    """Return a run that is never kept, so that the leading reads see what a run of theirs would see."""
    now = desk.now()
    return Run(
        id=0,
        runbook=runbook.id,
        title=runbook.title,
        snapshot=runbook.sha256,
        environment=desk.environment,
        place=Place(team=desk.team, channel=channel),
        alarm=alarm,
        facts=facts,
        inputs=inputs,
        requester="bot",
        authors=(),
        path=(),
        started=now,
        touched=now,
    )


def take_alarm(desk: Desk, delivery: Delivery, wish: TakeAlarm) -> Change:
    """Name the person who is on it, and stop notifying others."""
    episode = desk.records.episode(wish.alarm)
    somebody = desk.person(delivery.person, channel=episode.channel, starts=True)
    if episode.taken_by == somebody.id:
        raise RequestError("You are on it already.")
    theirs = taken(episode, by=somebody.id, now=desk.now())
    entry = AuditEntry(kind="alarm.taken", subject=f"A-{episode.id}", actor=somebody.id)
    return Change(episodes=(theirs,), cards=(alarm_card_of(theirs),), audit=(entry,))


def none_fits(desk: Desk, delivery: Delivery, wish: NoneFits) -> Change:
    """Keep that somebody looked for a runbook and found none that fits.

    Raises:
        RequestError: that was said already.
    """
    episode = desk.records.episode(wish.alarm)
    somebody = desk.person(delivery.person, channel=episode.channel, starts=True)
    if episode.none_fits is not None:
        raise RequestError(f"That none fits A-{episode.id} stands on its card already.")
    told = episode.model_copy(update={"none_fits": Said(by=somebody.id, at=desk.now())})
    entry = AuditEntry(kind="alarm.none_fits", subject=f"A-{episode.id}", actor=somebody.id)
    return Change(episodes=(told,), cards=(alarm_card_of(told),), audit=(entry,))


def snooze_alarm(desk: Desk, delivery: Delivery, wish: SnoozeAlarm) -> Change:
    """Keep an expected alarm quiet for a while.

    Raises:
        RequestError: for longer than a day.
    """
    episode = desk.records.episode(wish.alarm)
    somebody = desk.person(delivery.person, channel=episode.channel, starts=True)
    span = timedelta(minutes=wish.minutes)
    if not timedelta(0) < span <= LONGEST_SNOOZE:
        raise RequestError("An alarm is snoozed for a day at most; nothing was done.")
    theirs = episode if episode.taken_by else taken(episode, by=somebody.id, now=desk.now())
    quiet = theirs.model_copy(update={"snoozed_until": desk.now() + span})
    entry = AuditEntry(kind="alarm.snoozed", subject=f"A-{episode.id}", actor=somebody.id)
    return Change(episodes=(quiet,), cards=(alarm_card_of(quiet),), audit=(entry,))


def began(notice: AlarmNotice) -> datetime:
    """Return when the alarm's state changed.

    Raises:
        InvalidError: the notice holds no time.
    """
    try:
        return datetime.fromisoformat(notice.at)
    except ValueError as error:
        raise InvalidError(f"{notice.at!r} is no time.") from error
