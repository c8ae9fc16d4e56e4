"""A closed month that misses late files, loaded anew and given to readers by two roles: Bo (platform), Dee (domain)."""

from bot.workbench.plays.story import Story

SETTLING_SECONDS = 660.0  # the alarm follows its metric within eleven minutes


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy, dee = story.ana, story.bo, story.cy, story.dee
    story.breaks("three source files of a closed month land after its load; readers lack their rows")
    story.presses(ana, "Start runbook")
    if not 3 <= story.lake.clock.now().hour < 22:
        story.approves(ana, "Pause the nightly load", why="approves the pause, since the nightly load is near")
    story.says_why(ana, "three files of the month came late; readers lack their rows")
    story.asked("anew from 12 source files")
    story.talk.catch_up()
    if until == "approval":
        story.talk.note("ends before the approvals: nothing was loaded, readers have the run they had")
        return True
    story.refused(ana, "anew from 12 source files", because="you asked for this change yourself")
    story.approves(bo, "anew from 12 source files", why="approves for the platform team; one yes is not enough")
    story.approves(dee, "anew from 12 source files", why="approves for the domain, whose data it is")
    story.asked("Give readers of")
    story.approves(cy, "Give readers of", why="has seen the gate and the numbers, and approves for the platform team")
    story.approves(dee, "Give readers of", why="approves for the domain: readers get the new run")
    story.posted("looks again by itself: The alarm is OK")
    story.time_passes(SETTLING_SECONDS, "moves the clock by eleven minutes, for the alarm to follow its metric")
    return story.ends()
