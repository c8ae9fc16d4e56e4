"""The stand-in's door: HTTP on 127.0.0.1 as Bedrock Runtime speaks it, open only to the key of this launch."""

import base64
import json
import re
import secrets
import threading
from collections.abc import Iterable
from email.message import Message
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bot.domain.value import JsonObject
from bot.workbench.bedrock.frames import CONTENT_TYPE, events, exception_frame
from bot.workbench.bedrock.request import Request, request
from bot.workbench.bedrock.wits import Block, Mode, reply

LOOPBACK = "127.0.0.1"
MOST_BYTES = 4_000_000

_PATH = re.compile(r"/model/[A-Za-z0-9%._-]{1,600}/converse(-stream)?", re.ASCII)
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[A-Z0-9]{20})/[0-9]{8}/[a-z0-9-]+/bedrock/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}",
    re.ASCII,
)
_ERRORS = {
    Mode.THROTTLED: (429, "ThrottlingException", "Too many tokens, please wait before trying again."),
    Mode.OVERLOADED: (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
    Mode.DENIED: (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
}


class BedrockStandIn:
    """Serve Converse and ConverseStream on a free port of loopback until closed.

    Attributes:
        mode: how it behaves from the next request on.
        latency: seconds it takes to begin an answer in mode SLOW.
        asked: every request that was let in, oldest first.
        refused: how many were not.
    """

    def __init__(self, mode: Mode = Mode.GOOD, *, latency: float = 5.0) -> None:
        self.mode = mode
        self.latency = latency
        self.asked: list[Request] = []
        self.refused = 0
        self.access_key_id = "BDRK" + base64.b32encode(secrets.token_bytes(10)).decode("ascii")
        self.secret_access_key = secrets.token_urlsafe(24)
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="bedrock-stand-in", daemon=True
        )

    @property
    def endpoint_url(self) -> str:
        """Return where it answers."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering; whoever still waits for a slow answer gets none."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1)

    def refusal(self, headers: Message) -> str | None:
        """Return why a request is not let in, or None."""
        if headers.get("Host") not in (f"{LOOPBACK}:{self._server.server_port}",):
            return "The stand-in answers only to its own address."
        if headers.get("Origin") is not None:
            return "The stand-in does not answer web pages."
        signed = _SIGNED.fullmatch(headers.get("Authorization") or "")
        if signed is None or not compare_digest(signed["key"], self.access_key_id):
            return "The stand-in answers only to the key of this launch."
        return None

    def pause(self) -> None:
        """Take as long as the mode says."""
        if self.mode is Mode.SLOW:
            self._closing.wait(self.latency)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, stand_in: BedrockStandIn) -> None:
        self.stand_in = stand_in
        super().__init__((LOOPBACK, 0), _Wire)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who has hung up has hung up."""


class _Wire(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Answer one request."""
        stand_in = self.server.stand_in
        refusal = stand_in.refusal(self.headers)
        length = int(self.headers.get("Content-Length") or 0)
        if refusal or length > MOST_BYTES or not _PATH.fullmatch(self.path):
            stand_in.refused += 1
            self.close_connection = True  # the body of a refused request is not read
            self._refuse(403, "AccessDeniedException", refusal or "There is no such operation.")
            return
        asked = request(self.path, json.loads(self.rfile.read(length)))
        stand_in.asked.append(asked)
        mode = stand_in.mode
        stand_in.pause()
        if mode is Mode.AWAY:
            self.close_connection = True
            return
        if mode in _ERRORS:
            self._refuse(*_ERRORS[mode])
            return
        blocks, stop = reply(asked, mode)
        usage = _usage(asked, blocks)
        if asked.streams:
            self._stream(events(blocks, stop=stop, usage=usage), whole=mode is not Mode.BROKEN)
        elif mode is Mode.BROKEN:
            self._send(200, b'{"output": {"message": ', "application/json")
        else:
            content = [_content(block) for block in blocks]
            message = {"role": "assistant", "content": content}
            body = {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}}
            self._send(200, json.dumps(body).encode(), "application/json")

    def _stream(self, frames: Iterable[bytes], *, whole: bool) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, one in enumerate(frames):
            if not whole and number == 3:
                self._chunk(exception_frame("modelStreamErrorException", "The model broke off."))
                break
            self._chunk(one)
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _refuse(self, status: int, kind: str, words: str) -> None:
        self._send(status, json.dumps({"message": words}).encode(), "application/json", kind=kind)

    def _send(self, status: int, body: bytes, content: str, *, kind: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _content(block: Block) -> JsonObject:
    """Return the block as Converse gives it: there a tool's input is a value, not a text."""
    if isinstance(block, str):
        return {"text": block}
    try:
        given = json.loads(block["input"])
    except ValueError:
        given = {"claims": [{"text": "The load"}]}  # what is left of a reply that was cut
    return {"toolUse": {**block, "input": given}}


def _usage(asked: Request, blocks: list[Block]) -> JsonObject:
    """Count four characters as a token; half of the system's text counts as read from the cache."""
    system = sum(len(str(part.get("text", ""))) for part in asked.body.get("system", [])) // 4
    written = sum(len(str(block)) for block in blocks) // 4
    read = len(asked.text) // 4 + system - system // 2
    return {
        "inputTokens": read,
        "outputTokens": written,
        "totalTokens": read + written,
        "cacheReadInputTokens": system // 2,
    }
