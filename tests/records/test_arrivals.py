"""What comes in at the same moment is kept in one transaction, and nobody is told before it is kept."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from bot.domain.inbox import Delivery
from bot.errors import InvalidError, UnavailableError
from bot.records.arrivals import Arrivals
from bot.records.signing import signer_at
from bot.records.store import Store
from tests.records.values import a_delivery

HERE = 10.0


@dataclass
class Shelf:
    """Keep deliveries when it is let; the first transaction waits for that."""

    open: Event = field(default_factory=Event)
    asked: Event = field(default_factory=Event)
    kept: list[tuple[str, ...]] = field(default_factory=list)
    refuses: str = ""
    broken: bool = False

    def keep(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        self.asked.set()
        assert self.open.wait(HERE)
        identities = tuple(one.identity for one in deliveries)
        if self.broken:
            raise ZeroDivisionError
        if self.refuses in identities:
            raise InvalidError("The database cannot keep that text.")
        self.kept.append(identities)
        return [True] * len(identities)


def during(shelf: Shelf, identities: Sequence[str]) -> list[bool | Exception]:
    """Have the first be kept while all the others come; return what each was told."""
    arrivals = Arrivals(shelf.keep)

    def accept(identity: str) -> bool | Exception:
        try:
            return arrivals.accept(a_delivery(identity))
        except (InvalidError, UnavailableError, ZeroDivisionError) as error:
            return error

    with ThreadPoolExecutor(len(identities)) as people:
        first = people.submit(accept, identities[0])
        assert shelf.asked.wait(HERE)
        others = [people.submit(accept, identity) for identity in identities[1:]]
        while len(arrivals._waiting) < len(others):
            assert not any(one.done() for one in others)
        shelf.open.set()
        return [one.result(HERE) for one in (first, *others)]


def test_all_that_come_during_a_transaction_are_kept_by_the_next_one() -> None:
    shelf = Shelf()

    told = during(shelf, ["a", "b", "c", "d"])

    assert told == [True] * 4
    assert shelf.kept[0] == ("a",)
    assert [sorted(one) for one in shelf.kept] == [["a"], ["b", "c", "d"]]


def test_one_that_cannot_be_kept_does_not_take_the_others_with_it() -> None:
    shelf = Shelf(refuses="c")

    told = during(shelf, ["a", "b", "c", "d"])

    assert [isinstance(one, InvalidError) for one in told] == [False, False, True, False]
    assert sorted(identity for batch in shelf.kept for identity in batch) == ["a", "b", "d"]


def test_a_bug_leaves_nobody_waiting_and_nobody_told_that_it_was_kept() -> None:
    shelf = Shelf(broken=True)

    told = during(shelf, ["a", "b", "c"])

    assert all(isinstance(one, Exception) for one in told)
    assert shelf.kept == []


def test_the_same_delivery_many_times_at_once_is_new_once(tmp_path: Path) -> None:
    signer = signer_at(tmp_path / "audit.key", trust=tmp_path / "audit.pub")
    store = Store.open(f"sqlite:///{tmp_path / 'bot.db'}", signer=signer)
    try:
        with ThreadPoolExecutor(12) as people:
            told = list(people.map(lambda number: store.accept(a_delivery(f"d{number % 3}")), range(60)))
        assert sum(told) == 3
        assert len(store.deliveries()) == 3
    finally:
        store.close()


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_delivery_twice_in_one_transaction_is_new_once(tmp_path: Path, times: int) -> None:
    signer = signer_at(tmp_path / "audit.key", trust=tmp_path / "audit.pub")
    store = Store.open(f"sqlite:///{tmp_path / 'bot.db'}", signer=signer)
    try:
        assert store._keep_arrivals([a_delivery("d")] * times) == [True] + [False] * (times - 1)
    finally:
        store.close()
