"""The incident card: what it is, how bad, who does what, which alarms and runs belong to it, what was noted. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.incident import SEVERITIES, Incident, IncidentState, Note
from bot.domain.records import Episode
from bot.domain.run import Run, standing
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, Confirm, Message, buttons, context, lines, message, section
from bot.slack.cards.run import STATES
from bot.slack.cards.stage import Stage

MOST_NOTES = 3
MOST_LISTED = 6
STATE: dict[IncidentState, tuple[str, str]] = {
    IncidentState.OPEN: ("🔥", "OPEN"),
    IncidentState.MITIGATED: ("🩹", "MITIGATED"),
    IncidentState.RESOLVED: ("✅", "RESOLVED"),
}


@dataclass(frozen=True, kw_only=True)
class Around:
    """Hold what belongs to an incident: its alarms and runs, as they are now."""

    episodes: Sequence[Episode] = ()
    runs: Sequence[Run] = ()


def incident_card(incident: Incident, around: Around, stage: Stage) -> Message:
    """Return the incident as it stands."""
    blocks = [
        section(lines(*head(incident, stage))),
        section(lines(*_facts(incident, around, stage))),
        *_buttons(incident),
        context(_small_print(incident, stage)),
    ]
    word, severity = STATE[incident.state][1], f"sev {incident.severity}"
    tail = "" if not incident.open or incident.revision > 1 else wording.on_call(stage.policy.on_call, stage.policy)
    title = wording.quoted(incident.title, 80)
    text = wording.push(f"{incident.label} {word} {stage.environment} {severity}: {title}.", tail)
    return message(text, blocks, ids=f"incident:{incident.id}:{incident.revision}")


def head(incident: Incident, stage: Stage) -> list[str]:
    """Return title, state and severity in two lines."""
    emoji, word = STATE[incident.state]
    since = wording.time_of(incident.declared, now=stage.now)
    lasts = (incident.resolved or stage.now) - incident.declared
    long = f" · for {wording.span(lasts)}" if lasts >= timedelta(minutes=1) else ""
    return [
        f"{emoji} *{stage.environment} · {incident.label} · {word} · severity {incident.severity}*",
        f"*{wording.quoted(incident.title, 120)}*",
        f"{SEVERITIES[incident.severity]} · since {since}{long}",
    ]


def _facts(incident: Incident, around: Around, stage: Stage) -> list[str]:
    lead = stage.name(incident.lead) if incident.lead else "nobody yet: press *I lead*"
    parts = [f"{role} {stage.name(person)}" for role, person in sorted(incident.roles.items())]
    alarms = [
        stage.linked(f"alarm:{one.id}", f"A-{one.id}") + f" {wording.quoted(one.notice.name, 40)} {one.state.value}"
        for one in around.episodes[:MOST_LISTED]
    ]
    runs = [
        stage.linked(f"run:{one.id}", one.label) + f" {wording.quoted(one.runbook, 40)} {STATES[standing(one)][1]}"
        for one in around.runs[:MOST_LISTED]
    ]
    notes = [noted(one, stage, most=160) for one in incident.notes[-MOST_NOTES:]]
    more = len(incident.notes) - len(notes)
    return [
        f"*Lead*  {lead}" + (f" · {' · '.join(parts)}" if parts else ""),
        f"*Alarms*  {' · '.join(alarms)}" if alarms else "",
        f"*Runs*  {' · '.join(runs)}" if runs else "",
        *(["*Notes*" + (f" (and {more} earlier)" if more else "")] if notes else []),
        *notes,
    ]


def noted(note: Note, stage: Stage, *, most: int) -> str:
    """Return a note as one line; of a message, with who marked it and the way to it."""
    said = f"• {wording.time_of(note.at, now=stage.now)} {stage.name(note.by)}: {stage.said(note.text, most)}"
    if not note.marks:
        return said
    by = stage.named(dict.fromkeys(mark.by for mark in note.marks), most=2)
    return f"{said} · <{note.link}|message> marked by {by}" if note.link else f"{said} · marked by {by}"


def _buttons(incident: Incident) -> list[Block]:
    if not incident.open:
        return []
    number = str(incident.id)
    shown = [
        Button(label="I lead", action="lead_incident", value=number, primary=incident.lead is None),
        resolve_button(incident, "Resolve"),
    ]
    if incident.state is IncidentState.OPEN:
        shown.insert(1, Button(label="Mitigated", action="mitigate_incident", value=number))
    return buttons(shown)


def resolve_button(incident: Incident, label: str) -> Button:
    """Return the button that ends an incident; it says first what that means."""
    sure = Confirm(
        title=f"Is {incident.label} over?",
        text="Resolved means: it hurts nobody any more and nothing is left to do in this channel.",
        yes="Resolve",
    )
    return Button(label=label, action="resolve_incident", value=str(incident.id), confirm=sure)


def _small_print(incident: Incident, stage: Stage) -> str:
    declared = f"declared by {stage.name(incident.declared_by)}"
    over = f"resolved by {stage.name(incident.resolved_by)}" if incident.resolved_by else ""
    note = "/incident note …, or a pin on a message, keeps what you saw" if incident.open else ""
    return " · ".join(part for part in (declared, over, note) if part)
