"""The wire between the bot and the local lake: counts what was really asked for, and can end it all in the middle."""

import threading
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

When = Literal["arrived", "performed"]
NOT_PASSED_ON = {"host", "connection", "transfer-encoding", "content-length"}
CHANGES = {"DisableRule", "EnableRule", "StartExecution", "StopExecution", "PutObject"}


class Edge:
    """Pass every request on to the lake.

    Attributes:
        asked: how often each changing operation came in.
        performed: how often it was passed on and answered, whatever the answer.
    """

    def __init__(self, lake_url: str) -> None:
        self.asked: Counter[str] = Counter()
        self.performed: Counter[str] = Counter()
        self._lake = urlsplit(lake_url).netloc
        self._trap: tuple[str, When, Callable[[], None]] | None = None
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return where the bot is told that AWS is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def trap(self, operation: str, when: When, act: Callable[[], None]) -> None:
        """Act at the next request of that operation: before it reaches the lake, or after, instead of the answer."""
        self._trap = (operation, when, act)

    @property
    def sprung(self) -> bool:
        """Return whether the trap was sprung."""
        return self._trap is None

    def close(self) -> None:
        """Stop passing on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Pass one request on, unless a trap is set for it."""
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        operation = _operation(request)
        self._count(self.asked, operation)
        if act := self._sprung_by(operation, "arrived"):
            request.close_connection = True
            act()
            return
        status, headers, answer = self._passed_on(request, body)
        self._count(self.performed, operation)
        if act := self._sprung_by(operation, "performed"):
            request.close_connection = True
            act()
            return
        request.send_response_only(status)
        for name, value in headers:
            if name.lower() not in NOT_PASSED_ON:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _count(self, counter: Counter[str], operation: str) -> None:
        if operation in CHANGES:
            with self._lock:
                counter[operation] += 1

    def _sprung_by(self, operation: str, when: When) -> Callable[[], None] | None:
        with self._lock:
            if self._trap is None or self._trap[:2] != (operation, when):
                return None
            act = self._trap[2]
            self._trap = None
            return act

    def _passed_on(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_PASSED_ON}
        lake = HTTPConnection(self._lake, timeout=20)
        try:
            lake.request(request.command, request.path, body=body, headers={**headers, "Host": self._lake})
            answered = lake.getresponse()
            return answered.status, answered.getheaders(), answered.read()
        finally:
            lake.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        edge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                edge.answer(self)

            do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - http.server's names

            def handle(self) -> None:
                """Serve a connection; the other end may be dead."""
                try:
                    super().handle()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def _operation(request: BaseHTTPRequestHandler) -> str:
    target = str(request.headers.get("X-Amz-Target", ""))
    return target.rpartition(".")[2] or ("PutObject" if request.command == "PUT" else "")
