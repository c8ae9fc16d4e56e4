"""The people, the pager and the shelf of a runbook that is tried alone on the local lake; Slack has no part in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.people import Person
from bot.domain.policy import Policy, Role
from bot.domain.problem import Problem
from bot.domain.reading import read_runbook
from bot.domain.remarks import Remark
from bot.domain.runbook import Runbook, Status
from bot.domain.uploads import Upload
from bot.errors import InvalidError, NotFoundError

TEAM = "T0TRY"
CHANNEL = "C0TRY"
YOU = "U0YOU"
OTHERS = ("U0ONE", "U0TWO", "U0THREE")
NAMES = {YOU: "you", "U0ONE": "one", "U0TWO": "two", "U0THREE": "three"}


def policy_for(runbook: Runbook) -> Policy:
    """Return the demo's policy, with every role that the runbook names."""
    named = {"oncall", "platform", "domain", "team", runbook.owner, *(role for s in runbook.steps for role in s.needs)}
    return Policy(
        roles={role: Role(title=role) for role in sorted(named) if role},
        viewer="team",
        operator="team",
        on_call="oncall",
        change=("platform",),
        destructive=("platform", "platform"),
        channels=(CHANNEL,),
    )


@dataclass(frozen=True)
class EverybodyIsHere:
    """Know you and three others, each in every role."""

    policy: Policy

    def person(self, person: str, *, fresh: bool = False) -> Person:
        """Return who that is."""
        if person not in NAMES:
            raise NotFoundError(f"Nobody here is called {person}.")
        return Person(id=person, team=TEAM, name=NAMES[person])

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        """Return everybody, for a role of the policy."""
        self.policy.role(role)
        return frozenset(NAMES)

    def shared(self, channel: str) -> bool:
        """Return that nobody from elsewhere listens."""
        return False


@dataclass
class QuietPager:
    """Wake nobody."""

    pages: list[str] = field(default_factory=list)

    def page(self, topic: str, subject: str, words: str) -> None:
        """Note whom it would have woken."""
        self.pages.append(topic)


@dataclass(frozen=True)
class OneBook:
    """Hold one runbook, which may be started whatever its status says: that is what a drill is for."""

    runbook: Runbook
    source: str

    def runbooks(self) -> Mapping[str, Runbook]:
        """Return it, by its id."""
        return {self.runbook.id: self._startable}

    def problems(self) -> Sequence[Problem]:
        """Return none: it was read."""
        return ()

    def find(self, name: str) -> Runbook:
        """Return it, if that is its id."""
        if name != self.runbook.id:
            raise NotFoundError(f"Only {self.runbook.id} is tried here.")
        return self._startable

    def text(self, runbook: Runbook) -> str:
        """Return the file's text."""
        return self.source

    def reading(self, text: str, path: str) -> Runbook:
        """Return a runbook from a snapshot of its text."""
        found = read_runbook(text, path).runbook
        if found is None:
            raise InvalidError(f"The snapshot of {path} cannot be read.")
        return found

    @property
    def _startable(self) -> Runbook:
        return self.runbook.model_copy(update={"status": Status.ACTIVE})


@dataclass(frozen=True)
class NoUploads:
    """Stand for what people share in Slack: nobody shares anything."""

    def shared(self, channel: str, *, thread: str | None) -> Sequence[Upload]:
        """Know no file."""
        return ()

    def upload(self, file: str) -> Upload:
        """Know no file."""
        raise NotFoundError("There is no Slack here to ask for a file.")

    def content(self, upload: Upload) -> bytes:
        """Hold no file."""
        raise NotFoundError("There is no Slack here to ask for a file.")


class NoRemarks:
    """Stand for what people say in Slack: nobody says anything."""

    def remark(self, channel: str, ts: str) -> Remark | None:
        """Know no message."""
        return None


class NothingElse:
    """Find no other runbook."""

    def runbooks(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        """Find nothing."""
        return []

    def fitting(self, words: Sequence[str], *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        """Find nothing."""
        return []

    def incidents(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        """Find nothing."""
        return []
