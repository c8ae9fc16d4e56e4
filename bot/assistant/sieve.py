"""What a model's reply is worth: sentences checked, ids among those given, the rest dropped and listed. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import BaseModel

from bot.assistant.extractive import questions
from bot.assistant.replies import AnswerReply, ExpansionReply, Proposal, Sentence, SuggestionReply, WordingReply
from bot.domain.assistance import (
    Answer,
    AnswerQuestion,
    DraftPostmortem,
    ExpandStep,
    Expansion,
    Job,
    Made,
    ProposedStep,
    Suggestion,
    SuggestResponse,
    Wording,
    grounds,
    vouched,
)
from bot.domain.claims import Checked, Claim, Dropped, Kind
from bot.domain.evidence import Evidence, Origin, place_of
from bot.domain.value import JsonValue

MOST_SENTENCES = 40
LONGEST_SENTENCE = 400
MOST_PROPOSED = 2

_PLACE = re.compile(r"\{+\s*([A-Za-z][A-Za-z0-9_ -]{0,59}?)\s*\}+")
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


Check = Callable[[Sequence[Claim], Evidence], Checked]


class Sieve:
    """Keep what the evidence of one job bears, in the order it is given, and remember what was dropped."""

    def __init__(self, job: Job, check: Check) -> None:
        self._evidence = grounds(job)
        self._places = {place_of(name): value for name, value in self._evidence.derived.items()}
        self._check = check
        self._left = MOST_SENTENCES
        self.kept = 0
        self.inferred = 0
        self.dropped: list[Dropped] = []

    def keep(self, sentences: Sequence[Sentence]) -> tuple[Claim, ...]:
        """Return the sentences that hold, each once."""
        read, over = sentences[: self._left], sentences[self._left :]
        self._left -= len(read)
        if over:
            words = f"({len(over)} more sentences)"
            self.drop(words, f"At most {MOST_SENTENCES} sentences of a reply are read.")
        claims = {claim.text: claim for sentence in read if (claim := self._claim(sentence)) is not None}
        checked = self._check([*claims.values()], self._evidence)
        self.dropped += checked.dropped
        self.kept += len(checked.kept)
        self.inferred += sum(claim.kind is Kind.INFERRED for claim in checked.kept)
        return tuple(checked.kept)

    def drop(self, text: str, why: str) -> None:
        """Note that something was dropped."""
        self.dropped.append(Dropped(claim=Claim(text=text[:LONGEST_SENTENCE]), why=why))

    def origin(self, value: JsonValue, values: Mapping[str, str]) -> Origin | None:
        """Return who vouches for a parameter's value; None where it stands nowhere."""
        return vouched(value, values=values, evidence=self._evidence)

    def _claim(self, sentence: Sentence) -> Claim | None:
        """Return the sentence as a claim with the derived values put in, or note why it is none."""
        if unknown := [name for name in _PLACE.findall(sentence.text) if place_of(name) not in self._places]:
            self.drop(sentence.text, f"{{{unknown[0]}}} is no value that was derived.")
            return None
        text = _PLACE.sub(lambda found: self._places[place_of(found[1])], sentence.text).strip()
        if stray := next((one for one in _BRACES.findall(text) if not self._stands(one)), ""):
            self.drop(sentence.text, f"{stray[:60]} stands in no evidence, and is no value that was derived.")
            return None
        if not text or len(text) > LONGEST_SENTENCE:
            self.drop(sentence.text, f"A sentence has 1 to {LONGEST_SENTENCE} characters.")
            return None
        evidence = tuple(dict.fromkeys(sentence.evidence))
        return Claim(text=text, kind=Kind(sentence.kind), evidence=evidence, quote=sentence.quote.strip())

    def _stands(self, text: str) -> bool:
        return any(text in item.text for item in self._evidence.items)


def expansion(job: ExpandStep, reply: BaseModel, sieve: Sieve, made: Made) -> Expansion:
    """Return the step as a model expanded it; what is asked back is worded by code."""
    assert isinstance(reply, ExpansionReply)  # noqa: S101 - the schema that this task was asked for
    return Expansion(
        do=sieve.keep(reply.do),
        look_for=sieve.keep(reply.look_for),
        can_go_wrong=sieve.keep(reply.can_go_wrong),
        undo=sieve.keep(reply.undo),
        questions=questions(job),
        proposed=tuple(_proposed(job, reply.proposed, sieve)),
        made=made,
    )


def _proposed(job: ExpandStep, proposals: Sequence[Proposal], sieve: Sieve) -> Iterator[ProposedStep]:
    for number, proposal in enumerate(proposals):
        if number >= MOST_PROPOSED:
            sieve.drop(proposal.why.text, f"At most {MOST_PROPOSED} steps are proposed.")
            continue
        if proposal.action not in job.actions:
            sieve.drop(proposal.why.text, f"{proposal.action[:60]!a} is not among the actions of this runbook.")
            continue
        origins = {name: sieve.origin(value, job.values) for name, value in proposal.params.items()}
        if nowhere := [name for name, origin in origins.items() if origin is None]:
            sieve.drop(proposal.why.text, f"The value of {nowhere[0][:60]!a} stands in no evidence.")
            continue
        why = sieve.keep([proposal.why])
        if why:
            known = {name: origin for name, origin in origins.items() if origin is not None}
            yield ProposedStep(action=proposal.action, params=proposal.params, why=why[0], origins=known)


def suggestion(job: SuggestResponse, reply: BaseModel, sieve: Sieve, made: Made) -> Suggestion:
    """Return the response a model suggests; a runbook that is no candidate is none."""
    assert isinstance(reply, SuggestionReply)  # noqa: S101 - the schema that this task was asked for
    runbook = reply.runbook
    if runbook is not None and runbook not in {one.runbook for one in job.candidates}:
        sieve.drop(f"Runbook {runbook[:60]!a}", "It is not among the candidates.")
        runbook = None
    return Suggestion(runbook=runbook, response=sieve.keep(reply.response), made=made)


def answer(job: AnswerQuestion, reply: BaseModel, sieve: Sieve, made: Made) -> Answer:
    """Return the answer; what was not looked at is said by code, which knows."""
    assert isinstance(reply, AnswerReply)  # noqa: S101 - the schema that this task was asked for
    return Answer(claims=sieve.keep(reply.claims), not_looked_at=job.evidence.unread, made=made)


def wording(job: DraftPostmortem, reply: BaseModel, sieve: Sieve, made: Made) -> Wording:
    """Return the sections that were asked for, each with what holds of it."""
    assert isinstance(reply, WordingReply)  # noqa: S101 - the schema that this task was asked for
    sections: dict[str, tuple[Claim, ...]] = dict.fromkeys(job.sections, ())
    for section in reply.sections:
        if section.title in sections:
            sections[section.title] += sieve.keep(section.claims)
        else:
            sieve.drop(f"Section {section.title[:60]!a}", "Nobody asked for it.")
    return Wording(sections=sections, made=made)
