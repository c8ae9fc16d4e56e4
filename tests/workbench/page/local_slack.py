"""A small typed fake of the workbench's person interface, for the page alone.

Keeps messages, views and notifications in memory, streams events, remembers every POST; decides nothing
a bot would.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

Json = dict[str, Any]
Answer = Callable[[Json], Json]

PAGE = Path(__file__).parents[3] / "bot" / "workbench" / "page"
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KEEP_ALIVE_SECONDS = 0.2
PATIENCE_SECONDS = 20.0  # bounds only how long a failure takes
SETTLE_SECONDS = 0.1


@dataclass
class World:
    """Hold what the fake shows; tests change it and send events."""

    people: list[Json]
    channels: list[Json]
    commands: list[Json]
    messages: list[Json]
    notifications: list[Json]
    checklist: list[Json]
    links: list[Json]
    groups: list[Json]
    scenarios: list[Json]
    clock: Json
    views: dict[str, Json] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def state(self, person: str) -> Json:
        """Return what that person may see."""
        shown = person or self.people[0]["id"]
        return {
            "team": {"id": "T1", "name": "Lake team"},
            **self.clock,
            "people": self.people,
            "groups": self.groups,
            "channels": self.channels,
            "commands": self.commands,
            "messages": [one for one in self.messages if one.get("ephemeral_for") in (None, shown)],
            "view": self.views.get(shown),
            "home": self.homes.get(shown),
            "notifications": [one for one in self.notifications if one["person"] == shown],
            "checklist": self.checklist,
            "links": self.links,
            "scenarios": self.scenarios,
            "status": {"bot": "connected", "lake": "ready"},
        }


class FakeLocalSlack:
    """Serve the page and a world over loopback, from a thread of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posts: list[tuple[str, Json]] = []
        self.answers: dict[str, Answer] = {}
        self.refuse_events = False
        self._events: list[Json] = []
        self._epoch = 0
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(self._app(), log_level="error", ws="none", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Serve until stopped."""
        self._thread.start()

    def stop(self) -> None:
        """Close every stream and wait for the server to end."""
        self.drop_streams()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def sent(self, kind: str, *, times: int = 0) -> list[Json]:
        """Return the bodies POSTed to /_ui/<kind>: as many as are due, and one too many if it comes soon after."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while len(self._sent(kind)) < times and time.monotonic() < give_up:
            time.sleep(0.01)
        time.sleep(SETTLE_SECONDS if times else 0)
        return self._sent(kind)

    def _sent(self, kind: str) -> list[Json]:
        return [body for name, body in list(self.posts) if name == kind]

    def emit(self, event: Json) -> None:
        """Put an event on every open stream."""
        self._events.append(event)

    def say(self, message: Json) -> None:
        """Add a message and tell the page."""
        self.world.messages.append(message)
        self.emit({"kind": "message", "message": message})

    def change(self, message: Json) -> None:
        """Replace a message and tell the page."""
        same = (message["channel"], message["ts"])
        self.world.messages = [message if (one["channel"], one["ts"]) == same else one for one in self.world.messages]
        self.emit({"kind": "message_changed", "message": message})

    def drop_streams(self) -> None:
        """Break every open stream, as a restart would."""
        self._epoch += 1

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/_ui/state", self._state),
                Route("/_ui/events", self._stream),
                Route("/_ui/{kind}", self._post, methods=["POST"]),
                Route("/files/{name}", self._file),
                Route("/", self._index),
                Mount("/page", StaticFiles(directory=PAGE)),
            ]
        )

    def _index(self, request: Request) -> Response:
        return Response(
            (PAGE / "index.html").read_text("utf-8"),
            media_type="text/html",
            headers={"Content-Security-Policy": CONTENT_POLICY},
        )

    def _file(self, request: Request) -> Response:
        return Response(self.world.files[request.path_params["name"]], media_type="image/svg+xml")

    def _state(self, request: Request) -> Response:
        return JSONResponse(self.world.state(request.query_params.get("person", "")))

    def _stream(self, request: Request) -> Response:
        if self.refuse_events:
            return JSONResponse({"ok": False}, status_code=503)
        last = request.headers.get("last-event-id")
        start = int(last) if last and last.isdigit() and int(last) <= len(self._events) else len(self._events)
        return StreamingResponse(self._lines(start, self._epoch), media_type="text/event-stream")

    async def _lines(self, start: int, epoch: int) -> AsyncIterator[str]:
        yield "retry: 200\n\n"
        at = start
        while epoch == self._epoch:
            for event in self._events[at:]:
                at += 1
                yield f"id: {at}\ndata: {json.dumps(event)}\n\n"
            await asyncio.sleep(KEEP_ALIVE_SECONDS / 10)

    async def _post(self, request: Request) -> Response:
        kind = str(request.path_params["kind"])
        body: Json = await request.json()
        self.posts.append((kind, body))
        answer = self.answers.get(kind, _agree)
        return JSONResponse(await asyncio.to_thread(answer, body))


def _agree(_: Json) -> Json:
    return {"ok": True}
