"""The App Home: what waits for me, my incidents, what is open, what runs. It links to cards, without Approve. Pure."""

from collections.abc import Mapping, Sequence

from bot.domain.approval import Approval, ApprovalState
from bot.domain.incident import Incident
from bot.domain.records import AlarmState, Episode
from bot.domain.run import Awaiting, Run, RunState
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, View, context, numbered, section
from bot.slack.cards.incident import STATE
from bot.slack.cards.request import effect_of
from bot.slack.cards.run import STATES
from bot.slack.cards.stage import Stage, headline

MOST_EACH = 8
ASKED: Mapping[Awaiting, str] = {
    Awaiting.PERSON: "decide what is next",
    Awaiting.INPUT: "it needs an answer",
    Awaiting.DONE: "a step is to be done by hand",
}
"""What a run wants of whom it belongs to, by what it waits for."""


def home(
    person: str,
    runs: Sequence[Run],
    approvals: Sequence[Approval],
    episodes: Sequence[Episode],
    incidents: Sequence[Incident],
    stage: Stage,
) -> View:
    """Return the Home of a person, what waits for them first."""
    mine = [one for one in approvals if one.state is ApprovalState.PENDING and waits_for(one, person)]
    alarms = [one for one in episodes if one.state is AlarmState.ALARM and one.with_ is None]
    parts = {one.id: part for one in incidents if (part := part_in(one, person, runs, episodes))}
    own = [_incident(one, parts[one.id], stage) for one in incidents if one.id in parts]
    asked = [_asked(one, what, stage) for one in runs if one.requester == person and (what := asks(one))]
    waiting = [_request(one, stage) for one in mine]
    blocks = [
        section(f"*{stage.environment}* ({stage.account}) · {wording.time_of(stage.now)}"),
        *_part("Waits for you", [*waiting, *asked], "Nothing waits for you.", "/approvals list"),
        *_part("My incidents", own, "You have a part in no open incident.", "/incident list"),
        *_part("Open alarms", [_alarm(one, stage) for one in alarms], "No alarm is open.", "/alarm list"),
        *_part("Runs", [_run(one, stage) for one in runs], "Nothing runs.", "/runbook status"),
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


def asks(run: Run) -> str:
    """Return what a run wants of whom it belongs to; empty where it wants nothing of them."""
    if run.state is RunState.OUTCOME_UNKNOWN:
        return "say what became of a call"
    return ASKED.get(run.waiting.what, "") if run.waiting and run.state is RunState.WAITING else ""


def part_in(incident: Incident, person: str, runs: Sequence[Run], episodes: Sequence[Episode]) -> str:
    """Return a person's part in an incident: they lead it, have a role, or are on it; empty where they have none."""
    roles = [role for role, who in sorted(incident.roles.items()) if who == person]
    alarms = [f"on A-{one.id}" for one in episodes if one.id in incident.alarms and one.taken_by == person]
    started = [f"{one.label} is yours" for one in runs if one.incident == incident.id and one.requester == person]
    leads = ["you lead"] if incident.lead == person else []
    return ", ".join([*leads, *roles, *alarms, *started])


def _incident(incident: Incident, part: str, stage: Stage) -> Block:
    opened = stage.linked(f"incident:{incident.id}", incident.label)
    emoji, word = STATE[incident.state]
    title = wording.quoted(incident.title, 80)
    return section(
        f"{emoji} *{opened}* · {word} · severity {incident.severity} · {title} · {wording.quoted(part, 120)}",
        button=Button(label="Show", action="show_incident", value=str(incident.id)),
    )


def _part(title: str, found: Sequence[Block], nothing: str, lists: str) -> list[Block]:
    more = [context(f"and {len(found) - MOST_EACH} more: `{lists}`")] if len(found) > MOST_EACH else []
    return [{"type": "divider"}, section(f"*{title}*"), *(found[:MOST_EACH] or [section(nothing)]), *more]


def _request(approval: Approval, stage: Stage) -> Block:
    until = wording.time_of(approval.expires, now=stage.now)
    opened = stage.linked(f"request:{approval.id}", approval.label)
    asked = stage.name(approval.asked_by)
    return section(
        f"🟠 *{opened}* · {effect_of(approval)} · {asked} asks, until {until}",
        button=Button(label="Details", action="details", value=str(approval.id)),
    )


def _asked(run: Run, what: str, stage: Stage) -> Block:
    opened = stage.linked(f"run:{run.id}", headline(run))
    return section(
        f"{STATES[run.state][0]} *{opened}* · {what}",
        button=Button(label="Show", action="show_run", value=str(run.id)),
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
