from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.records import AttemptState, Change, Outcome
from bot.domain.run import Owed, RunState
from bot.errors import BotError, LeaseHeldError, NotAllowedError, StaleError
from bot.records.store import Store
from tests.records.values import (
    NOON,
    SCHEDULE,
    StandingClock,
    a_call,
    a_run,
    an_approval,
    approved,
    begin,
    taking,
)


def settle(store: Store, attempt: int, state: AttemptState = AttemptState.DONE, *, owner: str = "one") -> None:
    store.commit(Change(outcomes=(Outcome(attempt=attempt, owner=owner, state=state, words="so"),)))


def send(store: Store, attempt: int, *, owner: str = "one") -> None:
    store.mark_sending(attempt, owner=owner)
    settle(store, attempt, owner=owner)


def change_run(store: Store, update: dict[str, object]) -> None:
    store.commit(Change(runs=(store.run(1).model_copy(update=update),)))


def test_taking_gives_a_permit_for_exactly_the_approved_call_and_keeps_the_attempt(store: Store) -> None:
    begin(store)

    taken = store.take(taking(store))

    assert taken.permit is not None
    assert taken.permit.call == a_call("pause")
    assert taken.permit.attempt == taken.attempt
    (attempt,) = store.attempts(1)
    assert (attempt.id, attempt.state, attempt.owner) == (taken.attempt, AttemptState.PLANNED, "one")
    approval = store.approval(1)
    assert (approval.state, approval.used) == (ApprovalState.CONSUMED, 1)


def test_a_call_is_taken_once(store: Store) -> None:
    begin(store)
    first = taking(store)
    store.take(first)

    with pytest.raises(StaleError):
        store.take(first)
    with pytest.raises(StaleError):
        store.take(taking(store))

    assert len(store.attempts(1)) == 1


def test_an_attempt_is_unique_even_under_another_approval(store: Store) -> None:
    begin(store)
    store.take(taking(store))
    store.commit(Change(approvals=(an_approval(2),)))
    store.commit(Change(approvals=(approved(store.approval(2)),)))

    with pytest.raises(StaleError, match="attempted before"):
        store.take(taking(store, 2))

    assert store.approval(2).state is ApprovalState.APPROVED


def test_the_same_call_may_be_attempted_again_under_the_next_request(store: Store) -> None:
    begin(store)
    store.take(taking(store))
    store.commit(Change(approvals=(an_approval(2),)))
    store.commit(Change(approvals=(approved(store.approval(2)),)))

    taken = store.take(taking(store, 2, request=2))

    assert taken.permit is not None


def test_expiry_binds_the_moment_of_taking(store: Store, clock: StandingClock) -> None:
    begin(store)
    asked = taking(store)
    clock.move(timedelta(minutes=15))

    with pytest.raises(NotAllowedError, match="expired"):
        store.take(asked)

    assert store.attempts(1) == []
    assert store.approval(1).state is ApprovalState.APPROVED


def test_a_yes_is_not_kept_alive_by_a_clock_that_goes_back(store: Store, clock: StandingClock) -> None:
    begin(store)
    clock.move(-timedelta(seconds=1))

    with pytest.raises(NotAllowedError, match="clock went back"):
        store.take(taking(store))

    assert store.attempts(1) == []


def test_a_moment_before_expiry_is_in_time(store: Store, clock: StandingClock) -> None:
    begin(store)
    clock.move(timedelta(minutes=15) - timedelta(microseconds=1))

    assert store.take(taking(store)).permit is not None


@pytest.mark.parametrize(
    "update",
    [
        {"stopping": True},
        {"state": RunState.STOPPED, "stopping": True},
        {"state": RunState.REPAIRED},
        {"state": RunState.PARKED},
    ],
)
def test_no_attempt_begins_on_a_run_that_is_stopping_ended_or_parked(store: Store, update: dict[str, object]) -> None:
    begin(store)
    change_run(store, update)

    with pytest.raises(StaleError):
        store.take(taking(store))

    assert store.attempts(1) == []


def test_stop_pressed_after_the_segment_looked_is_seen_by_the_taking(store: Store) -> None:
    begin(store)
    asked = taking(store)
    change_run(store, {"stopping": True})

    with pytest.raises(StaleError, match="stopped"):
        store.take(asked)


def test_a_run_that_changed_since_it_was_read_is_refused(store: Store) -> None:
    begin(store)
    asked = taking(store)
    change_run(store, {"inputs": {"pipeline": "refunds"}})

    with pytest.raises(StaleError):
        store.take(asked)


@pytest.mark.parametrize(
    "state",
    [
        ApprovalState.PENDING,
        ApprovalState.DECLINED,
        ApprovalState.WITHDRAWN,
        ApprovalState.EXPIRED,
        ApprovalState.REVOKED,
        ApprovalState.VOID,
    ],
)
def test_only_an_approved_request_can_be_taken(store: Store, state: ApprovalState) -> None:
    begin(store)
    store.commit(Change(approvals=(store.approval(1).model_copy(update={"state": state}),)))

    with pytest.raises(NotAllowedError):
        store.take(taking(store))

    assert store.attempts(1) == []


def test_an_approval_that_lost_a_vote_is_refused(store: Store) -> None:
    begin(store)
    store.commit(Change(approvals=(store.approval(1).model_copy(update={"votes": ()}),)))

    with pytest.raises(NotAllowedError, match="not approved"):
        store.take(taking(store))


def test_a_vote_that_was_swapped_for_another_person_is_refused(store: Store) -> None:
    begin(store)
    swapped = approved(an_approval(), by="U3").votes
    store.commit(Change(approvals=(store.approval(1).model_copy(update={"votes": swapped}),)))

    with pytest.raises(NotAllowedError, match="votes"):
        store.take(taking(store))


def test_one_person_standing_twice_in_a_request_is_refused(store: Store) -> None:
    begin(store)
    twice = approved(store.approval(1))

    with pytest.raises(StaleError, match="twice"):
        store.commit(Change(approvals=(twice,)))


def test_a_call_that_was_not_approved_is_refused(store: Store) -> None:
    begin(store)
    asked = taking(store)
    other = asked.attempt.call.model_copy(update={"params": {"Name": "weekly"}})
    swapped = asked.model_copy(update={"attempt": asked.attempt.model_copy(update={"call": other})})

    with pytest.raises(NotAllowedError, match="not one that"):
        store.take(swapped)


def test_a_binding_that_was_changed_under_its_digest_is_refused(store: Store) -> None:
    begin(store)
    approval = store.approval(1)
    binding = approval.binding.model_copy(update={"account": "999999999999"})
    store.commit(Change(approvals=(approval.model_copy(update={"binding": binding}),)))

    with pytest.raises(NotAllowedError, match="bind"):
        store.take(taking(store))


def test_calls_of_one_approval_are_taken_in_order(store: Store) -> None:
    begin(store)

    with pytest.raises(StaleError, match="turn"):
        store.take(taking(store, step="resume"))

    send(store, store.take(taking(store)).attempt)
    taken = store.take(taking(store, step="resume"))
    assert taken.permit is not None
    assert store.approval(1).used == 2


def test_a_later_call_outlives_the_expiry(store: Store, clock: StandingClock) -> None:
    begin(store)
    send(store, store.take(taking(store)).attempt)
    clock.move(timedelta(hours=5))

    assert store.take(taking(store, step="resume")).permit is not None


@pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.UNKNOWN])
def test_a_call_that_was_not_done_ends_the_approval_for_the_rest(store: Store, state: AttemptState) -> None:
    begin(store)
    first = store.take(taking(store)).attempt
    store.mark_sending(first, owner="one")
    settle(store, first, state)

    with pytest.raises(StaleError, match="earlier call"):
        store.take(taking(store, step="resume"))


def owing(store: Store) -> None:
    owed = Owed(step="resume", cause="pause", approval=1, since=NOON)
    change_run(store, {"owed": (owed,), "state": RunState.STOPPED, "stopping": True})


def test_what_is_owed_is_done_through_stop_and_expiry(store: Store, clock: StandingClock) -> None:
    begin(store)
    send(store, store.take(taking(store)).attempt)
    owing(store)
    clock.move(timedelta(hours=5))

    assert store.take(taking(store, step="resume", owed=True)).permit is not None


def test_what_is_not_owed_any_more_is_refused(store: Store) -> None:
    begin(store)
    send(store, store.take(taking(store)).attempt)
    change_run(store, {"state": RunState.STOPPED, "stopping": True})

    with pytest.raises(StaleError, match="does not owe"):
        store.take(taking(store, step="resume", owed=True))


# Leases and holds


def test_a_resource_is_changed_by_one_run_at_a_time(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    store.take(taking(store, 1))

    with pytest.raises(LeaseHeldError) as refused:
        store.take(taking(store, 2))

    assert (refused.value.resource, refused.value.holder) == (SCHEDULE, 1)
    assert store.attempts(2) == []
    assert store.approval(2).state is ApprovalState.APPROVED


def test_a_freed_resource_can_be_taken_by_the_next_run(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    send(store, store.take(taking(store, 1)).attempt)
    store.commit(Change(frees=(1,)))

    assert store.take(taking(store, 2)).permit is not None


def test_what_a_call_in_hand_writes_is_freed_with_its_outcome_and_not_before(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    number = store.take(taking(store, 1)).attempt
    store.commit(Change(frees=(1,)))
    with pytest.raises(LeaseHeldError):
        store.take(taking(store, 2))
    store.mark_sending(number, owner="one")
    store.commit(Change(frees=(1,)))
    with pytest.raises(LeaseHeldError):
        store.take(taking(store, 2))

    done = Outcome(attempt=number, owner="one", state=AttemptState.DONE)
    store.commit(Change(outcomes=(done,), frees=(1,)))

    assert store.take(taking(store, 2)).permit is not None


def test_a_run_keeps_its_own_lease(store: Store) -> None:
    begin(store)
    send(store, store.take(taking(store)).attempt)

    assert store.take(taking(store, step="resume")).permit is not None


def test_two_runs_pause_one_schedule_and_only_the_last_resumes_it(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    send(store, store.take(taking(store, 1, holds=SCHEDULE)).attempt)

    second = store.take(taking(store, 2, holds=SCHEDULE))
    assert (second.permit, second.others) == (None, (1,))
    assert store.holds(SCHEDULE) == (1, 2)
    assert store.attempts(2)[0].state is AttemptState.NOT_NEEDED

    early = store.take(taking(store, 1, "resume", releases=SCHEDULE))
    assert (early.permit, early.others) == (None, (2,))
    assert store.holds(SCHEDULE) == (2,)

    last = store.take(taking(store, 2, "resume", releases=SCHEDULE))
    assert last.permit is not None
    send(store, last.attempt)
    assert store.holds(SCHEDULE) == ()


def test_a_pause_that_failed_holds_nothing(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    first = store.take(taking(store, 1, holds=SCHEDULE)).attempt
    store.mark_sending(first, owner="one")
    settle(store, first, AttemptState.FAILED)
    store.commit(Change(frees=(1,)))

    assert store.holds(SCHEDULE) == ()
    assert store.take(taking(store, 2, holds=SCHEDULE)).permit is not None


def test_nobody_relies_on_a_pause_that_is_still_under_way(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    store.take(taking(store, 1, holds=SCHEDULE))

    with pytest.raises(LeaseHeldError):
        store.take(taking(store, 2, holds=SCHEDULE))

    assert store.holds(SCHEDULE) == (1,)


def test_a_resume_that_failed_still_holds(store: Store) -> None:
    begin(store)
    send(store, store.take(taking(store, holds=SCHEDULE)).attempt)
    resume = store.take(taking(store, step="resume", releases=SCHEDULE)).attempt
    store.mark_sending(resume, owner="one")
    settle(store, resume, AttemptState.FAILED)

    assert store.holds(SCHEDULE) == (1,)


def test_a_change_can_drop_a_hold(store: Store) -> None:
    begin(store)
    send(store, store.take(taking(store, holds=SCHEDULE)).attempt)

    store.commit(Change(drops=((1, SCHEDULE),)))

    assert store.holds(SCHEDULE) == ()


# Sending and its outcome


def test_only_the_owner_may_send_and_only_once(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt

    with pytest.raises(StaleError):
        store.mark_sending(attempt, owner="two")
    store.mark_sending(attempt, owner="one")
    with pytest.raises(StaleError):
        store.mark_sending(attempt, owner="one")

    assert store.attempts(1)[0].state is AttemptState.SENDING
    assert store.attempts(1)[0].sent_at == NOON


def test_an_outcome_is_kept_with_what_was_answered(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    store.mark_sending(attempt, owner="one")
    outcome = Outcome(attempt=attempt, owner="one", state=AttemptState.DONE, answer={"n": 1.5}, wrote={"v": "\x00é"})

    store.commit(Change(outcomes=(outcome,)))

    (kept,) = store.attempts(1)
    assert (kept.state, kept.answer, kept.wrote) == (AttemptState.DONE, {"n": 1.5}, {"v": "\x00é"})


def test_an_outcome_of_another_owner_is_refused_and_the_change_is_kept_nowhere(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    store.mark_sending(attempt, owner="one")
    outcome = Outcome(attempt=attempt, owner="two", state=AttemptState.DONE)
    run = store.run(1).model_copy(update={"state": RunState.REPAIRED})

    with pytest.raises(StaleError):
        store.commit(Change(runs=(run,), outcomes=(outcome,)))

    assert store.run(1).state is RunState.RUNNING
    assert store.attempts(1)[0].state is AttemptState.SENDING


@pytest.mark.parametrize("state", [AttemptState.DONE, AttemptState.UNKNOWN])
def test_what_was_never_sent_can_only_have_failed(store: Store, state: AttemptState) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt

    with pytest.raises(StaleError):
        settle(store, attempt, state)

    settle(store, attempt, AttemptState.FAILED)
    with pytest.raises(StaleError):
        store.mark_sending(attempt, owner="one")


def test_a_settled_outcome_stays(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    send(store, attempt)

    for state in (AttemptState.FAILED, AttemptState.UNKNOWN, AttemptState.DONE, AttemptState.PLANNED):
        with pytest.raises(StaleError):
            settle(store, attempt, state)


def test_a_person_settles_what_nobody_knew(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    store.mark_sending(attempt, owner="one")
    settle(store, attempt, AttemptState.UNKNOWN)

    settle(store, attempt, AttemptState.DONE)

    assert store.take(taking(store, step="resume")).permit is not None


def test_a_pause_that_a_person_says_did_not_happen_holds_nothing(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    attempt = store.take(taking(store, 1, holds=SCHEDULE)).attempt
    store.mark_sending(attempt, owner="one")
    settle(store, attempt, AttemptState.UNKNOWN)
    with pytest.raises(LeaseHeldError):
        store.take(taking(store, 2, holds=SCHEDULE))

    settle(store, attempt, AttemptState.FAILED)
    store.commit(Change(frees=(1,)))

    assert store.take(taking(store, 2, holds=SCHEDULE)).permit is not None


# Taking over


def test_a_planned_attempt_is_taken_over_and_its_first_owner_can_send_no_more(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt

    permit = store.retake(attempt, owner="two")

    assert (permit.attempt, permit.call) == (attempt, a_call("pause"))
    with pytest.raises(StaleError):
        store.mark_sending(attempt, owner="one")
    store.mark_sending(attempt, owner="two")


def test_a_first_call_that_was_never_sent_is_given_up_once_its_approval_expired(
    store: Store, clock: StandingClock
) -> None:
    begin(store)
    attempt = store.take(taking(store, holds=SCHEDULE)).attempt
    clock.move(timedelta(minutes=15))

    with pytest.raises(NotAllowedError, match="expired"):
        store.retake(attempt, owner="two")

    (kept,) = store.attempts(1)
    assert kept.state is AttemptState.FAILED
    assert kept.words.startswith("not sent")
    assert store.holds(SCHEDULE) == ()
    with pytest.raises(StaleError):
        store.mark_sending(attempt, owner="one")


def test_a_planned_attempt_is_given_up_once_the_run_was_stopped(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    change_run(store, {"stopping": True})

    with pytest.raises(StaleError):
        store.retake(attempt, owner="two")

    assert store.attempts(1)[0].state is AttemptState.FAILED


def test_a_later_call_is_taken_over_after_the_expiry(store: Store, clock: StandingClock) -> None:
    begin(store)
    send(store, store.take(taking(store)).attempt)
    attempt = store.take(taking(store, step="resume")).attempt
    clock.move(timedelta(hours=2))

    assert store.retake(attempt, owner="two").attempt == attempt


def test_an_unanswered_attempt_is_not_sent_again_unless_its_replay_allows(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    store.mark_sending(attempt, owner="one")

    with pytest.raises(StaleError, match="sending"):
        store.retake(attempt, owner="two")
    store.retake(attempt, owner="two", again=True)
    with pytest.raises(StaleError):
        settle(store, attempt, owner="one")

    send(store, attempt, owner="two")
    assert store.attempts(1)[0].state is AttemptState.DONE


def test_an_attempt_that_may_be_sent_again_is_never_called_unsent(store: Store, clock: StandingClock) -> None:
    begin(store)
    attempt = store.take(taking(store)).attempt
    store.mark_sending(attempt, owner="one")
    store.retake(attempt, owner="two", again=True)
    clock.move(timedelta(minutes=15))

    with pytest.raises(StaleError):
        store.retake(attempt, owner="three")

    assert store.attempts(1)[0].state is AttemptState.SENDING


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.take(taking(store)),
        lambda store: store.retake(1, owner="two"),
        lambda store: store.mark_sending(1, owner="two"),
    ],
)
def test_a_refusal_is_words_for_a_person(store: Store, ask: Callable[[Store], object]) -> None:
    store.commit(Change(runs=(a_run(),), approvals=(an_approval(),)))

    with pytest.raises(BotError) as refused:
        ask(store)

    assert refused.value.words.endswith(".")
