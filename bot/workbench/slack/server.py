"""The local Slack as one thing that starts and stops: the parts put together, served from a thread."""

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from bot.workbench.slack.access import PAGE_POLICY, Access, Gate
from bot.workbench.slack.acts import Act, Acts
from bot.workbench.slack.board import Board
from bot.workbench.slack.delivery import ACK_SECONDS, EVENT_RETRY_SECONDS, Delivery
from bot.workbench.slack.events import EventLog, Payload
from bot.workbench.slack.faults import Fault, Faults
from bot.workbench.slack.person import Person
from bot.workbench.slack.ui import PersonInterface, QuietStage, Stage
from bot.workbench.slack.web import WebSurface
from bot.workbench.slack.workspace import Workspace

START_SECONDS = 5.0
STOP_SECONDS = 0.8
WATCH_SECONDS = 0.5
"""How often the stage is asked whether its checklist, scenarios or status changed."""
PAGE = Path(__file__).parent.parent / "page"


def wall_clock() -> float:
    """Return the host's time; Slack's signatures and message times are on it, whatever clock is moved."""
    return time.time()  # noqa: TID251 - Slack's own time is wall time; the workbench moves the bot's, not Slack's


class LocalSlack:
    """Be a Slack workspace on 127.0.0.1 until closed.

    `request_url` switches from Socket Mode to signed HTTP posts. `ticks` is the clock of trigger ids and
    response urls. Every launch has its own tokens and its own key.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        stage: Stage | None = None,
        port: int = 0,
        request_url: str | None = None,
        ticks: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = wall_clock,
        page: Path = PAGE,
        ack_seconds: float = ACK_SECONDS,
        event_retry_seconds: tuple[float, ...] = EVENT_RETRY_SECONDS,
    ) -> None:
        self.key = secrets.token_urlsafe(24)
        self.bot_token = f"xoxb-local-{secrets.token_hex(12)}"
        self.app_token = f"xapp-local-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.base_url = f"{self.url}/api/"
        self.page_url = f"{self.url}/?key={self.key}"
        self.faults = Faults()
        self._page = page
        self._poke = threading.Event()
        self._stopping = False
        stage = stage or QuietStage(wall)
        self.board = Board(workspace, url=self.url, now=stage.now, ticks=ticks, log=EventLog())
        self._delivery = Delivery(
            faults=self.faults,
            signing_secret=self.signing_secret,
            wall=wall,
            request_url=request_url,
            ack_seconds=ack_seconds,
            event_retry_seconds=event_retry_seconds,
        )
        self._acts = Acts(self.board, self._delivery, url=self.url)
        self._ui = PersonInterface(self.board, self._acts, self._delivery, self.faults, stage)
        self._web = WebSurface(
            self.board,
            self._delivery,
            self.faults,
            bot_token=self.bot_token,
            app_token=self.app_token,
            changed=self.refresh,
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="websockets-sansio",
                ws_ping_interval=None,
                timeout_graceful_shutdown=1,
                server_header=False,
            )
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> "LocalSlack":
        """Serve from a thread; return when it answers."""
        self._spawn(self._run, "local-slack")
        self._spawn(self._watch, "local-slack-stage")
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("The local Slack did not start within 5 seconds.")
            time.sleep(0.005)
        return self

    def close(self) -> None:
        """Stop serving; streams and sockets are closed, no thread stays."""
        self._stopping = True
        self._poke.set()
        self.board.log.close()
        self._server.should_exit = True
        if self._loop is not None and self._threads and self._threads[0].is_alive():
            self._call(lambda: self._delivery.disconnect("link_disabled"))
            self._call(self._delivery.stop)
            self._threads[0].join(STOP_SECONDS)
            self._server.force_exit = True
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self._socket.close()

    def __enter__(self) -> "LocalSlack":
        """Start."""
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        """Close."""
        self.close()

    @property
    def workspace(self) -> Workspace:
        """Return who and what is there."""
        return self.board.workspace

    @workspace.setter
    def workspace(self, workspace: Workspace) -> None:
        self.board.workspace = workspace

    @property
    def connected(self) -> bool:
        """Tell whether the app is there."""
        return self._delivery.connected

    @property
    def calls(self) -> tuple[tuple[str, Payload], ...]:
        """Return the Web API calls that were performed, in order; without tokens."""
        return tuple(self._web.calls)

    @property
    def acts(self) -> tuple[Act, ...]:
        """Return what people did, in order."""
        return tuple(self._acts.done)

    def deliver_to(self, request_url: str | None) -> None:
        """Deliver by signed HTTP posts from now on, or over sockets with None."""
        self._delivery.request_url = request_url

    def person(self, name: str) -> Person:
        """Return a client that acts as that person, by name or id."""
        for human in self.workspace.people:
            if name in (human.id, human.name):
                return Person(self.url, self.key, human.id)
        raise LookupError(f"Nobody here is called {name!r}.")

    def fault(
        self,
        fault: Fault,
        *,
        count: int | None = None,
        method: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Switch a fault on, or off with count 0; `disconnect` happens at once."""
        if fault == "disconnect":
            self._call(self._delivery.disconnect)
        else:
            self.faults.set(fault, count=count, method=method, seconds=seconds)

    def refresh(self) -> None:
        """Publish soon what the stage or the connection has changed."""
        self._poke.set()

    def reset(self) -> None:
        """Forget what was said and done; faults are off, the app stays connected."""
        self._web.calls.clear()
        self._ui.reset()

    def _spawn(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve(sockets=[self._socket]))

    def _watch(self) -> None:
        while not self._stopping:
            self._ui.refresh()
            self._poke.wait(WATCH_SECONDS)
            self._poke.clear()

    def _call(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(work(), self._loop).result(START_SECONDS)

    def _app(self) -> ASGIApp:
        routes = [
            *self._ui.routes(),
            *self._web.routes(),
            Route("/", self._index),
            Mount("/page", StaticFiles(directory=self._page, check_dir=False)),
            Mount("/", StaticFiles(directory=self._page, check_dir=False)),
        ]
        port, key = self.port, self.key
        return Gate(Starlette(routes=routes), access=Access(port=port, secret=key, token=self.bot_token))

    async def _index(self, _request: Request) -> Response:
        index = self._page / "index.html"
        if not index.exists():
            return PlainTextResponse(f"The page is missing: {index.name}.", 404)
        headers = {
            "Content-Security-Policy": PAGE_POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return FileResponse(index, headers=headers)
