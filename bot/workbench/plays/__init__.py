"""One file per failure: the conversation that repairs it, played by people over the same wire as the page."""

from collections.abc import Callable, Mapping

from bot.workbench.demo import Demo
from bot.workbench.plays import circuit_breaker

Play = Callable[[Demo, str | None, Callable[[str], None]], bool]

PLAYS: Mapping[str, Play] = {"circuit-breaker": circuit_breaker.play}
