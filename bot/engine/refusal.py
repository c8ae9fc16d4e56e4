"""What must never happen when the engine reads its own tables: that a row becomes code."""

from typing import NoReturn

from dbos._serialization import DefaultSerializer


class PickleRefusedError(ValueError):
    """Say that a row asked to be unpickled; only somebody writing into the database can have put it there."""


def refuse_pickle() -> None:
    """Make DBOS refuse rows marked `py_pickle`, for the whole process and whatever serializer is configured.

    Measured: with a JSON serializer configured DBOS still unpickles a row that says so, and that runs code.
    """
    setattr(DefaultSerializer, DefaultSerializer.deserialize.__name__, _refuse)


def _refuse(_serializer: DefaultSerializer, _serialized: str) -> NoReturn:
    raise PickleRefusedError(
        "A row of the engine's tables asks to be unpickled. This bot writes JSON only: find out who wrote it."
    )
