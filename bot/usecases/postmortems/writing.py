"""Read what happened, have it worded, keep the archive, and show it."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.domain.audit import AuditEntry
from bot.domain.chart import Chart, Marker, Sign
from bot.domain.evidence import Evidence, Gathering
from bot.domain.incident import Incident
from bot.domain.logs.digest import Digest
from bot.domain.logs.fetching import Progress, ReadLogs
from bot.domain.logs.mining import Miner
from bot.domain.logs.ranking import digest as digested
from bot.domain.logs.showing import evidence as lines_of
from bot.domain.moment import moment
from bot.domain.postmortem.document import Moment, Postmortem
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.markdown import restruck, written
from bot.domain.records import Card, CardKind, Change, Episode
from bot.domain.redaction import for_eyes
from bot.domain.run import Run
from bot.domain.value import JsonObject
from bot.errors import BotError, RequestError, StaleError
from bot.usecases import gathering, strikes
from bot.usecases.console import log_line
from bot.usecases.desk import Desk
from bot.usecases.happenings import happened
from bot.usecases.marking import read_again
from bot.usecases.postmortems.beginning import BEFORE
from bot.usecases.postmortems.documenting import document_of
from bot.usecases.postmortems.drafts import canvas_card, draft_card, keep_text, struck_in, with_struck

BASELINE = timedelta(hours=24)
TOLD_EVERY_S = 2.0


def perform_draft(desk: Desk, key: str) -> None:
    """Serve `postmortem:NUMBER`: read, digest, word, check, keep the archive, and show it."""
    if not desk.records.wait_open(key):
        return
    draft = desk.records.draft(int(key.split(":")[1]))
    try:
        ready, counts = _drafted(desk, draft)
    except BotError as error:
        failed: JsonObject = {"state": DraftState.FAILED.value, "progress": error.words[:600]}
        desk.keep(lambda: _told(desk, draft.id, key, failed))
        return
    desk.keep(lambda: _ready(desk, draft.id, key, ready, redacted=counts))


def _told(desk: Desk, number: int, key: str, update: JsonObject) -> Change:
    now = Draft.model_validate({**desk.records.draft(number).model_dump(), **update})
    return Change(drafts=(now,), cards=(draft_card(now),), closes=(key,))


def _ready(desk: Desk, number: int, key: str, made: Draft, *, redacted: Mapping[str, int]) -> Change:
    now = desk.records.draft(number)
    if now.cancelled:
        return Change(closes=(key,), cards=(draft_card(now),))
    marked = with_struck(made, made.text, struck_in(desk.records, made))
    first = keep_text(desk, made.label, marked.text, made.edition)
    kept = marked.model_copy(update={"revision": now.revision, "cancelled": False, "editions": (first,)})
    facts: JsonObject = {"seal": kept.seal, "text": first, "edition": kept.edition, "redacted": dict(redacted)}
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
    worded = sum(map(len, kept.document.parts.values())) if kept.document else 0
    return Change(
        drafts=(kept,),
        cards=(draft_card(kept), *files, canvas_card(kept)),
        closes=(key,),
        evidence=((f"postmortem:{number}", evidence),),
        counts=strikes.kept(kept.document.engine, worded) if kept.document else (),
        audit=(entry,),
    )


def _drafted(desk: Desk, draft: Draft) -> tuple[Draft, Mapping[str, int]]:
    """Return the draft with its document, and how often each kind of secret was taken out of it."""
    incident, left = read_again(desk, draft.incident) if draft.incident is not None else (None, 0)
    episodes, runs = _episodes(desk, draft, incident), _runs(desk, draft, incident)
    about = (*(f"A-{one.id}" for one in episodes), *(run.label for run in runs))
    draft = draft.model_copy(update={"about": about})
    telling = _Telling(desk, draft)
    digest, unread = _digest_of(desk, draft, telling)
    telling.say(DraftState.WORDING, "Wording it, and holding each sentence against the evidence")
    facts = _gathered(desk, draft, incident, episodes, runs)
    if left:
        facts.skip(f"{left} of the marked messages as they read now; they stand as they read when they were marked")
    lake = happened(desk, facts, since=draft.since, until=draft.until, episodes=episodes, runs=runs)
    digest = digest.as_redacted(facts.redactor)
    pointed = lines_of(
        digest,
        source=f"logs {draft.since:%H:%M}–{draft.until:%H:%M} UTC",
        clean=lambda text: for_eyes(text, facts.redactor),
        link=lambda one: log_line(desk.platform, one.group, one.stream, one.at) if one.group and one.at else "",
        begin=len(facts.evidence().items) + 1,
    )
    gathered = facts.evidence()
    unread = tuple(for_eyes(one, facts.redactor) for one in unread)
    evidence = gathered.model_copy(
        update={"items": (*gathered.items, *(one.item for one in pointed)), "unread": (*unread, *gathered.unread)}
    )
    draft = draft.model_copy(update={"title": for_eyes(draft.title, facts.redactor)})
    told = _redacted(incident, facts) if incident else None
    document = document_of(
        desk, draft, told, episodes, runs, lake, digest, pointed, evidence, unread=unread, redactor=facts.redactor
    )
    text = restruck(written(document), struck_in(desk.records, draft))
    seal = desk.archive.keep(draft.label, document, text=text, pointed=pointed, digest=digest)
    update = {"state": DraftState.READY, "progress": "", "share": 1.0, "document": document, "text": text}
    chart = _chart(desk, draft, document, episodes, digest)
    made = draft.model_copy(update={**update, "edition": 1, "seal": seal, "chart": chart})
    return made, facts.redactor.counts


class _Telling:
    """Show how far it is, at most every two seconds, and stop where a person wants no more of it."""

    def __init__(self, desk: Desk, draft: Draft) -> None:
        self._desk, self._number, self._groups = desk, draft.id, len(draft.groups)
        self._began = time.monotonic()
        self._last = 0.0
        self.stopped = False

    def __call__(self, progress: Progress) -> None:
        """Show how much of the logs was read."""
        if time.monotonic() - self._last < TOLD_EVERY_S:
            return
        words = " · ".join(
            (
                f"{progress.groups} of {self._groups} log groups",
                f"{progress.lines:,} lines",
                f"{progress.characters / 1_000_000:.1f} MB",
                f"{time.monotonic() - self._began:.0f} s",
            )
        )
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
        gathering.add_alarm(desk, found, episode)
        gathering.add_metric(desk, found, episode)
        gathering.add_findings(found, episode.findings, f"looked when A-{episode.id} went off")
    for run in runs:
        gathering.add_run(desk, found, run)
    if incident is not None:
        gathering.add_incident(desk, found, incident, most=gathering.MOST_NOTES_IN_A_DRAFT)
    return found


def _redacted(incident: Incident, facts: Gathering) -> Incident:
    """Return the incident with its notes as the evidence has them."""
    notes = tuple(note.model_copy(update={"text": facts.safe(note.text)}) for note in incident.notes)
    return incident.model_copy(update={"notes": notes})


# The picture.

_SIGNS = {
    "alarm": Sign.ALARM,
    "run": Sign.RUN,
    "execution": Sign.RUN,
    "job": Sign.RUN,
    "approval": Sign.APPROVAL,
    "deploy": Sign.DEPLOY,
    "object": Sign.DEPLOY,
    "note": Sign.NOTE,
    "incident": Sign.NOTE,
}


def _sign(one: Moment) -> Sign:
    """Return the colour of a moment; that an alarm was taken, or is OK again, is not painted as one."""
    went_off = ":on:" in one.key or ":ALARM:" in one.key
    return Sign.NOTE if one.source == "alarm" and not went_off else _SIGNS[one.source]


def _chart(desk: Desk, draft: Draft, document: Postmortem, episodes: Sequence[Episode], digest: Digest) -> Chart:
    """Return what the picture shows: the first alarm's metric, when alarms were on, and how many lines came when."""
    first = next((one for one in episodes if one.notice.metric), None)
    marks = tuple(
        Marker(at=one.at, words=one.text[:60], sign=_sign(one)) for one in document.timeline if one.source in _SIGNS
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
