"""Bringing what people do to the app: Socket Mode envelopes or signed HTTP posts, and waiting for the ack.

Knows nothing of what is inside a payload.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Literal
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from slack_sdk.signature import SignatureVerifier
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.workbench.slack.events import Payload
from bot.workbench.slack.faults import Faults
from bot.workbench.slack.threads import beside

log = logging.getLogger(__name__)

Kind = Literal["slash_commands", "interactive", "events_api"]

ACK_SECONDS = 3.0
EVENT_RETRY_SECONDS = (0.0, 60.0, 300.0)
"""How long Slack waits before each of the three repeats of an event nobody acknowledged."""


@dataclass(frozen=True)
class Ack:
    """Hold the app's answer; with an error there is none."""

    body: Payload | None = None
    error: str | None = None


@dataclass
class Link:
    """Be one open socket of the app."""

    socket: WebSocket
    waiting: dict[str, "asyncio.Future[Ack]"] = field(default_factory=dict)

    async def send(self, envelope: Payload) -> None:
        """Send one envelope, or nothing if the socket is gone."""
        if self.socket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect):
                await self.socket.send_text(json.dumps(envelope))

    def settle(self, envelope_id: str, ack: Ack) -> None:
        """Give the answer to whoever waits for that envelope; later ones are dropped."""
        future = self.waiting.pop(envelope_id, None)
        if future is not None and not future.done():
            future.set_result(ack)


class Delivery:
    """Deliver to the app over its sockets, or to its request URL if it has one."""

    def __init__(
        self,
        *,
        faults: Faults,
        signing_secret: str,
        wall: Callable[[], float],
        request_url: str | None,
        ack_seconds: float,
        event_retry_seconds: tuple[float, ...],
    ) -> None:
        self.request_url = request_url
        self._faults = faults
        self._signer = SignatureVerifier(signing_secret)
        self._wall = wall
        self._ack_seconds = ack_seconds
        self._retry_seconds = event_retry_seconds
        self._links: list[Link] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Tell whether there is an app to deliver to."""
        return bool(self._links) or self.request_url is not None

    async def deliver(self, kind: Kind, payload: Payload) -> Ack:
        """Deliver once (or as often as the fault says) and return the app's first answer."""
        return await self._attempt(kind, payload, retry=0, reason=None)

    def deliver_event(self, payload: Payload) -> None:
        """Deliver an event in the background, again if it is not acknowledged."""
        task = asyncio.get_running_loop().create_task(self._deliver_until_acked(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def serve_link(self, socket: WebSocket, *, app_id: str, changed: Callable[[], None]) -> None:
        """Keep one socket of the app until it goes."""
        await socket.accept()
        link = Link(socket)
        self._links.append(link)
        changed()
        hello = {"type": "hello", "num_connections": len(self._links), "connection_info": {"app_id": app_id}}
        try:
            await link.send({**hello, "debug_info": {"host": "local-slack", "approximate_connection_time": 18060}})
            while True:
                _receive(link, await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            log.debug("A socket of the app closed.")
        finally:
            if link in self._links:
                self._links.remove(link)
            changed()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every socket to reconnect, then close it."""
        for link in tuple(self._links):
            self._links.remove(link)
            await link.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "local-slack"}})
            if link.socket.application_state is WebSocketState.CONNECTED:
                with suppress(WebSocketDisconnect):
                    await link.socket.close()

    async def stop(self) -> None:
        """Drop what is still being delivered."""
        for task in tuple(self._tasks):
            task.cancel()

    async def _deliver_until_acked(self, payload: Payload) -> None:
        ack = await self._attempt("events_api", payload, retry=0, reason=None)
        for number, seconds in enumerate(self._retry_seconds, start=1):
            if ack.error is None:
                return
            await asyncio.sleep(seconds)
            reason = "http_timeout" if ack.error == "operation_timeout" else "http_error"
            ack = await self._attempt("events_api", payload, retry=number, reason=reason)

    async def _attempt(self, kind: Kind, payload: Payload, *, retry: int, reason: str | None) -> Ack:
        copies = self._faults.copies()
        if self.request_url is not None:
            posts = [self._post(kind, payload, retry + copy, reason or "http_timeout") for copy in range(copies)]
            return (await asyncio.gather(*posts))[0]
        if not self._links:
            return Ack(error="dispatch_failed")
        return await self._send(kind, payload, copies=copies, retry=retry, reason=reason)

    async def _send(self, kind: Kind, payload: Payload, *, copies: int, retry: int, reason: str | None) -> Ack:
        envelope_id = secrets.token_hex(16)
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        links = [secrets.choice(self._links) for _ in range(copies)]
        for copy, link in enumerate(links):
            link.waiting[envelope_id] = answer
            envelope = {
                "envelope_id": envelope_id,
                "type": kind,
                "payload": payload,
                "accepts_response_payload": kind != "events_api",
            }
            if retry + copy or kind == "events_api":
                repeated = {
                    "retry_attempt": retry + copy,
                    "retry_reason": reason or ("timeout" if copy else ""),
                }
                envelope |= repeated
            await link.send(envelope)
        try:
            return await asyncio.wait_for(answer, self._ack_seconds)
        except TimeoutError:
            return Ack(error="operation_timeout")
        finally:
            for link in links:
                link.waiting.pop(envelope_id, None)

    async def _post(self, kind: Kind, payload: Payload, retry: int, reason: str) -> Ack:
        body, content_type = _encoded(kind, payload)
        stamp = str(int(self._wall()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (local)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": self._signer.generate_signature(timestamp=stamp, body=body) or "",
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        request = Request(str(self.request_url), data=body.encode(), headers=headers)  # noqa: S310 - loopback, ours
        seconds = self._ack_seconds
        return await beside(lambda: _answer_to(request, seconds))


def _receive(link: Link, text: str) -> None:
    message = json.loads(text)
    body = message.get("payload")
    link.settle(str(message.get("envelope_id")), Ack(body=body if isinstance(body, dict) else None))


def _encoded(kind: Kind, payload: Payload) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form), "application/x-www-form-urlencoded"


def _answer_to(request: Request, seconds: float) -> Ack:
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=seconds) as response:
            text, content_type = response.read().decode(), response.headers.get("content-type", "")
    except HTTPError as error:
        error.close()
        return Ack(error="http_client_error" if error.code < 500 else "http_service_error")
    except TimeoutError:
        return Ack(error="operation_timeout")
    except URLError as error:
        timed_out = isinstance(error.reason, TimeoutError)
        return Ack(error="operation_timeout" if timed_out else "dispatch_failed")
    except (HTTPException, OSError):
        return Ack(error="dispatch_failed")
    if not text.strip():
        return Ack()
    if content_type.startswith("application/json"):
        body = json.loads(text)
        return Ack(body=body if isinstance(body, dict) else None)
    return Ack(body={"text": text})
