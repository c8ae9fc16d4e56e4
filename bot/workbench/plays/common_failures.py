"""A pointer that a clean-up deleted, brought back as it was by Ana (on call) and Bo (platform)."""

from bot.workbench.plays.story import Story

ELEVEN_MINUTES = 660.0
NEXT_LOOK = 61.0


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, dee = story.ana, story.bo, story.dee
    story.breaks("a clean-up with too wide a prefix deletes _LATEST.json of last month")
    story.presses(ana, "Start runbook", why="starts it; the alarm's name says which of the five ways to go")
    story.says_why(ana, "a clean-up deleted the pointer; readers get nothing of that month")
    story.refused(ana, "Bring back", because="you asked for this change yourself")
    story.refused(dee, "Bring back", because="Not approved")
    story.approves(bo, "Bring back", why="approves: only the delete marker is removed, by its own version")
    story.posted("check 7")
    story.time_passes(ELEVEN_MINUTES, "moves the clock by eleven minutes; the alarm follows")
    story.posted("OK again")
    story.time_passes(NEXT_LOOK, "moves the clock to the next look at it")
    return story.ends()
