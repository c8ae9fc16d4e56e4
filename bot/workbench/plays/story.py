"""A play's words: what people do, one verb each, over the same wire as the page, with the transcript written alongside.

A play is a function of a story that returns whether the lake is repaired and the audit whole. Every verb waits for
what it needs and raises when it does not come: a play never goes on over something that did not happen.
"""

from collections.abc import Callable
from typing import Protocol

from bot.domain.audit import Verification
from bot.domain.reasons import ASKED
from bot.workbench.company import ANA, BO, CY, DEE, KIM
from bot.workbench.lake.lake import Lake
from bot.workbench.plays.transcript import Transcript
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.spoken import plain

CHANNEL = "#incident-etl"
PATIENCE = 60.0
ALARM_FOLLOWS, LOOKS_AGAIN = 660.0, 60.0  # seconds


class Stage(Protocol):
    """What a play needs of the demo."""

    @property
    def lake(self) -> Lake:
        """Return the local lake."""
        ...

    @property
    def slack(self) -> LocalSlack:
        """Return the local Slack."""
        ...

    def repaired(self, name: str) -> bool:
        """Return whether the lake itself says that the failure is over."""
        ...

    def audit(self) -> Verification:
        """Return whether the bot's audit is whole."""
        ...


class Story:
    """Play one failure with Ana (on call), Bo and Cy (platform), Dee (domain) and Kim (data quality)."""

    def __init__(self, stage: Stage, failure: str, *, say: Callable[[str], None]) -> None:
        self.failure = failure
        self.lake = stage.lake
        self._stage = stage
        people = tuple(stage.slack.person(one) for one in (ANA, BO, CY, DEE, KIM))
        self.ana, self.bo, self.cy, self.dee, self.kim = people
        there = stage.slack.workspace
        self._handles = {one.id: one.name for one in there.people}
        names = self._handles | {one.id: one.handle for one in there.groups}
        self.talk = Transcript(people=people, names=names, say=say)

    def breaks(self, words: str) -> None:
        """Cause the failure, and wait for its alarm."""
        self.talk.note(words)
        _good(self.ana.do("break", scenario=self.failure))
        self.posted("ALARM")

    def mended(self, words: str) -> None:
        """Have the world outside do its part."""
        self.did(self.ana, words)
        _good(self.ana.do("fix", scenario=self.failure))

    def did(self, who: Person, what: str) -> None:
        """Write what somebody did."""
        self.talk.did(self._handles[who.id], what)

    def posted(self, words: str, *, who: Person | None = None) -> Payload:
        """Wait for a message in the channel that says the words."""
        return (who or self.ana).wait_for_message(words, channel=CHANNEL, timeout=PATIENCE)

    def presses(self, who: Person, label: str, *, why: str = "") -> None:
        """Press a button."""
        self.did(who, why or f"presses {label}")
        _good(who.click(label))

    def types(self, who: Person, text: str) -> None:
        """Type a slash command."""
        self.did(who, f"types {text}")
        _good(who.slash(CHANNEL, text))

    def approves(self, who: Person, words: str, *, why: str = "") -> None:
        """Wait for the request that says the words, and approve it."""
        message = self.asked(words, who=who)
        self.did(who, why or f"approves: {words}")
        _good(self._pressed_approve(who, message))

    def reviews(self, who: Person, words: str, *, why: str = "") -> None:
        """Open the whole of a request that is too long for its card, and approve it there."""
        message = self.asked(words, who=who)
        self.did(who, why or f"reviews and approves: {words}")
        _good(who.click("Review…", message=message))
        who.wait_for_view()
        _good(who.submit({}))

    def asked(self, words: str, *, who: Person | None = None) -> Payload:
        """Wait for an open request that says the words."""

        def found(state: Payload) -> Payload | None:
            asked = (one for one in reversed(state["messages"]) if "APPROVAL NEEDED" in plain(one))
            return next((dict(one) for one in asked if words in plain(one)), None)

        person = who or self.ana
        state = person.wait_for(lambda now: found(now) is not None, timeout=PATIENCE, what=f"a request to {words!r}")
        return found(state) or {}

    def refused(self, who: Person, words: str, *, because: str) -> None:
        """Press Approve on the request that says the words, and be told why not."""
        message = self.asked(words, who=who)
        self.did(who, "tries to approve her own change" if who is self.ana else f"tries to approve: {words}")
        self._pressed_approve(who, message)
        who.wait_for(
            lambda state: any(because in plain(one) for one in state["messages"]), timeout=PATIENCE, what="the refusal"
        )

    def _pressed_approve(self, who: Person, message: Payload) -> Payload:
        """Press Approve, on the card or in the modal that shows what is too long for one."""
        if "Review…" not in plain(message):
            return who.click("Approve", message=message)
        _good(who.click("Review…", message=message))
        who.wait_for_view()
        return who.submit()

    def gives(self, who: Person, values: Payload, *, why: str) -> None:
        """Give what the run waits for, in the modal it offers; `values` by the parameter's name."""
        self._answers(who, self.posted("Answer…", who=who), values, why=why)

    def says_why(self, who: Person, reason: str) -> None:
        """Say why a change is wanted, before anybody is asked to approve it."""
        asked = self.posted(f"needs an answer*\n{ASKED}", who=who)
        self._answers(who, asked, {"reason": reason}, why=f"says why: {reason}")

    def _answers(self, who: Person, message: Payload, values: Payload, *, why: str) -> None:
        self.did(who, why)
        _good(who.click("Answer…", message=message))
        who.wait_for_view()
        _good(who.submit({f"input:{name}": value for name, value in values.items()}))

    def chooses(self, who: Person, way: str, *, why: str) -> None:
        """Press one of the ways a run offers, by what its button says."""
        message = self.posted("CHOOSE", who=who)
        self.did(who, why)
        _good(who.click(way, message=message))

    def time_passes(self, seconds: float, words: str) -> None:
        """Move the clock."""
        self.did(self.ana, words)
        _good(self.ana.advance(seconds))

    def settles(self) -> None:
        """Let the alarm follow its metric, which takes eleven minutes, and the bot look again a minute later."""
        self.posted("looks again by itself: The alarm is OK")
        self.time_passes(ALARM_FOLLOWS, "moves the clock by eleven minutes, for the alarm to follow its metric")
        self._until_repaired()
        self.time_passes(LOOKS_AGAIN, "moves it by another, for the bot to look again")

    def _until_repaired(self) -> None:
        self.ana.wait_for(lambda _: self._stage.repaired(self.failure), timeout=PATIENCE, what="a repaired lake")

    def ends(self, words: str = "REPAIRED: ") -> bool:
        """Wait for the end and print the lake's own verdict; return whether it is repaired and the audit whole."""
        self.posted(words)
        self._until_repaired()
        self.talk.catch_up()
        checks = SCENARIOS[self.failure].repaired(self.lake)
        self.talk.notes([f"{'PASS' if check.ok else 'FAIL'} {check.name}: {check.seen}" for check in checks])
        audit = self._stage.audit()
        self.talk.notes([f"audit: {line}" for line in audit.lines() if not line.startswith(" ")])
        return all(check.ok for check in checks) and audit.whole


def _good(answer: Payload) -> None:
    if not answer.get("ok"):
        raise AssertionError(f"The local Slack refused: {answer}.")
