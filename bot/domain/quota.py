"""How often people may have the lake read for them, so that nobody uses up what an incident needs. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from math import ceil

from bot.domain.inbox import AskQuestion, Delivery, ExpandStep, ReadAgain, StartPostmortem, StartRun, SuggestForAlarm
from bot.domain.policy import Policy
from bot.errors import NotAllowedError

WINDOW = timedelta(minutes=10)
LOOKS = StartRun | SuggestForAlarm | AskQuestion | ExpandStep | StartPostmortem | ReadAgain
"""What people want that reads the lake; steering, approving and stopping are never counted."""


def insist_on_quota(wanted: Delivery, before: Iterable[Delivery], policy: Policy) -> None:
    """Refuse one more look than the person or the channel has.

    Args:
        wanted: what came in now.
        before: the looks that came in before it and were not refused; what is older than the window is not counted.

    Raises:
        NotAllowedError: says whose share is used up, and when there is more.
    """
    counted = [one for one in before if wanted.at - one.at < WINDOW]
    own = [one for one in counted if one.person == wanted.person]
    here = [one for one in counted if one.place.channel == wanted.place.channel]
    for whose, found, most in (
        ("You have", own, policy.looks_per_person),
        ("This channel has", here, policy.looks_per_channel),
    ):
        if len(found) >= most:
            minutes = ceil((min(one.at for one in found) + WINDOW - wanted.at) / timedelta(minutes=1))
            raise NotAllowedError(
                f"{whose} had the lake looked at {len(found)} times in ten minutes, so this was not done. Try again in "
                f"{minutes} min; in a channel with an open incident of severity 1 nothing is counted."
            )
