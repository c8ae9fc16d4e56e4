"""Endpoints of the platform, asked for real on loopback: what is told of them, and what is never asked."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.aws.cloud import AwsCloud
from bot.aws.endpoints import Endpoints
from bot.aws.keeping import kept
from bot.domain.action import bind
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from tests.aws.seeded import PLATFORM

TIMEOUT_S = 0.3


class Service(BaseHTTPRequestHandler):
    """Answer by path, and note who was asked for what."""

    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        status, body = {
            "/health": (200, b'{"status": "ok", "run": {"id": "r-1", "late": false, "rows": 12}}'),
            "/failing": (503, b'{"status": "failing"}'),
            "/moved": (302, b""),
            "/words": (200, b"all is well"),
            "/twice": (200, b'{"status": "failing", "status": "ok"}'),
            "/long": (200, json.dumps({"status": "x" * 5_000}).encode()),
            "/huge": (200, json.dumps({"status": "ok", "more": "x" * 100_000}).encode()),
        }.get(self.path, (200, b'{"status": "ok"}'))
        self.send_response(status)
        if self.path == "/moved":
            self.send_header("Location", "/health")
        if self.path in {"/drops", "/head-drops", "/endless"}:
            self._drop_by_drop()
            return
        if self.path == "/never":
            time.sleep(2 * TIMEOUT_S)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drop_by_drop(self) -> None:
        if self.path == "/head-drops":
            self.flush_headers()
        else:
            if self.path == "/drops":
                self.send_header("Content-Length", "1000")
            self.end_headers()
        for _ in range(20):
            try:
                self.wfile.write(b"{")
            except OSError:
                return
            time.sleep(TIMEOUT_S / 5)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    Service.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def asked(server: ThreadingHTTPServer, path: str, field: str = "status") -> JsonObject:
    address = f"http://127.0.0.1:{server.server_address[1]}{path}"
    answer = Endpoints({"readers": address}, local=True, timeout_s=TIMEOUT_S).look(
        {"Endpoint": "readers", **({"Field": field} if field else {})}
    )
    return kept(CATALOGUE.row("http.get"), answer) if answer.pop("found") else {}


@pytest.mark.parametrize(
    ("path", "field", "status", "value"),
    [
        ("/health", "status", 200, "ok"),
        ("/health", "run.id", 200, "r-1"),
        ("/health", "run.late", 200, "false"),
        ("/health", "run.rows", 200, "12"),
        ("/health", "run", 200, None),
        ("/health", "nothing.here", 200, None),
        ("/health", "", 200, None),
        ("/failing", "status", 503, "failing"),
        ("/words", "status", 200, None),
        ("/twice", "status", 200, None),
        ("/long", "status", 200, "x" * 200),
        ("/huge", "status", 200, None),
    ],
)
def test_status_time_and_one_field_are_kept_and_nothing_else(
    service: ThreadingHTTPServer, path: str, field: str, status: int, value: str | None
) -> None:
    found = asked(service, path, field)

    assert (found["Status"], found.get("Value")) == (status, value)
    assert set(found) <= {"Status", "Milliseconds", "Value"}


def test_no_redirect_is_followed_and_nothing_is_sent_but_the_path(
    service: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    found = asked(service, "/moved")

    assert found["Status"] == 302
    assert [path for path, _ in Service.asked] == ["/moved"]
    assert set(Service.asked[0][1]) == {"Host", "Accept-Encoding", "User-Agent", "Connection"}


@pytest.mark.parametrize("path", ["/never", "/drops", "/head-drops", "/endless"])
def test_who_does_not_answer_in_time_is_not_waited_for(service: ThreadingHTTPServer, path: str) -> None:
    assert asked(service, path) == {}


def test_where_nobody_listens_nothing_is_found(service: ThreadingHTTPServer) -> None:
    address = f"http://127.0.0.1:{service.server_address[1]}/health"
    service.server_close()
    service.socket.close()

    assert Endpoints({"readers": address}, local=True).look({"Endpoint": "readers"}) == {"found": False}


@pytest.mark.parametrize(
    "address",
    [
        "http://readers.example.com/health",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1.example.com/",
        "https://user:word@readers.example.com/",
        "https://readers.example.com/?token=x",
        "https://readers.example.com/#x",
        "https://readers.example.com/a b",
        "https://readers.example.com/\r\nX-Other: 1",
        "https://readers.example.com:99999/",
        "https://r\N{CYRILLIC SMALL LETTER IE}aders.example.com/",
        "https:///health",
        "file:///etc/passwd",
        "readers.example.com",
        "",
    ],
)
@pytest.mark.parametrize("local", [True, False])
def test_an_address_that_is_none_is_refused_before_anybody_is_asked(address: str, local: bool) -> None:
    with pytest.raises(InvalidError, match="must be https"):
        Endpoints({"readers": address}, local=local)


def test_loopback_is_the_local_lake_s_alone() -> None:
    with pytest.raises(InvalidError, match="must be https"):
        AwsCloud(catalogue=CATALOGUE, platform=PLATFORM.reaching({"readers": "http://127.0.0.1:80/health"}))


def test_a_local_lake_asks_nobody_outside() -> None:
    with pytest.raises(InvalidError, match="nobody outside"):
        Endpoints(PLATFORM.endpoints, local=True).look({"Endpoint": "readers"})


@pytest.mark.parametrize("name", ["other", "https://readers.example.com/health", "readers ", "readers\n", "../readers"])
def test_only_the_names_of_the_settings_are_admitted(name: str) -> None:
    with pytest.raises(InvalidError, match="does not admit"):
        bind(CATALOGUE.row("http.get"), {"Endpoint": name}, PLATFORM)
