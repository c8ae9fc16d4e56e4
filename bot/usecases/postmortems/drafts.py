"""What every verb about a draft needs: which one is meant, its card, its next edition, whether it is being written."""

from collections.abc import Mapping
from hashlib import sha256

from bot.domain.audit import AuditEntry
from bot.domain.inbox import Delivery, EditSection, ShowPostmortem
from bot.domain.matching import Page
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.draft import MOST_TEXT, Draft, DraftState, Edited
from bot.domain.postmortem.markdown import numbered, read, restruck, unanchored, unstruck
from bot.domain.postmortem.sections import section_of
from bot.domain.records import Card, CardKind, Change, canvas_key
from bot.domain.strikes import Struck, claim_id
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, NotFoundError, RequestError
from bot.ports import Records
from bot.usecases import strikes
from bot.usecases.desk import Desk


def find_draft(desk: Desk, number: int | None, channel: str) -> Draft:
    """Return the draft of an incident, or this channel's newest.

    Raises:
        NotFoundError: there is none; the words say how to begin one.
    """
    here = desk.channel if channel.startswith("D") else channel
    drafts = desk.records.drafts()
    if number is not None:
        found = next((one for one in drafts if one.incident == number), None)
    else:
        found = next((one for one in drafts if one.place.channel == here), None)
    if found is None:
        raise NotFoundError("There is no post-mortem here yet. Begin one: /postmortem draft")
    return found


def show(desk: Desk, delivery: Delivery, wish: ShowPostmortem) -> JsonObject:
    """Return which draft is to be shown."""
    return {"what": "postmortem", "draft": find_draft(desk, wish.incident, delivery.place.channel).id}


def to_edit(desk: Desk, delivery: Delivery, wish: EditSection) -> JsonObject:
    """Return which draft and section somebody wants to edit, where no dialog could be opened at once.

    Raises:
        RequestError: there is none to edit yet.
    """
    draft = ready(find_draft(desk, wish.incident, delivery.place.channel))
    return {"what": "edit", "draft": draft.id, "section": wish.section}


def ready(draft: Draft) -> Draft:
    """Return the draft, unless it is still being written.

    Raises:
        RequestError: it is.
    """
    if draft.document is None:
        raise RequestError(f"The draft of {draft.label} is not ready yet; nothing was done.")
    return draft


def pages(records: Records) -> Mapping[str, Page]:
    """Return what past incidents are found by, one page for each draft that is ready or published."""
    ready = [(one, unanchored(unstruck(one.text))) for one in records.drafts(most=500) if one.document is not None]
    return {
        one.label: Page(key=one.label, title=one.title, opening=section_of(text, Part.SUMMARY.value), text=text)
        for one, text in reversed(ready)
    }


def draft_card(draft: Draft) -> Card:
    """Return the card that shows the draft."""
    key = f"postmortem:{draft.id}"
    return Card(key=key, kind=CardKind.POSTMORTEM, subject=draft.id, channel=draft.place.channel, urgent=True)


def canvas_card(draft: Draft, **payload: JsonValue) -> Card:
    """Return the card that is the draft's canvas."""
    return Card(
        key=canvas_key(draft.id),
        kind=CardKind.CANVAS,
        subject=draft.id,
        channel=draft.place.channel,
        under=f"postmortem:{draft.id}",
        payload=payload,
    )


def struck_in(records: Records, draft: Draft) -> Struck:
    """Return the strikes that stand in a draft."""
    return strikes.standing(records, strikes.of_draft(records, draft), channel=draft.place.channel)


def with_struck(draft: Draft, text: str, struck: Struck) -> Draft:
    """Return the draft with a text in which what is struck is struck through."""
    now = draft.model_copy(update={"text": restruck(text, struck)})
    held = {claim_id(one.claim.text) for one in read(now.text).sentences}
    held |= {claim_id(one.text) for _, one in draft.document.claims()} if draft.document else set()
    return now.model_copy(update={"struck": tuple(one for one in struck.values() if one.claim in held)})


def edited(desk: Desk, draft: Draft, text: str, *, by: str, section: str, struck: Struck | None = None) -> Change:
    """Return the draft's next edition, under the name of who made it; what is struck stands in it struck through.

    Args:
        struck: the strikes, where they change with it.

    Raises:
        InvalidError: the text is too long.
    """
    marked = with_struck(draft, text, struck_in(desk.records, draft) if struck is None else struck)
    if len(marked.text) > MOST_TEXT:
        raise InvalidError(f"A post-mortem has at most {MOST_TEXT:,} characters.")
    edition = draft.edition + 1
    text = numbered(marked.text, edition)
    edit = Edited(by=by, at=desk.now(), section=section, sha256=keep_text(desk, draft.label, text, edition))
    update = {"edition": edition, "edits": (*draft.edits, edit), "editions": (*draft.editions, edit.sha256)}
    now = marked.model_copy(update={"text": text, **update})
    facts: JsonObject = {"edition": now.edition, "section": section, "text": edit.sha256}
    entry = AuditEntry(kind="postmortem.edited", subject=draft.label, actor=by, facts=facts)
    return Change(drafts=(now,), cards=(draft_card(now), canvas_card(now)), audit=(entry,))


def over(draft: Draft) -> bool:
    """Return whether a draft is not being written any more."""
    return draft.cancelled or draft.state not in {DraftState.READING, DraftState.WORDING}


def keep_text(desk: Desk, label: str, text: str, edition: int) -> str:
    """Keep the text of an edition, so that one made from it can be compared with it later; return its SHA-256."""
    known = fingerprint(text)
    desk.records.keep_snapshot(text, f"{label}-v{edition}.md", known)
    return known


def fingerprint(text: str) -> str:
    """Return what the audit names a text by."""
    return sha256(text.encode()).hexdigest()
