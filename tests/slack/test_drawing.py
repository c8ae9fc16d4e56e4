"""What the use cases raise and what the cards can draw are the same list."""

import ast
from pathlib import Path

from bot.domain.run import Awaiting
from bot.slack.cards import notices, whispers
from bot.usecases import inbox

USECASES = Path(inbox.__file__).parent


def nodes() -> list[ast.AST]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(USECASES.rglob("*.py"))]
    return [node for text in texts for node in ast.walk(ast.parse(text))]


def constant(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_answer_to_a_person_has_a_drawing_of_its_own() -> None:
    found = nodes()
    of_cards = [one.value for one in found if isinstance(one, ast.AnnAssign) and ast.unparse(one.target) == "payload"]
    of_cards += [one.value for one in found if isinstance(one, ast.keyword) and one.arg == "payload"]
    dicts = [one for one in found if isinstance(one, ast.Dict) and one not in of_cards]
    pairs = [pair for one in dicts for pair in zip(one.keys, one.values, strict=True)]

    answers = {constant(value) for key, value in pairs if constant(key) == "what"} - {""}

    assert {"refused", "plan", "items", "postmortem"} <= answers
    assert answers - {*whispers.KINDS} == set()


def test_every_notice_has_a_drawing_of_its_own() -> None:
    calls = [one for one in nodes() if isinstance(one, ast.Call) and ast.unparse(one.func) == "notice"]

    raised = {constant(one.args[1]) for one in calls} - {""}

    assert {"finished", "unknown"} <= raised
    assert raised | {Awaiting.INPUT.value, Awaiting.DONE.value} <= {*notices.KINDS}
