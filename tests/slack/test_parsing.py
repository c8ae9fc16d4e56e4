import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidError
from bot.slack.parsing import MOST_TEXT, MOST_VALUE, first_word, name_of, number, typed, words


@pytest.mark.parametrize(
    ("text", "plain", "given_"),
    [
        ("circuit-breaker", ("circuit-breaker",), {}),
        ("circuit–breaker", ("circuit-breaker",), {}),
        ("a\u00a0b\u2003c", ("a", "b", "c"), {}),
        ("a\u200bb", ("ab",), {}),
        ("x pipeline=transactions", ("x",), {"pipeline": "transactions"}),
        ("x Pipe-Line=a", ("x",), {"pipe_line": "a"}),
        ("x --pipeline=a", ("x",), {"pipeline": "a"}),
        ("x —pipeline=a", ("x",), {"pipeline": "a"}),
        ('x reason="two words" y', ("x", "y"), {"reason": "two words"}),
        ("x reason=“two words”", ("x",), {"reason": "two words"}),
        ("x reason=„two words“", ("x",), {"reason": "two words"}),
        ("x reason='it is'", ("x",), {"reason": "it is"}),
        ("x reason=‘it’s fixed’", ("x",), {"reason": "it’s fixed"}),
        ("x reason=it's", ("x",), {"reason": "it's"}),
        ('"quoted name"', ("quoted name",), {}),
        ("x key=bronze/a=b/c.csv", ("x",), {"key": "bronze/a=b/c.csv"}),
        ("x reason=👩‍🚒 y", ("x", "y"), {"reason": "👩‍🚒"}),
        ("x v=a–b", ("x",), {"v": "a–b"}),
    ],
)
def test_what_phones_and_pages_make_of_a_command_is_read(
    text: str, plain: tuple[str, ...], given_: dict[str, str]
) -> None:
    found = words(text)

    assert (found.plain, dict(found.given)) == (plain, given_)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('x reason="open', "not closed"),
        ("x a=1 a=2", "given twice"),
        ("x a=1 A=2", "given twice"),
        ("x a=", "no value"),
        ('x a=""', "no value"),
        ("x a=\u200b", "no value"),
        ("x a=" + "v" * (MOST_VALUE + 1), "at most"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        words(text)


@pytest.mark.parametrize("text", ['x reason="two words" y', "reason=a x y", "x y reason=a", "x a=1 b=2"])
def test_a_word_that_cannot_belong_to_a_value_before_it_is_none_of_its_words(text: str) -> None:
    assert words(text).spilled == ""


def test_what_slack_escaped_and_linked_is_undone() -> None:
    assert typed("run x url=<https://a.example/b|a.example/b> why=a&amp;b&lt;c") == "run x url=a.example/b why=a&b<c"


def test_an_escaped_entity_is_undone_once() -> None:
    assert typed("&amp;lt;") == "&lt;"


def test_a_command_in_backticks_is_taken() -> None:
    assert typed("`run x`") == "run x"


def test_characters_no_database_takes_do_not_come_in() -> None:
    assert typed("run\x00 x\ud800 \x1b[0m") == "run x? [0m"


def test_more_than_anybody_types_is_refused() -> None:
    with pytest.raises(InvalidError, match="at most 12,000"):
        typed("x" * (MOST_TEXT + 1))


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [("", "", ""), ("  RUN  x", "run", "  x"), ("\u200brun x", "run", " x"), ("ｒｕｎ x", "ｒｕｎ", " x")],  # noqa: RUF001 - fullwidth letters
)
def test_the_first_word_is_found_in_any_case(text: str, word: str, rest: str) -> None:
    assert first_word(text) == (word, rest)


@pytest.mark.parametrize("text", ["R-42", "r42", "42", "r-42", "R–42", "\u200bR-42"])
def test_an_id_is_taken_as_people_say_it(text: str) -> None:
    assert number(text, "R") == 42


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Q-9", "is a request, not a run"),
        ("A-9", "is an alarm, not a run"),
        ("0", "is not a run"),
        ("R-0", "is not a run; write R-42"),
        ("R-", "is not a run"),
        ("R-４２", "is not a run"),  # noqa: RUF001 - fullwidth digits
        ("4.2", "is not a run"),
        ("R-4200000000", "is not a run"),
        ("R-42\nx", "is not a run"),
    ],
)
def test_what_is_no_id_of_that_kind_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        number(text, "R")


def test_a_name_of_several_words_is_one_name() -> None:
    assert name_of(words("Circuit Breaker")) == "circuit-breaker"


@pytest.mark.parametrize("text", ["", "сircuit-breaker", "a/b", "../x", "R-42", "q9", "x" * 100])  # noqa: RUF001 - a Cyrillic letter
def test_what_cannot_be_a_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        name_of(words(text))


def test_a_letter_that_only_looks_right_is_shown_as_what_it_is() -> None:
    with pytest.raises(InvalidError, match=r"\\u\{441\}ircuit-breaker"):
        name_of(words("сircuit-breaker"))  # noqa: RUF001 - a Cyrillic letter


@given(st.text(max_size=300))
def test_whatever_is_typed_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = words(typed(text))
    except InvalidError:
        return
    assert all(value.strip() for value in found.given.values())
