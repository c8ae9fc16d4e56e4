"""How the tables came to be: functions, each run once, in order. A released one never changes."""

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, text

from bot.errors import UnavailableError

Migration = Callable[[Connection], None]
_LOCK = 0x72_62_6F_74_01  # any number nobody else locks in this database


def migrate(connection: Connection) -> None:
    """Bring the database to the newest shape; other processes wait meanwhile.

    The connection must be in a writing transaction: BEGIN IMMEDIATE is the lock on SQLite.

    Raises:
        UnavailableError: the database was made by a newer version of the bot.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("create schema if not exists bot"))
    connection.execute(text("create table if not exists migrations (number integer primary key, name text not null)"))
    done = set(connection.execute(text("select number from migrations")).scalars())
    if done and max(done) > len(MIGRATIONS):
        words = "The database was made by a newer version of the bot; start that version. Nothing was changed."
        raise UnavailableError(words)
    for number, migration in enumerate(MIGRATIONS, start=1):
        if number not in done:
            migration(connection)
            row = {"number": number, "name": migration.__name__}
            connection.execute(text("insert into migrations values (:number, :name)"), row)


def first(connection: Connection) -> None:
    """Make all tables, and the id of this installation."""
    for statement in _FIRST:
        connection.execute(text(statement.replace("{number}", _number(connection))))
    for statement in _GUARDS_POSTGRES if connection.dialect.name == "postgresql" else _GUARDS_SQLITE:
        connection.exec_driver_sql(statement)
    connection.execute(
        text("insert into meta (name, value) values ('installation', :value)"),
        {"value": secrets.token_hex(6)},
    )


def _number(connection: Connection) -> str:
    """Return the column that counts by itself."""
    postgres = connection.dialect.name == "postgresql"
    return "bigint generated always as identity primary key" if postgres else "integer primary key autoincrement"


_FIRST = (
    "create table meta (name text primary key, value text not null)",
    "create table counters (kind text primary key, last bigint not null)",
    "create table inbox (number {number}, identity text not null unique, open boolean not null, doc text not null)",
    "create index inbox_open on inbox (number) where open",
    """create table runs (
        id bigint primary key, revision integer not null, open boolean not null, exclusive text,
        doc text not null
    )""",
    "create unique index one_run_per_target on runs (exclusive) where exclusive is not null",
    "create index runs_open on runs (id) where open",
    """create table approvals (
        id bigint primary key, revision integer not null, run bigint not null references runs,
        open boolean not null, doc text not null
    )""",
    "create index approvals_of_run on approvals (run)",
    "create index approvals_open on approvals (id) where open",
    """create table votes (
        approval bigint not null references approvals, person text not null, role text not null,
        primary key (approval, person)
    )""",
    """create table episodes (
        id bigint primary key, revision integer not null, arn text not null, since text not null,
        open boolean not null, doc text not null, unique (arn, since)
    )""",
    "create index episodes_open on episodes (id) where open",
    "create table snapshots (sha256 text primary key, text text not null, path text not null)",
    "create table waits (key text primary key, due bigint not null, open boolean not null)",
    "create index waits_open on waits (due) where open",
    """create table attempts (
        id {number}, run bigint not null references runs, step text not null, item integer not null,
        position integer not null, request integer not null, approval bigint not null references approvals,
        place integer not null, owed boolean not null, holds text, releases text, owner text not null,
        state text not null, resend boolean not null, answer text, wrote text, words text not null,
        sent_at bigint, doc text not null, unique (run, step, item, position, request)
    )""",
    "create index attempts_of_approval on attempts (approval)",
    """create index attempts_on_shared on attempts (state)
        where (holds is not null or releases is not null) and state in ('planned', 'sending', 'unknown')""",
    "create table leases (resource text primary key, run bigint not null references runs)",
    "create index leases_of_run on leases (run)",
    """create table holds (
        resource text not null, run bigint not null references runs, primary key (resource, run)
    )""",
    """create table cards (
        number {number}, key text not null unique, urgent boolean not null, ts text, wanted integer not null,
        shown integer not null, edition integer not null, doc text not null, payload text not null
    )""",
    "create index cards_behind on cards (number) where shown < wanted",
    "create table beats (replica text primary key, at bigint not null)",
    """create table claims (
        work text not null, "of" text not null, "by" text not null, until bigint not null,
        primary key (work, "of")
    )""",
    """create table audit (
        seq bigint primary key, subject text not null, body text not null, hash text not null,
        signature text not null
    )""",
    "create index audit_of_subject on audit (subject)",
    """create table audit_private (
        seq bigint primary key references audit, salt text not null, text text not null
    )""",
)
_GUARDS_SQLITE = (
    """create trigger audit_keeps_every_record before delete on audit
        begin select raise(abort, 'the audit is append-only'); end""",
    """create trigger audit_never_changes before update on audit
        begin select raise(abort, 'the audit is append-only'); end""",
    """create trigger audit_private_never_changes before update on audit_private
        begin select raise(abort, 'a private text of the audit can be erased, not changed'); end""",
)
_GUARDS_POSTGRES = (
    """create function audit_is_append_only() returns trigger language plpgsql as
        $$ begin raise exception 'the audit is append-only'; end $$""",
    """create trigger audit_keeps_every_record before delete or update on audit
        for each row execute function audit_is_append_only()""",
    """create trigger audit_keeps_its_table before truncate on audit
        for each statement execute function audit_is_append_only()""",
    """create trigger audit_private_never_changes before update on audit_private
        for each row execute function audit_is_append_only()""",
)


def incidents(connection: Connection) -> None:
    """Make the table of incidents."""
    for statement in _INCIDENTS:
        connection.execute(text(statement))


_INCIDENTS = (
    """create table incidents (
        id bigint primary key, revision integer not null, channel text not null, open boolean not null,
        doc text not null
    )""",
    "create index incidents_of_channel on incidents (channel, id)",
    "create index incidents_open on incidents (id) where open",
)


def evidence(connection: Connection) -> None:
    """Make the table of what sentences on cards point at."""
    connection.execute(text("create table evidence (subject text primary key, doc text not null)"))


def dialogs(connection: Connection) -> None:
    """Make the table of what open dialogs were opened on."""
    for statement in _DIALOGS:
        connection.execute(text(statement.replace("{number}", _number(connection))))


_DIALOGS = (
    """create table dialogs (
        number {number}, key text not null unique, person text not null, until bigint not null, doc text not null
    )""",
    "create index dialogs_over on dialogs (until)",
)


def postmortems(connection: Connection) -> None:
    """Make the table of drafts of post-mortems."""
    connection.execute(
        text("create table drafts (id bigint primary key, revision integer not null, doc text not null)")
    )


def followups(connection: Connection) -> None:
    """Make the table of action items."""
    for statement in _FOLLOWUPS:
        connection.execute(text(statement))


_FOLLOWUPS = (
    """create table followups (
        id bigint primary key, revision integer not null, subject text not null, owner text not null,
        open boolean not null, doc text not null
    )""",
    "create index followups_of_subject on followups (subject, id)",
    "create index followups_open on followups (owner, id) where open",
)


def strikes(connection: Connection) -> None:
    """Make the table of sentences that people struck; in one incident each is struck once."""
    for statement in _STRIKES:
        connection.execute(text(statement))


_STRIKES = (
    """create table strikes (
        id bigint primary key, revision integer not null, about text not null, claim text not null,
        engine text not null, open boolean not null, doc text not null
    )""",
    "create unique index one_strike_per_sentence on strikes (about, claim) where open",
)


MIGRATIONS: tuple[Migration, ...] = (first, incidents, dialogs, evidence, postmortems, followups, strikes)
