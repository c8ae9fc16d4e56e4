"""The bot is restarted in the middle: the conversation goes on where it stood, and no secret is told on the way."""

import json
import sqlite3
from datetime import UTC, datetime
from io import StringIO

import pytest

from bot.app import plan_alone
from tests.conversations.stage import CANARY, INCIDENTS, Stage, good, request, until


def test_the_conversation_goes_on_after_a_restart_even_without_the_engine_s_own_file(stage: Stage) -> None:
    asked = stage.half_open_asked()
    shown = [one["ts"] for one in stage.cards("")]
    with stage.downtime():
        for file in stage.records.glob("engine.db*"):
            file.unlink()
        assert not stage.bo.click("Approve", message=asked)["ok"]

    good(stage.bo.click("Approve", message=asked))
    until(stage.probes, "the probe")
    with stage.downtime():
        pass
    stage.advance(6)
    good(stage.cy.click("Approve", message=request(stage.cy, "Close the breaker")))
    stage.ana.wait_for_message("WATCHING", channel=INCIDENTS)

    assert (stage.breaker(), stage.schedule(), len(stage.probes())) == ("CLOSED", "ENABLED", 1)
    assert [one["ts"] for one in stage.cards("")][: len(shown)] == shown
    keys = stage.keys()
    assert sorted(set(keys)) == sorted(keys)
    assert stage.audit().whole


def test_a_card_posted_by_a_bot_that_died_before_noting_it_is_taken_over(stage: Stage) -> None:
    stage.started()
    stage.stop_bot()
    _forget_where_cards_stand(stage)

    stage.start_bot()
    until(lambda: not stage.bot.store.cards_behind(), "every card is found again")

    keys = stage.keys()
    assert sorted(set(keys)) == sorted(keys)
    good(stage.ana.click("Approve", message=request(stage.ana, "Pause the nightly load")))
    stage.ana.wait_for_message("Answer…", channel=INCIDENTS)


def _forget_where_cards_stand(stage: Stage) -> None:
    """Put the records back to the instant before the answer of each post was noted."""
    with sqlite3.connect(stage.records / "bot.db") as records:
        records.execute("update cards set ts = null, shown = 0")
    records.close()


def test_the_plan_on_the_terminal_reads_the_same_lake_beside_the_bot(stage: Stage) -> None:
    stage.alarm()

    made = plan_alone(stage.settings(), "circuit-breaker", {}, endpoints=stage.endpoints())

    lines = "\n".join(made.lines())
    assert "Pause the schedule: would ask [control, oncall]" in lines
    assert "101 of 101 errors are CURRENCY_ERROR" in lines
    assert "events.disable_rule" in lines
    assert stage.schedule() == "ENABLED"
    assert not stage.bot.store.runs(open_only=False)


def test_a_canary_in_the_environment_and_in_the_lake_s_log_is_told_nowhere(
    stage: Stage, logged: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", CANARY)
    monkeypatch.setenv("DATABASE_PASSWORD", CANARY)
    names, logs = stage.lake.names, stage.lake.clients.logs
    line = {"level": "ERROR", "error_type": "CURRENCY_ERROR", "message": f"password={CANARY}", "token": CANARY}
    logs.create_log_stream(logGroupName=names.log_group, logStreamName="leaky")
    logs.put_log_events(
        logGroupName=names.log_group,
        logStreamName="leaky",
        logEvents=[{"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": json.dumps(line)}],  # noqa: TID251 - moto's own time
    )
    with stage.downtime():
        pass

    stage.half_open_asked()
    good(stage.bo.slash(INCIDENTS, "/runbook plan circuit-breaker"))
    good(stage.bo.click("Details", message=request(stage.bo, "Half-open the breaker")))
    stage.bo.wait_for_view()

    secrets = [
        CANARY,
        stage.slack.bot_token,
        stage.slack.app_token,
        stage.slack.signing_secret,
        stage.lake.credentials.secret_access_key,
    ]
    places = {"Slack": stage.sent_to_slack(), "the log": logged.getvalue(), "the records": _texts_kept(stage)}
    assert "102 of 102" in places["Slack"]
    assert "half_open" in places["the records"]
    assert "The bot is ready." in places["the log"]
    assert [(where, one) for where, text in places.items() for one in secrets if one in text] == []
    kept = places["the log"] + places["the records"]
    assert [words for words in ("trigger_id", "response_url", "/response/") if words in kept] == []


def _texts_kept(stage: Stage) -> str:
    """Return every text of every table, as the file holds it."""
    found: list[str] = []
    with sqlite3.connect(f"file:{stage.records / 'bot.db'}?mode=ro", uri=True) as records:
        records.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for (table,) in records.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in records.execute(f'select * from "{table}"'):  # noqa: S608 - the file's own names
                found += [str(one) for one in row]
    records.close()
    return "\n".join(found)
