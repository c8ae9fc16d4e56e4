"""What an action's output looks like, asked of its model: does it have this path, of which kind, surely or perhaps."""

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from bot.domain.references import ELEMENT, Kind, Path


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Hold what a path leads to.

    Attributes:
        kinds: which literals it may be compared with; empty where that is not known.
        listed: whether it can be a list; None where that is not known.
        optional: whether some of the path may be absent.
        open: whether it lies below fields that are not named beforehand.
    """

    kinds: frozenset[Kind]
    listed: bool | None
    optional: bool = False
    open: bool = False


class NoSuchFieldError(Exception):
    """Say at which place of a path nothing has that name, and what there is."""

    def __init__(self, place: int, names: tuple[str, ...]) -> None:
        super().__init__(place, names)
        self.place = place
        self.names = names


@lru_cache(maxsize=4_096)
def follow(model: object, path: Path) -> Shape:
    """Return what the path leads to, from a model or any other annotation.

    Raises:
        NoSuchFieldError: no value of the model has the path.
    """
    return _follow(model, path, 0)


def _follow(kind: object, path: Path, place: int) -> Shape:
    choices = tuple(_choices(kind))
    if not choices:
        return Shape(kinds=frozenset(), listed=None, optional=place < len(path), open=True)
    if place == len(path):
        return _leaf(choices)
    found: list[Shape] = []
    furthest = NoSuchFieldError(-1, ())
    for choice in choices:
        try:
            found.append(_into(choice, path, place))
        except NoSuchFieldError as missing:
            if missing.place > furthest.place or (missing.place == furthest.place and missing.names):
                furthest = NoSuchFieldError(missing.place, (*furthest.names, *missing.names))
    if not found:
        raise furthest
    return _any_of(found)


def _into(choice: object, path: Path, place: int) -> Shape:
    name = path[place]
    if isinstance(choice, type) and issubclass(choice, BaseModel):
        field = choice.model_fields.get(name)
        if field is None:
            raise NoSuchFieldError(place, tuple(choice.model_fields))
        inner = _follow(field.annotation, path, place + 1)
        return Shape(
            kinds=inner.kinds,
            listed=inner.listed,
            optional=inner.optional or not field.is_required(),
            open=inner.open,
        )
    origin, arguments = get_origin(choice) or choice, get_args(choice)
    if _is(origin, Mapping):
        inner = _follow(arguments[1] if len(arguments) == 2 else Any, path, place + 1)
        return Shape(kinds=inner.kinds, listed=inner.listed, optional=True, open=True)
    if _is(origin, Sequence) and origin is not str and name == ELEMENT:
        return _follow(arguments[0] if arguments else Any, path, place + 1)
    raise NoSuchFieldError(place, ())


def _choices(kind: object) -> Iterator[object]:
    """Yield the alternatives of an annotation; nothing for one that admits everything."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _choices(get_args(kind)[0])
    elif origin in {Union, types.UnionType}:
        for argument in get_args(kind):
            if argument is not type(None):
                yield from _choices(argument)
    elif kind is not object and (origin is not None or isinstance(kind, type)):
        yield kind


def _leaf(choices: tuple[object, ...]) -> Shape:
    kinds = [_kind(choice) for choice in choices]
    known = frozenset(kind for kind in kinds if kind is not None)
    listed = any(_is_list(choice) for choice in choices)
    return Shape(kinds=known if len(known) == len(set(kinds)) else frozenset(), listed=listed)


def _kind(choice: object) -> Kind | None:
    if get_origin(choice) is Literal:
        kinds = {_kind(type(value)) for value in get_args(choice)}
        return kinds.pop() if len(kinds) == 1 else None
    if not isinstance(choice, type):
        return None
    if issubclass(choice, bool):
        return "truth"
    if issubclass(choice, int | float):
        return "number"
    if issubclass(choice, str):
        return "text"
    return None


def _is_list(choice: object) -> bool:
    origin = get_origin(choice) or choice
    return _is(origin, Sequence) and not _is(origin, str)


def _is(origin: object, wanted: type) -> bool:
    return isinstance(origin, type) and not issubclass(origin, Enum) and issubclass(origin, wanted)


def _any_of(found: list[Shape]) -> Shape:
    known = all(shape.kinds for shape in found)
    listed = {shape.listed for shape in found}
    return Shape(
        kinds=frozenset().union(*(shape.kinds for shape in found)) if known else frozenset(),
        listed=listed.pop() if len(listed) == 1 else None,
        optional=any(shape.optional for shape in found),
        open=any(shape.open for shape in found),
    )
