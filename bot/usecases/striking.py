"""Strike a sentence of the assistant, or take a strike back: on its message, in drafts, and for all that comes later.

What was said stays as it was said; that it is struck is kept beside it, and looked up whenever it is shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.assistance import PARTS, Answer, Expansion, Suggestion
from bot.domain.audit import AuditEntry
from bot.domain.claims import Claim
from bot.domain.inbox import ConfirmCause, Delivery, StrikeClaims
from bot.domain.moment import span
from bot.domain.people import Person, Place
from bot.domain.plain import cut
from bot.domain.postmortem.document import AGAINST, CANDIDATES, FOR
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.markdown import read, written
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.records import Card, Change, Episode
from bot.domain.strikes import Strike, Uttered, by_claim, claim_id, reasoned, seen_in, taken_back
from bot.domain.value import JsonObject
from bot.errors import RequestError
from bot.usecases import strikes
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import draft_card, edited, struck_in, with_struck
from bot.usecases.starting import alarm_card_of

NOT_OURS = "That button stands on no message of the assistant as it is now; nothing was struck. Look at the newest one."
CHANGED = "The message says something else by now, so nothing was struck. Press Wrong? on it once more."
NOTHING = "Nothing was ticked and nothing unticked, so nothing was struck."
MOST_QUOTED = 80  # characters


@dataclass(frozen=True, kw_only=True)
class Message:
    """Hold one message of the assistant and what of it can be struck.

    Attributes:
        subject: as a wish names it.
        labels: under which its strikes may be filed, the widest first.
    """

    subject: str
    title: str
    card: Card
    labels: tuple[str, ...]
    said: tuple[Uttered, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Hold what became of a wish to strike: what is kept, and what was so already, in words."""

    change: Change
    already: str


# What can be struck.


def message(desk: Desk, subject: str, *, place: Place) -> Message:
    """Return a message of the assistant, if it is what was clicked, as it stands.

    Raises:
        RequestError: it is not, or nothing on it can be struck.
    """
    found = _found(desk, subject)
    clicked = place.model_copy(update={"thread": None})
    if found is None or found.card.ts is None:
        raise RequestError(NOT_OURS)
    if clicked != Place(team=desk.team, channel=found.card.channel, ts=found.card.ts):
        raise RequestError(NOT_OURS)
    if not found.said:
        raise RequestError("There is no sentence on it that points at evidence; nothing can be struck.")
    return found


def _found(desk: Desk, subject: str) -> Message | None:
    if subject.startswith("A-"):
        return of_alarm(desk, desk.records.episode(int(subject[2:])))
    kind, _, number = subject.partition(":")
    if kind == "postmortem":
        return of_draft(desk, desk.records.draft(int(number)))
    card = desk.records.card(subject)
    return of_card(desk, card) if card is not None and card.payload.get("state") == "done" else None


def of_alarm(desk: Desk, episode: Episode) -> Message | None:
    """Return the suggestion on an alarm's card; None where there is none."""
    card = desk.records.card(alarm_card_of(episode).key)
    if card is None or episode.suggestion is None:
        return None
    label = f"A-{episode.id}"
    return Message(
        subject=label,
        title=f"{label} · suggested response",
        card=card,
        labels=strikes.family(desk.records, label),
        said=_once(_of_suggestion(episode.suggestion)),
    )


def of_card(desk: Desk, card: Card) -> Message:
    """Return an answer, an expanded step or a suggestion that was asked for."""
    reply = card.payload.get("reply")
    match card.payload.get("what"):
        case "suggestion":
            said, title = _of_suggestion(Suggestion.model_validate(reply)), f"A-{card.payload.get('alarm')} · response"
        case "expansion":
            said, title = _of_expansion(Expansion.model_validate(reply)), f"Step {card.payload.get('step')}"
        case _:
            answer = Answer.model_validate(reply)
            said = (Uttered(claim=one, engine=answer.made.engine) for one in answer.claims)
            title = "Answer"
    labels = strikes.family(desk.records, strikes.about(card))
    return Message(subject=card.key, title=title, card=card, labels=labels, said=_once(said))


def of_draft(desk: Desk, draft: Draft) -> Message:
    """Return a draft's sourced sentences as people have left them; what people state is theirs, and is not struck."""
    document = draft.document
    worded = {claim_id(one.text) for claims in document.parts.values() for one in claims} if document else set()
    mined = {claim_id(one.text) for _, one in document.claims()} - worded if document else set()
    said: list[Uttered] = []
    for one in read(draft.text).sentences:
        name, known = _heading(one.section), claim_id(one.claim.text)
        if one.claim.evidence or (known in mined and name == CANDIDATES):
            engine = document.engine if document and known in worded else "extractive" if known in mined else None
            said.append(Uttered(part=name, claim=one.claim, engine=engine))
    return Message(
        subject=f"postmortem:{draft.id}",
        title=f"Post-mortem of {draft.label}",
        card=desk.records.card(draft_card(draft).key) or draft_card(draft),
        labels=strikes.of_draft(desk.records, draft),
        said=_once(said),
    )


def _heading(section: str) -> str:
    return CANDIDATES if section in {FOR, AGAINST} else section


def _of_suggestion(suggestion: Suggestion) -> Iterator[Uttered]:
    yield from (Uttered(claim=one, engine=suggestion.made.engine) for one in suggestion.response)


def _of_expansion(expansion: Expansion) -> Iterator[Uttered]:
    parts: list[tuple[str, Sequence[Claim]]] = [(title, getattr(expansion, name)) for name, title in PARTS.items()]
    parts.append(("Proposed", [one.why for one in expansion.proposed]))
    for title, claims in parts:
        yield from (Uttered(part=title, claim=one, engine=expansion.made.engine) for one in claims)


def _once(said: Iterable[Uttered]) -> tuple[Uttered, ...]:
    """Return each sentence where it stands first."""
    found: dict[str, Uttered] = {}
    for one in said:
        found.setdefault(one.id, one)
    return tuple(found.values())


# Striking.


def strike(desk: Desk, delivery: Delivery, wish: StrikeClaims) -> tuple[Change, JsonObject | None]:
    """Strike what somebody ticked, and take back the strikes they unticked; they hear what was so already.

    Raises:
        RequestError: the message is another by now, or nothing is changed by it.
    """
    found = message(desk, wish.message, place=delivery.place)
    somebody = desk.person(delivery.person, channel=found.card.channel, starts=True)
    outcome = struck(desk, found, somebody, wrong=wish.wrong, back=wish.back, reason=wish.reason)
    return outcome.change, {"what": "told", "words": outcome.already} if outcome.already else None


def confirm_cause(desk: Desk, delivery: Delivery, wish: ConfirmCause) -> Change:
    """Take a person's word that a candidate was it, or that it was not, which strikes it.

    Raises:
        RequestError: the draft is another edition by now, or the candidate is struck.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=True)
    draft = desk.records.draft(wish.draft)
    if draft.document is None or wish.edition != draft.edition or not 0 <= wish.number < len(draft.document.candidates):
        raise RequestError("The draft was changed since, and with it the candidates; nothing was done. Open it again.")
    candidates = list(draft.document.candidates)
    known = claim_id(candidates[wish.number].claim.text)
    if not wish.right:
        return struck(desk, of_draft(desk, draft), somebody, wrong=(known,)).change
    if before := struck_in(desk.records, draft).get(known):
        raise RequestError(f"That candidate was {before.said}. Take that back first, with Wrong?….")
    told = {"confirmed_by": f"@{somebody.name}"}
    candidates[wish.number] = candidates[wish.number].model_copy(update=told)
    document = draft.document.model_copy(update={"candidates": tuple(candidates)})
    text = replaced(draft.text, CANDIDATES, section_of(written(document), CANDIDATES))
    changed = draft.model_copy(update={"document": document})
    return edited(desk, changed, text, by=somebody.id, section=CANDIDATES)


def struck(
    desk: Desk,
    found: Message,
    somebody: Person,
    *,
    wrong: Iterable[str] = (),
    back: Iterable[int] = (),
    reason: str = "",
) -> Outcome:
    """Return the change that strikes sentences of a message by their ids, and takes strikes back by their numbers.

    Raises:
        RequestError: a sentence stands there no more, or all of it was so already; the words say by whom.
    """
    new, already = _new(desk, found, somebody, wrong=wrong, reason=reason)
    over: list[Strike] = []
    for number in dict.fromkeys(back):
        before = desk.records.strike(number)
        if before.about not in found.labels:
            raise RequestError(CHANGED)
        try:
            over.append(taken_back(before, by=somebody.id, name=somebody.name, now=desk.now()))
        except RequestError as error:
            already.append(error.words)
    if not new and not over:
        raise RequestError(" ".join((*already, "Your click changed nothing.")) if already else NOTHING)
    return Outcome(change=_change(desk, found, new, over, by=somebody.id), already=" ".join(already))


def _new(
    desk: Desk, found: Message, somebody: Person, *, wrong: Iterable[str], reason: str
) -> tuple[list[Strike], list[str]]:
    """Return the strikes that are new, and in words who struck what is struck already."""
    said = {one.id: one for one in found.said}
    standing = strikes.standing(desk.records, found.labels, channel=found.card.channel)
    new: list[Strike] = []
    already: list[str] = []
    for known in dict.fromkeys(wrong):
        if known not in said:
            raise RequestError(CHANGED)
        if before := standing.get(known):
            ago = span(desk.now() - before.at)
            already.append(f"“{cut(before.text, MOST_QUOTED)}” was {before.said} ({ago} ago); it is struck once.")
            continue
        one = said[known]
        new.append(
            Strike(
                id=desk.records.next_id("strike"),
                claim=known,
                text=one.claim.text,
                about=found.labels[0],
                message=found.subject,
                channel=found.card.channel,
                engine=one.engine,
                by=somebody.id,
                name=somebody.name,
                at=desk.now(),
                reason=reasoned(reason),
            )
        )
    return new, already


def _change(desk: Desk, found: Message, new: Sequence[Strike], over: Sequence[Strike], *, by: str) -> Change:
    """Return the change: the strikes, the audit, and every card and draft on which these sentences stand."""
    ids = {one.claim for one in (*new, *over)}
    entries = [_entry("claim.struck", one, found, by=by, private=one.reason) for one in new]
    entries += [_entry("claim.unstruck", one, found, by=by) for one in over]
    cards = {card.key: card for card in _alarms(desk, found.labels, ids)}
    if not found.subject.startswith("postmortem:"):
        cards[found.card.key] = found.card
    whole = Change(strikes=(*new, *over), audit=tuple(entries), cards=tuple(cards.values()))
    for draft in desk.records.drafts():
        if {draft.label, *draft.about} & {*found.labels}:
            marked = _marked(desk, draft, new, over, ids, by=by)
            whole = whole.model_copy(
                update={
                    "drafts": (*whole.drafts, *marked.drafts),
                    "cards": (*whole.cards, *marked.cards),
                    "audit": (*whole.audit, *marked.audit),
                }
            )
    return whole


def _entry(kind: str, one: Strike, found: Message, *, by: str, private: str = "") -> AuditEntry:
    facts: JsonObject = {"claim": one.claim, "strike": one.id, "message": found.subject, "engine": one.engine}
    return AuditEntry(kind=kind, subject=one.about, actor=by, facts=facts, private=private)


def _alarms(desk: Desk, labels: Iterable[str], ids: set[str]) -> Iterator[Card]:
    """Return the alarms' cards that show one of the sentences; they are shown anew, and notify nobody."""
    for label in labels:
        episode = desk.records.episode(int(label[2:])) if label.startswith("A-") else None
        if episode is None or episode.suggestion is None:
            continue
        card = alarm_card_of(episode)
        if ids & {claim_id(one.text) for one in episode.suggestion.response} and desk.records.card(card.key):
            yield card.model_copy(update={"urgent": False})


def _marked(
    desk: Desk, draft: Draft, new: Sequence[Strike], over: Sequence[Strike], ids: set[str], *, by: str
) -> Change:
    """Return a draft's next edition with these strikes; where it has none of the sentences, the draft as it is.

    It is kept all the same, so that who is writing it meanwhile looks at the strikes once more.
    """
    if draft.document is None:
        return Change(drafts=(draft,))
    gone = {one.id for one in over}
    kept = [one for one in desk.records.strikes(strikes.of_draft(desk.records, draft)) if one.id not in gone]
    standing = by_claim(seen_in(draft.place.channel, one) for one in (*kept, *new))
    open_again = _unconfirmed(draft, {one.claim for one in new})
    marked = with_struck(open_again, open_again.text, standing)
    if marked.text == draft.text:
        return Change(drafts=(marked,), cards=(draft_card(marked),) if marked.struck != draft.struck else ())
    told = read(marked.text).sentences
    titles = dict.fromkeys(_heading(one.section) for one in told if claim_id(one.claim.text) in ids)
    return edited(desk, open_again, marked.text, by=by, section=", ".join(titles), struck=standing)


def _unconfirmed(draft: Draft, ids: set[str]) -> Draft:
    """Return the draft without the confirmation of a candidate that is struck now: a person has said otherwise."""
    document = draft.document
    if document is None:
        return draft
    candidates = tuple(
        one.model_copy(update={"confirmed_by": ""}) if claim_id(one.claim.text) in ids else one
        for one in document.candidates
    )
    if candidates == document.candidates:
        return draft
    changed = document.model_copy(update={"candidates": candidates})
    text = replaced(draft.text, CANDIDATES, section_of(written(changed), CANDIDATES))
    return draft.model_copy(update={"document": changed, "text": text})
