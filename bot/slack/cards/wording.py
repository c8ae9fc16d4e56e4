"""How things are written on cards: times, people, ids, and hostile text made harmless. Pure, and knows no block.

Everything that comes from outside passes `prose`, `quoted` or `code` exactly once; what they return is mrkdwn, with
secrets and personal data behind placeholders. The exact call does not pass here: what is signed is shown as it is.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.moment import moment
from bot.domain.moment import span as span
from bot.domain.plain import counted as counted
from bot.domain.plain import cut as cut
from bot.domain.plain import visible as seen
from bot.domain.policy import Policy
from bot.domain.redaction import covered
from bot.errors import InvalidError

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
STAR = "\u2217"
STRUCK = "• ~"
"""Begins a line whose sentence is struck through; of what others write no tilde is left that would end it."""
_MARKS = {"*": STAR, "~": "\u223c", "`": "'"}
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_TORN = re.compile(r"(?:<[^<>]*|&[a-z]{0,4})$")
_ISO = re.compile(
    r"\b(?:at )?([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|\+00:00| UTC))"
)
"""A time as texts have it, with an `at` before it: what Slack makes of it may begin with `today`."""
_KEY = re.compile(r"(?<![\w/])[\w=.-]+(?:/[\w=.-]+)+/([\w=.-]*\w)", re.ASCII)
_STRESSED = re.compile(r"(?<![\w*`/])\*(?=\w)([^*`\n]+)(?<=\w)\*(?![\w*`/])")
LONG_KEY = 30  # characters
_FAR = timedelta(hours=12)
MOST_TAIL = 60
MOST_READ = 8_192  # characters; what is cut before it is read could hide half a token


def visible(text: str) -> str:
    """Return one line without what nobody sees, and without secrets and personal data."""
    return covered(seen(text[:MOST_READ]))


def cut_mrkdwn(text: str, most: int) -> str:
    """Return mrkdwn in at most so many characters; a mention, date or entity is left out whole, never torn.

    What is struck through stays so, however little of it is left.
    """
    if len(text) <= most:
        return text
    shown = _TORN.sub("", text[: most - 1]).rstrip()
    line = shown.rpartition("\n")[2]
    if line.startswith(STRUCK) and "~" not in line.removeprefix(STRUCK):
        return _TORN.sub("", text[: most - 2]).rstrip() + "…~"
    return f"{shown}…"


def escaped(text: str, most: int = 3_000) -> str:
    """Return the text with `& < >` escaped, cut between two characters, never inside an entity."""
    found: list[str] = []
    left = most
    for character in text:
        piece = _ENTITIES.get(character, character)
        left -= len(piece)
        if left < 0:
            return _shortened(found, most)
        found.append(piece)
    return "".join(found)


def _shortened(pieces: list[str], most: int) -> str:
    while pieces and sum(map(len, pieces)) > most - 1:
        pieces.pop()
    return "".join(pieces).rstrip() + "…"


def quoted(text: str, most: int = 200) -> str:
    """Return what a person or a machine outside wrote: visible, escaped, and without formatting of its own."""
    return escaped("".join(_MARKS.get(c, c) for c in visible(text)), most)


def told(text: str, most: int = 200) -> str:
    """Return what was quoted or worded from evidence: as `quoted`, with times as dates and gaps of a pattern as `…`."""
    return _dated(quoted(text.replace("<*>", "…"), most))


def prose(text: str, most: int = 200) -> str:
    """Return a runbook's own words: code in backticks stays code, look-alikes in it escaped; times are dates."""
    parts = visible(text.replace("**", "")).split("`")
    if len(parts) % 2 == 0:
        return quoted(text, most)
    written = [ascii_only(part) if place % 2 else part.replace("*", STAR) for place, part in enumerate(parts)]
    shown = cut_mrkdwn(escaped("`".join(written), most * 6), most)
    closed = shown if shown.count("`") % 2 == 0 else cut_mrkdwn(shown, most - 1) + "`"
    return "`".join(part if place % 2 else _dated(part) for place, part in enumerate(closed.split("`")))


def instruction(text: str, most: int = 200) -> str:
    """Return what a runbook tells people to do: as prose, without the stars around words it stresses."""
    return prose(_STRESSED.sub(r"\1", text), most)


def _dated(text: str) -> str:
    def date(found: re.Match[str]) -> str:
        try:
            at = moment(found[1].replace(" UTC", "Z"))
        except InvalidError:
            return found[0]
        return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.strftime('%d %b %H:%M UTC')}>"

    return _ISO.sub(date, text)


def signed(text: str, most: int = 300) -> str:
    """Return words of what is approved: as prose, and every letter that is not Latin shown as an escape."""
    return prose("".join(_latin(character) for character in visible(text)), most)


def _latin(character: str) -> str:
    foreign = character.isalnum() and not character.isascii()
    if foreign and not unicodedata.name(character, "").startswith("LATIN "):
        return f"\\u{{{ord(character):x}}}"
    return character


def ascii_only(text: str) -> str:
    r"""Return the text with every character that is not printable ASCII as `\u{…}`."""
    return "".join(c if " " <= c <= "~" else f"\\u{{{ord(c):x}}}" for c in text)


def short_keys(text: str) -> str:
    """Return a sentence with only the end of long object keys, `…/f-0193.csv.gz`; the exact call has them whole."""
    return _KEY.sub(lambda found: f"…/{found[1]}" if len(found[0]) > LONG_KEY else found[0], text)


def shorter_keys(text: str) -> str:
    """Return the text with the last two parts of long object keys: files of one name lie in folders of other names."""

    def shown(found: re.Match[str]) -> str:
        return f"…/{'/'.join(found[0].split('/')[-2:])}" if len(found[0]) > LONG_KEY else found[0]

    return _KEY.sub(shown, text)


def code(text: str, most: int = 80) -> str:
    """Return an identifier as inline code; nothing in it can end the code or look like another letter."""
    shown = escaped(ascii_only(covered(text)).replace("`", r"\u{60}"), most)
    return f"`{shown or ' '}`"


def plain(text: str, most: int = 80) -> str:
    """Return text for dialogs and labels, where nothing is formatted and nothing is a mention."""
    return cut(visible(text).replace("`", ""), most)


# People.


def person(who: str) -> str:
    """Return the mention of a person, or the word for who else acts."""
    if who in {"bot", "aws"}:
        return f"the {who}" if who == "bot" else "AWS"
    return f"<@{who}>" if _ID.fullmatch(who) else quoted(who, 40) or "somebody"


def people(who: Iterable[str], *, most: int = 5) -> str:
    """Return the mentions of several people, the rest as a number."""
    listed = list(who)
    shown = ", ".join(person(one) for one in listed[:most])
    return f"{shown} and {len(listed) - most} more" if len(listed) > most else shown


def role_name(role: str, policy: Policy) -> str:
    """Return the role as people call it."""
    known = policy.roles.get(role)
    return quoted(known.title if known else role, 40)


def mention(role: str, policy: Policy) -> str:
    """Return the mention of everybody in a role: its user group, else its people, else its name."""
    known = policy.roles.get(role)
    if known and known.group and _ID.fullmatch(known.group):
        return f"<!subteam^{known.group}>"
    if known and known.people:
        return people(known.people)
    return role_name(role, policy)


def on_call(role: str, policy: Policy) -> str:
    """Return the mention of who of a role is on call; of all of it where no group says who that is."""
    known = policy.roles.get(role)
    group = known.on_call_group if known else None
    return f"<!subteam^{group}>" if group and _ID.fullmatch(group) else mention(role, policy)


def roles_wanted(needs: Iterable[str], policy: Policy) -> str:
    """Return a multiset of roles in words: `1 of Lake platform and 1 of Domain analysts`."""
    return " and ".join(f"{count} of {role_name(role, policy)}" for role, count in Counter(needs).items()) or "nobody"


# Times.


def time_of(at: datetime, *, now: datetime | None = None) -> str:
    """Return a Slack date that every reader sees in their own time; with the day where it is not about today."""
    far = now is not None and abs(at - now) > _FAR
    form = "{date_short_pretty} {time}" if far else "{time}"
    fallback = utc(at, now=now)
    return f"<!date^{int(at.timestamp())}^{form}|{fallback}>"


def utc(at: datetime, *, now: datetime | None = None) -> str:
    """Return the time in UTC as plain text, for push messages and confirm dialogs."""
    far = now is not None and abs(at - now) > _FAR
    return at.strftime("%d %b %H:%M UTC" if far else "%H:%M UTC")


def time_in(text: str, *, now: datetime | None = None) -> str:
    """Return the Slack date of an ISO text, or the text itself where it is none."""
    try:
        return time_of(moment(text), now=now)
    except InvalidError:
        return quoted(text, 40)


def push(sentence: str, tail: str = "", *, most: int = 120) -> str:
    """Return the push message: the sentence, shortened until the tail (a mention, mostly) fits behind it whole."""
    tail = tail if len(tail) <= MOST_TAIL else ""
    room = most - len(tail) - (1 if tail else 0)
    return f"{cut_mrkdwn(sentence, room)} {tail}".strip()


def sentence(text: str) -> str:
    """Return a title without its full stop."""
    return text.strip().rstrip(".")
