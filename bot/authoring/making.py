"""Make a new runbook of the template."""

import json
import re
import unicodedata
from pathlib import Path

from bot.domain.reading import read_runbook
from bot.errors import InvalidError, NotFoundError
from bot.records.library import FolderLibrary

TEMPLATE = "TEMPLATE.md"
MOST_TITLE = 120
_ID = "my-runbook"
_PLAIN_TITLE = re.compile(r"[A-Za-z][A-Za-z0-9 ()/.-]*[A-Za-z0-9)]", re.ASCII)
# What YAML does not read as text, and so neither as a title nor as an id.
_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def make(title: str, folder: Path) -> Path:
    """Write a new runbook with that title as a draft, and return its path; nothing is ever written over.

    Raises:
        NotFoundError: the folder has no template.
        InvalidError: the title does not fit, or its runbook exists.
    """
    template = folder / TEMPLATE
    if not template.is_file():
        raise NotFoundError(f"There is no {template}; give the folder of the runbooks with --dir.")
    title = _fitting(title)
    name = id_of(title)
    taken = {path.name.casefold() for path in folder.iterdir()}
    if f"{name}.md" in taken or name in FolderLibrary(folder, read=read_runbook).runbooks():
        raise InvalidError(f"There is a runbook {name} in {folder} already; edit it, or give this one another title.")
    path = folder / f"{name}.md"
    text = filled(template.read_text(encoding="utf-8"), name=name, title=title)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InvalidError(f"There is a {path} already; edit it, or give this one another title.") from error
    return path


def id_of(title: str) -> str:
    """Return the id a title gives: small ASCII letters, digits and `-`, at most 60.

    Raises:
        InvalidError: nothing of the title is left.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
    name = re.sub(r"^[^a-z]+", "", name)
    if len(name) < 3 or name in {"template", "readme"} | _YAML_WORDS:
        raise InvalidError(f"The title {title!a} gives no name for a file; use some plain words, such as “Late Files”.")
    return name


def filled(template: str, *, name: str, title: str) -> str:
    """Return the template as a draft of its own: with id and title, answering no alarm yet."""
    written = title if _PLAIN_TITLE.fullmatch(title) and title.lower() not in _YAML_WORDS else json.dumps(title)
    front, _, body = template.partition("\n---\n")
    lines = [
        line for line in front.split("\n") if not line.startswith("# Copy ") and not line.startswith("# It never ")
    ]
    front = "\n".join(lines)
    front = re.sub(r"^id: .*$", f"id: {name}", front, flags=re.MULTILINE)
    front = re.sub(r"^title: .*$", lambda _: f"title: {written}", front, flags=re.MULTILINE)
    front = re.sub(r"^status: \S+", "status: draft", front, flags=re.MULTILINE)
    front = re.sub(r"^alarms: \[.*?\]", "alarms: []", front, flags=re.MULTILINE)
    front = front.replace(f"'{_ID}/'", f"'{name}/'")
    body = re.sub(r"^# Runbook: .*$", lambda _: f"# Runbook: {title}", body, count=1, flags=re.MULTILINE)
    return f"{front}\n---\n{body}"


def _fitting(title: str) -> str:
    title = " ".join(title.split()).removeprefix("Runbook:").strip()
    if not 3 <= len(title) <= MOST_TITLE or not title.isprintable():
        raise InvalidError(f"A title has 3 to {MOST_TITLE} printable characters, on one line.")
    if re.search(r"[`*_#<>\[\]{}$]", title):
        raise InvalidError("A title is plain words, without Markdown or signs such as # * _ < > [ ] { } $.")
    return title
