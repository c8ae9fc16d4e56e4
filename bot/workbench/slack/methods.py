"""The Web API methods a bot like ours calls, by name; anything else is `unknown_method`. No HTTP here."""

from collections.abc import Callable

from bot.workbench.slack.board import Board
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.methods_canvases import CANVASES
from bot.workbench.slack.methods_chat import CHAT
from bot.workbench.slack.methods_directory import DIRECTORY
from bot.workbench.slack.methods_files import FILES
from bot.workbench.slack.methods_views import VIEWS

Method = Callable[[Board, Payload], Payload]

METHODS: dict[str, Method] = {**CANVASES, **CHAT, **DIRECTORY, **FILES, **VIEWS}


def call(board: Board, method: str, args: Payload) -> Payload:
    """Perform one method and return Slack's answer."""
    perform = METHODS.get(method)
    if perform is None:
        return {"ok": False, "error": "unknown_method", "req_method": method}
    with board.lock:
        try:
            return {"ok": True, **perform(board, args)}
        except RefusedError as refused:
            return refused.body()
