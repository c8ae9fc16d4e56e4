"""How much of the matrix is run: a choice in `make test`, all of it in `make crash`."""

import os

import pytest

from tests.crash.instants import AFTER_MARK, AFTER_TAKE, INSTANTS, PERFORMED, STEPS

FULL = os.environ.get("CRASH") == "full"  # noqa: TID251 - the switch of `make crash`
only_in_full = pytest.mark.skipif(not FULL, reason="part of the whole matrix: make crash")

ON_SQLITE = INSTANTS if FULL else (AFTER_TAKE, AFTER_MARK, PERFORMED)
STEPS_ON_SQLITE = STEPS if FULL else ("pause", "half_open", "probe")
ON_POSTGRES = INSTANTS
STEPS_ON_POSTGRES = STEPS if FULL else ("pause", "half_open")
