"""docs/runbook-steps.md says where each step of the platform's procedures is; what it names is there."""

import re
from pathlib import Path

import pytest

from bot.domain.reading import read_runbook

ROOT = Path(__file__).parents[2]
PAPER = (ROOT / "docs" / "runbook-steps.md").read_text(encoding="utf-8")
RUNBOOKS = ROOT / "runbooks"
NUMBERS = {
    "backfill": "1 2 3 4 5 6 7 8 9 10 11",
    "schema-evolution": "1 2 3 4 5 6 7 8 9",
    "rollback": "1 2 3 4 5 6 7a 7b 7c 7d 7e 8 9 10",
    "quarantine-review": "1 2 3 4 5 6 7a 7b 7c 7d",
    "failure-recovery": "1 2 3 4 5 6 7 8a 8b 8c 9 10",
    "circuit-breaker": "1 2 3 4 5 6 7 8 9 10 11",
    "common-failures": "A1 A2 A3 B1 B2a B2b C1 C2 C3 D1 D2 D3",
    "query-performance": "1 2 3 4 5 6 7 8 9 10",
    "deployment-failures": "1 2 3 4 5 6 7 8 9 10",
}
TITLES = {
    "circuit-breaker": "Circuit Breaker Triggered",
    "common-failures": "Common Failure Scenarios",
}


def rows(runbook: str) -> list[tuple[str, str]]:
    """Return number and place of each row of a runbook's table."""
    title = TITLES.get(runbook, runbook.replace("-", " ").title())
    section = PAPER.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    return [(number.strip(), place.strip()) for number, _, place in cells][1:]


def test_all_ninety_nine_are_listed() -> None:
    assert sum(len(numbers.split()) for numbers in NUMBERS.values()) == 99


@pytest.mark.parametrize("runbook", sorted(NUMBERS))
def test_every_step_is_somewhere_or_left_out_with_the_reason(runbook: str) -> None:
    found = rows(runbook)

    assert [number for number, _ in found] == NUMBERS[runbook].split()
    for number, place in found:
        assert f"`{runbook}/" in place or re.match(r"left out: .{20,}", place), (number, place)


@pytest.mark.parametrize("runbook", sorted(NUMBERS))
def test_every_step_that_is_named_exists(runbook: str) -> None:
    read = read_runbook((RUNBOOKS / f"{runbook}.md").read_text("utf-8"), f"runbooks/{runbook}.md").runbook
    assert read is not None
    there = {step.id for step in read.steps}

    named = set(re.findall(rf"`{runbook}/([a-z0-9_]+)`", PAPER))

    assert named
    assert named - there == set()
