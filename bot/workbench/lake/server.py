"""The local AWS: moto behind a door that opens only to this launch, on 127.0.0.1 only (safety.md 15).

What moto answers is moto's; where its Step Functions interpreter differs from AWS, interpreter.py mends it.
"""

import base64
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from hmac import compare_digest
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.moto_server import werkzeug_app
from werkzeug.serving import BaseWSGIServer, make_server

from bot.workbench.lake.clients import Credentials

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOOPBACK = "127.0.0.1"
HEALTH = "/readers/health"
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([A-Z0-9]{20})/", re.ASCII)
_POLL = 0.05  # seconds between two looks at whether to stop

# moto loads a service when it is first asked for it; these take longest (its interpreter brings a parser).
_SLOW_PARTS = ("moto.stepfunctions.parser.models", "moto.s3.responses", "moto.glue.responses")


def launch_credentials() -> Credentials:
    """Draw the key of one launch, in the form AWS gives access keys."""
    drawn = base64.b32encode(secrets.token_bytes(10)).decode("ascii")
    return Credentials(access_key_id=f"LAKE{drawn}", secret_access_key=secrets.token_urlsafe(24))


def load_slow_parts() -> None:
    """Load what moto would load on first use, so that seeding does not wait for it."""
    for part in _SLOW_PARTS:
        import_module(part)


class Server:
    """Serve the local AWS on a free port of loopback until closed.

    Attributes:
        well: whether what is deployed for readers works, as its health says.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.well: Callable[[], bool] = lambda: True
        for noisy in ("werkzeug", "moto"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        # As MOTO_DISABLE_GLOBAL_CORS does, which moto reads once, at import.
        vars(werkzeug_app)["DISABLE_GLOBAL_CORS"] = True
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        moto = _Dispatcher(werkzeug_app.create_backend_app)
        self._door = Door(moto, access_key_id=credentials.access_key_id, well=lambda: self.well())
        self._wsgi: BaseWSGIServer = make_server(
            _LOOPBACK, 0, self._door, threaded=True, request_handler=werkzeug_app.MotoRequestHandler
        )
        self._door.port = self._wsgi.server_port
        self._thread = Thread(target=self._wsgi.serve_forever, args=(_POLL,), name="lake-server", daemon=True)

    @property
    def endpoint_url(self) -> str:
        """Return where the lake answers."""
        return f"http://{_LOOPBACK}:{self._wsgi.server_port}"

    @property
    def health_url(self) -> str:
        """Return where what readers use says how it is."""
        return f"{self.endpoint_url}{HEALTH}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and forget everything that was stored."""
        self._wsgi.shutdown()
        self._wsgi.server_close()
        self._thread.join(1)
        BackendDict.reset()


class _Dispatcher(werkzeug_app.DomainDispatcherApplication):
    """Remember which part of moto a host is for; moto itself looks through its folder at every request."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._known: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:  # noqa: ANN401 - moto's own signature
        """Return the part's name, or nothing."""
        if host not in self._known:
            self._known[host] = super().get_backend_for_host(host)
        return self._known[host]


class Door:
    """Refuse whatever is not signed with the key of this launch, or comes from a web page.

    The health of what readers use is no AWS and tells nothing but a word: it is asked without a key.
    """

    def __init__(self, behind: "WSGIApplication", *, access_key_id: str, well: Callable[[], bool]) -> None:
        self._well = well
        self._behind = behind
        self._key = access_key_id
        self.port = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass a request on, or answer 403 with the reason."""
        health = environ.get("REQUEST_METHOD") == "GET" and environ.get("PATH_INFO") == HEALTH
        reason = self._stranger(environ) or (None if health else self._keyless(environ))
        if reason is not None:
            return _said(start_response, "403 Forbidden", "text/plain; charset=utf-8", reason)
        if not health:
            return self._behind(environ, start_response)
        status, word = ("200 OK", "ok") if self._well() else ("500 Internal Server Error", "failing")
        return _said(start_response, status, "application/json", json.dumps({"status": word}))

    def _stranger(self, environ: "WSGIEnvironment") -> str | None:
        if environ.get("HTTP_HOST") not in (f"{_LOOPBACK}:{self.port}", f"localhost:{self.port}"):
            return "The local lake answers only to its own address."
        if "HTTP_ORIGIN" in environ:
            return "The local lake does not answer web pages."
        return None

    def _keyless(self, environ: "WSGIEnvironment") -> str | None:
        signed_with = _CREDENTIAL.match(environ.get("HTTP_AUTHORIZATION", ""))
        if signed_with is None or not compare_digest(signed_with[1], self._key):
            return "The local lake answers only to the key of this launch."
        return None


def _said(start_response: "StartResponse", status: str, kind: str, text: str) -> list[bytes]:
    body = text.encode("utf-8")
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),  # the body of a refused request is not read
    ]
    start_response(status, headers)
    return [body]
