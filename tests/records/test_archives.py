"""Published texts lie in a folder and, where one is named, in one more place; a place that fails loses nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import InvalidError, UnavailableError
from bot.records.archives import FolderArchive


def refused(name: str, text: str) -> str:
    raise UnavailableError("AWS said no to the bot's own put_object (AccessDenied).")


def taken(name: str, text: str) -> str:
    raise InvalidError(f"s3://docs/{name} is another text already, and was left as it is.")


def test_a_published_text_lies_in_the_folder_and_each_edition_in_the_other_place(tmp_path: Path) -> None:
    kept: dict[str, str] = {}
    archive = FolderArchive(tmp_path, published=tmp_path / "pm", copy=lambda name, text: kept.setdefault(name, text))

    archive.publish("INC-7", 1, "first")
    places = archive.publish("INC-7", 3, "third")

    assert kept == {"INC-7-v1.md": "first", "INC-7-v3.md": "third"}
    assert places == ("pm/INC-7.md", "third")
    assert (tmp_path / "pm" / "INC-7.md").read_text() == "third"


@pytest.mark.parametrize(
    ("copy", "why"), [(refused, "Nothing is lost: let the bot's role write there"), (taken, "is another text already")]
)
def test_where_the_other_place_does_not_take_it_the_folder_has_it_and_the_words_say_what_to_do(
    tmp_path: Path, copy: Callable[[str, str], str], why: str
) -> None:
    archive = FolderArchive(tmp_path, published=tmp_path / "pm", copy=copy)

    with pytest.raises((UnavailableError, InvalidError), match=why) as failed:
        archive.publish("INC-7", 3, "third")

    assert "Kept in pm/INC-7.md, and not published" in str(failed.value)
    assert (tmp_path / "pm" / "INC-7.md").read_text() == "third"


def test_a_folder_that_cannot_be_written_to_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "pm").write_text("a file")

    with pytest.raises(UnavailableError, match="cannot be written"):
        FolderArchive(tmp_path, published=tmp_path / "pm").publish("INC-7", 1, "x")


def test_a_label_that_is_none_of_ours_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no label of ours"):
        FolderArchive(tmp_path, published=tmp_path / "pm").publish("../INC-7", 1, "x")
