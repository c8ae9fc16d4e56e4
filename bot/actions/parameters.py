"""The base of what actions take and return."""

from pydantic import ConfigDict

from bot.domain.value import Value


class Params(Value):
    """Take parameters as they are: no text becomes a number, nothing unknown is dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Returns(Value):
    """Say which fields an action's output has; one with a default may be absent."""
