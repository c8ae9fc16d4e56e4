"""Wording that points at a person and not at the situation, and how to say it otherwise. Suggestions, never edits."""

import re
from collections.abc import Iterator

from bot.domain.value import Value


class Wording(Value):
    """Hold one finding: the words, where they begin, and the rewrite to consider."""

    words: str
    place: int
    rewrite: str


_WHO = (
    r"(?:@[\w.-]+|he|she|they|someone|somebody"
    r"|the (?:engineer|operator|developer|team|person|author|user|on-call))"
)
_SITUATION = "say what the situation made likely: what was seen, what the tool offered, what was not visible"
_KNEW = "say what was known at that time, and what would have made it visible"
_GUARD = "say which guard was missing or did not hold"
_RULE = "say where the rule and the work differ, and why"
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"human (?:error|mistake|failure)", _SITUATION),
    (r"(?:operator|user|engineer|developer)'?s? (?:error|mistake)", _SITUATION),
    (r"pilot error", _SITUATION),
    (r"careless(?:ly|ness)?", _SITUATION),
    (r"negligen(?:t|tly|ce)", _SITUATION),
    (r"reckless(?:ly|ness)?", _SITUATION),
    (r"sloppy|sloppiness", _SITUATION),
    (r"incompetent|incompetence", _SITUATION),
    (r"stupid(?:ly|ity)?|dumb|idiotic", _SITUATION),
    (r"lazy|laziness", _SITUATION),
    (r"inattenti(?:ve|on)|not paying attention|did not pay attention", _KNEW),
    (r"should(?:n't| not)? have (?:known|seen|noticed|checked|tested|asked|read|done|been|[a-z]+ed)", _KNEW),
    (r"could have (?:easily |simply |just )?(?:prevented|avoided|noticed|checked|[a-z]+ed)", _KNEW),
    (r"ought to have", _KNEW),
    (r"would have been (?:easy|obvious|enough)", _KNEW),
    (r"obvious(?:ly)?|clearly|of course", "leave it out: it was not obvious then"),
    (r"if only", _KNEW),
    (_WHO + r" (?:failed|neglected|omitted) to", f"{_GUARD}; or say what was done instead"),
    (_WHO + r" forgot(?: to)?", _GUARD),
    (_WHO + r" (?:ignored|overlooked|missed|dismissed)", "say what competed for attention, or how it was shown"),
    (_WHO + r" (?:broke|crashed|destroyed|took down|caused)", "name the change and what let it through"),
    (_WHO + r" (?:mistakenly|wrongly|incorrectly|accidentally|erroneously|blindly)", _SITUATION),
    (_WHO + r" (?:made|did) (?:a|the) (?:mistake|error|blunder)", _SITUATION),
    (_WHO + r" did(?:n't| not) (?:bother|think|check|test|read|verify|follow)", _KNEW),
    (_WHO + r" (?:was|were) (?:wrong|at fault|to blame|responsible for the)", _SITUATION),
    (r"(?:whose|his|her|their) fault|(?:is|was|are|were) to blame|blame(?:d|s)?", _SITUATION),
    (r"fat[- ]?finger(?:ed|ing)?|typo by", "name the input and what accepted it unchecked"),
    (
        r"did(?:n't| not) follow (?:the )?(?:procedure|process|runbook|protocol)",
        "say where procedure and work differ, and why",
    ),
    (r"violat(?:ed|ion of) (?:the )?(?:procedure|process|policy|protocol)", _RULE),
    (r"poor (?:judg(?:e)?ment|decision|choice)|bad (?:judg(?:e)?ment|decision)", _KNEW),
    (
        r"(?:needs?|must|has|have) to be more careful|be more careful|pay more attention",
        "name a guard; care is not an action",
    ),
    (
        r"re-?train(?:ing|ed)?|remind (?:everyone|people|the team)",
        "name a change of the system beside it; memory fades",
    ),
)
_COMPILED = tuple(
    (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), rewrite) for pattern, rewrite in _PATTERNS
)
COUNT = len(_PATTERNS)


def blaming(text: str) -> tuple[Wording, ...]:
    """Return what points at a person, in order; words found twice over are told once."""
    found = sorted(_found(text), key=lambda one: (one.place, -len(one.words)))
    told: list[Wording] = []
    for one in found:
        if not told or one.place >= told[-1].place + len(told[-1].words):
            told.append(one)
    return tuple(told)


def _found(text: str) -> Iterator[Wording]:
    for pattern, rewrite in _COMPILED:
        for hit in pattern.finditer(text):
            yield Wording(words=hit[0], place=hit.start(), rewrite=rewrite)
