"""The dialogs, made from what the records say now: who may not see is refused before any fact is shown.

It reads; it keeps nothing but what a dialog was opened on. What a dialog looks like is `cards.modals`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from bot.domain.approval import Approval, ApprovalState
from bot.domain.expression import compile_expression, first_given
from bot.domain.inbox import StartRun, Wish
from bot.domain.people import Place
from bot.domain.postmortem.draft import Draft
from bot.domain.run import Awaiting, Run
from bot.domain.runbook import Parameter
from bot.domain.value import JsonValue
from bot.errors import BotError, RequestError
from bot.slack.buttons import OfAlarm, Opening
from bot.slack.cards import modals
from bot.slack.cards.blocks import Block, View
from bot.slack.cards.modals import Field
from bot.slack.cards.stage import Stage
from bot.slack.opened import Opened, ReviewOpened, TypingOpened
from bot.slack.payloads import kept_place
from bot.usecases.adding import proposal
from bot.usecases.asking import list_cards
from bot.usecases.desk import Desk, utc_for
from bot.usecases.runs import choices
from bot.usecases.starting import InputsMissingError, facts_of, fill, find_episode, known_scope

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
        self.desk.person(person, channel=place.channel, starts=opening.what in {"inputs", "park", "typed"})
        match opening.what:
            case "decline":
                approval = self._pending(opening.number)
                return _set(modals.decline(approval), str(approval.id), place)
            case "details":
                return self._details(opening.number, place)
            case "review":
                return self._review(opening.number, person, place)
            case "inputs":
                return self._inputs(opening, place)
            case "park":
                return self._park(opening.number, person, place)
            case "typed":
                return self._typing(opening, person, place)
            case "edit":
                draft = self._draft(opening.number)
                return _set(modals.edit_draft(draft), f"{draft.id}:{draft.edition}", place)
            case "fact":
                draft = self._draft(opening.number)
                return _set(modals.add_fact(draft), str(draft.id), place)
            case "drop":
                item = self.desk.records.followup(opening.number)
                if not item.open:
                    raise RequestError(f"{item.label} is {item.state} already; nothing was done.")
                return _set(modals.drop_item(item), str(item.id), place)
            case "item":
                item = self.desk.records.followup(opening.number)
                return _set(modals.add_item(item), str(item.id), place)

    def _draft(self, number: int) -> Draft:
        draft = self.desk.records.draft(number)
        if draft.document is None:
            raise RequestError(f"The draft of {draft.label} is not ready yet; nothing was done.")
        return draft

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

    def _review(self, number: int, person: str, place: Place) -> Block:
        approval = self._pending(number)
        if approval.state is not ApprovalState.PENDING:
            raise RequestError(f"{approval.label} is {approval.state} already; your click changed nothing.")
        run = self.desk.records.run(approval.run)
        card = place.model_copy(update={"thread": None})
        bound = ReviewOpened(approval=approval.id, edition=approval.edition, place=card)
        opaque = self.opened.keep(bound, person=person)
        files = [self.desk.records.card(card.key) for card in list_cards(approval, run)]
        stands = all(file is not None and file.ts is not None for file in files)
        shown = modals.review(approval, run, self.desk.runbook(run), self.stage(), opaque=opaque, listed=stands)
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

    def _typing(self, opening: Opening, person: str, place: Place) -> Block:
        run, proposed, offer = proposal(self.desk, opening.number, opening.place, channel=place.channel)
        card = place.model_copy(update={"thread": None})
        bound = TypingOpened(answer=opening.number, number=opening.place, names=offer.typed, place=card)
        opaque = self.opened.keep(bound, person=person)
        return _set(modals.type_again(run, proposed, offer.typed, meta=opaque), opaque, place)

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

    # What is missing before a start.

    def answering(self, wanted: OfAlarm) -> StartRun:
        """Return the start of the runbook that answers an alarm.

        Raises:
            RequestError: none does.
        """
        episode = self.desk.records.episode(wanted.alarm)
        if episode.runbook is None:
            raise RequestError(f"No runbook answers A-{episode.id}; nothing was started. Type /runbook search words.")
        return StartRun(runbook=episode.runbook, alarm=episode.id, plan_only=wanted.plan_only)

    def asking(self, wish: Wish, *, person: str, place: Place) -> Block | None:
        """Return the dialog that asks for what a start lacks; None where it lacks nothing, or is to be refused."""
        if not isinstance(wish, StartRun) or wish.plan_only:
            return None
        try:
            self._insist_on_inputs(wish, place)
        except InputsMissingError as error:
            return self._asked(wish, error, person=person, place=place)
        except BotError:
            return None  # the inbox refuses it, in words and on record
        return None

    def _insist_on_inputs(self, wish: StartRun, place: Place) -> None:
        runbook = self.desk.library.find(wish.runbook)
        if runbook.not_startable(self.desk.environment) is None:
            episode = find_episode(self.desk, runbook, wish, place.channel)
            fill(self.desk, runbook, wish.inputs, facts_of(episode))

    def _asked(self, wish: StartRun, error: InputsMissingError, *, person: str, place: Place) -> Block | None:
        try:
            self.desk.person(person, channel=place.channel, starts=True)
        except RequestError:
            return None  # the inbox refuses it, in words and on record
        runbook = self.desk.library.find(wish.runbook)
        episode = find_episode(self.desk, runbook, wish, place.channel)
        scope = known_scope(self.desk, wish.inputs, facts_of(episode))
        opaque = self.opened.keep(wish, person=person)
        fields = [_field(one, scope) for one in error.missing]
        environment = self.desk.platform.name
        return _set(modals.start_inputs(runbook, fields, meta=opaque, environment=environment), opaque, place)

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

    def start(self, opaque: str, *, person: str) -> StartRun:
        """Return the start this person was giving inputs to.

        Raises:
            RequestError: nothing, or not any more.
        """
        return self.opened.start(opaque, person=person)

    def parameters_of(self, runbook: str) -> Mapping[str, Parameter]:
        """Return the inputs of a runbook, by name."""
        return {one.name: one for one in self.desk.library.find(runbook).parameters}

    def parameters_for(self, run: int) -> Mapping[str, Parameter]:
        """Return the inputs of the runbook a run follows, by name."""
        return {one.name: one for one in self.desk.runbook(self.desk.records.run(run)).parameters}


def next_morning(now: datetime, zone: tzinfo) -> datetime:
    """Return eight o'clock of the day after, where that is."""
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, MORNING, tzinfo=zone)


def _set(view: View, ids: str, place: Place) -> Block:
    """Return the dialog with its subject and its place in it, ids only."""
    return {**view.payload, "private_metadata": kept_place(ids, place)}


def _field(parameter: Parameter, scope: Mapping[str, JsonValue], *, choices: tuple[str, ...] = ()) -> Field:
    return Field(
        name=parameter.name,
        title=parameter.title,
        choices=choices or parameter.enum or _choices(parameter, scope),
        labels=parameter.labels,
        value=_offered(parameter, scope),
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
