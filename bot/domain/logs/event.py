"""One log line as it was read, and how grave it says it is."""

import re
from enum import StrEnum
from typing import NamedTuple


class LogEvent(NamedTuple):
    """Hold one line; a tuple, because a million of them pass.

    Attributes:
        at: milliseconds since 1970; 0 where nothing says when.
        event: the id CloudWatch gave it, or file and line.
    """

    at: int
    stream: str
    event: str
    message: str
    group: str = ""


class Level(StrEnum):
    """Say how grave a line is; a line that does not say is INFO, unless it tells of an error."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """Return its place, DEBUG lowest."""
        return _RANKS[self]

    @property
    def grave(self) -> bool:
        """Return whether it passes the gate: WARN or worse."""
        return _RANKS[self] >= _RANKS[Level.WARN]


_RANKS = {level: place for place, level in enumerate(Level)}
_NAMES = {
    "TRACE": Level.DEBUG,
    "DEBUG": Level.DEBUG,
    "FINE": Level.DEBUG,
    "INFO": Level.INFO,
    "NOTICE": Level.INFO,
    "WARN": Level.WARN,
    "WARNING": Level.WARN,
    "ERROR": Level.ERROR,
    "ERR": Level.ERROR,
    "SEVERE": Level.ERROR,
    "CRITICAL": Level.CRITICAL,
    "CRIT": Level.CRITICAL,
    "FATAL": Level.CRITICAL,
    "PANIC": Level.CRITICAL,
    "EMERG": Level.CRITICAL,
    "ALERT": Level.CRITICAL,
}
_HEAD = 160  # characters in which a line names its level
_NAMED = re.compile(r"(?:^|[\s\[|\"(<])(" + "|".join(_NAMES) + r")(?=$|[\s\]|\":)>,])")
_SAID = re.compile(r"\b(?:level|severity|lvl)[\"']?\s*[=:]\s*[\"']?([A-Za-z]+)", re.IGNORECASE)
_BRACKETED = re.compile(r"\[(" + "|".join(_NAMES) + r")\]", re.IGNORECASE)
_TROUBLE = re.compile(
    r"\w(?:Exception|Error)\b(?!s? (?:handler|count|rate))|^Traceback |^panic:|\bTask timed out\b|\bOutOfMemory"
    r"|\bAccess ?Denied\b|\bsegmentation fault\b|\bexit (?:status|code) [1-9]|^ERROR\b|\bfailed with\b"
    r"|(?:^|\s)Error: (?!0\b|none\b)",
)


def named_level(name: str) -> Level | None:
    """Return the level of that name, in any case, or None."""
    return _NAMES.get(name.upper())


def level_of(text: str) -> Level:
    """Return the level a line of text gives itself; one that gives none and tells of an error is an error."""
    head = text[:_HEAD]
    found = _NAMED.search(head) or _SAID.search(head) or _BRACKETED.search(head)
    level = named_level(found[1]) if found else None
    if level is not None:
        return level
    return Level.ERROR if _TROUBLE.search(text) else Level.INFO
