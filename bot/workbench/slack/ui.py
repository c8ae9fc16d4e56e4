"""The person interface under `/_ui/`: what a page or a player sees and does. Slack's own API is not here."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.errors import BotError
from bot.workbench.slack.acts import Acts
from bot.workbench.slack.board import Board
from bot.workbench.slack.delivery import Delivery
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Event, Payload
from bot.workbench.slack.faults import FAULTS, Faults
from bot.workbench.slack.threads import beside
from bot.workbench.slack.workspace import SLACKBOT, Channel, Human

KEEPALIVE_SECONDS = 15.0


class Stage(Protocol):
    """What the demo provides beside Slack: a clock to move, failures to cause, a checklist.

    Asked from several threads, often; what only tells something must be quick and not raise.
    """

    def now(self) -> float:
        """Return the movable clock, in epoch seconds; it must not wait for a lock."""

    def offset(self) -> float:
        """Return how far it is ahead of real time, in seconds."""

    def offset_left(self) -> float:
        """Return how far it may still be moved, in seconds."""

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises a BotError or ValueError with words if not."""

    def scenarios(self) -> list[Payload]:
        """Return name, title and state of each."""

    def break_(self, name: str) -> None:
        """Cause a failure. Raises a BotError or ValueError with words if not."""

    def fix(self, name: str) -> None:
        """Mend the cause of a failure as the world outside would. Raises a BotError or ValueError with words if not."""

    def start_over(self) -> None:
        """Reset everything else; Slack was just reset, `LocalSlack.reset()` may be called again."""

    def checklist(self) -> list[Payload]:
        """Return id, title and done of each thing to see."""

    def links(self) -> list[Payload]:
        """Return title and url of what is worth opening beside the page."""

    def seen(self) -> None:
        """Hear that a page is open; start the scenario the first time."""

    def status(self) -> Payload:
        """Return words on what runs: bot, lake."""


class QuietStage:
    """Provide nothing but the host's clock; for tests."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._offset = 0.0
        self.happened: list[str] = []

    def now(self) -> float:
        """Return the host's time plus what it was moved by."""
        return self._wall() + self._offset

    def offset(self) -> float:
        """Return what it was moved by."""
        return self._offset

    def offset_left(self) -> float:
        """Return what is left of 100 minutes."""
        return 6_000.0 - self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        if not 0 <= seconds <= self.offset_left():
            raise ValueError(f"The clock can be moved by 0 to {self.offset_left():.0f} seconds more.")
        self._offset += seconds

    def scenarios(self) -> list[Payload]:
        """Return none."""
        return []

    def break_(self, name: str) -> None:
        """Know no failure."""
        raise ValueError(f"There is no scenario called {name!r}.")

    def fix(self, name: str) -> None:
        """Know no failure."""
        raise ValueError(f"There is no scenario called {name!r}.")

    def start_over(self) -> None:
        """Put the clock back."""
        self._offset = 0.0
        self.happened.append("start-over")

    def checklist(self) -> list[Payload]:
        """Return none."""
        return []

    def links(self) -> list[Payload]:
        """Return none."""
        return []

    def seen(self) -> None:
        """Remember it."""
        self.happened.append("seen")

    def status(self) -> Payload:
        """Return nothing of its own."""
        return {}


class PersonInterface:
    """Answer the requests of pages and players."""

    def __init__(self, board: Board, acts: Acts, delivery: Delivery, faults: Faults, stage: Stage) -> None:
        self._board = board
        self._acts = acts
        self._delivery = delivery
        self._faults = faults
        self._stage = stage
        self._shown: dict[str, Payload] = {}

    def routes(self) -> list[Route]:
        """Return the routes under `/_ui/`."""
        doings: dict[str, Callable[[Payload], Awaitable[Payload]]] = {
            "slash": self._slash,
            "click": self._click,
            "submit": self._submit,
            "close": self._close,
            "message": self._message,
            "upload": self._upload,
            "canvas": self._canvas,
            "react": self._react,
            "pin": self._pin,
            "home": self._home,
            "clock": self._clock,
            "break": self._break,
            "fix": self._fix,
            "start-over": self._start_over,
            "fault": self._fault,
            "seen": self._seen,
        }
        posts = [Route(f"/_ui/{name}", _posted(perform), methods=["POST"]) for name, perform in doings.items()]
        return [Route("/_ui/state", self._get_state), Route("/_ui/events", self._get_events), *posts]

    def state(self, asked: str) -> Payload:
        """Return everything that person sees; the first person's view if there is nobody of that id."""
        last = self._board.log.last
        person = self._person_or_first(asked)
        return {
            "event_id": last,
            "person": person,
            **self._of_slack(person),
            **self.clock(),
            "checklist": self._stage.checklist(),
            "links": self._stage.links(),
            "scenarios": self._stage.scenarios(),
            "status": self.status(),
            "faults": self._faults.active(),
        }

    def _of_slack(self, person: str) -> Payload:
        with self._board.lock:
            workspace = self._board.workspace
            return {
                "team": {"id": workspace.team_id, "name": workspace.team_name},
                "people": [self._person(human) for human in (*workspace.accounts(), SLACKBOT)],
                "groups": [{"id": one.id, "handle": one.handle, "name": one.name} for one in workspace.groups],
                "channels": [_room(room) for room in workspace.rooms() if _sees(person, room)],
                "commands": [command.model_dump() for command in workspace.commands],
                "messages": self._board.messages(person=person),
                "canvases": self._board.canvases(person),
                "view": self._board.modals.top(person),
                "home": self._board.modals.home(person),
                "notifications": [note for note in self._board.notifications if note["person"] == person],
            }

    def _person_or_first(self, asked: str) -> str:
        people = self._board.workspace.people
        known = [human.id for human in people if not human.is_bot and not human.deleted]
        return asked if asked in known or not known else known[0]

    def clock(self) -> Payload:
        """Return the movable clock."""
        return {
            "now": self._stage.now(),
            "offset": self._stage.offset(),
            "offset_left": self._stage.offset_left(),
        }

    def status(self) -> Payload:
        """Return what runs; whether the app is connected is ours to say."""
        told = self._stage.status()
        quiet = str(told.get("bot", "disconnected"))
        return {**told, "bot": "connected" if self._delivery.connected else quiet}

    def reset(self) -> None:
        """Forget what was said and done; faults are off, the app stays connected."""
        self._faults.clear()
        self._acts.done.clear()
        self._board.reset()

    def refresh(self) -> None:
        """Publish what the stage has changed since the last time."""
        told: dict[str, Payload] = {
            "checklist": {"checklist": self._stage.checklist()},
            "scenarios": {"scenarios": self._stage.scenarios()},
            "status": {"status": self.status()},
            "clock": {"offset": self._stage.offset()},
        }
        for kind, fields in told.items():
            if self._shown.get(kind) != fields:
                self._shown[kind] = fields
                self._board.log.publish(kind, self.clock() if kind == "clock" else fields)

    async def _get_state(self, request: Request) -> Response:
        person = request.query_params.get("person", "")
        return JSONResponse(await beside(lambda: self.state(person)))

    async def _get_events(self, request: Request) -> Response:
        person = self._person_or_first(request.query_params.get("person", ""))
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = int(last) if last.isascii() and last.isdigit() else self._board.log.last
        events = self._board.log.follow(person, after=after, idle_seconds=KEEPALIVE_SECONDS)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_as_stream(events), media_type="text/event-stream", headers=headers)

    async def _slash(self, body: Payload) -> Payload:
        return await self._acts.slash(body["person"], body["channel"], str(body["text"]))

    async def _click(self, body: Payload) -> Payload:
        return await self._acts.click(body["person"], body)

    async def _submit(self, body: Payload) -> Payload:
        return await self._acts.submit(body["person"], body["view_id"], body.get("values") or {})

    async def _close(self, body: Payload) -> Payload:
        return await self._acts.close(body["person"], body["view_id"])

    async def _message(self, body: Payload) -> Payload:
        return await self._acts.say(body["person"], body["channel"], str(body["text"]), body.get("thread_ts"))

    async def _upload(self, body: Payload) -> Payload:
        try:
            content = b64decode(str(body["content"]), validate=True)
        except ValueError as wrong:
            raise RefusedError("invalid_content") from wrong
        name = str(body["name"]).replace("/", "_")[:120]
        return await self._acts.share(body["person"], body["channel"], name, content, body.get("thread_ts"))

    async def _canvas(self, body: Payload) -> Payload:
        return await self._acts.write_canvas(body["person"], str(body["canvas"]), str(body["markdown"]))

    async def _react(self, body: Payload) -> Payload:
        emoji, on = str(body["emoji"]), bool(body["on"])
        return await self._acts.react(body["person"], body["channel"], str(body["ts"]), emoji, on=on)

    async def _pin(self, body: Payload) -> Payload:
        return await self._acts.pin(body["person"], body["channel"], str(body["ts"]), on=bool(body["on"]))

    async def _home(self, body: Payload) -> Payload:
        return await self._acts.open_home(body["person"])

    async def _clock(self, body: Payload) -> Payload:
        seconds = float(body["advance_seconds"])
        await beside(lambda: self._stage.advance(seconds))
        await beside(self.refresh)
        return {"ok": True, **self.clock()}

    async def _break(self, body: Payload) -> Payload:
        name = str(body["scenario"])
        await beside(lambda: self._stage.break_(name))
        await beside(self.refresh)
        return {"ok": True}

    async def _fix(self, body: Payload) -> Payload:
        name = str(body["scenario"])
        await beside(lambda: self._stage.fix(name))
        await beside(self.refresh)
        return {"ok": True}

    async def _start_over(self, _body: Payload) -> Payload:
        self.reset()
        await beside(self._stage.start_over)
        await beside(self.refresh)
        return {"ok": True}

    async def _seen(self, _body: Payload) -> Payload:
        await beside(self._stage.seen)
        return {"ok": True}

    async def _fault(self, body: Payload) -> Payload:
        fault = body["fault"]
        if fault == "clear":
            self._faults.clear()
        elif fault == "disconnect":
            await self._delivery.disconnect()
        elif fault in FAULTS:
            self._faults.set(fault, count=body.get("count"), method=body.get("method"), seconds=body.get("seconds"))
        else:
            raise ValueError(f"There is no fault called {fault!r}; there are {', '.join(FAULTS)}, clear.")
        return {"ok": True, "faults": self._faults.active()}

    def _person(self, human: Human) -> Payload:
        note = human.note or ("guest" if human.is_guest else "")
        return {
            "id": human.id,
            "name": human.name,
            "real_name": human.real_name,
            "roles": list(self._board.workspace.handles_of(human.id)),
            "note": note,
            "is_bot": human.is_bot,
        }


def _posted(perform: Callable[[Payload], Awaitable[Payload]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return JSONResponse({"ok": False, "error": "The body must be a JSON object."}, 400)
        try:
            return JSONResponse(await perform(body))
        except RefusedError as refused:
            return JSONResponse(refused.body())
        except KeyError as missing:
            return JSONResponse({"ok": False, "error": f"The field {missing} is missing."}, 400)
        except (BotError, ValueError) as wrong:
            return JSONResponse({"ok": False, "error": str(wrong)})

    return answer


async def _as_stream(events: AsyncIterator[Event | None]) -> AsyncIterator[str]:
    yield ": open\n\n"
    async for event in events:
        yield ": idle\n\n" if event is None else f"id: {event.id}\ndata: {json.dumps(event.data)}\n\n"


def _sees(person: str, room: Channel) -> bool:
    return person in room.members or not (room.is_im or room.is_private)


def _room(room: Channel) -> Payload:
    return {
        "id": room.id,
        "name": room.name,
        "is_private": room.is_private,
        "is_im": room.is_im,
        "members": list(room.members),
        "environment_note": room.environment_note,
    }
