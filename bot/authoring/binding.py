"""Hold what a file says of its steps' calls against rows and denies, before anything runs.

The steps are rehearsed: what only a run can know is a stand-in, and a stand-in may turn out to be anything.
"""

from bot.authoring.rehearsing import Rehearsal
from bot.authoring.symbols import Symbols
from bot.domain.action import PLATFORM_KEYS, Catalogue, Platform
from bot.domain.problem import Problem
from bot.domain.runbook import Runbook


def _somewhere() -> Platform:
    names: dict[str, str | tuple[str, ...]] = {
        key: f"the-{key.replace('_', '-')}" for key in sorted(PLATFORM_KEYS) if not key.endswith("s")
    }
    every = (*(str(name) for name in names.values()), "another")
    names |= {key: every for key in sorted(PLATFORM_KEYS) if key.endswith("s")}
    names["tfstate_keys"] = ("the/terraform.tfstate",)
    return Platform(name="PROD", account="0" * 12, account_name="somewhere", region="nowhere-1", resources=names)


SOMEWHERE = _somewhere()
"""Whose names nobody writes, for a check without bot.toml: names of the lake stand only as `${platform.…}`."""


def refused(runbook: Runbook, catalogue: Catalogue, platform: Platform | None) -> tuple[Problem, ...]:
    """Return the steps whose calls are refused whatever a run finds.

    Args:
        platform: bot.toml's; None where there is none.
    """
    steps = {step.id: step for step in runbook.steps}
    hint = " Write `${platform.…}` for what bot.toml names, or mend it."
    problems: list[Problem] = []
    for step in runbook.steps:
        action = catalogue.actions.get(step.uses or "")
        if action is None:
            continue
        rehearsal = Rehearsal(
            catalogue=catalogue,
            platform=platform or SOMEWHERE,
            symbols=Symbols(),
            steps=steps,
            unnamed=platform is None,
        )
        words = rehearsal.refusal(step, action)
        if words is not None:
            line = step.lines.get("with", step.lines.get("uses", step.line))
            problems.append(Problem(path=runbook.path, line=line, words=f"{words}{hint}"))
    return tuple(problems)
