"""Slack misbehaves: nothing is lost, nothing is done twice, and people hear something kind."""

from bot.workbench.company import workspace
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, Stage, good, request, told, until


def test_through_limits_failures_and_lost_answers_each_card_stands_once(stage: Stage) -> None:
    slack = stage.slack
    slack.fault("rate_limit", count=2, method="chat.postMessage", seconds=1)
    alarm = stage.alarm()
    slack.fault("answer_lost", method="chat.postMessage", seconds=0)
    slack.fault("slow", count=2, method="chat.update", seconds=0.3)

    good(stage.ana.click("Start runbook", message=alarm))
    asked = request(stage.ana, "Pause the nightly load")
    slack.fault("server_error", count=2, method="chat.update")
    good(stage.ana.click("Approve", message=asked))
    stage.ana.wait_for_message("Answer…", channel=INCIDENTS)

    until(lambda: not stage.cards("APPROVAL NEEDED"), "the request is shown as approved")
    until(lambda: not stage.bot.store.cards_behind(), "every card is up to date")
    shown = stage.keys()
    assert sorted(set(shown)) == sorted(shown)
    assert {"run:1", "request:1"} <= set(shown)
    assert len([one for one in shown if one.startswith("alarm:")]) == 1
    assert stage.kinds().count("approval.cast") == 1


def test_every_envelope_comes_twice_and_is_done_once(stage: Stage) -> None:
    stage.slack.fault("duplicate", count=2)
    stage.alarm()

    good(stage.ana.slash(INCIDENTS, "/runbook run circuit-breaker"))
    good(stage.ana.click("Approve", message=request(stage.ana, "Pause the nightly load")))
    stage.reason_given()
    good(stage.bo.click("Approve", message=request(stage.bo, "Half-open the breaker")))
    until(lambda: stage.breaker() == "HALF_OPEN" and stage.probes(), "the probe")

    kinds = stage.kinds()
    assert (kinds.count("run.started"), kinds.count("approval.cast"), kinds.count("run.answered")) == (1, 2, 1)
    assert len(stage.probes()) == 1
    assert "wish.refused" not in kinds


def test_a_dropped_socket_in_the_middle_is_made_again_and_the_click_counts(stage: Stage) -> None:
    asked = stage.started()

    stage.slack.fault("disconnect")
    until(lambda: stage.slack.connected, "the bot is back")
    answer = until(lambda: _taken(stage.ana.click("Approve", message=asked)), "a click is taken")

    assert answer
    stage.ana.wait_for_message("Answer…", channel=INCIDENTS)
    assert stage.kinds().count("approval.cast") == 1


def _taken(answer: dict[str, object]) -> bool:
    return bool(answer["ok"])


def test_where_the_bot_may_not_write_the_requester_is_told_how_to_let_it_in(stage: Stage) -> None:
    stage.alarm()
    inside = workspace()
    room = inside.channels[0]
    people = tuple(one for one in room.members if one != inside.app.user_id)
    stage.people(inside.with_channel(room.model_copy(update={"members": people})))

    good(stage.ana.click("Start runbook"))

    heard = stage.ana.wait_for_message("I cannot write in", channel="dm")
    assert "/invite" in plain(heard)
    assert "APPROVAL NEEDED" not in plain(heard)
    stage.people(inside)
    with stage.downtime():  # the bot tries a closed channel again after half a minute; a new one tries at once
        pass
    request(stage.ana, "Pause the nightly load")
    assert len(stage.cards("APPROVAL NEEDED")) == 1


def test_when_slack_does_not_say_who_is_in_the_group_the_click_is_refused_and_works_later(stage: Stage) -> None:
    asked = stage.half_open_asked()
    stage.slack.fault("lookup_fails")

    good(stage.bo.click("Approve", message=asked))

    words = told(stage.bo, "Slack did not answer")
    assert "Refused to be safe" in words
    assert "nothing is used up" in words
    assert stage.breaker() == "OPEN"
    stage.slack.fault("lookup_fails", count=0)
    good(stage.bo.click("Approve", message=asked))
    until(lambda: stage.breaker() == "HALF_OPEN", "the half-open")


def test_a_dialog_that_slack_does_not_open_is_said_where_the_button_was(stage: Stage) -> None:
    asked = stage.started()
    stage.slack.fault("server_error", count=1, method="views.open")

    good(stage.ana.click("Decline…", message=asked))

    assert "Press the button again" in told(stage.ana, "nothing was done")
    good(stage.ana.click("Decline…", message=asked))
    stage.ana.wait_for_view()
    good(stage.ana.submit({"why": "Not now"}))
    stage.ana.wait_for_message("DECLINED", channel=INCIDENTS)
    assert stage.schedule() == "ENABLED"
