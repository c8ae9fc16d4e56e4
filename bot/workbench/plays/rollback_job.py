"""New code that fails: the local lake cannot point the job back, so Bo (platform) has the good commit deployed."""

from bot.workbench.lake.furniture import COMMITS
from bot.workbench.plays.story import Story

ALARM = "SmokeTestFailed"


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo = story.ana, story.bo
    story.breaks("a deployment gives the load new code, and its smoke test fails")
    story.types(ana, f"/runbook run rollback alarm_name={ALARM}")
    story.approves(ana, "Pause the nightly load", why="approves the pause, so that no load runs the new code")
    story.chooses(ana, "A job's code", why="reads which code the job runs since the deployment, and chooses it")
    story.posted("The local lake cannot do this")
    story.talk.catch_up()
    story.presses(ana, "Instead: A deployment", why="takes the other way: the last good commit is deployed again")
    story.gives(ana, {"commit": COMMITS[0], "reason": "the new code fails"}, why="says which commit was good, and why")
    story.approves(bo, "Deploy the commit", why="approves for the platform team: the pipeline points the job back")
    story.approves(ana, "Start one smoke test", why="approves the smoke test (control: on-call, she may)")
    story.settles()
    return story.ends()
