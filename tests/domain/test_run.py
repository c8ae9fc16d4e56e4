"""The one table of how an event changes a run."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.people import Place
from bot.domain.run import (
    Answered,
    Awaiting,
    Ended,
    Event,
    Looked,
    Lost,
    MustWait,
    Owed,
    Parked,
    Retried,
    Run,
    RunState,
    StepDone,
    StepFailed,
    StepPassed,
    StepRecord,
    StepState,
    Stopping,
    Undone,
    Waiting,
    Woken,
    advance,
    ending,
    scope,
    undoable,
)
from bot.domain.runbook import Phase, Runbook, Status, Step
from bot.errors import RequestError

NOW = datetime(2026, 1, 21, 3, 0, tzinfo=UTC)


def run(**changes: object) -> Run:
    plain = Run(
        id=42,
        runbook="circuit-breaker",
        title="Circuit Breaker",
        snapshot="a" * 64,
        environment="PROD",
        place=Place(team="T1", channel="C1"),
        inputs={"pipeline": "transactions"},
        requester="U1",
        authors=("U1",),
        path=("pause", "swap", "check"),
        checks=frozenset({"check"}),
        exclusive="prod/breaker/transactions",
        started=NOW,
        touched=NOW,
    )
    return plain.model_copy(update=changes)


def step(name: str, *, phase: Phase = Phase.MITIGATION, undo: str | None = None) -> Step:
    return Step(id=name, number=1, phase=phase, line=1, title=name, prose="", uses="x", undo=undo)


BOOK = Runbook(
    id="circuit-breaker",
    title="Circuit Breaker",
    category="Incident response",
    owner="platform",
    status=Status.ACTIVE,
    path="circuit-breaker.md",
    sha256="a" * 64,
    steps=(
        step("pause"),
        step("swap", undo="back"),
        step("back"),
        step("check", phase=Phase.VERIFICATION),
    ),
)


def done(name: str) -> StepRecord:
    return StepRecord(step=name, state=StepState.DONE, at=NOW, answers=({},), output={"state": "X"})


def waiting(what: Awaiting = Awaiting.PERSON) -> Waiting:
    return Waiting(what=what, step="pause", words="waits", since=NOW)


def play(start: Run, *events: Event) -> Run:
    for event in events:
        start = advance(start, event, now=NOW)
    return start


def test_a_step_that_is_done_moves_on_to_the_next() -> None:
    after = play(run(), StepDone(record=done("pause")))

    assert (after.next_step, after.state) == ("swap", RunState.RUNNING)


def test_the_run_verifies_once_its_next_step_is_a_check() -> None:
    after = play(run(), StepDone(record=done("pause")), StepDone(record=done("swap")))

    assert after.state is RunState.VERIFYING


def test_a_pause_leaves_its_resume_owed_until_that_is_settled() -> None:
    owed = Owed(step="resume", cause="pause", approval=9, since=NOW)

    after = play(run(), StepDone(record=done("pause"), owes=owed))
    settled = play(after, StepDone(record=done("swap"), settles="resume"))

    assert after.owed == (owed,)
    assert settled.owed == ()


def test_a_failed_step_waits_for_a_person_and_stays_where_it_is() -> None:
    record = StepRecord(step="pause", state=StepState.FAILED)

    after = play(run(), StepFailed(record=record, words="no"))

    assert (after.state, after.next_step) == (RunState.WAITING, "pause")


def test_a_retry_asks_anew_under_a_new_number_and_makes_an_author() -> None:
    failed = play(run(), StepFailed(record=StepRecord(step="pause", state=StepState.FAILED), words="no"))

    after = play(failed, Retried(by="U2", step="pause"))

    assert (after.record("pause").request, after.authors, after.state) == (2, ("U1", "U2"), RunState.RUNNING)


def test_who_gives_an_input_becomes_an_author() -> None:
    waits = play(run(), MustWait(waiting=waiting(Awaiting.INPUT)))

    after = play(waits, Answered(by="U2", inputs={"reason": "fixed"}))

    assert (after.authors, after.inputs["reason"]) == (("U1", "U2"), "fixed")


def test_an_unknown_outcome_is_never_a_failure_and_waits_for_a_person() -> None:
    after = play(run(), Lost(record=StepRecord(step="pause", state=StepState.UNKNOWN), words="sent, no answer"))

    assert after.state is RunState.OUTCOME_UNKNOWN
    assert after.waiting is not None


def test_stop_ends_the_run_at_once_and_what_is_owed_stays_owed() -> None:
    owed = Owed(step="resume", cause="pause", approval=9, since=NOW)
    paused = play(run(), StepDone(record=done("pause"), owes=owed))

    after = play(paused, Stopping(by="U2"))

    assert (after.state, after.stopping, after.owed) == (RunState.STOPPED, True, (owed,))


def test_a_call_that_answers_after_stop_is_kept_and_does_not_start_the_run_again() -> None:
    stopped = play(run(), Stopping(by="U2"))

    after = play(stopped, StepDone(record=done("pause")))

    assert (after.state, after.record("pause").state) == (RunState.STOPPED, StepState.DONE)


def test_a_step_that_fails_after_stop_does_not_wake_the_run() -> None:
    stopped = play(run(), Stopping(by="U2"))

    after = play(stopped, StepFailed(record=StepRecord(step="pause", state=StepState.FAILED), words="no"))

    assert after.state is RunState.STOPPED


def test_the_target_is_held_until_an_end_with_nothing_owed() -> None:
    owed = Owed(step="resume", cause="pause", approval=9, since=NOW)
    stopped = play(run(), StepDone(record=done("pause"), owes=owed), Stopping(by="U2"))
    settled = play(stopped, StepDone(record=done("resume"), settles="resume"))

    assert (stopped.holds, settled.holds) == ("prod/breaker/transactions", None)


@pytest.mark.parametrize(
    "event",
    [
        Answered(by="U2", inputs={}),
        Retried(by="U2", step="pause"),
        Parked(by="U2", until=NOW + timedelta(hours=1)),
        Woken(),
        Stopping(by="U2"),
    ],
)
def test_an_ended_run_takes_no_more_steering(event: Event) -> None:
    over = play(run(), Ended(state=RunState.REPAIRED))

    with pytest.raises(RequestError, match=r"R-42 has ended"):
        play(over, event)


def test_undo_runs_next_and_forward_steps_are_given_up() -> None:
    went = play(run(), StepDone(record=done("pause")), StepDone(record=done("swap")))

    after = play(went, Undone(by="U2", step="swap", undo="back"))

    assert (after.next_step, after.path[-1], after.authors) == ("back", "back", ("U1", "U2"))


def test_undo_is_possible_from_an_end() -> None:
    went = play(run(), StepDone(record=done("pause")), StepDone(record=done("swap")))
    over = play(went, Ended(state=RunState.NOT_REPAIRED))

    after = play(over, Undone(by="U2", step="swap", undo="back"))

    assert (after.state, after.ended) == (RunState.RUNNING, None)


def test_a_step_that_wrote_and_then_was_not_as_expected_can_be_undone() -> None:
    wrote = StepRecord(step="swap", state=StepState.FAILED, answers=({},))
    went = play(run(), StepDone(record=done("pause")), StepFailed(record=wrote, words="not so"))

    assert play(went, Undone(by="U2", step="swap", undo="back")).next_step == "back"


def test_a_run_that_took_something_back_is_never_repaired() -> None:
    went = play(run(), StepPassed(record=done("pause")), StepPassed(record=done("swap")))
    checked = play(went, StepDone(record=done("check")))
    over = play(checked, Ended(state=RunState.REPAIRED), Undone(by="U2", step="swap", undo="back"))

    assert ending(play(over, StepDone(record=done("back"))), BOOK) is RunState.STOPPED


def test_a_call_whose_outcome_is_lost_after_stop_does_not_open_the_run_again() -> None:
    stopped = play(run(), Stopping(by="U2"))

    after = play(stopped, Lost(record=StepRecord(step="pause", state=StepState.UNKNOWN), words="no answer"))

    assert (after.state, after.record("pause").state) == (RunState.STOPPED, StepState.UNKNOWN)


def test_what_was_not_done_cannot_be_undone() -> None:
    with pytest.raises(RequestError, match="nothing to undo"):
        play(run(), Undone(by="U2", step="swap", undo="back"))


def test_the_newest_done_step_with_an_undo_is_offered_first_and_only_once() -> None:
    went = play(run(), StepDone(record=done("pause")), StepDone(record=done("swap")))
    offered = undoable(went, BOOK)
    undone = play(went, Undone(by="U2", step="swap", undo="back"), StepDone(record=done("back")))

    assert offered is not None
    assert offered.id == "swap"
    assert undoable(undone, BOOK) is None


def test_a_run_is_repaired_only_if_every_check_was_made_and_seen_to_be_so() -> None:
    went = play(run(), StepPassed(record=done("pause")), StepPassed(record=done("swap")))
    checked = play(went, StepDone(record=done("check")))
    failed = play(run(), StepPassed(record=StepRecord(step="check", state=StepState.FAILED)))

    assert ending(checked, BOOK) is RunState.REPAIRED
    assert ending(failed, BOOK) is RunState.NOT_REPAIRED
    assert ending(run(), BOOK) is RunState.NOT_REPAIRED


def test_a_skipped_check_does_not_count_as_repaired() -> None:
    skipped = play(run(), StepPassed(record=StepRecord(step="check", state=StepState.SKIPPED)))

    assert ending(skipped, BOOK) is RunState.NOT_REPAIRED


def test_watching_is_a_wait_with_its_own_name() -> None:
    assert play(run(), MustWait(waiting=waiting(Awaiting.WATCH))).state is RunState.WATCHING


def test_expressions_see_only_steps_that_have_an_output() -> None:
    seen = scope(play(run(), StepDone(record=done("pause"))), platform={"region": "eu-west-1"}, installation="i1")

    assert seen["steps"] == {"pause": {"output": {"state": "X"}, "state": "done"}}


def test_looking_keeps_what_was_seen_and_moves_nothing() -> None:
    after = play(run(), Looked(record=StepRecord(step="pause", output={"n": 1})))

    assert (after.next_step, after.record("pause").output) == ("pause", {"n": 1})
