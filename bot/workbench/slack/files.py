"""Files, in memory: the three steps of Slack's upload, what people share, and canvases, which are files too."""

import mimetypes
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

from markdown_it import MarkdownIt

from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload

CANVAS_MODE = "quip"
MOST_CANVAS = 1_048_576  # characters
MOST_CELLS = 300  # of one table of a canvas
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;overflow-wrap:break-word}"
    "table{border-collapse:collapse}td,th{border:1px solid #8886;padding:.2rem .5rem;text-align:left}"
    "td:first-child{white-space:nowrap}"
)


@dataclass
class StoredFile:
    """Hold one file and where it was shared.

    Attributes:
        user: who shared it; nobody is the app itself.
        channel: where a canvas is a tab.
    """

    id: str
    token: str
    name: str
    title: str
    content: bytes | None = None
    complete: bool = False
    shares: dict[str, list[str]] = field(default_factory=dict)
    user: str = ""
    mode: str = "hosted"
    channel: str = ""

    @property
    def mimetype(self) -> str:
        """Guess the media type from the name."""
        if self.mode == CANVAS_MODE:
            return "application/vnd.slack-docs"
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

    def put(self, name: str, content: bytes, *, user: str) -> StoredFile:
        """Keep a file that a person shares."""
        stored = self.announce(name)
        stored.content, stored.user, stored.complete = content, user, True
        return stored

    def write_canvas(self, title: str, markdown: str, *, channel: str) -> StoredFile:
        """Make a canvas."""
        html = _page(title, markdown)
        stored = self.announce(title or "Untitled")
        stored.mode, stored.channel, stored.content, stored.complete = CANVAS_MODE, channel, html, True
        stored.shares[channel] = []
        return stored

    def rewrite_canvas(self, canvas_id: str, markdown: str) -> StoredFile:
        """Replace all that stands in a canvas."""
        stored = self._files.get(canvas_id)
        if stored is None or stored.mode != CANVAS_MODE:
            raise RefusedError("canvas_not_found")
        stored.content = _page(stored.title, markdown)
        return stored

    def canvases(self) -> list[StoredFile]:
        """Return the canvases, oldest first."""
        return [stored for stored in self._files.values() if stored.mode == CANVAS_MODE]

    def find(self, file_id: str) -> StoredFile:
        """Return a finished file."""
        stored = self._files.get(file_id)
        if stored is None or not stored.complete:
            raise RefusedError("file_not_found")
        return stored


def described(stored: StoredFile, *, url: str, user: str) -> Payload:
    """Return Slack's file object.

    Args:
        user: the app, whose files are those that no person shared.
    """
    address = f"{url}/files/{stored.id}/{quote(stored.name, safe='')}"
    return {
        "id": stored.id,
        "name": stored.name,
        "title": stored.title,
        "mimetype": stored.mimetype,
        "filetype": CANVAS_MODE if stored.mode == CANVAS_MODE else stored.name.rpartition(".")[2],
        "size": len(stored.content or b""),
        "user": stored.user or user,
        "mode": stored.mode,
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
        "shares": {"public": {channel: [{"ts": ts} for ts in at] for channel, at in stored.shares.items()}},
    }


def _page(title: str, markdown: str) -> bytes:
    """Return a canvas as the page that Slack makes of its Markdown.

    Raises:
        RefusedError: Slack would not take it.
    """
    if len(markdown) > MOST_CANVAS:
        raise RefusedError("canvas_creation_failed", messages=["[ERROR] content too long"])
    renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    cells = 0
    for token in renderer.parse(markdown):
        cells = 0 if token.type == "table_open" else cells + (token.type in {"td_open", "th_open"})
        if cells > MOST_CELLS:
            raise RefusedError("canvas_creation_failed", messages=["[ERROR] a table has more than 300 cells"])
    heading = title.replace("&", "&amp;").replace("<", "&lt;")
    body = renderer.render(markdown)
    return f"<!doctype html><meta charset=utf-8><title>{heading}</title><style>{_STYLE}</style>{body}".encode()
