"""A call was sent and no answer came: never a failure, never sent twice unless that cannot do it twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import AskAgain, GiveInputs, ParkRun, ReadAgain, SettleOwed, SettleUnknown, StopRun
from bot.domain.records import AttemptState
from bot.domain.run import Awaiting, RunState, StepState
from bot.domain.value import JsonObject
from tests.usecases.proxy import Mood, Proxy
from tests.usecases.table import ANA, BO, Table
from tests.usecases.test_measuring import of

PUT = "PUT /lake-artifacts/control/circuit_breaker/"
START = "StartExecution"
HALF_A_MINUTE = timedelta(seconds=30)


class Killed(BaseException):
    """Stands for the end of the process."""


def pause_lost(table: Table, proxy: Proxy, mood: Mood = "lost") -> None:
    """Ask for the pause, approve it, and lose the answer."""
    proxy.rule("DisableRule", mood)
    table.start(ANA, "pauses")
    table.approve(ANA)
    assert table.run().state is RunState.OUTCOME_UNKNOWN, table.run()


def test_an_answer_after_the_read_timeout_leaves_the_outcome_unknown_and_aws_saw_one_request(
    far_table: Table, proxy: Proxy
) -> None:
    pause_lost(far_table, proxy, "late")

    assert proxy.count("DisableRule") == 1
    assert far_table.attempts()[0].state is AttemptState.UNKNOWN
    assert far_table.run().record("pause").state is StepState.UNKNOWN
    assert "unknown" in far_table.notices()
    far_table.drive()
    assert proxy.count("DisableRule") == 1


def test_it_happened_goes_on_without_a_second_call_and_owes_the_resume(far_table: Table, proxy: Proxy) -> None:
    pause_lost(far_table, proxy)

    far_table.wish(BO, SettleUnknown(run=1, step="pause", happened=True))

    assert (far_table.attempts()[0].state, [one.step for one in far_table.run().owed]) == (
        AttemptState.DONE,
        ["resume"],
    )
    far_table.done()
    assert (far_table.rule(), proxy.count("DisableRule"), proxy.count("EnableRule")) == ("ENABLED", 1, 1)
    assert [one.state for one in far_table.store.approvals()] == [ApprovalState.CONSUMED]
    assert BO in far_table.run().authors


def test_it_did_not_asks_anew_and_only_a_second_yes_sends_again(far_table: Table, proxy: Proxy) -> None:
    proxy.rule("DisableRule", "unreached")
    far_table.start(ANA, "pauses")
    far_table.approve(ANA)
    assert far_table.run().state is RunState.OUTCOME_UNKNOWN

    far_table.wish(ANA, SettleUnknown(run=1, step="pause", happened=False))

    assert (far_table.attempts()[0].state, far_table.newest().id) == (AttemptState.FAILED, 2)
    assert (far_table.rule(), proxy.count("DisableRule")) == ("ENABLED", 0)
    far_table.approve(ANA)
    assert (far_table.rule(), proxy.count("DisableRule")) == ("DISABLED", 1)


def test_it_did_not_although_it_did_is_asked_anew_and_the_resume_is_owed_all_the_same(
    far_table: Table, proxy: Proxy
) -> None:
    pause_lost(far_table, proxy)

    far_table.wish(ANA, SettleUnknown(run=1, step="pause", happened=False))
    assert (far_table.newest().id, far_table.newest().state) == (2, ApprovalState.PENDING)
    far_table.approve(ANA)
    assert [one.step for one in far_table.run().owed] == ["resume"]

    far_table.done()
    assert far_table.rule() == "ENABLED"


def test_stop_here_keeps_the_resume_owed_because_it_may_have_happened(far_table: Table, proxy: Proxy) -> None:
    pause_lost(far_table, proxy)

    far_table.wish(ANA, StopRun(run=1))

    assert (far_table.run().state, [one.step for one in far_table.run().owed]) == (RunState.STOPPED, ["resume"])
    far_table.wish(ANA, SettleOwed(run=1, step="resume"))
    assert (far_table.rule(), far_table.run().owed) == ("ENABLED", ())


@pytest.mark.parametrize("press", ["ask_again", "inputs", "retry_after_park"])
def test_no_other_press_gets_around_the_three_answers(far_table: Table, proxy: Proxy, press: str) -> None:
    pause_lost(far_table, proxy)

    match press:
        case "ask_again":
            far_table.wish(ANA, AskAgain(run=1))
        case "inputs":
            far_table.wish(ANA, GiveInputs(run=1, inputs={}))
        case _:
            far_table.wish(ANA, ParkRun(run=1, until=far_table.now() + HALF_A_MINUTE))
            far_table.wish(ANA, AskAgain(run=1))
            far_table.later(HALF_A_MINUTE)
            far_table.drive()

    assert far_table.run().state is RunState.OUTCOME_UNKNOWN
    assert (len(far_table.store.approvals()), proxy.count("DisableRule")) == (1, 1)


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ("lost", "A read now shows state 'DISABLED'"),
        ("unreached", "A read now shows state 'ENABLED'"),
    ],
)
def test_a_person_is_told_what_a_read_shows_of_the_call(far_table: Table, proxy: Proxy, mood: Mood, words: str) -> None:
    pause_lost(far_table, proxy, mood)

    record = far_table.run().record("pause")

    assert words in record.shows
    assert ("it is so already, so it probably happened" in record.shows) is (mood == "lost")
    assert ("unchanged, so it probably did not happen" in record.shows) is (mood == "unreached")
    assert record.shown_at is not None


def test_a_write_that_is_there_as_it_was_sent_probably_happened(far_table: Table, proxy: Proxy) -> None:
    far_table.start(ANA, "swap")
    far_table.cloud.before = lambda: proxy.rule("GET /lake-artifacts/control/", "unreached", times=99)
    proxy.rule(PUT, "lost", times=2)
    far_table.approve(BO)
    assert "A read now failed" in far_table.run().record("half_open").shows

    proxy.rules.clear()
    far_table.wish(BO, ReadAgain(run=1, step="half_open"))

    assert far_table.run().state is RunState.OUTCOME_UNKNOWN
    assert far_table.run().record("half_open").shows == "A read now finds what was sent, so it probably happened."
    assert "run.read_again" in far_table.kinds()


def test_a_read_that_shows_1_where_there_was_true_is_not_unchanged(far_table: Table, proxy: Proxy) -> None:
    beside: JsonObject = {"switch": True}
    far_table.also_sees("schedule.pause", beside)
    pause_lost(far_table, proxy, "unreached")

    beside["switch"] = 1
    far_table.wish(BO, ReadAgain(run=1, step="pause"))

    assert "switch was True, is 1" in far_table.run().record("pause").shows


def test_a_read_that_answers_but_does_not_fit_is_not_said_to_have_failed(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(PUT, "unreached", times=2)
    far_table.start(ANA, "swap")
    far_table.approve(BO)

    far_table.write_breaker(note="added by hand")
    far_table.wish(BO, ReadAgain(run=1, step="half_open"))

    shows = far_table.run().record("half_open").shows
    assert shows.startswith("A read now says: ")
    assert "has 1 fields this bot does not know" in shows


def test_a_read_that_shows_what_somebody_else_did_says_what_was_and_what_is(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(PUT, "unreached", times=2)
    far_table.start(ANA, "swap")
    far_table.approve(BO)
    assert "unchanged, so it probably did not happen" in far_table.run().record("half_open").shows

    far_table.write_breaker(changed_by="mallory")
    far_table.wish(BO, ReadAgain(run=1, step="half_open"))

    assert "it happened, or somebody else did something" in far_table.run().record("half_open").shows
    assert len(far_table.store.attempts(1)) == 1


def test_a_start_that_aws_knows_by_its_name_probably_happened(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(START, "lost", times=2)
    far_table.half_open_asked()

    far_table.approve(BO)

    assert "finds what was sent, so it probably happened" in far_table.run().record("probe").shows


def test_nobody_reads_again_what_is_known(far_table: Table) -> None:
    far_table.start(ANA, "pauses")

    far_table.wish(ANA, ReadAgain(run=1, step="pause"))

    assert "does not wait for that" in far_table.refused()


def test_an_answer_that_nobody_waits_for_is_refused(far_table: Table) -> None:
    far_table.start(ANA, "pauses")

    far_table.wish(ANA, SettleUnknown(run=1, step="pause", happened=True))

    assert "does not wait for that" in far_table.refused()


def test_a_conditional_write_whose_answer_was_lost_is_sent_again_and_settled_by_reading_back(
    far_table: Table, proxy: Proxy
) -> None:
    proxy.rule(PUT, "lost")
    far_table.start(ANA, "swap")

    far_table.approve(BO)

    assert (far_table.state(), far_table.run().state) == ("HALF_OPEN", RunState.REPAIRED)
    assert [(one.state, one.answer is not None) for one in far_table.attempts()] == [(AttemptState.DONE, True)]
    assert proxy.count(PUT) == 2
    assert len(far_table.written()) == 1


def test_a_conditional_write_that_never_arrived_is_sent_again_and_done_once(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(PUT, "unreached")
    far_table.start(ANA, "swap")

    far_table.approve(BO)

    assert (far_table.state(), far_table.run().state, proxy.count(PUT)) == ("HALF_OPEN", RunState.REPAIRED, 1)


def test_a_conditional_write_that_lost_to_somebody_else_meanwhile_is_not_forced(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(PUT, "unreached")
    far_table.start(ANA, "swap")
    far_table.cloud.after = lambda: far_table.write_breaker(changed_by="mallory")

    far_table.approve(BO)

    assert "mallory" in far_table.breaker()
    assert far_table.run().record("half_open").state is StepState.FAILED


def test_a_write_that_cannot_be_read_back_stays_unknown(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(PUT, "lost")
    far_table.start(ANA, "swap")
    far_table.cloud.after = lambda: far_table.put_breaker(b"{")

    far_table.approve(BO)

    assert far_table.attempts()[0].state is AttemptState.UNKNOWN
    assert far_table.run().state is RunState.OUTCOME_UNKNOWN


def test_a_write_whose_answers_are_lost_again_and_again_waits_for_a_person(far_table: Table, proxy: Proxy) -> None:
    proxy.rule(PUT, "unreached", times=2)
    far_table.start(ANA, "swap")

    far_table.approve(BO)

    assert (far_table.run().state, proxy.count(PUT)) == (RunState.OUTCOME_UNKNOWN, 0)
    far_table.wish(BO, SettleUnknown(run=1, step="half_open", happened=False))
    far_table.approve(BO, far_table.newest())
    assert "you asked for this change yourself" in far_table.refused()


def test_a_start_whose_answer_was_lost_is_sent_again_under_its_token_and_one_execution_runs(
    far_table: Table, proxy: Proxy
) -> None:
    proxy.rule(START, "lost")
    far_table.half_open_asked()

    far_table.approve(BO)

    assert far_table.run().record("probe").state is StepState.DONE
    assert (proxy.count(START), len(far_table.probes())) == (2, 1)
    assert [one.state for one in far_table.attempts() if one.step == "probe"] == [AttemptState.DONE]


def test_a_start_lost_again_and_again_is_found_by_its_token_once_a_person_says_it_happened(
    far_table: Table, proxy: Proxy
) -> None:
    proxy.rule(START, "lost", times=2)
    far_table.half_open_asked()
    far_table.approve(BO)
    assert far_table.run().state is RunState.OUTCOME_UNKNOWN

    far_table.wish(ANA, SettleUnknown(run=1, step="probe", happened=True))

    assert far_table.run().record("probe").state is StepState.DONE
    assert len(far_table.probes()) == 1


def test_a_call_that_aws_refuses_is_a_failure_and_not_unknown(far_table: Table, proxy: Proxy) -> None:
    proxy.rule("DisableRule", "refused")
    far_table.start(ANA, "pauses")

    far_table.approve(ANA)

    assert (far_table.attempts()[0].state, far_table.run().state) == (AttemptState.FAILED, RunState.WAITING)
    assert "AccessDenied" in far_table.run().record("pause").note
    assert far_table.store.holds("events:daily_etl_schedule") == ()
    far_table.ask_again(ANA)
    far_table.approve(ANA)
    assert far_table.rule() == "DISABLED"


def test_a_read_that_fails_three_times_waits_for_a_person_and_try_again_works(far_table: Table, proxy: Proxy) -> None:
    proxy.rule("DescribeRule", "unreached", times=9)
    far_table.start(ANA, "pauses")

    assert "Tried 3 times; nothing was changed" in far_table.run().record("schedule").note
    assert far_table.run().state is RunState.WAITING
    far_table.ask_again(ANA)
    assert far_table.newest().step == "pause"


def test_a_read_that_fails_once_is_made_again_by_itself(far_table: Table, proxy: Proxy) -> None:
    proxy.rule("DescribeRule", "unreached", times=3)

    far_table.start(ANA, "pauses")

    assert far_table.newest().step == "pause"


def test_a_read_that_aws_refuses_waits_for_a_person(far_table: Table, proxy: Proxy) -> None:
    proxy.rule("DescribeRule", "refused")

    far_table.start(ANA, "pauses")

    assert "AccessDenied" in far_table.run().record("schedule").note


def test_a_process_that_died_between_taking_and_sending_proves_the_yes_again(far_table: Table, proxy: Proxy) -> None:
    died_before_sending(far_table)

    far_table.drive()

    assert (far_table.rule(), proxy.count("DisableRule")) == ("DISABLED", 1)
    assert len(far_table.store.approvals()) == 1


def died_before_sending(table: Table, runbook: str = "pauses", *, approver: str = ANA) -> None:
    """Leave an attempt that another process, now dead, took and never sent."""
    table.start(ANA, runbook)

    table.desk = replace(table.desk, replica="dead")
    table.approve(approver, drive=False)
    table.deal()

    def kill() -> None:
        raise Killed

    table.cloud.before = kill
    with pytest.raises(Killed):
        table.segment()
    table.cloud.before = None
    table.dead.add("dead")
    table.desk = replace(table.desk, replica="one")
    assert table.attempts()[0].state is AttemptState.PLANNED


def test_what_a_dead_process_took_is_void_if_the_world_changed_since(far_table: Table, proxy: Proxy) -> None:
    died_before_sending(far_table)
    names = far_table.lake.names
    far_table.lake.clients.events.put_rule(Name=names.schedule_rule, ScheduleExpression="cron(0 5 * * ? *)")

    far_table.drive()

    assert (far_table.newest().state, proxy.count("DisableRule")) == (ApprovalState.VOID, 0)
    assert far_table.attempts()[0].state is AttemptState.FAILED
    far_table.lake.clients.events.put_rule(Name=names.schedule_rule, ScheduleExpression=names.schedule_expression)


def test_what_a_dead_process_took_is_void_if_the_approver_left_since(far_table: Table, proxy: Proxy) -> None:
    died_before_sending(far_table)
    far_table.directory.roles["oncall"].discard(ANA)

    far_table.drive()

    assert (far_table.newest().state, proxy.count("DisableRule")) == (ApprovalState.VOID, 0)


def test_what_a_living_process_took_is_left_to_it(far_table: Table, proxy: Proxy) -> None:
    died_before_sending(far_table)
    far_table.dead.clear()

    far_table.segment()

    assert (far_table.attempts()[0].owner, proxy.count("DisableRule")) == ("dead", 0)


def test_what_a_dead_process_was_sending_is_of_unknown_outcome_and_never_sent_again(
    far_table: Table, proxy: Proxy
) -> None:
    died_before_sending(far_table)
    far_table.store.mark_sending(1, owner="dead")

    far_table.drive()

    assert (far_table.run().state, proxy.count("DisableRule")) == (RunState.OUTCOME_UNKNOWN, 0)
    assert far_table.attempts()[0].state is AttemptState.UNKNOWN
    (told,) = [one.body for one in far_table.audited() if one.body.kind == "call.answered"]
    assert (told.actor, told.facts["attempt"], told.facts["state"]) == ("bot", 1, "unknown")
    assert of(far_table, "Calls") == [("unknown",)]


@pytest.mark.parametrize("minutes", [14, 16])
def test_what_a_dead_process_was_sending_is_not_sent_again_by_itself_once_its_yes_has_expired(
    far_table: Table, minutes: int
) -> None:
    died_before_sending(far_table, "swap", approver=BO)
    far_table.store.mark_sending(1, owner="dead")
    far_table.later(timedelta(minutes=minutes))

    far_table.drive()

    late = minutes > 15
    assert far_table.state() == ("OPEN" if late else "HALF_OPEN")
    assert far_table.run().state is (RunState.OUTCOME_UNKNOWN if late else RunState.REPAIRED)
    if late:
        assert "probably did not happen" in far_table.run().record("half_open").shows
        far_table.wish(ANA, SettleUnknown(run=1, step="half_open", happened=False))
        far_table.approve(BO)
        assert far_table.state() == "HALF_OPEN"


@pytest.mark.parametrize(
    ("sending", "becomes"), [(False, AttemptState.FAILED), (True, AttemptState.UNKNOWN)], ids=["taken", "sending"]
)
def test_what_a_dead_process_had_in_hand_of_a_stopped_run_holds_up_no_other_run(
    far_table: Table, proxy: Proxy, *, sending: bool, becomes: AttemptState
) -> None:
    died_before_sending(far_table)
    if sending:
        far_table.store.mark_sending(1, owner="dead")
    far_table.dead.clear()
    far_table.send(BO, StopRun(run=1))
    far_table.deal()
    far_table.segment()
    assert far_table.attempts()[0].state is (AttemptState.SENDING if sending else AttemptState.PLANNED)

    far_table.dead.add("dead")
    far_table.later(timedelta(seconds=2))
    far_table.drive()

    assert (far_table.attempts()[0].state, far_table.run().state) == (becomes, RunState.STOPPED)
    assert proxy.count("DisableRule") == 0
    assert [one.body.facts["state"] for one in far_table.audited() if one.body.kind == "call.answered"] == (
        ["unknown"] if sending else []
    )
    far_table.start(ANA, "pauses-too")
    far_table.approve(ANA)
    waiting = far_table.run(2).waiting
    assert waiting is None or waiting.what is not Awaiting.LEASE
