"""Putting the bot together: building sends nothing, what does not fit is refused, closing leaves nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.anchoring import anchors_of, plumbing_of
from bot.app import Bot, Endpoints, Pulse, build
from bot.aws.clients import Credentials
from bot.errors import InvalidError, NotAllowedError, UnavailableError
from bot.settings import Settings
from bot.workbench.company import CHANNEL
from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.workspace import Channel, Human, Workspace
from tests.embedded import NAMESPACE, collected

RUNBOOKS = Path(__file__).parents[1] / "runbooks"
PATIENCE = 40.0  # seconds; generous, since it only bounds how long a failure takes
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens
ROOM = Channel(id=CHANNEL, name="incident-etl", members=("U1", "U0RUNBOOK"))


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    people = (Human(id="U1", name="ana", real_name="Ana"),)
    with LocalSlack(Workspace(people=people, channels=(ROOM,)), ack_seconds=PATIENCE) as started:
        yield started


def _settings(folder: Path, there: LocalSlack | None = None, **changes: dict[str, str]) -> Settings:
    secret = {
        "bot_token": there.bot_token if there else "xoxb",
        "app_token": there.app_token if there else "xapp",
        "signing_secret": there.signing_secret if there else "",
    }
    content: dict[str, Any] = {
        "slack": {"team": "T0LAKE", "channel": CHANNEL, **secret},
        "platform": {
            "prod": {
                "title": "PROD",
                "account": "123456789012",
                "account_name": "lake",
                "region": "eu-west-1",
                "resources": {},
            }
        },
        "policy": {
            "roles": {"team": {"title": "team", "people": ["U1"]}},
            "viewer": "team",
            "operator": "team",
            "on_call": "team",
            "change": ["team"],
            "channels": [CHANNEL],
        },
        "records": {
            "url": f"sqlite:///{folder}/bot.db",
            "engine_url": f"sqlite:///{folder}/engine.db",
            "index": folder / "index.db",
            "signing_key": folder / "audit.key",
            "trusted_keys": folder / "audit.pub",
            "anchors": str(folder / "anchors"),
        },
        "runbooks": RUNBOOKS,
    }
    for name, values in changes.items():
        content[name] = {**content.get(name, {}), **values}
    return Settings.model_validate(content)


def _endpoints(slack_url: str = f"{NOWHERE}/api/") -> Endpoints:
    lent = Credentials(access_key_id="X" * 20, secret_access_key="x")
    return Endpoints(slack_url=slack_url, aws_url=NOWHERE, aws_credentials=lent, intake_wait_s=1)


def test_building_sends_nothing_and_closing_what_never_started_is_fine(tmp_path: Path) -> None:
    bot = build(_settings(tmp_path), endpoints=_endpoints())

    bot.close()

    assert bot.wsgi is None


def test_a_bot_that_cannot_reach_slack_says_so_and_can_be_closed(tmp_path: Path) -> None:
    bot = build(_settings(tmp_path), endpoints=_endpoints())
    try:
        with pytest.raises(UnavailableError, match="Slack cannot be reached"):
            bot.start()
    finally:
        bot.close()


def test_a_wrong_token_is_named_by_its_variable(tmp_path: Path, slack: LocalSlack) -> None:
    settings = _settings(tmp_path, slack)
    wrong = settings.model_copy(update={"slack": _settings(tmp_path).slack})
    bot = build(wrong, endpoints=_endpoints(slack.base_url))
    try:
        with pytest.raises(UnavailableError, match="SLACK_APP_TOKEN"):
            bot.start()
    finally:
        bot.close()


def test_started_and_closed_twice_no_thread_stays_and_the_records_are_free(tmp_path: Path, slack: LocalSlack) -> None:
    before = {thread.name for thread in threading.enumerate()}
    for _ in range(2):
        bot = build(_settings(tmp_path, slack), endpoints=_endpoints(slack.base_url))
        try:
            bot.start()
            _until(lambda: slack.connected)
        finally:
            bot.close()
            bot.close()

    left = {thread.name for thread in threading.enumerate() if thread.is_alive()} - before
    assert not [name for name in left if name in {"sweeper", "renderer", "intake"}]


def test_health_is_well_only_while_every_part_works(
    tmp_path: Path, slack: LocalSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = build(_settings(tmp_path, slack, slack={"transport": "http"}), endpoints=_endpoints(slack.base_url))
    try:
        before = _health(bot)
        bot.start()
        _until(lambda: _health(bot)[0] == "200 OK")
        well = _health(bot)
        monkeypatch.setattr("bot.app.WELL_WITHIN", timedelta(0))
        silent = _health(bot)
    finally:
        bot.close()

    assert before == silent == ("503 Service Unavailable", b"not working: engine, sweeper")
    assert well == ("200 OK", b"ok")


def test_a_bot_that_cannot_hear_slack_says_so_where_it_is_measured(tmp_path: Path, slack: LocalSlack) -> None:
    often = replace(_endpoints(slack.base_url), standing_every=timedelta(milliseconds=100))
    with collected() as lines:
        bot = build(_settings(tmp_path, slack, metrics={"namespace": NAMESPACE}), endpoints=often)
        try:
            bot.start()
            _until(lambda: lines.values("PartsAiling")[-1:] == [0])
            slack.close()
            _until(lambda: max(lines.values("PartsAiling")[-1:], default=0) > 0)
        finally:
            bot.close()

    assert "slack" in lines.told("How the bot stands.")[-1]["ailing"]


def test_without_a_namespace_nobody_looks_how_the_bot_stands(tmp_path: Path, slack: LocalSlack) -> None:
    often = replace(_endpoints(slack.base_url), standing_every=timedelta(0))
    with collected() as lines:
        bot = build(_settings(tmp_path, slack), endpoints=often)
        try:
            bot.start()
            _until(lambda: slack.connected)
            time.sleep(0.5)
        finally:
            bot.close()

    assert lines.told("The bot is ready.")
    assert lines.told("How the bot stands.") == []


def _until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, "It never came true."
        time.sleep(0.02)


def _health(bot: Bot) -> tuple[str, bytes]:
    assert bot.wsgi is not None
    said: list[str] = []
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/health"}

    def begin(status: str, _headers: object, _error: object = None) -> Callable[[bytes], None]:
        said.append(status)
        return lambda _: None

    body = b"".join(bot.wsgi(asked, begin))
    return said[0], body


def test_a_database_that_is_silent_and_a_thread_that_ended_are_named() -> None:
    def silent() -> bool:
        raise UnavailableError("no answer")

    ended = threading.Thread(target=lambda: None, name="renderer")
    pulse = Pulse(beats=silent, sweeps=lambda: True)
    pulse.watch([ended], hears=lambda: False)

    assert pulse.ailing() == ("database", "slack", "renderer")


def test_two_bots_on_one_file_are_refused(tmp_path: Path) -> None:
    first = build(_settings(tmp_path), endpoints=_endpoints())
    try:
        with pytest.raises(NotAllowedError, match="Another bot is using"):
            build(_settings(tmp_path), endpoints=_endpoints())
    finally:
        first.close()


def test_an_environment_that_redirects_aws_is_refused_when_serving_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOWHERE)

    with pytest.raises(InvalidError, match="AWS_ENDPOINT_URL"):
        build(_settings(tmp_path))


def test_an_alarm_queue_that_does_not_answer_does_not_end_the_bot(
    tmp_path: Path, slack: LocalSlack, caplog: pytest.LogCaptureFixture
) -> None:
    queue = f"{NOWHERE}/123456789012/alarms"
    settings = _settings(tmp_path, slack, alarms={"queue_url": queue, "dead_letter_url": f"{queue}-dlq"})
    bot = build(settings, endpoints=_endpoints(slack.base_url))
    try:
        bot.start()
        _until(lambda: slack.connected)
        slack.person("ana").say(CHANNEL, "@runbook-bot help")
        heard = slack.person("ana").wait_for_message("Find, plan and run runbooks", channel=CHANNEL)
    finally:
        bot.close()

    assert heard["ephemeral_for"] == "U1"


def test_with_signed_http_there_is_something_to_post_to(tmp_path: Path) -> None:
    bot = build(_settings(tmp_path, slack={"transport": "http"}), endpoints=_endpoints())
    bot.start()
    try:
        assert bot.wsgi is not None
    finally:
        bot.close()


def test_anchors_in_s3_are_kept_through_the_bot_s_own_calls(tmp_path: Path) -> None:
    settings = _settings(tmp_path, records={"anchors": "s3://audit/lake/"})
    plumbing = plumbing_of(settings, endpoint_url=NOWHERE)
    try:
        anchors = anchors_of(settings, plumbing)
        with pytest.raises(UnavailableError):
            anchors.newest()
    finally:
        plumbing.close()


def test_anchors_in_a_folder_are_files(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    plumbing = plumbing_of(settings, endpoint_url=NOWHERE)
    try:
        assert anchors_of(settings, plumbing).prompt
        assert list(anchors_of(settings, plumbing).every()) == []
    finally:
        plumbing.close()
