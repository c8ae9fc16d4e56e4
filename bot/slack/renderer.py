"""The one voice: shows every card that is behind, in order of urgency and no faster than Slack wants it.

The records say what is to be shown; nothing is remembered here that cannot be lost. A card that may have been posted
by a process that died, or in a call whose answer was lost, is looked for before it is posted again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event

from bot.domain.records import Card, CardKind
from bot.errors import (
    BotError,
    CallRefusedError,
    EdgeError,
    NotFoundError,
    OutcomeUnknownError,
    UnavailableError,
)
from bot.ports import Records, Uploads
from bot.slack.canvases import Canvases
from bot.slack.cards.blocks import Canvas, Message, Sheet, View
from bot.slack.chat import Chat, SlowDownError, trouble
from bot.slack.drawing import Drawing, Drawn
from bot.slack.links import Links

__all__ = ["Chat", "Renderer"]

log = logging.getLogger(__name__)

INTERVAL_S = 1.0
MOST_BEHIND = 500
MOST_HISTORY = 100
IDLE_S = 0.2
BUSY_S = 0.02
TROUBLE_S = 5.0
CANNOT_WRITE_S = 30.0
WHISPER_TRIES = 3

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
NO_ENTRY = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission"})
NOT_THERE = NO_ENTRY | {"user_not_in_channel"}
NOT_TAKEN = frozenset({"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format", "msg_too_long"})


class _Pace:
    """Say when something may be shown again, by name; times are seconds of a monotonic clock."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._until: dict[str, float] = {}

    def ready(self, *names: str) -> bool:
        """Return whether none of the names is held back."""
        now = self._ticks()
        return all(self._until.get(name, 0.0) <= now for name in names)

    def held(self) -> int:
        """Return how many names are held back."""
        now = self._ticks()
        return sum(until > now for until in self._until.values())

    def hold(self, name: str, seconds: float) -> None:
        """Hold a name back for so long, or longer if it is held longer already."""
        now = self._ticks()
        self._until = {one: until for one, until in self._until.items() if until > now}
        self._until[name] = max(self._until.get(name, 0.0), now + seconds)


class Renderer:
    """Show cards: post, edit, whisper, publish.

    Args:
        uploads: what tells whether people have edited a canvas.
        links: where the cards that stand can be opened.
        interval: seconds between two messages in a channel, and between two editions of a card.
        ticks: a monotonic clock in seconds, for pacing only.
        leads: whether this process is the one voice now; of several replicas one speaks.
    """

    def __init__(
        self,
        *,
        records: Records,
        drawing: Drawing,
        chat: Chat,
        uploads: Uploads,
        links: Links,
        interval: float = INTERVAL_S,
        ticks: Callable[[], float] = time.monotonic,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._records = records
        self._drawing = drawing
        self._chat = chat
        self._canvases = Canvases(chat=chat, uploads=uploads)
        self._links = links
        self._interval = interval
        self._leads = leads
        self._pace = _Pace(ticks)
        self._doubtful: set[str] | None = None
        self._again: set[str] = set()
        self._tries: dict[str, int] = {}
        self._told: set[str] = set()

    def run(self, stop: Event) -> None:
        """Show what is behind until told to stop; nothing that goes wrong ends the loop."""
        while not stop.is_set():
            try:
                shown = self.render_once() if self._leads() else 0
            except Exception:
                log.exception("Cards could not be shown; trying again.")
                stop.wait(TROUBLE_S)
                continue
            stop.wait(BUSY_S if shown else IDLE_S)

    def render_once(self) -> int:
        """Show every card that is behind and may be shown now; return how many were."""
        most = MOST_BEHIND + self._pace.held()  # those that are held back hide no other
        behind = self._records.cards_behind(most=most if self._doubtful is not None else 10_000)
        if self._doubtful is None:
            self._doubtful = {card.key for card in behind if card.ts is None}
        return sum(self._attend(card) for card in self._in_order([*behind, *self._redraws(behind)]))

    def _redraws(self, behind: Sequence[Card]) -> list[Card]:
        """Return cards that are up to date but could show a link now that did not stand before."""
        known = {card.key for card in behind}
        found = [self._records.card(key) for key in sorted(self._again - known)]
        return [card for card in found if card and card.ts]

    def _in_order(self, cards: Sequence[Card]) -> list[Card]:
        """Return urgent ones first, but before all a run's own card that others link to or stand under."""
        needed = {f"run:{self._run_of(card)}" if card.under is None else card.under for card in cards if _leans(card)}

        def rank(card: Card) -> int:
            if card.ts is None and card.key in needed:
                return 0
            return 1 if card.urgent else 2

        return sorted(cards, key=rank)

    def _run_of(self, card: Card) -> int:
        if card.kind is not CardKind.REQUEST:
            return card.subject
        try:
            return self._records.approval(card.subject).run
        except NotFoundError:
            return 0

    def _attend(self, card: Card) -> bool:
        """Show one card if its hour has come; whatever goes wrong is this card's own trouble."""
        if not self._pace.ready(card.key, card.channel or f"@{card.to}"):
            return False
        try:
            return self._show(card)
        except SlowDownError as error:
            self._pace.hold(card.channel or f"@{card.to}", error.after)
            log.warning("Slack wants fewer calls.", extra={"card": card.key, "after": error.after, **trouble(error)})
        except EdgeError as error:
            facts = {"card": card.key, "why": error.words}
            log.warning("A card could not be shown yet.", extra={**facts, **trouble(error)})
            self._pace.hold(card.key, max(self._interval, self._backoff(card)))
        except BotError:
            log.exception("A card has nothing to show.", extra={"card": card.key})
            self._pace.hold(card.key, TROUBLE_S)
        except Exception:
            log.exception("A card could not be drawn.", extra={"card": card.key})
            self._pace.hold(card.key, TROUBLE_S)
        return False

    def _backoff(self, card: Card) -> float:
        tries = self._tries[card.key] = self._tries.get(card.key, 0) + 1
        return min(self._interval * 2.0**tries, TROUBLE_S)

    def _show(self, card: Card) -> bool:
        thread = self._thread_of(card)
        if card.under is not None and thread is None:
            return False
        drawn = self._drawing.draw(card, link=self._link)
        if isinstance(drawn.shows, Canvas):
            self._keep_canvas(card, drawn, drawn.shows)
            return True
        ts = self._say(card, drawn, drawn.shows, thread=thread)
        if ts is None:
            return False
        self._records.card_shown(card.key, ts=ts or None, shown=card.wanted, edition=drawn.edition)
        self._shown(card, first=card.ts is None)
        return True

    def _keep_canvas(self, card: Card, drawn: Drawn, canvas: Canvas) -> None:
        """Write the canvas, and have the card that it belongs to say what became of it."""
        written = self._canvases.keep(card, canvas, last=self._tries.get(card.key, 0) + 1 >= WHISPER_TRIES)
        edition = card.edition if written is None else drawn.edition
        ts = card.ts if written is None else written or None
        self._records.card_shown(card.key, ts=ts, shown=card.wanted, edition=edition)
        self._shown(card, first=card.ts is None)
        if card.under is not None:
            self._again.add(card.under)

    def _thread_of(self, card: Card) -> str | None:
        if card.under is None:
            thread = card.payload.get("thread")
            return thread if isinstance(thread, str) else None
        standing = self._records.card(card.under)
        return standing.ts if standing else None

    def _shown(self, card: Card, *, first: bool) -> None:
        self._pace.hold(card.key, self._interval)
        self._pace.hold(card.channel or f"@{card.to}", self._interval)
        self._tries.pop(card.key, None)
        self._again.discard(card.key)
        if self._doubtful:
            self._doubtful.discard(card.key)
        if first and card.kind is CardKind.REQUEST:
            self._again.add(f"run:{self._run_of(card)}")

    def _say(self, card: Card, drawn: Drawn, shows: Message | View | Sheet, *, thread: str | None) -> str | None:
        """Show it where it belongs; return where it stands, or None if it has to wait."""
        if isinstance(shows, View):
            self._chat.publish(card.to or "", shows)
            return ""
        if isinstance(shows, Sheet):
            return self._share(card, drawn, shows, thread=thread)
        try:
            return self._utter(card, drawn, shows, thread=thread)
        except CallRefusedError as error:
            if error.code in NO_ENTRY:
                self._cannot_write(card, drawn, error)
                return None
            if error.code not in NOT_TAKEN:
                raise
            facts = {"card": card.key, **trouble(error)}
            log.exception("Slack does not take the blocks of a card; its text is shown.", extra=facts)
            return self._utter(card, drawn, Message(text=shows.text), thread=thread)

    def _share(self, card: Card, drawn: Drawn, sheet: Sheet, *, thread: str | None) -> str:
        """Post a file, and return its id; where Slack does not take it, what there is to say instead stands there."""
        try:
            return self._chat.share(card.channel, sheet, thread=thread)
        except SlowDownError:
            raise
        except UnavailableError as error:
            if self._tries.get(card.key, 0) + 1 < WHISPER_TRIES:
                raise
            log.warning("A file could not be posted and is left out.", extra={"card": card.key, **trouble(error)})
            code = "no answer"
        except (CallRefusedError, OutcomeUnknownError) as error:
            facts = {"card": card.key, "why": error.words}
            log.warning("A file was not taken and is left out.", extra={**facts, **trouble(error)})
            code = error.code if isinstance(error, CallRefusedError) else "no answer"
        if drawn.otherwise is None:
            return ""
        return self._chat.post(card.channel, drawn.otherwise(code), card=card.key, thread=thread, broadcast=False)

    def _utter(self, card: Card, drawn: Drawn, message: Message, *, thread: str | None) -> str:
        if card.kind is CardKind.WHISPER:
            return self._whisper(card, message)
        return self._stand(card, drawn, message, thread=thread)

    def _stand(self, card: Card, drawn: Drawn, message: Message, *, thread: str | None) -> str:
        """Edit the message where it stands; post it, or post it anew, where it does not."""
        ts = card.ts or self._found(card, thread)
        if ts is not None:
            try:
                self._chat.update(card.channel, ts, message, card=card.key)
            except CallRefusedError as error:
                if error.code not in GONE:
                    raise
                log.info("A message of ours is gone; it is posted anew.", extra={"card": card.key})
            else:
                return ts
        return self._post(card, drawn, message, thread=thread)

    def _post(self, card: Card, drawn: Drawn, message: Message, *, thread: str | None) -> str:
        try:
            return self._chat.post(
                card.channel, message, card=card.key, thread=thread, broadcast=bool(thread) and drawn.broadcast
            )
        except OutcomeUnknownError:
            self._doubt(card)
            raise

    def _doubt(self, card: Card) -> None:
        if self._doubtful is None:
            self._doubtful = set()
        self._doubtful.add(card.key)

    def _found(self, card: Card, thread: str | None) -> str | None:
        """Return where a card stands already that nobody noted, from one page of what was said."""
        if not self._doubtful or card.key not in self._doubtful:
            return None
        try:
            said = self._chat.history(card.channel, thread=thread, most=MOST_HISTORY)
        except CallRefusedError:
            return None
        ours = [one.ts for one in said if one.card == card.key]
        if ours:
            log.info("A card was posted before and is taken over.", extra={"card": card.key})
        return max(ours, default=None)

    def _whisper(self, card: Card, message: Message) -> str:
        """Tell one person, where they said or clicked it, else in a direct message; tried a few times, then dropped."""
        if card.to is None:
            log.error("A whisper is for nobody.", extra={"card": card.key})
            return card.ts or ""
        thread = card.payload.get("thread")
        try:
            if card.channel and not card.channel.startswith("D"):
                return self._whispered(card, card.to, message, thread=thread if isinstance(thread, str) else None)
            return self._chat.post(card.to, message, card=card.key, thread=None, broadcast=False)
        except SlowDownError:
            raise
        except EdgeError as error:
            if self._tries.get(card.key, 0) + 1 < WHISPER_TRIES:
                raise
            log.exception("A whisper could not be shown and is dropped.", extra={"card": card.key, **trouble(error)})
            return card.ts or ""

    def _whispered(self, card: Card, person: str, message: Message, *, thread: str | None) -> str:
        try:
            return self._chat.ephemeral(card.channel, person, message, thread=thread)
        except CallRefusedError as error:
            if error.code not in NOT_THERE:
                raise
            return self._chat.post(person, message, card=card.key, thread=None, broadcast=False)

    def _cannot_write(self, card: Card, drawn: Drawn, error: CallRefusedError) -> None:
        """Say once per channel, to whoever waits for it, how to let the bot in."""
        self._pace.hold(card.key, max(self._interval, CANNOT_WRITE_S if self._interval else 0.0))
        if card.channel in self._told:
            return
        facts = {"channel": card.channel, "why": error.code}
        log.error("The bot may not write in a channel.", extra={**facts, **trouble(error)})
        if drawn.asks is None:
            return
        self._told.add(card.channel)
        told = self._drawing.cannot_write(card.channel)
        try:
            self._chat.post(drawn.asks, told, card=f"invite:{card.channel}", thread=None, broadcast=False)
        except EdgeError:
            log.exception("Nobody could be told how to let the bot in.", extra={"channel": card.channel})

    def _link(self, card: Card) -> str | None:
        """Return the address of a card that stands; without one the words stay words."""
        return self._links.to(card.channel, card.ts) or None if card.ts else None


def _leans(card: Card) -> bool:
    return card.ts is None and (card.under is not None or card.kind is CardKind.REQUEST)
