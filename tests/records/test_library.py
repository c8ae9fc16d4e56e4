import os
from pathlib import Path

import pytest

from bot.domain.problem import Problem
from bot.domain.reading import Reading
from bot.domain.runbook import Runbook, Status
from bot.errors import InvalidError, NotFoundError
from bot.ports import Library
from bot.records.library import FolderLibrary


def read(text: str, path: str) -> Reading:
    """Read as the real reader would, as far as the library can tell: the first line is the id."""
    name = text.partition("\n")[0].strip("# \r")
    if name == "broken":
        return Reading(runbook=None, problems=(Problem(path=path, line=3, words="Mend it."),))
    runbook = Runbook(
        id=name,
        title=name,
        category="",
        owner="",
        status=Status.ACTIVE,
        path=path,
        sha256=f"{len(text)}:{hash(text)}",
    )
    return Reading(runbook=runbook)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    for name in ("rollback", "circuit-breaker"):
        (folder / f"{name}.md").write_text(f"# {name}\n")
    (folder / "TEMPLATE.md").write_text("# template\n")
    (folder / "notes.txt").write_text("# notes\n")
    return folder


@pytest.fixture
def library(folder: Path) -> FolderLibrary:
    return FolderLibrary(folder, read=read)


def test_every_markdown_file_but_the_template_is_a_runbook(library: FolderLibrary) -> None:
    asked: Library = library

    assert sorted(asked.runbooks()) == ["circuit-breaker", "rollback"]
    assert asked.find("rollback").path == "runbooks/rollback.md"
    assert asked.text(asked.find("rollback")) == "# rollback\n"


@pytest.mark.parametrize("name", ["Circuit Breaker", "circuit_breaker", "  CIRCUIT-BREAKER "])
def test_a_name_is_found_however_it_is_written(library: FolderLibrary, name: str) -> None:
    assert library.find(name).id == "circuit-breaker"


def test_a_miss_offers_the_nearest(library: FolderLibrary) -> None:
    with pytest.raises(NotFoundError, match=r"called 'rolback'\. Did you mean 'rollback'\?"):
        library.find("rolback")


@pytest.mark.parametrize("name", ["🔥", "x" * 10_000, "a\u200bb", "'; DROP TABLE", "../../etc/passwd", ""])
def test_a_hostile_name_is_only_not_found(library: FolderLibrary, name: str) -> None:
    with pytest.raises(NotFoundError) as missed:
        library.find(name)

    assert missed.value.words.isascii()
    assert len(missed.value.words) < 700


def test_an_edit_is_seen_at_once_and_the_text_of_before_is_still_known(library: FolderLibrary, folder: Path) -> None:
    before = library.find("rollback")

    (folder / "rollback.md").write_text("# rollback\nnow with care\n")

    after = library.find("rollback")
    assert after.sha256 != before.sha256
    assert library.text(after) == "# rollback\nnow with care\n"
    assert library.text(before) == "# rollback\n"


def test_an_edit_of_the_same_length_and_hour_is_seen(library: FolderLibrary, folder: Path) -> None:
    path = folder / "rollback.md"
    library.find("rollback")
    stamp = path.stat().st_mtime_ns
    path.write_text("# rallback\n")
    os.utime(path, ns=(stamp, stamp))

    assert sorted(library.runbooks()) == ["circuit-breaker", "rallback"]


def test_added_and_removed_files_are_seen(library: FolderLibrary, folder: Path) -> None:
    library.runbooks()
    (folder / "late.md").write_text("# late\n")
    (folder / "rollback.md").unlink()

    assert sorted(library.runbooks()) == ["circuit-breaker", "late"]


def test_a_broken_file_is_a_problem_and_no_runbook(library: FolderLibrary, folder: Path) -> None:
    (folder / "rollback.md").write_text("# broken\n")
    (folder / "binary.md").write_bytes(b"\xff\xfe")
    (folder / "twice.md").write_text("# circuit-breaker\n")

    assert sorted(library.runbooks()) == ["circuit-breaker"]
    assert library.find("circuit-breaker").path == "runbooks/circuit-breaker.md"
    assert [str(problem) for problem in library.problems()] == [
        "runbooks/binary.md:1: error: The file is not UTF-8 text; save it as UTF-8.",
        "runbooks/rollback.md:3: error: Mend it.",
        "runbooks/twice.md:1: error: runbooks/circuit-breaker.md has the id 'circuit-breaker' already; "
        "give this one another id.",
    ]


def test_a_snapshot_is_read_without_the_folder(library: FolderLibrary) -> None:
    assert library.reading("# old\n", "runbooks/old.md").id == "old"
    with pytest.raises(InvalidError, match="Mend it"):
        library.reading("# broken\n", "runbooks/old.md")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="none"):
        FolderLibrary(tmp_path / "none", read=read)


def test_text_that_was_never_read_is_not_guessed(library: FolderLibrary) -> None:
    strange = library.find("rollback").model_copy(update={"sha256": "0" * 64})

    with pytest.raises(NotFoundError):
        library.text(strange)


def test_a_snapshot_is_read_once_however_often_it_is_asked_for(folder: Path) -> None:
    asked: list[str] = []

    def counted(text: str, path: str) -> Reading:
        asked.append(text)
        return read(text, path)

    library = FolderLibrary(folder, read=counted)

    runbooks = [library.reading("# as it was\n", "runbooks/was.md") for _ in range(3)]

    assert asked == ["# as it was\n"]
    assert runbooks == [runbooks[0]] * 3
