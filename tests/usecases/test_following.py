"""Action items: from a published post-mortem to done, with every reminder on the way; nobody is ever made an owner."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.following import FollowState, FollowUp
from bot.domain.inbox import (
    AddFollowUp,
    CloseFollowUp,
    DateFollowUp,
    DeclareIncident,
    EditDraft,
    GiveBackFollowUp,
    OwnFollowUp,
    PublishPostmortem,
    ShowFollowUps,
    SnoozeFollowUp,
)
from bot.domain.people import Person
from bot.domain.value import JsonObject
from bot.errors import UnavailableError
from bot.usecases.following import remind_owner
from bot.workbench.clock import Clock
from tests.usecases.halted import Halted
from tests.usecases.table import ANA, BO, CY, EVE, GUS, ROBO, FakeDirectory, Table
from tests.usecases.test_postmortems import drafted, seat

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)


class FarClock(Clock):
    """A clock that may be moved by days: nothing here waits for the lake."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.ahead = timedelta(0)

    @property
    def offset(self) -> timedelta:
        return self.ahead

    def advance(self, seconds: float) -> datetime:
        self.ahead += timedelta(seconds=seconds)
        return self.now()


@pytest.fixture
def table(started: Halted, tmp_path: Path) -> Iterator[Table]:
    """A table at half past one in the afternoon of a day in Berlin; the lake is not looked at."""
    laid = berlin(started, tmp_path)
    yield laid
    laid.close()
    laid.insist_on_the_story()


def berlin(started: Halted, folder: Path) -> Table:
    laid = Table(lake=started.lake, clock=FarClock(folder / "clock.json"), folder=folder)
    laid.zone = BERLIN
    seat(laid)
    until(laid, 13, 30)
    return laid


def until(table: Table, hour: int, minute: int = 0) -> None:
    """Move the clock to the next such time in Berlin, performing nothing."""
    local = table.now().astimezone(BERLIN)
    then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    table.later((then if then > local else then + DAY) - local)


def later(table: Table, days: int, hour: int) -> None:
    """Move the clock to an hour of a day from now, performing what becomes due on the way in its minute."""
    local = table.now().astimezone(BERLIN)
    then = (local + days * DAY).replace(hour=hour, minute=1, second=0, microsecond=0).astimezone(UTC)
    while waits := table.store.open_waits(due=then):
        table.later(max(waits[0].due - table.now(), timedelta(milliseconds=1)))
        table.drive()
    table.later(max(then - table.now(), timedelta(milliseconds=1)))


def published(table: Table, *items: str) -> list[FollowUp]:
    drafted(table)
    body = "\n".join(f"- [ ] {one} — _no owner yet_" for one in items or ("Check the currency column", "Alert earlier"))
    table.wish(ANA, EditDraft(draft=1, edition=1, sections={"Action items": body}))
    table.wish(ANA, PublishPostmortem(draft=1))
    return list(table.store.followups())


def told(table: Table) -> list[tuple[str, str]]:
    """Return who was told and why, oldest first; each in a message of its own."""
    facts = [record.body.facts for record in table.audited() if record.body.kind == "item.reminded"]
    assert [card.to for card in table.cards("reminder:")] == [one["owner"] for one in facts]
    return [(str(one["owner"]), str(one["why"])) for one in facts]


def today(table: Table) -> date:
    return table.now().astimezone(BERLIN).date()


@dataclass
class Between(FakeDirectory):
    """Let another replica act between what one reads and what it keeps."""

    act: Callable[[], None] = lambda: None
    acted: int = 0

    def person(self, person: str, *, fresh: bool = False) -> Person:
        if not self.acted:
            self.acted += 1
            self.act()
        return super().person(person, fresh=fresh)


# The checklist.


def test_publishing_makes_suggestions_a_checklist_in_the_channel_and_owners_of_nobody(table: Table) -> None:
    items = published(table)

    assert [(one.text, one.owner, one.by) for one in items] == [
        ("Check the currency column", "", "bot"),
        ("Alert earlier", "", "bot"),
    ]
    (card,) = table.cards("checklist:")
    assert (card.key, card.channel, card.under) == ("checklist:INC-1:0", "C0ETL", None)
    assert told(table) == []
    assert table.kinds().count("item.suggested") == 2


def test_forty_items_stand_on_eight_cards_of_which_seven_are_in_the_thread(table: Table) -> None:
    published(table, *(f"Do thing {number}" for number in range(40)))

    cards = table.cards("checklist:")

    assert [card.key for card in cards] == [f"checklist:INC-1:{page}" for page in range(8)]
    assert {card.under for card in cards[1:]} == {"checklist:INC-1:0"}


def test_what_is_ticked_or_known_already_is_not_suggested_again(table: Table) -> None:
    drafted(table)
    body = "- [x] Restart it\n- Check the source — @bo, due 2026-12-01\n- [ ] \u200b\n- check the SOURCE (@bo)"
    table.wish(ANA, EditDraft(draft=1, edition=1, sections={"Action items": body}))

    table.wish(ANA, ShowFollowUps())
    table.wish(BO, ShowFollowUps(incident=1))
    table.wish(ANA, PublishPostmortem(draft=1))

    assert [(one.text, one.owner) for one in table.store.followups()] == [("Check the source (@bo)", "")]
    assert table.whispers()[-1] == {**table.whispers()[-1], "what": "items", "items": [1]}


def test_anybody_of_the_team_adds_an_item_once(table: Table) -> None:
    table.wish(ANA, DeclareIncident(title="load halted"))

    table.wish(BO, AddFollowUp(text="Call the\nvendor <!channel>"))
    table.wish(CY, AddFollowUp(beside=1, text="call the vendor <!CHANNEL>"))

    assert [(one.label, one.subject, one.text, one.by) for one in table.store.followups()] == [
        ("ACT-1", "INC-1", "Call the vendor <!channel>", BO)
    ]
    assert "has that action item already" in table.refused()


def test_without_incident_and_draft_there_is_nothing_to_add_to(table: Table) -> None:
    table.wish(ANA, AddFollowUp(text="Call the vendor"))

    assert "no incident and no post-mortem here" in table.refused()


@pytest.mark.parametrize("picked", [GUS, ROBO, EVE, "U0NOBODY"])
def test_nobody_who_may_not_read_here_can_be_made_an_owner_and_the_card_shows_what_is_true(
    table: Table, picked: str
) -> None:
    published(table)
    card = table.store.card("checklist:INC-1:0")
    assert card is not None

    table.wish(ANA, OwnFollowUp(item=1, owner=picked))

    again = table.store.card("checklist:INC-1:0")
    assert again is not None
    assert "ACT-1 stays as it was" in table.refused()
    assert (table.store.followup(1).owner, again.wanted) == ("", card.wanted + 1)


def test_a_stranger_touches_no_item(table: Table) -> None:
    published(table)

    for wish in (
        OwnFollowUp(item=1, owner=EVE),
        CloseFollowUp(item=1, done=True),
        AddFollowUp(beside=1, text="mine"),
        ShowFollowUps(which="open"),
    ):
        table.wish(EVE, wish)

    assert len(table.store.followups()) == 2
    assert table.store.followup(1).open
    assert [one["what"] for one in table.whispers()[-4:]] == ["refused"] * 4


def test_lists_show_what_is_mine_and_what_is_open(table: Table) -> None:
    published(table)
    table.wish(ANA, OwnFollowUp(item=2, owner=BO))
    table.wish(ANA, CloseFollowUp(item=1, done=True))

    def listed(person: str, wish: ShowFollowUps) -> JsonObject:
        table.forget_whispers()
        table.wish(person, wish)
        return table.whispers()[-1]

    assert listed(BO, ShowFollowUps(which="mine"))["items"] == [2]
    assert listed(ANA, ShowFollowUps(which="mine"))["items"] == []
    assert listed(ANA, ShowFollowUps(which="open"))["items"] == [2]
    assert listed(ANA, ShowFollowUps())["items"] == [1, 2]


def test_every_change_is_in_the_audit_and_what_people_wrote_can_be_erased(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(ANA, DateFollowUp(item=1, due=today(table) + 3 * DAY))
    table.wish(BO, SnoozeFollowUp(item=1, days=1))
    table.wish(BO, GiveBackFollowUp(item=1))
    table.wish(ANA, CloseFollowUp(item=1, done=False, why="the source is gone"))

    entries = [record.body for record in table.audited() if record.body.subject == "ACT-1"]
    assert [one.kind for one in entries] == [
        "item.suggested",
        "item.owned",
        "item.reminded",
        "item.dated",
        "item.snoozed",
        "item.given_back",
        "item.dropped",
    ]
    assert "the source is gone" not in "".join(str(one.facts) for one in entries)
    over = table.store.followup(1)
    assert (over.state, over.closed_by, over.why) == (FollowState.DROPPED, ANA, "the source is gone")


# Reminders.


def test_an_owner_is_told_when_it_is_given_the_day_before_and_when_it_is_due_once_each(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(ANA, DateFollowUp(item=1, due=today(table) + 3 * DAY))

    later(table, 2, 8)
    assert told(table) == [(BO, "given")]
    later(table, 0, 23)
    assert told(table) == [(BO, "given"), (BO, "tomorrow")]
    later(table, 1, 23)
    assert told(table) == [(BO, "given"), (BO, "tomorrow"), (BO, "today")]
    later(table, 7, 23)
    assert told(table)[3:] == [(BO, "overdue")]


def test_without_a_day_its_owner_is_told_each_week_until_it_is_closed(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))

    later(table, 14, 12)
    table.wish(BO, CloseFollowUp(item=1, done=True), channel="D0BO")
    later(table, 14, 12)

    assert told(table) == [(BO, "given"), (BO, "open"), (BO, "open")]


def test_at_night_nobody_is_told_before_the_morning(table: Table) -> None:
    published(table, "Check it")
    until(table, 22)
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))

    assert told(table) == []
    later(table, 1, 7)
    assert told(table) == []
    later(table, 0, 8)
    assert told(table) == [(BO, "given")]


def test_a_reminder_whose_hour_passed_while_no_bot_ran_comes_once_and_by_day(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(ANA, DateFollowUp(item=1, due=today(table) + 2 * DAY))

    table.later(2 * DAY)
    until(table, 23)
    table.drive()
    assert told(table) == [(BO, "given")]
    later(table, 1, 9)

    assert told(table) == [(BO, "given"), (BO, "overdue")]


def test_what_is_snoozed_is_quiet_for_so_long_and_only_its_owner_may(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(ANA, DateFollowUp(item=1, due=today(table) + 2 * DAY))

    table.wish(ANA, SnoozeFollowUp(item=1, days=7))
    assert "is not yours" in table.refused()
    table.wish(BO, SnoozeFollowUp(item=1, days=7), channel="D0BO")
    later(table, 6, 19)
    assert told(table) == [(BO, "given")]
    later(table, 1, 19)

    assert told(table) == [(BO, "given"), (BO, "overdue")]


def test_what_changes_hands_is_told_to_the_new_owner_only(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(BO, OwnFollowUp(item=1, owner=CY))
    later(table, 7, 12)

    assert [person for person, _ in told(table)] == [BO, CY, CY]


def test_what_is_given_back_is_nobodys_and_nobody_is_told(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(BO, GiveBackFollowUp(item=1), channel="D0BO")
    later(table, 15, 12)

    assert (table.store.followup(1).owner, told(table)) == ("", [(BO, "given")])


def test_of_an_owner_who_left_it_goes_back_within_a_week_and_the_card_says_so(table: Table) -> None:
    published(table, "Check it")
    table.wish(ANA, OwnFollowUp(item=1, owner=BO))
    table.wish(ANA, DateFollowUp(item=1, due=today(table) + 300 * DAY))
    before = table.store.card("checklist:INC-1:0")
    table.directory.people[BO] = table.directory.people[BO].model_copy(update={"is_stranger": True})

    later(table, 8, 12)

    item, card = table.store.followup(1), table.store.card("checklist:INC-1:0")
    assert before is not None
    assert card is not None
    assert (item.owner, item.gone, card.wanted) == ("", BO, before.wanted + 1)
    assert "item.left" in table.kinds()
    assert told(table) == [(BO, "given")]


def test_while_slack_does_not_say_who_is_here_nobody_loses_an_item_and_the_reminder_comes_later(table: Table) -> None:
    published(table, "Check it")
    table.send(ANA, OwnFollowUp(item=1, owner=BO))
    table.deal()
    table.directory.silent = True

    with pytest.raises(UnavailableError, match="Slack did not answer"):
        table.drive()
    table.directory.silent = False
    table.drive()

    assert told(table) == [(BO, "given")]


def test_two_replicas_that_serve_the_same_hour_tell_once(table: Table) -> None:
    published(table, "Check it")
    table.send(ANA, OwnFollowUp(item=1, owner=BO))
    table.deal()
    key = table.store.followup(1).wait
    between = Between(act=lambda: remind_owner(table.desk, key), people=table.directory.people)

    remind_owner(replace(table.desk, replica="two", directory=between), key)
    table.deal()

    assert between.acted == 1
    assert told(table) == [(BO, "given")]


def test_a_reminder_survives_a_restart(table: Table) -> None:
    published(table, "Check it")
    table.send(ANA, OwnFollowUp(item=1, owner=BO))
    table.deal()

    second = table.another()
    second.zone = BERLIN
    second.drive()

    assert [(card.to, card.key) for card in second.cards("reminder:")] == [(BO, "reminder:1:1")]
    second.close()


@pytest.mark.parametrize("days", [-1, 5_000])
def test_a_day_that_cannot_be_is_refused_in_words(table: Table, days: int) -> None:
    published(table, "Check it")

    table.wish(ANA, DateFollowUp(item=1, due=today(table) + days * DAY))

    assert "choose a day from today on" in table.refused()
    assert table.store.followup(1).due is None
