import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from bot.actions.catalogue import CATALOGUE
from bot.actions.logs import MOST_LINES, MOST_PAGES, quoted_term
from bot.domain.action import Looking
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.scripted import NOW, Script, params_of, read
from tests.aws.moto_lake import Lake, gate
from tests.aws.seeded import PLATFORM

GROUP = "/lake/etl/transactions"
AT = int((NOW - timedelta(minutes=30)).timestamp() * 1000)
ERROR: JsonObject = {"level": "ERROR", "error_type": "CURRENCY_ERROR", "source_file_id": "f-0193"}


def page(*lines: str, token: str | None = None) -> JsonObject:
    events: list[JsonValue] = [{"timestamp": AT + n * 1000, "message": line} for n, line in enumerate(lines)]
    return {"found": True, "events": events, **({"nextToken": token} if token else {})}


def search(script: Script, **given: JsonValue) -> JsonObject:
    since: JsonObject = {} if "since" in given else {"hours": 1}
    return read(script, "logs.search", group=GROUP, **since, **given)


def test_lines_are_counted_by_field_most_first() -> None:
    other = {**ERROR, "source_file_id": "f-0194"}
    script = Script(logs__filter=[page(*[json.dumps(ERROR)] * 3, json.dumps(other), json.dumps({"level": "INFO"}))])

    output = search(script, where={"level": "ERROR"}, count_by=["source_file_id"])

    assert output == {
        "lines": 4,
        "read": 5,
        "not_json": 0,
        "complete": True,
        "groups": [
            {
                "key": {"source_file_id": "f-0193"},
                "count": 3,
                "first": "2026-01-21T02:30:00Z",
                "last": "2026-01-21T02:30:02Z",
            },
            {
                "key": {"source_file_id": "f-0194"},
                "count": 1,
                "first": "2026-01-21T02:30:03Z",
                "last": "2026-01-21T02:30:03Z",
            },
        ],
        "top": {"source_file_id": "f-0193"},
    }


def test_no_line_is_no_group_and_an_empty_top() -> None:
    output = search(Script(logs__filter=[page()]), count_by=["error_type"])

    assert (output["lines"], output["groups"], output["top"], output["complete"]) == (0, [], {}, True)


HOSTILE_LINES = [
    "plain text",
    "[1, 2]",
    '"ERROR"',
    "{",
    "",
    '{"level": "ERROR", "level": "INFO"}',
    '{"level": NaN}',
    '{"a":' * 5_000,
    '{"a":' * 20 + "1" + "}" * 20,
    '{"level": "ERROR", "x": "' + "y" * 70_000 + '"}',
    "{'level': 'ERROR'}",
    '__import__("os").system("true")',
]


@pytest.mark.parametrize("line", HOSTILE_LINES)
def test_a_line_that_is_no_plain_json_object_is_counted_and_nothing_else(line: str) -> None:
    output = search(Script(logs__filter=[page(line, json.dumps(ERROR))]), where={"level": "ERROR"})

    assert (output["lines"], output["read"], output["not_json"]) == (1, 2, 1)


def test_only_text_and_whole_numbers_match_text() -> None:
    lines = [{"v": "101"}, {"v": 101}, {"v": True}, {"v": 101.0}, {"v": None}, {"v": ["101"]}, {}]

    output = search(Script(logs__filter=[page(*map(json.dumps, lines))]), where={"v": "101"})

    assert output["lines"] == 2


def test_an_empty_page_is_not_the_end() -> None:
    script = Script(logs__filter=[page(token="a"), page(token="b"), page(json.dumps(ERROR))])

    output = search(script)

    assert (output["lines"], output["complete"]) == (1, True)
    assert [asked.get("nextToken") for asked in script.asked["logs.filter"]] == [None, "a", "b"]


def test_a_token_that_comes_again_ends_the_reading_as_incomplete() -> None:
    script = Script(logs__filter=[page(json.dumps(ERROR), token="a")])

    output = search(script)

    assert (len(script.asked["logs.filter"]), output["complete"]) == (2, False)


def test_pages_have_a_budget() -> None:
    script = Script(logs__filter=[page(json.dumps(ERROR), token=f"t{n}") for n in range(MOST_PAGES + 5)])

    output = search(script)

    assert (len(script.asked["logs.filter"]), output["lines"], output["complete"]) == (MOST_PAGES, MOST_PAGES, False)


def test_lines_have_a_budget() -> None:
    half: JsonObject = {"found": True, "events": [{"timestamp": AT, "message": "x"}] * (MOST_LINES // 2 + 1)}
    script = Script(logs__filter=[{**half, "nextToken": "a"}, {**half, "nextToken": "b"}])

    output = search(script)

    assert (output["read"], output["complete"]) == (MOST_LINES, False)


def test_the_time_asked_for_is_the_time_fetched() -> None:
    script = Script(logs__filter=[page()])

    search(script, since="2026-01-21T02:00:00Z", until="2026-01-21T02:30:00.500Z")

    (asked,) = script.asked["logs.filter"]
    assert (asked["startTime"], asked["endTime"]) == (1_768_960_800_000, 1_768_962_600_500)


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(InvalidError, match="no time between"):
        search(Script(), since="2026-01-21T03:00:01Z")


@pytest.mark.parametrize(
    "given", [{}, {"hours": 1, "since": "2026-01-21T02:00:00Z"}, {"hours": 0}, {"hours": 10_000}, {"hours": True}]
)
def test_one_start_within_bounds_is_given(given: JsonObject) -> None:
    with pytest.raises(ValidationError):
        params_of("logs.search", {"group": GROUP, **given})


def test_another_log_group_is_refused() -> None:
    with pytest.raises(InvalidError, match="logGroupName"):
        read(Script(), "logs.search", group="/aws/lambda/secrets", hours=1)


def test_a_log_group_that_is_not_there_is_said_so() -> None:
    with pytest.raises(InvalidError, match="no log group"):
        search(Script(logs__filter=[{"found": False}]))


TERMS: list[tuple[dict[str, str], str | None]] = [
    ({}, None),
    ({"level": "ERROR"}, '"ERROR"'),
    ({"level": "ERROR", "error_type": "CURRENCY_ERROR"}, '"CURRENCY_ERROR"'),
    ({"message": 'x" || "y'}, None),
    ({"message": "a|b"}, None),
    ({"message": "${x}"}, None),
    ({"message": "{ $.level = * }"}, None),
    ({"message": "'; DROP"}, None),
    ({"message": "\uff25RROR"}, None),
    ({"message": ""}, None),
    ({"message": "x" * 65}, None),
]


@pytest.mark.parametrize(("where", "term"), TERMS)
def test_only_a_plain_word_becomes_part_of_a_pattern(where: dict[str, str], term: str | None) -> None:
    assert quoted_term(where) == term


def test_a_hostile_value_is_compared_and_never_sent() -> None:
    words = '" || "x'
    script = Script(logs__filter=[page(json.dumps({"message": words}))])

    output = search(script, where={"message": words})

    assert output["lines"] == 1
    assert "filterPattern" not in script.asked["logs.filter"][0]


def test_counting_on_the_lake(the_lake: Lake) -> None:
    lines = [json.dumps(ERROR)] * 101 + [json.dumps({"level": "INFO"}), "no json, ERROR"]
    now = the_lake.now()
    the_lake.write_lines(lines, at=now - timedelta(minutes=30))
    action, params = params_of(
        "logs.search", {"group": GROUP, "hours": 1, "where": {"level": "ERROR"}, "count_by": ["error_type"]}
    )
    assert action.read is not None

    output = action.read(Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=gate().look), params, now)

    assert (output["lines"], output["not_json"], output["top"]) == (101, 1, {"error_type": "CURRENCY_ERROR"})
