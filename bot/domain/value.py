"""The base of every value of the domain: frozen, closed, compared by content."""

from pydantic import BaseModel, ConfigDict, JsonValue

__all__ = ["JsonObject", "JsonValue", "Value", "without"]

JsonObject = dict[str, JsonValue]


class Value(BaseModel):
    """Refuse unknown fields and any change after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def without(value: object, gone: str) -> object:
    """Return what a value is made of without a field it no longer has: older records still name it."""
    return {name: one for name, one in value.items() if name != gone} if isinstance(value, dict) else value
