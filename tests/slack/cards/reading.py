"""A card as a person reads it: one text a line, buttons in brackets, dates and mentions in words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.slack.cards.blocks import Message, View

NAMES = {"U0ANA": "ana", "U0BO": "bo", "U0CY": "cy", "S0ONCALL": "lake-oncall", "S0PLATFORM": "lake-platform"}


def read(shown: Message | View) -> str:
    """The whole card."""
    if isinstance(shown, View):
        return "\n".join(_view(shown.payload)) + "\n"
    return "\n".join([f"text: {_plain(shown.text)}", *(line for one in shown.blocks for line in _block(one))]) + "\n"


def _view(payload: Mapping[str, Any]) -> Iterator[str]:
    yield f"{payload['type']}: {payload.get('title', {}).get('text', '')} [{payload.get('private_metadata', '')}]"
    for block in payload["blocks"]:
        yield from _block(block)
    for name in ("submit", "close"):
        if name in payload:
            yield f"{name} [{payload[name]['text']}]"


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "section":
            button = block.get("accessory")
            yield from _lines("section", block["text"]["text"], f"  {_button(button)}" if button else "")
        case "context":
            yield from _lines("context", " | ".join(one["text"] for one in block["elements"]))
        case "actions":
            yield "actions  " + " ".join(_button(one) for one in block["elements"])
            for one in block["elements"]:
                if one.get("confirm"):
                    said = one["confirm"]
                    yield f"confirm  {said['title']['text']} | {said['text']['text']} | [{said['confirm']['text']}]"
        case "input":
            optional = " (optional)" if block.get("optional") else ""
            yield f"input    {block['label']['text']}{optional}: {_element(block['element'])}"
        case other:
            yield str(other)


def _lines(kind: str, text: str, tail: str = "") -> Iterator[str]:
    first, *rest = (_plain(text) + tail).split("\n")
    yield f"{kind:<8} {first}"
    yield from (f"{'':<8} {line}".rstrip() for line in rest)


def _button(one: Mapping[str, Any]) -> str:
    if one["type"] == "overflow":
        return "⋯ " + " / ".join(option["text"]["text"] for option in one["options"])
    if one["type"] == "static_select":
        return f"<{one['placeholder']['text']}> " + " / ".join(option["text"]["text"] for option in one["options"])
    if one["type"] in {"users_select", "datepicker"}:
        return f"<{one['placeholder']['text']}: {one.get('initial_user') or one.get('initial_date') or 'none'}>"
    style = f"({one['style']})" if "style" in one else ""
    return f"[{one['text']['text']}]{style}"


def _element(one: Mapping[str, Any]) -> str:
    options = [option["text"]["text"] for option in one.get("options", ())]
    return f"{one['type']} {' / '.join(options)}".strip()


def _plain(text: str) -> str:
    text = re.sub(r"<!date\^\d+\^[^|]*\|([^>]*)>", r"<\1>", text)
    text = re.sub(r"<(?:@|!subteam\^)(\w+)>", lambda found: f"@{NAMES.get(found[1], found[1])}", text)
    text = re.sub(r"<https?://[^|>]*\|([^>]*)>", r"\1↗", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
