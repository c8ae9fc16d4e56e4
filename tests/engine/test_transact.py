import base64
import logging
import pickle
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.engine.transact import SCHEMA, DbosEngine
from tests.engine.journal import Journal
from tests.postgres import Postgres

PATIENCE = 20.0
QUICK = timedelta(milliseconds=400)
GHOST = "a replica that died"


class Beats:
    """Claims of one process: everybody else is dead, and `granted` says whether this one may take over."""

    def __init__(self, *, granted: bool = True) -> None:
        self.granted = granted
        self.beats: list[str] = []
        self.asked: list[tuple[str, str, str]] = []

    def beat(self, replica: str) -> None:
        self.beats.append(replica)

    def dead(self, *, after: timedelta) -> frozenset[str]:
        assert after == QUICK
        return frozenset({GHOST, *self.beats[:1]})

    def claim(self, work: str, *, of: str, by: str) -> bool:
        self.asked.append((work, of, by))
        return self.granted


class Tables:
    """The engine's rows, looked at and tampered with from outside."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._schema = f"{SCHEMA}." if url.startswith("postgresql") else ""

    def rows(self) -> dict[str, str]:
        found = self._execute("select workflow_uuid, status from {}workflow_status")
        return {str(workflow_id): str(status) for workflow_id, status in found}

    def wait_for(self, workflow_id: str, *, status: str) -> None:
        until(lambda: self.rows().get(workflow_id) == status)

    def leave_to_the_dead(self, workflow_id: str) -> None:
        """Make a finished row look as if its replica had died in the middle of it."""
        self.wait_for(workflow_id, status="SUCCESS")
        self._execute(
            "update {}workflow_status set status = 'PENDING', executor_id = :ghost, owner_xid = 'gone'"
            " where workflow_uuid = :id",
            ghost=GHOST,
            id=workflow_id,
        )

    def rename(self, workflow_id: str, *, to: str) -> None:
        self._execute(
            "update {}workflow_status set workflow_uuid = :to where workflow_uuid = :id",
            to=to,
            id=workflow_id,
        )

    def plant_pickle(self, workflow_id: str, payload: str) -> None:
        self._execute(
            "update {}workflow_status set serialization = 'py_pickle' where workflow_uuid = :id",
            id=workflow_id,
        )
        self._execute(
            "update {}workflow_input set inputs = :payload where workflow_uuid = :id",
            payload=payload,
            id=workflow_id,
        )

    def _execute(self, statement: str, **values: str) -> list[tuple[object, ...]]:
        engine = sa.create_engine(self._url)
        try:
            with engine.begin() as connection:
                result = connection.execute(sa.text(statement.format(self._schema)), values)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()


class Bench:
    """An engine whose work writes down that it ran, and waits while `gate` is shut."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.tables = Tables(database_url)
        self.claims = Beats()
        self.performed: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.then: Callable[[str], None] = lambda work: None
        self._engines: list[DbosEngine] = []

    def launch(
        self, *, concurrency: int = 8, replica: str | None = None, retention: timedelta = timedelta(days=1)
    ) -> DbosEngine:
        engine = DbosEngine(
            perform=self._perform,
            claims=self.claims,
            database_url=self.database_url,
            installation="here",
            replica=replica or f"replica-{len(self._engines)}",
            concurrency=concurrency,
            dead_after=QUICK,
            polling=timedelta(milliseconds=20),
            retention=retention,
        )
        self._engines.append(engine)
        engine.launch()
        return engine

    def ran(self, work: str, *, times: int = 1) -> None:
        until(lambda: self.performed.count(work) >= times)

    def end(self) -> None:
        self.gate.set()
        for engine in self._engines:
            engine.close()

    def _perform(self, work: str) -> None:
        self.performed.append(work)
        assert self.gate.wait(PATIENCE)
        self.then(work)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    bench = Bench(database_url)
    yield bench
    bench.end()


def test_work_that_nobody_knew_is_performed(bench: Bench) -> None:
    engine = bench.launch()

    engine.start("inbox:17")

    bench.tables.wait_for("here/inbox:17", status="SUCCESS")
    assert bench.performed == ["inbox:17"]


def test_work_in_flight_is_not_started_again(bench: Bench) -> None:
    engine = bench.launch()
    bench.gate.clear()
    engine.start("segment:42:3")
    bench.ran("segment:42:3")

    for _ in range(20):
        engine.start("segment:42:3")
    bench.gate.set()

    bench.tables.wait_for("here/segment:42:3", status="SUCCESS")
    assert bench.performed == ["segment:42:3"]
    assert list(bench.tables.rows()) == ["here/segment:42:3"]


def test_work_in_flight_elsewhere_is_not_started_here(bench: Bench) -> None:
    engine = bench.launch()
    bench.claims.granted = False
    engine.start("segment:42:3")
    bench.tables.leave_to_the_dead("here/segment:42:3")

    engine.start("segment:42:3")

    assert bench.tables.rows() == {"here/segment:42:3": "PENDING"}


def test_finished_work_that_its_records_still_have_open_is_performed_again(bench: Bench) -> None:
    engine = bench.launch()
    engine.start("segment:42:3")
    bench.tables.wait_for("here/segment:42:3", status="SUCCESS")

    engine.start("segment:42:3")

    bench.tables.wait_for("here/segment:42:3#1", status="SUCCESS")
    assert bench.performed == ["segment:42:3", "segment:42:3"]


def test_a_later_turn_in_flight_is_not_doubled(bench: Bench) -> None:
    engine = bench.launch()
    engine.start("segment:42:3")
    bench.tables.wait_for("here/segment:42:3", status="SUCCESS")
    engine.start("segment:42:3")
    bench.tables.wait_for("here/segment:42:3#1", status="SUCCESS")
    bench.claims.granted = False
    bench.tables.leave_to_the_dead("here/segment:42:3#1")

    engine.start("segment:42:3")

    assert len(bench.tables.rows()) == 2


def test_work_started_again_and_again_does_not_pile_up_rows(bench: Bench) -> None:
    engine = bench.launch()

    for turn in range(14):
        engine.start("segment:42:3")
        suffix = f"#{turn}" if turn else ""
        bench.tables.wait_for(f"here/segment:42:3{suffix}", status="SUCCESS")

    assert set(bench.tables.rows()) == {"here/segment:42:3", "here/segment:42:3#12", "here/segment:42:3#13"}


def test_rows_of_work_that_ended_long_ago_are_thrown_away_and_those_in_flight_kept(bench: Bench) -> None:
    engine = bench.launch()
    bench.claims.granted = False
    for work in ("old", "busy"):
        engine.start(work)
        bench.tables.wait_for(f"here/{work}", status="SUCCESS")
    engine.start("busy")
    bench.tables.leave_to_the_dead("here/busy#1")
    engine.close()

    bench.launch(retention=timedelta(seconds=-5))

    until(lambda: "here/old" not in bench.tables.rows())
    assert bench.tables.rows() == {"here/busy": "SUCCESS", "here/busy#1": "PENDING"}


def test_work_that_fails_is_logged_whole_once_and_may_be_started_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(work: str) -> None:
        raise RuntimeError(f"{work} broke")

    engine = bench.launch()
    bench.then = fail
    engine.start("segment:42:3")
    bench.tables.wait_for("here/segment:42:3", status="SUCCESS")
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    bench.then = lambda work: None

    engine.start("segment:42:3")

    bench.ran("segment:42:3", times=2)
    assert [record.exc_text for record in told] == [told[0].exc_text]
    assert "segment:42:3 broke" in str(told[0].exc_text)


def test_no_more_is_performed_at_once_than_allowed_and_start_does_not_wait_for_room(bench: Bench) -> None:
    engine = bench.launch(concurrency=3)
    bench.gate.clear()

    for number in range(9):
        engine.start(f"inbox:{number}")

    until(lambda: len(bench.performed) == 3)
    bench.gate.set()
    until(lambda: len(bench.performed) == 9)


def test_work_may_start_work_which_then_stands_on_its_own(bench: Bench) -> None:
    engine = bench.launch()
    bench.then = lambda work: engine.start("segment:1:1") if work == "inbox:1" else None

    engine.start("inbox:1")

    bench.tables.wait_for("here/segment:1:1", status="SUCCESS")
    bench.tables.leave_to_the_dead("here/inbox:1")
    bench.ran("inbox:1", times=2)
    bench.tables.wait_for("here/segment:1:1#1", status="SUCCESS")


def test_an_engine_that_lost_its_tables_performs_what_is_still_open(tmp_path: Path) -> None:
    bench = Bench(f"sqlite:///{tmp_path}/engine.db")
    try:
        bench.launch().start("segment:1:1")
        bench.tables.wait_for("here/segment:1:1", status="SUCCESS")
        bench.end()
        for left in tmp_path.glob("engine.db*"):
            left.unlink()

        bench.launch().start("segment:1:1")

        bench.ran("segment:1:1", times=2)
    finally:
        bench.end()


def test_work_of_a_dead_replica_is_performed_here(bench: Bench) -> None:
    engine = bench.launch()
    engine.start("segment:1:1")

    bench.tables.leave_to_the_dead("here/segment:1:1")

    bench.ran("segment:1:1", times=2)
    bench.tables.wait_for("here/segment:1:1", status="SUCCESS")
    assert bench.claims.asked == [("here/segment:1:1", GHOST, "replica-0")]


def test_a_replica_that_does_not_get_the_claim_leaves_the_work_alone(bench: Bench) -> None:
    engine = bench.launch()
    bench.claims.granted = False
    engine.start("segment:1:1")

    bench.tables.leave_to_the_dead("here/segment:1:1")

    until(lambda: len(bench.claims.asked) > 3)
    assert bench.tables.rows() == {"here/segment:1:1": "PENDING"}


def test_what_another_installation_left_is_not_touched(bench: Bench) -> None:
    engine = bench.launch()
    engine.start("segment:1:1")
    engine.start("segment:1:2")
    bench.tables.wait_for("here/segment:1:1", status="SUCCESS")
    bench.tables.wait_for("here/segment:1:2", status="SUCCESS")
    bench.tables.rename("here/segment:1:1", to="there/segment:1:1")

    bench.tables.leave_to_the_dead("there/segment:1:1")
    bench.tables.leave_to_the_dead("here/segment:1:2")

    bench.ran("segment:1:2", times=2)
    assert [work for work, _, _ in bench.claims.asked] == ["here/segment:1:2"]
    assert bench.tables.rows()["there/segment:1:1"] == "PENDING"


class Bomb:
    """Write a line where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return explode, (self._marker,)


def explode(marker: Path) -> None:
    Journal(marker).write("it ran")


def test_a_pickle_planted_in_the_engines_tables_does_not_run(bench: Bench, tmp_path: Path) -> None:
    pickled = pickle.dumps(Bomb(tmp_path / "control"))
    pickle.loads(pickled)  # noqa: S301 - the control: this payload does run where it is unpickled
    assert (tmp_path / "control").exists()
    payload = base64.b64encode(pickle.dumps(Bomb(tmp_path / "harm"))).decode()
    bench.launch().start("inbox:1")
    bench.tables.wait_for("here/inbox:1", status="SUCCESS")
    bench.tables.plant_pickle("here/inbox:1", payload)

    bench.tables.leave_to_the_dead("here/inbox:1")

    bench.tables.wait_for("here/inbox:1", status="ERROR")
    assert not (tmp_path / "harm").exists()
    assert bench.performed == ["inbox:1"]


def test_work_ended_by_a_planted_row_is_performed_when_asked_for_again(bench: Bench) -> None:
    engine = bench.launch()
    engine.start("inbox:1")
    bench.tables.wait_for("here/inbox:1", status="SUCCESS")
    bench.tables.plant_pickle("here/inbox:1", "")
    bench.tables.leave_to_the_dead("here/inbox:1")
    bench.tables.wait_for("here/inbox:1", status="ERROR")

    engine.start("inbox:1")

    bench.tables.wait_for("here/inbox:1#1", status="SUCCESS")


def test_close_leaves_no_thread(bench: Bench) -> None:
    before = set(threading.enumerate())
    engine = bench.launch()
    for number in range(20):
        engine.start(f"inbox:{number}")
    until(lambda: len(bench.performed) == 20)

    engine.close()

    until(lambda: set(threading.enumerate()) <= before)


def test_close_waits_for_the_work_under_way_and_beats_until_it_ended(bench: Bench) -> None:
    engine = bench.launch(concurrency=1)
    bench.gate.clear()
    engine.start("inbox:1")
    engine.start("inbox:2")
    bench.ran("inbox:1")
    closing = threading.Thread(target=engine.close)
    closing.start()
    beats = len(bench.claims.beats)
    until(lambda: len(bench.claims.beats) > beats)
    engine.start("inbox:3")

    bench.gate.set()
    closing.join(PATIENCE)

    assert not closing.is_alive()
    assert bench.performed == ["inbox:1"]
    rows = bench.tables.rows()
    assert rows["here/inbox:1"] == "SUCCESS"
    assert "here/inbox:3" not in rows


def test_what_waited_for_room_at_the_close_is_performed_after_the_next_launch(bench: Bench) -> None:
    engine = bench.launch(concurrency=1)
    bench.gate.clear()
    engine.start("inbox:1")
    engine.start("inbox:2")
    bench.ran("inbox:1")
    bench.gate.set()
    engine.close()
    bench.launch().start("inbox:2")

    bench.ran("inbox:2")


@pytest.mark.timeout(300)
def test_work_under_way_outlives_a_restart_of_the_database(postgres: Postgres, engine_on_postgres: str) -> None:
    bench = Bench(engine_on_postgres)
    engine = bench.launch()
    bench.gate.clear()
    engine.start("segment:1:1")
    bench.ran("segment:1:1")

    postgres.restart()
    bench.gate.set()
    bench.tables.wait_for("here/segment:1:1", status="SUCCESS")
    engine.start("segment:1:2")
    bench.tables.wait_for("here/segment:1:2", status="SUCCESS")

    assert bench.performed == ["segment:1:1", "segment:1:2"]
    bench.end()


def test_a_second_engine_in_one_process_is_refused(bench: Bench) -> None:
    bench.launch()

    with pytest.raises(RuntimeError, match="close that one"):
        bench.launch(replica="another")


def test_the_engines_file_is_written_ahead(tmp_path: Path) -> None:
    bench = Bench(f"sqlite:///{tmp_path}/engine.db")
    bench.launch()
    bench.end()

    with closing(sqlite3.connect(tmp_path / "engine.db")) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
