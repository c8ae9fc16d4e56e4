"""The policy and the platform an author's tool works with: bot.toml's where there is one, else a made-up house.

Reads settings; asks nobody.
"""

from dataclasses import dataclass
from pathlib import Path

from bot.authoring.rehearsing import unknown_platform
from bot.authoring.symbols import Symbols
from bot.domain.action import PLATFORM_KEYS, Platform
from bot.domain.policy import Policy, Role
from bot.settings import Settings, environment, load

DEFAULT_POLICY = Policy(
    roles={"oncall": Role(title="oncall"), "platform": Role(title="platform"), "domain": Role(title="domain")},
    viewer="oncall",
    operator="oncall",
    on_call="oncall",
    change=("platform",),
)


@dataclass(frozen=True, kw_only=True)
class House:
    """Hold what a preview or a comparison is made against.

    Attributes:
        note: what to say where nothing was read; empty where bot.toml was.
        file: the bot.toml that was read.
    """

    policy: Policy
    platform: Platform
    symbols: Symbols
    note: str = ""
    file: Path | None = None


def house(config: Path | None) -> House:
    """Return the house of bot.toml; without any file, one in which on-call confirms and `platform` approves.

    Raises:
        InvalidError: the file that was named is not there, or a file does not fit.
    """
    symbols = Symbols()
    file = config or Path(environment().get("RUNBOOK_BOT_CONFIG", "bot.toml"))
    if config is None and "RUNBOOK_BOT_CONFIG" not in environment() and not file.is_file():
        note = "There is no bot.toml here: on-call confirms, `platform` approves, and names of the lake stand open."
        platform = unknown_platform(PLATFORM_KEYS, symbols)
        return House(policy=DEFAULT_POLICY, platform=platform, symbols=symbols, note=note)
    settings: Settings = load(file)
    return House(policy=settings.the_policy(), platform=settings.the_platform(), symbols=symbols, file=file)
