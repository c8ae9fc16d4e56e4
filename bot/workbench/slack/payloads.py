"""What Slack sends to an app, in Slack's documented shapes. Pure: values in, JSON out."""

from bot.workbench.slack.board import public
from bot.workbench.slack.events import Payload
from bot.workbench.slack.workspace import Channel, Human, Workspace

VERIFICATION_TOKEN = "local-verification-token"  # noqa: S105 - legacy field of every payload, no secret


def slash_command(
    workspace: Workspace,
    *,
    human: Human,
    room: Channel,
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> Payload:
    """Return the fields of a slash command; all are strings."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": human.team_id or workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": room.id,
        "channel_name": _room_name(room),
        "user_id": human.id,
        "user_name": human.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def message_click(
    workspace: Workspace,
    *,
    human: Human,
    room: Channel,
    message: Payload,
    action: Payload,
    values: Payload,
    trigger_id: str,
    response_url: str,
) -> Payload:
    """Return the block_actions payload of a click in a message; an ephemeral one is not sent along."""
    ephemeral = bool(message["ephemeral_for"])
    container: Payload = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": room.id,
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    payload = {
        **_interaction("block_actions", workspace, human=human),
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": room.id, "name": _room_name(room)},
        "state": {"values": values},
        "response_url": response_url,
        "actions": [action],
    }
    return payload if ephemeral else {**payload, "message": public(message)}


def view_click(
    workspace: Workspace, *, human: Human, view: Payload, action: Payload, values: Payload, trigger_id: str
) -> Payload:
    """Return the block_actions payload of a click in a modal or a Home."""
    return {
        **_interaction("block_actions", workspace, human=human),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger_id,
        "view": {**view, "state": {"values": values}},
        "actions": [action],
    }


def view_submission(workspace: Workspace, *, human: Human, view: Payload, values: Payload, trigger_id: str) -> Payload:
    """Return the payload of a submitted modal."""
    return {
        **_interaction("view_submission", workspace, human=human),
        "trigger_id": trigger_id,
        "view": {**view, "state": {"values": values}},
        "response_urls": [],
    }


def view_closed(workspace: Workspace, *, human: Human, view: Payload, is_cleared: bool) -> Payload:
    """Return the payload of a modal that was closed without a submit."""
    return {
        **_interaction("view_closed", workspace, human=human),
        "view": view,
        "is_cleared": is_cleared,
    }


def event_callback(workspace: Workspace, *, event: Payload, event_id: str, event_time: int) -> Payload:
    """Return the envelope of an Events API event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "api_app_id": workspace.app.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.app.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def message_event(kind: str, workspace: Workspace, *, room: Channel, message: Payload) -> Payload:
    """Return the inner event of a message somebody wrote."""
    event: Payload = {
        "type": kind,
        "user": message["user"],
        "text": message["text"],
        "ts": message["ts"],
        "client_msg_id": f"local-{message['ts']}",
        "team": message.get("user_team") or workspace.team_id,
        "channel": room.id,
        "event_ts": message["ts"],
    }
    if message.get("thread_ts"):
        event["thread_ts"] = message["thread_ts"]
    if kind == "message":
        event["channel_type"] = _room_kind(room)
    return event


def reaction_event(*, human: Human, message: Payload, emoji: str, added: bool, stamp: str) -> Payload:
    """Return the inner event of an emoji put on a message or taken away; what no person wrote has no `item_user`."""
    event: Payload = {
        "type": "reaction_added" if added else "reaction_removed",
        "user": human.id,
        "reaction": emoji,
        "item": {"type": "message", "channel": message["channel"], "ts": message["ts"]},
        "event_ts": stamp,
    }
    return {**event, "item_user": message["user"]} if message.get("user") else event


def pin_event(*, human: Human, message: Payload, pins: int, link: str, added: bool, stamp: str) -> Payload:
    """Return the inner event of a message pinned to its channel or let go."""
    channel = message["channel"]
    item = {
        "type": "message",
        "channel": channel,
        "created": int(float(stamp)),
        "created_by": human.id,
        "message": {**public(message), "permalink": link},
    }
    event: Payload = {
        "type": "pin_added" if added else "pin_removed",
        "user": human.id,
        "channel_id": channel,
        "item": item,
        "item_user": message.get("user", ""),
        "pin_count": str(pins),
        "pinned_info": {"channel": channel, "pinned_by": human.id, "pinned_ts": int(float(stamp))},
        "event_ts": stamp,
    }
    return event if added else {**event, "has_pins": pins > 0}


def _interaction(kind: str, workspace: Workspace, *, human: Human) -> Payload:
    return {
        "type": kind,
        "user": {
            "id": human.id,
            "username": human.name,
            "name": human.name,
            "team_id": human.team_id or workspace.team_id,
        },
        "api_app_id": workspace.app.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _room_name(room: Channel) -> str:
    if room.is_im:
        return "directmessage"
    return "privategroup" if room.is_private else room.name


def _room_kind(room: Channel) -> str:
    if room.is_im:
        return "im"
    return "group" if room.is_private else "channel"
