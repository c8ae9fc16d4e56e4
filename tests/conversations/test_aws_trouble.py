"""AWS misbehaves, seen from the channel: the card says what happened and what is safe, and one press goes on."""

from collections.abc import Iterator

import pytest

from bot.workbench.slack.events import Payload
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, PATIENCE, Stage, good, request, until
from tests.usecases.proxy import Mood, Proxy

ALWAYS = 1_000
LOOKS_AGAIN_AFTER = 3.0  # seconds; by the movable clock


@pytest.fixture
def wire(stage: Stage) -> Iterator[Proxy]:
    """Stand between the bot and the lake."""
    stage.stop_bot()
    with Proxy(stage.lake.endpoint_url) as between:
        stage.aws_url = between.url
        stage.start_bot()
        yield between
        stage.stop_bot()


SAID: dict[Mood, str] = {
    "throttled": "AWS is busy or failing (ThrottlingException); nothing was changed",
    "refused": "AWS said no (AccessDeniedException); nothing was changed",
    "late": "AWS did not answer (ReadTimeoutError)",
}


def test_a_read_that_fails_is_said_in_words_and_asked_again_by_one_press(stage: Stage, wire: Proxy) -> None:
    pressed, button = stage.alarm(), "Start runbook"

    for mood, words in SAID.items():
        wire.rules.clear()
        wire.rule("DescribeRule", mood, times=ALWAYS)
        good(stage.ana.click(button, message=pressed))
        pressed, button = _failed(stage, words), "Ask again"
        assert "nothing more happens by itself" in plain(pressed)

    wire.rules.clear()
    good(stage.ana.click(button, message=pressed))
    request(stage.ana, "Pause the nightly load")


def _failed(stage: Stage, words: str) -> Payload:
    """Wait for the bad news, while the clock goes on for whoever looks again after a while."""

    def found() -> Payload | None:
        stage.advance(LOOKS_AGAIN_AFTER)
        bad = stage.cards("did not do what was expected")
        return next((one for one in bad if words in plain(one)), None)

    return until(found, f"the step failed: {words}", seconds=2 * PATIENCE) or {}


def test_looks_that_fail_do_not_keep_the_alarm_from_being_shown(stage: Stage, wire: Proxy) -> None:
    wire.rule("DescribeRule", "refused", times=ALWAYS)

    shown = stage.alarm()

    assert "could not look" in plain(shown)
    assert "AccessDeniedException" in plain(shown)
    assert "Start runbook" in plain(shown)


def test_a_change_that_is_sent_and_not_answered_is_unknown_and_a_person_says_what_became_of_it(
    stage: Stage, wire: Proxy
) -> None:
    asked = stage.started()
    wire.rule("DisableRule", "late")

    good(stage.ana.click("Approve", message=asked))
    unknown = stage.ana.wait_for_message("OUTCOME UNKNOWN", channel=INCIDENTS, timeout=PATIENCE)

    assert "it may or may not have happened" in plain(unknown)
    assert (wire.count("DisableRule"), stage.schedule()) == (1, "DISABLED")
    good(stage.ana.click("It happened", message=unknown))
    stage.ana.wait_for_message("Answer…", channel=INCIDENTS, timeout=PATIENCE)
    assert wire.count("DisableRule") == 1
