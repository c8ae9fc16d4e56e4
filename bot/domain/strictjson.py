"""Strict JSON: what hostile text must not smuggle in is refused, and what is signed has one spelling."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NoReturn

from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError

MOST_CHARACTERS = 65_536
MOST_DEPTH = 12
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_object(text: str, *, most: int = MOST_CHARACTERS) -> JsonObject:
    """Parse a JSON object, refusing duplicate keys, numbers that are none, oversize and overdeep text.

    Raises:
        InvalidError: the text is none of that; says what is wrong.
    """
    if len(text) > most:
        raise InvalidError(f"The document has {len(text)} characters; at most {most} are read.")
    if _deepest(text) > MOST_DEPTH:
        raise InvalidError(f"The document is nested deeper than {MOST_DEPTH}.")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)
    except ValueError as error:  # also for a whole number of more digits than Python reads
        raise InvalidError(f"The document is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise InvalidError("The document is not a JSON object.")
    if _LONE_SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise InvalidError("The document holds half a character (a lone surrogate).")
    return value


def canonical(value: JsonValue | Mapping[str, JsonValue] | Sequence[JsonValue]) -> bytes:
    """Return the one spelling of a value: sorted keys, ASCII, no spaces, no floats.

    Raises:
        InvalidError: it holds a float, whose spelling is not one; pass such numbers as text.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: JsonValue | Mapping[str, JsonValue] | Sequence[JsonValue]) -> str:
    """Return the SHA-256 of the canonical spelling, in hex."""
    return sha256(canonical(value)).hexdigest()


def without_floats(value: JsonValue) -> JsonValue:
    """Return the value with every float as its exact hexadecimal text under `$float`, so that it can be signed.

    A key that begins with `$` gets another one, so that no object can pass for a float.
    """
    if isinstance(value, float):
        return {"$float": value.hex()}
    if isinstance(value, dict):
        return {f"${key}" if key.startswith("$") else key: without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_floats(item) for item in value]
    return value


def _unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    found: JsonObject = {}
    for key, value in pairs:
        if key in found:
            raise InvalidError(f"The document has the key {key!a} twice.")
        found[key] = value
    return found


def _constant(name: str) -> NoReturn:
    raise InvalidError(f"The document holds {name}, which is no JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidError(f"The document holds {text[:40]}, which is too large for a number.")
    return number


def _deepest(text: str) -> int:
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            escaped, in_string = (character == "\\" and not escaped), (character != '"' or escaped)
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise InvalidError("A float has no one spelling; pass the number as text or as a whole number.")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
