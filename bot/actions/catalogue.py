"""The catalogue, assembled from its tables. What is not in it cannot run."""

from bot.actions import documents, executions, logs, metrics, schedule
from bot.actions.rows import ROWS
from bot.domain.action import Catalogue

CATALOGUE = Catalogue(
    rows={row.id: row for row in ROWS},
    actions={
        action.id: action for module in (documents, executions, logs, metrics, schedule) for action in module.ACTIONS
    },
)
