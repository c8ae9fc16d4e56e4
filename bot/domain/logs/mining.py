"""One pass over any number of lines: each is masked, counted under its template, and dropped.

What stays in memory is bounded whatever comes: so many templates, three examples and some ids for each, and bins that
grow wider instead of more.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.domain.logs.event import Level, LogEvent, level_of, named_level
from bot.domain.logs.masking import MOST_CHARACTERS, MOST_WORDS, Memo, fold, headline, source_of

LONGEST_MESSAGE = 4_096
MOST_KEYS = 12_000
MOST_GRAVE_KEYS = 16_000  # beyond the others, so that noise cannot crowd an error out
MOST_BINS = 150_000  # over all templates together
MOST_VALUES = 16
MOST_COLUMNS = 8
MOST_SOURCES = 32
MOST_STREAMS = 20_000
BIN_MS = 5_000
NEVER = 1 << 62
SIBLINGS, GRAVE_SIBLINGS = 4, 8

_decoded = json.JSONDecoder().raw_decode  # twice as fast as json.loads

Bins = dict[int, int]
Ids = tuple[tuple[str, int, int], ...]

_MESSAGE = ("message", "msg", "log", "event", "error")
_LEVEL = ("level", "severity", "levelname", "lvl", "log_level")
_TIME = frozenset({"timestamp", "time", "ts", "@timestamp", "asctime"})
_ID = re.compile(
    r"(?P<run>(?:job_?)?run_?id|execution_?(?:id|name)?|jobrunid)"
    r"|(?P<request>(?:aws_?)?request_?id|correlation_?id)|(?P<trace>trace_?id)",
    re.IGNORECASE,
)
_GLUE_RUN = re.compile(r"jr_[0-9a-f]{16,}")
_CUT = re.compile(r'"(message|msg|level|severity)"\s*:\s*"((?:[^"\\]|\\.)*)')


class Slot:
    """Count the lines of one template."""

    __slots__ = (
        "baseline",
        "before",
        "bins",
        "columns",
        "count",
        "earliest",
        "first",
        "ids",
        "last",
        "latest",
        "level",
        "mid",
        "next",
        "sources",
    )

    def __init__(self, level: Level, ids: Ids) -> None:
        self.level, self.ids = level, ids
        self.count = self.baseline = 0
        self.next = 1
        self.earliest, self.latest = NEVER, -1
        self.first: LogEvent | None = None
        self.mid: LogEvent | None = None
        self.before: LogEvent | None = None
        self.last: LogEvent | None = None
        self.bins: Bins = {}
        self.sources: dict[str, int] = {}
        self.columns: dict[str, dict[str, int]] = {}

    def examples(self) -> tuple[LogEvent, ...]:
        """Return the first line, one from between, and the last, each once."""
        spread = [one for one in (self.first, self.before or self.mid, self.last) if one is not None]
        return tuple(dict.fromkeys(sorted(spread, key=lambda one: one.at)))

    def take(self, other: "Slot") -> None:
        """Count another template's lines as this one's."""
        self.count += other.count
        self.baseline += other.baseline
        self.next = max(self.next, other.next)
        self.mid, self.before = self.mid or other.mid, self.before or other.before
        if other.earliest < self.earliest:
            self.first, self.earliest = other.first, other.earliest
        if other.latest > self.latest:
            self.last, self.latest = other.last, other.latest
        _add(self.bins, other.bins)
        _add(self.sources, other.sources)
        for name, values in other.columns.items():
            if name in self.columns or len(self.columns) < MOST_COLUMNS:
                column = self.columns.setdefault(name, {})
                for value, count in values.items():
                    if value in column or len(column) < MOST_VALUES:
                        column[value] = column.get(value, 0) + count


class Miner:
    """Take lines in, baseline and incident apart, and hold their templates."""

    def __init__(self, *, bin_ms: int = BIN_MS, most_keys: int = MOST_KEYS) -> None:
        self.bin_ms = bin_ms
        self.slots: dict[str, Slot] = {}
        self.lines = self.characters = self.baseline_lines = 0
        self.baseline_first = self.baseline_last = 0
        self.odd = {"empty": 0, "long": 0, "broken_json": 0, "binary": 0, "not_utf8": 0}
        self.others: dict[Level, Slot] = {}
        self._most_keys = most_keys
        self._memo = Memo()
        self._who: dict[str, str] = {}
        self._bins = 0

    def feed(self, events: Iterable[LogEvent]) -> int:
        """Take lines of the incident; returns how many there were."""
        fed = characters = 0
        who_of, of_text = self._who, self._of_text
        for event in events:
            at, stream, _, message, group = event
            fed += 1
            characters += len(message)
            if len(message) > LONGEST_MESSAGE:
                event = self._cut(event)
                message = event.message
            slot = self._of_json(message) if message[:1] == "{" else of_text(message)
            count = slot.count = slot.count + 1
            if count == slot.next:
                slot.next *= 2
                slot.before, slot.mid = slot.mid, event
            if at < slot.earliest:
                slot.first, slot.earliest = event, at
            if at >= slot.latest:
                slot.last, slot.latest = event, at
            spot = at // self.bin_ms
            if spot in slot.bins:
                slot.bins[spot] += 1
            else:
                self._new_bin(slot, spot)
            who = who_of.get(stream) or self._source(stream, group)
            if who in slot.sources:
                slot.sources[who] += 1
            elif len(slot.sources) < MOST_SOURCES:
                slot.sources[who] = 1
        self.lines += fed
        self.characters += characters
        return fed

    def feed_baseline(self, events: Iterable[LogEvent]) -> int:
        """Take lines of a time when nothing was wrong; returns how many there were."""
        fed = 0
        for event in events:
            fed += 1
            self._slot(event.message[:LONGEST_MESSAGE], tell=False).baseline += 1
            if event.at:
                self.baseline_first = min(self.baseline_first or event.at, event.at)
                self.baseline_last = max(self.baseline_last, event.at)
        self.baseline_lines += fed
        return fed

    def note(self, oddity: str) -> None:
        """Count what whoever reads the lines found odd about one."""
        self.odd[oddity] += 1

    def folded(self) -> dict[str, Slot]:
        """Return the templates, siblings made one; what was fed stays as it is, and more can be fed."""
        needed = {key: GRAVE_SIBLINGS if slot.level.grave else SIBLINGS for key, slot in self.slots.items()}
        made: dict[str, Slot] = {}
        for key, text in fold(needed).items():
            slot = self.slots[key]
            if text not in made:
                made[text] = Slot(slot.level, slot.ids)
            made[text].take(slot)
        return made

    # One line.

    def _cut(self, event: LogEvent) -> LogEvent:
        self.odd["long"] += 1
        return event._replace(message=event.message[:LONGEST_MESSAGE])

    def _slot(self, message: str, *, tell: bool = True) -> Slot:
        """Return the line's slot; `tell` whether its fields are counted, which a baseline's are not."""
        return self._of_json(message, tell=tell) if message[:1] == "{" else self._of_text(message, tell=tell)

    def _of_text(self, message: str, level: Level | None = None, *, tell: bool = True) -> Slot:
        text = headline(message) if "\n" in message else message
        words = text[:MOST_CHARACTERS].split(None, MOST_WORDS)[:MOST_WORDS]
        key = " ".join(map(self._memo.__getitem__, words))
        if level is not None:
            key = f"{level} {key}"
        slot = self.slots.get(key)
        if slot is None:
            slot = self._first(key, text, words, level)
        for name, place, skip in slot.ids if tell else ():
            if place < len(words):
                _tally(slot.columns, name, words[place][skip:].strip("[](){}\"',;"))
        return slot

    def _first(self, key: str, text: str, words: list[str], level: Level | None) -> Slot:
        """Make the slot of a template that was not met before, or return the one for what is too many."""
        binary = "\x00" in text or sum(character < " " for character in text[:200]) > 20
        if not words or binary:
            kind = "binary" if binary else "empty"
            self.odd[kind] += 1
            return self.slots.setdefault(f"({kind} line)", Slot(level or Level.INFO, ()))
        found = level or level_of(text)
        if len(self.slots) >= self._most_keys + (MOST_GRAVE_KEYS if found.grave else 0):
            return self.others.setdefault(found, Slot(found, ()))
        slot = self.slots[key] = Slot(found, _ids(words) if found.grave else ())
        return slot

    def _of_json(self, message: str, *, tell: bool = True) -> Slot:
        try:
            line, end = _decoded(message)
        except (ValueError, RecursionError):
            line, end = {}, 0
        if end < len(message) and message[end:].strip():
            self.odd["broken_json"] += 1
            return self._of_cut_json(message, tell=tell)
        level = next((named_level(str(line[name])) for name in _LEVEL if name in line), None)
        said = next((line[name] for name in _MESSAGE if name in line), None)
        text = said if isinstance(said, str) else _spelled(line)
        slot = self._of_text(text, level or level_of(text), tell=tell)
        for name, value in line.items() if tell else ():
            if name in _TIME or name in _LEVEL or name in _MESSAGE or isinstance(value, bool | float | dict | list):
                continue
            if value is not None and value != "":
                _tally(slot.columns, _column(name), str(value))
        return slot

    def _of_cut_json(self, message: str, *, tell: bool = True) -> Slot:
        """Read what a line that broke off still says."""
        said = dict(_CUT.findall(message))
        text = said.get("message") or said.get("msg") or message
        level = named_level(said.get("level") or said.get("severity") or "")
        return self._of_text(text, level or level_of(text), tell=tell)

    def _source(self, stream: str, group: str) -> str:
        who = source_of(stream)
        if who == stream and group:
            return source_of(stream, group)
        if len(self._who) >= MOST_STREAMS:
            self._who.clear()
        self._who[stream] = who
        return who

    def _new_bin(self, slot: Slot, spot: int) -> None:
        """Open a bin; where there would be too many, every bin becomes twice as wide."""
        slot.bins[spot] = 1
        self._bins += 1
        if self._bins <= MOST_BINS:
            return
        self.bin_ms *= 2
        slots = [*self.slots.values(), *self.others.values()]
        for one in slots:
            one.bins = _halved(one.bins)
        self._bins = sum(len(one.bins) for one in slots)


def _ids(words: list[str]) -> Ids:
    """Return where lines of this shape carry an id: its column, the word's place, and how much to skip of it."""
    found: list[tuple[str, int, int]] = []
    for place, word in enumerate(words):
        name = _ID.match(word.lstrip("[({\"'"))
        if name is None:
            if _GLUE_RUN.match(word):
                found.append(("run", place, 0))
            continue
        head = re.match(r"[\[({\"']*[A-Za-z_\-]+[\"']?[=:]", word)
        if head and head.end() < len(word):
            found.append((str(name.lastgroup), place, head.end()))
        elif place + 1 < len(words) and any(character.isdigit() for character in words[place + 1]):
            found.append((str(name.lastgroup), place + 1, 0))
    return tuple(found[:4])


def _column(name: str) -> str:
    found = _ID.fullmatch(name)
    return str(found.lastgroup) if found else name[:64]


def _tally(columns: dict[str, dict[str, int]], name: str, value: str) -> None:
    values = columns.get(name)
    if values is None:
        if len(columns) >= MOST_COLUMNS:
            return
        values = columns[name] = {}
    if value in values:
        values[value] += 1
    elif len(values) < MOST_VALUES and len(value) <= 200:
        values[value] = 1


def _spelled(line: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in line.items() if name not in _TIME and name not in _LEVEL)


def _add(into: dict[Any, int], more: Mapping[Any, int]) -> None:
    for name, count in more.items():
        into[name] = into.get(name, 0) + count


def _halved(bins: Bins) -> Bins:
    wider: Bins = {}
    for spot, count in bins.items():
        wider[spot // 2] = wider.get(spot // 2, 0) + count
    return wider
