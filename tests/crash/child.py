"""One process of the bot: the real core as `bot/app.py` puts it together, with people in a loop instead of Slack."""

import gc
import logging
import sys
import time
from datetime import timedelta
from pathlib import Path

from bot.__main__ import GARBAGE_THRESHOLDS
from bot.actions.catalogue import CATALOGUE
from bot.assistant.extractive import ExtractiveAssistant
from bot.aws.clients import Credentials
from bot.aws.cloud import AwsCloud
from bot.domain.reading import read_runbook
from bot.engine.transact import DbosEngine
from bot.records.anchors import folder_anchors
from bot.records.library import FolderLibrary
from bot.records.signing import signer_at
from bot.usecases.desk import Desk
from bot.usecases.restoring import restore
from bot.usecases.work import Bell, Failures, Performer, Precedence, Sweeper
from bot.workbench.clock import Clock
from tests.crash.killing import KillingStore
from tests.crash.people import People
from tests.crash.spec import Spec
from tests.nothing import NoArchive, NoLogs, NoRemarks, NoUploads
from tests.usecases.table import CHANNEL, POLICY, RUNBOOKS, TEAM, FakeDirectory, FakePager, Nothing

NOT_REACHED = 3
LEAST_DEAD_AFTER_S = 0.4


def main(spec: Spec) -> None:
    """Be the bot until the goal is reached or the kill comes."""
    gc.freeze()  # what was loaded before the fork stays shared
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    logging.basicConfig(filename=spec.folder / f"{spec.name}.log", level=logging.INFO, force=True)
    clock = Clock(spec.clock)
    store = KillingStore.open(
        spec.records_url,
        signer=signer_at(spec.folder / "audit.key", trust=spec.folder / "audit.pub"),
        anchors=folder_anchors(spec.folder / "anchors"),
        clock=clock,
    )
    store.kill = spec.kill
    cloud = _cloud(spec)
    desk = _desk(spec, store, cloud)
    failures, bell = Failures(), Bell()
    dead_after = timedelta(seconds=max(spec.dead_after, LEAST_DEAD_AFTER_S))
    precedence = Precedence()
    engine = DbosEngine(
        perform=Performer(desk=desk, nudge=bell.ring, failures=failures, give_way=precedence.give_way),
        claims=store,
        database_url=spec.engine_url,
        installation=store.installation,
        replica=spec.name,
        heartbeat=dead_after / 5,
        dead_after=dead_after,
        polling=timedelta(milliseconds=20),
    )
    sweeper = Sweeper(
        records=store,
        engine=engine,
        failures=failures,
        bell=bell,
        also=store.anchor_if_due,
        give_way=precedence.give_way,
    )
    behind = store.behind_anchor()
    if behind is not None:
        restore(desk, anchor=behind.hash)
    engine.launch()
    _wait_for(spec)
    sweeper.start()
    reached = People(spec=spec, store=store, desk=desk, clock=clock, nudge=bell.ring).play()
    sweeper.close()
    engine.close()
    store.close()
    cloud.close()
    sys.exit(0 if reached else NOT_REACHED)


def _wait_for(spec: Spec) -> None:
    (spec.folder / f"{spec.name}.up").touch()
    while spec.waits and not (spec.folder / f"{spec.name}.go").exists():
        time.sleep(0.02)


def _cloud(spec: Spec) -> AwsCloud:
    return AwsCloud(
        catalogue=CATALOGUE,
        platform=spec.platform,
        endpoint_url=spec.lake_url,
        credentials=Credentials(access_key_id=spec.access_key_id, secret_access_key=spec.secret_access_key),
        fence=spec.fence,
    )


def _desk(spec: Spec, store: KillingStore, cloud: AwsCloud) -> Desk:
    dead_after = timedelta(seconds=spec.dead_after)
    return Desk(
        records=store,
        cloud=cloud,
        pager=FakePager(),
        directory=FakeDirectory(),
        library=FolderLibrary(Path(RUNBOOKS), read=read_runbook),
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
        replica=spec.name,
        alive=lambda owner: owner == spec.name or owner not in store.dead(after=dead_after),
    )
