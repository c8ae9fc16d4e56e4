"""`files.*`: the external upload and what became of it."""

from collections.abc import Callable

from bot.workbench.slack.board import Board, refuse_bad_blocks
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.files import StoredFile, described
from bot.workbench.slack.methods_chat import by_app, room_to_write


def get_upload_url(board: Board, args: Payload) -> Payload:
    """Reserve a file and say where its bytes go."""
    stored = board.files.announce(str(args.get("filename") or ""))
    return {"upload_url": f"{board.url}/upload/{stored.token}", "file_id": stored.id}


def complete_upload(board: Board, args: Payload) -> Payload:
    """Finish uploads and share them in a channel, if one is named, as one message."""
    channel = args.get("channel_id") or str(args.get("channels") or "").partition(",")[0]
    room = room_to_write(board, {"channel": channel}) if channel else None
    entries = args.get("files")
    if not isinstance(entries, list) or not entries:
        raise RefusedError("invalid_arguments", messages=["[ERROR] missing required field: files"])
    if args.get("blocks"):
        refuse_bad_blocks(args["blocks"], "message")
    done = [board.files.complete(str(entry.get("id")), entry.get("title")) for entry in entries]
    if room is not None:
        body = by_app(board, {"text": args.get("initial_comment") or "", "blocks": args.get("blocks")})
        body |= {"files": [_shown(board, stored) for stored in done], "upload": True}
        if args.get("thread_ts"):
            body["thread_ts"] = args["thread_ts"]
        message = board.post(room, body)
        for stored in done:
            stored.shares.setdefault(room.id, []).append(message["ts"])
    return {"files": [_shown(board, stored) for stored in done]}


def files_info(board: Board, args: Payload) -> Payload:
    """Return one file that the app made, or that is shared where the app is."""
    stored = board.files.find(str(args.get("file") or ""))
    rooms = [room for channel in stored.shares if (room := board.workspace.channel(channel))]
    if stored.user and not any(board.workspace.app.user_id in room.members for room in rooms):
        raise RefusedError("file_not_found")
    return {"file": _shown(board, stored)}


def _shown(board: Board, stored: StoredFile) -> Payload:
    return described(stored, url=board.url, user=board.workspace.app.user_id)


FILES: dict[str, Callable[[Board, Payload], Payload]] = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": files_info,
}
