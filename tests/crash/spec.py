"""What a process of the bot is told when it starts; it crosses to the process by pickle."""

from dataclasses import dataclass
from pathlib import Path

from bot.domain.action import Platform
from tests.crash.killing import Kill


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Say where everything is, when to die, and when to be content.

    Attributes:
        goal: a state of the run, or `asked:STEP`, or `person:STEP`; the process then closes and exits 0.
        happened: what a person says of an unknown outcome; None means that they look first.
        talk: whether people answer here, or only where another process is.
        dead_after: seconds without a heartbeat after which the calls of another process are taken over; where only
            one process can be, the last one is as good as dead at once.
        waits: people talk and work is begun only once `NAME.go` is there; the engine takes over before that too.
        patience: seconds to reach the goal.
    """

    name: str
    records_url: str
    engine_url: str
    folder: Path
    clock: Path
    lake_url: str
    access_key_id: str
    secret_access_key: str
    platform: Platform
    goal: str
    kill: Kill | None = None
    happened: bool | None = None
    talk: bool = True
    waits: bool = False
    dead_after: float = 0.4
    fence: float = 1.0
    patience: float = 60.0
