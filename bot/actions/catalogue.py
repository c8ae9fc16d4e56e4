"""The catalogue, assembled from its tables. What is not in it cannot run."""

from bot.actions import (
    builds,
    documents,
    endpoints,
    executions,
    functions,
    insights,
    jobs,
    lake,
    logs,
    messages,
    metrics,
    months,
    objects,
    partitions,
    permissions,
    promotion,
    queries,
    recovery,
    schedule,
    set_aside,
    tables,
    terraform,
    workgroups,
)
from bot.actions.rows import ROWS
from bot.domain.action import Catalogue

_MODULES = (
    builds,
    documents,
    endpoints,
    executions,
    functions,
    insights,
    jobs,
    lake,
    logs,
    messages,
    metrics,
    months,
    objects,
    partitions,
    permissions,
    promotion,
    queries,
    recovery,
    schedule,
    set_aside,
    tables,
    terraform,
    workgroups,
)

CATALOGUE = Catalogue(
    rows={row.id: row for row in ROWS},
    actions={action.id: action for module in _MODULES for action in module.ACTIONS},
)
