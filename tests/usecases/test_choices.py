"""A choice: the run waits, somebody presses a way or types it, and only that way is gone."""

from bot.domain.approval import ApprovalState
from bot.domain.inbox import DeclineRequest, GiveInputs, StartRun
from bot.domain.run import Awaiting, Run, RunState, StepState
from tests.usecases.table import ANA, BO, CY, REASON, Table


def waiting_for_a_way(table: Table) -> Run:
    run = table.start(ANA, "two-ways")
    assert run.waiting is not None
    assert run.waiting.what is Awaiting.INPUT
    return run


def choose(table: Table, person: str, way: str) -> Run:
    table.wish(person, GiveInputs(run=table.run().id, inputs={"way": way}))
    return table.run()


def test_a_run_waits_at_a_choice_and_offers_the_ways_that_what_it_saw_leaves_open(table: Table) -> None:
    run = waiting_for_a_way(table)

    assert run.waiting is not None
    assert run.waiting.offers == ("probe", "close", "none")
    assert run.next_step == "half_open"
    assert table.attempts() == []


def test_only_the_way_that_was_chosen_is_gone(table: Table) -> None:
    waiting_for_a_way(table)

    run = choose(table, ANA, "close")

    assert run.record("half_open").state is StepState.SKIPPED
    assert table.newest().step == "closing"
    table.approve(BO)
    assert table.run().state is RunState.REPAIRED
    assert table.state() == "CLOSED"


def test_a_way_with_no_step_of_its_own_goes_on_to_the_checks(table: Table) -> None:
    waiting_for_a_way(table)

    run = choose(table, ANA, "none")

    assert run.state is RunState.REPAIRED
    assert table.attempts() == []


def test_who_chose_the_way_may_not_approve_what_follows(table: Table) -> None:
    waiting_for_a_way(table)
    run = choose(table, BO, "probe")

    table.approve(BO)

    assert BO in run.authors
    assert "yourself" in table.refused()
    assert table.written() == []


def test_a_way_that_is_closed_is_refused_with_the_ways_that_are_open(table: Table) -> None:
    waiting_for_a_way(table)

    run = choose(table, ANA, "gone")

    assert "way" not in run.inputs
    assert "probe, close, none" in table.refused()
    assert "steps.breaker.output.found" in table.refused()


def test_what_is_no_way_at_all_is_refused_with_the_list(table: Table) -> None:
    waiting_for_a_way(table)

    choose(table, ANA, "sideways")

    assert "one of probe, close, gone, none" in table.refused()


def test_a_closed_way_that_was_typed_at_the_start_stops_the_run_when_it_gets_there(table: Table) -> None:
    run = table.start(ANA, "two-ways", way="gone")

    assert run.waiting is not None
    assert run.waiting.what is Awaiting.PERSON
    assert "way cannot be gone now" in run.record("half_open").note
    assert choose(table, ANA, "close").inputs["way"] == "close"


def test_after_a_decline_the_other_way_can_be_taken(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "probe")
    table.wish(BO, DeclineRequest(approval=table.newest().id, why="not now"))

    choose(table, ANA, "close")

    assert table.newest().step == "closing"
    assert table.run().record("half_open").state is StepState.SKIPPED


def test_another_way_chosen_while_a_request_is_open_takes_the_request_back(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "probe")
    first = table.newest()

    choose(table, CY, "close")

    assert table.store.approval(first.id).state is ApprovalState.REVOKED
    assert set(table.newest().binding.authors) == {ANA, CY}


def test_a_way_that_stands_before_the_one_taken_can_still_be_taken_while_nothing_was_done(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "close")
    first = table.newest()

    run = choose(table, CY, "probe")

    assert table.store.approval(first.id).state is ApprovalState.REVOKED
    assert (table.newest().step, run.next_step) == ("half_open", "half_open")
    assert set(table.newest().binding.authors) == {ANA, CY}
    table.approve(BO)
    assert table.state() == "HALF_OPEN"
    assert table.run().record("closing").state is StepState.SKIPPED
    assert [one.step for one in table.attempts()] == ["half_open"]


def test_a_yes_to_a_way_does_not_outlive_the_choice_of_another(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "close")
    first = table.newest()
    table.approve(BO, first, drive=False)
    table.send(ANA, GiveInputs(run=table.run().id, inputs={"way": "probe"}))
    table.deal()
    table.drive()

    choose(table, ANA, "close")

    again = table.newest()
    assert table.store.approval(first.id).state is ApprovalState.REVOKED
    assert (again.step, again.votes, again.id > first.id, again.request > first.request) == ("closing", (), True, True)
    assert table.attempts() == []


def test_a_way_that_was_declined_and_chosen_again_is_asked_anew(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "close")
    table.wish(BO, DeclineRequest(approval=table.newest().id, why="not now"))
    choose(table, ANA, "probe")

    choose(table, ANA, "close")

    assert (table.newest().step, table.newest().state) == ("closing", ApprovalState.PENDING)
    assert table.attempts() == []


def test_a_way_that_is_closed_is_no_way_back_either(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "close")

    choose(table, ANA, "gone")

    assert "way cannot be gone now" in table.refused()
    assert (table.run().inputs["way"], table.newest().state) == ("close", ApprovalState.PENDING)


def test_once_something_of_a_way_was_done_no_other_can_be_taken(table: Table) -> None:
    table.start(ANA, "ways-then-by-hand")
    choose(table, ANA, "close")
    table.approve(BO)
    assert table.run().waiting is not None

    choose(table, CY, "probe")

    assert "has used its way already" in table.refused()
    assert table.run().inputs["way"] == "close"
    assert table.state() == "CLOSED"


def test_while_nobody_knows_what_became_of_a_way_no_other_can_be_taken(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "close")
    table.cloud.lose(2)
    table.approve(BO)
    assert table.run().state is RunState.OUTCOME_UNKNOWN

    choose(table, CY, "probe")

    assert "does not wait for inputs" in table.refused()
    assert table.run().inputs["way"] == "close"


def test_a_way_whose_call_aws_refused_leaves_the_others_open(table: Table) -> None:
    waiting_for_a_way(table)
    choose(table, ANA, "close")
    table.cloud.before = lambda: table.write_breaker(reason="somebody else")
    table.approve(BO)
    table.cloud.before = None
    assert table.run().record("closing").state is StepState.FAILED

    choose(table, ANA, "probe")

    assert (table.newest().step, table.newest().state) == ("half_open", ApprovalState.PENDING)


def test_the_question_says_what_was_answered_once_it_is(table: Table) -> None:
    run = waiting_for_a_way(table)
    key = f"input:{run.id}:half_open:1"
    before = table.store.card(key)
    assert before is not None

    choose(table, CY, "close")

    after = table.store.card(key)
    assert after is not None
    assert after.wanted > before.wanted
    assert after.payload["by"] == CY


def test_a_way_may_be_given_at_the_start_and_is_then_not_asked(table: Table) -> None:
    table.wish(ANA, StartRun(runbook="two-ways", inputs={"way": "close", "reason": REASON}))

    assert table.newest().step == "closing"
