"""What the assistant is asked and what it may say: four jobs, four replies, every sentence a claim.

A reply is a suggestion until `claims` has checked it; nothing in it acts. Ids of runbooks, steps and actions are those
that the job itself named; any other is dropped by whoever reads the reply.
"""

from collections.abc import Mapping
from typing import Literal

from bot.domain.claims import Claim
from bot.domain.evidence import Evidence
from bot.domain.value import JsonObject, Value

Engine = Literal["bedrock", "extractive"]


class Tokens(Value):
    """Count what a model read and wrote; summed by us, since a service's own total leaves the cache out."""

    input: int = 0
    output: int = 0
    cached: int = 0


class Made(Value):
    """Say how a reply came about.

    Attributes:
        degraded: why the model was not used, in words for people; empty where it was, or none is set up.
        prompt: `id@version` of the prompt, and its SHA-256.
    """

    engine: Engine
    degraded: str = ""
    model: str = ""
    prompt: str = ""
    prompt_sha256: str = ""
    tokens: Tokens = Tokens()


# What is asked.


class ExpandStep(Value):
    """Ask what exactly to do now at one step, with this incident's values filled in.

    Attributes:
        prose: the step as its author wrote it.
        call: the exact call the step would make, where the catalogue has one and its values are known.
        unknown: names of values nobody knows yet; each becomes a question.
        actions: ids of catalogue actions that may be proposed: that runbook's own and reads.
    """

    runbook: str
    step: str
    title: str
    prose: str
    values: Mapping[str, str] = {}
    call: JsonObject | None = None
    unknown: tuple[str, ...] = ()
    undo: str = ""
    verify: str = ""
    actions: tuple[str, ...] = ()
    evidence: Evidence = Evidence()


class Candidate(Value):
    """Hold a runbook that may fit, with the words that matched; `exact` is a match by the alarm's name."""

    runbook: str
    title: str
    exact: bool = False
    matched: tuple[str, ...] = ()
    symptoms: str = ""
    first_steps: tuple[str, ...] = ()


class SuggestResponse(Value):
    """Ask which response fits an alarm, from the candidates that retrieval found."""

    alarm: str
    candidates: tuple[Candidate, ...]
    evidence: Evidence


class AnswerQuestion(Value):
    """Ask for an answer from the evidence and from nothing else."""

    question: str
    evidence: Evidence


class DraftPostmortem(Value):
    """Ask for the words of some sections; numbers, times and names are placeholders that code fills in.

    Attributes:
        sections: titles of the sections to word, in order, each with what it is for.
    """

    incident: str
    sections: Mapping[str, str]
    evidence: Evidence


# What is replied.


class ProposedStep(Value):
    """Hold a catalogue step the assistant proposes; a person adds it, and it is then asked for like any other."""

    action: str
    params: JsonObject
    why: str = ""


class Expansion(Value):
    """Hold one step, expanded."""

    do: tuple[Claim, ...]
    look_for: tuple[Claim, ...] = ()
    can_go_wrong: tuple[Claim, ...] = ()
    undo: tuple[Claim, ...] = ()
    questions: tuple[str, ...] = ()
    proposed: tuple[ProposedStep, ...] = ()
    made: Made


class Suggestion(Value):
    """Hold a suggested response; `runbook` is one of the candidates, or None for "none fits"."""

    runbook: str | None
    response: tuple[Claim, ...] = ()
    made: Made


class Answer(Value):
    """Hold an answer; without claims it is "not determined"."""

    claims: tuple[Claim, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    made: Made


class Wording(Value):
    """Hold the words of a post-mortem's sections, by title."""

    sections: Mapping[str, tuple[Claim, ...]]
    made: Made
