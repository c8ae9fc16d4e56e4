"""What is to be done: what came in, what waits for its hour, what cards are behind, and who does it."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Row, Select, bindparam, case, literal, or_, select, union_all, update
from sqlalchemy.sql.dml import ReturningInsert

from bot.domain.inbox import OF_ALARM, Delivery
from bot.domain.records import Card, Share, Wait
from bot.errors import StaleError
from bot.records.schema import beats, cards, claims, counters, fold, inbox, waits
from bot.records.statements import Insert, insert_into, insert_new

CLAIM_LIFETIME = timedelta(minutes=1)
_ALL = "*"


# The inbox.


def accept(connection: Connection, arrived: Sequence[Delivery]) -> Sequence[bool]:
    """Keep what came in; False for each delivery that was kept before, or stands twice among these."""
    rows = [{"identity": fold(one.identity), "open": True, "doc": one.model_dump_json()} for one in arrived]
    once = {row["identity"]: row for row in reversed(rows)}
    arriving = [row for row in rows if once[row["identity"]] is row]
    new = set(connection.execute(_arriving(connection.dialect.name), arriving).scalars())
    return [row["identity"] in new and once[row["identity"]] is row for row in rows]


@lru_cache
def _arriving(dialect: str) -> ReturningInsert[str]:
    return insert_into(dialect, inbox).on_conflict_do_nothing().returning(inbox.c.identity)


def delivery(connection: Connection, number: int) -> Delivery | None:
    """Return what came in while it is still to be dealt with."""
    document = connection.execute(select(inbox.c.doc).where((inbox.c.number == number) & inbox.c.open)).scalar()
    if document is None:
        return None
    return Delivery.model_validate_json(document).model_copy(update={"id": number})


def deliveries(connection: Connection, *, most: int, alarms: bool | None) -> Sequence[int]:
    """Return the numbers still to be dealt with, oldest first."""
    return connection.execute(_still_open(alarms), {"most": most}).scalars().all()


@lru_cache
def _still_open(alarms: bool | None) -> Select[int]:
    of_sns = inbox.c.identity.startswith(OF_ALARM, autoescape=True)
    wanted = {None: inbox.c.open, True: inbox.c.open & of_sns, False: inbox.c.open & ~of_sns}[alarms]
    return select(inbox.c.number).where(wanted).order_by(inbox.c.number).limit(bindparam("most"))


def came(connection: Connection, *, before: int, most: int) -> Iterator[Delivery]:
    """Yield what came in before that number, dealt with or not, newest first."""
    earlier = select(inbox.c.number, inbox.c.doc).where(inbox.c.number < before).order_by(inbox.c.number.desc())
    for row in connection.execute(earlier.limit(most)):
        yield Delivery.model_validate_json(row.doc).model_copy(update={"id": row.number})


def deal_with(connection: Connection, number: int) -> None:
    """Keep that a delivery is dealt with.

    Raises:
        StaleError: it was dealt with before.
    """
    mine = (inbox.c.number == number) & inbox.c.open
    if connection.execute(update(inbox).where(mine).values(open=False).returning(inbox.c.number)).first() is None:
        raise StaleError("What came in was dealt with before; nothing was done twice.")


# Waits.


def open_wait(connection: Connection, wait: Wait) -> None:
    """Keep a wait; one of the same key, open or over, stays as it is."""
    insert_new(connection, waits, {"key": wait.key, "due": wait.due, "open": True}, returning=waits.c.key)


def close_wait(connection: Connection, key: str) -> None:
    """Keep that a wait is over."""
    connection.execute(update(waits).where(waits.c.key == key).values(open=False))


def open_waits(connection: Connection, *, due: datetime, most: int) -> Sequence[Wait]:
    """Return the waits whose hour has come, the longest overdue first."""
    come = select(waits.c.key, waits.c.due).where(waits.c.open & (waits.c.due <= due))
    found = connection.execute(come.order_by(waits.c.due, waits.c.key).limit(most))
    return [Wait(key=row.key, due=row.due) for row in found]


def waits_of(connection: Connection, shares: Sequence[Share], *, due: datetime) -> Sequence[Sequence[str]]:
    """Return the keys of the waits whose hour has come, of each share its own, the longest overdue first."""
    most = {f"most_{place}": number for place, (_, number) in enumerate(shares)}
    found = connection.execute(_of_shares(tuple(kinds for kinds, _ in shares)), {"due": due, **most})
    keys: list[list[str]] = [[] for _ in shares]
    for row in sorted(found, key=lambda one: (one.due, one.key)):
        keys[row.place].append(row.key)
    return keys


@lru_cache
def _of_shares(shares: tuple[tuple[str, ...], ...]) -> CompoundSelect[Any]:
    """Return one statement for all of them: it is sent several times a second, as long as the bot runs."""
    parts = []
    for place, kinds in enumerate(shares):
        own = or_(*(waits.c.key.startswith(f"{kind}:", autoescape=True) for kind in kinds))
        come = select(literal(place).label("place"), waits.c.key, waits.c.due)
        come = come.where(waits.c.open & (waits.c.due <= bindparam("due")) & own)
        first = come.order_by(waits.c.due, waits.c.key).limit(bindparam(f"most_{place}"))
        parts.append(first.subquery().select())  # SQLite orders and limits no part of a union
    return union_all(*parts)


def wait_open(connection: Connection, key: str) -> bool:
    """Return whether the wait is still to be served."""
    return connection.execute(select(waits.c.key).where((waits.c.key == key) & waits.c.open)).first() is not None


# Counters.


def count(connection: Connection, name: str, by: int) -> int:
    """Add to a counter, below zero never, and return what it then is."""
    new = case((counters.c.last + by < 0, 0), else_=counters.c.last + by)
    statement = insert_into(connection.dialect.name, counters).values(kind=name, last=max(0, by))
    counted = statement.on_conflict_do_update(index_elements=[counters.c.kind], set_={"last": new})
    number: int = connection.execute(counted.returning(counters.c.last)).scalar_one()
    return number


# Cards.


def want_card(connection: Connection, card: Card) -> None:
    """Keep that a card is to show something new; where it stands stays as it is."""
    document = card.model_dump_json(include={"kind", "subject", "channel", "under", "to"})
    row = {
        "key": card.key,
        "urgent": card.urgent,
        "ts": card.ts,
        "wanted": card.wanted,
        "shown": card.shown,
        "edition": card.edition,
        "doc": document,
        "payload": json.dumps(card.payload),
    }
    connection.execute(_wanting(connection.dialect.name), row)


@lru_cache
def _wanting(dialect: str) -> Insert:
    statement = insert_into(dialect, cards)
    still_urgent = case((cards.c.shown < cards.c.wanted, cards.c.urgent), else_=False)
    refreshed = {
        "wanted": cards.c.wanted + 1,
        "payload": statement.excluded.payload,
        "urgent": statement.excluded.urgent | still_urgent,
    }
    return statement.on_conflict_do_update(index_elements=[cards.c.key], set_=refreshed)


def cards_behind(connection: Connection, *, most: int) -> Sequence[Card]:
    """Return cards that show something old, urgent ones first, then in the order they were first wanted."""
    behind = select(cards).where(cards.c.shown < cards.c.wanted).order_by(cards.c.urgent.desc(), cards.c.number)
    return [_card(row) for row in connection.execute(behind.limit(most))]


def card(connection: Connection, key: str) -> Card | None:
    """Return the card of that key."""
    row = connection.execute(select(cards).where(cards.c.key == key)).first()
    return _card(row) if row else None


def card_keys(connection: Connection, prefix: str) -> Sequence[str]:
    """Return the keys of cards that begin so, in the order they were first wanted."""
    begin = cards.c.key.startswith(prefix, autoescape=True)
    return connection.scalars(select(cards.c.key).where(begin).order_by(cards.c.number)).all()


def card_shown(connection: Connection, key: str, *, ts: str | None, shown: int, edition: int) -> None:
    """Keep where the card stands and what it shows."""
    connection.execute(update(cards).where(cards.c.key == key).values(ts=ts, shown=shown, edition=edition))


def _card(row: Row[*tuple[Any, ...]]) -> Card:
    columns = {name: getattr(row, name) for name in ("key", "urgent", "ts", "wanted", "shown", "edition")}
    return Card.model_validate({**json.loads(row.doc), **columns, "payload": json.loads(row.payload)})


# Replicas, on the database's real clock.


def beat(connection: Connection, replica: str, *, now: datetime) -> None:
    """Keep that the process lives."""
    statement = insert_into(connection.dialect.name, beats).values(replica=replica, at=now)
    connection.execute(statement.on_conflict_do_update(index_elements=[beats.c.replica], set_={"at": now}))


def dead(connection: Connection, *, before: datetime) -> frozenset[str]:
    """Return the processes whose last beat is older."""
    return frozenset(connection.execute(select(beats.c.replica).where(beats.c.at < before)).scalars())


def living(connection: Connection, *, since: datetime) -> frozenset[str]:
    """Return the processes whose last beat is not older."""
    return frozenset(connection.execute(select(beats.c.replica).where(beats.c.at >= since)).scalars())


def claim(connection: Connection, work: str, *, of: str, by: str, now: datetime, until: datetime) -> bool:
    """Return whether the work is now this process's; a claim that ran out is anybody's again."""
    row = {"work": work, "of": of, "by": by, "until": until}
    statement = insert_into(connection.dialect.name, claims).values(row)
    taken = statement.on_conflict_do_update(
        index_elements=[claims.c.work, claims.c.of],
        set_={"by": by, "until": until},
        where=claims.c.until <= now,
    ).returning(claims.c.work)
    return connection.execute(taken).first() is not None


def lead(connection: Connection, work: str, *, by: str, now: datetime, until: datetime) -> bool:
    """Return whether the process alone does the work until then; its own lead it may prolong."""
    row = {"work": work, "of": _ALL, "by": by, "until": until}
    taken = (
        insert_into(connection.dialect.name, claims)
        .values(row)
        .on_conflict_do_update(
            index_elements=[claims.c.work, claims.c.of],
            set_={"by": by, "until": until},
            where=or_(claims.c.until <= now, claims.c.by == by),
        )
        .returning(claims.c.work)
    )
    return connection.execute(taken).first() is not None
