"""A problem of a runbook's file: where, what, how to mend it."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.value import Value


class Severity(StrEnum):
    """Say whether a problem keeps a runbook from running."""

    ERROR = "error"
    WARNING = "warning"


class Problem(Value):
    """Say what is wrong where, and how to mend it."""

    path: str
    line: int
    words: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """Return it as one line that editors can jump to."""
        return f"{self.path}:{self.line}: {self.severity.value}: {self.words}"


@dataclass(frozen=True)
class Finding:
    """Hold a problem whose place is still to be added."""

    words: str
    severity: Severity = Severity.ERROR
