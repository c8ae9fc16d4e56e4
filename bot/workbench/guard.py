"""The wall around the workbench: it forgets every AWS account and talks to loopback only (safety.md 15).

Nothing here knows the lake or Slack. An audit hook cannot be taken back: `seal` is for the process that is
the demo, and for child processes of tests. It binds Python's sockets; a C library that opens its own (libpq)
is not seen, and is given loopback addresses by its settings.
"""

import os
import socket
import sys
from collections.abc import Collection, MutableMapping, Sequence
from ipaddress import ip_address

DUMMY_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "WORKBENCHDUMMY000000",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "BOTO_CONFIG": os.devnull,
}

# A proxy on loopback would carry outside what the wall refuses.
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy"})

_WITH_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_WITH_NAME = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


class OutsideRefusedError(PermissionError):
    """Say that the workbench does not talk to the outside; an OSError, so that every client library copes."""


def seal(*, allow: Collection[str] = ()) -> None:
    """Forget every AWS setting of this process and refuse all but loopback from here on.

    Args:
        allow: host names that may be reached as well (an explicit Bedrock endpoint). Whoever wants one
            builds its credentials before this call.
    """
    forget_accounts(os.environ)  # noqa: TID251 - the one place that writes it: it empties, and reads no setting
    default_session = "DEFAULT_SESSION"
    if "boto3" in sys.modules:
        setattr(sys.modules["boto3"], default_session, None)
    wall = _Wall(allow)
    if allow:
        _remember_addresses(wall)
    sys.addaudithook(wall.check)


def forget_accounts(environment: MutableMapping[str, str]) -> None:
    """Drop every AWS, boto and proxy setting and put the dummies in their place."""
    for name in list(environment):
        if name.upper().startswith(("AWS_", "BOTO_")) or name.lower() in _PROXIES:
            del environment[name]
    environment.update(DUMMY_ENVIRONMENT)


class _Wall:
    """Decide for each use of a socket whether it stays inside."""

    def __init__(self, allow: Collection[str]) -> None:
        self._names = frozenset(name.lower() for name in allow)
        self.addresses: set[str] = set()

    def check(self, event: str, arguments: tuple[object, ...]) -> None:
        """Raise OutsideRefusedError for what would leave this machine."""
        if event in _WITH_ADDRESS:
            self._check_address(event, arguments[0], arguments[1])
        elif event in _WITH_NAME:
            self._check_name(arguments[0])

    def allows(self, name: object) -> bool:
        """Tell whether this is one of the outside names that were asked for."""
        return isinstance(name, str) and name.lower() in self._names

    def _check_address(self, event: str, source: object, address: object) -> None:
        family = getattr(source, "family", None)
        if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host = address[0]
        if _is_loopback(host) or (event != "socket.bind" and host in self.addresses):
            return
        raise OutsideRefusedError(
            f"The workbench stays on this machine: {event.removeprefix('socket.')} to {host!r} was refused."
        )

    def _check_name(self, name: object) -> None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        if text in (None, "") or _is_number(text) or _is_loopback(text) or self.allows(text):
            return
        raise OutsideRefusedError(f"The workbench stays on this machine: looking up {text!r} was refused.")


def _is_loopback(host: object) -> bool:
    if host == "localhost":
        return True
    return _is_number(host) and ip_address(str(host).split("%")[0]).is_loopback


def _is_number(host: object) -> bool:
    try:
        ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return True


def _remember_addresses(wall: _Wall) -> None:
    """Let `connect` know which addresses an allowed name has: it is told numbers, not names."""
    name, ask = "getaddrinfo", socket.getaddrinfo

    def remembering(
        host: str | bytes | None,
        port: str | int | None,
        family: int = 0,
        type: int = 0,  # the callers of the real one name it so
        proto: int = 0,
        flags: int = 0,
    ) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
        found = ask(host, port, family, type, proto, flags)
        if wall.allows(host):
            wall.addresses.update(str(answer[4][0]) for answer in found)
        return found

    setattr(socket, name, remembering)
