"""The catalogue of tables: compare a schema, add columns, go back to a version.

Glue's own precondition (`VersionId`) is sent; because not every lake honours it, what the table is like is part of
what was seen, and is looked at again before the call.
"""

import re
from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.listing import rows_of
from bot.actions.parameters import Params, Returns
from bot.actions.rows.glue import COLUMN, TYPE
from bot.domain.action import Action, Look, Occasion, Proposal, shown
from bot.domain.runbook import Risk
from bot.domain.strictjson import digest
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_VERSIONS = 10
# What Glue says of a table beside what it is given; sending it back is neither possible nor needed.
SAID_BY_GLUE = frozenset(
    {
        "DatabaseName",
        "CreateTime",
        "UpdateTime",
        "LastAccessTime",
        "LastAnalyzedTime",
        "CreatedBy",
        "IsRegisteredWithLakeFormation",
        "IsMultiDialectView",
        "IsMaterializedView",
        "CatalogId",
        "VersionId",
        "Status",
    }
)
WIDER = {
    "tinyint": ("smallint", "int", "bigint"),
    "smallint": ("int", "bigint"),
    "int": ("bigint",),
    "float": ("double",),
    "date": ("timestamp",),
}


class NameTable(Params):
    """Name a table of the platform's database."""

    database: str
    table: str


class Column(Returns):
    """Hold one column."""

    name: str
    type: str


class Table(Returns):
    """Return a table as the catalogue has it; without it only `found` is there."""

    found: bool
    version: str = ""
    location: str = ""
    columns: list[Column] = []
    partition_keys: list[Column] = []


def table(look: Look, params: NameTable, _now: datetime) -> JsonObject:
    """Return a table's columns, partition keys and place."""
    answer = look("glue.table", DatabaseName=params.database, Name=params.table)
    if answer.get("found") is False:
        return {"found": False}
    return {"found": True, **_table(object_of(answer["Table"]))}


def object_of(value: JsonValue) -> JsonObject:
    """Return an object of an answer; an answer without it has an empty one."""
    return value if isinstance(value, dict) else {}


def _table(found: JsonObject) -> JsonObject:
    stored = object_of(found.get("StorageDescriptor"))
    return {
        "version": found.get("VersionId", ""),
        "location": stored.get("Location", ""),
        "columns": _columns(stored.get("Columns")),
        "partition_keys": _columns(found.get("PartitionKeys")),
    }


def _columns(value: JsonValue) -> list[JsonValue]:
    return [{"name": one["Name"], "type": one["Type"]} for one in rows_of(value)]


class TableVersion(Returns):
    """Hold one version a table has had."""

    version: str
    columns: list[Column]


class TableVersions(Returns):
    """Return the newest versions, the present one first."""

    count: int
    versions: list[TableVersion]


def versions(look: Look, params: NameTable, _now: datetime) -> JsonObject:
    """Return the versions a table has had."""
    found = [{"version": number, "columns": _table(one)["columns"]} for number, one in _versions(look, params)]
    return {"count": len(found), "versions": [*found]}


def _versions(look: Look, params: NameTable) -> list[tuple[str, JsonObject]]:
    answer = look("glue.table_versions", DatabaseName=params.database, TableName=params.table, MaxResults=MOST_VERSIONS)
    if answer.get("found") is False:
        raise InvalidError(f"There is no table {params.table} in {params.database}.")
    found = [(str(one["VersionId"]), object_of(one.get("Table"))) for one in rows_of(answer.get("TableVersions"))]
    return sorted(found, key=lambda one: int(one[0]) if one[0].isdigit() else 0, reverse=True)


class ProposedColumns(NameTable):
    """Say which columns the table shall have besides its own, as `name type, name type`."""

    columns: Annotated[str, Field(max_length=4_000)]


class Compared(Returns):
    """Say what the columns would mean.

    Attributes:
        passes: nothing but new nullable columns, and at least one.
        added: new columns.
        same: columns it has already, of that type.
        widened: columns whose type would take every value of today's; that still needs a person.
        refused: columns whose type would lose values, or that are partition keys.
    """

    passes: bool
    added: list[Column]
    same: list[str]
    widened: list[str]
    refused: list[str]
    words: str


def compare(look: Look, params: ProposedColumns, _now: datetime) -> JsonObject:
    """Return what the proposed columns would mean for the table."""
    return _compared(standing(look, params), params.columns)


def standing(look: Look, params: NameTable) -> JsonObject:
    """Return the table as the catalogue has it.

    Raises:
        InvalidError: there is none.
    """
    answer = look("glue.table", DatabaseName=params.database, Name=params.table)
    if answer.get("found") is False:
        raise InvalidError(f"There is no table {params.table} in {params.database}.")
    return object_of(answer["Table"])


def _compared(found: JsonObject, text: str) -> JsonObject:
    has = {str(one["Name"]): str(one["Type"]) for one in rows_of(object_of(found["StorageDescriptor"]).get("Columns"))}
    keys = {str(one["Name"]) for one in rows_of(found.get("PartitionKeys"))}
    added: list[JsonValue] = []
    same: list[JsonValue] = []
    widened: list[JsonValue] = []
    refused: list[JsonValue] = []
    for name, kind in parsed_columns(text):
        if name in keys:
            refused.append(f"{name}: it is a partition key")
        elif name not in has:
            added.append({"name": name, "type": kind})
        elif has[name] == kind:
            same.append(name)
        elif _wider(has[name], kind):
            widened.append(f"{name}: {has[name]} -> {kind}")
        else:
            refused.append(f"{name}: {has[name]} -> {kind} loses values")
    passes = bool(added) and not widened and not refused
    return {
        "passes": passes,
        "added": added,
        "same": same,
        "widened": widened,
        "refused": refused,
        "words": _said(added, widened, refused),
    }


def _said(added: list[JsonValue], widened: list[JsonValue], refused: list[JsonValue]) -> str:
    if refused:
        return f"Refused: {'; '.join(map(str, refused))}."
    if widened:
        return f"Needs a person: {'; '.join(map(str, widened))}."
    return f"{_in_words(len(added), 'new nullable')}." if added else "Nothing is new."


def _in_words(count: int, which: str) -> str:
    return f"1 {which} column" if count == 1 else f"{count} {which} columns"


def parsed_columns(text: str) -> list[tuple[str, str]]:
    """Return the columns of `name type, name type`; a comma inside brackets belongs to the type.

    Raises:
        InvalidError: one is not a name and a type, or comes twice.
    """
    found: dict[str, str] = {}
    for one in re.split(r",(?![^(<]*[)>])", text.strip()):
        name, _, kind = one.strip().partition(" ")
        kind = re.sub(r"\s+", "", kind.strip().lower())
        if not re.fullmatch(COLUMN, name) or not re.fullmatch(TYPE, kind):
            raise InvalidError(f"{shown(one.strip(), 60)} is not a column; write `name type, name type`.")
        if name in found:
            raise InvalidError(f"The column {name} is given twice.")
        found[name] = kind
    return list(found.items())


def _wider(was: str, now: str) -> bool:
    if now in WIDER.get(was, ()):
        return True
    parts = [re.fullmatch(r"(decimal|varchar|char)\(([0-9]+)(?:,([0-9]+))?\)", kind) for kind in (was, now)]
    old, new = parts
    if old is None or new is None:
        return bool(old and old[1] in {"varchar", "char"} and now == "string")
    if old[1] != new[1]:
        return False
    scale, wider_scale = int(old[3] or 0), int(new[3] or 0)
    return wider_scale >= scale and int(new[2]) - wider_scale >= int(old[2]) - scale


class Updated(Returns):
    """Return the table's version and columns now."""

    version: str
    columns: list[Column]


def propose_add(look: Look, params: ProposedColumns, _occasion: Occasion) -> Proposal:
    """Propose the table's description with the new columns at the end of it."""
    found = standing(look, params)
    compared = _compared(found, params.columns)
    if compared["widened"] or compared["refused"]:
        raise InvalidError(f"Only new columns are added here. {compared['words']}")
    added = rows_of(compared["added"])
    if not added:
        words = f"{params.table} has these columns already."
        return Proposal(calls=(), seen=seen_of(found), effect=words, changes="nothing", already=True)
    given = given_back(found)
    stored = object_of(given["StorageDescriptor"])
    columns = [*rows_of(stored["Columns"]), *({"Name": one["name"], "Type": one["type"]} for one in added)]
    return _updating(
        look,
        params,
        found,
        {**given, "StorageDescriptor": {**stored, "Columns": [*columns]}},
        effect=f"Adds {_in_words(len(added), 'nullable')} to {params.table}; older rows have NULL there.",
        changes="\n".join(f"column {one['name']}: none -> {one['type']}" for one in added),
    )


def _updating(
    look: Look, params: NameTable, found: JsonObject, given: JsonObject, *, effect: str, changes: str
) -> Proposal:
    version = str(found.get("VersionId", ""))
    pinned: JsonObject = {"VersionId": version} if version.isdigit() else {}
    call = look.call("glue.update_table", DatabaseName=params.database, TableInput=given, SkipArchive=False, **pinned)
    return Proposal(
        calls=(call,),
        seen=seen_of(found),
        effect=effect,
        changes=changes,
        untouched="Every object in S3, every partition. The description it has now is kept as a version.",
    )


def seen_of(found: JsonObject) -> JsonObject:
    """Return what of a table decides."""
    columns = {str(one["Name"]): one["Type"] for one in rows_of(object_of(found["StorageDescriptor"]).get("Columns"))}
    return {"version": found.get("VersionId", ""), "columns": columns, "whole": digest(given_back(found))}


def given_back(found: JsonObject) -> JsonObject:
    """Return a table's description as it would be sent back.

    Raises:
        InvalidError: it has parts that this bot would drop.
    """
    dropped = sorted(_dropped(found))
    if dropped:
        raise InvalidError(
            f"{found['Name']} has {', '.join(dropped)}, which this bot does not send back. Change it by its own tool."
        )
    skipped = {"Others", "VersionId", "UpdateTime"}
    return {name: _without_others(value) for name, value in found.items() if name not in skipped and value is not None}


def _dropped(value: JsonValue, top: bool = True) -> list[str]:
    if isinstance(value, list):
        return [name for one in value for name in _dropped(one, top=False)]
    if not isinstance(value, dict):
        return []
    others = value.get("Others")
    own = [str(one) for one in others if not (top and one in SAID_BY_GLUE)] if isinstance(others, list) else []
    return own + [name for item in value.values() for name in _dropped(item, top=False)]


def _without_others(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_without_others(one) for one in value]
    if isinstance(value, dict):
        return {k: _without_others(v) for k, v in value.items() if k != "Others" and v is not None}
    return value


def observe_table(look: Look, params: NameTable, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the table's version and columns."""
    found = _table(standing(look, params))
    return {name: found[name] for name in ("version", "columns")}


class RestoreTable(NameTable):
    """Name the version the table shall be like again.

    Attributes:
        replaces: the version it has, where it is known from an earlier step; with any other nothing is changed. An
            undo names the one its run made.
    """

    version: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    replaces: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""


def propose_restore(look: Look, params: RestoreTable, _occasion: Occasion) -> Proposal:
    """Propose the description of an earlier version; going back is a version of its own."""
    found = standing(look, params)
    older = dict(_versions(look, params)).get(params.version)
    if older is None:
        raise InvalidError(f"{params.table} has no version {params.version} among its newest {MOST_VERSIONS}.")
    given = given_back({**older, "Name": found["Name"]})
    if given == given_back(found):
        words = f"{params.table} is like version {params.version} already."
        return Proposal(calls=(), seen=seen_of(found), effect=words, changes="nothing", already=True)
    if params.replaces and found.get("VersionId") != params.replaces:
        raise InvalidError(
            f"Somebody changed {params.table} since: it is at version {shown(found.get('VersionId'))}, not "
            f"{params.replaces}. Nothing was changed."
        )
    was, now = seen_of(found)["columns"], seen_of(older)["columns"]
    return _updating(
        look,
        params,
        found,
        given,
        effect=f"Gives {params.table} the description of its version {params.version} again.",
        changes=_column_changes(object_of(was), object_of(now)) or "properties of the table",
    )


def _column_changes(was: JsonObject, now: JsonObject) -> str:
    names = [*was, *(name for name in now if name not in was)]
    return "\n".join(
        f"column {name}: {was.get(name) or 'none'} -> {now.get(name) or 'none'}"
        for name in names
        if was.get(name) != now.get(name)
    )


ACTIONS = (
    Action(
        id="glue.table",
        title="Read a table of the catalogue",
        params=NameTable,
        returns=Table,
        rows=("glue.table",),
        read=table,
    ),
    Action(
        id="glue.table_versions",
        title="List the versions a table has had",
        params=NameTable,
        returns=TableVersions,
        rows=("glue.table_versions",),
        read=versions,
    ),
    Action(
        id="glue.compare_schema",
        title="Judge what new columns would mean for a table",
        params=ProposedColumns,
        returns=Compared,
        rows=("glue.table",),
        read=compare,
    ),
    Action(
        id="glue.add_columns",
        title="Add nullable columns to a table",
        params=ProposedColumns,
        returns=Updated,
        rows=("glue.table", "glue.update_table"),
        risk=Risk.CHANGE,
        propose=propose_add,
        observe=observe_table,
    ),
    Action(
        id="glue.restore_table",
        title="Give a table the description of an earlier version",
        params=RestoreTable,
        returns=Updated,
        rows=("glue.table", "glue.table_versions", "glue.update_table"),
        risk=Risk.CHANGE,
        propose=propose_restore,
        observe=observe_table,
    ),
)
