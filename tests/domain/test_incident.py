from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incident import (
    MOST_NOTES,
    Incident,
    IncidentState,
    about,
    given_role,
    graded,
    led,
    mitigated,
    noted,
    resolved,
    titled,
)
from bot.domain.people import Place
from bot.errors import InvalidError, RequestError

NIGHT = datetime(2026, 1, 21, 2, 10, tzinfo=UTC)
LATER = NIGHT + timedelta(minutes=24)


def an_incident(**changes: object) -> Incident:
    plain = Incident(
        id=7,
        title="transactions load halted",
        severity=3,
        place=Place(team="T1", channel="C1"),
        declared_by="U1",
        declared=NIGHT,
    )
    return plain.model_copy(update=changes)


def test_what_is_resolved_without_being_mitigated_counts_as_mitigated_then() -> None:
    over = resolved(an_incident(), by="U2", now=LATER)

    assert (over.state, over.mitigated, over.resolved, over.resolved_by) == (
        IncidentState.RESOLVED,
        LATER,
        LATER,
        "U2",
    )


def test_what_was_mitigated_before_keeps_that_time() -> None:
    over = resolved(mitigated(an_incident(), now=NIGHT), by="U2", now=LATER)

    assert (over.mitigated, over.resolved) == (NIGHT, LATER)


@pytest.mark.parametrize(
    "change",
    [
        lambda over: graded(over, 1),
        lambda over: led(over, "U2"),
        lambda over: given_role(over, "scribe", "U2"),
        lambda over: mitigated(over, now=LATER),
        lambda over: resolved(over, by="U2", now=LATER),
    ],
)
def test_a_resolved_incident_does_not_change_any_more(change: Callable[[Incident], Incident]) -> None:
    over = resolved(an_incident(), by="U2", now=LATER)

    with pytest.raises(RequestError, match="INC-7 is resolved"):
        change(over)


def test_people_may_note_what_they_remember_after_it_is_over() -> None:
    over = noted(resolved(an_incident(), by="U2", now=LATER), "the source had deployed", by="U1", now=LATER)

    assert [one.text for one in over.notes] == ["the source had deployed"]


@pytest.mark.parametrize("severity", [0, 5, -1])
def test_a_severity_that_there_is_none_of_is_refused_with_the_four_there_are(severity: int) -> None:
    with pytest.raises(InvalidError, match="1: readers get wrong data"):
        graded(an_incident(), severity)


def test_an_incident_needs_a_title_of_a_few_words() -> None:
    assert titled("  load\n halted ") == "load halted"
    with pytest.raises(InvalidError, match="needs a title"):
        titled(" \n")
    with pytest.raises(InvalidError, match="at most 120"):
        titled("x" * 121)


def test_an_alarm_is_named_once() -> None:
    twice = about(about(an_incident(), 3), 3)

    assert twice.alarms == (3,)


def test_a_role_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(InvalidError, match="scribe, comms, liaison"):
        given_role(an_incident(), "boss", "U1")


@pytest.mark.parametrize(("text", "why"), [("", "Words are missing"), ("x" * 2_001, "at most 2,000")])
def test_a_note_that_does_not_fit_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        noted(an_incident(), text, by="U1", now=LATER)


def test_there_is_an_end_to_notes() -> None:
    full = an_incident(notes=noted(an_incident(), "x", by="U1", now=NIGHT).notes * MOST_NOTES)

    with pytest.raises(InvalidError, match="500 notes already"):
        noted(full, "one more", by="U1", now=LATER)
