"""Which model the demo's bot is lent: none, the local stand-in, or a real one where somebody asks for it by name."""

from dataclasses import dataclass

from bot.aws.clients import Credentials, borrowed_credentials

STAND_IN = "stand-in"
STAND_IN_MODEL = "eu.anthropic.claude-sonnet-4-stand-in"
"""A name of the form real ones have, which langchain takes what a model can do from."""


@dataclass(frozen=True, kw_only=True)
class Lent:
    """Hold a model and how it is reached.

    Attributes:
        endpoint_url: None for AWS itself.
    """

    model: str
    region: str
    credentials: Credentials
    endpoint_url: str | None = None

    @property
    def outside(self) -> frozenset[str]:
        """Return the only hosts that may be reached outside of this machine for it."""
        return frozenset() if self.endpoint_url else frozenset({f"bedrock-runtime.{self.region}.amazonaws.com"})


def lent_by_aws(model: str) -> Lent:
    """Return a real model with the AWS credentials of this shell, read once, before the demo forgets them all.

    Raises:
        InvalidError: there are no credentials, or no region; the words say what to set.
    """
    credentials, region = borrowed_credentials()
    return Lent(model=model, region=region, credentials=credentials)
