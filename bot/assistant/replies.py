"""What a model may reply: the schemas it is held to. Their descriptions are read by the model.

They are the same for every job, so that a service can keep them in its cache, and name no id: an unknown runbook,
action or item costs one sentence, not the reply. What a reply is worth is decided in `sieve`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Wire(BaseModel):
    """Take a reply as it is; what a model adds of its own is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sentence(_Wire):
    """State one thing, with what bears it."""

    text: str = Field(description="one sentence, plain words, at most 30 words")
    kind: Literal["observed", "inferred"] = Field(description="observed: an item says it; inferred: you conclude it")
    evidence: list[str] = Field(description="ids of the items that bear it")
    quote: str = Field("", description="exact words of one cited item, where the sentence says how something stands")


class Proposal(_Wire):
    """Propose one further step of the catalogue."""

    action: str = Field(description="one of the ids in `actions`")
    params: dict[str, Any] = Field(description="its parameters; only values that stand in the data")
    why: Sentence


class ExpansionReply(_Wire):
    """Say what exactly to do now at one step."""

    do: list[Sentence] = Field(description="what to do now, in order")
    look_for: list[Sentence] = Field([], description="what shows that it worked, or must not be done now")
    can_go_wrong: list[Sentence] = Field([], description="what is warned of, and when to stop")
    undo: list[Sentence] = Field([], description="how to take it back")
    proposed: list[Proposal] = Field([], description="further steps the evidence shows to be needed; usually none")


class SuggestionReply(_Wire):
    """Say which response fits an alarm."""

    runbook: str | None = Field(description="the candidate that fits, or null: none fits")
    response: list[Sentence] = Field(description="what is known and why it fits, at most six sentences")


class AnswerReply(_Wire):
    """Answer a question from the evidence."""

    claims: list[Sentence] = Field(description="the answer, in order; empty: not determined")


class SectionReply(_Wire):
    """Word one section."""

    title: str = Field(description="letter for letter one of the sections asked for")
    claims: list[Sentence] = Field(description="two to eight sentences, or none")


class WordingReply(_Wire):
    """Word the sections of a post-mortem."""

    sections: list[SectionReply]


SCHEMAS: Mapping[str, type[BaseModel]] = {
    one.__name__: one for one in (ExpansionReply, SuggestionReply, AnswerReply, WordingReply)
}
