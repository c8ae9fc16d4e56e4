"""What a change newly reaches: the runbooks and the policy as they are beside what they were."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.authoring.house import House
from bot.authoring.shelf import shelf_of, text_at, texts_at, texts_of
from bot.domain.diffing import compare
from bot.domain.lowered import lowered_policy
from bot.domain.policy import Policy
from bot.errors import InvalidError
from bot.settings import parse


@dataclass(frozen=True)
class Compared:
    """Hold the report: what stands in the way of a comparison, what got riskier, what is only to be known."""

    unread: tuple[str, ...]
    riskier: tuple[str, ...]
    notes: tuple[str, ...]


def compared(paths: Sequence[Path], base: str, at: House) -> Compared:
    """Return what the runbooks can do now that they could not do at `base`.

    Raises:
        InvalidError: `base` is neither a folder nor a revision.
        NotFoundError: a path is not there.
    """
    after = shelf_of(texts_of(paths))
    before = shelf_of(texts_at(base, paths))
    then, note = _policy_at(base, at)
    found = compare(before.runbooks, after.runbooks, catalogue=CATALOGUE, policy=at.policy, policy_before=then)
    lowered = [f"{at.file}: approval: {words}" for words in lowered_policy(then, at.policy)]
    unread = dict.fromkeys(problem.path for problem in before.problems)
    notes = [f"{path} could not be read at {base}, so all of it counts as new." for path in unread]
    return Compared(
        unread=tuple(str(problem) for problem in after.problems),
        riskier=(*lowered, *(str(one) for one in found)),
        notes=(*notes, *([note] if note else [])),
    )


def _policy_at(base: str, at: House) -> tuple[Policy, str]:
    """Return the policy as it was, and a note where that cannot be known."""
    if at.file is None:
        return at.policy, at.note
    try:
        text = text_at(base, at.file)
    except InvalidError:
        text = None
    if text is None:
        return at.policy, f"{at.file} is not in {base}; the policy of today is taken for both."
    try:
        return parse(tomllib.loads(text), {}, source=f"{at.file} at {base}").the_policy(), ""
    except (InvalidError, tomllib.TOMLDecodeError) as error:
        return at.policy, f"{at.file} at {base} cannot be read ({error}); the policy of today is taken for both."
