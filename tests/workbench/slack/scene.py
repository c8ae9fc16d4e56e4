"""The workspace and the small bot that the tests of the local Slack play with."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.workspace import Channel, Command, Group, Human, Workspace

Body = dict[str, Any]
BOT = "U0RUNBOOK"
ROOM = "C0ETL"
PLATFORM = "S0PLATFORM"

WORKSPACE = Workspace(
    people=(
        Human(id="U0ANA", name="ana", real_name="Ana Abbink", note="on call now"),
        Human(id="U0BO", name="bo", real_name="Bo Berg"),
        Human(id="U0CY", name="cy", real_name="Cy Cole"),
        Human(id="U0GUS", name="gus", real_name="Gus Guest", is_guest=True),
        Human(id="U0EVE", name="eve", real_name="Eve Else", team_id="T0OTHER"),
        Human(id="U0PAGER", name="pager", real_name="Pager", is_bot=True),
    ),
    groups=(
        Group(id=PLATFORM, handle="lake-platform", name="Lake platform", members=("U0BO", "U0CY", "U0PAGER")),
        Group(id="S0ONCALL", handle="lake-oncall", name="Lake on-call", members=("U0ANA",)),
    ),
    channels=(
        Channel(id=ROOM, name="incident-etl", members=("U0ANA", "U0BO", "U0GUS", "U0EVE", "U0PAGER", BOT)),
        Channel(id="C0OTHER", name="random", members=("U0ANA", "U0BO")),
        Channel(id="G0SECRET", name="secret", members=("U0BO",), is_private=True),
    ),
    commands=(Command(command="/runbook", usage="list | run NAME", description="Run runbooks."),),
)


def section(text: str) -> Body:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, **fields: object) -> Body:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label}, **fields}


def actions(*elements: Body) -> Body:
    return {"type": "actions", "elements": list(elements)}


def card(*elements: Body, text: str = "Approve?") -> list[Body]:
    return [section(text), actions(*elements)]


def text_input(label: str, action_id: str, block_id: str, **fields: object) -> Body:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "plain_text_input", "action_id": action_id},
        **fields,
    }


def modal(*blocks: Body, **fields: object) -> Body:
    return {
        "type": "modal",
        "callback_id": "decline",
        "title": {"type": "plain_text", "text": "Decline"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **fields,
    }


class Ticks:
    """Be a clock the test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Bot:
    """A real Bolt app; tests register what it does, then connect it."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.client = WebClient(token=slack.bot_token, base_url=slack.base_url)
        self.app = App(client=self.client, signing_secret=slack.signing_secret, process_before_response=True)
        self.heard: list[Body] = []
        self.headers: list[dict[str, Any]] = []

    def hear(self, name: str) -> None:
        """Acknowledge an event and remember its whole body."""

        def listen(ack: Callable[[], None], body: Body, request: BoltRequest) -> None:
            ack()
            self.heard.append(body)
            self.headers.append(dict(request.headers))

        self.app.event(name)(listen)


@contextmanager
def by_socket(bot: Bot) -> Iterator[SocketModeHandler]:
    connection = SocketModeHandler(bot.app, bot.slack.app_token)
    connection.client.connect()
    bot.slack.person("ana").wait_for(lambda state: state["status"]["bot"] == "connected", what="the app connected")
    try:
        yield connection
    finally:
        client = connection.client
        client.auto_reconnect_enabled = False
        session = getattr(client, "current_session", None)
        if session is not None and session.sock is not None:
            with suppress(OSError):  # gone already
                session.sock.shutdown(socket.SHUT_RDWR)
        client.message_processor.event.set()
        client.enqueue_message("{}")  # the processor waits for a message up to a second; this is one
        client.close()


Connect = Callable[[Bot], AbstractContextManager[object]]


class ThreadedServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Silent(WSGIRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def by_http(bot: Bot) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, SlackRequestHandler(bot.app), ThreadedServer, Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/slack/events"
    bot.slack.deliver_to(url)
    try:
        yield url
    finally:
        bot.slack.deliver_to(None)
        server.shutdown()
        server.server_close()
        thread.join(2)
