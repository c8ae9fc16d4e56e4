"""A process of the bot that is killed in the middle of a list: it performs what is due until SIGKILL comes."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.assistant.extractive import ExtractiveAssistant
from bot.aws.clients import Credentials
from bot.aws.cloud import AwsCloud
from bot.domain.action import Platform
from bot.domain.records import Card
from bot.domain.value import JsonObject
from bot.records.anchors import folder_anchors
from bot.records.library import FolderLibrary
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.usecases.desk import Desk
from bot.usecases.work import perform_work
from bot.workbench.clock import Clock
from tests.nothing import NoArchive, NoLogs, NoRemarks, NoUploads
from tests.usecases.table import CHANNEL, POLICY, READ, TEAM, FakeDirectory, FakePager, Nothing

NAME = "killed"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Say where everything is, and after how many windows to die; it crosses to the process by pickle."""

    folder: Path
    runbooks: Path
    clock: Path
    platform: Platform
    lake_url: str
    access_key_id: str
    secret_access_key: str
    windows: int


class KilledStore(Store):
    """Keep everything, until the process is killed right after it has said that a window leaves."""

    windows: int = 0

    def note_progress(self, attempt: int, *, owner: str, progress: JsonObject, card: Card) -> None:
        super().note_progress(attempt, owner=owner, progress=progress, card=card)
        self.windows -= 1
        if self.windows < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main(spec: Spec) -> None:
    """Perform what is due."""
    store = KilledStore.open(
        f"sqlite:///{spec.folder / 'bot.db'}",
        signer=signer_at(spec.folder / "audit.key", trust=spec.folder / "audit.pub"),
        anchors=folder_anchors(spec.folder / "anchors"),
        clock=Clock(spec.clock),
    )
    store.windows = spec.windows
    credentials = Credentials(access_key_id=spec.access_key_id, secret_access_key=spec.secret_access_key)
    cloud = AwsCloud(catalogue=CATALOGUE, platform=spec.platform, endpoint_url=spec.lake_url, credentials=credentials)
    desk = Desk(
        records=store,
        cloud=cloud,
        pager=FakePager(),
        directory=FakeDirectory(),
        library=FolderLibrary(spec.runbooks, read=READ),
        assistant=ExtractiveAssistant(),
        logs=NoLogs(),
        archive=NoArchive(),
        uploads=NoUploads(),
        remarks=NoRemarks(),
        search=Nothing(),
        catalogue=CATALOGUE,
        policy=POLICY,
        platform=spec.platform,
        environment="prod",
        team=TEAM,
        channel=CHANNEL,
        replica=NAME,
        alive=lambda owner: owner == NAME,
    )
    while True:
        for work in [f"inbox:{number}" for number in store.deliveries()]:
            perform_work(desk, work)
        for wait in store.open_waits(due=store.now()):
            perform_work(desk, wait.key)
