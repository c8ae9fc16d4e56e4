"""Partitions in the catalogue of tables: which there are, which S3 has besides, adding them, taking them out."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.lake import ListPartitions
from bot.actions.lake import partitions as partitions_there
from bot.actions.listing import rows_of
from bot.actions.parameters import Returns
from bot.actions.tables import NameTable, given_back, object_of, seen_of, standing
from bot.domain.action import Action, Look, Occasion, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue

MOST_PARTITIONS = 500
MOST_AT_ONCE = 100
MOST_DELETED = 25
PARTITION_NAME = r"^year=[0-9]{4}/month=[0-9]{2}/schema_v=v[0-9]{1,3}$"


class FindPartitions(NameTable):
    """Say which partitions are wanted; without any of them, all."""

    year: Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None = None
    month: Annotated[str, Field(pattern=r"^[0-9]{2}$")] | None = None
    schema_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}$")] | None = None


class PartitionRegistered(Returns):
    """Hold one partition of the catalogue: its name as in S3, and where it lies."""

    partition: str
    location: str


class Registered(Returns):
    """Return the partitions the catalogue has, 500 at most."""

    count: int
    complete: bool
    partitions: list[PartitionRegistered]


def registered(look: Look, params: FindPartitions, _now: datetime) -> JsonObject:
    """Return the partitions the catalogue has."""
    wanted = {"year": params.year, "month": params.month, "schema_v": params.schema_version}
    expression = " AND ".join(f"{name}='{value}'" for name, value in wanted.items() if value)
    found, complete = _registered(look, params, expression)
    kept: list[JsonValue] = [{"partition": name, "location": place} for name, place in sorted(found.items())]
    return {
        "count": len(found),
        "complete": complete and len(found) <= MOST_PARTITIONS,
        "partitions": kept[:MOST_PARTITIONS],
    }


def _registered(look: Look, params: NameTable, expression: str = "") -> tuple[dict[str, str], bool]:
    keys = [str(one["Name"]) for one in rows_of(standing(look, params).get("PartitionKeys"))]
    more: JsonObject = {"Expression": expression} if expression else {}
    found: dict[str, str] = {}
    for _ in range(20):
        page = look(
            "glue.partitions",
            DatabaseName=params.database,
            TableName=params.table,
            MaxResults=1000,
            **more,
        )
        for one in rows_of(page.get("Partitions")):
            values = one["Values"] if isinstance(one["Values"], list) else []
            name = "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=False))
            found[name] = str(object_of(one.get("StorageDescriptor")).get("Location", ""))
        if not page.get("NextToken"):
            return found, True
        more["NextToken"] = page["NextToken"]
    return found, False


class ComparePartitions(NameTable):
    """Say which months are compared, and where the table lies in S3."""

    bucket: str
    prefix: Annotated[str, Field(pattern=r"^silver/(?:[a-z0-9_-]+/)+$")]
    first: str
    last: str
    schema_version: str = "v1"


class PartitionsCompared(Returns):
    """Say which partitions the catalogue lacks; `complete` means that S3 has some and the catalogue has all of them."""

    in_s3: int
    in_catalogue: int
    missing: list[str]
    missing_count: int
    complete: bool


def compare_partitions(look: Look, params: ComparePartitions, now: datetime) -> JsonObject:
    """Return which partitions of S3 the catalogue lacks."""
    months = ListPartitions(
        bucket=params.bucket,
        table=params.prefix,
        first=params.first,
        last=params.last,
        schema_version=params.schema_version,
    )
    there = rows_of(partitions_there(look, months, now)["partitions"])
    names = [str(one["partition"]).removeprefix(params.prefix).rstrip("/") for one in there]
    known, _ = _registered(look, params)
    missing = [name for name in names if name not in known]
    return {
        "in_s3": len(names),
        "in_catalogue": sum(1 for name in names if name in known),
        "missing": [*missing[:MOST_AT_ONCE]],
        "missing_count": len(missing),
        "complete": bool(names) and not missing,
    }


class CreatePartitions(NameTable):
    """Name the partitions to add, as `year=2026/month=01/schema_v=v1`, and where the table lies in S3."""

    bucket: str
    prefix: Annotated[str, Field(pattern=r"^silver/(?:[a-z0-9_-]+/)+$")]
    partitions: list[Annotated[str, Field(pattern=PARTITION_NAME)]] = Field(min_length=1, max_length=MOST_AT_ONCE)


class PartitionsDone(Returns):
    """Say how many of the partitions the catalogue has now."""

    count: int
    registered: int


def propose_create(look: Look, params: CreatePartitions, _occasion: Occasion) -> Proposal:
    """Propose to add partitions, each at its `current/`; those there already are left."""
    found = standing(look, params)
    known, _ = _registered(look, params)
    new = [name for name in dict.fromkeys(params.partitions) if name not in known]
    seen: JsonObject = {
        "table": seen_of(found),
        "there": {name: known[name] for name in params.partitions if name in known},
    }
    if not new:
        words = f"{params.table} has these partitions already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    stored = object_of(given_back(found)["StorageDescriptor"])
    inputs: list[JsonValue] = [
        {
            "Values": [*_values(name)],
            "StorageDescriptor": {**stored, "Location": f"s3://{params.bucket}/{params.prefix}{name}/current/"},
        }
        for name in new
    ]
    return Proposal(
        calls=(
            look.call(
                "glue.create_partitions",
                DatabaseName=params.database,
                TableName=params.table,
                PartitionInputList=inputs,
            ),
        ),
        seen=seen,
        effect=f"Lets queries on {params.table} see {len(new)} more partition(s).",
        changes="\n".join(f"partition {name}: none -> current/" for name in new),
        untouched="Every object in S3, the table's columns, partitions it has already.",
    )


def _values(name: str) -> list[str]:
    return [part.partition("=")[2] for part in name.split("/")]


class NamePartitions(NameTable):
    """Name partitions of the catalogue, as `year=2026/month=01/schema_v=v1`."""

    partitions: list[Annotated[str, Field(pattern=PARTITION_NAME)]] = Field(min_length=1, max_length=MOST_DELETED)


def propose_delete(look: Look, params: NamePartitions, _occasion: Occasion) -> Proposal:
    """Propose to take partitions out of the catalogue."""
    known, _ = _registered(look, params)
    there = {name: known[name] for name in dict.fromkeys(params.partitions) if name in known}
    if not there:
        words = f"{params.table} has none of these partitions."
        return Proposal(calls=(), seen={"there": {}}, effect=words, changes="nothing", already=True)
    return Proposal(
        calls=(
            look.call(
                "glue.delete_partitions",
                DatabaseName=params.database,
                TableName=params.table,
                PartitionsToDelete=[{"Values": [*_values(name)]} for name in there],
            ),
        ),
        seen={"there": {**there}},
        effect=f"Takes {len(there)} partition(s) of {params.table} out of queries' sight.",
        changes="\n".join(f"partition {name}: {place} -> none" for name, place in there.items()),
        untouched="Every object in S3; the partitions can be added again (glue.create_partitions).",
    )


def observe_partitions(
    look: Look, params: CreatePartitions | NamePartitions, _answers: tuple[JsonObject, ...]
) -> JsonObject:
    """Return how many of the partitions the catalogue has."""
    known, _ = _registered(look, params)
    wanted = set(params.partitions)
    return {"count": len(wanted), "registered": len(wanted & set(known))}


ACTIONS = (
    Action(
        id="glue.partitions",
        title="List a table's partitions in the catalogue",
        params=FindPartitions,
        returns=Registered,
        rows=("glue.table", "glue.partitions"),
        read=registered,
    ),
    Action(
        id="glue.compare_partitions",
        title="Find partitions that S3 has and the catalogue lacks",
        params=ComparePartitions,
        returns=PartitionsCompared,
        rows=("s3.folders", "glue.table", "glue.partitions"),
        read=compare_partitions,
    ),
    Action(
        id="glue.create_partitions",
        title="Add partitions to a table",
        params=CreatePartitions,
        returns=PartitionsDone,
        rows=("glue.table", "glue.partitions", "glue.create_partitions"),
        risk=Risk.CHANGE,
        propose=propose_create,
        observe=observe_partitions,
    ),
    Action(
        id="glue.delete_partitions",
        title="Take partitions out of the catalogue; their objects stay",
        params=NamePartitions,
        returns=PartitionsDone,
        rows=("glue.table", "glue.partitions", "glue.delete_partitions"),
        risk=Risk.DESTRUCTIVE,
        propose=propose_delete,
        observe=observe_partitions,
    ),
)
