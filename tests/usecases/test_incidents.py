"""An incident from being declared to being resolved, and what of runs and alarms belongs to it."""

import pytest

from bot.domain.alarm import AlarmNotice
from bot.domain.inbox import (
    DeclareIncident,
    EndIncident,
    GradeIncident,
    NamePerson,
    NoteIncident,
    ShowIncidents,
    StopRun,
)
from bot.domain.incident import Incident, IncidentState
from bot.domain.records import Change, Episode
from tests.usecases.table import ANA, BO, CHANNEL, CY, GUS, Table


def the_incident(table: Table) -> Incident:
    return table.store.incident(1)


def an_alarm(table: Table) -> Episode:
    notice = AlarmNotice(
        name="CircuitBreakerOpen",
        arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
        account="123456789012",
        region="eu-west-1",
        state="ALARM",
        previous="OK",
        reason="",
        at="2026-11-23T02:00:00Z",
        message_id="m-1",
        topic="t",
        dimensions={"Pipeline": "transactions"},
    )
    number = table.store.next_id("alarm")
    episode = Episode(id=number, notice=notice, since=notice.at, channel=CHANNEL, opened=table.now())
    table.store.commit(Change(episodes=(episode,)))
    return table.store.episode(number)


def test_an_incident_is_declared_graded_led_noted_mitigated_and_resolved(table: Table) -> None:
    table.wish(ANA, DeclareIncident(title="transactions load halted"))
    table.wish(BO, GradeIncident(severity=2))
    table.wish(BO, NamePerson())
    table.wish(BO, NamePerson(role="scribe", person=CY))
    table.wish(CY, NoteIncident(text="source says: currency column fixed"))
    table.wish(BO, EndIncident(over=False))
    table.wish(BO, EndIncident(over=True))

    incident = the_incident(table)
    assert (incident.title, incident.severity, incident.lead) == ("transactions load halted", 2, BO)
    assert (incident.roles, incident.resolved_by) == ({"scribe": CY}, BO)
    assert [note.by for note in incident.notes] == [CY]
    assert incident.state is IncidentState.RESOLVED
    told = [record.body.kind for record in table.audited() if record.body.subject == "INC-1"]
    assert told == [
        "incident.declared",
        "incident.graded",
        "incident.named",
        "incident.named",
        "incident.noted",
        "incident.mitigated",
        "incident.resolved",
    ]


@pytest.mark.parametrize("role", ["lead", "scribe"])
def test_nobody_is_named_who_could_do_nothing_here(table: Table, role: str) -> None:
    table.wish(ANA, DeclareIncident(title="breaker open"))

    table.wish(ANA, NamePerson(role=role, person=GUS))

    assert "name somebody else" in table.refused()
    assert (the_incident(table).lead, dict(the_incident(table).roles)) == (None, {})


def test_an_incident_of_an_alarm_takes_its_pipeline_and_name_and_is_declared_once(table: Table) -> None:
    alarm = an_alarm(table)

    table.wish(ANA, DeclareIncident(alarm=alarm.id))
    table.wish(BO, DeclareIncident(alarm=alarm.id))

    assert (the_incident(table).title, the_incident(table).alarms) == ("transactions: CircuitBreakerOpen", (alarm.id,))
    assert "INC-1 is about A-1 already" in table.refused()
    assert len(table.store.incidents()) == 1


def test_what_is_started_in_the_channel_belongs_to_its_open_incident_and_keeps_it_from_being_resolved(
    table: Table,
) -> None:
    table.wish(ANA, DeclareIncident(title="breaker open"))
    table.start(ANA, "swap")

    assert table.run().incident == 1
    table.wish(ANA, EndIncident(over=True))
    assert "R-1 of INC-1 still goes on" in table.refused()

    table.wish(ANA, StopRun(run=1))
    table.wish(ANA, EndIncident(over=True))
    assert not the_incident(table).open


def test_without_an_open_incident_the_words_say_how_to_declare_one(table: Table) -> None:
    table.wish(ANA, GradeIncident(severity=2))

    assert "/incident declare" in table.refused()


def test_without_a_number_the_newest_of_the_channel_is_shown_ended_ones_too(table: Table) -> None:
    table.wish(ANA, DeclareIncident(title="one"))
    table.wish(ANA, EndIncident(over=True))

    table.wish(ANA, ShowIncidents())

    assert table.whispers()[-1] == {"what": "incident", "incident": 1, "thread": None}


def test_an_incident_without_a_title_is_not_declared(table: Table) -> None:
    table.wish(ANA, DeclareIncident())

    assert "needs a title" in table.refused()
    assert table.store.incidents() == []
