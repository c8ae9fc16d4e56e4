"""Clients of AWS, made in one place: explicit timeouts, no redirected endpoint, and two kinds that never mix.

Reading clients try again by botocore's standard rules. Sending clients send exactly one request, and only
while their fence is open. This is the only module that imports boto3.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError

from bot.aws.models import core_session
from bot.errors import InvalidError, OutcomeUnknownError, UnavailableError

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 10.0
LONG_POLL_READ_TIMEOUT_S = 30.0
READ_ATTEMPTS = 3
FENCE_S = 1.0
USER_AGENT = "runbook-bot"
"""What CloudTrail shows of each call; botocore puts a longer one together for each request otherwise."""

# What botocore raises when no answer came, or none that it can read.
NO_ANSWER = (BotoCoreError, ResponseParserError)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Hold fixed credentials; only the workbench has them, `serve` uses the AWS default chain."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


def refuse_redirects(environ: Mapping[str, str]) -> None:
    """Refuse an environment that would send calls somewhere else without a word.

    Raises:
        InvalidError: names the variables to remove.
    """
    found = sorted(name for name in environ if name.upper().startswith("AWS_ENDPOINT_URL"))
    if found:
        raise InvalidError(f"Remove {', '.join(found)} from the environment: it redirects calls to AWS silently.")


def boottime() -> float:
    """Return seconds on the clock that goes on while the process is frozen and, on Linux, the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Sending(threading.local):
    """Say, for one thread, whether a request may leave now, and whether it has."""

    marked: float | None = None
    sent: bool = False


class Fence:
    """Let out exactly one request per opening, no later than `limit` seconds after it."""

    def __init__(self, limit: float = FENCE_S) -> None:
        self._limit = limit
        self._sending = Sending()

    @contextmanager
    def opened(self, *, since: float | None = None) -> Iterator[Sending]:
        """Open for one request of this thread; the limit counts from now, or from when it was said to be sent."""
        self._sending.marked, self._sending.sent = boottime() if since is None else since, False
        try:
            yield self._sending
        finally:
            self._sending.marked = None

    def before_send(self, **_: object) -> None:
        """Let the request go, or raise before it does; botocore calls this last before the socket.

        Raises:
            UnavailableError: nothing was sent.
            OutcomeUnknownError: one request has left already, and botocore wants another (a redirect does that).
        """
        sending = self._sending
        if sending.marked is None:
            raise UnavailableError("A sending client was used outside the gate; nothing was sent.")
        if sending.sent:
            raise OutcomeUnknownError(
                "It was sent, and the answer asked for a second request, which was not sent. It may have happened."
            )
        if boottime() - sending.marked > self._limit:
            raise UnavailableError(
                "Too long passed between saying that the call is being sent and sending it; nothing was sent."
            )
        sending.sent = True


class Clients:
    """Make and keep clients of one session, by service and kind."""

    def __init__(
        self,
        *,
        region: str,
        fence: Fence,
        endpoint_url: str | None = None,
        credentials: Credentials | None = None,
        connect_timeout: float = CONNECT_TIMEOUT_S,
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        self._region = region
        self._fence = fence
        self._endpoint_url = endpoint_url
        self._timeouts = (connect_timeout, read_timeout)
        self._session = boto3.session.Session(
            aws_access_key_id=credentials.access_key_id if credentials else None,
            aws_secret_access_key=credentials.secret_access_key if credentials else None,
            aws_session_token=credentials.session_token if credentials else None,
            region_name=region,
            botocore_session=core_session(),
        )
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], Any] = {}

    def reading(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
        """Return the client that reads, and tries again by itself."""
        return self._client(service, "reading")

    def polling(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
        """Return the client that waits long for an answer."""
        return self._client(service, "polling")

    def sending(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
        """Return the client that sends one request, only through the fence."""
        return self._client(service, "sending")

    def host(self, service: str) -> str:
        """Return the host the service's requests go to."""
        return urlsplit(str(self.sending(service).meta.endpoint_url)).netloc

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._kept.values():
                client.close()
            self._kept.clear()

    def _client(self, service: str, kind: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
        with self._lock:
            if (service, kind) not in self._kept:
                self._kept[service, kind] = self._made(service, kind)
            return self._kept[service, kind]

    def _made(self, service: str, kind: str) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
        connect, read = self._timeouts
        make: Any = self._session.client
        configured: Any = Config  # its stubs do not know ignore_configured_endpoint_urls
        config = configured(
            connect_timeout=connect,
            read_timeout=max(read, LONG_POLL_READ_TIMEOUT_S) if kind == "polling" else read,
            retries={"total_max_attempts": 1 if kind == "sending" else READ_ATTEMPTS, "mode": "standard"},
            ignore_configured_endpoint_urls=True,
            user_agent=USER_AGENT,
            proxies={} if self._endpoint_url else None,
            s3={"use_arn_region": False, "addressing_style": "path" if self._endpoint_url else "virtual"},
        )
        client: BaseClient = make(service, config=config, endpoint_url=self._endpoint_url)
        if kind == "sending":
            client.meta.events.register("before-send", self._fence.before_send)
            client.meta.events.register("before-parse", _parseable)
        return client


def borrowed_credentials() -> tuple[Credentials, str]:
    """Return the credentials and the region of this shell, as they are now: they are not renewed.

    Raises:
        InvalidError: there are none; the words say what to set.
    """
    session: Any = boto3.session.Session()
    try:
        found = session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise InvalidError(f"The AWS credentials of this shell cannot be used: {type(error).__name__}.") from error
    if frozen is None:
        raise InvalidError("There are no AWS credentials in this shell; log in first, as for the AWS CLI.")
    if not session.region_name:
        raise InvalidError("There is no AWS region in this shell; set AWS_DEFAULT_REGION to one that has the model.")
    lent = Credentials(access_key_id=frozen.access_key, secret_access_key=frozen.secret_key, session_token=frozen.token)
    return lent, str(session.region_name)


def bedrock_runtime(
    *,
    region: str,
    endpoint_url: str | None,
    credentials: Credentials | None,
    connect_timeout: float,
    read_timeout: float,
    attempts: int,
) -> Any:  # noqa: ANN401 - boto3 makes clients' methods at run time
    """Return a client of the models, with a session of its own."""
    session: Any = boto3.session.Session(
        aws_access_key_id=credentials.access_key_id if credentials else None,
        aws_secret_access_key=credentials.secret_access_key if credentials else None,
        aws_session_token=credentials.session_token if credentials else None,
        region_name=region,
    )
    configured: Any = Config  # its stubs do not know ignore_configured_endpoint_urls
    config = configured(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        ignore_configured_endpoint_urls=True,
        proxies={} if endpoint_url else None,
    )
    return session.client("bedrock-runtime", config=config, endpoint_url=endpoint_url)


def _parseable(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's own
    """Refuse an answer that botocore would take for an empty success: it hides what is no JSON."""
    protocol, body = operation_model.service_model.resolved_protocol, response_dict["body"]
    if protocol == "rest-xml" and body and response_dict["status_code"] < 300 and _says_nothing(operation_model):
        raise OutcomeUnknownError("It was sent, and the answer could not be read.")
    if protocol != "json" or not body or response_dict["status_code"] >= 300:
        return
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise OutcomeUnknownError("It was sent, and the answer could not be read.") from error
    if not isinstance(parsed, dict):
        raise OutcomeUnknownError("It was sent, and the answer could not be read.")


def _says_nothing(operation_model: Any) -> bool:  # noqa: ANN401 - botocore's own class
    """Return whether all that the operation answers stands in headers, so that a body means somebody else spoke."""
    shape = operation_model.output_shape
    members = shape.members.values() if shape is not None else ()
    return all(member.serialization.get("location") for member in members)
