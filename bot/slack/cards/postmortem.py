"""The post-mortem's card: how far it is, then what stands in it and what people must still do. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.domain.claims import Claim
from bot.domain.postmortem.blameless import blaming
from bot.domain.postmortem.comparing import Fate
from bot.domain.postmortem.document import Candidate, Part, Postmortem
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.markdown import read
from bot.domain.strikes import Struck, by_claim, claim_id
from bot.slack.cards import wording
from bot.slack.cards.assist import claims_text, small_print, spent
from bot.slack.cards.blocks import Block, Button, Message, buttons, context, lines, message, section
from bot.slack.cards.modals import unseen_text
from bot.slack.cards.stage import Stage

WORDS: dict[DraftState, tuple[str, str]] = {
    DraftState.READING: ("🔎", "READING"),
    DraftState.WORDING: ("✍️", "WORDING"),
    DraftState.READY: ("📝", "DRAFT"),
    DraftState.PUBLISHED: ("📗", "PUBLISHED"),
    DraftState.FAILED: ("❌", "NOT WRITTEN"),
}
BAR = 20
MOST_CAUSES = 3
MOST_IDS = 6


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
    draft: Draft,
    fates: tuple[Fate, ...],
    stage: Stage,
    *,
    canvas: CanvasState = CanvasState.COMING,
    whispered: bool = False,
) -> Message:
    """Return the draft as it stands.

    Args:
        fates: what became of its sentences in people's hands.
        whispered: it is shown beside its card; what counts only on the card itself is not offered.
    """
    emoji, word = WORDS[draft.state]
    published = draft.published_edition if draft.state is DraftState.PUBLISHED else 0
    edition = f" v{published or draft.edition}" if draft.edition else ""
    if published and published != draft.edition:
        edition += f", DRAFT v{draft.edition}"
    head = f"{emoji} *{wording.quoted(draft.label, 20)} · {wording.quoted(draft.title, 120)} · {word}{edition}*"
    document = draft.document
    if document is None:
        blocks = [section(lines(head, *_progress(draft, stage))), *_cancel(draft)]
    else:
        blocks = [section(lines(head, *_facts(document, stage))), *_body(draft, document)]
        blocks += _buttons(draft, whispered=whispered)
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
    """Return what the text says now, as people have left it, and the first candidates that nobody has struck."""
    said, struck = [], by_claim(draft.struck)
    stands = read(draft.text).sentences
    for part, title in ((Part.SUMMARY, "In short"), (Part.IMPACT, "Impact")):
        claims = [one.claim for one in stands if one.section == part.value]
        said.append(lines(f"*{title}*", claims_text(claims, struck, most=3) or "_not determined_"))
    whole = Button(label="Open draft", action="open_draft", value=str(draft.id))
    return [section("\n".join(said), button=whole), *_causes(draft, document, struck)]


def _causes(draft: Draft, document: Postmortem, struck: Struck) -> list[Block]:
    """Return the first candidates that nobody has struck, each with the dialog that judges it."""
    if not document.candidates:
        return [section("*Cause*  no candidate: the logs name none")]
    left = [
        (number, one)
        for number, one in enumerate(document.candidates, start=1)
        if claim_id(one.claim.text) not in struck
    ]
    if not left:
        return [section("*Cause*  no candidate is left: people struck all of them")]
    shown = [_candidate(draft, one, number, struck) for number, one in left[:MOST_CAUSES]]
    more = len(left) - MOST_CAUSES
    return [*shown, *([context(f"… and {wording.counted(more, 'more candidate')}, in the draft")] if more > 0 else [])]


def _candidate(draft: Draft, one: Candidate, number: int, struck: Struck) -> Block:
    sure = f"confirmed by {wording.quoted(one.confirmed_by, 40)}" if one.confirmed_by else "not confirmed"
    name = "Candidate cause" if one.role == "trigger" else "Candidate, contributing"
    head = f"*{'Cause' if one.confirmed_by else name}, {sure}*  {wording.told(one.claim.text, 200)}"
    cited = _borne((one.claim,), struck) if one.claim.evidence else ""
    told = (
        f"for: {_borne(one.backing, struck) or 'nothing that was counted'}",
        f"against: {_borne(one.against, struck) or 'none found'}",
    )
    unseen = f"not looked at: {unseen_text(one)}" if one.unseen else ""
    judge = Button(label="Confirm…", action="cause", value=f"{draft.id}:{number}")
    return section(
        lines(f"{head} [{cited}]" if cited else head, " · ".join(part for part in (*told, unseen) if part)),
        button=judge,
    )


def _borne(claims: Sequence[Claim], struck: Struck) -> str:
    """Return what the claims cite that nobody has struck, or how many they are where they cite nothing."""
    standing = [one for one in claims if claim_id(one.text) not in struck]
    found = [*dict.fromkeys(name for one in standing for name in one.evidence)]
    ids = " ".join(wording.quoted(one, 8) for one in found[:MOST_IDS])
    more = f" and {len(found) - MOST_IDS} more" if len(found) > MOST_IDS else ""
    return f"{ids}{more}" if ids else wording.counted(len(standing), "sentence") if standing else ""


def _buttons(draft: Draft, *, whispered: bool) -> list[Block]:
    number = str(draft.id)
    shown = [
        Button(label="Add what I saw", action="add_fact", value=number, primary=True),
        Button(label="Edit section…", action="edit_section", value=number),
    ]
    if draft.can_be_published:
        shown.append(Button(label="Publish…", action="publish_draft", value=number))
    more = [
        Button(label="Evidence", action="evidence", value=f"postmortem:{number}"),
        Button(label="Export…", action="export_draft", value=number),
        Button(label="Check claims", action="check_draft", value=number),
    ]
    if not whispered and any(one.claim.evidence for one in read(draft.text).sentences):
        more.insert(1, Button(label="Wrong?…", action="wrong", value=f"postmortem:{number}"))
    if draft.incident is not None:
        more.insert(0, Button(label="Assign actions", action="assign_items", value=str(draft.incident)))
    return buttons(shown, more)


def _named(unread: Sequence[str]) -> str:
    shown = "; ".join(wording.quoted(one.rstrip("."), 70) for one in unread[:2])
    return f"{shown}{f' and {len(unread) - 2} more' if len(unread) > 2 else ''}"


def _published(draft: Draft) -> str:
    if not draft.published:
        return ""
    where = f"published to {', '.join(wording.quoted(one, 120) for one in draft.published)}"
    return f"{where} as edition {draft.published_edition}, and changed since" if draft.can_be_published else where


def _small_print(draft: Draft, document: Postmortem, fates: tuple[Fate, ...], canvas: CanvasState) -> str:
    claims = [claim for _, claim in document.claims()]
    inferred = sum(claim.kind.value == "inferred" for claim in claims)
    stated = sum(fate is Fate.STATED for fate in fates)
    wrong = sum(fate is Fate.CONTRADICTED for fate in fates)
    struck = sum(fate is Fate.STRUCK for fate in fates)
    unread = document.evidence.unread
    blame = len(blaming(draft.text))
    owners = sum(not one.owner for one in document.actions)
    parts = (
        f"{wording.counted(len(claims), 'claim')}, {inferred} inferred, {len(document.dropped)} dropped",
        f"{stated} stated by people" if stated else "",
        f"{struck} struck by people" if struck else "",
        f"{wrong} contradicted by the evidence" if wrong else "",
        f"not read: {_named(unread)}" if unread else "",
        f"{wording.counted(blame, 'phrase')} that may point at a person: _Check claims_" if blame else "",
        wording.counted(len(document.questions), "open question"),
        f"{wording.counted(owners, 'action')} without owner",
        wording.counted(len(draft.edits), "edit") if draft.edits else "went well / badly / lucky are for people",
        CANVAS_WORDS[canvas],
        _published(draft),
    )
    return " · ".join(part for part in parts if part)
