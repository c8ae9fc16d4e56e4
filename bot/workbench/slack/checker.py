"""Whether Slack would take these blocks, this message, this view: our tables, then slack_sdk's models."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from bot.workbench.slack.blocks import BLOCKS, MODAL, ONLY_IN_MESSAGES, VIEW_FIELDS
from bot.workbench.slack.schema import ByType, Problem, Rule, Shape

__all__ = ["Problem", "Surface", "check_blocks", "check_message", "check_view"]

Surface = Literal["message", "modal", "home"]
SURFACES: tuple[str, ...] = get_args(Surface)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
BLOCKS_CHARACTERS = 13_200
"""Where Slack was seen to answer msg_blocks_too_long though every block is legal."""
MARKDOWN_CHARACTERS = 12_000
TEXT_CHARACTERS = 40_000
VIEW_BYTES = 250_000


def check_blocks(blocks: object, surface: str) -> list[Problem]:
    """Return every problem of the blocks on a surface: message, modal or home."""
    return list(_blocks(blocks, surface, "/blocks"))


def check_message(payload: Mapping[str, object]) -> list[Problem]:
    """Return every problem of a message as it would be posted; a missing text beside blocks is one."""
    return [*_message_text(payload), *_message_blocks(payload), *_metadata(payload.get("metadata"))]


def check_view(view: object) -> list[Problem]:
    """Return every problem of a modal or Home."""
    if not isinstance(view, Mapping):
        return [Problem("/view", "must be an object")]
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [Problem("/view/type", f"unsupported type: {kind}")]
    return list(_view(view, str(kind)))


def _message_text(payload: Mapping[str, object]) -> Iterator[Problem]:
    words = payload.get("text")
    if words is not None and not isinstance(words, str):
        yield Problem("/text", "must be a string", "no_text")
    elif not words and not payload.get("blocks") and not payload.get("attachments"):
        yield Problem("/text", "missing text and blocks", "no_text")
    elif not words:
        yield Problem("/text", "missing top-level text: it is the push message", "missing_text_in_message")
    elif len(words) > TEXT_CHARACTERS:
        yield Problem("/text", f"must be less than {TEXT_CHARACTERS + 1} characters", "msg_too_long")


def _message_blocks(payload: Mapping[str, object]) -> Iterator[Problem]:
    if payload.get("blocks") is not None and payload.get("blocks") != []:
        yield from _blocks(payload["blocks"], "message", "/blocks")
    attachments = payload.get("attachments")
    for index, attachment in enumerate(attachments if isinstance(attachments, list) else []):
        if isinstance(attachment, Mapping) and attachment.get("blocks"):
            yield from _blocks(attachment["blocks"], "message", f"/attachments/{index}/blocks")


def _metadata(metadata: object) -> Iterator[Problem]:
    if metadata is None or metadata == {}:
        return
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("event_type"), str):
        yield Problem("/metadata", "must have an event_type", "invalid_metadata_format")
    elif not isinstance(metadata.get("event_payload"), Mapping):
        yield Problem("/metadata", "must have an event_payload", "invalid_metadata_format")


def _view(view: Mapping[str, object], kind: str) -> Iterator[Problem]:
    own = {name: given for name, given in view.items() if name not in ("type", "blocks")}
    fields: Mapping[str, Rule] = MODAL if kind == "modal" else VIEW_FIELDS
    yield from Shape(fields, needs=("title",) if kind == "modal" else ()).check(own, "/view")
    yield from _blocks(view.get("blocks"), kind, "/view/blocks")
    if kind == "modal" and not view.get("submit") and "input" in _types(view.get("blocks")):
        yield Problem("/view", "missing required field: submit (there are input blocks)")
    if len(json.dumps(view, default=str)) > VIEW_BYTES:
        yield Problem("/view", f"view must be less than {VIEW_BYTES} bytes")


def _blocks(blocks: object, surface: str, at: str) -> Iterator[Problem]:
    if surface not in SURFACES:
        raise ValueError(f"There is no surface called {surface!r}; there are {', '.join(SURFACES)}.")
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        yield Problem(at, "must be an array")
        return
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    if len(blocks) > most:
        yield Problem(at, f"no more than {most} items allowed [{len(blocks)}]")
    shapes = {**BLOCKS, **ONLY_IN_MESSAGES} if surface == "message" else BLOCKS
    for index, block in enumerate(blocks):
        found = [*ByType(shapes).check(block, f"{at}/{index}"), *_choices(block, f"{at}/{index}")]
        yield from found or _by_sdk(block, f"{at}/{index}")
    yield from _twice(blocks, "block_id", at)
    yield from _together(blocks, surface, at)


def _choices(block: object, at: str) -> Iterator[Problem]:
    for place, element in _elements(block, at):
        known = _items(element.get("options"))
        for group in _items(element.get("option_groups")):
            known += _items(group.get("options")) if isinstance(group, dict) else []
        chosen = element.get("initial_option")
        if chosen is not None and chosen not in known:
            yield Problem(f"{place}/initial_option", "must be one of the options")
        for index, option in enumerate(_items(element.get("initial_options"))):
            if option not in known:
                yield Problem(f"{place}/initial_options/{index}", "must be one of the options")
    if isinstance(block, dict):
        yield from _twice(block.get("elements"), "action_id", f"{at}/elements")


def _elements(block: object, at: str) -> Iterator[tuple[str, dict[str, object]]]:
    if not isinstance(block, dict):
        return
    for index, element in enumerate(_items(block.get("elements"))):
        if isinstance(element, dict):
            yield f"{at}/elements/{index}", element
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield f"{at}/{name}", block[name]


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _twice(items: object, name: str, at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in enumerate(items if isinstance(items, Sequence) else []):
        value = item.get(name) if isinstance(item, dict) else None
        if not isinstance(value, str):
            continue
        if value in seen:
            yield Problem(f"{at}/{index}/{name}", f'`{name}` "{value}" already exists')
        seen.add(value)


def _together(blocks: Sequence[object], surface: str, at: str) -> Iterator[Problem]:
    if surface != "message":
        return
    markdown = [_characters(block) for block in blocks if _types([block]) == ["markdown"]]
    if len(markdown) > 1 and sum(markdown) > MARKDOWN_CHARACTERS:
        yield Problem(at, f"markdown blocks must have less than {MARKDOWN_CHARACTERS + 1} characters together")
    if _types(blocks).count("table") > 1:
        yield Problem(at, "only one table allowed")
    total = _characters(list(blocks))
    if total > BLOCKS_CHARACTERS:
        words = f"{total} characters in all blocks together, no more than {BLOCKS_CHARACTERS} allowed"
        yield Problem(at, words, "msg_blocks_too_long")


def _types(blocks: object) -> list[object]:
    listed = blocks if isinstance(blocks, Sequence) else []
    return [block.get("type") for block in listed if isinstance(block, dict)]


def _characters(value: object) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        rest = sum(_characters(part) for part in value.values() if isinstance(part, dict | list))
        return rest + (len(own) if isinstance(own, str) else 0)
    return sum(_characters(item) for item in value) if isinstance(value, list) else 0


def _by_sdk(block: object, at: str) -> Iterator[Problem]:
    """Ask slack_sdk's models too: an opinion that is not ours."""
    if not isinstance(block, dict):
        return
    parsed = Block.parse(copy.deepcopy(block))
    if parsed is None:
        yield Problem(f"{at}/type", f"unsupported type: {block.get('type')}")
        return
    try:
        parsed.to_dict()
    except SlackObjectFormationError as wrong:
        yield Problem(at, str(wrong))
