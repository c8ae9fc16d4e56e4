"""Keep a canvas as its draft says, without ever writing over what people wrote in it."""

import logging

from bot.domain.postmortem.canvas import is_as_written, mark_of, markdown_of, unmarked
from bot.domain.records import Card
from bot.errors import CallRefusedError, NotFoundError, OutcomeUnknownError, RequestError, UnavailableError
from bot.ports import Uploads
from bot.slack.cards.blocks import Canvas
from bot.slack.chat import Chat, SlowDownError, trouble

log = logging.getLogger(__name__)

GONE = frozenset({"canvas_not_found", "canvas_deleted", "file_not_found"})


class Canvases:
    """Write canvases; a workspace that has none is no failure.

    Args:
        uploads: what tells whether people have edited one.
    """

    def __init__(self, *, chat: Chat, uploads: Uploads) -> None:
        self._chat = chat
        self._uploads = uploads

    def keep(self, card: Card, canvas: Canvas, *, last: bool) -> str | None:
        """Make or rewrite a canvas and return its id; empty where Slack takes none, None where it is left as it is.

        Args:
            last: do not ask for another try where Slack does not answer.

        Raises:
            UnavailableError: it is to be tried again.
        """
        try:
            if card.ts is not None and not self._is_ours(card, card.ts):
                log.info("A canvas was edited by people and is left as it is.", extra={"card": card.key})
                return None
            return self._write(card, canvas)
        except SlowDownError:
            raise
        except UnavailableError as error:
            if not last:
                raise
            facts = {"card": card.key, "why": error.words, **trouble(error)}
            log.warning("A canvas could not be written and is left.", extra=facts)
        except (CallRefusedError, OutcomeUnknownError) as error:
            facts = {"card": card.key, "why": error.words, **trouble(error)}
            log.warning("A canvas was not taken and is left.", extra=facts)
        return "" if card.ts is None else None

    def _write(self, card: Card, canvas: Canvas) -> str:
        if card.ts is None:
            return self._chat.create_canvas(card.channel, canvas)
        try:
            self._chat.rewrite_canvas(card.ts, canvas)
        except CallRefusedError as error:
            if error.code not in GONE:
                raise
            return self._chat.create_canvas(card.channel, canvas)
        return card.ts

    def _is_ours(self, card: Card, canvas: str) -> bool:
        """Return whether nothing would be lost: it says what was written, or what was taken in since."""
        try:
            page = self._uploads.content(self._uploads.upload(canvas)).decode("utf-8", "replace")
            text = markdown_of(page)
            return is_as_written(text) or mark_of(unmarked(text)) == card.payload.get("read")
        except NotFoundError:
            return True  # it is gone
        except RequestError:
            return False  # nobody knows what is in it
