"""Stand between the bot and the local lake: count requests, and lose, delay or refuse the answers to some."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

Mood = Literal["late", "lost", "refused", "throttled", "unreached"]

DENIED = b'{"__type": "AccessDeniedException", "message": "no"}'
THROTTLED = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Proxy:
    """Pass everything on, but for what it was told.

    A request is named by its X-Amz-Target, else by its method and path; a rule holds for each that contains its words,
    as often as it says. `late` passes it on and answers after the caller gave up; `lost` passes it on and closes;
    `refused` says AccessDenied and `throttled` Throttling, and pass nothing on; `unreached` closes and passes nothing
    on.
    """

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target).netloc
        self.passed: list[str] = []
        self.rules: list[tuple[str, Mood, int]] = []
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def forget(self) -> None:
        """Pass everything on, and forget what was passed on."""
        self.rules.clear()
        self.passed.clear()

    def rule(self, words: str, mood: Mood, *, times: int = 1) -> None:
        self.rules.append((words, mood, times))

    def count(self, words: str) -> int:
        """Return how many requests of that name reached the lake."""
        return sum(words in name for name in self.passed)

    def _mood(self, name: str) -> Mood | None:
        for place, (words, mood, times) in enumerate(self.rules):
            if words in name and times:
                self.rules[place] = (words, mood, times - 1)
                return mood
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                name = self.headers.get("X-Amz-Target") or f"{self.command} {self.path}"
                mood = proxy._mood(name)
                if mood in {"refused", "throttled"}:
                    said = DENIED if mood == "refused" else THROTTLED
                    self._say(400, {"Content-Type": "application/x-amz-json-1.0"}, said)
                    return
                if mood == "unreached":
                    self._hang_up()
                    return
                status, headers, answer = self._passed_on(body)
                proxy.passed.append(name)
                if mood == "late":
                    proxy._over.wait(10)
                if mood is not None:
                    self._hang_up()
                    return
                self._say(status, headers, answer)

            def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
                connection = http.client.HTTPConnection(proxy._target, timeout=20)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection", "expect"}}
                connection.request(self.command, self.path, body=body, headers={**headers, "Host": proxy._target})
                answer = connection.getresponse()
                found = answer.read()
                connection.close()
                return answer.status, dict(answer.getheaders()), found

            def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for key, value in headers.items():
                    if key.lower() not in HOP_BY_HOP:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def _hang_up(self) -> None:
                self.close_connection = True
                self.connection.close()

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _any  # noqa: N815 - names that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler
