"""Retrieval: the right runbook first, or among three, for alarms whose name is told or hidden."""

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from time import process_time

from sqlite_utils import Database

from bench.alarm_set import ALARMS
from bench.figures import Table, ms, percentile
from bench.place import RUNBOOKS, beside
from bot.domain.matching import Page, Ranking, match_alarm, page_of_markdown, words_of_alarm, words_of_text
from bot.records.index import STEMS, fill, make, ranked

MANY = 1_000
Rank = Callable[[Sequence[str]], list[str]]


def measure(*, tiny: bool) -> Iterator[Table]:
    """Rank our own alarms, the public ones where they are, and time one query among a thousand runbooks."""
    pages = [page_of_markdown(file.read_text(encoding="utf-8"), file.stem) for file in sorted(RUNBOOKS.glob("*.md"))]
    pages = [page for page in pages if page.key != "TEMPLATE"]
    yield _own(pages)
    public = [] if tiny else [*beside("retrieval")]
    if public:
        runbooks = _json_lines((public[0] / "runbooks.jsonl").read_text(encoding="utf-8"))
        alarms = _json_lines((public[0] / "alarms.jsonl").read_text(encoding="utf-8"))
        yield _public([page_of_markdown(one["text"], one["id"]) for one in runbooks], alarms)
    yield _times(pages, 20 if tiny else 300)


def _own(pages: Sequence[Page]) -> Table:
    there = {page.key for page in pages}
    asked = [one for one in ALARMS if one.first in there]
    ranking = Ranking(pages)
    exact = [match_alarm(one.message(named=True), ranking).runbooks[0] for one in asked]
    by_name = sum(found.exact and found.path == one.first for found, one in zip(exact, asked, strict=True))
    rows: list[tuple[str, ...]] = []
    for name, rank in _rankings(pages):
        found = [rank(words_of_alarm(one.message(named=False))) for one in asked]
        pairs = [*zip(found, asked, strict=True)]
        rows.append(
            (
                name,
                _share(sum(best[:1] == [one.first] for best, one in pairs), len(asked)),
                _share(sum(bool(best) and best[0] in {one.first, one.second} for best, one in pairs), len(asked)),
                _share(sum(one.first in best for best, one in pairs), len(asked)),
            )
        )
    return Table(
        title="Retrieval: the lake's own alarms, their names hidden",
        heads=("ranking", "first is right", "or the second answer", "among three"),
        rows=tuple(rows),
        notes=(
            f"by name: {by_name} of {len(asked)} exact; {len(ALARMS) - len(asked)} alarms have no runbook here",
            "promised: 29 exact; hidden at least .85 first and .95 among three",
        ),
    )


def _public(pages: Sequence[Page], alarms: Sequence[dict[str, str]]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, rank in _rankings(pages):
        cells = [name]
        for kind in ("named", "noname", "summary_only", "noisy"):
            found = [rank(words_of_text(alarm[kind])) for alarm in alarms]
            first = sum(bool(best) and best[0] in alarm["relevant"] for best, alarm in zip(found, alarms, strict=True))
            three = sum(not set(best).isdisjoint(alarm["relevant"]) for best, alarm in zip(found, alarms, strict=True))
            cells.append(f"{first / len(alarms):.3f} / {three / len(alarms):.3f}")
        rows.append(tuple(cells))
    return Table(
        title="Retrieval: public runbooks and alert rules, first / among three",
        heads=("ranking", "named", "name hidden", "summary only", "noisy"),
        rows=tuple(rows),
        notes=("promised, name hidden: at least .80 / .94", f"{len(pages)} runbooks, {len(alarms)} alarms"),
    )


def _times(pages: Sequence[Page], count: int) -> Table:
    random = Random(3)  # noqa: S311 - the same runbooks every time
    vocabulary = sorted({word for page in pages for word in words_of_text(page.opening + page.text)})
    many = [*pages]
    while len(many) < MANY:
        source = random.choice(pages)
        more = random.sample(vocabulary, min(200, len(vocabulary)))
        many.append(
            source.model_copy(update={"key": f"r{len(many)}", "text": f"{source.text[:4_000]} {' '.join(more)}"})
        )
    asked = [words_of_alarm(random.choice(ALARMS).message(named=False)) for _ in range(count)]
    rows: list[tuple[str, ...]] = []
    for name, rank in _rankings(many):
        times = []
        for sought in asked:
            began = process_time()
            rank(sought)
            times.append(process_time() - began)
        rows.append((name, ms(1000 * percentile(times, 0.5)), ms(1000 * percentile(times, 0.99))))
    return Table(
        title="Retrieval: one query among 1,000 runbooks",
        heads=("ranking", "p50 ms of processor time", "p99 ms"),
        rows=tuple(rows),
        notes=("promised: under 5 ms",),
    )


def _rankings(pages: Sequence[Page]) -> Iterator[tuple[str, Rank]]:
    ranking = Ranking(pages)
    yield "ours", lambda words: [page.key for page, _, _ in ranking.best(words)]
    for name, tokenize in (("FTS5, whole words", STEMS.removeprefix("porter ")), ("FTS5, stems", STEMS)):
        database = Database(memory=True)
        make(database, "pages", tokenize=tokenize)
        fill(database, "pages", pages)

        def rank(words: Sequence[str], database: Database = database) -> list[str]:
            return [key for key, _ in ranked(database, "pages", words, most=3)] if words else []

        yield name, rank


def _json_lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.2f})" if whole else "-"
