"""Uploaded files, in memory: the three steps of Slack's external upload."""

import mimetypes
import secrets
from dataclasses import dataclass, field

from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload


@dataclass
class StoredFile:
    """Hold one file and where it was shared."""

    id: str
    token: str
    name: str
    title: str
    content: bytes | None = None
    complete: bool = False
    shares: dict[str, list[str]] = field(default_factory=dict)

    @property
    def mimetype(self) -> str:
        """Guess the media type from the name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class FileShelf:
    """Keep the files by id."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def announce(self, name: str) -> StoredFile:
        """Reserve an id and an upload token for a file that is to come."""
        if not name:
            raise RefusedError("invalid_arguments", messages=["[ERROR] missing required field: filename"])
        stored = StoredFile(f"F{secrets.token_hex(5).upper()}", secrets.token_urlsafe(18), name, name)
        self._files[stored.id] = stored
        return stored

    def receive(self, token: str, content: bytes) -> None:
        """Take the bytes of an announced file."""
        stored = next((item for item in self._files.values() if item.token == token), None)
        if stored is None or stored.complete:
            raise RefusedError("file_not_found")
        stored.content = content

    def complete(self, file_id: str, title: str | None) -> StoredFile:
        """Finish an upload."""
        stored = self._files.get(file_id)
        if stored is None or stored.content is None or stored.complete:
            raise RefusedError("file_not_found")
        stored.complete = True
        stored.title = title or stored.name
        return stored

    def find(self, file_id: str) -> StoredFile:
        """Return a finished file."""
        stored = self._files.get(file_id)
        if stored is None or not stored.complete:
            raise RefusedError("file_not_found")
        return stored


def described(stored: StoredFile, *, url: str, user: str) -> Payload:
    """Return Slack's file object."""
    address = f"{url}/files/{stored.id}/{stored.name}"
    return {
        "id": stored.id,
        "name": stored.name,
        "title": stored.title,
        "mimetype": stored.mimetype,
        "filetype": stored.name.rpartition(".")[2],
        "size": len(stored.content or b""),
        "user": user,
        "mode": "hosted",
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        "shares": {"public": {channel: [{"ts": ts} for ts in at] for channel, at in stored.shares.items()}},
    }
