"""A post-mortem as Markdown, and Markdown read back into sentences with their marks, whoever edited it meanwhile.

One claim is one list item: its text, `[E4] [E7]`, and how far it goes where that is less than seen. People may write
anything between them; what bears no mark is a person's sentence. A mark leads to its row of evidence: the row has an
anchor, and below the table stands where each mark leads.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.assistance import Made
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Item
from bot.domain.postmortem.document import (
    AGAINST,
    CANDIDATES,
    FOR,
    FOR_PEOPLE,
    PROMPTS,
    ActionItem,
    Candidate,
    Moment,
    Part,
    Postmortem,
    Times,
)
from bot.domain.strikes import Struck, claim_id
from bot.domain.value import Value

TIMES, TIMELINE, ACTIONS = "Times", "Timeline", "Action items"
QUESTIONS, UNREAD, DROPPED, EVIDENCE = "Open questions", "Not read", "Dropped", "Evidence"
MOST_OF_A_ROW = 300  # characters of an item in the evidence table; the archive holds it whole
MOST_UNSEEN = 4  # of what was not read are named with each candidate
UNKNOWN = "unknown"
_BARE_LINK = re.compile(r"\b(https?|ftp|www)(:(?=//)|(?<=www)\.)", re.IGNORECASE)


class Sentence(Value):
    """Hold one sentence as it stands in a text.

    Attributes:
        line: its number in the text, from 1.
        struck: it stands there struck through, as `struck` writes it.
    """

    section: str
    line: int
    claim: Claim
    struck: bool = False


class Told(Value):
    """Hold what a text of a post-mortem says."""

    incident: str = ""
    number: int = 0
    sentences: tuple[Sentence, ...] = ()
    timeline: tuple[Moment, ...] = ()
    evidence: tuple[str, ...] = ()


# Writing.


def written(document: Postmortem) -> str:
    """Return the document as Markdown; the same document is the same text."""
    blocks = [
        _header(document),
        *(_part(document, part) for part in (Part.SUMMARY, Part.IMPACT)),
        _block(TIMES, times_rows(document.times)),
        _block(TIMELINE, _timeline(document.timeline)),
        _part(document, Part.DETECTION),
        _block(CANDIDATES, _candidates(document.candidates)),
        *(_part(document, part) for part in (Part.RESPONSE, Part.WELL, Part.BADLY, Part.LUCKY)),
        _block(ACTIONS, [_action(one) for one in document.actions] or ["_None yet._"]),
        _block(QUESTIONS, [f"- {escaped(one)}" for one in document.questions] or ["_None._"]),
        _block(
            UNREAD,
            [f"- {escaped(one)}" for one in document.evidence.unread] or ["_All that was asked for was read._"],
        ),
        _block(DROPPED, _dropped(document)),
        _block(EVIDENCE, _evidence(document.evidence.items)),
    ]
    return "\n\n".join(blocks) + "\n"


def times_rows(times: Times) -> list[str]:
    """Return the computed times as list items; what is not known is said to be unknown."""
    began = times.began or times.detected
    rows = (
        ("Began", _utc(times.began)),
        ("Detected", _after(times.detected, began)),
        ("Acknowledged", _after(times.acknowledged, began)),
        ("Mitigated", _after(times.mitigated, began)),
        ("Resolved", _after(times.resolved, began)),
        ("Waited for people", UNKNOWN if times.waited is None else span(times.waited)),
    )
    return [f"- {name}: {value}" for name, value in rows]


def span(length: timedelta) -> str:
    """Return a length of time in the two units that matter."""
    seconds = max(0, round(length.total_seconds()))
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    counted = [(seconds // size % top, unit) for (size, unit), top in zip(units, (10**6, 24, 60, 60), strict=True)]
    first = next((place for place, (count, _) in enumerate(counted) if count), len(counted) - 1)
    return " ".join(f"{count} {unit}" for count, unit in counted[first : first + 2] if count) or "0 s"


def sentence(claim: Claim) -> str:
    """Return a claim as one line of Markdown."""
    parts = [escaped(claim.text)]
    if claim.quote and claim.quote not in claim.text:
        parts.append(f"“{escaped(claim.quote)}”")
    if claim.evidence:
        parts.append(_cited(claim.evidence))
    match claim.kind:
        case Kind.INFERRED:
            parts.append("*inferred*")
        case Kind.STATED:
            parts.append(f"*stated by {escaped(claim.by) or UNKNOWN}*")
        case Kind.OBSERVED:
            pass
    return " ".join(part for part in parts if part)


def _cited(ids: Iterable[str]) -> str:
    return " ".join(f"[{name}]" for name in ids)


def struck(claim: Claim, said: str) -> str:
    """Return a claim as one line of Markdown, struck through, and behind it by whom."""
    return f"~~{sentence(claim)}~~ *{escaped(said)}*"


def escaped(text: str) -> str:
    """Return a text in one line in which no character is Markdown's, and no address becomes a link by itself."""
    one_line = " ".join(text.split())
    marks = re.sub(r"([\\*`<|\[\]~])|(?<!\w)(_)|(_)(?!\w)", r"\\\g<0>", one_line)
    marks = _BARE_LINK.sub(r"\1\\\2", marks)
    return re.sub(r"^([#>+=-]|\d+[.)])", r"\\\1", marks)


def _header(document: Postmortem) -> str:
    severity = f"severity {document.severity}" if document.severity else "severity unknown"
    return (
        f"# {document.incident} · {escaped(document.title)}\n\n"
        f"**{document.status} v{document.number}** · {severity} · {_utc(document.since)} – {_utc(document.until)}"
        f"{_worded(document.made)}"
    )


def _worded(made: Made | None) -> str:
    if made is None:
        return ""
    who = "no model used" if made.engine == "extractive" else f"worded by {escaped(made.model) or 'a model'}"
    prompt = f"prompt {made.prompt} (SHA-256 {made.prompt_sha256[:12]})" if made.prompt else ""
    tokens = f"{made.tokens.input:,} tokens read, {made.tokens.output:,} written" if made.tokens.input else ""
    return f"\n\n_{'; '.join(part for part in (who, escaped(made.degraded.rstrip('.')), prompt, tokens) if part)}_"


def _block(title: str, lines: Iterable[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines)


def _part(document: Postmortem, part: Part) -> str:
    claims = document.parts.get(part, ())
    prompt = [] if claims and part not in FOR_PEOPLE else [PROMPTS[part]]
    return _block(part.value, [f"- {sentence(claim)}" for claim in claims] or prompt)


def _timeline(moments: Iterable[Moment]) -> Iterator[str]:
    yield "| UTC | what | who | from | evidence |"
    yield "|---|---|---|---|---|"
    for one in moments:
        source = f"[{one.source}]({one.link})" if one.link and ")" not in one.link else one.source
        cells = (f"{one.at:%Y-%m-%d %H:%M:%S}", escaped(one.text), escaped(one.by), source, _cited(one.evidence))
        yield f"| {' | '.join(cells)} |"


def _candidates(candidates: Iterable[Candidate]) -> Iterator[str]:
    yield "_Candidates, not confirmed: what is said here was weighed by code, and a person decides._"
    for number, one in enumerate(candidates, start=1):
        state = f"confirmed by {escaped(one.confirmed_by)}" if one.confirmed_by else "not confirmed"
        yield f"\n### Candidate {number} · {one.role} · {state}\n"
        yield f"- {sentence(one.claim)}"
        yield from (f"- {FOR}: {sentence(claim)}" for claim in one.backing)
        yield from (f"- {AGAINST}: {sentence(claim)}" for claim in one.against)
        if not one.against:
            yield f"- {AGAINST}: _none found_"
        if one.unseen:
            more = len(one.unseen) - MOST_UNSEEN
            shown = "; ".join(escaped(unread.rstrip(".")) for unread in one.unseen[:MOST_UNSEEN])
            yield f"- Not looked at: {shown}{f'; and {more} more under {UNREAD}' if more > 0 else ''}"


def _action(one: ActionItem) -> str:
    marks = f" {_cited(one.evidence)}" if one.evidence else ""
    owner = f" — {escaped(one.owner)}" if one.owner else " — _no owner yet_"
    return f"- [{'x' if one.done else ' '}] {escaped(one.text)}{marks}{owner}{f', due {one.due}' if one.due else ''}"


def _dropped(document: Postmortem) -> list[str]:
    rows = [f"- ~~{escaped(one.claim.text)}~~ {escaped(one.why)}" for one in document.dropped]
    return rows or ["_No sentence was dropped._"]


def _evidence(items: Sequence[Item]) -> Iterator[str]:
    yield "| id | UTC | vouched for by | read from | what |"
    yield "|---|---|---|---|---|"
    for item in items:
        at = f"{item.at:%Y-%m-%d %H:%M:%S}" if item.at else ""
        text = item.text if len(item.text) <= MOST_OF_A_ROW else item.text[:MOST_OF_A_ROW] + "…"
        what = f"[{escaped(text)}]({item.link})" if item.link and ")" not in item.link else escaped(text)
        yield f'| <a id="{item.id.lower()}"></a>{item.id} | {at} | {item.origin} | {escaped(item.source)} | {what} |'
    yield ""
    yield from (f"[{item.id}]: #{item.id.lower()}" for item in items)


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else UNKNOWN


def _after(at: datetime | None, began: datetime | None) -> str:
    if at is None or began is None or at <= began:
        return _utc(at)
    return f"{_utc(at)} (after {span(at - began)})"


# Reading back.

_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(?P<text>.*)")
_TASK = re.compile(
    r"\s*(?:[-*+]|\d+[.)])\s+(?:\[(?P<box>[ xX])\]\s*)?(?P<text>(?!_None yet).*?)"
    r"(?:\s+—\s+(?:(?P<nobody>_no owner yet_)|(?P<owner>@[^—,]{1,80}?))(?:, due (?P<due>\d{4}-\d\d-\d\d))?)?\s*"
)
_TITLE = re.compile(r"#\s+(?P<incident>[A-Z]+-\d+)\b")
_EDITION = re.compile(r"\*\*[A-Z]+ v(?P<number>\d{1,9})\*\*")
_MARKS = re.compile(r"\s*(?<!\\)\[(?P<ids>[DE]\d{1,5}(?:[ ,]+[DE]\d{1,5})*)\](?:\(#\w{1,8}\))?")
_ANCHOR = re.compile(r'<a id="[de]\d{1,5}"></a>')
_LEADS_TO = re.compile(r"\s*(?:[-*+>]\s+)*\[(?P<id>[DE]\d{1,5})\]:\s*(?P<place>.*)", re.IGNORECASE)
_STATED = re.compile(r"\s*[*_]stated by (?P<by>[^*]+)[*_]\s*$")
_INFERRED = re.compile(r"\s*[*_]inferred[*_]\s*$")
_QUOTE = re.compile(r"\s*“(?P<quote>[^”]*)”\s*$")
_LINKED = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<link>[^)]*)\)")
_STRUCK = re.compile(r"~~(?P<text>.+)(?<!\\)~~\s*(?:\*struck by .+\*|_struck by .+_)\s*")
_LINE = re.compile(rf"(?P<lead>\s*(?:(?:[-*+]|\d+[.)])\s+)?(?:\[[ xX]\]\s+)?(?:(?:{FOR}|{AGAINST}): )?)(?P<text>.*)")
_PROMPT = re.compile(r"_[^_].*_|-?\s*")
_LEADS = re.compile(rf"({FOR}|{AGAINST}|Not looked at): ")
_BOOKS = frozenset({TIMES, TIMELINE, QUESTIONS, UNREAD, DROPPED, EVIDENCE, ACTIONS})  # not made of claims


def read(text: str) -> Told:
    """Return what a text says, sentence by sentence; nothing in it is refused."""
    section, sentences, moments, ids = "", list[Sentence](), list[Moment](), list[str]()
    told: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if found := re.match(r"##\s+(?P<title>.+?)\s*#*$", line):
            section = _section(found["title"])
        elif found := _TITLE.match(line):
            told.setdefault("incident", found["incident"])
        elif not section:
            if found := _EDITION.search(line):
                told["number"] = found["number"]
        elif section == TIMELINE:
            moments += _moment(line)
        elif section == EVIDENCE:
            ids += re.findall(r"^\|\s*([DE]\d{1,5})\s*\|", unanchored(line))
        elif section not in _BOOKS:
            sentences += _sentences(section, number, line)
    return Told(
        incident=told.get("incident", ""),
        number=int(told.get("number", 0)),
        sentences=tuple(sentences),
        timeline=tuple(moments),
        evidence=tuple(ids),
    )


def actions_in(text: str) -> tuple[ActionItem, ...]:
    """Return the action items as people have left them, those that are ticked too."""
    section, found = "", list[ActionItem]()
    for line in text.splitlines():
        if head := re.match(r"##\s+(?P<title>.+?)\s*#*$", line):
            section = _section(head["title"])
        elif section == ACTIONS and (item := _TASK.fullmatch(line)):
            owner = "" if item["nobody"] else unescaped((item["owner"] or "").strip())
            words = unescaped(_MARKS.sub("", item["text"]).strip())
            ids = tuple(one for mark in _MARKS.finditer(item["text"]) for one in re.findall(r"E\d+", mark["ids"]))
            done = (item["box"] or "").casefold() == "x"
            found.append(ActionItem(text=words, evidence=ids, owner=owner, due=item["due"] or "", done=done))
    return tuple(one for one in found if one.text)


def claim_in(text: str) -> Claim:
    """Return the claim that one line of Markdown is, without its bullet and without the marks of a strike."""
    text = _bare(text)
    by, kind = "", Kind.OBSERVED
    if found := _STATED.search(text):
        by, kind, text = unescaped(found["by"].strip()), Kind.STATED, text[: found.start()]
    elif found := _INFERRED.search(text):
        kind, text = Kind.INFERRED, text[: found.start()]
    ids = [one for found in _MARKS.finditer(text) for one in re.findall(r"[DE]\d+", found["ids"])]
    text = _MARKS.sub("", text).strip()
    quote = ""
    if found := _QUOTE.search(text):
        quote, text = unescaped(found["quote"]), text[: found.start()]
    if not ids and kind is not Kind.STATED:
        kind = Kind.STATED
    return Claim(text=unescaped(text.strip()), kind=kind, evidence=tuple(dict.fromkeys(ids)), quote=quote, by=by)


def numbered(text: str, number: int, *, status: str = "DRAFT") -> str:
    """Return the text with its edition under its title."""
    head, mark, rest = text.partition("\n## ")
    return _EDITION.sub(f"**{status} v{number}**", head, count=1) + mark + rest


def restruck(text: str, strikes: Struck) -> str:
    """Return the text with every sourced sentence struck through that is struck, and no other."""
    lines = text.splitlines()
    for one in read(text).sentences:
        sourced = one.claim.evidence or one.section in {CANDIDATES, FOR, AGAINST}
        strike = strikes.get(claim_id(one.claim.text)) if sourced else None
        found = _LINE.fullmatch(lines[one.line - 1])
        if found and (strike or one.struck):
            shown = struck(one.claim, strike.said) if strike else _bare(found["text"])
            lines[one.line - 1] = found["lead"] + shown
    changed = "\n".join(lines)
    return text if changed == text.rstrip("\n") else changed + "\n"


def unstruck(text: str) -> str:
    """Return the text without the lines that are struck through."""
    struck_out = {one.line for one in read(text).sentences if one.struck}
    return "\n".join(line for number, line in enumerate(text.splitlines(), start=1) if number not in struck_out)


def unanchored(text: str) -> str:
    """Return the text without what marks lead by, for a place that has no anchors."""
    kept = (line for line in _ANCHOR.sub("", text).splitlines(keepends=True) if leads_to(line) is None)
    return "".join(kept)


def leads_to(line: str) -> tuple[str, bool] | None:
    """Return whose mark's place a line tells, and whether that is the row of evidence; None where it tells none."""
    found = _LEADS_TO.fullmatch(line.rstrip("\n"))
    return (found["id"].upper(), found["place"].strip() == f"#{found['id'].lower()}") if found else None


def plain_marks(line: str) -> str:
    """Return a line with its marks in one form, however an editor has written them."""
    return _MARKS.sub(lambda found: "".join(f" [{one}]" for one in re.findall(r"[DE]\d+", found["ids"])), line)


def unescaped(text: str) -> str:
    """Return the text that was escaped."""
    return re.sub(r"\\([!-/:-@\[-`{-~]|\d)", r"\1", text)


def _section(title: str) -> str:
    names: tuple[str, ...] = (*(part.value for part in Part), CANDIDATES, *_BOOKS)
    known = {name.casefold(): name for name in names}
    return known.get(title.strip().casefold(), title.strip())


def _sentences(section: str, number: int, line: str) -> Iterator[Sentence]:
    stripped = line.strip()
    if not stripped or stripped.startswith(("#", "|", "<!--", "```", "![")) or _PROMPT.fullmatch(stripped):
        return
    item = _ITEM.fullmatch(line)
    text = item["text"] if item else stripped
    if lead := _LEADS.match(text):
        if lead[1] == "Not looked at":
            return
        section, text = lead[1], text[lead.end() :]
    bare = _bare(text)
    if bare and not _PROMPT.fullmatch(bare):
        yield Sentence(section=section, line=number, claim=claim_in(bare), struck=bare != text.strip())


def _bare(text: str) -> str:
    """Return a line's words without the marks of a strike, however many somebody put around them."""
    while found := _STRUCK.fullmatch(text.strip()):
        text = found["text"]
    return text.strip()


def _moment(line: str) -> Iterator[Moment]:
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    if len(cells) != 5:
        return
    try:
        at = datetime.fromisoformat(f"{cells[0]}+00:00")
    except ValueError:
        return
    source = _LINKED.fullmatch(cells[3])
    yield Moment(
        at=at,
        text=unescaped(cells[1]),
        by=unescaped(cells[2]),
        source=source["words"] if source else cells[3],
        link=source["link"] if source else "",
        evidence=tuple(re.findall(r"[DE]\d+", cells[4])),
    )
