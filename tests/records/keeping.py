"""Write down the records of today's schema, one of each kind, for the bots to come: `python -m tests.records.keeping`.

What is written is `kept/NUMBER/`, by the newest migration: the tables as SQL, the audit's public key and its anchors.
It is written once for each schema that is released, and never changed after that.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from sqlite3 import connect
from tempfile import TemporaryDirectory

from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.records import AttemptState, Change, Outcome, Wait
from bot.domain.run import Owed
from bot.domain.strikes import Strike
from bot.records.anchors import folder_anchors
from bot.records.migrations import MIGRATIONS
from bot.records.signing import signer_at
from bot.records.store import Store
from tests.domain.postmortem import inc7
from tests.records.values import (
    NOON,
    PLACE,
    StandingClock,
    a_card,
    a_delivery,
    a_followup,
    an_episode,
    an_incident,
    begin,
    entry,
    taking,
)

KEPT = Path(__file__).parent / "kept"
SNAPSHOT = ("# Runbook: Circuit breaker\n", "runbooks/circuit-breaker.md", "0" * 64)


def fill(store: Store) -> None:
    """Keep one of everything: a run whose first call was made and that owes the second, and what stands around it."""
    store.keep_snapshot(*SNAPSHOT)
    begin(store, exclusive="breaker/transactions")
    taken = store.take(taking(store, holds="schedule:nightly"))
    store.mark_sending(taken.attempt, owner="one")
    done = Outcome(attempt=taken.attempt, owner="one", state=AttemptState.DONE, answer={"found": True})
    owed = Owed(step="resume", cause="pause", approval=1, since=NOON)
    run = store.run(1).model_copy(update={"owed": (owed,), "at": 1})
    store.commit(Change(runs=(run,), outcomes=(done,), audit=(entry("call.answered", actor="aws"),)))
    begin(store, 2)
    evidence = inc7.document().evidence
    store.commit(
        Change(
            episodes=(an_episode(),),
            incidents=(an_incident(),),
            drafts=(a_draft(),),
            followups=(a_followup(owner="U2"),),
            strikes=(a_strike(),),
            evidence=(("A-1", evidence),),
            cards=(a_card(words="half-open"),),
            opens=(Wait(key="segment:1:2", due=NOON), Wait(key="remind:1:1", due=NOON + timedelta(minutes=15))),
            closes=("segment:1:1",),
            counts=(("run", 2), ("approval", 2)),
            audit=(entry("incident.declared", subject="INC-1", private="load halted, said U1"),),
        )
    )
    store.card_shown("run:1", ts="1.1", shown=1, edition=1)
    store.accept(a_delivery(words="breaker"))
    store.keep_dialog("opaque", person="U1", until=NOON + timedelta(hours=1), subject="approve:2:1")
    store.commit(Change(audit=(entry("wish.refused", actor="U3", private="not in lake-platform"),)))
    store.ledger.erase("U3", reason="they asked for it")


def a_draft() -> Draft:
    return Draft(
        id=1,
        incident=1,
        label="INC-1",
        title="load halted",
        place=PLACE,
        by="U1",
        begun=NOON,
        since=NOON - timedelta(hours=1),
        until=NOON,
        state=DraftState.READY,
        document=inc7.document(),
        text="# INC-1\n",
        edition=1,
    )


def a_strike() -> Strike:
    return Strike(
        id=1,
        claim="1" * 64,
        text="The schedule is resumed.",
        about="INC-1",
        message="postmortem:1",
        channel="C1",
        by="U2",
        name="bo",
        at=NOON,
        reason="it is still paused",
    )


def dump(database: Path) -> Sequence[str]:
    """Return the statements that make a database of SQLite anew."""
    connection = connect(database)
    try:
        return [*connection.iterdump()]
    finally:
        connection.close()


def lay_out(kept: Path, folder: Path) -> str:
    """Make a database of what was kept, and return its address."""
    connection = connect(folder / "bot.db")
    try:
        connection.executescript((kept / "bot.sql").read_text(encoding="utf-8"))
    finally:
        connection.close()
    return f"sqlite:///{folder / 'bot.db'}"


def main() -> None:
    """Write the folder of today's schema."""
    target = KEPT / str(len(MIGRATIONS))
    rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with TemporaryDirectory() as made:
        folder = Path(made)
        signer = signer_at(folder / "audit.key", trust=target / "audit.pub")
        anchors = folder_anchors(target / "anchors")
        store = Store.open(f"sqlite:///{folder / 'bot.db'}", signer=signer, anchors=anchors, clock=StandingClock())
        try:
            fill(store)
        finally:
            store.close()
        lines = "".join(f"{line}\n" for line in dump(folder / "bot.db"))
        (target / "bot.sql").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
