"""From alarm to repair: by buttons, by slash commands, by mentions, over both transports; it is one conversation."""

from collections.abc import Callable

import pytest

from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain
from tests.conversations.posted import gunicorn, posted
from tests.conversations.stage import INCIDENTS, REASON, Stage, good, request, told, until

HALF_OPEN_IS_ASKED = (
    "circuit-breaker",
    "waiting",
    "half_open",
    ["pipeline", "probe_file", "reason"],
    [("pause", "consumed"), ("half_open", "pending")],
    "OPEN",
    "DISABLED",
)


def _by_buttons(stage: Stage, ana: Person) -> None:
    stage.alarm()
    good(ana.click("Start runbook"))
    good(ana.click("Approve", message=request(ana, "Pause the nightly load")))
    stage.reason_given()


def _by_slash_command(stage: Stage, ana: Person) -> None:
    stage.alarm()
    stage.fix("circuit-breaker")
    said = good(ana.slash(INCIDENTS, f"/runbook run Circuit-Breaker reason=“{REASON}”"))
    assert said["response"]["text"] == "Looking up circuit-breaker to start it…"
    good(ana.click("Approve", message=request(ana, "Pause the nightly load")))


def _by_mention_in_a_thread(stage: Stage, ana: Person) -> None:
    alarm = stage.alarm()
    stage.fix("circuit-breaker")
    ana.say(INCIDENTS, f'hey @runbook-bot run circuit-breaker reason="{REASON}"', thread_ts=alarm["ts"])
    good(ana.click("Approve", message=request(ana, "Pause the nightly load")))


@pytest.mark.parametrize("way", [_by_buttons, _by_slash_command, _by_mention_in_a_thread])
def test_every_way_leads_to_the_same_request(stage: Stage, way: Callable[[Stage, Person], None]) -> None:
    way(stage, stage.ana)

    asked = request(stage.ana, "Half-open the breaker")

    assert stage.reached() == HALF_OPEN_IS_ASKED
    assert f"“{REASON}”" in plain(asked)
    until(lambda: "Start runbook" not in plain(stage.cards("CircuitBreakerOpen")[0]), "the alarm says who is on it")


def test_a_step_is_expanded_from_the_list_that_only_its_person_sees(stage: Stage) -> None:
    stage.started()
    good(stage.ana.slash(INCIDENTS, "/runbook status R-1"))
    told(stage.ana, "check 6")

    good(stage.ana.click("Expand a step…", value="1:breaker"))

    shown = stage.ana.wait_for_message("Do now", channel=INCIDENTS)
    assert shown["ephemeral_for"] is None
    assert "R-1 · step 1 · " in plain(shown)


def test_over_signed_http_the_whole_repair_and_everything_one_may_ask_meanwhile(stage: Stage) -> None:
    with posted(stage):
        stage.half_open_asked()

        good(stage.ana.slash(INCIDENTS, "/runbook status R-1"))
        assert "WAITING for approval" in told(stage.ana, "Half-open the breaker")
        good(stage.bo.slash(INCIDENTS, "/approvals"))
        assert "Q-2" in told(stage.bo, "1 request waits for an approval")
        good(stage.bo.slash(INCIDENTS, "/approvals show q2"))
        assert "digest" in told(stage.bo, "decide on")
        good(stage.dee.slash(INCIDENTS, "/runbook run circuit-breaker"))
        assert "nothing was started" in told(stage.dee, "R-1 is under way")

        stage.repaired_by_bo_and_cy()
        assert stage.slack.connected
        stage.ana.advance(3_660)
        stage.ana.wait_for_message("REPAIRED", channel=INCIDENTS)
        until(lambda: stage.repaired("circuit-breaker"), "a repaired lake")

    assert (stage.breaker(), stage.schedule(), len(stage.probes())) == ("CLOSED", "ENABLED", 1)
    assert stage.audit().whole


def test_under_gunicorn_the_conversation_is_the_same_and_ends_cleanly(stage: Stage) -> None:
    with gunicorn(stage) as process:
        stage.half_open_asked()
        good(stage.ana.click("Approve", message=request(stage.ana, "Half-open the breaker")))
        assert "Nothing was done" in told(stage.ana, "you asked for this change yourself")

    assert process.returncode == 0, (stage.records / "serving.log").read_text()
    assert (stage.breaker(), stage.schedule()) == ("OPEN", "DISABLED")
    stage.start_bot()
    assert stage.reached() == HALF_OPEN_IS_ASKED
    assert stage.audit().whole
