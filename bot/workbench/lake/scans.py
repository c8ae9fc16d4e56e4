"""How much a query of the local Athena reads, which moto does not tell: mended in one tested place.

moto answers every query with 0 bytes and 0 ms. Here a query reads the partitions its WHERE clause leaves, each as
large as the catalogue says (`sizeKey`) or else as its objects are, at 1 GB a second. What it answers is answers.py's.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from moto.athena.models import athena_backends
from moto.athena.responses import AthenaResponse
from moto.glue.models import GlueBackend, glue_backends
from moto.s3.models import FakeKey, s3_backends

from bot.workbench.lake.mending import replace
from bot.workbench.lake.names import LakeNames

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

SIZE = "sizeKey"  # the parameter a Glue crawler leaves on a partition
_BYTES_A_MS = 1_000_000
_PREDICATE = re.compile(r"\b(year|month|schema_v)\s*=\s*'([^']*)'", re.IGNORECASE | re.ASCII)
_KEYS = ("year", "month", "schema_v")
_GET = AthenaResponse.get_query_execution


def mend(names: LakeNames) -> None:
    """Make the local Athena tell how much a query read."""

    def get_query_execution(self: AthenaResponse) -> str:
        told = json.loads(_GET(self))
        found = told["QueryExecution"]
        query = _filled(found["Query"], found.get("ExecutionParameters") or [])
        scanned = _scanned(query, glue_backends[self.current_account][self.region], names)
        found["Statistics"].update(_statistics(scanned))
        if found["Status"]["State"] == "RUNNING":
            del found["Status"]["CompletionDateTime"]
        return json.dumps(told)

    replace(AthenaResponse, "get_query_execution", get_query_execution)


def keep_running(names: LakeNames, query_id: str) -> None:
    """Let a query run until somebody stops it; moto's are over at once."""
    execution = athena_backends[names.account][names.region].executions[query_id]
    vars(execution)["_transitions"] = []
    execution.status = "RUNNING"


def running_bytes(athena: "AthenaClient", names: LakeNames) -> float:
    """Return the most any running query of the workgroup has read."""
    most = 0
    for query_id in athena.list_query_executions(WorkGroup=names.workgroup)["QueryExecutionIds"]:
        found = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if found["Status"]["State"] == "RUNNING":
            most = max(most, found["Statistics"]["DataScannedInBytes"])
    return most


def _statistics(scanned: int) -> dict[str, int]:
    took = scanned // _BYTES_A_MS
    return {"DataScannedInBytes": scanned, "EngineExecutionTimeInMillis": took, "TotalExecutionTimeInMillis": took}


def _filled(query: str, values: list[str]) -> str:
    """Return the query with each ? as what stands for it."""
    first, *rest = query.split("?")
    return first + "".join(value + part for value, part in zip(values, rest, strict=False))


def _scanned(query: str, glue: GlueBackend, names: LakeNames) -> int:
    if not query.lstrip().upper().startswith(("SELECT", "WITH")) or names.table not in query:
        return 0
    return sum(_size(partition, names) for partition in _left(query, glue, names))


def _left(query: str, glue: GlueBackend, names: LakeNames) -> Iterator[dict[str, Any]]:
    """Yield the partitions that the predicates of a query leave."""
    wanted = {name.lower(): value for name, value in _PREDICATE.findall(query)}
    for partition in glue.get_table(names.database, names.table).partitions.values():
        body = partition.as_dict()
        values = dict(zip(_KEYS, body["Values"], strict=True))
        if all(values[name] == value for name, value in wanted.items()):
            yield body


def _size(partition: dict[str, Any], names: LakeNames) -> int:
    said = partition.get("Parameters", {}).get(SIZE)
    return sum(one.size for one in _objects(partition, names)) if said is None else int(said)


def _objects(partition: dict[str, Any], names: LakeNames) -> list[FakeKey]:
    bucket, _, prefix = partition["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    keys = s3_backends[names.account]["aws"].buckets[bucket].keys
    return [key for name, key in keys.items() if name.startswith(prefix) and isinstance(key, FakeKey)]
