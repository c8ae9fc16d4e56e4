"""The spellings a secret may hide in, undone: of an address, of JSON, of HTML, of Markdown, of a wide keyboard, base64.

Line by line, and never into a character that nobody would see: a break becomes a blank.
"""

import base64
import binascii
import re

_HINTS = re.compile(
    r"%[0-7][0-9A-Fa-f]|\\[ux/_*.~|@=:&-]|&[a-z#]|[\u00a0\u2009-\u2015\u2018-\u201f\u202f\u3000\uff01-\uff5e]"
)
_MARKS = ("%", "\\", "&")  # one of them is in every line of ASCII that _HINTS can match
_RUN = re.compile(r"[A-Za-z0-9+/]{20,}")
_CODE = re.compile(r"%(0[ADad]|[2-6][0-9A-Fa-f]|7[0-9A-Ea-e])|\\+(?:u00|x)([2-6][0-9A-Fa-f]|7[0-9A-Ea-e])")
_ESCAPED = re.compile(r"\\+([/_*.~|@=:&-])")
_NAMED = re.compile(r"&(amp|quot|apos|lt|gt|#3[49]|#x2[27]|#6[0-24]|#x3[c-eC-E]);")
_NAMES = {
    "amp": "&", "quot": '"', "apos": "'", "lt": "<", "gt": ">", "#34": '"', "#39": "'", "#x22": '"', "#x27": "'",
    "#60": "<", "#61": "=", "#62": ">", "#64": "@", "#x3c": "<", "#x3d": "=", "#x3e": ">",
}  # fmt: skip
_WIDE: dict[int, int | str] = {
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0xA0, 0x2009, 0x200A, 0x202F, 0x3000), " "),
    **dict.fromkeys(range(0x2010, 0x2016), "-"),
    **dict.fromkeys(range(0x2018, 0x201C), "'"),
    **dict.fromkeys(range(0x201C, 0x2020), '"'),
}
_TIMES = 3  # an address in an address in an address
_BASE64 = re.compile(r"[A-Za-z0-9+/](?<![A-Za-z0-9+/_=-].)[A-Za-z0-9+/]{19,4096}={0,2}(?![A-Za-z0-9+/_=-])")
_PRINTED = re.compile(rb"[\t\r\n -~]{12,}")


def may_be_wrapped(line: str) -> bool:
    """Return whether `unwrapped` must be asked; the same for lines that differ in digits and hexadecimal ids only."""
    return _is_spelled(line) or _may_be_base64(line)


def unwrapped(line: str) -> str:
    """Return the line as it reads with its spellings undone."""
    for _ in range(_TIMES):
        before = line
        if _is_spelled(line) and _HINTS.search(line):
            line = _CODE.sub(_character, line.translate(_WIDE))
            line = _ESCAPED.sub(r"\1", _NAMED.sub(lambda found: _NAMES[found[1].lower()], line))
        if _may_be_base64(line):
            line = _BASE64.sub(_decoded, line)
        if line == before:
            break
    return line


def _is_spelled(line: str) -> bool:
    return not line.isascii() or any(mark in line for mark in _MARKS)


def _may_be_base64(line: str) -> bool:
    """Return whether something stands in one piece that is no hexadecimal id in lower case."""
    return any(not piece.islower() for piece in _RUN.findall(line))


def _character(found: re.Match[str]) -> str:
    code = chr(int(found[1] or found[2], 16))
    return code if code.isprintable() else " "


def _decoded(found: re.Match[str]) -> str:
    text = found[0]
    if text.islower() or text.isdigit() or text.isupper():
        return text
    bare = text.rstrip("=")
    try:
        told = base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return text
    return " ".join(told.decode("ascii").split()) if _PRINTED.fullmatch(told) else text
