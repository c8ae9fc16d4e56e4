"""The circuit breaker, from the alarm to the verified repair, by Ana (on call) and Bo and Cy (platform)."""

from collections.abc import Callable

from bot.workbench.company import ANA, BO, CY
from bot.workbench.demo import Demo
from bot.workbench.plays.transcript import Transcript
from bot.workbench.scenarios.registry import SCENARIOS
from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain

CHANNEL = "#incident-etl"
WATCH_SECONDS = 3_660.0
PATIENCE = 25.0


def play(demo: Demo, until: str | None, say: Callable[[str], None]) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy = (demo.slack.person(one) for one in (ANA, BO, CY))
    there = demo.slack.workspace
    names = {one.id: one.name for one in there.people} | {one.id: one.handle for one in there.groups}
    talk = Transcript(people=(ana, bo, cy), names=names, say=say)
    talk.note("the nightly load of transactions starts; one file holds an unknown currency")
    ana.do("seen")
    ana.wait_for_message("ALARM", channel=CHANNEL, timeout=PATIENCE)
    talk.did("ana", "presses Start runbook")
    _good(ana.click("Start runbook"))
    _request(ana, "Pause the nightly load")
    talk.did("ana", "approves the pause of the schedule (control: on-call, and she may)")
    _good(_approve(ana, "Pause the nightly load"))
    ana.wait_for_message("Give what is needed", channel=CHANNEL, timeout=PATIENCE)
    talk.did("ana", "hears that the source has re-sent the file, corrected")
    _good(ana.do("fix", scenario="circuit-breaker"))
    _give_reason(ana, talk)
    _request(ana, "Half-open the breaker")
    talk.catch_up()
    if until == "approval":
        state = _breaker(demo)
        talk.note(f"ends before the approvals: the breaker is still {state}; nothing of the lake's data was touched")
        return state == "OPEN"
    talk.did("ana", "tries to approve her own change")
    _approve(ana, "Half-open the breaker")
    ana.wait_for(
        lambda state: any("you asked for this change yourself" in plain(one) for one in state["messages"]),
        timeout=PATIENCE,
        what="the refusal",
    )
    talk.did("bo", "approves it")
    _good(_approve(bo, "Half-open the breaker"))
    _request(bo, "Close the breaker")
    talk.did("cy", "approves closing the breaker")
    _good(_approve(cy, "Close the breaker"))
    ana.wait_for_message("WATCHING", channel=CHANNEL, timeout=PATIENCE)
    talk.did("ana", "moves the clock by an hour")
    _good(ana.advance(WATCH_SECONDS))
    ana.wait_for_message("REPAIRED", channel=CHANNEL, timeout=PATIENCE)
    ana.wait_for(lambda _: demo.repaired("circuit-breaker"), timeout=PATIENCE, what="a repaired lake")
    talk.catch_up()
    return _verdict(demo, talk)


def _approve(person: Person, words: str) -> dict[str, object]:
    """Press Approve on the newest request that says these words."""
    return person.click("Approve", message=_request(person, words))


def _request(person: Person, words: str) -> Payload:
    """Wait for an open request that says these words."""

    def found(state: Payload) -> Payload | None:
        asked = (one for one in reversed(state["messages"]) if "APPROVAL NEEDED" in plain(one))
        return next((dict(one) for one in asked if words in plain(one)), None)

    state = person.wait_for(lambda now: found(now) is not None, timeout=PATIENCE, what=f"a request to {words!r}")
    return found(state) or {}


def _give_reason(person: Person, talk: Transcript) -> None:
    reason = "currency column fixed upstream, file re-sent"
    talk.did("ana", f"gives the reason: {reason}")
    _good(person.click("Give what is needed…"))
    person.wait_for_view()
    _good(person.submit({"input:reason": reason}))


def _good(answer: dict[str, object]) -> None:
    if not answer.get("ok"):
        raise AssertionError(f"The local Slack refused: {answer}.")


def _breaker(demo: Demo) -> str:
    return next(check.seen for check in SCENARIOS["circuit-breaker"].repaired(demo.lake) if "breaker" in check.name)


def _verdict(demo: Demo, talk: Transcript) -> bool:
    checks = SCENARIOS["circuit-breaker"].repaired(demo.lake)
    for check in checks:
        talk.note(f"{'PASS' if check.ok else 'FAIL'} {check.name}: {check.seen}")
    audit = demo.audit()
    for line in audit.lines():
        talk.note(f"audit: {line}")
    return all(check.ok for check in checks) and audit.whole
