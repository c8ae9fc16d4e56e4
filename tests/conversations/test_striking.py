"""A sentence of an answer is wrong: struck on a phone, once, by two; still so after a restart and in the draft."""

import json

from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import labels_of, plain
from tests.conversations.stage import INCIDENTS, PATIENCE, Stage, good, told, until
from tests.conversations.test_postmortems import shared

WHY = "closed by hand at 02:30 <!channel>"


def newest(stage: Stage, message: Payload) -> Payload:
    """Return a message as it reads now."""
    return next(one for one in stage.ana.messages(INCIDENTS) if one["ts"] == message["ts"])


def opened(person: Person, message: Payload) -> str:
    """Press Wrong?… on the message, and return the label of the sentence about the alarm."""
    good(person.click("Wrong?…", message=message))
    view = person.wait_for_view(timeout=PATIENCE)
    names = [name for one in labels_of(view) if one.element["type"] == "checkboxes" for name in one.labels()]
    return next(name for name in names if "Alarm CircuitBreakerOpen" in name)


def test_a_sentence_is_struck_once_stays_so_and_is_taken_back(stage: Stage) -> None:
    ana, bo, gus = stage.ana, stage.bo, stage.gus
    stage.alarm()
    ana.say(INCIDENTS, "@runbook-bot what happened to CircuitBreakerOpen?")
    answer = ana.wait_for_message("Wrong?…", channel=INCIDENTS, timeout=PATIENCE)
    quiet = {one.id: len(one.notifications()) for one in (ana, bo, stage.cy)}

    good(gus.click("Wrong?…", message=answer))
    assert "Guests" in told(gus, "Guests")
    assert gus.view() is None

    first, second = opened(ana, answer), opened(bo, answer)
    assert first == second
    good(ana.submit({"Sentences": [first], "words": WHY}))
    ana.wait_for_message("struck by @ana", channel=INCIDENTS, timeout=PATIENCE)
    good(bo.submit({"Sentences": [second]}))
    assert "it is struck once" in told(bo, "was struck by @ana")

    struck = newest(stage, answer)
    assert "&lt;!channel&gt;" in json.dumps(struck)
    assert "• ~Alarm CircuitBreakerOpen" in plain(struck)
    assert {one.id: len(one.notifications()) for one in (ana, bo, stage.cy)} == quiet
    assert stage.kinds().count("claim.struck") == 1

    with stage.downtime():
        pass
    good(ana.slash(INCIDENTS, "/incident declare transactions load halted"))
    ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    good(ana.slash(INCIDENTS, "/postmortem draft"))
    text = shared(stage, "INC-1-v1.md")
    lines = [line for line in text.splitlines() if "Alarm CircuitBreakerOpen" in line and line.startswith("- ")]
    assert lines
    assert [
        line for line in lines if not line.startswith("- ~~") or "*struck by @ana: closed by hand" not in line
    ] == []
    assert "struck by @ana" in plain(newest(stage, answer))

    assert "struck by @ana" in _described(bo, opened(bo, answer))
    good(bo.submit({"Sentences": []}))
    until(lambda: "struck by" not in plain(newest(stage, answer)), "the strike is taken back")
    until(lambda: "struck by" not in stage.bot.store.draft(1).text, "the draft says so")
    assert "- Alarm CircuitBreakerOpen" in stage.bot.store.draft(1).text


def _described(person: Person, label: str) -> str:
    """Return what stands below an option of the open dialog."""
    boxes = [one.element for one in labels_of(person.view() or {}) if one.element["type"] == "checkboxes"]
    options = [option for box in boxes for option in box["options"] if option["text"]["text"] == label]
    return str(options[0]["description"]["text"])
