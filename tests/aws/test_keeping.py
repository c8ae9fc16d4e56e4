from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.aws.keeping import kept
from bot.domain.action import Row
from bot.domain.value import JsonObject
from bot.errors import InvalidError


def row(keep: Mapping[str, str], most_kept: int = 65_536) -> Row:
    return Row(
        id="x.y", service="x", operation="get_y", title="Y", allows={}, resource="y", keep=keep, most_kept=most_kept
    )


def test_only_what_is_listed_is_kept() -> None:
    answer = {"name": "a", "secret": "s", "items": [{"id": 1, "secret": "s"}, {"id": 2}]}

    assert kept(row({"name": "text", "items[].id": "number"}), answer) == {"name": "a", "items": [{"id": 1}, {"id": 2}]}


def test_without_a_projection_nothing_is_kept() -> None:
    assert kept(row({}), {"name": "a"}) == {}


def test_the_names_of_what_is_not_listed_can_be_kept_without_what_is_in_it() -> None:
    answer = {"items": [{"id": 1, "secret": "s", "none": None}], "id": 2}

    assert kept(row({"items[].id": "number", "items[].*": "names"}), answer) == {
        "items": [{"id": 1, "Others": ["secret"]}]
    }


def test_lists_of_lists_are_kept_as_such() -> None:
    answer = {"rows": [[{"f": "a", "v": "b"}], []]}

    assert kept(row({"rows[][].f": "text"}), answer) == {"rows": [[{"f": "a"}], []]}


KINDS: list[tuple[str, Any, Any]] = [
    ("number", 101.0, 101),
    ("number", 6.25, 6.25),
    ("truth", False, False),
    ("time", datetime(2026, 1, 21, 2, 7, 31, 120_000, tzinfo=UTC), "2026-01-21T02:07:31.120Z"),
    ("map", {"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
    ("text?", None, None),
]


@pytest.mark.parametrize(("kind", "value", "wanted"), KINDS)
def test_each_kind_has_one_spelling(kind: str, value: object, wanted: object) -> None:
    assert kept(row({"v": kind}), {"v": value}) == {"v": wanted}


def test_a_digest_stands_for_the_text() -> None:
    found = kept(row({"v": "digest"}), {"v": "secret"})["v"]

    assert isinstance(found, str)
    assert len(found) == 64
    assert "secret" not in found


WRONG: list[tuple[str, object]] = [
    ("text", 7),
    ("text", None),
    ("number", "7"),
    ("number", True),
    ("number", float("nan")),
    ("number", float("inf")),
    ("truth", 1),
    ("time", "2026-01-21"),
    ("map", {"a": ["nested"]}),
    ("map", []),
]


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_another_kind_than_the_row_says_is_refused(kind: str, value: object) -> None:
    with pytest.raises(InvalidError):
        kept(row({"v": kind}), {"v": value})


def test_a_missing_field_is_refused_unless_aws_may_leave_it_out() -> None:
    with pytest.raises(InvalidError, match="no v"):
        kept(row({"v": "text"}), {})
    assert kept(row({"v": "text?"}), {}) == {}


@pytest.mark.parametrize("answer", [{"items": "abc"}, {"items": ["abc"]}])
def test_another_shape_than_the_row_says_is_refused(answer: JsonObject) -> None:
    with pytest.raises(InvalidError):
        kept(row({"items[].id": "number"}), answer)


def test_more_than_the_row_takes_is_refused() -> None:
    with pytest.raises(InvalidError, match="at most 100"):
        kept(row({"v": "text"}, most_kept=100), {"v": "x" * 100})
