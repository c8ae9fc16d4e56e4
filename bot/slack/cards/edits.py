"""What became of a runbook while the bot serves: edited, added, removed, and what got riskier. Pure."""

from bot.domain.runbook import Runbook
from bot.domain.value import JsonObject
from bot.slack.cards import wording
from bot.slack.cards.blocks import Button, Message, buttons, context, lines, message, section
from bot.slack.cards.stage import Stage


def edit_card(payload: JsonObject, runbook: Runbook | None, stage: Stage, *, key: str) -> Message:
    """Return the message; it mentions the owner only where something got riskier."""
    name, what = wording.quoted(str(payload.get("runbook")), 60), wording.quoted(str(payload.get("what")), 20)
    told = payload.get("riskier")
    riskier = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    count = payload.get("count")
    number = count if isinstance(count, int) else len(riskier)
    risen = f"{wording.counted(number, 'thing')} got riskier" if number else "nothing got riskier"
    owner = wording.mention(runbook.owner, stage.policy) if runbook and runbook.owner and number else ""
    gone = "It is gone, or cannot be read any more: `runbook-bot check` says which." if what == "removed" else ""
    found = [f"• {wording.prose(str(one.get('words')), 260)}" for one in riskier]
    more = f"… and {number - len(riskier)} more: `runbook-bot check --diff`" if number > len(riskier) else ""
    read = [Button(label="Read runbook", action="show_runbook", value=str(payload.get("runbook")))] if runbook else []
    return message(
        wording.push(f"RUNBOOK {what.upper()}: {stage.environment}: {name}: {risen}.", owner),
        [
            section(
                lines(
                    f"📝 *{stage.environment} · runbook {name} was {what}: {risen}*" + (f" · {owner}" if owner else ""),
                    gone,
                )
            ),
            *([section(lines(*found, more))] if found else []),
            *buttons(read),
            context(
                f"{wording.quoted(str(payload.get('path')), 120)} · open requests of this runbook are void; "
                "runs under way go on as they began, once asked again"
            ),
        ],
        ids=wording.cut(key, 200),
    )
