"""A state that was cut off: Bo and Cy (platform) put the version before on top, having read what the plan says."""

from bot.workbench.plays.story import Story

ALARM = "DeployPipelineFailed"


def play(story: Story, until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, cy = story.ana, story.bo, story.cy
    story.breaks("Terraform's state is cut off while it is written, and every deployment fails to read it")
    story.types(ana, f"/runbook run rollback alarm_name={ALARM}")
    story.approves(ana, "Pause the nightly load", why="approves the pause")
    story.chooses(ana, "Terraform state", why="reads that the newest version is far smaller, and chooses the state")
    given = {"plan": "no changes, read in the plan of build 12", "reason": "the newest state is cut off"}
    story.gives(ana, given, why="says what the plan says against it, and why it is wanted")
    story.refused(ana, "Put Terraform's state", because="you asked for this change yourself")
    story.approves(bo, "Put Terraform's state", why="has read the plan, and approves; one yes is not enough")
    story.approves(cy, "Put Terraform's state", why="has read it too, and approves: destructive takes two")
    story.approves(ana, "Start one smoke test", why="approves the smoke test (control: on-call, she may)")
    story.settles()
    return story.ends()
