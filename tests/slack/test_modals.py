from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.inbox import (
    AddFollowUp,
    AddStep,
    BreakGlass,
    CastVote,
    CloseFollowUp,
    DeclineRequest,
    Delivery,
    GiveInputs,
    ParkRun,
    StartRun,
    StopRun,
    StrikeClaims,
    UndoStep,
)
from bot.domain.people import Place
from bot.domain.runbook import Parameter
from bot.errors import RequestError
from bot.slack.buttons import Wanted
from bot.slack.modals import FieldsError, submission
from bot.slack.opened import OPEN_FOR, Opened, ReviewOpened, StrikingOpened, TypingOpened
from tests.slack.door import ANA, BO, CARD, CHANNEL, NOON, TEAM, THREAD, Body, Hour, chosen, digest, submit, written

HERE = f"{CHANNEL} {THREAD}"
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PARAMETERS = {
    "reason": Parameter(name="reason", title="Why?", pattern=r"[^\n]{1,80}"),
    "probe_file": Parameter(name="probe_file", title="File", pattern=r"bronze/[A-Za-z0-9_=/.-]{1,200}"),
}
CARD_PLACE = Place(team=TEAM, channel=CHANNEL, ts=CARD)


class HeldDialogs:
    """Keep what dialogs were opened on, by the hour of a test."""

    def __init__(self, hour: Hour) -> None:
        self._hour = hour
        self.kept: dict[tuple[str, str], tuple[datetime, str]] = {}

    def keep_dialog(self, opaque: str, *, person: str, until: datetime, subject: str) -> None:
        self.kept[opaque, person] = (until, subject)

    def dialog(self, opaque: str, *, person: str) -> str | None:
        until, subject = self.kept.get((opaque, person), (self._hour.now(), ""))
        return subject if self._hour.now() < until else None


class ToldForms:
    """Know one runbook, and what was opened."""

    def __init__(self) -> None:
        self.hour = Hour()
        self.dialogs = HeldDialogs(self.hour)
        self.opened = Opened(kept=self.dialogs, now=self.hour.now)

    def review(self, opaque: str, *, person: str) -> ReviewOpened:
        return self.opened.review(opaque, person=person)

    def typing(self, opaque: str, *, person: str) -> TypingOpened:
        return self.opened.typing(opaque, person=person)

    def striking(self, opaque: str, *, person: str) -> StrikingOpened:
        return self.opened.striking(opaque, person=person)

    def start(self, opaque: str, *, person: str) -> StartRun:
        return self.opened.start(opaque, person=person)

    def chosen(self, run: int, value: str) -> Wanted:
        raise RequestError(f"R-{run} does not offer {value!a}.")

    def parameters_of(self, runbook: str) -> Mapping[str, Parameter]:
        return PARAMETERS

    def parameters_for(self, run: int) -> Mapping[str, Parameter]:
        return PARAMETERS


def moment(seconds: int) -> dict[str, Body]:
    return {"other": {"other": {"type": "datetimepicker", "selected_date_time": seconds}}}


def declining(why: str, words: str | None = None) -> dict[str, Body]:
    return {**chosen("why", "why", why), **written("words", "words", words)}


def test_a_decline_carries_why_and_goes_back_where_it_was_opened() -> None:
    body = submit("decline", f"9 {HERE}", declining("wrong values", " f-0193 is not fixed \n"))

    kept = submission(body, ToldForms(), at=NOON)

    assert kept.wish == DeclineRequest(approval=9, why="wrong values", words="f-0193 is not fixed")
    assert kept.place == Place(team=TEAM, channel=CHANNEL, thread=THREAD)
    assert (kept.person, kept.identity) == (ANA, digest("V0DIALOG:156663117.cd33ad1f"))


def test_the_same_submit_twice_is_one_delivery() -> None:
    first, again, later = (
        submission(submit("decline", f"9 {HERE}", declining("not now"), view_hash=view_hash), ToldForms(), at=NOON)
        for view_hash in ("1.a", "1.a", "2.b")
    )

    assert first.identity == again.identity != later.identity


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (declining("other"), "words"),
        (declining("other", " \u200b\n"), "words"),
        (declining("because"), "why"),
        ({}, "why"),
        (declining("not now", "x" * 2_001), "words"),
    ],
)
def test_a_decline_that_says_too_little_or_too_much_is_refused_at_its_field(
    values: dict[str, Body], field: str
) -> None:
    body = submit("decline", f"9 {HERE}", values)

    with pytest.raises(FieldsError) as refused:
        submission(body, ToldForms(), at=NOON)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(("dialog", "wish"), [("undo", UndoStep(run=42)), ("stop", StopRun(run=42))])
def test_what_was_asked_once_more_is_wished_for(dialog: str, wish: UndoStep | StopRun) -> None:
    kept = submission(submit(dialog, f"42 {HERE}", {}), ToldForms(), at=NOON)

    assert kept.wish == wish


def test_inputs_are_given_to_the_run_that_asked() -> None:
    values = {
        **written("input:reason", "value", "column fixed, re-sent 03:05"),
        **chosen("input:probe_file", "value", "bronze/a=1/f.csv"),
    }

    kept = submission(submit("inputs", f"42:half_open {HERE}", values), ToldForms(), at=NOON)

    given = {"reason": "column fixed, re-sent 03:05", "probe_file": "bronze/a=1/f.csv"}
    assert kept.wish == GiveInputs(run=42, inputs=given)


@pytest.mark.parametrize("reason", [" ", "\u200b", "x" * 10_240])
def test_a_reason_that_says_nothing_is_refused_at_its_field(reason: str) -> None:
    with pytest.raises(FieldsError) as refused:
        submission(
            submit("inputs", f"42:half_open {HERE}", written("input:reason", "value", reason)), ToldForms(), at=NOON
        )

    assert list(refused.value.fields) == ["input:reason"]


def test_what_is_changed_fits_as_what_is_given_does() -> None:
    fitting, other = written("input:reason", "value", "re-sent again"), written("input:reason", "value", "two\nlines")

    kept = submission(submit("change", f"42 {HERE}", fitting), ToldForms(), at=NOON)

    assert kept.wish == GiveInputs(run=42, inputs={"reason": "re-sent again"})
    with pytest.raises(FieldsError):
        submission(submit("change", f"42 {HERE}", other), ToldForms(), at=NOON)


def test_every_input_that_does_not_fit_is_named_at_once() -> None:
    values = {
        **written("input:reason", "value", "two\nlines"),
        **written("input:probe_file", "value", "bronze/../x'; DROP"),
        **written("input:other", "value", "x"),
        **written("notes", "value", "not an input"),
    }

    with pytest.raises(FieldsError) as refused:
        submission(submit("inputs", f"42:half_open {HERE}", values), ToldForms(), at=NOON)

    assert set(refused.value.fields) == {"input:reason", "input:probe_file", "input:other"}
    assert "must look like" in refused.value.fields["input:reason"]


@pytest.mark.parametrize(
    ("choice", "more", "until"),
    [
        ("30m", {}, NOON + timedelta(minutes=30)),
        ("1h", moment(1), NOON + timedelta(hours=1)),
        ("tomorrow", {}, MORNING),
        ("other", moment(int((NOON + timedelta(days=2)).timestamp())), NOON + timedelta(days=2)),
    ],
)
def test_a_run_is_parked_until_the_hour_chosen(choice: str, more: dict[str, Body], until: datetime) -> None:
    body = submit("park", f"42:{int(MORNING.timestamp())} {HERE}", {**chosen("until", "until", choice), **more})

    assert submission(body, ToldForms(), at=NOON).wish == ParkRun(run=42, until=until)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (chosen("until", "until", "other"), "other"),
        ({**chosen("until", "until", "other"), **moment(int(NOON.timestamp()))}, "other"),
        ({**chosen("until", "until", "other"), **moment(int((NOON + timedelta(days=8)).timestamp()))}, "other"),
        ({}, "other"),
    ],
)
def test_an_hour_that_cannot_be_is_refused_at_its_field(values: dict[str, Body], field: str) -> None:
    body = submit("park", f"42:{int(MORNING.timestamp())} {HERE}", values)

    with pytest.raises(FieldsError) as refused:
        submission(body, ToldForms(), at=NOON)

    assert list(refused.value.fields) == [field]


def test_a_start_goes_on_with_what_was_given_before() -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(StartRun(runbook="needy", inputs={"table": "accounts"}, alarm=118), person=ANA)

    kept = submission(
        submit("start_inputs", f"{opaque} {HERE}", written("input:reason", "value", "now")), forms, at=NOON
    )

    inputs = {"table": "accounts", "reason": "now"}
    assert kept.wish == StartRun(runbook="needy", inputs=inputs, alarm=118)


def test_a_review_votes_on_the_card_and_edition_it_was_opened_on() -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(ReviewOpened(approval=9, edition=3, place=CARD_PLACE), person=ANA)

    kept = submission(submit("review", f"{opaque} {HERE}", {}), forms, at=NOON)

    assert kept.wish == CastVote(approval=9, edition=3)
    assert kept.place == CARD_PLACE


def test_the_glass_is_broken_on_the_card_and_edition_it_was_opened_on() -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(ReviewOpened(approval=9, edition=3, place=CARD_PLACE), person=ANA)

    kept = submission(
        submit("break_glass", f"{opaque} {HERE}", written("words", "words", " nobody answers ")), forms, at=NOON
    )

    assert kept.wish == BreakGlass(approval=9, edition=3, reason="nobody answers")
    assert kept.place == CARD_PLACE


@pytest.mark.parametrize("why", ["", " ", "\u200b", "x" * 301])
def test_the_glass_is_not_broken_for_a_reason_that_nobody_can_read(why: str) -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(ReviewOpened(approval=9, edition=3, place=CARD_PLACE), person=ANA)

    with pytest.raises(FieldsError) as refused:
        submission(submit("break_glass", f"{opaque} {HERE}", written("words", "words", why)), forms, at=NOON)

    assert "A reason " in refused.value.fields["words"]


def test_nobody_submits_the_review_of_somebody_else() -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(ReviewOpened(approval=9, edition=3, place=CARD_PLACE), person=BO)

    with pytest.raises(RequestError, match="too old"):
        submission(submit("review", f"{opaque} {HERE}", {}, person=ANA), forms, at=NOON)


def test_a_review_cannot_be_guessed_from_the_ids_of_a_request() -> None:
    with pytest.raises(RequestError, match="too old"):
        submission(submit("review", f"9:3 {HERE}", {}), ToldForms(), at=NOON)


def test_a_review_does_not_outlive_any_request() -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(ReviewOpened(approval=9, edition=3, place=CARD_PLACE), person=ANA)
    forms.hour.move(OPEN_FOR)

    with pytest.raises(RequestError, match="too old"):
        forms.review(opaque, person=ANA)


def test_a_start_is_no_review() -> None:
    forms = ToldForms()
    opaque = forms.opened.keep(StartRun(runbook="needy"), person=ANA)

    with pytest.raises(RequestError, match="too old"):
        forms.review(opaque, person=ANA)


def test_another_replica_hears_the_answer_to_a_dialog_that_this_one_opened() -> None:
    forms = ToldForms()
    other = Opened(kept=forms.dialogs, now=forms.hour.now)

    opaque = forms.opened.keep(ReviewOpened(approval=9, edition=3, place=CARD_PLACE), person=ANA)

    assert other.review(opaque, person=ANA) == ReviewOpened(approval=9, edition=3, place=CARD_PLACE)
    with pytest.raises(RequestError, match="too old"):
        other.review(opaque, person=BO)


def test_what_another_release_opened_is_refused_and_not_guessed_at() -> None:
    forms = ToldForms()
    forms.dialogs.keep_dialog("x" * 24, person=ANA, until=NOON + OPEN_FOR, subject='{"kind":"vote","approval":9}')

    with pytest.raises(RequestError, match="too old"):
        forms.review("x" * 24, person=ANA)


@pytest.mark.parametrize(
    ("callback", "metadata"),
    [
        ("decline", "x"),
        ("decline", ""),
        ("decline", "９ C0ETL -"),  # noqa: RUF001 - fullwidth digit
        ("inputs", "42"),
        ("change", "42:half_open"),
        ("park", "42"),
        ("undo", "not-a-run"),
        ("stop", "42:43"),
        ("details", "9"),
        ("other", "9"),
    ],
)
def test_a_dialog_that_is_not_ours_is_refused(callback: str, metadata: str) -> None:
    values = declining("not now")

    with pytest.raises(RequestError, match="too old"):
        submission(submit(callback, metadata, values), ToldForms(), at=NOON)


def test_a_dialog_opened_in_home_answers_in_direct_messages() -> None:
    kept = submission(submit("decline", "9 D -", declining("not now")), ToldForms(), at=NOON)

    assert kept.place == Place(team=TEAM, channel="D")


def typing_of(forms: ToldForms) -> str:
    place = Place(team=TEAM, channel=CHANNEL, ts="17.5")
    return forms.opened.keep(TypingOpened(answer=57, number=2, names=("arn",), place=place), person=ANA)


def test_what_was_typed_again_goes_to_the_proposal_it_was_asked_for() -> None:
    forms = ToldForms()
    values = {**written("input:arn", "value", "arn:x"), **written("input:cause", "value", "smuggled")}

    kept = submission(submit("typed", f"{typing_of(forms)} {HERE}", values), forms, at=NOON)

    assert kept.wish == AddStep(answer=57, number=2, typed={"arn": "arn:x"})
    assert kept.place == Place(team=TEAM, channel=CHANNEL, ts="17.5")


def test_what_was_not_typed_is_asked_for_at_its_field() -> None:
    forms = ToldForms()

    with pytest.raises(FieldsError) as refused:
        submission(submit("typed", f"{typing_of(forms)} {HERE}", written("input:arn", "value", " ")), forms, at=NOON)
    assert list(refused.value.fields) == ["input:arn"]
    with pytest.raises(RequestError, match="too old"):
        submission(submit("typed", f"forged {HERE}", {}), forms, at=NOON)


def test_dropping_and_adding_an_action_item_need_words() -> None:
    said = written("words", "words", " the source\nis gone ")

    dropped = submission(submit("drop", f"12 {HERE}", said), ToldForms(), at=NOON)
    added = submission(submit("item", f"12 {HERE}", said), ToldForms(), at=NOON)

    assert dropped.wish == CloseFollowUp(item=12, done=False, why="the source\nis gone")
    assert added.wish == AddFollowUp(beside=12, text="the source\nis gone")
    for callback in ("drop", "item"):
        with pytest.raises(FieldsError, match="Say in a sentence"):
            submission(submit(callback, f"12 {HERE}", written("words", "words", "\u200b ")), ToldForms(), at=NOON)


# What is struck.


def ticked(begin: int, end: int, *values: object) -> dict[str, Body]:
    options = [{"value": str(value)} for value in values]
    return {f"ticks:{begin}:{end}": {"value": {"type": "checkboxes", "selected_options": options}}}


def striking(*values: dict[str, Body], reason: str | None = None, person: str = ANA) -> Delivery:
    forms = ToldForms()
    bound = StrikingOpened(message="assist:57", claims=("a", "b", "c", "d"), strikes=(0, 5, 0, 6), place=CARD_PLACE)
    opaque = forms.opened.keep(bound, person=ANA)
    whole = {name: block for one in (*values, written("words", "words", reason)) for name, block in one.items()}
    return submission(submit("strike", f"{opaque} {HERE}", whole, person=person), forms, at=NOON)


def test_what_is_ticked_is_struck_and_what_is_unticked_is_taken_back() -> None:
    kept = striking(ticked(1, 2, 1), ticked(3, 4, 4), reason=" it was \x00closed ")

    assert kept.wish == StrikeClaims(message="assist:57", wrong=("a",), back=(5,), reason="it was closed")
    assert kept.place == CARD_PLACE


def test_what_the_dialog_did_not_show_is_neither_struck_nor_taken_back() -> None:
    kept = striking(ticked(1, 2, 1, 2, 3, "4", "five", -1, "1" * 40))

    assert kept.wish == StrikeClaims(message="assist:57", wrong=("a",))


@pytest.mark.parametrize("values", [(ticked(1, 2, 2), ticked(3, 4, 4)), ()])
def test_who_changes_nothing_is_told_at_the_list(values: tuple[dict[str, Body], ...]) -> None:
    with pytest.raises(FieldsError) as refused:
        striking(*values)
    assert list(refused.value.fields) == ["ticks:1:2" if values else "words"]


def test_a_reason_that_is_too_long_is_refused_at_its_field() -> None:
    with pytest.raises(FieldsError) as refused:
        striking(ticked(1, 2, 1, 2), ticked(3, 4, 4), reason="x" * 301)
    assert list(refused.value.fields) == ["words"]


def test_nobody_submits_what_somebody_else_opened() -> None:
    with pytest.raises(RequestError, match="too old"):
        striking(ticked(1, 2, 1), person=BO)
