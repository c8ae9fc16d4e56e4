"""`canvases.*`: documents that are tabs of a channel; only whole contents are written."""

from collections.abc import Callable

from bot.workbench.slack.board import Board
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.methods_chat import room_to_write


def create(board: Board, args: Payload) -> Payload:
    """Make a canvas that is a tab of a channel."""
    room = room_to_write(board, {"channel": args.get("channel_id")})
    markdown = _markdown(args.get("document_content") or {"type": "markdown", "markdown": ""})
    stored = board.files.write_canvas(str(args.get("title") or ""), markdown, channel=room.id)
    board.canvas_changed(stored)
    return {"canvas_id": stored.id}


def edit(board: Board, args: Payload) -> Payload:
    """Replace all that stands in a canvas."""
    changes = args.get("changes")
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        raise RefusedError("invalid_arguments", messages=["[ERROR] exactly one change [json-pointer:/changes]"])
    (change,) = changes
    if change.get("operation") != "replace" or change.get("section_id"):
        raise RefusedError("invalid_arguments", messages=["[ERROR] only whole canvases are replaced here"])
    stored = board.files.rewrite_canvas(str(args.get("canvas_id") or ""), _markdown(change.get("document_content")))
    board.canvas_changed(stored)
    return {}


def _markdown(content: object) -> str:
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise RefusedError("invalid_arguments", messages=["[ERROR] document_content must be markdown"])
    return str(content.get("markdown") or "")


CANVASES: dict[str, Callable[[Board, Payload], Payload]] = {
    "canvases.create": create,
    "canvases.edit": edit,
}
