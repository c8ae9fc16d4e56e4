"""Pure: times to figures, and figures to a table. Nothing is measured here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Table:
    """Hold what one bench found; `notes` stand under it."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Return it as Markdown, its columns aligned."""
        widths = [max(len(row[place]) for row in (self.heads, *self.rows)) for place in range(len(self.heads))]
        rule = tuple("-" * width for width in widths)
        shown = (_line(row, widths) for row in (self.heads, rule, *self.rows))
        return (f"## {self.title}", "", *shown, "", *(f"- {note}" for note in self.notes), "")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def percentile(times: Sequence[float], share: float) -> float:
    """Return the smallest time that at least this share of them does not exceed."""
    ordered = sorted(times)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Hold the rounds of one load, ours beside the yardstick's of the same minute; times in seconds."""

    ours: tuple[tuple[float, ...], ...]
    yardstick: tuple[tuple[float, ...], ...]

    def milliseconds(self, share: float) -> tuple[float, float]:
        """Return ours and the yardstick's percentile, each the median of the rounds."""
        ours = median(percentile(times, share) for times in self.ours)
        return ours * 1000, median(percentile(times, share) for times in self.yardstick) * 1000

    def ratio(self, share: float) -> float:
        """Return ours to the yardstick's percentile: the median of what each pair of rounds says."""
        pairs = zip(self.ours, self.yardstick, strict=True)
        return median(percentile(ours, share) / percentile(bare, share) for ours, bare in pairs)

    def missed(self, limit: float) -> int:
        """Return how many of ours took longer."""
        return sum(time > limit for times in self.ours for time in times)


def ms(milliseconds: float) -> str:
    """Return it with as many digits as mean something."""
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:.0f}"
