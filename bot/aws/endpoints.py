"""What else belongs to the platform and is asked over HTTPS: only the addresses that the settings name, and only GET.

No redirect is followed, no proxy is used, nothing is sent but the path. Only a local lake has endpoints on loopback,
and it has no others.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from ssl import create_default_context
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from bot.aws.clients import USER_AGENT
from bot.domain.strictjson import MOST_CHARACTERS, parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

TIMEOUT_S = 5.0
MOST_VALUE = 200  # characters
LOOPBACK = "127.0.0.1"


class Endpoints:
    """Ask the endpoints of one platform.

    Args:
        local: whether the platform is a local lake.

    Raises:
        InvalidError: an address is none that may be asked.
    """

    def __init__(self, addresses: Mapping[str, str], *, local: bool, timeout_s: float = TIMEOUT_S) -> None:
        self._places = {name: _place(name, address) for name, address in addresses.items()}
        inside = sorted(name for name, place in self._places.items() if place.scheme == "http")
        if inside and not local:
            raise InvalidError(_NO_ADDRESS.format(inside[0]))
        self._local = local
        self._timeout_s = timeout_s

    def look(self, params: JsonObject) -> JsonObject:
        """Return status, milliseconds and the field that was asked for; only `found` where nothing answered in time.

        Raises:
            InvalidError: there is no endpoint of that name, or it is outside and the lake is local.
        """
        place = self._places.get(str(params["Endpoint"]))
        if place is None:
            raise InvalidError(f"There is no endpoint {params['Endpoint']}; add it to the platform's endpoints.")
        if self._local and place.scheme != "http":
            raise InvalidError(f"The local lake asks nobody outside of this machine; {params['Endpoint']} is there.")
        began = time.monotonic()
        try:
            status, body = self._asked(place, until=began + self._timeout_s)
        except (OSError, HTTPException):
            return {"found": False}
        took = int((time.monotonic() - began) * 1000)
        value = _value(body, str(params["Field"])) if params.get("Field") else None
        return {"found": True, "Status": status, "Milliseconds": took, **({"Value": value} if value else {})}

    def _asked(self, place: SplitResult, *, until: float) -> tuple[int, bytes]:
        connection = _connection(place, self._timeout_s)
        try:
            connection.connect()
            with _cut_off(connection.sock, until):
                connection.request("GET", place.path or "/", headers={"User-Agent": USER_AGENT, "Connection": "close"})
                answer = connection.getresponse()
                return answer.status, answer.read(MOST_CHARACTERS + 1)
        finally:
            connection.close()


_NO_ADDRESS = "The address of the endpoint {} must be https://host/path, without a query, a password or a fragment."


def _place(name: str, address: str) -> SplitResult:
    try:
        place = urlsplit(address)
        plain = not (place.query or place.fragment or place.username or place.password) and place.port != 0
    except ValueError as error:
        raise InvalidError(_NO_ADDRESS.format(name)) from error
    there = bool(place.hostname) and (place.scheme == "https" or (place.scheme, place.hostname) == ("http", LOOPBACK))
    if not (plain and there and re.fullmatch(r"[!-~]+", address)):
        raise InvalidError(_NO_ADDRESS.format(name))
    return place


def _connection(place: SplitResult, timeout_s: float) -> HTTPConnection:
    host = str(place.hostname)
    if place.scheme == "https":
        return HTTPSConnection(host, place.port, timeout=timeout_s, context=create_default_context())
    return HTTPConnection(host, place.port, timeout=timeout_s)


@contextmanager
def _cut_off(connected: socket, until: float) -> Iterator[None]:
    """Read no longer than until then: whoever sends its answer drop by drop is too late.

    Raises:
        TimeoutError: it did not all come in time; what came may look whole.
    """

    def cut() -> None:
        with suppress(OSError):  # it is over already
            socket.shutdown(connected, SHUT_RDWR)  # of the bare connection: TLS would wait for the other side

    timer = Timer(max(0.0, until - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if time.monotonic() >= until:
        raise TimeoutError


def _value(body: bytes, field: str) -> str:
    """Return one field of a JSON document as text; empty where there is none, or more than a word or a number."""
    try:
        found: JsonValue = parse_object(body.decode("utf-8"), most=MOST_CHARACTERS)
    except (InvalidError, UnicodeDecodeError, RecursionError):
        return ""
    for name in field.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, bool):
        return str(found).lower()
    return str(found)[:MOST_VALUE] if isinstance(found, str | int | float) else ""
