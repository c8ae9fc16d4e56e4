"""What is kept of AWS's answers: the row's projection, each value checked for its kind. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.action import Row
from bot.domain.moment import written
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

Tree = dict[str, "Tree | str"]
_ABSENT = object()


def kept(row: Row, answer: Mapping[str, Any]) -> JsonObject:
    """Return the fields the row keeps.

    Raises:
        InvalidError: a field is missing or of another kind, or it is more than the row takes.
    """
    tree = _tree(row.keep)
    projected = _project(answer, tree)
    if "Body" in tree:
        fields = tree["Body"]
        projected["Unlisted"] = sum(1 for name in answer["Body"] if name not in fields)
    size = len(json.dumps(projected))
    if size > row.most_kept:
        raise InvalidError(f"{row.id} answered {size} characters; at most {row.most_kept} are taken.")
    return projected


def parsed_body(raw: bytes, resource: str) -> JsonObject:
    """Return a control document, parsed strictly.

    Raises:
        InvalidError: it is none; the words name it.
    """
    try:
        return parse_object(raw.decode("utf-8", errors="strict"))
    except (UnicodeDecodeError, InvalidError, RecursionError) as error:
        raise InvalidError(f"{resource} is not a document this bot reads: {error} Repair it by hand.") from error


def _tree(keep: Mapping[str, str]) -> Tree:
    root: Tree = {}
    for path, kind in keep.items():
        *branches, leaf = path.split(".")
        node = root
        for branch in branches:
            below = node.setdefault(branch, {})
            if isinstance(below, str):
                raise TypeError(f"{path} lies below a field that is kept whole.")
            node = below
        node[leaf] = kind
    return root


def _project(value: Mapping[str, Any], tree: Tree) -> JsonObject:
    result: JsonObject = {}
    for segment, below in tree.items():
        if segment == "*":
            listed = {one.rstrip("[]") for one in tree}
            others = sorted(name for name, item in value.items() if name not in listed and item is not None)
            result["Others"] = [*others]
            continue
        name = segment.rstrip("[]")
        item = value.get(name, _ABSENT)
        if item is _ABSENT and isinstance(below, str) and not below.endswith("?"):
            raise InvalidError(f"The answer has no {name}.")
        if item is _ABSENT:
            continue
        result[name] = _nested(name, item, below, segment.count("[]"))
    return result


def _nested(name: str, value: Any, below: Tree | str, depth: int) -> JsonValue:  # noqa: ANN401 - botocore's answers are of any kind
    if not depth:
        return _one(name, value, below)
    return [_nested(name, one, below, depth - 1) for one in _list(name, value)]


def _list(name: str, value: Any) -> list[Any]:  # noqa: ANN401 - botocore's answers are of any kind
    match value:
        case list():
            return value
        case _:
            raise InvalidError(f"{name} in the answer is not a list.")


def _object(name: str, value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - botocore's answers are of any kind
    match value:
        case Mapping():
            return value
        case _:
            raise InvalidError(f"{name} in the answer is not an object.")


def _one(name: str, value: Any, below: Tree | str) -> JsonValue:  # noqa: ANN401 - botocore's answers are of any kind
    if isinstance(below, dict):
        return _project(_object(name, value), below)
    if value is None and below.endswith("?"):
        return None
    match below.removesuffix("?"), value:
        case "text", str():
            return value
        case "truth", bool():
            return value
        case "number", bool():
            pass
        case "number", int():
            return value
        case "number", float() if value == value and abs(value) != float("inf"):
            return int(value) if value.is_integer() else value
        case "time", datetime():
            return written(value)
        case "digest", str():
            return hashlib.sha256(value.encode()).hexdigest()
        case "map", dict():
            return {str(key): _one(name, item, "scalar") for key, item in value.items()}
        case "scalar", str() | int() | float() | None:
            return value
        case _:
            pass
    raise InvalidError(f"{name} in the answer is not {below.removesuffix('?')} but {type(value).__name__}.")
