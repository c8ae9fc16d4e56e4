"""The ports a use case is given, in one value, and the few things every use case does with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from pydantic import BaseModel, ValidationError

from bot.domain.action import Call, Catalogue, Looking, Platform, bind
from bot.domain.adding import following
from bot.domain.denies import denied
from bot.domain.expression import resolve
from bot.domain.people import Person
from bot.domain.policy import Policy, admit
from bot.domain.quiet import AT_WORK
from bot.domain.reasons import asking_why
from bot.domain.records import Change
from bot.domain.redaction import secrets_in
from bot.domain.run import Run, scope
from bot.domain.runbook import Runbook, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, NotAllowedError, StaleError, UnavailableError
from bot.ports import Archive, Assistant, Cloud, Directory, Library, Logs, Pager, Records, Remarks, Search, Uploads

MOST_CONFLICTS = 20
MOST_READ = 100


def utc_for(_person: str) -> tzinfo:
    """Return UTC, where nobody knows in which zone a person is."""
    return UTC


def nowhere(_channel: str, _ts: str) -> str:
    """Return no address, where messages have none."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Hold the ports and the rules of one environment.

    Attributes:
        replica: the id of this process start; attempts are owned by it.
        alive: whether the process of that id still beats; its unanswered calls are its own until it does not.
        channel: where alarms without a channel of their own are shown.
        zone: in which time zone a person is.
        permalink: where a message can be opened, by channel and ts; empty where nobody tells.
        morning: the hour, where a person is, at which they are reminded of what can wait.
        read: snapshots that were read before, by digest; reading one takes longer than all else of a turn.
    """

    records: Records
    cloud: Cloud
    pager: Pager
    directory: Directory
    library: Library
    search: Search
    assistant: Assistant
    logs: Logs
    archive: Archive
    uploads: Uploads
    remarks: Remarks
    catalogue: Catalogue
    policy: Policy
    platform: Platform
    environment: str
    team: str
    channel: str
    replica: str
    alive: Callable[[str], bool]
    zone: Callable[[str], tzinfo] = utc_for
    morning: int = AT_WORK
    permalink: Callable[[str, str], str] = nowhere
    read: dict[str, Runbook] = field(default_factory=dict, repr=False, compare=False)

    def now(self) -> datetime:
        """Return the time that decides."""
        return self.records.now()

    @property
    def look(self) -> Looking:
        """Return what the functions of actions look with; the gate binds and refuses once more."""
        return Looking(catalogue=self.catalogue, platform=self.platform, perform=self.cloud.look)

    def bound(self, row: str, params: JsonObject) -> Call:
        """Return the call if its row admits it, no absolute deny forbids it, and it can be shown whole to be signed.

        Raises:
            InvalidError: the row does not admit it.
            NotAllowedError: it is forbidden whatever a row says, or holds a secret.
        """
        entry = self.catalogue.row(row)
        call = bind(entry, params, self.platform)
        refusal = denied(entry, params, self.platform)
        if refusal:
            raise NotAllowedError(f"Never offered: {refusal}")
        if kinds := secrets_in(params):
            raise NotAllowedError(
                f"Never offered: a parameter of {row} holds what looks like a secret ({', '.join(sorted(kinds))}), "
                "and whoever approves is shown every parameter. Take it out where it comes from."
            )
        return call

    def scope(self, run: Run, *, item: JsonValue = None) -> dict[str, JsonValue]:
        """Return what the run's expressions may see."""
        known: dict[str, JsonValue] = {
            "name": self.platform.name,
            "account": self.platform.account,
            "region": self.platform.region,
            **{key: list(v) if isinstance(v, tuple) else v for key, v in self.platform.resources.items()},
        }
        return {**scope(run, platform=known, installation=self.records.installation), "item": item}

    def parameters(self, run: Run, step: Step, *, item: JsonValue = None) -> BaseModel:
        """Return the step's parameters, resolved and validated by the action's own model.

        Raises:
            ExpressionError: something it refers to is not known, or of another type.
            InvalidError: a value does not fit the action.
        """
        action = self.catalogue.action(step.uses or "")
        resolved = resolve(step.with_, self.scope(run, item=item))
        try:
            return action.params.model_validate(resolved)
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
                for one in error.errors(include_url=False, include_input=False)
            )
            raise InvalidError(f"Step {step.id}: {action.id} does not take these parameters: {wrong}") from None

    def runbook(self, run: Run) -> Runbook:
        """Return the runbook as it was when the run began, with what was added to this run, and asking why."""
        found = self.read.get(run.snapshot)
        if found is None:
            text, path = self.records.snapshot(run.snapshot)
            found = self.library.reading(text, path)
            if len(self.read) >= MOST_READ:
                self.read.clear()
            self.read[run.snapshot] = found
        return asking_why(following(found, run), self.catalogue, run)

    def person(self, person: str | None, *, channel: str, starts: bool) -> Person:
        """Return who that is, once it is sure that they may.

        Raises:
            NotAllowedError: they may not, or Slack did not say.
        """
        try:
            return self.admitted(person, channel=channel, starts=starts)
        except UnavailableError as error:
            raise NotAllowedError(f"Refused to be safe: {error.words} Nothing was done; try again.") from error

    def admitted(self, person: str | None, *, channel: str, starts: bool) -> Person:
        """Return who that is, for work that can come again when Slack does not say.

        Raises:
            NotAllowedError: they may not.
            UnavailableError: Slack did not say.
        """
        if person is None:
            raise NotAllowedError("Nobody is named, so nothing was done.")
        somebody = self.directory.person(person)
        role = self.policy.operator if starts else self.policy.viewer
        roles = frozenset({role} if person in self.directory.members(role) else ())
        shared = not channel.startswith("D") and self.directory.shared(channel)
        if shared:
            raise NotAllowedError("People from other workspaces are in this channel, so nothing is shown or done here.")
        admit(somebody, roles, policy=self.policy, channel=channel, starts=starts)
        return somebody

    def keep(self, build: Callable[[], Change]) -> Change:
        """Commit what `build` decides, deciding again on what is there when somebody else was first.

        Raises:
            StaleError: somebody else was first every time.
        """
        for _ in range(MOST_CONFLICTS):
            change = build()
            try:
                self.records.commit(change)
            except StaleError:
                continue
            return change
        raise StaleError("The record kept changing while this was decided; nothing was done. Try again.")
