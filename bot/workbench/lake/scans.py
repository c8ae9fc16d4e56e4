"""How much a query of the local Athena reads, which moto does not tell: mended in one tested place.

moto answers every query with 0 bytes and 0 ms. Here a query reads the partitions its WHERE clause leaves, each as
large as the catalogue says (`sizeKey`), at 1 GB a second. Rows are not computed: moto's queue of results gives them.
"""

import json
import re
from typing import TYPE_CHECKING

from moto.athena.models import athena_backends
from moto.athena.responses import AthenaResponse
from moto.glue.models import GlueBackend, glue_backends

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
        scanned = _scanned(found["Query"], glue_backends[self.current_account][self.region], names)
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


def _scanned(query: str, glue: GlueBackend, names: LakeNames) -> int:
    if not query.lstrip().upper().startswith(("SELECT", "WITH")) or names.table not in query:
        return 0
    wanted = {name.lower(): value for name, value in _PREDICATE.findall(query)}
    total = 0
    for partition in glue.get_table(names.database, names.table).partitions.values():
        body = partition.as_dict()
        values = dict(zip(_KEYS, body["Values"], strict=True))
        if all(values[name] == value for name, value in wanted.items()):
            total += int(body.get("Parameters", {}).get(SIZE, 0))
    return total
