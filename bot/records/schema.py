"""The tables as statements see them. What makes them, and changes them, is `migrations`.

A value is kept whole as a JSON document beside the few columns that are asked for or guarded.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Integer,
    MetaData,
    Table,
    Text,
    inspect,
    select,
)
from sqlalchemy.types import TypeDecorator

from bot.errors import NotFoundError

metadata = MetaData()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAME = 200


class Moment(TypeDecorator[datetime]):
    """Keep a time as whole microseconds since 1970, the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


def fold(text: str) -> str:
    """Return the text, or a digest of it where it is too long or too odd for an index."""
    if len(text) <= LONGEST_NAME and text.isascii() and text.isprintable():
        return text
    return "sha256:" + sha256(text.encode()).hexdigest()


def installation_of(connection: Connection) -> str:
    """Return the id made when the database was.

    Raises:
        NotFoundError: the bot was never started on this database.
    """
    if not inspect(connection).has_table("meta"):
        raise NotFoundError("The bot has not been started on this database yet; start it once.")
    found: str = connection.execute(select(meta.c.value).where(meta.c.name == "installation")).scalar_one()
    return found


meta = Table("meta", metadata, Column("name", Text), Column("value", Text))
counters = Table("counters", metadata, Column("kind", Text), Column("last", BigInteger))
inbox = Table(
    "inbox",
    metadata,
    Column("number", BigInteger),
    Column("identity", Text),
    Column("open", Boolean),
    Column("doc", Text),
)
runs = Table(
    "runs",
    metadata,
    Column("id", BigInteger),
    Column("revision", Integer),
    Column("open", Boolean),
    Column("exclusive", Text),
    Column("doc", Text),
)
approvals = Table(
    "approvals",
    metadata,
    Column("id", BigInteger),
    Column("revision", Integer),
    Column("run", BigInteger),
    Column("open", Boolean),
    Column("doc", Text),
)
votes = Table("votes", metadata, Column("approval", BigInteger), Column("person", Text), Column("role", Text))
episodes = Table(
    "episodes",
    metadata,
    Column("id", BigInteger),
    Column("revision", Integer),
    Column("arn", Text),
    Column("since", Text),
    Column("open", Boolean),
    Column("doc", Text),
)
incidents = Table(
    "incidents",
    metadata,
    Column("id", BigInteger),
    Column("revision", Integer),
    Column("channel", Text),
    Column("open", Boolean),
    Column("doc", Text),
)
drafts = Table("drafts", metadata, Column("id", BigInteger), Column("revision", Integer), Column("doc", Text))
followups = Table(
    "followups",
    metadata,
    Column("id", BigInteger),
    Column("revision", Integer),
    Column("subject", Text),
    Column("owner", Text),
    Column("open", Boolean),
    Column("doc", Text),
)
strikes = Table(
    "strikes",
    metadata,
    Column("id", BigInteger),
    Column("revision", Integer),
    Column("about", Text),
    Column("claim", Text),
    Column("engine", Text),
    Column("open", Boolean),
    Column("doc", Text),
)
evidence = Table("evidence", metadata, Column("subject", Text), Column("doc", Text))
snapshots = Table("snapshots", metadata, Column("sha256", Text), Column("text", Text), Column("path", Text))
waits = Table("waits", metadata, Column("key", Text), Column("due", Moment), Column("open", Boolean))
attempts = Table(
    "attempts",
    metadata,
    Column("id", BigInteger),
    Column("run", BigInteger),
    Column("step", Text),
    Column("item", Integer),
    Column("position", Integer),
    Column("request", Integer),
    Column("approval", BigInteger),
    Column("place", Integer),
    Column("owed", Boolean),
    Column("holds", Text),
    Column("releases", Text),
    Column("owner", Text),
    Column("state", Text),
    Column("resend", Boolean),
    Column("answer", Text),
    Column("wrote", Text),
    Column("words", Text),
    Column("sent_at", Moment),
    Column("doc", Text),
)
leases = Table("leases", metadata, Column("resource", Text), Column("run", BigInteger))
holds = Table("holds", metadata, Column("resource", Text), Column("run", BigInteger))
cards = Table(
    "cards",
    metadata,
    Column("number", BigInteger),
    Column("key", Text),
    Column("urgent", Boolean),
    Column("ts", Text),
    Column("wanted", Integer),
    Column("shown", Integer),
    Column("edition", Integer),
    Column("doc", Text),
    Column("payload", Text),
)
dialogs = Table(
    "dialogs",
    metadata,
    Column("number", BigInteger),
    Column("key", Text),
    Column("person", Text),
    Column("until", Moment),
    Column("doc", Text),
)
beats = Table("beats", metadata, Column("replica", Text), Column("at", Moment))
claims = Table(
    "claims",
    metadata,
    Column("work", Text),
    Column("of", Text),
    Column("by", Text),
    Column("until", Moment),
)
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger),
    Column("subject", Text),
    Column("body", Text),
    Column("hash", Text),
    Column("signature", Text),
)
audit_private = Table("audit_private", metadata, Column("seq", BigInteger), Column("salt", Text), Column("text", Text))
