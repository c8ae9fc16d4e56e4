"""These start lakes of their own: there is room for one in a process, so they share none with other tests."""

import threading
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, ParamValidationError

from bot.errors import InvalidError
from bot.workbench.clock import Clock
from bot.workbench.lake import breaker
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import LakeNames
from bot.workbench.scenarios.circuit_breaker import break_
from tests.workbench.lake.driving import start, started


def test_a_closed_lake_leaves_no_thread_and_no_listener(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with started(tmp_path) as lake:
        break_(lake)
        lake.pause()
        start(lake, "never-answered", raw_key="bronze/none")
        lake.resume()
        client = lake.clients.s3

    left = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("lake-")]
    assert left == []
    with pytest.raises(EndpointConnectionError):
        client.list_buckets()


def test_a_lake_can_be_started_after_another_was_closed(tmp_path: Path) -> None:
    with started(tmp_path) as first:
        break_(first)
        first_key = first.credentials.access_key_id

    with started(tmp_path) as second:
        assert second.credentials.access_key_id != first_key
        assert breaker.read(second.clients.s3, second.names).state == "CLOSED"
        found = second.clients.sfn.list_executions(stateMachineArn=second.names.state_machine_arn)
        assert found["executions"] == []


def test_closing_twice_or_before_starting_is_harmless(tmp_path: Path) -> None:
    lake = Lake(clock=Clock(tmp_path / "clock.json"))

    lake.close()
    lake.close()

    with pytest.raises(InvalidError, match=r"not started. Call start\(\) first"):
        _ = lake.endpoint_url


def test_a_lake_that_cannot_be_seeded_leaves_nothing_running(tmp_path: Path) -> None:
    names = LakeNames(bronze_bucket="NOT A BUCKET NAME")
    lake = Lake(clock=Clock(tmp_path / "clock.json"), names=names)

    with pytest.raises(ParamValidationError):
        lake.start()

    assert [thread.name for thread in threading.enumerate() if thread.name == "lake-server"] == []
