"""What a submitted dialog means: its fields checked, then a wish. Pure but for what `Forms` reads from the records.

What does not fit is said at its field, by the same functions that the use cases decide with.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.domain.inbox import (
    AddFollowUp,
    AddStep,
    BreakGlass,
    CastVote,
    CloseFollowUp,
    ConfirmCause,
    DeclineRequest,
    Delivery,
    EditDraft,
    ExportPostmortem,
    GiveInputs,
    OtherRunbook,
    ParkRun,
    PublishPostmortem,
    StartRun,
    StateFact,
    StopRun,
    StrikeClaims,
    UndoStep,
    Wish,
)
from bot.domain.people import Place
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.sections import EDITABLE
from bot.domain.reasons import MOST_REASON, insist_on_words
from bot.domain.runbook import Parameter
from bot.errors import InvalidError, RequestError
from bot.slack.buttons import AsTyped, OfAlarm, Opening, Wanted
from bot.slack.cards.modals import (
    CAUSES,
    CONTINUED,
    DECLINES,
    FORMS,
    INPUT,
    OTHER,
    SECTION,
    TICKS,
    UNTIL,
    VALUE,
    WHY,
    WORDS,
)
from bot.slack.parsing import MOST_VALUE, cleaned, harmless
from bot.slack.payloads import Payload, hashed, ids_in, person_of, place_in, team_of
from bot.usecases.starting import fits
from bot.usecases.steering import LONGEST_PARK

GONE = "This dialog is too old. Nothing was done; close it and open it anew from the card."
SHORT_PARKS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1)}

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_AT_STEP = re.compile(r"([1-9][0-9]{0,8}):([a-z][a-z0-9_]{0,39})", re.ASCII)
_TWO = re.compile(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,8})", re.ASCII)
_THREE = re.compile(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,2}):([1-9][0-9]{0,8})", re.ASCII)
_SECTION = re.compile(rf"{SECTION}([0-9]{{1,2}}):([0-9]{{1,3}})({re.escape(CONTINUED)}?)", re.ASCII)
_TICKS = re.compile(rf"{TICKS}([1-9][0-9]{{0,2}}):([1-9][0-9]{{0,2}})", re.ASCII)
_UNTIL_THEN = re.compile(r"([1-9][0-9]{0,8}):([0-9]{1,12})", re.ASCII)

Fields = Mapping[str, str]


class FieldsError(InvalidError):
    """Say at which fields of a dialog something does not fit, by block id."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class Review(Protocol):
    """What a review was opened on."""

    @property
    def approval(self) -> int:
        """Return the request."""
        ...

    @property
    def edition(self) -> int:
        """Return its edition as the dialog shows it."""
        ...

    @property
    def place(self) -> Place:
        """Return where the card stands on which it was opened."""
        ...


class Typing(Protocol):
    """What values are typed again for."""

    @property
    def answer(self) -> int:
        """Return the expansion."""
        ...

    @property
    def number(self) -> int:
        """Return the proposal's place on it."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Return the parameters that were asked for."""
        ...

    @property
    def place(self) -> Place:
        """Return where the card stands on which it was opened."""
        ...


class Striking(Protocol):
    """What sentences are ticked on."""

    @property
    def message(self) -> str:
        """Return the message."""
        ...

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the ids of its sentences, as they were numbered."""
        ...

    @property
    def strikes(self) -> tuple[int, ...]:
        """Return the number of each sentence's strike, 0 where it was not struck."""
        ...

    @property
    def place(self) -> Place:
        """Return where the message stands."""
        ...


class Forms(Protocol):
    """Knows what the open dialogs were made from."""

    def review(self, opaque: str, *, person: str) -> Review:
        """Return what this person reviews.

        Raises:
            RequestError: nothing, or not any more.
        """
        ...

    def typing(self, opaque: str, *, person: str) -> Typing:
        """Return the proposal whose values this person types again.

        Raises:
            RequestError: nothing, or not any more.
        """
        ...

    def striking(self, opaque: str, *, person: str) -> Striking:
        """Return the message whose sentences this person ticks.

        Raises:
            RequestError: nothing, or not any more.
        """
        ...

    def start(self, opaque: str, *, person: str) -> StartRun:
        """Return the start that lacked inputs.

        Raises:
            RequestError: there is none, or not any more.
        """
        ...

    def chosen(self, run: int, value: str) -> Wanted:
        """Return what was chosen of all that can be done with a run now.

        Raises:
            RequestError: it is not among that, or not any more.
        """
        ...

    def parameters_of(self, runbook: str) -> Mapping[str, Parameter]:
        """Return the inputs of a runbook, by name."""
        ...

    def parameters_for(self, run: int) -> Mapping[str, Parameter]:
        """Return the inputs of the runbook a run follows, by name."""
        ...


def submission(body: Payload, forms: Forms, *, at: datetime) -> Delivery:
    """Translate a submitted dialog.

    Raises:
        FieldsError: something in it does not fit.
        RequestError: it cannot be read any more.
    """
    view = body["view"]
    metadata = str(view.get("private_metadata") or "")
    read = DIALOGS.get(str(view.get("callback_id")))
    if read is None:
        raise RequestError(GONE)
    wish, place = read(body, forms, at)
    return Delivery(
        identity=hashed(f"{view['id']}:{view.get('hash', '')}"),
        wish=wish,
        person=person_of(body),
        place=place or place_in(metadata, team=team_of(body)),
        at=at,
    )


def section_chosen(body: Payload) -> tuple[Opening, Place] | None:
    """Return the section that was chosen to be edited, and where; None for every other dialog.

    Raises:
        RequestError: it cannot be read any more.
    """
    if body["view"].get("callback_id") != "choose_section":
        return None
    chosen = _NUMBER.fullmatch(field(body, WHY, WHY))
    if chosen is None:
        raise FieldsError({WHY: "Choose one."})
    place = place_in(str(body["view"].get("private_metadata") or ""), team=team_of(body))
    return Opening(what="edit", number=_number(body), place=int(chosen[0])), place


def dialog_chosen(body: Payload, forms: Forms) -> tuple[Opening, Place] | None:
    """Return the dialog that was chosen of what can be done with a run, and where; None where it is none.

    Raises:
        RequestError: it is not among that any more.
    """
    if body["view"].get("callback_id") != "more":
        return None
    chosen = forms.chosen(_number(body), field(body, WHY, WHY))
    place = place_in(str(body["view"].get("private_metadata") or ""), team=team_of(body))
    return (chosen, place) if isinstance(chosen, Opening) else None


def page_turned(body: Payload) -> tuple[Opening, Place] | None:
    """Return the next page of a plan, and where; None for every other dialog.

    Raises:
        RequestError: it cannot be read any more.
    """
    if body["view"].get("callback_id") != "plan":
        return None
    found = _TWO.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    place = place_in(str(body["view"].get("private_metadata") or ""), team=team_of(body))
    return Opening(what="plan", number=int(found[1]), place=int(found[2]) + 1), place


Read = Callable[[Payload, Forms, datetime], tuple[Wish, Place | None]]


def _decline(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    why, words = field(body, WHY, WHY), field(body, WORDS, WORDS)
    if why not in DECLINES:
        raise FieldsError({WHY: "Choose one."})
    if why == "other" and not cleaned(words):
        raise FieldsError({WORDS: "Say in a sentence what it is."})
    if len(words) > MOST_VALUE:
        raise FieldsError({WORDS: f"At most {MOST_VALUE:,} characters."})
    return DeclineRequest(approval=_number(body), why=why, words=words), None


def _inputs(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, None]:
    found = _AT_STEP.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    run = int(found[1])
    return GiveInputs(run=run, inputs=checked(body, forms.parameters_for(run))), None


def _change(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, None]:
    run = _number(body)
    return GiveInputs(run=run, inputs=checked(body, forms.parameters_for(run))), None


def _start(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, None]:
    start = forms.start(_ids(body), person=person_of(body))
    given = checked(body, forms.parameters_of(start.runbook))
    return start.model_copy(update={"inputs": {**start.inputs, **given}}), None


def _park(body: Payload, _forms: Forms, at: datetime) -> tuple[Wish, None]:
    found = _UNTIL_THEN.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    chosen = field(body, UNTIL, UNTIL)
    if chosen in SHORT_PARKS:
        until = at + SHORT_PARKS[chosen]
    elif chosen == "tomorrow":
        until = datetime.fromtimestamp(int(found[2]), UTC)
    else:
        until = _other_time(field(body, OTHER, OTHER))
    if not at < until <= at + LONGEST_PARK:
        place = OTHER if chosen == "other" else UNTIL
        raise FieldsError({place: "Choose an hour in the future, at most seven days ahead."})
    return ParkRun(run=int(found[1]), until=until), None


def _more(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, None]:
    chosen = forms.chosen(_number(body), field(body, WHY, WHY))
    if isinstance(chosen, Opening | OfAlarm | AsTyped):
        raise RequestError(GONE)
    return chosen, None


def _undo(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    return UndoStep(run=_number(body)), None


def _stop(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    return StopRun(run=_number(body)), None


def _other_time(seconds: str) -> datetime:
    if not re.fullmatch(r"[0-9]{1,11}", seconds, re.ASCII):
        raise FieldsError({OTHER: "Choose the hour here."})
    return datetime.fromtimestamp(int(seconds), UTC)


def _review(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, Place]:
    review = forms.review(_ids(body), person=person_of(body))
    return CastVote(approval=review.approval, edition=review.edition), review.place


def _break_glass(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, Place]:
    shown = forms.review(_ids(body), person=person_of(body))
    try:
        reason = insist_on_words(field(body, WORDS, WORDS))
    except InvalidError as error:
        raise FieldsError({WORDS: error.words}) from error
    return BreakGlass(approval=shown.approval, edition=shown.edition, reason=reason), shown.place


def _typed(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, Place]:
    typing = forms.typing(_ids(body), person=person_of(body))
    given = {name: field(body, f"{INPUT}{name}", VALUE) for name in typing.names}
    if missing := {f"{INPUT}{name}": "Type the value here." for name, value in given.items() if not value}:
        raise FieldsError(missing)
    return AddStep(answer=typing.answer, number=typing.number, typed=given), typing.place


def _strike(body: Payload, forms: Forms, _at: datetime) -> tuple[Wish, Place]:
    striking = forms.striking(_ids(body), person=person_of(body))
    lists = [found for name in _values(body) if (found := _TICKS.fullmatch(name))]
    shown = {number for found in lists for number in range(int(found[1]), int(found[2]) + 1)}
    ticked = {number for found in lists for number in ticks(body, found[0], VALUE)}
    known = enumerate(zip(striking.claims, striking.strikes, strict=True), start=1)
    numbered = [(number, *pair) for number, pair in known if number in shown]
    wrong = tuple(claim for number, claim, strike in numbered if number in ticked and not strike)
    back = tuple(strike for number, _, strike in numbered if number not in ticked and strike)
    reason = field(body, WORDS, WORDS)
    if not wrong and not back:
        raise FieldsError({lists[0][0] if lists else WORDS: "Tick what is wrong, or untick what is not."})
    if len(reason) > MOST_REASON:
        raise FieldsError({WORDS: f"At most {MOST_REASON} characters."})
    return StrikeClaims(message=striking.message, wrong=wrong, back=back, reason=reason), striking.place


def _edit(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    found = _TWO.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    pieces: dict[str, list[tuple[int, str]]] = {}  # each with its place and, before it, what joins it to the last
    for block_id in _values(body):
        named = _SECTION.fullmatch(block_id)
        if named is None or int(named[1]) >= len(EDITABLE):
            continue
        joined = "" if named[3] else "\n"
        piece = joined + _as_written(body, block_id, VALUE)
        pieces.setdefault(EDITABLE[int(named[1])], []).append((int(named[2]), piece))
    sections = {title: "".join(text for _, text in sorted(parts)).strip() for title, parts in pieces.items()}
    return EditDraft(draft=int(found[1]), edition=int(found[2]), sections=sections), None


def _cause(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    found = _THREE.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    said = field(body, WHY, WHY)
    if said not in CAUSES:
        raise FieldsError({WHY: "Choose one."})
    draft, number, edition = (int(one) for one in found.groups())
    return ConfirmCause(draft=draft, number=number - 1, edition=edition, right=said == "right"), None


def _export(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    form = next((one for one in FORMS if one == field(body, WHY, WHY)), None)
    if form is None:
        raise FieldsError({WHY: "Choose one."})
    return ExportPostmortem(form=form, draft=_number(body)), None


def _publish(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    found = _TWO.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    return PublishPostmortem(draft=int(found[1]), edition=int(found[2])), None


def _fact(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    section, text = field(body, WHY, WHY), field(body, WORDS, WORDS)
    if section not in {part.value for part in Part}:
        raise FieldsError({WHY: "Choose one."})
    if not cleaned(text):
        raise FieldsError({WORDS: "Say in a sentence what you saw."})
    return StateFact(draft=_number(body), section=section, text=text[:MOST_VALUE]), None


def _drop(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    words = field(body, WORDS, WORDS)
    if not cleaned(words):
        raise FieldsError({WORDS: "Say in a sentence why."})
    return CloseFollowUp(item=_number(body), done=False, why=words[:MOST_VALUE]), None


def _add(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    words = field(body, WORDS, WORDS)
    if not cleaned(words):
        raise FieldsError({WORDS: "Say in a sentence what is to be done."})
    return AddFollowUp(beside=_number(body), text=words[:MOST_VALUE]), None


def _search(body: Payload, _forms: Forms, _at: datetime) -> tuple[Wish, None]:
    words = cleaned(field(body, WORDS, WORDS))
    if not words:
        raise FieldsError({WORDS: "Say in a few words what to search for."})
    return OtherRunbook(alarm=_number(body), words=words[:MOST_VALUE]), None


DIALOGS: Mapping[str, Read] = {
    "decline": _decline,
    "inputs": _inputs,
    "change": _change,
    "start_inputs": _start,
    "park": _park,
    "more": _more,
    "undo": _undo,
    "stop": _stop,
    "review": _review,
    "break_glass": _break_glass,
    "typed": _typed,
    "strike": _strike,
    "edit_draft": _edit,
    "add_fact": _fact,
    "cause": _cause,
    "export": _export,
    "publish": _publish,
    "drop": _drop,
    "item": _add,
    "search": _search,
}


def _ids(body: Payload) -> str:
    return ids_in(str(body["view"].get("private_metadata") or ""))


def _number(body: Payload) -> int:
    found = _NUMBER.fullmatch(_ids(body))
    if found is None:
        raise RequestError(GONE)
    return int(found[0])


def _values(body: Payload) -> Payload:
    return (body["view"].get("state") or {}).get("values") or {}


def ticks(body: Payload, block_id: str, action_id: str) -> frozenset[int]:
    """Return the numbers that are ticked in a list."""
    entry = _values(body).get(block_id, {}).get(action_id) or {}
    values = [str(option.get("value")) for option in entry.get("selected_options") or []]
    return frozenset(int(value) for value in values if _NUMBER.fullmatch(value))


def field(body: Payload, block_id: str, action_id: str) -> str:
    """Return what stands in a field, whatever kind of field it is; empty where it was left out."""
    return _as_written(body, block_id, action_id).strip()


def _as_written(body: Payload, block_id: str, action_id: str) -> str:
    entry = _values(body).get(block_id, {}).get(action_id) or {}
    option = entry.get("selected_option") or {}
    return harmless(str(entry.get("value") or option.get("value") or entry.get("selected_date_time") or ""))


def checked(body: Payload, parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """Return the inputs given, each as its parameter admits it.

    Raises:
        FieldsError: names every field that does not fit.
    """
    given: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for block_id in _values(body):
        name, value = block_id.removeprefix(INPUT), field(body, block_id, VALUE)
        if not block_id.startswith(INPUT):
            continue
        if not value:
            if name in parameters and parameters[name].required:
                wrong[block_id] = "Say it here."
            continue
        try:
            given[name] = _checked(name, value, parameters)
        except InvalidError as error:
            wrong[block_id] = error.words
    if wrong:
        raise FieldsError(wrong)
    return given


def _checked(name: str, value: str, parameters: Mapping[str, Parameter]) -> str:
    if name not in parameters:
        raise InvalidError("The runbook has no such input any more.")
    if len(value) > MOST_VALUE:
        raise InvalidError(f"At most {MOST_VALUE:,} characters; this has {len(value):,}.")
    return fits(parameters[name], value)
