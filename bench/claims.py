"""The check of claims: how many true ones it keeps, and how many false ones it lets through."""

from collections.abc import Iterator
from random import Random
from time import process_time

from bench.claim_cases import Case, borrowed, made_up, of_real_logs, of_the_lake, renumbered, swapped, turned
from bench.claim_sheet import sheet
from bench.figures import Table
from bot.domain.claims import Claim, Dropped, Kind, check
from bot.domain.evidence import Evidence


def measure(*, tiny: bool) -> Iterator[Table]:
    """Check true claims and the same made false; a false one is caught when it is dropped."""
    random = Random(20260121)  # noqa: S311 - the same cases every time
    sets = {
        "made up, in the item's and in other words": made_up(random, 40 if tiny else 300),
        "the lake's own lines": of_the_lake(random, 20 if tiny else 300),
    }
    real = None if tiny else of_real_logs(random, 300)
    if real is not None:
        sets["a real system's lines"] = real
    began = process_time()
    rows = tuple(_row(name, evidence, cases, random) for name, (evidence, cases) in sets.items())
    checked = sum(4 * len(cases) for _, cases in sets.values())
    spent = process_time() - began
    yield Table(
        title="Claims: true ones kept, false ones caught",
        heads=(
            "claims of",
            "true kept",
            "as observed",
            "swapped ids",
            "changed numbers",
            "borrowed numbers",
            "flipped outcomes",
        ),
        rows=rows,
        notes=(
            "borrowed: a number replaced by another one of the same item",
            f"about {1000 * spent / checked:.2f} ms of processor time a claim",
        ),
    )
    yield _sheet()


def _sheet() -> Table:
    evidence, said = sheet()
    found = check_each([claim for _, claim in said], evidence)
    true = [kind for (right, _), kind in zip(said, found, strict=True) if right]
    false = [kind for (right, _), kind in zip(said, found, strict=True) if not right]
    rows = (
        ("true, kept", _share(sum(kind is not None for kind in true), len(true))),
        ("false, dropped", _share(sum(kind is None for kind in false), len(false))),
    )
    return Table(
        title="Claims: a person's sentences about one night",
        heads=("sentences", "of them"),
        rows=rows,
        notes=("before anything was changed for these: 25 of 27 true ones kept, 43 of 47 false ones dropped",),
    )


def _row(name: str, evidence: Evidence, cases: list[Case], random: Random) -> tuple[str, ...]:
    kept = check_each([case.claim for case in cases], evidence)
    observed = sum(one is Kind.OBSERVED for one in kept)
    wrong = (
        [swapped(case, evidence, random) for case in cases],
        [claim for case in cases if (claim := renumbered(case, random)) is not None],
        [claim for case in cases if (claim := borrowed(case, evidence, random)) is not None],
        [claim for case in cases for claim in turned(case)],
    )
    caught = (_share(sum(one is None for one in check_each(claims, evidence)), len(claims)) for claims in wrong)
    return (name, _share(sum(one is not None for one in kept), len(cases)), _share(observed, len(cases)), *caught)


def check_each(claims: list[Claim], evidence: Evidence) -> list[Kind | None]:
    """Return what became of each claim, in order; None where it was dropped."""
    found: list[Kind | None] = []
    for start in range(0, len(claims), 200):
        part = claims[start : start + 200]
        checked = check(part, evidence)
        dropped = [one.claim for one in checked.dropped]
        kept = iter(checked.kept)
        for claim in part:
            if dropped and dropped[0] == Dropped(claim=claim, why="").claim:
                dropped.pop(0)
                found.append(None)
            else:
                found.append(next(kept).kind)
    return found


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "-"
