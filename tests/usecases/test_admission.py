"""Reading is a permission: whoever may not see is told nothing, and nothing is asked of AWS for them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alarm import AlarmNotice
from bot.domain.approval import ApprovalState
from bot.domain.inbox import (
    AddFollowUp,
    AddStep,
    AlarmCame,
    AskAgain,
    AskPeople,
    AskQuestion,
    BreakGlass,
    CancelDraft,
    CastVote,
    CheckDraft,
    CloseFollowUp,
    ConfirmCause,
    DateFollowUp,
    DeclareIncident,
    DeclineRequest,
    EditDraft,
    EditSection,
    EndIncident,
    ExpandStep,
    ExportPostmortem,
    GiveBackFollowUp,
    GiveInputs,
    GradeIncident,
    ImportPostmortem,
    LeaveOut,
    MarkDone,
    MarkMessage,
    NamePerson,
    NoneFits,
    NoteIncident,
    OpenHome,
    OtherRunbook,
    OwnFollowUp,
    ParkRun,
    PublishPostmortem,
    ReadAgain,
    RevokeRequest,
    SettleImport,
    SettleOwed,
    SettleUnknown,
    ShowAlarms,
    ShowApprovals,
    ShowAudit,
    ShowDetails,
    ShowEvidence,
    ShowFollowUps,
    ShowHelp,
    ShowIncidents,
    ShowList,
    ShowPostmortem,
    ShowRunbook,
    ShowStatus,
    SnoozeAlarm,
    SnoozeFollowUp,
    StartPostmortem,
    StartRun,
    StateFact,
    StopRun,
    StrikeClaims,
    SuggestForAlarm,
    TakeAlarm,
    TakeOver,
    UndoStep,
    Wish,
)
from bot.domain.records import Change, Episode
from bot.domain.run import RunState
from bot.domain.value import JsonObject
from bot.usecases.inbox import TELLS_NO_FACT, WISHES
from tests.usecases.table import ANA, BO, CHANNEL, CY, DEE, EVE, GUS, ROBO, Table

HOSTILE = {
    "sql": "'; DROP TABLE runs; --",
    "emoji": "🦀🔥 it is on fire 👩‍💻",
    "long": "x" * 10_240,
    "hidden": "fixed\u200b\u202eby\u2060 nobody\ufeff",
    "markup": "<!channel> <@U0BO> *_~` &amp;",
    "expression": "${platform.account} {0.__class__}",
    "lines": "one\ntwo\r\nthree\x00four",
}
UNTIL = datetime(2100, 1, 1, tzinfo=UTC)

ALL: tuple[Wish, ...] = (
    StartRun(runbook="swap"),
    StartRun(runbook="circuit-breaker", plan_only=True),
    StartRun(runbook="nothing-of-that-name"),
    ShowList(),
    ShowList(words="breaker"),
    ShowRunbook(runbook="swap"),
    ShowStatus(),
    ShowStatus(run=1),
    ShowStatus(run=99),
    ShowApprovals(),
    ShowApprovals(approval=1),
    ShowDetails(approval=1),
    ShowDetails(approval=99),
    CastVote(approval=1, edition=1),
    CastVote(approval=99, edition=1),
    BreakGlass(approval=1, edition=1, reason="x"),
    BreakGlass(approval=99, edition=1, reason="x"),
    DeclineRequest(approval=1, why="no"),
    RevokeRequest(approval=1),
    AskAgain(run=1),
    AskAgain(run=99),
    AskPeople(approval=1),
    MarkDone(run=1, step="half_open"),
    GiveInputs(run=1, inputs={"reason": "x"}),
    ParkRun(run=1, until=UNTIL),
    TakeOver(run=1),
    UndoStep(run=1),
    SettleOwed(run=1, step="resume"),
    SettleUnknown(run=1, step="half_open", happened=True),
    ReadAgain(run=1, step="half_open"),
    StopRun(run=1),
    TakeAlarm(alarm=1),
    TakeAlarm(alarm=99),
    SnoozeAlarm(alarm=1),
    StartPostmortem(),
    StartPostmortem(since="2020-01-01T00:00:00Z", until="2020-01-01T01:00:00Z"),
    CancelDraft(draft=1),
    ShowPostmortem(),
    EditDraft(draft=1, edition=1, sections={"Summary": "mine"}),
    EditSection(section="Summary"),
    StateFact(draft=1, section="Summary", text="seen"),
    ConfirmCause(draft=1, number=0, edition=1, right=True),
    CheckDraft(draft=1),
    PublishPostmortem(),
    ExportPostmortem(form="md"),
    AskQuestion(question="why did it fail?"),
    ExpandStep(runbook="swap", step="1"),
    ExpandStep(run=1, step="half_open"),
    ShowEvidence(subject="A-1"),
    ShowEvidence(subject="A-1", item="E1"),
    ShowEvidence(subject="R-1"),
    ShowAudit(run=1),
    ShowAlarms(),
    OtherRunbook(alarm=1),
    SuggestForAlarm(alarm=1),
    SuggestForAlarm(name="CircuitBreakerOpen"),
    DeclareIncident(title="load halted"),
    DeclareIncident(alarm=1),
    ShowIncidents(),
    ShowIncidents(incident=1),
    GradeIncident(severity=1),
    NamePerson(),
    NamePerson(role="scribe", person=BO),
    NoteIncident(text="seen"),
    EndIncident(over=True),
    AddStep(answer=1, number=1),
    LeaveOut(run=1, step="half_open"),
    StrikeClaims(message="A-1", wrong=("0" * 16,)),
    StrikeClaims(message="assist:1", back=(1,)),
    ImportPostmortem(),
    SettleImport(draft=1, number=1, taken=True),
    ShowFollowUps(),
    ShowFollowUps(which="open"),
    AddFollowUp(text="alert on late files"),
    OwnFollowUp(item=1, owner=BO),
    DateFollowUp(item=1, due=None),
    CloseFollowUp(item=1, done=True),
    SnoozeFollowUp(item=1, days=1),
    GiveBackFollowUp(item=1),
    NoneFits(alarm=1),
    OpenHome(),
)
FACTS = ("R-1", "R-99", "Q-1", "Q-99", "A-1", "A-99", "U0", "ana", "swap", "Swap", "transactions", "OPEN", "platform")


def named(wish: Wish) -> str:
    return "-".join(str(value) for value in wish.model_dump().values() if isinstance(value, str | int))[:40]


def notice(**changes: object) -> AlarmNotice:
    plain = AlarmNotice(
        name="CircuitBreakerOpen",
        arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
        account="123456789012",
        region="eu-west-1",
        state="ALARM",
        previous="OK",
        reason="",
        at="2026-11-23T02:00:00+00:00",
        message_id="m-1",
        topic="t",
    )
    return plain.model_copy(update=changes)


def laid(table: Table) -> tuple[int, JsonObject]:
    """Lay a run that waits for approval and an open alarm; return how often AWS was asked so far, and the run."""
    table.start(ANA, "swap")
    number = table.store.next_id("alarm")
    episode = Episode(id=number, notice=notice(), since=notice().at, channel=CHANNEL, opened=table.now())
    table.store.commit(Change(episodes=(episode,)))
    return table.cloud.looked, table.run().model_dump(mode="json")


def insist_that_nothing_was_told_or_done(table: Table, before: tuple[int, JsonObject]) -> None:
    assert table.cloud.looked == before[0]
    assert table.cloud.sent == []
    assert table.run().model_dump(mode="json") == before[1]
    assert len(table.store.runs(open_only=False)) == 1
    assert table.newest().votes == ()
    assert table.newest().state.open
    assert table.store.episode(1).taken_by is None
    (told,) = table.whispers()
    assert told["what"] == "refused"
    assert not [fact for fact in FACTS if fact in str(told["words"])], told
    assert table.audited()[-1].body.kind == "wish.refused"


def test_every_wish_is_tried_here() -> None:
    tried = {type(wish) for wish in ALL} | {ShowHelp, AlarmCame, MarkMessage}  # the last is told nothing, see marking

    assert tried == set(WISHES)
    assert set(TELLS_NO_FACT.__args__) == {ShowHelp, OpenHome, AlarmCame, MarkMessage}


@pytest.mark.parametrize("person", [GUS, EVE, ROBO, "U0OUTSIDE"])
def test_a_guest_a_stranger_a_bot_and_a_member_without_the_role_learn_nothing_from_any_wish(
    table: Table, person: str
) -> None:
    table.directory.roles["everyone"] |= {GUS, EVE, ROBO}
    table.directory.people["U0OUTSIDE"] = table.directory.people[DEE].model_copy(update={"id": "U0OUTSIDE"})
    before = laid(table)

    for wish in ALL:
        table.forget_whispers()
        table.wish(person, wish, ts="ts-request:1")
        insist_that_nothing_was_told_or_done(table, before)


@pytest.mark.parametrize("channel", ["C0FOREIGN", "C0SHARED", "G0ELSEWHERE"])
def test_in_a_foreign_or_shared_channel_nobody_learns_anything_from_any_wish(table: Table, channel: str) -> None:
    before = laid(table)

    for wish in ALL:
        if isinstance(wish, OpenHome):
            continue  # it is opened in the app, not in a channel
        table.forget_whispers()
        table.wish(BO, wish, ts="ts-request:1", channel=channel)
        insist_that_nothing_was_told_or_done(table, before)


def test_when_slack_does_not_say_who_somebody_is_no_wish_is_granted(table: Table) -> None:
    before = laid(table)
    table.directory.silent = True

    for wish in ALL:
        table.forget_whispers()
        table.wish(BO, wish, ts="ts-request:1")
        insist_that_nothing_was_told_or_done(table, before)


def test_a_wish_of_nobody_is_refused_and_nobody_is_told(table: Table) -> None:
    before = laid(table)

    for wish in ALL:
        table.wish(None, wish, ts="ts-request:1")

    assert (table.cloud.looked, table.whispers()) == (before[0], [])
    assert table.run().model_dump(mode="json") == before[1]


def test_a_viewer_who_is_no_operator_looks_and_changes_nothing(table: Table) -> None:
    policy = table.desk.policy.model_copy(update={"operator": "oncall"})
    table.desk = replace(table.desk, policy=policy)
    laid(table)
    before = table.run()

    table.wish(DEE, ShowStatus(run=1))
    assert table.whispers()[-1]["what"] == "run"
    for wish in (StopRun(run=1), AskAgain(run=1), TakeOver(run=1), UndoStep(run=1), StartRun(runbook="swap")):
        table.wish(DEE, wish)
        assert "You need to be in lake-oncall to start or change runs" in table.refused()

    assert table.run() == before


def test_help_tells_no_fact_and_so_is_told_to_anybody(table: Table) -> None:
    table.wish(GUS, ShowHelp(words="what?"))

    assert table.whispers() == [{"what": "help", "words": "what?", "thread": None}]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_in_every_free_field_is_data_or_refused_and_harms_nothing(table: Table, text: str) -> None:
    table.half_open_asked()
    state, inputs = table.run().state, table.run().inputs

    for wish in (
        StartRun(runbook=text),
        StartRun(runbook="circuit-breaker", inputs={"pipeline": text}),
        StartRun(runbook="circuit-breaker", inputs={text: "x"}),
        StartRun(runbook="circuit-breaker", inputs={"pipeline": text}, plan_only=True),
        ShowList(words=text),
        ShowRunbook(runbook=text),
        ShowHelp(words=text),
        MarkDone(run=1, step=text),
        SettleOwed(run=1, step=text),
        SettleUnknown(run=1, step=text, happened=True),
        GiveInputs(run=1, inputs={"probe_file": text}),
        GiveInputs(run=1, inputs={text: "x"}),
    ):
        table.wish(ANA, wish)

    assert (table.run().state, table.run().inputs, table.store.deliveries()) == (state, inputs, [])
    assert table.newest().state.open
    table.wish(BO, DeclineRequest(approval=2, why=text, words=text))
    assert table.newest().ended_by == BO
    assert len(table.newest().ended_why) <= 600
    assert "Something went wrong" not in str(table.whispers())


@pytest.mark.parametrize("name", ["sql", "emoji", "hidden", "markup", "expression"])
def test_a_hostile_reason_reaches_the_file_as_text_and_is_never_evaluated(table: Table, name: str) -> None:
    table.start(ANA)
    table.approve(ANA)

    table.wish(ANA, GiveInputs(run=1, inputs={"reason": HOSTILE[name]}))
    table.approve(BO)

    assert table.state() == "HALF_OPEN"
    assert table.document()["reason"] == HOSTILE[name]


def test_a_person_is_an_operator_again_once_they_are_back_in_the_group(table: Table) -> None:
    table.directory.roles["everyone"].discard(DEE)
    table.wish(DEE, StartRun(runbook="swap"))
    assert table.store.runs() == []

    table.directory.roles["everyone"].add(DEE)
    table.wish(DEE, StartRun(runbook="swap"))

    assert table.run().state is RunState.WAITING
    assert timedelta(0) <= table.now() - table.run().started


def few_looks(table: Table) -> None:
    policy = table.desk.policy.model_copy(update={"looks_per_person": 3, "looks_per_channel": 5})
    table.desk = replace(table.desk, policy=policy)


def test_who_has_the_lake_looked_at_too_often_is_refused_with_the_time_and_nothing_is_read(table: Table) -> None:
    few_looks(table)
    for _ in range(3):
        table.wish(ANA, StartRun(runbook="swap", plan_only=True))
    looked = table.cloud.looked

    table.forget_whispers()
    table.wish(ANA, StartRun(runbook="swap", plan_only=True))

    assert "3 times in ten minutes" in table.refused()
    assert "Try again in 10 min" in table.refused()
    assert table.cloud.looked == looked


def test_one_person_s_share_leaves_others_theirs_until_the_channel_s_is_used_up(table: Table) -> None:
    few_looks(table)
    for person in (ANA, ANA, ANA, BO, BO):
        table.wish(person, StartRun(runbook="swap", plan_only=True))
    assert "refused" not in [one["what"] for one in table.whispers()]

    table.wish(CY, StartRun(runbook="swap", plan_only=True))

    assert "This channel has had the lake looked at 5 times" in table.refused()


def test_ten_minutes_later_there_is_a_share_again(table: Table) -> None:
    few_looks(table)
    for _ in range(3):
        table.wish(ANA, StartRun(runbook="swap", plan_only=True))

    table.clock.advance(600)
    table.forget_whispers()
    table.wish(ANA, StartRun(runbook="swap", plan_only=True))

    assert "refused" not in [one["what"] for one in table.whispers()]


def test_a_look_that_was_refused_takes_nobody_s_share(table: Table) -> None:
    few_looks(table)
    for person in (*[ANA] * 6, *[GUS] * 6):
        table.wish(person, StartRun(runbook="swap", plan_only=True))
        table.clock.advance(1)
    table.forget_whispers()

    table.wish(BO, StartRun(runbook="swap", plan_only=True))
    table.clock.advance(588)
    table.wish(ANA, StartRun(runbook="swap", plan_only=True))

    assert "refused" not in [one["what"] for one in table.whispers()]


def test_in_an_open_incident_of_severity_1_nothing_is_counted(table: Table) -> None:
    few_looks(table)
    table.wish(ANA, DeclareIncident(title="readers get wrong data", severity=1))
    for _ in range(7):
        table.wish(ANA, StartRun(runbook="swap", plan_only=True))

    assert "refused" not in [one["what"] for one in table.whispers()]


def test_steering_and_voting_are_never_counted(table: Table) -> None:
    few_looks(table)
    table.start(ANA, "swap")
    for _ in range(4):
        table.wish(BO, ShowStatus())
    for _ in range(3):
        table.wish(BO, StartRun(runbook="swap", plan_only=True))

    table.approve(BO)

    assert table.newest().state is ApprovalState.CONSUMED
