"""From templates to a digest: what is new, what grew, what stopped, when it began, and who may have to do with it.

Logs alone name the guilty service in a third of real faults, so what comes out is a candidate with evidence, and
nobody is named where the evidence is weak.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.domain.logs.digest import Digest, Example, Odd, Suspect, Template, Trend
from bot.domain.logs.event import Level, LogEvent
from bot.domain.logs.masking import widest
from bot.domain.logs.mining import Bins, Miner, Slot
from bot.domain.logs.onset import main_part, scan, spread
from bot.domain.moment import from_millis
from bot.domain.plain import counted

ENOUGH = 12.0  # log-likelihood ratio times weight, under which a change names nobody
GROWN = 3.0  # times its former rate, under which a known template is only the usual noise
EFFECT = 0.3  # of the weight of a line that tells of somebody else's trouble
APART_MS = 3_600_000  # without a line for so long, what lies beyond is another clock's
MOST_TEMPLATES = 400
MOST_SUSPECTS = 5
MOST_SOURCES = 8
MOST_VALUES = 8
MOST_TEXT = 2_000
MOST_SHOWN_SOURCES = 50
MOST_BINS_SHOWN = 20_000
VANISHED_FROM = 8  # lines that would have been expected, under which silence means nothing

_WEIGHTS = {Level.WARN: 1.0, Level.ERROR: 2.0, Level.CRITICAL: 2.5}
_KNOWN_WARNING = 0.5
_EFFECTS = re.compile(
    r"no instances available|nested exception is|timed? ?out|connection (?:refused|reset)|unreachable"
    r"|\b50[234]\b|bad gateway|service unavailable|circuit ?breaker (?:is )?open|retry(?:ing)?\b|upstream",
    re.IGNORECASE,
)


class _Window(NamedTuple):
    """Hold the bins looked at, and how long the baseline was in bins."""

    first: int
    last: int
    baseline: float
    bin_ms: int

    def at(self, spot: int) -> datetime:
        return from_millis((self.first + spot) * self.bin_ms)


def digest(miner: Miner, *, window: tuple[datetime, datetime] | None = None) -> Digest:
    """Return what the lines fed so far come to.

    Args:
        window: the time that is asked about; without it, where nearly all lines are.
    """
    slots = miner.folded()
    every = [*slots.values(), *miner.others.values()]
    total = _sum(every)
    timeless = total.pop(0, 0)
    about = _window(miner, total, window)
    described, rest = _kept(slots)
    weighed = {text: _weighed(text, slot, about) for text, slot in described}
    templates = tuple(
        _template(place, text, slot, weighed[text], about) for place, (text, slot) in enumerate(described, start=1)
    )
    suspects = _suspects(templates, weighed)
    volume = spread(total, about.first, about.last) if total else []
    return Digest(
        lines=miner.lines,
        characters=miner.characters,
        baseline_lines=miner.baseline_lines,
        first=about.at(0) if total else None,
        last=about.at(len(volume)) if total else None,
        levels={level: sum(one.count for one in every if one.level is level) for level in Level},
        sources=widest(_sources(every), MOST_SHOWN_SOURCES),
        bin_s=about.bin_ms / 1000,
        volume=tuple(volume),
        grave=tuple(spread(_sum(one for one in every if one.level.grave), about.first, about.last)) if total else (),
        templates=templates,
        others=_others([*rest, *miner.others.values()]),
        onset=min((one.onset for one in suspects if one.onset), default=None),
        suspects=suspects,
        abstains=_abstains(miner, templates, suspects),
        odd=Odd(**miner.odd, no_time=timeless, stray=sum(total.values()) - sum(volume)),
    )


def _window(miner: Miner, total: Bins, window: tuple[datetime, datetime] | None) -> _Window:
    if window is None:
        first, last = main_part(total, apart=max(1, APART_MS // miner.bin_ms))
    else:
        first, last = (int(at.timestamp() * 1000) // miner.bin_ms for at in window)
    baseline = (miner.baseline_last - miner.baseline_first) / miner.bin_ms if miner.baseline_lines else 0.0
    if baseline and last - first > MOST_BINS_SHOWN:
        first = last - MOST_BINS_SHOWN
    return _Window(first, min(last, first + MOST_BINS_SHOWN), baseline, miner.bin_ms)


def _kept(slots: Mapping[str, Slot]) -> tuple[list[tuple[str, Slot]], list[Slot]]:
    """Return the templates that are described, gravest and rarest in the baseline first, and the rest."""

    def order(item: tuple[str, Slot]) -> tuple[bool, int, bool, int, str]:
        text, slot = item
        rank = max(slot.level.rank, Level.INFO.rank)
        return (not slot.count, -rank, slot.baseline > 0, -max(slot.count, slot.baseline), text)

    ordered = sorted(slots.items(), key=order)
    return ordered[:MOST_TEMPLATES], [slot for _, slot in ordered[MOST_TEMPLATES:]]


class _Weighed(NamedTuple):
    """Hold what speaks for a template: how it changed, when, how much that weighs, and if it is about somebody else."""

    trend: Trend
    spot: int | None
    evidence: float
    effect: bool


def _weighed(text: str, slot: Slot, about: _Window) -> _Weighed:
    """Weigh a template: the likelihood of its burst, less where it always comes in bursts or is only a warning."""
    effect = bool(_EFFECTS.search(text))
    if not slot.level.grave:
        return _Weighed(_trend(slot, about), None, 0.0, effect)
    counts = spread(slot.bins, about.first, about.last)
    found = scan(counts, before=(slot.baseline, about.baseline))
    usual = max(found.expected, slot.baseline / about.baseline if about.baseline else 0.0)
    known = slot.baseline > 0
    if known and found.inside < GROWN * usual * max(1, found.end - found.start):
        return _Weighed(Trend.SAME, None, 0.0, effect)
    weight = _WEIGHTS[slot.level] * (EFFECT if effect else 1.0) / (_dispersion(counts) if known else 1.0)
    if known and slot.level is Level.WARN:
        weight *= _KNOWN_WARNING
    evidence = round(found.score * weight, 1)
    trend = Trend.MORE if known or not about.baseline else Trend.NEW
    return _Weighed(trend, _first_line(counts, found.start) if evidence else None, evidence, effect)


def _first_line(counts: Sequence[int], start: int) -> int:
    """Return the first bin of the burst that has a line: the scan looks at several bins at a time."""
    return next(spot for spot in range(start, len(counts)) if counts[spot])


def _dispersion(counts: Sequence[int]) -> float:
    """Return how much burstier than chance the bins are; 1 where they are not."""
    mean = sum(counts) / max(1, len(counts))
    if not mean:
        return 1.0
    return max(1.0, sum((count - mean) ** 2 for count in counts) / len(counts) / mean)


def _trend(slot: Slot, about: _Window) -> Trend:
    if not about.baseline:
        return Trend.SAME
    if not slot.baseline:
        return Trend.NEW
    usual = slot.baseline / about.baseline * (about.last - about.first + 1)
    if not slot.count and usual >= VANISHED_FROM:
        return Trend.VANISHED
    if slot.count < usual / GROWN and usual >= VANISHED_FROM:
        return Trend.LESS
    return Trend.MORE if slot.count > usual * GROWN else Trend.SAME


def _template(number: int, text: str, slot: Slot, weighed: _Weighed, about: _Window) -> Template:
    return Template(
        number=number,
        text=text,
        level=slot.level,
        count=slot.count,
        baseline=slot.baseline,
        first=_moment(slot.first),
        last=_moment(slot.last),
        examples=tuple(_example(event) for event in slot.examples()),
        sources=widest(slot.sources, MOST_SOURCES),
        columns={name: widest(values, MOST_VALUES) for name, values in slot.columns.items()},
        trend=weighed.trend,
        onset=None if weighed.spot is None else _begin(slot, weighed.spot, about),
        effect=weighed.effect,
        score=weighed.evidence,
    )


def _begin(slot: Slot, spot: int, about: _Window) -> datetime:
    """Return the burst's beginning; the first line's own time where it is in that bin."""
    begin = about.at(spot)
    first = _moment(slot.first)
    return first if first is not None and begin <= first < about.at(spot + 1) else begin


def _moment(event: LogEvent | None) -> datetime | None:
    return from_millis(event.at) if event is not None and event.at else None


def _example(event: LogEvent) -> Example:
    return Example(
        at=_moment(event),
        group=event.group,
        stream=event.stream,
        event=event.event,
        text=event.message[:MOST_TEXT],
    )


def _suspects(templates: Sequence[Template], weighed: Mapping[str, _Weighed]) -> tuple[Suspect, ...]:
    """Return the sources with enough against them; one that only tells of others' trouble is a victim, and is not."""
    by_source: dict[str, list[Template]] = defaultdict(list)
    for one in templates:
        if one.sources and weighed[one.text].evidence > 0:
            by_source[next(iter(one.sources))].append(one)
    found = [
        _suspect(source, ones, weighed)
        for source, ones in by_source.items()
        if any(not weighed[one.text].effect for one in ones)
    ]
    enough = [one for one in found if one.score >= ENOUGH]
    return tuple(sorted(enough, key=lambda one: (-one.score, one.source))[:MOST_SUSPECTS])


def _suspect(source: str, templates: list[Template], weighed: Mapping[str, _Weighed]) -> Suspect:
    ordered = sorted(templates, key=lambda one: -weighed[one.text].evidence)
    own = [one for one in ordered if not weighed[one.text].effect]
    best = own[0]
    before = f"{best.baseline} in the baseline" if best.baseline else "none before"
    since = f" from {best.onset:%H:%M:%S} UTC" if best.onset else ""
    return Suspect(
        source=source,
        score=weighed[best.text].evidence,
        onset=best.onset,
        templates=tuple(one.number for one in own[:3]),
        effects=tuple(one.number for one in ordered if weighed[one.text].effect)[:3],
        words=f"{counted(best.count, 'line')} of {best.level}{since}, {before}: {best.text[:160]}",
    )


def _abstains(miner: Miner, templates: Sequence[Template], suspects: Sequence[Suspect]) -> str:
    if suspects:
        return ""
    if not miner.lines:
        return "There were no lines."
    if not any(one.level.grave for one in templates):
        return "No line of WARN or worse was found; the logs do not show what went wrong."
    return "Nothing of WARN or worse stands out from before; the logs alone do not name anybody."


def _others(slots: Sequence[Slot]) -> dict[Level, int]:
    counted = {level: sum(one.count for one in slots if one.level is level) for level in Level}
    return {level: count for level, count in counted.items() if count}


def _sum(slots: Iterable[Slot]) -> Bins:
    total: Bins = {}
    for slot in slots:
        for spot, count in slot.bins.items():
            total[spot] = total.get(spot, 0) + count
    return total


def _sources(slots: Iterable[Slot]) -> dict[str, int]:
    counted = Counter[str]()
    for slot in slots:
        counted.update(slot.sources)
    return dict(counted)
