"""What a digest holds: frozen values, made by `mining` and `ranking`, shown by `showing`.

A digest holds what lines say as they say it; what is kept or shown of it is the digest `as_redacted` returns.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from bot.domain.logs.event import Level
from bot.domain.plain import visible
from bot.domain.redaction import Redactor, for_eyes
from bot.domain.value import Value


class Trend(StrEnum):
    """Say what became of a template since before."""

    NEW = "new"
    MORE = "more"
    SAME = "same"
    LESS = "less"
    VANISHED = "vanished"


class Example(Value):
    """Hold one line as it was written, at most 2,000 characters of it; not redacted."""

    at: datetime | None
    group: str = ""
    stream: str
    event: str
    text: str


class Template(Value):
    """Hold what lines of one shape have in common.

    Attributes:
        number: its place in the digest, from 1; the gravest and most frequent first.
        text: the shape, `<*>` where lines differ.
        examples: at most three, spread over its lines: the first, one between, the last.
        sources: who wrote it, with counts; at most 8.
        columns: run and request ids and other short fields of its lines, each value with its count; at most 16.
        baseline: how many such lines the baseline has.
        onset: when it began to be more than it was before; None where it did not.
        effect: its lines tell of somebody else's trouble (a timeout, a refused connection, a retry).
        score: how much that speaks against chance: a log-likelihood ratio, less where it is usual or only a warning.
    """

    number: int
    text: str
    level: Level
    count: int
    baseline: int = 0
    first: datetime | None = None
    last: datetime | None = None
    examples: tuple[Example, ...] = ()
    sources: Mapping[str, int] = {}
    columns: Mapping[str, Mapping[str, int]] = {}
    trend: Trend = Trend.SAME
    onset: datetime | None = None
    effect: bool = False
    score: float = 0.0


class Suspect(Value):
    """Hold a source that may have to do with the trigger, with the templates that speak for it and against it.

    Attributes:
        score: of all its templates together.
        templates: numbers of the templates that speak for it, the strongest first.
        effects: numbers of templates of it that tell of somebody else's trouble.
        words: why, in one sentence.
    """

    source: str
    score: float
    onset: datetime | None
    templates: tuple[int, ...]
    effects: tuple[int, ...] = ()
    words: str


class Odd(Value):
    """Count what was odd about the lines; nothing of it ends a digest.

    Attributes:
        long: lines longer than is kept.
        no_time: lines that nothing gives a time.
        stray: lines hours away from all others, or outside the window asked for.
    """

    empty: int = 0
    long: int = 0
    binary: int = 0
    not_utf8: int = 0
    broken_json: int = 0
    no_time: int = 0
    stray: int = 0

    def words(self) -> tuple[str, ...]:
        """Return a sentence for each oddity there is."""
        said = {
            "empty": f"{self.empty:,} lines were empty.",
            "long": f"{self.long:,} lines were longer than what is kept of a line.",
            "binary": f"{self.binary:,} lines were binary.",
            "not_utf8": f"{self.not_utf8:,} lines were not UTF-8.",
            "broken_json": f"{self.broken_json:,} lines began as JSON and broke off.",
            "no_time": f"{self.no_time:,} lines had no time.",
            "stray": f"{self.stray:,} lines were hours away from the others: a clock may be wrong.",
        }
        return tuple(words for name, words in said.items() if getattr(self, name))


class Digest(Value):
    """Hold what many lines come to.

    Attributes:
        bin_s: seconds of one bin of `volume` and of every onset's precision.
        volume: lines of each bin from `first` on, and `grave` those of WARN and worse.
        others: lines beyond the number of templates kept, by level; they are counted and not described.
        suspects: best first; empty where the digest abstains.
        abstains: why it names nobody, in words; empty where it does.
        onset: when the strongest of what changed began.
    """

    lines: int
    characters: int
    baseline_lines: int = 0
    first: datetime | None = None
    last: datetime | None = None
    levels: Mapping[Level, int] = {}
    sources: Mapping[str, int] = {}
    bin_s: float = 0
    volume: tuple[int, ...] = ()
    grave: tuple[int, ...] = ()
    templates: tuple[Template, ...] = ()
    others: Mapping[Level, int] = {}
    onset: datetime | None = None
    suspects: tuple[Suspect, ...] = ()
    abstains: str = ""
    odd: Odd = Odd()

    def template(self, number: int) -> Template:
        """Return the template of that number."""
        return self.templates[number - 1]

    def as_redacted(self, redactor: Redactor) -> "Digest":
        """Return the same digest with each text of a line redacted and legible; where a line lies stays as it is."""
        return self.model_copy(
            update={
                "sources": _redacted(self.sources, redactor),
                "templates": tuple(_template(one, redactor) for one in self.templates),
                "suspects": tuple(_suspect(one, redactor) for one in self.suspects),
                "abstains": for_eyes(self.abstains, redactor),
            }
        )


def _template(one: Template, redactor: Redactor) -> Template:
    return one.model_copy(
        update={
            "text": for_eyes(one.text, redactor),
            "examples": tuple(line.model_copy(update={"text": for_eyes(line.text, redactor)}) for line in one.examples),
            "sources": _redacted(one.sources, redactor),
            "columns": {
                for_eyes(name, redactor): {
                    redactor.beside(name, visible(value)): count for value, count in values.items()
                }
                for name, values in one.columns.items()
            },
        }
    )


def _suspect(one: Suspect, redactor: Redactor) -> Suspect:
    return one.model_copy(update={"source": for_eyes(one.source, redactor), "words": for_eyes(one.words, redactor)})


def _redacted(counts: Mapping[str, int], redactor: Redactor) -> dict[str, int]:
    return {for_eyes(name, redactor): count for name, count in counts.items()}
