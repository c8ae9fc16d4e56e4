import json
import sqlite3
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from bot.domain.logs.mining import Miner
from bot.domain.logs.ranking import digest
from bot.domain.logs.showing import evidence
from bot.domain.postmortem.checking import archived, check
from bot.domain.postmortem.comparing import borne
from bot.domain.postmortem.markdown import written
from bot.errors import InvalidError, NotFoundError
from bot.records.archive import read_archive, write_archive
from tests.domain.logs.lines import BEGIN, failing, merged, quiet
from tests.domain.postmortem.inc7 import document


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "INC-7.db"
    write_archive(path, document(), text=written(document()))
    return path


def changed(path: Path, statement: str, *values: str) -> tuple[str, ...]:
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(statement, values).rowcount > 0
    connection.close()
    return read_archive(path)[0].damage


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_an_archive_gives_back_what_was_written(archive: Path) -> None:
    found, draft = read_archive(archive)

    assert found == archived(document())
    assert draft == written(document())
    assert check(draft, found, judge=borne) == ()


def test_what_a_row_of_the_timeline_opens_is_kept_and_an_archive_of_before_has_none(tmp_path: Path) -> None:
    link = "https://lake.example/archives/C1/p1"
    first, *others = document().timeline
    told = document().model_copy(update={"timeline": (first.model_copy(update={"link": link}), *others)})
    path = tmp_path / "INC-7.db"
    write_archive(path, told, text=written(told))

    assert read_archive(path)[0] == archived(told)
    assert "timeline row 1 was edited" in changed(path, "update timeline set link = 'https://evil.example'")[0]

    write_archive(path, document(), text=written(document()))
    before = sqlite3.connect(path)
    with before:
        before.execute("alter table timeline drop column link")
    before.close()
    assert read_archive(path)[0].timeline == document().timeline


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "update evidence set text = '613 of 10,000 rows are in quarantine.' where id = 'E3'",
            "evidence row E3 was edited",
        ),
        ("update evidence set at = '2026-01-21T02:00:00Z' where id = 'E3'", "evidence row E3 was edited"),
        ("delete from evidence where id = 'E7'", "not those it was sealed with"),
        ("update claims set evidence = 'E1' where number = 3", "claims row 3 was edited"),
        ("delete from claims where number = 3", "not those it was sealed with"),
        ("delete from timeline where number = 2", "not those it was sealed with"),
        ("update drafts set markdown = 'other'", "drafts row 1 was edited"),
        ("update about set value = '- Began: unknown' where name = 'times'", "not those it was sealed with"),
        ("update about set value = '{}' where name = 'derived'", "not those it was sealed with"),
        ("delete from about where name = 'unread'", "not those it was sealed with"),
        ("update about set value = 'x' where name = 'seal'", "not those it was sealed with"),
    ],
)
def test_whatever_is_done_to_the_archive_is_found(archive: Path, statement: str, words: str) -> None:
    assert any(words in one for one in changed(archive, statement))


def test_an_archive_of_before_whose_seal_was_of_its_rows_alone_is_still_read(archive: Path) -> None:
    sealed = {
        "evidence": "select sha256 from evidence order by number",
        "claims": "select sha256 from claims order by number",
        "timeline": "select sha256 from timeline order by number",
        "templates": "select sha256 from templates order by number",
        "drafts": "select sha256 from drafts order by number",
    }
    sums = {name: [row[0] for row in rows(archive, query)] for name, query in sealed.items()}
    seal = sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()
    changed(archive, "update about set value = 'evidence-archive/v1' where name = 'form'")

    assert changed(archive, "update about set value = ? where name = 'seal'", seal) == ()


def test_it_is_pleasant_to_open(archive: Path) -> None:
    views = {name for (name,) in rows(archive, "select name from sqlite_master where type = 'view'")}
    joined = rows(archive, "select claim, id from claims_with_evidence where claim like '612%'")
    matched = rows(archive, "select id from evidence where rowid in (select rowid from evidence_fts('quarantine'))")

    assert {"claims_with_evidence", "unsourced_claims", "loudest_templates"} <= views
    assert joined == [("612 of 10,000 rows went to quarantine.", "E3")]
    assert matched == [("E3",)]
    assert rows(archive, "select by from unsourced_claims") == [("@cy",)]
    assert rows(archive, "pragma foreign_key_check") == []


def test_only_its_owner_may_read_it(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_log_lines_are_kept_with_where_they_came_from(tmp_path: Path) -> None:
    miner = Miner()
    miner.feed(merged(quiet(), failing("ERROR cannot parse row {}", begin=BEGIN + 120_000)))
    found = digest(miner)
    pointed = evidence(found, source="logs /lake/etl", clean=lambda text: text, begin=8)
    items = (*document().evidence.items, *(one.item for one in pointed))
    whole = document().model_copy(update={"evidence": document().evidence.model_copy(update={"items": items})})
    path = tmp_path / "a" / "INC-7.db"

    write_archive(path, whole, text=written(whole), pointed=pointed, digest=found)

    kept = rows(
        path, "select log_group, stream, event, verbatim from evidence where verbatim like '%cannot parse row 0'"
    )
    assert kept[0][:1] == ("/lake/etl",)
    assert all(kept[0])
    assert rows(path, "select count(*) from templates") == [(len(found.templates),)]
    assert read_archive(path)[0].damage == ()


def test_a_second_archive_replaces_the_first_whole(archive: Path) -> None:
    later = document().model_copy(update={"number": 2})

    seal = write_archive(archive, later, text=written(later))

    assert read_archive(archive)[0].number == 2
    assert rows(archive, "select value from about where name = 'seal'") == [(seal,)]
    assert [one.name for one in archive.parent.iterdir()] == ["INC-7.db"]


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    other = tmp_path / "x.db"
    other.write_bytes(b"not a database" * 100)

    with pytest.raises(NotFoundError, match="There is no archive"):
        read_archive(tmp_path / "none.db")
    with pytest.raises(InvalidError, match="no evidence archive"):
        read_archive(other)


@pytest.mark.parametrize(
    "script",
    [
        "update about set value = 'x' where name = 'edition'",
        "update about set value = '{' where name = 'derived'",
        "update about set value = '[1]' where name = 'derived'",
        "update evidence set origin = 'zzz'",
        "update evidence set at = '0001-01-01T00:00:00+23:59'",
        "update evidence set source = x'ff'",
        "drop table claims; create view claims as with recursive r(number) as "
        "(select 1 union all select number + 1 from r) select number from r",
    ],
)
def test_what_somebody_made_of_an_archive_is_refused_in_words(archive: Path, script: str) -> None:
    connection = sqlite3.connect(archive)
    connection.executescript(script)
    connection.close()

    with pytest.raises(InvalidError):
        read_archive(archive)
