"""Single values by their path, and where two JSON values differ: what would not be signed alike is not the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.leaves import differences, dotted, leaves, same
from bot.domain.value import JsonValue

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_every_single_value_has_the_path_that_leads_to_it() -> None:
    seen: JsonValue = {"etag": "1", "files": [{"key": "a.b"}, {}], "body": {"state": None}, "holders": []}

    assert {dotted(path): value for path, value in leaves(seen)} == {
        "etag": "1",
        "files[0].key": "a.b",
        "files[1]": {},
        "body.state": None,
        "holders": [],
    }


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        (True, 1, (("", True, 1),)),
        ({"a": True}, {"a": 1}, (("a", True, 1),)),
        ({"a": [0]}, {"a": [0.0]}, (("a[0]", 0, 0.0),)),
        ({"a": None}, {}, (("", None, {}), ("a", None, None))),
        ({"a": {"b": 1}}, {"a.b": 1}, (("a.b", 1, None), ("a.b", None, 1))),
        ([], {}, (("", [], {}),)),
        ({"b": 1, "a": 2}, {"b": 2, "a": 3}, (("a", 2, 3), ("b", 1, 2))),
    ],
)
def test_values_that_look_alike_differ_and_are_named(
    was: JsonValue, now: JsonValue, found: tuple[tuple[str, JsonValue, JsonValue], ...]
) -> None:
    assert differences(was, now) == found


@given(json_values, json_values)
def test_two_values_have_no_difference_only_if_they_would_be_signed_alike(one: JsonValue, other: JsonValue) -> None:
    assert (differences(one, other) == ()) == same(one, other)
    assert differences(one, one) == ()
