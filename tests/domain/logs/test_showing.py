import random

import pytest

from bot.domain.logs.digest import Digest
from bot.domain.logs.mining import Miner
from bot.domain.logs.ranking import digest
from bot.domain.logs.showing import MOST_TOKENS, evidence, lines, rows, tokens
from tests.domain.logs.lines import BEGIN, event, failing, json_line, merged, quiet


def an_incident() -> Digest:
    miner = Miner()
    miner.feed_baseline(quiet(begin=BEGIN - 86_400_000))
    bad = json_line("ERROR", "validation failed: CURRENCY_ERROR", run_id="r-42", source_file_id="f-0193")
    found = (event(bad, at=BEGIN + 100_000 + n * 20, number=20_000 + n) for n in range(101))
    miner.feed(merged(quiet(), found, failing("ERROR cannot parse row {}", begin=BEGIN + 130_000)))
    return digest(miner)


def test_what_changed_stands_first_and_says_whose_lines_they_are() -> None:
    first = lines(an_incident())

    told = next(line for line in first if line.startswith("  T"))
    assert "ERROR ×101, none before" in told
    assert "source_file_id f-0193 ×101" in told
    assert "run r-42 ×101" in told


def test_evidence_has_an_id_each_and_points_at_a_line() -> None:
    found = evidence(an_incident(), source="logs /lake/etl", clean=lambda text: text, begin=5)

    assert [one.item.id for one in found] == [f"E{5 + n}" for n in range(len(found))]
    pointing = [one for one in found if one.template]
    assert pointing
    assert all(one.event and one.group == "/lake/etl" for one in pointing)


def test_every_text_of_evidence_was_cleaned() -> None:
    found = evidence(an_incident(), source="logs", clean=lambda text: text.replace("f-0193", "[file]"))

    assert not [one for one in found if "f-0193" in one.item.text + one.verbatim]
    assert [one for one in found if "[file]" in one.item.text]


@pytest.mark.parametrize("shapes", [1, 60, 3_000])
def test_what_goes_to_a_model_stays_within_its_budget(shapes: int) -> None:
    draw = random.Random(3)  # noqa: S311 - words for a test
    miner = Miner()
    names = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(shapes)]
    miner.feed(
        event(f"ERROR {name} {' '.join(reversed(name))} " + "detail " * 200, at=BEGIN + n, number=n)
        for n, name in enumerate(names * 3)
    )

    found = evidence(digest(miner), source="logs /lake/etl", clean=lambda text: text)

    assert sum(tokens(one.item.model_dump_json(exclude={"link"})) for one in found) <= MOST_TOKENS
    assert len({one.template for one in found} - {0}) >= min(shapes, 40)


def test_rows_without_a_line_are_not_shown_unless_they_stopped() -> None:
    assert all(one.count or one.trend == "vanished" for one in rows(an_incident(), most=400))


def test_a_digest_without_a_baseline_says_what_it_cannot_say() -> None:
    miner = Miner()
    miner.feed(quiet())

    assert any("Without --baseline" in line for line in lines(digest(miner)))
