"""The event stream as AWS frames it (`application/vnd.amazon.eventstream`), and a reply as its events. Pure."""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.value import JsonObject, JsonValue

CONTENT_TYPE = "application/vnd.amazon.eventstream"
CHARACTERS_A_DELTA = 24
_TEXT_VALUE = 7


def frame(payload: Mapping[str, JsonValue], *, event: str) -> bytes:
    """Return one event, framed."""
    return _framed({":event-type": event, ":content-type": "application/json", ":message-type": "event"}, payload)


def exception_frame(kind: str, words: str) -> bytes:
    """Return an error that comes after the stream has begun."""
    names = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return _framed(names, {"message": words})


def _framed(named: Mapping[str, str], payload: Mapping[str, JsonValue]) -> bytes:
    headers = b"".join(_header(name, value) for name, value in named.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 12 + len(headers) + len(body) + 4, len(headers))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return whole + struct.pack(">I", zlib.crc32(whole))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + bytes([_TEXT_VALUE]) + struct.pack(">H", len(text)) + text


def events(blocks: Sequence[JsonObject | str], *, stop: str, usage: JsonObject) -> Iterator[bytes]:
    """Return the frames of a reply: text, or calls of a tool whose input may be any text, JSON or not."""
    yield frame({"role": "assistant"}, event="messageStart")
    for index, block in enumerate(blocks):
        if isinstance(block, str):
            deltas: Iterator[JsonValue] = ({"text": part} for part in _parts(block))
        else:
            start: JsonValue = {"toolUse": {"toolUseId": block["toolUseId"], "name": block["name"]}}
            yield frame({"contentBlockIndex": index, "start": start}, event="contentBlockStart")
            deltas = ({"toolUse": {"input": part}} for part in _parts(str(block["input"])))
        for delta in deltas:
            yield frame({"contentBlockIndex": index, "delta": delta}, event="contentBlockDelta")
        yield frame({"contentBlockIndex": index}, event="contentBlockStop")
    yield frame({"stopReason": stop}, event="messageStop")
    yield frame({"usage": usage, "metrics": {"latencyMs": 1}}, event="metadata")


def _parts(text: str) -> Iterator[str]:
    return (text[at : at + CHARACTERS_A_DELTA] for at in range(0, len(text), CHARACTERS_A_DELTA))
