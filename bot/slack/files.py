"""What people share in Slack, read back: which files there are, and what is in one. Reads only.

The bot's token goes to Slack's own file host and nowhere else, no redirect is followed with it, and no more is read
than a file may have.
"""

import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.domain.uploads import CANVAS, MOST_BYTES, Upload
from bot.errors import InvalidError, NotFoundError, UnavailableError

SLACK = "https://slack.com/api/"
HOSTS = {"https://slack.com": "https://files.slack.com", "https://slack-gov.com": "https://files.slack-gov.com"}
MOST_MESSAGES = 100
READ_SECONDS = 10
CANVASES = frozenset({"quip", CANVAS})
HERE = frozenset({"hosted", "snippet", *CANVASES})
"""The modes of files that lie with Slack itself."""


class SlackFiles:
    """Satisfy the Uploads port with a client made by `patient`."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        parts = urlsplit(client.base_url)
        here = f"{parts.scheme}://{parts.netloc}"
        self._host = HOSTS.get(here, here)  # only the workbench's Slack has its files where its API is
        self._opener = _opener(client)

    def shared(self, channel: str, *, thread: str | None) -> tuple[Upload, ...]:
        """Return the files shared lately in a channel and in one thread of it, newest first."""
        said = self._messages("conversations.history", channel=channel)
        if thread:
            said += self._messages("conversations.replies", channel=channel, ts=thread)
        newest = sorted({str(one.get("ts")): one for one in said}.items(), key=lambda pair: pair[0], reverse=True)
        found = [file for _, one in newest for file in one.get("files") or () if isinstance(file, dict)]
        return tuple(_upload(file, shared=channel) for file in found if file.get("id") and file.get("mode") in HERE)

    def upload(self, file: str) -> Upload:
        """Return what Slack says of a file."""
        told = self._asked("files.info", {"file": file}, missing="That file is not there, or not where the bot is.")
        found = told.get("file")
        if not isinstance(found, dict) or found.get("id") != file:
            raise UnavailableError("Slack did not say what that file is.")
        if found.get("mode") not in HERE:
            raise InvalidError("That file does not lie with Slack itself; share it here as a file.")
        return _upload(found)

    def content(self, upload: Upload) -> bytes:
        """Return what is in it."""
        if not upload.address.startswith(f"{self._host}/"):
            raise InvalidError("That file does not lie with Slack itself; share it here as a file.")
        asked = Request(upload.address, headers={"Authorization": f"Bearer {self._client.token}"})  # noqa: S310 - held against Slack's own host above
        try:
            with self._opener.open(asked, timeout=READ_SECONDS) as answer:
                raw: bytes = answer.read(MOST_BYTES + 1)
                kind = str(answer.headers.get("Content-Type", ""))
        except HTTPError as error:
            why = "the app needs the scope files:read" if error.code in {301, 302, 303, 307, 308, 401, 403} else ""
            raise UnavailableError(f"Slack did not give the file ({error.code}{f': {why}' if why else ''}).") from error
        except (OSError, HTTPException, ValueError) as error:
            raise UnavailableError("Slack did not give the file; try again.") from error
        if len(raw) > MOST_BYTES:
            raise InvalidError(f"The file is larger than {MOST_BYTES:,} bytes; more is not read. Nothing was changed.")
        if upload.form != CANVAS and kind.startswith("text/html"):
            raise UnavailableError("Slack showed a page instead of the file: the app needs the scope files:read.")
        return raw

    def _messages(self, method: str, **asked: str) -> list[Mapping[str, Any]]:
        told = self._asked(method, {**asked, "limit": MOST_MESSAGES}, missing="The bot is not in this channel.")
        return [one for one in told.get("messages") or () if isinstance(one, dict)]

    def _asked(self, method: str, asked: Mapping[str, object], *, missing: str) -> SlackResponse:
        return _answered(method, lambda: self._client.api_call(method, params=dict(asked)), missing=missing)


class _NoRedirect(HTTPRedirectHandler):
    """Follow nothing: the token is for one host."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Return no request."""


def _opener(client: WebClient) -> OpenerDirector:
    context = client.ssl or ssl.create_default_context()
    proxies = {"https": client.proxy, "http": client.proxy} if client.proxy else {}
    return build_opener(ProxyHandler(proxies), HTTPSHandler(context=context), _NoRedirect)


NOT_THERE = frozenset({"file_not_found", "file_deleted", "channel_not_found", "not_in_channel", "thread_not_found"})


def _answered(method: str, ask: Callable[[], SlackResponse], *, missing: str) -> SlackResponse:
    try:
        return ask()
    except SlackApiError as error:
        code = str(error.response.get("error") or "no reason given")[:60]
        if code in NOT_THERE:
            raise NotFoundError(missing) from error
        needs = f"; the app needs the scope {error.response.get('needed')}" if code == "missing_scope" else ""
        raise UnavailableError(f"Slack refused {method} ({code}{needs}).") from error
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        raise UnavailableError(f"Slack did not answer {method}; try again.") from error


def _upload(file: Mapping[str, Any], *, shared: str = "") -> Upload:
    mode, name = str(file.get("mode") or ""), str(file.get("name") or file.get("title") or file["id"])
    is_canvas = mode in CANVASES
    size = file.get("size")
    address = file.get("url_private") if is_canvas else file.get("url_private_download") or file.get("url_private")
    return Upload(
        id=str(file["id"]),
        name=name,
        by=str(file.get("user") or ""),
        size=size if isinstance(size, int) else 0,
        channels=frozenset({*_channels(file), *((shared,) if shared else ())}),
        form=CANVAS if is_canvas else name.rpartition(".")[2].lower() if "." in name else "",
        address=str(address or ""),
    )


def _channels(file: Mapping[str, Any]) -> set[str]:
    listed = {str(one) for key in ("channels", "groups", "ims") for one in file.get(key) or ()}
    shares = file.get("shares")
    kinds = shares.values() if isinstance(shares, dict) else ()
    return listed | {str(channel) for kind in kinds if isinstance(kind, dict) for channel in kind}
