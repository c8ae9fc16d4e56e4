"""The assistant people get: the model while it answers in time and within its budget, else the one that quotes.

Nothing here raises for a model that is away, slow, wrong or too dear: the reply says in words why it is a quotation.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic
from typing import Generic, TypeVar

from bot.assistant import sieve
from bot.assistant.breaker import Breaker
from bot.assistant.extractive import ENGINE
from bot.assistant.writing import Assemble, Writer, Written, total
from bot.domain.assistance import (
    Answer,
    AnswerQuestion,
    AnyJob,
    DraftPostmortem,
    ExpandStep,
    Expansion,
    Made,
    Suggestion,
    SuggestResponse,
    Wording,
)
from bot.domain.claims import Claim
from bot.domain.metrics import FALLBACKS, measured
from bot.errors import BotError, BusyError, CallRefusedError, NotAllowedError, UnavailableError
from bot.ports import Assistant

log = logging.getLogger(__name__)

INSTEAD = "this is from the runbook and the evidence alone."
ITS_OWN = frozenset({"nothing_holds", "guarded", "too_long", "unusable"})
"""Why one section of a draft came to nothing that says nothing of the next."""

Reply = TypeVar("Reply", Answer, Expansion, Suggestion, Wording)


class FallbackAssistant:
    """Ask the model; where that comes to nothing, quote and say why."""

    def __init__(
        self,
        *,
        writer: Writer,
        plain: Assistant,
        breaker: Breaker,
        deadline: timedelta,
        draft_deadline: timedelta,
        at_once: int,
    ) -> None:
        self._writer = writer
        self._plain = plain
        self._breaker = breaker
        self._deadline = deadline.total_seconds()
        self._draft_deadline = draft_deadline.total_seconds()
        self._at_once = at_once
        self._free = threading.BoundedSemaphore(at_once)

    def expand_step(self, job: ExpandStep) -> Expansion:
        """Expand one step."""
        tried = _told("expand_step", self._tried("expand_step", job, sieve.expansion, self._deadline))
        return tried.reply or _instead(self._plain.expand_step(job), tried)

    def suggest_response(self, job: SuggestResponse) -> Suggestion:
        """Suggest a response to an alarm."""
        tried = _told("suggest_response", self._tried("suggest_response", job, sieve.suggestion, self._deadline))
        return tried.reply or _instead(self._plain.suggest_response(job), tried)

    def answer(self, job: AnswerQuestion, *, heard: Callable[[str], None] = lambda _: None) -> Answer:
        """Answer a question; what is heard meanwhile has been checked, sentence by sentence."""
        tried = _told("answer", self._tried("answer", job, sieve.answer, self._deadline, heard=heard))
        return tried.reply or _instead(self._plain.answer(job, heard=heard), tried)

    def draft_postmortem(self, job: DraftPostmortem) -> Wording:
        """Word the sections of a post-mortem, one request each: what fails costs its own section, and no other's words.

        Where the service itself fails or nothing is left to spend, it is not asked for the rest.
        """
        task, began, quickest = "draft_postmortem", monotonic(), 0.0
        tried: dict[str, Written[Wording]] = {}
        for title, purpose in job.sections.items():
            one = job.model_copy(update={"sections": {title: purpose}})
            last = next(reversed(tried.values()), None)
            spent = monotonic() - began
            if last is not None and last.reply is None and last.why not in ITS_OWN:
                tried[title] = _nothing(last.words, last.why)
            elif self._draft_deadline - spent < quickest:
                tried[title] = _nothing(f"Nothing was left of the {self._draft_deadline:g} s for it", "deadline")
            else:
                tried[title] = self._tried(task, one, sieve.wording, self._draft_deadline, spent=spent)
                took = monotonic() - began - spent
                quickest = min(quickest or took, took)
        for first in [one for one in tried.values() if one.reply is None][:1]:
            _told(task, first)
        return _joined(tried, self._plain.draft_postmortem(job).sections)

    def _tried(
        self,
        task: str,
        job: AnyJob,
        assemble: Assemble[AnyJob, Reply],
        deadline: float,
        *,
        spent: float = 0.0,
        heard: Callable[[str], None] | None = None,
    ) -> Written[Reply]:
        """Return what the model made of the job before the deadline, or why nothing.

        Args:
            spent: seconds of the deadline that are gone already.
        """
        ends = monotonic() + deadline - spent
        try:
            self._breaker.enter()
        except UnavailableError as error:
            return _nothing(error.words, "left_alone")
        if not self._free.acquire(timeout=max(0.0, ends - monotonic())):
            self._breaker.neither()
            return _nothing(f"{self._at_once} other questions keep Bedrock busy", "busy")
        work = _Work[Reply](heard)
        threading.Thread(
            target=self._work, args=(work, task, job, assemble), name=f"assistant-{task}", daemon=True
        ).start()
        tried = work.wait(max(0.0, ends - monotonic()))
        if tried is None:
            self._breaker.fault()
            tried = _nothing(f"Bedrock did not answer within {deadline:g} s", "deadline")
        elif tried.fault:
            self._breaker.fault()
        elif tried.made.tokens.input:
            self._breaker.good()
        else:
            self._breaker.neither()
        return tried

    def _work(self, work: "_Work[Reply]", task: str, job: AnyJob, assemble: Assemble[AnyJob, Reply]) -> None:
        """Do the job in a thread of its own, which may outlive the deadline; never raise."""
        try:
            found = self._writer.write(task, job, assemble, first=work.first, heard=work.heard)
            work.finish(_worth(found))
        except NotAllowedError as error:
            work.finish(_nothing(error.words, "budget"))
        except BusyError as error:
            work.finish(_nothing(error.words, "throttled", fault=True))
        except UnavailableError as error:
            work.finish(_nothing(error.words, "unavailable", fault=True))
        except CallRefusedError as error:
            work.finish(_nothing(error.words, "refused", fault=True))
        except BotError as error:
            work.finish(_nothing(error.words, "unusable"))
        except Exception:
            log.exception("The model's reply met a bug.")
            work.finish(_nothing("The bot could not make use of Bedrock's reply", "bug"))
        finally:
            self._free.release()


class _Work(Generic[Reply]):
    """Hold what one thread has come to, for the one that waits for it until a deadline."""

    def __init__(self, heard: Callable[[str], None] | None) -> None:
        self._heard = heard
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._over = False
        self._best: Written[Reply] | None = None
        self.heard = self._hear if heard else None

    def first(self, written: Written[Reply]) -> None:
        """Keep a first try, in case there is no time for the second."""
        if written.kept:
            self._best = written

    def finish(self, written: Written[Reply]) -> None:
        """Keep the outcome."""
        self._best = written if written.reply is not None or self._best is None else self._best
        self._done.set()

    def wait(self, seconds: float) -> Written[Reply] | None:
        """Return the best there is when it is done or the time is up; nothing is heard after."""
        self._done.wait(seconds)
        with self._lock:
            self._over = True
        return self._best

    def _hear(self, text: str) -> None:
        with self._lock:
            if not self._over and self._heard is not None:
                self._heard(text)


def _joined(tried: Mapping[str, Written[Wording]], quoted: Mapping[str, tuple[Claim, ...]]) -> Wording:
    """Return the sections, each as the model worded it or else quoted, and how they came about together."""
    worded = [one.made for one in tried.values() if one.reply is not None]
    all_made = [one.made for one in tried.values()]
    first = worded[0] if worded else Made(engine=ENGINE)
    made = first.model_copy(
        update={
            "tokens": total([one.tokens for one in all_made]),
            "dropped": tuple(one for each in all_made for one in each.dropped),
            "degraded": _why(tried),
        }
    )
    parts = {
        title: one.reply.sections[title] if one.reply is not None else quoted[title] for title, one in tried.items()
    }
    return Wording(sections=parts, made=made)


def _why(tried: Mapping[str, Written[Wording]]) -> str:
    """Return why sections are quotations, and which where others are not; those of one reason together."""
    reasons: dict[str, list[str]] = {}
    for title, one in tried.items():
        if one.reply is None:
            reasons.setdefault(one.words.rstrip("."), []).append(title)
    if len(reasons) == 1 and all(one.reply is None for one in tried.values()):
        return f"{next(iter(reasons))}; {INSTEAD}"
    said = [f"{', '.join(titles)}: {words}" for words, titles in reasons.items()]
    return f"{'; '.join(said)}; what it did not word is quoted from the evidence." if said else ""


def _worth(written: Written[Reply]) -> Written[Reply]:
    """Return what was written, unless nothing of it held."""
    if written.reply is None or written.kept or not written.made.dropped:
        return written
    words = "Nothing of Bedrock's reply stands in the evidence"
    return Written(reply=None, made=written.made, words=words, why="nothing_holds")


def _nothing(words: str, why: str, *, fault: bool = False) -> Written[Reply]:
    return Written(reply=None, made=Made(engine="bedrock"), words=words, why=why, fault=fault)


def _told(task: str, tried: Written[Reply]) -> Written[Reply]:
    """Log it where the model did not do the job, and return it."""
    if tried.reply is None:
        told = measured((FALLBACKS, 1), Why=tried.why)
        log.warning("The model did not do it.", extra={"task": task, "why": tried.words, **told})
    return tried


def _instead(reply: Reply, tried: Written[Reply]) -> Reply:
    """Return a quotation that says why it is one, with what the model used up and what of it was dropped."""
    made = tried.made.model_copy(
        update={"engine": reply.made.engine, "degraded": f"{tried.words.rstrip('.')}; {INSTEAD}"}
    )
    return reply.model_copy(update={"made": made})
