"""Gather what was seen for one job of the assistant: reads of the lake, our own records, and what people wrote.

Every read is one that a runbook's step could make, through the same gate. What cannot be looked at is told, never left
out in silence. The result is redacted on the way in; nothing here is kept verbatim.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.action import Platform
from bot.domain.evidence import Evidence, Gathering, Origin
from bot.domain.incident import Incident
from bot.domain.moment import moment, read_out, written
from bot.domain.plain import unmarked
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.draft import DraftState
from bot.domain.records import Episode
from bot.domain.redaction import Redactor
from bot.domain.run import Run, RunState, StepState
from bot.domain.runbook import Runbook, Step
from bot.domain.strikes import unstruck
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, EdgeError, NotFoundError
from bot.ports import Library
from bot.usecases import console
from bot.usecases.alarms import findings_of
from bot.usecases.desk import Desk
from bot.usecases.happenings import executions
from bot.usecases.starting import facts_of

BEFORE = timedelta(hours=1)
RECENT = timedelta(hours=24)
MOST_RUNS = 8
MOST_METRICS = 3
MOST_EXECUTIONS = 4  # of a machine
MOST_GROUPS = 3
MOST_NOTES = 10
MOST_NOTES_IN_A_DRAFT = 30
MOST_NAMED = 5
MOST_PAST = 3


def names(desk: Desk) -> tuple[str, ...]:
    """Return what sentences may call by name without evidence: the platform's resources and our runbooks."""
    return things(desk.platform, desk.library)


def things(platform: Platform, library: Library) -> tuple[str, ...]:
    """Return the names of the platform's resources and of our runbooks."""
    resources = platform.resources.values()
    listed = [name for value in resources for name in ((value,) if isinstance(value, str) else value)]
    return (platform.name, *listed, *library.runbooks())


def of_alarm(desk: Desk, episode: Episode, redactor: Redactor) -> Evidence:
    """Return what is known of an alarm; what its card shows already comes first and keeps the ids it has there."""
    found = Gathering(redactor)
    add_findings(found, episode.findings, "the runbook's reads")
    add_alarm(desk, found, episode)
    add_metric(desk, found, episode)
    _log_counts(desk, found, episode)
    _runs(desk, found, runbook=episode.runbook)
    return found.evidence()


def of_run(desk: Desk, run: Run, runbook: Runbook, redactor: Redactor) -> Evidence:
    """Return what a run has seen and done, the alarm it answers and what people noted meanwhile."""
    found = Gathering(redactor)
    if run.alarm is not None:
        add_alarm(desk, found, desk.records.episode(run.alarm))
    for name, value in run.inputs.items():
        source = f"inputs of {run.label}"
        found.add("run", f"{name} is {value}", origin=Origin.RECORDS, source=source, link=_card(desk, f"run:{run.id}"))
    for step in runbook.steps:
        _step(found, run, step, link=_card(desk, f"run:{run.id}"))
    if run.incident is not None:
        _notes(desk, found, desk.records.incident(run.incident))
    return found.evidence()


def of_question(desk: Desk, question: str, redactor: Redactor, *, channel: str) -> Evidence:
    """Return what the fitting runbooks' reads find now, what is open, and what the last day brought.

    That is alarms with their metrics, executions, runs and requests, as far as is bounded here.
    """
    found = Gathering(redactor)
    for place, episode in enumerate(_of_the_day(desk)):
        add_alarm(desk, found, episode)
        if place < MOST_METRICS:
            add_metric(desk, found, episode)
        add_findings(found, episode.findings, f"looked when A-{episode.id} went off")
    named = [name for name, _ in desk.search.runbooks(question, most=2)]
    for name in named:
        _read_now(desk, found, desk.library.runbooks().get(name), channel)
    executions(desk, found, since=desk.now() - RECENT, until=desk.now(), most=MOST_EXECUTIONS)
    for run in _runs(desk, found, runbook=None):
        _approvals(desk, found, run)
    for incident in desk.records.incidents()[:MOST_RUNS]:
        add_incident(desk, found, incident)
    _past(desk, found, question)
    for name in named:
        _prose(desk, found, name)
    if not named:
        found.skip("no runbook has words of the question, so nothing of the lake was read")
    return found.evidence().readable_in(channel)


def _of_the_day(desk: Desk) -> list[Episode]:
    """Return the alarms that are on, then those of the last day that are over; the first few."""
    since = desk.now() - RECENT
    episodes = desk.records.episodes(open_only=False)
    recent = [one for one in episodes if one.ok_since is None or moment(one.since) >= since]
    return sorted(recent, key=lambda one: one.ok_since is not None)[:MOST_RUNS]


def add_alarm(desk: Desk, found: Gathering, episode: Episode) -> None:
    """Add the alarm as CloudWatch tells it; its description is only text."""
    notice = episode.notice
    label = f"A-{episode.id}"
    about = ", ".join(f"{name} {value}" for name, value in notice.dimensions.items())
    limit = f" (threshold {notice.threshold:g})" if notice.threshold is not None else ""
    if episode.ok_since is None:
        state = f"is {episode.state.value} since {read_out(moment(episode.since))}"
    else:
        over = read_out(moment(episode.ok_since))
        state = f"went off at {read_out(moment(episode.since))} and has been OK again since {over}"
    text = f"Alarm {notice.name} {state}" + (f" for {about}" if about else "")
    found.add(
        "alarm",
        f"{text}: {notice.metric}{limit}. {notice.reason}".replace(": .", "."),
        origin=Origin.AWS,
        source=f"CloudWatch, {label}",
        at=moment(episode.since),
        link=console.alarm(desk.platform, notice.name),
    )
    if notice.description:
        found.add("alarm", notice.description, origin=Origin.TEXT, source=f"description of {label}")


def add_metric(desk: Desk, found: Gathering, episode: Episode) -> None:
    """Add what the metric of an alarm came to."""
    notice = episode.notice
    if not (notice.metric and notice.namespace):
        return
    since = moment(episode.since) - BEFORE
    points = _points_of(desk, found, episode)
    if points is None:
        return
    source, link = f"CloudWatch, {notice.metric} since {since:%H:%M} UTC", console.alarm(desk.platform, notice.name)
    if not points.get("points"):
        found.add("metric", f"{notice.metric} has no points.", origin=Origin.AWS, source=source, link=link)
        return
    found.add(
        "metric",
        f"{notice.metric}: {points['points']} points of five minutes, "
        f"at most {points['max']:g}, now {points['latest']:g}.",
        origin=Origin.AWS,
        source=source,
        link=link,
    )


def _points_of(
    desk: Desk, found: Gathering, episode: Episode, *, until: datetime | None = None
) -> Mapping[str, JsonValue] | None:
    notice = episode.notice
    return _looked(
        desk,
        found,
        "cloudwatch.metric",
        namespace=notice.namespace,
        metric=notice.metric,
        dimensions=dict(notice.dimensions),
        stat="Maximum",
        period=300,
        since=written(moment(episode.since) - BEFORE),
        until=written(until) if until else None,
    )


def metric_points(desk: Desk, episode: Episode, *, until: datetime | None = None) -> tuple[tuple[datetime, float], ...]:
    """Return the alarm's metric from an hour before it went off, as far as CloudWatch gives it."""
    seen = _points_of(desk, Gathering(), episode, until=until)
    values = _listed(seen.get("values")) if seen else []
    return tuple((moment(str(one["at"])), float(str(one["value"]))) for one in values)


def _log_counts(desk: Desk, found: Gathering, episode: Episode) -> None:
    begun = moment(episode.since) - BEFORE
    since = written(begun)
    for group in _names(desk, "log_groups")[:MOST_GROUPS]:
        counted = _looked(
            desk, found, "logs.search", group=group, where={"level": "ERROR"}, since=since, count_by=["error_type"]
        )
        if counted is None:
            continue
        source, link = f"{group} since {since}", console.log_group(desk.platform, group, since=begun, until=desk.now())
        if not counted["lines"] and counted.get("complete"):
            found.add("log", f"No error line in {group}.", origin=Origin.AWS, source=source, link=link)
        for one in _listed(counted.get("groups"))[:3]:
            kind = _text(one, "key", "error_type") or "no error type"
            found.add(
                "log",
                f"{one['count']} of {counted['lines']} error lines are {kind}, "
                f"first {one['first']}, last {one['last']}.",
                origin=Origin.AWS,
                source=source,
                at=moment(str(one["first"])),
                link=link,
            )
        if not counted.get("complete"):
            found.skip(f"{group}: more lines than are read at once")


def add_findings(found: Gathering, findings: tuple[JsonObject, ...], source: str) -> None:
    """Add what reads found; those that failed are told as not read."""
    for one in findings:
        words = str(one.get("words", ""))
        if one.get("ok"):
            found.add("step", words, origin=Origin.AWS, source=f"{source}, step {one.get('step', '?')}")
        else:
            found.skip(words)


def _past(desk: Desk, found: Gathering, question: str) -> None:
    """Add what post-mortems of past incidents say in short, where they have words of the question."""
    drafts = {draft.label: draft for draft in reversed(desk.records.drafts())}
    for name, matched in desk.search.incidents(question, most=MOST_PAST):
        draft = drafts.get(name)
        if draft is None or draft.document is None:
            continue
        summary = unstruck(draft.document.parts.get(Part.SUMMARY, ()), (one.text for one in draft.struck))
        said = " ".join(claim.text for claim in summary[:3])
        found.add(
            "incident",
            f"{draft.label} of {read_out(draft.begun)}, {draft.title}: {said or 'no summary was written'}",
            origin=Origin.RECORDS,
            source=f"post-mortem of {draft.label}, found by {', '.join(matched[:4])}",
            at=draft.begun,
            channel=None if draft.state is DraftState.PUBLISHED else draft.place.channel,
        )


def _read_now(desk: Desk, found: Gathering, runbook: Runbook | None, channel: str) -> None:
    if runbook is None:
        return
    _, findings = findings_of(desk, runbook, facts_of(None), channel=channel)
    add_findings(found, findings, f"read now for {runbook.id}")


def _step(found: Gathering, run: Run, step: Step, *, link: str) -> None:
    record = run.records.get(step.id)
    if record is None or record.state in {StepState.PENDING, StepState.SKIPPED}:
        return
    note = f": {record.note}" if record.note else ""
    origin = Origin.RECORDS if step.manual or record.state is not StepState.DONE else Origin.AWS
    found.add(
        "step",
        f"Step {step.number}, {step.title.rstrip('.')}, {record.state.value}{note}",
        origin=origin,
        source=f"{run.label}, step {step.id}",
        at=record.at,
        link=link,
    )


def _runs(desk: Desk, found: Gathering, *, runbook: str | None) -> list[Run]:
    """Add the newest runs of the last day, and return them."""
    since = desk.now() - RECENT
    runs = desk.records.runs(open_only=False)
    recent = [run for run in runs if run.started >= since and (runbook is None or run.runbook == runbook)]
    for run in recent[:MOST_RUNS]:
        ended = f", ended {read_out(run.ended)}" if run.ended else ""
        failed = [name for name, record in run.records.items() if record.state is StepState.FAILED]
        why = f"; failed: {', '.join(failed)}" if failed and run.state is RunState.NOT_REPAIRED else ""
        found.add(
            "run",
            f"{run.label} of {run.runbook} is {run.state.value.replace('_', ' ')}, "
            f"started {read_out(run.started)}{ended}{why}",
            origin=Origin.RECORDS,
            source=run.label,
            at=run.started,
            link=_card(desk, f"run:{run.id}"),
        )
    return recent[:MOST_RUNS]


def add_incident(desk: Desk, found: Gathering, incident: Incident, *, most: int = MOST_NOTES) -> None:
    """Add an incident and what people noted, for its own channel."""
    over = f", resolved {read_out(incident.resolved)}" if incident.resolved else ""
    found.add(
        "incident",
        f"{incident.label} is {incident.state.value}, severity {incident.severity}, "
        f"declared {read_out(incident.declared)}{over}: {incident.title}",
        origin=Origin.RECORDS,
        source=incident.label,
        at=incident.declared,
        link=_card(desk, f"incident:{incident.id}"),
        channel=incident.place.channel,
    )
    _notes(desk, found, incident, most=most)


def _notes(desk: Desk, found: Gathering, incident: Incident, *, most: int = MOST_NOTES) -> None:
    for note in incident.notes[-most:]:
        source = f"note in {incident.label}"
        if note.marks:
            marked = ", ".join(dict.fromkeys(called(desk, mark.by) for mark in note.marks[:MOST_NAMED]))
            source = f"said by {called(desk, note.by)} in {incident.label}, marked by {marked}"
        found.add(
            "message",
            note.text,
            origin=Origin.TEXT,
            source=source,
            at=note.at,
            link=note.link,
            channel=incident.place.channel,
        )
    if len(incident.notes) > most:
        found.skip(f"{incident.label} has {len(incident.notes) - most} notes more, which are older")


def called(desk: Desk, person: str) -> str:
    """Return what a person is called; their id where Slack does not say."""
    if not person or person in {"bot", "aws"}:
        return person
    try:
        return f"@{desk.directory.person(person).name}"
    except (EdgeError, NotFoundError):
        return person


def add_run(desk: Desk, found: Gathering, run: Run) -> None:
    """Add what a run did: each step that came to something, each call that was sent, and who approved it."""
    shown = _card(desk, f"run:{run.id}")
    for step in desk.runbook(run).steps:
        _step(found, run, step, link=shown)
    _approvals(desk, found, run)
    for attempt in desk.records.attempts(run.id):
        row = desk.catalogue.row(attempt.call.row)
        text = f"{row.title}: {attempt.state.value.replace('_', ' ')}, on {attempt.call.resource}"
        source = f"{run.label}, step {attempt.step}"
        sent = attempt.sent_at or attempt.planned_at
        found.add("run", text, origin=Origin.RECORDS, source=source, at=sent, link=shown)
    ended = f", ended {read_out(run.ended)}" if run.ended else ""
    words = (
        f"{run.label} of {run.runbook} is {run.state.value.replace('_', ' ')}, started {read_out(run.started)}{ended}"
    )
    found.add("run", words, origin=Origin.RECORDS, source=run.label, at=run.ended or run.started, link=shown)


def _approvals(desk: Desk, found: Gathering, run: Run) -> None:
    for approval in desk.records.approvals(run=run.id):
        words = f"{approval.label} for step {approval.step} of {run.label} is {approval.state.value}"
        voters = ", ".join(f"{vote.name} as {vote.role}" for vote in approval.votes)
        text = f"{words}; approved by {voters}" if voters else words
        if approval.broken:
            text = f"{text}; the glass was broken, so that the last answered alone"
        source = f"{approval.label}, asked by {approval.asked_by}"
        link = _card(desk, f"request:{approval.id}")
        found.add("approval", text, origin=Origin.RECORDS, source=source, at=approval.asked_at, link=link)


def _prose(desk: Desk, found: Gathering, name: str) -> None:
    runbook = desk.library.runbooks().get(name)
    for title in ("Use Case", "Symptoms", "Root Causes", "Safety"):
        section = runbook.section(title) if runbook else None
        if runbook and section and section.markdown.strip():
            source = f"runbook {runbook.id}, {title}"
            found.add("runbook", unmarked(section.markdown), origin=Origin.TEXT, source=source)


def _looked(desk: Desk, found: Gathering, action: str, **params: object) -> Mapping[str, JsonValue] | None:
    """Return what a reading action sees, or None where it cannot look; that is told."""
    entry = desk.catalogue.action(action)
    try:
        return entry.looked(desk.look, entry.params.model_validate(params), desk.now())
    except (BotError, ValueError) as error:
        words = error.words if isinstance(error, BotError) else "its parameters do not fit"
        found.skip(f"{entry.title}: {words[:160]}")
        return None


def _card(desk: Desk, key: str) -> str:
    """Return where the card of a run, a request or an incident can be opened; empty while it does not stand."""
    card = desk.records.card(key)
    return desk.permalink(card.channel, card.ts) if card is not None and card.ts else ""


def _names(desk: Desk, key: str) -> tuple[str, ...]:
    found = desk.platform.resources.get(key, ())
    return (found,) if isinstance(found, str) else tuple(found)


def _listed(value: JsonValue) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: JsonObject, *path: str) -> str:
    found: JsonValue = value
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
