import json
from collections import Counter

import pytest

from bot.domain.logs.event import LogEvent
from bot.domain.logs.reading import events, time_in


def read(*lines: bytes | str) -> tuple[list[LogEvent], Counter[str]]:
    odd = Counter[str]()
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    found = list(events((line + b"\n" for line in raw), name="f.log", note=lambda oddity: odd.update([oddity])))
    return found, odd


EXPORTED = {"timestamp": 1769000400123, "logStreamName": "s", "eventId": "e1", "message": "INFO fine"}


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(EXPORTED),
        json.dumps(EXPORTED, separators=(",", ":")),
        json.dumps({**EXPORTED, "ingestionTime": 1}),
        json.dumps(dict(reversed(EXPORTED.items()))),
    ],
)
def test_an_exported_event_is_read_whatever_its_spelling(line: str) -> None:
    assert read(line)[0] == [LogEvent(1769000400123, "s", "e1", "INFO fine")]


def test_an_escaped_message_is_the_message() -> None:
    found, _ = read(json.dumps({**EXPORTED, "message": 'say "no"\n\tat b é'}))

    assert found[0].message == 'say "no"\n\tat b é'


def test_other_json_lines_are_their_own_message() -> None:
    line = '{"ts": "2026-01-21T13:00:00.250Z", "level": "warn", "msg": "slow"}'

    assert read(line)[0] == [LogEvent(1769000400250, "f.log", "f.log:1", line)]


def test_a_stack_trace_of_plain_text_is_one_event() -> None:
    found, _ = read(
        "2026-01-21 13:00:00,250 ERROR no",
        "java.io.IOException: x".rjust(30),
        "\tat a.b.C",
        "Caused by: y",
        "2026-01-21 13:00:01 Traceback (most recent call last):",
        '  File "x"',
        "ValueError: bad",
        "next",
    )

    assert [one.message.count("\n") for one in found] == [3, 2, 0]
    assert [one.event for one in found] == ["f.log:1", "f.log:5", "f.log:8"]
    assert (found[0].at, found[2].at) == (1769000400250, 0)


def test_bytes_that_are_not_utf8_are_read_and_counted() -> None:
    found, odd = read(b"caf\xe9 closed", "café open")

    assert [one.message for one in found] == ["caf\ufffd closed", "café open"]
    assert odd == {"not_utf8": 1}


def test_an_event_that_broke_off_keeps_what_it_said() -> None:
    (found,) = read('{"timestamp": 1769000400123, "logStreamName": "s", "eventId": "e1", "message": "INFO fi')[0]

    assert (found.at, found.stream, found.event) == (1769000400123, "s", "e1")


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("2026-01-21T13:00:00Z x", 1769000400000),
        ("[2026-01-21 14:00:00.5 +01:00]", 1769000400500),
        ("2026-13-41 99:00:00", 0),
        ("0001-01-01 00:00:00 +23:59", 0),
        ("no time", 0),
    ],
)
def test_a_time_is_read_with_its_offset_or_as_utc(text: str, millis: int) -> None:
    assert time_in(text) == millis
