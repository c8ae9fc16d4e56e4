"""The gate to AWS: what a row admits is looked at or, with a permit, sent exactly once; no more leaves."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NoReturn

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from bot.aws.clients import (
    CONNECT_TIMEOUT_S,
    FENCE_S,
    NO_ANSWER,
    READ_TIMEOUT_S,
    Clients,
    Credentials,
    Fence,
    Sending,
    boottime,
)
from bot.aws.endpoints import Endpoints
from bot.aws.keeping import kept, parsed_body
from bot.aws.model import param_problems
from bot.domain.action import Call, Catalogue, Element, Platform, Replay, Row, bind
from bot.domain.approval import ConsumedApproval
from bot.domain.denies import denied
from bot.domain.many import insist_same
from bot.domain.runbook import Risk
from bot.domain.strictjson import MOST_CHARACTERS
from bot.domain.value import JsonObject
from bot.errors import CallRefusedError, InvalidError, NotAllowedError, OutcomeUnknownError, UnavailableError
from bot.ports import Identity

AT_ONCE = 8  # of a list; all of a window leave right after it was said that they do
LIST_PAUSES_S = (0.2, 1.0, 5.0)  # before those of a window that AWS did not take are sent again
NEVER_REACHED = (EndpointConnectionError, ConnectTimeoutError)
NOT_THERE = frozenset(
    {"NoSuchKey", "404", "ResourceNotFoundException", "StateMachineDoesNotExist", "ExecutionDoesNotExist"}
)
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
    }
)


class AwsCloud:
    """Satisfy the Cloud port with boto3."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        platform: Platform,
        endpoint_url: str | None = None,
        credentials: Credentials | None = None,
        connect_timeout: float = CONNECT_TIMEOUT_S,
        read_timeout: float = READ_TIMEOUT_S,
        fence: float = FENCE_S,
        list_pauses: Sequence[float] = LIST_PAUSES_S,
    ) -> None:
        self._list_pauses = list_pauses
        self._catalogue = catalogue
        self._platform = platform
        self._fence = Fence(fence)
        self._clients = Clients(
            region=platform.region,
            fence=self._fence,
            endpoint_url=endpoint_url,
            credentials=credentials,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        self._endpoints = Endpoints(platform.endpoints, local=endpoint_url is not None)
        self._caller: tuple[str, str] | None = None

    def look(self, call: Call) -> JsonObject:
        """Perform a reading row; "not there" is `{"found": False}`, else `found` stands beside what is kept.

        Raises:
            ValueError: the row does not only read; that is a bug.
            InvalidError: the row does not admit the call, or what is there is no document the bot can read.
            NotAllowedError: the call may never be made.
            UnavailableError: no answer; trying again is safe.
            CallRefusedError: AWS said no.
        """
        row = self._admitted(call)
        if row.risk is not Risk.READ:
            raise ValueError(f"{row.id} changes something; it is sent with a permit, not looked at.")
        self._insist_on_account(fresh=False)
        return self._look(row, call) if row.of_aws else self._endpoints.look(call.params)

    def send(self, permit: ConsumedApproval, *, mark: Callable[[], None]) -> JsonObject:
        """Send the call exactly once; what `mark` raises is raised, and nothing was sent.

        Raises:
            ValueError: the row only reads; that is a bug.
            InvalidError: the row does not admit the call; nothing was sent.
            NotAllowedError: the call may never be made; nothing was sent.
            UnavailableError: nothing was sent.
            CallRefusedError: AWS said no; nothing was changed.
            OutcomeUnknownError: sent, and no answer came back.
        """
        call = permit.call
        if call.many is not None:
            raise ValueError(f"{call.row} stands for a list; it is sent as one.")
        row = self._admitted(call)
        if row.risk is Risk.READ:
            raise ValueError(f"{row.id} only reads; it needs no permit.")
        self._insist_on_account(fresh=row.risk is not Risk.CONTROL)
        self._clients.sending(row.service)  # made before the mark: it takes longer than the fence allows
        with self._fence.opened() as sending:
            mark()
            return self._sent(row, call, sending)

    def send_many(
        self,
        permit: ConsumedApproval,
        elements: Sequence[Element],
        *,
        mark: Callable[[int, int], None],
        insist: Callable[[Sequence[Call]], None] | None = None,
    ) -> JsonObject:
        """Send each call of a list exactly once, several at a time, in order of windows.

        Before a window is sent, `insist` looks once more at what its calls overwrite, and `mark` commits how many of
        the list are done and how many may have been sent by the end of it; what either raises is raised, and nothing of
        that window was sent. A call that is so already is not sent. Those of a window that did not leave, or that AWS
        was too busy for, are sent again a little later, each time after another look and another `mark`.

        Raises:
            ValueError: the permit is for one call; that is a bug.
            InvalidError: the list is not the one that was approved; nothing was sent.
            NotAllowedError: one of them may never be made; nothing was sent.
            UnavailableError: one was not sent; those before it were answered. So for the next two.
            CallRefusedError: AWS said no to one.
            OutcomeUnknownError: one was sent, and no answer came back.
        """
        if permit.call.many is None:
            raise ValueError(f"{permit.call.row} is one call; it is not sent as a list.")
        insist_same(permit.call, elements)
        row = self._catalogue.row(permit.call.row)
        for one in elements:
            self._admitted(one.call)
        if row.risk is Risk.READ or row.replay is not Replay.SAFE:
            raise ValueError(f"{row.id} may not be sent as a list: its calls are not safe to be made again.")
        self._insist_on_account(fresh=True)
        self._clients.sending(row.service)
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="list") as pool:
            for start in range(0, len(elements), AT_ONCE):
                self._window(row, elements, start, pool=pool, mark=mark, insist=insist)
        return {"count": len(elements), "sent": sum(not one.done for one in elements)}

    def _window(
        self,
        row: Row,
        found: Sequence[Element],
        start: int,
        *,
        pool: ThreadPoolExecutor,
        mark: Callable[[int, int], None],
        insist: Callable[[Sequence[Call]], None] | None,
    ) -> None:
        end = min(start + AT_ONCE, len(found))
        left = [place for place in range(start, end) if not found[place].done]
        for pause in (*self._list_pauses, None):
            if insist is not None:
                insist([found[place].call for place in left])
            failures = self._sent_at_once(row, found, left, pool=pool, mark=partial(mark, start, end))
            if not failures:
                return
            if pause is None or not all(_not_taken(error) for _, error in failures):
                self._fail(found, failures)
            left = [place for place, _ in failures]
            time.sleep(pause)

    def _sent_at_once(
        self,
        row: Row,
        found: Sequence[Element],
        places: Sequence[int],
        *,
        pool: ThreadPoolExecutor,
        mark: Callable[[], None],
    ) -> list[tuple[int, BaseException]]:
        """Return what went wrong with those at these places, once all of them have been marked and sent."""
        marked = boottime()  # before the mark: whoever freezes right after it must not send late
        mark()
        begun = [(place, pool.submit(self._one_of, row, found[place].call, marked)) for place in places]
        return [(place, error) for place, future in begun if (error := future.exception()) is not None]

    @staticmethod
    def _fail(found: Sequence[Element], failures: Sequence[tuple[int, BaseException]]) -> NoReturn:
        unknown = [failure for failure in failures if isinstance(failure[1], OutcomeUnknownError)]
        place, error = (unknown or failures)[0]
        where = f"It was number {place + 1:,} of {len(found):,}, {found[place].call.resource}."
        match error:
            case CallRefusedError():
                raise CallRefusedError(f"{error.words} {where}", code=error.code) from error
            case UnavailableError() | OutcomeUnknownError():
                raise type(error)(f"{error.words} {where}") from error
            case _:
                raise error

    def _one_of(self, row: Row, call: Call, marked: float) -> None:
        with self._fence.opened(since=marked) as sending:
            self._sent(row, call, sending)

    def identity(self, service: str, *, fresh: bool = False) -> Identity:
        """Return who is calling, as STS says of the same session, and which host would be called.

        Args:
            service: as boto3 calls it.
            fresh: ask now; else what STS said first in this process stands.

        Raises:
            UnavailableError: AWS did not say.
        """
        account, role = self._ask_caller(fresh=fresh)
        return Identity(account=account, role=role, host=self._clients.host(service))

    def close(self) -> None:
        """Close every connection."""
        self._clients.close()

    def _admitted(self, call: Call) -> Row:
        row = self._catalogue.row(call.row)
        if bind(row, call.params, self._platform) != call:
            raise InvalidError(f"The call of {row.id} is not the one its row makes of these parameters.")
        if reason := denied(row, call.params, self._platform):
            raise NotAllowedError(f"{row.title}: {reason} Nothing was sent.")
        if problems := param_problems(row, call.params):
            raise InvalidError(f"{row.id}: {problems}")
        return row

    def _look(self, row: Row, call: Call) -> JsonObject:
        try:
            answer = getattr(self._clients.reading(row.service), row.operation)(**call.params)
            for part in ("Body", "Payload"):
                if part in answer:
                    answer = {**answer, part: self._document(answer[part], call)}
        except ClientError as error:
            return _not_there(row, error)
        except NO_ANSWER as error:
            raise UnavailableError(f"{row.title}: AWS did not answer ({type(error).__name__}). Try again.") from error
        try:
            return {"found": True, **kept(row, answer)}
        except InvalidError as error:
            if "Body" in answer or "Payload" in answer:
                raise InvalidError(f"{call.resource} is not a document this bot reads: {error} Repair it.") from error
            raise UnavailableError(f"{row.title}: AWS answered what cannot be read: {error} Try again.") from error

    def _document(self, stream: Any, call: Call) -> JsonObject:  # noqa: ANN401 - botocore's streaming body
        with stream:
            raw: bytes = stream.read(MOST_CHARACTERS + 1)
        if len(raw) > MOST_CHARACTERS:
            raise InvalidError(f"{call.resource} is larger than {MOST_CHARACTERS} bytes; it is not read.")
        return parsed_body(raw, call.resource)

    def _sent(self, row: Row, call: Call, sending: Sending) -> JsonObject:
        try:
            return kept(row, getattr(self._clients.sending(row.service), row.operation)(**call.params))
        except ClientError as error:
            return self._refused(row, call, error)
        except (UnavailableError, OutcomeUnknownError):
            raise
        except NEVER_REACHED as error:
            raise UnavailableError(f"{row.title}: AWS was not reached; nothing was sent. Try again.") from error
        except Exception as error:
            # Of whatever kind: once the request has left, nobody knows.
            if sending.sent:
                raise OutcomeUnknownError(_unknown(row, error)) from error
            if isinstance(error, NO_ANSWER):
                raise UnavailableError(f"{row.title}: nothing was sent ({type(error).__name__}). Try again.") from error
            raise

    def _refused(self, row: Row, call: Call, error: ClientError) -> JsonObject:
        code, status = _code(error)
        if code == "ExecutionAlreadyExists" and row.replay is Replay.TOKEN:
            return self._started_before(row, call, error)
        if status >= 500 and code not in THROTTLED:
            raise OutcomeUnknownError(_unknown(row, error)) from error
        raise CallRefusedError(f"{row.title}: AWS said no ({code}); nothing was changed.", code=code) from error

    def _started_before(self, row: Row, call: Call, error: ClientError) -> JsonObject:
        """Answer as if just started, if the execution of that name was given the very same input."""
        machine = str(call.params["stateMachineArn"])
        arn = f"{machine.replace(':stateMachine:', ':execution:', 1)}:{call.params['name']}"
        look = bind(self._catalogue.row("states.execution"), {"executionArn": arn}, self._platform)
        try:
            found = self._look(self._catalogue.row("states.execution"), look)
        except (UnavailableError, CallRefusedError) as failed:
            raise OutcomeUnknownError(_unknown(row, failed)) from failed
        wanted = kept(_INPUT_ONLY, {"input": call.params["input"]})["input"]
        if found.get("input") != wanted:
            words = f"{row.title}: an execution of that name exists with other input; nothing was started."
            raise CallRefusedError(words, code="ExecutionAlreadyExists") from error
        return {"executionArn": arn, "startDate": found["startDate"]}

    def _insist_on_account(self, *, fresh: bool) -> None:
        account, role = self._ask_caller(fresh=fresh)
        if account != self._platform.account:
            raise NotAllowedError(
                f"The credentials belong to account {account}, not to {self._platform.account} "
                f"({self._platform.account_name}). Nothing was sent."
            )
        if self._caller is not None and role != self._caller[1]:
            raise NotAllowedError(
                f"The credentials are {role}'s now, and approvals bind {self._caller[1]}. Nothing was sent. "
                "Restart the bot, and ask again."
            )

    def _ask_caller(self, *, fresh: bool) -> tuple[str, str]:
        if self._caller is not None and not fresh:
            return self._caller
        asked = self._asked_caller()
        if self._caller is None or self._caller[0] != self._platform.account:
            self._caller = asked  # and stays: what was approved since binds it
        return asked

    def _asked_caller(self) -> tuple[str, str]:
        try:
            answer: Mapping[str, Any] = self._clients.reading("sts").get_caller_identity()
            return str(answer["Account"]), _role(str(answer["Arn"]))
        except (*NO_ANSWER, ClientError, KeyError) as error:
            words = f"AWS did not say who is calling ({type(error).__name__}); nothing was sent. Try again."
            raise UnavailableError(words) from error


_INPUT_ONLY = Row(id="input", service="", operation="", title="", allows={}, resource="", keep={"input": "digest"})


def _role(arn: str) -> str:
    """Return the caller's ARN without the session name, which differs per process."""
    return re.sub(r"^(arn:[^:]*:sts::[0-9]{12}:assumed-role/[^/]+)/.*$", r"\1", arn)


def _not_taken(error: BaseException) -> bool:
    """Return whether a call did not leave, or AWS was too busy to take it."""
    return isinstance(error, UnavailableError) or (isinstance(error, CallRefusedError) and error.code in THROTTLED)


def _code(error: ClientError) -> tuple[str, int]:
    said: Mapping[str, Any] = error.response
    status = said.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return str(said.get("Error", {}).get("Code", "unknown")), int(status)


def _not_there(row: Row, error: ClientError) -> JsonObject:
    code, status = _code(error)
    if code in NOT_THERE or code in row.absent:
        return {"found": False}
    if status >= 500 or code in THROTTLED:
        raise UnavailableError(
            f"{row.title}: AWS is busy or failing ({code}); nothing was changed. Try again."
        ) from error
    raise CallRefusedError(f"{row.title}: AWS said no ({code}); nothing was changed.", code=code) from error


def _unknown(row: Row, error: Exception) -> str:
    name = type(error).__name__
    return f"{row.title}: it was sent, and no answer can be trusted ({name}). It may have happened."
