from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.aws.keeping import kept
from bot.aws.logs import AwsLogs
from bot.domain.action import Call, Looking
from bot.domain.logs.digest import Digest
from bot.domain.logs.event import LogEvent
from bot.domain.logs.fetching import ReadLogs
from bot.domain.logs.masking import mask
from bot.domain.logs.mining import Miner
from bot.domain.logs.ranking import digest
from bot.domain.logs.showing import rows
from bot.domain.value import JsonObject
from bot.workbench.lake.causes import FAILURES
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.noise import AFTER, BEFORE, PREFIX, Said, around, usually
from bot.workbench.scenarios.registry import SCENARIOS
from tests.aws.seeded import PLATFORM

AT = datetime(2026, 1, 21, 2, 7, tzinfo=UTC)
LINES = 3_000


def as_event(said: Said) -> LogEvent:
    return LogEvent(said.at, said.stream, "e", said.message, "/lake/etl/transactions")


def digested(name: str) -> Digest:
    miner = Miner()
    day = timedelta(days=1)
    quiet = usually(since=AT - BEFORE - day, until=AT + AFTER - day, lines=LINES, seed=3)
    miner.feed_baseline(map(as_event, quiet))
    miner.feed(map(as_event, around(name, at=AT, lines=LINES, run_id="20260121T020000Z")))
    return digest(miner)


def test_every_scenario_has_its_lines() -> None:
    assert list(FAILURES) == list(SCENARIOS)


@pytest.mark.parametrize("name", FAILURES)
def test_the_planted_cause_is_among_the_first_three_candidates_and_its_teller_is_named(name: str) -> None:
    found = digested(name)

    cause = FAILURES[name].cause
    words = " ".join(mask(word) for word in cause.text.format(n=777, run="20260121T020000Z").split())
    assert any(words in one.text for one in rows(found, most=3)), [one.text for one in rows(found, most=3)]
    assert f"{PREFIX}{cause.who}" in [one.source for one in found.suspects[:3]]
    assert found.onset is not None
    assert abs(found.onset - AT) < timedelta(minutes=1)


def test_lines_are_in_order_named_synthetic_and_the_same_each_time() -> None:
    lines = list(around("circuit-breaker", at=AT, lines=2_000))

    assert [one.at for one in lines] == sorted(one.at for one in lines)
    assert all(one.stream.startswith(PREFIX) for one in lines)
    assert 1_800 < len(lines) < 4_000
    assert lines == list(around("circuit-breaker", at=AT, lines=2_000))


def test_a_day_on_which_nothing_is_wrong_names_nobody() -> None:
    miner = Miner()
    miner.feed_baseline(map(as_event, usually(since=AT - timedelta(hours=1), until=AT, lines=LINES, seed=3)))
    miner.feed(map(as_event, usually(since=AT, until=AT + timedelta(hours=1), lines=LINES, seed=4)))

    assert digest(miner).suspects == ()


def look_at(lake: Lake) -> Looking:
    platform = PLATFORM.model_copy(update={"resources": {"log_groups": (lake.names.log_group,)}})

    def perform(call: Call) -> JsonObject:
        answer: Any = lake.clients.logs.filter_log_events(**call.params)  # type: ignore[arg-type] # the row's own
        return kept(CATALOGUE.row(call.row), answer)

    return Looking(catalogue=CATALOGUE, platform=platform, perform=perform)


def test_the_lake_writes_them_when_asked_and_they_can_be_read_back(lake: Lake) -> None:
    now = lake.clock.now()
    written = lake.surround("circuit-breaker", at=now - timedelta(minutes=30), lines=1_500)

    taken: list[LogEvent] = []
    found = AwsLogs(look_at(lake)).read(
        ReadLogs(groups=(lake.names.log_group,), since=now - timedelta(hours=1), until=now), take=taken.extend
    )

    synthetic = [one for one in taken if one.stream.startswith(PREFIX)]
    assert found.unread == ()
    assert len(synthetic) == written
    assert len({one.event for one in taken}) == len(taken)
