"""A draft of a post-mortem in people's hands: how far it is, the text that is the truth, and who wrote what of it."""

from datetime import datetime
from enum import StrEnum

from bot.domain.chart import Chart
from bot.domain.people import Place
from bot.domain.postmortem.document import Postmortem
from bot.domain.strikes import Strike
from bot.domain.value import Value

MOST_TEXT = 400_000  # characters


class DraftState(StrEnum):
    """Say where a draft stands."""

    READING = "reading"
    WORDING = "wording"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"


class Edited(Value):
    """Hold one edit: who made it, of which section, and the SHA-256 of what it became."""

    by: str
    at: datetime
    section: str
    sha256: str


class Draft(Value):
    """Hold one draft, whole.

    Attributes:
        label: of the incident, or `PM-3` where there is none.
        groups: the log groups it reads.
        about: the alarms and runs it tells of, by label.
        progress: what is being done, in words, while it is not ready.
        share: how much of that is done.
        document: what was drafted, with its evidence; None until then.
        text: the Markdown as people have left it; the truth, of which files are views.
        edition: rises with every edit; an edit of an older edition is refused.
        published: where it lies, in words, once it is published.
        published_edition: which edition of it lies there; people may have changed it since.
        editions: the SHA-256 of the text of each edition, under which the records keep it.
        struck: which of its sentences people struck; the text shows them so.
        chart: what its picture shows.
        seal: of the evidence archive.
        cancelled: a person wants no more of it.
    """

    id: int
    incident: int | None = None
    label: str
    title: str
    place: Place
    by: str
    begun: datetime
    since: datetime
    until: datetime
    groups: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    state: DraftState = DraftState.READING
    progress: str = ""
    share: float = 0.0
    document: Postmortem | None = None
    text: str = ""
    edition: int = 0
    edits: tuple[Edited, ...] = ()
    editions: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    published_edition: int = 0
    struck: tuple[Strike, ...] = ()
    chart: Chart | None = None
    seal: str = ""
    cancelled: bool = False
    revision: int = 0

    @property
    def can_be_published(self) -> bool:
        """Return whether there is a text that is not published as it stands."""
        written = self.document is not None and self.state in {DraftState.READY, DraftState.PUBLISHED}
        return written and self.edition > self.published_edition


class DraftView(Value):
    """Hold a draft as a file.

    Attributes:
        ending: of the file's name.
        title: what the channel reads above it.
        alt: what a picture shows, in words.
    """

    ending: str
    title: str
    text: str = ""
    data: bytes = b""
    alt: str = ""
