"""Slack's own client against the local Slack: what went wrong on the wire is told apart."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.errors import CallRefusedError, OutcomeUnknownError
from bot.slack.cards.blocks import Canvas, Message, Sheet, View, exact, section
from bot.slack.chat import Seen, SlackChat, SlowDownError
from bot.slack.commands import Commands
from bot.workbench.slack.server import LocalSlack
from tests.slack.cards.gallery import GALLERY
from tests.workbench.slack.scene import ROOM, WORKSPACE

HELLO = Message(text="hello", blocks=({**section("hello"), "block_id": "x"},))


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE) as started:
        yield started


@pytest.fixture
def chat(slack: LocalSlack) -> SlackChat:
    return SlackChat(WebClient(token=slack.bot_token, base_url=slack.base_url), commands=Commands())


def post(chat: SlackChat, key: str, thread: str | None = None) -> str:
    return chat.post(ROOM, HELLO, card=key, thread=thread, broadcast=False)


def test_a_message_carries_its_cards_key_and_is_found_by_it(chat: SlackChat) -> None:
    ts = post(chat, "run:42")

    assert Seen(ts=ts, card="run:42") in chat.history(ROOM, thread=None, most=10)


def test_a_message_calls_commands_by_the_names_they_have_here(slack: LocalSlack) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.base_url)
    chat = SlackChat(client, commands=Commands(names={"runbook": "rb"}))
    stop = "To stop it: `/runbook stop R-42`."
    message = Message(text=stop, blocks=({**section(stop), "block_id": "x"}, {**exact(stop), "block_id": "y"}))

    ts = chat.post(ROOM, message, card="run:42", thread=None, broadcast=False)

    (said,) = [one for one in client.conversations_history(channel=ROOM)["messages"] if one["ts"] == ts]
    here = "To stop it: `/rb stop R-42`."
    assert [said["text"], *(one["text"]["text"] for one in said["blocks"])] == [here, here, f"```{stop}```"]


def test_a_reply_is_found_in_its_thread(chat: SlackChat) -> None:
    root = post(chat, "run:42")
    reply = post(chat, "finished:42", thread=root)

    assert Seen(ts=reply, card="finished:42") in chat.history(ROOM, thread=root, most=10)
    assert "finished:42" not in [one.card for one in chat.history(ROOM, thread=None, most=10)]


def test_an_edited_message_keeps_its_place_and_its_key(chat: SlackChat, slack: LocalSlack) -> None:
    ts = post(chat, "run:42")

    chat.update(ROOM, ts, Message(text="done", blocks=HELLO.blocks), card="run:42")

    assert chat.history(ROOM, thread=None, most=10)[0] == Seen(ts=ts, card="run:42")
    assert slack.board.message(ROOM, ts)["text"] == "done"


def test_what_is_said_to_a_person_is_found_and_edited_in_their_direct_messages(
    chat: SlackChat, slack: LocalSlack
) -> None:
    ts = chat.post("U0ANA", HELLO, card="reminder:12:1", thread=None, broadcast=False)

    seen = chat.history("U0ANA", thread=None, most=10)
    chat.update("U0ANA", ts, Message(text="done", blocks=HELLO.blocks), card="reminder:12:1")

    assert seen == [Seen(ts=ts, card="reminder:12:1")]
    assert slack.board.message("D0ANA", ts)["text"] == "done"


def test_a_message_that_is_not_there_is_said_so(chat: SlackChat) -> None:
    with pytest.raises(CallRefusedError) as refused:
        chat.update(ROOM, "1.000001", HELLO, card="run:42")

    assert refused.value.code == "message_not_found"


def test_too_many_calls_say_how_long_to_wait_and_nobody_sleeps(chat: SlackChat, slack: LocalSlack) -> None:
    slack.faults.set("rate_limit", seconds=7)

    with pytest.raises(SlowDownError) as slow:
        post(chat, "run:42")

    assert slow.value.after == 7


@pytest.mark.parametrize("fault", ["server_error", "answer_lost"])
def test_a_broken_answer_means_that_nobody_knows(chat: SlackChat, slack: LocalSlack, fault: str) -> None:
    slack.faults.set("server_error" if fault == "server_error" else "answer_lost")

    with pytest.raises(OutcomeUnknownError):
        post(chat, "run:42")

    shown = [one.card for one in chat.history(ROOM, thread=None, most=10)]
    assert shown.count("run:42") == (1 if fault == "answer_lost" else 0)


def test_no_connection_means_that_nobody_knows(chat: SlackChat, slack: LocalSlack) -> None:
    slack.close()

    with pytest.raises(OutcomeUnknownError):
        post(chat, "run:42")


def test_a_whisper_and_home_reach_their_person(chat: SlackChat, slack: LocalSlack) -> None:
    ts = chat.ephemeral(ROOM, "U0ANA", HELLO, thread=None)
    chat.publish("U0ANA", View(payload={"type": "home", "blocks": [section("hello")]}))

    assert slack.board.message(ROOM, ts)["ephemeral_for"] == "U0ANA"
    assert slack.person("ana").state()["home"]["type"] == "home"


def test_a_message_has_an_address(chat: SlackChat, slack: LocalSlack) -> None:
    ts = post(chat, "run:42")

    assert chat.permalink(ROOM, ts) == f"{slack.url}/archives/{ROOM}/p{ts.replace('.', '')}"


def test_every_card_is_taken_by_the_local_slack(chat: SlackChat) -> None:
    for name, show in GALLERY.items():
        card = show()
        if isinstance(card, Message):
            assert chat.post(ROOM, card, card=name, thread=None, broadcast=False)


@pytest.mark.parametrize(("name", "people"), [("request", ["bo", "cy"]), ("run-waiting-for-approval", [])])
def test_a_request_notifies_its_group_and_a_run_card_nobody(
    chat: SlackChat, slack: LocalSlack, name: str, people: list[str]
) -> None:
    card = GALLERY[name]()
    assert isinstance(card, Message)

    chat.post(ROOM, card, card=name, thread=None, broadcast=False)

    notified = [one for one in ("ana", "bo", "cy") if slack.person(one).state()["notifications"]]
    assert notified == [one for one in people if one != "cy"]


def test_a_file_stands_in_its_thread_with_every_byte(chat: SlackChat, slack: LocalSlack) -> None:
    root = post(chat, "request:9")

    chat.share(ROOM, Sheet(name="Q-9-calls.txt", title="All calls", text="1. s3 CopyObject\n" * 900), thread=root)

    (message,) = [one for one in slack.board.messages() if one.get("files")]
    assert message["thread_ts"] == root
    assert message["files"][0]["name"] == "Q-9-calls.txt"
    assert message["files"][0]["size"] == len("1. s3 CopyObject\n") * 900


def test_a_canvas_is_made_in_its_channel_and_rewritten_whole(chat: SlackChat, slack: LocalSlack) -> None:
    made = chat.create_canvas(ROOM, Canvas(title="Post-mortem of INC-7", text="# INC-7\n\n- one\n"))
    chat.rewrite_canvas(made, Canvas(title="Post-mortem of INC-7", text="# INC-7\n\n- two\n"))

    (shown,) = slack.board.canvases("U0ANA")
    assert (shown["id"], shown["title"], shown["channel"]) == (made, "Post-mortem of INC-7", ROOM)
    assert b"<li>two</li>" in (slack.board.files.find(made).content or b"")


def test_a_workspace_without_canvases_says_so_in_slacks_own_words(chat: SlackChat, slack: LocalSlack) -> None:
    slack.fault("no_canvas")

    with pytest.raises(CallRefusedError) as refused:
        chat.create_canvas(ROOM, Canvas(title="x", text="x"))

    assert refused.value.code == "canvas_disabled_user_team"
