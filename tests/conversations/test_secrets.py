"""One canary in every place a night reads from, held against the whole wire: Slack, log, model, archive, draft."""

import json
from collections.abc import Iterator
from io import StringIO

import pytest

from bot.aws.clients import Credentials
from bot.workbench.bedrock.lending import STAND_IN_MODEL, Lent
from bot.workbench.bedrock.server import BedrockStandIn
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import CANARY, INCIDENTS, PATIENCE, Stage, good, told, until
from tests.conversations.test_postmortems import shared

SECRET = f"password={CANARY}"
MAIL = f"{CANARY}@example.nl"


@pytest.fixture
def model() -> Iterator[BedrockStandIn]:
    started = BedrockStandIn()
    started.start()
    yield started
    started.close()


@pytest.fixture
def night(tmp_path_factory: pytest.TempPathFactory, model: BedrockStandIn) -> Iterator[Stage]:
    key = Credentials(access_key_id=model.access_key_id, secret_access_key=model.secret_access_key)
    lent = Lent(model=STAND_IN_MODEL, region="eu-west-1", credentials=key, endpoint_url=model.endpoint_url)
    stage = Stage(tmp_path_factory.mktemp("night"), lent=lent)
    stage.start()
    stage.begin()
    yield stage
    stage.close()


def test_no_canary_of_a_night_is_told_anywhere(night: Stage, model: BedrockStandIn, logged: StringIO) -> None:
    ana, bo = night.ana, night.bo
    night.describe(f"ask {MAIL}; {SECRET}")
    night.alarm()
    _leak_into_the_lake(night)
    good(ana.slash(INCIDENTS, f"/incident declare load halted, mail to {MAIL} is late"))
    ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    good(bo.slash(INCIDENTS, f"/incident note {MAIL} tried {SECRET}"))
    good(ana.slash(INCIDENTS, f"/runbook run circuit-breaker reason={SECRET}"))
    assert "looks like a secret" in told(ana, "looks like a secret")
    good(ana.slash(INCIDENTS, "/runbook run circuit-breaker"))
    ana.wait_for_message("Pause the nightly load", channel=INCIDENTS, timeout=PATIENCE)
    good(ana.slash(INCIDENTS, "/runbook expand R-1 1"))
    good(ana.slash(INCIDENTS, "/alarm suggest CircuitBreakerOpen"))
    ana.say(INCIDENTS, f"@runbook-bot why did the load of transactions halt, and who is {MAIL}, {SECRET}?")
    until(lambda: night.kinds().count("assist.made") >= 4, "the suggestion, twice, the expansion and the answer")
    good(ana.slash(INCIDENTS, "/postmortem draft"))
    text = shared(night, "INC-1-v1.md")
    until(lambda: bool(ana.canvases(INCIDENTS)), "a canvas")

    places = {
        "Slack": night.sent_to_slack()
        + "".join(plain(one) for one in ana.messages(INCIDENTS) if one["user"] not in {ana.id, bo.id}),
        "the log": logged.getvalue(),
        "the model": json.dumps([one.body for one in model.asked]),
        "the draft": text + night.bot.store.draft(1).model_dump_json(),
        "the archive": "".join(one.read_bytes().decode("latin-1") for one in night.records.rglob("INC-1.db")),
    }
    assert [where for where, words in places.items() if CANARY in words] == []
    assert [
        where for where in ("Slack", "the model", "the draft", "the archive") if "[email" not in places[where]
    ] == []
    assert len(places["the log"]) > 1_000


def _leak_into_the_lake(stage: Stage) -> None:
    """Let lines of the lake's log, as many as the bad rows', hold it, and the control document."""
    names, clients = stage.lake.names, stage.lake.clients
    at = int(stage.clock.now().timestamp() * 1000)
    line = json.dumps(
        {"level": "ERROR", "error_type": "MAIL", "message": f"mail to {MAIL} failed, {SECRET}", "token": CANARY}
    )
    clients.logs.create_log_stream(logGroupName=names.log_group, logStreamName="leaky")
    clients.logs.put_log_events(
        logGroupName=names.log_group,
        logStreamName="leaky",
        logEvents=[{"timestamp": at - 60_000 + number, "message": line} for number in range(200)],
    )
    stored = clients.s3.get_object(Bucket=names.artifacts_bucket, Key=names.breaker_key)["Body"].read()
    body = json.dumps({**json.loads(stored), "reason": f"opened by {MAIL}"})
    clients.s3.put_object(Bucket=names.artifacts_bucket, Key=names.breaker_key, Body=body.encode())
