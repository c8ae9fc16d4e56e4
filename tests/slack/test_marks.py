import pytest

from bot.domain.inbox import MarkMessage
from bot.domain.people import Place
from bot.slack.marks import pin, reaction
from tests.slack.door import ANA, CARD, CHANNEL, NOON, TEAM, Body, Door, pinned, post, reacted, said


@pytest.mark.parametrize("added", [True, False])
def test_the_emoji_is_kept_under_its_event_with_the_message_it_is_on(added: bool) -> None:
    heard = reaction(reacted(added=added), emoji="memo", at=NOON)

    assert heard is not None
    assert heard.wish == MarkMessage(message=CARD, emoji="memo", added=added)
    assert (heard.identity, heard.person, heard.place) == ("Ev0001", ANA, Place(team=TEAM, channel=CHANNEL))
    assert heard.said == ""


@pytest.mark.parametrize("added", [True, False])
def test_a_pin_is_kept_without_anything_the_message_says(added: bool) -> None:
    heard = pin(pinned(added=added), at=NOON)

    assert heard is not None
    assert heard.wish == MarkMessage(message=CARD, added=added)
    assert (heard.identity, heard.person, heard.place) == ("Ev0001", ANA, Place(team=TEAM, channel=CHANNEL))
    assert "it is back" not in heard.model_dump_json()


def test_an_emoji_in_another_skin_is_the_same_emoji() -> None:
    heard = reaction(reacted("raised_hand::skin-tone-3"), emoji="raised_hand", at=NOON)

    assert heard is not None
    assert heard.wish == MarkMessage(message=CARD, emoji="raised_hand::skin-tone-3", added=True)


@pytest.mark.parametrize(("emoji", "sent"), [("memo", "eyes"), ("memo", "memo2"), ("", "memo"), ("", "")])
def test_every_other_emoji_says_nothing_to_the_bot(emoji: str, sent: str) -> None:
    assert reaction(reacted(sent), emoji=emoji, at=NOON) is None


@pytest.mark.parametrize(
    "more",
    [
        {"user": "U0RUNBOOK"},
        {"user": None},
        {"item": {"type": "file", "file": "F0AAAAAAA"}},
        {"item": {"type": "message", "channel": "D0ANA", "ts": CARD}},
        {"item": {"type": "message", "channel": CHANNEL, "ts": "1763900000.0001\n"}},
        {"item": {"type": "message", "channel": CHANNEL, "ts": "1763900000.\u0660\u0660\u0660\u0661\u0660\u0660"}},
        {"item": {"type": "message", "channel": "C0ETL:1", "ts": CARD}},
        {"item": None},
    ],
)
def test_the_bots_own_emoji_and_what_is_no_message_of_a_channel_are_left_alone(more: Body) -> None:
    assert reaction(reacted(**more), emoji="memo", at=NOON) is None


@pytest.mark.parametrize(
    "more",
    [
        {"user": "U0RUNBOOK"},
        {"user": None},
        {"channel_id": "D0ANA"},
        {"channel_id": None},
        {"item": {"type": "file", "file": {"id": "F0AAAAAAA"}}},
        {"item": {"type": "message", "message": {"ts": "now"}}},
        {"item": None},
    ],
)
def test_the_bots_own_pins_and_what_is_no_message_of_a_channel_are_left_alone_too(more: Body) -> None:
    assert pin(pinned(**more), at=NOON) is None


def test_marks_come_in_through_the_door_once_each_and_are_acknowledged_without_words(door: Door) -> None:
    app = door.app()

    for body in (
        reacted(event_id="Ev1"),
        reacted(event_id="Ev1"),
        reacted(added=False, event_id="Ev2"),
        pinned(event_id="Ev3"),
        pinned(added=False, event_id="Ev4"),
        reacted("eyes", event_id="Ev5"),
    ):
        assert said(post(app, body)) == {}

    assert [one.identity for one in door.inbox.kept] == ["Ev1", "Ev2", "Ev3", "Ev4"]
    assert door.inbox.offered == 5


def test_a_mark_that_cannot_be_kept_is_not_acknowledged(door: Door) -> None:
    door.inbox.fails = OSError("disk full")

    assert post(door.app(), reacted()).status != 200
