"""Every AWS operation the bot may use, as a row: on what, with which parameters, how risky, how often.

Adding an operation = one row in one of these tables. What no row admits cannot leave the process.
"""

from bot.actions.rows import athena, deploys, documents, endpoints, glue, objects, signals, states
from bot.domain.action import Row

ROWS: tuple[Row, ...] = (
    *documents.ROWS,
    *objects.ROWS,
    *signals.ROWS,
    *states.ROWS,
    *glue.ROWS,
    *athena.ROWS,
    *deploys.ROWS,
    *endpoints.ROWS,
)
