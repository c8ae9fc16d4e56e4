"""What sentences point at, shown to who asks: the cited items first, a page at a time; or one item, whole."""

from collections.abc import Iterator

from bot.domain.evidence import Evidence, Item
from bot.domain.inbox import Delivery, ShowEvidence, ShowPostmortem
from bot.domain.redaction import Redactor
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, NotFoundError
from bot.usecases import gathering
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import find_draft

PAGE = 5


def shown(desk: Desk, delivery: Delivery, wish: ShowEvidence) -> JsonObject:
    """Return what sentences point at, as far as everybody in this channel may see it.

    Raises:
        NotFoundError: nothing was gathered for it, or not that item.
    """
    found = _kept(desk, wish.subject).readable_in(delivery.place.channel)
    if not found.items:
        raise NotFoundError("There is no evidence kept for that, or none that may be shown here.")
    return _item(desk, wish.subject, found, wish.item) if wish.item else _page(desk, wish.subject, found, wish.page)


def of_draft(desk: Desk, delivery: Delivery, wish: ShowPostmortem) -> JsonObject:
    """Return one item of a draft's evidence, whole.

    Raises:
        NotFoundError: there is no draft, or not that item.
    """
    draft = find_draft(desk, wish.incident, delivery.place.channel)
    return shown(desk, delivery, ShowEvidence(subject=f"postmortem:{draft.id}", item=wish.item))


def _kept(desk: Desk, subject: str) -> Evidence:
    """Return what was gathered under that name; of a run, what it has seen and done by now."""
    if not subject.startswith("R-"):
        return desk.records.evidence(subject)
    run = desk.records.run(int(subject.removeprefix("R-")))
    return gathering.of_run(desk, run, desk.runbook(run), Redactor())


def _page(desk: Desk, subject: str, found: Evidence, page: int) -> JsonObject:
    cited = tuple(dict.fromkeys(_cited(_said(desk, subject))))
    known = {item.id for item in found.items}
    places = {name: place for place, name in enumerate(one for one in cited if one in known)}
    items = sorted(found.items, key=lambda item: places.get(item.id, len(places)))  # stable: the rest as gathered
    pages = -(-len(items) // PAGE)
    page = min(max(page, 1), pages)
    here = found.model_copy(update={"items": tuple(items[(page - 1) * PAGE : page * PAGE]), "derived": {}})
    return {
        "what": "evidence",
        "subject": subject,
        "evidence": here.model_dump(mode="json"),
        "page": page,
        "pages": pages,
        "count": len(items),
        "cited": len(places),
    }


def _item(desk: Desk, subject: str, found: Evidence, name: str) -> JsonObject:
    item = found.item(name)
    if item is None:
        raise NotFoundError(f"There is no {name} in that evidence, or it may not be shown here.")
    verbatim = _verbatim(desk, subject, item)
    return {"what": "item", "subject": subject, "of": item.model_dump(mode="json"), "verbatim": verbatim}


def _verbatim(desk: Desk, subject: str, item: Item) -> str:
    """Return the log line an item points at, as it was kept; nothing where there is none, or it is not to be had."""
    kind, _, number = subject.partition(":")
    if kind != "postmortem":
        return ""
    try:
        return desk.archive.verbatim(desk.records.draft(int(number)).label, item)
    except BotError:
        return ""


def _said(desk: Desk, subject: str) -> JsonValue:
    """Return the sentences of that subject, in whatever form they are kept."""
    kind, _, number = subject.partition(":")
    if kind.startswith("R-"):
        return None
    if kind == "postmortem":
        document = desk.records.draft(int(number)).document
        return [claim.model_dump(mode="json") for _, claim in document.claims()] if document else None
    if kind == "assist":
        card = desk.records.card(subject)
        return card.payload.get("reply") if card else None
    suggestion = desk.records.episode(int(subject.removeprefix("A-"))).suggestion
    return suggestion.model_dump(mode="json") if suggestion else None


def _cited(value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _cited(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name == "evidence" and isinstance(one, list):
                yield from (each for each in one if isinstance(each, str))
            else:
                yield from _cited(one)
