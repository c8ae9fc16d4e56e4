"""Neighbours that have nothing and keep nothing, for tests that are about something else."""

from collections.abc import Callable, Sequence

from bot.domain.evidence import Item
from bot.domain.logs.digest import Digest
from bot.domain.logs.event import LogEvent
from bot.domain.logs.fetching import Fetched, Progress, ReadLogs
from bot.domain.logs.showing import Pointed
from bot.domain.postmortem.document import Postmortem
from bot.domain.remarks import Remark
from bot.domain.uploads import Upload
from bot.errors import NotFoundError


class NoLogs:
    """Hold no line."""

    def read(
        self,
        ask: ReadLogs,
        *,
        take: Callable[[Sequence[LogEvent]], object],
        told: Callable[[Progress], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Fetched:
        return Fetched()


class NoArchive:
    """Keep nothing."""

    def keep(
        self, label: str, document: Postmortem, *, text: str, pointed: Sequence[Pointed], digest: Digest | None
    ) -> str:
        return "0" * 64

    def verbatim(self, label: str, item: Item) -> str:
        return ""

    def publish(self, label: str, edition: int, text: str) -> tuple[str, ...]:
        return ()


class NoUploads:
    """Hold no file."""

    def shared(self, channel: str, *, thread: str | None) -> Sequence[Upload]:
        return ()

    def upload(self, file: str) -> Upload:
        raise NotFoundError("That file is not there, or not where the bot is.")

    def content(self, upload: Upload) -> bytes:
        raise NotFoundError("That file is not there, or not where the bot is.")


class NoRemarks:
    """Hold no message."""

    def remark(self, channel: str, ts: str) -> Remark | None:
        return None
