"""The action items of that night, as values: with and without an owner, overdue, closed, and of somebody who left."""

from datetime import date, timedelta

from bot.domain.following import FollowState, FollowUp, closed, unowned
from bot.domain.people import Place
from tests.slack.cards.samples import ANA, BO, CHANNEL, CY, NIGHT

TUESDAY = NIGHT.date() + timedelta(days=1)
LAST_WEEK = NIGHT.date() - timedelta(days=7)


def an_item(number: int, text: str, **update: object) -> FollowUp:
    made = FollowUp(
        id=number,
        subject="INC-7",
        incident=7,
        place=Place(team="T1", channel=CHANNEL),
        text=text,
        by="bot",
        added=NIGHT,
    )
    return made.model_copy(update=update)


def mine(**update: object) -> FollowUp:
    made = an_item(12, "Validate the currency column at the source, before the file is sent.", owner=ANA, told=NIGHT)
    return made.model_copy(update={"message": "reminder:12:1", **update})


def items(text: str = "") -> tuple[FollowUp, ...]:
    """Return seven items; every one of them says the text, where one is given."""
    left = unowned(an_item(15, text or "Alert on late files.", owner=CY), gone=True)
    done = an_item(16, text or "Send the file again.", owner=BO)
    other = an_item(17, text or "Ask for a second vendor.", by=BO)
    dropped = closed(other, FollowState.DROPPED, by=ANA, now=NIGHT, why="the contract forbids it")
    due: date = TUESDAY
    return (
        an_item(12, text or "Validate the currency column at the source, before the file is sent."),
        an_item(13, text or "Raise the alarm at 50 errors, not at 100.", owner=ANA, told=NIGHT, due=due),
        an_item(14, text or "Write down which currencies there are.", owner=BO, told=NIGHT, due=LAST_WEEK, by=ANA),
        left,
        closed(done, FollowState.DONE, by=BO, now=NIGHT),
        dropped.model_copy(update={"why": text or dropped.why}),
        an_item(18, text or "Let the bot read the output logs, which it may not."),
    )
