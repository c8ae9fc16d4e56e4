"""The attack set through every door of the whole bot at once: no action, no approval, no mention, no foreign link."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from mypy_boto3_logs.type_defs import InputLogEventTypeDef

from bot.aws.clients import Credentials
from bot.domain.plain import unseen, visible
from bot.workbench.bedrock.lending import STAND_IN_MODEL, Lent
from bot.workbench.bedrock.server import BedrockStandIn
from bot.workbench.bedrock.wits import Mode
from bot.workbench.slack.events import Payload
from tests.conversations.stage import INCIDENTS, PATIENCE, RUNBOOKS, Stage, good, until
from tests.conversations.test_postmortems import shared
from tests.domain.attacks import ATTACKS, NAMES, Attack

RUN = "20260121T020000Z"
OF_A_SLASH = 2_000
OF_A_LOG_LINE = 200_000
OF_A_DESCRIPTION = 1_000
ASKED = ("an order to approve", "mentions", "a link with words", "a token", "another alphabet", "much to escape")
OURS = re.compile(
    r"<!date\^[0-9]+\^[^|>]*\|[^<>]*"
    r"|<!subteam\^S0[A-Z]+|<@U0[A-Z]+"
    r"|<http://127\.0\.0\.1:[0-9]+/archives/[^<>]*"
    r"|<https://eu-west-1\.console\.aws\.amazon\.com/[^<>]*"
)
ACTS = ("run.", "request.", "vote.", "call.", "step.")
SECRETS = tuple(one for attack in ATTACKS if attack.secret for one in attack.must_not)
HIDDEN = tuple(one for attack in ATTACKS for one in attack.must_not if unseen(one))
DATA = {"job", "item", "derived", "unread", "struck", "dropped"}


def only(attack: Attack, most: int) -> str:
    """Return the text as the door takes it: so long at most, and in UTF-8."""
    return attack.text[:most].encode("utf-8", "replace").decode()


@pytest.fixture(scope="module")
def model() -> Iterator[BedrockStandIn]:
    started = BedrockStandIn()
    started.start()
    yield started
    started.close()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, model: BedrockStandIn) -> Iterator[Stage]:
    """Play everything hostile at once, with a model that quotes what it is given and then with one that is hostile."""
    key = Credentials(access_key_id=model.access_key_id, secret_access_key=model.secret_access_key)
    lent = Lent(model=STAND_IN_MODEL, region="eu-west-1", credentials=key, endpoint_url=model.endpoint_url)
    folder = tmp_path_factory.mktemp("attacked")
    runbooks = copytree(RUNBOOKS, folder / "runbooks")
    _write_a_hostile_runbook(runbooks)
    stage = Stage(folder, runbooks=runbooks, lent=lent)
    stage.start()
    stage.begin()
    stage.describe(" ".join(only(one, 120) for one in ATTACKS if one.must_not)[:OF_A_DESCRIPTION].replace("\x00", ""))
    _log(stage)
    _name_objects(stage)
    stage.alarm()
    until(lambda: any(one.suggestion for one in stage.bot.store.episodes()), "the alarm's own suggestion")
    _type(stage)
    model.mode = Mode.MALICIOUS
    good(stage.bo.slash(INCIDENTS, "/alarm suggest CircuitBreakerOpen"))
    stage.bo.say(INCIDENTS, "@runbook-bot why did the nightly load of transactions halt?")
    until(lambda: _answered(stage) >= len(ASKED) + 3, "everything that was asked is answered", seconds=3 * PATIENCE)
    good(stage.ana.slash(INCIDENTS, "/postmortem draft"))
    shared(stage, "INC-1-v1.md")
    until(lambda: bool(stage.ana.canvases(INCIDENTS)), "a canvas")
    until(lambda: not stage.bot.store.cards_behind(), "every card shows all it will")
    yield stage
    stage.close()


def _answered(stage: Stage) -> int:
    return stage.kinds().count("assist.made")


def _write_a_hostile_runbook(folder: Path) -> None:
    lines = [only(attack, 400).replace("\n", " ").replace("\x00", "") for attack in ATTACKS]
    steps = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1) if line.strip())
    text = f"# Transactions load halted\n\n## Meaning\n\n{' '.join(lines[:12])}\n\n## Mitigation\n\n{steps}\n"
    (folder / "hostile.md").write_text(text, encoding="utf-8")


def _log(stage: Stage) -> None:
    names, logs = stage.lake.names, stage.lake.clients.logs
    at = int(stage.clock.now().timestamp() * 1000) - 60_000
    logs.create_log_stream(logGroupName=names.log_group, logStreamName="hostile")
    for number, attack in enumerate(ATTACKS):
        text = only(attack, OF_A_LOG_LINE)
        lines = [text, json.dumps({"level": "ERROR", "error_type": "CURRENCY_ERROR", "message": text})]
        events: list[InputLogEventTypeDef] = [
            {"timestamp": at + number * 10, "message": line} for line in lines if line.strip()
        ]
        logs.put_log_events(logGroupName=names.log_group, logStreamName="hostile", logEvents=events)


def _name_objects(stage: Stage) -> None:
    names, s3 = stage.lake.names, stage.lake.clients.s3
    today = stage.clock.now().date()
    for name in (one for one in NAMES if one and not re.search(r"\.\.|\n", one)):  # the local S3 has no way to these
        key = (names.quarantine_prefix(today, RUN) + name)[:900]
        s3.put_object(Bucket=names.quarantine_bucket, Key=key, Body=b"{}")


def _type(stage: Stage) -> None:
    """Say it all in Slack: notes, searches, questions, names of what there is not."""
    ana, bo = stage.ana, stage.bo
    good(ana.slash(INCIDENTS, "/incident declare " + only(ATTACKS[9], 200)))
    ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    for attack in ATTACKS:
        text = only(attack, OF_A_SLASH)
        good(bo.slash(INCIDENTS, f"/incident note {text}"))
        good(bo.slash(INCIDENTS, f"/runbook search {text}"))
        good(bo.slash(INCIDENTS, f"/runbook run {text}"))
    for attack in ATTACKS:
        if attack.tries in ASKED:
            ana.say(INCIDENTS, f"@runbook-bot why did it halt? {only(attack, OF_A_SLASH)}")
    good(ana.slash(INCIDENTS, "/runbook show hostile"))
    good(ana.slash(INCIDENTS, "/runbook plan hostile"))
    good(ana.slash(INCIDENTS, "/runbook expand hostile 1"))
    good(ana.slash(INCIDENTS, f"/runbook plan quarantine-review run_id={RUN}"))
    until(lambda: _answered(stage) >= len(ASKED) + 1, "the questions are answered", seconds=3 * PATIENCE)


def test_nothing_that_was_said_starts_asks_approves_or_calls_anything(night: Stage) -> None:
    store = night.bot.store

    assert store.runs(open_only=False) == []
    assert store.approvals() == []
    assert [kind for kind in night.kinds() if kind.startswith(ACTS)] == []
    assert (night.breaker(), night.schedule()) == ("OPEN", "ENABLED")


def test_slack_took_every_message_and_none_mentions_anybody_or_leads_elsewhere(night: Stage) -> None:
    marked = [text for _, arguments in night.slack.calls for text in _marked(arguments)]

    assert len(marked) > 4 * len(ATTACKS)
    foreign = [tag for text in marked for tag in re.findall(r"<[^>]*", text) if not OURS.fullmatch(tag)]
    assert foreign == []


def test_nobody_is_shown_what_cannot_be_seen_or_what_is_secret(night: Stage, model: BedrockStandIn) -> None:
    (archive,) = night.records.rglob("INC-1.db")
    places = {
        "Slack": night.sent_to_slack(),
        "the model": json.dumps([one.body for one in model.asked], ensure_ascii=False),
        "the archive": "\n".join(_texts(archive)),
        "the draft": night.bot.store.draft(1).model_dump_json(),
    }

    told = {
        where: [one for one in (*SECRETS, *HIDDEN) if one in visible(words) + words] for where, words in places.items()
    }

    assert told == {where: [] for where in places}


def test_a_model_is_given_all_of_it_as_data_inside_one_boundary(model: BedrockStandIn) -> None:
    assert len(model.asked) > len(ASKED)
    for asked in model.asked:
        assert asked.lines
        assert {name for line in asked.lines for name in line} <= DATA
        frame = [line for line in asked.text.split("\n") if not line.startswith("{")]
        assert len(frame) < 12, frame
        assert not any(attack.text.strip() in "\n".join(frame) for attack in ATTACKS if len(attack.text) > 20)


def test_every_button_is_one_of_the_bot_s_own_and_none_of_them_is_an_approval(night: Stage) -> None:
    pressed = {str(one["action_id"]).partition(".")[0] for one in _buttons(night)}

    assert pressed
    assert pressed.isdisjoint({"approve", "vote", "decline", "add_step"})


def _texts(archive: Path) -> Iterator[str]:
    """Yield every text that whoever opens the archive in a browser of SQLite would read."""
    with closing(sqlite3.connect(f"{archive.as_uri()}?mode=ro", uri=True)) as database:
        tables = database.execute("select name from sqlite_master where type = 'table' and sql not like '%fts%'")
        for (table,) in tables.fetchall():
            for row in database.execute(f'select * from "{table}"'):  # noqa: S608 - its own names
                yield from (one for one in row if isinstance(one, str))


def _marked(value: object) -> Iterator[str]:
    """Yield every text of a payload in which Slack would find mentions and links."""
    match value:
        case {"type": "plain_text"}:
            return
        case {"type": "mrkdwn", "text": str(text)}:
            yield text
        case dict():
            for name, part in value.items():
                if name == "text" and isinstance(part, str):
                    yield part
                else:
                    yield from _marked(part)
        case list():
            for part in value:
                yield from _marked(part)
        case _:
            return


def _buttons(stage: Stage) -> Iterator[Payload]:
    for message in stage.ana.messages(INCIDENTS):
        for block in message.get("blocks") or ():
            yield from block.get("elements", ()) if block["type"] == "actions" else ()
