"""The App Home: what waits for me, what is open, what runs. It links to cards and carries no Approve. Pure."""

from collections.abc import Sequence

from bot.domain.approval import Approval, ApprovalState
from bot.domain.records import AlarmState, Episode
from bot.domain.run import Run
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, View, context, numbered, section
from bot.slack.cards.request import effect_of
from bot.slack.cards.run import STATES
from bot.slack.cards.stage import Stage, headline

MOST_EACH = 8


def home(
    person: str, runs: Sequence[Run], approvals: Sequence[Approval], episodes: Sequence[Episode], stage: Stage
) -> View:
    """Return the Home of a person, what waits for them first."""
    mine = [one for one in approvals if one.state is ApprovalState.PENDING and waits_for(one, person)]
    alarms = [one for one in episodes if one.state is AlarmState.ALARM and one.with_ is None]
    blocks = [
        section(f"*{stage.environment}* ({stage.account}) · {wording.time_of(stage.now)}"),
        *_part("Waits for you", [_request(one, stage) for one in mine], "Nothing waits for you."),
        *_part("Open alarms", [_alarm(one, stage) for one in alarms], "No alarm is open."),
        *_part("Runs", [_run(one, stage) for one in runs], "Nothing runs."),
        context("Approve stands only on the request itself, in its channel. `/runbook help` says what else there is."),
    ]
    return View(payload={"type": "home", "blocks": list(numbered(blocks, ids=f"home:{int(stage.now.timestamp())}"))})


def waits_for(approval: Approval, person: str) -> bool:
    """Return whether this person can still fill a place of the request."""
    if any(vote.person == person for vote in approval.votes):
        return False
    if person in approval.binding.authors and not approval.binding.requester_may:
        return False
    return any(person in approval.candidates.get(role, ()) for role in approval.missing())


def _part(title: str, found: Sequence[Block], nothing: str) -> list[Block]:
    more = [context(f"and {len(found) - MOST_EACH} more")] if len(found) > MOST_EACH else []
    return [{"type": "divider"}, section(f"*{title}*"), *(found[:MOST_EACH] or [section(nothing)]), *more]


def _request(approval: Approval, stage: Stage) -> Block:
    until = wording.time_of(approval.expires, now=stage.now)
    opened = stage.linked(f"request:{approval.id}", approval.label)
    asked = stage.name(approval.asked_by)
    return section(
        f"🟠 *{opened}* · {effect_of(approval)} · {asked} asks, until {until}",
        button=Button(label="Details", action="details", value=str(approval.id)),
    )


def _alarm(episode: Episode, stage: Stage) -> Block:
    name = wording.quoted(episode.notice.name, 80)
    opened = stage.linked(f"alarm:{episode.id}", f"A-{episode.id}")
    on_it = f"{stage.name(episode.taken_by)} is on it" if episode.taken_by else "nobody has it"
    words = f"🔴 *{opened}* · {name} · since {wording.time_in(episode.since, now=stage.now)} · {on_it}"
    if episode.runbook is None:
        return section(words)
    return section(words, button=Button(label="Read the runbook", action="show_runbook", value=episode.runbook[:200]))


def _run(run: Run, stage: Stage) -> Block:
    emoji, word = STATES[run.state]
    opened = stage.linked(f"run:{run.id}", headline(run))
    owed = f" · *owes {len(run.owed)}*" if run.owed else ""
    return section(
        f"{emoji} *{word}* · {opened} · {stage.name(run.requester)}{owed}",
        button=Button(label="Show", action="show_run", value=str(run.id)),
    )
