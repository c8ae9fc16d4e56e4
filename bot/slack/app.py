"""The Bolt app: each listener translates, keeps and acknowledges, and does no work.

What came in is kept under its identity before Slack hears that it arrived. The only call to Slack on the way is the
one that opens a dialog, because its trigger dies in three seconds.
"""

import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.inbox import Delivery
from bot.errors import UnavailableError
from bot.slack import buttons, home, marks, mentions, modals
from bot.slack.buttons import AsTyped, OfAlarm, Opening
from bot.slack.cards.blocks import Block
from bot.slack.commands import Commands
from bot.slack.failures import Failures, Whisperer
from bot.slack.views import Views

log = logging.getLogger(__name__)

Accept = Callable[[Delivery], bool]
Body = dict[str, Any]

DIALOG_SECONDS: Final = 2
"""A trigger dies in three seconds; what is left is for the way there and back."""
AGAIN: Final = "nothing was done. Press the button again."
ANY: Final = re.compile(r"[\s\S]*")


def build_app(
    *,
    accept: Accept,
    now: Callable[[], datetime],
    client: WebClient,
    signing_secret: str,
    views: Views,
    commands: Commands,
    note_emoji: str = "",
) -> App:
    """Return the app, ready for a transport; nothing is sent to Slack by building it.

    Args:
        accept: keeps what came in, once per identity.
        client: knows the bot's token and where Slack is.
        note_emoji: the emoji that marks a message as a note; empty: none does.
    """
    quick = quick_client(client)
    app = App(
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        token_verification_enabled=False,
        client=WebClient(base_url=client.base_url, timeout=DIALOG_SECONDS),
        authorize=_authorized_by(client.token or ""),
        signing_secret=signing_secret or secrets.token_hex(32),  # nobody can sign with a secret that is not set
        logger=_quiet_logger(),
    )
    listeners = Listeners(
        accept=accept, now=now, views=views, commands=commands, dialogs=Dialogs(quick, commands), note_emoji=note_emoji
    )
    for name in commands.slash_names():
        app.command(name)(listeners.slash)
    app.action(ANY)(listeners.click)
    app.view_submission(ANY)(listeners.submitted)
    app.event("app_mention")(listeners.mentioned)
    app.event("message")(listeners.messaged)
    app.event("app_home_opened")(listeners.home_opened)
    for change in ("added", "removed"):
        app.event(f"reaction_{change}")(listeners.reacted)
        app.event(f"pin_{change}")(listeners.pinned)
    app.error(Failures(tell=Whisperer(quick), commands=commands).answer)
    return app


def quick_client(client: WebClient) -> WebClient:
    """Return a client that gives up before a trigger dies, and never tries twice."""
    return WebClient(
        token=client.token,
        base_url=client.base_url,
        timeout=DIALOG_SECONDS,
        proxy=client.proxy,
        ssl=client.ssl,
        retry_handlers=[],
        logger=_quiet_logger(),
    )


def _quiet_logger() -> logging.Logger:
    """Return the logger of the libraries below; their debug lines hold trigger ids and response addresses."""
    quiet = logging.getLogger("bot.slack.wire")
    if quiet.level == logging.NOTSET:
        quiet.setLevel(logging.INFO)
    return quiet


def _authorized_by(token: str) -> Callable[..., AuthorizeResult]:
    """Return what tells Bolt whose token it is, without asking Slack on the way of every first request."""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize


class Dialogs:
    """Open dialogs, within the life of their trigger."""

    def __init__(self, client: WebClient, commands: Commands) -> None:
        self._client = client
        self._commands = commands

    def open(self, view: Block, *, trigger: str) -> None:
        """Open it; a trigger that was used already has opened it before.

        Raises:
            UnavailableError: Slack did not; nothing was done.
        """
        try:
            self._client.views_open(trigger_id=trigger, view=self._commands.renamed_in(view))
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code == "exchanged_trigger_id":
                return
            if code == "expired_trigger_id":
                raise UnavailableError(f"Slack did not open the dialog in time; {AGAIN}") from error
            log.error("Slack refused a dialog.", extra={"code": code, "callback": view.get("callback_id")})  # noqa: TRY400 - the trace holds the whole dialog
            raise UnavailableError(f"Slack refused the dialog; {AGAIN}") from error
        except (SlackClientError, OSError) as error:
            raise UnavailableError(f"Slack did not answer when the dialog was to open; {AGAIN}") from error


class Listeners:
    """Translate, keep, acknowledge; what fails is answered by `failures`."""

    def __init__(
        self,
        *,
        accept: Accept,
        now: Callable[[], datetime],
        views: Views,
        commands: Commands,
        dialogs: Dialogs,
        note_emoji: str,
    ) -> None:
        self._accept = accept
        self._now = now
        self._views = views
        self._commands = commands
        self._dialogs = dialogs
        self._note_emoji = note_emoji

    def slash(self, ack: Ack, body: Body) -> None:
        """Keep a slash command; what is known at once is said at once."""
        asked = self._commands.asked(body, at=self._now())
        opened = asked.delivery is not None and self._keep(asked.delivery, trigger=body["trigger_id"])
        ack(text=asked.words, response_type="ephemeral") if asked.words and not opened else ack()

    def click(self, ack: Ack, body: Body) -> None:
        """Keep a click, or open the dialog it asks for."""
        clicked = buttons.click(body, at=self._now())
        if clicked is not None:
            self._take(clicked, trigger=body["trigger_id"])
        ack()

    def submitted(self, ack: Ack, body: Body) -> None:
        """Keep a submitted dialog, or show the one that follows on it."""
        view = self._views.following(body, at=self._now())
        if view is not None:
            ack(response_action="update", view=self._commands.renamed_in(view))
            return
        delivery = modals.submission(body, self._views, at=self._now())
        self._accept(delivery)
        ack()

    def mentioned(self, ack: Ack, body: Body) -> None:
        """Keep what was said to the bot in a channel."""
        delivery = mentions.mention(body, self._commands, at=self._now())
        self._heard(delivery)
        ack()

    def messaged(self, ack: Ack, body: Body) -> None:
        """Keep what was said to the bot directly."""
        delivery = mentions.direct_message(body, self._commands, at=self._now())
        self._heard(delivery)
        ack()

    def home_opened(self, ack: Ack, body: Body) -> None:
        """Keep that somebody opened App Home."""
        delivery = home.home_opened(body, at=self._now())
        self._heard(delivery)
        ack()

    def reacted(self, ack: Ack, body: Body) -> None:
        """Keep that a message was marked by the emoji, or is no more."""
        delivery = marks.reaction(body, emoji=self._note_emoji, at=self._now())
        self._heard(delivery)
        ack()

    def pinned(self, ack: Ack, body: Body) -> None:
        """Keep that a message was pinned, or is no more."""
        delivery = marks.pin(body, at=self._now())
        self._heard(delivery)
        ack()

    def _heard(self, delivery: Delivery | None) -> None:
        if delivery is not None:
            self._accept(delivery)

    def _take(self, clicked: buttons.Click, *, trigger: str) -> None:
        wants = clicked.wants
        if isinstance(wants, Opening):
            view = self._views.dialog(wants, person=clicked.person, place=clicked.place)
            self._dialogs.open(view, trigger=trigger)
            return
        if isinstance(wants, OfAlarm):
            wants = self._views.answering(wants)
        elif isinstance(wants, AsTyped):
            wants = self._views.typed(wants, person=clicked.person)
        self._keep(clicked.delivery(wants), trigger=trigger)

    def _keep(self, delivery: Delivery, *, trigger: str) -> bool:
        """Keep it, unless it is a start that lacks inputs: then ask for them; return whether that was so."""
        person = delivery.person or ""
        view = self._views.asking(delivery.wish, person=person, place=delivery.place)
        if view is not None:
            self._dialogs.open(view, trigger=trigger)
            return True
        self._accept(delivery)
        return False
