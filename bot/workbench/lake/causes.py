"""What each failure leaves in the logs, besides what the lake itself writes: the planted cause, and what it sets off.

All of it is made up, and its streams are named `synthetic/…`. The cause is what a digest should find; the effects are
louder, come after it and speak of somebody else's trouble.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

Fields = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Say one kind of line over and over.

    Attributes:
        who: the component that writes it.
        text: may hold `{n}`, the line's number, and `{run}`.
        every: from line to line, on average.
        after: how long after the failure began it starts.
        lasts: how long it goes on.
        plain: a line of text instead of a JSON object.
    """

    who: str
    level: str
    text: str
    every: timedelta
    after: timedelta = timedelta(0)
    lasts: timedelta = timedelta(minutes=6)
    fields: Fields = field(default_factory=dict)
    plain: bool = False


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Hold what one failure says: the cause first, then its effects."""

    cause: Voice
    effects: tuple[Voice, ...]


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


_RETRIES = Voice(
    who="orchestrator",
    level="WARN",
    text="retrying RunETL of {run}, attempt {n}, after States.TaskFailed",
    every=_s(9),
    after=_s(25),
)
_READERS = Voice(
    who="reporting-api",
    level="ERROR",
    text="GET /balances/{n} failed: upstream lake-reader timed out after 3000 ms",
    every=_s(0.6),
    after=_s(40),
    lasts=timedelta(minutes=9),
)
_STALE = Voice(
    who="reporting-api",
    level="WARN",
    text="answering request {n} from yesterday's data: upstream lake-reader unreachable",
    every=_s(0.8),
    after=_s(35),
    lasts=timedelta(minutes=9),
)
_WAITS = Voice(
    who="deploy-bot",
    level="ERROR",
    text="deployment {n} waits: retrying in 10 s because the pipeline is unreachable",
    every=_s(2),
    after=_s(20),
)


def _failure(cause: Voice, *effects: Voice) -> Failure:
    return Failure(cause=cause, effects=effects or (_RETRIES, _READERS))


FAILURES: Mapping[str, Failure] = MappingProxyType(
    {
        "circuit-breaker": _failure(
            Voice(
                who="etl-worker",
                level="ERROR",
                text="cannot convert amount of row {n}: unknown currency code XBT",
                every=_s(1.2),
                lasts=timedelta(minutes=2),
                fields={"source_file_id": "f-0193", "function": "check_currency"},
            ),
            _RETRIES,
            _STALE,
        ),
        "backfill": _failure(
            Voice(
                who="arrivals",
                level="WARN",
                text="file late-{n}.csv.gz landed after its month was closed; no run has read it",
                every=_s(4),
                fields={"function": "check_arrival"},
            ),
            Voice(
                who="reporting-api",
                level="ERROR",
                text="month total {n} differs from the ledger: upstream asked again",
                every=_s(3),
                after=_s(30),
            ),
        ),
        "schema-evolution": _failure(
            Voice(
                who="etl-worker",
                level="ERROR",
                text="header of f-{n} has the column channel, which the table does not know",
                every=_s(2),
                fields={"function": "check_schema"},
            ),
            _RETRIES,
            _READERS,
        ),
        "rollback": _failure(
            Voice(
                who="canary",
                level="ERROR",
                text="account {n} shows an amount 100 times that of yesterday",
                every=_s(3),
                fields={"function": "compare_amounts"},
            ),
            Voice(
                who="reporting-api",
                level="WARN",
                text="complaint {n} opened by a customer: upstream figures doubted",
                every=_s(2),
                after=_s(50),
            ),
        ),
        "rollback-function": _failure(
            Voice(
                who="promote-silver",
                level="ERROR",
                text="[ERROR] KeyError: 'run_key' in version 2 of promote_silver, request {n}",
                every=_s(3),
                plain=True,
            ),
            _RETRIES,
            _WAITS,
        ),
        "rollback-job": _failure(
            Voice(
                who="glue-driver",
                level="ERROR",
                text="ERROR ProcessLauncher: Error from Python: KeyError: 'run_key' in task {n} of transaction_etl",
                every=_s(3),
                plain=True,
            ),
            Voice(
                who="glue-executor",
                level="WARN",
                text="WARN Executor: task {n} ends: the driver disconnected",
                every=_s(0.7),
                after=_s(15),
                plain=True,
            ),
            _RETRIES,
        ),
        "rollback-state": _failure(
            Voice(
                who="terraform",
                level="ERROR",
                text="Error: Failed to load state: unexpected end of JSON input, try {n}",
                every=_s(8),
                plain=True,
            ),
            _WAITS,
        ),
        "quarantine-review": _failure(
            Voice(
                who="gate",
                level="ERROR",
                text="promotion of {run} blocked: quarantine rate 6.12 is not under 5.0, look {n}",
                every=_s(6),
                fields={"function": "decide"},
            ),
            _RETRIES,
            _STALE,
        ),
        "failure-recovery": _failure(
            Voice(
                who="glue-executor",
                level="ERROR",
                text="ERROR Executor: Exception in task {n}.0 java.lang.OutOfMemoryError: Java heap space",
                every=_s(3),
                lasts=timedelta(minutes=3),
                plain=True,
            ),
            Voice(
                who="glue-driver",
                level="WARN",
                text="WARN TaskSetManager: Lost task {n}.0 in stage 7.0: connection reset by executor",
                every=_s(0.7),
                after=_s(15),
                plain=True,
            ),
            _RETRIES,
        ),
        "common-failures": _failure(
            Voice(
                who="canary",
                level="ERROR",
                text="NoSuchKey: _LATEST.json of last month is gone, look {n}",
                every=_s(5),
                fields={"function": "head_pointer"},
            ),
            _READERS,
        ),
        "query-performance": _failure(
            Voice(
                who="query-guard",
                level="WARN",
                text="query q-{n} has no partition predicate and reads 1.2 TB of silver_transactions",
                every=_s(4),
                fields={"function": "estimate_scan"},
            ),
            _READERS,
        ),
        "deployment-failures": _failure(
            Voice(
                who="terraform",
                level="ERROR",
                text="Error: Error acquiring the state lock: ConditionalCheckFailedException, try {n}",
                every=_s(8),
                plain=True,
            ),
            _WAITS,
        ),
    }
)
