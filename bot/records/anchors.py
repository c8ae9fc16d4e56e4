"""Where anchors of the audit are kept: outside of the database, in a folder or elsewhere."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from bot.domain.audit import Anchor, read_anchor
from bot.errors import InvalidError

_NAME = re.compile(r"anchor-[0-9]{12}\.json")


class Anchors(Protocol):
    """Keep small signed files where the bot's database cannot be used to change them."""

    @property
    def prompt(self) -> bool:
        """Return whether keeping one takes so little that a call may wait for it."""
        ...

    def put(self, anchor: Anchor) -> None:
        """Keep the anchor; one of the same record is replaced."""
        ...

    def newest(self) -> Anchor | None:
        """Return the anchor of the newest record."""
        ...

    def every(self) -> Sequence[Anchor]:
        """Return all anchors, oldest first.

        Raises:
            InvalidError: one of them cannot be read.
        """
        ...


class NamedAnchors:
    """Keep anchors through three functions, such as those of an S3 prefix.

    Args:
        put: keeps a text under a name.
        names: the names under which something is kept, in any order; other names are passed over.
        get: the text under a name.
    """

    def __init__(
        self,
        *,
        put: Callable[[str, str], None],
        names: Callable[[], Sequence[str]],
        get: Callable[[str], str],
        prompt: bool = False,
    ) -> None:
        self.prompt = prompt
        self._put = put
        self._names = names
        self._get = get

    def put(self, anchor: Anchor) -> None:
        """Keep the anchor under the number of its record."""
        self._put(f"anchor-{anchor.seq:012}.json", anchor.model_dump_json() + "\n")

    def newest(self) -> Anchor | None:
        """Return the anchor of the newest record."""
        names = self._ours()
        return self._read(names[-1]) if names else None

    def every(self) -> Sequence[Anchor]:
        """Return all anchors, oldest first."""
        return [self._read(name) for name in self._ours()]

    def _ours(self) -> list[str]:
        return sorted(name for name in self._names() if _NAME.fullmatch(name))

    def _read(self, name: str) -> Anchor:
        try:
            anchor = read_anchor(self._get(name))
        except UnicodeDecodeError as error:
            raise InvalidError(f"{name} is not an anchor of the audit.") from error
        if f"anchor-{anchor.seq:012}.json" != name:
            raise InvalidError(f"The anchor {name} says that it is of record {anchor.seq}.")
        return anchor


def folder_anchors(folder: Path) -> NamedAnchors:
    """Return anchors kept as files of a folder, which best lies on another disk."""

    def put(name: str, text: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.{os.getpid()}"
        with draft.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)

    def names() -> Sequence[str]:
        return [path.name for path in folder.iterdir()] if folder.is_dir() else []

    def get(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    return NamedAnchors(put=put, names=names, get=get, prompt=True)
