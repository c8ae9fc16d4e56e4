"""The document: filled from records, from the digest of logs, and with what was worded and checked."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from bot.domain.approval import Approval
from bot.domain.assistance import DraftPostmortem, grounds, redacted
from bot.domain.claims import Claim, Dropped, Kind, check
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.incident import Incident
from bot.domain.logs.digest import Digest, Suspect
from bot.domain.logs.showing import Pointed
from bot.domain.moment import span
from bot.domain.postmortem.document import ActionItem, Candidate, Moment, Part, Postmortem, Times
from bot.domain.postmortem.draft import Draft
from bot.domain.records import Episode
from bot.domain.redaction import Redactor
from bot.domain.run import Run
from bot.domain.timeline import merged, of_approval, of_attempt, of_episode, of_incident, of_run, times
from bot.usecases import gathering, strikes
from bot.usecases.desk import Desk

MOST_CANDIDATES = 3
MOST_ACTIONS = 6
MOST_GAPS = 2
WORDED: dict[Part, str] = {
    Part.SUMMARY: "two or three sentences: what happened, how it ended, and what is not known",
    Part.IMPACT: "who got wrong, late or no data, for how long; only what the evidence counts",
    Part.DETECTION: "how it was noticed, and how long after it began",
    Part.RESPONSE: "what was looked at, asked, approved and done, and what ended it",
}


def document_of(
    desk: Desk,
    draft: Draft,
    incident: Incident | None,
    episodes: Sequence[Episode],
    runs: Sequence[Run],
    lake: Sequence[Moment],
    digest: Digest,
    pointed: Sequence[Pointed],
    evidence: Evidence,
    *,
    unread: Sequence[str],
    redactor: Redactor,
) -> Postmortem:
    """Return the document of a draft; a sentence that the evidence does not bear is dropped and listed.

    Args:
        lake: what happened on the lake itself.
        digest: of the logs, redacted.
        unread: the logs that could not be read, redacted.
        redactor: what redacted the evidence, so that a placeholder means the same in the whole draft.
    """
    approvals = [one for run in runs for one in desk.records.approvals(run=run.id)]
    told = times(
        began=digest.onset, episodes=episodes, runs=runs, approvals=approvals, incident=incident, now=desk.now()
    )
    derived = {**evidence.derived, **_durations(told), **_counts(digest, runs, episodes, approvals)}
    evidence = evidence.model_copy(update={"derived": derived})
    job = DraftPostmortem(
        subject=draft.label,
        incident=draft.label,
        urgent=incident is not None and incident.gravest,
        sections={part.value: purpose for part, purpose in WORDED.items()},
        evidence=evidence,
        struck=strikes.sentences(desk.records, strikes.of_draft(desk.records, draft)),
    )
    job = redacted(job, redactor)
    said = desk.assistant.draft_postmortem(job)
    parts, dropped = _checked_parts(said.sections, job, names=gathering.names(desk))
    return Postmortem(
        incident=draft.label,
        title=draft.title,
        severity=incident.severity if incident else None,
        since=draft.since,
        until=draft.until,
        times=told,
        parts=parts,
        timeline=_timeline(desk, incident, episodes, runs, lake, digest, pointed, evidence, redactor),
        candidates=_candidates(digest, pointed, unread=evidence.unread),
        actions=_actions(desk, incident, runs, episodes, unread),
        questions=_questions(digest, parts, evidence),
        dropped=(*said.made.dropped, *dropped),
        evidence=grounds(job),
        made=said.made.model_copy(update={"dropped": ()}),
    )


def _durations(told: Times) -> dict[str, str]:
    reached = {
        "detected": told.detected,
        "acknowledged": told.acknowledged,
        "mitigated": told.mitigated,
        "resolved": told.resolved,
    }
    began = told.began
    spans = {f"time_until_{name}": span(at - began) for name, at in reached.items() if began and at}
    return {**spans, **({"time_waiting_for_people": span(told.waited)} if told.waited is not None else {})}


def _counts(
    digest: Digest, runs: Sequence[Run], episodes: Sequence[Episode], approvals: Sequence[Approval]
) -> dict[str, str]:
    counted = {
        "lines_read": digest.lines,
        "grave_lines_read": sum(count for level, count in digest.levels.items() if level.grave),
        "alarms": len(episodes),
        "runs": len(runs),
        "requests": len(approvals),
    }
    return {**{name: f"{count:,}" for name, count in counted.items() if count}, **_set_aside(runs)}


def _set_aside(runs: Sequence[Run]) -> dict[str, str]:
    """Return how many rows went to quarantine, as the last run that looked has read it of the load's own figures."""
    outputs = [record.output for run in runs for record in run.records.values() if record.output]
    for seen in reversed(outputs):
        rows, whole = seen.get("quarantined_rows"), seen.get("input_rows")
        if isinstance(rows, int | float) and isinstance(whole, int | float) and whole:
            return {"rows_quarantined": f"{rows:,.0f} of {whole:,.0f} rows"}
    return {}


def _checked_parts(
    said: Mapping[str, tuple[Claim, ...]], job: DraftPostmortem, *, names: Sequence[str]
) -> tuple[dict[Part, tuple[Claim, ...]], tuple[Dropped, ...]]:
    parts: dict[Part, tuple[Claim, ...]] = {}
    dropped: list[Dropped] = []
    wanted = {part.value: part for part in WORDED}
    for title, claims in said.items():
        part = wanted.get(title)
        if part is None:
            continue
        checked = check(claims, grounds(job), names=names)
        parts[part] = checked.kept
        dropped += checked.dropped
    return parts, tuple(dropped)


def _timeline(
    desk: Desk,
    incident: Incident | None,
    episodes: Sequence[Episode],
    runs: Sequence[Run],
    lake: Sequence[Moment],
    digest: Digest,
    pointed: Sequence[Pointed],
    evidence: Evidence,
    redactor: Redactor,
) -> tuple[Moment, ...]:
    moments = list(lake)
    for episode in episodes:
        moments += of_episode(episode)
    for run in runs:
        moments += of_run(run)
        for approval in desk.records.approvals(run=run.id):
            moments += of_approval(approval)
        for attempt in desk.records.attempts(run.id):
            moments += of_attempt(attempt, desk.catalogue.row(attempt.call.row).title)
    if incident is not None:
        moments += of_incident(incident, called=partial(gathering.called, desk))
    moments += _onset(digest, pointed)
    told = (one.model_copy(update={"text": redactor.clean(one.text)}) for one in merged(moments))
    return tuple(_named_moment(desk, one, evidence) for one in told)


def _onset(digest: Digest, pointed: Sequence[Pointed]) -> list[Moment]:
    """Return when the strongest candidate's lines began to be more than before."""
    first = next(iter(digest.suspects), None)
    if first is None or first.onset is None or not first.templates:
        return []
    template = digest.template(first.templates[0])
    ids = tuple(one.item.id for one in pointed if one.template == template.number)[:1]
    words = f"Log lines begin to differ: {template.text[:160]}"
    return [Moment(at=first.onset, text=words, source="log", evidence=ids)]


def _named_moment(desk: Desk, one: Moment, evidence: Evidence) -> Moment:
    """Return the moment with its person's name, and the item its record was gathered as."""
    ids = one.evidence or _ids_of(one, evidence)
    return one.model_copy(update={"by": gathering.called(desk, one.by), "evidence": ids})


def _ids_of(one: Moment, evidence: Evidence) -> tuple[str, ...]:
    label = one.key.partition(":")[0]
    if one.source == "alarm":
        said = " ".join(one.text.split()[:2])
        return tuple(item.id for item in evidence.items if item.kind == "alarm" and item.text.startswith(said))[:1]
    if one.source == "note":
        notes = (item for item in evidence.items if item.kind == "message" and item.at == one.at)
        return tuple(item.id for item in notes if item.link == one.link)[:1]
    named = re.compile(rf"(?<![\w-]){re.escape(label)}(?![\w-])")
    return tuple(item.id for item in evidence.items if label and named.search(item.source))[:1]


def _candidates(digest: Digest, pointed: Sequence[Pointed], *, unread: Sequence[str]) -> tuple[Candidate, ...]:
    """Return what may have set it off, from the logs; none is a cause before a person says so."""
    suspects = digest.suspects[:MOST_CANDIDATES]
    return tuple(_candidate(one, digest, pointed, place, unread=unread) for place, one in enumerate(suspects))


def _candidate(
    suspect: Suspect, digest: Digest, pointed: Sequence[Pointed], place: int, *, unread: Sequence[str]
) -> Candidate:
    def ids(numbers: Sequence[int]) -> list[Item]:
        return [one.item for one in pointed if one.template in numbers]

    strongest = digest.template(suspect.templates[0]) if suspect.templates else None
    own = ids(suspect.templates)
    shape = strongest.text if strongest else suspect.source
    words = f"{suspect.source}: {shape}"[:400]
    counted = [item for item in own if item.origin is Origin.AWS]
    backing = tuple(Claim(text=item.text, kind=Kind.OBSERVED, evidence=(item.id,)) for item in counted[:3])
    effects = [item for item in ids(suspect.effects) if item.origin is Origin.AWS]
    against = tuple(Claim(text=f"It may be an effect: {item.text}", evidence=(item.id,)) for item in effects[:2])
    return Candidate(
        claim=Claim(text=words, evidence=tuple(item.id for item in own[:3])),
        role="trigger" if place == 0 else "contributing",
        backing=backing,
        against=against,
        unseen=tuple(unread),
    )


def _actions(
    desk: Desk, incident: Incident | None, runs: Sequence[Run], episodes: Sequence[Episode], unread: Sequence[str]
) -> tuple[ActionItem, ...]:
    """Return what gaps and the runbooks' Prevention sections suggest; nobody owns any of it."""
    gaps = [f"Let the bot read what it could not: {one}" for one in unread[:MOST_GAPS]]
    if incident is not None and not episodes:
        gaps.insert(0, "Have an alarm notice this: people declared it, and no alarm went off.")
    names = dict.fromkeys([*(run.runbook for run in runs), *(one.runbook for one in episodes if one.runbook)])
    items: list[str] = []
    for name in names:
        runbook = desk.library.runbooks().get(name)
        section = runbook.section("Prevention") if runbook else None
        lines = section.markdown.splitlines() if section else []
        items += [line.strip()[2:].strip() for line in lines if line.strip().startswith("- ")]
    return tuple(ActionItem(text=text[:400]) for text in dict.fromkeys((*gaps, *items)))[:MOST_ACTIONS]


def _questions(digest: Digest, parts: dict[Part, tuple[Claim, ...]], evidence: Evidence) -> tuple[str, ...]:
    found = [f"The logs name no candidate: {digest.abstains}"] if digest.abstains else []
    found += [f"{part.value}: nothing was found that the evidence bears." for part in WORDED if not parts.get(part)]
    found += [f"Not read: {one}" for one in evidence.unread[:5]]
    return tuple(found)
