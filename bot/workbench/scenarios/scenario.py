"""What a scenario is: a failure that really happens in the local lake, and the checks that it is over."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import InvalidError
from bot.workbench.lake.lake import Lake


@dataclass(frozen=True, kw_only=True)
class Check:
    """Say whether one thing in the lake is as it should be, and what was seen."""

    name: str
    ok: bool
    seen: str


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Name something only the world outside the bot can do, such as an upstream system re-sending a file."""

    title: str
    apply: Callable[[Lake], None]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Name a failure and how to bring it about, mend its cause and tell that it is over.

    Args:
        break_: makes it happen, and returns when the failure is there to be seen.
        fix: what only the world outside the bot can do; None where the runbook needs nobody outside.
        repaired: reads the lake, changes nothing.
        answered_by: the id of the runbook that repairs it, where it is not called as the failure is.
    """

    name: str
    title: str
    break_: Callable[[Lake], None]
    repaired: Callable[[Lake], tuple[Check, ...]]
    fix: Fix | None = None
    answered_by: str = ""

    @property
    def runbook(self) -> str:
        """Return the id of the runbook that repairs it."""
        return self.answered_by or self.name

    def mend(self, lake: Lake) -> None:
        """Have the world outside do its part.

        Raises:
            InvalidError: nothing outside the bot is needed here.
        """
        if self.fix is None:
            raise InvalidError(f"Nothing outside the bot has to be mended for {self.name}: follow the runbook.")
        self.fix.apply(lake)
