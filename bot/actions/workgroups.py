"""Athena where it changes something: the limit of a work group, a partition of a table."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.listing import all_listed
from bot.actions.parameters import Params, Returns
from bot.actions.partitions import PARTITION_NAME
from bot.actions.queries import limit_of, waited_for
from bot.actions.rows.athena import LEAST_CUTOFF, MOST_CUTOFF
from bot.actions.tables import NameTable, seen_of, standing
from bot.domain import sql
from bot.domain.action import Action, Look, Occasion, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject
from bot.errors import InvalidError, WorldChangedError


class NameWorkgroup(Params):
    """Name a work group."""

    workgroup: str


class Limit(Returns):
    """Say how many bytes a query may read; 0 where there is no limit."""

    bytes: int


def limit(look: Look, params: NameWorkgroup, _now: datetime) -> JsonObject:
    """Return how many bytes a query of the work group may read."""
    return {"bytes": limit_of(look, params.workgroup)}


class SetLimit(NameWorkgroup):
    """Say how many bytes a query may read from now on.

    Attributes:
        replaces: the limit there is, where it is known from an earlier step; with any other nothing is changed. An
            undo names the one its run set.
    """

    bytes: int = Field(ge=LEAST_CUTOFF, le=MOST_CUTOFF)
    replaces: int | None = None


def propose_limit(look: Look, params: SetLimit, _occasion: Occasion) -> Proposal:
    """Propose another limit; Athena has no precondition, so the limit it has is looked at again."""
    now = limit_of(look, params.workgroup)
    seen: JsonObject = {"bytes": now}
    if now == params.bytes:
        words = f"The limit of {params.workgroup} is this already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    if params.replaces is not None and now != params.replaces:
        raise InvalidError(
            f"Somebody set the limit of {params.workgroup} to {now or 'none'} since; it was "
            f"{params.replaces or 'none'}. Nothing was changed."
        )
    call = look.call(
        "athena.update_workgroup",
        WorkGroup=params.workgroup,
        ConfigurationUpdates={"BytesScannedCutoffPerQuery": params.bytes},
    )
    return Proposal(
        calls=(call,),
        seen=seen,
        effect=f"Cancels every query of {params.workgroup} that reads more than {params.bytes / 1e9:.1f} GB.",
        changes=f"bytes per query: {now or 'no limit'} -> {params.bytes}",
        untouched="All data, every other setting of the work group, queries that go now.",
    )


def observe_limit(look: Look, params: SetLimit, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the limit."""
    return {"bytes": limit_of(look, params.workgroup)}


class AddPartition(NameTable):
    """Name one partition, as `year=2026/month=01/schema_v=v1`, and where the table lies in S3."""

    workgroup: str
    bucket: str
    prefix: Annotated[str, Field(pattern=r"^silver/(?:[a-z0-9_-]+/)+$")]
    partition: Annotated[str, Field(pattern=PARTITION_NAME)]


class PartitionAdded(Returns):
    """Say what became of the statement."""

    state: str
    id: str
    reason: str


def propose_add(look: Look, params: AddPartition, occasion: Occasion) -> Proposal:
    """Propose one statement that adds a partition at its `current/`, if the table has it not."""
    found = standing(look, params)
    location = f"s3://{params.bucket}/{params.prefix}{params.partition}/current/"
    files = len(all_listed(look, params.bucket, location.removeprefix(f"s3://{params.bucket}/")))
    if not files:
        raise InvalidError(f"There is nothing in {location}; promote a run first.")
    values = dict(part.split("=", 1) for part in params.partition.split("/"))
    text = sql.adding_partition(database=params.database, table=params.table, partition=values, location=location)
    call = look.call(
        "athena.add_partition",
        QueryString=text,
        WorkGroup=params.workgroup,
        QueryExecutionContext={"Database": params.database},
        ClientRequestToken=occasion.token(64),
    )
    return Proposal(
        calls=(call,),
        seen={"table": seen_of(found)},
        effect=f"Lets queries on {params.table} see {params.partition}, if they do not already.",
        changes=f"partition {params.partition}: -> {location}",
        untouched="Every object in S3, the table's columns, every other partition.",
    )


def observe_add(look: Look, _params: AddPartition, answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return what became of the statement.

    Raises:
        WorldChangedError: there was no answer that names it.
    """
    if not answers:
        raise WorldChangedError("Nothing was started.", field="statement", was="started", now="none")
    found = waited_for(look, str(answers[-1]["QueryExecutionId"]))
    return {name: found[name] for name in ("state", "id", "reason")}


ACTIONS = (
    Action(
        id="athena.limit",
        title="See how much a query of a work group may read",
        params=NameWorkgroup,
        returns=Limit,
        rows=("athena.workgroup",),
        read=limit,
    ),
    Action(
        id="athena.set_limit",
        title="Limit how much a query of a work group may read",
        params=SetLimit,
        returns=Limit,
        rows=("athena.workgroup", "athena.update_workgroup"),
        risk=Risk.CHANGE,
        propose=propose_limit,
        observe=observe_limit,
        local=False,
    ),
    Action(
        id="athena.add_partition",
        title="Let a table have one more partition",
        params=AddPartition,
        returns=PartitionAdded,
        rows=("glue.table", "s3.list", "athena.add_partition", "athena.execution"),
        risk=Risk.CHANGE,
        propose=propose_add,
        observe=observe_add,
    ),
)
