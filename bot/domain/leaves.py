"""Every single value of a JSON value by its path, and where two such values differ."""

from collections.abc import Iterator, Mapping

from bot.domain.strictjson import canonical, without_floats
from bot.domain.value import JsonValue

Path = tuple[str | int, ...]


def leaves(value: JsonValue | Mapping[str, JsonValue], path: Path = ()) -> Iterator[tuple[Path, JsonValue]]:
    """Yield every value that holds no other, with the keys and places that lead to it; what is empty is such a one."""
    match value:
        case Mapping() if value:
            for key, item in value.items():
                yield from leaves(item, (*path, key))
        case list() if value:
            for place, item in enumerate(value):
                yield from leaves(item, (*path, place))
        case _:
            yield path, dict(value) if isinstance(value, Mapping) else value


def dotted(path: Path) -> str:
    """Return the path as people read it, e.g. `files[3].etag`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def same(one: JsonValue, other: JsonValue) -> bool:
    """Return whether both would be signed alike: to Python, true is 1 and 1 is 1.0."""
    return one is other or canonical(without_floats(one)) == canonical(without_floats(other))


def differences(
    was: JsonValue | Mapping[str, JsonValue], now: JsonValue | Mapping[str, JsonValue]
) -> tuple[tuple[str, JsonValue, JsonValue], ...]:
    """Return the single values in which the two differ, by name; where there is none it is None."""
    before, after = dict(leaves(was)), dict(leaves(now))
    differ = [
        path
        for path in {**before, **after}
        if path not in before or path not in after or not same(before[path], after[path])
    ]
    return tuple((dotted(path), before.get(path), after.get(path)) for path in sorted(differ, key=dotted))
