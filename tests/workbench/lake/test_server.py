import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from bot.workbench.lake.lake import Lake
from bot.workbench.lake.server import HEALTH

NOBODY = "AKIAIOSFODNN7EXAMPLE"


def authorization(key: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={key}/20261123/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00"


def ask(running: Lake, path: str = "/", *, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Send exactly these headers (underscores stand for dashes) and return status, body and headers."""
    address = urlsplit(running.endpoint_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def test_a_request_with_the_launch_key_is_answered(running: Lake) -> None:
    status, body, _ = ask(running, Authorization=authorization(running.credentials.access_key_id))

    assert status == 200
    assert "lake-bronze" in body


@pytest.mark.parametrize("path", ["/", "/lake-silver", "/moto-api/", "/moto-api/data.json", "/favicon.ico"])
def test_an_unsigned_request_is_refused_everywhere(running: Lake, path: str) -> None:
    status, body, _ = ask(running, path)

    assert (status, body) == (403, "The local lake answers only to the key of this launch.")


@pytest.mark.parametrize("header", [authorization(NOBODY), "Bearer x", "AWS AKIA:x", ""])
def test_another_key_is_refused(running: Lake, header: str) -> None:
    assert ask(running, Authorization=header)[0] == 403


def test_a_key_that_only_begins_like_the_launch_key_is_refused(running: Lake) -> None:
    key = running.credentials.access_key_id

    assert ask(running, Authorization=authorization(key + "A"))[0] == 403
    assert ask(running, Authorization=authorization(key[:-1]))[0] == 403
    assert ask(running, Authorization=authorization(key.lower()))[0] == 403


@pytest.mark.parametrize(
    "host", ["rebound.example", "rebound.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}"]
)
def test_a_rebound_host_is_refused_even_with_the_key(running: Lake, host: str) -> None:
    port = urlsplit(running.endpoint_url).port
    signed = authorization(running.credentials.access_key_id)

    status, body, _ = ask(running, Authorization=signed, Host=host.format(port=port))

    assert (status, body) == (403, "The local lake answers only to its own address.")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "{own}"])
def test_a_web_page_is_refused_even_with_the_key(running: Lake, method: str, origin: str) -> None:
    signed = authorization(running.credentials.access_key_id)

    status, _, headers = ask(
        running,
        "/moto-api/reset",
        method=method,
        Authorization=signed,
        Origin=origin.format(own=running.endpoint_url),
    )

    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_the_health_of_what_readers_use_is_told_without_a_key_and_nothing_else_is(running: Lake) -> None:
    port = urlsplit(running.endpoint_url).port

    assert ask(running, HEALTH)[:2] == (200, '{"status": "ok"}')
    for path, method, headers in (
        (HEALTH, "POST", {}),
        (f"{HEALTH}/", "GET", {}),
        (f"{HEALTH}/../../lake-silver", "GET", {}),
        (HEALTH, "GET", {"Host": f"rebound.example:{port}"}),
        (HEALTH, "GET", {"Origin": "https://evil.example"}),
    ):
        assert ask(running, path, method=method, **headers)[0] == 403, (path, method, headers)


def test_a_refused_reset_changes_nothing(running: Lake) -> None:
    ask(running, "/moto-api/reset", method="POST")

    assert running.clients.s3.list_buckets()["Buckets"]


def test_no_answer_allows_another_origin(running: Lake) -> None:
    _, _, headers = ask(running, Authorization=authorization(running.credentials.access_key_id))

    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_only_the_one_loopback_address_listens(running: Lake) -> None:
    port = urlsplit(running.endpoint_url).port
    own = {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}

    assert urlsplit(running.endpoint_url).hostname == "127.0.0.1"
    for address in {"127.0.0.2", *own} - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|timed out|assign"):
            socket.create_connection((address, port), timeout=2)


def test_every_launch_has_a_key_of_its_own(running: Lake) -> None:
    assert Lake(clock=running.clock).credentials.access_key_id != running.credentials.access_key_id
