"""An edited text brought back: which sections it changes, what became of each sentence, and whose words they are then.

People's sections are taken as the text has them; what records fill (times, timeline, candidates, evidence) stays as it
is. A sentence that cites nothing is somebody's word: it keeps the name it had, and whoever brings a new one in says it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from bot.domain.claims import Kind
from bot.domain.plain import cleaned, cut
from bot.domain.postmortem.comparing import Compared, Judge, compare
from bot.domain.postmortem.document import CANDIDATES, PROMPTS, Part
from bot.domain.postmortem.draft import MOST_TEXT, Draft
from bot.domain.postmortem.markdown import (
    ACTIONS,
    DROPPED,
    EVIDENCE,
    QUESTIONS,
    TIMELINE,
    TIMES,
    UNREAD,
    claim_in,
    plain_marks,
    read,
    restruck,
    sentence,
    unanchored,
)
from bot.domain.postmortem.sections import EDITABLE, replaced, section_of, sections
from bot.domain.redaction import covered
from bot.domain.strikes import Struck
from bot.domain.value import Value
from bot.errors import InvalidError, RequestError

MOST_SENTENCES = 2_000
MOST_IN_A_LINE = 4_000  # characters
MOST_SECTIONS = 40
MOST_TITLE = 80
LOOK_AGAIN = "Somebody has changed it since; this is how it stands now. Nothing of yours is lost: copy it over."
FILLED = (TIMES, TIMELINE, CANDIDATES, UNREAD, DROPPED, EVIDENCE)
"""What records fill, and no text brought in changes."""

_ITEM = re.compile(r"(?:[-*+]|\d+[.)])\s+")
_TICKED = re.compile(r"(?:[-*+]|\d+[.)])\s+(\[[ xX]\]\s+)?")
_TITLED = re.compile(r"#|\*\*[A-Z]+ v\d{1,9}\*\*")
_UNUSUAL = re.compile(r"[^\w .:'’&()/-]+")
_UNLIKE_WORDS = re.compile(r"^[#>|`!\s]+")


class Brought(Value):
    """Hold what a text would make of a draft.

    Attributes:
        text: the draft's text with it taken over.
        edition: of the draft it was made from.
        changed: the sections it changes.
        left: the sections in which it differs, and that stay as records fill them.
        compared: the fate of every sentence of the draft as it would be.
        new: the sentences among them that the draft does not have.
    """

    text: str
    edition: int
    changed: tuple[str, ...]
    left: tuple[str, ...]
    compared: tuple[Compared, ...]
    new: tuple[Compared, ...]


def edition_of(draft: Draft, text: str, *, titled: bool = True) -> int:
    """Return the edition of the draft that a text was made from.

    Args:
        titled: the text must say of which incident it is; a canvas that is known to be this draft's need not.

    Raises:
        InvalidError: it is of another incident, or does not say.
    """
    told = read(text)
    if told.incident and told.incident != draft.label:
        raise InvalidError(f"That text is of {told.incident}, and this draft is of {draft.label}.")
    if titled and not told.incident:
        raise InvalidError(f"Its first line does not say what it is of; it must begin with “# {draft.label} · …”.")
    if not 0 < told.number <= draft.edition:
        has = f"names edition {told.number}" if told.number else "names none"
        raise InvalidError(f"It must say under its title which edition it was made from, as in **DRAFT v3**; it {has}.")
    return told.number


def brought(
    draft: Draft,
    text: str,
    *,
    edition: int,
    base: str | None,
    by: str,
    judge: Judge,
    struck: Struck,
    canvas: bool = False,
) -> Brought:
    """Return what the text would make of the draft.

    Args:
        base: the draft's text as it was in that edition; None where it is not known any more.
        by: the name of who brings it in.
        struck: the strikes that stand; a text neither strikes a sentence nor takes a strike back.
        canvas: it is written anew once it was taken over, and what it alone said is gone then.

    Raises:
        InvalidError: it cannot be read as a post-mortem, or somebody's words stand where they would be lost.
        RequestError: it changes nothing, or a section that somebody else has changed meanwhile.
    """
    if draft.document is None:
        raise InvalidError(f"The draft of {draft.label} is not ready yet.")
    told = restruck(plainly(text), struck)
    brought_in, now = parts(told), parts(draft.text)
    before = now if edition == draft.edition else parts(base) if base is not None else {}
    if astray := _astray(told, brought_in if canvas else {}, known=f"{draft.text}\n{base or ''}"):
        raise InvalidError(
            f"“{cut(astray, 120)}” stands where nobody's words are kept; move it under a title of people's."
        )

    def counting(title: str, body: str | None) -> tuple[str, ...]:
        return _prose(body) if canvas and title in FILLED else _same(body)

    differs = {title: counting(title, body) for title, body in brought_in.items()}
    wanted = {
        title: body
        for title, body in brought_in.items()
        if differs[title] not in {counting(title, before.get(title)), counting(title, now.get(title))}
    }
    changed = tuple(title for title in wanted if title not in FILLED)
    conflicts = [title for title in changed if _same(before.get(title)) != _same(now.get(title))]
    if conflicts:
        raise RequestError(f"{LOOK_AGAIN}\n{standing(draft.text, conflicts)}")
    if not changed:
        raise RequestError(
            _nothing(wanted) + (" Delete the canvas, and the next edition is one." if wanted and canvas else "")
        )
    known = {**_lines(before), **_lines(now)}
    made = draft.text
    for title in changed:
        made = _with(made, title, "\n".join(_owned(title, wanted[title], known=known, by=by)))
    made = restruck(made, struck)
    if len(made) > MOST_TEXT:
        raise InvalidError(f"A post-mortem has at most {MOST_TEXT:,} characters.")
    now_told = read(made)
    if len(now_told.sentences) > MOST_SENTENCES:
        raise InvalidError(f"It has {len(now_told.sentences):,} sentences; at most {MOST_SENTENCES:,} are compared.")
    fates = compare(draft.document, now_told, judge=judge)
    had = {sentence(one.claim) for one in read(draft.text).sentences}
    return Brought(
        text=made,
        edition=edition,
        changed=changed,
        left=tuple(title for title in wanted if title in FILLED),
        compared=fates,
        new=tuple(one for one in fates if one.line and sentence(one.claim) not in had),
    )


def owned(text: str, title: str, body: str, *, by: str) -> str:
    """Return what a person wrote for a section of the text: lines it has already as they are, new ones as theirs.

    In new lines secrets and personal data are behind placeholders, for the text goes to files and other places.

    Raises:
        InvalidError: it is too long, as a whole or in one line.
    """
    return "\n".join(_owned(title, plainly(body), known=_lines(parts(text)), by=by))


def plainly(text: str) -> str:
    """Return the text without anything that nobody would see.

    Raises:
        InvalidError: it is too long, as a whole or in one line.
    """
    if len(text) > MOST_TEXT:
        raise InvalidError(f"It has {len(text):,} characters; a post-mortem has at most {MOST_TEXT:,}.")
    lines = text.splitlines()
    long = next((number for number, line in enumerate(lines, start=1) if len(line) > MOST_IN_A_LINE), None)
    if long is not None:
        raise InvalidError(f"Line {long} is longer than {MOST_IN_A_LINE:,} characters; break it.")
    return cleaned(text, most=MOST_TEXT, most_in_a_line=MOST_IN_A_LINE)


def standing(text: str, titles: Iterable[str], *, most: int = 1_500) -> str:
    """Return how these sections stand now, to be copied from."""
    have = sections(text)
    return "\n".join(f"{title}: {section_of(text, title)[:600]}" for title in titles if title in have)[:most]


def _nothing(wanted: Mapping[str, str]) -> str:
    filled = ", ".join(title for title in wanted if title in FILLED)
    if filled:
        return f"It differs only in what records fill, and that stays as it is: {filled}. Nothing is to be taken over."
    return "There is nothing in it that the draft does not say already."


def parts(text: str) -> dict[str, str]:
    """Return what stands under each title.

    Raises:
        InvalidError: a title stands twice, or there are too many.
    """
    names: tuple[str, ...] = (*EDITABLE, *FILLED)
    known = {name.casefold(): name for name in names}
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("## "):
            lines.append(line)
            continue
        heading = " ".join(line[3:].strip(" #").replace(",", " ").split())[:MOST_TITLE]
        title = known.get(heading.casefold()) or " ".join(_UNUSUAL.sub(" ", heading).split())
        if title in found:
            raise InvalidError(f"The section “{title}” stands in it twice; make one of them.")
        lines = found[title] = []
    if len(found) > MOST_SECTIONS:
        raise InvalidError(f"It has {len(found)} sections; at most {MOST_SECTIONS} are taken.")
    return {title: "\n".join(body).strip() for title, body in found.items() if title}


def _astray(text: str, bodies: Mapping[str, str], *, known: str) -> str:
    """Return the first line of somebody's above the first title, or in what records fill of these; empty for none."""
    filled = "\n".join((*above(text), *(bodies.get(one, "") for one in FILLED)))
    told = {letters(line) for line in known.splitlines()}
    return next((line.strip() for line in filled.splitlines() if _prose(line) and letters(line) not in told), "")


def above(text: str) -> tuple[str, ...]:
    """Return the lines above the first title, without the text's own title and edition."""
    head = takewhile(lambda line: not line.startswith("## "), text.splitlines())
    return tuple(line for line in head if not _TITLED.match(line))


def _prose(body: str | None) -> tuple[str, ...]:
    """Return the letters of a body's lines; a table is no place to write in, and is set anew by whoever shows it."""
    lines = (line for line in (body or "").splitlines() if not line.lstrip().startswith("|"))
    return tuple(told for line in lines if (told := letters(line)))


def letters(line: str) -> str:
    """Return a line's letters and digits alone."""
    return "".join(character for character in key_of(line) if character.isalnum())


def _same(body: str | None) -> tuple[str, ...]:
    """Return what of a section counts: an editor's blank lines do not."""
    return tuple(key for line in (body or "").splitlines() if (key := key_of(line)))


def key_of(line: str) -> str:
    """Return what of a line counts: which bullet it has, how it is emphasised, escaped and linked does not."""
    words = _ITEM.sub("", unanchored(plain_marks(line)).strip(), count=1)
    bare = re.sub(r"[*_\\`~]", "", words)
    return " ".join(bare.split())


def _lines(bodies: Mapping[str, str]) -> dict[str, str]:
    return {key_of(line): line.strip() for body in bodies.values() for line in body.splitlines()}


def _with(text: str, title: str, body: str) -> str:
    if title not in sections(text):
        text = f"{text.rstrip()}\n\n## {title}\n"
    return replaced(text, title, body)


def _owned(title: str, body: str, *, known: Mapping[str, str], by: str) -> Iterator[str]:
    """Yield a section's lines, each new sentence under the name of who says it, and nothing in it but words."""
    prompts = {PROMPTS[part] for part in Part if part.value == title}
    listed = title in {ACTIONS, QUESTIONS}
    going = ""
    for line in (*body.splitlines(), ""):
        stripped = line.strip()
        item = _ITEM.match(stripped)
        kept = stripped if stripped in prompts else known.get(key_of(stripped), "") if stripped else ""
        if going and (not stripped or item or kept):
            yield from _sentence(going, by=by, listed=listed)
            going = ""
        if kept:
            yield kept
        elif stripped:
            going = f"{going} {stripped}" if going else stripped


def _sentence(line: str, *, by: str, listed: bool) -> Iterator[str]:
    lead = _TICKED.match(line)
    words = _UNLIKE_WORDS.sub("", line[lead.end() if lead else 0 :])
    if not any(character.isalnum() for character in words):
        return
    if listed:
        yield f"- {(lead[1] or '') if lead else ''}{_quiet(covered(words))}"
        return
    claim = claim_in(words)
    claim = claim.model_copy(update={"text": covered(claim.text), "quote": covered(claim.quote)})
    if claim.kind is Kind.STATED:
        claim = claim.model_copy(update={"by": by})
    yield f"- {sentence(claim)}"


def _quiet(words: str) -> str:
    """Return Markdown in which nothing is a link, a picture or HTML, and nothing says where a mark leads."""
    return re.sub(r"(?<!\\)<", r"\\<", re.sub(r"\](?=[(\[:])", r"\\]", plain_marks(words).strip()))
