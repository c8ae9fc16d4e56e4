"""YAML without surprises: what only looks like a value is refused, and slips come with the line as it should be."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.markdown import document
from bot.domain.strictyaml import Mapped, parse_yaml


def slips(text: str) -> list[tuple[int, str]]:
    return [(slip.line, slip.words) for slip in parse_yaml(text, first_line=10).slips]


def test_every_value_knows_its_line() -> None:
    found = parse_yaml("a: 1\nb:\n  - x\n  - c: true\n", first_line=10)

    assert found.value == {"a": 1, "b": ["x", {"c": True}]}
    assert found.slips == ()
    assert found.line(("b", 1, "c"), 0) == 13
    assert found.line(("b", 1, "missing"), 0) == 13
    assert found.line(("missing",), 99) == 99


def test_words_are_text_unless_json_would_say_otherwise() -> None:
    text = "a: 2026-01-21\nb: 1:30\nc: 010\nd: 1.5\ne: null\nf:\ng: -3\nh: '5'\ni: 0x1F\n"

    assert parse_yaml(text, first_line=1).value == {
        "a": "2026-01-21", "b": "1:30", "c": "010", "d": 1.5, "e": None, "f": None, "g": -3, "h": "5", "i": "0x1F",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\na: 2", 11, "`a` stands here twice"),
        ("a: &x 1", 10, "the anchor &x"),
        ("a: &x 1\nb: *x", 11, "the alias *x"),
        ("a: !!python/object:os.system x", 10, "the tag"),
        ("a: .nan", 10, "no JSON number"),
        ("a: -.inf", 10, "no JSON number"),
        ("a: yes", 10, "write true, false, or 'yes'"),
        ("a: False", 10, "write true, false, or 'False'"),
        ("- a", 10, "one `name: value` a line"),
        ("just words", 10, "one `name: value` a line"),
        ("", 10, "one `name: value` a line"),
        ("a: 1\n---\nb: 2", 11, "YAML cannot read"),
        ("a:\n\tb: 1", 11, "does not indent by tabs; write spaces"),
        ("ok: 1\na: \x07", 11, "a character YAML does not allow"),
        ("a: " + "[" * 11 + "]" * 11, 10, "nested deeper than 10"),
        ("a: " + "x" * 70_000, 10, "at most 65536"),
        ("? [a]\n: 1", 10, "must be plain text"),
    ],
)
def test_what_yaml_can_smuggle_in_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    assert any(number == line and words in said for number, said in slips(text))


def test_a_small_text_that_would_become_millions_of_leaves_becomes_none() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join(['*' + before] * 9)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )

    found = parse_yaml(bomb, first_line=1)

    assert found.value is not None
    assert found.value["i"] == [None] * 9
    assert any("the alias *h" in slip.words for slip in found.slips)


@pytest.mark.parametrize(
    ("text", "line", "repaired"),
    [
        ("exclusive: 'breaker/' + inputs.pipeline", 10, "exclusive: \"'breaker/' + inputs.pipeline\""),
        ("if: !has(output.x)", 10, "if: '!has(output.x)'"),
        ("expect: [1] == output.x", 10, "expect: '[1] == output.x'"),
        ("ok: 1\nif: a ? 'x' : 'y'", 11, "if: \"a ? 'x' : 'y'\""),
        ("change: {state: OPEN, reason: ${inputs.reason}}", 10, "change: {state: OPEN, reason: '${inputs.reason}'}"),
        ("a: ${'x #y'}", 10, "a: \"${'x #y'}\""),
        ("needs:\n  - @bo", 11, "- '@bo'"),
        ("effect: Pause `${a.b}`: ${inputs.reason}", 10, "effect: 'Pause `${a.b}`: ${inputs.reason}'"),
        ("says: %d of it", 10, "says: '%d of it'"),
        ("x: \"a\" + 'b'", 10, "x: '\"a\" + ''b'''"),
    ],
)
def test_a_slip_of_quoting_comes_with_the_line_as_it_should_be(text: str, line: int, repaired: str) -> None:
    found = slips(text)

    assert [number for number, _ in found] == [line]
    assert f"`{repaired}`" in found[0][1]


def test_reading_goes_on_after_a_slip_so_that_all_are_told_at_once() -> None:
    text = "a: 'x' + y\nb: ok\nc: [1] + z\nb: again\n"

    found = parse_yaml(text, first_line=10)

    assert [slip.line for slip in found.slips] == [10, 12, 13]
    assert found.value == {"a": "'x' + y", "b": "ok", "c": "[1] + z"}


# -- read by libyaml and in Python alike


RUNBOOKS = sorted((Path(__file__).parents[2] / "runbooks").glob("*.md"))
ODD = [
    "a: é\nb: 'ü: x'\n",
    "a: |\n  one\n   two\n\n  three\nb: >-\n  x\n  y\n",
    "a: [1, '2', {b: c}]\n",
    'a: "\\u00e9\\n"\n',
    "? a\n: b\n",
    "a:\n- b\n- c: d\n",
    "a: 'it''s'\n# word\nb: 2 # end\n",
    "a: 1\r\nb: 2\r\n",
    "a: b: c\n",
    "a: [1\n",
    "\ta: 1\n",
    "a: &x 1\nb: *x\n",
    "a: !!int 3\n",
    "a: ~\nb: no\nc: .nan\n",
    "- a\n",
    "",
    "a: {b: 1, b: 2}\n",
    'a: "b\n  c"\n',
]


def both(text: str) -> tuple[Mapped, Mapped]:
    with pytest.MonkeyPatch.context() as without:
        without.setattr(yaml, "__with_libyaml__", False)
        slow = parse_yaml(text, first_line=1)
    return parse_yaml(text, first_line=1), slow


def test_libyaml_is_there_so_that_the_two_are_really_compared() -> None:
    assert yaml.__with_libyaml__


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_every_block_of_every_runbook_is_read_the_same_by_both(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = document(text)
    blocks = [block.text for part in found.parts for item in part.items for block in item.blocks]

    for block in (*([found.front.text] if found.front else []), *blocks):
        fast, slow = both(block)
        assert fast == slow


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_read_or_refused_the_same_by_both(text: str) -> None:
    fast, slow = both(text)

    assert fast == slow


@given(st.text(alphabet="ab1:-[]{}'\"#|>&*!?%,.~ \n", max_size=40))
def test_what_both_read_means_the_same(text: str) -> None:
    fast, slow = both(text)

    if fast.value is not None and slow.value is not None and not fast.slips and not slow.slips:
        assert (fast.value, fast.lines) == (slow.value, slow.lines)
