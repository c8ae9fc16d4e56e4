"""One person answers alone: in severity 1 that somebody else confirmed, once a second channel knows; else never."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.domain.approval import Approval, ApprovalState, Glass, Vote
from bot.domain.inbox import (
    AskAgain,
    BreakGlass,
    DeclareIncident,
    DeclineRequest,
    GiveInputs,
    GradeIncident,
    ParkRun,
    StopRun,
)
from bot.domain.incident import IncidentState
from bot.domain.policy import BreakGlass as Rule
from bot.domain.records import Change
from bot.domain.run import RunState
from bot.domain.timeline import of_approval
from bot.usecases.runs import waking
from tests.usecases.table import ANA, BO, CHANNEL, CY, DEE, EVE, GUS, POLICY, ROBO, Table
from tests.usecases.test_measuring import of

SECOND, OTHER = "C0SECOND", "C0OTHER"
WHY = "readers get wrong data, and nobody of the platform answers"


def may_break(table: Table, role: str = "everyone", channel: str = SECOND) -> None:
    """Let a role of the policy break the glass."""
    policy = POLICY.model_copy(update={"break_glass": Rule(role=role, channel=channel), "channels": (CHANNEL, OTHER)})
    object.__setattr__(table.desk, "policy", policy)


def asked(table: Table, *, runbook: str = "swap", declared_by: str = CY, severity: int = 1) -> Approval:
    """Declare an incident, and ask for a change in it."""
    table.wish(declared_by, DeclareIncident(title="Readers get wrong data", severity=severity))
    table.start(ANA, runbook)
    return table.newest()


def break_it(
    table: Table, person: str = DEE, reason: str = WHY, otherwise: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Press Break glass… on the newest request, as its card stands."""
    number = table.newest().id
    card = table.store.card(f"request:{number}")
    assert card is not None
    where: dict[str, object] = {"edition": card.edition, "ts": card.ts, "channel": CHANNEL, **otherwise}
    wish = BreakGlass(approval=number, edition=int(str(where["edition"])), reason=reason)
    table.wish(person, wish, ts=str(where["ts"]), channel=str(where["channel"]))


def break_it_in_silence(table: Table) -> None:
    """Press it while no message reaches the second channel."""
    may_break(table)
    asked(table)
    table.silent_channels.add(SECOND)
    break_it(table)


def test_one_person_who_asked_for_nothing_answers_for_those_who_do_not(table: Table) -> None:
    may_break(table)
    asked(table)

    break_it(table)

    given = table.newest()
    assert (given.state, table.state(), table.run().state) == (ApprovalState.CONSUMED, "HALF_OPEN", RunState.REPAIRED)
    assert [(vote.person, vote.role) for vote in given.votes] == [(DEE, "everyone")]
    assert given.glass is not None
    assert (given.glass.reason, given.glass.told) == (WHY, f"ts-{given.glass_key}")
    kinds = [kind for kind in table.kinds() if kind in {"approval.breaking", "approval.broken", "call.taken"}]
    assert kinds == ["approval.breaking", "approval.broken", "call.taken"]
    (told,) = table.cards("glass:")
    assert told.channel == SECOND
    assert of(table, "Requests") == [("broken_glass",)]


def test_the_story_says_that_the_glass_was_broken(table: Table) -> None:
    may_break(table)
    asked(table)

    break_it(table)

    told = [moment.text for moment in of_approval(table.newest())]
    assert [text for text in told if text.startswith("Q-1 approved by breaking the glass as everyone")]


def test_where_slack_does_not_say_who_may_break_it_the_request_is_asked_all_the_same_and_nobody_may(
    table: Table,
) -> None:
    may_break(table)
    table.directory.not_told_anew.add("everyone")
    asked(table)
    table.directory.not_told_anew.clear()

    break_it(table)

    assert "was when this was asked" in table.refused()
    assert table.cloud.sent == []
    table.approve(BO)
    assert table.newest().state is ApprovalState.CONSUMED


def test_one_yes_of_two_is_filled_up(table: Table) -> None:
    may_break(table)
    asked(table, runbook="two-people")
    table.approve(BO)
    assert table.newest().state is ApprovalState.PENDING

    break_it(table)

    assert [vote.person for vote in table.newest().votes] == [BO, DEE]
    assert table.newest().state is ApprovalState.CONSUMED


def nobody_may(table: Table) -> None:
    object.__setattr__(table.desk, "policy", POLICY)


def resolve(table: Table) -> None:
    table.wish(CY, GradeIncident(severity=1))
    incident = table.store.incident(1)
    table.store.commit(Change(incidents=(incident.model_copy(update={"state": IncidentState.RESOLVED}),)))


def join(table: Table) -> None:
    may_break(table, role="oncall")
    table.directory.roles["oncall"].add(DEE)


def quiet(table: Table) -> None:
    table.directory.silent = True


REFUSED: dict[str, tuple[Callable[[Table], object], str]] = {
    "severity 2": (lambda table: table.wish(CY, GradeIncident(severity=2)), "severity 2"),
    "switched off": (nobody_may, "lets nobody break the glass"),
    "resolved": (resolve, "open incident of severity 1 only"),
    "joined after the ask": (join, "was when this was asked"),
    "Slack is silent": (quiet, "Refused to be safe"),
    "the second channel is the first": (lambda table: may_break(table, channel=CHANNEL), "second channel is this one"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_rule_does_not_cover_breaks_no_glass(table: Table, case: str) -> None:
    may_break(table)
    asked(table)
    spoil, words = REFUSED[case]
    spoil(table)

    break_it(table)

    table.directory.silent = False
    nothing_broke(table, words)


@pytest.mark.parametrize(
    ("person", "words"),
    [(ANA, "you asked for this change yourself"), *((one, "Guests, bots and people") for one in (EVE, GUS, ROBO))],
)
def test_who_asked_and_who_is_no_member_breaks_no_glass(table: Table, person: str, words: str) -> None:
    may_break(table)
    asked(table)
    table.directory.roles["everyone"] |= {person}

    break_it(table, person)

    nothing_broke(table, words)


def test_every_kind_of_author_is_refused(table: Table) -> None:
    may_break(table)
    asked(table)
    table.wish(DEE, GiveInputs(run=1, inputs={"reason": "the other file"}))

    break_it(table)

    nothing_broke(table, "you asked for this change yourself")


@pytest.mark.parametrize("graded_by", [ANA, DEE])
def test_a_severity_that_only_an_author_or_the_presser_speaks_of_is_not_confirmed(table: Table, graded_by: str) -> None:
    may_break(table)
    asked(table, declared_by=graded_by)
    break_it(table)
    nothing_broke(table, "Somebody else says so first")

    table.wish(CY, GradeIncident(severity=1))
    break_it(table)

    assert table.newest().state is ApprovalState.CONSUMED


def test_a_severity_that_only_an_approver_speaks_of_is_not_confirmed(table: Table) -> None:
    may_break(table)
    asked(table, runbook="two-people", declared_by=BO)
    table.approve(BO)

    break_it(table)

    nothing_broke(table, "Somebody else says so first")


def test_who_said_yes_already_does_not_count_twice(table: Table) -> None:
    may_break(table)
    asked(table, runbook="two-people")
    table.approve(BO)

    break_it(table, BO)

    nothing_broke(table, "you have said yes to this already")


@pytest.mark.parametrize(("what", "other"), [("edition", 0), ("ts", "1.1"), ("channel", OTHER)])
def test_a_press_somewhere_else_breaks_no_glass(table: Table, what: str, other: object) -> None:
    may_break(table)
    asked(table)

    break_it(table, otherwise={what: other})

    nothing_broke(table, "not on the request as it stands now")


@pytest.mark.parametrize("reason", ["", "   ", "\u200b", "x" * 10_240])
def test_a_reason_that_nobody_can_read_breaks_no_glass(table: Table, reason: str) -> None:
    may_break(table)
    asked(table)

    break_it(table, reason=reason)

    nothing_broke(table, "A reason ")


def test_a_reason_that_holds_a_secret_breaks_no_glass_and_is_kept_nowhere(table: Table) -> None:
    may_break(table)
    asked(table)

    break_it(table, reason="log in with password=hunter2secret99 and see")

    nothing_broke(table, "looks like a secret")
    assert not [private for _, private in table.store.audit(most=200) if "hunter2" in private]


def test_no_incident_no_glass(table: Table) -> None:
    may_break(table)
    table.start(ANA, "swap")

    break_it(table)

    nothing_broke(table, "no incident")


def test_nothing_is_done_while_the_second_channel_is_silent_and_the_person_is_told(table: Table) -> None:
    may_break(table)
    asked(table)
    table.silent_channels.add(SECOND)

    break_it(table)
    assert (table.newest().state, table.cloud.sent) == (ApprovalState.PENDING, [])
    table.later(timedelta(seconds=61))
    table.drive()

    assert (table.newest().glass, table.newest().state, table.cloud.sent) == (None, ApprovalState.PENDING, [])
    (told,) = table.cards("unbroken:")
    assert (told.payload["by"], told.payload["why"]) == (DEE, "The second channel could not be told.")
    assert table.kinds().count("approval.not_broken") == 1
    table.silent_channels.clear()
    table.deal()
    table.drive()
    assert table.cloud.sent == []


def test_who_presses_again_after_the_second_channel_was_silent_has_it_told_anew(table: Table) -> None:
    break_it_in_silence(table)
    table.later(timedelta(seconds=61))
    table.drive()
    table.silent_channels.clear()

    break_it(table)

    assert (table.newest().state, table.state()) == (ApprovalState.CONSUMED, "HALF_OPEN")
    assert len(table.cards("glass:")) == 2
    assert table.kinds().count("approval.breaking") == 2


def test_a_proper_yes_meanwhile_counts_as_one(table: Table) -> None:
    break_it_in_silence(table)

    table.approve(BO)

    assert ([vote.person for vote in table.newest().votes], table.newest().glass) == ([BO], None)
    assert table.state() == "HALF_OPEN"


def test_an_approve_of_the_same_person_does_not_stand_for_the_channel_that_is_silent(table: Table) -> None:
    may_break(table, role="platform")
    asked(table)
    table.silent_channels.add(SECOND)
    break_it(table, BO)

    table.approve(BO)

    assert "the second channel is being told" in table.refused()
    assert table.cloud.sent == []


def test_a_severity_taken_back_meanwhile_ends_it(table: Table) -> None:
    break_it_in_silence(table)
    table.wish(CY, GradeIncident(severity=2))

    table.silent_channels.clear()
    table.deal()
    table.later(timedelta(seconds=2))
    table.drive()

    assert (table.newest().glass, table.cloud.sent) == (None, [])
    assert "severity 2" in str(table.cards("unbroken:")[0].payload["why"])


@pytest.mark.parametrize("after", ["severity", "role", "world"])
def test_what_became_otherwise_between_the_yes_and_the_call_voids_it(table: Table, after: str) -> None:
    break_it_in_silence(table)
    table.silent_channels.clear()
    table.deal()
    table.later(timedelta(seconds=2))
    table.segment()
    assert table.newest().state is ApprovalState.APPROVED

    match after:
        case "severity":
            incident = table.store.incident(1)
            table.store.commit(Change(incidents=(incident.model_copy(update={"severity": 2}),)))
        case "role":
            table.directory.roles["everyone"].discard(DEE)
        case _:
            table.write_breaker(changed_by="mallory")
    table.drive()

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])


def offers_what_is_hard_to_undo(table: Table, *, offers: bool) -> None:
    """Let the policy offer destructive steps, or not; all else of a request stays as it is either way."""
    update = {"destructive": ("platform", "oncall") if offers else (), "lifetime_of_two": POLICY.lifetime}
    object.__setattr__(table.desk, "policy", table.desk.policy.model_copy(update=update))


def test_a_step_that_the_policy_denies_is_not_asked_for_and_no_glass_opens_it(table: Table) -> None:
    may_break(table)
    offers_what_is_hard_to_undo(table, offers=False)

    table.wish(CY, DeclareIncident(title="Readers get wrong data", severity=1))
    table.start(ANA, "open-and-close")

    assert (list(table.store.approvals()), table.cloud.sent) == ([], [])
    assert "the policy offers no such step" in table.run().record("half_open").note


def test_a_deny_of_the_policy_stays_under_a_broken_glass(table: Table) -> None:
    may_break(table)
    offers_what_is_hard_to_undo(table, offers=True)
    asked(table, runbook="open-and-close")
    table.silent_channels.add(SECOND)
    break_it(table)
    table.silent_channels.clear()
    table.deal()
    table.later(timedelta(seconds=2))
    table.segment()
    assert table.newest().state is ApprovalState.APPROVED

    offers_what_is_hard_to_undo(table, offers=False)
    table.drive()

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])
    assert "the policy offers no such step" in table.newest().ended_why


def test_what_is_never_done_is_not_done_under_a_broken_glass(table: Table) -> None:
    may_break(table)
    asked(table)
    names = table.lake.names
    anchors = f"s3://{names.artifacts_bucket}/control/"
    object.__setattr__(table.desk, "platform", table.desk.platform.model_copy(update={"anchors": anchors}))

    break_it(table)

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])
    assert "Audit anchors are never written" in table.newest().ended_why


ENDS: dict[str, Callable[[Table], object]] = {
    "stopped": lambda table: table.wish(ANA, StopRun(run=1)),
    "parked": lambda table: table.wish(ANA, ParkRun(run=1, until=table.now() + timedelta(hours=1))),
    "asked again": lambda table: table.wish(ANA, AskAgain(run=1)),
    "another reason": lambda table: table.wish(ANA, GiveInputs(run=1, inputs={"reason": "the other file"})),
    "declined": lambda table: table.wish(BO, DeclineRequest(approval=1, why="other", words="no")),
    "voided": lambda table: table.write_breaker(changed_by="mallory"),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_second_channel_hears_that_the_request_it_was_told_of_is_over(table: Table, how: str) -> None:
    break_it_in_silence(table)
    table.silent_channels.clear()
    table.deal()
    if how == "voided":
        table.later(timedelta(seconds=2))
        table.segment()
    key = table.store.approval(1).glass_key
    before = table.store.card(key)

    ENDS[how](table)
    table.drive()

    after = table.store.card(key)
    assert (table.store.approval(1).state.open, table.cloud.sent) == (False, [])
    assert before is not None
    assert after is not None
    assert after.wanted > before.wanted


def test_no_call_leaves_for_a_glass_that_the_second_channel_never_heard_of(table: Table) -> None:
    may_break(table)
    request = asked(table)
    table.silent_channels.add(SECOND)
    break_it(table)
    forged = table.newest()
    assert forged.glass is not None
    glass = Glass(**{**forged.glass.model_dump(), "told": "1.1"})
    vote = Vote(person=DEE, name="dee", role="everyone", at=table.now())
    update = {"glass": glass, "votes": (vote,), "state": ApprovalState.APPROVED}
    going, wait = waking(table.run(), table.now())
    table.store.commit(Change(approvals=(forged.model_copy(update=update),), runs=(going,), opens=(wait,)))

    table.drive()

    assert (table.store.approval(request.id).state, table.cloud.sent) == (ApprovalState.VOID, [])
    assert "second channel was not told" in table.store.approval(request.id).ended_why


def nothing_broke(table: Table, words: str) -> None:
    """Insist that nothing was done, and that the person was told why."""
    assert words in table.refused()
    assert (table.newest().state, table.newest().glass) == (ApprovalState.PENDING, None)
    assert (table.cloud.sent, table.state(), table.cards("glass:")) == ([], "OPEN", [])
