"""The alarm card: what it means, whether it can wait, what was looked at, which runbook. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.moment import moment
from bot.domain.problem import Problem
from bot.domain.records import AlarmState, Episode
from bot.domain.run import Run, RunState, standing
from bot.domain.runbook import Runbook, Step
from bot.domain.strikes import Struck
from bot.slack.cards import wording
from bot.slack.cards.assist import suggestion_lines, wrong
from bot.slack.cards.blocks import Block, Button, Confirm, Message, buttons, context, lines, message, section
from bot.slack.cards.run import STATES, where
from bot.slack.cards.stage import Stage, on_trial

MOST_FINDINGS = 8
MOST_WORDS = 4
MOST_KINDS = 10
OK_AGAIN = Confirm(
    title="The alarm is OK again",
    text="Start the runbook all the same? It starts by looking; every change stops for an approval.",
    yes="Start",
)
"""What a start asks once more where there is no alarm any more."""

Near = tuple[Runbook, Sequence[str]]
"""A runbook that comes near to an alarm, and the words that stand in both."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Hold the newest run that answers an alarm, and the runbook as it follows it."""

    run: Run
    runbook: Runbook


def alarm_card(
    episode: Episode,
    runbook: Runbook | None,
    answered: Answered | None,
    stage: Stage,
    *,
    struck: Struck,
    near: Sequence[Near] = (),
    others: Sequence[Episode] = (),
    unread: Sequence[Problem] = (),
    good: Run | None = None,
) -> Message:
    """Return the alarm as it stands.

    Args:
        answered: the run that answers it, if one does.
        good: the last run of its runbook that repaired something.
        struck: the strikes that stand in what it belongs to.
        near: where no runbook names it, those that come nearest, best first.
        others: alarms of the same cause, told on this card and not by themselves.
        unread: what keeps runbooks from being read, one of which may name the alarm.
    """
    run = answered.run if answered else None
    start = _start(episode, runbook, run, near, stage)
    blocks = [
        section(_head(episode, run, stage, others)),
        section(_meaning(episode, runbook)),
        *_looked(episode),
        *_suggested(episode, run, struck),
        section(_runbook(episode, runbook, answered, stage, near, unread, good)),
        *_buttons(episode, runbook, run, start),
        context(_small_print(episode, stage, starts=start is not None)),
    ]
    edition = f"{episode.revision}.{max((one.id for one in struck.values()), default=0)}.{len(struck)}"
    return message(_push(episode, runbook, run, stage), blocks, ids=f"alarm:{episode.id}:{edition}")


def storm_card(caught: Sequence[Episode], stage: Stage) -> Message:
    """Return many alarms of one moment as one message: how many of each, since when, and what is OK again.

    Args:
        caught: every alarm of the storm, newest first; none of them has a card of its own.
    """
    open_ones = [one for one in caught if one.state is AlarmState.ALARM]
    first = min((one.opened for one in caught), default=stage.now)
    counted = Counter((one.notice.name, one.runbook) for one in caught)
    shown = [
        f"• {count} × *{wording.quoted(name, 60)}*"
        + (f" · {wording.quoted(runbook, 40)} fits" if runbook else " · no runbook names it")
        for (name, runbook), count in counted.most_common(MOST_KINDS)
    ]
    rest = sum(counted.values()) - sum(count for _, count in counted.most_common(MOST_KINDS))
    more = f"• and {rest} of {len(counted) - MOST_KINDS} other kinds" if rest else ""
    tail = wording.on_call(stage.policy.on_call, stage.policy) if open_ones else ""
    state = f"{len(open_ones)} of {len(caught)} still in ALARM" if open_ones else f"all {len(caught)} are OK again"
    since = wording.time_of(first, now=stage.now)
    blocks = [
        section(
            lines(
                f"🌪 *{stage.environment} · ALARM STORM* · {state}",
                f"{stage.account} · since {since}" + (f" · {tail}" if tail else ""),
                "So many alarms at once mostly have one cause. Each is kept; none is shown by itself.",
            )
        ),
        section(lines(*shown, more)),
        *buttons([Button(label="Show all", action="show_alarms", value="1")]),
        context("Nothing was looked at for these; `/alarm suggest A-118` looks. · no model used"),
    ]
    text = wording.push(f"ALARM STORM {stage.environment}: {state}.", tail)
    newest = max((one.id for one in caught), default=0)
    return message(text, blocks, ids=f"storm:{newest}:{len(open_ones)}")


def label(episode: Episode) -> str:
    """Return the short id people speak of."""
    return f"A-{episode.id}"


def _quiet(episode: Episode) -> bool:
    return episode.state is not AlarmState.ALARM or episode.taken_by is not None or episode.snoozed_until is not None


def _subject(episode: Episode) -> str:
    dimensions = episode.notice.dimensions
    known = dimensions.get("Pipeline") or next(iter(dimensions.values()), "")
    return wording.quoted(known.rpartition(":")[2] if known.startswith("arn:") else known, 40)


def _push(episode: Episode, runbook: Runbook | None, run: Run | None, stage: Stage) -> str:
    name, subject = wording.quoted(episode.notice.name, 50), _subject(episode)
    what = f" {subject}: {wording.prose(runbook.title, 40)}" if runbook else f" {subject}"
    if episode.state is not AlarmState.ALARM:
        return wording.push(f"OK again: {stage.environment}{what} ({name}), {label(episode)}")
    fits = f"{wording.quoted(runbook.id, 30)} fits." if runbook else "No runbook names it."
    tail = "" if _quiet(episode) else wording.on_call(stage.policy.on_call, stage.policy)
    told = f" {run.label} {STATES[standing(run)][1]}." if run else f" {fits}"
    return wording.push(f"ALARM {stage.environment}{what} ({name}).{told}", tail)


def _head(episode: Episode, run: Run | None, stage: Stage, others: Sequence[Episode]) -> str:
    name, subject = wording.quoted(episode.notice.name, 80), _subject(episode)
    state = "ALARM" if episode.state is AlarmState.ALARM else "OK"
    emoji = "🔴" if episode.state is AlarmState.ALARM else "✅"
    since = wording.time_in(episode.since, now=stage.now)
    over = f" · OK since {wording.time_in(episode.ok_since, now=stage.now)}" if episode.ok_since else ""
    if episode.ok_since and run is not None and run.state is RunState.REPAIRED and run.ended is not None:
        minutes = (run.ended - moment(episode.since)) // timedelta(minutes=1)
        over += f", repaired by {run.label}" + (f" · {minutes} min" if minutes > 0 else "")
    calls = "" if _quiet(episode) else f" · {wording.on_call(stage.policy.on_call, stage.policy)}"
    again = f" · fired {episode.times}×" if episode.times > 1 else ""
    joined = ", ".join(f"{label(one)} {wording.quoted(one.notice.name, 40)}" for one in others[:4])
    return lines(
        f"{emoji} *{stage.environment} · {state} · {name}*" + (f" · {subject}" if subject else ""),
        f"{stage.account} · since {since}{over} · {label(episode)}{again}{calls}",
        f"with {joined} (same cause, within 5 min)" if joined else "",
    )


def _meaning(episode: Episode, runbook: Runbook | None) -> str:
    described = wording.quoted(episode.notice.description, 300)
    said = wording.prose(runbook.summary, 300) if runbook else "" if described else "Nothing is written about it."
    wait = wording.prose(runbook.can_wait, 200) if runbook and runbook.can_wait else "not known; nobody wrote it down."
    return lines(
        f"*What is wrong.* {described}" if described else "",
        f"*What it means.* {said}" if said else "",
        f"*CloudWatch says* “{wording.quoted(episode.notice.reason, 260)}”"
        if episode.notice.reason and not episode.findings
        else "",
        f"*Can it wait?* {wait}" if episode.state is AlarmState.ALARM else "",
    )


def _looked(episode: Episode) -> list[Block]:
    if not episode.findings:
        return []
    found = []
    for finding in episode.findings[:MOST_FINDINGS]:
        mark = "•" if finding.get("ok") else "⚠️"
        evidence = finding.get("id")
        said = wording.prose(str(finding.get("words", "")), 160)
        found.append(f"{mark} {said}" + (f" [{wording.quoted(str(evidence), 6)}]" if evidence else ""))
    return [section(lines("*Looked already* (read-only)", *found))]


def _suggested(episode: Episode, run: Run | None, struck: Struck) -> list[Block]:
    """Return what the assistant suggests, until somebody has started something.

    Without a model it says only what stands on the card already: the alarm's words, and those of the runbooks.
    """
    suggestion, named = episode.suggestion, episode.runbook or episode.nearest
    if suggestion is None or run is not None or (suggestion.made.engine == "extractive" and named):
        return []
    said = suggestion_lines(suggestion, struck)
    button = wrong(label(episode), suggestion.response)
    return [section(lines("*Suggested*", *said), button=button)] if said else []


def _runbook(
    episode: Episode,
    runbook: Runbook | None,
    answered: Answered | None,
    stage: Stage,
    near: Sequence[Near],
    unread: Sequence[Problem],
    good: Run | None,
) -> str:
    run = answered.run if answered else None
    going = _going(answered, stage) if answered else ""
    if episode.none_fits and run is None:
        when = wording.time_of(episode.none_fits.at, now=stage.now)
        going = f"*None fits*, {stage.name(episode.none_fits.by)} said {when}."
    if run is not None and run.runbook != episode.runbook:
        going = f"It is answered by {wording.code(run.runbook, 40)}: {going}"
    if runbook is None:
        none = "*No runbook names this alarm*, and none comes near by its words."
        found = ["*No runbook names this alarm.* Nearest by words:", *(_near(one, episode) for one in near)]
        return lines(*(found if near else [none]), going, _unread(unread))
    first = next((step for step in runbook.forward if stage.changes(step)), None)
    asks = _first_change(first, stage) if first and run is None else ""
    owner = wording.role_name(runbook.owner, stage.policy)
    name = f"*Runbook: {wording.quoted(runbook.id, 40)}*{on_trial(runbook)}"
    return lines(
        f"{name} · {wording.prose(episode.why, 90)} · owner {owner}{_last(good, stage)}",
        asks if stage.starts(runbook) else wording.prose(runbook.not_startable(stage.serves) or "", 200),
        going,
    )


def _going(answered: Answered, stage: Stage) -> str:
    """Return how the run stands that answers an alarm, and at which step where it waits for somebody."""
    run = answered.run
    state = f"{stage.linked(f'run:{run.id}', run.label)} is *{STATES[standing(run)][1]}*"
    waits = run.state in {RunState.WAITING, RunState.OUTCOME_UNKNOWN}
    return f"{state} at {where(run, answered.runbook)}." if waits else f"{state}."


def _last(good: Run | None, stage: Stage) -> str:
    if good is None or good.ended is None:
        return ""
    days = (stage.now - good.ended) // timedelta(days=1)
    ago = f"{wording.counted(days, 'day')} ago" if days else wording.time_of(good.ended, now=stage.now)
    return f" · last good run {ago} ({good.label})"


def _near(near: Near, episode: Episode) -> str:
    runbook, matched = near
    words = ", ".join(wording.quoted(one, 20) for one in matched[:MOST_WORDS])
    chosen = " · *suggested by the assistant*" if runbook.id == _chosen(episode) else ""
    name = f"*{wording.prose(runbook.title, 60)}* · {wording.code(runbook.id, 40)}{on_trial(runbook)}"
    return f"• {name}" + (f" · matches {words}" if words else "") + chosen


def _chosen(episode: Episode) -> str | None:
    return episode.suggestion.runbook if episode.suggestion else None


def _best(episode: Episode, near: Sequence[Near], stage: Stage) -> Near | None:
    """Return what may be started of the nearest: the one that the assistant chose, else the first."""
    able = [one for one in near if stage.starts(one[0])]
    return next((one for one in able if one[0].id == _chosen(episode)), next(iter(able), None))


def _first_change(step: Step, stage: Stage) -> str:
    sure = "may" if step.when else "will"
    return (
        f"First change it {sure} ask for: {wording.prose(wording.sentence(step.title), 60)} ({stage.asks_for(step)})."
    )


def _unread(problems: Sequence[Problem]) -> str:
    if not problems:
        return ""
    files = {one.path for one in problems}
    which = "1 runbook" if len(files) == 1 else f"{len(files)} runbooks"
    first = problems[0]
    at = wording.code(f"{first.path}:{first.line}", 80)
    return f"⚠️ {which} cannot be read, and may name it: {at} {wording.quoted(first.words, 160)}"


def _buttons(episode: Episode, runbook: Runbook | None, run: Run | None, start: Button | None) -> list[Block]:
    number = str(episode.id)
    shown = [start] if start is not None else []
    if run is not None:
        shown.append(Button(label=f"Show {run.label}", action="show_run", value=str(run.id)))
    if episode.state is AlarmState.ALARM and episode.taken_by is None:
        shown.append(Button(label="I’m on it", action="take_alarm", value=number))
    more = []
    if runbook is not None:
        plan = [Button(label="Plan only", action="plan", value=number)] if run is None else []
        more = [*plan, Button(label="Read the runbook", action="show_runbook", value=runbook.id)]
    if episode.state is AlarmState.ALARM:
        shown.append(Button(label="Other runbook…", action="other_runbook", value=number))
    if episode.suggestion is not None:
        more.append(Button(label="Evidence", action="evidence", value=label(episode)))
    if episode.state is AlarmState.ALARM:
        more.append(Button(label="Declare incident", action="declare", value=number))
    if episode.snoozed_until is None and episode.state is AlarmState.ALARM:
        more.append(Button(label="Expected, snooze 1 h", action="snooze", value=number))
    return buttons(shown, more)


def _start(
    episode: Episode, runbook: Runbook | None, run: Run | None, near: Sequence[Near], stage: Stage
) -> Button | None:
    """Return what may be started for an alarm: again what ran for it, what names it, or what comes nearest."""
    if run is not None:
        return _start_own(episode, again=True) if run.state.ended else None
    if runbook is not None:
        return _start_own(episode, again=False) if stage.starts(runbook) else None
    best = None if episode.none_fits else _best(episode, near, stage)
    return _start_near(episode, best) if best is not None else None


def _start_own(episode: Episode, *, again: bool) -> Button:
    over = episode.state is not AlarmState.ALARM
    text = "Start again" if again else "Start runbook"
    value = str(episode.id)
    return Button(label=text, action="start", value=value, primary=not over, confirm=OK_AGAIN if over else None)


def _start_near(episode: Episode, best: Near) -> Button:
    """Return the start of a runbook that does not name the alarm; it says which one that is, and asks once more."""
    runbook, matched = best
    words = ", ".join(wording.ascii_only(one)[:20] for one in matched[:MOST_WORDS])
    over = "" if episode.state is AlarmState.ALARM else "The alarm is OK again. "
    sure = Confirm(
        title=f"Start {wording.plain(runbook.title, 60)}?",
        text=f"{over}No runbook names this alarm; this one comes near"
        + (f" ({words}). " if words else ". ")
        + "It starts by looking; every change stops for an approval.",
        yes="Start",
    )
    label = "Start suggested" if runbook.id == _chosen(episode) else "Start nearest"
    return Button(label=label, action="start_other", value=f"{episode.id}:{runbook.id}", confirm=sure)


def _small_print(episode: Episode, stage: Stage, *, starts: bool) -> str:
    since = f" since {wording.time_of(episode.takes[-1].at, now=stage.now)}" if episode.takes else ""
    taken = f"{stage.name(episode.taken_by)} is on it{since}" if episode.taken_by else "Nobody has this yet"
    quiet = f"quiet until {wording.time_of(episode.snoozed_until, now=stage.now)}" if episode.snoozed_until else ""
    looks = "Start only looks; every change stops for an approval." if starts else ""
    made = episode.suggestion.made if episode.suggestion else None
    model = f"worded by {wording.quoted(made.model, 40)}" if made and made.engine == "bedrock" else "no model used"
    why = wording.quoted(made.degraded, 120) if made else ""
    return " · ".join(part for part in (looks, taken, quiet, model, why) if part)
