"""A model that says what a test wrote down, and counters that are a dictionary."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from bot.assistant.breaker import Breaker
from bot.assistant.budget import Budget
from bot.assistant.extractive import ExtractiveAssistant
from bot.assistant.fallback import FallbackAssistant
from bot.assistant.folder import read_prompts
from bot.assistant.model import Asked, Heard, Model, Said
from bot.assistant.writing import Writer
from bot.domain.assistance import Tokens
from bot.domain.claims import check
from bot.errors import BotError

PROMPTS = read_prompts(Path(__file__).parents[2] / "prompts")
TODAY = datetime(2026, 1, 21, 3, 0, tzinfo=UTC)
USED = Tokens(input=900, output=100, cached=500)

Line = BaseModel | Said | BotError | Callable[[Asked, Heard | None], Said]


def said(
    reply: BaseModel | None,
    *,
    refused: str = "",
    why: Literal["guarded", "too_long", "malformed"] = "malformed",
    fault: bool = True,
) -> Said:
    return Said(reply=reply, model="a-model", tokens=USED, refused=refused, why=why, fault=fault)


@dataclass
class ScriptedModel:
    """Say one line after the other; the last one again and again."""

    lines: Sequence[Line]
    asked: list[Asked] = field(default_factory=list)

    def ask(self, asked: Asked, *, heard: Heard | None = None) -> Said:
        line = self.lines[min(len(self.asked), len(self.lines) - 1)]
        self.asked.append(asked)
        if isinstance(line, BotError):
            raise line
        if isinstance(line, BaseModel):
            return said(line)
        return line if isinstance(line, Said) else line(asked, heard)

    def close(self) -> None:
        self.lines = ()


class CountersInMemory:
    """Count in a dictionary, as the records do in a table."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, name: str, by: int) -> int:
        with self._lock:
            self.counted[name] = max(0, self.counted.get(name, 0) + by)
            return self.counted[name]


@dataclass
class Seconds:
    """A clock that stands still until it is moved."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def assistant(
    model: Model,
    *,
    counters: CountersInMemory | None = None,
    seconds: Seconds | None = None,
    deadline: float = 20.0,
    at_once: int = 4,
    per_incident: int = 100_000,
    per_person: int = 500_000,
    per_channel: int = 500_000,
    per_day: int = 1_000_000,
    kept: float = 0.0,
) -> FallbackAssistant:
    """Return the assistant as the bot composes it, around any model."""
    boundaries = iter(range(10**9))
    budget = Budget(
        counters=counters or CountersInMemory(),
        now=lambda: TODAY,
        per_incident=per_incident,
        per_person=per_person,
        per_channel=per_channel,
        per_day=per_day,
        kept=kept,
    )
    writer = Writer(
        model=model,
        prompts=PROMPTS,
        check=check,
        budget=budget,
        boundary=lambda: f"data-{next(boundaries):032x}",
    )
    return FallbackAssistant(
        writer=writer,
        plain=ExtractiveAssistant(),
        breaker=Breaker(now=seconds or Seconds()),
        deadline=timedelta(seconds=deadline),
        draft_deadline=timedelta(seconds=deadline),
        at_once=at_once,
    )
