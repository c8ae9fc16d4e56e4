import json
import socket
from http.client import HTTPConnection

import pytest
from slack_sdk import WebClient

from bot.workbench.slack.person import Person
from bot.workbench.slack.server import LocalSlack


@pytest.fixture
def slack(lasting_slack: LocalSlack) -> LocalSlack:
    return lasting_slack


def ask(
    slack: LocalSlack, method: str, path: str, headers: dict[str, str] | None = None, body: object = None
) -> tuple[int, str, dict[str, str]]:
    """Send exactly these headers: http.client adds no Host of its own if one is given."""
    connection = HTTPConnection("127.0.0.1", slack.port, timeout=20)
    try:
        sent = json.dumps(body) if body is not None else None
        connection.request(method, path, sent, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def keyed(slack: LocalSlack, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {slack.key}", "Content-Type": "application/json", **headers}


OTHER_LOOPBACK = "127.0.0.2"  # answers only if all interfaces were bound
PLACES = [
    ("GET", "/"),
    ("GET", "/page/main.js"),
    ("GET", "/_ui/state?person=U0ANA"),
    ("POST", "/_ui/slash"),
    ("POST", "/api/auth.test"),
    ("POST", "/response/x"),
    ("POST", "/upload/x"),
    ("GET", "/files/F1/x.png"),
    ("GET", "/link"),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_a_rebound_host_is_refused_everywhere_even_with_the_key(slack: LocalSlack, method: str, path: str) -> None:
    headers = keyed(slack, Host=f"evil.example:{slack.port}")

    status, words, _ = ask(slack, method, path, headers, {})

    assert status == 403
    assert words.startswith("Refused: this address is not the workbench's own.")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
@pytest.mark.parametrize(("method", "path"), PLACES)
def test_a_foreign_origin_is_refused_everywhere_even_with_the_key(
    slack: LocalSlack, method: str, path: str, origin: str
) -> None:
    status, words, _ = ask(slack, method, path, keyed(slack, Origin=origin), {})

    assert (status, words) == (403, "Refused: another web page may not talk to the workbench.\n")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_pages_own_origin_passes(slack: LocalSlack, name: str) -> None:
    own = f"{name}:{slack.port}"

    status, _, _ = ask(slack, "POST", "/_ui/seen", keyed(slack, Host=own, Origin=f"http://{own}"), {})

    assert status == 200


@pytest.mark.parametrize(("method", "path"), PLACES[:4])
@pytest.mark.parametrize("secret", ["", "wrong"])
def test_without_the_key_nothing_is_shown_or_done(slack: LocalSlack, method: str, path: str, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    status, words, _ = ask(slack, method, path, headers, {})

    assert status == 403
    assert "the key in it is missing" in words


def test_a_form_from_a_page_is_refused(slack: LocalSlack) -> None:
    headers = keyed(slack) | {"Content-Type": "application/x-www-form-urlencoded"}

    status, words, _ = ask(slack, "POST", "/_ui/slash", headers, {})

    assert (status, words) == (403, "Refused: the workbench takes application/json only.\n")


def test_the_printed_url_becomes_a_cookie_and_an_address_without_the_key(slack: LocalSlack) -> None:
    status, _, headers = ask(slack, "GET", f"/?key={slack.key}&person=U0BO")

    assert (status, headers["location"]) == (303, "/?person=U0BO")
    assert headers["set-cookie"] == f"workbench={slack.key}; Path=/; HttpOnly; SameSite=Strict"
    cookie = {"Cookie": f"workbench={slack.key}"}
    assert ask(slack, "GET", "/_ui/state?person=U0BO", cookie)[0] == 200


def test_a_wrong_key_in_the_url_gets_no_cookie(slack: LocalSlack) -> None:
    status, _, headers = ask(slack, "GET", "/?key=wrong")

    assert status == 403
    assert "set-cookie" not in headers


def test_the_page_may_load_nothing_from_elsewhere_and_be_framed_nowhere(slack: LocalSlack) -> None:
    _, _, headers = ask(slack, "GET", "/", keyed(slack))

    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_socket_without_a_ticket_is_refused(slack: LocalSlack) -> None:
    with socket.create_connection(("127.0.0.1", slack.port), timeout=20) as wire:
        wire.sendall(
            b"GET /link?ticket=wrong HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
        )

        assert wire.recv(1_000).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    ("header", "status"), [("", b"101"), ("Origin: http://evil.example\r\n", b"403")], ids=["none", "foreign"]
)
def test_a_ticket_does_not_help_a_foreign_page(slack: LocalSlack, header: str, status: bytes) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.base_url)
    url = str(client.apps_connections_open(app_token=slack.app_token)["url"])
    path = url.partition(f":{slack.port}")[2]

    with socket.create_connection(("127.0.0.1", slack.port), timeout=20) as wire:
        wire.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n{header}"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

        assert wire.recv(1_000).split(b" ")[1] == status


def test_only_loopback_is_bound(slack: LocalSlack) -> None:
    with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
        socket.create_connection((OTHER_LOOPBACK, slack.port), timeout=1).close()


def test_a_person_with_the_wrong_key_hears_why(slack: LocalSlack) -> None:
    with pytest.raises(PermissionError, match="open the workbench by the URL it printed"):
        Person(slack.url, "wrong", "U0ANA").state()
