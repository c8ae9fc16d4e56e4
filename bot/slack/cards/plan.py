"""A plan: what each step found or would do, as lines of a card, and whole with every call. Pure."""

import json
from collections.abc import Sequence

from bot.domain.action import Call
from bot.domain.value import JsonObject, JsonValue
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, exact, section
from bot.slack.cards.calls import exact_text, pieces
from bot.slack.cards.stage import Stage

MOST_ON_A_PAGE = 40  # blocks
MOST_BYTES = 120_000  # of a page; half of what a dialog holds
_PLANNED = {
    "looked": "✓",
    "would ask": "🟠",
    "by hand": "✋",
    "not needed": "–",
    "known later": "·",
    "could not look": "⚠️",
}


def for_the_end(step: JsonObject) -> bool:
    """Return whether the step is a check that nothing can be said of yet."""
    return step.get("phase") == "verification" and step.get("status") == "known later"


def checked_then(checks: Sequence[JsonObject]) -> str:
    """Return the checks at the end in one line."""
    titles = [wording.prose(wording.sentence(str(one.get("title", ""))), 60) for one in checks]
    return f"· {wording.counted(len(checks), 'check')} at the end: {' · '.join(titles)}"


def short_enough(steps: Sequence[JsonObject], after: Sequence[str], stage: Stage, *, room: int) -> list[str]:
    """Return every step as a line; where there are many, each says less, but none is left out."""
    shown: list[str] = []
    for title, most in ((60, 120), (60, 60), (48, 30), (40, 0), (24, 0)):
        shown = [*(_planned(one, stage, title=title, most=most) for one in steps), *after]
        if sum(len(line) + 1 for line in shown) <= room:
            break
    return shown


def _planned(step: JsonObject, stage: Stage, *, title: int, most: int) -> str:
    status = str(step.get("status", ""))
    number = f"check {step.get('number')}" if step.get("phase") == "verification" else str(step.get("number"))
    needs = _texts(step.get("needs"))
    risk = wording.quoted(str(step.get("risk", "")), 12)
    asks = "" if status == "would ask" else "asks "
    who = f" ({f'{risk}, ' if risk else ''}{asks}{wording.roles_wanted(needs, stage.policy)})" if needs else ""
    said = "" if status == "not needed" else str(step.get("words", ""))
    words = wording.signed(said.replace("->", "→"), most) if most else ""
    named = wording.prose(wording.sentence(str(step.get("title", ""))), title)
    known = "" if words and status == "known later" else f" · {wording.quoted(status, 20)}"
    tail = f": {words}" if words else ""
    return f"{_PLANNED.get(status, '·')} {wording.quoted(number, 12)} {named}{known}{who}{tail}"


def plan_pages(plan: JsonObject, stage: Stage) -> list[list[Block]]:
    """Return a plan page by page: each step as a line, and under it its calls, which are never shortened."""
    pages: list[list[Block]] = [[]]
    for step in _objects(plan.get("steps")):
        calls = [Call.model_validate(one) for one in _objects(step.get("calls"))]
        exactly = map(exact, pieces(exact_text(calls, stage.catalogue.rows))) if calls else ()
        for block in (section(_planned(step, stage, title=120, most=300)), *exactly):
            full = len(pages[-1]) >= MOST_ON_A_PAGE or len(json.dumps([*pages[-1], block])) > MOST_BYTES
            if full:
                pages.append([])
            pages[-1].append(block)
    return pages


def _objects(value: JsonValue) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: JsonValue) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
