"""From a published post-mortem to an action item that is done, in the channel and in its owner's direct messages."""

import re
from datetime import timedelta

from bot.workbench.company import BO, workspace
from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, PATIENCE, Stage, good, told, until

WAITS = 40.0  # seconds; a draft reads logs


def morning_at(stage: Stage, person: str) -> None:
    """Let it be between eight and ten to nine in the morning where a person is."""
    if stage.clock.now().minute >= 50:
        stage.advance(11 * 60)
    east = (8 - stage.clock.now().hour + 11) % 24 - 11  # hours, -11 to 12
    zone = f"Etc/GMT{-east:+d}" if east else "UTC"
    people = tuple(one.model_copy(update={"tz": zone}) if one.id == person else one for one in workspace().people)
    stage.people(workspace().model_copy(update={"people": people}))


def dm(person: Person, words: str) -> Payload:
    """Wait for a direct message of the bot that says this."""
    return person.wait_for_message(words, channel="dm", timeout=WAITS)


def published(stage: Stage) -> Payload:
    """Declare, resolve, draft and publish; return the checklist."""
    good(stage.ana.slash(INCIDENTS, "/incident declare load halted"))
    stage.ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    good(stage.ana.slash(INCIDENTS, "/incident resolve"))
    stage.ana.wait_for_message("RESOLVED", channel=INCIDENTS, timeout=PATIENCE)
    good(stage.ana.slash(INCIDENTS, "/postmortem draft INC-1"))
    stage.ana.wait_for_message("DRAFT v1", channel=INCIDENTS, timeout=WAITS)
    good(stage.ana.slash(INCIDENTS, "/postmortem publish INC-1"))
    return stage.ana.wait_for_message("action items", channel=INCIDENTS, timeout=WAITS)


def checklist(stage: Stage, words: str) -> Payload:
    """Wait until the one checklist says this."""

    def says() -> Payload | None:
        (card,) = stage.cards("📋")
        return card if words in plain(card) else None

    return until(says, f"the checklist says {words!r}") or {}


def test_an_item_goes_from_the_checklist_to_its_owner_who_is_reminded_puts_it_off_and_does_it(stage: Stage) -> None:
    morning_at(stage, BO)
    card = published(stage)
    assert "Have an alarm notice this" in plain(card)
    assert "nobody has it" in plain(card)

    good(stage.ana.click("Owner", message=card, value=BO))
    given = dm(stage.bo, "ACT-1 is yours now")
    tomorrow = (stage.clock.now() + timedelta(hours=_east(stage)) + timedelta(days=1)).date()
    good(stage.ana.click("Due", message=checklist(stage, "@bo"), value=tomorrow.isoformat()))
    checklist(stage, "due")
    assert not [one for one in stage.bo.messages("dm") if "tomorrow" in plain(one)]

    stage.advance(60 * 60)
    reminded = dm(stage.bo, "is due tomorrow")
    until(lambda: "said again below" in plain(_again(stage.bo, given)), "the first message gives way")
    good(stage.bo.click("Snooze 1 week", message=reminded))
    until(lambda: "put off until" in plain(_again(stage.bo, reminded)), "it is put off")
    good(stage.bo.click("Done", message=_again(stage.bo, reminded)))

    over = checklist(stage, "done by @bo")
    assert "0 open" in plain(over)
    until(lambda: "done by @bo" in plain(_again(stage.bo, reminded)), "the message says so, too")
    messages = [one for one in stage.bo.messages("dm") if re.search("ACT-1 ", plain(one))]
    assert len(messages) == 2
    assert [kind for kind in stage.kinds()[::-1] if kind.startswith("item.")] == [
        "item.suggested",
        "item.owned",
        "item.reminded",
        "item.dated",
        "item.reminded",
        "item.snoozed",
        "item.done",
    ]


def test_items_are_added_and_dropped_by_dialogs_and_what_people_write_mentions_nobody(stage: Stage) -> None:
    good(stage.ana.slash(INCIDENTS, "/incident declare load halted"))
    stage.ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    good(stage.ana.slash(INCIDENTS, "/postmortem action add call <!channel> and @bo"))
    card = stage.ana.wait_for_message("action items", channel=INCIDENTS, timeout=PATIENCE)

    good(stage.dee.click("Add…", message=card))
    stage.dee.wait_for_view(timeout=PATIENCE)
    good(stage.dee.submit({"words": "write <@U0BO> down"}))
    card = checklist(stage, "2 open")
    good(stage.dee.click("Drop…", message=card))
    stage.dee.wait_for_view(timeout=PATIENCE)
    good(stage.dee.submit({"words": "the vendor is gone"}))
    checklist(stage, "dropped by @dee: the vendor is gone")
    good(stage.bo.slash(INCIDENTS, "/postmortem actions open"))

    assert "ACT-2" in told(stage.bo, "Open action items")
    assert stage.bo.notifications() == []


def _again(person: Person, message: Payload) -> Payload:
    """Return a message as it stands now."""
    return next(one for one in person.messages("dm") if one["ts"] == message["ts"])


def _east(stage: Stage) -> int:
    """Return how many hours Bo is ahead of UTC."""
    zone = next(one.tz for one in stage.slack.workspace.people if one.id == BO)
    return -int(zone.removeprefix("Etc/GMT")) if zone != "UTC" else 0
