"""Slack's Web API as far as a load needs it: every call is right, and nothing is remembered."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from bench.place import ANA, TEAM

Answer = dict[str, Any]


@contextmanager
def web_api(*, socket_port: int = 0) -> Iterator[str]:
    """Serve it on loopback; yields the base URL.

    Args:
        socket_port: where an app that asks for a websocket is sent.
    """

    class Posted(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            fields = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
            body = json.dumps({"ok": True, **_answer(self.path.rsplit("/", 1)[1], fields, socket_port)}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - the name is the standard library's

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Posted)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def _answer(method: str, fields: Mapping[str, str], socket_port: int) -> Answer:
    found = ANSWERS.get(method)
    if method == "apps.connections.open":
        return {"url": f"ws://127.0.0.1:{socket_port}/"}
    return found(fields) if found else {}


def _posted(fields: Mapping[str, str]) -> Answer:
    return {"ts": "1763900000.000100", "message_ts": "1763900000.000200", "channel": fields.get("channel", "")}


def _user(fields: Mapping[str, str]) -> Answer:
    names = {"name": "ana", "team_id": TEAM, "tz": "UTC"}
    kinds = dict.fromkeys(("is_bot", "is_restricted", "is_ultra_restricted", "deleted"), False)
    return {"user": {"id": fields.get("user", ANA), **names, **kinds}}


ANSWERS: Mapping[str, Callable[[Mapping[str, str]], Answer]] = {
    "auth.test": lambda _: {"user_id": "U0RUNBOOK", "bot_id": "B0RUNBOOK", "team_id": TEAM, "url": "http://127.0.0.1/"},
    "users.info": _user,
    "usergroups.users.list": lambda _: {"users": [ANA]},
    "conversations.info": lambda fields: {"channel": {"id": fields.get("channel", ""), "is_shared": False}},
    "conversations.history": lambda _: {"messages": [], "has_more": False},
    "chat.postMessage": _posted,
    "chat.postEphemeral": _posted,
    "chat.update": _posted,
}
