"""A load the gate blocked: reviewed, corrected at its source, loaded again and promoted; the rest is given up.

Three pairs of people: platform and data quality for the retry, platform and domain for the promotion, platform and
data quality for what is given up.
"""

from bot.workbench.plays.story import Story

SETTLING_SECONDS = 660.0  # the alarms follow their metrics within eleven minutes
RETRY, PROMOTE, GIVE_UP = "Load the CURRENCY_ERROR rows", "Give readers of", "Give up the rows"


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy, dee, kim = story.ana, story.bo, story.cy, story.dee, story.kim
    story.breaks("the nightly load sets 153 of 2,500 rows aside, and the gate blocks its promotion")
    story.presses(ana, "Start runbook")
    story.approves(ana, "Tell the followers", why="approves the message to the reviewers (control: on-call, she may)")
    story.posted("BY HAND")
    story.mended("hears that the source has sent the currencies again, corrected; presses Done")
    story.presses(ana, "Done")
    given = {"error_type": "CURRENCY_ERROR", "reason": "the source has corrected the currencies"}
    story.gives(ana, given, why="says which rows were corrected, CURRENCY_ERROR, and why they are loaded again")
    story.asked(RETRY)
    story.talk.catch_up()
    if until == "approval":
        story.talk.note("ends before the approvals: nothing was loaded again, readers have the last good run")
        return True
    story.refused(ana, RETRY, because="you asked for this change yourself")
    story.approves(bo, RETRY, why="approves the retry for the platform team")
    story.approves(kim, RETRY, why="has looked the rows up in the lake, and approves for data quality")
    story.approves(cy, PROMOTE, why="approves the promotion for the platform team")
    story.approves(dee, PROMOTE, why="approves the promotion for the domain")
    story.chooses(ana, "Give them up", why="asks for the rows without account or time to be given up")
    story.reviews(
        bo, GIVE_UP, why="reads the files of both lists, copies and marks, and approves for the platform team"
    )
    story.reviews(kim, GIVE_UP, why="reads them too, and approves for data quality: nothing is deleted")
    story.posted("looks again by itself: The alarm is OK")
    story.time_passes(SETTLING_SECONDS, "moves the clock by eleven minutes, for the alarms to follow their metrics")
    return story.ends()
