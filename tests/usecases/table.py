"""A table to play the bot's use cases on: real records, the real local lake, a directory that can be told what to say.

Work is performed here in order, by hand, so that a test sees exactly what one press leads to.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.aws.clients import Credentials
from bot.aws.cloud import AwsCloud
from bot.domain.action import Call, Platform
from bot.domain.approval import Approval, ApprovalState, ConsumedApproval
from bot.domain.inbox import AskAgain, CastVote, Delivery, GiveInputs, StartRun, Wish
from bot.domain.people import Person, Place
from bot.domain.policy import Policy, Role
from bot.domain.reading import read_runbook
from bot.domain.records import Card
from bot.domain.run import Awaiting, Run
from bot.domain.value import JsonObject
from bot.errors import NotFoundError, UnavailableError
from bot.ports import Cloud, Identity
from bot.records.anchors import folder_anchors
from bot.records.library import FolderLibrary
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.usecases.desk import Desk
from bot.usecases.work import perform_work
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
TEAM = "T0LAKE"
CHANNEL = "C0ETL"
ANA, BO, CY, DEE, GUS = "U0ANA", "U0BO", "U0CY", "U0DEE", "U0GUS"

POLICY = Policy(
    roles={
        "oncall": Role(title="lake-oncall", group="S0ONCALL"),
        "platform": Role(title="lake-platform", group="S0PLATFORM", page_topic="arn:aws:sns:eu-west-1:123456789012:lake-page"),
        "everyone": Role(title="lake-team", group="S0TEAM"),
    },
    viewer="everyone",
    operator="everyone",
    on_call="oncall",
    change=("platform",),
    channels=(CHANNEL,),
)


@dataclass
class FakeDirectory:
    """Say who people are; a test may change it, or make it silent."""

    roles: dict[str, set[str]] = field(
        default_factory=lambda: {"oncall": {ANA, BO}, "platform": {ANA, BO, CY}, "everyone": {ANA, BO, CY, DEE}}
    )
    people: dict[str, Person] = field(
        default_factory=lambda: {
            one: Person(id=one, team=TEAM, name=one[2:].lower(), is_guest=one == GUS) for one in (ANA, BO, CY, DEE, GUS)
        }
    )
    silent: bool = False
    asked_fresh: list[str] = field(default_factory=list)

    def person(self, person: str, *, fresh: bool = False) -> Person:
        self._speak()
        if person not in self.people:
            raise NotFoundError(f"Slack knows nobody {person}.")
        return self.people[person]

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        self._speak()
        if fresh:
            self.asked_fresh.append(role)
        return frozenset(self.roles[role])

    def shared(self, channel: str) -> bool:
        self._speak()
        return channel == "C0SHARED"

    def _speak(self) -> None:
        if self.silent:
            raise UnavailableError("Slack did not answer who is in that group.")


@dataclass
class FakePager:
    """Remember who was woken."""

    pages: list[tuple[str, str, str]] = field(default_factory=list)

    def page(self, topic: str, subject: str, words: str) -> None:
        self.pages.append((topic, subject, words))


@dataclass
class CountingCloud:
    """Pass everything on to the real gate, and remember what was sent."""

    inner: Cloud
    sent: list[Call] = field(default_factory=list)
    looked: int = 0

    def look(self, call: Call) -> JsonObject:
        self.looked += 1
        return self.inner.look(call)

    def send(self, permit: ConsumedApproval, *, mark: object) -> JsonObject:
        self.sent.append(permit.call)
        return self.inner.send(permit, mark=mark)  # type: ignore[arg-type]

    def identity(self, service: str) -> Identity:
        return self.inner.identity(service)


@dataclass
class Nothing:
    """Find nothing."""

    def runbooks(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        return []


def platform_of(lake: Lake) -> Platform:
    names = lake.names
    return Platform(
        name="PROD",
        account=names.account,
        account_name="lake-local",
        region=names.region,
        resources={
            "bronze_bucket": names.bronze_bucket,
            "silver_bucket": names.silver_bucket,
            "quarantine_bucket": names.quarantine_bucket,
            "artifacts_bucket": names.artifacts_bucket,
            "log_groups": (names.log_group,),
            "machines": (names.state_machine,),
            "machine": names.state_machine,
            "rules": (names.schedule_rule,),
            "daily_rule": names.schedule_rule,
            "namespace": names.namespace,
            "pipelines": (names.pipeline,),
        },
    )


class Table:
    """Play deliveries against a desk, and perform what they lead to."""

    def __init__(self, *, lake: Lake, clock: Clock, folder: Path, replica: str = "one") -> None:
        self.lake = lake
        self.clock = clock
        self.directory = FakeDirectory()
        self.pager = FakePager()
        self.runbooks = folder / "runbooks"
        if not self.runbooks.exists():
            self.runbooks.mkdir(parents=True)
            for source in RUNBOOKS.glob("*.md"):
                (self.runbooks / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        self.store = Store.open(
            f"sqlite:///{folder / 'bot.db'}",
            signer=signer_at(folder / "audit.key", trust=folder / "audit.pub"),
            anchors=folder_anchors(folder / "anchors"),
            clock=clock,
        )
        platform = platform_of(lake)
        credentials = Credentials(
            access_key_id=lake.credentials.access_key_id, secret_access_key=lake.credentials.secret_access_key
        )
        inner = AwsCloud(catalogue=CATALOGUE, platform=platform, endpoint_url=lake.endpoint_url, credentials=credentials)
        self.cloud = CountingCloud(inner)
        self.desk = Desk(
            records=self.store,
            cloud=self.cloud,
            pager=self.pager,
            directory=self.directory,
            library=FolderLibrary(self.runbooks, read=read_runbook),
            search=Nothing(),
            catalogue=CATALOGUE,
            policy=POLICY,
            platform=platform,
            environment="prod",
            team=TEAM,
            channel=CHANNEL,
            replica=replica,
            alive=lambda owner: owner == replica,
        )
        self._count = 0
        self._shown: dict[str, Card] = {}

    def close(self) -> None:
        self.store.close()

    def wish(self, person: str, wish: Wish, *, ts: str | None = None, identity: str | None = None) -> None:
        """Let a person want something, and perform everything that is due."""
        self.send(person, wish, ts=ts, identity=identity)
        self.drive()

    def send(self, person: str, wish: Wish, *, ts: str | None = None, identity: str | None = None) -> bool:
        self._count += 1
        return self.store.accept(
            Delivery(
                identity=identity or f"{self.desk.replica}-{self._count}",
                wish=wish,
                person=person,
                place=Place(team=TEAM, channel=CHANNEL, ts=ts),
                at=self.clock.now(),
            )
        )

    def drive(self, *, seconds: float = 120) -> None:
        """Perform what is due until nothing is; the clock is moved for those that poll."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < until:
            due = [f"inbox:{number}" for number in self.store.deliveries()]
            due += [wait.key for wait in self.store.open_waits(due=self.clock.now())]
            if not due and not self._poll():
                return
            for work in due:
                perform_work(self.desk, work)
            self._show()

    def _poll(self) -> bool:
        """Return whether a run looks again soon; the lake gets a moment, then the clock is moved to that hour."""
        polls = [run.waiting for run in self.store.runs() if run.waiting and run.waiting.what is Awaiting.POLL]
        if not polls:
            return False
        time.sleep(0.3)
        due = min(one.due for one in polls if one.due)
        self.clock.advance(max(0.0, (due - self.clock.now()).total_seconds()))
        return True

    def _show(self) -> None:
        """Stand every request on a card, as the renderer would."""
        for card in self.store.cards_behind():
            self._shown[card.key] = card
            ts = card.ts or f"ts-{card.key}"
            self.store.card_shown(card.key, ts=ts, shown=card.wanted, edition=card.edition)

    def run(self, number: int = 1) -> Run:
        return self.store.run(number)

    def start(self, person: str = ANA) -> Run:
        self.wish(person, StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions"}))
        return self.run()

    def newest(self) -> Approval:
        return self.store.approvals()[0]

    def approve(self, person: str, approval: Approval | None = None, *, identity: str | None = None) -> Approval:
        asked = approval or self.newest()
        card = self.store.card(f"request:{asked.id}")
        assert card is not None
        vote = CastVote(approval=asked.id, edition=card.edition)
        self.wish(person, vote, ts=card.ts, identity=identity)
        return self.store.approval(asked.id)

    def reason(self, person: str = ANA) -> None:
        inputs = {"reason": "currency column fixed upstream, file re-sent"}
        self.wish(person, GiveInputs(run=self.run().id, inputs=inputs))

    def ask_again(self, person: str = ANA) -> None:
        self.wish(person, AskAgain(run=self.run().id))

    def whispers(self) -> list[JsonObject]:
        return [card.payload for card in self._cards() if card.key.startswith("whisper:")]

    def refused(self) -> str:
        words = [str(one["words"]) for one in self.whispers() if one.get("what") == "refused"]
        assert words, "nobody was refused"
        return words[-1]

    def notices(self) -> list[str]:
        return [str(card.payload["what"]) for card in self._cards() if "what" in card.payload and not card.to]

    def _cards(self) -> list[Card]:
        return list(self._shown.values())

    def breaker(self) -> str:
        names = self.lake.names
        body = self.lake.clients.s3.get_object(Bucket=names.artifacts_bucket, Key=names.breaker_key)["Body"].read()
        return body.decode()

    def rule(self) -> str:
        return self.lake.clients.events.describe_rule(Name=self.lake.names.schedule_rule)["State"]

    def later(self, delta: timedelta) -> None:
        self.clock.advance(delta.total_seconds())

    def now(self) -> datetime:
        return self.clock.now()

    def open_states(self) -> list[ApprovalState]:
        return [one.state for one in self.store.approvals()]
