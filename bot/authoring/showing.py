"""A runbook as text for a terminal: its head, its sections, and one line where the file has a block. Pure."""

import re
from collections.abc import Iterator

from bot.authoring.previewing import standing
from bot.domain.action import Catalogue
from bot.domain.policy import Decision, Policy, foreseen
from bot.domain.runbook import Runbook, Step

_BLOCK = re.compile(r"^(?P<indent>[ ]*)```ya?ml step\n.*?^[ ]*```[ ]*$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def text_of(runbook: Runbook, catalogue: Catalogue, policy: Policy) -> Iterator[str]:
    """Yield the runbook, line by line."""
    yield f"{runbook.title} ({runbook.id})"
    yield f"{standing(runbook)}; owner {runbook.owner or 'nobody'}; {runbook.category}"
    if runbook.alarms:
        yield f"answers {', '.join(runbook.alarms)}; can it wait? {runbook.can_wait}"
    machine = iter([step for step in runbook.steps if not step.manual])
    for section in runbook.sections:
        yield ""
        yield f"## {section.title}"
        plain = _COMMENT.sub("", section.markdown)
        yield from _BLOCK.sub(lambda found: _line(found["indent"], next(machine), catalogue, policy), plain).split("\n")


def _line(indent: str, step: Step, catalogue: Catalogue, policy: Policy) -> str:
    action = catalogue.actions.get(step.uses or "")
    if action is None:
        return f"{indent}→ {step.uses}: not in the catalogue"
    judged = foreseen(step, action, catalogue, policy)
    match judged.decision:
        case Decision.ALLOW:
            who = "looks"
        case Decision.DENY:
            who = "never offered"
        case _:
            who = f"{judged.risk}, asks {' + '.join(judged.needs)}"
    return f"{indent}→ {step.uses} ({step.id}): {who}" + (
        f"; only if {' '.join(step.when.split())}" if step.when else ""
    )
