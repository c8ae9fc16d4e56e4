"""Home: what waits for its person, which incidents are theirs, and nothing that decides."""

import json

import pytest

from bot.domain.incident import Incident
from bot.slack.cards.home import home, part_in
from tests.slack.cards.samples import ANA, BO, CY, an_alarm, an_approval, an_incident, at_step, stage


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


def test_home_links_to_the_cards_and_carries_no_approve() -> None:
    shown = json.dumps(
        home(BO, [at_step("half_open")], [an_approval()], [an_alarm()], [an_incident()], stage()).payload
    )

    assert all(f"|{label}" in shown for label in ("Q-9>", "A-118>", "R-42"))
    assert "show_incident" in shown
    assert '"approve"' not in shown
