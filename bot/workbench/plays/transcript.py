"""Print a conversation readably: who said or pressed what, what the bot posted, and whom it notified."""

import re
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person

INDENT = " " * 9
WIDTH = 120
MOST_LINES = 18
MOST_CHANGED = 6
MOST_EXACT = 4
_MARKED = re.compile(r"<(?:@|!subteam\^)(?P<id>[A-Z0-9]+)[^<>]*>|<(?:!date|http)[^<>|]*\|(?P<words>[^<>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


class Transcript:
    """Follow a channel and print what is new each time it is asked to.

    Args:
        names: what people and groups are called, by id.
    """

    def __init__(self, *, people: tuple[Person, ...], names: dict[str, str], say: Callable[[str], None]) -> None:
        self._people = people
        self._names = names
        self._say = say
        self._printed: dict[str, list[str]] = {}
        self._notified: set[str] = set()

    def did(self, who: str, what: str) -> None:
        """Print what a person did, after what was posted before it."""
        self.catch_up()
        self._say(f"\n{self._time()} @{who} {what}")

    def note(self, words: str) -> None:
        """Print a remark of the play itself."""
        self.catch_up()
        self._say(f"\n-- {words}")

    def notes(self, lines: list[str]) -> None:
        """Print remarks that belong together."""
        self.catch_up()
        self._say("\n" + "\n".join(f"-- {line}" for line in lines))

    def catch_up(self) -> None:
        """Print new messages with who was notified of each, and what is new in those that were edited."""
        woken = self._woken()
        for message in self._people[0].messages():
            self._print(message, woken.get(f"{message['channel']} {message['ts']}", {}), to="")
        for person in self._people:
            for message in person.ephemerals():
                self._print(message, {}, to=self._names[person.id])

    def _woken(self) -> dict[str, dict[str, list[str]]]:
        """Return who was notified since the last look, by message and by why."""
        found: dict[str, dict[str, list[str]]] = {}
        for person in self._people:
            for one in person.notifications():
                if one["id"] in self._notified:
                    continue
                self._notified.add(str(one["id"]))
                why = found.setdefault(f"{one['channel']} {one['ts']}", {})
                why.setdefault(str(one["why"]), []).append(f"@{self._names[person.id]}")
        return found

    def _print(self, message: Payload, woken: dict[str, list[str]], *, to: str) -> None:
        if message["ephemeral_for"] and not to:
            return
        key = f"{message['channel']}/{message['ts']}/{to}"
        lines = [self._readable(line) for line in _shown(message)]
        push = self._readable(str(message.get("text") or ""))
        before = self._printed.get(key)
        self._printed[key] = lines
        new = lines if before is None else [line for line in lines if line not in before]
        if not new:
            return
        edited = " (edited)" if before is not None else ""
        only = f" (only @{to} sees it)" if to else ""
        thread = " in thread" if message.get("thread_ts") not in (None, message["ts"]) else ""
        self._say(f"\n{self._time()} runbook-bot{thread}{only}{edited}")
        most = MOST_LINES if before is None else MOST_CHANGED
        left = len(new) - most
        for line in new if left < 2 else new[:most]:
            self._say(_wrapped(line))
        if left >= 2:
            self._say(f"{INDENT}… {left} more lines")
        for why, people in woken.items():
            self._say(_wrapped(f"({', '.join(people)} notified by {why}: {push})"))

    def _readable(self, text: str) -> str:
        """Return the text as Slack shows it: names, dates and links in words."""

        def shown(found: re.Match[str]) -> str:
            return f"@{self._names.get(found['id'], found['id'])}" if found["id"] else str(found["words"])

        text = _MARKED.sub(shown, text)
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
        return text

    def _time(self) -> str:
        now = datetime.fromtimestamp(float(self._people[0].state()["now"]), UTC)
        return f"{now:%H:%M:%S}"


def _wrapped(line: str) -> str:
    if line.startswith("| "):
        return INDENT + (line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…")
    return textwrap.fill(line, WIDTH, initial_indent=INDENT, subsequent_indent=f"{INDENT}  ", break_on_hyphens=False)


def _shown(message: Payload) -> Iterator[str]:
    """Yield what is seen of a message line by line: its paragraphs, and one line for its buttons; else its text."""
    if not message.get("blocks"):
        yield from _lines(str(message.get("text") or ""))
    for block in message.get("blocks") or []:
        match block.get("type"):
            case "section":
                yield from _paragraph(str((block.get("text") or {}).get("text", "")))
                if accessory := block.get("accessory"):
                    yield _buttons([accessory])
            case "context":
                yield from _lines(" · ".join(str(one.get("text", "")) for one in block.get("elements") or []))
            case "actions":
                yield _buttons(block.get("elements") or [])
            case _:
                yield from _lines(str((block.get("text") or {}).get("text", "")))
    for file in message.get("files") or []:
        yield f"[file {file.get('name') or file.get('title')}]"


def _paragraph(text: str) -> Iterator[str]:
    """Yield the lines of a paragraph; of an exact call, the first few."""
    if not text.startswith("```"):
        yield from _lines(text)
        return
    exact = [line for line in text.strip("`").splitlines() if line.strip()]
    yield from (f"| {line}" for line in exact[:MOST_EXACT])
    if len(exact) > MOST_EXACT:
        yield f"| … {len(exact) - MOST_EXACT} more lines of the exact call"


def _lines(text: str) -> Iterator[str]:
    yield from (line for line in text.splitlines() if line.strip())


def _buttons(elements: list[Payload]) -> str:
    shown = [
        f"[{(one.get('text') or one.get('placeholder') or {}).get('text', '')}]" for one in elements if _named(one)
    ]
    return " ".join([*shown, *(["[…]"] if any(one.get("type") == "overflow" for one in elements) else [])])


def _named(element: Payload) -> bool:
    return element.get("type") != "overflow"
