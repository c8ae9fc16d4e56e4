"""An edited text that somebody brings into a draft: what became of its sentences, before anything is changed. Pure."""

from collections.abc import Mapping

from bot.domain.postmortem.comparing import Fate
from bot.domain.postmortem.draft import Draft
from bot.domain.value import JsonObject, JsonValue
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, Message, buttons, context, lines, message, section

SETTLED: Mapping[str, tuple[str, str]] = {"taken": ("✅", "TAKEN OVER"), "discarded": ("🗑️", "DISCARDED")}
ORDER = (
    Fate.UNCHANGED,
    Fate.SUPPORTED,
    Fate.CONTRADICTED,
    Fate.STATED,
    Fate.STRUCK,
    Fate.UNSOURCED,
    Fate.REMOVED,
)


def import_card(draft: Draft, payload: JsonObject) -> Message:
    """Return the card; it has buttons until somebody took the text over or put it aside."""
    settled = str(payload.get("settled") or "")
    emoji, word = SETTLED.get(settled, ("📥", "BROUGHT IN"))
    who = wording.quoted(str(payload.get("who") or payload.get("name") or ""), 40)
    became = f" as edition {payload.get('became')}" if settled == "taken" else ""
    label, file = wording.quoted(draft.label, 20), wording.quoted(str(payload.get("file") or ""), 80)
    counts = _mapping(payload.get("counts"))
    wrong = _count(counts, Fate.CONTRADICTED)
    blocks: list[Block] = [
        section(
            lines(
                f"{emoji} *{label} · edited text {word}{became} by @{who}*",
                f"{file} · made from edition {payload.get('from')} · changes {_titles(payload.get('changed'))}",
                _counted(counts, payload),
            )
        )
    ]
    if not settled:
        blocks += [section(text) for text in (_wrong(payload, wrong), _said(payload)) if text]
        value = f"{draft.id}:{payload.get('number')}"
        blocks += buttons(
            [
                Button(label="Take it over", action="take_import", value=value, primary=not wrong),
                Button(label="Discard", action="discard_import", value=value),
            ]
        )
    blocks.append(context(_small_print(payload, settled, wrong)))
    summary = f"sentences that the evidence contradicts: {wrong}" if wrong else "no sentence is contradicted"
    text = wording.push(f"{label}: edited text {word.lower()} by @{who}; {summary}.")
    return message(text, blocks, ids=f"import:{draft.id}:{payload.get('number')}:{settled or 'open'}")


def _counted(counts: Mapping[str, JsonValue], payload: JsonObject) -> str:
    new = payload.get("new")
    marks = {Fate.STATED: f" ({new} of them new)" if new else ""}
    told = [f"{count} {fate.value}{marks.get(fate, '')}" for fate in ORDER if (count := _count(counts, fate))]
    return " · ".join(told)


def _wrong(payload: JsonObject, count: int) -> str:
    found = [_contradiction(one) for one in _list(payload.get("wrong"))]
    if not found:
        return ""
    more = f"… and {count - len(found)} more" if count > len(found) else ""
    return lines("*Contradicted by the evidence it cites*", *found, more)


def _contradiction(one: Mapping[str, JsonValue]) -> str:
    before, now = (wording.quoted(str(one.get(name) or ""), 220) for name in ("before", "now"))
    shown = f"• “{before}” → “{now}”" if before else f"• new: “{now}”"
    borne = [
        f"   {wording.quoted(str(item.get('id')), 8)}: {wording.quoted(str(item.get('text')), 160)}"
        for item in _list(one.get("evidence"))
    ]
    return lines(shown, f"   _{wording.quoted(str(one.get('why') or ''), 160)}_", *borne)


def _said(payload: JsonObject) -> str:
    said = payload.get("said")
    found = [f"• {wording.quoted(str(one), 200)}" for one in said] if isinstance(said, list) else []
    new = payload.get("new")
    more = f"… and {new - len(found)} more" if isinstance(new, int) and new > len(found) else ""
    return (
        lines(f"*New, and under @{wording.quoted(str(payload.get('name')), 40)}’s name*", *found, more) if found else ""
    )


def _small_print(payload: JsonObject, settled: str, wrong: int) -> str:
    left = payload.get("left")
    parts = (
        "" if settled else "Nothing is changed before Take it over",
        f"stays as records fill it: {_titles(left)}" if left else "",
        "publishing is refused while a sentence is contradicted" if wrong and settled != "discarded" else "",
    )
    return " · ".join(part for part in parts if part)


def _titles(value: JsonValue) -> str:
    return ", ".join(wording.quoted(str(one), 60) for one in value[:6]) if isinstance(value, list) else ""


def _count(counts: Mapping[str, JsonValue], fate: Fate) -> int:
    found = counts.get(fate.name.lower())
    return found if isinstance(found, int) else 0


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
