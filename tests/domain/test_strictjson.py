from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.strictjson import canonical, digest, parse_object, without_floats
from bot.domain.value import JsonValue
from bot.errors import InvalidError

HOSTILE = {
    "two keys of one name": ('{"a": 1, "a": 2}', "twice"),
    "two keys of one name, one escaped": ('{"a": 1, "\\u0061": 2}', "twice"),
    "two keys of one name, deep": ('{"x": [{"a": 1, "a": 2}]}', "twice"),
    "NaN": ('{"a": NaN}', "NaN"),
    "Infinity": ('{"a": -Infinity}', "Infinity"),
    "more than a number can hold": ('{"a": 1e999}', "1e999"),
    "less than a number can hold": ('{"a": [-1e999]}', "-1e999"),
    "5,000 digits": ('{"a": ' + "1" * 5_000 + "}", "not JSON"),
    "a list": ("[]", "object"),
    "a text": ('"x"', "object"),
    "nothing": ("", "not JSON"),
    "a comment": ('{"a": 1} // x', "not JSON"),
    "two documents": ("{}{}", "not JSON"),
    "single quotes": ("{'a': 1}", "not JSON"),
    "a trailing comma": ('{"a": 1,}', "not JSON"),
    "13 levels": ('{"a":' * 13 + "1" + "}" * 13, "deeper"),
    "100,000 levels": ("[" * 60_000, "deeper"),
    "70,000 characters": ('{"a": "' + "x" * 70_000 + '"}', "at most"),
    "a raw newline in a text": ('{"a": "x\ny"}', "not JSON"),
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_hostile_json_is_refused_with_what_is_wrong(what: str) -> None:
    text, words = HOSTILE[what]

    with pytest.raises(InvalidError, match=words):
        parse_object(text)


def test_brackets_inside_texts_are_not_depth() -> None:
    text = '{"a": "' + "[{" * 100 + '", "b": "\\"' + "[" * 50 + '"}'

    assert set(parse_object(text)) == {"a", "b"}


def test_twelve_levels_are_read() -> None:
    assert parse_object('{"a":' * 12 + "1" + "}" * 12)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain, plain)
def test_two_values_share_canonical_bytes_only_if_they_are_equal(one: Any, other: Any) -> None:  # noqa: ANN401 - any JSON
    def typed(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {key: typed(item) for key, item in value.items()}
        return [typed(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)

    assert (canonical(one) == canonical(other)) == (typed(one) == typed(other))


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_what_is_written_canonically_is_read_back_the_same(value: dict[str, Any]) -> None:
    written = canonical(value).decode("ascii")

    if len(written) < 60_000 and written.count("[") + written.count("{") < 12:
        assert parse_object(written) == value


def test_the_order_of_keys_does_not_change_the_digest() -> None:
    assert digest({"b": 1, "a": [2]}) == digest({"a": [2], "b": 1})


@pytest.mark.parametrize("value", [1.5, [1.0], {"a": {"b": float("nan")}}])
def test_a_float_has_no_canonical_spelling(value: JsonValue) -> None:
    with pytest.raises(InvalidError, match="float"):
        canonical(value)


def test_floats_can_be_signed_as_exact_text() -> None:
    assert canonical(without_floats({"rate": [5.2]})) != canonical(without_floats({"rate": [5.3]}))
