"""Sentences out of a reply that is still being written: a JSON text that grows. Pure."""

import json
import re

from bot.domain.value import JsonObject

MOST_CHARACTERS = 65_536

_BEGINS = re.compile(r'"claims"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


class Hearing:
    """Give each whole sentence of `claims` once, as soon as its last character has come."""

    def __init__(self) -> None:
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at: int | None = None

    @property
    def text(self) -> str:
        """Return all that has come."""
        return self._text

    @property
    def too_long(self) -> bool:
        """Return whether more has come than is read."""
        return len(self._text) > MOST_CHARACTERS

    def hear(self, part: str) -> list[JsonObject]:
        """Take the next piece, and return the sentences it completes."""
        self._text += part
        if self._at is None:
            begins = _BEGINS.search(self._text)
            self._at = begins.end() if begins else None
        found: list[JsonObject] = []
        while self._at is not None and (sentence := self._next()) is not None:
            found.append(sentence)
        return found

    def _next(self) -> JsonObject | None:
        between = _BETWEEN.match(self._text, self._at or 0)
        begin = between.end() if between else 0
        if not self._text.startswith("{", begin) or not self._text.rstrip().endswith(("}", "]", "]}")):
            return None
        try:
            value, self._at = self._decoder.raw_decode(self._text, begin)
        except ValueError:  # not whole yet
            return None
        return value if isinstance(value, dict) else None
