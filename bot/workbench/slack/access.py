"""Who may talk to the local Slack at all: Host, Origin, the secret of this launch; and the gate that asks."""

import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "workbench"
FILES = "/files/"
TOKEN_PATHS = ("/api/", "/link", "/response/", "/upload/")
"""Where Slack's own tokens are the key, so that the unchanged SDK can call."""
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


class Access:
    """Know this launch's port and secret."""

    def __init__(self, *, port: int, secret: str, token: str = "") -> None:
        """Take what opens everything, and the app's token, which opens files as it does at Slack."""
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._secret = secret
        self._token = token

    def refusal(self, path: str, headers: Mapping[str, str], *, method: str, key: str = "") -> str | None:
        """Say why a request is refused, or None if it may pass."""
        host = headers.get("host", "")
        # slack_sdk's own socket client leaves the port out
        if host not in self._hosts and not (path == "/link" and host in ("127.0.0.1", "localhost")):
            return "Refused: this address is not the workbench's own. Open the URL the workbench printed."
        if headers.get("origin") is not None and headers["origin"] not in self._origins:
            return "Refused: another web page may not talk to the workbench."
        # another port of this machine is another origin but the same site, so the cookie alone proves nothing
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "Refused: another web page may not talk to the workbench."
        if path.startswith(TOKEN_PATHS):
            return None
        if path.startswith(FILES) and self._token and _bearer(headers) == self._token:
            return None
        if not self.knows(headers) and not (path == "/" and self.fits(key)):
            return "Refused: open the workbench by the URL it printed; the key in it is missing here."
        content_type = headers.get("content-type", "").partition(";")[0].strip()
        if method not in ("GET", "HEAD") and content_type != "application/json":
            return "Refused: the workbench takes application/json only."
        return None

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Tell whether the request carries the secret, as cookie or bearer."""
        return self.fits(_bearer(headers)) or self.fits(_cookie(headers.get("cookie", "")))

    def fits(self, secret: str) -> bool:
        """Compare a secret in constant time."""
        return hmac.compare_digest(secret.encode(), self._secret.encode())

    def cookie(self) -> str:
        """Return the Set-Cookie header of a page that came with the key."""
        return f"{COOKIE}={self._secret}; Path=/; HttpOnly; SameSite=Strict"


class Gate:
    """Stand before the app and let nothing pass that Access refuses."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 with a sentence, take the key of a first visit, or pass the request on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), str(scope["path"])
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        key = asked.pop("key", [""])[0]
        method = str(scope.get("method", "GET"))
        refusal = self._access.refusal(path, headers, method=method, key=key)
        if refusal is None and path == "/" and key:
            rest = urlencode(asked, doseq=True)
            cookie = {"Set-Cookie": self._access.cookie()}
            await RedirectResponse(f"/?{rest}" if rest else "/", 303, cookie)(scope, receive, send)
            return
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, send)


def _bearer(headers: Mapping[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ").strip()


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
