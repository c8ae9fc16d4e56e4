"""Runs, approvals, alarms, incidents, drafts, action items, strikes: kept whole, changed by who saw the newest one."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Select, Table, func, select, update

from bot.domain.approval import Approval
from bot.domain.evidence import Evidence
from bot.domain.following import FollowUp
from bot.domain.incident import Incident
from bot.domain.postmortem.draft import Draft
from bot.domain.records import AlarmState, Episode
from bot.domain.run import Run
from bot.domain.strikes import Strike
from bot.errors import LeaseHeldError, NotFoundError, StaleError
from bot.records.schema import (
    approvals,
    drafts,
    episodes,
    evidence,
    fold,
    followups,
    incidents,
    runs,
    strikes,
    votes,
)
from bot.records.statements import insert_into, insert_new

Subject = TypeVar("Subject", Run, Approval, Episode, Incident, Draft, FollowUp, Strike)

Kept = Run | Approval | Episode | Incident | Draft | FollowUp | Strike
_LISTS = {
    "Q": "/approvals",
    "A": "/alarm list",
    "INC": "/incident list",
    "draft": "/postmortem show",
    "ACT": "/postmortem actions",
}
"""The command that lists what is there, by how a label begins; runs are the others."""


def save_run(connection: Connection, run: Run) -> None:
    """Keep the run.

    Raises:
        StaleError: somebody changed it since it was read.
        LeaseHeldError: another run holds its exclusive target.
    """
    target = None if run.holds is None else fold(run.holds)
    columns = {"open": not run.state.ended or bool(run.owed), "exclusive": target}
    if not _saved(connection, runs, run, columns):
        holder = held(connection, run) if run.revision == 0 else None  # one that was kept before is stale, no more
        raise holder or _stale(run.label)


def save_approval(connection: Connection, approval: Approval) -> None:
    """Keep the request, and a row for each vote: a person has one.

    Raises:
        StaleError: somebody changed it since it was read, or one person stands in it twice.
    """
    columns = {"run": approval.run, "open": approval.state.open}
    if not _saved(connection, approvals, approval, columns):
        raise _stale(approval.label)
    if len({vote.person for vote in approval.votes}) < len(approval.votes):
        raise StaleError(f"One person stands twice in {approval.label}; nothing was changed.")
    for vote in approval.votes:
        row = {"approval": approval.id, "person": vote.person, "role": vote.role}
        insert_new(connection, votes, row, returning=votes.c.person)


def save_episode(connection: Connection, episode: Episode) -> None:
    """Keep the episode.

    Raises:
        StaleError: somebody changed it since it was read, or the alarm has this episode under another number.
    """
    columns = {
        "arn": fold(episode.notice.arn),
        "since": fold(episode.since),
        "open": episode.state is not AlarmState.OK,
    }
    if not _saved(connection, episodes, episode, columns):
        raise _stale(f"A-{episode.id}")


def save_incident(connection: Connection, incident: Incident) -> None:
    """Keep the incident.

    Raises:
        StaleError: somebody changed it since it was read.
    """
    columns = {"channel": fold(incident.place.channel), "open": incident.open}
    if not _saved(connection, incidents, incident, columns):
        raise _stale(incident.label)


def save_draft(connection: Connection, draft: Draft) -> None:
    """Keep the draft.

    Raises:
        StaleError: somebody changed it since it was read.
    """
    if not _saved(connection, drafts, draft, {}):
        raise _stale(f"The draft of {draft.label}")


def save_followup(connection: Connection, item: FollowUp) -> None:
    """Keep the action item.

    Raises:
        StaleError: somebody changed it since it was read.
    """
    columns = {"subject": fold(item.subject), "owner": fold(item.owner), "open": item.open}
    if not _saved(connection, followups, item, columns):
        raise _stale(item.label)


def save_strike(connection: Connection, strike: Strike) -> None:
    """Keep the strike; that a sentence is struck once, a unique index sees to.

    Raises:
        StaleError: somebody changed it since it was read.
    """
    columns = {
        "about": fold(strike.about),
        "claim": strike.claim,
        "engine": strike.engine or "",
        "open": strike.open,
    }
    if not _saved(connection, strikes, strike, columns):
        raise _stale("That strike")


def save_evidence(connection: Connection, subject: str, found: Evidence) -> None:
    """Keep what was gathered for a subject; it replaces what was there."""
    statement = insert_into(connection.dialect.name, evidence)
    newest = {"doc": statement.excluded.doc}
    told = statement.on_conflict_do_update(index_elements=[evidence.c.subject], set_=newest)
    connection.execute(told, {"subject": fold(subject), "doc": found.model_dump_json()})


def evidence_of(connection: Connection, subject: str) -> Evidence:
    """Return what was gathered for a subject, or nothing."""
    document = connection.execute(select(evidence.c.doc).where(evidence.c.subject == fold(subject))).scalar()
    return Evidence() if document is None else Evidence.model_validate_json(document)


def _saved(
    connection: Connection,
    table: Table,
    subject: Kept,
    columns: Mapping[str, object],
) -> bool:
    revision = subject.revision + 1
    document = subject.model_copy(update={"revision": revision}).model_dump_json()
    row = {**columns, "revision": revision, "doc": document}
    if subject.revision == 0:
        return insert_new(connection, table, {"id": subject.id, **row}, returning=table.c.id) is not None
    same = (table.c.id == subject.id) & (table.c.revision == subject.revision)
    changed = update(table).where(same).values(row).returning(table.c.id)
    return connection.execute(changed).first() is not None


def held(connection: Connection, run: Run) -> LeaseHeldError | None:
    """Return the error that names another run holding this run's exclusive target, if one does."""
    holder = None if run.holds is None else holder_of(connection, run.holds)
    if holder is None or holder.id == run.id:
        return None
    words = f"{holder.label} is at work on {run.holds} already. Open it, or join it there."
    return LeaseHeldError(words, resource=run.holds or "", holder=holder.id)


def _stale(label: str) -> StaleError:
    return StaleError(f"{label} was changed by somebody else in the same moment. Look again; nothing was changed.")


def holder_of(connection: Connection, exclusive: str) -> Run | None:
    """Return the run that holds the exclusive target."""
    return _one(connection, Run, select(runs.c.doc).where(runs.c.exclusive == fold(exclusive)))


def run(connection: Connection, number: int, *, lock: bool = False) -> Run:
    """Return the run; locked, nobody else changes it before the transaction ends."""
    return _found(connection, Run, runs, number, name=f"R-{number}", lock=lock)


def approval(connection: Connection, number: int, *, lock: bool = False) -> Approval:
    """Return the approval; locked, nobody else changes it before the transaction ends."""
    return _found(connection, Approval, approvals, number, name=f"Q-{number}", lock=lock)


def episode(connection: Connection, number: int) -> Episode:
    """Return the episode."""
    return _found(connection, Episode, episodes, number, name=f"A-{number}")


def incident(connection: Connection, number: int) -> Incident:
    """Return the incident."""
    return _found(connection, Incident, incidents, number, name=f"INC-{number}")


def draft(connection: Connection, number: int) -> Draft:
    """Return the draft."""
    return _found(connection, Draft, drafts, number, name=f"draft {number}")


def followup(connection: Connection, number: int) -> FollowUp:
    """Return the action item."""
    return _found(connection, FollowUp, followups, number, name=f"ACT-{number}")


def strike(connection: Connection, number: int) -> Strike:
    """Return the strike."""
    return _found(connection, Strike, strikes, number, name=f"strike {number}")


def oldest_followups(
    connection: Connection, *, subject: str | None, owner: str | None, open_only: bool
) -> Sequence[FollowUp]:
    """Return action items, oldest first, of one incident or person or of all."""
    statement = select(followups.c.doc).order_by(followups.c.id)
    if subject is not None:
        statement = statement.where(followups.c.subject == fold(subject))
    if owner is not None:
        statement = statement.where(followups.c.owner == fold(owner))
    return _all(connection, FollowUp, statement.where(followups.c.open) if open_only else statement)


def open_strikes(connection: Connection, about: Collection[str]) -> Sequence[Strike]:
    """Return the strikes that stand of these subjects, oldest first."""
    named = strikes.c.about.in_([fold(one) for one in about])
    return _all(connection, Strike, select(strikes.c.doc).where(named & strikes.c.open).order_by(strikes.c.id))


def struck(connection: Connection) -> Mapping[str, int]:
    """Return how many strikes stand, by who worded the sentence."""
    counted = select(strikes.c.engine, func.count()).where(strikes.c.open).group_by(strikes.c.engine)
    return {row.engine: row[1] for row in connection.execute(counted)}


def newest_drafts(connection: Connection, *, most: int) -> Sequence[Draft]:
    """Return drafts, newest first."""
    return _all(connection, Draft, select(drafts.c.doc).order_by(drafts.c.id.desc()).limit(most))


def newest_incidents(connection: Connection, *, channel: str | None, open_only: bool) -> Sequence[Incident]:
    """Return incidents, newest first, of one channel or of all."""
    statement = select(incidents.c.doc).order_by(incidents.c.id.desc())
    if channel is not None:
        statement = statement.where(incidents.c.channel == fold(channel))
    return _all(connection, Incident, statement.where(incidents.c.open) if open_only else statement)


def newest_runs(connection: Connection, *, open_only: bool, most: int) -> Sequence[Run]:
    """Return runs, newest first."""
    statement = select(runs.c.doc).order_by(runs.c.id.desc()).limit(most)
    return _all(connection, Run, statement.where(runs.c.open) if open_only else statement)


def newest_approvals(connection: Connection, *, of: int | None, open_only: bool) -> Sequence[Approval]:
    """Return requests, newest first, of one run or of all."""
    statement = select(approvals.c.doc).order_by(approvals.c.id.desc())
    if of is not None:
        statement = statement.where(approvals.c.run == of)
    return _all(connection, Approval, statement.where(approvals.c.open) if open_only else statement)


def newest_episodes(connection: Connection, *, open_only: bool, arn: str | None) -> Sequence[Episode]:
    """Return episodes, newest first, of one alarm or of all."""
    statement = select(episodes.c.doc).order_by(episodes.c.id.desc())
    if arn is not None:
        statement = statement.where(episodes.c.arn == fold(arn))
    return _all(connection, Episode, statement.where(episodes.c.open) if open_only else statement)


def voters(connection: Connection, number: int) -> frozenset[str]:
    """Return who has a vote row for the approval."""
    return frozenset(connection.execute(select(votes.c.person).where(votes.c.approval == number)).scalars())


def _found(
    connection: Connection, kind: type[Subject], table: Table, number: int, *, name: str, lock: bool = False
) -> Subject:
    statement = select(table.c.doc).where(table.c.id == number)
    found = _one(connection, kind, statement.with_for_update(key_share=True) if lock else statement)
    if found is None:
        raise NotFoundError(f"There is no {name}. See {_LISTS.get(name.partition('-')[0], '/runbook status')}.")
    return found


def _one(connection: Connection, kind: type[Subject], statement: Select[str]) -> Subject | None:
    document = connection.execute(statement).scalar()
    return None if document is None else kind.model_validate_json(document)


def _all(connection: Connection, kind: type[Subject], statement: Select[str]) -> list[Subject]:
    return [kind.model_validate_json(document) for document in connection.execute(statement).scalars()]
