"""The base of every value of the domain: frozen, closed, compared by content."""

from pydantic import BaseModel, ConfigDict, JsonValue

__all__ = ["JsonObject", "JsonValue", "Value"]

JsonObject = dict[str, JsonValue]


class Value(BaseModel):
    """Refuse unknown fields and any change after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid")
