"""The evidence archive of an incident: one SQLite file, pleasant to open, that bears every sentence of its post-mortem.

Each row carries the SHA-256 of its content, and the file the SHA-256 over all of them and over what it says of itself
(times and computed values too). The audit keeps that seal, so that an archive which was made anew to fit a story is
another archive.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.db import NoTable, Table

from bot.domain.action import shown
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.logs.digest import Digest, Template
from bot.domain.logs.showing import Pointed
from bot.domain.moment import moment, written
from bot.domain.postmortem.checking import Archived, Kept
from bot.domain.postmortem.document import Moment, Postmortem
from bot.domain.postmortem.markdown import times_rows
from bot.domain.strictjson import digest as digest_of
from bot.domain.value import JsonObject
from bot.errors import InvalidError, NotFoundError

FORM = "evidence-archive/v2"
ROWS_ALONE = "evidence-archive/v1"  # whose seal says nothing of the archive's times and computed values
SEALED = ("evidence", "claims", "timeline", "templates", "drafts")
Row = dict[str, str | int | float | None]

_VIEWS = {
    "claims_with_evidence": """
        select claims.number, claims.section, claims.kind, claims.text as claim, evidence.id, evidence.origin,
               evidence.at, evidence.source, evidence.text as evidence
        from claims join claim_evidence on claim_evidence.claim = claims.number
                    join evidence on evidence.id = claim_evidence.evidence
        order by claims.number, evidence.number""",
    "unsourced_claims": """
        select number, section, kind, text, by from claims
        where number not in (select claim from claim_evidence) order by number""",
    "loudest_templates": """
        select number, level, count, baseline, trend, onset, score, text from templates
        order by score desc, count desc""",
}


def write_archive(
    path: Path, document: Postmortem, *, text: str, pointed: Sequence[Pointed] = (), digest: Digest | None = None
) -> str:
    """Write the archive of a post-mortem, whole or not at all; returns its seal.

    Args:
        text: the draft's Markdown.
        pointed: the log lines that evidence items point at.
        digest: of the logs, for its templates.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    connection = sqlite3.connect(draft)
    try:
        database = Database(connection)
        with connection:
            _fill(database, document, text, pointed, digest)
            about = _about(document)
            seal = _seal(_rows_of(database), about)
            told = {**about, "seal": seal}
            database.table("about").insert_all({"name": name, "value": value} for name, value in told.items())
    finally:
        connection.close()
    draft.replace(path)
    return seal


def read_archive(path: Path) -> tuple[Archived, str]:
    """Return what an archive holds, with what was done to it since in `damage`, and the draft that is kept in it.

    Raises:
        NotFoundError: there is no such file.
        InvalidError: it is no archive.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no archive {path}. Name one with --archive.")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        database = Database(connection)
        about = {str(row["name"]): str(row["value"]) for row in database["about"].rows}
        if about.get("form") not in {FORM, ROWS_ALONE}:
            raise InvalidError(f"{path} is no evidence archive of a form this bot knows.")
        rows = _rows_of(database)
        drafts = rows["drafts"]
        return _archived(about, rows), str(drafts[-1]["markdown"]) if drafts else ""
    except (sqlite3.DatabaseError, NoTable, AssertionError, ValueError, TypeError, LookupError) as error:
        raise InvalidError(f"{path} is no evidence archive: {shown(str(error))}.") from error
    finally:
        connection.close()


def verbatim_of(path: Path, item: Item) -> str:
    """Return the log line kept with an item; empty where there is none, or the archive is of a later draft.

    Raises:
        NotFoundError: there is no such file.
        InvalidError: it is no archive.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no archive {path.name}.")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        rows = list(Database(connection)["evidence"].rows_where("id = ? and text = ?", [item.id, item.text]))
        return str(rows[0]["verbatim"] or "") if rows else ""
    except (sqlite3.DatabaseError, NoTable, AssertionError, ValueError, TypeError, LookupError) as error:
        raise InvalidError(f"{path.name} is no evidence archive: {shown(str(error))}.") from error
    finally:
        connection.close()


# Writing.


def _fill(
    database: Database, document: Postmortem, text: str, pointed: Sequence[Pointed], digest: Digest | None
) -> None:
    at = {one.item.id: one for one in pointed}
    _insert(
        database,
        "evidence",
        (_of_item(n, item, at.get(item.id)) for n, item in enumerate(document.evidence.items, start=1)),
    )
    claims = list(enumerate(document.claims(), start=1))
    _insert(database, "claims", (_of_claim(number, section, claim) for number, (section, claim) in claims))
    _insert(database, "timeline", (_of_moment(number, one) for number, one in enumerate(document.timeline, start=1)))
    _insert(database, "templates", (_of_template(one) for one in (digest.templates if digest else ())))
    _insert(database, "drafts", [{"number": document.number, "status": document.status, "markdown": text}])
    known = {item.id for item in document.evidence.items}
    links = (
        {"claim": number, "evidence": name} for number, (_, claim) in claims for name in claim.evidence if name in known
    )
    table = _table(database, "claim_evidence")
    table.create({"claim": int, "evidence": str}, pk=("claim", "evidence"))
    table.insert_all(links)
    table.add_foreign_key("claim", "claims", "number")
    table.add_foreign_key("evidence", "evidence", "id")
    _table(database, "evidence").enable_fts(["text", "verbatim"], tokenize="porter")
    _table(database, "claims").enable_fts(["text"], tokenize="porter")
    _table(database, "templates").enable_fts(["text"], tokenize="porter")
    for name, query in _VIEWS.items():
        database.create_view(name, query)


_COLUMNS: Mapping[str, dict[str, type]] = {
    "evidence": {
        "id": str,
        "number": int,
        "kind": str,
        "origin": str,
        "at": str,
        "source": str,
        "text": str,
        "link": str,
        "channel": str,
        "log_group": str,
        "stream": str,
        "event": str,
        "verbatim": str,
        "sha256": str,
    },
    "claims": {
        "number": int,
        "section": str,
        "kind": str,
        "text": str,
        "evidence": str,
        "quote": str,
        "by": str,
        "sha256": str,
    },
    "timeline": {
        "number": int,
        "at": str,
        "text": str,
        "source": str,
        "by": str,
        "evidence": str,
        "link": str,
        "sha256": str,
    },
    "templates": {
        "number": int,
        "level": str,
        "count": int,
        "baseline": int,
        "trend": str,
        "onset": str,
        "score": float,
        "first": str,
        "last": str,
        "text": str,
        "sources": str,
        "columns": str,
        "sha256": str,
    },
    "drafts": {"number": int, "status": str, "markdown": str, "sha256": str},
    "about": {"name": str, "value": str},
}


def _insert(database: Database, name: str, rows: Iterable[Row]) -> None:
    table = _table(database, name)
    table.create(_COLUMNS[name], pk=next(iter(_COLUMNS[name])))
    table.insert_all({**row, "sha256": _digest(row)} for row in rows)


def _about(document: Postmortem) -> Mapping[str, str]:
    return {
        "form": FORM,
        "incident": document.incident,
        "title": document.title,
        "edition": str(document.number),
        "since": written(document.since),
        "until": written(document.until),
        "times": "\n".join(times_rows(document.times)),
        "derived": json.dumps(dict(document.evidence.derived), sort_keys=True),
        "unread": "\n".join(document.evidence.unread),
        "made": document.made.model_dump_json() if document.made else "",
    }


def _of_item(number: int, item: Item, pointed: Pointed | None) -> Row:
    return {
        "id": item.id,
        "number": number,
        "kind": item.kind,
        "origin": item.origin.value,
        "at": written(item.at) if item.at else None,
        "source": item.source,
        "text": item.text,
        "link": item.link,
        "channel": item.channel,
        "log_group": pointed.group if pointed else "",
        "stream": pointed.stream if pointed else "",
        "event": pointed.event if pointed else "",
        "verbatim": pointed.verbatim if pointed else "",
    }


def _of_claim(number: int, section: str, claim: Claim) -> Row:
    return {
        "number": number,
        "section": section,
        "kind": claim.kind.value,
        "text": claim.text,
        "evidence": " ".join(claim.evidence),
        "quote": claim.quote,
        "by": claim.by,
    }


def _of_moment(number: int, one: Moment) -> Row:
    return {
        "number": number,
        "at": written(one.at),
        "text": one.text,
        "source": one.source,
        "by": one.by,
        "evidence": " ".join(one.evidence),
        "link": one.link,
    }


def _of_template(one: Template) -> Row:
    return {
        "number": one.number,
        "level": one.level.value,
        "count": one.count,
        "baseline": one.baseline,
        "trend": one.trend.value,
        "onset": written(one.onset) if one.onset else None,
        "score": one.score,
        "first": written(one.first) if one.first else None,
        "last": written(one.last) if one.last else None,
        "text": one.text,
        "sources": json.dumps(dict(one.sources)),
        "columns": json.dumps({name: dict(values) for name, values in one.columns.items()}),
    }


# Reading.


def _rows_of(database: Database) -> dict[str, list[Row]]:
    return {name: list(_table(database, name).rows_where(order_by="number")) for name in SEALED}


def _seal(rows: Mapping[str, Sequence[Row]], about: Mapping[str, str]) -> str:
    whole: JsonObject = {name: [str(row["sha256"]) for row in rows[name]] for name in SEALED}
    if about.get("form") != ROWS_ALONE:
        whole["about"] = {name: value for name, value in about.items() if name != "seal"}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _archived(about: Mapping[str, str], rows: Mapping[str, Sequence[Row]]) -> Archived:
    derived = json.loads(about.get("derived", "{}"))
    items = tuple(_item(row) for row in rows["evidence"])
    unread = tuple(one for one in about.get("unread", "").splitlines() if one)
    return Archived(
        incident=about.get("incident", ""),
        number=int(about.get("edition", "0")),
        claims=tuple(_kept(row) for row in rows["claims"]),
        timeline=tuple(_moment(row) for row in rows["timeline"]),
        times=tuple(about.get("times", "").splitlines()),
        evidence=Evidence(items=items, derived=derived, unread=unread),
        damage=tuple(_damage(about, rows)),
    )


def _damage(about: Mapping[str, str], rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for name in SEALED:
        for row in rows[name]:
            if _digest(row) != row["sha256"]:
                yield f"The archive's {name} row {row.get('id') or row['number']} was edited."
    if _seal(rows, about) != about.get("seal"):
        yield "The archive's rows or values are not those it was sealed with: some were removed, added or replaced."


def _item(row: Row) -> Item:
    at = row["at"]
    return Item(
        id=str(row["id"]),
        kind=str(row["kind"]),
        origin=Origin(str(row["origin"])),
        source=str(row["source"]),
        at=moment(str(at)) if at else None,
        text=str(row["text"]),
        link=str(row["link"] or ""),
        channel=None if row["channel"] is None else str(row["channel"]),
    )


def _kept(row: Row) -> Kept:
    claim = Claim(
        text=str(row["text"]),
        kind=Kind(str(row["kind"])),
        evidence=tuple(str(row["evidence"]).split()),
        quote=str(row["quote"]),
        by=str(row["by"]),
    )
    return Kept(section=str(row["section"]), claim=claim)


def _moment(row: Row) -> Moment:
    return Moment(
        at=moment(str(row["at"])),
        text=str(row["text"]),
        source=str(row["source"]),
        by=str(row["by"]),
        evidence=tuple(str(row["evidence"]).split()),
        link=str(row.get("link") or ""),  # archives of before this was kept have none
    )


def _digest(row: Row) -> str:
    content: JsonObject = {
        name: repr(value) if isinstance(value, float) else value for name, value in row.items() if name != "sha256"
    }
    return digest_of(content)


def _table(database: Database, name: str) -> Table:
    return database.table(name)
