"""The morning after an incident: who was involved hears of it once, by day, unless all is said."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.approval import Vote
from bot.domain.inbox import (
    DeclareIncident,
    EditDraft,
    EndIncident,
    NamePerson,
    NoteIncident,
    PublishPostmortem,
    StartPostmortem,
    StateFact,
)
from bot.domain.people import Place
from bot.domain.postmortem.document import Part
from bot.domain.records import Change
from bot.usecases.mornings import involved, tell_in_the_morning
from tests.records.values import a_run, an_approval, an_episode
from tests.usecases.halted import Halted
from tests.usecases.table import ANA, BO, CHANNEL, CY, DEE, TEAM, Table
from tests.usecases.test_following import berlin, later, until


@pytest.fixture
def table(started: Halted, tmp_path: Path) -> Iterator[Table]:
    """A table at half past one in the afternoon of a day in Berlin; the lake is not looked at."""
    laid = berlin(started, tmp_path)
    yield laid
    laid.close()
    laid.insist_on_the_story()


def resolved(table: Table, *, drafted: bool = True) -> None:
    """Let Ana declare and resolve an incident in which Bo notes something, and have it drafted."""
    table.wish(ANA, DeclareIncident(title="load halted"))
    table.wish(BO, NoteIncident(text="the source has re-sent the file"))
    table.wish(ANA, EndIncident(over=True))
    if drafted:
        table.wish(CY, StartPostmortem())


def told(table: Table) -> list[str]:
    """Return who got the message, each in a message of their own."""
    return [str(card.to) for card in table.cards("morning:")]


def test_each_who_was_involved_hears_of_it_the_next_morning_once(table: Table) -> None:
    resolved(table)

    later(table, 1, 8)
    assert told(table) == []
    later(table, 0, 9)
    assert told(table) == [ANA, BO]
    later(table, 9, 12)

    assert told(table) == [ANA, BO]
    assert {card.channel for card in table.cards("morning:")} == {ANA, BO}
    assert table.kinds().count("incident.morning") == 2


def test_who_has_said_what_they_saw_is_not_asked(table: Table) -> None:
    resolved(table)
    table.wish(BO, StateFact(draft=1, section=Part.DETECTION.value, text="a reader called us"))

    later(table, 1, 12)

    assert told(table) == [ANA]


def test_once_it_is_published_nobody_is_asked(table: Table) -> None:
    resolved(table)
    table.wish(CY, PublishPostmortem(draft=1))

    later(table, 1, 12)

    assert told(table) == []


def test_without_a_draft_they_hear_all_the_same(table: Table) -> None:
    resolved(table, drafted=False)

    later(table, 1, 12)

    assert told(table) == [ANA, BO]


def test_each_hears_at_the_hour_of_their_own_zone(table: Table) -> None:
    zones = {ANA: ZoneInfo("Asia/Tokyo"), BO: ZoneInfo("America/New_York")}
    object.__setattr__(table.desk, "zone", lambda person: zones.get(person, ZoneInfo("Europe/Berlin")))
    resolved(table)

    later(table, 1, 2)  # ten in the morning in Tokyo, or nine
    assert told(table) == [ANA]
    later(table, 0, 16)  # ten in the morning in New York, or eleven

    assert told(table) == [ANA, BO]


def test_who_has_left_since_is_not_written_to(table: Table) -> None:
    resolved(table)
    table.directory.people[BO] = table.directory.people[BO].model_copy(update={"is_stranger": True})
    table.directory.roles["everyone"].discard(ANA)

    later(table, 1, 12)

    assert told(table) == []


def test_what_nobody_served_in_the_morning_comes_by_day(table: Table) -> None:
    resolved(table)

    table.later(timedelta(days=1))
    until(table, 22)
    table.drive()
    assert told(table) == []
    later(table, 1, 8)

    assert told(table) == [ANA, BO]


def test_what_two_replicas_serve_is_said_once(table: Table) -> None:
    resolved(table)
    table.later(timedelta(hours=20))
    keys = [wait.key for wait in table.store.open_waits(due=table.now())]

    for key in (*keys, *keys):
        tell_in_the_morning(table.desk, key)
    table.deal()

    assert keys == [f"morning:1:{ANA}:0", f"morning:1:{BO}:0"]
    assert table.kinds().count("incident.morning") == 2


def test_involved_is_who_declared_led_took_ran_approved_noted_or_ended(table: Table) -> None:
    table.wish(ANA, DeclareIncident(title="load halted"))
    table.wish(ANA, NamePerson(role="scribe", person=DEE))
    place = Place(team=TEAM, channel=CHANNEL)
    run = a_run(7).model_copy(update={"incident": 1, "requester": BO, "authors": (BO,), "place": place})
    vote = Vote(person=CY, name="cy", role="platform", at=table.now())
    yes = an_approval(5, run=7).model_copy(update={"votes": (vote,)})
    alarm = an_episode(3).model_copy(update={"taken_by": "U0TAKER"})
    table.store.commit(Change(runs=(run,), approvals=(yes,), episodes=(alarm,)))
    incident = table.store.incident(1).model_copy(update={"alarms": (3,)})

    assert set(involved(table.desk, incident)) == {ANA, BO, CY, DEE, "U0TAKER"}


def test_an_edit_by_another_person_says_nothing_for_this_one(table: Table) -> None:
    resolved(table)
    table.wish(CY, EditDraft(draft=1, edition=1, sections={"What went well": "- the breaker held"}))

    later(table, 1, 12)

    assert told(table) == [ANA, BO]
