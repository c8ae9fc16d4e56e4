"""What dialogs were opened on, whichever replica opened them; of the ids that people send back, digests are kept."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, or_, select

from bot.records.schema import dialogs

MOST_OPEN = 1_000


def keep(connection: Connection, opaque: str, *, person: str, until: datetime, subject: str, now: datetime) -> None:
    """Keep it, and forget those whose time is over and all but the newest."""
    row = {"key": _key(opaque), "person": person, "until": until, "doc": subject}
    number = connection.execute(insert(dialogs).returning(dialogs.c.number), row).scalar_one()
    connection.execute(delete(dialogs).where(or_(dialogs.c.until <= now, dialogs.c.number <= number - MOST_OPEN)))


def find(connection: Connection, opaque: str, *, person: str, now: datetime) -> str | None:
    """Return what this person's dialog was opened on, while its time is not over."""
    mine = (dialogs.c.key == _key(opaque)) & (dialogs.c.person == person) & (dialogs.c.until > now)
    return connection.execute(select(dialogs.c.doc).where(mine)).scalar()


def _key(opaque: str) -> str:
    return sha256(opaque.encode()).hexdigest()
