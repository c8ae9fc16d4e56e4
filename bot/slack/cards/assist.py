"""What the assistant says: answers, expanded steps and suggestions, each sentence with what it rests on. Pure.

Everything here was written by a model, or quoted from logs and chat: it is shown as text, never as a mention or link.
"""

from collections.abc import Mapping, Sequence

from bot.domain.assistance import PARTS, Answer, Expansion, Made, Offer, ProposedStep, Suggestion, spelled
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.records import Card
from bot.domain.run import Run
from bot.domain.strikes import Struck, claim_id
from bot.domain.value import JsonObject
from bot.slack.cards import wording
from bot.slack.cards.blocks import Block, Button, Confirm, Message, buttons, context, exact, lines, message, section
from bot.slack.cards.calls import pieces
from bot.slack.cards.stage import Stage

MOST_CLAIMS = 8
MOST_OF_A_CLAIM = 300  # characters
MOST_OF_AN_ITEM = 260  # characters on a page of several
MOST_IDS = 4
MOST_PROPOSED = 2
NOT_DETERMINED = "Not determined: nothing that was looked at answers this."
ENGINES: Mapping[str, str] = {"bedrock": "model", "extractive": "no model"}


def assist_card(card: Card, stage: Stage, *, struck: Struck, run: Run | None = None) -> Message:
    """Return an answer or an expanded step as far as it has come.

    Args:
        struck: the strikes that stand in what it speaks of.
        run: of an expanded step, the run that what is proposed may be added to.
    """
    payload = card.payload
    name, head = _name(payload), f"*{_name(payload, stage)}*"
    state = str(payload.get("state"))
    if state == "looking":
        return _message(card, f"{name} · looking", [section(lines(head, "🔎 Looking; nothing is changed by that."))])
    if state == "writing":
        so_far = wording.quoted(str(payload.get("text", "")), 1_500)
        small = context("Still writing; every sentence is checked against the evidence before it stays.")
        return _message(card, f"{name} · writing", [section(lines(head, so_far)), small])
    if state == "failed":
        words = wording.quoted(str(payload.get("words", "")), 600)
        return _message(card, f"{name} · could not be answered", [section(lines(head, f"🚫 {words}"))])
    return _message(card, *_said(card, head, stage, struck, run))


def _message(card: Card, text: str, blocks: Sequence[Block]) -> Message:
    return message(wording.push(text), blocks, ids=f"{card.key}:{card.wanted}")


def _name(payload: JsonObject, stage: Stage | None = None) -> str:
    """Return what it is about, with a link where there is a stage."""
    match payload.get("what"):
        case "answer":
            return f"“{wording.quoted(str(payload.get('question', '')), 200)}”"
        case "suggestion":
            name = f"A-{payload.get('alarm')}"
            return f"{stage.linked(f'alarm:{name[2:]}', name) if stage else name}: suggested response"
        case _:
            step = wording.quoted(str(payload.get("number") or payload.get("step", "")), 40)
            where = f"R-{payload['run']}" if payload.get("run") else wording.quoted(str(payload.get("runbook", "")), 40)
            title = wording.prose(wording.sentence(str(payload.get("title", ""))), 80)
            return f"{where} · step {step}" + (f" · {title}" if title else "")


def _said(card: Card, head: str, stage: Stage, struck: Struck, run: Run | None) -> tuple[str, list[Block]]:
    payload = card.payload
    evidence = Button(label="Evidence", action="evidence", value=card.key)
    match payload.get("what"):
        case "answer":
            answer = Answer.model_validate(payload["reply"])
            taps = buttons([evidence, wrong(card.key, answer.claims)])
            said = claims_text(answer.claims, struck) or NOT_DETERMINED
            missing = [wording.quoted(one, 120) for one in dict.fromkeys(answer.not_looked_at)][:4]
            looked = f"*Not looked at*  {' · '.join(missing)}" if missing else ""
            blocks = [section(lines(head, said)), *([section(looked)] if looked else [])]
            return _first(answer.claims, struck), [*blocks, *taps, small_print(answer.made)]
        case "suggestion":
            suggestion = Suggestion.model_validate(payload["reply"])
            taps = buttons([evidence, wrong(card.key, suggestion.response)])
            blocks = [section(lines(head, *suggestion_lines(suggestion, struck)))]
            cost = _spent(suggestion.made, payload) if payload.get("cost") is True else ""
            return _name(payload), [*blocks, *taps, small_print(suggestion.made, cost=cost)]
        case _:
            return _expanded(card, head, evidence, stage, struck, run)


def _first(claims: Sequence[Claim], struck: Struck) -> str:
    """Return the first sentence that is not struck, for a reader who sees no more than that."""
    still = [one for one in claims if claim_id(one.text) not in struck]
    if claims and not still:
        return "All of it was struck."
    return claims_text(still[:1], struck).removeprefix("• ") or NOT_DETERMINED


def _expanded(
    card: Card, head: str, evidence: Button, stage: Stage, struck: Struck, run: Run | None
) -> tuple[str, list[Block]]:
    expansion = Expansion.model_validate(card.payload["reply"])
    blocks = [section(head)]
    can_be_struck: list[Claim] = [one.why for one in expansion.proposed]
    for name, title in PARTS.items():
        claims = getattr(expansion, name)
        can_be_struck += claims
        if said := claims_text(claims, struck):
            blocks.append(section(lines(f"*{title}*", said)))
    if expansion.questions:
        asked = [f"• {wording.quoted(one, 160)}" for one in expansion.questions[:6]]
        blocks.append(section(lines("*Not known yet*", *asked)))
    adding: list[Button] = []
    for number, step in enumerate(expansion.proposed[:MOST_PROPOSED], start=1):
        offer = expansion.offers[number - 1] if number <= len(expansion.offers) else Offer(refused="expand it again.")
        added = next((one for one in run.added if one.proposal == f"{card.key}:{number}"), None) if run else None
        mark = f"{number} · " if len(expansion.proposed) > 1 else ""
        head_of, why = f"*{mark}Proposed by the assistant*  {wording.code(step.action, 60)}", _claim(step.why, struck)
        if claim_id(step.why.text) in struck:
            head_of, offer = lines(head_of, why), Offer(refused="what speaks for it is struck.")
        else:
            head_of = f"{head_of} {why.removeprefix('• ')}"
        fate = f"✓ added by {stage.name(added.by)} as step {added.number}" if added else _asks(offer, stage)
        blocks.append(section(lines(head_of, fate)))
        blocks.append(exact(_params(step)))
        if run is not None and added is None and not offer.refused and not run.state.ended:
            adding.append(_add(card, number, step, offer, run, stage, mark=mark.strip(" ·")))
    taps = buttons([*adding, evidence, wrong(card.key, can_be_struck)])
    return _name(card.payload), [*blocks, *taps, small_print(expansion.made)]


def _params(step: ProposedStep) -> str:
    shown = [wording.ascii_only(f"{name}: {spelled(value)}")[:200] for name, value in step.params.items()]
    return wording.escaped("\n".join(shown).replace("`", "'"), 800) or "no parameters"


def _asks(offer: Offer, stage: Stage) -> str:
    """Return what adding the step leads to, or why it cannot be added."""
    if offer.refused:
        return f"Cannot be added: {wording.quoted(offer.refused, 200)}"
    if not offer.needs:
        return "It only looks."
    who = wording.roles_wanted(offer.needs, stage.policy)
    effect = f"{wording.short_keys(wording.signed(wording.sentence(offer.effect), 200))}. " if offer.effect else ""
    return f"{effect}*{wording.quoted(offer.risk, 20).upper()}*: when its turn comes it asks {who}, not who adds it."


def _add(card: Card, number: int, step: ProposedStep, offer: Offer, run: Run, stage: Stage, *, mark: str) -> Button:
    """Return the button that adds a proposal; its value is ids of ours, and no word of a model is on it."""
    value = f"{card.key.removeprefix('assist:')}:{number}"
    label = f"Add {mark} to run" if mark else "Add to run"
    if offer.typed:
        return Button(label=f"{label}…", action="add_typed", value=value)
    when = "It looks when its turn comes." if not offer.needs else "Nothing is done before it is approved."
    text = f"{wording.ascii_only(step.action)[:60]} becomes a step of {run.label}, behind the one under way. {when}"
    return Button(
        label=label,
        action="add_step",
        value=value,
        confirm=Confirm(title=f"Add to {run.label} in {stage.platform.name}?", text=text, yes="Add"),
    )


def wrong(message: str, claims: Sequence[Claim]) -> Button:
    """Return the button that lists a message's sentences to be struck; none where there is no sentence."""
    return Button(label="Wrong?…", action="wrong", value=message if claims else "")


def suggestion_lines(suggestion: Suggestion, struck: Struck) -> list[str]:
    """Return the suggested response, or that no runbook fits."""
    said = claims_text(suggestion.response, struck, most=4)
    none = "" if suggestion.runbook else "None of the runbooks fits for certain; the nearest are named."
    return [line for line in (none, said) if line]


def claims_text(
    claims: Sequence[Claim], struck: Struck, *, most: int = MOST_CLAIMS, most_of_each: int = MOST_OF_A_CLAIM
) -> str:
    """Return claims one a line: how far each goes as a word, the evidence it points at, and who struck it."""
    shown = [_claim(one, struck, most=most_of_each) for one in claims[:most]]
    more = len(claims) - most
    return lines(*shown, f"… and {more} more, in the evidence" if more > 0 else "")


def _claim(claim: Claim, struck: Struck, *, most: int = MOST_OF_A_CLAIM) -> str:
    ids = " ".join(wording.quoted(one, 8) for one in claim.evidence[:MOST_IDS])
    mark = f" [{ids}]" if ids else ""
    text = wording.told(claim.text, most)
    if strike := struck.get(claim_id(claim.text)):
        reason = f": {wording.quoted(strike.reason, 160)}" if strike.reason else ""
        return f"{wording.STRUCK}{text}~{mark} _struck by @{wording.quoted(strike.name, 40)}_{reason}"
    match claim.kind:
        case Kind.OBSERVED:
            return f"• {text}{mark}"
        case Kind.STATED:
            return f"• {text} _stated by {wording.quoted(claim.by, 40) or 'a person'}_{mark}"
        case Kind.INFERRED:
            return f"• {text} _inferred_{mark}"


def small_print(made: Made, *, cost: str = "") -> Block:
    """Return who worded it, what was dropped, and what it cost where that was asked for."""
    who = "no model used" if made.engine == "extractive" else f"worded by {wording.quoted(made.model, 60) or 'Bedrock'}"
    why = wording.quoted(made.degraded, 200)
    count = wording.counted(len(made.dropped), "sentence")
    dropped = f"{count} dropped: not borne by the evidence" if made.dropped else ""
    return context(" · ".join(part for part in (who, why, dropped, cost) if part))


def spent(made: Made) -> str:
    """Return what it cost."""
    cached = f" ({made.tokens.cached:,} of them cached)" if made.tokens.cached else ""
    return f"{made.tokens.input:,} tokens read{cached}, {made.tokens.output:,} written"


def _spent(made: Made, payload: JsonObject) -> str:
    """Return what it cost, and how many sentences of each engine people have struck so far."""
    told = [spent(made)]
    fates = payload.get("fates")
    for engine, fate in fates.items() if isinstance(fates, dict) else ():
        if isinstance(fate, list) and len(fate) == 2:
            told.append(f"{ENGINES.get(engine, 'others')}: {fate[1]} of {fate[0]} sentences struck so far")
    return " · ".join(told)


def evidence_page(
    evidence: Evidence, subject: str, stage: Stage, *, page: int, pages: int, count: int, cited: int
) -> list[Block]:
    """Return one page of items: where each was read, when, and its own words, with what opens it whole.

    Args:
        count: how many items there are on all pages; those that sentences cite come first.
    """
    found = [
        section(
            f"{_headed(item, stage)}\n{wording.quoted(item.text, MOST_OF_AN_ITEM)}",
            button=Button(label=f"Open {item.id}", action="evidence_item", value=f"{subject}:{item.id}"),
        )
        for item in evidence.items
    ]
    unread = [wording.quoted(one, 140) for one in evidence.unread[:3]] if page == 1 else []
    more = f" · and {len(evidence.unread) - 3} more" if page == 1 and len(evidence.unread) > 3 else ""
    found += [section(f"*Not read*  {' · '.join(unread)}{more}")] if unread else []
    turns = [Button(label="Next", action="evidence_page", value=f"{subject}:{page + 1}")] if page < pages else []
    turns += [Button(label="Back", action="evidence_page", value=f"{subject}:{page - 1}")] if page > 1 else []
    cites = f", {cited} of them cited, those first" if cited else ""
    return [
        *found,
        *buttons(turns),
        context(f"page {page} of {pages} · {wording.counted(count, 'item')}{cites}"),
    ]


def evidence_item(item: Item, verbatim: str, stage: Stage) -> list[Block]:
    """Return one item whole: its own words are never shortened; of a log line, the line beside what was counted."""
    blocks = [section(_headed(item, stage))]
    if item.text != verbatim and not (item.origin is Origin.TEXT and verbatim):
        blocks += map(exact, pieces(_verbatim(item.text)))
    if verbatim:
        blocks += [section("*The line, redacted*"), *map(exact, pieces(_verbatim(verbatim)))]
    return blocks


def _verbatim(text: str) -> str:
    return wording.escaped(text.replace("`", "'"), len(text) * 5 + 1)


def _headed(item: Item, stage: Stage) -> str:
    at = f" · {wording.time_of(item.at, now=stage.now)}" if item.at else ""
    opened = f" · <{item.link}|open>" if item.link else ""
    who = {"aws": "AWS", "records": "our records", "text": "text somebody wrote"}[item.origin.value]
    return f"*{wording.quoted(item.id, 8)}* {wording.quoted(item.source, 100)} · {who}{at}{opened}"
