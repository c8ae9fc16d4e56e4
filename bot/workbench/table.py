"""A desk on a local lake with records of its own: wishes go in, and what they lead to is performed in order.

Nothing is in between: no Slack, no executor, no intake; whoever holds the table says who wants what.
"""

from dataclasses import dataclass, field
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.assistant.extractive import ExtractiveAssistant
from bot.aws.clients import Credentials
from bot.aws.cloud import AwsCloud
from bot.aws.logs import AwsLogs
from bot.domain.action import Looking, Platform
from bot.domain.approval import Approval
from bot.domain.inbox import CastVote, Delivery, Wish
from bot.domain.people import Place
from bot.domain.records import Card
from bot.domain.runbook import Runbook
from bot.records.anchors import folder_anchors
from bot.records.archives import FolderArchive
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.usecases.desk import Desk
from bot.usecases.work import perform_work
from bot.workbench.cast import (
    CHANNEL,
    TEAM,
    EverybodyIsHere,
    NoRemarks,
    NothingElse,
    NoUploads,
    OneBook,
    QuietPager,
    policy_for,
)
from bot.workbench.clock import Clock
from bot.workbench.company import resources
from bot.workbench.lake.lake import Lake

MOST_ROUNDS = 2_000


@dataclass(frozen=True, kw_only=True)
class Shore:
    """Say where a local lake is, and what it is called."""

    platform: Platform
    url: str
    credentials: Credentials
    clock: Clock


@dataclass
class Table:
    """Hold the desk, take wishes, and perform what they lead to in order."""

    desk: Desk
    store: Store
    clock: Clock
    cloud: AwsCloud
    shown: dict[str, Card] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def laid(cls, runbook: Runbook, source: str, *, lake: Lake, folder: Path) -> "Table":
        """Lay a table with records of its own, on a lake of this process."""
        lent = lake.credentials
        shore = Shore(
            platform=platform_of(lake),
            url=lake.endpoint_url,
            credentials=Credentials(access_key_id=lent.access_key_id, secret_access_key=lent.secret_access_key),
            clock=lake.clock,
        )
        return cls.at(runbook, source, shore=shore, folder=folder)

    @classmethod
    def at(cls, runbook: Runbook, source: str, *, shore: Shore, folder: Path) -> "Table":
        """Lay a table with records of its own, on a lake anywhere."""
        store = Store.open(
            f"sqlite:///{folder / 'bot.db'}",
            signer=signer_at(folder / "audit.key", trust=folder / "audit.pub"),
            anchors=folder_anchors(folder / "anchors"),
            clock=shore.clock,
        )
        cloud = AwsCloud(
            catalogue=CATALOGUE,
            platform=shore.platform,
            endpoint_url=shore.url,
            credentials=shore.credentials,
        )
        policy = policy_for(runbook)
        desk = Desk(
            records=store,
            cloud=cloud,
            pager=QuietPager(),
            directory=EverybodyIsHere(policy),
            library=OneBook(runbook, source),
            assistant=ExtractiveAssistant(),
            logs=AwsLogs(Looking(catalogue=CATALOGUE, platform=shore.platform, perform=cloud.look)),
            archive=FolderArchive(folder / "archives", published=folder / "postmortems"),
            uploads=NoUploads(),
            remarks=NoRemarks(),
            search=NothingElse(),
            catalogue=CATALOGUE.imitated(),
            policy=policy,
            platform=shore.platform,
            environment="local",
            team=TEAM,
            channel=CHANNEL,
            replica="try",
            alive=lambda owner: owner == "try",
        )
        return cls(desk=desk, store=store, clock=shore.clock, cloud=cloud)

    def __enter__(self) -> "Table":
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self.cloud.close()

    def wish(self, person: str, wish: Wish, *, ts: str | None = None) -> None:
        """Let a person want something, and perform what is due."""
        self.count += 1
        place = Place(team=TEAM, channel=CHANNEL, ts=ts)
        delivery = Delivery(identity=f"try-{self.count}", wish=wish, person=person, place=place, at=self.clock.now())
        self.store.accept(delivery)
        self.drive()

    def drive(self) -> None:
        """Perform what is due until nothing is."""
        for _ in range(MOST_ROUNDS):
            due = [f"inbox:{number}" for number in self.store.deliveries()]
            due += [wait.key for wait in self.store.open_waits(due=self.clock.now())]
            if not due:
                return
            for work in due:
                perform_work(self.desk, work)
            for card in self.store.cards_behind():
                self.shown[card.key] = card
                self.store.card_shown(card.key, ts=f"ts-{card.key}", shown=card.wanted, edition=card.edition)

    def vote(self, person: str, approval: Approval) -> None:
        """Let a person press Approve on the card as it stands."""
        card = self.store.card(f"request:{approval.id}")
        edition, ts = (card.edition, card.ts) if card else (approval.edition, None)
        self.wish(person, CastVote(approval=approval.id, edition=edition), ts=ts)

    def refused(self) -> str:
        """Return the last refusal, in words."""
        words = [str(one.payload["words"]) for one in self.shown.values() if one.payload.get("words")]
        return words[-1] if words else "It did not start."


def platform_of(lake: Lake) -> Platform:
    """Return the platform that a local lake is."""
    names = lake.names
    listed = resources(names).items()
    return Platform(
        name="LOCAL",
        account=names.account,
        account_name="lake-local",
        region=names.region,
        resources={key: tuple(value) if isinstance(value, list) else value for key, value in listed},
    ).reaching(lake.endpoints)
