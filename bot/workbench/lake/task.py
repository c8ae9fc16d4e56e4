"""A task of the state machine as the worker takes it, and how it can end."""

from dataclasses import dataclass

UNREADABLE = "SCHEMA_ERROR"
MISSING_INPUT = "INPUT_MISSING"
TOO_MUCH = "PROBE_TOO_LARGE"
OUT_OF_MEMORY = "GlueJobFailed"
SMOKE_FAILED = "SmokeTestFailed"
CODE_FAILED = "DeployedCodeFailed"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Hold what the state machine handed over for one task."""

    kind: str
    token: str
    run_id: str
    execution_arn: str
    given: dict[str, object]

    def text(self, name: str) -> str | None:
        """Return a field of the input that is text, or None."""
        found = self.given.get(name)
        return found if isinstance(found, str) else None


@dataclass(frozen=True, kw_only=True)
class Done:
    """Carry the output of a task that succeeded."""

    output: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Carry why a task failed, as the execution will say it."""

    error: str
    cause: str
