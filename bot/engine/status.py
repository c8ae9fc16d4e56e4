"""DBOS's words for where a workflow stands, in the two groups that matter here."""

from typing import Final

IN_FLIGHT: Final = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
ENDED: Final = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
