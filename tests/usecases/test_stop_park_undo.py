"""Stop, Park, Undo, Take over: at any moment, and what is owed stays owed."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.action import Call
from bot.domain.approval import ApprovalState
from bot.domain.inbox import (
    AskAgain,
    DeclareIncident,
    DeclineRequest,
    MarkDone,
    ParkRun,
    SettleOwed,
    StartRun,
    StopRun,
    TakeOver,
    UndoStep,
)
from bot.domain.records import Attempt, AttemptState
from bot.domain.run import Awaiting, RunState, StepRecord, StepState
from bot.usecases.inbox import deal
from bot.usecases.steering import done_items
from tests.usecases.table import ANA, BO, CY, DEE, REASON, Table

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def press_stop(table: Table, person: str = BO) -> None:
    """Stop in the middle of whatever is going on: the press is dealt with at once."""
    table.send(person, StopRun(run=1))
    deal(table.desk, table.store.deliveries()[-1])


def test_any_operator_stops_a_run_that_waits_and_its_request_is_over(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(DEE, StopRun(run=1))
    table.approve(BO)

    assert (table.run().state, table.newest().state, table.cloud.sent) == (RunState.STOPPED, ApprovalState.REVOKED, [])
    assert "revoked" in table.refused()


def test_stop_between_the_vote_and_the_call_sends_nothing(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()

    table.wish(ANA, StopRun(run=1))

    assert (table.run().state, table.newest().state, table.cloud.sent) == (RunState.STOPPED, ApprovalState.REVOKED, [])


def test_stop_during_a_call_keeps_its_outcome_and_sends_nothing_further(table: Table) -> None:
    table.half_open_asked()
    table.cloud.before = lambda: press_stop(table)

    table.approve(BO)

    assert table.cloud.rows == ["events.disable_rule", "s3.put_breaker"]
    assert table.attempts()[-1].state is AttemptState.DONE
    assert (table.run().state, table.state()) == (RunState.STOPPED, "HALF_OPEN")
    assert [one.step for one in table.run().owed] == ["resume"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_call_writes_is_the_next_runs_once_a_stopped_run_has_its_answer(table: Table, when: str) -> None:
    table.start(ANA, "swap")
    setattr(table.cloud, when, lambda: press_stop(table))
    table.approve(BO)
    setattr(table.cloud, when, None)
    assert (table.run().state, table.attempts()[0].state) == (RunState.STOPPED, AttemptState.DONE)
    table.write_breaker(state="OPEN")

    table.start(ANA, "swap")
    table.approve(BO)

    assert (table.run(2).state, table.state()) == (RunState.REPAIRED, "HALF_OPEN")


def test_what_a_call_is_about_to_write_is_no_other_runs_though_its_run_was_stopped(table: Table) -> None:
    table.start(ANA, "swap")
    waits: list[bool] = []

    def stop_and_start_another() -> None:
        table.cloud.before = None
        press_stop(table)
        table.send(ANA, StartRun(runbook="swap", inputs={"reason": REASON}))
        table.deal()
        table.segment_of(2)
        table.deal()
        table.approve(BO, drive=False)
        table.deal()
        table.segment_of(2)
        waiting = table.run(2).waiting
        waits.append(waiting is not None and waiting.what is Awaiting.LEASE)

    table.cloud.before = stop_and_start_another
    table.approve(BO, drive=False)
    table.deal()
    table.segment_of(1)

    assert waits == [True]
    assert [one.state for one in table.attempts()] == [AttemptState.DONE]


@pytest.mark.parametrize("when", ["before", "after"])
def test_stop_during_the_pause_itself_leaves_the_resume_owed(table: Table, when: str) -> None:
    table.start(ANA, "pauses")
    setattr(table.cloud, when, lambda: press_stop(table))

    table.approve(ANA)

    setattr(table.cloud, when, None)
    assert (table.rule(), table.run().state) == ("DISABLED", RunState.STOPPED)
    assert [one.step for one in table.run().owed] == ["resume"]
    table.wish(BO, SettleOwed(run=1, step="resume"))
    assert (table.rule(), table.run().owed, table.run().state) == ("ENABLED", (), RunState.STOPPED)
    assert len(table.store.approvals()) == 1


def test_what_a_stopped_run_owes_is_done_under_the_yes_that_made_it_owed_however_late(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(BO, StopRun(run=1))
    table.later(HOUR)

    table.wish(DEE, SettleOwed(run=1, step="resume"))

    assert (table.rule(), table.run().owed) == ("ENABLED", ())
    assert table.cloud.rows == ["events.disable_rule", "events.enable_rule"]
    assert [one.state for one in table.store.approvals()] == [ApprovalState.CONSUMED]


def test_a_stopped_run_says_again_what_it_owes_until_it_is_done(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(BO, StopRun(run=1))

    for _ in range(3):
        table.later(timedelta(minutes=31))
        table.drive()
    assert table.notices().count("owed") == 4

    table.wish(DEE, SettleOwed(run=1, step="resume"))
    table.wish(DEE, SettleOwed(run=1, step="resume"))
    assert "does not owe that" in table.refused()


def test_the_exclusive_target_is_held_until_nothing_is_owed(table: Table) -> None:
    table.start(ANA)
    table.approve(ANA)
    table.wish(ANA, StopRun(run=1))

    table.wish(BO, StartRun(runbook="circuit-breaker"))
    assert [one["what"] for one in table.whispers()] == ["joined"]

    table.wish(ANA, SettleOwed(run=1, step="resume"))
    table.wish(BO, StartRun(runbook="circuit-breaker"))
    assert [run.id for run in table.store.runs()] == [2]


def test_what_is_owed_is_not_settled_while_the_run_is_under_way(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)

    table.wish(ANA, SettleOwed(run=1, step="resume"))

    assert "Stop it first" in table.refused()
    assert table.rule() == "DISABLED"


def test_nobody_stops_twice_or_steers_what_has_ended(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(ANA, StopRun(run=1))

    for wish in (StopRun(run=1), AskAgain(run=1), ParkRun(run=1, until=table.now() + HOUR), MarkDone(run=1, step="x")):
        table.wish(BO, wish)

    assert len(table.whispers()) == 4
    assert table.run().state is RunState.STOPPED


def test_park_revokes_the_request_and_asks_anew_at_its_hour_with_an_early_click_refused(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(ANA, ParkRun(run=1, until=table.now() + HOUR))
    table.later(timedelta(minutes=59))
    table.drive()

    table.approve(BO)
    assert (table.run().state, table.newest().state) == (RunState.PARKED, ApprovalState.REVOKED)
    assert "revoked" in table.refused()
    assert table.pager.pages == []

    table.later(timedelta(minutes=1))
    table.drive()
    asked = table.newest()
    assert (asked.id, asked.state, asked.request) == (2, ApprovalState.PENDING, 2)
    table.approve(BO)
    assert table.state() == "HALF_OPEN"


def test_park_between_the_vote_and_the_call_sends_nothing_until_somebody_says_yes_again(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()

    table.wish(ANA, ParkRun(run=1, until=table.now() + HOUR))
    table.later(HOUR)
    table.drive()

    assert (table.cloud.sent, table.newest().state) == ([], ApprovalState.PENDING)


def test_a_run_parked_between_two_calls_of_one_yes_asks_anew_for_the_second(table: Table) -> None:
    table.half_open_asked()

    def press_park() -> None:
        table.cloud.after = None
        table.send(ANA, ParkRun(run=1, until=table.now() + HOUR))
        deal(table.desk, table.store.deliveries()[-1])

    table.cloud.after = press_park
    table.approve(BO)
    assert table.cloud.rows == ["events.disable_rule", "s3.put_breaker"]

    table.later(HOUR)
    table.drive()

    assert table.run().record("half_open").state is StepState.DONE
    assert table.cloud.rows == ["events.disable_rule", "s3.put_breaker"]
    assert (table.newest().step, table.newest().state) == ("probe", ApprovalState.PENDING)


def test_a_run_parked_while_its_probe_runs_does_not_start_another(table: Table) -> None:
    table.half_open_asked()
    table.lake.pause()
    table.approve(BO, drive=False)
    table.deal()
    table.segment()
    waiting = table.run().waiting
    assert waiting is not None
    assert waiting.what is Awaiting.POLL

    table.send(ANA, ParkRun(run=1, until=table.now() + timedelta(minutes=10)))
    table.deal()
    table.lake.resume()
    table.later(timedelta(minutes=10))
    table.drive()

    assert table.run().record("probe").state is StepState.DONE
    assert table.cloud.rows.count("states.start_isolated") == 1


def test_park_is_bounded(table: Table) -> None:
    table.start(ANA, "swap")

    for until in (table.now() - HOUR, table.now() + timedelta(days=8)):
        table.wish(ANA, ParkRun(run=1, until=until))
        assert "at most seven days" in table.refused()


def test_what_is_owed_stays_visible_and_authorised_through_park(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(ANA, ParkRun(run=1, until=table.now() + HOUR))
    assert [one.step for one in table.run().owed] == ["resume"]
    table.later(HOUR)
    table.drive()

    table.done()

    assert (table.rule(), len(table.store.approvals())) == ("ENABLED", 1)


def test_who_takes_over_a_parked_run_wakes_it_and_may_approve_what_they_did_not_ask_for(table: Table) -> None:
    table.start(ANA, "swap")
    table.wish(ANA, ParkRun(run=1, until=table.now() + HOUR))

    table.wish(BO, TakeOver(run=1))

    run = table.run()
    assert (run.requester, run.authors, run.state) == (BO, (ANA,), RunState.WAITING)
    assert table.newest().state is ApprovalState.PENDING
    table.approve(BO)
    assert table.state() == "HALF_OPEN"


def test_take_over_of_what_is_ones_own_is_refused(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(ANA, TakeOver(run=1))

    assert "is yours already" in table.refused()


def test_undo_is_asked_for_as_any_other_change_and_not_by_who_pressed_it(table: Table) -> None:
    table.half_open_asked()
    table.approve(BO)

    table.wish(CY, UndoStep(run=1))

    asked = table.newest()
    assert (asked.step, asked.binding.needs, asked.binding.authors) == ("reopen", ("platform",), (ANA, CY))
    table.approve(CY)
    assert "you asked for this change yourself" in table.refused()
    assert table.state() == "HALF_OPEN"
    table.approve(BO)
    assert table.state() == "OPEN"
    assert "taken back by R-1" in table.breaker()


def test_undo_leaves_what_is_owed_owed_and_the_run_never_counts_as_repaired(table: Table) -> None:
    table.half_open_asked()
    table.approve(BO)
    table.wish(ANA, UndoStep(run=1))
    table.approve(CY)

    run = table.run()
    assert (run.state, [one.step for one in run.owed], table.rule()) == (RunState.STOPPED, ["resume"], "DISABLED")
    table.wish(ANA, SettleOwed(run=1, step="resume"))
    assert (table.rule(), table.run().owed, table.run().state) == ("ENABLED", (), RunState.STOPPED)


def test_undo_is_refused_with_the_difference_if_somebody_wrote_the_breaker_since(table: Table) -> None:
    table.half_open_asked()
    table.approve(BO)
    table.write_breaker(reason="written by hand", changed_by="mallory")

    table.wish(ANA, UndoStep(run=1))

    note = table.run().record("reopen").note
    assert "Somebody changed" in note
    assert "written by hand" in note
    assert table.newest().step != "reopen"
    assert "mallory" in table.breaker()


def test_a_breaker_written_between_the_ask_and_the_yes_to_undo_voids_it(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO)
    table.wish(ANA, UndoStep(run=1))
    table.write_breaker(changed_by="mallory")

    table.approve(BO)

    assert (table.newest().state, json.loads(table.breaker())["changed_by"]) == (ApprovalState.VOID, "mallory")


def test_undo_from_an_end_takes_the_newest_back_and_ends_stopped_not_repaired(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO)
    assert table.run().state is RunState.REPAIRED

    table.wish(ANA, UndoStep(run=1))
    table.approve(CY)

    assert (table.run().state, table.state()) == (RunState.STOPPED, "OPEN")
    table.wish(ANA, UndoStep(run=1))
    assert "nothing that this runbook can take back" in table.refused()


def test_undo_from_an_end_is_refused_while_another_run_is_at_work_on_the_same(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO)
    table.wish(CY, StartRun(runbook="circuit-breaker"))
    assert table.store.runs()[0].id == 2

    table.wish(ANA, UndoStep(run=1))

    assert "R-2 is at work on" in table.refused()
    assert (table.run(1).state, table.store.deliveries()) == (RunState.REPAIRED, [])


def test_undo_takes_back_a_step_whose_write_went_out_but_whose_check_failed(table: Table) -> None:
    table.edit(
        "swap", "expect: output.body.state == 'HALF_OPEN'\n   needs", "expect: output.body.state == 'NEVER'\n   needs"
    )
    table.start(ANA, "swap")
    table.approve(BO)
    assert table.run().record("half_open").state is StepState.FAILED

    table.wish(ANA, UndoStep(run=1))
    table.approve(CY)

    assert table.state() == "OPEN"


def test_nothing_done_is_nothing_to_undo(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(ANA, UndoStep(run=1))

    assert "has done nothing that this runbook can take back" in table.refused()


def test_a_step_by_hand_waits_for_somebody_who_says_done_and_then_the_risky_step_is_asked_for(table: Table) -> None:
    table.start(ANA, "by-hand-first")
    waiting = table.run().waiting
    assert waiting is not None
    assert waiting.what is Awaiting.DONE

    table.done(BO, "half_open")
    assert "does not wait for that step" in table.refused()
    table.done(BO, "step_1")

    assert (table.run().record("step_1").by, table.newest().step) == (BO, "half_open")
    table.done(BO, "step_1")
    assert "does not wait for that step" in table.refused()


def test_a_check_that_fails_ends_not_repaired_never_repaired(table: Table) -> None:
    table.start(ANA, "never-good")

    table.approve(BO)

    run = table.run()
    assert (run.state, run.record("checked").state) == (RunState.NOT_REPAIRED, StepState.FAILED)
    assert "finished" in table.notices()


def owing_at_night(table: Table) -> None:
    """Have a stopped run owe its resume at about half past nine in the evening."""
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.wish(ANA, StopRun(run=1))
    table.zone = timezone(timedelta(hours=9) + (table.zone.utcoffset(None) or timedelta()))


def test_what_is_owed_is_not_said_again_at_night_but_in_the_morning(table: Table) -> None:
    owing_at_night(table)
    said = table.notices().count("owed")

    table.later(timedelta(minutes=16))
    table.drive()
    (waiting,) = [one for one in table.store.open_waits(due=table.now() + timedelta(days=1)) if "remind" in one.key]

    assert table.notices().count("owed") == said
    assert waiting.due.astimezone(table.zone).strftime("%H:%M") == "08:00"


def test_while_an_incident_is_open_it_is_said_again_at_night_too(table: Table) -> None:
    table.wish(ANA, DeclareIncident(title="load halted"))
    owing_at_night(table)
    said = table.notices().count("owed")

    table.later(timedelta(minutes=16))
    table.drive()

    assert table.notices().count("owed") == said + 1


def test_undo_of_a_list_is_asked_for_each_element_that_was_done(table: Table) -> None:
    table.start(ANA, "each")
    table.approve(BO)
    assert table.state() == "HALF_OPEN"

    table.wish(ANA, UndoStep(run=1))
    asked = table.newest()
    table.wish(BO, DeclineRequest(approval=asked.id, why="not now"))
    table.ask_again(ANA)
    table.approve(BO)

    assert asked.step == "reopen"
    assert table.newest().id != asked.id
    assert [call.item for call in table.newest().binding.calls] == [0]
    assert table.state() == "OPEN"
    assert table.run().record("reopen").items == ("transactions",)
    assert table.run().state is RunState.STOPPED


def test_what_was_done_of_a_list_is_taken_back_newest_first_and_nothing_else() -> None:
    record = StepRecord(step="half_open", items=("a", "b", "c", "d"), request=2)
    call = Call(row="s3.put_breaker", params={}, resource="r")

    def tried(item: int, state: AttemptState, request: int = 2) -> Attempt:
        return Attempt(
            run=1, step="half_open", item=item, index=0, request=request, approval=1, call=call, digest="", owner="one",
            state=state, planned_at=NOW,
        )  # fmt: skip

    done, failed = AttemptState.DONE, AttemptState.FAILED
    tries = [tried(3, done, request=1), tried(0, done), tried(1, done), tried(2, failed)]

    assert done_items(record, tries) == ("b", "a")


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (ANA, "you asked for R-1 yourself, so somebody else of lake-platform says it"),
        (DEE, "you are not in lake-platf"),
    ],
)
def test_a_step_by_hand_that_names_a_role_is_done_by_nobody_else(table: Table, person: str, words: str) -> None:
    table.start(ANA, "by-role")

    table.done(person, "call")

    assert words in table.refused()
    assert (table.run().next_step, table.store.approvals(run=1)) == ("call", [])


def test_a_step_by_hand_that_names_a_role_waits_while_slack_does_not_say_who_is_in_it(table: Table) -> None:
    table.start(ANA, "by-role")
    table.directory.silent = True

    table.done(CY, "call")

    assert "Refused to be safe" in table.refused()
    assert table.run().next_step == "call"


def test_who_has_just_left_the_role_does_not_say_that_a_step_by_hand_is_done(table: Table) -> None:
    table.start(ANA, "by-role")
    table.directory.roles["platform"].discard(BO)

    table.done(BO, "call")
    table.done(CY, "call")

    assert "you are not in lake-platform (checked just now)" in table.refused()
    assert (table.run().record("call").by, table.run().next_step) == (CY, "half_open")


def test_a_step_by_hand_that_only_the_requester_could_do_is_said_at_the_start(table: Table) -> None:
    table.directory.roles["platform"] = {ANA}

    table.start(ANA, "by-role")

    assert "nobody but you is in lake-platform" in str(table.whispers()[0]["words"])
