"""An app behind a transport: the bot's door with real records behind it, the whole bot, or the yardstick.

The yardstick is Bolt as it comes: its default mode, one listener, which only acknowledges.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from bench.child import Said, answering, quiet
from bench.place import SECRETS, content, put_together
from bot.app import Bot, Endpoints, build
from bot.slack.app import build_app
from bot.slack.cards.stage import Stage
from bot.slack.chat import web_client
from bot.slack.commands import Commands
from bot.slack.opened import Opened
from bot.slack.transport import HttpTransport, PostedTransport, SocketTransport
from bot.slack.views import Views
from bot.slack.wsgi_server import HttpServer

TOKEN, APP_TOKEN, SECRET = SECRETS.values()


def bare(slack_url: str) -> App:
    """Return the yardstick."""
    app = App(token=TOKEN, signing_secret=SECRET, client=WebClient(token=TOKEN, base_url=slack_url))
    app.command("/runbook")(_acknowledged)
    return app


def _acknowledged(ack: Ack) -> None:
    ack()


def ours(slack_url: str, folder: Path) -> App:
    """Return the bot's own app; every command is one INSERT into the bot's own records, and nothing deals with it."""
    bot = build(put_together(content(folder), SECRETS), endpoints=Endpoints(slack_url=slack_url))
    desk = bot.desk

    def stage() -> Stage:
        return Stage(
            policy=desk.policy,
            platform=desk.platform,
            serves=desk.environment,
            catalogue=desk.catalogue,
            now=desk.now(),
        )

    return build_app(
        accept=bot.store.accept,
        now=desk.now,
        client=web_client(TOKEN, base_url=slack_url),
        signing_secret=SECRET,
        views=Views(desk=desk, stage=stage, opened=Opened(kept=desk.records, now=desk.now)),
        commands=Commands(),
    )


def whole(slack_url: str, folder: Path, transport: str) -> Bot:
    """Return the bot, started: what is kept is also dealt with, and answered by a message."""
    made = build(put_together(content(folder, transport=transport), SECRETS), endpoints=Endpoints(slack_url=slack_url))
    made.start()
    return made


class BareServer(HttpServer):
    """Be gunicorn as the bot has it, with the yardstick in it."""

    def __init__(self, *, port: int, begin: Callable[[], App]) -> None:
        self._begin_bare = begin
        super().__init__(host="127.0.0.1", port=port, begin=_nobody)

    def load(self) -> Callable[..., Iterable[bytes]]:
        """Return the yardstick behind Bolt's own adapter."""
        return SlackRequestHandler(self._begin_bare())


def _nobody() -> Any:  # noqa: ANN401 - never called
    raise AssertionError("The yardstick has no bot.")


class OurDoor:
    """Be what gunicorn begins and closes, for an app alone."""

    def __init__(self, app: App) -> None:
        self._transport = PostedTransport(app, signing_secret=SECRET)

    @property
    def wsgi(self) -> HttpTransport | None:
        """Return what Slack's posts go to."""
        return self._transport.wsgi

    def close(self) -> None:
        """Let go of the app's threads."""
        self._transport.close()


def socket_door(said: Said, closes: list[Callable[[], None]]) -> Said:
    """Connect one of them over Socket Mode; what there is to close at the end is put on the list."""
    slack_url, folder = said["slack_url"], Path(said["folder"])
    match said["app"]:
        case "bare":
            SocketModeHandler(bare(slack_url), APP_TOKEN).client.connect()
        case "door":
            client = web_client(TOKEN, base_url=slack_url)
            SocketTransport(ours(slack_url, folder), app_token=APP_TOKEN, client=client).start()
        case _:
            closes.append(whole(slack_url, folder, "socket").close)
    return {"connected": True}


def post_door(name: str, slack_url: str, port: int, folder: Path) -> None:
    """Serve one of them under gunicorn until it is told to end."""
    match name:
        case "bare":
            BareServer(port=port, begin=lambda: bare(slack_url)).run()
        case "door":
            HttpServer(host="127.0.0.1", port=port, begin=lambda: OurDoor(ours(slack_url, folder))).run()
        case _:
            HttpServer(host="127.0.0.1", port=port, begin=lambda: whole(slack_url, folder, "http")).run()


def main() -> None:
    """Begin: a name and where it is, for gunicorn; else what standard input says."""
    quiet()
    if len(sys.argv) > 1:
        name, slack_url, port, folder = sys.argv[1:]
        post_door(name, slack_url, int(port), Path(folder))
        return
    closes: list[Callable[[], None]] = []
    try:
        answering({"socket": lambda said: socket_door(said, closes)})
    finally:
        for close in closes:
            close()


if __name__ == "__main__":
    main()
