"""Home: what waits for its person, which incidents are theirs, and nothing that decides."""

import json

import pytest

from bot.domain.incident import Incident
from bot.domain.run import Awaiting, Run, RunState
from bot.slack.cards.home import asks, home, part_in
from tests.slack.cards.samples import (
    ANA,
    BO,
    CY,
    an_alarm,
    an_approval,
    an_incident,
    at_step,
    ended,
    stage,
    unknown,
    waiting_for,
    watching,
)


@pytest.mark.parametrize(
    ("person", "incident", "part"),
    [
        (BO, an_incident(), "you lead"),
        (CY, an_incident(), "scribe"),
        (ANA, an_incident(), "on A-118, R-42 is yours"),
        (ANA, an_incident(lead=ANA), "you lead, on A-118, R-42 is yours"),
        ("U0EVE", an_incident(), ""),
        (ANA, an_incident(id=8, alarms=()), ""),
    ],
)
def test_an_incident_is_mine_where_i_lead_it_have_a_role_or_am_on_it(
    person: str, incident: Incident, part: str
) -> None:
    run, alarm = at_step("half_open", incident=7), an_alarm(taken_by=ANA)

    assert part_in(incident, person, [run], [alarm]) == part


def test_what_home_has_no_room_for_is_counted_with_the_command_that_lists_it() -> None:
    runs = [at_step("half_open").model_copy(update={"id": number}) for number in range(1, 12)]
    alarms = [an_alarm(id=number) for number in range(1, 11)]

    shown = json.dumps(home(BO, runs, [], alarms, [], stage()).payload)

    assert "and 3 more: `/runbook status`" in shown
    assert "and 2 more: `/alarm list`" in shown


def test_home_links_to_the_cards_and_carries_no_approve() -> None:
    shown = json.dumps(
        home(BO, [at_step("half_open")], [an_approval()], [an_alarm()], [an_incident()], stage()).payload
    )

    assert all(f"|{label}" in shown for label in ("Q-9>", "A-118>", "R-42"))
    assert "show_incident" in shown
    assert '"approve"' not in shown


@pytest.mark.parametrize(
    ("run", "wants"),
    [
        (waiting_for(Awaiting.PERSON, "half_open"), "decide what is next"),
        (waiting_for(Awaiting.INPUT, "half_open"), "it needs an answer"),
        (waiting_for(Awaiting.DONE, "half_open"), "a step is to be done by hand"),
        (unknown()[0], "say what became of a call"),
        (waiting_for(Awaiting.APPROVAL, "half_open"), ""),
        (waiting_for(Awaiting.PERSON, "half_open").model_copy(update={"state": RunState.PARKED}), ""),
        (at_step("half_open"), ""),
        (watching(), ""),
        (ended(RunState.REPAIRED), ""),
    ],
)
def test_a_run_that_cannot_go_on_without_a_person_waits_for_whom_it_belongs_to(run: Run, wants: str) -> None:
    def waits_for(person: str) -> bool:
        return "Nothing waits for you." not in json.dumps(home(person, [run], [], [], [], stage()).payload)

    assert (asks(run), waits_for(ANA), waits_for(BO)) == (wants, bool(wants), False)
