"""The people of a run, as a loop: they start it, answer what it asks, and wait. Each wish has an identity of its own,
so that after a crash it may be said again.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.action import bind
from bot.domain.approval import Approval, ApprovalState
from bot.domain.inbox import AskAgain, CastVote, Delivery, GiveInputs, SettleUnknown, StartRun, Wish
from bot.domain.people import Place
from bot.domain.run import Awaiting, Run, RunState
from bot.domain.value import JsonObject
from bot.records.store import Store
from bot.usecases.desk import Desk
from bot.workbench.clock import Clock
from tests.crash.spec import Spec
from tests.usecases.table import ANA, BO, CHANNEL, TEAM

LOOK_EVERY_S = 0.02
LAKE_NEEDS = timedelta(milliseconds=300)
INPUTS = {"reason": "currency column fixed upstream, file re-sent"}


class People:
    """Play Ana, who is on call and starts it, and Bo of the platform team, who approves what changes data."""

    def __init__(self, *, spec: Spec, store: Store, desk: Desk, clock: Clock, nudge: Callable[[], None]) -> None:
        self._spec = spec
        self._store = store
        self._desk = desk
        self._clock = clock
        self._nudge = nudge
        self._said: set[str] = set()
        self._seen: dict[datetime, float] = {}

    def play(self) -> bool:
        """Return True once the goal is reached, False if that takes too long."""
        until = time.monotonic() + self._spec.patience
        while time.monotonic() < until:
            self._show()
            run = next(iter(self._store.runs(open_only=False)), None)
            if run is None:
                self._say(ANA, StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions"}), "start")
            elif self._reached(run):
                return True
            elif self._spec.talk:
                self._answer(run)
            time.sleep(LOOK_EVERY_S)
        return False

    def _reached(self, run: Run) -> bool:
        goal, _, step = self._spec.goal.partition(":")
        waits_for = run.waiting.what if run.waiting else None
        match goal:
            case "asked":
                return waits_for is Awaiting.APPROVAL and run.next_step == step and self._shown(run)
            case "person":
                return waits_for is Awaiting.PERSON and run.next_step == step
            case _:
                return run.state is RunState(goal)

    def _shown(self, run: Run) -> bool:
        pending = self._pending(run)
        return pending is not None and pending.state is ApprovalState.PENDING

    def _answer(self, run: Run) -> None:
        if run.state is RunState.OUTCOME_UNKNOWN:
            self._settle(run)
        elif run.waiting is None:
            return
        elif run.waiting.what is Awaiting.APPROVAL:
            self._approve(run)
        elif run.waiting.what is Awaiting.INPUT:
            self._say(ANA, GiveInputs(run=run.id, inputs=INPUTS), f"inputs-{run.revision}")
        elif run.waiting.what is Awaiting.PERSON:
            self._say(ANA, AskAgain(run=run.id), f"again-{run.revision}")
        elif run.waiting.due is not None:
            self._let_time_pass(run.waiting.due)

    def _settle(self, run: Run) -> None:
        happened = self._spec.happened
        if happened is None:
            happened = self._looks_as_if(run)
        wish = SettleUnknown(run=run.id, step=run.next_step or "", happened=happened)
        self._say(ANA, wish, f"settle-{run.revision}")

    def _looks_as_if(self, run: Run) -> bool:
        """Say what somebody says who looks at the rule before answering."""
        wanted = {"pause": "DISABLED", "resume": "ENABLED"}[run.next_step or ""]
        params: JsonObject = {"Name": self._desk.platform.names("daily_rule")[0]}
        row = self._desk.catalogue.row("events.rule")
        return self._desk.cloud.look(bind(row, params, self._desk.platform))["State"] == wanted

    def _approve(self, run: Run) -> None:
        pending = self._pending(run)
        card = self._store.card(f"request:{pending.id}") if pending else None
        if pending is None or card is None or card.ts is None:
            return
        who = ANA if pending.binding.requester_may else BO
        self._say(who, CastVote(approval=pending.id, edition=card.edition), f"vote-{pending.id}", ts=card.ts)

    def _pending(self, run: Run) -> Approval | None:
        found = [one for one in self._store.approvals(run=run.id) if one.state is ApprovalState.PENDING]
        return found[0] if found else None

    def _let_time_pass(self, due: datetime) -> None:
        """Give the lake a moment, then move the clock to the hour."""
        since = self._seen.setdefault(due, time.monotonic())
        left = (due - self._clock.now()).total_seconds()
        if left > 0 and time.monotonic() - since >= LAKE_NEEDS.total_seconds():
            self._clock.advance(left)
            self._nudge()

    def _say(self, person: str, wish: Wish, identity: str, *, ts: str | None = None) -> None:
        if identity in self._said:
            return
        self._said.add(identity)
        place = Place(team=TEAM, channel=CHANNEL, ts=ts)
        said = Delivery(identity=identity, wish=wish, person=person, place=place, at=self._clock.now())
        if self._store.accept(said):
            self._nudge()

    def _show(self) -> None:
        """Stand every card where the renderer would."""
        for card in self._store.cards_behind():
            self._store.card_shown(card.key, ts=card.ts or f"ts-{card.key}", shown=card.wanted, edition=card.edition)
