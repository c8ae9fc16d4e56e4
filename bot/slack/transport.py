"""How Slack reaches the app: Socket Mode from a thread of its own, or signed HTTP under a WSGI server."""

import logging
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from http.client import HTTPException
from io import BytesIO
from threading import Thread
from typing import Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from slack_bolt import App
from slack_bolt.adapter.socket_mode.base_handler import BaseSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.errors import UnavailableError

log = logging.getLogger(__name__)

EVENTS_PATH = "/slack/events"
HEALTH_PATH = "/health"
MOST_BYTES = 1_000_000
CONNECT_SECONDS = 10
PING_SECONDS = 10
READ_BYTES = 64 * 1024
"""Of one read from the socket; a card's click is some ten kilobytes."""
AT_ONCE = 10
"""Envelopes dealt with at the same time; each takes one insert."""
Posted = Callable[[bytes], tuple[str, str]]
"""Takes a body and returns HTTP status and words."""
Urgent = Callable[[], AbstractContextManager[None]]
"""Entered while Slack waits for an answer."""


class Transport(Protocol):
    """How deliveries reach the app."""

    @property
    def connected(self) -> bool:
        """Return whether Slack can bring something now, as far as can be known here."""
        ...

    def start(self) -> None:
        """Begin to take deliveries."""
        ...

    def close(self) -> None:
        """Take no more."""
        ...


class SocketTransport:
    """Hold the connection to Slack that Slack delivers over."""

    def __init__(self, app: App, *, app_token: str, client: WebClient, urgent: Urgent = nullcontext) -> None:
        """Take a client that knows where Slack is; nothing is connected yet."""
        self._urgent = urgent
        self._app = app
        self._app_token = app_token
        self._client = WebClient(
            base_url=client.base_url,
            timeout=CONNECT_SECONDS,
            proxy=client.proxy,
            ssl=client.ssl,
            logger=app.logger,
        )
        self._handler: _Handler | None = None

    @property
    def connected(self) -> bool:
        """Return whether a connection stands."""
        return self._handler is not None and self._handler.client.is_connected()

    def start(self) -> None:
        """Connect; a connection that drops later is made again without being asked.

        Raises:
            UnavailableError: Slack did not answer, or refused the token.
        """
        self._handler = _Handler(self._app, self._app_token, web_client=self._client, urgent=self._urgent)
        try:
            self._handler.client.connect()
        except SlackApiError as error:
            self.close()
            code = str(error.response.get("error") or "no reason given")[:60]
            words = f"Slack refused the connection ({code}); check SLACK_APP_TOKEN."
            raise UnavailableError(words) from error
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            self.close()
            raise UnavailableError("Slack cannot be reached, so nothing can be heard; try again.") from error

    def close(self) -> None:
        """Disconnect; returns when what was being dealt with is acknowledged and no thread is left."""
        handler, self._handler = self._handler, None
        if handler is None:
            return
        client = handler.client
        client.default_auto_reconnect_enabled = False  # a connection made just now would switch it on again
        client.auto_reconnect_enabled = False
        client.closed = True
        client.message_queue.put(None)  # its reader sleeps up to a second otherwise
        client.message_processor.event.set()
        client.message_processor.thread.join()
        client.message_workers.shutdown()  # what is being dealt with is still acknowledged
        session = client.current_session
        if session is not None and session.sock is not None:
            with suppress(OSError):  # gone already
                session.sock.shutdown(socket.SHUT_RDWR)
        closing = Thread(target=client.close, name="slack-closing", daemon=True)
        closing.start()
        while closing.is_alive():
            # A reader that begins only now takes back what ends it, and would be waited for without end.
            client.current_session_state.terminated = True
            closing.join(0.05)
        close_app(self._app)


class _Prompt(SocketModeClient):
    """Send each acknowledgement at once: without TCP_NODELAY the second waits up to 40 ms for the first's receipt."""

    def connect(self) -> None:
        """Connect, for the first time or again."""
        super().connect()
        session = self.current_session
        if session is not None and session.sock is not None:
            session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Handler(BaseSocketModeHandler):
    """Hand envelopes to the app, as Bolt's own handler does, over a prompt client."""

    client: _Prompt

    def __init__(self, app: App, app_token: str, *, web_client: WebClient, urgent: Urgent) -> None:
        self._urgent = urgent
        self.app = app
        self.app_token = app_token
        self.client = _Prompt(
            app_token,
            logger=app.logger,
            web_client=web_client,
            concurrency=AT_ONCE,
            ping_interval=PING_SECONDS,
            receive_buffer_size=READ_BYTES,
        )
        self.client.socket_mode_request_listeners.append(self.handle)

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        """Have the app answer one envelope."""
        began = time.time()  # noqa: TID251 - Bolt's own; only its debug line shows it
        with self._urgent():
            send_response(client, req, run_bolt_app(self.app, req), began)


def close_app(app: App) -> None:
    """Let go of the threads an app holds besides its transport."""
    app.listener_runner.listener_executor.shutdown()


class HttpTransport:
    """Be the WSGI app that Slack posts to; only named paths answer.

    Args:
        signing_secret: with which Slack signs; where none is set, nobody gets in.
        ailing: which parts of this process do not work.
        also: what else is posted here, by path: given the body, it returns status and words.
    """

    def __init__(
        self,
        app: App,
        *,
        signing_secret: str,
        ailing: Callable[[], Sequence[str]] = tuple,
        also: Mapping[str, Posted] | None = None,
        urgent: Urgent = nullcontext,
    ) -> None:
        self._urgent = urgent
        self._ailing = ailing
        self._also = also or {}
        self._verifier = SignatureVerifier(signing_secret or secrets.token_hex(32))
        self._slack = SlackRequestHandler(app, path=EVENTS_PATH)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; what is not signed is refused before anything is made of its bytes: Bolt parses first."""
        method, path = environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")
        if path == HEALTH_PATH and method in {"GET", "HEAD"}:
            return self._health(start_response)
        if path not in {EVENTS_PATH, *self._also} or method != "POST":
            return _plain(start_response, "404 Not Found", "Not found")
        length = str(environ.get("CONTENT_LENGTH") or "")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            return _plain(start_response, "411 Length Required", "Length required")
        if int(length) > MOST_BYTES:
            return _plain(start_response, "413 Content Too Large", "Too large")
        body: bytes = environ["wsgi.input"].read(int(length))
        if path != EVENTS_PATH:
            return _plain(start_response, *self._also[path](body))
        if not self._signed(environ, body):
            return _plain(start_response, "401 Unauthorized", "Not signed by Slack")
        with self._urgent():
            return self._slack({**environ, "wsgi.input": BytesIO(body)}, start_response)

    def _signed(self, environ: WSGIEnvironment, body: bytes) -> bool:
        at = str(environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP") or "")
        signature = str(environ.get("HTTP_X_SLACK_SIGNATURE") or "")
        if not re.fullmatch(r"[0-9]{1,12}", at) or not signature.isascii():
            return False
        try:
            return self._verifier.is_valid(body, at, signature)
        except UnicodeDecodeError:
            return False

    def _health(self, start_response: StartResponse) -> Iterable[bytes]:
        """Name parts only: nobody has to sign for this."""
        ailing = self._ailing()
        if not ailing:
            return _plain(start_response, "200 OK", "ok")
        return _plain(start_response, "503 Service Unavailable", f"not working: {', '.join(ailing)}")


class PostedTransport:
    """Wait for what a WSGI server brings; the server is somebody else's."""

    def __init__(
        self,
        app: App,
        *,
        signing_secret: str,
        ailing: Callable[[], Sequence[str]] = tuple,
        also: Mapping[str, Posted] | None = None,
        urgent: Urgent = nullcontext,
    ) -> None:
        self._app = app
        self.wsgi = HttpTransport(app, signing_secret=signing_secret, ailing=ailing, also=also, urgent=urgent)

    @property
    def connected(self) -> bool:
        """Return that it is: whoever wants to post finds a server or does not."""
        return True

    def start(self) -> None:
        """Begin nothing: posts come when they come."""

    def close(self) -> None:
        """Let go of the app's threads."""
        close_app(self._app)


def _plain(start_response: StartResponse, status: str, words: str) -> Iterable[bytes]:
    body = words.encode()
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
