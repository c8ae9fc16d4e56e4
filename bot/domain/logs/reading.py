"""From the bytes of a file to events: JSON lines as CloudWatch exports them, JSON lines of any kind, or plain text."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.domain.logs.event import LogEvent

MILLIS_FROM = 100_000_000_000  # a smaller number is seconds
MOST_CONTINUED = 200  # lines of one stack trace

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?\s?(Z|[+-]\d\d:?\d\d)?")
_decoded_json = json.JSONDecoder().raw_decode  # twice as fast as json.loads
_CUT = re.compile(r'"(timestamp|logStreamName|eventId)"\s*:\s*(?:(\d+)|"([^"]*)")')
_MORE = re.compile(r"\s|Caused by: |\.\.\. \d+ more")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b")
_TRACEBACK = "Traceback (most recent call last)"
_HEAD = 64  # characters in which a line of text says its time
_NAMES = ("timestamp", "@timestamp", "time", "ts")


def events(lines: Iterable[bytes], *, name: str, note: Callable[[str], None]) -> Iterator[LogEvent]:
    """Yield what the lines hold; nothing in them ends it.

    Args:
        name: of the file; it is the stream of lines that name none.
        note: told what was odd about a line.
    """
    pending: LogEvent | None = None
    continued = 0
    for number, raw in enumerate(lines, start=1):
        text = _decoded(raw, note)
        if text[:1] == "{":
            event = _of_json(text, name, number)
        elif pending is not None and continued < MOST_CONTINUED and _continues(pending.message, text):
            pending = pending._replace(message=f"{pending.message}\n{text}")
            continued += 1
            continue
        else:
            event = LogEvent(time_in(text[:_HEAD]), name, f"{name}:{number}", text)
        if pending is not None:
            yield pending
        pending, continued = event, 0
    if pending is not None:
        yield pending


def time_in(text: str) -> int:
    """Return the first time that the text names, in milliseconds; UTC where it has no offset, 0 where it has none."""
    found = _TIME.search(text)
    if found is None:
        return 0
    day, hour, fraction, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{hour}{(zone or 'Z').replace('Z', '+00:00')}").astimezone(UTC)
    except (ValueError, OverflowError):
        return 0
    return int(at.timestamp()) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def _decoded(raw: bytes, note: Callable[[str], None]) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        note("not_utf8")
        return raw.decode("utf-8", errors="replace").rstrip("\r\n")


def _continues(before: str, text: str) -> bool:
    """Return whether the line belongs to the stack trace above it."""
    if not text.strip():
        return False
    return bool(_MORE.match(text)) or (_TRACEBACK in before and bool(_RAISED.match(text)))


def _of_json(text: str, name: str, number: int) -> LogEvent:
    try:
        line, end = _decoded_json(text)
    except (ValueError, RecursionError):
        line, end = None, 0
    if end < len(text) and text[end:].strip():
        said = {key: digits or word for key, digits, word in _CUT.findall(text[:2_000])}
        at = _millis(said.get("timestamp"))
        return LogEvent(at, said.get("logStreamName", name), said.get("eventId", f"{name}:{number}"), text)
    stream, event, message = line.get("logStreamName"), line.get("eventId"), line.get("message")
    if isinstance(message, str) and (stream is not None or event is not None):
        at, group = line.get("timestamp"), line.get("logGroupName", "")
        millis = at if type(at) is int and at > MILLIS_FROM else _millis(at)
        stream, event = str(stream or name), str(event or f"{name}:{number}")
        return LogEvent(millis, stream, event, message, group if isinstance(group, str) else "")
    said_at = next((line[key] for key in _NAMES if key in line), None)
    return LogEvent(_millis(said_at), name, f"{name}:{number}", text)


def _millis(value: Any) -> int:  # noqa: ANN401 - whatever a JSON line holds
    """Return a time as milliseconds, from milliseconds, seconds or text; 0 where it is none."""
    if isinstance(value, bool) or value is None:
        return 0
    text = str(value)
    if re.fullmatch(r"[0-9]{9,10}(?:\.[0-9]+)?", text):
        return int(float(text) * 1000)
    if re.fullmatch(r"[0-9]{12,14}", text):
        return int(text)
    return time_in(text[:_HEAD])
