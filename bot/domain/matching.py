"""Words for the index: what an alarm or a person says, and what a runbook or a past incident is found by. Pure.

What is asked is cut into words; nothing of it ever becomes a query of its own. A word that an alarm says twice counts
twice. Labels, times, numbers and CloudWatch's own phrases say nothing about which runbook fits, and are left out.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from math import log

from bot.domain.plain import visible
from bot.domain.polarity import stem
from bot.domain.runbook import Runbook
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import InvalidError

MOST_WORDS = 64
LONGEST_WORD = 64
MOST_CHARACTERS = 8_000
MOST_NESTED = 262_144  # characters of one JSON text within another
_EMPTY_WORDS = """
a about after all also am an and any are as at be been before but by can could did do does for from had has have how i
if in into is it its may me more my no not of on or our out per so some such than that the their them then there these
they this those to up us was we were what when where which while who why will with would you your
"""
_MEASURE_WORDS = """
second seconds minute minutes hour hours day days week weeks month months percent percentile average sum count counted
number least most once twice first last within since ago one two three four five six seven eight nine ten fifteen twenty
thirty hundred thousand longer than over under above below value threshold currently current ended
"""
_MEASURES = frozenset(_MEASURE_WORDS.split())
_EMPTY = frozenset(_EMPTY_WORDS.split())
_NAME_KEYS = ("AlarmName", "alarmName", "alertname", "alert_name", "alertName", "alert", "alarm", "name", "title")
_UNTOLD_WORDS = """
id relevant messageid topicarn alarmarn awsaccountid account region signature signingcerturl signatureversion
unsubscribeurl subscribeurl type timestamp statechangetime alarmconfigurationupdatedtimestamp newstatevalue
oldstatevalue okactions alarmactions insufficientdataactions fingerprint generatorurl startsat endsat receiver
status groupkey externalurl version severity team owner cluster namespace pod instance job container node time
eventid source resources
"""
_UNTOLD = frozenset(_UNTOLD_WORDS.split())
_LABEL = re.compile(r"(?<![\w-])[\w.-]{1,60}=(?:\"[^\"]{0,200}\"|[^\s,;]{1,200})")
_NOISE = re.compile(
    r"(?i)\b(?:threshold crossed|no datapoints? (?:was|were) received|datapoints?"
    r"|(?:was|were) (?:not )?(?:greater|less) than(?: or equal to)?(?: the threshold)?"
    r"|statechangetime|treated as \[?\w+\]?|minimum \d+ datapoints?[^.]{0,60}transition"
    r"|arn:aws[^\s]*|https?://[^\s]*|\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*)|^(?:alarm|ok|insufficient_data)\b[:\s]"
)
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Page(Value):
    """Hold what a runbook or a past incident is found by."""

    key: str
    name: str = ""
    title: str = ""
    alarms: tuple[str, ...] = ()
    opening: str = ""
    text: str = ""


def words_typed(text: str) -> tuple[str, ...]:
    """Return the words of a person worth looking for, each once, in the order they were typed."""
    return tuple(dict.fromkeys(_words(text[:MOST_CHARACTERS])))[:MOST_WORDS]


def words_of_text(text: str) -> tuple[str, ...]:
    """Return the words of an alarm's text worth looking for, as often as they are said."""
    bare = _NOISE.sub(" ", _LABEL.sub(" ", text[:MOST_CHARACTERS]))
    found = (word for word in _words(bare) if word not in _MEASURES and not word.isdigit())
    found = (word for word in found if not (any(c.isdigit() for c in word) and len(word) > 3))
    return tuple(found)[:MOST_WORDS]


def words_of_alarm(alarm: JsonValue) -> tuple[str, ...]:
    """Return the words of an alarm, as CloudWatch, EventBridge, Alertmanager or anybody else spells it in JSON."""
    return words_of_text(" \n ".join(_told(alarm)))


def names_of_alarm(alarm: JsonValue) -> tuple[str, ...]:
    """Return what an alarm may be called, the likeliest first."""
    places = [*_objects(alarm)]
    found = (place.get(key) for key in _NAME_KEYS for place in places)
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str) and name))


def answering(names: Iterable[str], pages: Iterable[Page]) -> str | None:
    """Return the key of the page that answers one of these alarms by name; None where there is none.

    `CircuitBreakerOpen-transactions` is answered by who answers `CircuitBreakerOpen`; the longest such name counts.
    """
    known = [(alarm, page.key) for page in pages for alarm in page.alarms]
    for name in names:
        fits = [(alarm, key) for alarm, key in known if name == alarm or re.match(rf"{re.escape(alarm)}[-_./: ]", name)]
        if fits:
            return max(fits, key=lambda one: len(one[0]))[1]
    return None


def apart(name: str) -> str:
    """Return a name and its parts: `KubePodCrashLooping` is found by `crash` too."""
    humped = (word for word in re.findall(r"[A-Za-z]+", name) if re.search(r"[a-z][A-Z]", word))
    return " ".join([name, *(part for word in humped for part in _HUMP.findall(word))])


class Ranking:
    """Rank pages by the words of an alarm: BM25, with the weight of a word that never falls to nothing.

    SQLite's own ranking gives a word that stands in half of the pages no weight at all; with nine runbooks about one
    lake these are most words. A word counts as it stands and once more without its ending, so that the same form is
    worth more than a kindred one.
    """

    def __init__(self, pages: Iterable[Page]) -> None:
        self.pages = tuple(pages)
        counted = [Counter(_compared(_everything(page))) for page in self.pages]
        mean = sum(counts.total() for counts in counted) / max(len(counted), 1)
        self._found: dict[str, dict[int, float]] = {}
        for place, counts in enumerate(counted):
            length = _SATURATION * (1 - _BY_LENGTH + _BY_LENGTH * counts.total() / max(mean, 1))
            for form, count in counts.items():
                self._found.setdefault(form, {})[place] = count * (_SATURATION + 1) / (count + length)

    def best(self, words: Sequence[str], *, most: int = 3) -> list[tuple[Page, float, tuple[str, ...]]]:
        """Return pages, best first, each with its score and the words that matched; a word said twice counts twice."""
        scores: defaultdict[int, float] = defaultdict(float)
        said = Counter(words)
        for form, count in ((form, count) for word, count in said.items() for form in _forms(word)):
            places = self._found.get(form, {})
            if len(self.pages) >= _MANY and 2 * len(places) > len(self.pages):
                continue  # among so many it hardly tells one from another, and costs most
            weight = count * log(1 + (len(self.pages) - len(places) + 0.5) / (len(places) + 0.5))
            for place, share in places.items():
                scores[place] += weight * share
        order = nsmallest(most, scores, key=lambda place: (-scores[place], self.pages[place].key))
        return [(self.pages[place], scores[place], self._matched(said, place)) for place in order]

    def _matched(self, words: Iterable[str], place: int) -> tuple[str, ...]:
        return tuple(word for word in words if any(place in self._found.get(form, {}) for form in _forms(word)))


_MANY = 200  # pages
_SATURATION = 1.2  # how soon a word that stands often counts no more: Lucene's default
_BY_LENGTH = 0.4  # how much a long page must say it oftener; of 0.4 and 0.75, tried on the public set


def _everything(page: Page) -> str:
    alarms = " ".join(apart(alarm) for alarm in page.alarms)
    return f"{apart(page.name)} {apart(page.title)} {alarms} {page.opening} {page.text}"


def _compared(text: str) -> Iterator[str]:
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        yield from _forms(word)


def _forms(word: str) -> tuple[str, str]:
    return word, f"{stem(word)}-"


class Fitting(Value):
    """Hold one runbook that may fit; `exact` where it answers the alarm by name."""

    path: str
    title: str
    exact: bool
    score: float
    matched: tuple[str, ...]


class Match(Value):
    """Hold what fits one alarm, best first."""

    alarm: str
    runbooks: tuple[Fitting, ...]

    def lines(self) -> tuple[str, ...]:
        """Return it for a terminal."""
        found = (f"  {one.path}  {'by its name' if one.exact else ', '.join(one.matched)}" for one in self.runbooks)
        return (self.alarm or "(no name)", *found) if self.runbooks else (f"{self.alarm or '(no name)'}: nothing fits",)


def read_alarms(text: str) -> list[JsonObject]:
    """Return the alarms in a text: one JSON object, or one on each line.

    Raises:
        InvalidError: it is neither; the words say where.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > 1 and lines[0][1].rstrip().endswith("}"):
        return [_alarm(number, line) for number, line in lines]
    try:
        return [parse_object(text, most=MOST_NESTED)]
    except InvalidError as error:
        raise InvalidError(f"That is no alarm in JSON: {error.words}") from error


def _alarm(number: int, line: str) -> JsonObject:
    try:
        return parse_object(line, most=MOST_NESTED)
    except InvalidError as error:
        raise InvalidError(f"Line {number} is no alarm in JSON: {error.words}") from error


def match_alarm(alarm: JsonObject, ranking: Ranking, *, most: int = 3) -> Match:
    """Return what fits an alarm: who answers it by name first, then by its words."""
    names = names_of_alarm(alarm)
    named = answering(names, ranking.pages)
    found = [
        Fitting(path=page.key, title=page.title, exact=page.key == named, score=round(score, 3), matched=matched)
        for page, score, matched in ranking.best(words_of_alarm(alarm), most=len(ranking.pages))
    ]
    missing = [page for page in ranking.pages if page.key == named and all(one.path != named for one in found)]
    found += [Fitting(path=page.key, title=page.title, exact=True, score=0, matched=()) for page in missing]
    best = sorted(found, key=lambda one: not one.exact)[:most]
    return Match(alarm=visible(names[0])[:200] if names else "", runbooks=tuple(best))


def page_of(runbook: Runbook) -> Page:
    """Return what a runbook is found by; the first sections say what it is for, the rest how it is done."""
    sections = [section for section in runbook.sections if not _OF_OTHERS.match(section.title)]
    opening = [section for section in sections if _OPENS.search(section.title)]
    rest = [section for section in sections if not _OPENS.search(section.title)]
    return Page(
        key=runbook.id,
        name=runbook.id,
        title=runbook.title,
        alarms=runbook.alarms,
        opening=_prose("\n".join(f"{section.title}\n{section.markdown}" for section in opening)),
        text=_prose("\n".join(f"{section.title}\n{section.markdown}" for section in rest)),
    )


def page_of_markdown(text: str, path: str) -> Page:
    """Return what any Markdown file is found by: its path, its front matter's title and alarms, and its sections."""
    front, body = _front(text)
    headings = re.findall(r"(?m)^#[ \t]+(.{1,200})$", body)[:1]
    fields = {key.lower(): value for key, value in re.findall(r"(?m)^(\w+):[ \t]*(.{1,2000})$", front)}
    alarms = re.findall(r"[\w./:-]+", fields.get("alarms", "")) + re.findall(
        r"(?m)^\s+-\s+([\w./:-]+)\s*$", front.partition("\nalarms:\n")[2].split("\n\n")[0]
    )
    parts = re.split(r"(?m)^##[ \t]+(.{1,200})$", body)
    sections = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    sections = [one for one in sections if not _OF_OTHERS.match(one[0])]
    opening = [f"{title}\n{words}" for title, words in sections if not title or _OPENS.search(title)]
    rest = [f"{title}\n{words}" for title, words in sections if title and not _OPENS.search(title)]
    stem = path.rsplit("/", 1)[-1].removesuffix(".md")
    return Page(
        key=path,
        name=stem,
        title=(fields.get("title", "").strip("\"' ") or next(iter(headings), stem)),
        alarms=tuple(dict.fromkeys(alarms)),
        opening=_prose("\n".join(opening)),
        text=_prose("\n".join(rest)),
    )


_OF_OTHERS = re.compile(r"(?i)(?:see also|related|references?|links|further reading)\b")
_STEP_BLOCK = re.compile(r"(?ms)^[ \t]*(```+|~~~+)ya?ml step\b.*?^[ \t]*\1[ \t]*$")
_OPENS = re.compile(r"(?i)meaning|impact|symptom|summary|use case|overview|detect|descri|cause|when|about|alert|alarm")


def _prose(markdown: str) -> str:
    """Return the text without its step blocks, which say how and not when."""
    return _STEP_BLOCK.sub("\n", markdown)


def _front(text: str) -> tuple[str, str]:
    found = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", text[:65_536], re.DOTALL)
    return (f"\n{found[1]}\n", text[found.end() :]) if found else ("", text)


def _words(text: str) -> Iterator[str]:
    for whole in _WORD.findall(unicodedata.normalize("NFKC", text)):
        parts = _HUMP.findall(whole) if re.search(r"[a-z][A-Z]", whole) else []
        for word in (whole, *(part for part in parts if len(part) > 1)):
            low = word.casefold()[:LONGEST_WORD]
            if low not in _EMPTY:
                yield low


def _told(value: JsonValue, key: str = "") -> Iterator[str]:
    if key.replace("_", "").casefold() in _UNTOLD:
        return
    if isinstance(value, str):
        nested = _nested(value)
        if nested is None:
            yield value
        else:
            yield from _told(nested)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _told(inner, name)
    elif isinstance(value, list):
        for inner in value[:50]:
            yield from _told(inner)


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    if isinstance(value, str) and (nested := _nested(value)) is not None:
        yield from _objects(nested)
    elif isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value[:50]:
            yield from _objects(inner)


def _nested(text: str) -> JsonObject | None:
    """Return the object that a text holds as JSON, as SNS wraps what it carries."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return parse_object(text, most=MOST_NESTED)
    except InvalidError:
        return None
