"""The dialogs: decline, inputs, park, start with inputs, strike, details, review. Pure; ids only in `private_metadata`.

Fields: every input block's id and action id are the constants here; `submitted` of the door reads them by these.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.approval import Approval
from bot.domain.assistance import ProposedStep
from bot.domain.following import MOST_ITEM, FollowUp
from bot.domain.inbox import Form
from bot.domain.postmortem.document import AGAINST, FOR, Candidate, Part
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.markdown import Sentence, leads_to, read, unanchored, unescaped
from bot.domain.postmortem.sections import EDITABLE, section_of, sections
from bot.domain.reasons import MOST_REASON
from bot.domain.records import Episode
from bot.domain.redaction import for_eyes
from bot.domain.run import Run
from bot.domain.runbook import Runbook
from bot.domain.strikes import Struck, Uttered, by_claim
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from bot.slack.cards import wording
from bot.slack.cards.assist import claims_text
from bot.slack.cards.blocks import (
    Block,
    Button,
    Confirm,
    View,
    context,
    exact,
    lines,
    numbered,
    section,
    words,
)
from bot.slack.cards.calls import command_line, exact_text, fenced, pieces
from bot.slack.cards.plan import plan_pages
from bot.slack.cards.request import effect_of, facts, singly, state_word
from bot.slack.cards.stage import Stage, headline

WHY, WORDS, UNTIL, OTHER, VALUE = "why", "words", "until", "other", "value"
SECTION = "section:"
TICKS = "ticks:"
MOST_FIELD = 3_000  # characters
MOST_ASKED = 300  # characters of one value
MOST_SHOWN = 2_400  # characters of a text that is only shown, before & < > become longer
MOST_OF_A_LINE = 1_400  # characters of a line of a draft that is only shown
CONTINUED = "+"
"""Ends the block id of a piece that goes on in the line of the one before."""
INPUT = "input:"
"""Begins the block id of a parameter's input; its name follows, and the action id is `value`."""

DECLINES: dict[str, str] = {
    "not now": "Not now",
    "wrong values": "Wrong values",
    "need to know more": "I need to know more",
    "other": "Something else",
}
PARKS: dict[str, str] = {"30m": "30 minutes", "1h": "1 hour", "tomorrow": "Tomorrow 08:00", "other": "Another time…"}
CAUSES: dict[str, str] = {"right": "It was that", "wrong": "It was not that: strike it"}
FORMS: dict[Form, str] = {"md": "Markdown", "html": "A page (HTML)", "docx": "A Word file", "json": "JSON"}
MOST_CHOICES = 100
MOST_PIECES = 70
MOST_TICKS = 10  # in one list; Slack takes no more
MOST_LISTS = 30
MOST_RADIOS = 10  # of one group; Slack takes no more
OPTION = 75  # characters of an option, and as many below it
MOST_BYTES = 240_000
_LINKED = re.compile(r"(?<!\\)\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, kw_only=True)
class Field:
    """Ask for one value; with choices it is a select, never free text.

    Attributes:
        choices: the values to pick from, as they are sent on.
        labels: what some of them are called.
        value: what is offered already.
    """

    name: str
    title: str
    choices: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    value: str = ""
    hint: str = ""
    long: bool = False
    optional: bool = False


def decline(approval: Approval) -> View:
    """Return the dialog that asks why; it ends the request, not the run."""
    reasons = [{"text": words(label), "value": value} for value, label in DECLINES.items()]
    blocks = [
        section(f"*{approval.label}* · {effect_of(approval)}.\nDeclining ends this request; the run goes on waiting."),
        _input(
            WHY, "Why?", {"type": "static_select", "action_id": WHY, "options": reasons, "initial_option": reasons[0]}
        ),
        _input(WORDS, "In a sentence", _text(WORDS, most=MOST_REASON, long=True), optional=True),
    ]
    return _modal("decline", "Decline", blocks, meta=str(approval.id), submit="Decline")


def inputs(run: Run, step: str, fields: Sequence[Field]) -> View:
    """Return the dialog for what a run waits for."""
    where = wording.quoted(run.environment, 40)
    lead = f"*{where} · {headline(run)}*\nWhoever answers cannot approve this step; that takes somebody else."
    blocks = [section(lead), *map(_field, fields)]
    return _modal("inputs", f"{run.label} needs an answer", blocks, meta=f"{run.id}:{step}", submit="Answer")


def change_inputs(run: Run, fields: Sequence[Field]) -> View:
    """Return the dialog for what was given and no step has used yet, as it stands."""
    lead = (
        f"*{wording.quoted(run.environment, 40)} · {headline(run)}*\nAn open request is taken back; it looks and asks "
        "anew with these. Whoever changes them cannot approve what follows; that takes somebody else."
    )
    blocks = [section(lead), *map(_field, fields)]
    return _modal("change", f"Change {run.label}", blocks, meta=str(run.id), submit="Change, ask again")


def start_inputs(
    runbook: Runbook, fields: Sequence[Field], *, meta: str, environment: str, plan_only: bool = False
) -> View:
    """Return the dialog for what is missing before a start; what is known is not asked.

    Args:
        meta: ids only; who opened it knows how to read them.
    """
    where = wording.quoted(environment, 40)
    title, submit = ("Plan runbook", "Plan") if plan_only else ("Start runbook", "Start")
    says = (
        "A plan only looks; nothing is started."
        if plan_only
        else "Start only looks; every change stops for an approval."
    )
    lead = f"*{where} · {wording.prose(runbook.title, 80)}*\n{says}"
    return _modal("start_inputs", title, [section(lead), *map(_field, fields)], meta=meta, submit=submit)


def type_again(run: Run, proposed: ProposedStep, names: Sequence[str], *, meta: str) -> View:
    """Return the dialog in which a person vouches for values that only a text does: nothing is filled in."""
    lead = (
        f"*{headline(run)}*\n{wording.code(proposed.action, 60)} was proposed with values that only a text names, "
        "and anybody can write a text. Type what you know to be right. Who adds a step cannot approve it."
    )
    asked = [Field(name=one, title=one, hint=f"proposed: {proposed.params.get(one)}") for one in names]
    return _modal("typed", f"Add to {run.label}", [section(lead), *map(_field, asked)], meta=meta, submit="Add")


def park(run: Run, *, now: datetime) -> View:
    """Return the dialog that asks until when."""
    options = [{"text": words(label), "value": value} for value, label in PARKS.items()]
    chosen: Block = {"type": "static_select", "action_id": UNTIL, "options": options, "initial_option": options[1]}
    later = int((now + timedelta(hours=4)).timestamp()) // 1_800 * 1_800
    other: Block = {"type": "datetimepicker", "action_id": OTHER, "initial_date_time": later}
    owed = f" It owes {len(run.owed)}; that stays visible." if run.owed else ""
    blocks = [
        section(f"*{headline(run)}*\nOpen requests are taken back; at that hour it looks again and asks anew.{owed}"),
        _input(UNTIL, "Until", chosen),
        _input(OTHER, "Another time (at most 7 days ahead)", other, optional=True),
    ]
    return _modal("park", f"Park {run.label}", blocks, meta=str(run.id), submit="Park")


def sure(confirm: Confirm, *, callback: str, meta: str) -> View:
    """Return what a button asks once more, as a dialog: for one that stands in an overflow."""
    return _modal(callback, confirm.title, [section(wording.quoted(confirm.text, 300))], meta=meta, submit=confirm.yes)


def what_else(run: Run, found: Sequence[Button]) -> View:
    """Return the dialog with what else can be done with a run; what is chosen is done, or opens its own dialog."""
    options = [one.option() for one in found]
    kind = "radio_buttons" if len(options) <= MOST_RADIOS else "static_select"
    lead = f"*{wording.quoted(run.environment, 40)} · {headline(run)}*\nNothing is done before you say which."
    element: Block = {"type": kind, "action_id": WHY, "options": options}
    return _modal("more", run.label, [section(lead), _input(WHY, "What?", element)], meta=str(run.id), submit="Go on")


def choose_section(draft: Draft) -> View:
    """Return the dialog that asks which section is to be edited."""
    options = [
        {"text": words(title), "value": str(number)}
        for number, title in enumerate(EDITABLE, start=1)
        if title in sections(draft.text)
    ]
    chosen: Block = {"type": "static_select", "action_id": WHY, "options": options, "initial_option": options[0]}
    blocks = [
        section(f"*{draft.label}* · edition {draft.edition}. What records fill is not edited."),
        _input(WHY, "Section", chosen),
    ]
    return _modal("choose_section", f"Edit {draft.label}", blocks, meta=str(draft.id), submit="Edit")


def edit_draft(draft: Draft, title: str, *, mine: str | None = None) -> View:
    """Return the dialog with one section, in as many fields as it takes.

    Args:
        mine: what somebody wrote while others changed the section; it stands in the fields, the others' above them.

    Raises:
        InvalidError: no dialog holds it.
    """
    number, stands = EDITABLE.index(title), section_of(draft.text, title)
    blocks = [section(f"*{draft.label}* · edition {draft.edition}. What you change is kept under your name.")]
    if mine is not None:
        meanwhile = "*Somebody has changed the draft since; this section stands so now.*"
        blocks = [section(f"{meanwhile} Yours is below, and not kept yet.")]
        blocks += [section(_seen(one)) for one, _ in _chunks(stands, most=MOST_SHOWN) if one]
    for part, (piece, goes_on) in enumerate(_chunks(stands if mine is None else mine)):
        name = f"{SECTION}{number}:{part}{CONTINUED if goes_on else ''}"
        more = f" (part {part + 1}{', the line goes on' if goes_on else ''})" if part else ""
        blocks.append(
            _input(name, f"{title}{more}", _text(VALUE, most=MOST_FIELD, long=True, value=piece), optional=True)
        )
    view = _modal("edit_draft", f"Edit {draft.label}", blocks, meta=f"{draft.id}:{draft.edition}", submit="Keep")
    if len(blocks) > MOST_PIECES or len(json.dumps(view.payload)) > MOST_BYTES:
        again = "`/postmortem export md`, edit the file, share it here, `/postmortem import`"
        raise InvalidError(f"{title} is too long for a dialog; nothing was done. Edit it as a file: {again}")
    return view


def _chunks(text: str, *, most: int = MOST_FIELD) -> list[tuple[str, bool]]:
    """Return the text in pieces a field takes, and of each whether it goes on in the line of the one before.

    Cut between lines, else within one and never beside a blank, which a field might not keep.
    """
    pieces: list[tuple[str, bool]] = []
    held = ""
    for line in text.split("\n"):
        if pieces and len(held) + 1 + len(line) <= most:
            held += f"\n{line}"
            pieces[-1] = (held, pieces[-1][1])
            continue
        goes_on = False
        while len(line) > most:
            place = _between_letters(line, most)
            pieces.append((line[:place], goes_on))
            line, goes_on = line[place:], True
        pieces.append((line, goes_on))
        held = line
    return pieces


def listed(said: Sequence[Uttered]) -> Sequence[Uttered]:
    """Return the sentences that one dialog can list, part by part, in the order in which it numbers them."""
    return [one for under in _lists(said)[:MOST_LISTS] for one in under]


def strike(title: str, said: Sequence[Uttered], struck: Struck, *, more: int, meta: str, elsewhere: str = "") -> View:
    """Return the dialog in which somebody ticks what is wrong of a message, and unticks what is not.

    Args:
        said: the sentences that are listed.
        struck: the strikes that stand, whose sentences are ticked already.
        more: how many sentences the message has beside.
        elsewhere: where those can be struck, if anywhere.
    """
    blocks = [
        section(
            f"*{wording.quoted(title, 80)}*\nTick what is wrong: it is shown struck through, with your name, and is not"
            " said again as seen. Untick what was struck and holds after all."
        )
    ]
    first = 1
    for under in _lists(said):
        blocks += _ticks(first, under, struck)
        first += len(under)
    if more:
        where = f"; {elsewhere}" if elsewhere else ""
        blocks.append(context(f"and {wording.counted(more, 'more sentence')}, without room here{where}"))
    blocks.append(_input(WORDS, "Why? Others see it", _text(WORDS, most=MOST_REASON, long=True), optional=True))
    return _modal("strike", "Wrong?", blocks, meta=meta, submit="Keep")


def _lists(said: Sequence[Uttered]) -> list[Sequence[Uttered]]:
    found: list[Sequence[Uttered]] = []
    for part in dict.fromkeys(one.part for one in said):
        under = [one for one in said if one.part == part]
        found += [under[begin : begin + MOST_TICKS] for begin in range(0, len(under), MOST_TICKS)]
    return found


def _ticks(first: int, said: Sequence[Uttered], struck: Struck) -> list[Block]:
    """Return a list to tick, numbered from there; a sentence that is too long for it stands above, whole."""
    numbered_ = list(enumerate(said, start=first))
    options = [_tick(number, one, struck) for number, one in numbered_]
    ticked = [option for option, one in zip(options, said, strict=True) if one.id in struck]
    element: Block = {"type": "checkboxes", "action_id": VALUE, "options": options}
    long = [
        (number, one)
        for number, one in numbered_
        if len(f"{number} · {_plainly(one)}") > (OPTION if one.id in struck else 2 * OPTION)
    ]
    most = MOST_FIELD // (len(long) + 1)
    whole = "\n".join(f"*{number}*  {wording.quoted(one.claim.text, most)}" for number, one in long)
    shown = {**element, "initial_options": ticked} if ticked else element
    name = f"{TICKS}{first}:{numbered_[-1][0]}"
    listed_ = _input(name, said[0].part or "Sentences", shown, optional=True)
    return [section(whole), listed_] if long else [listed_]


def _tick(number: int, one: Uttered, struck: Struck) -> Block:
    words_of, below = wording.cut(f"{number} · {_plainly(one)}", OPTION), ""
    if strike := struck.get(one.id):
        below = wording.visible(strike.said)
    elif words_of.endswith("…"):
        first, _, _ = words_of.rpartition(" ")
        words_of, below = first, f"{number} · {_plainly(one)}".removeprefix(first).strip()
    option: Block = {"text": words(words_of), "value": str(number)}
    return {**option, "description": words(wording.cut(below, OPTION))} if below else option


def _plainly(one: Uttered) -> str:
    return wording.visible(one.claim.text)


def _between_letters(line: str, most: int) -> int:
    places = range(most, most // 2, -1)
    return next((one for one in places if not (line[one - 1].isspace() or line[one].isspace())), most)


def _seen(text: str) -> str:
    return wording.escaped(for_eyes(text), MOST_FIELD)


def draft_text(draft: Draft) -> View:
    """Return the whole draft to be read, as far as a dialog goes; what is beyond is in the file."""
    blocks = [section(lines(f"*{draft.label} · {wording.quoted(draft.title, 120)}*", _header(draft.text)))]
    blocks += [section(piece) for part in _shown_parts(draft) for piece, _ in _chunks(part)]
    left = len(blocks) - MOST_PIECES
    end = [section("*There is more.* `/postmortem export md` has all of it.")] if left > 0 else []
    return _modal("draft", draft.label, [*blocks[:MOST_PIECES], *end], meta=str(draft.id), submit=None)


def _header(text: str) -> str:
    head = text.partition("\n## ")[0].splitlines()[1:]
    return "\n".join(wording.quoted(line.replace("**", "").strip("_ "), 600) for line in head if line.strip())


def _shown_parts(draft: Draft) -> list[str]:
    """Return the draft section by section: sentences as on every card, all else as words without formatting."""
    struck = by_claim(draft.struck)
    said = {one.line: one for one in read(draft.text).sentences}
    parts: list[list[str]] = []
    for number, line in enumerate(draft.text.splitlines(), start=1):
        if line.startswith("## "):
            parts.append([f"*{wording.quoted(line[3:], 120)}*"])
        elif not parts or re.fullmatch(r"[|\s:-]*", line) or leads_to(line):
            continue
        elif number in said:
            parts[-1].append(_shown_sentence(said[number], struck))
        else:
            parts[-1].append(_shown_line(line))
    return ["\n".join(part) for part in parts]


def _shown_sentence(one: Sentence, struck: Struck) -> str:
    claim = one.claim
    shown = claims_text((claim,), struck, most_of_each=MOST_OF_A_LINE)
    lead = f"• {one.section}: " if one.section in {FOR, AGAINST} else ""
    quote = f" “{wording.quoted(claim.quote, MOST_OF_A_LINE)}”" if claim.quote not in claim.text else ""
    return f"{lead}{shown.removeprefix('• ') if lead else shown}{quote}"


def _shown_line(line: str) -> str:
    """Return a heading, a row of a table or a line of a list in words."""
    if line.startswith("#"):
        return f"*{wording.quoted(line.lstrip('# '), 200)}*"
    words = _LINKED.sub(r"\1", unanchored(line.strip()))
    if words.startswith("|"):
        words = " · ".join(cell.strip() for cell in re.split(r"(?<!\\)\|", words)[1:-1] if cell.strip())
    words = re.sub(r"^[-*+] (?:\[( |x)\] )?", lambda box: {None: "• ", " ": "☐ ", "x": "☑ "}[box[1]], words)
    slanted = re.fullmatch(r"_([^_].*)_", words)
    told = wording.told(unescaped(slanted[1] if slanted else words.replace("~~", "")), MOST_OF_A_LINE)
    return f"_{told}_" if slanted else told


def judge_cause(draft: Draft, candidate: Candidate, number: int) -> View:
    """Return the dialog in which somebody says that a candidate was it, or strikes it."""
    struck = by_claim(draft.struck)
    options = [{"text": words(label), "value": value} for value, label in CAUSES.items()]
    chosen: Block = {"type": "static_select", "action_id": WHY, "options": options}
    blocks = [
        section(
            f"*Candidate {number}, {wording.quoted(candidate.role, 20)}*\n{claims_text((candidate.claim,), struck)}"
        ),
        section(lines("*For*", claims_text(candidate.backing, struck, most=3) or "nothing that was counted")),
        section(lines("*Against*", claims_text(candidate.against, struck, most=3) or "none found")),
        *([section(f"*Not looked at*  {unseen_text(candidate)}")] if candidate.unseen else []),
        _input(WHY, "What do you say?", chosen),
    ]
    meta = f"{draft.id}:{number}:{draft.edition}"
    return _modal("cause", f"{draft.label}: was it that?", blocks, meta=meta, submit="Say so")


def unseen_text(candidate: Candidate) -> str:
    """Return what was not looked at, as far as a card has room for it."""
    shown = "; ".join(wording.quoted(one.rstrip("."), 80) for one in candidate.unseen[:2])
    more = len(candidate.unseen) - 2
    return f"{shown}{f' and {more} more' if more > 0 else ''}"


def export_draft(draft: Draft) -> View:
    """Return the dialog that asks in which form the draft is posted."""
    options = [{"text": words(label), "value": value} for value, label in FORMS.items()]
    chosen: Block = {"type": "static_select", "action_id": WHY, "options": options, "initial_option": options[0]}
    blocks = [
        section(f"*{draft.label}* · edition {draft.edition}. The file is posted in the draft’s thread."),
        _input(WHY, "As what?", chosen),
    ]
    return _modal("export", f"Export {draft.label}", blocks, meta=str(draft.id), submit="Export")


def publish_draft(draft: Draft) -> View:
    """Return the dialog that asks once more before a draft is published."""
    told = "It is refused while a sentence says what its evidence does not, or words point at a person."
    blocks = [section(f"*{draft.label}* · edition {draft.edition} becomes PUBLISHED: file, canvas, folder. {told}")]
    meta = f"{draft.id}:{draft.edition}"
    return _modal("publish", f"Publish {draft.label}", blocks, meta=meta, submit="Publish")


def add_fact(draft: Draft) -> View:
    """Return the dialog in which somebody adds what they saw, under their name."""
    options = [{"text": words(part.value), "value": part.value} for part in Part]
    chosen: Block = {"type": "static_select", "action_id": WHY, "options": options, "initial_option": options[3]}
    blocks = [
        section(f"*{draft.label}* · {wording.quoted(draft.title, 100)}\nIt stays as you say it, *stated by you*."),
        _input(WHY, "Where", chosen),
        _input(WORDS, "What you saw or did", _text(WORDS, most=600, long=True)),
    ]
    return _modal("add_fact", "Add what I saw", blocks, meta=str(draft.id), submit="Add")


def whole_plan(plan: JsonObject, page: int, stage: Stage, *, meta: str) -> View:
    """Return one page of a plan with every call that it could work out; the next is a press away.

    Raises:
        InvalidError: it has no such page.
    """
    shown, title = plan_pages(plan, stage), wording.prose(str(plan.get("title", "")), 80)
    if not 0 < page <= len(shown):
        raise InvalidError("This plan has no such page; nothing was done.")
    last = page >= len(shown)
    small = context(
        f"page {page} of {len(shown)} · nothing was started, and each call is asked for when its turn comes"
    )
    head = section(f"*Plan, nothing started: {stage.environment} · {title}*")
    submit = None if last else "Next page"
    return _modal("plan", "Whole plan", [head, *shown[page - 1], small], meta=meta, submit=submit)


def drop_item(item: FollowUp) -> View:
    """Return the dialog that asks why an action item is dropped."""
    blocks = [
        section(f"*{item.label}* · {wording.quoted(item.text, 300)}\nThe reason stands on the checklist."),
        _input(WORDS, "Why is it dropped?", _text(WORDS, most=MOST_ITEM, long=True)),
    ]
    return _modal("drop", f"Drop {item.label}", blocks, meta=str(item.id), submit="Drop")


def add_item(beside: FollowUp) -> View:
    """Return the dialog in which somebody adds an action item beside another."""
    blocks = [
        section(f"*{wording.quoted(beside.subject, 20)}* · nobody has it until somebody takes or gets it."),
        _input(WORDS, "What is to be done", _text(WORDS, most=MOST_ITEM, long=True)),
    ]
    return _modal("item", "Add an action item", blocks, meta=str(beside.id), submit="Add")


def search_runbook(episode: Episode) -> View:
    """Return the dialog in which somebody says by which words to look for a runbook for an alarm."""
    blocks = [
        section(f"*A-{episode.id} · {wording.quoted(episode.notice.name, 80)}* · what is found can be started for it."),
        _input(WORDS, "Words to search for", _text(WORDS, most=200)),
    ]
    return _modal("search", "Search runbooks", blocks, meta=str(episode.id), submit="Search")


def details(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> View:
    """Return the whole request: full call, evidence, verdict, digest, the same as an AWS CLI command."""
    blocks = details_blocks(approval, run, runbook, stage)
    return _modal("details", f"Request {approval.label}", _bounded(blocks), meta=str(approval.id), submit=None)


def details_blocks(approval: Approval, run: Run, runbook: Runbook, stage: Stage) -> list[Block]:
    """Return what Details shows, in the order in which it is asked for."""
    bound = approval.binding
    calls = [one.call for one in bound.calls]
    commands = "\n\n".join(command_line(call, stage.catalogue.rows, region=stage.platform.region) for call in calls)
    return [
        section(
            lines(
                f"*{stage.environment} · {state_word(approval)}* ({stage.account}) · {headline(run)}",
                f"*{effect_of(approval)}.*",
            )
        ),
        *facts(approval, runbook, stage, rest="below"),
        section("*The exact call*" if len(calls) == 1 else f"*The exact calls* ({len(calls)}, in this order)"),
        *map(exact, pieces(exact_text(calls, stage.catalogue.rows))),
        section("*What was seen, and must still be so*"),
        *map(exact, pieces(_evidence(approval))),
        section(_verdict(approval, stage)),
        section("*The same as AWS CLI commands*"),
        *map(exact, pieces(fenced(commands))),
        context(f"digest {approval.digest} · edition {approval.edition} · runbook {bound.snapshot[:12]}"),
    ]


def _evidence(approval: Approval) -> str:
    found = [
        f"{one.step}[{one.item}.{one.index}] {name} = {json.dumps(value)}"
        for one in approval.binding.calls
        for name, value in singly(one.seen)
    ]
    return fenced("\n".join(found) or "nothing that decides")


def _verdict(approval: Approval, stage: Stage) -> str:
    bound = approval.binding
    expects = dict.fromkeys(one.expect for one in bound.calls if one.expect)
    who = wording.roles_wanted(bound.needs, stage.policy)
    may = "the requester may too" if bound.requester_may else f"never {stage.named(bound.authors)}"
    return lines(
        f"*Verdict* {bound.risk}: {who}, {may}; valid {wording.span(timedelta(seconds=bound.lifetime_s))}, used once",
        f"*Called as* {wording.code(bound.role, 120)} in account {wording.code(bound.account, 20)}",
        f"*Expected after* {', '.join(wording.code(one, 200) for one in expects)}" if expects else "",
    )


def review(approval: Approval, run: Run, runbook: Runbook, stage: Stage, *, opaque: str, listed: bool = True) -> View:
    """Return the whole call with Approve under it; without Approve where not even a dialog can show it whole.

    Args:
        opaque: the id under which the server keeps approval, edition and card of this dialog.
        listed: whether the file of each list stands under the request, so that all of it can be read.
    """
    head = f"🟠 *{stage.environment} · APPROVAL NEEDED* ({stage.account}) · {approval.label}"
    whole = _Whole(callback="review", title=f"Review {approval.label}", submit="Approve", head=head)
    return _shown_whole(whole, approval, runbook, stage, opaque=opaque, listed=listed)


def break_glass(
    approval: Approval, run: Run, runbook: Runbook, stage: Stage, *, opaque: str, listed: bool = True
) -> View:
    """Return the whole call with what it means to answer for it alone, and why; see `review`."""
    rule = stage.policy.break_glass
    second = f"<#{rule.channel}>" if rule else "a second channel"
    missing = ", ".join(wording.role_name(role, stage.policy) for role in approval.missing())
    head = lines(
        f"🚨 *{stage.environment} · BREAK THE GLASS* ({stage.account}) · {approval.label}",
        f"You answer alone for the yes of {missing}. {second} is told first; if it cannot be, nothing is done. "
        "All else stays: what is signed, what was seen, and for how long.",
    )
    whole = _Whole(
        callback="break_glass",
        title=f"Break glass {approval.label}",
        submit="Break the glass",
        head=head,
        asks=(_input(WORDS, "Why can it not wait for them? Everybody reads it", _text(WORDS, most=MOST_REASON)),),
    )
    return _shown_whole(whole, approval, runbook, stage, opaque=opaque, listed=listed)


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """Hold what a dialog says and asks around the whole call."""

    callback: str
    title: str
    submit: str
    head: str
    asks: tuple[Block, ...] = ()


def _shown_whole(
    whole: _Whole, approval: Approval, runbook: Runbook, stage: Stage, *, opaque: str, listed: bool
) -> View:
    calls = [one.call for one in approval.binding.calls]
    shown = pieces(exact_text(calls, stage.catalogue.rows))
    head = [section(f"{whole.head}\n*{effect_of(approval)}.*"), *facts(approval, runbook, stage)]
    every = [*head, *map(exact, shown)]
    if any(call.many is not None for call in calls) and not listed:
        missing = section(
            "*The list's file is not under the request, so nobody could have read it whole.* "
            "Slack may need a moment; where it refuses files, ask for less at once."
        )
        return _modal(whole.callback, whole.title, [*every, missing], meta=opaque, submit=None)
    found = _modal(whole.callback, whole.title, [*every, *whole.asks], meta=opaque, submit=whole.submit)
    if len(shown) <= MOST_PIECES and len(json.dumps(found.payload)) <= MOST_BYTES:
        return found
    refused = section(
        "*Too long to be shown whole, so it cannot be approved here.* Decline it and ask for less at once."
    )
    return _modal(whole.callback, whole.title, [*head, refused], meta=opaque, submit=None)


def _bounded(blocks: list[Block]) -> list[Block]:
    if len(blocks) <= 90 and len(json.dumps(blocks)) <= MOST_BYTES:
        return blocks
    return [*blocks[:20], section("… too long to be shown whole here. `runbook-bot audit` has all of it.")]


def _modal(callback: str, title: str, blocks: Sequence[Block], *, meta: str, submit: str | None) -> View:
    kept = [
        block if "block_id" in block else numbered([block], ids=f"{callback}:{place}")[0]
        for place, block in enumerate(blocks)
    ]
    made: Block = {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": meta[:3_000],
        "title": words(wording.cut(title, 24)),
        "close": words("Close" if submit is None else "Go back"),
        "blocks": kept,
    }
    return View(payload={**made, "submit": words(submit)} if submit else made)


def _input(block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    made: Block = {
        "type": "input",
        "block_id": block_id,
        "label": words(wording.cut(wording.visible(label), 150)),
        "element": element,
        "optional": optional,
    }
    return {**made, "hint": words(wording.cut(wording.visible(hint), 150))} if hint else made


def _text(action: str, *, most: int, long: bool = False, value: str = "") -> Block:
    made: Block = {"type": "plain_text_input", "action_id": action, "multiline": long, "max_length": most}
    return {**made, "initial_value": value[:most]} if value else made


def _field(asked: Field) -> Block:
    block_id = f"{INPUT}{asked.name}"
    most = min(max(MOST_ASKED, len(asked.value)), MOST_FIELD)  # what was typed as a command may be longer than asked
    if not asked.choices:
        text = _text(VALUE, most=most, long=asked.long, value=asked.value)
        return _input(block_id, asked.title, text, hint=asked.hint, optional=asked.optional)
    options = [
        _option(value, asked.labels.get(value, value))
        for value in asked.choices[:MOST_CHOICES]
        if 0 < len(value) <= 150
    ]
    element: Block = {"type": "static_select", "action_id": VALUE, "options": options}
    if not options:
        return _input(block_id, asked.title, _text(VALUE, most=most, value=asked.value), hint=asked.hint)
    chosen = next((one for one in options if one["value"] == asked.value), options[0] if len(options) == 1 else None)
    return _input(block_id, asked.title, {**element, "initial_option": chosen} if chosen else element, hint=asked.hint)


def _option(value: str, label: str) -> Block:
    """Return a choice whose label keeps the end of a long value, where keys differ."""
    shown = wording.ascii_only(wording.visible(label))
    return {"text": words(shown if len(shown) <= 75 else f"…{shown[-74:]}"), "value": value}
