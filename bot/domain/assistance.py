"""What the assistant is asked and what it may say: four jobs, four replies, every sentence a claim.

A reply is a suggestion until `claims` has checked it; nothing in it acts. Ids of runbooks, steps and actions are those
that the job itself named; any other is dropped by whoever reads the reply.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

from bot.domain import redaction
from bot.domain.claims import Claim, Dropped
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.plain import unmarked
from bot.domain.redaction import Redactor
from bot.domain.value import JsonObject, JsonValue, Value

Engine = Literal["bedrock", "extractive"]
LONGEST_TEXT = 2_000


class Tokens(Value):
    """Count what a model read and wrote; summed by us, since a service's own total leaves the cache out.

    Attributes:
        cached: how many of those read came from the cache.
    """

    input: int = 0
    output: int = 0
    cached: int = 0


class Made(Value):
    """Say how a reply came about.

    Attributes:
        degraded: why the model was not used, in words for people; empty where it was, or none is set up.
        prompt: `id@version` of the prompt, and its SHA-256.
        dropped: what a model said and the evidence does not bear; never shown as said, only that it was dropped.
    """

    engine: Engine
    degraded: str = ""
    model: str = ""
    prompt: str = ""
    prompt_sha256: str = ""
    tokens: Tokens = Tokens()
    dropped: tuple[Dropped, ...] = ()


# What is asked.


class Job(Value):
    """Hold what every job has.

    Attributes:
        subject: label of the incident, or of the alarm or run before there is one; a budget is counted under it.
        by: the person who asked, whose own budget of the day it counts against; empty where nobody did.
        channel: where they asked, whose budget of the day it counts against too; empty where nobody did.
        urgent: an incident of severity 1 waits for it, for which a part of the day's budget is kept.
        evidence: what code gathered. `grounds` adds the job's own texts, so that a sentence can point at them too.
        struck: sentences that people struck, of the same incident; no evidence of anything.
    """

    subject: str = ""
    by: str = ""
    channel: str = ""
    urgent: bool = False
    evidence: Evidence = Evidence()
    struck: tuple[str, ...] = ()


class ExpandStep(Job):
    """Ask what exactly to do now at one step, with this incident's values filled in.

    Attributes:
        runbook: its id.
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


class Candidate(Value):
    """Hold a runbook that may fit, with the words that matched; `exact` is a match by the alarm's name."""

    runbook: str
    title: str
    exact: bool = False
    matched: tuple[str, ...] = ()
    symptoms: str = ""
    first_steps: tuple[str, ...] = ()


class SuggestResponse(Job):
    """Ask which response fits an alarm, from the candidates that retrieval found."""

    alarm: str
    candidates: tuple[Candidate, ...]


class AnswerQuestion(Job):
    """Ask for an answer from the evidence and from nothing else."""

    question: str


class DraftPostmortem(Job):
    """Ask for the words of some sections; numbers, times and names are placeholders that code fills in.

    Attributes:
        sections: titles of the sections to word, in order, each with what it is for.
    """

    incident: str
    sections: Mapping[str, str]


AnyJob = TypeVar("AnyJob", bound=Job)


def redacted(job: AnyJob, redactor: Redactor) -> AnyJob:
    """Return the job with its own texts clean and redacted; whom it is for and its evidence stay as they are.

    Args:
        job: what is asked.
        redactor: what redacted the evidence, so that a placeholder means the same in both.
    """
    own = job.model_dump(mode="json", exclude={"subject", "by", "channel", "evidence"})
    kept = {"subject": job.subject, "by": job.by, "channel": job.channel, "evidence": job.evidence}
    return job.model_validate({**{name: redaction.redacted(one, redactor) for name, one in own.items()}, **kept})


# What a sentence may point at.


def grounds(job: Job) -> Evidence:
    """Return the job's evidence and, as items of their own, what the job itself brings.

    Their ids begin with S (the step), V (its values), K (its call), C (how a candidate was found), B (what its runbook
    says) or D (a derived value); gathered items begin with E. Claims of a reply are checked against this.
    """
    match job:
        case ExpandStep():
            own = tuple(_of_step(job))
        case SuggestResponse():
            own = tuple(_of_candidates(job))
        case _:
            own = ()
    derived = tuple(
        _derived(number, name, value) for number, (name, value) in enumerate(job.evidence.derived.items(), start=1)
    )
    return job.evidence.model_copy(update={"items": (*own, *job.evidence.items, *derived)})


def _of_step(job: ExpandStep) -> Iterator[Item]:
    source = f"runbook {job.runbook}, step {job.step}"
    written = {"S1": job.prose, "S2": job.verify, "S3": job.undo}
    yield from (_written(name, "step", source, text) for name, text in written.items() if text)
    for number, (name, value) in enumerate(job.values.items(), start=1):
        yield _kept(f"V{number}", "step", f"values of {source}", f"{name}: {value}")
    if job.call is not None:
        yield _kept("K1", "step", f"{source}: the call it would make", spelled(job.call))


def _of_candidates(job: SuggestResponse) -> Iterator[Item]:
    for number, candidate in enumerate(job.candidates, start=1):
        found = f"{candidate.runbook}: {', '.join(candidate.matched)} stand in both"
        exact = f"{candidate.runbook} answers {job.alarm} by name"
        yield _kept(f"C{number}", "runbook", "search of the runbooks", exact if candidate.exact else found)
        texts = {"symptoms": candidate.symptoms, "first steps": "\n".join(candidate.first_steps)}
        for part, (title, text) in zip("ab", texts.items(), strict=True):
            if text:
                yield _written(f"B{number}{part}", "runbook", f"runbook {candidate.runbook}, {title}", text)


def _derived(number: int, name: str, value: str) -> Item:
    """Return a derived value as an item; a bare number is of its own kind, since it is not quoted for itself."""
    kind = "count" if value.replace(",", "").isdigit() else "derived"
    return _kept(f"D{number}", kind, "computed from the evidence", f"{name.replace('_', ' ')}: {value}")


def _written(name: str, kind: str, source: str, text: str) -> Item:
    return Item(id=name, kind=kind, origin=Origin.TEXT, source=source, text=unmarked(text)[:LONGEST_TEXT])


def _kept(name: str, kind: str, source: str, text: str) -> Item:
    return Item(id=name, kind=kind, origin=Origin.RECORDS, source=source, text=text[:LONGEST_TEXT])


def spelled(call: JsonValue) -> str:
    """Return a call or a parameter as one line of JSON."""
    return call if isinstance(call, str) else json.dumps(call, ensure_ascii=False, sort_keys=True)


def vouched(value: JsonValue, *, values: Mapping[str, str], evidence: Evidence) -> Origin | None:
    """Return who vouches for a parameter's value, the most trusted first; None where it stands nowhere."""
    wanted = spelled(value)
    if wanted in values.values():
        return Origin.RECORDS
    whole = re.compile(rf"(?<![\w./-]){re.escape(wanted)}(?![\w/-])")
    found = {item.origin for item in evidence.items if wanted and whole.search(item.text)}
    return next((origin for origin in (Origin.AWS, Origin.RECORDS, Origin.TEXT) if origin in found), None)


# What is replied.


class ProposedStep(Value):
    """Hold a catalogue step the assistant proposes; a person adds it, and it is then asked for like any other.

    Attributes:
        why: the reason, checked like every sentence.
        origins: who vouches for each parameter's value: the run's own records, AWS, or only a text; what only a
            text vouches for must be typed again by the operator.
    """

    action: str
    params: JsonObject
    why: Claim
    origins: Mapping[str, Origin] = {}


class Offer(Value):
    """Hold what code found of one proposed step: whether a person may add it to the run, and what it would ask.

    Attributes:
        refused: why it cannot be added, in words; empty where it can.
        typed: parameters whose value stands only in a text; whoever adds the step types them again.
        effect: what it would do as things stood, in the action's own words.
    """

    refused: str = ""
    risk: str = ""
    needs: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    effect: str = ""


PARTS: Mapping[str, str] = {
    "do": "Do now",
    "look_for": "Look for",
    "can_go_wrong": "Can go wrong",
    "undo": "Take it back",
}
"""The parts of an expansion that are sentences, each with its heading."""


class Expansion(Value):
    """Hold one step, expanded; `offers` has one entry for each proposal, made by code and by nobody else."""

    do: tuple[Claim, ...]
    look_for: tuple[Claim, ...] = ()
    can_go_wrong: tuple[Claim, ...] = ()
    undo: tuple[Claim, ...] = ()
    questions: tuple[str, ...] = ()
    proposed: tuple[ProposedStep, ...] = ()
    offers: tuple[Offer, ...] = ()
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
