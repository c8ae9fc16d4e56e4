"""The dialogs, made from what the records say now: who may not see is refused before any fact is shown.

It reads; it keeps nothing but what a dialog was opened on. What a dialog looks like is `cards.modals`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from bot.domain.approval import Approval, ApprovalState
from bot.domain.expression import compile_expression, first_given
from bot.domain.inbox import EditDraft, EditSection, StartRun, Wish
from bot.domain.people import Place
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.sections import EDITABLE
from bot.domain.reasons import asking_why, own_words
from bot.domain.records import Card
from bot.domain.run import Awaiting, Run
from bot.domain.runbook import Parameter, Runbook
from bot.domain.value import JsonValue
from bot.errors import BotError, RequestError
from bot.slack.buttons import AsTyped, OfAlarm, Opening, Wanted, wanted
from bot.slack.cards import modals
from bot.slack.cards.blocks import Block, View
from bot.slack.cards.modals import Field
from bot.slack.cards.run import changeable, further, stop_button, undo_button
from bot.slack.cards.stage import Stage
from bot.slack.modals import dialog_chosen, page_turned, section_chosen, submission
from bot.slack.opened import Opened, ReviewOpened, StrikingOpened, TypingOpened
from bot.slack.payloads import Payload, kept_place, person_of
from bot.usecases.adding import proposal
from bot.usecases.asking import list_cards
from bot.usecases.desk import Desk, utc_for
from bot.usecases.postmortems.drafts import find_draft, ready
from bot.usecases.runs import choices
from bot.usecases.starting import InputsMissingError, facts_of, fill, find_episode, known_scope
from bot.usecases.strikes import standing
from bot.usecases.striking import message

MORNING = 8


@dataclass(frozen=True, kw_only=True)
class Views:
    """Make dialogs.

    Attributes:
        stage: what cards are shown against, now.
        zone: in which time zone a person is; "tomorrow 08:00" is theirs.
    """

    desk: Desk
    stage: Callable[[], Stage]
    opened: Opened
    zone: Callable[[str], tzinfo] = field(default=utc_for)

    # What a dialog shows.

    def dialog(self, opening: Opening, *, person: str, place: Place) -> Block:
        """Return the dialog, unless this person may not see it or there is nothing to be asked any more.

        Raises:
            RequestError: the words say why not.
        """
        starts = {"inputs", "change", "park", "undo", "stop", "typed", "strike", "cause", "publish"}
        self.desk.person(person, channel=place.channel, starts=opening.what in starts)
        match opening.what:
            case "decline":
                approval = self._pending(opening.number)
                return _set(modals.decline(approval), str(approval.id), place)
            case "details":
                return self._details(opening.number, place)
            case "review" | "break_glass":
                return self._whole(opening, person, place)
            case "inputs":
                return self._inputs(opening, place)
            case "change":
                return self._changing(opening.number, place)
            case "park":
                return self._park(opening.number, person, place)
            case "undo" | "stop":
                return self._sure(opening, place)
            case "more":
                return self._what_else(opening.number, place)
            case "typed":
                return self._typing(opening, person, place)
            case "strike":
                return self._striking(opening.message, person, place)
            case "edit":
                return self._edit(ready(self.desk.records.draft(opening.number)), opening.place, place)
            case "fact":
                draft = ready(self.desk.records.draft(opening.number))
                return _set(modals.add_fact(draft), str(draft.id), place)
            case "draft":
                draft = ready(self.desk.records.draft(opening.number))
                return _set(modals.draft_text(draft), str(draft.id), place)
            case "cause":
                return self._cause(ready(self.desk.records.draft(opening.number)), opening.place, place)
            case "export":
                draft = ready(self.desk.records.draft(opening.number))
                return _set(modals.export_draft(draft), str(draft.id), place)
            case "publish":
                draft = ready(self.desk.records.draft(opening.number))
                return _set(modals.publish_draft(draft), f"{draft.id}:{draft.edition}", place)
            case "plan":
                return self._plan(opening, person, place)
            case "drop":
                item = self.desk.records.followup(opening.number)
                if not item.open:
                    raise RequestError(f"{item.label} is {item.state} already; nothing was done.")
                return _set(modals.drop_item(item), str(item.id), place)
            case "item":
                item = self.desk.records.followup(opening.number)
                return _set(modals.add_item(item), str(item.id), place)
            case "search":
                episode = self.desk.records.episode(opening.number)
                return _set(modals.search_runbook(episode), str(episode.id), place)

    def _plan(self, opening: Opening, person: str, place: Place) -> Block:
        told = self._told(opening.number, person)
        plan = told.payload.get("plan") if told else None
        if not isinstance(plan, dict):
            raise RequestError("This plan is not kept any more; nothing was done. Plan it again.")
        ids = f"{opening.number}:{opening.place}"
        return _set(modals.whole_plan(plan, opening.place, self.stage(), meta=ids), ids, place)

    def _told(self, inbox: int, person: str) -> Card | None:
        """Return the answer to a delivery, which only who got it may open again."""
        told = self.desk.records.card(f"whisper:{inbox}")
        return told if told is not None and told.to == person else None

    def _cause(self, draft: Draft, number: int, place: Place) -> Block:
        candidates = draft.document.candidates if draft.document else ()
        if not 0 < number <= len(candidates):
            raise RequestError("There is no such candidate any more; nothing was done.")
        shown = modals.judge_cause(draft, candidates[number - 1], number)
        return _set(shown, f"{draft.id}:{number}:{draft.edition}", place)

    def _edit(self, draft: Draft, number: int, place: Place) -> Block:
        if not 0 < number <= len(EDITABLE):
            return _set(modals.choose_section(draft), str(draft.id), place)
        return _set(modals.edit_draft(draft, EDITABLE[number - 1]), f"{draft.id}:{draft.edition}", place)

    def following(self, body: Payload, *, at: datetime) -> Block | None:
        """Return the dialog that follows on a submitted one: what was chosen in it, or a section changed meanwhile.

        Raises:
            RequestError: the words say why there is none.
        """
        if chosen := section_chosen(body) or dialog_chosen(body, self) or page_turned(body):
            return self.dialog(chosen[0], person=person_of(body), place=chosen[1])
        if body["view"].get("callback_id") != "edit_draft":
            return None
        delivery = submission(body, self, at=at)
        wish = delivery.wish
        if not isinstance(wish, EditDraft):
            return None
        self.desk.person(person_of(body), channel=delivery.place.channel, starts=False)
        draft = ready(self.desk.records.draft(wish.draft))
        if draft.edition == wish.edition or len(wish.sections) != 1:
            return None  # what is older still when it is dealt with is refused then
        ((title, mine),) = wish.sections.items()
        again = modals.edit_draft(draft, title, mine=mine)
        return _set(again, f"{draft.id}:{draft.edition}", delivery.place)

    def _pending(self, number: int) -> Approval:
        approval = self.desk.records.approval(number)
        if not approval.state.open:
            raise RequestError(f"{approval.label} is {approval.state} already; nothing was done.")
        return approval

    def _details(self, number: int, place: Place) -> Block:
        approval = self.desk.records.approval(number)
        run = self.desk.records.run(approval.run)
        shown = modals.details(approval, run, self.desk.runbook(run), self.stage())
        return _set(shown, str(approval.id), place)

    def _whole(self, opening: Opening, person: str, place: Place) -> Block:
        """Return the dialog that shows all of a request, to say yes to it, or to break the glass for it."""
        approval = self._pending(opening.number)
        if approval.state is not ApprovalState.PENDING:
            raise RequestError(f"{approval.label} is {approval.state} already; your click changed nothing.")
        run = self.desk.records.run(approval.run)
        card = place.model_copy(update={"thread": None})
        bound = ReviewOpened(approval=approval.id, edition=approval.edition, place=card)
        opaque = self.opened.keep(bound, person=person)
        files = [self.desk.records.card(card.key) for card in list_cards(approval, run)]
        stands = all(file is not None and file.ts is not None for file in files)
        show = modals.review if opening.what == "review" else modals.break_glass
        shown = show(approval, run, self.desk.runbook(run), self.stage(), opaque=opaque, listed=stands)
        return _set(shown, opaque, place)

    def _inputs(self, opening: Opening, place: Place) -> Block:
        run = self.desk.records.run(opening.number)
        waits = run.waiting is not None and run.waiting.what is Awaiting.INPUT and run.next_step == opening.step
        runbook = self.desk.runbook(run)
        lacking = [
            one
            for one in runbook.parameters
            if one.asked_by == opening.step and one.required and one.name not in run.inputs
        ]
        if not waits or not lacking:
            raise RequestError(f"{run.label} does not wait for these inputs any more; nothing was done.")
        scope = self.desk.scope(run)
        fields = [_field(one, scope, choices=self._open(run, one)) for one in lacking]
        return _set(modals.inputs(run, opening.step, fields), f"{run.id}:{opening.step}", place)

    def _changing(self, number: int, place: Place) -> Block:
        run = self.desk.records.run(number)
        given = changeable(run, self.desk.runbook(run))
        if not given:
            raise RequestError(f"{run.label} has no input that can still be changed; nothing was done.")
        scope = self.desk.scope(run)
        fields = [
            replace(_field(one, scope, choices=self._open(run, one)), value=run.inputs[one.name]) for one in given
        ]
        return _set(modals.change_inputs(run, fields), str(run.id), place)

    def _typing(self, opening: Opening, person: str, place: Place) -> Block:
        run, proposed, offer = proposal(self.desk, opening.number, opening.place, channel=place.channel)
        card = place.model_copy(update={"thread": None})
        bound = TypingOpened(answer=opening.number, number=opening.place, names=offer.typed, place=card)
        opaque = self.opened.keep(bound, person=person)
        return _set(modals.type_again(run, proposed, offer.typed, meta=opaque), opaque, place)

    def _striking(self, subject: str, person: str, place: Place) -> Block:
        found = message(self.desk, subject, place=place)
        struck = standing(self.desk.records, found.labels, channel=place.channel)
        said = modals.listed(found.said)
        numbers = tuple(strike.id if (strike := struck.get(one.id)) else 0 for one in said)
        bound = StrikingOpened(
            message=subject,
            claims=tuple(one.id for one in said),
            strikes=numbers,
            place=place.model_copy(update={"thread": None}),
        )
        opaque = self.opened.keep(bound, person=person)
        more = len(found.said) - len(said)
        elsewhere = "*Edit section…* has them too" if subject.startswith("postmortem:") else ""
        view = modals.strike(found.title, said, struck, more=more, meta=opaque, elsewhere=elsewhere)
        return _set(view, opaque, place)

    def _open(self, run: Run, parameter: Parameter) -> tuple[str, ...]:
        try:
            return choices(self.desk, run, parameter)
        except BotError:
            return ()

    def _park(self, number: int, person: str, place: Place) -> Block:
        run = self.desk.records.run(number)
        if run.state.ended:
            raise RequestError(f"{run.label} has ended already; nothing was done.")
        now = self.desk.now()
        morning = int(next_morning(now, self.zone(person)).timestamp())
        return _set(modals.park(run, now=now), f"{run.id}:{morning}", place)

    def _sure(self, opening: Opening, place: Place) -> Block:
        run = self.desk.records.run(opening.number)
        asks = stop_button(run) if opening.what == "stop" else undo_button(run, self.desk.runbook(run))
        if asks is None or asks.confirm is None or (opening.what == "stop" and run.state.ended):
            nothing = "has ended already" if opening.what == "stop" else "has nothing to take back any more"
            raise RequestError(f"{run.label} {nothing}; nothing was done.")
        return _set(modals.sure(asks.confirm, callback=opening.what, meta=str(run.id)), str(run.id), place)

    def _what_else(self, number: int, place: Place) -> Block:
        run = self.desk.records.run(number)
        found = further(run, self.desk.runbook(run))
        if not found:
            raise RequestError(f"{run.label} offers no more than its card shows.")
        return _set(modals.what_else(run, found), str(run.id), place)

    def chosen(self, run: int, value: str) -> Wanted:
        """Return what was chosen of all that can be done with a run now.

        Raises:
            RequestError: it is not among that, or not any more.
        """
        known = self.desk.records.run(run)
        offered = [one.option()["value"] for one in further(known, self.desk.runbook(known))]
        if value not in offered:
            raise RequestError(f"{known.label} does not offer that any more; nothing was done. Look at its card.")
        action, _, subject = value.partition(":")
        return wanted(action, subject)

    # What is missing before a start.

    def answering(self, wanted: OfAlarm) -> StartRun:
        """Return the start of the runbook that answers an alarm: the one that ran for it, else the one that names it.

        Raises:
            RequestError: none does.
        """
        episode = self.desk.records.episode(wanted.alarm)
        ran = self.desk.records.run(episode.run).runbook if episode.run is not None else None
        runbook = ran or episode.runbook
        if runbook is None:
            raise RequestError(f"No runbook answers A-{episode.id}; nothing was started. Type /runbook search words.")
        return StartRun(runbook=runbook, alarm=episode.id, plan_only=wanted.plan_only)

    def typed(self, wanted: AsTyped, *, person: str) -> StartRun:
        """Return the start that this person typed, with the alarm they named; a plan or what it lacks answered it.

        Raises:
            RequestError: it was not theirs, or nothing is known of it any more.
        """
        told = self._told(wanted.inbox, person)
        if told is None or "start" not in told.payload:
            raise RequestError("What you typed is not kept any more; nothing was started. Say it again.")
        return StartRun.model_validate(told.payload["start"])

    def asking(self, wish: Wish, *, person: str, place: Place) -> Block | None:
        """Return the dialog that a wish needs: what a start lacks, or a section; None to leave it to the inbox."""
        if isinstance(wish, EditSection):
            return self._to_edit(wish, person=person, place=place)
        if not isinstance(wish, StartRun):
            return None
        try:
            self._insist_on_inputs(wish, place)
        except InputsMissingError as error:
            return self._asked(wish, error, person=person, place=place)
        except BotError:
            return None  # the inbox refuses it, in words and on record
        return None

    def _to_edit(self, wish: EditSection, *, person: str, place: Place) -> Block | None:
        try:
            draft = find_draft(self.desk, wish.incident, place.channel)
            number = EDITABLE.index(wish.section) + 1 if wish.section else 0
            return self.dialog(Opening(what="edit", number=draft.id, place=number), person=person, place=place)
        except BotError:
            return None  # the inbox refuses it, in words and on record

    def _insist_on_inputs(self, wish: StartRun, place: Place) -> None:
        runbook = self.startable(wish.runbook)
        if runbook.not_startable(self.desk.environment) is None:
            episode = find_episode(self.desk, runbook, wish, place.channel)
            fill(self.desk, runbook, wish.inputs, facts_of(episode))

    def _asked(self, wish: StartRun, error: InputsMissingError, *, person: str, place: Place) -> Block | None:
        try:
            self.desk.person(person, channel=place.channel, starts=not wish.plan_only)
        except RequestError:
            return None  # the inbox refuses it, in words and on record
        runbook = self.startable(wish.runbook)
        episode = find_episode(self.desk, runbook, wish, place.channel)
        scope = known_scope(self.desk, wish.inputs, facts_of(episode))
        opaque = self.opened.keep(wish, person=person)
        fields = [_field(one, scope) for one in error.missing]
        fields += [_field(one, scope, optional=True) for one in _why(runbook, wish)]
        environment = self.desk.platform.name
        asked = modals.start_inputs(runbook, fields, meta=opaque, environment=environment, plan_only=wish.plan_only)
        return _set(asked, opaque, place)

    # What a submitted dialog is read against.

    def review(self, opaque: str, *, person: str) -> ReviewOpened:
        """Return what this person reviews.

        Raises:
            RequestError: nothing, or not any more.
        """
        return self.opened.review(opaque, person=person)

    def typing(self, opaque: str, *, person: str) -> TypingOpened:
        """Return the proposal whose values this person types again.

        Raises:
            RequestError: nothing, or not any more.
        """
        return self.opened.typing(opaque, person=person)

    def striking(self, opaque: str, *, person: str) -> StrikingOpened:
        """Return the message whose sentences this person ticks.

        Raises:
            RequestError: nothing, or not any more.
        """
        return self.opened.striking(opaque, person=person)

    def start(self, opaque: str, *, person: str) -> StartRun:
        """Return the start this person was giving inputs to.

        Raises:
            RequestError: nothing, or not any more.
        """
        return self.opened.start(opaque, person=person)

    def startable(self, runbook: str) -> Runbook:
        """Return the runbook of that name, as it asks why."""
        return asking_why(self.desk.library.find(runbook), self.desk.catalogue)

    def parameters_of(self, runbook: str) -> Mapping[str, Parameter]:
        """Return the inputs a runbook can be started with, by name; what it asks later may be left open."""
        given = self.startable(runbook).parameters
        return {one.name: one.model_copy(update={"required": one.required and not one.asked_by}) for one in given}

    def parameters_for(self, run: int) -> Mapping[str, Parameter]:
        """Return the inputs of the runbook a run follows, by name."""
        return {one.name: one for one in self.desk.runbook(self.desk.records.run(run)).parameters}


def next_morning(now: datetime, zone: tzinfo) -> datetime:
    """Return eight o'clock of the day after, where that is."""
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, MORNING, tzinfo=zone)


def _why(runbook: Runbook, wish: StartRun) -> tuple[Parameter, ...]:
    """Return the reason, which may wait for the first change, where there is one and nobody has typed it."""
    asked = [one for one in runbook.parameters if own_words(one) and one.asked_by is not None]
    return tuple(one for one in asked if one.name not in wish.inputs and not wish.plan_only)


def _set(view: View, ids: str, place: Place) -> Block:
    """Return the dialog with its subject and its place in it, ids only."""
    return {**view.payload, "private_metadata": kept_place(ids, place)}


def _field(
    parameter: Parameter, scope: Mapping[str, JsonValue], *, choices: tuple[str, ...] = (), optional: bool = False
) -> Field:
    return Field(
        name=parameter.name,
        title=parameter.title,
        choices=choices or parameter.enum or _choices(parameter, scope),
        labels=parameter.labels,
        value=_offered(parameter, scope),
        optional=optional,
    )


def _choices(parameter: Parameter, scope: Mapping[str, JsonValue]) -> tuple[str, ...]:
    try:
        found = compile_expression(parameter.choices).value(scope) if parameter.choices else None
    except BotError:
        return ()
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _offered(parameter: Parameter, scope: Mapping[str, JsonValue]) -> str:
    try:
        found = first_given(parameter.sources, scope)
    except BotError:
        found = None
    return str(found) if found is not None else parameter.default or ""
