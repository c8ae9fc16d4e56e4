"""The message of the morning after: what the incident was, its draft, and what of it is this person's. Pure."""

from collections.abc import Sequence

from bot.domain.following import FollowUp
from bot.domain.incident import Incident
from bot.domain.postmortem.draft import Draft, DraftState
from bot.slack.cards import wording
from bot.slack.cards.blocks import Button, Message, buttons, context, lines, message, section
from bot.slack.cards.checklist import day
from bot.slack.cards.stage import Stage

MOST_OWN = 5


def morning_card(
    incident: Incident, draft: Draft | None, own: Sequence[FollowUp], stage: Stage, *, ids: str
) -> Message:
    """Return what a person who was involved is asked the morning after.

    Args:
        own: the open action items of the incident that are this person's.
    """
    title = wording.quoted(incident.title, 120)
    lasted = wording.span((incident.resolved or stage.now) - incident.declared)
    when = f"{wording.time_of(incident.declared, now=stage.now)}, over after {lasted}"
    written = draft is not None and draft.state in {DraftState.READY, DraftState.PUBLISHED}
    head = f"☀️ *{stage.linked(f'incident:{incident.id}', incident.label)} · {title}*"
    mine = [f"• *{one.label}* {wording.quoted(one.text, 120)}{_due(one)}" for one in own[:MOST_OWN]]
    more = f"and {len(own) - MOST_OWN} more: `/postmortem actions mine`" if len(own) > MOST_OWN else ""
    asked = [
        section(lines(head, f"severity {incident.severity} · {when}", _drafted(draft, stage))),
        *([section(lines("*Yours to do*", *mine, more))] if mine else []),
        *buttons(_buttons(incident, draft)),
        context("You had a part in it. Say what you saw while you remember; this is not asked again."),
    ]
    verb = "Add what you saw" if written else "Its post-mortem is not written yet"
    text = wording.push(f"{incident.label}: {wording.quoted(incident.title, 60)}. {verb}.")
    return message(text, asked, ids=ids)


def _due(item: FollowUp) -> str:
    return f" · due {day(item.due)}" if item.due else ""


def _drafted(draft: Draft | None, stage: Stage) -> str:
    if draft is None:
        return "There is no draft of its post-mortem yet."
    named = stage.linked(f"postmortem:{draft.id}", f"post-mortem v{draft.edition}" if draft.edition else "post-mortem")
    if draft.state is DraftState.PUBLISHED:
        return f"Its {named} is published."
    return f"Its {named} is a draft." if draft.state is DraftState.READY else f"Its {named} is being written."


def _buttons(incident: Incident, draft: Draft | None) -> list[Button]:
    if draft is None:
        return [Button(label="Draft it", action="draft_incident", value=str(incident.id), primary=True)]
    if draft.document is None:
        return []
    return [Button(label="Add what I saw", action="add_fact", value=str(draft.id), primary=True)]
