"""Every metric of the bot itself: its name, its unit, what it is told apart by and what it means. Nothing else is one.

What is measured rides on a log line; `bot/logs.py` writes it in CloudWatch's embedded metric format. A metric is told
apart by words of the code and by ids of runbooks: never by a person, a run or a text from outside, since each new word
is a new series.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

ENVIRONMENT = "Environment"
"""Every metric is told apart by the environment that is served."""


class Unit(StrEnum):
    """Name units as CloudWatch does."""

    COUNT = "Count"
    SECONDS = "Seconds"
    MILLISECONDS = "Milliseconds"


@dataclass(frozen=True, kw_only=True, eq=False)
class Metric:
    """Say what one metric is.

    Attributes:
        means: one sentence for whoever alarms on it.
        by: what it is told apart by, beside the environment; it is written once for each of these, so that an alarm on
            all of them needs no sum.
        words: which words each of these can be; none where they are ids of runbooks.
    """

    name: str
    unit: Unit
    means: str
    by: tuple[tuple[str, ...], ...] = ((),)
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Hold what one log line measures; `words` say what it is told apart by."""

    values: tuple[tuple[Metric, float | Sequence[float]], ...]
    words: Mapping[str, str]


def measured(*values: tuple[Metric, float | Sequence[float]], **words: str) -> Mapping[str, Measured]:
    """Return what is added to the `extra` of the log line that tells the same."""
    return {"metrics": Measured(values=values, words=words)}


def table() -> str:
    """Return every metric as a table in Markdown."""
    rows = (f"| `{one.name}` | {one.unit} | {_told_apart(one)} | {one.means} |" for one in TABLE)
    return "\n".join(("| Metric | Unit | Also by | What it means |", "| --- | --- | --- | --- |", *rows))


def _told_apart(metric: Metric) -> str:
    return "; ".join(
        ", ".join(f"`{name}` ({' '.join(metric.words[name]) or 'its id'})" for name in names)
        for names in metric.by
        if names
    )


def series(runbooks: int) -> int:
    """Return how many metrics CloudWatch holds of one environment at most: one for each set of words."""
    return sum(prod(len(metric.words[name]) or runbooks for name in names) for metric in TABLE for names in metric.by)


def _metric(name: str, unit: Unit, means: str, *further: tuple[str, ...], **words: tuple[str, ...]) -> Metric:
    """Return a metric that is written for all together and, further, by each of these."""
    return Metric(name=name, unit=unit, means=means, by=((), *further), words=words)


_TASKS = ("expand_step", "suggest_response", "answer", "draft_postmortem")

# Slack: is anybody heard, and how soon are they answered?

ACK_MILLISECONDS = _metric(
    "AckMilliseconds",
    Unit.MILLISECONDS,
    "How long Slack waited for each acknowledgement, from when a thread took it up; it shows an error after 3,000.",
)
ACKS_FAILED = _metric(
    "AcksFailed",
    Unit.COUNT,
    "What people did that could not be kept, because of a neighbour or a bug; they were told, or Slack sends it again.",
)
CARD_TROUBLES = _metric(
    "CardTroubles",
    Unit.COUNT,
    "Messages that could not be shown, or not whole, when they were to be: Slack wants fewer calls, gave no answer, or "
    "refused.",
    ("Why",),
    Why=("slow_down", "no_answer", "refused"),
)

# Work: does it get done?

STARTS = _metric(
    "Starts", Unit.COUNT, "Processes that became ready; many in an hour are one that falls again and again."
)
ERRORS = _metric("Errors", Unit.COUNT, "Log lines at ERROR or above, libraries' too: bugs, and what was given up.")
PARTS_AILING = _metric(
    "PartsAiling",
    Unit.COUNT,
    "How many parts of the process do not work (engine, database, sweeper, renderer, intake, slack); written each "
    "minute, so that none at all means a process that is gone.",
)
INBOX_SECONDS = _metric(
    "InboxSeconds",
    Unit.SECONDS,
    "How old the oldest thing is that came in and was not dealt with; an alarm among them.",
)
OVERDUE_SECONDS = _metric(
    "OverdueSeconds", Unit.SECONDS, "For how long the most overdue work (a run's next step, a reminder) has been due."
)
CARDS_BEHIND = _metric("CardsBehind", Unit.COUNT, "How many messages show something old.")
ANCHOR_SECONDS = _metric(
    "AnchorSeconds", Unit.SECONDS, "How long ago the process last anchored the audit, which it does every ten minutes."
)

# Alarms of the lake.

ALARMS_OPENED = _metric("AlarmsOpened", Unit.COUNT, "Alarms of the lake that went off and were confirmed.")
ALARM_DELAY_SECONDS = _metric(
    "AlarmDelaySeconds", Unit.SECONDS, "From an alarm's change of state in CloudWatch until the bot had confirmed it."
)
ALARMS_REFUSED = _metric(
    "AlarmsRefused",
    Unit.COUNT,
    "Messages where alarms come in that were not believed: no alarm, not ours, not signed, or unknown to CloudWatch.",
    ("Why",),
    Why=("not_ours", "unconfirmed"),
)

# Runs and approvals.

RUNS_OPEN = _metric("RunsOpen", Unit.COUNT, "Runs that have not ended.")
RUNS_UNKNOWN = _metric(
    "RunsUnknown", Unit.COUNT, "Runs that stand still because nobody knows what became of a call: a person has to say."
)
RUNS_OWING = _metric("RunsOwing", Unit.COUNT, "Runs that ended and still owe something, such as a paused schedule.")
RUNS_ENDED = _metric(
    "RunsEnded",
    Unit.COUNT,
    "Runs that ended, again after an Undo.",
    ("Ending",),
    ("Ending", "Runbook"),
    Ending=("repaired", "not_repaired", "stopped"),
    Runbook=(),
)
REPAIR_SECONDS = _metric(
    "RepairSeconds",
    Unit.SECONDS,
    "From the alarm's change of state until its run said repaired.",
    ("Runbook",),
    Runbook=(),
)
REQUESTS = _metric(
    "Requests",
    Unit.COUNT,
    "Requests for approval that came to something; what one person answered by breaking the glass is told apart, and "
    "one that was approved may still be revoked or void.",
    ("Outcome",),
    Outcome=("approved", "broken_glass", "declined", "withdrawn", "expired", "revoked", "void"),
)
REQUEST_SECONDS = _metric(
    "RequestSeconds",
    Unit.SECONDS,
    "From asking for an approval until it came to that: what runs waited for people.",
    ("Outcome",),
    Outcome=("approved", "broken_glass", "declined", "withdrawn", "expired", "revoked", "void"),
)
REFUSALS = _metric(
    "Refusals",
    Unit.COUNT,
    "What people wanted and may not, or could not: a vote (also a no, or a yes taken back), or anything else.",
    ("What",),
    What=("vote", "other"),
)
CALLS = _metric(
    "Calls",
    Unit.COUNT,
    "Changing calls to AWS by what came back; unknown: sent, and no answer.",
    ("Result",),
    Result=("done", "failed", "unknown"),
)

# The model.

MODEL_CALLS = _metric(
    "ModelCalls",
    Unit.COUNT,
    "Calls of a model that it answered, by what its answer was.",
    ("Result",),
    ("Task",),
    Result=("answered", "guarded", "too_long", "malformed"),
    Task=_TASKS,
)
MODEL_SECONDS = _metric("ModelSeconds", Unit.SECONDS, "How long such a call took.", ("Task",), Task=_TASKS)
MODEL_TOKENS_IN = _metric(
    "ModelTokensIn", Unit.COUNT, "Tokens read by models, those from the cache among them.", ("Task",), Task=_TASKS
)
MODEL_TOKENS_OUT = _metric("ModelTokensOut", Unit.COUNT, "Tokens written by models.", ("Task",), Task=_TASKS)
MODEL_TOKENS_CACHED = _metric(
    "ModelTokensCached", Unit.COUNT, "Tokens that came from the cache.", ("Task",), Task=_TASKS
)
FALLBACKS = _metric(
    "Fallbacks",
    Unit.COUNT,
    "Jobs for which people got a quotation instead of a model's words, and why.",
    ("Why",),
    Why=(
        *("deadline", "busy", "left_alone", "budget", "throttled", "unavailable", "refused", "unusable"),
        *("guarded", "too_long", "malformed", "nothing_holds", "bug"),
    ),
)
CLAIMS_KEPT = _metric("ClaimsKept", Unit.COUNT, "Sentences of a model that the evidence bears.", ("Task",), Task=_TASKS)
CLAIMS_INFERRED = _metric(
    "ClaimsInferred", Unit.COUNT, "Those of them that go further than it says.", ("Task",), Task=_TASKS
)
CLAIMS_DROPPED = _metric(
    "ClaimsDropped", Unit.COUNT, "What a model said and the evidence does not bear.", ("Task",), Task=_TASKS
)
CLAIMS_STRUCK = _metric(
    "ClaimsStruck",
    Unit.COUNT,
    "Sentences that people struck as wrong, by who worded them; what is taken back later stays counted.",
    ("Engine",),
    Engine=("bedrock", "extractive", "people"),
)

TABLE: tuple[Metric, ...] = (
    *(ACK_MILLISECONDS, ACKS_FAILED, CARD_TROUBLES),
    *(STARTS, ERRORS),
    *(PARTS_AILING, INBOX_SECONDS, OVERDUE_SECONDS, CARDS_BEHIND, ANCHOR_SECONDS),
    *(ALARMS_OPENED, ALARM_DELAY_SECONDS, ALARMS_REFUSED),
    *(RUNS_OPEN, RUNS_UNKNOWN, RUNS_OWING, RUNS_ENDED, REPAIR_SECONDS),
    *(REQUESTS, REQUEST_SECONDS, REFUSALS, CALLS),
    *(MODEL_CALLS, MODEL_SECONDS, MODEL_TOKENS_IN, MODEL_TOKENS_OUT, MODEL_TOKENS_CACHED),
    *(FALLBACKS, CLAIMS_KEPT, CLAIMS_INFERRED, CLAIMS_DROPPED, CLAIMS_STRUCK),
)
