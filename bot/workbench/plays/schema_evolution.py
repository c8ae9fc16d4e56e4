"""A column the source added, taken up beside the old schema by Ana (on call), Bo and Cy (platform), Dee (domain)."""

from bot.workbench.plays.story import Story

ELEVEN_MINUTES = 660.0
NEXT_LOOK = 61.0


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy, dee = story.ana, story.bo, story.cy, story.dee
    story.breaks("the source adds a column to every file; the nightly load knows no such column and reads none of them")
    story.presses(ana, "Start runbook")
    story.gives(ana, {"columns": "channel string"}, why="asks the source's owner, and gives: channel string")
    story.says_why(ana, "the source adds a column; no file of the night can be read without it")
    story.approves(bo, "promoting nothing", why="approves two isolated loads in the new schema; nobody reads them yet")
    story.refused(ana, "each nullable", because="you asked for this change yourself")
    story.approves(dee, "each nullable", why="approves for the domain: one of the two teams the table belongs to")
    story.approves(bo, "each nullable", why="approves for the platform: the column is added")
    story.approves(dee, "Fill", why="approves for the domain: the new version is filled, beside the old")
    story.approves(cy, "Fill", why="approves for the platform; then both versions are read, and give the same rows")
    story.approves(cy, "Give readers", why="approves for the platform")
    story.approves(dee, "Give readers", why="approves for the domain: readers of the new version get the night")
    story.posted("check 8")
    story.time_passes(ELEVEN_MINUTES, "moves the clock by eleven minutes; the alarm follows")
    story.posted("OK again")
    story.time_passes(NEXT_LOOK, "moves the clock to the next look at it")
    return story.ends()
