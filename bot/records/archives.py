"""Where evidence archives and published post-mortems lie: folders, one file per incident in each."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.domain.evidence import Item
from bot.domain.logs.digest import Digest
from bot.domain.logs.showing import Pointed
from bot.domain.postmortem.document import Postmortem
from bot.errors import EdgeError, InvalidError, UnavailableError
from bot.records.archive import verbatim_of, write_archive

_LABEL = re.compile(r"(?:INC|PM)-[1-9][0-9]{0,8}", re.ASCII)


class FolderArchive:
    """Keep archives in one folder and published texts in another.

    Args:
        copy: keeps each published edition in one more place, under a name of its own, and returns its address.
    """

    def __init__(self, archives: Path, *, published: Path, copy: Callable[[str, str], str] | None = None) -> None:
        self._archives = archives
        self._published = published
        self._copy = copy

    def keep(
        self, label: str, document: Postmortem, *, text: str, pointed: Sequence[Pointed], digest: Digest | None
    ) -> str:
        """Write the evidence archive, whole or not at all; return its seal.

        Raises:
            UnavailableError: the folder cannot be written to.
        """
        try:
            return write_archive(self._of(label), document, text=text, pointed=pointed, digest=digest)
        except OSError as error:
            raise UnavailableError(f"The evidence archive cannot be written: {error.strerror or error}.") from error

    def verbatim(self, label: str, item: Item) -> str:
        """Return the log line that an item points at, whole and redacted; empty where it points at none.

        Raises:
            NotFoundError: there is no archive.
            InvalidError: it cannot be read.
        """
        return verbatim_of(self._of(label), item)

    def publish(self, label: str, edition: int, text: str) -> tuple[str, ...]:
        """Keep the Markdown where others find it; return where, in words."""
        kept = self._in_the_folder(label, text)
        if self._copy is None:
            return (kept,)
        try:
            return kept, self._copy(f"{_named(label)}-v{edition}.md", text)
        except InvalidError as error:
            raise InvalidError(f"Kept in {kept}, and not published: {error.words} Move it away, or edit.") from error
        except EdgeError as error:
            remedy = "Nothing is lost: let the bot's role write there (`runbook-bot iam`), and publish again."
            raise UnavailableError(f"Kept in {kept}, and not published: {error.words} {remedy}") from error

    def _in_the_folder(self, label: str, text: str) -> str:
        path = self._published / f"{_named(label)}.md"
        draft = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise UnavailableError(f"The post-mortem cannot be written: {error.strerror or error}.") from error
        return f"{path.parent.name}/{path.name}"

    def _of(self, label: str) -> Path:
        return self._archives / f"{_named(label)}.db"


def _named(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise ValueError(f"{label!r} is no label of ours.")
    return label
