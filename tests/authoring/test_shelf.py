"""Old texts come from git or from a folder; what is neither is refused in words, and nothing is guessed."""

import subprocess
from pathlib import Path

import pytest

from bot.authoring.shelf import commit_of, in_file, named, texts_at, texts_of
from bot.errors import InvalidError, NotFoundError

PLAIN = "# Late files\n\n## Steps\n\n1. **Call the source.** Ask.\n"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A repository with one runbook, edited since its only commit."""
    git(tmp_path, "init", "--quiet")
    books = tmp_path / "runbooks"
    books.mkdir()
    for name in ("late.md", "TEMPLATE.md", "notes.txt"):
        (books / name).write_text(PLAIN, encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    (books / "late.md").write_text(PLAIN.replace("Ask.", "Ask twice."), encoding="utf-8")
    (books / "new.md").write_text(PLAIN, encoding="utf-8")
    return tmp_path


def test_a_folder_is_read_as_it_was_at_a_revision(house: Path) -> None:
    books = house / "runbooks"

    assert texts_at("HEAD", [books]) == {str(books / "late.md"): PLAIN}
    assert sorted(texts_of([books])) == [str(books / "late.md"), str(books / "new.md")]


def test_one_file_is_read_as_it_was_and_one_that_was_not_there_is_nothing(house: Path) -> None:
    late, new = house / "runbooks" / "late.md", house / "runbooks" / "new.md"

    assert texts_at("HEAD", [late, new]) == {str(late): PLAIN}


def test_a_folder_of_old_runbooks_stands_in_for_a_revision(house: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "late.md").write_text("# Old\n", encoding="utf-8")

    assert texts_at(str(old), [house / "runbooks"]) == {str(house / "runbooks" / "late.md"): "# Old\n"}


@pytest.mark.parametrize("base", ["nope", "HEAD~9", "", "--all", "-n1", "HEAD:runbooks", "HEAD..HEAD", "a b", "$(id)"])
def test_what_is_no_revision_is_refused_by_name(house: Path, base: str) -> None:
    with pytest.raises(InvalidError, match="no revision"):
        commit_of(base, house / "runbooks")


def test_a_folder_outside_of_git_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="no revision 'HEAD'"):
        texts_at("HEAD", [tmp_path])


def test_a_runbook_is_found_by_id_or_by_file(house: Path) -> None:
    books = house / "runbooks"

    assert named("late", books).id == named(str(books / "late.md"), books).id == "late"


@pytest.mark.parametrize("name", ["lat", "late.MD", "runbooks/none.md", "../late", "LATE.md"])
def test_a_name_nobody_has_is_refused(house: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="There is no"):
        named(name, house / "runbooks")


def test_a_file_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_text("---\nid: bad\n---\n# Runbook: Bad\n", encoding="utf-8")
    with pytest.raises(InvalidError, match=r"bad\.md:1: error: `title` is missing"):
        in_file(bad)

    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidError, match="UTF-8"):
        in_file(bad)
