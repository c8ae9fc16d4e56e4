"""Nobody answers: a reminder, one page, expiry, one automatic second request, and then the requester is told."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.approval import ApprovalState
from bot.domain.inbox import StartRun
from bot.domain.run import Awaiting, RunState
from bot.errors import EdgeError, StaleError
from bot.usecases.approvals import escalate
from tests.usecases.table import ANA, BO, CY, FakePager, Table

MINUTE = timedelta(minutes=1)


def after(table: Table, minutes: int) -> None:
    table.later(minutes * MINUTE)
    table.drive()


def states(table: Table) -> list[ApprovalState]:
    return [one.state for one in reversed(table.store.approvals())]


def test_after_five_minutes_those_who_can_approve_are_reminded_once(table: Table) -> None:
    table.start(ANA, "swap")

    after(table, 4)
    assert "reminded" not in table.notices()
    after(table, 1)
    after(table, 1)

    assert table.notices().count("reminded") == 1
    assert table.pager.pages == []


def test_after_ten_minutes_exactly_one_page_goes_out(table: Table) -> None:
    table.start(ANA, "swap")

    after(table, 5)
    after(table, 5)
    after(table, 1)
    after(table, 1)

    assert [topic for topic, _, _ in table.pager.pages] == ["arn:aws:sns:eu-west-1:123456789012:lake-page"]
    assert table.notices().count("paged") == 1
    assert table.kinds().count("approval.paged") == 1


def test_the_policy_says_after_how_long_who_is_reminded_and_paged(table: Table) -> None:
    quick = {"remind_after": 2 * MINUTE, "page_after": 3 * MINUTE}
    table.desk = replace(table.desk, policy=table.desk.policy.model_copy(update=quick))
    table.start(ANA, "swap")

    after(table, 2)
    reminded = (table.notices().count("reminded"), len(table.pager.pages))
    after(table, 1)

    assert reminded == (1, 0)
    assert (table.notices().count("paged"), len(table.pager.pages)) == (1, 1)


def test_a_bot_that_slept_through_the_reminder_pages_at_once_and_once(table: Table) -> None:
    table.start(ANA, "swap")

    after(table, 11)
    after(table, 1)

    assert len(table.pager.pages) == 1
    assert "reminded" not in table.notices()


def test_expired_is_asked_anew_by_itself_exactly_once_and_then_the_requester_is_told(table: Table) -> None:
    table.start(ANA, "swap")

    for _ in range(3):
        after(table, 5)
    assert states(table) == [ApprovalState.EXPIRED, ApprovalState.PENDING]
    assert (table.newest().reasked, table.newest().binding.authors) == (True, (ANA,))
    assert "expired" not in table.notices()

    for _ in range(6):
        after(table, 5)

    assert states(table) == [ApprovalState.EXPIRED, ApprovalState.EXPIRED]
    assert table.notices().count("expired") == 1
    run = table.run()
    assert run.waiting is not None
    assert (run.state, run.waiting.what) == (RunState.WAITING, Awaiting.PERSON)
    assert table.cloud.sent == []


def test_the_second_request_is_as_good_as_the_first(table: Table) -> None:
    table.start(ANA, "swap")
    after(table, 15)

    table.approve(BO, table.store.approval(1))
    assert "expired" in table.refused()
    table.approve(BO)

    assert (states(table), table.state()) == ([ApprovalState.EXPIRED, ApprovalState.CONSUMED], "HALF_OPEN")


def test_a_request_a_person_asks_for_again_gets_its_own_second_chance(table: Table) -> None:
    table.start(ANA, "swap")
    after(table, 15)
    after(table, 15)

    table.ask_again(ANA)
    after(table, 15)

    assert states(table) == [ApprovalState.EXPIRED] * 3 + [ApprovalState.PENDING]


def test_who_approved_in_time_is_not_reminded_of(table: Table) -> None:
    table.start(ANA, "swap")
    table.approve(BO)

    after(table, 16)

    assert table.pager.pages == []
    assert not {"reminded", "paged", "expired"} & set(table.notices())


def test_the_world_is_looked_at_anew_for_the_second_request(table: Table) -> None:
    table.start(ANA, "swap")
    table.write_breaker(reason="meanwhile")

    after(table, 15)
    table.approve(BO)

    assert (table.newest().state, table.state()) == (ApprovalState.CONSUMED, "HALF_OPEN")


def test_a_page_that_cannot_go_out_does_not_stop_the_ladder(table: Table) -> None:
    class Broken(FakePager):
        def page(self, topic: str, subject: str, words: str) -> None:
            super().page(topic, subject, words)
            raise EdgeError("SNS did not answer.")

    broken = Broken()
    table.desk = replace(table.desk, pager=broken)
    table.start(ANA, "swap")

    after(table, 10)
    after(table, 5)

    assert len(broken.pages) == 1
    assert states(table) == [ApprovalState.EXPIRED, ApprovalState.PENDING]


def test_a_rung_that_loses_a_race_wakes_nobody_twice(table: Table) -> None:
    table.start(ANA, "swap")
    table.later(10 * MINUTE)
    real, failures = table.store.commit, [StaleError("first"), StaleError("second")]

    def commit(change: object) -> None:
        if failures:
            raise failures.pop()
        real(change)  # type: ignore[arg-type] # passed on as it came

    object.__setattr__(table.store, "commit", commit)
    escalate(table.desk, "ladder:1:0")

    assert len(table.pager.pages) == 1


def test_two_people_who_press_start_in_the_same_second_start_one_run_and_the_other_sees_it(table: Table) -> None:
    table.send(ANA, StartRun(runbook="swap"))
    table.send(CY, StartRun(runbook="swap"))

    table.drive()

    assert [run.id for run in table.store.runs()] == [1]
    assert [one["what"] for one in table.whispers()] == ["joined"]
