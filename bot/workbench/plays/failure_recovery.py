"""A load that ran out of memory, run again by Ana (on call) with the yes of Bo (platform)."""

from bot.workbench.plays.story import Story

ELEVEN_MINUTES = 660.0
NEXT_LOOK = 61.0


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo = story.ana, story.bo
    story.breaks("the nightly load of transactions starts; its driver runs out of memory half way through its writing")
    story.presses(ana, "Start runbook")
    story.chooses(ana, "Run it again", why="sees what failed and that readers are safe, and chooses: Run it again")
    story.says_why(ana, "the driver ran out of memory; readers are safe, and the night is still missing")
    story.refused(ana, "Load", because="you asked for this change yourself")
    story.approves(bo, "Load", why="approves the rerun (it may go to readers: somebody else of the platform team)")
    story.posted("check 6")
    story.time_passes(ELEVEN_MINUTES, "moves the clock by eleven minutes; the alarm follows")
    story.posted("OK again")
    story.time_passes(NEXT_LOOK, "moves the clock to the next look at it")
    return story.ends()
