"""Block Kit, as far as the cards use it: typed constructors, and the limits of a card held in one place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.slack.cards.wording import cut, cut_mrkdwn

Block = dict[str, object]

MOST_BLOCKS = 12
MOST_CHARACTERS = 2_500
MOST_SECTION = 2_900
MOST_CONFIRM = 300
LABEL = 20
MOST_SHOWN = 3  # buttons in a row
MOST_MORE = 5  # options of an overflow; Slack takes no more
SHORTEST = 60
MOST_OPTIONS = 100  # of one list; Slack takes no more


@dataclass(frozen=True, kw_only=True)
class Message:
    """Hold one message: the push sentence, and the blocks people look at."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Hold one file to be posted: its name, what the channel reads above it, and its text, or its bytes.

    Attributes:
        alt: what a picture shows, in words.
    """

    name: str
    title: str
    text: str = ""
    data: bytes = b""
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Hold one document that is a tab of a channel: its title, and its text in the Markdown of canvases."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class View:
    """Hold one modal or Home, as Slack takes it."""

    payload: Block


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """Ask once more; effect and environment are repeated in it."""

    title: str
    text: str
    yes: str = "Yes"
    danger: bool = False

    def block(self) -> Block:
        """Return the confirmation dialog."""
        made: Block = {
            "title": words(cut(self.title, 100)),
            "text": words(cut(self.text, MOST_CONFIRM)),
            "confirm": words(cut(self.yes, 30)),
            "deny": words("Go back"),
        }
        return {**made, "style": "danger"} if self.danger else made


@dataclass(frozen=True, kw_only=True)
class Button:
    """Be one button: what it says, what it does (`action`), and on what (ids only).

    Attributes:
        dialog: what it does in an overflow, whose one confirmation would ask for every entry of it: it opens a dialog.
    """

    label: str
    action: str
    value: str
    primary: bool = False
    danger: bool = False
    confirm: Confirm | None = None
    dialog: str = ""

    def block(self) -> Block:
        """Return the button."""
        made: Block = {
            "type": "button",
            "action_id": self.action,
            "text": words(cut(self.label, LABEL)),
            "value": self.value,
        }
        if self.primary or self.danger:
            made["style"] = "primary" if self.primary else "danger"
        if self.confirm:
            made["confirm"] = self.confirm.block()
        return made

    def option(self) -> Block:
        """Return the same as a choice among others: what it does and on what stand in one value."""
        return {"text": words(cut(self.label, 75)), "value": f"{self.dialog or self.action}:{self.value}"}


@dataclass(frozen=True, kw_only=True)
class Picker:
    """Be one picker of a person or of a day; it has no value, so its subject's id stands behind what it does."""

    kind: Literal["users_select", "datepicker"]
    label: str
    action: str
    subject: str
    picked: str = ""

    def block(self) -> Block:
        """Return the picker, with what is picked already."""
        made: Block = {
            "type": self.kind,
            "action_id": f"{self.action}.{self.subject}",
            "placeholder": words(cut(self.label, LABEL)),
        }
        initial = "initial_user" if self.kind == "users_select" else "initial_date"
        return {**made, initial: self.picked} if self.picked else made


@dataclass(frozen=True, kw_only=True)
class Menu:
    """Be one list to pick from; what is picked is done at once, on what its value says."""

    label: str
    action: str
    options: Sequence[tuple[str, str]]

    def block(self) -> Block:
        """Return the list, each option with its value and what it says."""
        if len(self.options) > MOST_OPTIONS:
            raise ValueError(f"A list holds {MOST_OPTIONS} options at most, this one {len(self.options)}.")
        options = [{"text": words(cut(label, 75)), "value": value} for value, label in self.options]
        placeholder = words(cut(self.label, LABEL))
        return {"type": "static_select", "action_id": self.action, "placeholder": placeholder, "options": options}


def words(text: str) -> Block:
    """Return plain text, never formatted, mentioning nobody."""
    return {"type": "plain_text", "text": text or " "}


def mrkdwn(text: str) -> Block:
    """Return formatted text in which only what we wrote as a mention or link is one."""
    return {"type": "mrkdwn", "text": text or " ", "verbatim": True}


def section(text: str, *, button: Button | None = None, more: Sequence[Button] = (), menu: Menu | None = None) -> Block:
    """Return a paragraph that a phone shows whole, with a button beside it, several in one overflow, or a list."""
    made: Block = {"type": "section", "text": mrkdwn(cut_mrkdwn(text, MOST_SECTION)), "expand": True}
    if menu and menu.options:
        return {**made, "accessory": menu.block()}
    if more:
        return {**made, "accessory": _overflow(more)}
    return {**made, "accessory": button.block()} if button and button.value else made


def exact(text: str) -> Block:
    """Return a paragraph that is never shortened: the call as it will be sent, set as code.

    Raises:
        ValueError: it does not fit a section; the caller shows it elsewhere.
    """
    fenced = f"```{text}```"
    if len(fenced) > 3_000:
        raise ValueError("An exact call is never cut; show it in a modal, piece by piece.")
    return {"type": "section", "text": mrkdwn(fenced), "expand": True}


def context(*texts: str) -> Block:
    """Return small print."""
    return {"type": "context", "elements": [mrkdwn(cut_mrkdwn(text, 600)) for text in texts if text]}


def buttons(
    shown: Sequence[Button],
    more: Sequence[Button] = (),
    *,
    pickers: Sequence[Picker] = (),
    whole: Button | None = None,
) -> list[Block]:
    """Return at most one row: three buttons at most, most wanted first, the others in one overflow; pickers before.

    Args:
        whole: opens a dialog with all that can be done; it stands last in an overflow that cannot hold the others.

    Raises:
        ValueError: there are more than an overflow holds, and no dialog for them.
    """
    wanted = [button for button in shown if button.value]
    known, further = (wanted, more) if wanted or pickers else ([*more], [])
    elements = [*(picker.block() for picker in pickers), *_apart([button.block() for button in known[:MOST_SHOWN]])]
    rest = [*known[MOST_SHOWN:], *further]
    if len(rest) > MOST_MORE and whole is not None:
        rest = [*rest[: MOST_MORE - 1], whole]
    if rest:
        elements.append(_overflow(rest))
    return [{"type": "actions", "elements": elements}] if elements else []


def _overflow(rest: Sequence[Button]) -> Block:
    if len(rest) > MOST_MORE:
        named = ", ".join(one.label for one in rest)
        raise ValueError(f"An overflow holds {MOST_MORE} options, and nothing people press is left out: {named}.")
    overflow: Block = {"type": "overflow", "action_id": "more", "options": [one.option() for one in rest]}
    sure = _sure(rest)
    return {**overflow, "confirm": sure.block()} if sure else overflow


def _apart(elements: list[Block]) -> list[Block]:
    """Number the action ids that stand more than once, which Slack would refuse: `choose`, `choose.2`."""
    seen: list[object] = []
    for element in elements:
        seen.append(element["action_id"])
        if seen.count(seen[-1]) > 1:
            element["action_id"] = f"{seen[-1]}.{seen.count(seen[-1])}"
    return elements


def _sure(rest: Sequence[Button]) -> Confirm | None:
    """Return what an overflow asks: it has one dialog for all its entries, so it names the one it is about."""
    asking = [(one.label, one.confirm) for one in rest if one.confirm and not one.dialog]
    if not asking:
        return None
    said = " ".join(f"{label} {confirm.text}" for label, confirm in asking)
    return Confirm(title="Go on?", text=said, yes="Go on", danger=any(confirm.danger for _, confirm in asking))


def lines(*texts: str) -> str:
    """Return the texts that say something, one a line."""
    return "\n".join(text for text in texts if text)


def message(text: str, blocks: Iterable[Block], *, ids: str) -> Message:
    """Return the message within a card's limits; what is exact is never shortened, the longest paragraphs are.

    Of more blocks than a card has, those before the buttons go: what people press is never cut.

    Args:
        ids: `<kind>:<subject>:<edition>`; every block gets an id of its own from it.
    """
    kept = [block for block in blocks if block.get("type") != "context" or block.get("elements")]
    pressed = next((place for place, block in enumerate(kept) if block["type"] == "actions"), len(kept))
    over = max(len(kept) - MOST_BLOCKS, 0)
    kept = _within(kept[: max(pressed - over, 0)] + kept[pressed:])
    return Message(text=text or "Something changed; open it to see what.", blocks=numbered(kept, ids=ids))


def numbered(blocks: Sequence[Block], *, ids: str) -> tuple[Block, ...]:
    """Return the blocks, each with an id of its own."""
    return tuple({**block, "block_id": f"{cut(ids, 200)}:{place}"} for place, block in enumerate(blocks))


def characters(blocks: Iterable[Block]) -> int:
    """Count what a reader sees on a card: texts and labels, not what opens from them."""
    return sum(_characters({key: value for key, value in block.items() if key != "confirm"}) for block in blocks)


def _characters(value: object) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        closed = {"confirm", "options"} if value.get("type") == "static_select" else {"confirm"}
        parts = [part for key, part in value.items() if key not in closed and isinstance(part, dict | list)]
        return (len(own) if isinstance(own, str) else 0) + sum(_characters(part) for part in parts)
    return sum(_characters(part) for part in value) if isinstance(value, list) else 0


def _within(blocks: list[Block]) -> list[Block]:
    """Shorten the longest paragraph, again and again, until the card fits or every paragraph is short."""
    for _ in range(4 * MOST_BLOCKS):
        excess = characters(blocks) - MOST_CHARACTERS
        places = [place for place, block in enumerate(blocks) if _paragraph(block) is not None]
        longest = max(places, key=lambda place: len(_paragraph(blocks[place]) or ""), default=None)
        if excess <= 0 or longest is None:
            break
        text = _paragraph(blocks[longest]) or ""
        if len(text) <= SHORTEST:
            break
        shorter = max(len(text) - excess, len(text) // 2, SHORTEST)
        blocks[longest] = {**blocks[longest], "text": mrkdwn(cut_mrkdwn(text, shorter))}
    return blocks


def _paragraph(block: Block) -> str | None:
    """Return the text of a paragraph that may be shortened, or None."""
    text = block.get("text") if block.get("type") == "section" else None
    found = text.get("text") if isinstance(text, dict) else None
    return found if isinstance(found, str) and not found.startswith("```") else None
