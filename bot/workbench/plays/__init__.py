"""One file per failure: the conversation that repairs it, played by people over the same wire as the page."""

from collections.abc import Callable, Mapping

from bot.workbench.plays import (
    backfill,
    circuit_breaker,
    common_failures,
    deployment_failures,
    failure_recovery,
    quarantine_review,
    query_performance,
    rollback,
    rollback_function,
    rollback_job,
    rollback_state,
    schema_evolution,
)
from bot.workbench.plays.story import Story

Play = Callable[[Story, str | None], bool]

PLAYS: Mapping[str, Play] = {
    "circuit-breaker": circuit_breaker.play,
    "backfill": backfill.play,
    "schema-evolution": schema_evolution.play,
    "rollback": rollback.play,
    "rollback-function": rollback_function.play,
    "rollback-job": rollback_job.play,
    "rollback-state": rollback_state.play,
    "quarantine-review": quarantine_review.play,
    "failure-recovery": failure_recovery.play,
    "common-failures": common_failures.play,
    "query-performance": query_performance.play,
    "deployment-failures": deployment_failures.play,
}
