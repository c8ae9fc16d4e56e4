"""Action items as people see them: the checklist in the channel, five on a card, and the message to an owner. Pure."""

from collections.abc import Sequence
from datetime import date

from bot.domain.following import FollowState, FollowUp, Why
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, Message, Picker, buttons, context, lines, message, section
from bot.slack.cards.stage import Stage

MOST_TEXT = 220
MOST_LINE = 90
MARKS: dict[FollowState, str] = {FollowState.OPEN: "⬜", FollowState.DONE: "✅", FollowState.DROPPED: "🚮"}
NEWS: dict[Why, str] = {
    Why.GIVEN: "is yours now",
    Why.TOMORROW: "is due tomorrow",
    Why.TODAY: "is due today",
    Why.OVERDUE: "is overdue",
    Why.OPEN: "is still open",
}


def checklist_card(items: Sequence[FollowUp], page: int, size: int, stage: Stage, *, ids: str) -> Message:
    """Return one card of a checklist; each open item has its pickers, a closed one is a line.

    Args:
        items: all of one subject, oldest first.
        size: how many stand on one card.
    """
    first = items[0]
    shown = items[page * size : (page + 1) * size]
    subject = wording.quoted(first.subject, 20)
    if page:
        head = f"*{subject} · action items, continued* ({page * size + 1} to {page * size + len(shown)})"
    else:
        head = lines(f"📋 *{subject} · action items* · {_counted(items)}", _more(items, size))
    body = [block for item in shown for block in _item(item, stage)]
    added = Button(label="Add…", action="add_item", value=str(first.id))
    text = wording.push(f"Action items of {subject}: {_counted(items)}")
    return message(text, [section(head), *body, *([] if page else buttons([added]))], ids=ids)


def _counted(items: Sequence[FollowUp]) -> str:
    still = [one for one in items if one.open]
    lacking = sum(not one.owner for one in still)
    parts = (f"{len(still)} open", f"{lacking} without owner" if lacking else "", f"{len(items) - len(still)} closed")
    return " · ".join(part for part in parts if part and part != "0 closed")


def _more(items: Sequence[FollowUp], size: int) -> str:
    rest = len(items) - size
    return f"{rest} more in the thread" if rest > 0 else ""


def _item(item: FollowUp, stage: Stage) -> list[Block]:
    if not item.open:
        return [section(told_of(item, stage))]
    return [section(told_of(item, stage), more=_more_of(item)), *_pickers(item)]


def _more_of(item: FollowUp) -> list[Button]:
    number = str(item.id)
    return [
        Button(label="Drop…", action="drop_item", value=number),
        *([Button(label="Give back", action="give_back_item", value=number)] if item.owner else []),
        *([Button(label="No date", action="no_date_item", value=number)] if item.due else []),
    ]


def told_of(item: FollowUp, stage: Stage, *, most: int = MOST_TEXT) -> str:
    """Return what an item is and how it stands."""
    return lines(f"{MARKS[item.state]} *{item.label}* {wording.quoted(item.text, most)}", stands(item, stage))


def stands(item: FollowUp, stage: Stage) -> str:
    """Return whose an item is and until when, or how it ended."""
    if item.state is FollowState.DONE:
        return f"done by {stage.name(item.closed_by)}"
    if item.state is FollowState.DROPPED:
        return f"dropped by {stage.name(item.closed_by)}: {wording.quoted(item.why, 160)}"
    has = stage.name(item.owner) if item.owner else "nobody has it"
    if item.gone:
        has = f"*nobody has it*: {stage.name(item.gone)} is here no more"
    late = item.due is not None and item.due < stage.now.date()
    until = f"{'*overdue* since' if late else 'due'} {day(item.due)}" if item.due else ""
    origin = "suggested" if item.by == "bot" else f"added by {stage.name(item.by)}"
    return " · ".join(part for part in (has, until, origin) if part)


def day(at: date) -> str:
    """Return a day as people say it; it is the same day for every reader."""
    return f"{at:%a} {at.day} {at:%b %Y}"


def _pickers(item: FollowUp) -> list[Block]:
    number, due = str(item.id), item.due.isoformat() if item.due else ""
    pickers = [
        Picker(kind="users_select", label="Owner", action="own_item", subject=number, picked=item.owner),
        Picker(kind="datepicker", label="Due", action="date_item", subject=number, picked=due),
    ]
    return buttons([Button(label="Done", action="done_item", value=number)], pickers=pickers)


def reminder_card(item: FollowUp, key: str, person: str, stage: Stage, *, ids: str) -> Message:
    """Return the message to an owner as things are now; only the newest one to whoever has it carries buttons.

    Args:
        person: whom the message was for.
    """
    subject = wording.quoted(item.subject, 20)
    title = stage.linked(f"checklist:{item.subject}:0", f"{item.label} of {subject}")
    if not item.open or item.owner != person or item.message != key:
        return message(
            wording.push(f"{item.label} of {subject}: {_over(item, person, stage)}"),
            [section(lines(f"*{title}* {wording.quoted(item.text, MOST_TEXT)}", _over(item, person, stage)))],
            ids=ids,
        )
    news = NEWS[item.said]
    due = f"due {day(item.due)}" if item.due else "no date"
    off = f"💤 put off until {wording.time_of(item.later, now=stage.now)}" if item.later else ""
    done = Button(label="Done", action="done_item", value=str(item.id), primary=True)
    snoozes = [
        Button(label="Snooze 1 day", action="snooze_item", value=f"{item.id}:1"),
        Button(label="Snooze 1 week", action="snooze_item", value=f"{item.id}:7"),
    ]
    back = Button(label="Give back", action="give_back_item", value=str(item.id))
    blocks = [
        section(lines(f"📌 *{title} {news}* · {due}", wording.quoted(item.text, MOST_TEXT), off)),
        *(buttons([done], [*snoozes, back]) if item.later else buttons([done, *snoozes], [back])),
        context("Give back makes it nobody's again; the checklist in the channel says so."),
    ]
    return message(wording.push(f"{item.label} {news}: {wording.quoted(item.text, 80)}"), blocks, ids=ids)


def _over(item: FollowUp, person: str, stage: Stage) -> str:
    if not item.open:
        return stands(item, stage)
    if item.owner == person:
        return "said again below"
    return f"{stage.name(item.owner)} has it now" if item.owner else "given back; nobody has it now"


def line_of(item: FollowUp, stage: Stage) -> str:
    """Return an item in one line of a list."""
    subject = stage.linked(f"checklist:{item.subject}:0", wording.quoted(item.subject, 20))
    text = f"{MARKS[item.state]} *{item.label}* · {subject} · {wording.quoted(item.text, MOST_LINE)}"
    return f"{text} · {stands(item, stage)}"
