"""A dead deployment's lock, from the alarm to a good deployment and its smoke test, by Ana, Bo and Cy (platform)."""

from bot.workbench.plays.story import Story


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy = story.ana, story.bo, story.cy
    story.breaks("a deployment dies and leaves its lock on Terraform's state; 45 minutes later nobody can deploy")
    story.presses(ana, "Start runbook")
    story.says_why(ana, "the build that held the lock is dead for 45 minutes, and nobody can deploy")
    story.asked("Release the lock")
    story.talk.catch_up()
    if until == "approval":
        story.talk.note("ends before the approvals: the lock is still held, nothing was changed")
        return True
    story.refused(ana, "Release the lock", because="you asked for this change yourself")
    story.approves(bo, "Release the lock", why="approves for the platform team: no build goes; one yes is not enough")
    story.approves(cy, "Release the lock", why="has looked too, and approves: destructive takes two")
    story.chooses(ana, "Deploy a commit", why="chooses: the runner died, so the same commit is deployed again")
    story.approves(bo, "Build and deploy the commit")
    story.approves(ana, "Start one smoke test", why="approves the smoke test (control: on-call, she may)")
    story.settles()
    return story.ends()
