"""`chat.*`, `reactions.add`: the messages of the app."""

from collections.abc import Callable

from bot.workbench.slack.board import Board, public, refuse_bad_message
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.workspace import Channel

_KEPT = ("text", "blocks", "attachments", "metadata")


def post_message(board: Board, args: Payload) -> Payload:
    """Post to a channel the app is in, or to a person."""
    room = room_to_write(board, args)
    args = _with_markdown(args)
    warnings = refuse_bad_message(args)
    message = board.post(room, {**by_app(board, args), **_thread(board, room, args)})
    answer: Payload = {"channel": room.id, "ts": message["ts"], "message": public(message)}
    if warnings:
        answer |= {"warning": ",".join(warnings), "response_metadata": {"warnings": warnings}}
    return answer


def update(board: Board, args: Payload) -> Payload:
    """Edit a message of the app; blocks and metadata that are not given stay."""
    room = board.room(args.get("channel"))
    message = board.message(room.id, args.get("ts"))
    if message["ephemeral_for"]:
        raise RefusedError("message_not_found")
    if message.get("user") != board.workspace.app.user_id:
        raise RefusedError("cant_update_message")
    refuse_bad_message(args)
    changes = {key: args[key] for key in _KEPT if args.get(key) is not None}
    edited = {"user": board.workspace.app.user_id, "ts": board.stamp()}
    changed = board.edit(message, {**changes, "edited": edited})
    return {"channel": room.id, "ts": changed["ts"], "text": changed["text"], "message": public(changed)}


def delete(board: Board, args: Payload) -> Payload:
    """Delete a message of the app."""
    room = board.room(args.get("channel"))
    message = board.message(room.id, args.get("ts"))
    if message["ephemeral_for"]:
        raise RefusedError("message_not_found")
    if message.get("user") != board.workspace.app.user_id:
        raise RefusedError("cant_delete_message")
    board.delete(message)
    return {"channel": room.id, "ts": message["ts"]}


def post_ephemeral(board: Board, args: Payload) -> Payload:
    """Show one person a message only that person sees."""
    room = room_to_write(board, args)
    user = str(args.get("user") or "")
    if board.workspace.account(user) is None:
        raise RefusedError("user_not_found" if user else "invalid_arguments")
    if user not in room.members:
        raise RefusedError("user_not_in_channel")
    args = _with_markdown(args)
    refuse_bad_message(args)
    body = {**by_app(board, args), **_thread(board, room, args)}
    return {"message_ts": board.post(room, body, ephemeral_for=user)["ts"]}


def get_permalink(board: Board, args: Payload) -> Payload:
    """Return the address of a message."""
    room = board.room(args.get("channel"))
    message = board.message(room.id, args.get("message_ts"))
    return {"channel": room.id, "permalink": permalink(board, message)}


def permalink(board: Board, message: Payload) -> str:
    """Return where a message is opened."""
    channel = message["channel"]
    address = f"{board.url}/archives/{channel}/p{message['ts'].replace('.', '')}"
    if message.get("thread_ts") not in (None, message["ts"]):
        address += f"?thread_ts={message['thread_ts']}&cid={channel}"
    return address


def add_reaction(board: Board, args: Payload) -> Payload:
    """Add the app's reaction to a message."""
    room = board.room(args.get("channel"))
    message = board.message(room.id, args.get("timestamp"))
    name, user = str(args.get("name") or "").strip(":"), board.workspace.app.user_id
    if not name:
        raise RefusedError("invalid_name")
    if not board.react(message, user, name, on=True):
        raise RefusedError("already_reacted")
    return {}


def room_to_write(board: Board, args: Payload) -> Channel:
    """Return the channel if the app may write there."""
    room = board.room(args.get("channel"))
    if board.workspace.app.user_id not in room.members:
        raise RefusedError("not_in_channel")
    return room


def by_app(board: Board, args: Payload) -> Payload:
    """Return the fields of a message the app writes."""
    app = board.workspace.app
    kept = {key: args[key] for key in _KEPT if args.get(key)}
    return {"user": app.user_id, "bot_id": app.bot_id, "app_id": app.app_id, "text": "", **kept}


def _with_markdown(args: Payload) -> Payload:
    if not args.get("markdown_text"):
        return args
    if args.get("text") or args.get("blocks"):
        raise RefusedError("markdown_text_conflict")
    text = args["markdown_text"]
    return {**args, "text": text, "blocks": [{"type": "markdown", "text": text}]}


def _thread(board: Board, room: Channel, args: Payload) -> Payload:
    thread_ts = args.get("thread_ts")
    if not thread_ts:
        return {}
    try:
        root = board.message(room.id, thread_ts)
    except RefusedError as missing:
        raise RefusedError("thread_not_found") from missing
    if root["ephemeral_for"]:
        raise RefusedError("cannot_reply_to_message")
    fields: Payload = {"thread_ts": root.get("thread_ts") or root["ts"]}
    if args.get("reply_broadcast") in (True, "1", "true"):
        fields |= {"thread_broadcast": True, "subtype": "thread_broadcast"}
    return fields


CHAT: dict[str, Callable[[Board, Payload], Payload]] = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "chat.getPermalink": get_permalink,
    "reactions.add": add_reaction,
}
