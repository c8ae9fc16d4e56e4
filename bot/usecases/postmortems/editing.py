"""A draft in people's hands: their words, and what they saw."""

from bot.domain.claims import Claim, Kind
from bot.domain.inbox import Delivery, EditDraft, StateFact
from bot.domain.postmortem.document import Part
from bot.domain.postmortem.importing import LOOK_AGAIN, owned, standing
from bot.domain.postmortem.markdown import restruck, sentence
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.records import Change
from bot.domain.redaction import covered
from bot.errors import InvalidError, RequestError
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import edited, struck_in


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
    struck = struck_in(desk.records, draft)
    marked = restruck(text, struck)
    if all(section_of(marked, title) == section_of(draft.text, title) for title in changed):
        raise RequestError("Nothing was changed: what is struck stays so until somebody takes it back with Wrong?….")
    return edited(desk, draft, text, by=somebody.id, section=", ".join(changed), struck=struck)


def state_fact(desk: Desk, delivery: Delivery, wish: StateFact) -> Change:
    """Add what somebody saw, under their name: it stays, whatever the evidence says."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    if wish.section not in {part.value for part in Part}:
        raise InvalidError(f"There is no section {wish.section!a}.")
    claim = Claim(text=covered(" ".join(wish.text.split()))[:600], kind=Kind.STATED, by=f"@{somebody.name}")
    if not claim.text:
        raise InvalidError("Add what? Words are missing.")
    body = section_of(draft.text, wish.section)
    kept = body if "\n- " in f"\n{body}" else ""
    text = replaced(draft.text, wish.section, f"{kept}\n- {sentence(claim)}".strip())
    return edited(desk, draft, text, by=somebody.id, section=wish.section)
