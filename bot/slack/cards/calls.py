"""The exact call in writing: every parameter, untruncated, once for reading and once as an AWS CLI command."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence

from bot.domain.action import Call, Many, Row
from bot.domain.value import JsonValue
from bot.slack.cards.wording import ascii_only, escaped

MOST_ON_CARD = 1_500
MOST_PIECE = 2_900
MOST_IN_MODAL = 80

_SAID_LAST = frozenset({"ContentType", "ExpectedBucketOwner"})
_CLI_NAMES = {"s3": "s3api"}


def exact_text(calls: Sequence[Call], rows: Mapping[str, Row]) -> str:
    """Return the calls as mrkdwn to stand in a code block, numbered where there are several."""
    return fenced(plain_text(calls, rows))


def plain_text(calls: Sequence[Call], rows: Mapping[str, Row]) -> str:
    """Return the calls as plain ASCII text, numbered where there are several."""
    many = len(calls) > 1
    return "\n".join(f"{f'{place}. ' if many else ''}{_one(call, rows)}" for place, call in enumerate(calls, start=1))


def fits_card(text: str) -> bool:
    """Return whether the exact calls can stand on a card untruncated."""
    return len(text) <= MOST_ON_CARD


def pieces(text: str) -> tuple[str, ...]:
    """Return the text in pieces that each fit a section; joined again they are the text, entities untorn."""
    found: list[str] = []
    rest = text
    while len(rest) > MOST_PIECE:
        torn = re.search(r"(?:&[a-z]{0,4}|\\u?\{?[0-9a-f]{0,6})$", rest[:MOST_PIECE])
        at = torn.start() if torn and torn.start() > 0 else MOST_PIECE
        found.append(rest[:at])
        rest = rest[at:]
    return (*found, rest)


def fenced(text: str) -> str:
    """Return text for a code block: escaped, with look-alikes and what could end the block shown as escapes."""
    whole = "\n".join(ascii_only(line) for line in text.split("\n"))
    return escaped(whole.replace("`", r"\u{60}"), most=10_000_000)


def operation(call: Call, rows: Mapping[str, Row]) -> str:
    """Return service and operation as AWS writes them; the row's own name where the catalogue has lost it."""
    row = rows.get(call.row)
    if row is None:
        return call.row
    return f"{row.service} {''.join(part.capitalize() for part in row.operation.split('_'))}"


def _one(call: Call, rows: Mapping[str, Row]) -> str:
    if call.many is not None:
        return _many(call, call.many, rows)
    told = sorted(call.params.items(), key=lambda param: param[0] in _SAID_LAST)
    params = [f"  {_line(name)} = {literal(value)}" for name, value in told]
    return "\n".join([_line(operation(call, rows)), *params])


def _many(call: Call, many: Many, rows: Mapping[str, Row]) -> str:
    """Return a list as its count, its digest and the first of its calls; its file holds them all."""
    head = f"{operation(call, rows)}, {many.count} calls, several at a time in this order, under {call.resource}"
    file = f"  each as its line of the list's file says, whose sha256 is {many.digest}"
    first = [f"  {place}. {json.dumps(params, ensure_ascii=True)}" for place, params in enumerate(many.first, start=1)]
    left = many.count - len(many.first)
    return "\n".join([_line(head), file, *map(_line, first), *([f"  ... and {left} more"] if left else [])])


def _line(text: str) -> str:
    return ascii_only(text)


def literal(value: JsonValue) -> str:
    r"""Return a value so that its type and every character can be read; other than printable ASCII as `\u{…}`."""
    if isinstance(value, str):
        mark = "'" if '"' in value and "'" not in value else '"'
        plain = value.replace("\\", "\\\\").replace(mark, f"\\{mark}")
        return f"{mark}{ascii_only(plain)}{mark}"
    return ascii_only(json.dumps(value, ensure_ascii=False))


def command_line(call: Call, rows: Mapping[str, Row], *, region: str) -> str:
    """Return the same call as an AWS CLI command, quoted for a shell."""
    row = rows.get(call.row)
    if row is None:
        return f"# {_line(call.row)} is not in the catalogue any more"
    if call.many is not None:
        first = Call(row=call.row, params=call.many.first[0], resource=call.resource)
        return f"# {call.many.count} of these, one for each line of the list's file\n" + command_line(
            first, rows, region=region
        )
    if not row.of_aws:
        return f"# GET {_line(call.resource)}: bot.toml has the address of each endpoint"
    service = _CLI_NAMES.get(row.service, row.service)
    head = ["aws", service, row.operation.replace("_", "-"), "--region", shlex.quote(region)]
    return " ".join([*head, *(_option(name, value) for name, value in call.params.items())])


def _option(name: str, value: JsonValue) -> str:
    flag = "--" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return flag if value else flag.replace("--", "--no-", 1)
    if name == "Body" and isinstance(value, str):
        return f"{flag} <(printf %s {shlex.quote(value)})"
    return f"{flag} {shlex.quote(value if isinstance(value, str) else json.dumps(value))}"
