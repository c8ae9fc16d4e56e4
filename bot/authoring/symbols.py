"""Stand-ins for values that are not known yet, and how they are written in a shell once a command is made of them.

An action is given stand-ins that look like real values; where they turn up again in a call, the variable is written.
"""

import json
import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.value import JsonValue

_FIRST_TIME = datetime(2001, 1, 1, tzinfo=UTC)
_NOW = _FIRST_TIME + timedelta(hours=6)  # later than every other stand-in, and few enough points of a metric away
_APART = timedelta(seconds=7)
_FIRST_NUMBER = 7_310_000_000
_CUT = re.compile(r"zq[0-9]{0,3}q?…")
_QUOTED = re.compile(r"'(?:[^']|'\"'\"')*'|[^\s'<>()]+")


@dataclass
class Symbols:
    """Give out stand-ins and remember what each means; one for each command sheet.

    Attributes:
        meanings: the words for each variable, by its name.
    """

    meanings: dict[str, str] = field(default_factory=dict)
    _spelt: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def text(self, name: str, meaning: str) -> str:
        """Return a stand-in that fits where a name or a word is wanted."""
        variable, number = self._variable(name, meaning)
        stand_in = f"zq{number:03d}qz"
        self._spelt[stand_in] = variable
        return stand_in

    def time(self, name: str, meaning: str) -> str:
        """Return a stand-in that fits where a time is wanted; it is known again as seconds and milliseconds too."""
        variable, number = self._variable(name, meaning)
        return self._time(_FIRST_TIME + _APART * number, variable)

    def now(self, *, hours: tuple[int, ...] = ()) -> datetime:
        """Return a stand-in for the time now; so many hours before it are known again too."""
        variable, _ = self._variable("now", "the time now: NOW=$(date -u +%FT%TZ)")
        self._time(_NOW, variable)
        for back in hours:
            epoch, ago = f'$(date -ud "{variable}" +%s)', int((_NOW - timedelta(hours=back)).timestamp())
            self._spelt |= {f"{ago}": f"$(({epoch} - {back * 3600}))", f"{ago}000": f"$(({epoch} - {back * 3600}))000"}
        return _NOW

    def _time(self, at: datetime, variable: str) -> str:
        seconds, epoch = int(at.timestamp()), f'$(date -ud "{variable}" +%s)'
        for spelling in (at.isoformat(), at.isoformat().replace("+00:00", "Z"), f"{at:%Y-%m-%dT%H:%M:%S}.000Z"):
            self._spelt[spelling] = variable
        self._spelt |= {f"{seconds}": epoch, f"{seconds}000": f"{epoch}000", f"{seconds + 1}": f"$(({epoch} + 1))"}
        return at.isoformat().replace("+00:00", "Z")

    def number(self, name: str, meaning: str) -> int:
        """Return a stand-in that fits where a whole number is wanted."""
        variable, number = self._variable(name, meaning)
        stand_in = _FIRST_NUMBER + number
        self._spelt[str(stand_in)] = variable
        return stand_in

    def means(self, spelling: str, name: str, meaning: str) -> None:
        """Have a value that something worked out by itself written as a variable, too."""
        self._spelt[spelling], _ = self._variable(name, meaning)

    def written(self, line: str) -> str:
        """Return a command line with its stand-ins as variables, quoted so that the shell fills them in."""
        return _QUOTED.sub(lambda found: self._token(found[0]), line)

    def stands_in(self, value: JsonValue) -> bool:
        """Return whether a value is a stand-in, or holds one."""
        text = value if isinstance(value, str) else json.dumps(value)
        return any(one in text for one in self._spelt)

    def plain(self, text: str) -> str:
        """Return text with its stand-ins as variables; one that was cut off by a card's limit is left out."""
        whole = self._anything().sub(lambda found: self._spelt[found[0]], text) if self._spelt else text
        return _CUT.sub("…", whole)

    def untold(self, line: str) -> list[tuple[str, str]]:
        """Return name and meaning of the variables of a line that were not explained yet."""
        named = dict.fromkeys(re.findall(r"\$\{([A-Z0-9_]+)\}", line))
        new = [(name, self.meanings[name]) for name in named if name in self.meanings and name not in self._told]
        self._told |= {name for name, _ in new}
        return new

    def _variable(self, name: str, meaning: str) -> tuple[str, int]:
        """Return the variable and its number; a name that means something else already gets a figure behind it."""
        chosen, again = _name(name), 1
        while self.meanings.get(chosen, meaning) != meaning:
            again += 1
            chosen = f"{_name(name)}_{again}"
        self.meanings.setdefault(chosen, meaning)
        return f"${{{chosen}}}", list(self.meanings).index(chosen)

    def _anything(self) -> re.Pattern[str]:
        return re.compile("|".join(re.escape(one) for one in sorted(self._spelt, key=len, reverse=True)))

    def _token(self, token: str) -> str:
        whole = shlex.split(token)[0] if token.startswith("'") else token
        if not self._spelt or not self._anything().search(whole):
            return token
        escaped = re.sub(r'([\\"`$])', r"\\\1", whole)
        return f'"{self.plain(escaped)}"'


def _name(words: str) -> str:
    """Return words as the name of a shell variable."""
    return re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words)).strip("_").upper()
