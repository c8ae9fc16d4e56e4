"""Slack's side of a delivery: `/runbook status` with an identity of its own each time, over both transports.

One thread sends and takes the answers, so that what is timed is the app and not the generator's own threads.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.place import ANA, CHANNEL, TEAM

CONNECT_SECONDS = 30.0
LOST_SECONDS = 10.0
"""After so long an acknowledgement is taken for lost; it counts with this time."""

Sent = TypeVar("Sent")


def command(text: str = "status") -> dict[str, str]:
    """Return the fields of a `/runbook` command, as Slack sends them."""
    trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
    return {
        "token": "legacy",
        "team_id": TEAM,
        "team_domain": "lake",
        "channel_id": CHANNEL,
        "channel_name": "incident-etl",
        "user_id": ANA,
        "user_name": "ana",
        "command": "/runbook",
        "text": text,
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "response_url": "http://127.0.0.1:9/response/none",
        "trigger_id": trigger,
    }


class SocketLoad:
    """Be the end of the websocket that Slack holds, for one app."""

    def __init__(self) -> None:
        self.port = 0
        self._link: ServerConnection | None = None
        self._connected = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[float]] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator["SocketLoad"]:
        """Listen on a free port of loopback."""
        async with serve(self._serve, "127.0.0.1", 0, compression=None) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield self

    async def connected(self) -> None:
        """Return when the app is there."""
        await asyncio.wait_for(self._connected.wait(), CONNECT_SECONDS)

    async def drive(self, *, count: int, concurrent: int) -> tuple[float, ...]:
        """Send so many commands, so many unanswered at most; return how long each acknowledgement took."""
        return await self.say(["status"] * count, concurrent=concurrent)

    async def say(self, texts: Sequence[str], *, concurrent: int) -> tuple[float, ...]:
        """Send these commands."""
        envelopes = iter([_envelope(text) for text in texts])
        return await _in_parallel(self._send, envelopes, concurrent=concurrent)

    async def _send(self, envelope: tuple[str, str]) -> float:
        identity, text = envelope
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[identity] = answered
        began = time.perf_counter()
        if self._link is None:
            raise ConnectionError("The app is not connected.")
        await self._link.send(text)
        try:
            return await asyncio.wait_for(answered, LOST_SECONDS) - began
        except TimeoutError:
            return LOST_SECONDS

    async def _serve(self, link: ServerConnection) -> None:
        await link.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0BENCH"}}))
        self._link = link
        self._connected.set()
        with suppress(ConnectionClosed):  # an app that ends says nothing
            async for text in link:
                self._answered(str(json.loads(text).get("envelope_id")), at=time.perf_counter())

    def _answered(self, identity: str, *, at: float) -> None:
        future = self._waiting.pop(identity, None)
        if future is not None and not future.done():
            future.set_result(at)


def _envelope(text: str) -> tuple[str, str]:
    identity = secrets.token_hex(16)
    body = {"envelope_id": identity, "type": "slash_commands", "accepts_response_payload": True}
    return identity, json.dumps({**body, "payload": command(text)})


class PostLoad:
    """Post signed bodies over connections that are kept, for one app."""

    def __init__(self, *, port: int, secret: str, wall: Callable[[], float]) -> None:
        """Take the app's signing secret and the clock its signatures are on."""
        self._port = port
        self._signer = SignatureVerifier(secret)
        self._wall = wall

    async def drive(self, *, count: int, concurrent: int) -> tuple[float, ...]:
        """Post so many commands, so many unanswered at most; return how long each answer took."""
        posts = iter([self._post() for _ in range(count)])
        links = [await asyncio.open_connection("127.0.0.1", self._port) for _ in range(concurrent)]
        free = list(links)

        async def send(post: bytes) -> float:
            reader, writer = free.pop()
            try:
                return await asyncio.wait_for(_answered(reader, writer, post), LOST_SECONDS)
            except TimeoutError:
                return LOST_SECONDS
            finally:
                free.append((reader, writer))

        try:
            return await _in_parallel(send, posts, concurrent=concurrent)
        finally:
            for _, writer in links:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    def _post(self) -> bytes:
        body = urlencode(command()).encode()
        stamp = str(int(self._wall()))
        signature = self._signer.generate_signature(timestamp=stamp, body=body) or ""
        head = (
            "POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, post: bytes) -> float:
    began = time.perf_counter()
    writer.write(post)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if not head.startswith("http/1.1 200"):
        raise ConnectionError(f"The app answered {head.splitlines()[0]!r}.")
    length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length"))
    await reader.readexactly(length)
    return time.perf_counter() - began


async def _in_parallel(
    send: Callable[[Sent], Coroutine[None, None, float]], what: Iterator[Sent], *, concurrent: int
) -> tuple[float, ...]:
    """Have so many senders share what there is to send."""

    async def sender() -> list[float]:
        return [await send(one) for one in what]

    found = await asyncio.gather(*(sender() for _ in range(concurrent)))
    return tuple(time for times in found for time in times)
