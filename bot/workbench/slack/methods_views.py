"""`views.*`: modals and Homes."""

from collections.abc import Callable

from bot.workbench.slack.board import Board
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload


def views_open(board: Board, args: Payload) -> Payload:
    """Open a modal."""
    return {"view": board.modals.open(_trigger(args), _view(args))}


def views_push(board: Board, args: Payload) -> Payload:
    """Push a modal over another."""
    return {"view": board.modals.push(_trigger(args), _view(args))}


def views_update(board: Board, args: Payload) -> Payload:
    """Replace what an open modal shows."""
    return {
        "view": board.modals.update(
            _view(args),
            view_id=str(args.get("view_id") or ""),
            external_id=str(args.get("external_id") or ""),
            expected_hash=args.get("hash"),
        )
    }


def views_publish(board: Board, args: Payload) -> Payload:
    """Show a Home to one person."""
    user = str(args.get("user_id") or "")
    if board.workspace.account(user) is None:
        raise RefusedError("user_not_found")
    view = _view(args)
    if view.get("type") != "home":
        raise RefusedError("invalid_arguments", messages=["[ERROR] type must be home [json-pointer:/view/type]"])
    return {"view": board.modals.publish(user, view, expected_hash=args.get("hash"))}


def _view(args: Payload) -> Payload:
    view = args.get("view")
    if not isinstance(view, dict):
        raise RefusedError("invalid_arguments", messages=["[ERROR] missing required field: view"])
    return view


def _trigger(args: Payload) -> str:
    trigger_id = args.get("trigger_id")
    if not trigger_id:
        raise RefusedError("invalid_arguments", messages=["[ERROR] missing required field: trigger_id"])
    view = args.get("view")
    if isinstance(view, dict) and view.get("type") == "home":
        raise RefusedError("invalid_arguments", messages=["[ERROR] type must be modal [json-pointer:/view/type]"])
    return str(trigger_id)


VIEWS: dict[str, Callable[[Board, Payload], Payload]] = {
    "views.open": views_open,
    "views.push": views_push,
    "views.update": views_update,
    "views.publish": views_publish,
}
