"""A promoted run that gives readers wrong amounts, rolled back by Bo (platform) and Dee (domain) together."""

from bot.workbench.plays.story import Story

SETTLING_SECONDS = 660.0  # the alarm follows its metric within eleven minutes


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, dee = story.ana, story.bo, story.dee
    story.breaks("yesterday's files are sent again with amounts in cents; they are valid, loaded and promoted")
    story.presses(ana, "Start runbook")
    story.approves(ana, "Pause the nightly load", why="approves the pause, so that no load promotes over the rollback")
    story.chooses(ana, "Data of one month", why="reads which run was good, and chooses to roll the data back")
    story.says_why(ana, "yesterday's amounts are in cents; the run before was good")
    story.asked("Give readers of")
    story.talk.catch_up()
    if until == "approval":
        story.talk.note("ends before the approvals: readers still have the bad run")
        return True
    story.refused(ana, "Give readers of", because="you asked for this change yourself")
    story.approves(bo, "Give readers of", why="approves for the platform team; one yes is not enough")
    story.approves(dee, "Give readers of", why="approves for the domain: readers get the good run again")
    story.approves(ana, "Start one smoke test", why="approves the smoke test (control: on-call, she may)")
    story.posted("looks again by itself: The alarm is OK")
    story.time_passes(SETTLING_SECONDS, "moves the clock by eleven minutes, for the alarm to follow the data check")
    return story.ends()
