"""Post-mortems: read what happened, let it be worded, keep it, and let people make it theirs.

Times, counts and the timeline come from the records and from AWS; the assistant words sections, and every sentence of
it is held against the evidence before it stands. Nothing here is a cause before a person says so.
"""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from bot.domain.assistance import DraftPostmortem, grounds
from bot.domain.audit import AuditEntry
from bot.domain.chart import Chart, Marker, Sign
from bot.domain.claims import Claim, Dropped, Kind, check
from bot.domain.evidence import Evidence, Gathering, Item, Origin
from bot.domain.inbox import (
    CancelDraft,
    ConfirmCause,
    Delivery,
    EditDraft,
    ExportPostmortem,
    PublishPostmortem,
    ShowPostmortem,
    StartPostmortem,
    StateFact,
)
from bot.domain.incident import Incident
from bot.domain.logs.digest import Digest, Suspect
from bot.domain.logs.fetching import Progress, ReadLogs
from bot.domain.logs.mining import Miner
from bot.domain.logs.ranking import digest as digested
from bot.domain.logs.showing import Pointed
from bot.domain.logs.showing import evidence as lines_of
from bot.domain.matching import Page
from bot.domain.moment import moment, span
from bot.domain.people import Place
from bot.domain.postmortem.blameless import blaming
from bot.domain.postmortem.comparing import Compared, Fate, compare
from bot.domain.postmortem.document import (
    CANDIDATES,
    ActionItem,
    Candidate,
    Moment,
    Part,
    Postmortem,
    Times,
)
from bot.domain.postmortem.draft import MOST_TEXT, Draft, DraftState, Edited
from bot.domain.postmortem.markdown import read, sentence, written
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.records import Card, CardKind, Change, Episode, Wait
from bot.domain.run import Run
from bot.domain.timeline import (
    merged,
    of_approval,
    of_attempt,
    of_episode,
    of_incident,
    of_run,
    times,
)
from bot.domain.value import JsonObject
from bot.errors import BotError, EdgeError, InvalidError, NotFoundError, RequestError, StaleError
from bot.ports import Records
from bot.usecases import gathering
from bot.usecases.desk import Desk
from bot.usecases.incidents import find_incident

BEFORE = timedelta(hours=1)
AFTER = timedelta(minutes=10)
LONGEST = timedelta(hours=48)
BASELINE = timedelta(hours=24)
TOLD_EVERY_S = 2.0
MOST_CANDIDATES = 3
MOST_ACTIONS = 6
WORDED: dict[Part, str] = {
    Part.SUMMARY: "two or three sentences: what happened, how it ended, and what is not known",
    Part.IMPACT: "who got wrong, late or no data, for how long; only what the evidence counts",
    Part.DETECTION: "how it was noticed, and how long after it began",
    Part.RESPONSE: "what was looked at, asked, approved and done, and what ended it",
}
LOOK_AGAIN = "Somebody has changed it since; this is how it stands now. Nothing of yours is lost: copy it over."


# Begin.


def begin(desk: Desk, delivery: Delivery, wish: StartPostmortem) -> Change:
    """Take in that a draft is wanted: of an incident, or of a window of time alone.

    Raises:
        RequestError: there is no incident and no window, the window does not fit, or one is being written already.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    incident = _incident(desk, delivery, wish)
    since, until = _window(desk, incident, wish)
    number = desk.records.next_id("postmortem")
    label = incident.label if incident else f"PM-{number}"
    writing = next((one for one in desk.records.drafts() if one.label == label and not _over(one)), None)
    if writing is not None:
        raise RequestError(f"A draft of {label} is being written already; it is the one above.")
    place = delivery.place
    channel = incident.place.channel if incident else desk.channel if place.channel.startswith("D") else place.channel
    draft = Draft(
        id=number,
        incident=incident.id if incident else None,
        label=label,
        title=incident.title if incident else f"{since:%d %b %H:%M} to {until:%H:%M} UTC",
        place=Place(team=place.team, channel=channel),
        by=somebody.id,
        begun=desk.now(),
        since=since,
        until=until,
        groups=_groups(desk, wish.groups),
        progress="Reading what happened",
    )
    facts: JsonObject = {"incident": draft.incident, "since": since.isoformat(), "until": until.isoformat()}
    entry = AuditEntry(kind="postmortem.begun", subject=label, actor=somebody.id, facts=facts)
    wait = Wait(key=f"postmortem:{number}", due=desk.now())
    return Change(drafts=(draft,), cards=(draft_card(draft),), opens=(wait,), audit=(entry,))


def _over(draft: Draft) -> bool:
    return draft.cancelled or draft.state not in {DraftState.READING, DraftState.WORDING}


def _incident(desk: Desk, delivery: Delivery, wish: StartPostmortem) -> Incident | None:
    if wish.incident is None and wish.since:
        return None
    return find_incident(desk, wish.incident, delivery.place.channel, ended_too=True)


def _window(desk: Desk, incident: Incident | None, wish: StartPostmortem) -> tuple[datetime, datetime]:
    now = desk.now()
    if incident is not None:
        alarms = [moment(desk.records.episode(number).since) for number in incident.alarms]
        first = min([incident.declared, *alarms])
        since, until = first - BEFORE, min((incident.resolved or now) + AFTER, now)
    else:
        since, until = now - BEFORE, now
    since = _hour(wish.since, now) if wish.since else since
    until = _hour(wish.until, now) if wish.until else until
    if not since < until <= now + timedelta(seconds=1):
        raise InvalidError("The window must begin before it ends, and end in the past.")
    if until - since > LONGEST:
        raise InvalidError(f"The window is {span(until - since)} long; at most {span(LONGEST)} are read at once.")
    return since, until


def _hour(text: str, now: datetime) -> datetime:
    """Return the time that `02:00` (the last one, in UTC) or an ISO text names."""
    if len(text) == 5 and text[2] == ":" and (text[:2] + text[3:]).isascii() and (text[:2] + text[3:]).isdigit():
        hour, minute = int(text[:2]), int(text[3:])
        if hour < 24 and minute < 60:
            at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return at if at <= now else at - timedelta(days=1)
    return moment(text)


def _groups(desk: Desk, wanted: Sequence[str]) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(_named(desk, "log_groups")))
    foreign = [one for one in wanted if one not in known]
    if foreign:
        raise InvalidError(f"The platform names no log group {foreign[0]!a}; it names {', '.join(known) or 'none'}.")
    return tuple(wanted) or known


def _named(desk: Desk, key: str) -> tuple[str, ...]:
    found = desk.platform.resources.get(key, ())
    return (found,) if isinstance(found, str) else tuple(found)


def draft_card(draft: Draft) -> Card:
    """Return the card that shows the draft."""
    key = f"postmortem:{draft.id}"
    return Card(key=key, kind=CardKind.POSTMORTEM, subject=draft.id, channel=draft.place.channel, urgent=True)


# Write.


def perform_draft(desk: Desk, key: str) -> None:
    """Serve `postmortem:NUMBER`: read, digest, word, check, keep the archive, and show it."""
    if not desk.records.wait_open(key):
        return
    draft = desk.records.draft(int(key.split(":")[1]))
    try:
        ready = _drafted(desk, draft)
    except BotError as error:
        failed: JsonObject = {"state": DraftState.FAILED.value, "progress": error.words[:600]}
        desk.keep(lambda: _told(desk, draft.id, key, failed))
        return
    desk.keep(lambda: _ready(desk, draft.id, key, ready))


def _told(desk: Desk, number: int, key: str, update: JsonObject) -> Change:
    now = Draft.model_validate({**desk.records.draft(number).model_dump(), **update})
    return Change(drafts=(now,), cards=(draft_card(now),), closes=(key,))


def _ready(desk: Desk, number: int, key: str, made: Draft) -> Change:
    now = desk.records.draft(number)
    if now.cancelled:
        return Change(closes=(key,), cards=(draft_card(now),))
    kept = made.model_copy(update={"revision": now.revision, "cancelled": False})
    facts: JsonObject = {"seal": kept.seal, "text": _digest(kept.text), "edition": kept.edition}
    entry = AuditEntry(kind="postmortem.drafted", subject=kept.label, actor="bot", facts=facts)
    files = tuple(
        Card(
            key=f"postmortem:{number}:{what}",
            kind=CardKind.FILE,
            subject=number,
            channel=kept.place.channel,
            under=f"postmortem:{number}",
            payload={"what": what},
        )
        for what in ("chart", "md")
    )
    evidence = kept.document.evidence if kept.document else Evidence()
    return Change(
        drafts=(kept,),
        cards=(draft_card(kept), *files),
        closes=(key,),
        evidence=((f"postmortem:{number}", evidence),),
        audit=(entry,),
    )


def _drafted(desk: Desk, draft: Draft) -> Draft:
    incident = desk.records.incident(draft.incident) if draft.incident is not None else None
    episodes, runs = _episodes(desk, draft, incident), _runs(desk, draft, incident)
    telling = _Telling(desk, draft)
    digest, unread = _digest_of(desk, draft, telling)
    telling.say(DraftState.WORDING, "Wording it, and holding each sentence against the evidence")
    facts = _gathered(desk, draft, incident, episodes, runs)
    pointed = lines_of(
        digest,
        source=f"logs {draft.since:%H:%M}–{draft.until:%H:%M} UTC",
        clean=facts.redactor.clean,
        begin=len(facts.evidence().items) + 1,
    )
    gathered = facts.evidence()
    evidence = gathered.model_copy(
        update={"items": (*gathered.items, *(one.item for one in pointed)), "unread": (*gathered.unread, *unread)}
    )
    document = _document(desk, draft, incident, episodes, runs, digest, pointed, evidence)
    text = written(document)
    seal = desk.archive.keep(draft.label, document, text=text, pointed=pointed, digest=digest)
    update = {"state": DraftState.READY, "progress": "", "share": 1.0, "document": document, "text": text}
    chart = _chart(desk, draft, document, episodes, digest)
    return draft.model_copy(update={**update, "edition": 1, "seal": seal, "chart": chart})


class _Telling:
    """Show how far it is, at most every two seconds, and stop where a person wants no more of it."""

    def __init__(self, desk: Desk, draft: Draft) -> None:
        self._desk, self._number = desk, draft.id
        self._last = 0.0
        self.stopped = False

    def __call__(self, progress: Progress) -> None:
        """Show how much of the logs was read."""
        if time.monotonic() - self._last < TOLD_EVERY_S:
            return
        words = f"Reading logs: {progress.lines:,} lines"
        self._keep(DraftState.READING, words, progress.share)

    def say(self, state: DraftState, words: str) -> None:
        """Show what is being done now."""
        self._keep(state, words, 1.0)

    def stop(self) -> bool:
        """Return whether a person wants no more of it."""
        return self.stopped

    def _keep(self, state: DraftState, words: str, share: float) -> None:
        self._last = time.monotonic()
        now = self._desk.records.draft(self._number)
        self.stopped = now.cancelled
        going = now.model_copy(update={"state": state, "progress": words, "share": share})
        try:
            self._desk.records.commit(Change(drafts=(going,), cards=(draft_card(going),)))
        except StaleError:
            return  # somebody cancels it just now; the next look sees that


def _digest_of(desk: Desk, draft: Draft, telling: _Telling) -> tuple[Digest, tuple[str, ...]]:
    """Return the digest of the window against the same hours a day before, and what was not read."""
    miner = Miner()
    before = ReadLogs(groups=draft.groups, since=draft.since - BASELINE, until=draft.until - BASELINE)
    desk.logs.read(before, take=miner.feed_baseline, stop=telling.stop)
    ask = ReadLogs(groups=draft.groups, since=draft.since, until=draft.until, around=draft.since + BEFORE)
    fetched = desk.logs.read(ask, take=miner.feed, told=telling, stop=telling.stop)
    if telling.stopped:
        raise RequestError("Cancelled; nothing was kept.")
    return digested(miner, window=(draft.since, draft.until)), fetched.unread


def _episodes(desk: Desk, draft: Draft, incident: Incident | None) -> list[Episode]:
    named = set(incident.alarms) if incident else set()
    return [
        one
        for one in desk.records.episodes(open_only=False)
        if one.id in named or one.with_ in named or draft.since <= moment(one.since) <= draft.until
    ]


def _runs(desk: Desk, draft: Draft, incident: Incident | None) -> list[Run]:
    return [
        run
        for run in desk.records.runs(open_only=False, most=200)
        if (incident is not None and run.incident == incident.id) or draft.since <= run.started <= draft.until
    ]


def _gathered(
    desk: Desk, draft: Draft, incident: Incident | None, episodes: Sequence[Episode], runs: Sequence[Run]
) -> Gathering:
    found = Gathering()
    for episode in episodes:
        gathering.add_alarm(found, episode)
        gathering.add_metric(desk, found, episode)
        gathering.add_findings(found, episode.findings, f"looked when A-{episode.id} went off")
    for run in runs:
        gathering.add_run(desk, found, run)
    if incident is not None:
        gathering.add_incident(found, incident)
    return found


# The picture.

_SIGNS = {"alarm": Sign.ALARM, "run": Sign.RUN, "approval": Sign.APPROVAL, "note": Sign.NOTE, "incident": Sign.NOTE}


def _chart(desk: Desk, draft: Draft, document: Postmortem, episodes: Sequence[Episode], digest: Digest) -> Chart:
    """Return what the picture shows: the first alarm's metric, when alarms were on, and how many lines came when."""
    first = next((one for one in episodes if one.notice.metric), None)
    marks = tuple(
        Marker(at=one.at, words=one.text[:60], sign=_SIGNS[one.source])
        for one in document.timeline
        if one.source in _SIGNS
    )
    bands = tuple((moment(one.since), moment(one.ok_since) if one.ok_since else None) for one in episodes)
    return Chart(
        title=f"{draft.label} · {draft.title}"[:80],
        metric=first.notice.metric if first else "log lines",
        since=draft.since,
        until=draft.until,
        points=gathering.metric_points(desk, first, until=draft.until) if first else (),
        threshold=first.notice.threshold if first else None,
        bands=bands,
        markers=marks,
        lines=digest.volume,
        grave=digest.grave,
        lines_from=digest.first,
        bin_s=digest.bin_s or 60,
    )


# The document.


def _document(
    desk: Desk,
    draft: Draft,
    incident: Incident | None,
    episodes: Sequence[Episode],
    runs: Sequence[Run],
    digest: Digest,
    pointed: Sequence[Pointed],
    evidence: Evidence,
) -> Postmortem:
    approvals = [one for run in runs for one in desk.records.approvals(run=run.id)]
    told = times(
        began=digest.onset, episodes=episodes, runs=runs, approvals=approvals, incident=incident, now=desk.now()
    )
    derived = {**evidence.derived, **_durations(told)}
    evidence = evidence.model_copy(update={"derived": derived})
    job = DraftPostmortem(
        subject=draft.label,
        incident=draft.label,
        sections={part.value: purpose for part, purpose in WORDED.items()},
        evidence=evidence,
    )
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
        timeline=_timeline(desk, incident, episodes, runs, digest, pointed, evidence),
        candidates=_candidates(digest, pointed),
        actions=_actions(desk, runs, episodes),
        questions=_questions(digest, parts, evidence),
        dropped=(*said.made.dropped, *dropped),
        evidence=grounds(job),
    )


def _durations(told: Times) -> dict[str, str]:
    reached = {
        "detected": told.detected,
        "acknowledged": told.acknowledged,
        "mitigated": told.mitigated,
        "resolved": told.resolved,
    }
    began = told.began
    spans = {f"time until {name}": span(at - began) for name, at in reached.items() if began and at}
    return {**spans, **({"time waiting for people": span(told.waited)} if told.waited is not None else {})}


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
    digest: Digest,
    pointed: Sequence[Pointed],
    evidence: Evidence,
) -> tuple[Moment, ...]:
    moments: list[Moment] = []
    for episode in episodes:
        moments += of_episode(episode)
    for run in runs:
        moments += of_run(run)
        for approval in desk.records.approvals(run=run.id):
            moments += of_approval(approval)
        for attempt in desk.records.attempts(run.id):
            moments += of_attempt(attempt, desk.catalogue.row(attempt.call.row).title)
    if incident is not None:
        moments += of_incident(incident)
    moments += _onset(digest, pointed)
    return tuple(_named_moment(desk, one, evidence) for one in merged(moments))


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
    return one.model_copy(update={"by": _name(desk, one.by), "evidence": ids})


def _ids_of(one: Moment, evidence: Evidence) -> tuple[str, ...]:
    label = one.key.partition(":")[0]
    if one.source == "alarm":
        said = " ".join(one.text.split()[:2])
        return tuple(item.id for item in evidence.items if item.kind == "alarm" and item.text.startswith(said))[:1]
    if one.source == "note":
        return tuple(item.id for item in evidence.items if item.kind == "message" and item.text == one.text)[:1]
    named = re.compile(rf"(?<![\w-]){re.escape(label)}(?![\w-])")
    return tuple(item.id for item in evidence.items if label and named.search(item.source))[:1]


def _name(desk: Desk, person: str) -> str:
    if not person or person in {"bot", "aws"}:
        return person
    try:
        return f"@{desk.directory.person(person).name}"
    except (EdgeError, NotFoundError):
        return person


def _candidates(digest: Digest, pointed: Sequence[Pointed]) -> tuple[Candidate, ...]:
    """Return what may have set it off, from the logs; none is a cause before a person says so."""
    return tuple(
        _candidate(suspect, digest, pointed, place) for place, suspect in enumerate(digest.suspects[:MOST_CANDIDATES])
    )


def _candidate(suspect: Suspect, digest: Digest, pointed: Sequence[Pointed], place: int) -> Candidate:
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
    )


def _actions(desk: Desk, runs: Sequence[Run], episodes: Sequence[Episode]) -> tuple[ActionItem, ...]:
    """Return what the runbooks' Prevention sections suggest; nobody owns any of it."""
    names = dict.fromkeys([*(run.runbook for run in runs), *(one.runbook for one in episodes if one.runbook)])
    items: list[str] = []
    for name in names:
        runbook = desk.library.runbooks().get(name)
        section = runbook.section("Prevention") if runbook else None
        lines = section.markdown.splitlines() if section else []
        items += [line.strip()[2:].strip() for line in lines if line.strip().startswith("- ")]
    return tuple(ActionItem(text=text[:400]) for text in dict.fromkeys(items))[:MOST_ACTIONS]


def _questions(digest: Digest, parts: dict[Part, tuple[Claim, ...]], evidence: Evidence) -> tuple[str, ...]:
    found = [f"The logs name no candidate: {digest.abstains}"] if digest.abstains else []
    found += [f"{part.value}: nothing was found that the evidence bears." for part in WORDED if not parts.get(part)]
    found += [f"Not read: {one}" for one in evidence.unread[:5]]
    return tuple(found)


# In people's hands.


def find_draft(desk: Desk, number: int | None, channel: str) -> Draft:
    """Return the draft of an incident, or this channel's newest.

    Raises:
        NotFoundError: there is none; the words say how to begin one.
    """
    here = desk.channel if channel.startswith("D") else channel
    drafts = desk.records.drafts()
    if number is not None:
        found = next((one for one in drafts if one.incident == number), None)
    else:
        found = next((one for one in drafts if one.place.channel == here), None)
    if found is None:
        raise NotFoundError("There is no post-mortem here yet. Begin one: /postmortem draft")
    return found


def cancel(desk: Desk, delivery: Delivery, wish: CancelDraft) -> Change:
    """Stop writing a draft."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    if _over(draft):
        raise RequestError(f"The draft of {draft.label} is not being written.")
    gone = draft.model_copy(update={"cancelled": True, "state": DraftState.FAILED, "progress": "Cancelled."})
    return Change(drafts=(gone,), cards=(draft_card(gone),))


def show(desk: Desk, delivery: Delivery, wish: ShowPostmortem) -> JsonObject:
    """Return which draft is to be shown."""
    return {"what": "postmortem", "draft": find_draft(desk, wish.incident, delivery.place.channel).id}


def edit(desk: Desk, delivery: Delivery, wish: EditDraft) -> Change:
    """Keep a person's words for some sections; an edit of an older edition is refused with how they stand now.

    Raises:
        RequestError: nothing was changed, or somebody else was first.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    changed = {
        title: body for title, body in wish.sections.items() if body.strip() != section_of(draft.text, title).strip()
    }
    if not changed:
        raise RequestError("Nothing was changed: every section is as it was.")
    if wish.edition != draft.edition:
        stands = "\n".join(f"{title}: {section_of(draft.text, title)[:600]}" for title in changed)
        raise RequestError(f"{LOOK_AGAIN}\n{stands[:1_500]}")
    text = draft.text
    for title, body in changed.items():
        text = replaced(text, title, body)
    return _edited(desk, draft, text, by=somebody.id, section=", ".join(changed))


def state_fact(desk: Desk, delivery: Delivery, wish: StateFact) -> Change:
    """Add what somebody saw, under their name: it stays, whatever the evidence says."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    if wish.section not in {part.value for part in Part}:
        raise InvalidError(f"There is no section {wish.section!a}.")
    claim = Claim(text=" ".join(wish.text.split())[:600], kind=Kind.STATED, by=f"@{somebody.name}")
    if not claim.text:
        raise InvalidError("Add what? Words are missing.")
    body = section_of(draft.text, wish.section)
    kept = body if "\n- " in f"\n{body}" else ""
    text = replaced(draft.text, wish.section, f"{kept}\n- {sentence(claim)}".strip())
    return _edited(desk, draft, text, by=somebody.id, section=wish.section)


def confirm_cause(desk: Desk, delivery: Delivery, wish: ConfirmCause) -> Change:
    """Take a person's word that a candidate was it, or that it was not."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    draft = desk.records.draft(wish.draft)
    if draft.document is None or wish.number >= len(draft.document.candidates):
        raise RequestError("There is no such candidate any more.")
    candidates = list(draft.document.candidates)
    if wish.right:
        told = {"confirmed_by": f"@{somebody.name}"}
        candidates[wish.number] = candidates[wish.number].model_copy(update=told)
    else:
        del candidates[wish.number]
    document = draft.document.model_copy(update={"candidates": tuple(candidates)})
    section = section_of(written(document), CANDIDATES)
    text = replaced(draft.text, CANDIDATES, section)
    changed = draft.model_copy(update={"document": document})
    return _edited(desk, changed, text, by=somebody.id, section=CANDIDATES)


def _edited(desk: Desk, draft: Draft, text: str, *, by: str, section: str) -> Change:
    if len(text) > MOST_TEXT:
        raise InvalidError(f"A post-mortem has at most {MOST_TEXT:,} characters.")
    edit = Edited(by=by, at=desk.now(), section=section, sha256=_digest(text))
    now = draft.model_copy(update={"text": text, "edition": draft.edition + 1, "edits": (*draft.edits, edit)})
    facts: JsonObject = {"edition": now.edition, "section": section, "text": edit.sha256}
    entry = AuditEntry(kind="postmortem.edited", subject=draft.label, actor=by, facts=facts)
    return Change(drafts=(now,), cards=(draft_card(now),), audit=(entry,))


def publish(desk: Desk, delivery: Delivery, wish: PublishPostmortem) -> Change:
    """Publish the text as it stands, unless the evidence contradicts a sentence that cites it.

    Raises:
        RequestError: names the sentences that are contradicted, or blame a person.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    if wish.draft is not None:
        draft = desk.records.draft(wish.draft)
    else:
        draft = find_draft(desk, wish.incident, delivery.place.channel)
    if draft.document is None or draft.state is not DraftState.READY:
        raise RequestError(f"{draft.label} has no draft that is ready to be published.")
    wrong = [one for one in compared(draft) if one.fate is Fate.CONTRADICTED]
    if wrong:
        lines = "\n".join(f"line {one.line}: {one.claim.text[:120]} ({one.why[:120]})" for one in wrong[:5])
        raise RequestError(f"Not published: {len(wrong)} sentences say what their evidence does not.\n{lines}")
    blame = blaming(draft.text)
    if blame and not wish.anyway:
        lines = "\n".join(f"“{one.words}”: {one.rewrite}" for one in blame[:5])
        raise RequestError(
            f"Not published: some words point at a person.\n{lines}\nReword them, or: /postmortem publish --anyway"
        )
    out = draft.model_copy(update={"state": DraftState.PUBLISHED})
    desk.archive.publish(out.label, out.text)
    facts: JsonObject = {"edition": out.edition, "text": _digest(out.text), "anyway": wish.anyway}
    entry = AuditEntry(kind="postmortem.published", subject=out.label, actor=somebody.id, facts=facts)
    file = Card(
        key=f"postmortem:{out.id}:published",
        kind=CardKind.FILE,
        subject=out.id,
        channel=out.place.channel,
        under=f"postmortem:{out.id}",
        payload={"what": "md"},
    )
    return Change(drafts=(out,), cards=(draft_card(out), file), audit=(entry,))


def export(desk: Desk, delivery: Delivery, wish: ExportPostmortem) -> Change:
    """Post the text as it stands as a file, in the draft's thread."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = find_draft(desk, wish.incident, delivery.place.channel)
    if draft.document is None:
        raise RequestError(f"{draft.label} has no draft yet; there is nothing to export.")
    card = Card(
        key=f"postmortem:{draft.id}:{wish.form}:{draft.edition}:{delivery.id}",
        kind=CardKind.FILE,
        subject=draft.id,
        channel=draft.place.channel,
        under=f"postmortem:{draft.id}",
        payload={"what": wish.form},
    )
    return Change(cards=(card,))


def compared(draft: Draft) -> tuple[Compared, ...]:
    """Return what became of the draft's sentences in people's hands."""
    if draft.document is None:
        return ()
    return compare(draft.document, read(draft.text), judge=judged)


def judged(claim: Claim, evidence: Evidence) -> str:
    """Return why the evidence does not bear a claim, or nothing."""
    checked = check((claim,), evidence)
    return checked.dropped[0].why if checked.dropped else ""


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def pages(records: Records) -> Mapping[str, Page]:
    """Return what past incidents are found by, one page for each draft that is ready or published."""
    ready = [one for one in records.drafts(most=500) if one.document is not None]
    return {
        one.label: Page(key=one.label, title=one.title, opening=section_of(one.text, Part.SUMMARY.value), text=one.text)
        for one in reversed(ready)
    }
