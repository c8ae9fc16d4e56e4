"""Expressions of runbooks: CEL, evaluated strictly and once.

The only place that imports `cel`. A missing field, unlike types, a number beyond 64 bits or a division by zero is an
error, never true. `${…}` in a template is one expression; what it yields is data and is never evaluated again.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache

import cel

from bot.domain.references import ELEMENT, ExpressionSyntaxError, Facts, Path, end_of_expression, facts, where
from bot.domain.value import JsonValue
from bot.errors import ExpressionError

__all__ = [
    "Expression",
    "ExpressionSyntaxError",
    "Scope",
    "absorbs_errors",
    "compile_expression",
    "expressions_in",
    "first_given",
    "needed_steps",
    "references_in",
    "resolve",
]

Scope = Mapping[str, JsonValue]

MOST_TEXT = 65_536
MOST_ELEMENTS_NESTED = 1_000
MOST_ELEMENTS_BUILT = 1_000  # each element more copies what was built so far: time grows with the square
MOST_ELEMENTS_BUILT_NESTED = 100  # with the cube
LEAST_WHOLE = -(2**63)
MOST_WHOLE = 2**63 - 1


@dataclass(frozen=True)
class Expression:
    """Hold one expression, read and ready."""

    text: str
    program: cel.Program
    facts: Facts

    @property
    def references(self) -> frozenset[Path]:
        """Return the dotted paths it refers to; `[]` stands for any element of a list."""
        return self.facts.paths

    def value(self, scope: Scope) -> JsonValue:
        """Return what it yields; a time becomes ISO text in UTC, a duration seconds.

        Raises:
            ExpressionError: it cannot be answered from this scope; names the expression and the field.
        """
        for path in self.references:
            _bounded(self, path, scope)
        try:
            found = self.program.execute(_part_of(scope, self.references | self.facts.guarded))
        except (
            ArithmeticError,
            LookupError,
            RecursionError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as error:
            raise ExpressionError(f"`{self.text}` cannot be answered: {_reason(self, error, scope)}.") from error
        return self._plain(found)

    def truth(self, scope: Scope) -> bool:
        """Return what it yields, which must be exactly true or false.

        Raises:
            ExpressionError: it yields anything else, or cannot be answered.
        """
        found = self.value(scope)
        if not isinstance(found, bool):
            raise ExpressionError(f"`{self.text}` must yield true or false; it yields {_shown(found)}.")
        return found

    def _plain(self, found: object) -> JsonValue:
        match found:
            case None | bool() | str():
                return found
            case int() if LEAST_WHOLE <= found <= MOST_WHOLE:
                return found
            case float() if math.isfinite(found):
                return found
            case datetime():
                return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
            case timedelta():
                seconds = found.total_seconds()
                return int(seconds) if seconds.is_integer() else seconds
            case list():
                return [self._plain(item) for item in found]
            case dict() if all(isinstance(key, str) for key in found):
                return {str(key): self._plain(item) for key, item in found.items()}
            case _:
                raise ExpressionError(f"`{self.text}` yields {_shown(found)}, which has no place in JSON.")


@lru_cache(maxsize=1_024)
def compile_expression(text: str) -> Expression:
    """Return the expression, read once.

    Raises:
        ExpressionSyntaxError: it is too long, nested too deep or not in the language; carries line and column.
    """
    found = facts(text)
    try:
        program = cel.compile(text)
    except ValueError as error:
        line, column, words = _compiler_said(str(error))
        raise ExpressionSyntaxError(
            f"In `{text}` (line {line}, column {column}): {words}.", line=line, column=column
        ) from error
    return Expression(text=text, program=program, facts=found)


def resolve(template: JsonValue, scope: Scope) -> JsonValue:
    """Return the template with every `${…}` answered, once; keys are never templates.

    A value that is one whole expression keeps its type. Embedded in text, only text and whole numbers may stand.

    Raises:
        ExpressionError: an expression is wrong or cannot be answered, or the text grows too long.
    """
    match template:
        case str():
            return _resolve_text(template, scope)
        case list():
            return [resolve(item, scope) for item in template]
        case dict():
            return {key: resolve(item, scope) for key, item in template.items()}
        case _:
            return template


def expressions_in(template: JsonValue) -> Iterator[Expression]:
    """Yield the expressions of a template, in order.

    Raises:
        ExpressionSyntaxError: one is not in the language; line and column count within its whole text.
    """
    match template:
        case str():
            yield from (part for part in _parts(template) if isinstance(part, Expression))
        case list():
            for item in template:
                yield from expressions_in(item)
        case dict():
            for item in template.values():
                yield from expressions_in(item)
        case _:
            return


def references_in(template: Expression | JsonValue) -> frozenset[Path]:
    """Return the dotted paths that an expression, or the expressions of a template, look at or ask about."""
    found = [template] if isinstance(template, Expression) else expressions_in(template)
    return frozenset(path for one in found for path in one.references | one.facts.guarded)


def needed_steps(template: Expression | JsonValue) -> frozenset[str]:
    """Return the ids of the steps that must have run, or been skipped, before it can be answered."""
    return frozenset(path[1] for path in references_in(template) if path[0] == "steps" and len(path) > 1)


def first_given(sources: Sequence[str], scope: Scope) -> JsonValue:
    """Return the first source that yields something; a missing field counts as nothing.

    Raises:
        ExpressionError: a source is wrong for another reason than that a field is missing.
    """
    for source in sources:
        expression = compile_expression(source)
        try:
            found = expression.value(scope)
        except ExpressionError:
            if any(_absent(path, scope) for path in expression.references):
                continue
            raise
        if found is not None:
            return found
    return None


def absorbs_errors(text: str) -> frozenset[Path]:
    """Return the paths whose absence `||` or `&&` would hide, because no `has()` asks for them.

    By CEL's standard `x.missing == 1 || true` is true and `x.missing == 1 && false` is false.
    """
    found = compile_expression(text).facts
    return frozenset(path for path in found.either | found.both if not _guarded(path, found.guarded))


def _absent(path: Path, scope: Scope) -> bool:
    found: object = scope
    for name in path:
        if found is None or (isinstance(found, Mapping) and name not in found):
            return True
        if not isinstance(found, Mapping):
            return False
        found = found[name]
    return False


def _guarded(path: Path, guards: frozenset[Path]) -> bool:
    return any(path[: len(guard)] == guard for guard in guards)


def _part_of(scope: Scope, paths: frozenset[Path]) -> dict[str, JsonValue]:
    """Return the scope without what the paths never look at, down to their second name."""
    part: dict[str, JsonValue] = {}
    for root in {path[0] for path in paths} & set(scope):
        whole = scope[root]
        names = {path[1] if len(path) > 1 else ELEMENT for path in paths if path[0] == root}
        if isinstance(whole, dict) and ELEMENT not in names:
            part[root] = {name: whole[name] for name in names if name in whole}
        else:
            part[root] = whole
    return part


def _parts(text: str) -> list[str | Expression]:
    parts: list[str | Expression] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = end_of_expression(text, start + 2)
        if end is None:
            line, column = where(text, start)
            words = f"In `{_short(text)}` (line {line}, column {column}): this `${{` is not closed by `}}`."
            raise ExpressionSyntaxError(words, line=line, column=column)
        if start > position:
            parts.append(text[position:start])
        parts.append(_part(text, start + 2, end))
        position = end + 1
    if position < len(text) or not parts:
        parts.append(text[position:])
    return parts


def _part(text: str, start: int, end: int) -> Expression:
    try:
        return compile_expression(text[start:end].strip())
    except ExpressionSyntaxError as error:
        lead = len(text[start:end]) - len(text[start:end].lstrip())
        line, column = where(text, start + lead)
        raise ExpressionSyntaxError(
            str(error),
            line=line + error.line - 1,
            column=column + error.column - 1 if error.line == 1 else error.column,
        ) from error


def _resolve_text(text: str, scope: Scope) -> JsonValue:
    parts = _parts(text)
    if len(parts) == 1:
        only = parts[0]
        return only.value(scope) if isinstance(only, Expression) else only
    joined = "".join(part if isinstance(part, str) else _embedded(part, scope) for part in parts)
    if len(joined) > MOST_TEXT:
        raise ExpressionError(f"`{_short(text)}` grows to {len(joined)} characters; at most {MOST_TEXT} are kept.")
    return joined


def _embedded(expression: Expression, scope: Scope) -> str:
    found = expression.value(scope)
    if isinstance(found, str):
        return found
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    raise ExpressionError(
        f"`{expression.text}` yields {_shown(found)}; only text and whole numbers may stand inside a text."
    )


def _bounded(expression: Expression, path: Path, scope: Scope) -> None:
    """Refuse numbers CEL would round silently, and lists it would take long over: nothing else runs meanwhile."""
    most = _most_elements(expression.facts)
    found: object = scope
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            break
        found = found[name]
    if found is scope:
        return
    for item in _everything(found):
        if isinstance(item, int) and not LEAST_WHOLE <= item <= MOST_WHOLE:
            raise ExpressionError(f"`{expression.text}` meets {item} in {'.'.join(path)}, a number beyond 64 bits.")
        if isinstance(item, float) and not math.isfinite(item):
            raise ExpressionError(f"`{expression.text}` meets {item} in {'.'.join(path)}, which is no JSON number.")
        if isinstance(item, list) and most is not None and len(item) > most:
            within = " within another list" if expression.facts.nested > 1 else ""
            raise ExpressionError(
                f"`{expression.text}` would run over {len(item)} elements of {'.'.join(path)}{within}; at most {most}."
            )


def _most_elements(of: Facts) -> int | None:
    if of.builds > 1:
        return MOST_ELEMENTS_BUILT_NESTED
    if of.nested > 1:
        return MOST_ELEMENTS_NESTED
    return MOST_ELEMENTS_BUILT if of.builds else None


def _everything(found: object) -> Iterator[object]:
    stack = [found]
    while stack:
        item = stack.pop()
        yield item
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)


def _compiler_said(words: str) -> tuple[int, int, str]:
    """Return line, column and reason out of `… ERROR: <input>:1:4: Syntax error: …`."""
    _, _, rest = words.partition("<input>:")
    line, _, rest = rest.partition(":")
    column, _, rest = rest.partition(":")
    reason = rest.strip().split("\n")[0].split(" expecting {")[0].rstrip(".")
    return (int(line), int(column), reason) if line.isdigit() and column.isdigit() else (1, 1, words.split("\n")[0])


def _reason(expression: Expression, error: Exception, scope: Scope) -> str:
    match error:
        case KeyError():
            return _missing(expression, str(error).strip("\"'"), scope)
        case IndexError():
            return "a list is shorter than the index asked for"
        case ZeroDivisionError():
            return "it divides by zero"
        case OverflowError():
            return "a number grows beyond 64 bits"
        case TypeError():
            return "it puts together values of unlike types, or asks a field of what has none"
        case _:
            return _otherwise(expression, error, scope)


def _otherwise(expression: Expression, error: Exception, scope: Scope) -> str:
    if "Failed to convert" in str(error):
        return "it meets a value that no expression can hold, such as half a character"
    absent = sorted({path[0] for path in references_in(expression)} - set(scope))
    if absent:
        return f"nothing here is called {', '.join(absent)}"
    undefined = re.match(r"Undefined variable or function: '(\w+)'", str(error))
    if undefined:
        return f"{undefined[1]}() cannot take what it is given"
    return str(error).split(". ")[0].rstrip(".")


def _missing(expression: Expression, name: str, scope: Scope) -> str:
    for path in sorted(references_in(expression)):
        found: object = scope
        for place, step in enumerate(path):
            if not isinstance(found, Mapping):
                break
            if step not in found and step == name:
                near = get_close_matches(step, [str(key) for key in found], n=1)
                hint = f" (did you mean {near[0]}?)" if near else ""
                return f"there is no {'.'.join(path[: place + 1])}{hint}"
            found = found.get(step)
    return f"there is no field {name}"


def _shown(found: object) -> str:
    match found:
        case None:
            return "null"
        case bool():
            return str(found).lower()
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return _short(ascii(found))


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
