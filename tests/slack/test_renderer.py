"""The one voice shows what is behind: in order, in place, once, and never faster or louder than it should."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.documents.views import DraftViews
from bot.domain.approval import ApprovalState
from bot.domain.people import Person
from bot.domain.problem import Problem
from bot.domain.reading import read_runbook
from bot.domain.records import Card, CardKind, Change
from bot.domain.run import Awaiting, Run
from bot.domain.runbook import Runbook
from bot.domain.uploads import CANVAS, Upload
from bot.domain.value import JsonObject
from bot.errors import CallRefusedError, InvalidError, NotFoundError, OutcomeUnknownError, UnavailableError
from bot.records.anchors import folder_anchors
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.slack.chat import SlowDownError
from bot.slack.drawing import Drawing
from bot.slack.links import Links
from bot.slack.renderer import MOST_BEHIND, Renderer
from tests.embedded import collected
from tests.records.values import StandingClock
from tests.slack.cards.drafts import a_draft
from tests.slack.cards.samples import (
    ANA,
    BO,
    CHANNEL,
    CY,
    NAMES,
    NIGHT,
    PLATFORM,
    POLICY,
    RUNBOOKS,
    an_alarm,
    an_approval,
    ended,
    runbook,
    waiting_for,
)
from tests.slack.fakes import FakeChat


class Shelf:
    """One runbook."""

    def runbooks(self) -> dict[str, Runbook]:
        return {"circuit-breaker": runbook()}

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def find(self, name: str) -> Runbook:
        if name != "circuit-breaker":
            raise NotFoundError("There is none.")
        return runbook()

    def text(self, runbook: Runbook) -> str:
        return (RUNBOOKS / "circuit-breaker.md").read_text(encoding="utf-8")

    def reading(self, text: str, path: str) -> Runbook:
        found = read_runbook(text, path).runbook
        if found is None:
            raise InvalidError("It cannot be read.")
        return found


@dataclass
class Names:
    """Who people are; silent when told so."""

    silent: bool = False

    def person(self, person: str, *, fresh: bool = False) -> Person:
        if self.silent:
            raise UnavailableError("Slack did not say.")
        return Person(id=person, team="T0LAKE", name=NAMES[person])

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        return frozenset({BO, CY})

    def shared(self, channel: str) -> bool:
        return False


@dataclass
class Seconds:
    """A clock the test moves."""

    at: float = 1_000.0
    broken: bool = False

    def __call__(self) -> float:
        if self.broken:
            raise RuntimeError("The clock has stopped.")
        return self.at


@dataclass
class Shelves:
    """What Slack gives back of a canvas: the page that people see, or nothing."""

    pages: dict[str, str] = field(default_factory=dict)
    silent: bool = False

    def shared(self, channel: str, *, thread: str | None) -> Sequence[Upload]:
        return ()

    def upload(self, file: str) -> Upload:
        if self.silent:
            raise UnavailableError("Slack did not say.")
        if file not in self.pages:
            raise NotFoundError("That file is not there.")
        return Upload(id=file, name=file, by="", size=1, form=CANVAS)

    def content(self, upload: Upload) -> bytes:
        return self.pages[upload.id].encode()


@dataclass
class House:
    """Records with a run in them, a Slack that remembers, and the voice between them."""

    store: Store
    chat: FakeChat = field(default_factory=FakeChat)
    seconds: Seconds = field(default_factory=Seconds)
    names: Names = field(default_factory=Names)
    uploads: Shelves = field(default_factory=Shelves)
    interval: float = 0.0

    def __post_init__(self) -> None:
        self.voice = self.new_voice()

    def new_voice(self) -> Renderer:
        """A process that has just started."""
        drawing = Drawing(
            records=self.store,
            library=Shelf(),
            directory=self.names,
            catalogue=CATALOGUE,
            policy=POLICY,
            platform=PLATFORM,
            serves="prod",
            documents=DraftViews(),
        )
        return Renderer(
            records=self.store,
            drawing=drawing,
            chat=self.chat,
            uploads=self.uploads,
            links=Links(self.chat, workspace="https://lake.example/"),
            interval=self.interval,
            ticks=self.seconds,
        )

    def keep(self, *cards: Card, run: Run | None = None) -> None:
        self.store.commit(Change(cards=cards, runs=(run,) if run else ()))

    def show(self) -> int:
        return self.voice.render_once()

    def settle(self) -> None:
        """Show until there is nothing left to show."""
        for _ in range(10):
            if not self.show():
                return


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = Store.open(
        f"sqlite:///{tmp_path}/bot.db",
        signer=signer_at(tmp_path / "audit.key", trust=tmp_path / "audit.pub"),
        anchors=folder_anchors(tmp_path / "anchors"),
        clock=StandingClock(NIGHT),
    )
    text = (RUNBOOKS / "circuit-breaker.md").read_text(encoding="utf-8")
    run = waiting_for(Awaiting.APPROVAL, "half_open")
    store.keep_snapshot(text, "runbooks/circuit-breaker.md", run.snapshot)
    store.commit(Change(runs=(run,), approvals=(an_approval(),), episodes=(an_alarm(run=42),)))
    made = House(store)
    yield made
    store.close()


def card(kind: CardKind, subject: int, *, key: str = "", to: str | None = None, **payload: object) -> Card:
    body: JsonObject = {name: value for name, value in payload.items() if isinstance(value, str | int)}
    under = "run:42" if kind is CardKind.NOTICE else None
    urgent = kind in {CardKind.REQUEST, CardKind.NOTICE, CardKind.WHISPER, CardKind.ALARM}
    return Card(
        key=key or f"{kind.value}:{subject}",
        kind=kind,
        subject=subject,
        channel="" if kind is CardKind.HOME else CHANNEL,
        under=under,
        to=to,
        payload=body,
        urgent=urgent,
        edition=1 if kind is CardKind.REQUEST else 0,
    )


RUN = card(CardKind.RUN, 42)
REQUEST = card(CardKind.REQUEST, 9)
ALARM = card(CardKind.ALARM, 118)
REMINDED = card(CardKind.NOTICE, 42, key="reminded:42:9", what="reminded", approval=9)
NEEDED = card(CardKind.NOTICE, 42, key="input:42:half_open:1", what="input", step="half_open")
WHISPER = card(CardKind.WHISPER, 7, to=ANA, what="refused", words="No.")
HOME = card(CardKind.HOME, 0, key=f"home:{BO}", to=BO)


def standing(house: House, key: str) -> Card:
    found = house.store.card(key)
    assert found is not None
    return found


# Posting and editing.


def test_a_new_card_is_posted_and_where_it_stands_is_kept(house: House) -> None:
    house.keep(RUN)

    shown = house.show()

    posted = house.chat.card("run:42")
    assert shown == 1
    assert (posted.channel, posted.thread) == (CHANNEL, None)
    assert standing(house, "run:42").ts == posted.ts
    assert house.store.cards_behind() == []


def test_a_change_edits_the_message_in_place(house: House) -> None:
    house.keep(RUN)
    house.show()
    house.keep(RUN)

    house.show()

    assert house.chat.card("run:42").editions == 2


def test_a_message_that_is_gone_is_posted_anew(house: House) -> None:
    house.keep(RUN)
    house.show()
    house.chat.delete("run:42")
    house.keep(RUN)

    house.show()

    assert standing(house, "run:42").ts == house.chat.card("run:42").ts


def test_the_edition_that_is_kept_is_the_one_that_is_shown(house: House) -> None:
    house.keep(RUN, REQUEST)
    house.settle()
    over = an_approval(edition=2, state=ApprovalState.EXPIRED, revision=house.store.approval(9).revision)
    house.store.commit(Change(approvals=(over,), cards=(REQUEST,)))

    house.show()

    assert standing(house, "request:9").edition == 2
    assert "EXPIRED" in house.chat.card("request:9").text


def test_a_request_is_clicked_with_the_approval_and_edition_it_shows(house: House) -> None:
    house.keep(RUN, REQUEST)
    house.settle()

    click = house.chat.click("Approve")

    assert (click.action, click.value) == ("approve", "9:1")
    assert (click.channel, click.ts) == (CHANNEL, standing(house, "request:9").ts)
    assert click.confirm is not None
    assert "PROD" in click.confirm
    assert "Half-open" in click.confirm


def test_run_and_request_link_to_each_other(house: House) -> None:
    house.keep(REQUEST, RUN)

    house.settle()

    assert "open request Q-9>" in house.chat.card("run:42").words
    assert "/p" + house.chat.card("run:42").ts.replace(".", "") in house.chat.card("request:9").words


# Order.


def test_the_run_card_stands_before_the_request_that_links_to_it(house: House) -> None:
    house.keep(REQUEST, RUN)

    house.settle()

    assert [one.card for one in house.chat.said(CHANNEL)] == ["run:42", "request:9"]


def test_requests_and_verdicts_go_before_progress(house: House) -> None:
    house.keep(RUN)
    house.settle()
    house.keep(RUN)
    house.keep(ALARM)
    house.chat.calls.clear()

    house.show()

    assert [method for method, _ in house.chat.calls] == ["post", "update"]


def test_a_notice_waits_for_the_card_it_stands_under(house: House) -> None:
    house.keep(REMINDED)

    waited = house.show()
    house.keep(RUN)
    house.settle()

    assert waited == 0
    replies = house.chat.in_thread(CHANNEL, house.chat.card("run:42").ts)
    assert [(one.card, one.broadcast) for one in replies] == [("reminded:42:9", True)]


def test_a_question_to_one_person_stays_in_the_thread(house: House) -> None:
    house.keep(RUN, NEEDED)

    house.settle()

    assert [one.card for one in house.chat.said(CHANNEL)] == ["run:42"]
    assert not house.chat.card("input:42:half_open:1").broadcast


def test_a_draft_that_was_asked_for_is_shown_to_who_asked(house: House) -> None:
    house.store.commit(Change(drafts=(a_draft(),)))
    house.keep(card(CardKind.WHISPER, 8, to=ANA, what="postmortem", draft=3))

    house.settle()

    (told,) = house.chat.whispers(ANA)
    assert "INC-7 · transactions load halted · DRAFT v1" in told.words
    assert "Edit section…" in told.labels


# Pace.


def test_a_channel_hears_one_message_a_second(house: House) -> None:
    house.interval = 1.0
    house.voice = house.new_voice()
    house.keep(RUN, ALARM)

    first, second = house.show(), house.show()
    house.seconds.at += 1.0
    third = house.show()

    assert (first, second, third) == (1, 0, 1)


def test_changes_within_a_second_become_one_edition(house: House) -> None:
    house.interval = 1.0
    house.voice = house.new_voice()
    house.keep(RUN)
    house.show()
    for _ in range(5):
        house.keep(RUN)
        house.show()
    house.seconds.at += 1.0

    house.show()

    assert house.chat.card("run:42").editions == 2
    assert house.store.cards_behind() == []


def test_too_many_calls_hold_back_one_channel_and_no_other(house: House) -> None:
    house.chat.fails("post", SlowDownError("slow", after=30), channel=CHANNEL)
    elsewhere = ALARM.model_copy(update={"channel": "C0ELSE"})
    house.keep(RUN, elsewhere)

    house.show()
    held = [one.card for one in house.chat.said(CHANNEL)]
    house.seconds.at += 29
    house.show()
    still = [one.card for one in house.chat.said(CHANNEL)]
    house.seconds.at += 1
    house.show()

    assert [one.card for one in house.chat.said("C0ELSE")] == ["alarm:118"]
    assert (held, still) == ([], [])
    assert [one.card for one in house.chat.said(CHANNEL)] == ["run:42"]


# What goes wrong.


def test_a_post_whose_answer_was_lost_is_found_and_not_posted_twice(house: House) -> None:
    house.keep(RUN)
    house.show()
    house.keep(REQUEST)
    house.chat.fails("post", OutcomeUnknownError("500"), after=True)

    house.settle()
    house.settle()

    assert standing(house, "request:9").ts == house.chat.card("request:9").ts


def test_a_post_that_failed_is_posted_later(house: House) -> None:
    house.keep(RUN)
    house.chat.fails("post", OutcomeUnknownError("503"))

    first = house.show()
    house.settle()

    assert first == 0
    assert standing(house, "run:42").ts == house.chat.card("run:42").ts


def test_a_new_process_takes_over_what_one_that_died_had_posted(house: House) -> None:
    house.keep(RUN, REMINDED)
    house.settle()
    ts, reply = house.chat.card("run:42").ts, house.chat.card("reminded:42:9").ts
    house.store.card_shown("run:42", ts=None, shown=0, edition=0)
    house.store.card_shown("reminded:42:9", ts=None, shown=0, edition=0)

    house.voice = house.new_voice()
    house.settle()

    assert (standing(house, "run:42").ts, standing(house, "reminded:42:9").ts) == (ts, reply)
    assert house.chat.card("reminded:42:9").thread == ts


def test_a_new_process_asks_for_history_only_where_something_may_be_lost(house: House) -> None:
    house.keep(RUN)
    house.settle()
    house.voice = house.new_voice()
    house.show()
    house.chat.calls.clear()
    house.keep(RUN, ALARM)

    house.settle()

    assert "history" not in [method for method, _ in house.chat.calls]


def test_who_waits_for_it_is_told_once_how_to_let_the_bot_in(house: House) -> None:
    house.chat.closed.add(CHANNEL)
    house.keep(RUN, ALARM)

    house.show()
    house.show()
    told = house.chat.whispers(ANA)
    house.chat.closed.clear()
    house.settle()

    assert len(told) == 1
    assert "/invite" in told[0].text
    assert f"<#{CHANNEL}>" in told[0].text
    assert standing(house, "run:42").ts == house.chat.card("run:42").ts


def test_blocks_that_slack_does_not_take_are_left_out_and_the_sentence_is_shown(house: House) -> None:
    house.keep(RUN)
    house.chat.fails("post", CallRefusedError("no", code="invalid_blocks"))

    house.show()

    posted = house.chat.card("run:42")
    assert posted.message.blocks == ()
    assert posted.text.startswith("WAITING PROD R-42")


@pytest.mark.parametrize(
    ("trouble", "why", "errors"),
    [
        (SlowDownError("slowly", after=0.0), "slow_down", 0),
        (UnavailableError("away"), "no_answer", 0),
        (OutcomeUnknownError("no answer"), "no_answer", 0),
        (CallRefusedError("no", code="token_revoked"), "refused", 0),
        (CallRefusedError("no", code="invalid_blocks"), "refused", 1),
        (CallRefusedError("no", code="not_in_channel"), "refused", 1),
    ],
)
def test_what_slack_did_not_show_is_counted_with_the_reason(
    house: House, trouble: Exception, why: str, errors: int
) -> None:
    house.keep(RUN)
    house.chat.fails("post", trouble)

    with collected() as lines:
        house.show()

    assert lines.values("CardTroubles", Why=why) == lines.values("CardTroubles") == [1]
    assert len(lines.values("Errors")) == errors


def test_a_card_with_nothing_to_show_does_not_stop_the_others(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.keep(card(CardKind.REQUEST, 999), RUN)

    house.settle()

    assert [one.card for one in house.chat.said(CHANNEL)] == ["run:42"]
    assert "A card has nothing to show." in caplog.messages


def test_any_number_of_cards_that_cannot_be_shown_hide_no_other(house: House) -> None:
    house.show()
    lost = tuple(card(CardKind.REQUEST, 1_000 + number) for number in range(MOST_BEHIND + 1))
    house.keep(*lost, ALARM)

    for _ in range(2):
        house.show()

    assert [one.card for one in house.chat.said(CHANNEL)] == ["alarm:118"]


def test_names_that_slack_does_not_say_become_mentions(house: House) -> None:
    house.names.silent = True
    house.keep(RUN)

    house.show()

    assert f"<@{ANA}>" in house.chat.card("run:42").words


# Whispers and Home.


def test_a_whisper_is_for_one_person_and_said_once(house: House) -> None:
    house.keep(WHISPER)

    house.settle()
    house.settle()

    (told,) = house.chat.whispers(ANA)
    assert (told.channel, told.ephemeral_for) == (CHANNEL, ANA)
    assert house.chat.said(CHANNEL) == []


def test_a_whisper_to_somebody_who_is_not_in_the_channel_is_a_direct_message(house: House) -> None:
    house.chat.strangers.add((CHANNEL, ANA))
    house.keep(WHISPER)

    house.show()

    (told,) = house.chat.whispers(ANA)
    assert told.channel == ANA


def test_a_whisper_from_home_is_a_direct_message(house: House) -> None:
    house.keep(WHISPER.model_copy(update={"channel": ""}))

    house.show()

    assert [one.channel for one in house.chat.whispers(ANA)] == [ANA]


def test_a_whisper_that_cannot_be_said_is_dropped_after_three_tries(house: House) -> None:
    for _ in range(3):
        house.chat.fails("ephemeral", OutcomeUnknownError("500"))
    house.keep(WHISPER)

    for _ in range(5):
        house.show()

    assert [method for method, _ in house.chat.calls].count("ephemeral") == 3
    assert house.store.cards_behind() == []


@pytest.mark.parametrize(
    "what", ["joined", "alone", "run", "runs", "approvals", "details", "runbook", "runbooks", "plan", "done"]
)
def test_every_kind_of_whisper_is_drawn_from_the_records(house: House, what: str) -> None:
    named: JsonObject = {"run": 42, "runs": [42], "approval": 9, "approvals": [9], "id": "circuit-breaker"}
    said: JsonObject = {"what": what, "plan": {"title": "x", "steps": []}, "words": []}
    house.keep(WHISPER.model_copy(update={"payload": {**named, **said}}))

    house.show()

    assert len(house.chat.whispers(ANA)) == 1


@pytest.mark.parametrize(
    "what",
    ["finished", "failed", "unknown", "void", "expired", "declined", "paged", "asked", "owed", "watching", "done"],
)
def test_every_kind_of_notice_is_drawn_from_the_records(house: House, what: str) -> None:
    notice = card(CardKind.NOTICE, 42, key=f"{what}:42", what=what, approval=9, step="half_open", by=BO)
    house.keep(RUN, notice)

    house.settle()

    assert house.chat.card(f"{what}:42").broadcast is (what != "done")


def test_home_is_published_and_shows_what_waits_for_its_person(house: House) -> None:
    house.keep(RUN, REQUEST)
    house.settle()
    house.keep(HOME)

    house.show()

    text = str(house.chat.homes[BO].payload)
    assert "Q-9" in text
    assert "approve" not in [one for one in text.split("'") if one == "approve"]
    assert house.store.cards_behind() == []


def test_the_alarm_card_follows_its_run(house: House) -> None:
    house.keep(ALARM)

    house.show()

    assert house.chat.card("alarm:118").labels[0] == "Show R-42"


# The loop.


def test_the_loop_shows_what_comes_and_ends_when_told(house: House) -> None:
    stop, shown = Event(), Event()
    house.chat.heard = shown
    loop = Thread(target=house.voice.run, args=(stop,), daemon=True)
    loop.start()
    house.keep(RUN)

    assert shown.wait(10)
    stop.set()
    loop.join(10)

    assert not loop.is_alive()
    assert house.chat.card("run:42").channel == CHANNEL


def test_the_loop_outlives_what_nobody_foresaw(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.seconds.broken = True
    house.keep(RUN)
    stop = Event()
    loop = Thread(target=house.voice.run, args=(stop,), daemon=True)

    loop.start()
    while "Cards could not be shown; trying again." not in caplog.messages and loop.is_alive():
        stop.wait(0.01)
    alive = loop.is_alive()
    stop.set()
    loop.join(10)

    assert alive


def test_a_run_that_ended_is_told_with_what_it_owes(house: House) -> None:
    run = house.store.run(42)
    over = ended(run.state.REPAIRED, revision=run.revision, ended=NIGHT + timedelta(minutes=5))
    house.keep(RUN, card(CardKind.NOTICE, 42, key="finished:42:0", what="finished"), run=over)

    house.settle()

    assert "*Owed* nothing." in house.chat.card("finished:42:0").words


LIST = Card(key="list:9", kind=CardKind.LIST, subject=9, channel=CHANNEL, under="request:9")


def test_a_long_list_is_posted_as_a_file_under_its_request_and_once(house: House) -> None:
    house.keep(RUN, REQUEST, LIST)
    house.settle()
    house.keep(REQUEST)
    house.settle()

    ((channel, thread, sheet),) = house.chat.sheets
    assert (channel, thread) == (CHANNEL, house.chat.card("request:9").ts)
    assert house.store.approval(9).digest in sheet.text
    assert all(call.call.resource.removeprefix("s3://")[:5] in sheet.text for call in an_approval().binding.calls[:1])
    assert house.store.cards_behind() == []


@pytest.mark.parametrize(
    "refusal",
    [CallRefusedError("no files here", code="file_uploads_disabled"), OutcomeUnknownError("no answer")],
    ids=["refused", "no answer"],
)
def test_a_file_that_slack_does_not_take_is_left_out(house: House, refusal: Exception) -> None:
    house.chat.fails("share", refusal)
    house.keep(RUN, REQUEST, LIST)

    with collected() as lines:
        house.settle()

    assert lines.values("CardTroubles") == [1]
    assert house.chat.sheets == []
    assert house.store.cards_behind() == []
    assert house.chat.card("request:9").ts
