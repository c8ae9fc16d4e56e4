"""Say in the channel which runbooks changed while the bot serves, and what got riskier by it.

What `runbook-bot check` finds wrong with a file from the file alone is in the log, at the start and after an edit.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from bot.domain.action import PLATFORM_KEYS
from bot.domain.audit import AuditEntry
from bot.domain.checking import check_library, check_runbook
from bot.domain.diffing import Edit, changes_since
from bot.domain.problem import Problem, Severity
from bot.domain.records import Card, CardKind, Change
from bot.domain.runbook import Runbook
from bot.domain.value import JsonObject
from bot.errors import StaleError
from bot.usecases.approvals import voided_by_edit
from bot.usecases.desk import Desk

log = logging.getLogger(__name__)

EVERY_S = 2.0
REFUSED = "A runbook has an error; `runbook-bot check` may find more."
MOST_TOLD = 8


class Edits:
    """Watch the folder of runbooks: what is the same at two looks in a row, and is not what was known, is told.

    What was edited while no bot served is not told; the requests that rest on it are refused at the click all the same.
    """

    def __init__(self, desk: Desk, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._ticks = ticks
        self._known = dict(desk.library.runbooks())
        self._seen = self._known
        self._next = ticks() + EVERY_S
        self._examined: set[str] = set()
        self._unexamined: list[Runbook] = []
        self._wrong: tuple[Problem, ...] = ()

    def look(self) -> None:
        """Look, if it is time; half-written files are given until the next look.

        Raises:
            StaleError: a request that rests on an edit kept changing; nothing is told before the next look ends it.
        """
        self._examine_one()
        if self._ticks() < self._next:
            return
        self._next = self._ticks() + EVERY_S
        now = dict(self._desk.library.runbooks())
        settled = _shas(now) == _shas(self._seen)
        self._seen = now
        if settled and _shas(now) != _shas(self._known):
            void_what_rests_on_edited(self._desk)
            self._desk.records.commit(announced(self._desk, self._known, now))
            self._known = now
        if settled:
            self._to_examine(now)

    def _to_examine(self, runbooks: Mapping[str, Runbook]) -> None:
        """Put what is new aside for a closer look, and say what is wrong with files and between them."""
        new = {one.sha256: one for one in runbooks.values() if one.sha256 not in self._examined}
        self._examined |= new.keys()
        self._unexamined += new.values()
        apart = [one for one in self._desk.library.problems() if one.severity is Severity.ERROR]
        wrong = (*apart, *check_library(runbooks.values()))
        _say(one for one in wrong if one not in self._wrong)
        self._wrong = wrong

    def _examine_one(self) -> None:
        """Examine one runbook: that takes some 50 ms, and the sweeper has others waiting."""
        if self._unexamined:
            _say(check_runbook(self._unexamined.pop(), self._desk.catalogue, PLATFORM_KEYS, policy=self._desk.policy))


def _say(problems: Iterable[Problem]) -> None:
    for problem in problems:
        if problem.severity is Severity.ERROR:
            log.warning(REFUSED, extra={"problem": str(problem)})


def _shas(runbooks: Mapping[str, Runbook]) -> dict[str, str]:
    return {name: one.sha256 for name, one in runbooks.items()}


def void_what_rests_on_edited(desk: Desk) -> None:
    """End every open request whose runbook is not what it was when it was asked.

    Raises:
        StaleError: some kept changing; the others were ended.
    """
    stale: StaleError | None = None
    for approval in desk.records.approvals(open_only=True):
        try:
            desk.keep(partial(_voided, desk, approval.id))
        except StaleError as error:
            stale = error
    if stale:
        raise stale


def _voided(desk: Desk, number: int) -> Change:
    return voided_by_edit(desk, number) or Change()


def announced(desk: Desk, before: Mapping[str, Runbook], after: Mapping[str, Runbook]) -> Change:
    """Return one message for each runbook that changed; however many replicas see it, it is one."""
    edits = changes_since(before, after, catalogue=desk.catalogue, policy=desk.policy)
    return Change(cards=tuple(_card(desk, one) for one in edits), audit=tuple(_entry(one) for one in edits))


def _card(desk: Desk, edit: Edit) -> Card:
    told: list[JsonObject] = [
        {"risk": one.risk.value, "line": one.line, "words": one.words} for one in edit.riskier[:MOST_TOLD]
    ]
    payload: JsonObject = {
        "runbook": edit.runbook,
        "title": edit.title,
        "path": edit.path,
        "what": edit.what,
        "count": len(edit.riskier),
        "riskier": [*told],
    }
    key = f"edit:{edit.runbook}:{(edit.before or 'new')[:16]}:{(edit.after or 'gone')[:16]}"
    return Card(key=key, kind=CardKind.EDIT, subject=0, channel=desk.channel, payload=payload)


def _entry(edit: Edit) -> AuditEntry:
    facts: JsonObject = {"what": edit.what, "before": edit.before, "after": edit.after, "riskier": len(edit.riskier)}
    return AuditEntry(kind="runbook.changed", subject=edit.runbook, actor="bot", facts=facts)
