"""No web page of somebody else reaches the workbench: a foreign origin and a rebound Host are refused by every port."""

import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response

from bot.workbench.demo import Demo

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
LOOPBACK = "0100007F"
LISTENING = "0A"


@dataclass(frozen=True)
class House:
    """Hold a running demo and every port it has opened, with the address it listens at."""

    demo: Demo
    ports: dict[int, str]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    before = ports()
    demo = Demo(folder=tmp_path_factory.mktemp("doors"), runbooks=RUNBOOKS)
    try:
        demo.start()
        yield House(demo, {port: address for port, address in ports().items() if port not in before})
    finally:
        demo.close()


@pytest.fixture(scope="module")
def demo(house: House) -> Demo:
    return house.demo


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """Serve an empty page on another port of this machine: another origin, though the same site."""

    class Blank(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Elsewhere:
    """Be a page of another origin in the browser of somebody who has the workbench open, key and all."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answers: list[tuple[str, int]] = []
        page.on("response", self._heard)

    def _heard(self, response: Response) -> None:
        self.answers.append((response.url, response.status))

    def fetches(self, url: str, options: str) -> str:
        """Return what the page can tell of a fetch: its status and text, or that it failed."""
        return str(
            self.page.evaluate(
                f"(url) => fetch(url, {options}).then(async (got) => `${{got.type}} ${{got.status}} "
                "${await got.text()}`, () => 'failed')",
                url,
            )
        )


@pytest.fixture
def elsewhere(chromium: Browser, demo: Demo, foreign: str) -> Iterator[Elsewhere]:
    context = chromium.new_context()
    own = context.new_page()
    own.goto(demo.slack.page_url.replace("/?", "/page/?"))  # not the page itself, which would begin the story
    context.add_cookies([{"name": "workbench", "value": demo.slack.key, "url": demo.slack.url}])
    page = context.new_page()
    page.goto(foreign)
    yield Elsewhere(page)
    context.close()


READS = ["/", "/_ui/state", "/_ui/events", "/page/main.js", "/api/auth.test", "/link", "/files/x/y"]
WRITES = [
    "/_ui/slash",
    "/_ui/click",
    "/_ui/fix",
    "/_ui/start-over",
    "/_ui/break",
    "/api/chat.postMessage",
    "/response/x",
]
OPTIONS = [
    "{credentials: 'include'}",
    "{credentials: 'include', mode: 'no-cors'}",
    "{method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}'}",
    "{method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'}, body: '{}'}",
]


@pytest.mark.browser
@pytest.mark.parametrize("options", OPTIONS)
def test_a_foreign_page_reads_and_changes_nothing_by_fetch(elsewhere: Elsewhere, demo: Demo, options: str) -> None:
    targets = [f"{demo.slack.url}{path}" for path in (*READS, *WRITES)]
    targets += [f"{demo.lake.endpoint_url}{path}" for path in ("/", "/moto-api/reset", "/moto-api/data.json")]

    seen = {url: elsewhere.fetches(url, options) for url in targets}

    assert {said for said in seen.values() if said not in ("failed", "opaque 0 ")} == set()
    assert [one for one in elsewhere.answers if one[1] != 403 and not one[0].startswith(elsewhere.page.url)] == []
    assert_untouched(demo)


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/_ui/start-over", "/_ui/slash", "/api/chat.postMessage", "/"])
def test_a_foreign_page_changes_nothing_by_a_form(elsewhere: Elsewhere, demo: Demo, path: str) -> None:
    with elsewhere.page.expect_navigation() as arrived:
        elsewhere.page.evaluate(
            """(url) => {
              const form = document.createElement('form');
              Object.assign(form, {method: 'post', action: url, enctype: 'text/plain'});
              const field = document.createElement('input');
              form.append(Object.assign(field, {name: '{"person":"U0ANA","x":"', value: '"}'}));
              document.body.append(form);
              form.submit();
            }""",
            f"{demo.slack.url}{path}",
        )

    assert arrived.value is not None
    assert arrived.value.status == 403
    assert_untouched(demo)


@pytest.mark.browser
def test_a_foreign_page_gets_no_socket_and_no_stream(elsewhere: Elsewhere, demo: Demo) -> None:
    host = demo.slack.url.removeprefix("http://")
    sockets = [f"ws://{host}/link", f"ws://{host}/link?ticket=x", demo.lake.endpoint_url.replace("http", "ws", 1)]

    opened = elsewhere.page.evaluate(
        """async ([sockets, stream]) => {
          const told = (thing) => new Promise((resolve) => {
            thing.addEventListener('open', () => resolve('open'));
            thing.addEventListener('error', () => resolve('refused'));
          });
          const streams = [new EventSource(stream, {withCredentials: true})];
          return Promise.all([...sockets.map((url) => new WebSocket(url)), ...streams].map(told));
        }""",
        [sockets, f"{demo.slack.url}/_ui/events?person=U0ANA"],
    )

    assert opened == ["refused"] * 4
    assert_untouched(demo)


@pytest.mark.browser
def test_a_foreign_page_cannot_show_the_workbench_in_a_frame_or_as_a_script(elsewhere: Elsewhere, demo: Demo) -> None:
    loaded = elsewhere.page.evaluate(
        """(url) => {
          const told = (tag, name, value) => new Promise((resolve) => {
            const node = Object.assign(document.createElement(tag), {[name]: value});
            node.addEventListener('load', () => resolve(`${tag} loaded`));
            node.addEventListener('error', () => resolve(`${tag} refused`));
            document.body.append(node);
          });
          const script = told('script', 'src', `${url}/page/main.js`);
          return Promise.all([script, told('img', 'src', `${url}/page/mark.svg`)]);
        }""",
        demo.slack.url,
    )
    elsewhere.page.evaluate(
        """(url) => new Promise((resolve) => {
          const frame = Object.assign(document.createElement('iframe'), {src: url});
          frame.addEventListener('load', resolve);
          document.body.append(frame);
        })""",
        demo.slack.url,
    )

    assert loaded == ["script refused", "img refused"]
    assert [frame.locator("#room").count() for frame in elsewhere.page.frames[1:]] == [0]
    assert_untouched(demo)


def assert_untouched(demo: Demo) -> None:
    assert demo.slack.acts == ()
    assert demo.slack.person("ana").messages() == []
    assert [one["state"] for one in demo.scenarios() if one["state"] != "ready"] == []
    assert demo.lake.names.bronze_bucket in [one["Name"] for one in demo.lake.clients.s3.list_buckets()["Buckets"]]


# Every port.


def ports() -> dict[int, str]:
    """Return the ports this process listens on, and at which address, as the system has them."""
    own = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            name = str(entry.readlink())
        except OSError:
            continue
        if name.startswith("socket:["):
            own.add(name[8:-1])
    found: dict[int, str] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[3] == LISTENING and fields[9] in own:
                found[int(port, 16)] = address
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the system does not list its sockets under /proc")
def test_every_port_is_on_loopback_only_and_refuses_a_rebound_host(house: House) -> None:
    assert {house.demo.slack.port, int(house.demo.lake.endpoint_url.rpartition(":")[2])} <= set(house.ports)
    assert set(house.ports.values()) == {LOOPBACK}
    for port in house.ports:
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "[::1]", ""):
            assert status_with(port, host) in (400, 403)


def status_with(port: int, host: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_request_without_a_host_is_refused(demo: Demo) -> None:
    with socket.create_connection(("127.0.0.1", demo.slack.port), timeout=20) as raw:
        raw.sendall(b"GET /_ui/state HTTP/1.0\r\n\r\n")

        assert b" 403 " in raw.recv(200).split(b"\r\n")[0]
