"""A new runbook is the template under a name of its own; nothing that is there is ever written over."""

from pathlib import Path

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.authoring.making import id_of, make
from bot.domain.action import PLATFORM_KEYS
from bot.domain.checking import check_library, check_runbook
from bot.domain.problem import Severity
from bot.domain.reading import read_runbook
from bot.domain.runbook import Status
from bot.errors import InvalidError, NotFoundError

SHIPPED = Path(__file__).parents[2] / "runbooks"
TITLES = [
    "Late Files",
    "Late Files: what now?",
    "Überfällige Dateien",
    "It's late",
    'The "late" one',
    "Null island",
    "7 days late",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "runbooks"
    made.mkdir()
    for source in SHIPPED.glob("*.md"):
        (made / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    return made


@pytest.mark.parametrize("title", TITLES)
def test_a_new_runbook_is_a_draft_that_check_has_no_error_for(folder: Path, title: str) -> None:
    path = make(title, folder)

    reading = read_runbook(path.read_text(encoding="utf-8"), f"runbooks/{path.name}")
    assert reading.runbook is not None, [str(problem) for problem in reading.problems]
    known = frozenset(f"runbooks/{one.name}" for one in folder.glob("*.md"))
    found = check_runbook(reading.runbook, CATALOGUE, PLATFORM_KEYS, known)
    assert [str(one) for one in (*reading.problems, *found) if one.severity is Severity.ERROR] == []
    assert (reading.runbook.title, reading.runbook.status) == (title, Status.DRAFT)
    assert (reading.runbook.id, reading.runbook.alarms) == (path.stem, ())


def test_two_new_runbooks_do_not_get_in_each_others_way(folder: Path) -> None:
    paths = [make("Late Files", folder), make("Early Files", folder)]

    books = [read_runbook(path.read_text(encoding="utf-8"), str(path)).runbook for path in paths]

    assert check_library(book for book in books if book is not None) == ()


@pytest.mark.parametrize(
    "title", ["Circuit Breaker", "circuit  breaker", "Runbook: Circuit-Breaker", "CIRCUIT BREAKER!"]
)
def test_a_runbook_that_is_there_is_not_written_over(folder: Path, title: str) -> None:
    before = (folder / "circuit-breaker.md").read_bytes()

    with pytest.raises(InvalidError, match=r"There is a runbook circuit-breaker in .* already"):
        make(title, folder)

    assert (folder / "circuit-breaker.md").read_bytes() == before


def test_a_file_of_another_case_is_the_same_file(folder: Path) -> None:
    (folder / "Late-Files.md").write_text("# Late files\n", encoding="utf-8")

    with pytest.raises(InvalidError, match="already"):
        make("Late Files", folder)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("", "3 to 120"),
        ("ab", "3 to 120"),
        ("x" * 121, "3 to 120"),
        ("bell \a rings", "printable"),
        ("right \u202eto left", "printable"),
        ("# Heading", "plain words"),
        ("`code`", "plain words"),
        ("see [this](that)", "plain words"),
        ("${inputs.pipeline}", "plain words"),
        ("123 456", "gives no name"),
        ("日本語だけ", "gives no name"),
        ("Template", "gives no name"),
        ("readme", "gives no name"),
        ("null", "gives no name"),
    ],
)
def test_a_title_that_makes_no_runbook_is_refused_with_the_remedy(folder: Path, title: str, words: str) -> None:
    before = sorted(folder.iterdir())

    with pytest.raises(InvalidError, match=words):
        make(title, folder)

    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("title", ["../../etc/passwd", "a/b/c", "x.md", "con: aux"])
def test_no_title_leads_out_of_the_folder(folder: Path, title: str) -> None:
    assert make(title, folder).resolve().parent == folder.resolve()


def test_a_long_title_gives_an_id_that_reads_back() -> None:
    assert len(id_of("word " * 30)) <= 60
    assert not id_of("word " * 30).endswith("-")


def test_a_folder_without_a_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="--dir"):
        make("Late Files", tmp_path)
