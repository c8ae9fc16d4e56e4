"""What Slack sends, in its documented shapes, and a door to send it through: real records, a directory that is told."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.actions.catalogue import CATALOGUE
from bot.assistant.extractive import ExtractiveAssistant
from bot.domain.action import Call, Element, Platform
from bot.domain.approval import Approval, ConsumedApproval
from bot.domain.inbox import Delivery
from bot.domain.people import Person
from bot.domain.policy import Policy, Role
from bot.domain.reading import read_runbook
from bot.domain.records import Change, Episode
from bot.domain.run import Run
from bot.domain.value import JsonObject
from bot.errors import UnavailableError
from bot.ports import Identity
from bot.records.anchors import folder_anchors
from bot.records.library import FolderLibrary
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.slack.app import build_app
from bot.slack.cards.stage import Stage
from bot.slack.commands import Commands
from bot.slack.opened import Opened
from bot.slack.views import Views
from bot.usecases.desk import Desk
from tests.nothing import NoArchive, NoLogs, NoRemarks, NoUploads

Body = dict[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEAM, CHANNEL, CARD, THREAD = "T0LAKE", "C0ETL", "1763900000.000100", "1763899000.000200"
ANA, BO, GUS = "U0ANA", "U0BO", "U0GUS"
TOKEN = "xoxb-test"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
RUNBOOKS = Path(__file__).parents[2] / "runbooks"

NEEDY = """---
id: needy
title: Needy
category: Incident response
owner: platform
status: active
parameters:
  table:
    title: Table
    choices: platform.tables
    pattern: "[a-z_]{1,40}"
  reason:
    title: Why now?
    pattern: "[^\\\\n]{1,80}"
---

# Runbook: Needy

## Use Case

Shows what is asked before a start.

## Safety

Only looks.

## Symptoms

None.

## Root Causes

None.

## Detection

None.

## Mitigation Steps

1. **Look at it.** By hand.

## Verification

1. **Look again.** By hand.

## Prevention

None.

## See also

None.
"""

PLATFORM = Platform(
    name="PROD",
    account="123456789012",
    account_name="lake-local",
    region="eu-west-1",
    resources={
        "bronze_bucket": "lake-bronze",
        "silver_bucket": "lake-silver",
        "artifacts_bucket": "lake-artifacts",
        "log_groups": ("/lake/etl",),
        "machines": ("etl",),
        "machine": "etl",
        "rules": ("daily",),
        "daily_rule": "daily",
        "namespace": "Lake",
        "pipelines": ("transactions",),
        "tables": ("accounts", "transactions"),
    },
)
POLICY = Policy(
    roles={
        "oncall": Role(title="lake-oncall", group="S0ONCALL"),
        "platform": Role(title="lake-platform", group="S0PLATFORM"),
        "everyone": Role(title="lake-team", group="S0TEAM"),
    },
    viewer="everyone",
    operator="oncall",
    on_call="oncall",
    change=("platform",),
    channels=(CHANNEL,),
)


class Hour:
    """Stand still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass
class ToldDirectory:
    """Say what it was told; or be silent."""

    roles: dict[str, set[str]] = field(
        default_factory=lambda: {"everyone": {ANA, BO}, "oncall": {ANA}, "platform": {BO}}
    )
    silent: bool = False
    meanwhile: Callable[[], None] = lambda: None

    def person(self, person: str, *, fresh: bool = False) -> Person:
        self.meanwhile()
        if self.silent:
            raise UnavailableError("Slack did not answer who you are.")
        return Person(id=person, team=TEAM, name=person[2:].lower(), is_guest=person == GUS)

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        return frozenset(self.roles[role])

    def shared(self, channel: str) -> bool:
        return False


class NoCloud:
    """Fail the test that reaches AWS: the door never does."""

    def look(self, call: Call) -> JsonObject:
        raise AssertionError(f"The door looked at AWS: {call.row}.")

    def send(self, permit: ConsumedApproval, *, mark: object) -> JsonObject:
        raise AssertionError("The door sent something to AWS.")

    def send_many(
        self, permit: ConsumedApproval, elements: Sequence[Element], *, mark: object, insist: object = None
    ) -> JsonObject:
        raise AssertionError("The door sent a list to AWS.")

    def identity(self, service: str) -> Identity:
        raise AssertionError("The door asked AWS who it is.")


class NoPager:
    def page(self, topic: str, subject: str, words: str) -> None:
        raise AssertionError("The door woke somebody.")


class NoSearch:
    def runbooks(self, words: str, *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        raise AssertionError("The door searched.")

    def fitting(self, words: Sequence[str], *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        raise AssertionError("The door searched.")

    def incidents(self, words: str, *, most: int = 3) -> Sequence[tuple[str, tuple[str, ...]]]:
        raise AssertionError("The door searched.")


class Inbox:
    """Keep what comes in, once per identity; or fail as a database does."""

    def __init__(self) -> None:
        self.kept: list[Delivery] = []
        self.offered = 0
        self.fails: Exception | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    def accept(self, delivery: Delivery) -> bool:
        self.offered += 1
        self.meanwhile()
        if self.fails is not None:
            raise self.fails
        if any(one.identity == delivery.identity for one in self.kept):
            return False
        self.kept.append(delivery)
        return True

    @property
    def only(self) -> Delivery:
        assert len(self.kept) == 1, self.kept
        return self.kept[0]


class Door:
    """The door with everything behind it but the use cases."""

    def __init__(self, folder: Path, *, base_url: str = "http://127.0.0.1:9/api/", token: str = TOKEN) -> None:
        runbooks = folder / "runbooks"
        runbooks.mkdir(parents=True)
        for source in RUNBOOKS.glob("*.md"):
            (runbooks / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        (runbooks / "needy.md").write_text(NEEDY, encoding="utf-8")
        self.hour = Hour()
        self.inbox = Inbox()
        self.directory = ToldDirectory()
        self.store = Store.open(
            f"sqlite:///{folder / 'bot.db'}",
            signer=signer_at(folder / "audit.key", trust=folder / "audit.pub"),
            anchors=folder_anchors(folder / "anchors"),
            clock=self.hour,
        )
        self.desk = Desk(
            records=self.store,
            cloud=NoCloud(),
            pager=NoPager(),
            directory=self.directory,
            library=FolderLibrary(runbooks, read=read_runbook),
            assistant=ExtractiveAssistant(),
            logs=NoLogs(),
            archive=NoArchive(),
            uploads=NoUploads(),
            remarks=NoRemarks(),
            search=NoSearch(),
            catalogue=CATALOGUE,
            policy=POLICY,
            platform=PLATFORM,
            environment="prod",
            team=TEAM,
            channel=CHANNEL,
            replica="one",
            alive=lambda _: True,
        )
        self.opened = Opened(kept=self.store, now=self.hour.now)
        self.views = Views(desk=self.desk, stage=self.stage, opened=self.opened)
        self.client = WebClient(token=token, base_url=base_url)

    def stage(self) -> Stage:
        return Stage(policy=POLICY, platform=PLATFORM, serves="prod", catalogue=CATALOGUE, now=self.hour.now())

    def app(self, *, names: Mapping[str, str] | None = None, signing_secret: str = SECRET) -> App:
        return build_app(
            accept=self.inbox.accept,
            now=self.hour.now,
            client=self.client,
            signing_secret=signing_secret,
            views=self.views,
            commands=Commands(names=names or {}),
            note_emoji="memo",
        )

    def keep(self, run: Run, approval: Approval | None = None, episode: Episode | None = None) -> Run:
        """Put records there, the run on the runbook as it is on disk."""
        runbook = self.desk.library.find("circuit-breaker")
        self.store.keep_snapshot(self.desk.library.text(runbook), runbook.path, runbook.sha256)
        kept = run.model_copy(update={"snapshot": runbook.sha256})
        self.store.commit(
            Change(
                runs=(kept,),
                approvals=(approval,) if approval else (),
                episodes=(episode,) if episode else (),
            )
        )
        return kept

    def close(self) -> None:
        self.store.close()


# What Slack sends.


def slash(text: str, *, command: str = "/runbook", trigger: str = "1.2.slash", person: str = ANA) -> dict[str, str]:
    return {
        "token": "legacy",
        "team_id": TEAM,
        "team_domain": "lake",
        "channel_id": CHANNEL,
        "channel_name": "incident-etl",
        "user_id": person,
        "user_name": "ana",
        "command": command,
        "text": text,
        "api_app_id": "A0RUNBOOK",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.example/commands/secret-address",
        "trigger_id": trigger,
    }


def click(action: str, value: str, *, trigger: str = "1.2.click", person: str = ANA, thread: str | None = None) -> Body:
    container = {"type": "message", "message_ts": CARD, "channel_id": CHANNEL, "is_ephemeral": False}
    return {
        "type": "block_actions",
        "user": {"id": person, "username": "ana", "name": "ana", "team_id": TEAM},
        "api_app_id": "A0RUNBOOK",
        "token": "legacy",
        "container": {**container, "thread_ts": thread} if thread else container,
        "trigger_id": trigger,
        "team": {"id": TEAM, "domain": "lake"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "incident-etl"},
        "message": {"type": "message", "ts": CARD, "text": "Approve?", "bot_id": "B0RUNBOOK"},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.example/actions/secret-address",
        "actions": [_pressed(action, value)],
    }


def _pressed(action: str, value: str) -> Body:
    own = {"action_id": action, "block_id": "request:9:1:4", "action_ts": "1763900001.000001"}
    if action == "more":
        option = {"text": {"type": "plain_text", "text": "Undo"}, "value": value}
        return {**own, "type": "overflow", "selected_option": option}
    return {**own, "type": "button", "text": {"type": "plain_text", "text": "Press"}, "value": value}


def home_click(action: str, value: str) -> Body:
    body = click(action, value)
    for name in ("channel", "message", "response_url", "state"):
        del body[name]
    return {
        **body,
        "container": {"type": "view", "view_id": "V0HOME"},
        "view": {"id": "V0HOME", "type": "home", "private_metadata": "", "callback_id": "", "hash": "1.a"},
    }


def submit(
    callback: str,
    metadata: str,
    values: Mapping[str, Body],
    *,
    person: str = ANA,
    view_hash: str = "156663117.cd33ad1f",
) -> Body:
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "lake"},
        "user": {"id": person, "username": "ana", "name": "ana", "team_id": TEAM},
        "api_app_id": "A0RUNBOOK",
        "token": "legacy",
        "trigger_id": "1.2.submit",
        "view": {
            "id": "V0DIALOG",
            "team_id": TEAM,
            "type": "modal",
            "callback_id": callback,
            "private_metadata": metadata,
            "hash": view_hash,
            "state": {"values": dict(values)},
            "blocks": [],
        },
        "response_urls": [],
        "is_enterprise_install": False,
    }


def chosen(block: str, action: str, value: str) -> dict[str, Body]:
    return {block: {action: {"type": "static_select", "selected_option": {"value": value}}}}


def written(block: str, action: str, value: str | None) -> dict[str, Body]:
    return {block: {action: {"type": "plain_text_input", "value": value}}}


def event(inner: Body, *, event_id: str = "Ev0001") -> Body:
    return {
        "token": "legacy",
        "team_id": TEAM,
        "api_app_id": "A0RUNBOOK",
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1763900000,
        "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": "U0RUNBOOK", "is_bot": True}],
    }


def mentioned(text: str, **more: object) -> Body:
    return event(
        {"type": "app_mention", "user": ANA, "text": text, "ts": CARD, "channel": CHANNEL, "event_ts": CARD, **more}
    )


def direct(text: str, **more: object) -> Body:
    inner = {"type": "message", "channel_type": "im", "user": ANA, "text": text, "ts": CARD, "channel": "D0ANA"}
    return event({**inner, **more})


def reacted(emoji: str = "memo", *, added: bool = True, event_id: str = "Ev0001", **more: object) -> Body:
    inner = {
        "type": "reaction_added" if added else "reaction_removed",
        "user": ANA,
        "reaction": emoji,
        "item_user": BO,
        "item": {"type": "message", "channel": CHANNEL, "ts": CARD},
        "event_ts": "1763900100.000100",
    }
    return event({**inner, **more}, event_id=event_id)


def pinned(*, added: bool = True, event_id: str = "Ev0001", **more: object) -> Body:
    said = {"type": "message", "user": BO, "text": "it is back", "ts": CARD, "pinned_to": [CHANNEL]}
    inner = {
        "type": "pin_added" if added else "pin_removed",
        "user": ANA,
        "channel_id": CHANNEL,
        "item": {
            "type": "message",
            "channel": CHANNEL,
            "created": 1763900100,
            "created_by": ANA,
            "message": {**said, "permalink": "https://lake.slack.example/archives/C0ETL/p1763900000000100"},
        },
        "item_user": BO,
        "pin_count": "1",
        "pinned_info": {"channel": CHANNEL, "pinned_by": ANA, "pinned_ts": 1763900100},
        "event_ts": "1763900100.000100",
    }
    return event({**inner, **({} if added else {"has_pins": False}), **more}, event_id=event_id)


# How it is sent.


def signed(body: Mapping[str, Any], *, secret: str = SECRET) -> tuple[str, dict[str, str]]:
    """Return the bytes Slack would post, and the headers with its signature over them."""
    kind = "application/x-www-form-urlencoded"
    if "command" in body:
        text = urlencode(body)
    elif body["type"] in {"event_callback", "url_verification"}:
        text, kind = json.dumps(body), "application/json"
    else:
        text = urlencode({"payload": json.dumps(body)})
    stamp = str(int(time.time()))  # noqa: TID251 - Slack signs with wall time
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=text) or ""
    headers = {"content-type": kind, "x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    return text, headers


def post(app: App, body: Mapping[str, Any], *, secret: str = SECRET) -> BoltResponse:
    """Dispatch a signed request in process."""
    text, headers = signed(body, secret=secret)
    return app.dispatch(BoltRequest(body=text, headers=dict(headers)))


def said(response: BoltResponse) -> Body:
    """Return the acknowledgement as Slack reads it."""
    assert response.status == 200, response.status
    read: Body = json.loads(response.body) if response.body else {}
    return read


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
