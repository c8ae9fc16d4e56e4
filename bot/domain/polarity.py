"""Which way a sentence says it: failed or succeeded, open or closed, all or none; and whether another says the reverse.

A table of words with two poles each, and what turns a word round (`not`, `no longer`, `= false`). It knows no grammar:
where it cannot tell it says nothing, and a sentence without a quotation is then not observed.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.domain.facts import plain
from bot.domain.value import Value

# Each line is one question with its two answers; a word that ends in * stands for all that begin so.
_QUESTIONS = """
outcome: fail* error* errored exception* fault* abort* crash* broke broken unsuccessful* timedout timeout* critical
  fatal panic* halt* stuck throttl* incomplet* unhealth* unable unavailab* bad firing
  | succe* ok okay passed passes passing healthy complete completed completes finish* fine good normal normally well
  repaired recover* resolved available success*
allowed: denied denies deny denying refus* reject* forbid* block* unauthor* disallow* declin* prohibit* expir* revok*
  | allow* grant* permitted permits accept* authoriz* authoris* approv* admitted agree* unblock*
gate: open opened opens opening reopen* | close closes closed closing
running: disabl* paus* stop stops stopped stopping suspend* inactive halt* shutdown
  | enabl* resum* start starts started starting restart* active running unpaus*
there: missing absent gone lost delet* remov* vanish* notfound | present exist* found restor* creat* added
all: nowhere | all every everything everybody both everywhere
more: decreas* fell falls falling lower* shrank shrink* reduc* less fewer below beneath
  | increas* rise rises rising rose risen grew grow* higher above over exceed* more greater
right: false wrong incorrect invalid mismatch* differ* unequal corrupt* malformed
  | true correct valid match matches matched equal equals identical intact
linked: disconnect* unreachable | connected reconnect* reachable
locked: locked locks held holds | unlock* released releases freed
"""
_NEGATORS_WORDS = """
not no never without cannot can't won't don't doesn't didn't isn't wasn't aren't weren't hasn't haven't hadn't
couldn't wouldn't shouldn't nor neither hardly nothing none nobody non 0 zero
"""
_NEGATORS = frozenset(_NEGATORS_WORDS.split())
_STEPPED_OVER_WORDS = """
be been being is was were are a an the any yet have has had do did does to ever even it its there of such more all
longer could would should single
"""
_STEPPED_OVER = frozenset(_STEPPED_OVER_WORDS.split())
_REACH = 3  # words on which a negator turns the answers round, those stepped over aside; others only the first
_WHOLE_CLAUSE = 100
_AFTER = re.compile(
    r"\s*[\"']?\s*(?:(?:=|:|->|is|was|are|were)\s*[\"']?(?:false|null)|(?:=|->)\s*[\"']?(?:no|none|0))\b(?!\.[0-9])"
    r"|\s+by\s+(?:no[ -]?one|nobody|none)\b"
    r"|\s*(?:[a-z]+\s)?[:=]?\s*(?:none|null|zero|0)\s*(?:$|[,.;)\]}\n](?![0-9]))",
    re.IGNORECASE,
)
_TRUE = re.compile(r"\\?[\"']?\s?[:=]\s?\\?[\"']?true\b", re.IGNORECASE)
_THERE = re.compile(
    r"(?i)\bthere (?:is|are|was|were|has been|have been)\b(?! (?:no|not|never|none|neither|nothing|nobody|0)\b)"
)
_JOINED = (
    (re.compile(r"\btim(?:ed|es?|ing)[ -]?out\b", re.IGNORECASE), "timeout"),
    (re.compile(r"\bnot[ -]found\b", re.IGNORECASE), "notfound"),
    (re.compile(r"\bno longer\b", re.IGNORECASE), "not"),
    (re.compile(r"\b(in|to|is|state)\b([ :=]+)ALARM\b"), r"\1\2firing"),
    (re.compile(r"\bshut(?:ting|s)? down\b", re.IGNORECASE), "shutdown"),
    (re.compile(r"\bunder(?= (?:the |its |a )?(?:threshold|limit|maximum)\b)", re.IGNORECASE), "below"),
    (re.compile(r"\bnon-?zero\b", re.IGNORECASE), "nonzero"),
    (re.compile(r"\b(?:once|no) more\b|\bmore than\b|\bas well as\b|\bas well\b|\bat all\b", re.IGNORECASE), " "),
)
_TOKEN = re.compile(r"[A-Za-z0-9_]+(?:'[a-z]+)?|[,.;:!?\n]")
_ENDS = frozenset(",.;:!?\n")
_TURNS = frozenset(
    {
        "but",
        "however",
        "although",
        "though",
        "while",
        "whereas",
        "and",
        "yet",
        "because",
        "since",
        "so",
        "after",
        "when",
    }
)
_NUMBERS = frozenset({"0", "zero"})
_UNSURE = ("confirm", "verif", "determin", "establish", "clear", "known", "say", "tell")  # what follows `not` of these
_QUANTIFIERS = frozenset({"no", "none", "nobody", "nothing", "neither", "0", "zero"})  # they reach to the clause's end
_ID = re.compile(r".*(?:[0-9_]|[a-z][A-Z]).*")
_CAUSE = re.compile(
    r"(?i)\b(?:because|due to|owing to|caused?(?: by)?|causes|causing|root cause|led to|leads to|leading to|resulted in"
    r"|results? from|resulting (?:in|from)|as a result|trigger(?:ed|s) by"
    r"|stem(?:s|med)? from|thanks to|reason (?:is|was|for)"
    r"|therefore|hence|consequently|brought about"
    r"|responsible for|attribut(?:ed|able) to|blame[ds]?|culprit|explain(?:s|ed))\b"
)
_SUFFIXES = ("ations", "ation", "ings", "ions", "ing", "ion", "ers", "ed", "es", "er", "ly", "s", "e")


class Polarity(Value):
    """Hold how a text answers the questions of the table.

    Attributes:
        said: of each question, the poles that were said: True, False or both.
        negated: stems of words under a negator; `affirmed` of all others.
    """

    said: Mapping[str, frozenset[bool]]
    negated: frozenset[str]
    affirmed: frozenset[str]

    @property
    def states(self) -> bool:
        """Return whether the text says a status at all."""
        return bool(self.said or self.negated)


def read_polarity(text: str) -> Polarity:
    """Return which way the text says things."""
    folded = plain(text)
    for pattern, word in _JOINED:
        folded = pattern.sub(word, folded)
    said: dict[str, set[bool]] = {"there": {True}} if _THERE.search(folded) else {}
    negated: set[str] = set()
    affirmed: set[str] = set()
    left, first, unsure = 0, False, False
    for found in _TOKEN.finditer(folded):
        token, low = found[0], found[0].lower()
        if low in _ENDS or low in _TURNS:
            left, first, unsure = 0, False, False
            continue
        if low in _NEGATORS:
            answers = {} if low in _NUMBERS or low not in _QUANTIFIERS else {"there": False, "all": False}
            left, first = (_WHOLE_CLAUSE, False) if low in _QUANTIFIERS else (_REACH, low != "without")
        elif low in _STEPPED_OVER and left > 0:
            continue
        else:
            if left and low.startswith(_UNSURE):
                left, unsure = 0, True
            if unsure:
                continue
            denied = _AFTER.match(folded, found.end()) is not None
            (negated if first != denied else affirmed).add(stem(low))
            turned = (left > 0) != denied
            answers = {one: pole != turned for one, pole in _said_by(token, denied, folded[found.end() :]).items()}
            left, first = max(left - 1, 0), False
        for question, pole in answers.items():
            said.setdefault(question, set()).add(pole)
    return Polarity(
        said={question: frozenset(poles) for question, poles in said.items()},
        negated=frozenset(negated),
        affirmed=frozenset(affirmed),
    )


def contradiction(claim: Polarity, evidence: Polarity) -> str:
    """Return what the evidence says the reverse of, in a word; empty where it does not."""
    for question, poles in claim.said.items():
        seen = evidence.said.get(question)
        if seen is not None and not poles <= seen:
            return question
    turned = (claim.negated - claim.affirmed) & (evidence.affirmed - evidence.negated)
    turned |= (claim.affirmed - claim.negated) & (evidence.negated - evidence.affirmed)
    answered = {one for one in turned if len(one) > 2 and not one.isdigit()}
    return min(answered, default="")


def states_a_cause(text: str) -> bool:
    """Return whether the text says why."""
    return _CAUSE.search(plain(text)) is not None


def stem(word: str) -> str:
    """Return the word without its ending, roughly: promoted, promotion and promotes are one."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            bare = word[: -len(suffix)]
            return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "ls" else bare
    return word


def _said_by(token: str, denied: bool, after: str) -> Mapping[str, bool]:
    """Return what a token answers; an id is a name and says nothing, but `promotion_allowed=false` does."""
    if not _ID.fullmatch(token):
        return _answers(token.lower())
    if not denied and not _TRUE.match(after):
        return {}
    return {one: pole for word in token.lower().split("_") for one, pole in _answers(word).items()}


def _answers(word: str) -> Mapping[str, bool]:
    whole, beginnings = _table()
    found = dict(whole.get(word, {}))
    for beginning, (question, pole) in beginnings.get(word[:3], ()):
        if word.startswith(beginning):
            found.setdefault(question, pole)
    return found


@lru_cache(maxsize=1)
def _table() -> tuple[Mapping[str, Mapping[str, bool]], Mapping[str, tuple[tuple[str, tuple[str, bool]], ...]]]:
    whole: dict[str, dict[str, bool]] = {}
    beginnings: dict[str, list[tuple[str, tuple[str, bool]]]] = {}
    for question, words in re.findall(r"^(\w+): ((?:.|\n )*)$", _QUESTIONS, flags=re.MULTILINE):
        for pole, listed in zip((False, True), words.split("|"), strict=True):
            for word in listed.split():
                if word.endswith("*"):
                    beginnings.setdefault(word[:3], []).append((word[:-1], (question, pole)))
                else:
                    whole.setdefault(word, {})[question] = pole
    return MappingProxyType(whole), MappingProxyType({three: tuple(found) for three, found in beginnings.items()})


def content_stems(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return frozenset(stem(word) for word in words if len(word) > 2 and word not in EMPTY)


_EMPTY_WORDS = """
the and for with that this from was were has had have are its been being which when then than there their they will
would could should can may might into onto over under after before during while about also again only just very more
most some any all each per via out off not but nor you your our his her who whom whose what where why how did does
done doing other another same such own too now here still yet both either neither between within because since until
upon these those it's them him she he we us itself one ones is in on of to at by as an or be it if no so do see seen
saw shows show showed shown say says said according seems appears
"""
EMPTY = frozenset(_EMPTY_WORDS.split())
