"""A card as a person reads it on a terminal: one text a line, buttons in brackets, dates and mentions in words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.slack.cards.blocks import Message


def lines_of(shown: Message, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the push text in quotes, then the card; whom it mentions by the names given for their ids."""
    yield f"“{_plain(shown.text, names)}”"
    for block in shown.blocks:
        yield from (_plain(line, names) for line in _block(block))


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "section":
            yield from block["text"]["text"].split("\n")
        case "context":
            yield " | ".join(one["text"] for one in block["elements"])
        case "actions":
            yield " ".join(_button(one) for one in block["elements"])
        case other:
            yield f"({other})"


def _button(one: Mapping[str, Any]) -> str:
    if one["type"] == "overflow":
        return "[⋯ " + " / ".join(option["text"]["text"] for option in one["options"]) + "]"
    return f"[{one['text']['text']}]"


def _plain(text: str, names: Mapping[str, str]) -> str:
    text = re.sub(r"<!date\^\d+\^[^|]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(?:@|!subteam\^)([\w-]+)>", lambda found: f"@{names.get(found[1], found[1])}", text)
    text = re.sub(r"<(?:https?|mailto):[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"^```$|```", "", text)
    return text.replace("*", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
