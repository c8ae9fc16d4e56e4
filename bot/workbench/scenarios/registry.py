"""Every scenario the workbench can play, by the name a person types."""

from types import MappingProxyType

from bot.workbench.scenarios import circuit_breaker

SCENARIOS = MappingProxyType({scenario.name: scenario for scenario in (circuit_breaker.SCENARIO,)})
