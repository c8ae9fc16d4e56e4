"""Many files are checked by several processes, and nothing of what is said depends on how many."""

from pathlib import Path

import pytest

from bot.authoring import checking
from bot.authoring.checking import check_files

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


@pytest.fixture
def shelf(tmp_path: Path) -> list[Path]:
    """Return four files: a copy that claims the same id and alarms, one that is no runbook, one with a dead link."""
    text = (RUNBOOKS / "circuit-breaker.md").read_text(encoding="utf-8")
    other = text.replace("id: circuit-breaker", "id: other").replace("TEMPLATE.md", "NOWHERE.md")
    files = {"circuit-breaker": text, "copy": text, "empty": "", "other": other}
    for name, content in files.items():
        (tmp_path / f"{name}.md").write_text(content, encoding="utf-8")
    return sorted(tmp_path.glob("*.md"))


def test_several_processes_say_what_one_says(shelf: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = check_files(shelf)
    monkeypatch.setattr(checking, "PAYS_FROM", 1)
    monkeypatch.setattr(checking, "cpu_count", lambda: 2)

    together = check_files(shelf)

    assert together == alone
    assert {problem.path.rpartition("/")[2] for problem in alone} >= {"copy.md", "empty.md", "other.md"}
    assert any("NOWHERE.md leads nowhere" in problem.words for problem in alone)
