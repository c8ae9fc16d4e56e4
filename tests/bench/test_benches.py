"""Each bench, once and small: it runs and prints its table. Nothing here looks at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import NAMES
from bench.figures import Rounds, Table, percentile

ROOT = Path(__file__).parents[2]
TITLES = {
    "ack": (
        "Acknowledgement of a slash command over Socket Mode",
        "Acknowledgement of a slash command over signed HTTP",
    ),
    "long_runs": ("Acknowledgements with 2 long runs in progress",),
    "way_out": ("Click on Approve received -> the change leaves the process",),
    "card": ("An alarm's message put -> its card stands in Slack, without a model",),
    "ready": ("`serve`: ready",),
    "redaction": ("Redaction: lines per second of processor time",),
    "measuring": ("What measuring costs",),
    "retrieval": (
        "Retrieval: the lake's own alarms, their names hidden",
        "Retrieval: one query among 1,000 runbooks",
    ),
    "claims": ("Claims: true ones kept, false ones caught", "Claims: a person's sentences about one night"),
    "copies": ("40 copies under one approval", "40 marks under one approval"),
    "check": ("`runbook-bot check`",),
    "judged": (
        "Sentences on incidents with a planted cause",
        "Drafts of incidents with a planted cause",
        "`postmortem check`: sentences of these drafts, each made false in one way",
    ),
    "draft": ("The draft of an incident on the local lake, without a model",),
    "plan": ("Plan of a runbook on the local lake",),
    "digest": (
        "Log lines digested per CPU-second",
        "Memory of `runbook-bot logs digest`",
        "What of the logs goes to a model",
        "Synthetic failures of the workbench: is the planted cause named?",
        "The picture of a post-mortem",
    ),
}


# Those of a group run one after another in one process, which loads what they share once.
GROUPS = {
    "with processes of its own": ("ack", "long_runs", "way_out", "card", "ready"),
    "in one process": ("copies", "plan", "check", "redaction", "retrieval", "claims", "measuring"),
    "on the logs of an incident": ("digest", "judged", "draft"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_each_bench_runs_and_prints_its_tables(names: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "bench", "--tiny", *names]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stderr
    for title in [title for name in names for title in TITLES[name]]:
        table = done.stdout.split(f"## {title}\n")[1].split("\n- ")[0].strip().split("\n\n")[0].splitlines()
        assert len(table) >= 3
        assert len({line.count("|") for line in table}) == 1
    if "ready" in names:
        assert "langchain, moto, starlette, uvicorn, flask, websockets: nothing" in done.stdout


def test_no_bench_is_left_out() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(NAMES)


def test_a_bench_that_does_not_exist_is_refused_with_the_names() -> None:
    command = [sys.executable, "-m", "bench", "speed"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert f"there is {', '.join(NAMES)}" in done.stderr


def test_a_percentile_is_a_time_that_was_measured() -> None:
    times = [float(number) for number in range(1, 101)]

    assert [percentile(times, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]


def test_a_ratio_is_the_median_of_what_each_pair_of_rounds_says() -> None:
    found = Rounds(ours=((1.0,), (9.0,), (2.0,)), yardstick=((2.0,), (3.0,), (2.0,)))

    assert found.ratio(0.5) == 1.0
    assert found.milliseconds(0.5) == (2000.0, 2000.0)
    assert found.missed(3.0) == 1


def test_a_table_is_aligned_markdown_with_its_notes() -> None:
    table = Table(title="Ack", heads=("what", "ms"), rows=(("p50", "1.5"),), notes=("here",))

    assert table.lines() == ("## Ack", "", "| what | ms  |", "| ---- | --- |", "| p50  | 1.5 |", "", "- here", "")
