"""When did it begin: a Poisson scan over bins, for the stretch in which lines came faster than elsewhere."""

from collections.abc import Mapping, Sequence
from math import log
from typing import NamedTuple

MOST_STEPS = 120  # of one scan: it looks at every stretch between two steps


STRAY = 0.1  # of all lines, under which what lies apart is another clock's


class Stretch(NamedTuple):
    """Hold the stretch [start, end) of bins that stands out most, and by how much (log-likelihood ratio)."""

    start: int
    end: int
    score: float
    inside: int
    expected: float


NOWHERE = Stretch(0, 0, 0.0, 0, 0.0)


def scan(counts: Sequence[int], *, before: tuple[int, float] = (0, 0.0)) -> Stretch:
    """Return the stretch that stands out most.

    Args:
        counts: lines of each bin.
        before: lines of the same kind in a baseline, and how many bins it had.
    """
    step = max(1, -(-len(counts) // MOST_STEPS))
    sums = [0]
    for place in range(0, len(counts), step):
        sums.append(sums[-1] + sum(counts[place : place + step]))
    steps, total = len(sums) - 1, sums[-1] + before[0]
    exposure = len(counts) + before[1]
    if not exposure or not total:
        return NOWHERE
    best = NOWHERE
    for start in range(steps):
        if sums[start + 1] == sums[start]:
            continue  # a burst begins with a line
        for end in range(start + 1, steps + 1):
            inside, width = sums[end] - sums[start], min(end * step, len(counts)) - start * step
            if width >= exposure:
                continue
            score = _likelihood(inside, width, total - inside, exposure - width)
            if score > best.score:
                best = Stretch(start * step, min(end * step, len(counts)), score, inside, 0.0)
    return best._replace(expected=(total - best.inside) / max(exposure - (best.end - best.start), 1))


def _likelihood(inside: int, width: float, outside: int, rest: float) -> float:
    """Compare two rates with one; 0 where it is not the inner one that is higher."""
    inner, outer = inside / width, (outside + 0.5) / rest
    if inner <= outer:
        return 0.0
    whole = (inside + outside + 0.5) / (width + rest)
    return inside * log(inner / whole) + (outside + 0.5) * log(outer / whole)


def spread(bins: Mapping[int, int], first: int, last: int) -> list[int]:
    """Return counts of every bin from first to last."""
    return [bins.get(spot, 0) for spot in range(first, last + 1)]


def main_part(bins: Mapping[int, int], *, apart: int) -> tuple[int, int]:
    """Return first and last bin of the lines' time; a few lines that lie `apart` empty bins away are stray."""
    spots = sorted(bins)
    if not spots:
        return (0, 0)
    parts: list[list[int]] = [[spots[0]]]
    for spot in spots[1:]:
        if spot - parts[-1][-1] > apart:
            parts.append([])
        parts[-1].append(spot)
    sizes = [sum(bins[spot] for spot in part) for part in parts]
    least = min(STRAY * sum(sizes), max(sizes))
    ours = [part for part, size in zip(parts, sizes, strict=True) if size >= least]
    return ours[0][0], ours[-1][-1]
