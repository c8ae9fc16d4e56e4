"""What a digest looks like: evidence items that fit a model's budget, and lines for a terminal."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil

from bot.domain.evidence import Item, Origin
from bot.domain.logs.digest import Digest, Example, Template, Trend
from bot.domain.logs.masking import ANY
from bot.domain.value import Value

MOST_TOKENS = 8_000
CHARACTERS_PER_TOKEN = 3.2  # measured on log lines, without the model's own tokenizer
MOST_ROWS = 50
WITH_EXAMPLES = 10  # templates that are shown with lines as they were written
MOST_ROW = 420
MOST_LINE = 500
SHARE = 0.8  # of a template's lines that one value must have to be said to be theirs


class Pointed(Value):
    """Hold an evidence item and the very line or template it points at.

    Attributes:
        template: its number in the digest; 0 for the item on all lines together.
    """

    item: Item
    template: int
    group: str = ""
    stream: str = ""
    event: str = ""
    verbatim: str = ""


def tokens(text: str) -> int:
    """Return about how many tokens a text is."""
    return ceil(len(text) / CHARACTERS_PER_TOKEN)


def rows(digest: Digest, *, most: int = MOST_ROWS) -> tuple[Template, ...]:
    """Return the templates worth showing: what changed first, effects after causes, then what is grave or frequent."""

    def order(one: Template) -> tuple[bool, bool, float, bool, int, int]:
        quiet = one.trend in {Trend.VANISHED, Trend.LESS}
        return (
            one.score <= 0,
            one.effect and one.score > 0,
            -one.score,
            not (one.level.grave or quiet),
            -one.level.rank,
            -one.count,
        )

    told = (one for one in digest.templates if one.count or one.trend is Trend.VANISHED)
    return tuple(sorted(told, key=order)[:most])


def evidence(
    digest: Digest,
    *,
    source: str,
    clean: Callable[[str], str],
    link: Callable[[Example], str] = lambda _: "",
    begin: int = 1,
    most_tokens: int = MOST_TOKENS,
) -> tuple[Pointed, ...]:
    """Return what goes to a model and into a draft, within the budget however many lines came in.

    Args:
        source: where the lines were read, in words.
        clean: redacts a text and takes out what no eye may see.
        begin: the number of the first item's id.
    """
    chosen = rows(digest)
    left = most_tokens
    made: list[Pointed] = []

    def add(text: str, template: Template | None, example: Example | None) -> None:
        nonlocal left
        number = f"E{begin + len(made)}"
        near = example or (template.examples[0] if template and template.examples else None)
        at = example.at if example else template.first if template else digest.first
        item = Item(
            id=number,
            kind="log",
            origin=Origin.TEXT if example else Origin.AWS,
            source=source,
            at=at,
            text=text,
            link=link(near) if near else "",
        )
        cost = tokens(item.model_dump_json(exclude={"link"}))
        if cost > left:
            return
        left -= cost
        made.append(
            Pointed(
                item=item,
                template=template.number if template else 0,
                group=near.group if near else "",
                stream=near.stream if near else "",
                event=near.event if near else "",
                verbatim=clean(near.text) if near else "",
            )
        )

    add(clean(summary(digest)), None, None)
    for template in chosen:
        add(clean(row(template))[:MOST_ROW], template, None)
    for template in chosen[:WITH_EXAMPLES]:
        for example in template.examples:
            add(clean(example.text)[:MOST_LINE], template, example)
    return tuple(made)


def summary(digest: Digest) -> str:
    """Return one sentence on all lines together."""
    if not digest.lines:
        return "No log line was found."
    grave = sum(count for level, count in digest.levels.items() if level.grave)
    since = f" from {_clock(digest.first)} to {_clock(digest.last)}" if digest.first else ""
    return f"{digest.lines:,} log lines{since}, {grave:,} of them WARN or worse, in {len(digest.templates)} templates."


def row(template: Template) -> str:
    """Return a template as one line: how many, how grave, when, who, whose, what."""
    parts = [f"{template.level} ×{template.count:,}", _against(template)]
    if template.first and template.last:
        parts.append(f"{_clock(template.first)}–{_clock(template.last)}")
    if template.onset and template.onset != template.first:
        parts.append(f"more from {_clock(template.onset)}")
    if template.sources:
        parts.append(
            next(iter(template.sources)) + (f" and {len(template.sources) - 1} more" * (len(template.sources) > 1))
        )
    parts += shares(template)
    return ", ".join(part for part in parts if part) + f": {subject(template)}"


def subject(template: Template) -> str:
    """Return the template's text without the time and level it begins with; the row has both."""
    return re.sub(rf"^(?:{re.escape(ANY)} )*\W?{template.level}\w*\W? +(?:{re.escape(ANY)} )*", "", template.text)


def shares(template: Template) -> list[str]:
    """Return the values that most of the template's lines carry: `source_file_id f-0193 ×101`."""
    return [
        f"{name} {value} ×{count:,}"
        for name, values in template.columns.items()
        for value, count in list(values.items())[:1]
        if count >= max(3, SHARE * template.count)
    ]


def _against(template: Template) -> str:
    match template.trend:
        case Trend.NEW:
            return "none before"
        case Trend.VANISHED:
            return f"stopped; {template.baseline:,} before"
        case Trend.MORE | Trend.LESS:
            return f"{template.trend} than before" + (f" ({template.baseline:,})" if template.baseline else "")
        case Trend.SAME:
            return ""


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at else "no time"


# For a terminal.


def lines(digest: Digest, *, most: int = 25) -> tuple[str, ...]:
    """Return the digest as text for a person."""
    return (
        summary(digest),
        *_strip(digest),
        "",
        *_verdict(digest),
        "",
        *(f"  T{one.number:<4}{row(one)[:200]}" for one in rows(digest, most=most)),
        *_notes(digest, most),
    )


def _strip(digest: Digest, width: int = 60) -> tuple[str, ...]:
    """Return lines and grave lines over time as two rows of bars."""
    if not any(digest.volume):
        return ()
    drawn = tuple(_bars(_narrowed(counts, width)) for counts in (digest.volume, digest.grave))
    return (f"  all    {drawn[0]}", f"  WARN+  {drawn[1]}")


def _narrowed(counts: Sequence[int], width: int) -> list[int]:
    step = max(1, -(-len(counts) // width))
    return [sum(counts[place : place + step]) for place in range(0, len(counts), step)]


def _bars(counts: Sequence[int]) -> str:
    steps, most = " ▁▂▃▄▅▆▇█", max(counts) or 1
    return "".join(steps[ceil(count / most * 8)] for count in counts)


def _verdict(digest: Digest) -> tuple[str, ...]:
    if digest.abstains:
        return (f"No candidate. {digest.abstains}",)
    begun = f"Began about {_clock(digest.onset)} (± {digest.bin_s:.0f} s)." if digest.onset else ""
    return (
        f"Candidates, best first; logs alone are right in a minority of failures. {begun}".rstrip(),
        *(
            f"  {place}. {one.source} (score {one.score:.0f}): {one.words}" + _told(one.effects)
            for place, one in enumerate(digest.suspects, start=1)
        ),
    )


def _told(effects: Sequence[int]) -> str:
    return f" (T{', T'.join(map(str, effects))} tell of somebody else's trouble)" if effects else ""


def _notes(digest: Digest, most: int) -> tuple[str, ...]:
    notes = [*digest.odd.words()]
    if len(digest.templates) > most:
        notes.append(f"{len(digest.templates) - most} more templates; --json prints all.")
    if digest.others:
        notes.append(
            f"{sum(digest.others.values()):,} lines belong to templates beyond those that are kept; they are counted."
        )
    if not digest.baseline_lines:
        notes.append(f"Without --baseline nothing can be called new; {ANY} stands where lines differ.")
    return ("", *notes) if notes else ()
