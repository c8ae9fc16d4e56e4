"""The post-mortem's card: how far it is, then what stands in it and what people must still do. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from bot.domain.postmortem.comparing import Fate
from bot.domain.postmortem.document import Candidate, Part, Postmortem
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.markdown import read
from bot.domain.strikes import Struck, by_claim, claim_id
from bot.slack.cards import wording
from bot.slack.cards.assist import claims_text, small_print, spent
from bot.slack.cards.blocks import Block, Button, Message, buttons, context, lines, message, section
from bot.slack.cards.stage import Stage

WORDS: dict[DraftState, tuple[str, str]] = {
    DraftState.READING: ("🔎", "READING"),
    DraftState.WORDING: ("✍️", "WORDING"),
    DraftState.READY: ("📝", "DRAFT"),
    DraftState.PUBLISHED: ("📗", "PUBLISHED"),
    DraftState.FAILED: ("❌", "NOT WRITTEN"),
}
BAR = 20


class CanvasState(StrEnum):
    """Say what became of the draft's canvas."""

    COMING = "coming"
    SHOWN = "shown"
    LEFT = "left"
    REFUSED = "refused"


CANVAS_WORDS: Mapping[CanvasState, str] = {
    CanvasState.COMING: "",
    CanvasState.SHOWN: "also a canvas, in the channel’s tabs",
    CanvasState.LEFT: "the canvas says something else and is not written over: `/postmortem import canvas`",
    CanvasState.REFUSED: "Slack took no canvas: the file in the thread is the way to read it",
}


def postmortem_card(
    draft: Draft, fates: tuple[Fate, ...], stage: Stage, *, canvas: CanvasState = CanvasState.COMING
) -> Message:
    """Return the draft as it stands.

    Args:
        fates: what became of its sentences in people's hands.
    """
    emoji, word = WORDS[draft.state]
    edition = f" v{draft.edition}" if draft.edition else ""
    head = f"{emoji} *{wording.quoted(draft.label, 20)} · {wording.quoted(draft.title, 120)} · {word}{edition}*"
    document = draft.document
    if document is None:
        blocks = [section(lines(head, *_progress(draft, stage))), *_cancel(draft)]
    else:
        blocks = [section(lines(head, *_facts(document, stage))), *_body(draft, document), *_buttons(draft)]
        blocks.append(context(_small_print(draft, document, fates, canvas)))
        if document.made is not None:
            blocks.append(small_print(document.made, cost=spent(document.made) if document.made.tokens.input else ""))
    text = wording.push(f"Post-mortem of {draft.label} {word}{edition}: {wording.quoted(draft.title, 80)}")
    return message(text, blocks, ids=f"postmortem:{draft.id}:{draft.revision}")


def file_refused(draft: Draft, name: str, code: str) -> Message:
    """Return what is said in the place of a file that Slack did not take."""
    where = ", ".join(wording.quoted(one, 120) for one in draft.published)
    kept = f"It is published to {where}." if where else f"The bot keeps it as edition {draft.edition}: *Edit section…*."
    head = f"⚠️ *Slack did not take the file {wording.quoted(name, 60)}* ({wording.quoted(code, 60)})"
    again = "Nothing is lost. Once Slack takes files again: `/postmortem export md`"
    text = wording.push(f"{wording.quoted(draft.label, 20)}: Slack did not take {wording.quoted(name, 60)}.")
    return message(text, [section(lines(head, kept, again))], ids=f"file:{draft.id}:{draft.edition}")


def _progress(draft: Draft, stage: Stage) -> list[str]:
    window = f"{wording.time_of(draft.since, now=stage.now)} to {wording.time_of(draft.until, now=stage.now)}"
    filled = round(draft.share * BAR)
    bar = f"`{'█' * filled}{'░' * (BAR - filled)}` {round(draft.share * 100)} %"
    going = draft.state in {DraftState.READING, DraftState.WORDING}
    groups = "" if draft.state is DraftState.READING else wording.counted(len(draft.groups), "log group")
    return [
        f"{window} · {groups}" if groups else window,
        wording.quoted(draft.progress, 600),
        bar if going else "",
    ]


def _cancel(draft: Draft) -> list[Block]:
    if draft.state not in {DraftState.READING, DraftState.WORDING}:
        return []
    return buttons([Button(label="Cancel", action="cancel_draft", value=str(draft.id))])


def _facts(document: Postmortem, stage: Stage) -> list[str]:
    times = document.times
    began = times.began
    reached = {
        "detected": times.detected,
        "someone on it": times.acknowledged,
        "mitigated": times.mitigated,
        "resolved": times.resolved,
    }
    spans = [f"{name} {wording.span(at - began)}" for name, at in reached.items() if began and at]
    waited = f"{wording.span(times.waited)} waiting for people" if times.waited is not None else ""
    told = " · ".join(part for part in (*spans, waited) if part)
    severity = f"severity {document.severity} · " if document.severity else ""
    since, until = (wording.time_of(at, now=stage.now) for at in (document.since, document.until))
    return [f"{severity}looked at {since} to {until}", f"*Times*  {told}" if told else ""]


def _body(draft: Draft, document: Postmortem) -> list[Block]:
    """Return what the text says now, as people have left it, and the first candidate that nobody has struck."""
    said, struck = [], by_claim(draft.struck)
    stands = read(draft.text).sentences
    for part, title in ((Part.SUMMARY, "In short"), (Part.IMPACT, "Impact")):
        claims = [one.claim for one in stands if one.section == part.value]
        said.append(lines(f"*{title}*", claims_text(claims, struck, most=3) or "_not determined_"))
    return [section("\n".join(said)), section(lines(*_candidate(draft, document, struck)))]


def _left(draft: Draft) -> list[tuple[int, Candidate]]:
    """Return the candidates that nobody has struck, each with its place among all, from 1."""
    struck = by_claim(draft.struck)
    candidates = draft.document.candidates if draft.document else ()
    return [(at, one) for at, one in enumerate(candidates, start=1) if claim_id(one.claim.text) not in struck]


def _candidate(draft: Draft, document: Postmortem, struck: Struck) -> list[str]:
    if not document.candidates:
        return ["*Cause*  no candidate: the logs name none"]
    left = _left(draft)
    if not left:
        return ["*Cause*  no candidate is left: people struck all of them"]
    first = left[0][1]
    if first.confirmed_by:
        head = f"*Cause, confirmed by {wording.quoted(first.confirmed_by, 40)}*"
    else:
        head = f"*Candidate cause, not confirmed* (1 of {len(left)})"
    ids = " ".join(wording.quoted(one, 8) for one in first.claim.evidence[:4])
    against = claims_text(first.against, struck, most=2)
    return [
        f"{head}  {wording.told(first.claim.text, 240)} [{ids}]",
        f"against:\n{against}" if against else "against: none found",
    ]


def _buttons(draft: Draft) -> list[Block]:
    number = str(draft.id)
    left = _left(draft)
    shown = [
        Button(label="Add what I saw", action="add_fact", value=number, primary=True),
        Button(label="Edit section…", action="edit_section", value=number),
    ]
    more = [Button(label="Evidence", action="evidence", value=f"postmortem:{number}")]
    if any(one.evidence for one in (sentence.claim for sentence in read(draft.text).sentences)):
        more.append(Button(label="Wrong?…", action="wrong", value=f"postmortem:{number}"))
    if left and not left[0][1].confirmed_by:
        which = f"{number}:{left[0][0]}"
        shown.append(Button(label="Confirm the cause", action="confirm_cause", value=which))
        more.append(Button(label="The candidate is wrong", action="wrong_cause", value=which))
    if draft.state is DraftState.READY:
        more.append(Button(label="Publish", action="publish_draft", value=number))
    return buttons(shown, more)


def _small_print(draft: Draft, document: Postmortem, fates: tuple[Fate, ...], canvas: CanvasState) -> str:
    claims = [claim for _, claim in document.claims()]
    inferred = sum(claim.kind.value == "inferred" for claim in claims)
    stated = sum(fate is Fate.STATED for fate in fates)
    wrong = sum(fate is Fate.CONTRADICTED for fate in fates)
    struck = sum(fate is Fate.STRUCK for fate in fates)
    unread = len(document.evidence.unread)
    owners = sum(not one.owner for one in document.actions)
    parts = (
        f"{wording.counted(len(claims), 'claim')}, {inferred} inferred, {len(document.dropped)} dropped",
        f"{stated} stated by people" if stated else "",
        f"{struck} struck by people" if struck else "",
        f"{wrong} contradicted by the evidence" if wrong else "",
        f"{unread} not read" if unread else "",
        wording.counted(len(document.questions), "open question"),
        f"{wording.counted(owners, 'action')} without owner",
        wording.counted(len(draft.edits), "edit") if draft.edits else "went well / badly / lucky are for people",
        CANVAS_WORDS[canvas],
        f"published to {', '.join(wording.quoted(one, 120) for one in draft.published)}" if draft.published else "",
    )
    return " · ".join(part for part in parts if part)
