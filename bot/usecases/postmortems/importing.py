"""Read an edited text back into its draft: shown first with what became of every sentence, taken over on a click.

Nothing of the draft is changed before that, and nothing is overwritten that somebody else wrote meanwhile.
"""

import re
from collections import Counter

from bot.domain.audit import AuditEntry
from bot.domain.evidence import Evidence
from bot.domain.inbox import Delivery, ImportPostmortem, SettleImport
from bot.domain.plain import cut, visible
from bot.domain.postmortem.canvas import mark_of, markdown_of, unmarked
from bot.domain.postmortem.comparing import Compared, Fate
from bot.domain.postmortem.draft import Draft
from bot.domain.postmortem.importing import LOOK_AGAIN, Brought, brought, edition_of, plainly, standing
from bot.domain.records import Card, CardKind, Change, canvas_key
from bot.domain.uploads import CANVAS, MOST_BYTES, Upload
from bot.domain.value import JsonObject
from bot.errors import EdgeError, InvalidError, NotAllowedError, NotFoundError, RequestError
from bot.usecases import gathering
from bot.usecases.desk import Desk
from bot.usecases.postmortems.drafts import canvas_card, edited, find_draft, fingerprint, struck_in
from bot.usecases.postmortems.publishing import judging

MOST_SHOWN = 5
MOST_NAME = 120  # characters
MARKDOWN = frozenset({"md", "markdown"})
_FILE = re.compile(r"F[A-Z0-9]{5,20}", re.ASCII)
_IN_A_LINK = re.compile(r"https://[^/\s]+/(?:files|docs)/(?:[A-Z0-9]+/)*?(F[A-Z0-9]{5,20})(?:[/?#]\S*)?", re.ASCII)


def bring(desk: Desk, delivery: Delivery, wish: ImportPostmortem) -> Change:
    """Read an edited text, and show what it would make of the draft.

    Raises:
        RequestError: there is no such file, it cannot be read, or it changes nothing.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = find_draft(desk, wish.incident, delivery.place.channel)
    if draft.document is None:
        raise RequestError(f"{draft.label} has no draft yet; there is nothing to compare with.")
    upload = _meant(desk, delivery, draft, wish.source)
    text = _text(desk, upload)
    canvas, name = upload.form == CANVAS, cut(visible(upload.name), MOST_NAME)
    try:
        text = plainly(unmarked(markdown_of(text)) if canvas else text)
        made = _brought(desk, draft, text, by=f"@{somebody.name}", titled=not canvas)
    except InvalidError as error:
        raise InvalidError(f"{name!a} cannot be taken in. {error.words}") from error
    known = fingerprint(text)
    desk.records.keep_snapshot(text, name, known)
    payload: JsonObject = {
        "by": somebody.id,
        "name": somebody.name,
        "file": name,
        "text": known,
        "edition": draft.edition,
        "canvas": mark_of(text) if canvas else "",
        **_shown(made, draft.document.evidence),
    }
    facts: JsonObject = {"edition": draft.edition, "from": made.edition, "file": upload.id, "text": known}
    entry = AuditEntry(kind="postmortem.brought", subject=draft.label, actor=somebody.id, facts=facts)
    return Change(cards=(_card(draft, delivery.id, payload),), audit=(entry,))


def settle(desk: Desk, delivery: Delivery, wish: SettleImport) -> Change:
    """Take a text that was brought in over, or put it aside.

    Raises:
        NotAllowedError: it is somebody else's to take over; new sentences stand under their name.
        RequestError: it was settled before, or the draft was changed since it was shown.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    draft = desk.records.draft(wish.draft)
    card = desk.records.card(_key(draft, wish.number))
    if card is None:
        raise NotFoundError("Nothing was brought in here that could be taken over.")
    payload = card.payload
    if payload.get("settled"):
        raise RequestError("That was settled already; your click changed nothing.")
    if not wish.taken:
        return Change(cards=(_card(draft, wish.number, {**payload, "settled": "discarded", "who": somebody.name}),))
    if somebody.id != payload["by"]:
        raise NotAllowedError(f"Only @{payload['name']}, who brought it, can take it over. Bring in your own.")
    made = _again(desk, draft, payload, by=f"@{somebody.name}")
    change = edited(desk, draft, made.text, by=somebody.id, section=", ".join(made.changed))
    taken: JsonObject = {**payload, "settled": "taken", "who": somebody.name, "became": draft.edition + 1}
    canvas = (canvas_card(draft, read=payload["canvas"]),) if payload.get("canvas") else ()
    return change.model_copy(update={"cards": (*change.cards, *canvas, _card(draft, wish.number, taken))})


def _again(desk: Desk, draft: Draft, payload: JsonObject, *, by: str) -> Brought:
    """Return what was shown, made once more of the same text; the draft must be as it was then."""
    edition = payload["edition"]
    if draft.edition != edition:
        since = draft.edits[edition - 1 :] if isinstance(edition, int) else draft.edits
        titles = dict.fromkeys(title for edit in since for title in edit.section.split(", "))
        raise RequestError(f"{LOOK_AGAIN} Then bring it in again.\n{standing(draft.text, titles)}")
    text, _ = desk.records.snapshot(str(payload["text"]))
    return _brought(desk, draft, text, by=by, titled=not payload.get("canvas"))


def _brought(desk: Desk, draft: Draft, text: str, *, by: str, titled: bool) -> Brought:
    edition = edition_of(draft, text, titled=titled)
    return brought(
        draft,
        text,
        edition=edition,
        base=_base(desk, draft, edition),
        by=by,
        judge=judging(gathering.names(desk)),
        struck=struck_in(desk.records, draft),
        canvas=not titled,
    )


def _base(desk: Desk, draft: Draft, edition: int) -> str | None:
    """Return the text of an edition; drafts from before editions were kept have none."""
    known = draft.editions[edition - 1 : edition] if len(draft.editions) == draft.edition else ()
    return desk.records.snapshot(known[0])[0] if known else None


# The file.


def _meant(desk: Desk, delivery: Delivery, draft: Draft, source: str) -> Upload:
    if source == CANVAS:
        return _canvas(desk, draft)
    if source:
        found = _FILE.fullmatch(source) or _IN_A_LINK.fullmatch(source)
        if found is None:
            raise InvalidError("Name the file by its link or its id, as in F0123ABCD; without one, the newest is read.")
        return _visible(desk.uploads.upload(found[found.lastindex or 0]), delivery)
    card = desk.records.card(f"postmortem:{draft.id}")
    thread = delivery.place.thread or (card.ts if card else None)
    for one in desk.uploads.shared(draft.place.channel, thread=thread):
        if one.form in MARKDOWN and not _of_a_bot(desk, one):
            return one
    raise NotFoundError(
        "Nobody has shared a Markdown file here lately. Save the draft (/postmortem export md), edit it, put the file "
        f"into the thread of {draft.label}, and type this again."
    )


def _canvas(desk: Desk, draft: Draft) -> Upload:
    card = desk.records.card(canvas_key(draft.id))
    if card is None or card.ts is None:
        raise NotFoundError(f"{draft.label} has no canvas here. Edit its file: /postmortem export md")
    found = desk.uploads.upload(card.ts)
    if found.form != CANVAS:
        raise InvalidError(f"Slack says that the canvas of {draft.label} is none. Edit its file: /postmortem export md")
    return found


def _visible(upload: Upload, delivery: Delivery) -> Upload:
    """Return the file, if who names it could have opened it: it is theirs, or shared where it was named."""
    if upload.by != delivery.person and delivery.place.channel not in upload.channels:
        raise NotFoundError("That file is not shared in this channel. Put it here, and type this again.")
    if upload.form not in MARKDOWN:
        raise InvalidError(f"{upload.name[:80]!a} is no Markdown file; its name must end in .md.")
    return upload


def _of_a_bot(desk: Desk, upload: Upload) -> bool:
    try:
        return desk.directory.person(upload.by).is_bot
    except (EdgeError, NotFoundError):
        return True


def _text(desk: Desk, upload: Upload) -> str:
    if upload.size > MOST_BYTES:
        raise InvalidError(
            f"{upload.name[:80]!a} has {upload.size:,} bytes; at most {MOST_BYTES:,} are read. Nothing was changed."
        )
    raw = desk.uploads.content(upload)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(
            f"{upload.name[:80]!a} is not UTF-8 (byte {error.start:,}); save it as UTF-8 and share it again."
        ) from error


# The card.


def _key(draft: Draft, number: int) -> str:
    return f"postmortem:{draft.id}:import:{number}"


def _card(draft: Draft, number: int, payload: JsonObject) -> Card:
    return Card(
        key=_key(draft, number),
        kind=CardKind.IMPORT,
        subject=draft.id,
        channel=draft.place.channel,
        under=f"postmortem:{draft.id}",
        payload={**payload, "number": number},
        urgent=True,
    )


def _shown(made: Brought, evidence: Evidence) -> JsonObject:
    """Return what the card shows of it: counts, and each sentence that its evidence contradicts."""
    counts = Counter(one.fate for one in made.compared)
    wrong = [one for one in made.compared if one.fate is Fate.CONTRADICTED]
    new = [one for one in made.new if one.fate in {Fate.STATED, Fate.UNSOURCED}]
    return {
        "from": made.edition,
        "changed": [*made.changed],
        "left": [*made.left],
        "counts": {fate.name.lower(): count for fate, count in counts.items()},
        "new": len(new),
        "said": [one.claim.text[:300] for one in new[:MOST_SHOWN]],
        "wrong": [_contradicted(one, evidence) for one in wrong[:MOST_SHOWN]],
    }


def _contradicted(one: Compared, evidence: Evidence) -> JsonObject:
    items = [item for name in one.claim.evidence if (item := evidence.item(name))]
    return {
        "before": one.before.text[:300] if one.before else "",
        "now": one.claim.text[:300],
        "why": one.why[:200],
        "evidence": [{"id": item.id, "text": item.text[:200]} for item in items[:2]],
    }
