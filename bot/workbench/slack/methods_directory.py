"""`auth.test`, `users.*`, `usergroups.*`, `conversations.*`: who and what is there, and what was said."""

from collections.abc import Callable, Sequence

from bot.workbench.slack.board import Board, public
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.workspace import Channel, Group, Human

PAGE_LIMIT = 100
TRUE = (True, "1", "true")


def auth_test(board: Board, _args: Payload) -> Payload:
    """Say whose token it is."""
    workspace = board.workspace
    return {
        "url": f"{board.url}/",
        "team": workspace.team_name,
        "user": workspace.app.name,
        "team_id": workspace.team_id,
        "user_id": workspace.app.user_id,
        "bot_id": workspace.app.bot_id,
        "is_enterprise_install": False,
    }


def users_info(board: Board, args: Payload) -> Payload:
    """Return one account."""
    human = board.workspace.account(str(args.get("user") or ""))
    if human is None:
        raise RefusedError("user_not_found")
    return {"user": _user(board, human)}


def users_list(board: Board, args: Payload) -> Payload:
    """Return the accounts, page by page."""
    page, more = _page([_user(board, human) for human in board.workspace.accounts()], args)
    return {"members": page, **more}


def users_conversations(board: Board, args: Payload) -> Payload:
    """Return the channels somebody is in; the app's own without a user."""
    user = str(args.get("user") or board.workspace.app.user_id)
    rooms = [room for room in _rooms_of_types(board, args) if user in room.members]
    page, more = _page([_channel(board, room) for room in rooms], args)
    return {"channels": page, **more}


def usergroups_list(board: Board, args: Payload) -> Payload:
    """Return the user groups, with members if asked for."""
    disabled, users = args.get("include_disabled") in TRUE, args.get("include_users") in TRUE
    groups = [group for group in board.workspace.groups if disabled or not group.disabled]
    return {"usergroups": [_usergroup(board, group, users=users) for group in groups]}


def usergroups_users_list(board: Board, args: Payload) -> Payload:
    """Return who is in a user group."""
    wanted = str(args.get("usergroup") or "")
    group = next((group for group in board.workspace.groups if group.id == wanted), None)
    if group is None or (group.disabled and args.get("include_disabled") not in TRUE):
        raise RefusedError("no_such_subteam")
    return {"users": list(group.members)}


def conversations_info(board: Board, args: Payload) -> Payload:
    """Return one channel."""
    return {"channel": _channel(board, board.room(args.get("channel")))}


def conversations_list(board: Board, args: Payload) -> Payload:
    """Return the channels of the asked types, page by page."""
    page, more = _page([_channel(board, room) for room in _rooms_of_types(board, args)], args)
    return {"channels": page, **more}


def conversations_members(board: Board, args: Payload) -> Payload:
    """Return who is in a channel."""
    page, more = _page(list(board.room(args.get("channel")).members), args)
    return {"members": page, **more}


def conversations_open(board: Board, args: Payload) -> Payload:
    """Return the direct message with one person."""
    users = [user for user in str(args.get("users") or "").split(",") if user]
    if not users:
        raise RefusedError("users_list_not_supplied")
    known = [board.workspace.account(user) for user in users]
    if not all(known):
        raise RefusedError("user_not_found" if len(users) == 1 else "users_not_found")
    if len(users) > 1 or known[0] is None or known[0].is_bot:
        raise RefusedError("cannot_dm_bot" if len(users) == 1 else "method_not_supported_for_channel_type")
    return {"channel": {"id": board.workspace.direct(users[0]).id}, "no_op": True, "already_open": True}


def conversations_history(board: Board, args: Payload) -> Payload:
    """Return what was said in a channel, newest first; replies only where they were broadcast."""
    room = _room_to_read(board, args)
    said = [
        message
        for message in board.messages(room.id)
        if not message["ephemeral_for"]
        and (message.get("thread_ts") in (None, message["ts"]) or message.get("thread_broadcast"))
    ]
    return _said(said[::-1], args)


def conversations_replies(board: Board, args: Payload) -> Payload:
    """Return a thread, oldest first, its root always the first."""
    room = _room_to_read(board, args)
    thread = board.thread(room.id, str(args.get("ts")))
    if not thread:
        raise RefusedError("thread_not_found")
    return _said(thread, args, always=thread[0]["ts"])


def _room_to_read(board: Board, args: Payload) -> Channel:
    room = board.room(args.get("channel"))
    if board.workspace.app.user_id not in room.members:
        raise RefusedError("not_in_channel")
    return room


def _said(messages: list[Payload], args: Payload, *, always: str = "") -> Payload:
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999.999999")
    inclusive = args.get("inclusive") in TRUE
    kept = [
        public(message, metadata=args.get("include_all_metadata") in TRUE)
        for message in messages
        if message["ts"] == always
        or oldest < message["ts"] < latest
        or (inclusive and message["ts"] in (oldest, latest))
    ]
    page, more = _page(kept, args)
    return {"messages": page, "has_more": bool(more["response_metadata"]["next_cursor"]), **more}


def _page(items: Sequence[object], args: Payload) -> tuple[list[object], Payload]:
    try:
        start, limit = int(args.get("cursor") or 0), int(args.get("limit") or PAGE_LIMIT)
    except ValueError as wrong:
        raise RefusedError("invalid_cursor") from wrong
    if not 0 < limit <= 1_000:
        raise RefusedError("invalid_limit")
    end = start + limit
    cursor = str(end) if end < len(items) else ""
    return list(items[start:end]), {"response_metadata": {"next_cursor": cursor}}


def _rooms_of_types(board: Board, args: Payload) -> list[Channel]:
    wanted = str(args.get("types") or "public_channel").replace(" ", "").split(",")
    own = board.workspace.app.user_id
    kinds = {"public_channel", "private_channel", "im", "mpim"}
    if not set(wanted) <= kinds:
        raise RefusedError("invalid_types")
    return [
        room
        for room in board.workspace.rooms()
        if _kind(room) in wanted and (_kind(room) == "public_channel" or own in room.members)
    ]


def _kind(room: Channel) -> str:
    return "im" if room.is_im else "private_channel" if room.is_private else "public_channel"


def _channel(board: Board, room: Channel) -> Payload:
    if room.is_im:
        return {"id": room.id, "is_im": True, "user": room.members[0], "is_open": True}
    return {
        "id": room.id,
        "name": room.name,
        "name_normalized": room.name,
        "is_channel": not room.is_private,
        "is_group": room.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": room.is_private,
        "is_archived": False,
        "is_general": False,
        "is_shared": room.is_ext_shared,
        "is_ext_shared": room.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_member": board.workspace.app.user_id in room.members,
        "num_members": len(room.members),
        "context_team_id": board.workspace.team_id,
        "topic": {"value": room.environment_note, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _user(board: Board, human: Human) -> Payload:
    foreign = human.team_id not in (None, board.workspace.team_id)
    return {
        "id": human.id,
        "team_id": human.team_id or board.workspace.team_id,
        "name": human.name,
        "deleted": human.deleted,
        "real_name": human.real_name,
        "tz": human.tz,
        "profile": {
            "real_name": human.real_name,
            "display_name": human.name,
            "team": human.team_id or board.workspace.team_id,
        },
        "is_admin": False,
        "is_owner": False,
        "is_restricted": human.is_guest,
        "is_ultra_restricted": False,
        "is_bot": human.is_bot,
        "is_app_user": False,
        "is_stranger": foreign,
    }


def _usergroup(board: Board, group: Group, *, users: bool) -> Payload:
    shown: Payload = {
        "id": group.id,
        "team_id": board.workspace.team_id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_delete": 1 if group.disabled else 0,
        "user_count": len(group.members),
    }
    return {**shown, "users": list(group.members)} if users else shown


DIRECTORY: dict[str, Callable[[Board, Payload], Payload]] = {
    "auth.test": auth_test,
    "users.info": users_info,
    "users.list": users_list,
    "users.conversations": users_conversations,
    "usergroups.list": usergroups_list,
    "usergroups.users.list": usergroups_users_list,
    "conversations.info": conversations_info,
    "conversations.list": conversations_list,
    "conversations.members": conversations_members,
    "conversations.open": conversations_open,
    "conversations.history": conversations_history,
    "conversations.replies": conversations_replies,
}
