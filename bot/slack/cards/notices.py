"""New messages about a run, in its thread: what needs a person, and how it ended. They do notify. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.approval import Approval, ApprovalState
from bot.domain.incident import Incident
from bot.domain.moment import moment
from bot.domain.records import AlarmState, Attempt, AttemptState, Episode
from bot.domain.run import Awaiting, Run, RunState, StepRecord, StepState, standing
from bot.domain.runbook import Parameter, Phase, Runbook
from bot.domain.value import JsonObject
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, Message, buttons, context, exact, lines, message, section
from bot.slack.cards.calls import exact_text, fits_card
from bot.slack.cards.incident import resolve_button
from bot.slack.cards.request import NOTHING_DONE, effect_of, glass_words
from bot.slack.cards.run import (
    STATES,
    audit_button,
    change_buttons,
    check_word,
    choice_buttons,
    give_button,
    missing_inputs,
    other_ways,
    owed_buttons,
    read_button,
    settle_buttons,
    shown_by_a_read,
    stop_button,
    undo_button,
    undo_line,
    whole_button,
)
from bot.slack.cards.stage import Stage, headline, note_of, step_or_none, title_of

MOST_LEFT = 3
_LEADS_ON = re.compile(r"\btake \*[^*]+\*")
"""In what a runbook says under Prevention, that another one is to be taken: `take *Quarantine Review*`."""
ENDS = frozenset({"finished", "watching"})
ONLY_IN_THREAD = frozenset({"input", "done"})


@dataclass(frozen=True, kw_only=True)
class Told:
    """Hold what a notice is about.

    Attributes:
        alarm: the one that the run answers.
        incident: the one that the run belongs to.
        drafted: whether the incident has a draft of its post-mortem already.
        items: how many of the incident's action items are open.
    """

    payload: JsonObject
    run: Run
    runbook: Runbook
    stage: Stage
    approval: Approval | None = None
    approvals: Sequence[Approval] = ()
    attempts: Sequence[Attempt] = field(default_factory=tuple)
    alarm: Episode | None = None
    incident: Incident | None = None
    drafted: bool = False
    items: int = 0

    @property
    def step(self) -> str:
        """Return the id of the step it is about."""
        return str(self.payload.get("step") or self.run.next_step or "")

    @property
    def where(self) -> str:
        """Return the place in words, the environment first."""
        return f"{self.stage.environment} · {headline(self.run)}"

    @property
    def named_step(self) -> str:
        """Return number and title of the step."""
        step = step_or_none(self.runbook, self.step)
        number = f"{step.label} " if step else ""
        return f"{number}{title_of(self.runbook, self.step)}"


Draw = Callable[[Told], tuple[str, list[Block]]]


def broadcasts(payload: JsonObject) -> bool:
    """Return whether the reply also stands in the channel; a question to one person stays in the thread."""
    return payload.get("what") not in ONLY_IN_THREAD


def notice(told: Told) -> Message:
    """Return the message for one notice; an unknown kind says what it is and where to look."""
    what = str(told.payload.get("what"))
    text, blocks = KINDS.get(what, _plain)(told)
    if _is_over(what, told):
        blocks = [*blocks[:1], context(_went_on(told))]
    return message(text, blocks, ids=f"{wording.quoted(what, 20)}:{told.run.id}:{told.run.revision}")


def _is_over(what: str, told: Told) -> bool:
    """Return whether nobody need do any more what the message asked for; its buttons would do something else."""
    run = told.run
    asks = run.waiting is not None and run.waiting.step == told.step
    match what:
        case "failed" | "void" | "declined":
            return not (asks and run.waiting is not None and run.waiting.what is Awaiting.PERSON)
        case "expired":
            return run.waiting is None or run.waiting.step != told.step
        case "done":
            return not (asks and run.waiting is not None and run.waiting.what is Awaiting.DONE)
        case "unknown":
            return not (asks and run.state is RunState.OUTCOME_UNKNOWN)
        case "owed":
            return not run.owed
        case _:
            return False


def _went_on(told: Told) -> str:
    run = told.run
    opened = told.stage.linked(f"run:{run.id}", run.label)
    return f"Over: {opened} is {STATES[standing(run)][1]} now; nothing is to be done here any more."


def _plain(told: Told) -> tuple[str, list[Block]]:
    what = wording.quoted(str(told.payload.get("what")), 40)
    return wording.push(f"{told.where}: {what}"), [section(f"{told.where}: {what}")]


# How it ended.


def _finished(told: Told) -> tuple[str, list[Block]]:
    run, stage = told.run, told.stage
    emoji, word = {
        RunState.REPAIRED: ("✅", "REPAIRED"),
        RunState.NOT_REPAIRED: ("❌", "NOT REPAIRED"),
        RunState.STOPPED: ("⏹", "STOPPED"),
        RunState.WATCHING: ("👀", "REPAIRED SO FAR, WATCHING"),
    }.get(run.state, ("▶️", run.state.replace("_", " ").upper()))
    due = run.waiting.due if run.state is RunState.WATCHING and run.waiting else None
    until = f" until {wording.time_of(due, now=stage.now)}" if due else ""
    failed = _failed_words(told) if run.state is RunState.NOT_REPAIRED else ""
    text = wording.push(f"{word}: {told.where}{f'. {failed}' if failed else ''}", _people(told, most=2))
    blocks = [
        section(lines(f"{emoji} *{stage.environment} · {headline(run)}: {word}{until}*", failed)),
        section(lines(_verified(told), f"{_changed(told)}  {_owed(told)}", _safe(told), undo_line(run, told.runbook))),
        *([section(lines("*Still to do by people*", *left))] if (left := _left(told)) else []),
        section(lines(f"{_time(told)} · {_people(told)}", *_glasses(told))),
        *_ended_buttons(told),
    ]
    return text, blocks


def _glasses(told: Told) -> list[str]:
    """Return each request that one person answered alone, by whom and why."""
    broken = [one for one in told.approvals if one.broken]
    return [f"{one.label}: {glass_words(one, told.stage)}" for one in reversed(broken)]


def _failed_words(told: Told) -> str:
    failed = [record for record in told.run.records.values() if record.state is StepState.FAILED]
    words = [f"FAIL {title_of(told.runbook, one.step, 60)}: {note_of(one)}" for one in failed[:3]]
    return " · ".join(words) or "Not every check was made."


def _verified(told: Told) -> str:
    checks = [step for step in told.runbook.forward if step.phase is Phase.VERIFICATION]
    said = []
    for step in checks:
        record = told.run.record(step.id)
        if record.state is StepState.SKIPPED or (told.run.state is RunState.STOPPED and record.at is None):
            continue
        note = note_of(record, 110) or title_of(told.runbook, step.id, 60)
        said.append(f"{_mark(record)} {check_word(record)}  {note}")
    at = max((r.at for s in checks if (r := told.run.record(s.id)).at), default=None)
    read = f" (read {wording.time_of(at, now=told.stage.now)})" if at else ""
    return lines(f"*Verified in the lake*{read}", *said) if said else "*Verified* nothing."


def _mark(record: StepRecord) -> str:
    return {StepState.DONE: "✓", StepState.FAILED: "✗", StepState.UNKNOWN: "⚠️"}.get(record.state, "·")


def _changed(told: Told) -> str:
    made = [one for one in told.attempts if one.state is AttemptState.DONE]
    if not made:
        return "*Changed* nothing."
    steps = dict.fromkeys(one.step for one in made)
    names = " · ".join(title_of(told.runbook, step, 50) for step in steps)
    return f"*Changed* {wording.counted(len(made), 'call')}: {names}."


def _owed(told: Told) -> str:
    owed = ", ".join(title_of(told.runbook, one.step, 60) for one in told.run.owed)
    return f"*Owed* {owed}." if owed else "*Owed* nothing."


def _safe(told: Told) -> str:
    if told.run.state is RunState.WATCHING:
        return "*Now* there is nothing to do: at that hour it looks again by itself, and says here how it ended."
    if told.run.state is RunState.STOPPED:
        again = f"; {opened} carries *Start again*" if (opened := _alarm_of(told)) else ""
        return f"*Now* nothing more happens by itself{again}."
    if told.run.state is not RunState.NOT_REPAIRED:
        return ""
    owner = wording.on_call(told.runbook.owner, told.stage.policy)
    kept = _untouched(told)
    return lines(
        "*Safe now* nothing more happens by itself" + (f"; not touched: {kept}." if kept else "."),
        f"*Call* {owner}.",
    )


def _untouched(told: Told) -> str:
    """Return what no call of the run has touched, as each request said."""
    made = {(one.approval, one.step, one.item, one.index) for one in told.attempts if one.sent_at is not None}
    said = [
        call.untouched.split(", ")
        for approval in told.approvals
        for call in approval.binding.calls
        if (approval.id, call.step, call.item, call.index) in made
    ]
    kept = [part for part in (said[0] if said else []) if all(part in parts for parts in said)]
    return ", ".join(wording.signed(part, 60) for part in kept[:4])


def _left(told: Told) -> list[str]:
    """Return what no machine does: what is open of the incident, and which runbook this one leads on to."""
    if told.run.state is not RunState.REPAIRED:
        return []
    found = []
    if told.incident is not None and told.items:
        items = wording.counted(told.items, "open action item")
        found.append(f"• {items} of {told.incident.label}: `/postmortem actions`")
    own = told.runbook.section("Prevention")
    listed = [line.removeprefix("- ") for line in own.markdown.splitlines()] if own else []
    leading = [line.replace("*", "") for line in listed if _LEADS_ON.search(line)]
    return [*found, *(f"• {wording.prose(line, 160)}" for line in leading[:MOST_LEFT])]


def _alarm_of(told: Told) -> str:
    alarm = told.run.alarm
    return told.stage.linked(f"alarm:{alarm}", f"A-{alarm}") if alarm else ""


def _time(told: Told) -> str:
    run = told.run
    begun, of = (moment(told.alarm.since), " from alarm") if told.alarm else (run.started, "")
    whole = wording.span((run.ended or told.stage.now) - begun)
    spent = sum((_answered_after(one) for one in told.approvals), timedelta())
    return f"*Time* {whole}{of} · {wording.span(spent)} waiting for approvals"


def _answered_after(approval: Approval) -> timedelta:
    if approval.votes:
        return max(vote.at for vote in approval.votes) - approval.asked_at
    expired = approval.expires if approval.state is ApprovalState.EXPIRED else approval.asked_at
    return (approval.ended or expired) - approval.asked_at


def _people(told: Told, *, most: int = 6) -> str:
    asked = wording.person(told.run.requester)
    if most <= 2:
        return asked
    votes = sorted(((one, vote) for one in told.approvals for vote in one.votes), key=lambda pair: pair[1].at)
    yes = dict.fromkeys(vote.person for one, vote in votes if not one.binding.requester_may)
    alone = dict.fromkeys(vote.person for _, vote in votes if vote.person not in yes)
    said = ((yes, "approved"), (alone, "confirmed as on-call"))
    return "; ".join((f"{asked} asked", *(f"{wording.people(who, most=most)} {what}" for who, what in said if who)))


def _ended_buttons(told: Told) -> list[Block]:
    run = told.run
    undo = undo_button(run, told.runbook) if run.state is not RunState.WATCHING else None
    undone = [undo] if undo else []
    owed = owed_buttons(run, told.runbook) if run.state.ended else []
    show = Button(label="All steps", action="show_run", value=str(run.id))
    more = [show, Button(label="Evidence", action="evidence", value=run.label), audit_button(run)]
    if run.state in {RunState.REPAIRED, RunState.WATCHING}:
        return buttons([*owed, *_closing(told), show], [*undone, *more[1:]])
    return buttons([*owed, *undone, *_another_way(told), show], more[1:])


def _closing(told: Told) -> list[Button]:
    """Return what ends the incident around a run that has repaired it, and what begins its post-mortem."""
    incident = told.incident
    if incident is None:
        return []
    over = [resolve_button(incident, f"Resolve {incident.label}")] if incident.open and told.run.state.ended else []
    write = Button(label="Draft post-mortem", action="draft_incident", value=str(incident.id))
    return over if told.drafted else [*over, write]


def _another_way(told: Told) -> list[Button]:
    """Return what may be started instead of a run that has not repaired anything."""
    alarm = told.alarm
    if alarm is None or alarm.state is not AlarmState.ALARM:
        return []
    return [Button(label="Other runbook…", action="other_runbook", value=str(alarm.id))]


# What needs somebody.


def _failed(told: Told) -> tuple[str, list[Block]]:
    record, run = told.run.record(told.step), told.run
    waiting = run.waiting if run.waiting and run.waiting.what is Awaiting.PERSON else None
    words = note_of(record, 400) or (wording.prose(waiting.words, 400) if waiting else "")
    undo = undo_button(run, told.runbook)
    asked = wording.person(run.requester)
    text = wording.push(
        ": ".join(part for part in (f"FAILED: {told.where}, step {told.named_step}", words) if part), asked
    )
    park = Button(label="Park until…", action="park", value=str(run.id))
    shown = [Button(label="Ask again", action="ask_again", value=str(run.id), primary=True)]
    return text, [
        section(lines(f"❌ *{told.where}: step {told.named_step} did not do what was expected*", words)),
        section(
            lines(
                f"*Safe now* nothing more happens by itself. {_owed(told)}",
                undo_line(run, told.runbook),
                _call_line(told),
            )
        ),
        *buttons(
            [*shown, *([undo] if undo else []), park, stop_button(run)],
            other_ways(run, told.runbook),
            whole=whole_button(run),
        ),
        context(f"{asked}, decide what is next. Nothing is sent before somebody presses a button."),
    ]


def _call_line(told: Told) -> str:
    return f"*Call* {wording.role_name(told.runbook.owner, told.stage.policy)} if you do not see why."


def _unknown(told: Told) -> tuple[str, list[Block]]:
    run, stage = told.run, told.stage
    record = run.record(told.step)
    sent = next((one for one in reversed(told.attempts) if one.step == told.step and one.sent_at), None)
    when = f"sent {wording.time_of(sent.sent_at, now=stage.now)}" if sent and sent.sent_at else "sent"
    what = wording.code(sent.call.resource, 160) if sent else ""
    text = wording.push(
        f"OUTCOME UNKNOWN: {told.where}, step {told.named_step}. Look, then say.", wording.person(run.requester)
    )
    on = f" on {what}" if what else ""
    more = [read_button(run, told.step)]
    if sent is not None:
        more.append(Button(label="Details", action="details", value=str(sent.approval)))
    return text, [
        section(
            lines(
                f"⚠️ *{told.where}: OUTCOME UNKNOWN, step {told.named_step}*",
                f"{when}{on}, no answer: it may or may not have happened. {wording.prose(record.note, 300)}",
                shown_by_a_read(record, stage),
                "Nothing is sent again before somebody says:",
            )
        ),
        *_sent_call(sent, stage),
        *buttons([*settle_buttons(run, told.step), stop_button(run)], more),
        context(
            f"{wording.person(run.requester)} · {_owed(told)}"
            " · It did not: asks anew · It happened: goes on to the check."
        ),
    ]


def _sent_call(sent: Attempt | None, stage: Stage) -> list[Block]:
    """Return exactly what was sent, where a card can hold it; Details has it whole."""
    if sent is None:
        return []
    whole = exact_text([sent.call], stage.catalogue.rows)
    return [exact(whole)] if fits_card(whole) else [context("What was sent is too long for a card: see Details.")]


def _void(told: Told) -> tuple[str, list[Block]]:
    approval, run = told.approval, told.run
    label = approval.label if approval else "The request"
    why = wording.quoted(approval.ended_why.removesuffix(NOTHING_DONE), 500) if approval else ""
    text = wording.push(
        ": ".join(part for part in (f"VOID: {told.where}: {label}", why) if part), wording.person(run.requester)
    )
    used = approval.used if approval else 0
    done = "Nothing was done." if not used else f"{wording.counted(used, 'call')} made before; nothing more was done."
    return text, [
        section(lines(f"🚫 *{told.where}: {label} is VOID*", f"{why} {done}".strip())),
        *_again_or_park(run, told.runbook),
        context(f"{_people(told)} · Ask again looks anew and shows the request as it would be now."),
    ]


NOT_BROKEN = "GLASS NOT BROKEN"


def _glass(told: Told) -> tuple[str, list[Block]]:
    """Return what the second channel is told before anything is done, and what became of it."""
    approval, run, stage = told.approval, told.run, told.stage
    if approval is None:
        return _plain(told)
    state = _of_the_glass(approval)
    effect = effect_of(approval)
    asked = " ".join(wording.mention(role, stage.policy) for role in dict.fromkeys(approval.binding.needs))
    text = wording.push(f"{state}: {stage.environment}: {effect}.", f"{approval.label} of {run.label} {asked}")
    became = f"One person answers for {asked} alone. To stop it: `/runbook stop {run.label}`."
    if state == NOT_BROKEN:
        became = f"It did not count; the request goes its usual way, to {asked}."
    if _ended_unused(approval):
        became = f"Over: {approval.label} is {approval.state}; nothing was done."
    where = stage.linked(f"run:{run.id}", headline(run))
    return text, [
        section(
            lines(
                f"🚨 *{stage.environment} · {state}* ({stage.account}) · {approval.label} of {where}",
                f"*{effect}.*",
                glass_words(approval, stage),
                became,
            )
        ),
        context(f"digest {approval.digest[:16]} · used once"),
    ]


def _of_the_glass(approval: Approval) -> str:
    if approval.broken:
        return "BROKEN GLASS, NOTHING DONE" if _ended_unused(approval) else "BROKEN GLASS"
    return "BREAKING THE GLASS" if approval.glass and approval.state.open else NOT_BROKEN


def _ended_unused(approval: Approval) -> bool:
    return approval.ended is not None and not approval.used


def _unbroken(told: Told) -> tuple[str, list[Block]]:
    approval, run = told.approval, told.run
    label = approval.label if approval else "The request"
    why = wording.quoted(str(told.payload.get("why") or ""), 400)
    by = wording.person(str(told.payload.get("by") or run.requester))
    text = wording.push(f"GLASS NOT BROKEN: {told.where}: {label}", by)
    said = "Nothing was done; the request goes its usual way, and the glass can be broken again."
    return text, [section(lines(f"🚨 *{told.where}: {label}: the glass was not broken* · {by}", f"{why} {said}"))]


def _declined(told: Told) -> tuple[str, list[Block]]:
    approval, run, stage = told.approval, told.run, told.stage
    if approval is None:
        return _plain(told)
    word = "TAKEN BACK" if approval.state is ApprovalState.REVOKED else approval.state.value.upper()
    by, asked = stage.name(approval.ended_by), wording.person(run.requester)
    said = f": “{wording.quoted(approval.ended_why, 400)}”" if approval.state is not ApprovalState.REVOKED else ""
    text = wording.push(f"{word} by {by}{said}: {told.where}", asked)
    return text, [
        section(
            lines(
                f"✋ *{told.where}: {approval.label} {word}* by {by}{said}",
                f"{effect_of(approval)}: nothing was done.",
            )
        ),
        *_again_or_park(run, told.runbook),
        context(f"{asked} · {run.label} waits. Ask again looks anew and asks as it would be now."),
    ]


def _again_or_park(run: Run, runbook: Runbook) -> list[Block]:
    return buttons(
        [
            Button(label="Ask again", action="ask_again", value=str(run.id), primary=True),
            *change_buttons(run, runbook),
            Button(label="Park until…", action="park", value=str(run.id)),
        ]
    )


def _expired(told: Told) -> tuple[str, list[Block]]:
    approval, run = told.approval, told.run
    label = approval.label if approval else "The request"
    again = run.waiting.approval if run.waiting else None
    text = wording.push(f"EXPIRED: {told.where}: nobody answered {label}.", wording.person(run.requester))
    following = run.waiting is not None and again is not None and (approval is None or again != approval.id)
    goes_on = (
        f"It was asked again, once, as Q-{again}."
        if following
        else f"{run.label} waits. Ask again, or park it until somebody is there."
    )
    effect = f"{effect_of(approval)}: nobody" if approval else "Nobody"
    return text, [
        section(lines(f"⌛ *{told.where}: {label} EXPIRED*", f"{effect} answered; nothing was done. {goes_on}")),
        *([] if following else _again_or_park(run, told.runbook)),
        context(f"{wording.person(run.requester)} · {_missing(told)}"),
    ]


def _missing(told: Told) -> str:
    if told.approval is None:
        return ""
    roles = dict.fromkeys(told.approval.missing())
    return "missing: " + (", ".join(wording.role_name(role, told.stage.policy) for role in roles) or "nobody")


def _calls_people(told: Told, *, words: str, emoji: str, who: str) -> tuple[str, list[Block]]:
    approval = told.approval
    if approval is None:
        return _plain(told)
    effect = effect_of(approval)
    opened = told.stage.linked(f"request:{approval.id}", f"open request {approval.label}")
    until = wording.time_of(approval.expires, now=told.stage.now)
    text = wording.push(f"{words}: {told.stage.environment}: {effect}. {approval.label}", who)
    details = Button(label="Details", action="details", value=str(approval.id))
    return text, [
        section(
            lines(
                f"{emoji} *{told.stage.environment} · {words}* · {who}",
                f"{effect}. Until {until} → {opened}",
            )
        ),
        *buttons([details, Button(label="Park until…", action="park", value=str(told.run.id))]),
        context(f"{headline(told.run)} · Approve is on the request itself, in the channel."),
    ]


def _group(told: Told) -> str:
    roles = dict.fromkeys(told.approval.missing()) if told.approval else {}
    return " ".join(wording.mention(role, told.stage.policy) for role in roles)


def _reminded(told: Told) -> tuple[str, list[Block]]:
    return _calls_people(told, words="STILL WAITING for an approval", emoji="🔔", who=_group(told))


def _paged(told: Told) -> tuple[str, list[Block]]:
    pages = [
        role
        for role in dict.fromkeys(told.approval.missing() if told.approval else ())
        if (known := told.stage.policy.roles.get(role)) is not None and known.page_topic
    ]
    words = "STILL WAITING, the pager was rung" if pages else "STILL WAITING, there is no pager to ring"
    return _calls_people(told, words=words, emoji="📟", who=_group(told))


def _asked(told: Told) -> tuple[str, list[Block]]:
    by = told.stage.name(str(told.payload.get("by") or "bot"))
    return _calls_people(told, words=f"{by} asks you to look", emoji="👋", who=_group(told))


def _still_owed(told: Told) -> tuple[str, list[Block]]:
    run = told.run
    owed = ", ".join(title_of(told.runbook, one.step, 60) for one in run.owed) or "nothing any more"
    asked = wording.person(run.requester)
    since = min((one.since for one in run.owed), default=run.touched)
    text = wording.push(f"OWED: {told.where} has ended and still owes: {owed}", asked)
    return text, [
        section(
            lines(
                f"⏰ *{told.where} has ended and still owes: {owed}*",
                f"Since {wording.time_of(since, now=told.stage.now)}. It was approved together with what caused it.",
            )
        ),
        *buttons([*owed_buttons(run, told.runbook), Button(label="Take over", action="take_over", value=str(run.id))]),
        context(f"{asked} · said again every 30 minutes until it is done"),
    ]


def _input(told: Told) -> tuple[str, list[Block]]:
    run = told.run
    by = told.payload.get("by")
    if isinstance(by, str) and by:
        return _answered(told, by)
    needed = " · ".join(missing_inputs(run, told.runbook) or _asked_by(told)) or "what the step asks for"
    asked = wording.person(run.requester)
    ways = choice_buttons(run, told.runbook)
    if ways:
        return _choice(told, needed, ways)
    text = wording.push(f"NEEDED: {told.where}: {needed}", asked)
    return text, [
        section(
            lines(
                f"✏️ *{told.where}: step {told.named_step} needs an answer*",
                needed,
                f"{asked}: whoever answers cannot approve this step; that takes somebody else.",
            )
        ),
        *buttons([give_button(run, told.step), Button(label="Park until…", action="park", value=str(run.id))]),
    ]


def _choice(told: Told, question: str, ways: Sequence[Button]) -> tuple[str, list[Block]]:
    run, asked = told.run, wording.person(told.run.requester)
    text = wording.push(f"CHOOSE: {told.where}: {question}", asked)
    step = step_or_none(told.runbook, told.step)
    return text, [
        section(
            lines(
                f"🔀 *{told.where}: step {told.named_step} has more than one way*",
                f"*{question}*",
                wording.instruction(step.prose, 500) if step else "",
                f"{asked}: whoever chooses cannot approve what follows; that takes somebody else.",
            )
        ),
        *buttons(ways, [Button(label="Park until…", action="park", value=str(run.id))], whole=whole_button(run)),
    ]


def _answered(told: Told, by: str) -> tuple[str, list[Block]]:
    """Return what was answered; who looks at an old question sees that it is one."""
    asked = [one for one in told.runbook.parameters if one.asked_by == told.step and one.name in told.run.inputs]
    said = " · ".join(f"{wording.prose(one.title, 60)}: {_given(one, told.run)}" for one in asked) or "answered"
    text = wording.push(f"ANSWERED: {told.where}: {said}")
    head = f"✓ *{told.where}: step {told.named_step}: answered* by {told.stage.name(by)}"
    return text, [section(lines(head, said))]


def _given(parameter: Parameter, run: Run) -> str:
    value = run.inputs[parameter.name]
    return wording.quoted(parameter.label(value) if value in parameter.enum else value, 200)


def _asked_by(told: Told) -> list[str]:
    """Return the titles of all the step asks for; somebody may have answered before this was shown."""
    asked = [one for one in told.runbook.parameters if one.asked_by == told.step and one.required]
    return [wording.prose(one.title, 60) for one in asked]


def _by_hand(told: Told) -> tuple[str, list[Block]]:
    run = told.run
    step = step_or_none(told.runbook, told.step)
    asked = wording.person(run.requester)
    prose = wording.instruction(step.prose, 500) if step else ""
    needs = dict.fromkeys(step.needs) if step and step.manual else ()
    roles = " ".join(wording.mention(role, told.stage.policy) for role in needs)
    who = f"{roles} alone may press Done, and nobody who asked for this run." if roles else ""
    text = wording.push(f"BY HAND: {told.where}: step {told.named_step}", roles or asked)
    done = Button(label="Done", action="done", value=f"{run.id}:{told.step}", primary=True)
    return text, [
        section(lines(f"✋ *{told.where}: step {told.named_step}, by hand* · {asked}", prose, who)),
        *buttons([done, Button(label="Park until…", action="park", value=str(run.id))]),
    ]


KINDS: Mapping[str, Draw] = {
    "finished": _finished,
    "watching": _finished,
    "failed": _failed,
    "unknown": _unknown,
    "void": _void,
    "expired": _expired,
    "declined": _declined,
    "glass": _glass,
    "unbroken": _unbroken,
    "reminded": _reminded,
    "paged": _paged,
    "asked": _asked,
    "owed": _still_owed,
    "input": _input,
    "done": _by_hand,
}
