"""Action items: suggested by drafts or added by people, given to somebody, reminded of, and closed.

A change to one is one change of the records: the item, its next reminder, and every card on which it stands.
"""

from collections.abc import Callable, Sequence

from bot.domain.audit import AuditEntry
from bot.domain.following import (
    LONGEST_UNSEEN,
    MOST_ITEMS,
    FollowState,
    FollowUp,
    closed,
    dated,
    owned,
    put_off,
    reminder,
    unowned,
    why_told,
    worded,
)
from bot.domain.inbox import (
    AddFollowUp,
    CloseFollowUp,
    DateFollowUp,
    Delivery,
    GiveBackFollowUp,
    OwnFollowUp,
    ShowFollowUps,
    SnoozeFollowUp,
)
from bot.domain.people import Place
from bot.domain.plain import visible
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.markdown import actions_in
from bot.domain.quiet import by_day
from bot.domain.records import Card, CardKind, Change, Wait
from bot.domain.value import JsonObject
from bot.errors import InvalidError, NotAllowedError, NotFoundError, RequestError
from bot.usecases.desk import Desk

PAGE = 5  # items on one card
NONE_HERE = "There is no incident and no post-mortem here to follow up. Name one: INC-7"
Answer = tuple[Change, JsonObject | None]


# Begin.


def suggested(desk: Desk, draft: Draft, *, by: str) -> Change:
    """Return the change that follows up what a draft suggests, as people have left it; what is known stays as it is.

    Args:
        by: who wants it, for the audit; nobody owns any of it by that.
    """
    known = desk.records.followups(subject=draft.label)
    said = {one.text.casefold() for one in known}
    texts: list[str] = []
    for action in actions_in(draft.text):
        if action.done or not visible(action.text):
            continue
        text = worded(f"{action.text} ({action.owner})" if action.owner else action.text)
        if text.casefold() not in said:
            said.add(text.casefold())
            texts.append(text)
    new = [
        FollowUp(
            id=desk.records.next_id("followup"),
            subject=draft.label,
            incident=draft.incident,
            place=draft.place,
            text=text,
            by="bot",
            added=desk.now(),
        )
        for text in texts[: max(0, MOST_ITEMS - len(known))]
    ]
    audit = tuple(_entry("item.suggested", one, by, private=one.text) for one in new)
    return Change(followups=tuple(new), cards=_pages([*known, *new]), audit=audit)


def add(desk: Desk, delivery: Delivery, wish: AddFollowUp) -> Change:
    """Add an action item; nobody has it yet.

    Raises:
        RequestError: words are missing, there is nothing to add it to, or there are too many.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    if wish.beside is not None:
        beside = desk.records.followup(wish.beside)
        subject, incident, place = beside.subject, beside.incident, beside.place
    else:
        subject, incident, place = _subject(desk, wish.incident, delivery.place)
    known = desk.records.followups(subject=subject)
    if len(known) >= MOST_ITEMS:
        raise InvalidError(f"{subject} has {MOST_ITEMS} action items already; nothing was added.")
    item = FollowUp(
        id=desk.records.next_id("followup"),
        subject=subject,
        incident=incident,
        place=place,
        text=worded(wish.text),
        by=somebody.id,
        added=desk.now(),
    )
    if any(one.open and one.text.casefold() == item.text.casefold() for one in known):
        raise RequestError(f"{subject} has that action item already; nothing was added.")
    entry = _entry("item.added", item, somebody.id, private=item.text)
    return Change(followups=(item,), cards=_pages([*known, item]), audit=(entry,))


def show(desk: Desk, delivery: Delivery, wish: ShowFollowUps) -> Answer:
    """Show action items: mine, all that are open, or those of one incident, with its checklist in the channel."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    if wish.which == "subject":
        return _shown(desk, delivery, wish, by=somebody.id)
    owner = somebody.id if wish.which == "mine" else None
    found = desk.records.followups(owner=owner, open_only=True)
    return Change(), {"what": "items", "which": wish.which, "items": [one.id for one in found]}


def _shown(desk: Desk, delivery: Delivery, wish: ShowFollowUps, *, by: str) -> Answer:
    subject, _, _ = _subject(desk, wish.incident, delivery.place)
    draft = next((one for one in desk.records.drafts() if one.label == subject and one.document is not None), None)
    known = desk.records.followups(subject=subject)
    change = suggested(desk, draft, by=by) if draft is not None else Change(cards=_pages(known))
    if draft is not None and change.followups:
        change = change.model_copy(update={"drafts": (draft,)})  # who asks in the same moment adds nothing twice
    numbers = [*(one.id for one in known), *(one.id for one in change.followups)]
    return change, {"what": "items", "which": "subject", "subject": subject, "items": [*numbers]}


def _subject(desk: Desk, incident: int | None, said: Place) -> tuple[str, int | None, Place]:
    """Return what is meant: the incident named, else this channel's newest incident or draft, and where that is."""
    if incident is not None:
        named = desk.records.incident(incident)
        return named.label, named.id, named.place
    here = desk.channel if said.channel.startswith("D") else said.channel
    found = next(iter(desk.records.incidents(channel=here)), None)
    draft = next((one for one in desk.records.drafts() if one.place.channel == here), None)
    if draft is not None and (found is None or draft.begun > found.declared):
        return draft.label, draft.incident, draft.place
    if found is None:
        raise NotFoundError(NONE_HERE)
    return found.label, found.id, found.place


# In people's hands.


def own(desk: Desk, delivery: Delivery, wish: OwnFollowUp) -> Answer:
    """Give an action item to somebody who may read it; whoever picks nobody such sees it as it was."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    item = desk.records.followup(wish.item)

    def given() -> Change:
        if not _may_have(desk, wish.owner):
            words = f"Only members who may see incidents here can have an action item. {item.label} stays as it was."
            raise NotAllowedError(words)
        return _kept(desk, owned(item, wish.owner), "item.owned", by=somebody.id, facts={"owner": wish.owner})

    return _picked(desk, delivery, item, given)


def date_it(desk: Desk, delivery: Delivery, wish: DateFollowUp) -> Answer:
    """Say when an action item is due; a day that cannot be shows it as it was."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    item = desk.records.followup(wish.item)
    today = desk.now().astimezone(desk.zone(somebody.id)).date()
    facts: JsonObject = {"due": wish.due.isoformat() if wish.due else None}
    return _picked(
        desk,
        delivery,
        item,
        lambda: _kept(desk, dated(item, wish.due, today=today), "item.dated", by=somebody.id, facts=facts),
    )


def _picked(desk: Desk, delivery: Delivery, item: FollowUp, pick: Callable[[], Change]) -> Answer:
    """Return what a pick leads to; of one that is refused, the card goes back to what is true."""
    try:
        return pick(), None
    except RequestError as error:
        entry = _entry("item.refused", item, delivery.person or "", facts={"kind": delivery.wish.kind})
        shown = _page_of(item, desk.records.followups(subject=item.subject))
        told: JsonObject = {"what": "refused", "words": error.words, "kind": delivery.wish.kind}
        return Change(cards=(shown,), audit=(entry,)), told


def close(desk: Desk, delivery: Delivery, wish: CloseFollowUp) -> Change:
    """Say that an action item is done, or why it is dropped."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    item = desk.records.followup(wish.item)
    state = FollowState.DONE if wish.done else FollowState.DROPPED
    over = closed(item, state, by=somebody.id, now=desk.now(), why=wish.why)
    return _kept(desk, over, f"item.{state.value}", by=somebody.id, private=over.why)


def snooze(desk: Desk, delivery: Delivery, wish: SnoozeFollowUp) -> Change:
    """Put one's own reminder off."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    later = put_off(desk.records.followup(wish.item), wish.days, by=somebody.id, now=desk.now())
    return _kept(desk, later, "item.snoozed", by=somebody.id, facts={"days": wish.days})


def give_back(desk: Desk, delivery: Delivery, wish: GiveBackFollowUp) -> Change:
    """Make an action item nobody's again."""
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    item = desk.records.followup(wish.item)
    return _kept(desk, unowned(item), "item.given_back", by=somebody.id, facts={"owner": item.owner})


# Remind.


def remind_owner(desk: Desk, key: str) -> None:
    """Serve `item:NUMBER:TURN`: tell the owner, unless it is night there or the owner has left."""
    desk.keep(lambda: _reminded(desk, key))


def _reminded(desk: Desk, key: str) -> Change:
    item = desk.records.followup(int(key.split(":")[1]))
    if item.wait != key or item.next is None:
        return Change(closes=(key,))
    if not _may_have(desk, item.owner):
        return _kept(desk, unowned(item, gone=True), "item.left", by="bot", facts={"owner": item.owner})
    now, zone = desk.now(), desk.zone(item.owner)
    if now < item.next:
        return _looked_again(desk, item)
    if by_day(now, zone) > now:
        return _looked_again(desk, item.model_copy(update={"next": by_day(now, zone)}))
    why = why_told(item, now=now, zone=zone)
    news = {"told": now, "said": why, "later": None, "message": f"reminder:{item.id}:{item.turn}"}
    told = item.model_copy(update=news)
    change = _kept(desk, told, "item.reminded", by="bot", facts={"owner": item.owner, "why": why.value})
    return change.model_copy(update={"cards": (_message(told), *((_message(item),) if item.message else ()))})


def _looked_again(desk: Desk, item: FollowUp) -> Change:
    """Return the change by which the item is looked at again at its hour, and in a week at the latest."""
    following = item.model_copy(update={"turn": item.turn + 1})
    due = min(item.next or desk.now(), desk.now() + LONGEST_UNSEEN)
    return Change(followups=(following,), closes=(item.wait,), opens=(Wait(key=following.wait, due=due),))


def _may_have(desk: Desk, person: str) -> bool:
    """Return whether somebody is here and may read what an action item says.

    Raises:
        UnavailableError: Slack did not say.
    """
    try:
        somebody = desk.directory.person(person, fresh=True)
    except NotFoundError:
        return False
    return somebody.member and person in desk.directory.members(desk.policy.viewer, fresh=True)


# What every change does.


def _kept(
    desk: Desk, item: FollowUp, kind: str, *, by: str, facts: JsonObject | None = None, private: str = ""
) -> Change:
    """Return the change to an item: its next reminder set anew, and what shows it drawn again."""
    due = reminder(item, now=desk.now(), zone=desk.zone(item.owner), hour=desk.morning) if item.owner else None
    following = item.model_copy(update={"turn": item.turn + 1 if due else item.turn, "next": due})
    opens = (Wait(key=following.wait, due=min(due, desk.now() + LONGEST_UNSEEN)),) if due else ()
    shown = [_page_of(item, desk.records.followups(subject=item.subject))]
    return Change(
        followups=(following,),
        opens=opens,
        closes=(item.wait,) if item.next is not None else (),
        cards=(*shown, *((_message(following),) if following.message else ())),
        audit=(_entry(kind, item, by, facts=facts, private=private),),
    )


def _pages(items: Sequence[FollowUp]) -> tuple[Card, ...]:
    """Return the cards that show a checklist, five items on each; all but the first stand in the first one's thread."""
    return tuple(_page(items[place], place // PAGE) for place in range(0, len(items), PAGE))


def _page_of(item: FollowUp, items: Sequence[FollowUp]) -> Card:
    place = next((place for place, one in enumerate(items) if one.id == item.id), 0)
    return _page(item, place // PAGE)


def _page(item: FollowUp, page: int) -> Card:
    first = checklist_key(item.subject)
    return Card(
        key=checklist_key(item.subject, page),
        kind=CardKind.CHECKLIST,
        subject=int(item.subject.rpartition("-")[2]),
        channel=item.place.channel,
        under=first if page else None,
        payload={"subject": item.subject, "page": page},
    )


def checklist_key(subject: str, page: int = 0) -> str:
    """Return the key of the card that shows so many-eth five action items of a subject."""
    return f"checklist:{subject}:{page}"


def _message(item: FollowUp) -> Card:
    """Return the message to an owner; one that stands keeps whom it was for, and says what is true now."""
    return Card(
        key=item.message,
        kind=CardKind.REMINDER,
        subject=item.id,
        channel=item.owner,
        to=item.owner,
        urgent=True,
    )


def _entry(kind: str, item: FollowUp, actor: str, *, facts: JsonObject | None = None, private: str = "") -> AuditEntry:
    told: JsonObject = {"of": item.subject, **(facts or {})}
    return AuditEntry(kind=kind, subject=item.label, actor=actor, facts=told, private=private[:600])
