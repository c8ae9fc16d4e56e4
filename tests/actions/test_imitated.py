"""The catalogue of a lake that only imitates AWS: what cannot be done there says so, before anything is looked at."""

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Action, Look, Occasion
from bot.errors import InvalidError
from tests.actions.scripted import NOW, Script

IMITATED = CATALOGUE.imitated()
OCCASION = Occasion(installation="i", run=1, step="s")
NOT_THERE = sorted(action.id for action in CATALOGUE.actions.values() if not action.local)


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_the_local_lake_cannot_do_is_refused_in_words(name: str) -> None:
    action, silent = IMITATED.action(name), Script().look

    with pytest.raises(InvalidError, match=rf"local lake cannot do this .*{name}.*; on AWS it is done"):
        _tried(action, silent)


def test_everything_else_is_as_on_aws() -> None:
    assert len(NOT_THERE) > 5
    for name in set(CATALOGUE.actions) - set(NOT_THERE):
        assert IMITATED.action(name) == CATALOGUE.action(name)


def _tried(action: Action, look: Look) -> None:
    if action.read is not None:
        action.read(look, None, NOW)
    elif action.propose is not None:
        action.propose(look, None, OCCASION)
