"""What was approved is what is there at the call, or it is void and asked anew."""

from bot.domain.approval import ApprovalState
from bot.domain.inbox import GiveInputs, StartRun
from bot.domain.run import Awaiting, RunState, StepState
from bot.domain.value import JsonObject
from bot.workbench.scenarios.circuit_breaker import BAD_FILE
from tests.usecases.table import ANA, BO, CY, Table


def replace_raw_file(table: Table) -> None:
    names, s3 = table.lake.names, table.lake.clients.s3
    key = raw_key(table)
    body = s3.get_object(Bucket=names.bronze_bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=names.bronze_bucket, Key=key, Body=body)


def raw_key(table: Table) -> str:
    return table.run().inputs.get("probe_file") or table.lake.names.raw_key(table.now().date(), BAD_FILE)


def test_a_breaker_file_changed_between_ask_and_approval_voids_shows_the_difference_and_is_asked_anew(
    table: Table,
) -> None:
    table.start(ANA, "swap")
    table.write_breaker(reason="I was here", changed_by="mallory")

    table.approve(BO)

    voided = table.store.approval(1)
    assert (voided.state, table.cloud.sent, table.state()) == (ApprovalState.VOID, [], "OPEN")
    assert "body.changed_by was" in voided.ended_why
    assert "is now 'mallory'" in voided.ended_why
    assert "void" in table.notices()
    assert "approval.void" in table.kinds()
    table.ask_again(ANA)
    asked = table.newest()
    assert (asked.id, asked.request) == (2, 2)
    assert "I was here" in str(asked.binding.calls[0].seen["body"])
    table.approve(BO)
    assert (table.state(), table.run().state) == ("HALF_OPEN", RunState.REPAIRED)


def test_a_breaker_file_changed_between_the_look_and_the_write_is_not_overwritten(table: Table) -> None:
    table.start(ANA, "swap")
    table.cloud.before = lambda: table.write_breaker(reason="in the last instant")

    table.approve(BO)

    assert "in the last instant" in table.breaker()
    assert (table.state(), table.run().waiting and table.run().record("half_open").state) == ("OPEN", StepState.FAILED)
    assert "PreconditionFailed" in table.run().record("half_open").note


def test_a_raw_file_replaced_between_ask_and_approval_voids_both_calls(table: Table) -> None:
    table.half_open_asked()
    replace_raw_file(table)

    table.approve(BO)

    assert (table.newest().state, table.cloud.rows) == (ApprovalState.VOID, ["events.disable_rule"])
    assert "sources" in table.newest().ended_why


def test_a_raw_file_replaced_after_half_open_voids_the_probe_and_it_is_asked_for_alone(table: Table) -> None:
    table.half_open_asked()
    table.cloud.after = lambda: replace_raw_file(table)

    table.approve(BO)

    table.cloud.after = None
    assert table.cloud.rows == ["events.disable_rule", "s3.put_breaker"]
    assert "sources" in table.newest().ended_why
    table.ask_again(ANA)
    asked = table.newest()
    assert [call.call.row for call in asked.binding.calls] == ["states.start_isolated"]
    table.approve(BO)
    assert table.run().record("probe").state is StepState.DONE
    assert len(table.probes()) == 1


def test_a_breaker_changed_between_half_open_and_close_is_asked_for_as_it_stands_then(table: Table) -> None:
    table.half_open_asked()
    table.approve(BO)
    table.write_breaker(reason="changed by hand")

    table.approve(CY)

    assert (table.newest().state, table.state()) == (ApprovalState.VOID, "HALF_OPEN")
    table.ask_again(ANA)
    table.approve(CY)
    assert table.state() == "CLOSED"


def test_a_schedule_paused_by_hand_between_ask_and_approval_voids(table: Table) -> None:
    table.start(ANA, "pauses")
    table.lake.clients.events.disable_rule(Name=table.lake.names.schedule_rule)

    table.approve(ANA)

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])
    table.ask_again(ANA)
    assert table.run().record("pause").note == "found so already, and left so"
    assert table.run().owed == ()


def test_a_schedule_changed_while_it_is_paused_is_not_resumed_without_a_look(table: Table) -> None:
    table.start(ANA, "pauses")
    table.approve(ANA)
    names = table.lake.names
    table.lake.clients.events.put_rule(
        Name=names.schedule_rule, ScheduleExpression="cron(0 5 * * ? *)", State="DISABLED"
    )

    table.done()

    assert (table.rule(), table.run().owed[0].step) == ("DISABLED", "resume")
    assert "Somebody changed" in table.store.approval(1).ended_why
    table.lake.clients.events.put_rule(
        Name=names.schedule_rule, ScheduleExpression=names.schedule_expression, State="DISABLED"
    )
    table.ask_again(ANA)
    table.approve(ANA)
    assert (table.rule(), table.run().owed) == ("ENABLED", ())


def test_what_became_1_where_it_was_true_is_a_change_as_it_would_be_signed(table: Table) -> None:
    beside: JsonObject = {"switch": True}
    table.also_sees("schedule.resume", beside)
    table.start(ANA, "pauses")
    table.approve(ANA)

    beside["switch"] = 1
    table.done()

    assert (table.rule(), table.run().owed[0].step) == ("DISABLED", "resume")
    assert "Somebody changed" in table.store.approval(1).ended_why


def test_a_runbook_edited_between_ask_and_approval_voids_and_the_run_goes_on_with_its_snapshot(table: Table) -> None:
    table.start(ANA, "swap")
    before = table.run().snapshot
    table.edit("swap", "state: HALF_OPEN", "state: CLOSED")

    table.approve(BO)

    assert (table.newest().state, table.newest().votes, table.cloud.sent) == (ApprovalState.VOID, (), [])
    assert "void: the runbook was edited" in table.refused()
    assert table.notices() == ["void"]
    table.ask_again(ANA)
    table.approve(BO)
    assert (table.state(), table.run().snapshot) == ("HALF_OPEN", before)


def test_a_first_yes_of_two_is_not_counted_after_an_edit(table: Table) -> None:
    table.start(ANA, "two-people")
    table.edit("two-people", "For a story.", "For another story.")

    table.approve(CY)

    assert (table.newest().state, table.newest().votes) == (ApprovalState.VOID, ())


def test_a_runbook_edited_between_the_yes_and_the_call_voids_at_the_call(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO, drive=False)
    table.deal()
    table.edit("swap", "For a story.", "For another story.")

    table.drive()

    assert (table.newest().state, table.cloud.sent) == (ApprovalState.VOID, [])
    assert "library was" in table.newest().ended_why


def test_a_runbook_removed_between_ask_and_approval_voids_and_the_run_goes_on_if_asked_again(table: Table) -> None:
    table.start(ANA, "swap")
    (table.runbooks / "swap.md").unlink()

    table.approve(BO)
    assert table.newest().state is ApprovalState.VOID

    table.ask_again(ANA)
    table.approve(BO)
    assert table.state() == "HALF_OPEN"


def test_a_reason_changed_after_the_ask_withdraws_the_request_and_asks_anew_with_a_new_author(table: Table) -> None:
    table.half_open_asked()

    table.wish(CY, GiveInputs(run=1, inputs={"reason": "another reason"}))

    first, second = table.store.approval(2), table.newest()
    assert (first.state, second.state, second.id) == (ApprovalState.REVOKED, ApprovalState.PENDING, 3)
    assert (second.binding.reason, second.binding.authors) == ("another reason", (ANA, CY))
    table.approve(BO, first)
    assert "revoked" in table.refused()
    table.approve(CY, second)
    assert "you asked for this change yourself" in table.refused()


def test_an_input_that_was_used_already_cannot_be_changed(table: Table) -> None:
    table.half_open_asked()

    table.wish(BO, GiveInputs(run=1, inputs={"pipeline": "other"}))

    assert "has used its pipeline already" in table.refused()
    assert (table.run().inputs["pipeline"], table.run().authors) == ("transactions", (ANA,))


def test_a_breaker_that_is_closed_at_the_start_changes_nothing_and_asks_nobody(table: Table) -> None:
    table.write_breaker(state="CLOSED")

    run = table.start(ANA)

    assert (table.store.approvals(), table.cloud.sent) == ([], [])
    assert run.record("half_open").state is StepState.SKIPPED
    assert run.state in {RunState.REPAIRED, RunState.NOT_REPAIRED, RunState.WATCHING, RunState.VERIFYING}


def test_a_breaker_found_half_open_is_taken_over_and_asked_for(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN", reason="left so")

    asked = table.half_open_asked()
    table.approve(BO)

    assert "reason" in asked.binding.calls[0].changes
    assert table.run().record("probe").state is StepState.DONE


def test_a_breaker_that_holds_what_is_wanted_is_left_so_and_nobody_is_asked(table: Table) -> None:
    table.write_breaker(state="HALF_OPEN")

    run = table.start(ANA, "swap")

    assert (run.record("half_open").note, table.store.approvals()) == ("found so already, and left so", [])


def test_several_raw_files_are_a_choice_that_a_person_makes(table: Table) -> None:
    names, s3 = table.lake.names, table.lake.clients.s3
    key = raw_key_before(table)
    copy = key.replace(f"/{BAD_FILE}.", f"/{BAD_FILE}.again.")
    s3.copy_object(Bucket=names.bronze_bucket, Key=copy, CopySource={"Bucket": names.bronze_bucket, "Key": key})
    table.start(ANA)
    table.approve(ANA)
    assert table.run().waiting is not None
    assert "probe_file, reason" in str(table.run().waiting)

    table.wish(ANA, GiveInputs(run=1, inputs={"reason": "fixed", "probe_file": copy}))

    asked = table.newest()
    assert asked.step == "half_open"
    assert copy in str(asked.binding.calls[1].call.params["input"])


def raw_key_before(table: Table) -> str:
    return table.lake.names.raw_key(table.now().date(), BAD_FILE)


def test_a_reason_that_is_missing_too_long_or_of_two_lines_is_not_taken(table: Table) -> None:
    table.start(ANA)
    table.approve(ANA)
    waiting = table.run().waiting
    assert waiting is not None
    assert waiting.what is Awaiting.INPUT

    for reason in ("two\nlines", "tail\n"):
        table.wish(ANA, GiveInputs(run=1, inputs={"reason": reason}))
        assert "reason must look like" in table.refused()

    assert table.run().waiting == waiting


def test_a_probe_of_a_file_that_still_holds_the_error_fails_and_nothing_is_closed(table: Table) -> None:
    names, s3 = table.lake.names, table.lake.clients.s3
    key = raw_key_before(table)
    body = s3.list_object_versions(Bucket=names.bronze_bucket, Prefix=key)["Versions"][-1]
    bad = s3.get_object(Bucket=names.bronze_bucket, Key=key, VersionId=body["VersionId"])["Body"].read()
    s3.put_object(Bucket=names.bronze_bucket, Key=key, Body=bad)
    table.half_open_asked()

    table.approve(BO)

    run = table.run()
    assert (run.record("probe").state, run.state, table.state()) == (StepState.FAILED, RunState.WAITING, "HALF_OPEN")
    assert "failed" in table.notices()


def test_an_unknown_runbook_is_refused_with_the_nearest(table: Table) -> None:
    table.wish(ANA, StartRun(runbook="circuit-braker"))

    assert "Did you mean 'circuit-breaker'" in table.refused()
