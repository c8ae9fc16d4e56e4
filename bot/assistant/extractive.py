"""The assistant without a model: it says what stands in the runbook and in the evidence, in their own words.

It cannot be away, slow or wrong about more than what it quotes; it draws no conclusion. Whatever the model does, this
answers.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.assistant.quoting import quoted, quotes, ranked, sentences
from bot.domain.assistance import (
    Answer,
    AnswerQuestion,
    DraftPostmortem,
    Engine,
    ExpandStep,
    Expansion,
    Made,
    Suggestion,
    SuggestResponse,
    Wording,
    grounds,
)
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.strikes import unstruck

LEAST_COVERED = 0.34
MOST_ANSWERS = 5
MOST_QUOTES = 3
MOST_SEEN = 4
MOST_OF_A_SECTION = 8
ENGINE: Engine = "extractive"

_WARNS = re.compile(
    r"\b(?:unless|never|do not|don't|stop here|fails?|failed|wrong|decline|on-call|if (?:somebody|anybody|one|it|the)|"
    r"not fixed|twice|park)\b",
    re.IGNORECASE,
)
_OF_TROUBLE = re.compile(
    r"\b(?:fail\w*|wrong|broken?|broke|error\w*|alarm\w*|happen(?:ed|ing|s)?|halt\w*|stopped)\b", re.IGNORECASE
)
# By a word of a section's title: the kinds of items it is about.
_ABOUT: Mapping[str, frozenset[str]] = {
    "impact": frozenset({"derived", "metric", "object"}),
    "detect": frozenset({"derived", "alarm", "metric"}),
    "cause": frozenset({"log", "metric", "execution", "job", "object", "alarm"}),
    "response": frozenset({"run", "step", "approval", "message"}),
    "mitigat": frozenset({"run", "step", "approval", "derived"}),
    "resol": frozenset({"run", "step", "approval", "derived"}),
    "timeline": frozenset({"alarm", "run", "step", "approval", "execution", "job", "message", "log"}),
    "follow": frozenset({"runbook"}),
    "action": frozenset({"run", "step", "approval", "runbook"}),
    "prevent": frozenset({"runbook"}),
    "summary": frozenset({"alarm", "derived", "run", "incident"}),
    "one line": frozenset({"alarm", "run", "incident"}),
}


class ExtractiveAssistant:
    """Answer every job by quoting."""

    def expand_step(self, job: ExpandStep) -> Expansion:
        """Say the step's own words, this run's values, the exact call, and what is asked back."""
        evidence = grounds(job)
        prose = evidence.item("S1")
        told = list(quotes(prose, most=MOST_OF_A_SECTION * 2))
        warned = [claim for claim in told[1:] if _WARNS.search(claim.text)]
        return Expansion(
            do=(*(claim for claim in told if claim not in warned), *_filled_in(evidence)),
            look_for=(*quotes(evidence.item("S2"), most=MOST_OF_A_SECTION), *_seen_about(job)),
            can_go_wrong=tuple(warned),
            undo=tuple(quotes(evidence.item("S3"), most=MOST_QUOTES)),
            questions=questions(job),
            made=Made(engine=ENGINE),
        )

    def suggest_response(self, job: SuggestResponse) -> Suggestion:
        """Name the runbook that answers the alarm by name; else show the candidates, and leave the choice."""
        evidence = grounds(job)
        exact = next((one for one in job.candidates if one.exact), None)
        fired = next((item for item in job.evidence.items if item.kind == "alarm"), None)
        shown = [exact] if exact else list(job.candidates)
        claims = [*quotes(fired, most=2)]
        for number, candidate in enumerate(job.candidates, start=1):
            if candidate in shown:
                claims += quotes(evidence.item(f"C{number}"), most=1)
                claims += quotes(evidence.item(f"B{number}a"), most=MOST_QUOTES if exact else 1)
                claims += quotes(evidence.item(f"B{number}b"), most=MOST_QUOTES if exact else 1)
        return Suggestion(
            runbook=exact.runbook if exact else None,
            response=tuple(claims),
            made=Made(engine=ENGINE),
        )

    def answer(self, job: AnswerQuestion, *, heard: Callable[[str], None] = lambda _: None) -> Answer:
        """Quote the items that fit the question's words; none fits: not determined."""
        items = grounds(job).items
        fits = [fit for fit in ranked(job.question, items) if fit.covered >= LEAST_COVERED]
        best = fits[:MOST_ANSWERS]
        seen = [quoted(fit.item, fit.sentence) for fit in best if fit.item.origin is not Origin.TEXT]
        trouble = _trouble(items) if _OF_TROUBLE.search(job.question) else ()
        told = [quoted(fit.item, fit.sentence) for fit in best if fit.item.origin is Origin.TEXT]
        claims = tuple(dict.fromkeys([*seen, *trouble, *told]))
        if still := unstruck(claims, job.struck):
            heard(" ".join(claim.text for claim in still))
        return Answer(claims=claims, not_looked_at=job.evidence.unread, made=Made(engine=ENGINE))

    def draft_postmortem(self, job: DraftPostmortem) -> Wording:
        """Fill each section with what the items of its kinds say, oldest first; a cause is only ever a candidate."""
        items = grounds(job).items
        sections = {title: tuple(_section(title, purpose, items)) for title, purpose in job.sections.items()}
        return Wording(sections=sections, made=Made(engine=ENGINE))


def _trouble(items: Sequence[Item]) -> Iterator[Claim]:
    """Return what is wrong now, as AWS tells it: the open alarms and what was found when they went off."""
    told = [item for item in items if item.origin is Origin.AWS and item.kind in {"alarm", "step"}]
    for item in told[:MOST_SEEN]:
        yield quoted(item, sentences(item.text)[0])


def questions(job: ExpandStep) -> tuple[str, ...]:
    """Return what a person is asked, one question for each value that nobody knows yet."""
    return tuple(name if name.endswith("?") else f"{name}?" for name in job.unknown)


def _filled_in(evidence: Evidence) -> Iterator[Claim]:
    """Return this run's values and the exact call, each a claim of its own."""
    for item in evidence.items:
        if item.id.startswith("V"):
            yield quoted(item, item.text)
        elif item.id == "K1":
            yield quoted(item, item.text, lead="Exact call: ")


def _seen_about(job: ExpandStep) -> Iterator[Claim]:
    """Return what was seen in this incident that the step's words are about."""
    gathered = [item for item in job.evidence.items if item.origin is not Origin.TEXT]
    fits = ranked(f"{job.title} {job.prose} {job.verify}", gathered)
    yield from (quoted(fit.item, fit.sentence) for fit in fits[:MOST_QUOTES])


def _section(title: str, purpose: str, items: Sequence[Item]) -> Iterator[Claim]:
    about = next((kinds for word, kinds in _ABOUT.items() if word in title.casefold()), None)
    if about is None:
        fits = ranked(f"{title} {purpose}", items)
        yield from (quoted(fit.item, fit.sentence) for fit in fits[:MOST_QUOTES] if fit.covered >= LEAST_COVERED)
        return
    candidate = "cause" in title.casefold()
    fitting = [item for item in items if item.kind in about and not (candidate and item.origin is Origin.TEXT)]
    fitting = [item for item in fitting if item.kind != "log" or item.origin is not Origin.TEXT]  # rows, not raw lines
    for item in sorted(fitting, key=_when)[:MOST_OF_A_SECTION]:
        first = sentences(item.text)[:1]
        lead, kind = ("Candidate, not confirmed: ", Kind.INFERRED) if candidate else ("", None)
        yield from (quoted(item, sentence, lead=lead, kind=kind) for sentence in first)


def _when(item: Item) -> tuple[bool, float]:
    """Sort by time; what has none comes last, as it was gathered."""
    return item.at is None, item.at.timestamp() if item.at else 0.0
