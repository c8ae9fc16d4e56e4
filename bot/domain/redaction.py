"""Secrets and personal data taken out of text, each behind a placeholder that stays the same within one job.

`[email#1]` is the same address wherever it stands, so that what two lines share can still be seen, and a quotation of
a redacted line still matches. A number means something within the job that gave it; a text that goes anywhere else has
`[email]`, which says nothing of who is the same. What is found is decided by shape, by the word beside it, and by check
digits where there are any. Nothing here is sure: text that is redacted is still shown only to those who may read its
source.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from bot.domain.giveaways import KEY_BEGINS, KEY_BLOCK, KEY_LINE, LONG, NAMED, PERSONAL, RULES, Rule
from bot.domain.plain import cleaned, visible
from bot.domain.value import JsonObject, JsonValue, Value
from bot.domain.wrappings import may_be_wrapped, unwrapped

MOST_MEMORY = 50_000  # shapes of lines, each with the few rules that must still be tried on it
MOST_READ = 65_536  # characters of one text
LONGEST_KEY = 400  # lines of a private key
_APART = re.compile(r"[\s\"'\\,;&<>(){}]")  # what would end a value in a line
_IN_ONE_PIECE = re.compile(r"[A-Za-z0-9/+_.-]{40}")
_HEX = re.compile(
    r"[0-9a-f](?<![0-9A-Za-z].)(?:[0-9a-f]{7}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{7,})(?![0-9A-Za-z])"
)
_ONE_DIGIT = str.maketrans("123456789", "000000000")
_Tried = tuple[tuple[Rule, ...], bool]  # rules, and whether the line's other spellings are looked at
_RULES = tuple((rule, rule.alike) for rule in RULES)
ACTING = frozenset({"who", "changed_by"})
_KINDS = "|".join(sorted({rule.kind for rule in RULES}))
PLACEHOLDER = re.compile(rf"\[(?P<kind>{_KINDS})(?:#(?P<number>[1-9][0-9]{{0,6}}))?\]")


class Redacted(Value):
    """Hold the text as it may be shown, and how often each kind was found in it."""

    text: str
    counts: Mapping[str, int] = {}


def redact(text: str) -> Redacted:
    """Return the text redacted, its placeholders numbered from one."""
    redactor = Redactor()
    return Redacted(text=redactor.clean(text), counts=redactor.counts)


def covered(text: str) -> str:
    """Return the text, otherwise as it is, with what was found in it behind placeholders without a number."""
    return Redactor(numbered=False).clean(text)


def for_eyes(text: str, redactor: "Redactor | None" = None) -> str:
    """Return a text as anybody may read it: what nobody sees is gone first, for it would hide half a token.

    Args:
        text: hostile.
        redactor: of the job the text is a part of; without one no placeholder in it bears a number.
    """
    return redactor.clean(_legible(text)) if redactor else unnumbered(covered(_legible(text)))


def line_for_eyes(text: str, redactor: "Redactor | None" = None) -> str:
    """Return the same of a text that is shown in one line."""
    return for_eyes(visible(_legible(text)), redactor)


def redacted(value: JsonValue, redactor: "Redactor | None" = None) -> JsonValue:
    """Return a value with every text in it as `for_eyes` has it, its names too; a name may give away what it names.

    The names of those who act stay: colleagues, who are asked.
    """
    return _walked(value, redactor or Redactor(numbered=False), legible=_legible)


def secrets_in(value: JsonValue) -> frozenset[str]:
    """Return which kinds of secrets stand in a value, however long, or are given away by a name; no person is one."""
    redactor = Redactor(numbered=False)
    _walked(value, redactor, legible=lambda text: cleaned(text, most=len(text), most_in_a_line=len(text)))
    return frozenset(redactor.counts) - PERSONAL


def _walked(value: JsonValue, redactor: "Redactor", *, legible: Callable[[str], str], name: str = "") -> JsonValue:
    """Return a value redacted; each text of a list stands beside the list's name, or beside the option before it."""
    match value:
        case str() if name in ACTING and not secrets_in(value):
            return legible(value)
        case str():
            return redactor.beside(legible(name), legible(value))
        case dict():
            beside = _name_in(value) or name
            return {
                redactor.clean(legible(key)): _walked(
                    one, redactor, legible=legible, name=beside if key.lower().endswith("value") else key
                )
                for key, one in value.items()
            }
        case list():
            options = [one if isinstance(one, str) and one.startswith("-") else name for one in ("", *value)]
            return [
                _walked(one, redactor, legible=legible, name=option)
                for option, one in zip(options, value, strict=False)
            ]
        case _:
            return value


def _name_in(pair: JsonObject) -> str:
    """Return what the value of `{"name": …, "value": …}` is called, however the two are spelled."""
    names = (one for key, one in pair.items() if key.lower().endswith(("name", "key")) and isinstance(one, str))
    return next(names, "")


def _legible(text: str) -> str:
    return cleaned(text, most=MOST_READ, most_in_a_line=MOST_READ)


def unnumbered(text: str) -> str:
    """Return a redacted text with its placeholders as they stand outside the job that numbered them."""
    return PLACEHOLDER.sub(r"[\g<kind>]", text)


class Redactor:
    """Redact the texts of one job; it remembers what it took out, so it must not outlive the job."""

    def __init__(self, *, beyond: str = "", numbered: bool = True) -> None:
        """Begin to number after the placeholders that stand in a text already, or number none."""
        self._numbered = numbered
        self.counts: dict[str, int] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._last: dict[str, int] = {}
        for found in PLACEHOLDER.finditer(beyond):
            self._last[found["kind"]] = max(self._last.get(found["kind"], 0), int(found["number"] or 0))
        self._known: dict[str, _Tried] = {}

    def clean(self, text: str) -> str:
        """Return the text with everything that was found behind placeholders."""
        if "\n" not in text and len(text) < 4_096:
            return self._line(text)
        whole = KEY_BLOCK.sub(self._key, text) if "-----BEGIN" in text else text
        return "".join(self._line(line) for line in whole.splitlines(keepends=True))

    def beside(self, name: str, value: str) -> str:
        """Return a value as it may be shown where a name or an option stands before it: that alone may give it away."""
        shown = self.clean(value)
        name, bare = name.lstrip("-"), _APART.sub("_", value)
        if shown != value or not bare:
            return shown
        for rule in NAMED:
            found = rule.pattern.fullmatch(f"{name}={bare}")
            if found and (rule.sure is None or rule.sure(found)):
                return self._placeholder(rule.kind, value)
        return value

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """Return lines redacted as they come; a private key that spans several becomes one placeholder."""
        held: list[str] = []
        for line in lines:
            if held:
                held.append(line)
                if "-----END" in line or len(held) >= LONGEST_KEY or not KEY_LINE.fullmatch(line):
                    yield from self._released(held)
            elif KEY_BEGINS.search(line) and "-----END" not in line:
                held.append(line)
            else:
                yield self.clean(line)
        yield from self._released(held)

    def _released(self, held: list[str]) -> Iterator[str]:
        if held:
            yield self.clean("".join(held))
            held.clear()

    def _line(self, line: str) -> str:
        """Return a line redacted; where only its plain spelling gives something away, that spelling."""
        rules, wrapped = self._for(line)
        shown = self._without(line, rules)
        plain = unwrapped(shown) if wrapped else shown
        if plain == shown:
            return shown
        found = self._without(plain, self._for(plain)[0])
        return shown if found == plain else found

    def _for(self, line: str) -> _Tried:
        """Return what is to be tried on a line."""
        shape = _HEX.sub(_masked, line).translate(_ONE_DIGIT)  # the same for lines that differ in ids and digits only
        known = self._known.get(shape)
        if known is not None:
            return known
        if len(self._known) >= MOST_MEMORY:
            self._known.clear()
        hinted = [*_hinted(line)]
        found = any(alike and rule.pattern.search(line) for rule, alike in hinted)  # what one leaves, another may find
        rules = tuple(rule for rule, alike in hinted if found or not alike)
        self._known[shape] = (rules, may_be_wrapped(line))
        return self._known[shape]

    def _without(self, line: str, rules: tuple[Rule, ...]) -> str:
        for rule in rules:
            if rule.pattern.search(line):
                line = rule.pattern.sub(partial(self._instead, rule), line)
        return line

    def _instead(self, rule: Rule, found: re.Match[str]) -> str:
        secret = found["secret"]
        if PLACEHOLDER.search(secret) or (rule.sure and not rule.sure(found)):
            return found[0]
        start, end = found.start("secret") - found.start(), found.end("secret") - found.start()
        return found[0][:start] + self._placeholder(rule.kind, secret) + found[0][end:]

    def _key(self, found: re.Match[str]) -> str:
        return self._placeholder("private-key", found[0])

    def _placeholder(self, kind: str, secret: str) -> str:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if not self._numbered:
            return f"[{kind}]"
        known = self._names.get((kind, secret))
        if known is None:
            self._last[kind] = self._last.get(kind, 0) + 1
            known = self._names[kind, secret] = f"[{kind}#{self._last[kind]}]"
        return known


def _masked(found: re.Match[str]) -> str:
    """Return one spelling for all mixed hexadecimal ids of a length: they differ in every line and hide nothing."""
    text = found[0]
    return text if text.isdigit() or text.isalpha() else f"a{'0' * (len(text) - 1)}"


def _hinted(line: str) -> Iterator[tuple[Rule, bool]]:
    low = line.translate(_ONE_DIGIT).lower()
    long = _IN_ONE_PIECE.search(line) is not None
    for rule, alike in _RULES:
        for hint in rule.hints:
            if long if hint is LONG else hint in low:
                yield rule, alike
                break
