"""One local Slack per test, and a Bolt app for it."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.workbench.slack.person import Person
from bot.workbench.slack.server import LocalSlack
from tests.workbench.slack.scene import WORKSPACE, Bot, Connect, Ticks, by_http, by_socket


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture(scope="module")
def lasting_slack() -> Iterator[LocalSlack]:
    """Serve a whole file; for tests that no app and no clock is needed for."""
    with LocalSlack(WORKSPACE) as started:
        yield started


@pytest.fixture
def ack_seconds() -> float:
    """How long the local Slack waits for the app: a busy machine is no app that does not answer."""
    return 20.0


@pytest.fixture
def slack(ticks: Ticks, ack_seconds: float) -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE, ticks=ticks, ack_seconds=ack_seconds, event_retry_seconds=(0.05, 0.05)) as started:
        yield started


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.base_url)


@pytest.fixture
def bot(slack: LocalSlack) -> Iterator[Bot]:
    made = Bot(slack)
    yield made
    made.app.listener_runner.listener_executor.shutdown()


@pytest.fixture(params=[by_socket, by_http])
def connect(request: pytest.FixtureRequest) -> Connect:
    chosen: Connect = request.param
    return chosen


@pytest.fixture
def ana(slack: LocalSlack) -> Person:
    return slack.person("ana")


@pytest.fixture
def bo(slack: LocalSlack) -> Person:
    return slack.person("bo")
