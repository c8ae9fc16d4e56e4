"""The circuit breaker, from the alarm to the verified repair, by Ana (on call) and Bo and Cy (platform)."""

from bot.workbench.plays.story import Story
from bot.workbench.scenarios.registry import SCENARIOS

WATCH_SECONDS = 3_660.0


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy = story.ana, story.bo, story.cy
    story.breaks("the nightly load of transactions starts; one file holds an unknown currency")
    story.presses(ana, "Start runbook")
    story.approves(ana, "Pause the nightly load", why="approves the pause of the schedule (control: on-call, she may)")
    story.posted("Answer…")
    story.mended("hears that the source has re-sent the file, corrected")
    reason = "currency column fixed upstream, file re-sent"
    story.gives(ana, {"reason": reason}, why=f"gives the reason: {reason}")
    story.asked("Half-open the breaker")
    story.talk.catch_up()
    if until == "approval":
        state = _breaker(story)
        story.talk.note(f"ends before the approvals: the breaker is still {state}; nothing of the data was touched")
        return state == "OPEN"
    story.refused(ana, "Half-open the breaker", because="you asked for this change yourself")
    story.approves(bo, "Half-open the breaker")
    story.approves(cy, "Close the breaker")
    story.posted("WATCHING")
    story.time_passes(WATCH_SECONDS, "moves the clock by an hour")
    return story.ends()


def _breaker(story: Story) -> str:
    checks = SCENARIOS[story.failure].repaired(story.lake)
    return next(check.seen for check in checks if "breaker" in check.name)
