"""Where evidence archives and published post-mortems lie: folders, one file per incident in each."""

import re
from collections.abc import Sequence
from pathlib import Path

from bot.domain.logs.digest import Digest
from bot.domain.logs.showing import Pointed
from bot.domain.postmortem.document import Postmortem
from bot.errors import UnavailableError
from bot.records.archive import write_archive

_LABEL = re.compile(r"(?:INC|PM)-[1-9][0-9]{0,8}", re.ASCII)


class FolderArchive:
    """Keep archives in one folder and published texts in another."""

    def __init__(self, archives: Path, *, published: Path) -> None:
        self._archives = archives
        self._published = published

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

    def publish(self, label: str, text: str) -> None:
        """Keep the Markdown where others find it.

        Raises:
            UnavailableError: the folder cannot be written to.
        """
        path = self._published / f"{_named(label)}.md"
        draft = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise UnavailableError(f"The post-mortem cannot be written: {error.strerror or error}.") from error

    def _of(self, label: str) -> Path:
        return self._archives / f"{_named(label)}.db"


def _named(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise ValueError(f"{label!r} is no label of ours.")
    return label
