"""What one person sees in answer to what they said or clicked: refusals with the next tap, lists, plans. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.approval import Approval, ApprovalState, who_may
from bot.domain.evidence import Evidence, Item
from bot.domain.following import FollowUp
from bot.domain.incident import Incident
from bot.domain.postmortem.sections import EDITABLE
from bot.domain.records import AlarmState, Episode
from bot.domain.run import Run
from bot.domain.runbook import Risk, Runbook, Status, Step
from bot.domain.value import JsonObject, JsonValue
from bot.slack.cards import wording
from bot.slack.cards.alarm import OK_AGAIN
from bot.slack.cards.assist import evidence_item, evidence_page
from bot.slack.cards.blocks import (
    MOST_CHARACTERS,
    Block,
    Button,
    Menu,
    Message,
    buttons,
    context,
    exact,
    lines,
    message,
    section,
)
from bot.slack.cards.calls import exact_text, fits_card
from bot.slack.cards.checklist import line_of, told_of
from bot.slack.cards.incident import head, noted
from bot.slack.cards.plan import checked_then, for_the_end, short_enough
from bot.slack.cards.request import effect_of, facts, request_card, state_word
from bot.slack.cards.run import STATES, every_step, ranges, run_buttons, state_line
from bot.slack.cards.stage import Stage, headline, step_or_none

MOST_LISTED = 8
MOST_BESIDE = 60  # characters of a plan's button and line ends
MOST_SHOWN = 9  # runbooks, each with its summary and a button; more are only named
MOST_SHELVES = 8
MOST_ON_A_SHELF = 12
MOST_ALARMS = 24
MOST_ITEMS_LISTED = 15
MOST_CHECKED = 5
_REFUSED_VOTES = frozenset({"cast_vote"})


@dataclass(frozen=True, kw_only=True)
class Whisper:
    """Hold an answer and the records it speaks of, as they are now.

    Attributes:
        runs: the runs named in the payload, newest first.
        runbook: of the first run, or the one named.
        approvals: the requests named in the payload.
        draft: the card of the draft named in the payload.
    """

    payload: JsonObject
    stage: Stage
    ids: str
    runs: Sequence[Run] = ()
    runbook: Runbook | None = None
    approvals: Sequence[Approval] = ()
    incidents: Sequence[Incident] = ()
    episodes: Sequence[Episode] = ()
    followups: Sequence[FollowUp] = ()
    draft: Message | None = None


Draw = Callable[[Whisper], tuple[str, list[Block]]]


def whisper(told: Whisper) -> Message:
    """Return the answer; an unknown kind shows its words."""
    text, blocks = KINDS.get(str(told.payload.get("what")), _refused)(told)
    return message(text, blocks, ids=told.ids)


def _refused(told: Whisper) -> tuple[str, list[Block]]:
    words = str(told.payload.get("words", "Nothing was done."))
    approval = told.approvals[0] if told.approvals else None
    shown = _with_mentions(words, approval)
    blocks = [section(f"🚫 {shown}")]
    text = wording.push(_with_mentions(words, approval))
    if "start" in told.payload:
        number = told.ids.removeprefix("whisper:")
        return text, [
            *blocks,
            *buttons([Button(label="Give inputs…", action="as_typed", value=number, primary=True)]),
        ]
    if approval is None or told.payload.get("kind") not in _REFUSED_VOTES:
        return text, blocks
    return text, [
        section(lines(f"🚫 {_bold_first(shown)}", _rule(approval, told.stage, said="Can approve" in words))),
        *buttons(_next_taps(approval)),
        context("Recorded as a refusal, not as a decline."),
    ]


def _bold_first(words: str) -> str:
    """Return the words with the first sentence set off: what did not happen, and why."""
    first, dot, rest = words.partition(". ")
    return f"*{first}.* {rest}" if dot else f"*{words}*"


def _with_mentions(words: str, approval: Approval | None) -> str:
    """Return the words escaped; only people who may approve this request are shown as mentions again."""
    known = {one for people in approval.candidates.values() for one in people} if approval else set()
    shown = wording.quoted(words, 1_500)

    def restored(found: re.Match[str]) -> str:
        return wording.person(found[1]) if found[1] in known else found[0]

    return re.sub(r"&lt;@([A-Za-z0-9_-]{1,40})&gt;", restored, shown)


_RISKS = {Risk.CONTROL.value: "control step", Risk.DESTRUCTIVE.value: "destructive change"}


def _rule(approval: Approval, stage: Stage, *, said: bool) -> str:
    """Return the rule in words; who can approve only where that is not said already."""
    if approval.state is not ApprovalState.PENDING:
        return ""
    until = wording.time_of(approval.expires, now=stage.now)
    barred = "" if approval.binding.requester_may else " who did not ask for it"
    wanted = wording.roles_wanted(approval.missing(), stage.policy)
    risk = _RISKS.get(approval.binding.risk, approval.binding.risk)
    return lines(
        f"Nothing was done; {approval.label} is open until {until}.",
        f"Rule: this {risk} in {stage.environment} needs {wanted}{barred}."
        + ("" if said else f" Can approve: {who_may(approval)}."),
    )


def _next_taps(approval: Approval) -> list[Button]:
    number, run = str(approval.id), str(approval.run)
    details = Button(label="Details", action="details", value=number)
    if approval.state is ApprovalState.PENDING:
        return [
            Button(label="Ask them", action="ask_people", value=number, primary=True),
            Button(label="Park until…", action="park", value=run),
            details,
        ]
    if approval.state.open or approval.state is ApprovalState.CONSUMED:
        return [details]
    return [Button(label="Ask again", action="ask_again", value=run, primary=True), details]


def _told(told: Whisper) -> tuple[str, list[Block]]:
    words = wording.quoted(str(told.payload.get("words", "")), 1_500)
    return wording.push(words), [section(words)]


def _help(told: Whisper) -> tuple[str, list[Block]]:
    """Return what can be typed; the words are the door's own, with all that was typed escaped in them."""
    words = str(told.payload.get("words", ""))
    return wording.push(wording.quoted(words.split("\n")[0], 118)), [section(words)]


_PLACES = {
    "alarm": "A-{}",
    "run": "R-{}",
    "request": "Q-{}",
    "incident": "INC-{}",
    "postmortem": "the draft",
    "checklist": "the checklist",
}


def _done(told: Whisper) -> tuple[str, list[Block]]:
    """Return that what was typed is done, with the way to the card that shows it."""
    words, at = wording.quoted(str(told.payload.get("words", "")), 100), str(told.payload.get("at", ""))
    kind, _, number = at.partition(":")
    place = _PLACES.get(kind, "there").format(number)
    return wording.push(f"{words}: {place}"), [section(f"✓ {words}: {told.stage.linked(at, place)}")]


# Runs.


def _joined(told: Whisper) -> tuple[str, list[Block]]:
    if not told.runs:
        return _gone("run")
    run = told.runs[0]
    opened = told.stage.linked(f"run:{run.id}", f"{run.label} is under way")
    text = wording.push(f"{run.label} is under way already; nothing was started.")
    state = state_line(run, told.runbook, told.stage, told.approvals) if told.runbook else run.state.value
    taps = [
        Button(label="Open", action="show_run", value=str(run.id), primary=True),
        Button(label="Take over", action="take_over", value=str(run.id)),
    ]
    words = f"{opened} on the same target already, so nothing was started. Only one run at a time may change it."
    return text, [section(lines(words, f"*{headline(run)}*", state)), *buttons(taps)]


def _audit(told: Whisper) -> tuple[str, list[Block]]:
    """Return what the audit has, ids and names only; what people wrote beside it is not told here."""
    if not told.runs:
        return _gone("run")
    run, stage = told.runs[0], told.stage
    records = [one for one in _listed(told.payload.get("records")) if isinstance(one, dict)]
    shown = [
        f"#{one.get('seq')} {wording.time_in(str(one.get('at', '')), now=stage.now)} "
        f"{wording.quoted(str(one.get('subject', '')), 12)} {wording.quoted(str(one.get('kind', '')), 40)} · "
        f"{stage.name(str(one.get('actor', '')))}"
        for one in records
    ]
    count = _counted(told.payload.get("count"))
    more = f"{wording.counted(count - len(records), 'record')} more, older" if count > len(records) else ""
    text = wording.push(f"{run.label}: {wording.counted(count, 'record')} of the audit")
    return text, [
        section(f"*{stage.environment} · {headline(run)} · audit*, newest first"),
        *_in_parts(shown),
        context("`runbook-bot audit verify` says whether the chain is whole", more),
    ]


def _gone(what: str) -> tuple[str, list[Block]]:
    words = f"That {what} is not there any more."
    return words, [section(words)]


def _alone(told: Whisper) -> tuple[str, list[Block]]:
    said = [wording.quoted(str(one), 160) for one in _listed(told.payload.get("words"))]
    label = told.runs[0].label if told.runs else "The run"
    text = wording.push(f"{label} has started, but nobody except you could approve {len(said)} of its steps.")
    taps = [Button(label="Park until…", action="park", value=str(told.runs[0].id))] if told.runs else []
    more = f"… and {len(said) - 10} more" if len(said) > 10 else ""
    return text, [
        section(
            lines(f"⚠️ *{text}*", *(f"• {one}" for one in said[:10]), more, "Add somebody to the role, or park it.")
        ),
        *buttons(taps),
    ]


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _run(told: Whisper) -> tuple[str, list[Block]]:
    if not told.runs or told.runbook is None:
        return _gone("run")
    run, stage = told.runs[0], told.stage
    own = [one for one in told.approvals if one.run == run.id]
    given = " · ".join(f"{wording.quoted(k, 30)} {wording.code(v, 60)}" for k, v in run.inputs.items())
    text = wording.push(f"{STATES[run.state][1]}: {stage.environment} · {headline(run)}")
    return text, [
        section(lines(f"*{stage.environment} · {headline(run)}*", state_line(run, told.runbook, stage, own))),
        *_in_parts(every_step(run, told.runbook, own, stage)),
        section(f"*Inputs*  {given or 'none'}", menu=_any_step(run, told.runbook)),
        *run_buttons(run, told.runbook, listed=True),
        context(stage.linked(f"run:{run.id}", "the run card in the channel")),
    ]


def _any_step(run: Run, runbook: Runbook) -> Menu:
    """Return the list of the run's steps, each of which can be expanded: what exactly to do, with this run's values."""
    named = [step for name in run.path if (step := step_or_none(runbook, name)) is not None]
    options = [(f"{run.id}:{one.id}", f"{one.label}  {wording.plain(one.title, 60)}") for one in named]
    return Menu(label="Expand a step…", action="expand", options=[] if run.state.ended else options)


def _in_parts(steps: Sequence[str]) -> list[Block]:
    """Return the lines in paragraphs of a few, so that where a card is too long each loses a little."""
    return [section("\n".join(steps[place : place + 6])) for place in range(0, len(steps), 6)][:8]


def _runs(told: Whisper) -> tuple[str, list[Block]]:
    if not told.runs:
        words = "No run is open. `/runbook list` shows what can be run."
        return words, [section(words)]
    found = [
        section(
            f"*{headline(run)}* · {run.state.value.replace('_', ' ')} · {told.stage.name(run.requester)}"
            + (f" · owes {len(run.owed)}" if run.owed else ""),
            button=Button(label="Show", action="show_run", value=str(run.id)),
        )
        for run in told.runs[:MOST_LISTED]
    ]
    count = len(told.runs)
    return wording.push(f"{wording.counted(count, 'open run')}."), [*found, context(_more(count))]


def _more(count: int) -> str:
    return f"and {count - MOST_LISTED} more" if count > MOST_LISTED else ""


# Requests.


def _approvals(told: Whisper) -> tuple[str, list[Block]]:
    if not told.approvals:
        return "Nothing waits for an approval.", [section("Nothing waits for an approval.")]
    found = [
        section(
            f"*{told.stage.linked(f'request:{one.id}', one.label)}* · {told.stage.environment}"
            f" · {wording.cut_mrkdwn(effect_of(one), 140)}"
            f" · until {wording.time_of(one.expires, now=told.stage.now)} · {who_may(one)}",
            button=Button(label="Details", action="details", value=str(one.id)),
        )
        for one in told.approvals[:MOST_LISTED]
    ]
    count = len(told.approvals)
    text = wording.push(f"{count} request{'s wait' if count > 1 else ' waits'} for an approval.")
    return text, [*found, context("Approve is on the request itself, in its channel.", _more(count))]


def _details(told: Whisper) -> tuple[str, list[Block]]:
    if not told.approvals or not told.runs or told.runbook is None:
        return _gone("request")
    one, stage = told.approvals[0], told.stage
    text = request_card(one, told.runs[0], told.runbook, stage).text
    if one.state is ApprovalState.PENDING:
        text = wording.push(f"{one.label} waits: {stage.environment}: {effect_of(one)}")
    whole = exact_text([call.call for call in one.binding.calls], stage.catalogue.rows)
    shown = (
        exact(whole) if fits_card(whole) else section("The exact call is too long for this; *Details* shows it whole.")
    )
    opened = stage.linked(f"request:{one.id}", "the request in its channel")
    decide = "decide on " if one.state is ApprovalState.PENDING else ""
    return text, [
        section(lines(f"*{stage.environment} · {state_word(one)}* · {one.label}", f"*{effect_of(one)}.*")),
        *facts(one, told.runbook, stage),
        shown,
        *buttons([Button(label="Details", action="details", value=str(one.id))]),
        context(f"digest {one.digest[:16]}… · {one.binding.risk} · {decide}{opened}"),
    ]


# Incidents.


def _incident(told: Whisper) -> tuple[str, list[Block]]:
    if not told.incidents:
        return _gone("incident")
    one, stage = told.incidents[0], told.stage
    notes = [noted(note, stage, most=300) for note in one.notes[-MOST_LISTED:]]
    text = wording.push(f"{one.label} {one.state.value}, severity {one.severity}: {wording.quoted(one.title, 80)}")
    lead = f"*Lead*  {stage.name(one.lead)}" if one.lead else "*Lead*  nobody yet"
    opened = stage.linked(f"incident:{one.id}", "the incident's card in its channel")
    return text, [
        section(lines(*head(one, stage), lead)),
        *([section(lines(*notes))] if notes else []),
        context(opened),
    ]


def _incidents(told: Whisper) -> tuple[str, list[Block]]:
    if not told.incidents:
        words = "No incident is open. `/incident declare what has happened` opens one."
        return words, [section(words)]
    found = [
        section(
            lines(*head(one, told.stage)[:2]),
            button=Button(label="Show", action="show_incident", value=str(one.id)),
        )
        for one in told.incidents[:MOST_LISTED]
    ]
    count = len(told.incidents)
    return wording.push(f"{wording.counted(count, 'open incident')}."), [*found, context(_more(count))]


# Post-mortems.


def _postmortem(told: Whisper) -> tuple[str, list[Block]]:
    if told.draft is None:
        return _gone("draft")
    opened = told.stage.linked(f"postmortem:{told.payload.get('draft')}", "the draft’s card in its channel")
    return told.draft.text, [*told.draft.blocks, context(opened)]


def _checked(told: Whisper) -> tuple[str, list[Block]]:
    counts = told.payload.get("counts")
    said = [f"{count} {name}" for name, count in counts.items()] if isinstance(counts, dict) else []
    wrong = [one for one in _listed(told.payload.get("wrong")) if isinstance(one, dict)]
    shown = [f"• line {one.get('line')}: {_cell(one, 'text')} ({_cell(one, 'why')})" for one in wrong]
    head = f"*{'Contradicted by the evidence' if shown else 'Every sentence that cites evidence is borne by it'}*"
    text = wording.push(f"Checked: {', '.join(said) or 'no sentence'}.")
    return text, [section(lines(head, *_first(shown))), *_pointing(told.payload), context(" · ".join(said))]


def _wording(told: Whisper) -> tuple[str, list[Block]]:
    text = "Kept. Some words point at a person; consider how else to say it."
    return text, [section(f"*{text}*"), *_pointing(told.payload)]


def _pointing(payload: JsonObject) -> list[Block]:
    found = [one for one in _listed(payload.get("blame")) if isinstance(one, dict)]
    shown = [f"• “{_cell(one, 'words')}”: {_cell(one, 'rewrite')}" for one in found]
    head = "*Words that point at a person* (publishing asks about them)"
    return [section(lines(head, *_first(shown)))] if shown else []


def _first(shown: Sequence[str]) -> list[str]:
    more = len(shown) - MOST_CHECKED
    return [*shown[:MOST_CHECKED], *([f"… and {more} more"] if more > 0 else [])]


def _cell(one: JsonObject, name: str) -> str:
    return wording.quoted(str(one.get(name, "")), 160)


def _edit(told: Whisper) -> tuple[str, list[Block]]:
    number, wanted = told.payload.get("draft"), str(told.payload.get("section") or "")
    title = wanted if wanted in EDITABLE else ""
    value = f"{number}:{EDITABLE.index(title) + 1}" if title else str(number)
    words = f"Edit {title}: a message cannot open a dialog, this button can." if title else "Edit which section?"
    edit = Button(label="Edit section…", action="edit_section", value=value, primary=True)
    return words, [section(words), *buttons([edit])]


# Alarms and evidence.


def _alarms(told: Whisper) -> tuple[str, list[Block]]:
    if not told.episodes:
        return "No alarm is open.", [section("No alarm is open.")]
    open_ones = [one for one in told.episodes if one.state is AlarmState.ALARM]
    shown = [_alarm_line(one, told.stage) for one in told.episodes[:MOST_ALARMS]]
    parts = [lines(*shown[place : place + 6]) for place in range(0, len(shown), 6)]
    count = len(told.episodes)
    more = f"and {count - MOST_ALARMS} more" if count > MOST_ALARMS else ""
    text = wording.push(f"{wording.counted(len(open_ones), 'open alarm')}.")
    return text, [*map(section, parts), context(more)]


def _alarm_line(episode: Episode, stage: Stage) -> str:
    name = stage.linked(f"alarm:{episode.with_ or episode.id}", f"A-{episode.id}")
    about = ", ".join(wording.quoted(value, 30) for value in list(episode.notice.dimensions.values())[:2])
    since = wording.time_in(episode.since, now=stage.now)
    joined = f" · with A-{episode.with_}" if episode.with_ else ""
    taken = f" · {stage.name(episode.taken_by)} is on it" if episode.taken_by else ""
    runbook = wording.quoted(episode.runbook or "no runbook names it", 40)
    return f"• {name} *{wording.quoted(episode.notice.name, 50)}* {about} · since {since} · {runbook}{joined}{taken}"


def _items(told: Whisper) -> tuple[str, list[Block]]:
    found, which = told.followups, told.payload.get("which")
    if not found:
        nothing = {"mine": "Nothing of what is open is yours.", "open": "No action item is open."}.get(str(which))
        words = nothing or "There is no action item yet. Add one: /postmortem action add what is to be done"
        return wording.push(words), [section(words)]
    still = sum(one.open for one in found)
    title = {"mine": "Yours to do", "open": "Open action items"}.get(str(which), "Action items")
    lead = f"*{title}* · {still} open"
    if which == "mine":
        own = [_own(one, told.stage) for one in found[:MOST_LISTED]]
        return wording.push(f"{title}: {still}"), [section(lead), *own, *_rest(len(found) - MOST_LISTED)]
    listed = [line_of(one, told.stage) for one in found[:MOST_ITEMS_LISTED]]
    halves = [section("\n".join(listed[place : place + 5])) for place in range(0, len(listed), 5)]
    return wording.push(f"{title}: {still} open"), [section(lead), *halves, *_rest(len(found) - MOST_ITEMS_LISTED)]


def _own(item: FollowUp, stage: Stage) -> Block:
    done = Button(label="Done", action="done_item", value=str(item.id))
    return section(told_of(item, stage, most=160), button=done)


def _rest(count: int) -> list[Block]:
    return [context(f"and {count} more; the checklists in the incidents' channels have them all")] if count > 0 else []


def _evidence(told: Whisper) -> tuple[str, list[Block]]:
    found = Evidence.model_validate(told.payload.get("evidence"))
    subject = str(told.payload.get("subject", ""))
    page, pages, count, cited = (_counted(told.payload.get(name)) for name in ("page", "pages", "count", "cited"))
    text = wording.push(f"{wording.counted(count, 'item')} of evidence for {wording.quoted(subject, 30)}.")
    return text, evidence_page(found, subject, told.stage, page=page, pages=pages, count=count, cited=cited)


def _counted(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _one_item(told: Whisper) -> tuple[str, list[Block]]:
    item = Item.model_validate(told.payload.get("of"))
    blocks = evidence_item(item, str(told.payload.get("verbatim") or ""), told.stage)
    return wording.push(f"{wording.quoted(item.id, 8)}: {wording.quoted(item.text, 100)}"), blocks


# Runbooks and plans.


def _runbooks(told: Whisper) -> tuple[str, list[Block]]:
    items = [one for one in _listed(told.payload.get("items")) if isinstance(one, dict)]
    searched = wording.quoted(str(told.payload.get("words", "")), 60)
    if not items:
        words = f"No runbook fits “{searched}”. `/runbook list` shows all." if searched else "There is no runbook."
        return wording.push(words), [section(words)]
    count = len(items)
    found = [_item(one) for one in items] if count <= MOST_SHOWN else _by_category(items)
    title = wording.counted(count, "runbook") + (f" for “{searched}”" if searched else "")
    return wording.push(title), [section(f"*{title}*"), *found]


def _by_category(items: Sequence[JsonObject]) -> list[Block]:
    """Return a shelf as names under their categories; what fits nowhere is counted, with the way to find it."""
    shelves: dict[str, list[str]] = {}
    for one in items:
        shelves.setdefault(str(one.get("category") or "other"), []).append(str(one.get("id", "")))
    named = {category: names[:MOST_ON_A_SHELF] for category, names in list(shelves.items())[:MOST_SHELVES]}
    rest = len(items) - sum(map(len, named.values()))
    return [
        *(section(lines(f"*{wording.prose(category, 40)}*", _codes(names))) for category, names in named.items()),
        context("`/runbook show NAME` opens one" + (f" · {rest} more: `/runbook search WORDS`" if rest else "")),
    ]


def _codes(names: Sequence[str]) -> str:
    return " · ".join(wording.code(name, 40) for name in names)


def _others(told: Whisper) -> tuple[str, list[Block]]:
    """Return what may answer an alarm instead; each is started for it, and that none fits is an answer too."""
    if not told.episodes:
        return _gone("alarm")
    episode = told.episodes[0]
    items = [one for one in _listed(told.payload.get("items")) if isinstance(one, dict)]
    searched = wording.quoted(str(told.payload.get("words", "")), 60)
    how = f"for “{searched}”" if searched else "by the alarm’s words"
    title = f"{wording.counted(len(items), 'runbook') if items else 'No other runbook'} {how}"
    name = f"A-{episode.id} {wording.quoted(episode.notice.name, 60)}"
    over = episode.state is not AlarmState.ALARM
    taps = [
        Button(label="Search…", action="search_runbook", value=str(episode.id)),
        Button(label="None fits", action="none_fits", value="" if episode.none_fits else str(episode.id)),
    ]
    blocks = [section(f"*{name}: {title}*"), *(_item(one, _start_for(one, episode.id, over=over)) for one in items)]
    small = context("Start only looks; every change stops for an approval." if items else "")
    return wording.push(f"{name}: {title}"), [*blocks, *buttons(taps), small]


def _start_for(item: JsonObject, alarm: int, *, over: bool) -> Button | None:
    if item.get("starts") is not True:
        return None
    value = f"{alarm}:{item.get('id')}"[:200]
    return Button(label="Start", action="start_other", value=value, confirm=OK_AGAIN if over else None)


def _item(item: JsonObject, start: Button | None = None) -> Block:
    def said(name: str, most: int) -> str:
        return wording.prose(str(item.get(name, "")), most)

    matched = ", ".join(wording.quoted(str(one), 20) for one in _listed(item.get("matched"))[:4])
    fits = f" · matches {matched}" if matched else ""
    name = str(item.get("id", ""))
    status = "" if item.get("status") == Status.ACTIVE.value else f" · *{said('status', 12).upper()}*"
    return section(
        lines(
            f"*{said('title', 60)}* · {wording.code(name, 40)} · {said('category', 30)}{status}{fits}",
            said("summary", 130),
        ),
        button=start or Button(label="Show", action="show_runbook", value=name[:200]),
    )


def _runbook(told: Whisper) -> tuple[str, list[Block]]:
    runbook = told.runbook
    if runbook is None:
        return _gone("runbook")
    stage = told.stage
    steps = [f"{one.label}. {wording.prose(wording.sentence(one.title), 60)}" for one in runbook.forward]
    asks: dict[str, list[Step]] = {}
    for one in runbook.forward:
        if stage.changes(one):
            asks.setdefault(stage.asks_for(one), []).append(one)
    alarms = ", ".join(wording.code(one, 50) for one in runbook.alarms)
    owner = wording.role_name(runbook.owner, stage.policy)
    own = runbook.id if stage.starts(runbook) else ""
    start = Button(label="Start runbook", action="run_runbook", value=own, primary=True)
    return wording.push(f"{wording.prose(runbook.title, 80)}: {wording.prose(runbook.summary, 100)}"), [
        section(
            lines(
                f"*{wording.prose(runbook.title, 80)}* · {wording.code(runbook.id, 40)}"
                f" · {owner}" + ("" if runbook.status is Status.ACTIVE else f" · *{runbook.status.value.upper()}*"),
                wording.prose(runbook.summary, 300),
                f"*Can it wait?* {wording.prose(runbook.can_wait, 200)}" if runbook.can_wait else "",
                f"*Answers* {alarms}" if alarms else "",
            )
        ),
        section("\n".join(steps)),
        *([section(f"*Asks*  {' · '.join(f'{who}: {ranges(of)}' for who, of in asks.items())}")] if asks else []),
        *buttons([start]),
        context(wording.code(runbook.path, 100)),
    ]


def _plan(told: Whisper) -> tuple[str, list[Block]]:
    plan = told.payload.get("plan")
    if not isinstance(plan, dict):
        return _gone("plan")
    steps = [one for one in _listed(plan.get("steps")) if isinstance(one, dict)]
    asks = sum(one.get("status") == "would ask" for one in steps)
    name = str(plan.get("runbook", ""))
    head = f"*Plan, nothing started: {told.stage.environment} · {wording.prose(str(plan.get('title', '')), 80)}*"
    warnings = [f"⚠️ {wording.quoted(str(one), 160)}" for one in _listed(plan.get("warnings"))[:4]]
    count = wording.counted(len(steps), "step")
    text = wording.push(f"Plan of {wording.quoted(name, 40)}: {count}, {asks} would ask now. Nothing started.")
    checks = [one for one in steps if for_the_end(one)]
    room = MOST_CHARACTERS - sum(map(len, (head, *warnings))) - MOST_BESIDE
    shown = short_enough(
        [one for one in steps if one not in checks], [checked_then(checks)] if checks else [], told.stage, room=room
    )
    half = (len(shown) + 1) // 2
    parts = ["\n".join(part) for part in (shown[:half], shown[half:]) if part]
    own = told.ids.rpartition(":")[2] if told.runbook is not None and told.stage.starts(told.runbook) else ""
    start = Button(label="Start runbook", action="as_typed", value=own, primary=True)
    whole = Button(label="Whole plan…", action="whole_plan", value=told.ids.rpartition(":")[2])
    return text, [section(lines(head, *warnings)), *map(section, parts), *buttons([start, whole])]


KINDS: Mapping[str, Draw] = {
    "help": _help,
    "done": _done,
    "refused": _refused,
    "told": _told,
    "joined": _joined,
    "alone": _alone,
    "plan": _plan,
    "runbooks": _runbooks,
    "others": _others,
    "runbook": _runbook,
    "run": _run,
    "runs": _runs,
    "audit": _audit,
    "approvals": _approvals,
    "details": _details,
    "alarms": _alarms,
    "evidence": _evidence,
    "item": _one_item,
    "items": _items,
    "incident": _incident,
    "incidents": _incidents,
    "postmortem": _postmortem,
    "edit": _edit,
    "checked": _checked,
    "wording": _wording,
}
