"""Evidence: what was seen, item by item, each with an id a sentence can point at. Hostile text, redacted already.

There is no way to an item whose text is not clean and redacted: the item itself sees to it. `Gathering` does it before,
with one redactor for the whole job, so that a placeholder means the same in every item.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, model_validator

from bot.domain.plain import cleaned, cut
from bot.domain.redaction import Redactor, for_eyes, line_for_eyes
from bot.domain.value import Value, without

MOST_ITEMS = 400
MOST_IN_AN_ITEM = 2_000  # characters
MOST_IN_A_SOURCE = 300
MOST_UNREAD = 50
_LINK = re.compile(r"https?://[!-~]{1,1000}")


class Origin(StrEnum):
    """Say who vouches for an item: AWS's own API, the bot's own records, or nobody (text that somebody wrote)."""

    AWS = "aws"
    RECORDS = "records"
    TEXT = "text"


def _fact(text: str, redactor: Redactor | None = None) -> str:
    """Return the text cleaned, then redacted, and only then cut: half a token would not be known for one."""
    return cleaned(for_eyes(text, redactor or Redactor(numbered=False)), most=MOST_IN_AN_ITEM)


def _named(text: str, redactor: Redactor | None = None) -> str:
    return cut(line_for_eyes(text, redactor or Redactor(numbered=False)), MOST_IN_A_SOURCE)


def _ours(link: str) -> str:
    return link if _LINK.fullmatch(link) and not set(link) & set("<>|\"'`") else ""


Fact = Annotated[str, AfterValidator(lambda text: _fact(text))]
Named = Annotated[str, AfterValidator(lambda text: _named(text))]
Link = Annotated[str, AfterValidator(_ours)]


class Item(Value):
    """Hold one thing that was seen.

    Attributes:
        id: `E1`, `E2`, … in the order of gathering, unique within its evidence.
        kind: alarm, metric, log, execution, job, object, deploy, run, approval, message, runbook, incident, step.
        source: where it was read, in words, e.g. `logs.search /lake/etl 02:00–02:31 UTC`.
        at: when what it tells of happened, where that is known.
        text: one fact in words: clean (no control, bidi or tag characters), redacted, at most 2,000 characters.
        link: where a person can open it; built by us, never found in a text.
        channel: the only channel it may be shown in; None where every reader of the environment may see it.
    """

    id: str
    kind: str
    origin: Origin
    source: Named
    at: datetime | None = None
    text: Fact
    link: Link = ""
    channel: str | None = None


def place_of(name: str) -> str:
    """Return the placeholder in which a sentence asks for a derived value, however its name is spelled."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


class Evidence(Value):
    """Hold everything one job may use.

    Attributes:
        derived: values code computed from the items (durations, counts, rates), by name, as they may be quoted; a
            name is a placeholder, `time_until_detected`.
        unread: what was not looked at, each with the reason, in words.
    """

    items: tuple[Item, ...] = ()
    derived: Mapping[str, Named] = {}
    unread: tuple[Named, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_older_records(cls, value: object) -> object:
        """Read evidence that names what its values are computed from."""
        return without(value, "basis")

    def item(self, name: str) -> Item | None:
        """Return the item of that id, or None."""
        return next((item for item in self.items if item.id == name), None)

    def readable_in(self, channel: str | None) -> "Evidence":
        """Return what every reader of the channel may see; what was derived only where all of it is seen.

        Ids stay as they are, so that a sentence points at the same item wherever it is shown.
        """
        items = tuple(item for item in self.items if item.channel is None or item.channel == channel)
        derived = self.derived if len(items) == len(self.items) else {}
        return self.model_copy(update={"items": items, "derived": derived})


class Gathering:
    """Gather the evidence of one job, item by item."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        self.redactor = redactor or Redactor()
        self._items: list[Item] = []
        self._unread: list[str] = []

    def add(
        self,
        kind: str,
        text: str,
        *,
        origin: Origin,
        source: str,
        at: datetime | None = None,
        link: str = "",
        channel: str | None = None,
    ) -> str:
        """Keep one thing that was seen and return its id; beyond 400 it is only told that there was more."""
        if len(self._items) >= MOST_ITEMS:
            self.skip(f"more than {MOST_ITEMS} items; left out: {source}")
            return ""
        name = f"E{len(self._items) + 1}"
        clean, where = self.safe(text), _named(source, self.redactor)
        item = Item(id=name, kind=kind, origin=origin, source=where, at=at, text=clean, link=link, channel=channel)
        self._items.append(item)
        return name

    def safe(self, text: str) -> str:
        """Return a text as an item of this job would say it."""
        return _fact(text, self.redactor)

    def skip(self, words: str) -> None:
        """Keep what was not looked at and why, once."""
        clean = _named(words, self.redactor)
        if clean not in self._unread and len(self._unread) < MOST_UNREAD:
            self._unread.append(clean)

    def evidence(self) -> Evidence:
        """Return what was gathered so far."""
        return Evidence(items=tuple(self._items), unread=tuple(self._unread))
