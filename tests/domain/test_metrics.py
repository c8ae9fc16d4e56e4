"""The table of metrics is whole, says what the code says, and is the only place where a metric is made."""

import ast
import re
from pathlib import Path

from bot.assistant.folder import TASKS
from bot.domain import metrics
from bot.domain.approval import ApprovalState
from bot.domain.metrics import ENVIRONMENT, TABLE, Metric
from bot.domain.run import RunState

BOT = Path(__file__).parents[2] / "bot"
MOST_SERIES = 200  # of one environment with nine runbooks


def test_every_metric_is_in_the_table_once_under_a_name_of_its_own() -> None:
    made = [one for one in vars(metrics).values() if isinstance(one, Metric)]

    assert sorted(one.name for one in TABLE) == sorted(one.name for one in made)
    assert len({one.name for one in TABLE}) == len(TABLE)
    assert [one.name for one in TABLE if not re.fullmatch(r"([A-Z][a-z]+)+", one.name)] == []
    assert [one.name for one in TABLE if not one.means.endswith(".")] == []


def test_a_metric_is_made_nowhere_else() -> None:
    made = [
        path.relative_to(BOT).as_posix()
        for path in sorted(BOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Metric"
    ]

    assert set(made) == {"domain/metrics.py"}


def test_each_is_written_for_all_together_and_told_apart_only_by_words_that_it_lists() -> None:
    for one in TABLE:
        assert one.by[0] == ()
        assert {name for names in one.by for name in names} == set(one.words)
        assert ENVIRONMENT not in one.words
        assert len(one.by) <= 3


def test_the_words_are_few_and_those_of_the_code() -> None:
    words = {(one.name, name): set(of) for one in TABLE for name, of in one.words.items()}

    over = {state.value for state in ApprovalState} - {"pending", "consumed"} | {"broken_glass"}
    assert words["Requests", "Outcome"] == words["RequestSeconds", "Outcome"] == over
    assert words["RunsEnded", "Ending"] == {state.value for state in RunState if state.ended}
    assert [key for key, of in words.items() if key[1] == "Task" and of != set(TASKS)] == []
    assert {name for (_, name), of in words.items() if not of} == {"Runbook"}
    assert metrics.series(9) <= MOST_SERIES
