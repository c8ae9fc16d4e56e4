"""Every scenario the workbench can play, by the name a person types."""

from types import MappingProxyType

from bot.workbench.scenarios import (
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

_ALL = (
    circuit_breaker.SCENARIO,
    backfill.SCENARIO,
    schema_evolution.SCENARIO,
    rollback.SCENARIO,
    rollback_function.SCENARIO,
    rollback_job.SCENARIO,
    rollback_state.SCENARIO,
    quarantine_review.SCENARIO,
    failure_recovery.SCENARIO,
    common_failures.SCENARIO,
    query_performance.SCENARIO,
    deployment_failures.SCENARIO,
)
SCENARIOS = MappingProxyType({scenario.name: scenario for scenario in _ALL})
