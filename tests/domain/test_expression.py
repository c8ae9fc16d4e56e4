"""Expressions fail closed: a doubt is an error with words, never true; data never becomes a language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.expression import (
    ExpressionSyntaxError,
    absorbs_errors,
    compile_expression,
    first_given,
    needed_steps,
    resolve,
)
from bot.domain.value import JsonValue
from bot.errors import ExpressionError

SCOPE: dict[str, JsonValue] = {
    "inputs": {"pipeline": "transactions", "count": 3},
    "steps": {
        "breaker": {"output": {"state": "OPEN", "rate": 6.2, "n": 101, "none": None, "items": [1, 2], "empty": []}},
    },
    "run": {"started": "2026-01-21T02:07:31.120Z", "label": "R-42"},
    "alarm": {},
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("steps.breaker.output.state == 'OPEN'", True),
        ("steps['breaker'].output.n > 100", True),
        ("steps.breaker.output.rate < 5", False),
        ("steps.breaker.output.n == 101.0", True),
        ("has(steps.breaker.output.absent)", False),
        ("'control/' + inputs.pipeline + '.json'", "control/transactions.json"),
        ("steps.breaker.output.items.map(i, i + 1)", [2, 3]),
        ("steps.breaker.output.items.filter(i, i > 1)", [2]),
        ("steps.breaker.output.items.exists(i, i > 1)", True),
        ("size(steps.breaker.output.items) == 2 && 2 in steps.breaker.output.items", True),
        ("false ? steps.nowhere.output : 'lazy'", "lazy"),
        ("{'a': [1, {'b': null}]}", {"a": [1, {"b": None}]}),
        ("r'a\\b' + '\\'}\\''", "a\\b'}'"),
    ],
)
def test_an_expression_yields_its_value(text: str, wanted: JsonValue) -> None:
    assert compile_expression(text).value(SCOPE) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps.breaker.output.staet != 'OPEN'", "no steps.breaker.output.staet (did you mean state?)"),
        ("!(steps.breaker.output.raet >= 5.0)", "did you mean rate?"),
        ("steps.close.output.state == 'x'", "there is no steps.close"),
        ("has(steps.close.output)", "there is no steps.close"),
        ("'101' > 100", "unlike types"),
        ("steps.breaker.output.none > 1", "unlike types"),
        ("1 && true", "unlike types"),
        ("'x' ? 1 : 2", "unlike types"),
        ("1 / 0", "divides by zero"),
        ("9223372036854775807 + 1", "64 bits"),
        ("steps.breaker.output.empty[0]", "shorter than the index"),
        ("nowhere.field", "nothing here is called nowhere"),
        ("timestamp('yesterday')", "timestamp"),
        ("1.0 / 0.0", "no place in JSON"),
        ("double('NaN')", "no place in JSON"),
        ("{1: 2}", "no place in JSON"),
    ],
)
def test_what_cannot_be_answered_is_an_error_that_names_expression_and_field(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text).value(SCOPE)

    assert words in caught.value.words
    assert text in caught.value.words


@pytest.mark.parametrize("text", ["1", "'true'", "steps.breaker.output.none", "[true]", "steps.breaker.output.n"])
def test_only_true_and_false_decide(text: str) -> None:
    with pytest.raises(ExpressionError, match="must yield true or false"):
        compile_expression(text).truth(SCOPE)


@pytest.mark.parametrize(
    "number", [2**63, -(2**63) - 1, 2**70, float("nan"), float("inf")], ids=["over", "under", "far", "nan", "inf"]
)
def test_a_number_that_would_be_rounded_silently_is_refused(number: float) -> None:
    with pytest.raises(ExpressionError, match=r"steps\.a\.output"):
        compile_expression("steps.a.output.n > 1").value({"steps": {"a": {"output": {"n": number}}}})


def test_a_number_that_is_not_looked_at_harms_nothing() -> None:
    scope: dict[str, JsonValue] = {"steps": {"a": {"output": {"n": 2**70, "m": 1}}}}

    assert compile_expression("steps.a.output.m").value(scope) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("timestamp(run.started) - duration('1h')", "2026-01-21T01:07:31.120000Z"),
        ("timestamp('2026-01-21T04:00:00+02:00')", "2026-01-21T02:00:00Z"),
        ("timestamp('2026-01-21T02:00:01Z') - timestamp('2026-01-21T02:00:00Z')", 1),
        ("duration('1500ms')", 1.5),
        ("timestamp(run.started).getFullYear()", 2026),
    ],
)
def test_times_leave_as_iso_text_in_utc_and_durations_as_seconds(text: str, wanted: JsonValue) -> None:
    assert compile_expression(text).value(SCOPE) == wanted


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a +", 1, 4, "a name is expected"),
        ("a ==\n  )", 2, 3, "a name is expected"),
        ("ste\u0440s.a", 1, 4, "is not ASCII"),
        ("'abc", 1, 1, "not closed"),
        ("a // b", 1, 4, "a name is expected"),
        ("lowerAscii('A')", 1, 12, "there is no function lowerAscii()"),
        ("'A'.lowerAscii()", 1, 16, "there is no function lowerAscii()"),
        ("b'bytes'", 1, 2, "not expected"),
        ("a b", 1, 3, "not expected"),
        ("has(a)", 1, 7, "has() asks for one field"),
        ("(" * 3000, 1, 1, "at most 500"),
        ("(" * 100 + "1" + ")" * 100, 1, 22, "nested deeper than 20"),
        ("x == '" + "y" * 500 + "'", 1, 1, "at most 500"),
        ("a.map(x, x.map(y, y.map(z, z)))", 1, 28, "may stand in each other"),
        ("9223372036854775808", 1, 1, "invalid int literal"),
        ("", 1, 1, "a name is expected"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_line_and_column(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        compile_expression(text)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in caught.value.words


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("L.all(x, L.exists(y, x == y))", 1_000),
        ("L.map(x, L.map(y, x))", 100),
        ("L.exists(x, L.filter(y, x == y).size() > 1)", 100),
        ("L.filter(x, L.exists(y, x == y))", 1_000),
        ("L.map(x, x)", 1_000),
    ],
)
def test_a_comprehension_that_would_take_long_is_refused_before_it_runs(text: str, most: int) -> None:
    scope: dict[str, JsonValue] = {"steps": {"a": {"output": {"l": [0] * (most + 1)}}}}

    with pytest.raises(ExpressionError, match=f"{most + 1} elements.* at most {most}"):
        compile_expression(text.replace("L", "steps.a.output.l")).value(scope)


def test_a_look_at_each_element_of_a_long_list_is_no_trouble() -> None:
    scope: dict[str, JsonValue] = {"steps": {"a": {"output": {"l": [0] * 20_000}}}}

    assert compile_expression("steps.a.output.l.all(x, x == 0)").truth(scope)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("steps.a.output.x == inputs.p", {"steps.a.output.x", "inputs.p"}),
        ("steps['a'].output.l[0].k", {"steps.a.output.l.[].k"}),
        ("steps.a.output.l.exists(g, g.key.x == 'A')", {"steps.a.output.l", "steps.a.output.l.[].key.x"}),
        ("steps.a.output.l.filter(g, g.n > 1).map(h, h.m)", {
            "steps.a.output.l", "steps.a.output.l.[].n", "steps.a.output.l.[].m",
        }),
        ("steps.a.output.m[inputs.p]", {"steps.a.output.m", "inputs.p"}),
        ("has(steps.a.output) ? 'steps.b.output' : platform.x.startsWith('y')", {"platform.x"}),
        ("timestamp(alarm.since) > timestamp(run.started)", {"alarm.since", "run.started"}),
    ],
)  # fmt: skip
def test_references_are_found_without_evaluating(text: str, paths: set[str]) -> None:
    assert {".".join(path) for path in compile_expression(text).references} == paths


def test_needed_steps_are_those_a_template_or_an_expression_refers_to() -> None:
    template: JsonValue = {"a": ["${steps.one.output.x}", {"b": "k/${steps.two.output.y}/${inputs.p}"}], "c": 1}

    assert needed_steps(template) == {"one", "two"}
    assert needed_steps(compile_expression("has(steps.three) && steps.four.output.z")) == {"three", "four"}
    assert needed_steps("steps.five.output.x in plain words") == frozenset()


def test_a_value_that_is_one_whole_expression_keeps_its_type() -> None:
    template: JsonValue = {"n": "${steps.breaker.output.n}", "l": "${steps.breaker.output.items}", "f": "${ 1 == 2 }"}

    assert resolve(template, SCOPE) == {"n": 101, "l": [1, 2], "f": False}


def test_text_and_whole_numbers_are_joined_into_text() -> None:
    resolved = resolve("control/${inputs.pipeline}/${steps.breaker.output.n}.json", SCOPE)

    assert resolved == "control/transactions/101.json"


@pytest.mark.parametrize("inner", ["1.5", "true", "null", "[1]", "{'a': 1}"])
def test_nothing_else_is_written_into_a_text(inner: str) -> None:
    with pytest.raises(ExpressionError, match="only text and whole numbers"):
        resolve(f"x${{{inner}}}", SCOPE)


def test_braces_and_quotes_of_the_expression_do_not_end_it() -> None:
    assert resolve("<${{'k}': '}${'}['k}']}>", SCOPE) == "<}${>"


def test_a_dollar_or_a_brace_alone_is_text() -> None:
    assert resolve("$5 {a} $ {b} }", SCOPE) == "$5 {a} $ {b} }"


def test_an_error_in_a_text_of_several_lines_is_placed_in_that_text() -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        resolve("first\nsecond ${inputs.pipeline} ${ a + }", SCOPE)

    assert (caught.value.line, caught.value.column) == (2, 33)


def test_an_expression_that_is_not_closed_is_refused_with_its_place() -> None:
    with pytest.raises(ExpressionSyntaxError, match="not closed") as caught:
        resolve("ok ${inputs.pipeline} and ${'}", SCOPE)

    assert (caught.value.line, caught.value.column) == (1, 27)


def test_keys_are_never_templates() -> None:
    assert resolve({"${inputs.pipeline}": "${inputs.pipeline}"}, SCOPE) == {"${inputs.pipeline}": "transactions"}


def test_a_text_may_not_grow_without_end() -> None:
    scope: dict[str, JsonValue] = {"inputs": {"p": "x" * 60_000}}

    with pytest.raises(ExpressionError, match="at most"):
        resolve("${inputs.p}${inputs.p}", scope)


def test_half_a_character_is_refused_where_it_is_looked_at_and_nowhere_else() -> None:
    scope: dict[str, JsonValue] = {"steps": {"bad": {"output": {"x": "\ud800"}}, "good": {"output": {"x": 1}}}}

    assert compile_expression("steps.good.output.x").value(scope) == 1
    with pytest.raises(ExpressionError, match="half a character"):
        compile_expression("steps.bad.output.x").value(scope)


HOSTILE = st.text(st.sampled_from("'\"|${}\\;- \n\u0410a1") | st.characters(codec="utf-8"), max_size=40)


@given(HOSTILE)
def test_a_resolved_value_is_never_evaluated_again(hostile: str) -> None:
    scope: dict[str, JsonValue] = {"inputs": {"p": hostile + "${1 + 1}"}}

    assert resolve({"whole": "${inputs.p}", "part": "k/${inputs.p}", "deep": [["${inputs.p}"]]}, scope) == {
        "whole": hostile + "${1 + 1}",
        "part": "k/" + hostile + "${1 + 1}",
        "deep": [[hostile + "${1 + 1}"]],
    }


@given(st.dictionaries(HOSTILE, HOSTILE, max_size=5))
def test_hostile_keys_and_values_of_an_output_stay_data(found: dict[str, str]) -> None:
    scope: dict[str, JsonValue] = {"steps": {"files": {"output": {"top": dict(found)}}}}

    assert resolve({"where": "${steps.files.output.top}"}, scope) == {"where": found}


def refusal(text: str, scope: dict[str, JsonValue]) -> ExpressionError | None:
    try:
        compile_expression(text).value(scope)
    except ExpressionError as error:
        return error
    return None


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    refused = refusal(text, {})

    assert refused is None or refused.words


@given(st.text(st.sampled_from("ab.()[]{}'\"=!&|?:,+-<> \n019xs"), max_size=60))
def test_what_looks_like_an_expression_is_answered_or_refused_with_words(text: str) -> None:
    refused = refusal(text, {"a": {"b": 1}, "s": [1], "x": "t"})

    assert refused is None or refused.words


def test_the_first_source_that_yields_something_is_taken() -> None:
    sources = ["alarm.dimensions.Pipeline", "steps.breaker.output.none", "inputs.pipeline", "'never'"]

    assert first_given(sources, SCOPE) == "transactions"
    assert first_given(["incident.id", "alarm.name"], SCOPE) is None


def test_a_source_that_is_wrong_is_not_taken_for_absent() -> None:
    with pytest.raises(ExpressionError, match="divides by zero"):
        first_given(["inputs.count / 0", "'x'"], SCOPE)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("output.nope == 1 || true", {"output.nope"}),
        ("output.a == 1 && output.b", {"output.a", "output.b"}),
        ("has(output.a) && output.a == 1", set()),
        ("has(steps.a) && steps.a.output.n > 0", set()),
        ("output.a == 1", set()),
        ("(output.a ? true : output.b == 1)", set()),
    ],
)
def test_paths_whose_absence_an_or_or_an_and_would_hide_are_named(text: str, paths: set[str]) -> None:
    found = {".".join(path) for path in absorbs_errors(text)} - {"output", "steps"}

    assert found == paths


def test_an_or_does_hide_an_error_which_is_why_check_warns() -> None:
    assert compile_expression("output.nope == 1 || true").truth({"output": {}}) is True
