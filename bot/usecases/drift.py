"""Find what settings and runbooks name and the account does not have. Only looks, and only by rows of the catalogue.

A row that needs nothing but names of the platform is asked about each of them; a step that needs nothing but the
platform is looked at as it stands. What no row can look at is named too, never passed over in silence.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Protocol

from bot.domain.action import Action, Catalogue, Fixed, Looking, Match, Named, Platform, Row
from bot.domain.alarm import ALARM_TYPES, alarm_now
from bot.domain.expression import compile_expression, expressions_in, resolve
from bot.domain.policy import Policy
from bot.domain.runbook import Risk, Runbook, Step
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import CallRefusedError, ExpressionError, InvalidError, NotAllowedError, NotFoundError

MOST_NAMES = 200
_NAMES_ONLY = re.compile(r"<([a-z_]+)>(?:\|<([a-z_]+)>)*")
_KEY = re.compile(r"<([a-z_]+)>")
_NOT_THERE = re.compile(r"NoSuch|NotFound|DoesNotExist|NonExistent|EntityNotFound")
_OWN = frozenset({"account", "region"})


class Drift(Value):
    """Say in one line what is named where and not there, and how to mend it."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.where}: {self.what} {self.remedy}"


class Found(Value):
    """Hold what drifted, and which keys of the platform nothing can look at."""

    drifts: tuple[Drift, ...]
    unlooked: tuple[str, ...]


class Belongings(Protocol):
    """Knows whether the bot's own queues and topics stand."""

    def missing(self) -> tuple[str, ...]:
        """Return the names of those that do not.

        Raises:
            UnavailableError: AWS did not say.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Look through everything that is named.

    Attributes:
        members: who is in a role, as Slack says; None where there is no Slack to ask.
        belongings: the bot's own queues and topics; None leaves them out.
    """

    look: Looking
    runbooks: Mapping[str, Runbook]
    policy: Policy
    belongings: Belongings | None
    members: Callable[[str], frozenset[str]] | None
    now: datetime

    @property
    def _platform(self) -> Platform:
        return self.look.platform

    @property
    def _catalogue(self) -> Catalogue:
        return self.look.catalogue

    def found(self) -> Found:
        """Return what drifted, what the settings name first.

        Raises:
            UnavailableError: AWS or Slack did not answer; nothing can be said then.
        """
        gone: dict[str, Drift] = {}
        seen: set[str] = set()
        for row in self._catalogue.rows.values():
            for key, name, refusal in self._named(row, seen):
                gone.setdefault(name, _platform_drift(key, name, refusal))
        drifts = [*gone.values(), *self._own(), *self._alarms(), *self._steps(frozenset(gone)), *self._roles()]
        unlooked = sorted(key for key in self._platform.resources if not self._names(key) <= seen)
        return Found(drifts=tuple(dict.fromkeys(drifts)), unlooked=tuple(unlooked))

    def _names(self, key: str) -> frozenset[str]:
        return frozenset(self._platform.names(key))

    def _named(self, row: Row, seen: set[str]) -> Iterator[tuple[str, str, str]]:
        """Yield key, name and why of each name that the row does not find."""
        needed = _needed(row, self.now)
        if needed is None:
            return
        listed = [[(key, name) for key in keys for name in self._known(key)] for _, keys in needed.by_name]
        for chosen in islice(product(*listed), MOST_NAMES):
            params = {name: value for (name, _), (_, value) in zip(needed.by_name, chosen, strict=True)}
            refusal = self._looked(row, {**needed.fixed, **params})
            seen |= {value for _, value in chosen}
            if refusal is not None:
                key, name = chosen[-1]
                yield key, name, refusal

    def _known(self, key: str) -> tuple[str, ...]:
        return self._platform.names(key) if key in self._platform.resources else ()

    def _looked(self, row: Row, params: JsonObject) -> str | None:
        """Return why it cannot be seen: empty where it is not there; None where it is."""
        try:
            return "" if self.look(row.id, **params).get("found") is False else None
        except CallRefusedError as error:
            return "" if _NOT_THERE.search(error.code) else error.code
        except (InvalidError, NotAllowedError):
            return None

    def _own(self) -> Iterator[Drift]:
        for name in self.belongings.missing() if self.belongings else ():
            yield Drift(
                where="bot.toml", what=f"there is no {name}.", remedy="Create it, or name the right one in bot.toml."
            )

    def _alarms(self) -> Iterator[Drift]:
        for runbook in self.runbooks.values():
            for alarm in runbook.alarms:
                remedy = f"Create it, or take it out of `alarms:` of {runbook.id}; nothing will offer this runbook."
                where = f"{runbook.path}:{runbook.lines.get('alarms', 1)}"
                try:
                    there = alarm_now(self.look("cloudwatch.alarm", AlarmNames=[alarm], AlarmTypes=[*ALARM_TYPES]))
                except CallRefusedError as error:
                    yield Drift(where=where, what=f"the alarm {alarm} may not be seen ({error.code}).", remedy=_GRANT)
                    continue
                except (InvalidError, NotFoundError):
                    there = None
                if there is None:
                    yield Drift(where=where, what=f"there is no alarm {alarm}.", remedy=remedy)

    def _steps(self, gone: frozenset[str]) -> Iterator[Drift]:
        for runbook in self.runbooks.values():
            for step in runbook.steps:
                action = self._catalogue.actions.get(step.uses or "")
                if action is None or action.read is None:
                    continue
                where = f"{runbook.path}:{step.lines.get('uses', step.line)}"
                words = self._step(step, action, gone)
                if words:
                    yield Drift(where=where, what=f"step `{step.id}` finds nothing: {words}", remedy=_MEND)

    def _step(self, step: Step, action: Action, gone: frozenset[str]) -> str | None:
        given = None if self._left_out(step) else self._given(step)
        if given is None or any(name in str(value) for name in gone for value in given.values()):
            return None
        try:
            output = action.looked(self.look, action.params.model_validate(given), self.now)
        except CallRefusedError as error:
            return f"AWS says {error.code}."
        except (InvalidError, NotAllowedError) as error:
            return error.words
        except ValueError:
            return None
        return "what it names is not there." if output.get("found") is False else None

    def _left_out(self, step: Step) -> bool:
        """Return whether its `if` asks has(platform.…) for a name that these settings do not give."""
        guarded = compile_expression(step.when).facts.guarded if step.when else frozenset()
        return any(path[0] == "platform" and path[1] not in self._platform.resources for path in guarded)

    def _given(self, step: Step) -> dict[str, JsonValue] | None:
        """Return the step's parameters where they are known without a run."""
        try:
            paths = {path for one in expressions_in(dict(step.with_)) for path in one.references | one.facts.guarded}
            if any(path[0] != "platform" for path in paths) or not step.with_:
                return None
            platform: JsonObject = {key: _json(value) for key, value in self._platform.resources.items()}
            own: JsonObject = {"name": self._platform.name, "account": self._platform.account}
            scope: JsonObject = {**platform, **own, "region": self._platform.region}
            found = resolve(dict(step.with_), {"platform": scope})
        except ExpressionError:
            return None
        return found if isinstance(found, dict) else None

    def _roles(self) -> Iterator[Drift]:
        for name, role in self.policy.roles.items():
            where = f"bot.toml [policy.roles.{name}]"
            if role.group is None and not role.people:
                yield Drift(where=where, what="the role names nobody.", remedy="Give it a `group` or `people`.")
            elif self.members is not None and not self.members(name):
                yield Drift(where=where, what=f"nobody is in {role.title}.", remedy="Nobody could approve; add people.")


_GRANT = "Grant the bot the right; `runbook-bot actions` names the row."
_MEND = "Mend the step, or the name in bot.toml."


@dataclass(frozen=True, kw_only=True)
class _Needed:
    by_name: tuple[tuple[str, tuple[str, ...]], ...]
    fixed: JsonObject


def _needed(row: Row, now: datetime) -> _Needed | None:
    """Return what a row must be given, if names of the platform are all that it needs (or a minute of log)."""
    if row.risk is not Risk.READ:
        return None
    by_name: list[tuple[str, tuple[str, ...]]] = []
    fixed = _a_minute(now) if row.operation == "filter_log_events" else {}
    for name in row.required:
        allowed = row.allows[name]
        if isinstance(allowed, Fixed) or name in fixed:
            continue
        inner = allowed.of if isinstance(allowed, Named) else allowed
        if not isinstance(inner, Match) or not _NAMES_ONLY.fullmatch(inner.pattern):
            return None
        keys = tuple(_KEY.findall(inner.pattern))
        if _OWN & set(keys):
            return None
        by_name.append((name, keys))
    return _Needed(by_name=tuple(by_name), fixed=fixed) if by_name else None


def _a_minute(now: datetime) -> JsonObject:
    end = int(now.timestamp() * 1000)
    return {"startTime": end - int(timedelta(minutes=1).total_seconds() * 1000), "endTime": end, "limit": 1}


def _platform_drift(key: str, name: str, refusal: str) -> Drift:
    where = f"bot.toml [platform] {key}"
    if key == "endpoints":
        return Drift(
            where=where, what=f"nobody answers at {name}.", remedy="Start it, or mend its address in bot.toml."
        )
    if refusal:
        return Drift(where=where, what=f"{name} may not be seen ({refusal}).", remedy=_GRANT)
    return Drift(
        where=where, what=f"the account has no {name}.", remedy="Create it, or name the right one in bot.toml."
    )


def _json(value: str | tuple[str, ...]) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value
