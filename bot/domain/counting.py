"""What a kept change comes to in metrics: read off its audit and its values, so that no use case has to count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approval import Approval, ApprovalState
from bot.domain.audit import AuditEntry
from bot.domain.metrics import (
    ALARM_DELAY_SECONDS,
    ALARMS_OPENED,
    CALLS,
    CLAIMS_STRUCK,
    REFUSALS,
    REPAIR_SECONDS,
    REQUEST_SECONDS,
    REQUESTS,
    RUNS_ENDED,
    measured,
)
from bot.domain.moment import moment
from bot.domain.records import Change, Episode
from bot.domain.run import Run, RunState
from bot.domain.value import JsonValue
from bot.errors import InvalidError


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Hold one log line: a sentence, and its facts with what they measure."""

    words: str
    facts: Mapping[str, object]


def counted(change: Change) -> Iterator[Counted]:
    """Yield what happened with this change, each once."""
    for entry in change.audit:
        match entry.kind:
            case "run.ended" | "run.stopped":
                yield from (_run_ended(run) for run in change.runs if run.label == entry.subject)
            case "call.answered":
                yield _call_answered(entry)
            case "wish.refused":
                yield _refused(entry)
            case "claim.struck":
                yield _struck(entry)
            case _:
                pass
    for approval in change.approvals:
        if approval.state not in {ApprovalState.PENDING, ApprovalState.CONSUMED}:
            yield _request_over(approval)
    for episode in change.episodes:
        if episode.revision == 0:
            yield _alarm_opened(episode)


def _run_ended(run: Run) -> Counted:
    alarm = run.facts.get("alarm")
    took = _seconds(alarm.get("since") if isinstance(alarm, dict) else None, run.ended)
    repaired = run.state is RunState.REPAIRED and took is not None
    facts = {"run": run.label, "alarm": run.alarm}
    values = ((RUNS_ENDED, 1), *(((REPAIR_SECONDS, took),) if repaired else ()))
    told = measured(*values, Ending=run.state.value, Runbook=run.runbook)
    return Counted(words="A run ended.", facts={**facts, **told})


def _call_answered(entry: AuditEntry) -> Counted:
    facts = {"run": entry.subject, "step": entry.facts.get("step"), "row": entry.facts.get("row")}
    told = measured((CALLS, 1), Result=str(entry.facts.get("state")))
    return Counted(words="A call came to something.", facts={**facts, **told})


def _refused(entry: AuditEntry) -> Counted:
    facts = {"kind": entry.facts.get("kind"), "inbox": entry.facts.get("inbox")}
    what = "vote" if entry.subject.startswith("Q-") else "other"
    return Counted(words="Something was refused.", facts={**facts, **measured((REFUSALS, 1), What=what)})


def _struck(entry: AuditEntry) -> Counted:
    engine = str(entry.facts.get("engine") or "people")
    facts = {"about": entry.subject, "claim": entry.facts.get("claim"), "on": entry.facts.get("message")}
    return Counted(words="A sentence was struck.", facts={**facts, **measured((CLAIMS_STRUCK, 1), Engine=engine)})


def _request_over(approval: Approval) -> Counted:
    over = approval.ended or approval.votes[-1].at
    took = max(0.0, (over - approval.asked_at).total_seconds())
    facts = {"request": approval.label, "run": f"R-{approval.run}", "step": approval.step}
    alone = approval.broken and approval.state is ApprovalState.APPROVED
    outcome = "broken_glass" if alone else approval.state.value
    told = measured((REQUESTS, 1), (REQUEST_SECONDS, took), Outcome=outcome)
    return Counted(words="A request came to something.", facts={**facts, **told})


def _alarm_opened(episode: Episode) -> Counted:
    delay = _seconds(episode.since, episode.opened)
    told = measured((ALARMS_OPENED, 1), *(() if delay is None else ((ALARM_DELAY_SECONDS, delay),)))
    return Counted(words="An alarm was opened.", facts={"alarm": f"A-{episode.id}", **told})


def _seconds(since: JsonValue, until: datetime | None) -> float | None:
    """Return the seconds from what an alarm says of its time; None where it says none."""
    if until is None or not isinstance(since, str):
        return None
    try:
        return max(0.0, (until - moment(since)).total_seconds())
    except InvalidError:
        return None
