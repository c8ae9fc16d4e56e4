"""A request for approval: what somebody signs, in the order in which it decides. Pure.

What is shown is what is signed: the exact calls stand whole on the card, or the card carries Review… and no Approve.
"""

import json
import re
from collections.abc import Mapping, Sequence

from bot.domain.action import Call, Guard
from bot.domain.approval import Approval, ApprovalState, BoundCall, who_may
from bot.domain.leaves import dotted, leaves
from bot.domain.moment import moment
from bot.domain.reasons import MOST_REASON
from bot.domain.redaction import Redactor
from bot.domain.run import Awaiting, Run, StepState
from bot.domain.runbook import Risk, Runbook
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from bot.slack.cards import wording
from bot.slack.cards.blocks import (
    Block,
    Button,
    Confirm,
    Message,
    Sheet,
    buttons,
    context,
    exact,
    lines,
    message,
    section,
)
from bot.slack.cards.calls import exact_text, fits_card, operation, plain_text
from bot.slack.cards.run import change_buttons
from bot.slack.cards.stage import Stage, headline, note_of, on_trial, step_or_none, title_of

MOST_SEEN = 2
NOTHING_DONE = " Nothing was done."
"""What a reason may end with, where the card says it itself."""
MOST_NAMED = 3
_DECIDES = ("state", "status")
_WORD = re.compile(r"[a-z_]{1,30}", re.ASCII)
_WORDS = re.compile(r"[a-z_]+: '?[A-Z_]+'? -> '?[A-Z_]+'?", re.ASCII)
_BEGINS = re.compile(r"execution [A-Za-z0-9_-]{1,80}: none -> RUNNING", re.ASCII)
_STAMPS = re.compile(r"etag|version_id|last_modified|sha256|size", re.ASCII)


def request_card(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> Message:
    """Return the request as it stands; buttons that decide are there only while it is open."""
    ids = f"request:{approval.id}:{approval.edition}"
    if approval.state is ApprovalState.PENDING:
        return message(_push(approval, stage), _asking(approval, run, runbook, stage), ids=ids)
    text, blocks = _decided(approval, run, runbook, stage)
    return message(text, blocks, ids=ids)


def list_sheet(approval: Approval, place: int, listed: str) -> Sheet:
    """Return the file of a list that one call of a request stands for; its SHA-256 is signed, so it is as it is."""
    under = wording.cut(wording.ascii_only(approval.binding.calls[place].call.resource), 160)
    title = f"All {wording.counted(listed.count(chr(10)), 'call')} of {approval.label} under {under}"
    return Sheet(name=f"{approval.label}-list-{place + 1}.txt", title=title, text=listed)


def calls_sheet(approval: Approval, run: Run, stage: Stage) -> Sheet:
    """Return the file that holds every call of a request, as they will be sent, in order."""
    calls = [one.call for one in approval.binding.calls]
    head = f"{stage.platform.name} {approval.label} of {run.label}: {len(calls)} calls, digest {approval.digest}"
    return Sheet(
        name=f"{approval.label}-calls.txt",
        title=f"All {len(calls)} calls of {approval.label}",
        text=f"{wording.ascii_only(head)}\n\n{plain_text(calls, stage.catalogue.rows)}\n",
    )


def effect_of(approval: Approval) -> str:
    """Return the one sentence of effect, made harmless."""
    if not approval.binding.calls:
        return ""
    return wording.signed(wording.short_keys(wording.sentence(approval.binding.calls[0].effect)), 240)


def state_word(approval: Approval) -> str:
    """Return the state as cards say it."""
    used = {ApprovalState.PENDING: "WAITING FOR APPROVAL", ApprovalState.CONSUMED: "APPROVED"}
    return used.get(approval.state, approval.state.value.upper())


def _push(approval: Approval, stage: Stage) -> str:
    until = f"until {wording.utc(approval.expires, now=stage.now)}."
    asks = f"{stage.name(approval.asked_by)} asks, {until}"
    who = " ".join(wording.on_call(role, stage.policy) for role in dict.fromkeys(approval.missing()))
    tails = (f"{asks} {who}", f"Asked {until} {who}", asks, f"Asked {until}")
    tail = next(one for one in tails if len(one) <= wording.MOST_TAIL)
    return wording.push(f"Approve? {stage.environment}: {effect_of(approval)}.", tail)


def _asking(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> list[Block]:
    calls = [one.call for one in approval.binding.calls]
    whole = exact_text(calls, stage.catalogue.rows)
    fits = fits_card(whole) and all(call.many is None for call in calls)
    shown = exact(whole) if fits else section(_too_long(calls, len(whole), stage))
    return [
        section(_head(approval, runbook, stage)),
        *facts(approval, runbook, stage),
        shown,
        *_ask_buttons(approval, run, stage, fits=fits),
        context(_small_print(approval, run, runbook, stage)),
    ]


def _too_long(calls: Sequence[Call], length: int, stage: Stage) -> str:
    """Return what a card says of calls it cannot show whole: how many, the first of them, and where the rest is."""
    listed = [(call, call.many) for call in calls if call.many is not None]
    if listed:
        said = [
            f"*{many.count:,} × {operation(call, stage.catalogue.rows)}* under {wording.code(call.resource, 160)}"
            f"{_held_back(call, stage)}"
            for call, many in listed
        ]
        beside = len(calls) - len(listed)
        rest = f"and {wording.counted(beside, 'more call')} after it" if beside else ""
        file, is_there = ("files", "they are") if len(listed) > 1 else ("file", "the file is")
        whole = f"Every one stands in the {file} under this request. *Review…* carries Approve once {is_there} there."
        return lines(*said, rest, whole)
    if len(calls) <= MOST_NAMED:
        count = wording.counted(len(calls), "call")
        return (
            f"*The exact call* is too long for a card ({count}, {length} characters). "
            "*Review…* shows it whole and carries Approve."
        )
    first = [
        f"{place}. {operation(call, stage.catalogue.rows)} {wording.code(call.resource, 120)}"
        for place, call in enumerate(calls[:MOST_NAMED], start=1)
    ]
    rest = f"… and {len(calls) - MOST_NAMED} more. *Review…* shows all of them whole and carries Approve."
    return lines(f"*{len(calls)} calls, in this order*", *first, rest)


def _held_back(listed: Call, stage: Stage) -> str:
    row = stage.catalogue.rows.get(listed.row)
    return f", {_EACH[row.guard(listed)]}" if row else ""


_EACH: Mapping[Guard, str] = {
    Guard.WHOLE: "each with its own precondition",
    Guard.SOURCE: "each only while what it copies is unchanged",
    Guard.NONE: "none of them with a precondition at AWS: the bot compares each before it is sent",
}


def _head(approval: Approval, runbook: Runbook, stage: Stage) -> str:
    who = " ".join(wording.on_call(role, stage.policy) for role in dict.fromkeys(approval.missing()))
    until = wording.time_of(approval.expires, now=stage.now)
    left = wording.span(approval.expires - approval.asked_at)
    return lines(
        f"🟠 *{stage.environment}{on_trial(runbook)} · APPROVAL NEEDED* ({stage.account}) · {approval.label}"
        f" · {left}, until {until} · {who}",
        f"*{_bold(effect_of(approval))}.*",
    )


def _bold(text: str) -> str:
    return text.replace(wording.STAR, "") or "Nothing is said about the effect"


def facts(approval: Approval, runbook: Runbook, stage: Stage, *, rest: str = "in Details") -> list[Block]:
    """Return what decides; in paragraphs of their own, so that a long one never pushes who may off the card.

    Args:
        rest: where the rest of what was seen stands.
    """
    calls = approval.binding.calls
    changes = " · ".join(dict.fromkeys(part for one in calls for part in (_changes(one), _further(one, calls)) if part))
    says = "*Then*" if changes.startswith("then: ") else "*Changes*"
    changes = changes.removeprefix("then: ")
    untouched = ", ".join(dict.fromkeys(part for one in calls for part in _parts(one.untouched)))
    binds = " If any of it changes, this request is void." if approval.state.open else ""
    seen_at = wording.time_of(approval.asked_at, now=stage.now)
    said, said_by = approval.binding.reason, approval.binding.reason_by or approval.asked_by
    return [
        section(
            lines(
                f"{says}  {wording.cut_mrkdwn(changes, 420)}" if changes else "",
                f"*Does not touch*  {wording.cut_mrkdwn(untouched, 260)}" if untouched else "",
                f"*If it goes wrong*  {_way_back(approval, runbook)}",
            )
        ),
        section(
            lines(
                f"*Why* ({stage.name(said_by)})  “{wording.quoted(said, MOST_REASON)}”" if said else "",
                f"*Seen* {seen_at}:  {_seen(calls, rest)}.{binds}",
                _unconditional(calls, stage),
            )
        ),
        section(lines(f"*Who*  {_who(approval, stage)}", glass_words(approval, stage))),
    ]


def glass_words(approval: Approval, stage: Stage) -> str:
    """Return who breaks, or has broken, the glass, and why; nothing where nobody does."""
    glass = approval.glass
    if glass is None:
        return ""
    who = f"{stage.name(glass.by)} ({wording.role_name(glass.role, stage.policy)})"
    why = f"“{wording.quoted(glass.reason, MOST_REASON)}”"
    if not glass.told and not approval.state.open:
        return f"The glass was not broken: {who} wanted to, and the request ended before <#{glass.channel}> was told."
    if not glass.told:
        return f"🚨 *BREAKING THE GLASS*  {who}: {why}. It counts once <#{glass.channel}> is told."
    return f"🚨 *BROKEN GLASS* by {who} {wording.time_of(glass.at, now=stage.now)}: {why}. <#{glass.channel}> was told."


def _changes(one: BoundCall) -> str:
    """Return before and after; where one line decides, the others are only named: the exact call has them whole."""
    if _BEGINS.fullmatch(one.changes) and one.effect:
        return ""
    said = one.changes.split("\n")
    telling = [line for line in said if line.partition(":")[0] in _DECIDES and _WORDS.fullmatch(line)]
    others = [
        line.partition(":")[0] for line in said if line not in telling and _WORD.fullmatch(line.partition(":")[0])
    ]
    if not telling or len(telling) + len(others) < len(said):
        return wording.signed(wording.shorter_keys("; ".join(said).replace("->", "→")), 320)
    also = f", with {' and '.join(others)}" if others else ""
    return wording.signed("; ".join(telling).replace("'", "").replace("->", "→") + also, 320)


def _parts(untouched: str) -> list[str]:
    return wording.signed(untouched, 160).split(", ") if untouched else []


def _further(one: BoundCall, calls: Sequence[BoundCall]) -> str:
    """Return the effect of a call that is not the first, which the bold sentence has not said yet."""
    if one.effect == calls[0].effect:
        return ""
    return f"then: {wording.signed(wording.short_keys(wording.sentence(one.effect)), 200)}"


def _way_back(approval: Approval, runbook: Runbook) -> str:
    words: dict[str, None] = {}
    final: dict[str, list[str]] = {}
    steps = dict.fromkeys(one.step for one in approval.binding.calls)
    for name in steps:
        step = step_or_none(runbook, name)
        if step and step.undo:
            words[f"Undo asks to do “{title_of(runbook, step.undo)}”"] = None
        elif step and step.owes:
            words[f"“{title_of(runbook, step.owes)}” is owed from then on, and covered by this click"] = None
        elif step and step.no_undo:
            why = _lower_first(wording.prose(wording.sentence(step.no_undo), 160))
            final.setdefault(why, []).append(f"“{title_of(runbook, name)}”")
    for why, names in final.items():
        of = f"{' and '.join(names)} {'has' if len(names) == 1 else 'have'} no undo" if len(steps) > 1 else "No undo"
        words[f"{of}: {why}"] = None
    return ". ".join(words) + "." if words else "There is no undo."


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _seen(calls: Sequence[BoundCall], rest: str) -> str:
    found: list[tuple[str, JsonValue]] = []
    for one in calls:
        found += [leaf for leaf in singly(one.seen) if leaf not in found and leaf != ("found", True)]
    telling = sorted((leaf for leaf in found if _tells(*leaf)), key=_telling)[:MOST_SEEN]
    shown = [_one_seen(name, value) for name, value in telling]
    left = len(found) - len(shown)
    count = f"{left} more" if shown else wording.counted(left, "value")
    more = [f"{count} {rest}"] if left else []
    return " · ".join([*shown, *more]) or "nothing that decides"


def _tells(name: str, value: JsonValue) -> bool:
    """Return whether a value says something to a person: not a stamp, not that of one object among many, not empty."""
    return "/" not in name and value not in ("", None, [], {}) and not _STAMPS.search(name.casefold())


def _unconditional(calls: Sequence[BoundCall], stage: Stage) -> str:
    """Return what AWS would do whatever has changed: only what the bot looks at itself holds that back."""
    rows = stage.catalogue.rows
    held: dict[Guard, dict[str, None]] = {}
    for call in (one.call for one in calls if one.call.row in rows):
        held.setdefault(rows[call.row].guard(call), {})[operation(call, rows)] = None
    bare, copies = (", ".join(held.get(guard, ())) for guard in (Guard.NONE, Guard.SOURCE))
    return lines(
        f"AWS has no precondition for {bare}: it is read again right before the call." if bare else "",
        f"AWS refuses {copies} if what it copies has changed, not if what it overwrites has: "
        "that is read again right before the call."
        if copies
        else "",
    )


def _telling(leaf: tuple[str, JsonValue]) -> int:
    """Return the place of a value among those shown: what state, since when, then the rest as it comes."""
    return 0 if _last(leaf[0]) in _DECIDES else 1 if _is_time(*leaf) else 2


def _is_time(name: str, value: JsonValue) -> bool:
    if not isinstance(value, str) or not _last(name).endswith(("_at", "since")):
        return False
    try:
        moment(value)
    except InvalidError:
        return False
    return True


def _one_seen(name: str, value: JsonValue) -> str:
    if _is_time(name, value):
        when = _last(name).removesuffix("_at").replace("_", " ")
        return f"{wording.quoted(when, 40)} {wording.prose(str(value), 40)}"
    return (
        f"{wording.quoted(_last(name), 40)} {wording.code(value if isinstance(value, str) else json.dumps(value), 44)}"
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2].casefold()


def singly(seen: JsonObject) -> list[tuple[str, JsonValue]]:
    """Return every single value of what was seen, by its dotted name, redacted."""
    redactor = Redactor(numbered=False)
    found: list[tuple[str, JsonValue]] = []
    for path, value in leaves(seen):
        name = dotted(tuple(redactor.clean(part) if isinstance(part, str) else part for part in path))
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        found.append((name, redactor.beside(key, value) if isinstance(value, str) else value))
    return found


def _who(approval: Approval, stage: Stage) -> str:
    needs = approval.binding.needs
    barred = "" if approval.binding.requester_may else f", not {stage.named(approval.binding.authors)}"
    wanted = f"{wording.roles_wanted(needs, stage.policy)}{barred}: {_able(approval, stage)}"
    if not approval.votes:
        return wanted
    given = ", ".join(
        f"{wording.role_name(vote.role, stage.policy)} yes {stage.name(vote.person)} "
        f"{wording.time_of(vote.at, now=stage.now)}"
        for vote in approval.votes
    )
    missing = ", ".join(wording.role_name(role, stage.policy) for role in approval.missing())
    left = f"; missing: {missing}: {_able(approval, stage)}" if missing else ""
    return f"*{len(approval.votes)} of {len(needs)}*: {given}{left}"


def _able(approval: Approval, stage: Stage) -> str:
    return stage.named(re.findall(r"<@([^>]+)>", who_may(approval))) or "nobody right now"


def _ask_buttons(approval: Approval, run: Run, stage: Stage, *, fits: bool) -> list[Block]:
    number = str(approval.id)
    sure = approve_confirm(approval, stage)
    yes = (
        Button(label="Approve", action="approve", value=f"{number}:{approval.edition}", primary=True, confirm=sure)
        if fits
        else Button(label="Review…", action="review", value=number, primary=True)
    )
    return buttons(
        [
            yes,
            Button(label="Decline…", action="decline", value=number),
            Button(label="Details", action="details", value=number),
        ],
        [
            Button(label="Ask them again", action="ask_people", value=number),
            Button(label="Park until…", action="park", value=str(run.id)),
            *_glass_button(approval, run, stage),
        ],
    )


def _glass_button(approval: Approval, run: Run, stage: Stage) -> list[Button]:
    """Return the way to answer alone, where the policy has one and people work on an incident."""
    if stage.policy.break_glass is None or run.incident is None or approval.glass is not None:
        return []
    return [Button(label="Break glass…", action="break_glass", value=str(approval.id))]


def approve_confirm(approval: Approval, stage: Stage) -> Confirm | None:
    """Return what Approve asks once more: environment and effect, again; nothing for a control step."""
    if approval.binding.risk not in {Risk.CHANGE.value, Risk.DESTRUCTIVE.value}:
        return None
    calls = approval.binding.calls
    effect = _plain(calls[0].effect) if calls else ""
    after = " Then: ".join(dict.fromkeys(_plain(one.effect) for one in calls[1:] if one.effect != calls[0].effect))
    untouched = _plain(calls[0].untouched) if calls else ""
    count = f" {len(calls)} calls." if len(calls) > 1 else ""
    text = wording.cut(effect, 150) + "." + (f" Then: {wording.cut(after, 60)}." if after else "") + count
    rest = f" Does not touch {wording.cut(untouched, 60)}." if untouched else ""
    return Confirm(
        title=f"Approve in {wording.plain(stage.platform.name, 40)}?",
        text=f"{wording.plain(stage.platform.name, 30)}: {text}{rest}",
        yes="Approve",
        danger=approval.binding.risk == Risk.DESTRUCTIVE.value,
    )


def _plain(text: str) -> str:
    said = wording.ascii_only(wording.visible(text)).replace("`", "")
    return wording.sentence(wording.short_keys(said))


def _small_print(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> str:
    steps = dict.fromkeys(one.step for one in approval.binding.calls) or {approval.step: None}
    named = [step_or_none(runbook, step) for step in steps]
    places = " and ".join(step.label for step in named if step)
    parts = [
        stage.linked(f"run:{run.id}", f"{run.label}, step{'s' if len(steps) > 1 else ''} {places}"),
        f"runbook {wording.quoted(approval.binding.snapshot[:6], 6)}",
        *(f"added by {stage.name(one.by)}, not the runbook's own" for one in run.added if one.id in steps),
        _ladder(approval, stage),
        "used once",
    ]
    return " · ".join(part for part in parts if part)


def _ladder(approval: Approval, stage: Stage) -> str:
    if approval.expires - approval.asked_at <= stage.policy.remind_after:
        return ""
    again = wording.time_of(approval.asked_at + stage.policy.remind_after, now=stage.now)
    page_at = approval.asked_at + stage.policy.page_after
    pages = any(
        (known := stage.policy.roles.get(role)) is not None and known.page_topic for role in approval.binding.needs
    )
    paged = f", {wording.time_of(page_at, now=stage.now)} pager" if pages and page_at < approval.expires else ""
    return f"no answer by {again}: asked again{paged}"


# Editions that are over.


def _decided(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> tuple[str, list[Block]]:
    state, said = _outcome(approval, run, runbook, stage)
    words = wording.sentence(effect_of(approval))
    text = wording.push(f"{state}: {stage.environment}: {words}. {run.label}")
    head = f"{_emoji(approval)} *{stage.environment} · {state}* · {approval.label} · {words}"
    calls = [one.call for one in approval.binding.calls]
    whole = exact_text(calls, stage.catalogue.rows)
    shown = [exact(whole)] if approval.state is ApprovalState.APPROVED and fits_card(whole) else []
    return text, [
        section(lines(head, said)),
        *shown,
        *buttons(_after_buttons(approval, run, runbook)),
        context(_over_print(approval, run, stage)),
    ]


_EMOJI: Mapping[ApprovalState, str] = {
    ApprovalState.APPROVED: "✅",
    ApprovalState.CONSUMED: "✅",
    ApprovalState.DECLINED: "✋",
    ApprovalState.EXPIRED: "⌛",
    ApprovalState.VOID: "🚫",
}


def _emoji(approval: Approval) -> str:
    done = approval.state in {ApprovalState.APPROVED, ApprovalState.CONSUMED}
    return "🚨" if approval.broken and done else _EMOJI.get(approval.state, "↩️")


def _outcome(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> tuple[str, str]:
    """Return the state as one word, and the sentence that says who, why, and what became of it."""
    by, why = stage.name(approval.ended_by), wording.quoted(approval.ended_why.removesuffix(NOTHING_DONE), 400)
    match approval.state:
        case ApprovalState.APPROVED | ApprovalState.CONSUMED:
            said = f"by {_yes(approval, stage)}; {_done(approval, run, runbook)}"
            if approval.glass is None or not approval.broken:
                return "APPROVED", lines(said, glass_words(approval, stage))
            why = wording.quoted(approval.glass.reason, MOST_REASON)
            return "BROKEN GLASS", lines(said, f"*Why*  “{why}”. <#{approval.glass.channel}> was told.")
        case ApprovalState.DECLINED:
            return "DECLINED", f"by {by}: “{why}”. Nothing was done; {_goes_on(approval, run)}"
        case ApprovalState.WITHDRAWN:
            return "WITHDRAWN", f"by {by}: {why}. Nothing was done; {_goes_on(approval, run)}"
        case ApprovalState.EXPIRED:
            return "EXPIRED", f"Nobody answered; nothing was done; {_goes_on(approval, run)}"
        case ApprovalState.REVOKED:
            return "TAKEN BACK", f"by {by}. Nothing was done; {_goes_on(approval, run)}"
        case _:
            used = (
                f"{approval.used} of {len(approval.binding.calls)} calls were made; nothing more"
                if approval.used
                else ""
            )
            said = f"{why} {used or 'Nothing'} was done; {_goes_on(approval, run)}"
            return "VOID", lines(said, glass_words(approval, stage) if used else "")


def _yes(approval: Approval, stage: Stage) -> str:
    """Return who said yes; who broke the glass did so last, and comes first."""
    said = [
        f"{stage.name(vote.person)} ({wording.role_name(vote.role, stage.policy)}) "
        f"{wording.time_of(vote.at, now=stage.now)}"
        for vote in approval.votes
    ]
    if approval.broken and len(said) > 1:
        return f"{said[-1]}, after a yes by {', '.join(said[:-1])}"
    return ", ".join(said)


def _done(approval: Approval, run: Run, runbook: Runbook) -> str:
    own = [run.record(step) for step in dict.fromkeys(one.step for one in approval.binding.calls)]
    owed = {one.step for one in run.owed if one.approval == approval.id}
    if any(record.state is StepState.UNKNOWN for record in own):
        return "*outcome unknown*, see the run"
    failed = next((record for record in own if record.state is StepState.FAILED), None)
    if failed:
        return f"*did not do what was expected*: {note_of(failed, 200)}"
    left = [record for record in own if record.state is StepState.PENDING and record.step not in owed]
    if approval.state is ApprovalState.APPROVED or left:
        return "being done"
    notes = " · ".join(wording.prose(record.note, 80) for record in own if record.note)
    resumes = f" · *owed*: {', '.join(title_of(runbook, step) for step in sorted(owed))}" if owed else ""
    return f"done{f', {notes}' if notes else ''}{resumes}"


def _goes_on(approval: Approval, run: Run) -> str:
    waiting = run.waiting
    if waiting and waiting.approval and waiting.approval != approval.id and waiting.step == approval.step:
        return f"asked again as Q-{waiting.approval}."
    if run.state.ended:
        return f"{run.label} has ended."
    return f"{run.label} waits." if _waits_for_somebody(approval, run) else f"{run.label} goes on."


def _waits_for_somebody(approval: Approval, run: Run) -> bool:
    waiting = run.waiting
    return waiting is not None and waiting.what is Awaiting.PERSON and waiting.step == approval.step


def _after_buttons(approval: Approval, run: Run, runbook: Runbook) -> list[Button]:
    if approval.state is ApprovalState.APPROVED:
        return [Button(label="Take back", action="revoke", value=str(approval.id))]
    if approval.state is ApprovalState.CONSUMED:
        return [Button(label="Details", action="details", value=str(approval.id))]
    if run.state.ended or not _waits_for_somebody(approval, run):
        return []
    return [
        Button(label="Ask again", action="ask_again", value=str(run.id), primary=True),
        *change_buttons(run, runbook),
        Button(label="Park until…", action="park", value=str(run.id)),
    ]


def _over_print(approval: Approval, run: Run, stage: Stage) -> str:
    asked = f"asked by {stage.name(approval.asked_by)} {wording.time_of(approval.asked_at, now=stage.now)}"
    return f"{stage.linked(f'run:{run.id}', headline(run))} · {asked} · {stage.account}"
