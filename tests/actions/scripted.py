"""A cloud that answers reads from a script and notes what was asked."""

from collections import defaultdict
from datetime import UTC, datetime

from pydantic import BaseModel

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Action, Call, Looking, Occasion, Proposal
from bot.domain.value import JsonObject, JsonValue
from tests.aws.seeded import PLATFORM

NOW = datetime(2026, 1, 21, 3, 0, tzinfo=UTC)
OCCASION = Occasion(installation="i-1", run=42, step="a_step")


class Script:
    """Answer each row with its next line; the last line stands for good."""

    def __init__(self, **answers: list[JsonObject]) -> None:
        self._answers = {row.replace("__", "."): list(lines) for row, lines in answers.items()}
        self.asked: dict[str, list[JsonObject]] = defaultdict(list)
        self.look = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=self._perform)

    def _perform(self, call: Call) -> JsonObject:
        self.asked[call.row].append(call.params)
        lines = self._answers[call.row]
        return lines.pop(0) if len(lines) > 1 else lines[0]


def params_of(name: str, given: JsonObject) -> tuple[Action, BaseModel]:
    action = CATALOGUE.action(name)
    return action, action.params.model_validate(given)


def read(script: Script, name: str, /, **given: JsonValue) -> JsonObject:
    action, params = params_of(name, given)
    assert action.read is not None
    output = action.read(script.look, params, NOW)
    action.returns.model_validate(output)
    return output


def propose(look: Looking, name: str, /, **given: JsonValue) -> Proposal:
    return propose_on(OCCASION, look, name, given)


def propose_on(occasion: Occasion, look: Looking, name: str, given: JsonObject) -> Proposal:
    action, params = params_of(name, given)
    assert action.propose is not None
    return action.propose(look, params, occasion)


def observe(look: Looking, name: str, /, *answers: JsonObject, **given: JsonValue) -> JsonObject:
    action, params = params_of(name, given)
    assert action.observe is not None
    output = action.observe(look, params, answers)
    action.returns.model_validate(output)
    return output
