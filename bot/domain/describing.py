"""Say in words what an action is, with a step block to paste. Pure text."""

from bot.domain.action import Action, Catalogue

INDENT = "    "


def describe(action: Action, catalogue: Catalogue) -> str:
    """Return the action's name, risk, rows, answer, and a step that uses it."""
    rows = ", ".join(f"{name} ({catalogue.row(name).risk.value})" for name in action.rows)
    answer = ", ".join(action.returns.model_fields)
    block = [
        f"{INDENT}```yaml step",
        f"{INDENT}id: {action.id.split('.')[-1]}",
        f"{INDENT}uses: {action.id}",
        f"{INDENT}with:",
        *(
            f"{INDENT}  {name}: {'...' if field.is_required() else f'...  # optional, {field.default!r}'}"
            for name, field in action.params.model_fields.items()
        ),
        f"{INDENT}```",
    ]
    head = f"{action.id}  [{action.risk.value}]  {action.title}"
    return "\n".join([head, f"  rows: {rows}", f"  output: {answer}", *block])
