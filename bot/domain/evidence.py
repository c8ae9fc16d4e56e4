"""Evidence: what was seen, item by item, each with an id a sentence can point at. Hostile text, redacted already."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.value import Value


class Origin(StrEnum):
    """Say who vouches for an item: AWS's own API, the bot's own records, or nobody (text that somebody wrote)."""

    AWS = "aws"
    RECORDS = "records"
    TEXT = "text"


class Item(Value):
    """Hold one thing that was seen.

    Attributes:
        id: `E1`, `E2`, … in the order of gathering, unique within its evidence.
        kind: alarm, metric, log, execution, job, object, run, approval, message, runbook, incident, step.
        source: where it was read, in words, e.g. `logs.search /lake/etl 02:00–02:31 UTC`.
        at: when what it tells of happened, where that is known.
        text: one fact in words: clean (no control, bidi or tag characters), redacted, at most 2,000 characters.
        link: where a person can open it; built by us, never found in a text.
        channel: the only channel it may be shown in; None where every reader of the environment may see it.
    """

    id: str
    kind: str
    origin: Origin
    source: str
    at: datetime | None = None
    text: str
    link: str = ""
    channel: str | None = None


class Evidence(Value):
    """Hold everything one job may use.

    Attributes:
        derived: values code computed from the items (durations, counts, rates), by name, as they may be quoted.
        unread: what was not looked at, each with the reason, in words.
    """

    items: tuple[Item, ...] = ()
    derived: Mapping[str, str] = {}
    unread: tuple[str, ...] = ()

    def item(self, name: str) -> Item | None:
        """Return the item of that id, or None."""
        return next((item for item in self.items if item.id == name), None)
