"""The unmodified Bolt, over sockets and over signed HTTP."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from slack_bolt import Ack, BoltRequest, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workbench.slack.person import NotSeenError, Person
from bot.workbench.slack.server import LocalSlack
from tests.workbench.slack.scene import (
    BOT,
    ROOM,
    Body,
    Bot,
    Connect,
    Ticks,
    actions,
    button,
    by_http,
    by_socket,
    card,
    section,
)

PATIENCE = 20.0  # seconds; bounds only how long a failure takes
IMPATIENT = pytest.mark.parametrize("ack_seconds", [0.3])


def run_command(bot: Bot, answer: Callable[[Ack, Body], object]) -> list[Body]:
    heard: list[Body] = []

    def listen(ack: Ack, body: Body) -> None:
        heard.append(body)
        answer(ack, body)

    bot.app.command("/runbook")(listen)
    return heard


def hear_clicks(bot: Bot, action_id: str, then: Callable[[Body], None] = lambda _: None) -> list[Body]:
    heard: list[Body] = []

    def listen(ack: Ack, body: Body) -> None:
        ack()
        heard.append(body)
        then(body)

    bot.app.action(action_id)(listen)
    return heard


def test_a_slash_command_reaches_the_app_whole_and_its_answer_only_the_person(
    bot: Bot, connect: Connect, ana: Person, bo: Person, slack: LocalSlack
) -> None:
    heard = run_command(bot, lambda ack, body: ack(f"Looking for {body['text']}."))

    with connect(bot):
        answer = ana.slash("#incident-etl", "/runbook run circuit-breaker “x” <b> & c")

    (body,) = heard
    trigger_id, response_url = body.pop("trigger_id"), body.pop("response_url")
    assert trigger_id.count(".") == 2
    assert response_url.startswith(f"{slack.url}/response/")
    assert body == {
        "token": "local-verification-token",
        "team_id": "T0LAKE",
        "team_domain": "lake",
        "channel_id": ROOM,
        "channel_name": "incident-etl",
        "user_id": "U0ANA",
        "user_name": "ana",
        "command": "/runbook",
        "text": "run circuit-breaker “x” <b> & c",
        "api_app_id": "A0RUNBOOK",
        "is_enterprise_install": "false",
    }
    assert answer["response"]["text"] == "Looking for run circuit-breaker “x” <b> & c."
    assert answer["response"]["response_type"] == "ephemeral"
    assert [message["text"] for message in ana.ephemerals()] == [answer["response"]["text"]]
    assert bo.messages() == []


def test_an_answer_in_the_channel_is_seen_by_all(bot: Bot, connect: Connect, ana: Person, bo: Person) -> None:
    run_command(bot, lambda ack, _: ack(text="R-42", blocks=[section("*R-42*")], response_type="in_channel"))

    with connect(bot):
        ana.slash("#incident-etl", "/runbook run x")

    assert [message["text"] for message in bo.messages()] == ["R-42"]


def test_a_command_nobody_registered_is_answered_by_slack(bot: Bot, connect: Connect, ana: Person) -> None:
    with connect(bot):
        answer = ana.slash("#incident-etl", "/runbok list")

    assert answer["error"] == "invalid_command"
    assert ana.ephemerals()[0]["text"] == "`/runbok` is not a valid command."


def test_an_app_that_is_not_there_fails_the_command(ana: Person) -> None:
    answer = ana.slash("#incident-etl", "/runbook list")

    assert answer["error"] == "dispatch_failed"
    assert ana.ephemerals()[0]["text"] == '/runbook failed with the error "dispatch_failed"'


@IMPATIENT
def test_an_app_that_does_not_acknowledge_times_out(bot: Bot, connect: Connect, ana: Person) -> None:
    released = threading.Event()
    run_command(bot, lambda _ack, _body: _wait(released))

    with connect(bot):
        answer = ana.slash("#incident-etl", "/runbook list")
        released.set()

    assert answer["error"] == "operation_timeout"
    assert ana.ephemerals()[-1]["text"] == '/runbook failed with the error "operation_timeout"'


def test_an_answer_slack_would_not_take_fails_the_command(bot: Bot, connect: Connect, ana: Person) -> None:
    run_command(bot, lambda ack, _: ack(text="x", blocks=[section("")]))

    with connect(bot):
        answer = ana.slash("#incident-etl", "/runbook list")

    assert answer["error"] == "invalid_command_response"
    assert answer["response_metadata"]["messages"][0].endswith("[json-pointer:/blocks/0/text/text]")


def test_a_click_carries_what_slack_documents(bot: Bot, connect: Connect, bo: Person, client: WebClient) -> None:
    heard = hear_clicks(bot, "approve")
    blocks = card(button("Approve", "approve", value="apr_1", style="primary"))
    posted = client.chat_postMessage(channel=ROOM, text="Approve?", blocks=blocks)

    with connect(bot):
        assert bo.click("Approve") == {"ok": True}

    (body,) = heard
    assert body["user"] == {"id": "U0BO", "username": "bo", "name": "bo", "team_id": "T0LAKE"}
    assert body["team"] == {"id": "T0LAKE", "domain": "lake"}
    assert (body["enterprise"], body["is_enterprise_install"]) == (None, False)
    assert body["channel"] == {"id": ROOM, "name": "incident-etl"}
    assert body["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": ROOM,
        "is_ephemeral": False,
    }
    assert body["message"] == posted["message"]
    assert body["state"] == {"values": {}}
    (action,) = body["actions"]
    assert (action["type"], action["action_id"], action["value"]) == ("button", "approve", "apr_1")
    assert action["block_id"] == posted["message"]["blocks"][1]["block_id"]
    assert {"action_ts", "text", "style"} <= set(action)


def test_a_button_with_a_confirm_asks_before_the_app_hears(
    bot: Bot, connect: Connect, bo: Person, client: WebClient
) -> None:
    heard = hear_clicks(bot, "approve")
    words = {name: {"type": "plain_text", "text": name} for name in ("title", "text", "confirm", "deny")}
    client.chat_postMessage(channel=ROOM, text="x", blocks=[actions(button("Approve", "approve", confirm=words))])

    with connect(bot):
        asked = bo.click("Approve", confirmed=False)
        assert heard == []
        bo.click("Approve")

    assert (asked["error"], asked["confirm"]) == ("needs_confirm", words)
    assert heard[0]["actions"][0]["confirm"] == words


def test_a_choice_from_a_menu_arrives_whole(bot: Bot, connect: Connect, bo: Person, client: WebClient) -> None:
    heard = hear_clicks(bot, "more")
    options = [{"text": {"type": "plain_text", "text": label}, "value": label.lower()} for label in ("Undo", "Audit")]
    client.chat_postMessage(
        channel=ROOM, text="x", blocks=[actions({"type": "overflow", "action_id": "more", "options": options})]
    )

    with connect(bot):
        bo.click("Audit")

    assert heard[0]["actions"][0]["selected_option"] == options[1]


def test_a_click_in_an_ephemeral_is_sent_without_the_message(
    bot: Bot, connect: Connect, bo: Person, ana: Person, client: WebClient
) -> None:
    heard = hear_clicks(bot, "ask")
    client.chat_postEphemeral(channel=ROOM, user="U0BO", text="x", blocks=[actions(button("Ask", "ask"))])

    with connect(bot):
        bo.click("Ask")

    assert heard[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard[0]
    with pytest.raises(NotSeenError, match="sees no 'Ask'"):
        ana.click("Ask")


def test_a_response_url_replaces_deletes_and_answers(
    bot: Bot, connect: Connect, bo: Person, ana: Person, client: WebClient
) -> None:
    def answer(ack: Ack, respond: Respond, body: Body) -> None:
        ack()
        respond("only for you", replace_original=False)
        if body["actions"][0]["action_id"] == "replace":
            respond(text="replaced", replace_original=True)
        else:
            respond(delete_original=True)

    bot.app.action("replace")(answer)
    bot.app.action("delete")(answer)
    client.chat_postMessage(channel=ROOM, text="one", blocks=[actions(button("Replace", "replace"))])
    client.chat_postMessage(channel=ROOM, text="two", blocks=[actions(button("Delete", "delete"))])

    with connect(bot):
        bo.click("Replace")
        bo.click("Delete")

    assert [message["text"] for message in ana.messages()] == ["replaced"]
    assert [message["text"] for message in bo.ephemerals()] == ["only for you", "only for you"]


def test_a_response_url_dies_after_five_uses_and_after_thirty_minutes(
    bot: Bot, connect: Connect, ana: Person, ticks: Ticks, slack: LocalSlack
) -> None:
    heard = run_command(bot, lambda ack, _: ack())
    with connect(bot):
        ana.slash("#incident-etl", "/runbook one")
        ana.slash("#incident-etl", "/runbook two")
    first, second = (body["response_url"] for body in heard)

    used = [_post(slack, first) for _ in range(6)]
    ticks.seconds += 1_800
    late = _post(slack, second)

    assert used == [(200, "ok")] * 5 + [(404, '{"ok":false,"error":"used_url"}')]
    assert late == (404, '{"ok":false,"error":"expired_url"}')


def test_a_trigger_opens_one_modal_within_three_seconds(
    bot: Bot, connect: Connect, ana: Person, ticks: Ticks, client: WebClient
) -> None:
    heard = run_command(bot, lambda ack, _: ack())
    with connect(bot):
        for number in range(3):
            ana.slash("#incident-etl", f"/runbook {number}")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [section("x")]}
    first, second, third = (body["trigger_id"] for body in heard)

    client.views_open(trigger_id=first, view=view)
    ticks.seconds += 2.9
    client.views_open(trigger_id=second, view=view)
    ticks.seconds += 0.1

    assert _open_error(client, second, view) == "exchanged_trigger_id"
    assert _open_error(client, third, view) == "expired_trigger_id"
    assert _open_error(client, "1.2.3", view) == "invalid_trigger_id"


def test_a_mention_in_a_thread_reaches_the_app_once(bot: Bot, connect: Connect, ana: Person) -> None:
    bot.hear("app_mention")
    root = ana.say("#incident-etl", "something is wrong")

    with connect(bot):
        ana.say("#incident-etl", "@runbook-bot status & ask @bo of @lake-platform.", thread_ts=root)
        _until(lambda: bool(bot.heard))

    (body,) = bot.heard
    event = body["event"]
    assert event["type"] == "app_mention"
    assert event["text"] == f"<@{BOT}> status &amp; ask <@U0BO> of <!subteam^S0PLATFORM|@lake-platform>."
    assert (event["user"], event["channel"], event["thread_ts"]) == ("U0ANA", ROOM, root)
    assert body["event_id"].startswith("Ev")
    assert body["authorizations"][0]["user_id"] == BOT


def test_the_app_hears_direct_messages_but_no_talk_of_the_channel(bot: Bot, connect: Connect, ana: Person) -> None:
    bot.hear("message")
    bot.hear("app_mention")

    with connect(bot):
        ana.say("#incident-etl", "just talking")
        ana.say("dm", "hello @runbook-bot")
        _until(lambda: bool(bot.heard))

    assert [(body["event"]["type"], body["event"]["channel_type"]) for body in bot.heard] == [("message", "im")]


def test_home_is_opened_published_and_its_buttons_work(bot: Bot, connect: Connect, ana: Person) -> None:
    def publish(event: Body, client: WebClient, ack: Ack) -> None:
        ack()
        blocks = [section("Waiting for you"), actions(button("Open", "open"))]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    bot.app.event("app_home_opened")(publish)
    heard = hear_clicks(bot, "open")

    with connect(bot):
        ana.open_home()
        ana.wait_for(lambda state: bool(state["home"]), what="a Home")
        ana.click_in_home("Open")

    assert heard[0]["container"]["type"] == "view"
    assert heard[0]["view"]["type"] == "home"
    assert "response_url" not in heard[0]


def test_an_emoji_on_a_message_reaches_the_app_and_so_does_its_going(
    bot: Bot, connect: Connect, ana: Person, bo: Person
) -> None:
    bot.hear("reaction_added")
    bot.hear("reaction_removed")

    with connect(bot):
        ts = ana.say("#incident-etl", "noted")
        bo.react("#incident-etl", ts, ":memo:")
        _until(lambda: len(bot.heard) == 1)
        assert ana.messages()[0]["reactions"] == [{"name": "memo", "users": ["U0BO"], "count": 1}]
        bo.react("#incident-etl", ts, "memo", on=False)
        _until(lambda: len(bot.heard) == 2)

    added, removed = (body["event"] for body in bot.heard)
    assert added.pop("event_ts") < removed.pop("event_ts")
    told = {
        "user": "U0BO",
        "reaction": "memo",
        "item_user": "U0ANA",
        "item": {"type": "message", "channel": ROOM, "ts": ts},
    }
    assert (added, removed) == ({"type": "reaction_added", **told}, {"type": "reaction_removed", **told})
    assert "reactions" not in ana.messages()[0]
    assert len({body["event_id"] for body in bot.heard}) == 2


def test_a_pin_reaches_the_app_with_the_message_and_so_does_its_going(
    bot: Bot, connect: Connect, ana: Person, bo: Person, slack: LocalSlack
) -> None:
    bot.hear("pin_added")
    bot.hear("pin_removed")

    with connect(bot):
        ts = ana.say("#incident-etl", "noted")
        bo.pin("#incident-etl", ts)
        _until(lambda: len(bot.heard) == 1)
        ana.pin("#incident-etl", ts, on=False)
        _until(lambda: len(bot.heard) == 2)

    added, removed = (body["event"] for body in bot.heard)
    assert (added["type"], added["user"], added["channel_id"], added["item_user"]) == (
        "pin_added",
        "U0BO",
        ROOM,
        "U0ANA",
    )
    assert (added["item"]["type"], added["item"]["channel"], added["item"]["created_by"]) == ("message", ROOM, "U0BO")
    message = added["item"]["message"]
    assert (message["ts"], message["text"], message["pinned_to"]) == (ts, "noted", [ROOM])
    assert message["permalink"] == f"{slack.url}/archives/{ROOM}/p{ts.replace('.', '')}"
    assert (added["pin_count"], removed["pin_count"], removed["has_pins"]) == ("1", "0", False)
    assert (removed["type"], removed["user"], removed["item"]["message"]["ts"]) == ("pin_removed", "U0ANA", ts)
    assert "has_pins" not in added
    assert "pinned_to" not in ana.messages()[0]


def test_an_app_hears_of_no_mark_where_it_is_not_or_did_not_ask(bot: Bot, ana: Person, bo: Person) -> None:
    for name in ("reaction_added", "pin_added"):
        bot.hear(name)

    with by_socket(bot):
        elsewhere = bo.say("#random", "noted")
        ana.react("#random", elsewhere, "memo")
        ana.pin("#random", elsewhere)
        app = bot.slack.workspace.app.model_copy(update={"events": frozenset({"pin_added"})})
        bot.slack.workspace = bot.slack.workspace.model_copy(update={"app": app})
        here = bo.say("#incident-etl", "noted")
        ana.react("#incident-etl", here, "memo")
        ana.pin("#incident-etl", here)
        _until(lambda: bool(bot.heard))

    assert [(body["event"]["type"], body["event"]["channel_id"]) for body in bot.heard] == [("pin_added", ROOM)]


@IMPATIENT
def test_an_event_nobody_acknowledges_is_repeated_with_the_same_id(bot: Bot, connect: Connect, ana: Person) -> None:
    attempts: list[tuple[str, Any]] = []

    def refuse(body: Body, request: BoltRequest) -> None:
        attempts.append((body["event_id"], request.headers.get("x-slack-retry-num")))
        raise RuntimeError("not now")

    bot.app.event("app_mention")(refuse)

    with connect(bot):
        ana.say("#incident-etl", "@runbook-bot status")
        _until(lambda: len(attempts) == 3)

    assert {event_id for event_id, _ in attempts} == {attempts[0][0]}
    assert [number for _, number in attempts] == [attempts[0][1], ["1"], ["2"]]


def test_a_forged_post_is_refused_by_the_app(bot: Bot, slack: LocalSlack, ana: Person) -> None:
    heard = run_command(bot, lambda ack, _: ack("hello"))

    with by_http(bot) as url, LocalSlack(slack.workspace, request_url=url) as forger:
        forged = forger.person("ana").slash("#incident-etl", "/runbook list")
        answer = ana.slash("#incident-etl", "/runbook list")

    assert forged["error"] == "http_client_error"
    assert answer["ok"] is True
    assert len(heard) == 1


def test_every_copy_of_a_duplicated_envelope_has_the_same_ids_and_counts_up(
    bot: Bot, connect: Connect, ana: Person, slack: LocalSlack
) -> None:
    heard: list[tuple[str, str]] = []

    def listen(ack: Ack, body: Body, request: BoltRequest) -> None:
        ack("once")
        heard.append((body["trigger_id"], request.headers.get("x-slack-retry-num", ["0"])[0]))

    bot.app.command("/runbook")(listen)
    slack.fault("duplicate", count=3)

    with connect(bot):
        ana.slash("#incident-etl", "/runbook list")
        _until(lambda: len(heard) == 3)

    assert len({trigger_id for trigger_id, _ in heard}) == 1
    assert sorted(number for _, number in heard) == ["0", "1", "2"]
    assert [message["text"] for message in ana.ephemerals()] == ["once"]


def test_a_disconnected_app_comes_back_by_itself(bot: Bot, ana: Person, slack: LocalSlack) -> None:
    run_command(bot, lambda ack, _: ack("still here"))

    with by_socket(bot):
        before = ana.state()["event_id"]
        slack.fault("disconnect")
        ana.wait_for(
            lambda state: state["status"]["bot"] == "connected" and state["event_id"] > before,
            what="the app back",
        )
        answer = ana.slash("#incident-etl", "/runbook list")

    assert answer["response"]["text"] == "still here"


def test_with_two_sockets_each_command_goes_to_one_of_them(bot: Bot, slack: LocalSlack, ana: Person) -> None:
    heard = run_command(bot, lambda ack, _: ack("x"))

    with by_socket(bot), by_socket(bot):
        for number in range(10):
            ana.slash("#incident-etl", f"/runbook {number}")

    assert [body["text"] for body in heard] == [str(number) for number in range(10)]


def _post(slack: LocalSlack, url: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", slack.port, timeout=20)
    connection.request("POST", url.removeprefix(slack.url), '{"text": "x"}', {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def _open_error(client: WebClient, trigger_id: str, view: Body) -> str:
    with pytest.raises(SlackApiError) as raised:
        client.views_open(trigger_id=trigger_id, view=view)
    return str(raised.value.response["error"])


def _wait(released: threading.Event) -> None:
    released.wait(PATIENCE)


def _until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.01)
