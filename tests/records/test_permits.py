"""Only the transaction that takes a call from its approval makes a permit."""

import ast
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"
MAKER = "records/attempts.py:permit"


def makers(source: str, path: str) -> list[str]:
    """Return every function that makes, copies or unpickles its way to a permit."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    names = {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if one.name == "ConsumedApproval"
    } | {"ConsumedApproval"}
    annotations = {
        inner
        for node in ast.walk(tree)
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if isinstance(part, ast.AST)
        for inner in ast.walk(part)
    }
    found = []
    for node in ast.walk(tree):
        named = (isinstance(node, ast.Name) and node.id in names) or (
            isinstance(node, ast.Attribute) and node.attr in names
        )
        if named and node not in annotations:
            where: ast.AST | None = node
            while where is not None and not isinstance(where, ast.FunctionDef):
                where = parents.get(where)
            found.append(f"{path}:{where.name if isinstance(where, ast.FunctionDef) else 'module'}")
    return found


def test_one_function_makes_permits() -> None:
    found = [
        maker
        for path in sorted(BOT.rglob("*.py"))
        for maker in makers(path.read_text(encoding="utf-8"), str(path.relative_to(BOT)))
    ]

    assert found == [MAKER]


@pytest.mark.parametrize(
    "source",
    [
        "from bot.domain.approval import ConsumedApproval as C\ndef f(): return C(approval=1)",
        "from bot.domain import approval\ndef f(): return approval.ConsumedApproval(approval=1)",
        "from bot.domain.approval import ConsumedApproval\ndef f(): return object.__new__(ConsumedApproval)",
        "from bot.domain.approval import ConsumedApproval\nMAKE = ConsumedApproval",
    ],
)
def test_the_look_for_makers_of_permits_bites(source: str) -> None:
    assert makers(source, "x.py")


def test_nobody_copies_a_permit_with_changes() -> None:
    guilty = [
        str(path.relative_to(BOT))
        for path in sorted(BOT.rglob("*.py"))
        if "ConsumedApproval" in (text := path.read_text(encoding="utf-8"))
        and ("import replace" in text or "dataclasses.replace" in text or "copy.replace" in text)
    ]

    assert guilty == []
