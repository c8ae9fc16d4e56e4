"""How far a runbook may be trusted, and where it may therefore start."""

import pytest

from bot.domain.runbook import Phase, Runbook, Status, Step

READS = Step(id="a", number=1, phase=Phase.MITIGATION, line=1, title="A", prose="", uses="events.rule")
BY_HAND = Step(id="b", number=2, phase=Phase.MITIGATION, line=1, title="B", prose="")


def book(status: Status, *trial_in: str, steps: tuple[Step, ...] = (READS, BY_HAND)) -> Runbook:
    return Runbook(
        id="late", title="Late Files", category="x", owner="platform", status=status, trial_in=trial_in, steps=steps,
        path="runbooks/late.md", sha256="",
    )  # fmt: skip


def test_an_active_runbook_starts_everywhere_and_a_trial_where_it_says() -> None:
    assert book(Status.ACTIVE).not_startable("prod") is None
    assert book(Status.TRIAL, "staging", "prod").not_startable("prod") is None


@pytest.mark.parametrize(
    ("runbook", "words"),
    [
        (book(Status.DRAFT), "Late Files is draft; it can be read and planned, not run."),
        (book(Status.RETIRED), "Late Files is retired; it can be read and planned, not run."),
        (book(Status.DRAFT, "prod"), "Late Files is draft; it can be read and planned, not run."),
        (
            book(Status.TRIAL, "staging"),
            "Late Files is on trial in staging, not in prod; here it can be read and planned.",
        ),
        (book(Status.TRIAL, "PROD"), "Late Files is on trial in PROD, not in prod; here it can be read and planned."),
        (
            book(Status.TRIAL),
            "Late Files is on trial in no environment yet, not in prod; here it can be read and planned.",
        ),
    ],
)
def test_one_that_may_not_start_says_why_and_what_can_be_done(runbook: Runbook, words: str) -> None:
    assert runbook.not_startable("prod") == words


def test_a_runbook_done_by_hand_alone_may_be_walked_anywhere_but_not_as_a_draft() -> None:
    assert book(Status.TRIAL, steps=(BY_HAND,)).not_startable("prod") is None
    assert book(Status.DRAFT, steps=(BY_HAND,)).not_startable("prod") is not None
