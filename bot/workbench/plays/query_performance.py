"""Slow queries, from the alarm to fewer files and a query that reads one month, by Ana (on call), Bo and Dee."""

from bot.workbench.plays.story import Story


def play(story: Story, _until: str | None) -> bool:
    """Play it; return whether the lake is repaired and the audit verifies."""
    ana, bo, dee = story.ana, story.bo, story.dee
    story.breaks("three queries read five years of data, and one of them does not end")
    story.presses(ana, "Start runbook")
    story.approves(ana, "Stop the running queries", why="approves the stop of the query (control: on-call, she may)")
    story.chooses(ana, "No limit", why="chooses: no limit tonight, the month-end report is due")
    story.says_why(ana, "no limit tonight, the month-end report is due; the runaway query is stopped")
    story.approves(bo, "Let queries on")
    story.chooses(ana, "The pipeline", why="chooses: the pipeline writes the month anew")
    story.approves(bo, "anew into fewer files")
    story.refused(ana, "Give readers of", because="you asked for this change yourself")
    story.approves(bo, "Give readers of", why="approves for platform: the same rows in one file instead of twelve")
    story.approves(dee, "Give readers of", why="approves for the domain")
    story.settles()
    return story.ends()
