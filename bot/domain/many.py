"""Many calls under one approval: a list that is frozen by its digest and made again from the lake, never from a store.

The digest is that of the file people read: one line of canonical JSON for each call, in order. So `sha256sum` of what
stands under the request says whether it is what was signed.
"""

import hashlib
from collections.abc import Iterable, Sequence

from bot.domain.action import Call, Element, Many
from bot.domain.strictjson import canonical
from bot.domain.value import JsonObject
from bot.errors import InvalidError

MOST_LISTED = 20_000
MOST_FIRST = 3


def standing_for(calls: Iterable[Call], *, resource: str) -> Call:
    """Return one call that stands for a list of them; none of them is kept but the first few.

    Args:
        resource: what all of them together touch, e.g. the prefix they write under.

    Raises:
        InvalidError: there is none, or too many, or they are not of one row.
    """
    first: list[JsonObject] = []
    digest, count, row = hashlib.sha256(), 0, ""
    for call in calls:
        row = row or call.row
        if call.row != row or call.many is not None:
            raise InvalidError(f"A list holds calls of one row; this one holds {row} and {call.row}.")
        count += 1
        if count > MOST_LISTED:
            raise InvalidError(f"More than {MOST_LISTED:,} calls; ask for less at once (a narrower prefix).")
        digest.update(line(call.params))
        if len(first) < MOST_FIRST:
            first.append(call.params)
    if not count:
        raise InvalidError("There is nothing to do: the list is empty.")
    return Call(
        row=row, params={}, resource=resource, many=Many(count=count, digest=digest.hexdigest(), first=tuple(first))
    )


def line(params: JsonObject) -> bytes:
    """Return one call as it stands in the list's file."""
    return canonical(params) + b"\n"


def insist_same(call: Call, elements: Sequence[Element]) -> None:
    """Insist that the elements of a list are those the call stands for.

    Raises:
        InvalidError: they are not; nothing was sent.
    """
    again = standing_for((one.call for one in elements), resource=call.resource)
    if again != call:
        raise InvalidError(
            f"The list of {call.resource} is not the one that was approved any more "
            f"({again.many.count if again.many else 0:,} calls now). Nothing more was sent; ask again."
        )
