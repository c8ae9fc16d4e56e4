"""What every verb about a draft needs: which one is meant, its card, and whether it is still being written."""

from collections.abc import Mapping
from hashlib import sha256

from bot.domain.inbox import Delivery, EditSection, ShowPostmortem
from bot.domain.matching import Page
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.sections import section_of
from bot.domain.records import Card, CardKind, canvas_key
from bot.domain.value import JsonObject, JsonValue
from bot.errors import NotFoundError, RequestError
from bot.ports import Records
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
    ready = [one for one in records.drafts(most=500) if one.document is not None]
    return {
        one.label: Page(key=one.label, title=one.title, opening=section_of(one.text, Part.SUMMARY.value), text=one.text)
        for one in reversed(ready)
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
