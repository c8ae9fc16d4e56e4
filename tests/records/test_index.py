from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from bot.domain.matching import Page
from bot.domain.runbook import Runbook, Section, Status
from bot.ports import Search
from bot.records.index import RunbookIndex


def a_runbook(name: str, title: str, text: str, *, alarms: tuple[str, ...] = ()) -> Runbook:
    return Runbook(
        id=name,
        title=title,
        category="pipeline",
        owner="platform",
        status=Status.ACTIVE,
        alarms=alarms,
        sections=(Section(title="Use Case", line=1, markdown=text),),
        path=f"runbooks/{name}.md",
        sha256=sha256(f"{name}{title}{text}".encode()).hexdigest(),
    )


@pytest.fixture
def held() -> dict[str, Runbook]:
    return {
        one.id: one
        for one in (
            a_runbook("circuit-breaker", "Circuit breaker", "The breaker opened; pipelines are pausing."),
            a_runbook("rollback", "Roll back", "Put the last good data back.", alarms=("BadData-prod",)),
            a_runbook("late-data", "Late data", "Partitions arrive late, after the breaker closed."),
        )
    }


@pytest.fixture
def index(tmp_path: Path, held: dict[str, Runbook]) -> Iterator[RunbookIndex]:
    index = RunbookIndex(tmp_path / "index.db", runbooks=lambda: held)
    yield index
    index.close()


def test_runbooks_are_found_best_first_each_with_the_words_that_matched(index: RunbookIndex) -> None:
    search: Search = index

    found = search.runbooks("the breaker of the pipeline is open")

    assert found[0] == ("circuit-breaker", ("breaker", "pipeline", "open"))
    assert found[1] == ("late-data", ("breaker",))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("pause", "circuit-breaker"),
        ("PARTITION", "late-data"),
        ("BadData-prod", "rollback"),
        ("circuit-breaker", "circuit-breaker"),
        ("\uff52\uff4f\uff4c\uff4cback", "rollback"),
        ("römischer bréaker circuit", "circuit-breaker"),
    ],
)
def test_words_match_by_their_stem_in_any_case_and_width(index: RunbookIndex, words: str, name: str) -> None:
    assert index.runbooks(words)[0][0] == name


def test_only_so_many_come_back(index: RunbookIndex) -> None:
    assert len(index.runbooks("data breaker", most=1)) == 1
    assert len(index.runbooks("data breaker", most=10)) == 3


@pytest.mark.parametrize(
    "words",
    [
        "'; DROP TABLE runbooks; --",
        '"',
        '""" OR "',
        "title:breaker NOT NEAR(a b)",
        "breaker*",
        "s3://bucket/key^2",
        "🔥🚨",
        "\u200b\u202e\x00",
        "x" * 10_000,
        "word " * 2_000,
        "",
        "the of and",
        "(((((",
        "{a b}: -c",
    ],
)
def test_hostile_words_are_only_words(index: RunbookIndex, words: str) -> None:
    index.runbooks(words)

    assert index.runbooks("breaker")[0][0] == "circuit-breaker"


def test_operators_of_the_index_are_words_like_any_other(index: RunbookIndex) -> None:
    assert index.runbooks("NOT breaker")[0] == ("circuit-breaker", ("breaker",))


def test_what_changed_in_the_library_is_found_at_the_next_search(index: RunbookIndex, held: dict[str, Runbook]) -> None:
    assert index.runbooks("zookeeper") == []

    held["zoo"] = a_runbook("zoo", "Zookeeper", "Restart it.")
    del held["rollback"]

    assert index.runbooks("zookeeper") == [("zoo", ("zookeeper",))]
    assert index.runbooks("rollback") == []


@pytest.mark.parametrize("spoilt", [b"", b"no database at all", b"SQLite format 3\x00" + b"x" * 4_000])
def test_a_spoilt_index_is_made_anew(tmp_path: Path, held: dict[str, Runbook], spoilt: bytes) -> None:
    (tmp_path / "spoilt.db").write_bytes(spoilt)
    index = RunbookIndex(tmp_path / "spoilt.db", runbooks=lambda: held)

    assert index.runbooks("rollback")[0][0] == "rollback"
    index.close()


def test_an_index_of_an_earlier_start_is_used_again(tmp_path: Path, held: dict[str, Runbook]) -> None:
    for _ in range(2):
        index = RunbookIndex(tmp_path / "again.db", runbooks=lambda: held)
        assert len(index.runbooks("data", most=9)) == 2
        index.close()


def test_an_alarm_finds_its_runbook_by_what_it_says(index: RunbookIndex, held: dict[str, Runbook]) -> None:
    search: Search = index

    assert search.fitting(("last", "good", "data", "data"))[0] == ("rollback", ("last", "good", "data"))

    held["zoo"] = a_runbook("zoo", "Zookeeper", "Restart it.")

    assert search.fitting(("zookeeper",)) == [("zoo", ("zookeeper",))]
    assert search.fitting(()) == []


def test_past_incidents_are_found_apart_from_runbooks(tmp_path: Path, held: dict[str, Runbook]) -> None:
    past = {"INC-7": Page(key="INC-7", title="The breaker stayed open", text="A vendor sent amounts without currency.")}
    index = RunbookIndex(tmp_path / "index.db", runbooks=lambda: held, incidents=lambda: past)

    assert index.incidents("has the vendor's currency been missing before?") == [("INC-7", ("vendor", "currency"))]
    assert [name for name, _ in index.runbooks("breaker", most=9)] == ["circuit-breaker", "late-data"]

    past["INC-8"] = Page(key="INC-8", title="Vendor late", text="The vendor was late again; vendor and vendor.")

    assert {name for name, _ in index.incidents("vendor")} == {"INC-7", "INC-8"}
    index.close()
