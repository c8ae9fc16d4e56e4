import pytest

from bot.workbench.slack.notices import notified
from bot.workbench.slack.workspace import Channel
from tests.workbench.slack.scene import BOT, PLATFORM, ROOM, WORKSPACE, Body, section


def whom(message: Body, *, channel: str = ROOM, thread: tuple[Body, ...] = ()) -> dict[str, str]:
    room = WORKSPACE.channel(channel)
    assert isinstance(room, Channel)
    return dict(notified({"user": BOT, **message}, channel=room, workspace=WORKSPACE, thread=thread))


def test_a_mention_notifies_that_member_only() -> None:
    assert whom({"text": "Look, <@U0ANA>."}) == {"U0ANA": "mention"}


def test_a_mention_of_somebody_outside_the_channel_notifies_nobody() -> None:
    assert whom({"text": "<@U0CY>"}) == {}


def test_a_group_mention_notifies_its_members_of_the_channel_and_no_bot() -> None:
    assert whom({"text": f"<!subteam^{PLATFORM}|@lake-platform> please"}) == {"U0BO": "group"}


def test_with_blocks_only_the_mentions_people_can_see_count() -> None:
    message = {"text": "<@U0ANA>", "blocks": [section("<@U0BO> approve?")]}

    assert whom(message) == {"U0BO": "mention"}


def test_a_mention_in_a_context_block_counts() -> None:
    block = {"type": "context", "elements": [{"type": "mrkdwn", "text": "by <@U0ANA>"}]}

    assert whom({"text": "x", "blocks": [block]}) == {"U0ANA": "mention"}


def test_a_mention_in_plain_text_is_only_letters() -> None:
    block = {"type": "header", "text": {"type": "plain_text", "text": "<@U0ANA>"}}

    assert whom({"text": "x", "blocks": [block]}) == {}


def test_a_broadcast_notifies_every_human_but_the_author() -> None:
    assert set(whom({"text": "<!channel> all hands", "user": "U0ANA"})) == {"U0BO", "U0GUS", "U0EVE"}


def test_a_direct_message_notifies_the_other_side() -> None:
    assert whom({"text": "hello"}, channel="D0ANA") == {"U0ANA": "dm"}


def test_a_message_without_a_mention_notifies_nobody() -> None:
    assert whom({"text": "Progress: 3 of 4."}) == {}


@pytest.mark.parametrize(
    ("thread", "expected"),
    [
        (({"user": "U0BO", "text": "root"},), {"U0BO": "thread"}),
        (({"user": BOT, "text": "root"}, {"user": "U0ANA", "text": "a reply"}), {"U0ANA": "thread"}),
        (({"user": BOT, "text": "for <@U0GUS>"},), {"U0GUS": "thread"}),
        (({"user": BOT, "text": "root"},), {}),
    ],
    ids=["its author", "who replied", "who was mentioned in it", "nobody yet"],
)
def test_a_reply_notifies_whoever_is_in_the_thread(thread: tuple[Body, ...], expected: dict[str, str]) -> None:
    assert whom({"text": "done", "thread_ts": "1.000001"}, thread=thread) == expected


def test_a_mention_in_a_reply_is_the_stronger_reason() -> None:
    thread = ({"user": "U0ANA", "text": "root"},)

    assert whom({"text": "<@U0ANA> done", "thread_ts": "1.0"}, thread=thread) == {"U0ANA": "mention"}
