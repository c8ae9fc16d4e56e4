"""What a request to Bedrock says: its schema, and the job and the evidence inside its boundary. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Line = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """Hold one request as it came over the wire.

    Attributes:
        path: with the model's id, as AWS puts it there.
        body: the whole JSON, for whoever wants to see what left the bot.
        schema: name of the tool whose input is the reply; empty where none was given.
        lines: the objects between the two lines of the boundary.
    """

    path: str
    streams: bool
    body: Line
    schema: str
    lines: tuple[Line, ...] = field(default=())

    @property
    def job(self) -> Line:
        """Return what is asked."""
        return next((line["job"] for line in self.lines if "job" in line), {})

    @property
    def items(self) -> list[Line]:
        """Return the evidence."""
        return [line["item"] for line in self.lines if "item" in line]

    @property
    def text(self) -> str:
        """Return the user's message."""
        return _user_text(self.body)


def request(path: str, body: Line) -> Request:
    """Return the request that a body holds."""
    tools = body.get("toolConfig", {}).get("tools", [])
    schema = next((tool["toolSpec"]["name"] for tool in tools if "toolSpec" in tool), "")
    return Request(
        path=path,
        streams=path.endswith("/converse-stream"),
        body=body,
        schema=schema,
        lines=tuple(_inside(_user_text(body))),
    )


def _user_text(body: Line) -> str:
    messages = [one for one in body.get("messages", []) if one.get("role") == "user"]
    return "\n".join(part.get("text", "") for one in messages for part in one.get("content", []))


def _inside(text: str) -> Iterator[Line]:
    """Return the objects between two equal lines; the first line that stands twice is the boundary."""
    lines = text.split("\n")
    mark = next((line for line in lines if len(line) >= 16 and lines.count(line) == 2), None)
    if mark is None:
        return
    first = lines.index(mark)
    for line in lines[first + 1 : lines.index(mark, first + 1)]:
        yield json.loads(line)
