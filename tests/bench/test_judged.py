"""Incidents with a planted cause, a few hundred lines each: what the bot says of them, and whoever judges it.

Five of the twelve, unlike each other; `make bench ARGS=judged` plays all, with thousands of lines.
"""

from dataclasses import dataclass

import pytest

from bench.incidents import broken, lake_in
from bench.judged import Judged, judged
from bench.truth import Truth, Verdict, truth_of

LINES = 200
TWISTED = "rollback"
NAMES = ("circuit-breaker", "schema-evolution", "rollback", "rollback-state", "deployment-failures")


@dataclass(frozen=True)
class Night:
    """Hold what became of each, and what was planted in the last one."""

    found: dict[str, Judged]
    truth: Truth
    rows: tuple[str, ...]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("nights")
    found: dict[str, Judged] = {}
    with lake_in(folder) as lake:
        for number, name in enumerate(NAMES[:-1]):
            with broken(lake, name, folder, lines=LINES, over=number > 0) as scene:
                found[name] = judged(scene, twist=name == TWISTED)
        with broken(lake, NAMES[-1], folder, lines=LINES) as scene:
            found[NAMES[-1]] = judged(scene, twist=False)
            draft = scene.table.store.drafts()[0]
            moments = {"acknowledged": draft.until, "resolved": draft.until}
            truth = truth_of(scene, since=draft.since, until=draft.until, moments=moments)
    assert draft.document is not None
    return Night(found, truth, tuple(claim.text for _, claim in draft.document.claims()))


@pytest.mark.parametrize("name", NAMES)
def test_the_planted_cause_is_among_three_candidates_the_timeline_is_in_order_and_nothing_false_is_said(
    name: str, night: Night
) -> None:
    one = night.found[name]

    assert one.false == ()
    assert one.place is not None
    assert one.place <= 3
    assert one.in_order
    assert one.of["draft"][Verdict.SUPPORTED] > one.of["draft"][Verdict.UNKNOWN]


def test_every_sentence_of_a_draft_that_is_made_false_is_found_by_the_check(night: Night) -> None:
    ways = night.found[TWISTED].twisted

    assert all(seen == of > 0 for seen, of in ways.values()), ways


def test_whoever_judges_calls_what_was_not_planted_false(night: Night) -> None:
    row = next(one for one in night.rows if "\N{MULTIPLICATION SIGN}" in one)
    count = row.split("\N{MULTIPLICATION SIGN}")[1].split(",")[0]

    assert night.truth.judge(row) is Verdict.SUPPORTED
    assert (
        night.truth.judge(row.replace(f"\N{MULTIPLICATION SIGN}{count}", "\N{MULTIPLICATION SIGN}9,999"))
        is Verdict.FALSE
    )
    for text in (
        "newest SUCCEEDED; none was good",
        "Alarm TerraformLockStale is OK since 2026-01-21T02:00:00Z",
        "Alarm CircuitBreakerOpen was OK again.",
        "rollback answers TerraformLockStale by name",
        "time until detected: 3 min",
        "synthetic/terraform: ERROR the disk is full",
        "TerraformLockAgeSeconds has no points.",
    ):
        assert night.truth.judge(text) is Verdict.FALSE, text
    assert night.truth.judge("The moon was full.") is Verdict.UNKNOWN
    assert night.truth.judge("The moon was full.", by="runbook rollback, Symptoms") is Verdict.QUOTED
