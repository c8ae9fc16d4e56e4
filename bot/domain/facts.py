"""What a sentence states beside its words: numbers, times, ids and names. Two spellings of one fact are one fact.

Only reading; whether a fact is borne out is for `claims` to say.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from bot.domain.moment import moment
from bot.domain.value import Value
from bot.errors import InvalidError

_SECONDS = {
    "ms": "0.001",
    "millisecond": "0.001",
    "us": "0.000001",
    "µs": "0.000001",
    "μs": "0.000001",
    "s": "1",
    "sec": "1",
    "second": "1",
    "m": "60",
    "min": "60",
    "minute": "60",
    "h": "3600",
    "hr": "3600",
    "hour": "3600",
    "d": "86400",
    "day": "86400",
    "week": "604800",
}
_BYTES = {
    "b": "1",
    "byte": "1",
    "kb": "1000",
    "mb": "1000000",
    "gb": "1000000000",
    "tb": "1000000000000",
    "kib": "1024",
    "mib": "1048576",
    "gib": "1073741824",
    "tib": "1099511627776",
}
_UNITS = {
    **{unit: ("s", Decimal(size)) for unit, size in _SECONDS.items()},
    **{unit: ("B", Decimal(size)) for unit, size in _BYTES.items()},
    "%": ("%", Decimal(1)),
    "percent": ("%", Decimal(1)),
}
_UNITS_WRITTEN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", *(f"{one}teen" for one in ("thir", "four", "fif", "six", "seven", "eigh", "nine")))
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_COUNTS = {
    **{word: number for number, word in enumerate(_UNITS_WRITTEN, start=1) if word != "one"},  # who, more often
    **{word: number for number, word in enumerate(_TEENS, start=10)},
    **{word: 10 * number for number, word in enumerate(_TENS, start=2)},
    **{
        f"{ten}-{unit}": 10 * number + count
        for number, ten in enumerate(_TENS, start=2)
        for count, unit in enumerate(_UNITS_WRITTEN, start=1)
    },
    "twice": 2, "thrice": 3, "dozen": 12, "dozens": 12, "hundred": 100, "hundreds": 100, "thousand": 1_000,
    "thousands": 1_000, "million": 1_000_000, "millions": 1_000_000, "billion": 10**9, "billions": 10**9,
}  # fmt: skip
_EACH = {"hourly": "hour", "daily": "day", "nightly": "day", "weekly": "week"}
_EVERY = frozenset({"per", "each", "every", "a", "an"})
_STEPPED_OVER = frozenset(
    {"is", "was", "are", "were", "be", "of", "the", "a", "an", "to", "at", "about", "only", "than"}
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_CLOCK = r"([0-2][0-9]):([0-5][0-9])(?::([0-6][0-9])(?:[.,]([0-9]{1,9}))?)?"
_MOMENT = re.compile(
    rf"(?<![0-9])([0-9]{{4}}-[01][0-9]-[0-3][0-9])"
    rf"(?:[T ]{_CLOCK}(?:\s?(Z|UTC|[+-][0-9]{{2}}:?[0-9]{{2}})(?![A-Za-z0-9]))?)?(?![0-9])"
)
_CLOCKS = re.compile(rf"(?<![0-9:.]){_CLOCK}(?:\s?(?:Z|UTC)\b)?(?![0-9:])")
_DAYS = re.compile(
    rf"(?i)\b(?:([0-3]?[0-9])(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}|{_MONTH}\s([0-3]?[0-9])(?:st|nd|rd|th)?)\b"
    rf"(?:,?\s([0-9]{{4}})\b)?"
)
_PIECE = re.compile(r"[^\s,;=\"'(){}\[\]<>|«»“”‘’`*\\!?…–—]+")
_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:[,\u202f\u2009][0-9]{3})+(?!,?[0-9])")
_AMOUNT = re.compile(r"([-+\u2212]?)([0-9]+(?:\.[0-9]+)?)(%|[A-Za-zµμ]{1,12})?")
_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|m|min|s|ms|d)(?=[0-9]|$)")
_SINGULAR = re.compile(r"(?<=[a-z]{2})s$")
_ARN_OR_URI = re.compile(r"(?:arn:aws[a-z-]*:|s3://)[^\s\"'<>,;)\]}]+")


class Amount(Value):
    """Hold a number as written, and what it measures in base units: `s`, `B`, `%`, or nothing that is known."""

    raw: Decimal
    dimension: str = ""
    base: Decimal
    near: tuple[str, ...] = ()


class Facts(Value):
    """Hold what a text states.

    Attributes:
        times: date and time of day in UTC, each empty where the text does not say it, as far as the text says it.
        ids: what names one thing: with digits, dots, slashes, underscores or capitals inside, or all capitals.
        names: other capitalised words; `opening` are those that only begin a sentence.
        counts: small numbers written as words.
        words: all other words in lower case, in order.
    """

    amounts: tuple[Amount, ...] = ()
    times: tuple[tuple[str, str], ...] = ()
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return the text in one spelling: compatible forms folded, dashes and quotes plain."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'")


def read_facts(text: str) -> Facts:
    """Return what the text states."""
    folded = plain(text)
    times: list[tuple[str, str]] = []
    rest = _without_times(folded, times)
    ids: list[str] = []

    def keep(found: re.Match[str]) -> str:
        ids.append(found[0].rstrip(".:/"))
        return f" {_HELD} "

    rest = _ARN_OR_URI.sub(keep, rest)
    rest = _THOUSANDS.sub(lambda found: re.sub(r"[^0-9]", "", found[0]), rest)
    return _sorted(_pieces(rest), times, ids)


_HELD = "\x00"
_CLAUSE = "\x01"
PART, WHOLE = "(part)", "(whole)"


def _without_times(text: str, times: list[tuple[str, str]]) -> str:
    def a_moment(found: re.Match[str]) -> str:
        times.append(_in_utc(found))
        return " "

    def a_day(found: re.Match[str]) -> str:
        day, month = found[1] or found[4], (found[2] or found[3])[:3].lower()
        times.append((f"{found[5] or ''}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}", ""))
        return " "

    def a_clock(found: re.Match[str]) -> str:
        times.append(("", _clock(found[1], found[2], found[3], found[4])))
        return " "

    return _CLOCKS.sub(a_clock, _DAYS.sub(a_day, _MOMENT.sub(a_moment, text)))


def _in_utc(found: re.Match[str]) -> tuple[str, str]:
    day, hour, minute, second, part, zone = found.groups()
    if hour is None:
        return day, ""
    clock = _clock(hour, minute, second, part)
    if zone in {None, "Z", "UTC"}:
        return day, clock
    try:
        at = moment(f"{day}T{hour}:{minute}:{second or '00'}{zone}")
    except InvalidError:
        return day, clock
    return at.strftime("%Y-%m-%d"), at.strftime("%H:%M:%S") if second else at.strftime("%H:%M")


def _clock(hour: str, minute: str, second: str | None, part: str | None) -> str:
    seconds = f":{second}" if second else ""
    return f"{hour}:{minute}{seconds}" + (f".{part}" if second and part else "")


def time_facts(at: datetime) -> tuple[str, str]:
    """Return a moment as facts hold it."""
    utc = at.astimezone(UTC)
    return utc.strftime("%Y-%m-%d"), f"{utc:%H:%M:%S}.{utc.microsecond:06d}"


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Return words and tokens, each with whether a sentence begins with it."""
    opens, last = True, 0
    for found in _PIECE.finditer(text):
        before = text[last : found.start()]
        last = found.end()
        if re.search(r"[,;|\n]", before):
            yield _CLAUSE, False
        piece = found[0]
        stripped = piece.strip(".:/@#-+") if not re.match(r"[-+]?[0-9]", piece) else piece.rstrip(".:/@#-+")
        if stripped:
            yield stripped, opens or "\n" in before
        if piece.endswith("."):
            yield _CLAUSE, False
        opens = piece.endswith((".", "!", "?")) or text[found.end() : found.end() + 1] in {"!", "?"}


def _sorted(pieces: Iterator[tuple[str, bool]], times: list[tuple[str, str]], ids: list[str]) -> Facts:
    amounts: list[Amount] = []
    names: list[str] = []
    opening: list[str] = []
    counts: list[int] = []
    words: list[str] = []
    listed = [*pieces]
    for place, (piece, opens) in enumerate(listed):
        following = listed[place + 1][0] if place + 1 < len(listed) else ""
        low = piece.casefold()
        if piece in {_HELD, _CLAUSE}:
            continue
        if each := _each(low, listed[place - 1][0].casefold() if place else ""):
            amounts.append(each)
        if found := _amounts(piece, following):
            near = tuple(one.casefold() for one in _near([one[0] for one in listed], place))
            amounts += [one.model_copy(update={"near": near}) for one in found]
        elif low in _COUNTS:
            counts.append(_COUNTS[low])
        elif _is_id(piece):
            ids.append(piece)
            words += [part for part in parts_of(piece) if part.isalpha()]
        else:
            if piece[0].isupper():
                (opening if opens else names).append(piece)
            words += [part for part in re.split(r"[^\w']+", low) if part]
    return Facts(
        amounts=tuple(amounts),
        times=tuple(times),
        ids=tuple(ids),
        names=tuple(names),
        opening=tuple(opening),
        counts=tuple(counts),
        words=tuple(words),
    )


def _each(word: str, before: str) -> Amount | None:
    """Return how long `per hour`, `an hour` and `hourly` are; `a second` is more often the next one."""
    unit = _EACH.get(word, word if before in _EVERY and (before, word) != ("a", "second") else "")
    seconds = _SECONDS.get(unit) if len(unit) > 2 else None
    return None if seconds is None else Amount(raw=Decimal(seconds), dimension="s", base=Decimal(seconds))


def _near(pieces: Sequence[str], place: int) -> Iterator[str]:
    """Return the words beside a number within its clause; in `3 of 5 files` the files are beside both."""
    before, after, number, word = (
        pieces[other] if 0 <= other < len(pieces) else "" for other in (place - 1, place + 1, place + 2, place + 3)
    )
    yield from (before, after, *_beyond(pieces[max(0, place - 4) : place][::-1]))
    if _unit(after) is None:
        yield from _beyond(pieces[place + 1 : place + 5])
    if after == "of" and _AMOUNT.fullmatch(number):
        yield from (word, PART, *_beyond(pieces[place + 3 : place + 7]))
    if before == "of" and place > 1 and _AMOUNT.fullmatch(pieces[place - 2]):
        yield WHOLE


def _beyond(pieces: Sequence[str]) -> Iterator[str]:
    """Return the first word that says something, and what it is made of; `threshold` in `the threshold is 100`."""
    word = next((one for one in pieces if one.casefold() not in _STEPPED_OVER), "")
    if word not in {_HELD, _CLAUSE} and not _AMOUNT.fullmatch(word):
        yield word
        yield from parts_of(word)


def _amounts(piece: str, following: str) -> list[Amount]:
    found = _AMOUNT.fullmatch(piece)
    if found is not None and not (len(found[2]) > 1 and found[2].startswith("0") and "." not in found[2]):
        raw = Decimal(found[1].replace("+", "") + found[2])
        if found[3] is None:
            return [_measured(raw, following)]
        if _unit(found[3]) is not None:
            return [_measured(raw, found[3])]
        return []
    parts = [*_PARTS.finditer(piece)]
    if parts and "".join(part[0] for part in parts) == piece:
        total = sum((Decimal(part[1]) * _UNITS[part[2]][1] for part in parts), Decimal(0))
        return [Amount(raw=total, dimension="s", base=total)]
    return []


def _measured(raw: Decimal, unit: str) -> Amount:
    known = _unit(unit)
    return Amount(raw=raw, base=raw) if known is None else Amount(raw=raw, dimension=known[0], base=raw * known[1])


def _unit(word: str) -> tuple[str, Decimal] | None:
    return _UNITS.get(word.casefold()) or _UNITS.get(_SINGULAR.sub("", word.casefold()))


def _is_id(piece: str) -> bool:
    if re.search(r"[0-9_/@#$]", piece) or re.search(r"[^.]\.[^.]", piece) or re.search(r"\w:\w", piece):
        return True
    letters = piece.replace("-", "")
    inside = re.search(r"[a-z][A-Z]", piece) is not None
    return inside or (len(letters) > 1 and letters.isupper() and letters.isascii())


def parts_of(piece: str) -> list[str]:
    """Return the words inside an id: `QuarantinedRows` is quarantined and rows."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", piece)
    return [part.casefold() for part in parts]
