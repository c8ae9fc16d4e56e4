"""An alarm finds its runbook by name, else by its words; nothing it says becomes more than words."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.matching import (
    MOST_WORDS,
    Page,
    Ranking,
    answering,
    match_alarm,
    names_of_alarm,
    page_of_markdown,
    read_alarms,
    words_of_alarm,
    words_of_text,
    words_typed,
)
from bot.domain.value import JsonObject
from bot.errors import InvalidError

BREAKER = """---
id: circuit-breaker
title: Circuit Breaker Triggered
alarms: [CircuitBreakerOpen, SameErrorRateHigh]
---
# Runbook

## Use Case
Too many equal errors halted the load.

## Mitigation Steps
1. Close it.
   ```yaml step
   id: zookeeper
   ```

## See also
Rollback, when deployed code is wrong.
"""
ROLLBACK = "# Roll Back\n\nPut the last good data back after a bad promotion or deploy.\n"
LISTED = "---\nalarms:\n  - DiskFull\n  - DiskSlow\n---\n# Disks\n"
PAGES = (
    page_of_markdown(BREAKER, "a/circuit-breaker.md"),
    page_of_markdown(ROLLBACK, "b/RollBackData.md"),
    page_of_markdown(LISTED, "disks.md"),
)
SNS = json.dumps(
    {"Type": "Notification", "Message": json.dumps({"AlarmName": "DiskFull", "NewStateReason": "Disk is full"})}
)


def test_a_page_is_its_front_matter_and_what_it_says_of_itself() -> None:
    breaker, rollback, disks = PAGES

    assert breaker.title == "Circuit Breaker Triggered"
    assert breaker.alarms == ("CircuitBreakerOpen", "SameErrorRateHigh")
    assert "halted the load" in breaker.opening
    assert "Close it" in breaker.text
    assert "zookeeper" not in breaker.text
    assert "deployed code" not in breaker.text
    assert rollback.title == "Roll Back"
    assert disks.alarms == ("DiskFull", "DiskSlow")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("CircuitBreakerOpen", "a/circuit-breaker.md"),
        ("CircuitBreakerOpen-transactions", "a/circuit-breaker.md"),
        ("DiskFull", "disks.md"),
        ("DiskFuller", None),
        ("circuitbreakeropen", None),
        ("", None),
    ],
)
def test_a_name_is_answered_by_the_page_that_lists_it(name: str, key: str | None) -> None:
    assert answering([name], PAGES) == key


@pytest.mark.parametrize(
    ("alarm", "name", "words"),
    [
        ({"AlarmName": "DiskFull", "NewStateValue": "ALARM"}, "DiskFull", ("diskfull", "disk", "full")),
        (json.loads(SNS), "DiskFull", ("diskfull", "disk", "full", "disk", "full")),
        (
            {"labels": {"alertname": "PodCrash", "pod": "api-7d9f"}, "annotations": {"summary": "Pods crash"}},
            "PodCrash",
            ("podcrash", "pod", "crash", "pods", "crash"),
        ),
        (
            {"detail": {"alarmName": "DiskFull", "state": {"value": "ALARM", "reason": "pod=api-7 region=eu disk"}}},
            "DiskFull",
            ("diskfull", "disk", "full", "alarm", "disk"),
        ),
        (
            {"text": "Threshold Crossed: 1 datapoint [7.0] was greater than the threshold (5.0) for disk"},
            None,
            ("disk",),
        ),
        ({"n": 5, "b": None, "l": [True, "disk"]}, None, ("disk",)),
        ({}, None, ()),
    ],
)
def test_an_alarm_in_anybodys_spelling_is_its_name_and_its_words(
    alarm: JsonObject, name: str | None, words: tuple[str, ...]
) -> None:
    assert next(iter(names_of_alarm(alarm)), None) == name
    assert words_of_alarm(alarm) == words


def test_a_word_that_is_said_twice_counts_twice_for_an_alarm_and_once_for_a_person() -> None:
    assert words_of_text("disk and disk") == ("disk", "disk")
    assert words_typed("disk and disk") == ("disk",)


def test_who_answers_by_name_comes_first_and_is_exact() -> None:
    match = match_alarm({"AlarmName": "SameErrorRateHigh", "text": "bad promotion deploy back data"}, Ranking(PAGES))

    assert [(one.path, one.exact) for one in match.runbooks] == [
        ("a/circuit-breaker.md", True),
        ("b/RollBackData.md", False),
    ]


def test_words_find_what_no_name_finds_and_say_which_they_were() -> None:
    match = match_alarm({"text": "promoted data is bad after deploying"}, Ranking(PAGES))

    assert match.runbooks[0].path == "b/RollBackData.md"
    assert set(match.runbooks[0].matched) == {"promoted", "data", "bad", "deploying"}


def test_when_no_word_fits_nothing_fits() -> None:
    match = match_alarm({"text": "teleportation"}, Ranking(PAGES))

    assert match.runbooks == ()
    assert match.lines() == ("(no name): nothing fits",)


def test_a_word_in_most_of_many_pages_costs_nothing_and_the_rare_one_decides() -> None:
    many = [Page(key=f"p{n}", text="disk full" if n else "disk melted") for n in range(300)]

    assert [page.key for page, _, _ in Ranking(many).best(("disk", "melted"))] == ["p0"]


@pytest.mark.parametrize(("text", "count"), [('{"a": "x"}', 1), ('{\n "a": "x"\n}', 1), ('{"a":1}\n\n{"a":2}\n', 2)])
def test_alarms_are_read_one_or_one_a_line(text: str, count: int) -> None:
    assert len(read_alarms(text)) == count


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no alarm in JSON"),
        ("not json", "no alarm in JSON"),
        ("[1]", "no alarm in JSON"),
        ('{"a":1,"a":2}', "no alarm in JSON"),
        ('{"a":1}\nnot json\n', "Line 2"),
        ('{"a":NaN}', "no alarm in JSON"),
        ("{" * 100, "no alarm in JSON"),
    ],
)
def test_what_is_no_alarm_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        read_alarms(text)


@settings(deadline=None)
@given(st.text(max_size=2_000))
def test_whatever_is_said_is_a_bounded_number_of_words(text: str) -> None:
    for words in (words_of_text(text), words_typed(text), words_of_alarm({"text": text})):
        assert len(words) <= MOST_WORDS
        assert all(word == word.casefold() and len(word) <= 64 for word in words)
