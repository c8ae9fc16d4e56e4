"""What several runs want, and what only one may change."""

import threading
from datetime import timedelta

from bot.domain.approval import ApprovalState
from bot.domain.inbox import MarkDone, RevokeRequest, SettleOwed, StartRun, StopRun
from bot.domain.records import AttemptState
from bot.domain.run import Awaiting, RunState
from bot.usecases.inbox import deal
from tests.usecases.table import ANA, BO, CY, Table

HELD = "events:daily_etl_schedule"


def paused_by_two(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.start(BO, "pauses-too")
    table.approve(BO)


def test_two_runs_pause_one_schedule_and_it_is_resumed_when_the_last_lets_go(table: Table) -> None:
    paused_by_two(table)
    assert table.store.holds(HELD) == (1, 2)
    assert table.cloud.rows == ["events.disable_rule"]

    table.wish(ANA, done(1))
    assert (table.rule(), table.run(1).owed, table.store.holds(HELD)) == ("DISABLED", (), (2,))

    table.wish(BO, done(2))
    assert (table.rule(), table.run(2).owed, table.store.holds(HELD)) == ("ENABLED", (), ())
    assert table.cloud.rows == ["events.disable_rule", "events.enable_rule"]


def done(run: int) -> MarkDone:
    return MarkDone(run=run, step="step_3")


def test_the_second_run_may_let_go_first(table: Table) -> None:
    paused_by_two(table)

    table.wish(BO, done(2))
    assert (table.rule(), table.store.holds(HELD)) == ("DISABLED", (1,))

    table.wish(ANA, done(1))
    assert table.rule() == "ENABLED"


def test_a_pause_that_another_run_made_is_recorded_as_not_needed_and_still_owes_its_resume(table: Table) -> None:
    paused_by_two(table)

    assert table.attempts(2)[0].state is AttemptState.NOT_NEEDED
    assert [one.step for one in table.run(2).owed] == ["resume"]


def test_a_stopped_run_holds_the_pause_until_what_it_owes_is_settled(table: Table) -> None:
    paused_by_two(table)
    table.wish(ANA, StopRun(run=1))

    table.wish(BO, done(2))
    assert (table.rule(), table.store.holds(HELD)) == ("DISABLED", (1,))

    table.wish(BO, SettleOwed(run=1, step="resume"))
    assert table.rule() == "ENABLED"


def test_a_schedule_found_paused_is_left_so(table: Table) -> None:
    table.lake.clients.events.disable_rule(Name=table.lake.names.schedule_rule)
    table.start(ANA, "pauses")
    assert (table.store.approvals(), table.run().owed, table.store.holds(HELD)) == ([], (), ())

    table.done()

    assert (table.rule(), table.run().state, table.cloud.sent) == ("DISABLED", RunState.REPAIRED, [])


def test_a_schedule_that_somebody_resumed_meanwhile_settles_what_is_owed_without_a_call(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    table.lake.clients.events.enable_rule(Name=table.lake.names.schedule_rule)

    table.done()

    assert (table.run().owed, table.store.holds(HELD), table.cloud.rows) == ((), (), ["events.disable_rule"])


def test_of_two_people_who_press_start_in_the_same_instant_one_starts_and_the_other_is_shown_the_run(
    table: Table,
) -> None:
    table.send(ANA, StartRun(runbook="swap"))
    table.send(CY, StartRun(runbook="swap"))
    together = threading.Barrier(2)

    def dealt(number: int) -> None:
        together.wait()
        deal(table.desk, number)

    presses = [threading.Thread(target=dealt, args=(number,)) for number in table.store.deliveries()]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    table.drive()

    runs = table.store.runs(open_only=False)
    assert len(runs) == 1
    assert [(one["what"], one["run"]) for one in table.whispers()] == [("joined", runs[0].id)]
    assert table.kinds().count("run.started") == 1


def test_another_runbook_on_the_same_target_is_shown_the_run_that_holds_it(table: Table) -> None:
    table.start(ANA, "swap")

    table.wish(CY, StartRun(runbook="two-people"))

    assert [one["what"] for one in table.whispers()] == ["joined"]
    assert len(table.store.runs()) == 1


def test_the_second_run_on_one_resource_waits_for_the_first_and_goes_on_when_it_is_through(table: Table) -> None:
    table.edit("two-people", """exclusive: "'breaker/' + inputs.pipeline"\n""", "")
    table.start(ANA, "swap")
    table.start(CY, "two-people")
    first, second = table.store.approval(1), table.store.approval(2)
    table.approve(BO, second)
    table.approve(ANA, second, drive=False)
    table.deal()

    def meanwhile() -> None:
        table.cloud.before = None
        table.segment_of(2)

    table.cloud.before = meanwhile
    table.approve(BO, first, drive=False)
    table.deal()
    table.segment_of(1)

    waiting = table.run(2).waiting
    assert waiting is not None
    assert (waiting.what, table.store.approval(2).state) == (Awaiting.LEASE, ApprovalState.APPROVED)
    assert "R-1 is changing" in waiting.words
    table.later(timedelta(seconds=6))
    table.drive()
    assert table.store.approval(2).state is ApprovalState.VOID  # the first changed what the second had seen
    assert table.cloud.rows == ["s3.put_breaker"]


def test_a_yes_taken_back_while_the_run_waits_for_another_is_not_asked_anew_by_itself(table: Table) -> None:
    table.edit("two-people", """exclusive: "'breaker/' + inputs.pipeline"\n""", "")
    table.start(ANA, "swap")
    table.start(CY, "two-people")
    table.approve(BO, table.store.approval(2))
    table.approve(ANA, table.store.approval(2), drive=False)
    table.deal()

    def meanwhile() -> None:
        table.cloud.before = None
        table.segment_of(2)

    table.cloud.before = meanwhile
    table.approve(BO, table.store.approval(1), drive=False)
    table.deal()
    table.segment_of(1)
    table.send(BO, RevokeRequest(approval=2))
    table.deal()
    table.later(timedelta(seconds=6))
    table.drive()

    waiting = table.run(2).waiting
    assert waiting is not None
    assert waiting.what is Awaiting.PERSON
    assert [one.state for one in table.store.approvals(run=2)] == [ApprovalState.REVOKED]
