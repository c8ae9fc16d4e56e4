"""A runbook as AWS CLI commands, for when bot or Slack is down. Pure: nothing is asked of AWS.

Conditions, checks and who must say yes stand beside each command; keeping to them is up to whoever types.
"""

import json
from collections.abc import Iterator
from shlex import quote
from textwrap import wrap

from bot.authoring.rehearsing import Rehearsal, Rehearsed
from bot.domain.action import Action, Call, Catalogue, Platform, Row
from bot.domain.policy import Decision, Policy, foreseen
from bot.domain.runbook import Phase, Runbook, Step
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from bot.slack.cards.calls import command_line

_WIDTH = 110


class Sheet:
    """Write the commands of one runbook."""

    def __init__(self, runbook: Runbook, rehearsal: Rehearsal, policy: Policy) -> None:
        self._runbook = runbook
        self._rehearsal = rehearsal
        self._policy = policy

    @property
    def _catalogue(self) -> Catalogue:
        return self._rehearsal.catalogue

    @property
    def _platform(self) -> Platform:
        return self._rehearsal.platform

    def lines(self) -> Iterator[str]:
        """Yield the sheet, to be read from top to bottom and pasted piece by piece."""
        yield f"# {self._runbook.title} ({self._runbook.id}) without the bot."
        yield "# It takes bash, the AWS CLI, jq, GNU date, and your own rights."
        yield "# Nobody holds you back here: look at each answer before you go on, and ask whom the bot would ask."
        undoes = {step.undo for step in self._runbook.steps}
        forward = self._runbook.forward
        for step in forward:
            yield from self._step(step)
        for step in self._runbook.steps:
            if step.id in undoes and step not in forward:
                yield from self._step(step, only="only to take back what was done")

    def _step(self, step: Step, *, only: str = "") -> Iterator[str]:
        check = "check " if step.phase is Phase.VERIFICATION else ""
        yield ""
        yield f"# {check}{step.number}. {step.title.rstrip('.')}{f' ({only})' if only else ''}"
        action = self._catalogue.actions.get(step.uses) if step.uses else None
        if action is None:
            yield from _said("by hand", step.prose if step.manual else f"the catalogue has no {step.uses}")
            return
        yield from _said("only if", step.when)
        yield from _said("once for each ITEM of", step.for_each)
        try:
            rehearsed = self._rehearsal.perform(step, action)
        except InvalidError:
            rehearsed = None
        yield from self._asked(step, action, rehearsed)
        yield from self._commands(step, rehearsed) if rehearsed else self._skeletons(action)
        yield from _said("again until", step.until.expression if step.until else None)
        yield from _said("stop unless", step.expect)
        yield from _said("owes", f"step `{step.owes}`, whatever happens" if step.owes else None)

    def _asked(self, step: Step, action: Action, rehearsed: Rehearsed | None) -> Iterator[str]:
        if action.propose is None:
            return
        calls = rehearsed.calls if rehearsed else ()
        judged = foreseen(step, action, self._catalogue, self._policy, calls=calls)
        if judged.decision is Decision.DENY:
            yield f"#    {judged.risk}: the policy never offers this. Do not."
            return
        own = "" if judged.requester_may else ", not yourself"
        covered = f"; the yes to step `{step.approved_with}` covers it" if step.approved_with else ""
        yield f"#    {judged.risk}: first have a yes of {' + '.join(judged.needs)}{own}{covered}"

    def _skeletons(self, action: Action) -> Iterator[str]:
        yield "#    the parameters depend on what is found; fill them in, and leave out what you do not need:"
        for row in action.rows:
            yield from self._explained(self._skeleton(self._catalogue.row(row)))

    def _commands(self, step: Step, rehearsed: Rehearsed) -> Iterator[str]:
        read: dict[int, str] = {}
        for place, call in enumerate(rehearsed.looks):
            file = f"{step.id}.json" if place in rehearsed.documents else ""
            read[place] = file
            yield from self._explained(f"{self._command(call)}{f' {file}' if file else ''}")
        looked_for = ", ".join(f"{name} = {text}" for name, text in rehearsed.unused)
        yield from _said("in the answer look for", self._rehearsal.symbols.plain(looked_for))
        for call in rehearsed.calls:
            yield from self._change(step, call, rehearsed, read)

    def _change(self, step: Step, call: Call, rehearsed: Rehearsed, read: dict[int, str]) -> Iterator[str]:
        body = call.params.get("Body")
        document = next(iter(rehearsed.documents.items()), None)
        if not isinstance(body, str) or document is None:
            yield from self._explained(self._command(call))
            return
        place, before = document
        after = f"{step.id}.changed.json"
        yield from self._explained(_edit(before, parse_object(body), read[place], after))
        rest = Call(row=call.row, params={k: v for k, v in call.params.items() if k != "Body"}, resource=call.resource)
        yield from self._explained(f"{self._command(rest)} --body {after}")

    def _command(self, call: Call) -> str:
        return command_line(call, self._catalogue.rows, region=self._platform.region)

    def _skeleton(self, row: Row) -> str:
        params: JsonObject = {
            name: self._rehearsal.symbols.text(f"{row.id} {name}", f"{name} of {row.title[:1].lower()}{row.title[1:]}")
            for name in row.required
        }
        return self._command(Call(row=row.id, params=params, resource=row.resource))

    def _explained(self, command: str) -> Iterator[str]:
        written = self._rehearsal.symbols.written(command)
        for name, meaning in self._rehearsal.symbols.untold(written):
            yield f"#    ${name}: {meaning}"
        yield written


def _edit(before: JsonObject, after: JsonObject, source: str, target: str) -> str:
    """Return the jq line that makes the new document of the one that was read."""
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    given = " ".join(
        f"--arg {name} {quote(value)}" if isinstance(value, str) else f"--argjson {name} {quote(json.dumps(value))}"
        for name, value in changed.items()
    )
    fields = ", ".join(f"{name}: ${name}" for name in changed)
    return f"jq -c {given} '. + {{{fields}}}' {source} > {target}"


def _said(what: str, text: str | None) -> Iterator[str]:
    if text:
        first, *rest = wrap(" ".join(text.split()), width=_WIDTH) or [""]
        yield f"#    {what}: {first}"
        yield from (f"#      {line}" for line in rest)
