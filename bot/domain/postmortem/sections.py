"""The sections of a post-mortem's Markdown: what stands under each title, and the text with other words under one."""

import re

from bot.domain.postmortem.document import Part
from bot.domain.postmortem.markdown import ACTIONS, QUESTIONS
from bot.errors import InvalidError, NotFoundError

_TITLE = re.compile(r"##?(?!#)")
EDITABLE = (*(part.value for part in Part), ACTIONS, QUESTIONS)
"""What people write in; the rest is filled from records."""


def sections(text: str) -> tuple[str, ...]:
    """Return the titles, in order."""
    return tuple(line[3:].strip() for line in text.splitlines() if line.startswith("## "))


def editable(words: str) -> str:
    """Return the title of the section that people write in and that these words mean.

    Raises:
        InvalidError: none, or more than one; the words hold the titles.
    """
    wanted = " ".join(words.casefold().split())
    same = [title for title in EDITABLE if title.casefold() == wanted]
    found = same or [title for title in EDITABLE if wanted and wanted in title.casefold()]
    if len(found) != 1:
        raise InvalidError(f"{words[:60]!a} is no section people write in: {', '.join(found or EDITABLE)}.")
    return found[0]


def section_of(text: str, title: str) -> str:
    """Return what stands under a title.

    Raises:
        NotFoundError: there is no such section.
    """
    begin, end = _bounds(text, title)
    return "\n".join(text.splitlines()[begin + 1 : end]).strip()


def replaced(text: str, title: str, body: str) -> str:
    """Return the text with other words under a title; a title among them becomes a plain line.

    Raises:
        NotFoundError: there is no such section.
    """
    begin, end = _bounds(text, title)
    lines = text.splitlines()
    plain = [line.lstrip("#").strip() if _TITLE.match(line) else line for line in body.splitlines()]
    return "\n".join((*lines[: begin + 1], "", *plain, "", *lines[end:])).rstrip() + "\n"


def _bounds(text: str, title: str) -> tuple[int, int]:
    lines = text.splitlines()
    heads = [place for place, line in enumerate(lines) if line.startswith("## ")]
    begin = next((place for place in heads if lines[place][3:].strip() == title), None)
    if begin is None:
        raise NotFoundError(f"There is no section {title!a}; there is {', '.join(sections(text))}.")
    return begin, next((place for place in heads if place > begin), len(lines))
