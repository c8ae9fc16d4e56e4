"""Answers through a `response_url`: five times within thirty minutes, where the interaction was."""

from bot.workbench.slack.board import Board, refuse_bad_message
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.methods_chat import by_app

_SHOWN = ("text", "blocks", "attachments", "metadata")


def respond(board: Board, token: str, body: Payload) -> None:
    """Post, replace or delete; without `in_channel` only the person of the interaction sees a new message."""
    with board.lock:
        ticket = board.tickets.look_up_response(token)
        original = _original(board, ticket.channel, ticket.ts)
        if body.get("delete_original"):
            board.delete(_wanted(original))
        else:
            refuse_bad_message(body)
            if body.get("replace_original") and original is not None:
                shown = {key: body[key] for key in _SHOWN if body.get(key) is not None}
                board.edit(original, {"blocks": None, "text": "", **shown})
            else:
                _post(board, ticket.channel, body, ephemeral_for=ticket.person)
        ticket.uses_left -= 1


def _post(board: Board, channel: str, body: Payload, *, ephemeral_for: str) -> None:
    room = board.workspace.channel(channel)
    if room is None:
        raise RefusedError("channel_not_found")
    message = by_app(board, body)
    if body.get("thread_ts"):
        message["thread_ts"] = body["thread_ts"]
    seen_by = None if body.get("response_type") == "in_channel" else ephemeral_for
    board.post(room, message, ephemeral_for=seen_by)


def _original(board: Board, channel: str, ts: str | None) -> Payload | None:
    if ts is None:
        return None
    try:
        return board.message(channel, ts)
    except RefusedError:
        return None


def _wanted(original: Payload | None) -> Payload:
    if original is None:
        raise RefusedError("message_not_found")
    return original
