"""Whose yes counts, when, and how often."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import AskAgain, AskPeople, CastVote, DeclineRequest, RevokeRequest, StartRun
from bot.domain.people import Person
from bot.domain.run import Awaiting, RunState
from bot.usecases.inbox import deal
from bot.usecases.work import perform_work
from tests.usecases.table import ANA, BO, CY, DEE, EVE, GUS, POLICY, ROBO, TEAM, Table


def waits_for(table: Table) -> Awaiting | None:
    waiting = table.run().waiting
    return waiting.what if waiting else None


def test_the_requester_cannot_approve_their_own_change_and_it_is_a_refusal_not_a_decline(table: Table) -> None:
    table.start(ANA, "swap")

    asked = table.approve(ANA)

    assert "you asked for this change yourself. Can approve: <@U0BO>, <@U0CY>" in table.refused()
    assert (asked.state, asked.votes, table.cloud.sent) == (ApprovalState.PENDING, (), [])
    refusal = table.audited()[-1].body
    assert (refusal.kind, refusal.subject, refusal.actor) == ("wish.refused", asked.label, ANA)
    assert "approval.declined" not in table.kinds()


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (DEE, "you are not in platform"),
        (ROBO, "Guests, bots and people from other workspaces"),
        (GUS, "Guests, bots and people from other workspaces"),
        (EVE, "Guests, bots and people from other workspaces"),
        ("U0GHOST", "Slack knows nobody"),
    ],
)
def test_who_is_no_member_of_the_role_cannot_approve_whatever_they_are(table: Table, person: str, words: str) -> None:
    table.directory.roles["platform"] |= {ROBO, GUS, EVE}
    table.directory.roles["everyone"] |= {ROBO, GUS, EVE}
    table.start(ANA, "swap")

    asked = table.approve(person)

    assert words in table.refused()
    assert (asked.state, asked.votes, table.cloud.sent) == (ApprovalState.PENDING, (), [])


def test_somebody_removed_from_the_group_between_the_ask_and_the_click_is_refused(table: Table) -> None:
    table.start(ANA, "swap")
    table.directory.roles["platform"].discard(BO)

    table.approve(BO)

    assert "you are not in platform (checked just now)" in table.refused()
    assert table.cloud.sent == []


def test_somebody_made_a_guest_between_the_ask_and_the_click_is_refused(table: Table) -> None:
    table.start(ANA, "swap")
    table.directory.people[BO] = Person(id=BO, team=TEAM, name="bo", is_guest=True)

    table.approve(BO)

    assert "Guests, bots" in table.refused()


def test_somebody_removed_between_the_vote_and_the_call_makes_the_yes_void(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()
    table.directory.roles["platform"].discard(BO)

    table.drive()

    voided = table.newest()
    assert (voided.state, table.cloud.sent) == (ApprovalState.VOID, [])
    assert "bo is no longer in platform" in voided.ended_why
    assert waits_for(table) is Awaiting.PERSON
    assert table.run().next_step == "half_open"


def test_somebody_who_joined_the_group_after_the_ask_is_refused_until_it_is_asked_again(table: Table) -> None:
    table.start(ANA, "swap")
    table.directory.roles["platform"].add(DEE)

    table.approve(DEE)
    assert "you joined the group after this was asked" in table.refused()

    table.ask_again(ANA)
    assert table.approve(DEE).state is ApprovalState.CONSUMED


def test_when_slack_does_not_say_who_is_in_the_group_the_answer_is_no_and_nothing_is_used_up(table: Table) -> None:
    table.start(ANA, "swap")
    table.directory.silent = True

    asked = table.approve(BO)

    assert "Refused to be safe" in table.refused()
    assert (asked.state, asked.votes) == (ApprovalState.PENDING, ())
    table.directory.silent = False
    assert table.approve(BO).state is ApprovalState.CONSUMED
    assert table.cloud.rows == ["s3.put_breaker"]


def test_when_slack_falls_silent_between_the_vote_and_the_call_nothing_is_sent_until_it_speaks(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()
    table.directory.silent = True
    perform_work(table.desk, table.store.open_waits(due=table.now())[0].key)
    assert (table.cloud.sent, table.newest().state) == ([], ApprovalState.APPROVED)

    table.directory.silent = False
    table.drive()

    assert (table.cloud.rows, table.newest().state) == (["s3.put_breaker"], ApprovalState.CONSUMED)


def test_of_two_people_who_click_in_the_same_instant_one_counts_and_one_write_leaves(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.approve(CY, drive=False)
    together = threading.Barrier(2)

    def dealt(number: int) -> None:
        together.wait()
        deal(table.desk, number)

    clicks = [threading.Thread(target=dealt, args=(number,)) for number in table.store.deliveries()]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    table.drive()

    asked = table.newest()
    assert (asked.state, len(asked.votes), table.cloud.rows) == (ApprovalState.CONSUMED, 1, ["s3.put_breaker"])
    assert "Already approved by" in table.refused()
    assert table.kinds().count("approval.cast") == 1


def test_one_click_delivered_three_times_under_one_identity_is_one_click(table: Table) -> None:
    table.start(ANA, "swap")
    asked, card = table.newest(), table.store.card("request:1")
    assert card is not None
    vote = CastVote(approval=asked.id, edition=card.edition)

    kept = [table.send(BO, vote, ts=card.ts, identity="one-click") for _ in range(3)]
    table.drive()

    assert kept == [True, False, False]
    assert table.cloud.rows == ["s3.put_breaker"]
    assert table.kinds().count("approval.cast") == 1
    assert table.whispers() == []


def test_one_click_delivered_three_times_under_three_identities_counts_once(table: Table) -> None:
    table.start(ANA, "swap")
    for identity in ("a", "b", "c"):
        table.approve(BO, table.store.approval(1), identity=identity, drive=False)

    table.drive()

    assert table.cloud.rows == ["s3.put_breaker"]
    assert len(table.store.approval(1).votes) == 1
    assert [one["what"] for one in table.whispers()] == ["refused", "refused"]


def test_a_click_after_expiry_changes_nothing(table: Table) -> None:
    table.start(ANA, "swap")
    table.later(timedelta(minutes=15, seconds=1))

    table.approve(BO, drive=False)
    table.deal()

    assert "expired" in table.refused()
    assert table.cloud.sent == []


def test_a_yes_that_expires_before_the_call_is_void(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()
    table.later(timedelta(minutes=16))

    table.drive()

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])
    assert waits_for(table) is Awaiting.PERSON


def test_a_click_on_an_older_edition_or_another_message_does_not_count(table: Table) -> None:
    table.start(ANA, "swap")
    card = table.store.card("request:1")
    assert card is not None

    table.wish(BO, CastVote(approval=1, edition=card.edition + 1), ts=card.ts)
    table.wish(BO, CastVote(approval=1, edition=card.edition), ts="9.9")
    table.wish(BO, CastVote(approval=1, edition=card.edition), ts=None)

    assert table.newest().votes == ()
    assert len(table.whispers()) == 3


def test_two_roles_need_two_people_and_one_person_in_both_gives_one_vote(table: Table) -> None:
    table.start(CY, "two-people")

    first = table.approve(BO)
    again = table.approve(BO)

    assert (first.state, len(again.votes), table.cloud.sent) == (ApprovalState.PENDING, 1, [])
    assert "You have approved this already" in table.refused()
    assert table.approve(ANA).state is ApprovalState.CONSUMED
    assert table.cloud.rows == ["s3.put_breaker"]


def test_the_first_of_two_votes_leaves_the_request_void_at_the_call_if_that_person_left(table: Table) -> None:
    table.start(CY, "two-people")
    table.approve(BO)
    table.directory.roles["platform"].discard(BO)
    table.directory.roles["oncall"].discard(BO)

    table.approve(ANA)

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])


def test_declined_ends_the_request_never_the_run_and_the_reason_is_kept(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(CY, DeclineRequest(approval=1, why="not now", words="a load runs"))

    over = table.newest()
    assert (over.state, over.ended_by, over.ended_why) == (ApprovalState.DECLINED, CY, "not now: a load runs")
    assert (table.run().state, waits_for(table)) == (RunState.WAITING, Awaiting.PERSON)
    table.approve(BO)
    assert "declined" in table.refused()
    assert table.cloud.sent == []


def test_the_requester_withdraws_and_who_has_nothing_to_say_cannot_decline(table: Table) -> None:
    table.start(CY, "swap")

    table.wish(DEE, DeclineRequest(approval=1, why="no"))
    assert "Only those who may approve, or who asked, can decline" in table.refused()

    table.directory.roles["platform"].discard(CY)
    table.ask_again(CY)
    table.wish(CY, DeclineRequest(approval=2, why="mistake"))
    assert table.newest().state is ApprovalState.WITHDRAWN


def test_a_yes_is_taken_back_before_the_call_and_not_after(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()

    table.send(BO, RevokeRequest(approval=1))
    table.deal()
    table.drive()
    assert (table.newest().state, table.cloud.sent, waits_for(table)) == (ApprovalState.REVOKED, [], Awaiting.PERSON)

    table.ask_again(ANA)
    table.approve(BO)
    table.wish(BO, RevokeRequest(approval=2))
    assert "it is too late to take it back" in table.refused()


def test_only_who_said_yes_can_take_it_back(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(CY, RevokeRequest(approval=1))

    assert "Only somebody who said yes" in table.refused()


def test_a_yes_taken_back_while_the_call_cannot_be_proved_yet_is_not_asked_anew_by_itself(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()
    table.directory.silent = True
    perform_work(table.desk, table.store.open_waits(due=table.now())[0].key)
    table.directory.silent = False
    assert waits_for(table) is Awaiting.POLL

    table.send(BO, RevokeRequest(approval=1))
    table.deal()
    table.drive()

    assert [one.state for one in table.store.approvals()] == [ApprovalState.REVOKED]
    assert waits_for(table) is Awaiting.PERSON


def test_who_asks_again_becomes_an_author_and_cannot_approve(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(CY, DeclineRequest(approval=1, why="no"))
    table.wish(BO, AskAgain(run=1))

    table.approve(BO)
    assert "you asked for this change yourself" in table.refused()
    assert table.approve(CY).state is ApprovalState.CONSUMED


def test_people_are_asked_at_most_once_in_five_minutes(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(ANA, AskPeople(approval=1))
    table.wish(ANA, AskPeople(approval=1))

    assert table.notices().count("asked") == 1
    assert "asked less than five minutes ago" in table.refused()


def test_a_request_that_nobody_but_the_requester_could_answer_is_said_at_the_start(table: Table) -> None:
    table.directory.roles["platform"] = {ANA}

    table.start(ANA, "swap")

    assert [one["what"] for one in table.whispers()] == ["alone"]
    assert "nobody but you is in lake-platform" in str(table.whispers()[0]["words"])


def test_on_call_does_not_confirm_their_own_isolated_execution_where_the_policy_forbids_it(table: Table) -> None:
    table.desk = replace(table.desk, policy=POLICY.model_copy(update={"own_isolated": False}))
    table.start(ANA, "starts")

    table.approve(ANA)

    assert "you asked for this change yourself" in table.refused()
    assert table.cloud.sent == []
    assert table.approve(BO).state is ApprovalState.CONSUMED


def test_what_the_policy_no_longer_offers_is_not_done_though_those_it_asks_said_yes(table: Table) -> None:
    offers = {"destructive": ("platform", "oncall"), "lifetime_of_two": POLICY.lifetime}
    table.desk = replace(table.desk, policy=POLICY.model_copy(update=offers))
    table.start(ANA, "open-and-close")
    table.approve(CY)
    assert table.newest().state is ApprovalState.PENDING

    table.desk = replace(table.desk, policy=POLICY.model_copy(update={**offers, "destructive": ()}))
    table.approve(BO)

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])


def test_a_runbook_that_asks_others_instead_of_the_policys_roles_asks_both(table: Table) -> None:
    table.edit("swap", "needs: [platform]", "needs: [everyone]")
    table.start(ANA, "swap")

    asked = table.approve(DEE)

    assert (asked.binding.needs, asked.state) == (("everyone", "platform"), ApprovalState.PENDING)
    assert table.cloud.sent == []
    assert table.approve(CY).state is ApprovalState.CONSUMED


def test_a_runbook_that_needs_a_role_the_policy_does_not_know_is_refused_in_words_at_the_start(table: Table) -> None:
    table.edit("swap", "needs: [platform]", "needs: [nobody]")

    table.wish(ANA, StartRun(runbook="swap"))

    assert "The policy has no role 'nobody', so nobody could approve" in table.refused()
    assert (table.store.runs(), table.cloud.sent) == ([], [])
