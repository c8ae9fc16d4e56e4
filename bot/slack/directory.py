"""Who people are and who is in a role, as Slack says now or said within the last minute. Without an answer: no.

Only reads; each has a time-out of its own and is tried again where that is safe.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta, timezone, tzinfo
from http.client import HTTPException
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.web import SlackResponse

from bot.domain.people import Person
from bot.domain.policy import Policy
from bot.errors import UnavailableError

PEOPLE_FOR = timedelta(seconds=60)
CHANNELS_FOR = timedelta(minutes=5)
MOST_KEPT = 5_000
PATIENT_SECONDS = 5
HASTY_SECONDS = 1

Kept = TypeVar("Kept")


def patient(client: WebClient) -> WebClient:
    """Return a client for reads by workers: it waits when Slack says to, and asks again."""
    handlers: list[RetryHandler] = [
        ConnectionErrorRetryHandler(max_retry_count=2),
        RateLimitErrorRetryHandler(max_retry_count=1),
        ServerErrorRetryHandler(max_retry_count=2),
    ]
    return _like(client, seconds=PATIENT_SECONDS, handlers=handlers)


def hasty(client: WebClient) -> WebClient:
    """Return a client for reads on the way of an acknowledgement: one try, and soon given up."""
    return _like(client, seconds=HASTY_SECONDS, handlers=[])


def _like(client: WebClient, *, seconds: int, handlers: list[RetryHandler]) -> WebClient:
    return WebClient(
        token=client.token,
        base_url=client.base_url,
        timeout=seconds,
        proxy=client.proxy,
        ssl=client.ssl,
        retry_handlers=handlers,
        logger=client.logger,
    )


class Memory:
    """Keep answers for a while; shared by directories that ask differently."""

    def __init__(self, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._guard = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}

    def recall(self, kind: str, key: str, ask: Callable[[], Kept], *, lasts: timedelta, fresh: bool) -> Kept:
        """Return what was answered within the time, else ask; a failure is never kept."""
        with self._guard:
            until, known = self._kept.get((kind, key), (0.0, None))
        if not fresh and known is not None and self._ticks() < until:
            found: Kept = known
            return found
        asked = self._ticks()
        answer = ask()
        with self._guard:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[(kind, key)] = (asked + lasts.total_seconds(), answer)
        return answer


class SlackDirectory:
    """Ask Slack who people are; the policy says where a role's members stand."""

    def __init__(self, *, client: WebClient, policy: Policy, team: str, memory: Memory | None = None) -> None:
        """Take a client made by `patient` or `hasty`.

        Args:
            team: the workspace; people of others are strangers.
            memory: what another directory of the same workspace knows already.
        """
        self._client = client
        self._policy = policy
        self._team = team
        self._memory = memory or Memory()

    def person(self, person: str, *, fresh: bool = False) -> Person:
        """Return who that is.

        Raises:
            UnavailableError: Slack did not say.
        """
        return _person(self._account(person, fresh=fresh), self._team)

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        """Return the ids of the people in a role of the policy.

        Raises:
            UnavailableError: Slack did not say; the answer is then no.
        """
        known = self._policy.role(role)
        group = known.group
        if group is None:
            return frozenset(known.people)

        def ask() -> frozenset[str]:
            words = f"Slack did not answer who is in {known.title}."
            answer = _answered(lambda: self._client.usergroups_users_list(usergroup=group), words)
            return frozenset(_texts(answer.get("users"), words))

        return self._memory.recall("group", group, ask, lasts=PEOPLE_FOR, fresh=fresh) | frozenset(known.people)

    def shared(self, channel: str) -> bool:
        """Return whether people from elsewhere are in the channel.

        Raises:
            UnavailableError: Slack did not say.
        """

        def ask() -> bool:
            words = "Slack did not answer whether others are in this channel."
            answer = _answered(lambda: self._client.conversations_info(channel=channel), words)
            return _shared(_object(answer.get("channel"), words))

        return self._memory.recall("channel", channel, ask, lasts=CHANNELS_FOR, fresh=False)

    def zone(self, person: str) -> tzinfo:
        """Return the time zone the person set in Slack; UTC where nobody knows."""
        try:
            account = self._account(person, fresh=False)
        except UnavailableError:
            return UTC
        return _zone(account)

    def _account(self, person: str, *, fresh: bool) -> Mapping[str, Any]:
        def ask() -> Mapping[str, Any]:
            words = "Slack did not answer who you are."
            answer = _answered(lambda: self._client.users_info(user=person), words)
            account = _object(answer.get("user"), words)
            if account.get("id") != person:
                raise UnavailableError(words)
            return account

        return self._memory.recall("person", person, ask, lasts=PEOPLE_FOR, fresh=fresh)


def _person(account: Mapping[str, Any], team: str) -> Person:
    """Return the account as a person; what Slack leaves unsaid counts against them."""
    profile = account.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or account.get("real_name") or account.get("name")
    return Person(
        id=str(account["id"]),
        team=str(account.get("team_id") or ""),
        name=str(name or account["id"])[:80],
        is_bot=bool(account.get("is_bot", True)) or account["id"] == "USLACKBOT",
        is_guest=bool(account.get("is_restricted", True)) or bool(account.get("is_ultra_restricted", True)),
        is_stranger=bool(account.get("deleted", False)) or _foreign(account, team),
    )


def _foreign(account: Mapping[str, Any], team: str) -> bool:
    if account.get("is_stranger"):
        return True
    teams = (account.get("enterprise_user") or {}).get("teams") or ()
    return account.get("team_id") != team and team not in teams


def _shared(channel: Mapping[str, Any]) -> bool:
    return any(channel.get(flag) for flag in ("is_ext_shared", "is_shared", "is_pending_ext_shared"))


def _zone(account: Mapping[str, Any]) -> tzinfo:
    try:
        return ZoneInfo(str(account.get("tz") or "UTC"))
    except (KeyError, OSError, ValueError):  # no such zone on this machine
        offset = account.get("tz_offset")
        return timezone(timedelta(seconds=offset)) if isinstance(offset, int) and abs(offset) < 86_400 else UTC


def _answered(ask: Callable[[], SlackResponse], words: str) -> SlackResponse:
    try:
        return ask()
    except SlackApiError as error:
        code = str(error.response.get("error") or "no reason given")[:60]
        raise UnavailableError(f"{words} ({code})") from error
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        raise UnavailableError(words) from error


def _object(value: object, words: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnavailableError(words)
    return value


def _texts(value: object, words: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnavailableError(words)
    return tuple(value)
