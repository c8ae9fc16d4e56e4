"""One process of several at the same records; what it did it prints as one JSON line.

Run as `python -m tests.records.replica WHAT URL KEY TRUST NAME COUNT`; it begins when a line comes in.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.domain.records import Change
from bot.errors import BotError, ConflictError, NotAllowedError
from bot.records.database import Database
from bot.records.migrations import migrate
from bot.records.signing import signer_at
from bot.records.store import Store
from tests.records.values import StandingClock, entry, taking

THREADS = 6


def appends(store: Store, name: str, count: int) -> int:
    for number in range(count):
        store.commit(Change(audit=(entry(subject=f"{name}-{number}", private="p"),)))
    return count


def takes(store: Store, name: str, count: int) -> int:
    """Try to take the first call of each approval, with several threads at once."""

    def take(approval: int, thread: int) -> bool:
        try:
            store.take(taking(store, approval, owner=f"{name}-{thread}", lease=f"thing-{approval}"))
        except (ConflictError, NotAllowedError):
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        tries = [(approval, thread) for approval in range(1, count + 1) for thread in range(THREADS)]
        return sum(pool.map(lambda one: take(*one), tries))


WORK: dict[str, Callable[[Store, str, int], int]] = {"append": appends, "take": takes}


def main(what: str, url: str, key: str, trust: str, name: str, count: str) -> None:
    sys.stdin.readline()
    try:
        if what == "migrate":
            database = Database(url)
            with database.writing() as connection:
                migrate(connection)
            database.close()
            done = 1
        else:
            signer = signer_at(Path(key), trust=Path(trust))
            store = Store.open(url, signer=signer, clock=StandingClock())
            done = WORK[what](store, name, int(count))
            store.close()
    except BotError as error:
        print(json.dumps({"refused": error.words}))  # noqa: T201 - this is how it reports
        return
    print(json.dumps({"done": done}))  # noqa: T201 - as above


if __name__ == "__main__":
    main(*sys.argv[1:])
