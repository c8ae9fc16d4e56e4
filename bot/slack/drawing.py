"""From a card's row to what is shown: read its subject as it is now, and let the pure cards draw it.

Reads records, runbooks and names; never talks to a channel and changes nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.action import Catalogue, Platform
from bot.domain.adding import following
from bot.domain.approval import Approval
from bot.domain.following import MOST_ITEMS, FollowUp
from bot.domain.incident import Incident
from bot.domain.policy import Policy
from bot.domain.postmortem.canvas import canvas_of
from bot.domain.postmortem.draft import Draft
from bot.domain.problem import Severity
from bot.domain.reasons import asking_why
from bot.domain.records import Attempt, AttemptState, Card, CardKind, Episode, canvas_key
from bot.domain.run import Run, RunState
from bot.domain.runbook import Runbook
from bot.domain.strikes import Struck
from bot.domain.value import JsonValue
from bot.errors import NotFoundError, UnavailableError
from bot.ports import Directory, Documents, Library, Records
from bot.slack.cards import wording
from bot.slack.cards.alarm import Answered, alarm_card, storm_card
from bot.slack.cards.assist import assist_card
from bot.slack.cards.blocks import Canvas, Message, Sheet, View
from bot.slack.cards.checklist import checklist_card, reminder_card
from bot.slack.cards.edits import edit_card
from bot.slack.cards.home import home
from bot.slack.cards.importing import import_card
from bot.slack.cards.incident import Around, incident_card
from bot.slack.cards.morning import morning_card
from bot.slack.cards.notices import ENDS, Told, broadcasts, notice
from bot.slack.cards.postmortem import CanvasState, file_refused, postmortem_card
from bot.slack.cards.request import calls_sheet, list_sheet, request_card
from bot.slack.cards.run import run_card
from bot.slack.cards.stage import Stage
from bot.slack.cards.whispers import Whisper, whisper
from bot.usecases import strikes
from bot.usecases.following import PAGE, checklist_key
from bot.usecases.gathering import things
from bot.usecases.mornings import draft_of
from bot.usecases.postmortems.publishing import compared

_MENTIONED = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^<>]*)?>", re.ASCII)
MOST_MENTIONED = 20  # people in an incident's notes, each of whom Slack is asked for
MOST_LOOKED_BACK = 200  # runs, in which the last good one of a runbook is looked for

Link = Callable[[Card], str | None]
"""Returns the address of a card that stands."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Hold what a card shows now.

    Attributes:
        edition: of the request that is shown; a click counts on this one only.
        broadcast: the reply also stands in the channel.
        otherwise: what is said instead of a file that Slack does not take, given Slack's own code.
        asks: the person to tell when the channel cannot be written to.
    """

    shows: Message | View | Sheet | Canvas
    edition: int = 0
    otherwise: Callable[[str], Message] | None = None
    broadcast: bool = False
    asks: str | None = None


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Hold where cards read from.

    Attributes:
        serves: the environment as bot.toml names it.
    """

    records: Records
    library: Library
    directory: Directory
    catalogue: Catalogue
    policy: Policy
    platform: Platform
    serves: str
    documents: Documents

    def draw(self, card: Card, *, link: Link) -> Drawn:
        """Return what the card shows, from its subject as it is now.

        Raises:
            NotFoundError: what it shows is not in the records.
        """
        match card.kind:
            case CardKind.RUN:
                return self._run(card, link)
            case CardKind.REQUEST:
                return self._request(card, link)
            case CardKind.LIST:
                return self._list(card, link)
            case CardKind.EDIT:
                runbook = self.library.runbooks().get(str(card.payload.get("runbook")))
                return Drawn(shows=edit_card(card.payload, runbook, self.stage(link=link), key=card.key))
            case CardKind.ALARM:
                return self._alarm(card, link)
            case CardKind.ASSIST:
                return self._assist(card, link)
            case CardKind.POSTMORTEM:
                draft = self.records.draft(card.subject)
                return Drawn(shows=self._postmortem(draft, link), asks=draft.by)
            case CardKind.CANVAS:
                draft = self.records.draft(card.subject)
                shows = Canvas(title=f"Post-mortem of {draft.label}", text=canvas_of(draft.text))
                return Drawn(shows=shows, edition=draft.edition)
            case CardKind.IMPORT:
                draft = self.records.draft(card.subject)
                return Drawn(shows=import_card(draft, card.payload), asks=str(card.payload.get("by") or "") or None)
            case CardKind.CHECKLIST:
                return self._checklist(card, link)
            case CardKind.REMINDER:
                item = self.records.followup(card.subject)
                stage = self.stage(link=link, cards=[checklist_key(item.subject)], people=_concerned([item]))
                return Drawn(shows=reminder_card(item, card.key, card.to or "", stage, ids=f"{card.key}:{card.wanted}"))
            case CardKind.MORNING:
                return self._morning(card, link)
            case CardKind.FILE:
                return self._file(card)
            case CardKind.PICTURE:
                return self._picture(card)
            case CardKind.STORM:
                caught = [one for one in self.records.episodes(open_only=False) if one.storm == card.subject]
                return Drawn(shows=storm_card(caught, self.stage(link=link)))
            case CardKind.INCIDENT:
                return self._incident(card, link)
            case CardKind.NOTICE:
                return self._notice(card, link)
            case CardKind.WHISPER:
                return self._whisper(card, link)
            case _:
                return self._home(card, link)

    def stage(self, *, link: Link, cards: Sequence[str] = (), people: Sequence[str] = ()) -> Stage:
        """Return the surroundings, with the addresses of these cards and the names of these people."""
        standing = [(key, card) for key in dict.fromkeys(cards) if (card := self.records.card(key)) and card.ts]
        links = {key: address for key, card in standing if (address := link(card))}
        return Stage(
            policy=self.policy,
            platform=self.platform,
            serves=self.serves,
            catalogue=self.catalogue,
            now=self.records.now(),
            links=links,
            names=self._names(people),
        )

    def _names_of_things(self) -> tuple[str, ...]:
        return things(self.platform, self.library)

    def _names(self, people: Sequence[str]) -> Mapping[str, str]:
        names = {}
        for person in dict.fromkeys(people):
            if person in {"", "bot", "aws"}:
                continue
            try:
                names[person] = self.directory.person(person).name
            except (UnavailableError, NotFoundError):
                continue
        return names

    def runbook(self, run: Run) -> Runbook:
        """Return the runbook as the run follows it."""
        text, path = self.records.snapshot(run.snapshot)
        return asking_why(following(self.library.reading(text, path), run), self.catalogue, run)

    def _run(self, card: Card, link: Link) -> Drawn:
        run = self.records.run(card.subject)
        approvals = self.records.approvals(run=run.id)
        stage = self.stage(link=link, cards=_around(run), people=_people(run, approvals))
        going = _progress(self.records.attempts(run.id)) if run.state is RunState.RUNNING else ""
        return Drawn(shows=run_card(run, self.runbook(run), approvals, stage, going=going), asks=run.requester)

    def _request(self, card: Card, link: Link) -> Drawn:
        approval = self.records.approval(card.subject)
        run = self.records.run(approval.run)
        stage = self.stage(link=link, cards=_around(run), people=_people(run, [approval]))
        shows = request_card(approval, run, self.runbook(run), stage)
        return Drawn(shows=shows, edition=approval.edition, asks=approval.asked_by)

    def _list(self, card: Card, link: Link) -> Drawn:
        approval = self.records.approval(card.subject)
        place = _number(card.payload.get("place"))
        many = approval.binding.calls[place].call.many if place is not None else None
        if place is not None and many is not None:
            return Drawn(shows=list_sheet(approval, place, self.records.snapshot(many.digest)[0]))
        return Drawn(shows=calls_sheet(approval, self.records.run(approval.run), self.stage(link=link)))

    def _alarm(self, card: Card, link: Link) -> Drawn:
        episode = self.records.episode(card.subject)
        runbook = self.library.runbooks().get(episode.runbook or "")
        run = self._run_of(episode)
        answered = Answered(run=run, runbook=self.runbook(run)) if run is not None else None
        good = self._last_good(runbook) if runbook is not None and run is None else None
        others = [one for one in self.records.episodes() if one.with_ == episode.id]
        stage = self.stage(link=link, cards=[f"run:{episode.run}"], people=_on_alarm(episode))
        near = [(book, one.matched) for one in episode.nearest if (book := self._named(one.runbook)) is not None]
        unread = () if runbook else [one for one in self.library.problems() if one.severity is Severity.ERROR]
        struck = self._struck(f"A-{episode.id}", card) if episode.suggestion else {}
        shows = alarm_card(
            episode, runbook, answered, stage, struck=struck, near=near, others=others, unread=unread, good=good
        )
        return Drawn(shows=shows, asks=episode.taken_by)

    def _last_good(self, runbook: Runbook) -> Run | None:
        runs = self.records.runs(open_only=False, most=MOST_LOOKED_BACK)
        return next((one for one in runs if one.runbook == runbook.id and one.state is RunState.REPAIRED), None)

    def _assist(self, card: Card, link: Link) -> Drawn:
        number = _number(card.payload.get("run"))
        run = self.records.run(number) if number is not None else None
        people = [one.by for one in run.added] if run else []
        stage = self.stage(link=link, cards=[f"alarm:{card.payload.get('alarm')}"], people=people)
        shows = assist_card(card, stage, struck=self._struck(strikes.about(card), card), run=run)
        return Drawn(shows=shows, asks=str(card.payload.get("by") or "") or None)

    def _struck(self, label: str, card: Card) -> Struck:
        return strikes.standing(self.records, strikes.family(self.records, label), channel=card.channel)

    def _postmortem(self, draft: Draft, link: Link, *, whispered: bool = False) -> Message:
        fates = tuple(one.fate for one in compared(draft, names=self._names_of_things()))
        canvas = _canvas_state(self.records.card(canvas_key(draft.id)), draft)
        return postmortem_card(draft, fates, self.stage(link=link), canvas=canvas, whispered=whispered)

    def _picture(self, card: Card) -> Drawn:
        chart = self.records.episode(card.subject).chart
        if chart is None:
            raise NotFoundError(f"A-{card.subject} has no picture.")
        view = self.documents.picture(chart)
        name = f"A-{card.subject}.{view.ending}"
        return Drawn(shows=Sheet(name=name, title=view.title, data=view.data, alt=view.alt))

    def _file(self, card: Card) -> Drawn:
        draft = self.records.draft(card.subject)
        view = self.documents.view(str(card.payload.get("what")), draft)
        name = f"{draft.label}-v{draft.edition}.{view.ending}"
        sheet = Sheet(name=name, title=view.title, text=view.text, data=view.data, alt=view.alt)
        return Drawn(shows=sheet, otherwise=lambda code: file_refused(draft, name, code))

    def _checklist(self, card: Card, link: Link) -> Drawn:
        page = _number(card.payload.get("page")) or 0
        items = self.records.followups(subject=str(card.payload.get("subject")))
        if len(items) <= page * PAGE:
            raise NotFoundError(f"There is no page {page + 1} of these action items.")
        stage = self.stage(link=link, people=_concerned(items))
        return Drawn(shows=checklist_card(items, page, PAGE, stage, ids=f"{card.key}:{card.wanted}"))

    def _morning(self, card: Card, link: Link) -> Drawn:
        incident = self.records.incident(card.subject)
        draft = draft_of(self.records, incident.id)
        own = self.records.followups(subject=incident.label, owner=card.to or "", open_only=True)
        keys = [f"incident:{incident.id}", *([f"postmortem:{draft.id}"] if draft else [])]
        shows = morning_card(incident, draft, own, self.stage(link=link, cards=keys), ids=f"{card.key}:{card.wanted}")
        return Drawn(shows=shows)

    def _incident(self, card: Card, link: Link) -> Drawn:
        incident = self.records.incident(card.subject)
        runs = [run for run in self.records.runs(open_only=False) if run.incident == incident.id]
        episodes = [self.records.episode(number) for number in incident.alarms]
        keys = [*(f"run:{run.id}" for run in runs), *(f"alarm:{one.id}" for one in episodes)]
        stage = self.stage(link=link, cards=keys[:40], people=_involved(incident))
        shows = incident_card(incident, Around(episodes=episodes, runs=runs), stage)
        return Drawn(shows=shows, asks=incident.declared_by)

    def _run_of(self, episode: Episode) -> Run | None:
        return self.records.run(episode.run) if episode.run is not None else None

    def _notice(self, card: Card, link: Link) -> Drawn:
        run = self.records.run(card.subject)
        approvals = self.records.approvals(run=run.id)
        wanted = _number(card.payload.get("approval"))
        approval = next((one for one in approvals if one.id == wanted), None)
        by = str(card.payload.get("by") or "")
        request = f"request:{wanted}" if wanted else ""
        ends = run.incident is not None and card.payload.get("what") in ENDS
        incident = self.records.incident(run.incident) if ends and run.incident is not None else None
        told = Told(
            payload=card.payload,
            run=run,
            runbook=self.runbook(run),
            stage=self.stage(link=link, cards=[*_around(run), request], people=[*_people(run, approvals), by]),
            approval=approval,
            approvals=approvals,
            attempts=self.records.attempts(run.id),
            alarm=self.records.episode(run.alarm) if run.alarm is not None else None,
            incident=incident,
            drafted=incident is not None and draft_of(self.records, incident.id) is not None,
            items=len(self.records.followups(subject=incident.label, open_only=True)) if incident else 0,
        )
        return Drawn(shows=notice(told), broadcast=broadcasts(card.payload), asks=run.requester)

    def _whisper(self, card: Card, link: Link) -> Drawn:
        payload = card.payload
        approvals = [self.records.approval(number) for number in _numbers(payload, "approval", "approvals")]
        runs = [self.records.run(number) for number in _numbers(payload, "run", "runs")]
        runs = runs or [self.records.run(one.run) for one in approvals[:1]]
        if payload.get("what") in {"run", "audit"} and runs:
            approvals = [*self.records.approvals(run=runs[0].id)]
        incidents = [self.records.incident(number) for number in _numbers(payload, "incident", "incidents")]
        people = [name for run in runs for name in _people(run, [one for one in approvals if one.run == run.id])]
        episodes = [self.records.episode(number) for number in _numbers(payload, "alarm", "alarms")]
        people += [one.taken_by for one in episodes if one.taken_by]
        people += [name for one in incidents for name in _involved(one)]
        items = [self.records.followup(number) for number in _numbers(payload, "item", "items")[:MOST_ITEMS]]
        people += _concerned(items)
        cards = [*(f"request:{one.id}" for one in approvals), *(f"run:{run.id}" for run in runs)]
        cards += [checklist_key(one.subject) for one in items]
        cards += [f"incident:{one.id}" for one in incidents]
        cards += [f"alarm:{one.with_ or one.id}" for one in episodes]
        cards += [at] if isinstance(at := payload.get("at"), str) else []
        drafts = [self.records.draft(number) for number in _numbers(payload, "draft", "drafts")]
        drafts = drafts if payload.get("what") == "postmortem" else []
        cards += [f"postmortem:{one.id}" for one in drafts]
        told = Whisper(
            payload=payload,
            stage=self.stage(link=link, cards=cards[:40], people=people),
            ids=card.key,
            runs=runs,
            runbook=self._named(payload.get("id")) or (self.runbook(runs[0]) if runs else None),
            approvals=approvals,
            incidents=incidents,
            episodes=episodes,
            followups=items,
            draft=next((self._postmortem(one, link, whispered=True) for one in drafts), None),
        )
        return Drawn(shows=whisper(told))

    def _named(self, name: JsonValue) -> Runbook | None:
        return self.library.runbooks().get(name) if isinstance(name, str) else None

    def _home(self, card: Card, link: Link) -> Drawn:
        runs = self.records.runs()
        approvals = self.records.approvals(open_only=True)
        episodes = self.records.episodes()
        incidents = self.records.incidents(open_only=True)
        cards = [
            *(f"incident:{one.id}" for one in incidents[:10]),
            *(f"run:{run.id}" for run in runs[:10]),
            *(f"request:{one.id}" for one in approvals[:10]),
            *(f"alarm:{one.id}" for one in episodes[:10]),
        ]
        people = [*(run.requester for run in runs[:10]), *(one.asked_by for one in approvals[:10])]
        stage = self.stage(link=link, cards=cards, people=people)
        return Drawn(shows=home(card.to or "", runs, approvals, episodes, incidents, stage))

    def cannot_write(self, channel: str) -> Message:
        """Return what a person is told when the bot may not write where the run is."""
        where = f"<#{channel}>" if channel.isascii() and channel.isalnum() else wording.quoted(channel, 40)
        words = f"I cannot write in {where}, so requests are not shown there. Type `/invite` and my name in it."
        return Message(text=words)


def _progress(attempts: Sequence[Attempt]) -> str:
    """Return how far the list is that is being sent, in words."""
    sending = next((one for one in reversed(attempts) if one.state is AttemptState.SENDING and one.call.many), None)
    if sending is None or sending.call.many is None:
        return ""
    done = sending.answer.get("done", 0) if sending.answer else 0
    return f"{done:,} of {sending.call.many.count:,}"


def _around(run: Run) -> list[str]:
    request = run.waiting.approval if run.waiting else None
    keys = [f"run:{run.id}", f"request:{request}" if request else "", f"alarm:{run.alarm}" if run.alarm else ""]
    keys += [f"incident:{run.incident}"] if run.incident else []
    return [key for key in keys if key]


def _people(run: Run, approvals: Sequence[Approval]) -> list[str]:
    """Return everybody a card of the run may name."""
    found = [run.requester, *run.authors, run.stopped_by, *(record.by for record in run.records.values())]
    found += [one.by for one in run.added]
    for approval in approvals:
        found += [approval.asked_by, approval.ended_by, *(vote.person for vote in approval.votes)]
        found += [*approval.binding.authors]
        if approval.state.open:
            found += [person for people in approval.candidates.values() for person in people]
    return found


def _on_alarm(episode: Episode) -> list[str]:
    """Return everybody a card of the alarm may name."""
    return [episode.taken_by or "", episode.none_fits.by if episode.none_fits else ""]


def _involved(incident: Incident) -> list[str]:
    """Return everybody a card of the incident may name."""
    notes = (person for note in incident.notes for person in (note.by, *(mark.by for mark in note.marks)))
    mentioned = [found for note in incident.notes for found in _MENTIONED.findall(note.text)][:MOST_MENTIONED]
    known = [incident.declared_by, incident.lead or "", incident.resolved_by, *incident.roles.values()]
    return [*known, *notes, *mentioned]


def _concerned(items: Sequence[FollowUp]) -> list[str]:
    """Return everybody a card of action items may name."""
    return [person for one in items for person in (one.owner, one.gone, one.by, one.closed_by)]


def _numbers(payload: Mapping[str, JsonValue], one: str, many: str) -> list[int]:
    listed = payload.get(many)
    values = listed if isinstance(listed, list) else [payload.get(one)]
    return [number for value in values if (number := _number(value)) is not None]


def _number(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _canvas_state(card: Card | None, draft: Draft) -> CanvasState:
    if card is None or card.shown < card.wanted:
        return CanvasState.COMING if card is None or card.ts is None else CanvasState.SHOWN
    if card.ts is None:
        return CanvasState.REFUSED
    return CanvasState.SHOWN if card.edition == draft.edition else CanvasState.LEFT
