"""Slack's HTTP surface: the API, response urls, uploads, files, sockets. What a method does is not here."""

import asyncio
import json
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from bot.workbench.slack import methods
from bot.workbench.slack.board import Board
from bot.workbench.slack.delivery import Delivery
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload
from bot.workbench.slack.faults import Fault, Faults
from bot.workbench.slack.files import CANVAS_MODE
from bot.workbench.slack.replies import respond

_NESTED = ("blocks", "attachments", "metadata", "view", "files", "document_content", "changes")
_WRITES = ("chat.postMessage", "chat.postEphemeral", "files.completeUploadExternal")
_LOOKUPS = ("usergroups.users.list", "usergroups.list")
_REFUSED: dict[str, tuple[Fault, str]] = {
    "canvases.create": ("no_canvas", "canvas_disabled_user_team"),
    "canvases.edit": ("no_canvas", "canvas_disabled_user_team"),
    "files.getUploadURLExternal": ("no_files", "file_uploads_disabled"),
}
_SAFE_TO_SHOW = ("image/png", "image/jpeg", "image/gif", "text/plain")
_CANVAS_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
}


class WebSurface:
    """Answer the app's requests."""

    def __init__(
        self,
        board: Board,
        delivery: Delivery,
        faults: Faults,
        *,
        bot_token: str,
        app_token: str,
        changed: Callable[[], None],
    ) -> None:
        self._board = board
        self._delivery = delivery
        self._faults = faults
        self._bot_token = bot_token
        self._app_token = app_token
        self._changed = changed
        self.calls: list[tuple[str, Payload]] = []

    def routes(self) -> list[Route | WebSocketRoute]:
        """Return the routes the app uses, and the files people open."""
        return [
            Route("/api/{method}", self._api, methods=["GET", "POST"]),
            Route("/response/{token}", self._response, methods=["POST"]),
            Route("/upload/{token}", self._upload, methods=["POST"]),
            Route("/files/{file_id}/{name}", self._file),
            Route("/archives/{channel}/{at}", self._permalink),
            WebSocketRoute("/link", self._link),
        ]

    async def _api(self, request: Request) -> Response:
        method = str(request.path_params["method"])
        try:
            args = await _arguments(request)
        except RefusedError as refused:
            return JSONResponse(refused.body())
        token = _token(request, args)
        if method == "apps.connections.open":
            return JSONResponse(self._open_link(token))
        if token != self._bot_token:
            return JSONResponse({"ok": False, "error": self._token_error(token)})
        return await self._performed(method, args)

    async def _performed(self, method: str, args: Payload) -> Response:
        slow = self._faults.strikes("slow", method)
        if slow:
            await asyncio.sleep(slow.seconds)
        limited = self._faults.strikes("rate_limit", method)
        if limited:
            headers = {"Retry-After": str(max(1, int(limited.seconds)))}
            return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers)
        if self._faults.strikes("server_error", method):
            return PlainTextResponse("Internal Server Error", 500)
        if method in _WRITES and self._faults.strikes("not_in_channel", method):
            return JSONResponse({"ok": False, "error": "not_in_channel"})
        if method in _LOOKUPS and self._faults.strikes("lookup_fails", method):
            return JSONResponse({"ok": False, "error": "internal_error"})
        refused = _REFUSED.get(method)
        if refused and self._faults.strikes(refused[0], method):
            return JSONResponse({"ok": False, "error": refused[1]})
        lost = self._faults.strikes("answer_lost", method)
        self.calls.append((method, args))
        answer = methods.call(self._board, method, args)
        if lost:
            return PlainTextResponse("Internal Server Error", 500)
        return JSONResponse(answer)

    def _open_link(self, token: str) -> Payload:
        if token != self._app_token:
            return {"ok": False, "error": self._token_error(token)}
        ticket, app_id = self._board.tickets.link(), self._board.workspace.app.app_id
        url = self._board.url.replace("http://", "ws://")
        return {"ok": True, "url": f"{url}/link?ticket={ticket}&app_id={app_id}"}

    def _token_error(self, token: str) -> str:
        if token in (self._bot_token, self._app_token):
            return "not_allowed_token_type"
        return "invalid_auth" if token else "not_authed"

    async def _link(self, socket: WebSocket) -> None:
        if not self._board.tickets.take_link(socket.query_params.get("ticket", "")):
            await socket.close(1008)
            return
        app_id = self._board.workspace.app.app_id
        await self._delivery.serve_link(socket, app_id=app_id, changed=self._changed)

    async def _response(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            respond(self._board, str(request.path_params["token"]), body if isinstance(body, dict) else {})
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        except RefusedError as refused:
            gone = refused.code in ("expired_url", "used_url")
            return JSONResponse(refused.body(), 404 if gone else 400)
        return PlainTextResponse("ok")

    async def _upload(self, request: Request) -> Response:
        form = request.headers.get("content-type", "").startswith("multipart/")
        content = await _uploaded(request) if form else await request.body()
        try:
            self._board.files.receive(str(request.path_params["token"]), content)
        except RefusedError as refused:
            return PlainTextResponse(refused.code, 404)
        return PlainTextResponse(f"OK - {len(content)}")

    async def _file(self, request: Request) -> Response:
        try:
            stored = self._board.files.find(str(request.path_params["file_id"]))
        except RefusedError as refused:
            return PlainTextResponse(refused.code, 404)
        if stored.mode == CANVAS_MODE:
            return Response(stored.content, media_type="text/html", headers=_CANVAS_HEADERS)
        shown = stored.mimetype in _SAFE_TO_SHOW
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": "inline" if shown else f"attachment; filename*=UTF-8''{quote(stored.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        media_type = stored.mimetype if shown else "application/octet-stream"
        return Response(stored.content, media_type=media_type, headers=headers)

    async def _permalink(self, request: Request) -> Response:
        channel, at = request.path_params["channel"], request.path_params["at"]
        return RedirectResponse(f"/#{channel}/{at}", 303)


async def _arguments(request: Request) -> Payload:
    args: Payload = dict(request.query_params)
    body = await request.body()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if body and content_type == "application/json":
        try:
            sent = json.loads(body)
        except ValueError as wrong:
            raise RefusedError("invalid_json") from wrong
        if not isinstance(sent, dict):
            raise RefusedError("json_not_object")
        args |= sent
    elif body:
        form = await request.form()
        args |= {name: value for name, value in form.items() if isinstance(value, str)}
    for name in _NESTED:
        if isinstance(args.get(name), str):
            args[name] = _nested(name, args[name])
    return args


def _nested(name: str, value: str) -> object:
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError as wrong:
        codes = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise RefusedError(codes.get(name, "invalid_arguments")) from wrong


def _token(request: Request, args: Payload) -> str:
    header = request.headers.get("authorization", "")
    return header.removeprefix("Bearer ").strip() or str(args.pop("token", "") or "")


async def _uploaded(request: Request) -> bytes:
    async with request.form() as form:
        for part in form.values():
            if not isinstance(part, str):
                return await part.read()
    return b""
