"""Serve the signed HTTP transport under gunicorn: one worker process, many threads.

One process, because on SQLite only one may write; several replicas are several `serve`s on PostgreSQL.
"""

import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import TConn, ThreadWorker

from bot.slack.transport import HttpTransport

THREADS = 32
STOP_SECONDS = 20
REQUEST_SECONDS = 3.0
"""In which a request must have come whole; Slack waits no longer for its answer."""
NEVER_STARTS = Arbiter.WORKER_BOOT_ERROR
"""The exit code with which a worker process says that starting it again is no use."""


class Serving(Protocol):
    """What the worker process runs."""

    @property
    def wsgi(self) -> HttpTransport | None:
        """Return what Slack's posts go to."""
        ...

    def close(self) -> None:
        """Stop it."""
        ...


class Worker(ThreadWorker):
    """Serve requests, and hear no more of one that comes too slowly: it would keep its thread from all others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*args, **kwargs)
        self._begun: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> bool:
        """Serve one request, in a thread."""
        self._begun[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._begun[conn]

    def murder_pending(self) -> None:
        """End what takes too long; gunicorn calls this about every second."""
        super().murder_pending()
        late = time.monotonic() - REQUEST_SECONDS
        for conn in [conn for conn, begun in self._begun.copy().items() if begun < late]:
            with suppress(OSError):  # gone already
                conn.sock.shutdown(socket.SHUT_RD)  # what is being answered still is


class HttpServer(BaseApplication):
    """Start the bot in the worker process, after the fork, and close it before the worker ends."""

    def __init__(self, *, host: str, port: int, begin: Callable[[], Serving]) -> None:
        self._port = port
        self._host = host
        self._begin = begin
        self._serving: Serving | None = None
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn needs; nothing is read from files, arguments or the environment."""
        for name, value in {
            "bind": f"{self._host}:{self._port}",
            "workers": 1,
            "worker_class": Worker,
            "threads": THREADS,
            "graceful_timeout": STOP_SECONDS,
            "timeout": 0,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "worker_exit": self._ended,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Callable[..., Iterable[bytes]]:
        """Start the bot and return what its posts go to."""
        self._serving = self._begin()
        if self._serving.wsgi is None:
            raise RuntimeError("The bot was built for Socket Mode; set slack.transport to http.")
        return self._serving.wsgi

    def _ended(self, _arbiter: object, _worker: object) -> None:
        if self._serving is not None:
            self._serving.close()
            self._serving = None
