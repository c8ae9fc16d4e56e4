"""Open modals (a stack of three per person) and Homes. What a view may contain is the checker's to say."""

import secrets
from typing import Protocol

from bot.workbench.slack.checker import check_view
from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import EventLog, Payload
from bot.workbench.slack.tickets import Tickets
from bot.workbench.slack.workspace import Workspace

STACK_LIMIT = 3

_OWN_FIELDS = (
    "type",
    "title",
    "submit",
    "close",
    "blocks",
    "private_metadata",
    "callback_id",
    "clear_on_close",
    "notify_on_close",
    "submit_disabled",
    "external_id",
)
_DEFAULTS: Payload = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
    "submit": None,
    "close": None,
}


class Screen(Protocol):
    """What the modals need of the board."""

    log: EventLog
    tickets: Tickets

    @property
    def workspace(self) -> Workspace:
        """Return who and what is there."""

    def numbered(self, blocks: list[Payload]) -> list[Payload]:
        """Give ids to what has none."""


class Modals:
    """Keep each person's stack of modals and their Home."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._stacks: dict[str, list[Payload]] = {}
        self._homes: dict[str, Payload] = {}

    def top(self, person: str) -> Payload | None:
        """Return the view that person is looking at."""
        stack = self._stacks.get(person)
        return stack[-1] if stack else None

    def home(self, person: str) -> Payload | None:
        """Return that person's Home."""
        return self._homes.get(person)

    def open(self, trigger_id: str, view: Payload) -> Payload:
        """Open a modal for the person whose interaction the trigger was."""
        refuse_bad_view(view)
        trigger = self._screen.tickets.take_trigger(trigger_id)
        made = self._made(view, previous=None)
        self._stacks[trigger.person] = [made]
        self._show(trigger.person)
        return made

    def push(self, trigger_id: str, view: Payload) -> Payload:
        """Push a modal over the one in which the trigger was born."""
        refuse_bad_view(view)
        trigger = self._screen.tickets.take_trigger(trigger_id)
        if not self._stacks.get(trigger.person) or trigger.view_id is None:
            raise RefusedError("not_found")
        return self.stack(trigger.person, view)

    def stack(self, person: str, view: Payload) -> Payload:
        """Put a view on top of that person's stack."""
        stack = self._stacks[person]
        if len(stack) >= STACK_LIMIT:
            raise RefusedError("push_limit_reached")
        made = self._made(view, previous=stack[-1])
        stack.append(made)
        self._show(person)
        return made

    def update(self, view: Payload, *, view_id: str, external_id: str, expected_hash: str | None) -> Payload:
        """Replace the content of an open view."""
        refuse_bad_view(view)
        person, current = self.find(view_id, external_id=external_id)
        _refuse_old_hash(current, expected_hash)
        return self.replace(person, current, view)

    def replace(self, person: str, current: Payload, view: Payload) -> Payload:
        """Replace one view of that person's stack, keeping its place and id."""
        made = {**self._made(view, previous=None), **_place(current)}
        stack = self._stacks.get(person, [])
        self._stacks[person] = [made if shown["id"] == current["id"] else shown for shown in stack]
        self._show(person)
        return made

    def publish(self, person: str, view: Payload, *, expected_hash: str | None) -> Payload:
        """Show a Home."""
        refuse_bad_view(view)
        current = self._homes.get(person)
        if current is not None:
            _refuse_old_hash(current, expected_hash)
        made = self._made(view, previous=None)
        if current is not None:
            made = {**made, **_place(current)}
        self._homes[person] = made
        fields = {"person": person, "view": made}
        self._screen.log.publish("home", fields, audience=frozenset({person}))
        return made

    def close(self, person: str) -> Payload | None:
        """Take the top view off and return it."""
        stack = self._stacks.get(person)
        closed = stack.pop() if stack else None
        self._show(person)
        return closed

    def clear(self, person: str) -> list[Payload]:
        """Close every view of that person and return them, top first."""
        closed = self._stacks.pop(person, [])[::-1]
        self._show(person)
        return closed

    def find(self, view_id: str, *, external_id: str = "") -> tuple[str, Payload]:
        """Return an open modal and whose it is."""
        for person, stack in self._stacks.items():
            for view in stack:
                if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                    return person, view
        raise RefusedError("not_found")

    def _show(self, person: str) -> None:
        fields = {"person": person, "view": self.top(person)}
        self._screen.log.publish("view", fields, audience=frozenset({person}))

    def _made(self, view: Payload, *, previous: Payload | None) -> Payload:
        app, team = self._screen.workspace.app, self._screen.workspace.team_id
        view_id = f"V{secrets.token_hex(6).upper()}"
        own = {key: view[key] for key in _OWN_FIELDS if view.get(key) is not None}
        return {
            "id": view_id,
            "team_id": team,
            **_DEFAULTS,
            **own,
            "blocks": self._screen.numbered(view["blocks"]),
            "state": {"values": {}},
            "hash": f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}",
            "root_view_id": previous["root_view_id"] if previous else view_id,
            "previous_view_id": previous["id"] if previous else None,
            "app_id": app.app_id,
            "app_installed_team_id": team,
            "bot_id": app.bot_id,
        }


def refuse_bad_view(view: Payload) -> None:
    """Raise what Slack answers to a view it does not take."""
    problems = check_view(view)
    if problems:
        raise RefusedError("invalid_arguments", messages=[problem.line for problem in problems])


def _place(view: Payload) -> Payload:
    return {key: view[key] for key in ("id", "root_view_id", "previous_view_id")}


def _refuse_old_hash(view: Payload, expected: str | None) -> None:
    if expected and expected != view["hash"]:
        raise RefusedError("hash_conflict")
