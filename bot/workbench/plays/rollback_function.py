"""A function's new version that fails its smoke test, taken back by Bo (platform): the version before is live again."""

from bot.workbench.plays.story import Story

ALARM = "SmokeTestFailed"


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo = story.ana, story.bo
    story.breaks("a deployment makes version 2 of promote_silver live, and its smoke test fails")
    story.types(ana, f'/runbook run rollback alarm_name={ALARM} reason="version 2 fails its smoke test"')
    story.approves(ana, "Pause the nightly load", why="approves the pause, so that no load runs the new version")
    story.chooses(ana, "A function", why="reads that version 2 is live since the deployment, and chooses the function")
    story.refused(ana, "Make version 1", because="you asked for this change yourself")
    story.approves(bo, "Make version 1", why="approves for the platform team: version 1 is live again")
    story.approves(ana, "Start one smoke test", why="approves the smoke test (control: on-call, she may)")
    story.settles()
    return story.ends()
