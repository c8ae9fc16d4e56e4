"""Publish a draft that its evidence bears, and give it out in other forms."""

from bot.domain.audit import AuditEntry
from bot.domain.claims import Claim, check
from bot.domain.evidence import Evidence
from bot.domain.inbox import Delivery, ExportPostmortem, PublishPostmortem
from bot.domain.postmortem.blameless import blaming
from bot.domain.postmortem.comparing import Compared, Fate, compare
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.markdown import read
from bot.domain.records import Card, CardKind, Change
from bot.domain.value import JsonObject
from bot.errors import RequestError
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import draft_card, find_draft, fingerprint


def publish(desk: Desk, delivery: Delivery, wish: PublishPostmortem) -> Change:
    """Publish the text as it stands, unless the evidence contradicts a sentence that cites it.

    Raises:
        RequestError: names the sentences that are contradicted, or blame a person.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    if wish.draft is not None:
        draft = desk.records.draft(wish.draft)
    else:
        draft = find_draft(desk, wish.incident, delivery.place.channel)
    if draft.document is None or draft.state is not DraftState.READY:
        raise RequestError(f"{draft.label} has no draft that is ready to be published.")
    wrong = [one for one in compared(draft) if one.fate is Fate.CONTRADICTED]
    if wrong:
        lines = "\n".join(f"line {one.line}: {one.claim.text[:120]} ({one.why[:120]})" for one in wrong[:5])
        raise RequestError(f"Not published: {len(wrong)} sentences say what their evidence does not.\n{lines}")
    blame = blaming(draft.text)
    if blame and not wish.anyway:
        lines = "\n".join(f"“{one.words}”: {one.rewrite}" for one in blame[:5])
        raise RequestError(
            f"Not published: some words point at a person.\n{lines}\nReword them, or: /postmortem publish --anyway"
        )
    out = draft.model_copy(update={"state": DraftState.PUBLISHED})
    desk.archive.publish(out.label, out.text)
    facts: JsonObject = {"edition": out.edition, "text": fingerprint(out.text), "anyway": wish.anyway}
    entry = AuditEntry(kind="postmortem.published", subject=out.label, actor=somebody.id, facts=facts)
    file = Card(
        key=f"postmortem:{out.id}:published",
        kind=CardKind.FILE,
        subject=out.id,
        channel=out.place.channel,
        under=f"postmortem:{out.id}",
        payload={"what": "md"},
    )
    return Change(drafts=(out,), cards=(draft_card(out), file), audit=(entry,))


def export(desk: Desk, delivery: Delivery, wish: ExportPostmortem) -> Change:
    """Post the text as it stands as a file, in the draft's thread."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = find_draft(desk, wish.incident, delivery.place.channel)
    if draft.document is None:
        raise RequestError(f"{draft.label} has no draft yet; there is nothing to export.")
    card = Card(
        key=f"postmortem:{draft.id}:{wish.form}:{draft.edition}:{delivery.id}",
        kind=CardKind.FILE,
        subject=draft.id,
        channel=draft.place.channel,
        under=f"postmortem:{draft.id}",
        payload={"what": wish.form},
    )
    return Change(cards=(card,))


def compared(draft: Draft) -> tuple[Compared, ...]:
    """Return what became of the draft's sentences in people's hands."""
    if draft.document is None:
        return ()
    return compare(draft.document, read(draft.text), judge=judged)


def judged(claim: Claim, evidence: Evidence) -> str:
    """Return why the evidence does not bear a claim, or nothing."""
    checked = check((claim,), evidence)
    return checked.dropped[0].why if checked.dropped else ""
