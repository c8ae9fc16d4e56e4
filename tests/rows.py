"""What rows of the local lake name, people's accounts and transactions, and whether a text gives them away."""

import re
from collections.abc import Iterable, Mapping

NAMING = ("transaction_id", "account_id")
WORD = re.compile(r"[A-Za-z0-9_-]+")


def names_in(rows: Iterable[Mapping[str, str]]) -> set[str]:
    """Return what the rows name."""
    return {row[name] for row in rows for name in NAMING if row[name]}


def given_away(names: set[str], text: str) -> set[str]:
    """Return which of the names a text holds as whole words: a random id may hold a short one by chance."""
    assert names
    assert [one for one in names if not WORD.fullmatch(one)] == []
    return names & set(WORD.findall(text))
