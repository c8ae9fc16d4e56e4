"""The backfill of three months under one approval each for load and promotion, and a bad one in the middle."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.action import Call, Element
from bot.domain.approval import Approval, ConsumedApproval
from bot.domain.run import RunState
from bot.domain.value import JsonObject
from bot.ports import Cloud, Identity
from bot.workbench.lake import furniture, readings
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.furniture import Promoted
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.driving import land
from tests.runbooks.playing import Broken, Played, broken, playing
from tests.workbench.lake.driving import read_json

Months = tuple[Promoted, Promoted, Promoted]


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with broken("backfill", tmp_path_factory.mktemp("lake")) as one:
        yield one


@pytest.fixture
def played(late: Broken, tmp_path: Path) -> Iterator[Played]:
    with playing("backfill", late.anew(), tmp_path) as one:
        yield one


@pytest.fixture
def months(played: Played) -> Months:
    """Have three months that readers have, oldest first, and late files of each."""
    lake = played.lake
    newest, middle = lake.seeded.months
    oldest = furniture.closed_months(lake.clients, lake.names, before=middle.day)[0]
    furniture.register(lake.clients, lake.names, [oldest.day])
    for month in (oldest, middle, newest):
        files_land(lake, month)
    return oldest, middle, newest


def files_land(lake: Lake, month: Promoted) -> None:
    for is_late in (False, True):
        for (day, file_id), rows in furniture.month_files(month.day, late=is_late).items():
            land(lake, day, file_id, rows)


def a_file_is_spoilt(lake: Lake, month: Promoted) -> None:
    """Send one file anew whose currencies nobody knows: more than 5 % of the month, too few to halt the pipeline."""
    (day, file_id), rows = next(iter(furniture.month_files(month.day).items()))
    land(lake, day, file_id, [{**row, "currency": "EURO"} for row in rows])


def started(played: Played, months: Months, **inputs: str) -> Played:
    first, _, last = months
    return played.start(
        **{"first": f"{first.day:%Y-%m}", "last": f"{last.day:%Y-%m}", "at_once": "all", **inputs}
    ).approve_until("load_all")


def live(lake: Lake, months: Months) -> list[str]:
    found = [readings.pointer(lake.clients.s3, lake.names, month.partition) for month in months]
    return [str(one.body["run_id"]) if one else "" for one in found]


@dataclass
class Meddled:
    """Stand before the gate, and let somebody do something else once a call of one row was answered."""

    cloud: Cloud
    after: str
    do: Callable[[], None]
    done: bool = False

    def look(self, call: Call) -> JsonObject:
        return self.cloud.look(call)

    def send(self, permit: ConsumedApproval, *, mark: Callable[[], None]) -> JsonObject:
        answer = self.cloud.send(permit, mark=mark)
        if permit.call.row == self.after and not self.done:
            self.done = True
            self.do()
        return answer

    def send_many(
        self,
        permit: ConsumedApproval,
        elements: Sequence[Element],
        *,
        mark: Callable[[int, int], None],
        insist: Callable[[Sequence[Call]], None] | None = None,
    ) -> JsonObject:
        return self.cloud.send_many(permit, elements, mark=mark, insist=insist)

    def identity(self, service: str) -> Identity:
        return self.cloud.identity(service)


def meddles(played: Played, *, after: str, do: Callable[[], None]) -> None:
    desk = played.table.desk
    played.table.desk = replace(desk, cloud=Meddled(desk.cloud, after, do))


def approvals(played: Played) -> list[Approval]:
    found = played.table.store.approvals(run=played.run.id)
    return [one for one in found if one.step in {"load_all", "promote_all"}]


def test_one_yes_of_each_role_loads_three_months_and_one_more_gives_them_to_readers(
    played: Played, months: Months
) -> None:
    lake = played.lake
    started(played, months)
    assert played.note("months") == "3 of 3 months can be loaded anew, from 36 source files"
    assert [call.call.row for call in played.asked().binding.calls] == ["states.start_month"] * 3
    assert set(played.asked().binding.needs) == {"platform", "domain"}

    played.approve("load_all")
    assert played.note("loaded") == "3 of 3 months may be given to readers"
    assert live(lake, months) == [month.run_id for month in months]
    played.approve("promote_all")

    assert played.run.state is RunState.REPAIRED, (played.run.waiting, played.failed())
    assert played.note("all_given") == "readers have 3 of 3 months anew"
    assert len(approvals(played)) == 2
    for month, run_id in zip(months, live(lake, months), strict=True):
        assert run_id.startswith(f"backfill-{month.day:%Y%m}-r{played.run.id}-")
        assert len(readings.current_rows(lake.clients.s3, lake.names, month.partition)) == 480

    played.undo().approve("give_all_back")

    assert live(lake, months) == [month.run_id for month in months]


def test_a_month_the_gate_refuses_is_left_out_and_named_and_the_others_are_given(
    played: Played, months: Months
) -> None:
    lake = played.lake
    first, middle, last = months
    a_file_is_spoilt(lake, middle)
    started(played, months).approve("load_all")

    assert played.note("loaded").startswith(f"2 of 3 months may be given to readers; not {middle.day:%Y-%m}: ")
    played.approve("promote_all")

    now = live(lake, months)
    assert now[1] == middle.run_id
    assert {first.run_id, last.run_id} & set(now) == set()
    assert played.run.state is RunState.NOT_REPAIRED
    assert played.failed() == ["all_given", "alarm_ok"]


def test_a_month_that_somebody_promotes_after_the_yes_ends_it_for_those_after_it(
    played: Played, months: Months
) -> None:
    lake = played.lake
    first, middle, last = months
    started(played, months).approve("load_all")

    meddles(played, after="s3.put_pointer", do=lambda: point(lake, middle, "20200101T000000Z"))
    played.approve("promote_all")

    now = live(lake, months)
    assert now[0] != first.run_id
    assert now[1:] == ["20200101T000000Z", last.run_id]
    assert "Somebody gave readers 20200101T000000Z since" in played.words()
    assert len(approvals(played)) == 2
    assert played.sent().count("s3.put_pointer") == 1


def point(lake: Lake, month: Promoted, run_id: str) -> None:
    key = f"{month.partition}_LATEST.json"
    body = {**read_json(lake, lake.names.silver_bucket, key), "run_id": run_id}
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=key, Body=to_json(body))
