"""One job done with a model: prompt, request, reply, check, and one second try for what did not hold."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bot.assistant.budget import Budget
from bot.assistant.model import Asked, Model, Said
from bot.assistant.prompting import Prompt, render
from bot.assistant.replies import Sentence
from bot.assistant.sieve import Check, Sieve
from bot.domain.assistance import AnyJob, Job, Made, Tokens, redacted
from bot.domain.claims import Dropped
from bot.domain.metrics import (
    CLAIMS_DROPPED,
    CLAIMS_INFERRED,
    CLAIMS_KEPT,
    MODEL_CALLS,
    MODEL_SECONDS,
    MODEL_TOKENS_CACHED,
    MODEL_TOKENS_IN,
    MODEL_TOKENS_OUT,
    measured,
)
from bot.domain.redaction import Redactor
from bot.domain.strikes import unstruck
from bot.domain.value import JsonObject
from bot.errors import BotError

log = logging.getLogger(__name__)

Reply = TypeVar("Reply", bound=BaseModel)
Assemble = Callable[[AnyJob, BaseModel, Sieve, Made], Reply]

_BYTES_A_TOKEN = 3
"""Low on purpose: what is set aside before a call is corrected after it."""


@dataclass(frozen=True, kw_only=True)
class Written(Generic[Reply]):
    """Hold how a try came out.

    Attributes:
        reply: None where nothing came that can be shown; `words` then say why, as a clause.
        kept: how many sentences held.
        why: the words in one word.
        fault: whether the service is to be suspected.
    """

    reply: Reply | None
    made: Made
    kept: int = 0
    words: str = ""
    why: str = ""
    fault: bool = False


class Writer:
    """Have a model do a job, and believe nothing it says that the evidence does not bear."""

    def __init__(
        self,
        *,
        model: Model,
        prompts: Mapping[str, Prompt],
        check: Check,
        budget: Budget,
        boundary: Callable[[], str],
    ) -> None:
        self._model = model
        self._prompts = prompts
        self._check = check
        self._budget = budget
        self._boundary = boundary

    def write(
        self,
        task: str,
        job: AnyJob,
        assemble: Assemble[AnyJob, Reply],
        *,
        first: Callable[[Written[Reply]], None],
        heard: Callable[[str], None] | None = None,
    ) -> Written[Reply]:
        """Return the better of two tries; `first` is given the first one, before the second begins.

        What of the job was not redacted before is redacted here: what is sent is what a reply is held against.

        Raises:
            UnavailableError: no answer came.
            CallRefusedError: the service said no.
            NotAllowedError: the budget is used up.
        """
        job = redacted(job, Redactor(beyond=job.model_dump_json()))
        one = self._try(task, job, assemble, heard=heard)
        if one.reply is None or not one.made.dropped:
            return one
        first(one)
        try:
            two = self._try(task, job, assemble, dropped=one.made.dropped)
        except BotError:
            log.info("The second try did not come about.", extra={"task": task})
            return one
        better = two if two.reply is not None and two.kept >= one.kept else one
        spent = total((one.made.tokens, two.made.tokens))
        made = better.made.model_copy(update={"tokens": spent})
        return Written(reply=_with(better.reply, made), made=made, kept=better.kept)

    def _try(
        self,
        task: str,
        job: AnyJob,
        assemble: Assemble[AnyJob, Reply],
        *,
        dropped: tuple[Dropped, ...] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Written[Reply]:
        prompt = self._prompts[task]
        sent = render(prompt, job, boundary=self._boundary(), dropped=dropped)
        asked = Asked(task=task, system=sent.system, user=sent.user, output=prompt.output, max_tokens=prompt.max_tokens)
        said = self._ask(asked, job, heard=self._aloud(job, heard) if heard else None)
        made = Made(
            engine="bedrock",
            model=said.model,
            prompt=prompt.label,
            prompt_sha256=prompt.sha256,
            tokens=said.tokens,
        )
        if said.reply is None:
            return Written(reply=None, made=made, words=said.refused, why=said.why, fault=said.fault)
        sieve = Sieve(job, self._check)
        reply = assemble(job, said.reply, sieve, made)
        _log_claims(task, job, sieve)
        made = made.model_copy(update={"dropped": tuple(sieve.dropped)})
        return Written(reply=_with(reply, made), made=made, kept=sieve.kept)

    def _ask(self, asked: Asked, job: Job, *, heard: Callable[[JsonObject], None] | None) -> Said:
        estimate = len(f"{asked.system}{asked.user}".encode()) // _BYTES_A_TOKEN + asked.max_tokens
        reserved = self._budget.reserve(job.subject, estimate, by=job.by, channel=job.channel, urgent=job.urgent)
        began = monotonic()
        used = 0
        try:
            said = self._model.ask(asked, heard=heard)
            used = said.tokens.input + said.tokens.output or estimate  # a reply that was broken off tells none
        finally:
            self._budget.settle(reserved, used)
        facts = {"task": asked.task, "subject": job.subject, "model": said.model, **said.tokens.model_dump()}
        seconds = round(monotonic() - began, 3)
        told = measured(
            (MODEL_CALLS, 1),
            (MODEL_SECONDS, seconds),
            (MODEL_TOKENS_IN, said.tokens.input),
            (MODEL_TOKENS_OUT, said.tokens.output),
            (MODEL_TOKENS_CACHED, said.tokens.cached),
            Task=asked.task,
            Result=said.result,
        )
        log.info("A model was asked.", extra={**facts, "seconds": seconds, "answered": said.reply is not None, **told})
        return said

    def _aloud(self, job: Job, heard: Callable[[str], None]) -> Callable[[JsonObject], None]:
        """Return what takes sentences while they are written and passes on those that hold, as one text that grows."""
        sieve = Sieve(job, self._check)
        told: list[str] = []

        def hear(value: JsonObject) -> None:
            try:
                kept = sieve.keep([Sentence.model_validate(value)])
            except ValidationError:  # the whole reply will be refused for it
                return
            if still := unstruck(kept, job.struck):
                told.extend(claim.text for claim in still)
                heard(" ".join(told))

        return hear


def _log_claims(task: str, job: Job, sieve: Sieve) -> None:
    told = measured(
        (CLAIMS_KEPT, sieve.kept), (CLAIMS_INFERRED, sieve.inferred), (CLAIMS_DROPPED, len(sieve.dropped)), Task=task
    )
    log.info("What a model said was held against the evidence.", extra={"subject": job.subject, **told})


def _with(reply: Reply | None, made: Made) -> Reply | None:
    return None if reply is None else reply.model_copy(update={"made": made})


def total(spent: Sequence[Tokens]) -> Tokens:
    """Return the tokens of several requests together."""
    return Tokens(
        input=sum(one.input for one in spent),
        output=sum(one.output for one in spent),
        cached=sum(one.cached for one in spent),
    )
