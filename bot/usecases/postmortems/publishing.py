"""Publish a draft that its evidence bears, and give it out in other forms."""

from collections import Counter
from collections.abc import Sequence

from bot.domain.audit import AuditEntry
from bot.domain.claims import Claim, check
from bot.domain.evidence import Evidence
from bot.domain.inbox import CheckDraft, Delivery, ExportPostmortem, PublishPostmortem
from bot.domain.plain import counted
from bot.domain.postmortem.blameless import blaming
from bot.domain.postmortem.comparing import Compared, Fate, Judge, compare
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.importing import standing
from bot.domain.postmortem.markdown import numbered, read
from bot.domain.records import Card, CardKind, Change
from bot.domain.value import JsonObject
from bot.errors import RequestError
from bot.usecases import following, gathering
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import canvas_card, draft_card, find_draft, fingerprint, ready


def publish(desk: Desk, delivery: Delivery, wish: PublishPostmortem) -> Change:
    """Publish the text as it stands, anew where it was changed since, unless the evidence contradicts a sentence.

    Raises:
        RequestError: names the sentences that are contradicted, or blame a person, or what was changed meanwhile.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    if wish.draft is not None:
        draft = desk.records.draft(wish.draft)
    else:
        draft = find_draft(desk, wish.incident, delivery.place.channel)
    if draft.state is DraftState.PUBLISHED and not draft.can_be_published:
        raise RequestError(f"{draft.label} is published as it stands, in edition {draft.edition}; nothing was done.")
    if not draft.can_be_published:
        raise RequestError(f"{draft.label} has no draft that is ready to be published.")
    if wish.edition not in {None, draft.edition}:
        raise RequestError(_changed_since(desk, draft, wish.edition or 0))
    wrong = [one for one in compared(draft, names=gathering.names(desk)) if one.fate is Fate.CONTRADICTED]
    if wrong:
        lines = "\n".join(f"line {one.line}: {one.claim.text[:120]} ({one.why[:120]})" for one in wrong[:5])
        raise RequestError(f"Not published: the evidence contradicts {counted(len(wrong), 'sentence')}.\n{lines}")
    blame = blaming(draft.text)
    if blame and not wish.anyway:
        lines = "\n".join(f"“{one.words}”: {one.rewrite}" for one in blame[:5])
        raise RequestError(
            f"Not published: some words point at a person.\n{lines}\nReword them, or: /postmortem publish --anyway"
        )
    text = numbered(draft.text, draft.edition, status="PUBLISHED")
    places = desk.archive.publish(draft.label, draft.edition, text)
    update = {"state": DraftState.PUBLISHED, "text": text, "published": places, "published_edition": draft.edition}
    out = draft.model_copy(update=update)
    facts: JsonObject = {
        "edition": out.edition,
        "text": fingerprint(out.text),
        "anyway": wish.anyway,
        "places": [*places],
    }
    entry = AuditEntry(kind="postmortem.published", subject=out.label, actor=somebody.id, facts=facts)
    file = Card(
        key=f"postmortem:{out.id}:published:{out.edition}",
        kind=CardKind.FILE,
        subject=out.id,
        channel=out.place.channel,
        under=f"postmortem:{out.id}",
        payload={"what": "md"},
    )
    followed = following.suggested(desk, out, by=somebody.id)
    return Change(
        drafts=(out,),
        followups=followed.followups,
        cards=(draft_card(out), file, canvas_card(out), *followed.cards),
        audit=(entry, *followed.audit),
    )


def _changed_since(desk: Desk, draft: Draft, edition: int) -> str:
    """Return who changed which section after an edition, and how those sections stand now."""
    later = draft.edits[edition - draft.edition :]
    told = "; ".join(f"{one.section} by {gathering.called(desk, one.by)}" for one in later)
    titles = dict.fromkeys(title for one in later for title in one.section.split(", "))
    return (
        f"Not published: you saw edition {edition} of {draft.label}, and by now it is {draft.edition} ({told}). "
        f"Look, and publish it then.\n{standing(draft.text, titles)}"
    )


def export(desk: Desk, delivery: Delivery, wish: ExportPostmortem) -> Change:
    """Post the text as it stands as a file, in the draft's thread."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    if wish.draft is not None:
        draft = desk.records.draft(wish.draft)
    else:
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


def checked(desk: Desk, delivery: Delivery, wish: CheckDraft) -> JsonObject:
    """Return which sentences their evidence contradicts, and which words point at a person; nothing is changed."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = ready(desk.records.draft(wish.draft))
    found = compared(draft, names=gathering.names(desk))
    counts = Counter(one.fate.name.lower() for one in found)
    wrong: list[JsonObject] = [
        {"line": one.line, "text": one.claim.text[:200], "why": one.why[:200]}
        for one in found
        if one.fate is Fate.CONTRADICTED
    ]
    blame = pointing(draft.text)
    return {"what": "checked", "draft": draft.id, "counts": dict(counts), "wrong": [*wrong], "blame": [*blame]}


def pointing(text: str, *, before: str = "") -> list[JsonObject]:
    """Return the words that point at a person and did not before, each with the rewrite to consider."""
    known = {one.words.casefold() for one in blaming(before)}
    found = [one for one in blaming(text) if one.words.casefold() not in known]
    return [{"words": one.words, "rewrite": one.rewrite} for one in found]


def compared(draft: Draft, *, names: Sequence[str] = ()) -> tuple[Compared, ...]:
    """Return what became of the draft's sentences in people's hands.

    Args:
        names: what may be named although no item does.
    """
    if draft.document is None:
        return ()
    return compare(draft.document, read(draft.text), judge=judging(names))


def judging(names: Sequence[str]) -> Judge:
    """Return what says why the evidence does not bear a claim, or nothing."""

    def judged(claim: Claim, evidence: Evidence) -> str:
        checked = check((claim,), evidence, names=names)
        return checked.dropped[0].why if checked.dropped else ""

    return judged
