"""Claims: a sentence, the evidence it points at, and the check that the evidence bears it.

What a machine words is a guess until `check` has kept it. A claim that states a fact its evidence does not hold, says
the reverse of it, or misquotes it is dropped with the reason; one that goes further than what was seen is *inferred*.
A sentence that a person said passes no check: it stands under that person's name. A machine may repeat one, word for
word, under the name of the item's source.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import field_validator

from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.facts import Amount, Facts, parts_of, plain, read_facts, time_facts
from bot.domain.plain import mixed, unseen, visible
from bot.domain.polarity import Polarity, content_stems, contradiction, read_polarity, states_a_cause, stem
from bot.domain.redaction import covered
from bot.domain.value import Value

MOST_CLAIMS = 200
MOST_IN_A_CLAIM = 600  # characters
MOST_IDS = 20
ENOUGH = 0.5  # of a claim's words stand in its evidence, else it is inferred
TOO_FEW = 0.2  # below this, and without a fact in common, it speaks of something else


class Kind(StrEnum):
    """Say how far a claim goes: seen, concluded, or said by a person."""

    OBSERVED = "observed"
    INFERRED = "inferred"
    STATED = "stated"


class Claim(Value):
    """Hold one sentence.

    Attributes:
        evidence: ids of the items that bear it.
        quote: the exact words of one of them, where the sentence says a status; it ends at sentence bounds.
        by: the person who said it, where it is stated.
    """

    text: str
    kind: Kind = Kind.INFERRED
    evidence: tuple[str, ...] = ()
    quote: str = ""
    by: str = ""


class Dropped(Value):
    """Hold a claim that was dropped, and why, in words; nothing unseen or secret of it is carried any further."""

    claim: Claim
    why: str

    @field_validator("claim")
    @classmethod
    def _as_it_may_be_listed(cls, claim: Claim) -> Claim:
        shown = {"text": covered(visible(claim.text)), "quote": covered(visible(claim.quote))}
        return claim.model_copy(update=shown)


class Checked(Value):
    """Hold what became of a machine's claims, in their order."""

    kept: tuple[Claim, ...] = ()
    dropped: tuple[Dropped, ...] = ()


def check(claims: Sequence[Claim], evidence: Evidence, *, names: Iterable[str] = ()) -> Checked:
    """Return the claims that their evidence bears, each as far as it does, and the others with the reason.

    Args:
        names: what may be named although no item does: the platform's own resources, this incident, the runbook.
    """
    court = _Court(evidence, names)
    kept: list[Claim] = []
    dropped: list[Dropped] = []
    for claim in claims[:MOST_CLAIMS]:
        why = court.objection(claim)
        if why:
            dropped.append(Dropped(claim=claim, why=why))
        else:
            kept.append(claim.model_copy(update={"kind": court.kind(claim)}))
    beyond = f"There are more than {MOST_CLAIMS} claims."
    dropped += [Dropped(claim=claim, why=beyond) for claim in claims[MOST_CLAIMS:]]
    return Checked(kept=tuple(kept), dropped=tuple(dropped))


def quoted_whole(quote: str, text: str) -> bool:
    """Return whether the quote stands in the text from the beginning of a sentence to the end of one.

    `schedule resumed` does not stand in `could not confirm: schedule resumed = false`.
    """
    sought, within = _one_line(quote).strip(" .!?;"), _one_line(text)
    if len(sought) < 2:
        return False
    place = within.find(sought)
    while place >= 0:
        if _begins(within, place) and _ends(within, place + len(sought)):
            return True
        place = within.find(sought, place + 1)
    return False


# Quotations.

_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|SEVERE)"
_STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{5,18}(?:Z|[+-][0-9:]{4,6})?|[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
_MARK = r"(?:[-*+]|[0-9]{1,3}[.)])\s+"  # of a list's item, which begins a sentence
_PREFIX = re.compile(rf"(?:{_MARK})?(?:(?:{_STAMP}|{_LEVEL}|\[[^\[\]]{{0,60}}\])(?:\s*[:|-])?\s+)*")
_OPEN = re.compile(r"(?:^|[\n.!?;|]\s+|[\n|]|[:=,{\[]\s*\\?[\"']|^\\?[\"']|\{\s*)$")
_CLOSE = re.compile(r"\s*(?:$|\n|[.!?;](?:\s|$)|\||\\?[\"'](?:\s*[,}\]:]|\s*$)|\})")


def _one_line(text: str) -> str:
    return re.sub(r"[ \t]+", " ", re.sub(r" *\n *", "\n", plain(text))).strip()


def _begins(text: str, place: int) -> bool:
    before = text[max(0, place - 200) : place]
    if _OPEN.search(before):
        return True
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return _PREFIX.fullmatch(line) is not None


def _ends(text: str, place: int) -> bool:
    return _CLOSE.match(text, place) is not None


# The court.

_LINK = re.compile(r"(?i)\b(?:https?|ftp|file|slack|mailto|javascript|vbscript):|data:[a-z]+/|//[a-z0-9]|\bwww\.|\]\(")
_HOST = re.compile(
    r"(?i)\b(?:[a-z0-9-]+\.)+"
    r"(?:(?:com|net|org|io|dev|app|example|co|ai|info|biz|xyz|ru|cn|nl|de|uk|eu|me|link|click|site|tech|online|top)\b"
    r"|(?!(?:db|d|parquet|delta|json|csv|orc|avro|gz|zip|jar|py|sh|tf)/)[a-z]{2,24}/)"
)
_MENTION = re.compile(r"<[!@#][^>]*>?|(?<![\w.])@(?:channel|here|everyone)\b")
_ORDINARY_WORDS = """
aws amazon s3 sns sqs ec2 iam kms sts api athena glue lambda cloudwatch cloudtrail eventbridge terraform slack
bedrock dynamodb codebuild python spark java sql json csv utc id ids url uri arn etl ok i step functions monday
tuesday wednesday thursday friday saturday sunday github docker linux kubernetes http https tcp dns tls ssl cpu ram
gc jvm dlq sla slo rca todo
"""
_ORDINARY = frozenset(_ORDINARY_WORDS.split())
_OPENERS_WORDS = """
a an the this that these those it its there here no not none all every each any some many most both neither either
one two three four five six seven eight nine ten after before during while when where once since until if although
though because however then now later first second third next last finally also still only at by for from in into of
on onto over under with within without to as and or but so nothing nobody everything everyone somebody someone check
look see read run start stop pause resume wait confirm verify make let keep put set use open close ask tell note
compare copy move clear reset retry repeat restore roll promote approve decline find list get give go do data rows
files lines errors alarms runs jobs queries steps messages logs metrics partitions results rate rates what which who
how why whether another other others several few more less fewer between across around about against among per until
despite neither you we they he she our your their his her
"""
_OPENERS = frozenset(_OPENERS_WORDS.split())
_AGENT = re.compile(
    r"(?i)\b(?:approved|declined|requested|started|stopped|said|wrote|asked|told|deployed|merged|changed|pressed|clicked|caused|"
    r"broke|forgot"
    r"|deleted|ran|confirmed|acknowledged|promoted|reverted|edited|paused|resumed|noticed|reported|fixed)\s+by\s+([\w.-]+)"
)
_DOES = re.compile(
    r"(?:has |had )?(?:approved|declined|requested|started|stopped|said|says|wrote|asked|told|deployed|merged|changed"
    r"|pressed|clicked|caused|broke|forgot|deleted|ran|confirmed|acknowledged|promoted|reverted|edited|paused|resumed"
    r"|noticed|reported|fixed|did|made|took|pushed|released|introduced|ignored|missed|reports|states|notes|thinks|believes|writes)\b"
)
_DID = re.compile(rf"\b(?P<who>[A-Z][\w-]+) {_DOES.pattern} (?P<what>[A-Z]{{1,4}}-[0-9]+)\b")
_DONE_BY = re.compile(r"\b(?P<what>[A-Z]{1,4}-[0-9]+) (?:was|were|has been) \w+ by (?P<who>[A-Z][\w-]+)")
_RELATIVE_WORDS = """
monday tuesday wednesday thursday friday saturday sunday yesterday tomorrow midnight noon weekend local
weekly monthly yearly annually half
"""
_RELATIVE = frozenset(_RELATIVE_WORDS.split())
_WAY = re.compile(r"\b(from|to) (?:the )?([\w./:#-]*[0-9/_#-][\w./:#-]*\w|[0-9])")
_BOUND = re.compile(
    r"\b(?:more|fewer|less|greater|nearly|almost|over|under|above|below|beyond|at least|at most|up to|exactly|double)"
    r"(?: than)?(?= [0-9]| all\b)"
)
_HINTS = {
    "%": ("rate", "perc", "pct", "share", "ratio", "util"),
    "s": ("sec", "min", "hour", "day", "ms", "durat", "elaps", "took", "time", "age", "laten", "period", "interval",
          "wait", "delay", "late", "after", "within", "since"),
    "B": ("byte", "size", "mem", "heap", "scan", "length", "kb", "mb", "gb", "tb", "disk", "read"),
}  # fmt: skip
_OWN_ID = re.compile(r"\(?\[?\bE[0-9]{1,4}\b\]?\)?")


class _Witness:
    """What one item states, read once."""

    def __init__(self, item: Item) -> None:
        told = f"{item.text}\n{item.source}"
        self.item = item
        self.facts = read_facts(told)
        self.low = plain(told).casefold()
        self.ways = frozenset(_WAY.findall(self.low))
        self.times = (*self.facts.times, *((time_facts(item.at),) if item.at else ()))
        self.stems = content_stems(self.facts.words) | frozenset(stem(one.casefold()) for one in self.facts.ids)
        self.polarity = read_polarity(item.text)
        self.sentences = tuple(
            (content_stems(read_facts(one).words), read_polarity(one)) for one in _sentences(item.text)
        )


def _sentences(text: str) -> list[str]:
    parts = [one for one in re.split(r"\n|(?<=[.!?;])\s+|\",\s*\"|\s\|\s", plain(text)) if one.strip()]
    return parts if len(parts) > 1 else []


def _measured(value: str) -> bool:
    """Return whether a derived value bears a sentence that does not cite it: a time or a span, never a bare number.

    A number alone would bear every sentence in which it stands; a sentence with one cites its `D` item.
    """
    return all(amount.dimension for amount in read_facts(value).amounts)


class _Court:
    """Hear the claims of one job; what an item says is read when it is first cited."""

    def __init__(self, evidence: Evidence, names: Iterable[str]) -> None:
        self._evidence = evidence
        self._witnesses: dict[str, _Witness] = {}
        values = {name.replace("_", " "): value for name, value in evidence.derived.items()}
        measured = [f"{name}: {value}" for name, value in values.items() if _measured(value)]
        self._derived = read_facts("\n".join(measured))
        self._derived_low = plain("\n".join(measured)).casefold()
        self._values = [(content_stems(read_facts(name).words), value) for name, value in values.items()]
        self._names = "\n".join(plain(name).casefold() for name in names)

    def objection(self, claim: Claim) -> str:
        """Return why the claim is dropped, in words; empty where it is kept."""
        return (
            self._form(claim)
            or self._pointing(claim)
            or self._stated(claim)
            or self._quotation(claim)
            or self._facts(claim)
        )

    def kind(self, claim: Claim) -> Kind:
        """Return how far a claim that was not objected to goes."""
        if claim.kind is Kind.STATED:
            return Kind.STATED
        witnesses = self._cited(claim)
        says_status = read_polarity(_bare(claim.text)).states
        vouched = [one for one in witnesses if one.item.origin is not Origin.TEXT]
        bearing = [one for one in vouched if claim.quote and quoted_whole(claim.quote, one.item.text)]
        if claim.kind is not Kind.OBSERVED or states_a_cause(claim.text):
            return Kind.INFERRED
        if self._share(claim, witnesses) < ENOUGH or (says_status and not bearing):
            return Kind.INFERRED
        if any(bound not in one.low for bound in _BOUND.findall(plain(claim.text).casefold()) for one in witnesses):
            return Kind.INFERRED
        return Kind.OBSERVED

    def _form(self, claim: Claim) -> str:
        text = claim.text
        if not text.strip():
            return "It says nothing."
        if len(text) > MOST_IN_A_CLAIM or len(claim.quote) > 2 * MOST_IN_A_CLAIM:
            return f"It is longer than {MOST_IN_A_CLAIM} characters."
        if unseen(text) or unseen(claim.quote):
            return "It holds characters that nobody would see."
        if any(character.isdigit() and not character.isascii() for character in plain(text)):
            return "It holds digits of another script."
        if posing := mixed(text) or mixed(claim.quote):
            return f"{posing[0]!a} mixes letters of different scripts."
        folded = plain(text).replace("\u3002", ".")
        if _LINK.search(folded) or _HOST.search(folded):
            return "It holds a link; links are made by the bot, from evidence."
        if _MENTION.search(folded):
            return "It calls somebody; mentions are made by the bot."
        return ""

    def _pointing(self, claim: Claim) -> str:
        if not claim.evidence:
            return "It points at no evidence."
        if len(claim.evidence) > MOST_IDS:
            return f"It points at more than {MOST_IDS} items."
        written = {found.strip("()[]") for found in _OWN_ID.findall(claim.text)}
        for name in claim.evidence:
            if self._witness(name) is None:
                return f"There is no evidence {name[:40]!a}."
        stray = sorted(one for one in written - {*claim.evidence} if self._evidence.item(one) is not None)
        return f"It speaks of {stray[0]} and does not point at it." if stray else ""

    def _stated(self, claim: Claim) -> str:
        if claim.kind is not Kind.STATED and not claim.by:
            return ""
        sources = {one.item.source for one in self._cited(claim) if quoted_whole(claim.quote, one.item.text)}
        if claim.kind is Kind.STATED and claim.by in sources and claim.text.endswith(claim.quote):
            return ""
        return "A machine states in somebody's name only what stands in an item of that source, word for word."

    def _quotation(self, claim: Claim) -> str:
        if not claim.quote:
            return ""
        if not any(quoted_whole(claim.quote, one.item.text) for one in self._cited(claim)):
            return "Its quotation does not stand in the evidence it points at, from one end of a sentence to another."
        reverse = contradiction(read_polarity(_bare(claim.text)), read_polarity(claim.quote))
        return f"It says the reverse of what it quotes ({reverse})." if reverse else ""

    def _facts(self, claim: Claim) -> str:
        witnesses = self._cited(claim)
        text = _bare(claim.text)
        stated = read_facts(text)
        return (
            self._amounts(stated, witnesses)
            or self._times(stated, witnesses)
            or self._tokens(text, stated, witnesses)
            or self._ways(text, stated, witnesses)
            or self._reverse(claim, text, stated, witnesses)
            or self._relevance(claim, stated, witnesses)
        )

    def _amounts(self, stated: Facts, witnesses: Sequence[_Witness]) -> str:
        known = [amount for one in witnesses for amount in one.facts.amounts]
        derived = [*self._derived.amounts]
        for amount in stated.amounts:
            if any(_same(amount, one) for one in derived):
                continue
            measured = [one for one in known if amount.dimension and one.dimension == amount.dimension]
            if not any(_same(amount, one) for one in measured or _may_be(amount.dimension, known)):
                return f"The number {amount.raw} is not in its evidence."
            if _times_said(amount, stated.amounts) > _times_said(amount, known):
                return f"It says {amount.raw} more often than its evidence."
            if other := _elsewhere(amount, known):
                return f"Its evidence has {other} where it says {amount.raw}."
        counted = {amount.raw for amount in (*known, *derived)} | {
            Decimal(number) for one in (*(w.facts for w in witnesses), self._derived) for number in one.counts
        }
        for count in stated.counts:
            if Decimal(count) not in counted and count != len(witnesses):
                return f"The number {count} is not in its evidence."
        return ""

    def _times(self, stated: Facts, witnesses: Sequence[_Witness]) -> str:
        known = [*(time for one in witnesses for time in one.times), *self._derived.times]
        for day, clock in stated.times:
            if not any(_at(day, clock, *one) for one in known):
                return " ".join(("The time", *filter(None, (day, clock)), "is not in its evidence."))
        return ""

    def _ways(self, text: str, stated: Facts, witnesses: Sequence[_Witness]) -> str:
        """Return which word it takes that would need evidence of its own: a day, from where to where, by whom."""
        said = frozenset[str]().union(*(one.facts.words for one in witnesses))
        days = {weekday for one in witnesses for day, _ in one.times if (weekday := _weekday(day))}
        for word in stated.words:
            if word in _RELATIVE and word not in said | days:
                return f"It says {word}, and its evidence does not."
        for way, what in _WAY.findall(plain(text).casefold()):
            seen = {one for witness in witnesses for one, other in witness.ways if other == what}
            if seen and way not in seen:
                return f"Its evidence says {min(seen)} {what[:60]} where it says {way}."
        for who, what in _did(text):
            if not any(_stands(who, one.low) and _stands(what, one.low) for one in witnesses):
                return f"No item has {who[:60]} and {what[:60]} together."
        return ""

    def _tokens(self, text: str, stated: Facts, witnesses: Sequence[_Witness]) -> str:
        places = (*(one.low for one in witnesses), self._derived_low, self._names)
        for token in stated.ids:
            if token.casefold() not in _ORDINARY and not any(_stands(token.casefold(), place) for place in places):
                return f"{token[:60]} is not in its evidence."
        people = [*stated.names, *(one for one in stated.opening if _poses_as_a_person(one, text))]
        people += [one for one in _AGENT.findall(text) if one.casefold() not in _OPENERS | _AFTER_BY]
        for name in people:
            low = name.casefold().removesuffix("'s").strip("-.'")
            if low and low not in _ORDINARY and not any(_stands(low, place) for place in places):
                return f"The name {name[:60]} is not in its evidence."
        return ""

    def _reverse(self, claim: Claim, text: str, stated: Facts, witnesses: Sequence[_Witness]) -> str:
        if claim.quote:
            return ""  # compared with the quotation already
        said = read_polarity(text)
        reverse = contradiction(said, _together([one.polarity for one in witnesses]))
        reverse = reverse or contradiction(said, _nearest(content_stems(stated.words), witnesses))
        return f"It says the reverse of its evidence ({reverse})." if reverse else ""

    def _relevance(self, claim: Claim, stated: Facts, witnesses: Sequence[_Witness]) -> str:
        if claim.quote or stated.amounts or stated.ids or self._share(claim, witnesses) >= TOO_FEW:
            return ""
        return "Its evidence does not speak of it."

    def _share(self, claim: Claim, witnesses: Sequence[_Witness]) -> float:
        stated = read_facts(_bare(claim.text))
        named = {one.casefold() for one in stated.ids}  # each is one word, however many it is made of
        words = content_stems(stated.words) - content_stems(part for one in stated.ids for part in parts_of(one))
        if not words:
            return 1.0 if named or stated.amounts or stated.times else 0.0
        known = {one for witness in witnesses for one in witness.stems}
        known |= {one for stems, value in self._values for one in stems if value.casefold() in claim.text.casefold()}
        borne = len(words & known)
        return (borne + len(named)) / (len(words) + len(named)) if borne else 0.0

    def _cited(self, claim: Claim) -> list[_Witness]:
        return [one for name in dict.fromkeys(claim.evidence) if (one := self._witness(name)) is not None]

    def _witness(self, name: str) -> _Witness | None:
        if name not in self._witnesses:
            item = self._evidence.item(name)
            if item is None:
                return None
            self._witnesses[name] = _Witness(item)
        return self._witnesses[name]


_AFTER_BY_WORDS = """
hand default itself code mistake design chance far accident bot aws people somebody machine
"""
_AFTER_BY = frozenset(_AFTER_BY_WORDS.split())


def _bare(text: str) -> str:
    """Return the sentence without the ids of evidence it may name."""
    return _OWN_ID.sub(" ", text)


def _may_be(dimension: str, known: Sequence[Amount]) -> list[Amount]:
    """Return the bare numbers whose name says that they measure this: `quarantine_rate 5.2` is a percentage."""
    if not dimension:
        return [*known]
    hints = _HINTS[dimension]
    return [one for one in known if not one.dimension and any(word.startswith(hints) for word in one.near)]


def _weekday(day: str) -> str:
    try:
        return date.fromisoformat(day).strftime("%A").casefold()
    except ValueError:  # a day without its year, or one that there is not
        return ""


def _did(text: str) -> Iterator[tuple[str, str]]:
    """Yield who did something to which id, where the sentence puts them side by side."""
    for pattern in (_DID, _DONE_BY):
        yield from ((found["who"].casefold(), found["what"].casefold()) for found in pattern.finditer(text))


def _same(one: Amount, other: Amount) -> bool:
    if one.dimension and other.dimension:
        return one.dimension == other.dimension and one.base == other.base
    return one.raw == other.raw


def _times_said(amount: Amount, among: Iterable[Amount]) -> int:
    return sum(one.raw == amount.raw or one.base == amount.base for one in among)


def _elsewhere(amount: Amount, known: Sequence[Amount]) -> str:
    """Return the number that the evidence has beside the same word, where it never has the stated one there."""
    beside = {stem(word) for word in amount.near if len(word) > 2}
    for word in sorted(beside):
        there = [one for one in known if word in {stem(near) for near in one.near}]
        if there and not any(_same(amount, one) for one in there):
            return str(there[0].raw)
    return ""


def _at(day: str, clock: str, known_day: str, known_clock: str) -> bool:
    if day and not (known_day == day or (day.startswith("-") and known_day.endswith(day))):
        return False
    if not clock:
        return bool(day)
    return bool(known_clock) and (known_clock.startswith(clock) or clock.startswith(known_clock))


def _stands(token: str, text: str) -> bool:
    """Return whether the token stands in the text by itself, not as a part of a longer name."""
    place = text.find(token)
    while place >= 0:
        end = place + len(token)
        before, after = text[max(0, place - 2) : place], text[end : end + 2]
        if not re.search(r"\w$|\w-$", before) and not re.match(r"\w|-\w", after):
            return True
        place = text.find(token, place + 1)
    return False


def _poses_as_a_person(word: str, text: str) -> bool:
    if word.casefold() in _OPENERS:
        return False
    found = re.search(rf"\b{re.escape(word)}(?:'s)?\s+", text)
    return found is not None and (_DOES.match(text, found.end()) is not None or "'s " in found[0])


def _nearest(words: frozenset[str], witnesses: Sequence[_Witness]) -> Polarity:
    """Return the polarity of the one sentence that shares most words; without one, of nothing."""
    sentences = [sentence for one in witnesses for sentence in one.sentences]
    scored = sorted(((len(words & stems), place) for place, (stems, _) in enumerate(sentences)), reverse=True)
    if len(scored) > 1 and scored[0][0] > scored[1][0] + 1:
        return sentences[scored[0][1]][1]
    return _together([])


def _together(polarities: Sequence[Polarity]) -> Polarity:
    said: dict[str, frozenset[bool]] = {}
    for one in polarities:
        for question, poles in one.said.items():
            said[question] = said.get(question, frozenset()) | poles
    return Polarity(
        said=said,
        negated=frozenset[str]().union(*(one.negated for one in polarities)),
        affirmed=frozenset[str]().union(*(one.affirmed for one in polarities)),
    )
