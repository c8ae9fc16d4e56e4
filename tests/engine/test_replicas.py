"""Processes that are killed, and what becomes of their work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.claims import TableClaims
from tests.engine.replica import Replica

Spawn = Callable[[str], Replica]


@contextmanager
def spawning(database_url: str, *, claims_url: str, folder: Path) -> Iterator[Spawn]:
    spawned: list[Replica] = []

    def start(name: str) -> Replica:
        spawned.append(Replica(name, database_url=database_url, claims_url=claims_url, folder=folder))
        return spawned[-1]

    try:
        yield start
    finally:
        for replica in spawned:
            replica.abandon()


@pytest.fixture
def spawn(database_url: str, tmp_path: Path) -> Iterator[Spawn]:
    claims_url = database_url
    if database_url.startswith("sqlite"):
        claims_url = f"sqlite:///{tmp_path}/claims.db"
        TableClaims(claims_url).create()
    with spawning(database_url, claims_url=claims_url, folder=tmp_path) as start:
        yield start


@pytest.fixture
def spawn_on_postgres(engine_on_postgres: str, tmp_path: Path) -> Iterator[Spawn]:
    with spawning(engine_on_postgres, claims_url=engine_on_postgres, folder=tmp_path) as start:
        yield start


@pytest.mark.crash
def test_work_killed_in_the_middle_is_finished_by_the_next_start(spawn: Spawn) -> None:
    first = spawn("first")
    first.hold.touch()
    first.start("segment:1:1")
    first.journal.wait_for("began segment:1:1 first")
    first.kill()

    second = spawn("second")

    second.journal.wait_for("ended segment:1:1 second")
    assert second.journal.lines("ended") == ["ended segment:1:1 second"]


@pytest.mark.crash
def test_work_killed_while_it_queued_for_its_turn_is_finished_too(spawn: Spawn) -> None:
    first = spawn("first")
    first.hold.touch()
    works = [f"segment:1:{number}" for number in range(12)]
    for work in works:
        first.start(work)
    first.journal.wait_for("started", times=len(works))
    assert len(first.journal.lines("began")) < len(works)
    first.kill()

    second = spawn("second")

    ended = second.journal.wait_for("ended", times=len(works))
    assert sorted(ended) == sorted(f"ended {work} second" for work in works)


@pytest.mark.crash
def test_what_a_killed_replica_left_is_finished_by_exactly_one_survivor(spawn_on_postgres: Spawn) -> None:
    victim, quick, slow = (spawn_on_postgres(name) for name in ("victim", "quick", "slow"))
    journal = victim.journal
    works = [f"segment:1:{number}" for number in range(6)]
    for replica in (victim, quick, slow):
        replica.hold.touch()
        replica.up()
    for work in works:
        victim.start(work)
    journal.wait_for("began", times=len(works))
    # The slow one has seen what the victim has in hand, and acts on it only after the quick one took it over.
    slow.pause.touch()
    journal.wait_for("paused slow")
    victim.kill()
    journal.wait_for("began", times=2 * len(works))
    slow.pause.unlink()

    journal.wait_for("lost slow", times=len(works))
    for survivor in (quick, slow):
        if len([line for line in journal.lines("began") if line.endswith(survivor.name)]) < len(works):
            survivor.look_again(times=6)
    quick.hold.unlink()
    slow.hold.unlink()
    journal.wait_for("ended", times=len(works))
    quick.close()
    slow.close()

    taken = [line.split()[1] for line in journal.lines("began") if not line.endswith("victim")]
    assert sorted(taken) == works
    assert len(journal.lines("ended")) == len(works)


def test_a_live_replica_keeps_its_work_though_another_looks_at_it(spawn_on_postgres: Spawn) -> None:
    busy, idle = spawn_on_postgres("busy"), spawn_on_postgres("idle")
    busy.hold.touch()
    busy.start("segment:1:1")
    busy.journal.wait_for("began segment:1:1 busy")
    idle.up()

    idle.start("segment:1:1")
    idle.journal.wait_for("started segment:1:1 idle")
    idle.look_again(times=10)
    busy.hold.unlink()
    busy.journal.wait_for("ended segment:1:1 busy")
    idle.close()
    busy.close()

    assert busy.journal.lines("began") == ["began segment:1:1 busy"]
