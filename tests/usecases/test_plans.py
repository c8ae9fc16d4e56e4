"""Plans, lists and what a run does besides: nothing of it changes anything."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import ShowApprovals, ShowDetails, ShowList, ShowRunbook, ShowStatus, StartRun
from bot.domain.records import AttemptState
from bot.domain.run import RunState, StepState
from bot.workbench.lake.lake import Lake
from tests.usecases.proxy import Proxy
from tests.usecases.table import ANA, BO, CY, DEE, Table


def plan(table: Table, person: str = ANA, runbook: str = "circuit-breaker", **inputs: str) -> dict[str, Any]:
    """Return the plan as the person is told it."""
    table.wish(person, StartRun(runbook=runbook, inputs=inputs, plan_only=True))
    told: dict[str, Any] = json.loads(json.dumps(table.whispers()[-1]["plan"]))
    return told


def test_a_plan_looks_works_out_each_call_and_changes_nothing(table: Table) -> None:
    told = plan(table)

    steps = {step["step"]: step for step in told["steps"]}
    assert steps["breaker"]["status"] == "looked"
    assert (steps["pause"]["status"], steps["pause"]["risk"], steps["pause"]["needs"]) == (
        "would ask",
        "control",
        ["oncall"],
    )
    assert steps["pause"]["calls"][0]["row"] == "events.disable_rule"
    assert "Why is it safe to try again?" in steps["half_open"]["words"]
    assert steps["close"]["status"] == "known later"
    assert (table.store.runs(), table.store.approvals(), table.cloud.sent) == ([], [], [])


def test_what_cannot_be_known_yet_says_after_which_step_and_who_would_be_asked(table: Table) -> None:
    steps = {step["step"]: step for step in plan(table)["steps"]}

    assert steps["half_open"]["words"].startswith("asks first: ")
    assert (steps["half_open"]["risk"], steps["half_open"]["needs"]) == ("change", ["platform"])
    assert "under the yes to step" in steps["probe"]["words"]
    assert "known after step" in steps["close"]["words"]
    assert steps["close"]["needs"] == ["platform"]
    assert "under the yes to step" in steps["resume"]["words"]


def test_a_plan_of_a_choice_names_the_question_and_what_rests_on_it(table: Table) -> None:
    steps = {step["step"]: step for step in plan(table, runbook="two-ways")["steps"]}

    assert steps["half_open"]["words"] == "asks first: How shall it go on?"
    assert steps["closing"]["words"].startswith("known after step 2, Half-open")
    assert steps["closing"]["status"] == "known later"


def test_a_plan_with_the_choice_made_goes_that_way(table: Table) -> None:
    steps = {step["step"]: step for step in plan(table, runbook="two-ways", way="close")["steps"]}

    assert (steps["half_open"]["status"], steps["closing"]["status"]) == ("not needed", "would ask")
    assert "OPEN" in steps["closing"]["words"]


def test_a_plan_says_at_once_if_nobody_but_who_asks_could_approve(table: Table) -> None:
    table.directory.roles["platform"] = {ANA}

    assert "nobody but you is in lake-platform" in str(plan(table)["warnings"])
    assert plan(table, CY)["warnings"] == []


def test_a_plan_for_a_list_shows_each_element(table: Table) -> None:
    files = [table.raw_file("a"), table.raw_file("b"), table.bad_file()]

    told = plan(table, runbook="starts")

    (asks,) = [step for step in told["steps"] if step["step"] == "start_each"]
    assert [json.loads(call["params"]["input"])["raw_key"] for call in asks["calls"]] == files


def test_lists_and_details_are_told_to_viewers(table: Table) -> None:
    table.start(ANA, "swap")

    for wish in (ShowList(), ShowRunbook(runbook="swap"), ShowStatus(), ShowStatus(run=1), ShowApprovals()):
        table.wish(DEE, wish)
    table.wish(DEE, ShowDetails(approval=1))

    assert [one["what"] for one in table.whispers()] == ["runbooks", "runbook", "runs", "run", "approvals", "details"]


def keys(table: Table) -> list[str]:
    """Return the files that were probed, in the order in which the calls left."""
    return [json.loads(str(call.params["input"]))["raw_key"] for call in table.cloud.sent]


def test_a_list_is_frozen_before_it_is_asked_about_and_what_came_later_is_not_run(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN")
    files = [table.bad_file(), table.raw_file("a")]
    table.start(ANA, "starts")
    asked = table.newest()
    table.raw_file("late")

    table.approve(BO)

    assert len(asked.binding.calls) == 2
    assert sorted(keys(table)) == sorted(files)
    assert len(table.probes()) == 2
    assert table.run().record("start_each").state is StepState.DONE
    assert len({one.id for one in table.attempts()}) == 2


def test_a_file_added_between_two_calls_of_one_yes_is_not_run_either(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN")
    table.raw_file("a")
    table.start(ANA, "starts")

    def add() -> None:
        table.cloud.after = None
        table.raw_file("0-first-in-the-list")

    table.cloud.after = add
    table.approve(BO)

    assert len(table.cloud.sent) == 2
    assert "0-first" not in str(keys(table))
    assert table.run().record("start_each").state is StepState.DONE


def test_an_element_that_changes_between_two_calls_ends_the_yes_for_the_rest(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN")
    table.raw_file("a")
    table.raw_file("b")
    table.start(ANA, "starts")

    def change() -> None:
        table.cloud.after = None
        table.raw_file("b")

    table.cloud.after = change
    table.approve(BO)

    assert len(table.cloud.sent) == 1
    assert table.newest().state is ApprovalState.VOID
    assert "sources" in table.newest().ended_why


def test_an_element_whose_call_fails_ends_the_yes_for_the_rest(far_table: Table, proxy: Proxy) -> None:
    far_table.write_breaker(state="HALF_OPEN")
    far_table.raw_file("a")
    far_table.start(ANA, "starts")
    proxy.rule("StartExecution", "refused")

    far_table.approve(BO)

    assert ([one.state for one in far_table.attempts()], far_table.probes()) == ([AttemptState.FAILED], [])
    far_table.later(timedelta(minutes=1))
    far_table.drive()
    assert len(far_table.cloud.sent) == 1


def test_an_element_that_does_not_come_out_as_expected_fails_the_step(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN")
    table.raw_file("a", body=b"no file at all")
    table.start(ANA, "starts")

    table.approve(BO)

    assert len(table.probes()) == 2
    assert table.run().record("start_each").state is StepState.FAILED


def test_a_list_that_is_too_long_is_not_asked_about(table: Table) -> None:
    for number in range(20):
        table.raw_file(f"x{number:02}")

    table.start(ANA, "starts")

    assert table.store.approvals() == []
    note = table.run().record("start_each").note
    assert "21 elements; at most 20 are done under one approval" in note
    assert "a shorter range of days" in note


def test_a_step_may_ask_for_a_longer_list_which_is_then_shown_whole(table: Table) -> None:
    table.edit("starts", "for_each: steps", "most: 25\n   for_each: steps")
    for number in range(20):
        table.raw_file(f"x{number:02}")

    table.start(ANA, "starts")

    assert len(table.newest().binding.calls) == 21
    assert f"list:{table.newest().id}" in table.shown()


def test_a_list_that_is_empty_asks_nobody(table: Table) -> None:
    table.edit("starts", "name: f-0193", "name: no-such-file")

    run = table.start(ANA, "starts")

    assert (table.store.approvals(), run.record("start_each").state) == ([], StepState.DONE)


def test_what_runs_is_stopped_each_once(table: Table) -> None:
    running = table.running_loads(2)
    table.start(ANA, "stops")

    table.approve(BO)

    assert sorted(str(call.params["executionArn"]) for call in table.cloud.sent) == sorted(running)
    assert table.run().record("stop_each").state is StepState.DONE


def test_a_watch_without_any_metric_is_not_repaired(fresh_table: Table, fresh: Lake) -> None:
    counted = "ErrorType: ${steps.breaker.output.body.error_type}\n     stat: Maximum"
    fresh_table.edit("circuit-breaker", counted, counted.replace("${steps.breaker.output.body.error_type}", "SILENCE"))
    fresh_table.edit("circuit-breaker", "within: 75 min", "within: 60 min")
    fresh_table.half_open_asked()
    fresh_table.approve(BO)
    fresh_table.approve(CY)
    assert fresh_table.run().state is RunState.WATCHING

    fresh_table.later(timedelta(minutes=61))
    fresh.look()
    fresh_table.drive()

    run = fresh_table.run()
    assert (run.record("watch").state, run.state) == (StepState.FAILED, RunState.NOT_REPAIRED)


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_runbook_that_is_not_released_is_read_and_planned_and_not_run(table: Table, status: str) -> None:
    table.edit("swap", "status: active", f"status: {status}")

    table.wish(ANA, StartRun(runbook="swap"))

    assert "it can be read and planned, not run" in table.refused()
    assert plan(table, runbook="swap")["runbook"] == "swap"
