"""The run card: where a run stands, edited in place; it notifies nobody and mentions nobody who need not act. Pure."""

from collections.abc import Collection, Sequence

from bot.domain.approval import Approval, ApprovalState
from bot.domain.run import AddedStep, Awaiting, Run, RunState, StepRecord, StepState, to_undo, undoable, way_back
from bot.domain.runbook import Parameter, Phase, Runbook, Step
from bot.slack.cards import wording
from bot.slack.cards.blocks import (
    LABEL,
    MOST_SHOWN,
    Block,
    Button,
    Confirm,
    Message,
    buttons,
    context,
    lines,
    message,
    section,
)
from bot.slack.cards.stage import Stage, headline, note_of, on_trial, plain_title, step_or_none, title_of

MOST_NEXT = 3
MOST_ADDED = 3
SILENT_S = 120

STATES: dict[RunState, tuple[str, str]] = {
    RunState.RUNNING: ("▶️", "RUNNING"),
    RunState.WAITING: ("⏸", "WAITING"),
    RunState.OUTCOME_UNKNOWN: ("⚠️", "OUTCOME UNKNOWN"),
    RunState.PARKED: ("🅿️", "PARKED"),
    RunState.VERIFYING: ("🔎", "VERIFYING"),
    RunState.WATCHING: ("👀", "WATCHING"),
    RunState.REPAIRED: ("✅", "REPAIRED"),
    RunState.NOT_REPAIRED: ("❌", "NOT REPAIRED"),
    RunState.STOPPED: ("⏹", "STOPPED"),
}


def run_card(run: Run, runbook: Runbook, approvals: Sequence[Approval], stage: Stage, *, going: str = "") -> Message:
    """Return the card of a run; finished steps are folded, the next ones named.

    Args:
        going: how far the list is that is being sent, e.g. `4,208 of 10,000`.
    """
    blocks = [
        section(
            lines(
                _head(run, runbook, stage),
                state_line(run, runbook, stage, approvals) + (f" · *{going}*" if going else ""),
            )
        ),
        section(steps_text(run, runbook, approvals, stage) or "Nothing done yet."),
        *run_buttons(run, runbook),
        context(_small_print(run, runbook, stage)),
    ]
    word = STATES[run.state][1]
    text = wording.push(f"{word} {stage.environment} {headline(run)}: {_why(run, runbook, stage)}")
    return message(text, blocks, ids=f"run:{run.id}:{run.revision}")


def _head(run: Run, runbook: Runbook, stage: Stage) -> str:
    alarm = f" · {stage.linked(f'alarm:{run.alarm}', f'A-{run.alarm}')}" if run.alarm else ""
    incident = f" · {stage.linked(f'incident:{run.incident}', f'INC-{run.incident}')}" if run.incident else ""
    return f"*{stage.environment}{on_trial(runbook)} · {headline(run)}* ({stage.account}){alarm}{incident}"


def state_line(run: Run, runbook: Runbook, stage: Stage, approvals: Sequence[Approval]) -> str:
    """Return the state as a word, what it waits for, and until when."""
    emoji, word = STATES[run.state]
    waiting = run.waiting
    if run.state is RunState.PARKED and run.parked_until:
        return f"{emoji} *{word}* until {wording.time_of(run.parked_until, now=stage.now)}; it looks and asks anew then"
    if waiting is None or run.state.ended:
        going = _why(run, runbook, stage)
        return f"{emoji} *{word}*" + (f" · {going}" if going else "")
    if waiting.what is Awaiting.PERSON and run.state is RunState.WAITING:
        word = f"{word} for a decision"
    if waiting.what is Awaiting.APPROVAL and waiting.approval:
        opened = stage.linked(f"request:{waiting.approval}", f"open request Q-{waiting.approval}")
        asked = next((one for one in approvals if one.id == waiting.approval and one.state.open), None)
        who = f" ({wording.roles_wanted(asked.binding.needs, stage.policy)})" if asked else ""
        until = f" · until {wording.time_of(asked.expires, now=stage.now)}" if asked else ""
        return f"{emoji} *{word} for approval*{who}, {where(run, runbook)}{until} → {opened}"
    due = (
        f" · until {wording.time_of(waiting.due, now=stage.now)}"
        if waiting.due and run.state is RunState.WATCHING
        else ""
    )
    since = stage.now - waiting.since
    silent = f" · for {wording.span(since)}" if since.total_seconds() >= SILENT_S else ""
    return f"{emoji} *{word}*, {where(run, runbook)} · {_waits_for(run, runbook)}{due}{silent}"


def where(run: Run, runbook: Runbook) -> str:
    """Return at which step a run is: `step 12 of 15`."""
    step = step_or_none(runbook, run.next_step or "")
    if step is None:
        return "at its end"
    if step.added:
        return f"step {step.label}, added"
    if step not in runbook.forward:
        return f"step {step.label}, which takes back"
    of = sum(one.phase is step.phase and not one.added for one in runbook.forward)
    return f"{step.label} of {of}" if step.phase is Phase.VERIFICATION else f"step {step.label} of {of}"


def _waits_for(run: Run, runbook: Runbook) -> str:
    waiting = run.waiting
    if waiting is None:
        return ""
    match waiting.what:
        case Awaiting.DONE:
            return f"by hand: {title_of(runbook, waiting.step)}"
        case Awaiting.INPUT:
            asks = "somebody chooses" if waiting.offers else "needs an answer"
            return f"{asks}: {' · '.join(missing_inputs(run, runbook)) or 'given just now, going on'}"
        case Awaiting.POLL if waiting.words.startswith("Looks again: "):
            return f"looks again by itself: {title_of(runbook, waiting.step)}"
        case Awaiting.WATCH:
            return title_of(runbook, waiting.step)
        case Awaiting.PERSON if run.record(waiting.step).state is StepState.FAILED:
            return f"not as expected: {title_of(runbook, waiting.step)}"
        case _:
            return wording.prose(waiting.words, 300)


def missing_inputs(run: Run, runbook: Runbook) -> tuple[str, ...]:
    """Return the titles of the inputs the next step still needs."""
    return tuple(
        wording.prose(one.title, 60)
        for one in runbook.parameters
        if one.asked_by == run.next_step and one.required and one.name not in run.inputs
    )


def _why(run: Run, runbook: Runbook, stage: Stage) -> str:
    if run.state is RunState.STOPPED and run.stopped_by:
        return f"stopped by {stage.name(run.stopped_by)}"
    if run.state is RunState.NOT_REPAIRED:
        failed = [title_of(runbook, r.step) for r in run.records.values() if r.state is StepState.FAILED]
        return f"failed: {', '.join(failed[:3])}" if failed else "not every check was made"
    if run.state.ended:
        return f"after {wording.span(run.ended - run.started)}" if run.ended else ""
    if run.waiting:
        return _waits_for(run, runbook)
    return f"{where(run, runbook)}: {title_of(runbook, run.next_step)}" if run.next_step else "finishing"


# Steps.


def steps_text(run: Run, runbook: Runbook, approvals: Sequence[Approval], stage: Stage) -> str:
    """Return the steps, one line per kind: what was looked at folded to one, each change by itself, what comes next."""
    path = [step for name in run.path if (step := step_or_none(runbook, name))]
    over = [step for step in path[: run.at] if run.record(step.id).state is not StepState.PENDING]
    looked = [step for step in over if not _stands_alone(run, step, stage) and not _check_passed(run, step)]
    alone = [step for step in over if _stands_alone(run, step, stage)]
    newest = max((place for place, step in enumerate(over) if step in alone and stage.moves(step)), default=0)
    left = [step for step in runbook.steps if step.id not in run.path and run.record(step.id).state is StepState.FAILED]
    alone = sorted([*alone, *left], key=lambda step: run.record(step.id).at or run.started)
    return lines(
        _folded(run, looked, telling=over[newest:]),
        *(_alone(run, runbook, step, approvals, stage) for step in alone),
        _passed(run, over),
        _current(run, runbook, stage),
        _coming(run, path, stage),
        *added_lines(run, stage),
        undo_line(run, runbook),
    )


def every_step(run: Run, runbook: Runbook, approvals: Sequence[Approval], stage: Stage) -> list[str]:
    """Return every step by itself: what it came to, or that it is still to come."""
    path = [step for name in run.path if (step := step_or_none(runbook, name))]
    left = [step for step in runbook.steps if step.id not in run.path and run.record(step.id).state is StepState.FAILED]
    over = [step for step in [*path[: run.at], *left] if run.record(step.id).state is not StepState.PENDING]
    ahead = path[run.at + 1 :] if not run.state.ended else []
    owed = {one.step for one in run.owed}
    return [
        *(_alone(run, runbook, step, approvals, stage) for step in over),
        *([now] if (now := _current(run, runbook, stage)) else []),
        *(f"· {step.label}  {title_of(runbook, step.id, 48)}{_wants_yet(step, owed, stage)}" for step in ahead),
    ]


def added_lines(run: Run, stage: Stage) -> list[str]:
    """Return the steps that are not the runbook's own, each with who added it and what it was proposed from."""
    shown = [_added(one, stage) for one in run.added[-MOST_ADDED:]]
    more = len(run.added) - MOST_ADDED
    return [*shown, *([f"+ and {more} more added before"] if more > 0 else [])]


def _added(step: AddedStep, stage: Stage) -> str:
    ids = " ".join(wording.quoted(one, 8) for one in step.evidence[:4])
    title = wording.prose(wording.sentence(step.title), 60)
    return f"+ *ADDED {step.number}*  {title} · by {stage.name(step.by)}, proposed by the assistant from evidence {ids}"


def _stands_alone(run: Run, step: Step, stage: Stage) -> bool:
    record = run.record(step.id)
    acted = stage.changes(step) or step.manual
    return record.state is StepState.FAILED or (record.state is StepState.DONE and acted)


def _passed(run: Run, over: Sequence[Step]) -> str:
    passed = [step for step in over if _check_passed(run, step)]
    notes = " · ".join(_noted(run.record(step.id)) for step in passed if run.record(step.id).note)
    return f"✓ *PASS {ranges(passed)}*  {notes}" if passed else ""


def _check_passed(run: Run, step: Step) -> bool:
    return step.phase is Phase.VERIFICATION and run.record(step.id).state is StepState.DONE


def _noted(record: StepRecord) -> str:
    return wording.prose(wording.sentence(record.note), 90)


def _folded(run: Run, looked: Sequence[Step], *, telling: Sequence[Step]) -> str:
    """Return the looks as one line.

    Args:
        telling: those whose findings are said; what was seen before something was changed is as it was then.
    """
    if not looked:
        return ""
    records = [(step, run.record(step.id)) for step in looked]
    done = [step for step, record in records if record.state is StepState.DONE]
    skipped = [step for step, record in records if record.state is StepState.SKIPPED]
    notes = " · ".join(_noted(run.record(step.id)) for step in done if step in telling and run.record(step.id).note)
    said = f"✓ *DONE {ranges(done)}*  {wording.cut_mrkdwn(notes, 420) or 'looked'}" if done else ""
    left = f"– *NOT NEEDED {ranges(skipped)}*" if skipped else ""
    return lines(said, left)


def ranges(steps: Sequence[Step]) -> str:
    """Return the numbers of steps, runs of them folded: `1–4, 6`; checks are named so."""
    found = [_folded_numbers([one.number for one in steps if one.phase is Phase.MITIGATION])]
    checks = _folded_numbers([one.number for one in steps if one.phase is Phase.VERIFICATION])
    return ", ".join(part for part in (*found, f"check {checks}" if checks else "") if part)


def _folded_numbers(numbers: Sequence[int]) -> str:
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}–{one[-1]}" for one in spans)


def _alone(run: Run, runbook: Runbook, step: Step, approvals: Sequence[Approval], stage: Stage) -> str:
    record = run.record(step.id)
    word = check_word(record) if step.phase is Phase.VERIFICATION else record.state.value.upper()
    word = "NOT NEEDED" if record.state is StepState.SKIPPED else word
    mark = {StepState.FAILED: "✗", StepState.SKIPPED: "–"}.get(record.state, "✓")
    owed = next((one for one in run.owed if one.cause == step.id), None)
    parts = [
        f"{mark} *{word} {step.label}*  {title_of(runbook, step.id)}",
        "" if record.state is StepState.SKIPPED else note_of(record, 120),
        _by(record, step, approvals, stage),
        f"*owed: {title_of(runbook, owed.step)}*" if owed else "",
        "*taken back*" if step.id in run.undoing else "",
    ]
    return " · ".join(part for part in parts if part)


def check_word(record: StepRecord) -> str:
    """Return what a check came to, as one word."""
    return {
        StepState.DONE: "PASS",
        StepState.FAILED: "FAIL",
        StepState.SKIPPED: "NOT NEEDED",
        StepState.UNKNOWN: "UNKNOWN",
        StepState.PENDING: "WATCH" if record.since else "NOT YET CHECKED",
    }[record.state]


def _by(record: StepRecord, step: Step, approvals: Sequence[Approval], stage: Stage) -> str:
    at = wording.time_of(record.at, now=stage.now) if record.at else ""
    if record.by:
        return f"{stage.name(record.by)} {at}".strip()
    covering = next((one for one in approvals if one.state is ApprovalState.CONSUMED and _covers(one, step)), None)
    if covering is None or step.phase is Phase.VERIFICATION:
        return at
    return f"{stage.named(vote.person for vote in covering.votes)} {at}".strip()


def _covers(approval: Approval, step: Step) -> bool:
    return any(call.step == step.id for call in approval.binding.calls)


def _current(run: Run, runbook: Runbook, stage: Stage) -> str:
    step = step_or_none(runbook, run.next_step or "")
    if step is None or run.state.ended:
        return ""
    record = run.record(step.id)
    word = {
        RunState.WAITING: "WAIT",
        RunState.PARKED: "PARKED",
        RunState.WATCHING: "WATCH",
        RunState.OUTCOME_UNKNOWN: "UNKNOWN",
    }.get(run.state, "NOW")
    note = note_of(record) if record.state in {StepState.FAILED, StepState.UNKNOWN} else ""
    failed = record.state is StepState.FAILED
    word = "FAILED" if failed and run.state is RunState.WAITING else word
    head = f"{'✗' if failed else '→'} *{word} {step.label}*  {title_of(runbook, step.id)}"
    told = head + (f" · {note}" if note else "")
    return lines(told, shown_by_a_read(record, stage)) if record.state is StepState.UNKNOWN else told


def shown_by_a_read(record: StepRecord, stage: Stage) -> str:
    """Return what a read showed of a call whose outcome nobody knows, and when."""
    if record.shown_at is None:
        return ""
    return f"{wording.prose(record.shows, 400)} (read {wording.time_of(record.shown_at, now=stage.now)})"


def read_button(run: Run, step: str) -> Button:
    """Return the button that looks once more."""
    return Button(label="Read again", action="read_again", value=f"{run.id}:{step}")


def _coming(run: Run, path: Sequence[Step], stage: Stage) -> str:
    left = path[run.at + 1 :] if not run.state.ended else []
    if not left:
        return ""
    owed = {one.step for one in run.owed}
    named = [
        f"{step.label} {wording.prose(wording.sentence(step.title), 48)}" + _wants_yet(step, owed, stage)
        for step in left[:MOST_NEXT]
    ]
    more = f" · then {ranges(left[MOST_NEXT:])}" if len(left) > MOST_NEXT else ""
    return f"· *NEXT*  {' · '.join(named)}{more}"


def _wants_yet(step: Step, owed: Collection[str], stage: Stage) -> str:
    return " (approved already)" if step.id in owed else _wants(step, stage)


def _wants(step: Step, stage: Stage) -> str:
    if step.manual:
        return " (by hand)"
    if step.approved_with:
        return " (same approval)"
    return f" (asks {stage.asks_for(step)})" if stage.changes(step) else ""


# What people can do.


def run_buttons(run: Run, runbook: Runbook, *, listed: bool = False) -> list[Block]:
    """Return the buttons that work today, most wanted first.

    Args:
        listed: every step stands above them already.
    """
    found = controls(run, runbook)
    shown, more = ([one for one in part if not (listed and one.action == "show_run")] for part in found)
    return buttons(shown, more, whole=whole_button(run))


def controls(run: Run, runbook: Runbook) -> tuple[list[Button], list[Button]]:
    """Return all that people can do with a run now, most wanted first: buttons, and what stands in the overflow."""
    undo = undo_button(run, runbook)
    back = [undo] if undo else []
    show = Button(label="All steps", action="show_run", value=str(run.id))
    if run.state.ended:
        return [*_wanted(run, runbook), show], [*back, *looking_into(run), audit_button(run)]
    step = run.next_step or ""
    more = [
        *([read_button(run, step)] if step and run.state is RunState.OUTCOME_UNKNOWN else []),
        *_leaving_out(run),
        *change_buttons(run, runbook),
        *back,
        *other_ways(run, runbook),
        *([Button(label="Expand this step", action="expand", value=f"{run.id}:{step}")] if step else []),
        show,
        *looking_into(run),
    ]
    return [*_wanted(run, runbook), *_always(run)], more


def looking_into(run: Run) -> list[Button]:
    """Return what a run rests on: what it has seen, and the runbook as it is now."""
    return [
        Button(label="Evidence", action="evidence", value=run.label),
        Button(label="Read the runbook", action="show_runbook", value=run.runbook[:60]),
    ]


def audit_button(run: Run) -> Button:
    """Return what shows who did what of a run, as the audit has it."""
    return Button(label="Audit", action="audit", value=str(run.id))


def further(run: Run, runbook: Runbook) -> list[Button]:
    """Return what can be done with a run beside what stands on its card as a button."""
    shown, more = controls(run, runbook)
    return [*shown[MOST_SHOWN:], *more]


def whole_button(run: Run) -> Button:
    """Return what opens the dialog with all that does not stand on the card as a button."""
    return Button(label="More…", action="what_else", value=str(run.id))


def _leaving_out(run: Run) -> list[Button]:
    """Return the way past an added step, which must never keep the runbook's own from going on."""
    if run.state is not RunState.WAITING or run.next_step not in {one.id for one in run.added}:
        return []
    return [Button(label="Leave the added step out", action="leave_out", value=f"{run.id}:{run.next_step}")]


def _wanted(run: Run, runbook: Runbook) -> list[Button]:
    number, step = str(run.id), run.next_step or ""
    if run.state.ended:
        return owed_buttons(run, runbook)
    if run.state is RunState.OUTCOME_UNKNOWN:
        return settle_buttons(run, step)
    waiting = run.waiting.what if run.waiting else None
    match waiting:
        case Awaiting.DONE:
            return [Button(label="Done", action="done", value=f"{number}:{step}", primary=True)]
        case Awaiting.INPUT:
            return choice_buttons(run, runbook) or [give_button(run, step)]
        case Awaiting.PERSON:
            return [Button(label="Ask again", action="ask_again", value=number, primary=True)]
        case _:
            return []


def give_button(run: Run, step: str) -> Button:
    """Return the button that opens the modal for what is missing."""
    return Button(label="Answer…", action="inputs", value=f"{run.id}:{step}", primary=True)


def choice_buttons(run: Run, runbook: Runbook) -> list[Button]:
    """Return one button for each way that is open, where a choice is all the run waits for; none is preferred."""
    offers = run.waiting.offers if run.waiting else ()
    chosen = next((one for one in runbook.parameters if one.asked_by == run.next_step and _open_choice(one, run)), None)
    if chosen is None:
        return []
    return [
        Button(
            label=wording.plain(chosen.label(value), LABEL), action="choose", value=f"{run.id}:{chosen.name}:{value}"
        )
        for value in offers
    ]


def _open_choice(parameter: Parameter, run: Run) -> bool:
    return parameter.choice and parameter.name not in run.inputs


def other_ways(run: Run, runbook: Runbook) -> list[Button]:
    """Return the ways that were not taken, where the run waits for a person and nothing of the one taken was done."""
    if run.waiting is None or run.waiting.what is not Awaiting.PERSON:
        return []
    asked = [
        one
        for one in runbook.parameters
        if one.choice and (one.asked_by == run.next_step or way_back(run, one) is not None)
    ]
    return [
        Button(
            label=f"Instead: {wording.plain(one.label(value), 40)}",
            action="choose",
            value=f"{run.id}:{one.name}:{value}",
        )
        for one in asked
        if one.name in run.inputs
        for value in one.enum
        if value != run.inputs[one.name]
    ]


def changeable(run: Run, runbook: Runbook) -> tuple[Parameter, ...]:
    """Return the inputs that were given and that no step has used yet."""
    waits = {Awaiting.PERSON, Awaiting.APPROVAL}
    if run.state is not RunState.WAITING or run.waiting is None or run.waiting.what not in waits:
        return ()
    ahead = run.path[run.at :]
    return tuple(one for one in runbook.parameters if one.asked_by in ahead and one.name in run.inputs)


def change_buttons(run: Run, runbook: Runbook) -> list[Button]:
    """Return the button that opens the dialog with what can still be changed, where anything can."""
    given = changeable(run, runbook)
    return [Button(label="Change inputs…", action="change_inputs", value=str(run.id))] if given else []


def settle_buttons(run: Run, step: str) -> list[Button]:
    """Return the two answers to a call whose outcome nobody knows."""
    happened = Confirm(
        title=f"{run.label}: it happened?",
        text="The run goes on as if AWS had answered yes. Look at the resource first; the checks look too.",
        yes="It happened",
    )
    return [
        Button(label="It happened", action="happened", value=f"{run.id}:{step}", confirm=happened),
        Button(label="It did not", action="not_happened", value=f"{run.id}:{step}"),
    ]


def owed_buttons(run: Run, runbook: Runbook) -> list[Button]:
    """Return one button per thing an ended run still owes."""
    found = []
    for owed in run.owed[:2]:
        title = plain_title(runbook, owed.step)
        sure = Confirm(
            title=f"{run.label}: do what is owed?",
            text=f"{wording.plain(run.environment, 40)}: {title}.",
            yes="Do it now",
        )
        found.append(
            Button(label="Do what is owed", action="owed", value=f"{run.id}:{owed.step}", primary=True, confirm=sure)
        )
    return found[:1]


def _always(run: Run) -> list[Button]:
    number = str(run.id)
    park = Button(label="Park until…", action="park", value=number)
    take = Button(label="Take over", action="take_over", value=number, primary=run.state is RunState.PARKED)
    if run.state is RunState.OUTCOME_UNKNOWN:
        return [stop_button(run), take]
    if run.state is RunState.PARKED:
        return [take, stop_button(run)]
    if run.waiting and run.waiting.what in {Awaiting.DONE, Awaiting.INPUT, Awaiting.PERSON}:
        return [park, stop_button(run), take]
    return [park, take, stop_button(run)]


def stop_button(run: Run) -> Button:
    """Return Stop, which says what stays owed."""
    owed = f" What it owes stays owed: {len(run.owed)}." if run.owed else " It owes nothing."
    sure = Confirm(
        title=f"Stop {run.label} in {wording.plain(run.environment, 40)}?",
        text=f"No further call is made; open requests are taken back.{owed}",
        yes="Stop",
        danger=True,
    )
    label = "Stop here" if run.state is RunState.OUTCOME_UNKNOWN else "Stop"
    return Button(label=label, action="stop", value=str(run.id), danger=True, confirm=sure, dialog="sure_stop")


def undo_button(run: Run, runbook: Runbook) -> Button | None:
    """Return Undo for the newest step that can be taken back, or None."""
    step = _undoable(run, runbook)
    if step is None:
        return None
    sure = undo_confirm(run, runbook, step)
    return Button(label="Undo…", action="undo", value=str(run.id), confirm=sure, dialog="sure_undo")


def undo_confirm(run: Run, runbook: Runbook, step: Step) -> Confirm:
    """Say what Undo would take back, and that it asks first."""
    title = plain_title(runbook, step.undo or "")
    older = len(to_undo(run, runbook)) - 1
    rest = f" Older ones stay: {older} more can be taken back after it." if older else ""
    return Confirm(
        title=f"Undo in {wording.plain(run.environment, 40)}?",
        text=f"Takes back: {plain_title(runbook, step.id)}{_how_many(run, step)}. Next step: {title}."
        f" It asks for approval like any other step.{rest}",
        yes="Undo",
    )


def _how_many(run: Run, step: Step) -> str:
    count = len(run.record(step.id).items)
    return f", what was done of {count} elements, newest first" if step.for_each and count else ""


def undo_line(run: Run, runbook: Runbook) -> str:
    """Return what Undo would do, the newest first, before anybody presses it; nothing while all is well."""
    if _undoable(run, runbook) is None:
        return ""
    stands = run.waiting is not None and run.waiting.what is Awaiting.PERSON
    if not stands and run.state not in {RunState.STOPPED, RunState.NOT_REPAIRED, RunState.OUTCOME_UNKNOWN}:
        return ""
    steps = to_undo(run, runbook)
    named = [
        f"{title_of(runbook, step.undo or '', 60)}{_how_many(run, step)} (takes back step {step.label})"
        for step in steps[:MOST_NEXT]
    ]
    more = f" · then {len(steps) - MOST_NEXT} more" if len(steps) > MOST_NEXT else ""
    return f"↩ *UNDO WOULD*  {' · '.join(named)}{more}; each asks first"


def _undoable(run: Run, runbook: Runbook) -> Step | None:
    if any(step_or_none(runbook, name) is None for name in run.path[: run.at + 1]):
        return None
    return undoable(run, runbook)


def _small_print(run: Run, runbook: Runbook, stage: Stage) -> str:
    owed = ", ".join(title_of(runbook, one.step, 40) for one in run.owed)
    starter = run.authors[0] if run.authors else run.requester
    parts = [
        f"Started by {stage.name(starter)} {wording.time_of(run.started, now=stage.now)}",
        f"now with {stage.name(run.requester)}" if run.authors and run.requester != run.authors[0] else "",
        f"*owed*: {owed}" if owed else "owed: nothing",
        f"updated {wording.time_of(run.touched, now=stage.now)}",
        "no model used" if not run.added else "",
    ]
    return " · ".join(part for part in parts if part)
