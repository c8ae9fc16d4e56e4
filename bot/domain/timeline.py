"""From recorded facts to a timeline: each fact a moment with its source, all in UTC, the same moment told only once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.approval import Approval, ApprovalState, Vote
from bot.domain.incident import Incident
from bot.domain.moment import moment
from bot.domain.postmortem.document import Moment, Times
from bot.domain.records import Attempt, AttemptState, Episode
from bot.domain.run import Run, RunState, StepState
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

SAME = timedelta(seconds=90)  # within which two sources that tell the same tell of one moment
SAME_TURN = timedelta(seconds=2)  # between an alarm's own time and that of its history
_BECAME = {"ALARM": "went off", "OK": "was OK again", "INSUFFICIENT_DATA": "had too little data"}
_ENDED = {
    RunState.REPAIRED: "repaired: its verification passed",
    RunState.NOT_REPAIRED: "not repaired: its verification failed",
    RunState.STOPPED: "stopped",
}
_CALLED = {
    AttemptState.DONE: "done",
    AttemptState.FAILED: "refused, nothing was changed",
    AttemptState.UNKNOWN: "no answer, outcome unknown",
}
_ASKED = {
    ApprovalState.DECLINED: "declined",
    ApprovalState.WITHDRAWN: "withdrawn",
    ApprovalState.EXPIRED: "expired",
    ApprovalState.REVOKED: "revoked",
    ApprovalState.VOID: "void",
}


def merged(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """Return the moments in order, in UTC, each once.

    Two are one where they have the same key, or word for word the same text of one person, and lie close together; the
    earlier time stands, and both sources' evidence. Of one source, what happened at once stays in the order it is told.
    """
    told: list[Moment] = []
    last: dict[tuple[str, ...], int] = {}
    for one in sorted((_in_utc(one) for one in moments), key=lambda one: (one.at, one.source)):
        name = ("key", one.key) if one.key else ("text", one.by, " ".join(one.text.casefold().split()))
        place = last.get(name)
        if place is not None and one.at - told[place].at <= SAME:
            first = told[place]
            evidence = tuple(dict.fromkeys((*first.evidence, *one.evidence)))
            sources = dict.fromkeys((*first.source.split(", "), one.source))
            told[place] = first.model_copy(update={"evidence": evidence, "source": ", ".join(sources)})
            continue
        last[name] = len(told)
        told.append(one)
    return tuple(told)


def of_episode(episode: Episode) -> Iterator[Moment]:
    """Yield when the alarm went off, who took it, and when it was OK again."""
    notice = episode.notice
    began = _at(episode.since)
    if began:
        words = f"Alarm {notice.name} went off: {notice.reason}" if notice.reason else f"Alarm {notice.name} went off."
        yield Moment(at=began, text=_one_line(words), source="alarm", key=f"alarm:{notice.arn}:on:{episode.since}")
    for number, take in enumerate(episode.takes):
        yield Moment(
            at=take.at,
            text=f"A-{episode.id} ({notice.name}): somebody is on it.",
            source="alarm",
            by=take.by,
            key=f"alarm:{notice.arn}:{episode.id}:taken:{number}",
        )
    over = _at(episode.ok_since or "")
    if over:
        key = f"alarm:{notice.arn}:ok:{episode.ok_since}"
        yield Moment(at=over, text=f"Alarm {notice.name} was OK again.", source="alarm", key=key)


def of_history(turns: Iterable[JsonObject], episodes: Sequence[Episode]) -> Iterator[Moment]:
    """Yield how an alarm's state changed, but for what its episodes tell already.

    Args:
        turns: as CloudWatch's history of the alarm has them.
        episodes: of that alarm, at least one.
    """
    notice = episodes[0].notice
    told = [
        (at, state) for one in episodes for at, state in ((_at(one.since), "ALARM"), (_at(one.ok_since or ""), "OK"))
    ]
    for turn in turns:
        at, became = _at(str(turn["at"])), str(turn["became"])
        known = any(at and one and state == became and abs(at - one) <= SAME_TURN for one, state in told)
        if at is not None and not known:
            words = f"Alarm {notice.name} {_BECAME.get(became, became)}."
            yield Moment(at=at, text=_one_line(words), source="alarm", key=f"alarm:{notice.arn}:{became}:{turn['at']}")


def of_run(run: Run) -> Iterator[Moment]:
    """Yield the run's start, its steps and its end."""
    yield Moment(
        at=run.started,
        text=f"{run.label} ({run.title}) started.",
        source="run",
        by=run.requester,
        key=f"{run.label}:start",
    )
    for step in run.path:
        record = run.record(step)
        if record.at is None or record.state in {StepState.PENDING, StepState.SKIPPED}:
            continue
        words = {StepState.DONE: "done", StepState.FAILED: "failed", StepState.UNKNOWN: "outcome unknown"}[record.state]
        note = f": {record.note}" if record.note else ""
        yield Moment(
            at=record.at,
            text=_one_line(f"{run.label} step {step} {words}{note}."),
            source="step",
            by=record.by,
            key=f"{run.label}:{step}:{record.request}",
        )
    if run.ended is not None and run.state in _ENDED:
        yield Moment(
            at=run.ended,
            text=f"{run.label} ended {_ENDED[run.state]}.",
            source="run",
            by=run.stopped_by,
            key=f"{run.label}:end",
        )


def _given(approval: Approval, vote: Vote) -> str:
    glass = approval.glass
    alone = approval.broken and glass is not None and vote.person == glass.by
    return "approved by breaking the glass" if alone else "approved"


def of_approval(approval: Approval) -> Iterator[Moment]:
    """Yield when it was asked, each yes, and how it ended otherwise."""
    calls = approval.binding.calls
    what = calls[0].effect.replace("`", "").rstrip(".") if calls else f"step {approval.step}"

    def said(words: str) -> str:
        return _one_line(f"{approval.label} {words}: {what} (R-{approval.run}).")

    yield Moment(at=approval.asked_at, text=said("asked for"), source="approval", key=f"{approval.label}:asked")
    for vote in approval.votes:
        yield Moment(
            at=vote.at,
            text=said(f"{_given(approval, vote)} as {vote.role}"),
            source="approval",
            by=vote.person,
            key=f"{approval.label}:{vote.person}",
        )
    over = approval.expires if approval.state is ApprovalState.EXPIRED else approval.ended
    if over is not None and approval.state in _ASKED:
        yield Moment(
            at=over,
            text=said(_ASKED[approval.state]),
            source="approval",
            by="" if approval.ended_by == "bot" else approval.ended_by,
            key=f"{approval.label}:ended",
        )


def of_attempt(attempt: Attempt, title: str) -> Iterator[Moment]:
    """Yield when a call was sent and what became of it.

    Args:
        title: what the call's row is called.
    """
    if attempt.sent_at is not None and attempt.state in _CALLED:
        words = f"{title}: {_CALLED[attempt.state]}, on {attempt.call.resource} (R-{attempt.run} step {attempt.step})."
        yield Moment(at=attempt.sent_at, text=_one_line(words), source="call", key=f"attempt:{attempt.id}")


def of_incident(incident: Incident, *, called: Callable[[str], str] = str) -> Iterator[Moment]:
    """Yield the incident's own changes and what people noted.

    Args:
        called: what a person is called, by id.
    """
    label = incident.label
    yield Moment(
        at=incident.declared,
        text=f"{label} declared: {incident.title}",
        source="incident",
        by=incident.declared_by,
        key=f"{label}:declared",
    )
    for number, turn in enumerate(incident.turns):
        severity = turn.what == "severity"
        was, became = (one if severity or not one else called(one) for one in (turn.was, turn.became))
        words = f"{label}: {turn.what} is {became} now{f', and was {was} before' if was else ''}."
        yield Moment(at=turn.at, text=_one_line(words), source="incident", by=turn.by, key=f"{label}:turn:{number}")
    for note in incident.notes:
        key = f"message:{note.ts}" if note.ts else ""
        yield Moment(at=note.at, text=_one_line(note.text), source="note", by=note.by, key=key, link=note.link)
    if incident.mitigated is not None and incident.mitigated != incident.resolved:
        yield Moment(at=incident.mitigated, text=f"{label} mitigated.", source="incident", key=f"{label}:mitigated")
    if incident.resolved is not None:
        yield Moment(
            at=incident.resolved,
            text=f"{label} resolved.",
            source="incident",
            by=incident.resolved_by,
            key=f"{label}:resolved",
        )


# What happened on the lake itself, as its own services tell it.


def of_execution(found: JsonObject, machine: str) -> Iterator[Moment]:
    """Yield when an execution started and when it ended, with its error's name where it has one."""
    name, key = f"Execution {found['name']} of {machine}", f"execution:{found['arn']}"
    yield from _told(found.get("started"), f"{name} started.", "execution", f"{key}:start")
    error = f" with {found['error']}" if found.get("error") else ""
    yield from _told(found.get("stopped"), f"{name} ended {found['status']}{error}.", "execution", f"{key}:end")


def of_job_run(found: JsonObject, job: str) -> Iterator[Moment]:
    """Yield when a run of a job started and when it ended."""
    name, key = f"Run {found['id']} of the job {job}", f"job:{job}:{found['id']}"
    yield from _told(found.get("started"), f"{name} started.", "job", f"{key}:start")
    yield from _told(found.get("stopped"), f"{name} ended {found['state']}.", "job", f"{key}:end")


def of_build(found: JsonObject) -> Iterator[Moment]:
    """Yield when a build that deploys started, and how it ended."""
    commit = f" of commit {str(found['commit'])[:12]}" if found.get("commit") else ""
    name, key = f"Build {found['id']}{commit}", f"build:{found['id']}"
    yield from _told(found.get("started"), f"{name} started.", "deploy", f"{key}:start")
    phase = f" in {found['failed_phase']}" if found.get("failed_phase") else ""
    yield from _told(found.get("stopped"), f"{name} ended {found['status']}{phase}.", "deploy", f"{key}:end")


def of_job(found: JsonObject, job: str) -> Iterator[Moment]:
    """Yield when a job's set-up was changed last."""
    runs = f"; it runs {found['key']}" if found.get("key") else ""
    text = f"The set-up of the job {job} was changed{runs}."
    yield from _told(found.get("modified"), text, "deploy", f"job:{job}:{found.get('modified')}")


def of_code(found: JsonObject, bucket: str) -> Iterator[Moment]:
    """Yield when a version of deployed code was put."""
    text = f"Code {found['key']} was put into {bucket}."
    yield from _told(found.get("modified"), text, "deploy", f"object:{bucket}/{found['key']}:{found['version_id']}")


def of_alias(found: JsonObject) -> Iterator[Moment]:
    """Yield when a function's alias was moved, as CloudTrail tells it."""
    function = f" of {found['resource']}" if found.get("resource") else ""
    refused = f" was refused ({found['error']})" if found.get("error") else " was made"
    text = f"A change of a function's alias{function}{refused}."
    yield from _told(found.get("at"), text, "deploy", f"alias:{found.get('resource')}:{found.get('at')}")


def of_pointer(page: JsonObject, key: str) -> Iterator[Moment]:
    """Yield when a pointer was written, and when it was taken out of sight.

    Args:
        page: what the row that lists versions keeps.
    """
    for kind, did in (("Versions", "has a new version"), ("DeleteMarkers", "was hidden by a delete marker")):
        listed = page.get(kind)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("Key") == key:
                name = f"object:{key}:{one.get('VersionId')}"
                yield from _told(one.get("LastModified"), f"{key} {did}.", "object", name)


def _told(at: JsonValue, text: str, source: str, key: str) -> Iterator[Moment]:
    when = _at(at) if isinstance(at, str) and at else None
    if when is not None:
        yield Moment(at=when, text=_one_line(text), source=source, key=key)


def times(
    *,
    began: datetime | None = None,
    episodes: Sequence[Episode] = (),
    runs: Sequence[Run] = (),
    approvals: Sequence[Approval] = (),
    incident: Incident | None = None,
    now: datetime,
) -> Times:
    """Return what the records tell of how long it took.

    What was done before it was detected, or by a run of another incident, tells nothing.

    Args:
        began: the first trouble seen, where the logs or a metric tell it.
        now: up to when an open request has been waiting.
    """
    since = [at for at in (_at(one.since) for one in episodes) if at]
    detected = min([*since, *([incident.declared] if incident else [])], default=None)
    alarms = {one.id for one in episodes}
    others = [run for run in runs if incident and run.incident not in {None, incident.id} and run.alarm not in alarms]
    answering = [run for run in runs if run not in others]
    asked = [one for one in approvals if one.run in {run.id for run in answering}]
    acts = [run.started for run in answering] + ([incident.declared] if incident else [])
    acts += [take.at for one in episodes for take in one.takes]
    repaired = [run.ended for run in answering if run.ended and run.state is RunState.REPAIRED]
    acts, repaired = ([at for at in those if detected is None or at >= detected] for those in (acts, repaired))
    mitigated = incident.mitigated if incident and incident.mitigated else max(repaired, default=None)
    return Times(
        began=min([at for at in (began, detected) if at], default=None),
        detected=detected,
        acknowledged=min(acts, default=None),
        mitigated=mitigated,
        resolved=incident.resolved if incident else None,
        waited=waited(asked, now=now) if asked else None,
    )


def waited(approvals: Iterable[Approval], *, now: datetime) -> timedelta:
    """Return how long work waited for people's answers; two requests at once count once."""
    spans = sorted((one.asked_at, _answered(one, now)) for one in approvals)
    total, upto = timedelta(0), datetime.min.replace(tzinfo=UTC)
    for start, end in spans:
        total += max(end - max(start, upto), timedelta(0))
        upto = max(upto, end)
    return total


def _answered(approval: Approval, now: datetime) -> datetime:
    """Return until when it waited: a whole yes, a no, its end; one of before that was kept counts nothing."""
    if approval.votes and not approval.missing():
        return max(vote.at for vote in approval.votes)
    match approval.state:
        case ApprovalState.EXPIRED:
            return approval.expires
        case ApprovalState.PENDING:
            return min(now, approval.expires)
        case _:
            return approval.ended or approval.asked_at


def _in_utc(one: Moment) -> Moment:
    if one.at.tzinfo is None:
        raise ValueError(f"{one.at!r} has no offset.")
    return one.model_copy(update={"at": one.at.astimezone(UTC)})


def _at(text: str) -> datetime | None:
    try:
        return moment(text)
    except InvalidError:
        return None


def _one_line(text: str) -> str:
    return " ".join(text.split())
