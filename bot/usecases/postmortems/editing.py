"""A draft in people's hands: their words, what they saw, and what they say was the cause."""

from bot.domain.audit import AuditEntry
from bot.domain.claims import Claim, Kind
from bot.domain.inbox import ConfirmCause, Delivery, EditDraft, StateFact
from bot.domain.postmortem.document import CANDIDATES, Part
from bot.domain.postmortem.draft import MOST_TEXT, Draft, Edited
from bot.domain.postmortem.importing import LOOK_AGAIN, owned, standing
from bot.domain.postmortem.markdown import numbered, sentence, written
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.records import Change
from bot.domain.value import JsonObject
from bot.errors import InvalidError, RequestError
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import canvas_card, draft_card, keep_text


def edit(desk: Desk, delivery: Delivery, wish: EditDraft) -> Change:
    """Keep a person's words for some sections, under their name, whoever they say it was.

    An edit of an older edition is refused with how they stand now.

    Raises:
        RequestError: nothing was changed, or somebody else was first.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    changed = {
        title: body for title, body in wish.sections.items() if body.strip() != section_of(draft.text, title).strip()
    }
    if not changed:
        raise RequestError("Nothing was changed: every section is as it was.")
    if wish.edition != draft.edition:
        raise RequestError(f"{LOOK_AGAIN}\n{standing(draft.text, changed)}")
    text = draft.text
    for title, body in changed.items():
        text = replaced(text, title, owned(draft.text, title, body, by=f"@{somebody.name}"))
    return edited(desk, draft, text, by=somebody.id, section=", ".join(changed))


def state_fact(desk: Desk, delivery: Delivery, wish: StateFact) -> Change:
    """Add what somebody saw, under their name: it stays, whatever the evidence says."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    if wish.section not in {part.value for part in Part}:
        raise InvalidError(f"There is no section {wish.section!a}.")
    claim = Claim(text=" ".join(wish.text.split())[:600], kind=Kind.STATED, by=f"@{somebody.name}")
    if not claim.text:
        raise InvalidError("Add what? Words are missing.")
    body = section_of(draft.text, wish.section)
    kept = body if "\n- " in f"\n{body}" else ""
    text = replaced(draft.text, wish.section, f"{kept}\n- {sentence(claim)}".strip())
    return edited(desk, draft, text, by=somebody.id, section=wish.section)


def confirm_cause(desk: Desk, delivery: Delivery, wish: ConfirmCause) -> Change:
    """Take a person's word that a candidate was it, or that it was not."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    draft = desk.records.draft(wish.draft)
    if draft.document is None or wish.number >= len(draft.document.candidates):
        raise RequestError("There is no such candidate any more.")
    candidates = list(draft.document.candidates)
    if wish.right:
        told = {"confirmed_by": f"@{somebody.name}"}
        candidates[wish.number] = candidates[wish.number].model_copy(update=told)
    else:
        del candidates[wish.number]
    document = draft.document.model_copy(update={"candidates": tuple(candidates)})
    section = section_of(written(document), CANDIDATES)
    text = replaced(draft.text, CANDIDATES, section)
    changed = draft.model_copy(update={"document": document})
    return edited(desk, changed, text, by=somebody.id, section=CANDIDATES)


def edited(desk: Desk, draft: Draft, text: str, *, by: str, section: str) -> Change:
    """Return the draft's next edition, under the name of who made it.

    Raises:
        InvalidError: the text is too long.
    """
    if len(text) > MOST_TEXT:
        raise InvalidError(f"A post-mortem has at most {MOST_TEXT:,} characters.")
    edition = draft.edition + 1
    text = numbered(text, edition)
    edit = Edited(by=by, at=desk.now(), section=section, sha256=keep_text(desk, draft.label, text, edition))
    update = {"edition": edition, "edits": (*draft.edits, edit), "editions": (*draft.editions, edit.sha256)}
    now = draft.model_copy(update={"text": text, **update})
    facts: JsonObject = {"edition": now.edition, "section": section, "text": edit.sha256}
    entry = AuditEntry(kind="postmortem.edited", subject=draft.label, actor=by, facts=facts)
    return Change(drafts=(now,), cards=(draft_card(now), canvas_card(now)), audit=(entry,))
