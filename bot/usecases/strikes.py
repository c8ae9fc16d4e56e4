"""What people have struck, as far as a message or a job may know of it: of its own incident, and of nothing else."""

from collections.abc import Collection
from typing import get_args

from bot.domain.assistance import Engine
from bot.domain.incident import Incident
from bot.domain.postmortem.draft import Draft
from bot.domain.records import Card
from bot.domain.strikes import Struck, by_claim, seen_in
from bot.domain.value import JsonObject
from bot.ports import Records


def family(records: Records, label: str) -> tuple[str, ...]:
    """Return the labels under which strikes of the same incident are filed, the widest first.

    Args:
        label: of an incident, an alarm or a run, or the key of a message that is about none of them.
    """
    kind, _, number = label.partition("-")
    if kind == "R":
        run = records.run(int(number))
        wider = f"INC-{run.incident}" if run.incident is not None else f"A-{run.alarm}" if run.alarm is not None else ""
        return (*(family(records, wider) if wider else ()), label)
    incident = _incident(records, kind, number)
    if incident is None:
        return (label,)
    return tuple(dict.fromkeys((incident.label, *(f"A-{one}" for one in incident.alarms), label)))


def _incident(records: Records, kind: str, number: str) -> Incident | None:
    if kind == "INC":
        return records.incident(int(number))
    return next((one for one in records.incidents() if kind == "A" and int(number) in one.alarms), None)


def of_draft(records: Records, draft: Draft) -> tuple[str, ...]:
    """Return the same for a draft, which may tell of alarms and runs that belong to no incident."""
    return tuple(dict.fromkeys((*family(records, draft.label), *draft.about)))


def about(card: Card) -> str:
    """Return the label of what a card of the assistant speaks of."""
    alarm, run = card.payload.get("alarm"), card.payload.get("run")
    if alarm is not None:
        return f"A-{alarm}"
    return f"R-{run}" if run is not None else str(card.payload.get("about") or card.key)


def standing(records: Records, labels: Collection[str], *, channel: str) -> Struck:
    """Return the strikes that stand under these labels, as they may be shown in a channel."""
    return by_claim(seen_in(channel, one) for one in records.strikes(labels))


def sentences(records: Records, labels: Collection[str]) -> tuple[str, ...]:
    """Return the sentences that were struck, for a job that must not say them again."""
    return tuple(dict.fromkeys(one.text for one in records.strikes(labels)))


# How good each engine is, by what people make of it.


def kept(engine: Engine, count: int) -> tuple[tuple[str, int], ...]:
    """Return what is counted of sentences that are shown."""
    return ((_counter(engine), count),)


def fates(records: Records) -> JsonObject:
    """Return how many sentences of each engine were shown so far, and how many of them are struck."""
    struck = records.struck()
    return {one: [records.count(_counter(one), 0), struck.get(one, 0)] for one in get_args(Engine)}


def _counter(engine: Engine) -> str:
    return f"claims:{engine}"
