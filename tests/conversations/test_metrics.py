"""What a bot at work writes: every metric of the table and no other, in the form that CloudWatch reads."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.app import Endpoints
from bot.aws.clients import Credentials
from bot.domain.metrics import ENVIRONMENT, TABLE
from bot.settings import MetricsSettings, Settings
from bot.workbench.bedrock.lending import STAND_IN_MODEL, Lent
from bot.workbench.bedrock.server import BedrockStandIn
from bot.workbench.bedrock.wits import Mode
from bot.workbench.company import ANA, BO, CY, DEE
from tests.conversations.stage import INCIDENTS, PATIENCE, SCENARIO, Stage, good, told, until
from tests.embedded import NAMESPACE, Lines, collected

KNOWN = {metric.name: metric for metric in TABLE}
QUESTION = "why did the nightly load of transactions halt?"


class Watched(Stage):
    """The stage with a bot that says what it measures, and more often than once a minute."""

    def settings(self) -> Settings:
        made = super().settings()
        return made.model_copy(update={"metrics": MetricsSettings(namespace=NAMESPACE)})

    def endpoints(self) -> Endpoints:
        return replace(super().endpoints(), bedrock_faults=1_000, standing_every=timedelta(milliseconds=300))


@dataclass(frozen=True)
class Night:
    """One night at work: what was logged of it, and what came of it."""

    lines: Lines
    repaired: bool


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    model = BedrockStandIn()
    model.start()
    key = Credentials(access_key_id=model.access_key_id, secret_access_key=model.secret_access_key)
    lent = Lent(model=STAND_IN_MODEL, region="eu-west-1", credentials=key, endpoint_url=model.endpoint_url)
    stage = Watched(tmp_path_factory.mktemp("watched"), lent=lent)
    try:
        with collected() as lines:
            stage.start()
            stage.begin()
            _play(stage, model, lines)
            return Night(lines, stage.repaired(SCENARIO))
    finally:
        stage.close()
        model.close()


def _play(stage: Watched, model: BedrockStandIn, lines: Lines) -> None:
    """Repair the breaker, with what goes wrong on such nights: Slack, a stray message, a model that makes things up."""
    stage.slack.fault("rate_limit", count=1, method="chat.postMessage", seconds=0.2)
    asked = stage.half_open_asked()
    good(stage.ana.click("Approve", message=asked))
    told(stage.ana, "you asked for this change yourself")
    stage.slack.fault("server_error", count=1, method="views.open")
    stage.bo.click("Decline…", message=asked)
    names = stage.lake.names
    stage.lake.clients.sqs.send_message(QueueUrl=stage.lake.queue_url(names.failures_queue), MessageBody="no alarm")
    until(lambda: any(one.suggestion for one in stage.bot.store.episodes()), "the alarm's own suggestion")
    model.mode = Mode.HALLUCINATING
    stage.ana.say(INCIDENTS, f"@runbook-bot {QUESTION}")
    until(lambda: lines.values("Fallbacks"), "a quotation instead")
    answer = stage.ana.wait_for_message("Wrong?…", channel=INCIDENTS, timeout=PATIENCE)
    good(stage.ana.click("Wrong?…", message=answer))
    stage.ana.wait_for_view(timeout=PATIENCE)
    good(stage.ana.submit({"Sentences": ["1"]}))
    stage.repaired_by_bo_and_cy()
    stage.ana.advance(3_660)
    until(lambda: lines.values("RunsEnded"), "an end of the run")
    until(lambda: lines.values("AlarmsRefused"), "the stray message among the dead letters")
    stage.ana.slash(INCIDENTS, "/runbook status")
    until(lambda: lines.values("AckMilliseconds"), "acknowledgements")


def test_every_metric_is_written_by_a_bot_at_work_and_no_other_is(night: Night) -> None:
    assert night.repaired
    assert {one.name for one in night.lines.points()} == set(KNOWN)


def test_each_is_written_as_the_table_says(night: Night) -> None:
    for one in night.lines.points():
        metric = KNOWN[one.name]
        words = {name: word for name, word in one.dimensions.items() if name != ENVIRONMENT}
        assert (one.namespace, one.unit, one.dimensions[ENVIRONMENT]) == (NAMESPACE, metric.unit, "prod")
        assert tuple(words) in metric.by
        assert [word for name, word in words.items() if metric.words[name] and word not in metric.words[name]] == []
        assert words.get("Runbook", SCENARIO) == SCENARIO


def test_each_line_that_measures_is_written_once_for_all_together_and_once_for_each_set_of_words(night: Night) -> None:
    for name, metric in KNOWN.items():
        sets = [tuple(one.dimensions)[1:] for one in night.lines.points() if one.name == name]
        assert {sets.count(by) for by in metric.by} == {len(sets) // len(metric.by)}, name


def test_what_happened_is_what_was_counted(night: Night) -> None:
    lines = night.lines

    assert lines.values("Starts") == [1]
    assert len(lines.values("AlarmsOpened")) == len(lines.values("AlarmDelaySeconds")) >= 1
    assert lines.values("Requests", Outcome="approved") == [1, 1, 1]
    assert lines.values("RunsEnded", Ending="repaired", Runbook=SCENARIO) == lines.values("RunsEnded") == [1]
    assert 3_600 < lines.values("RepairSeconds")[0] < 7_200
    assert lines.values("Calls", Result="done") == [1] * 5
    assert lines.values("Refusals", What="vote") == [1]
    assert lines.values("AlarmsRefused", Why="not_ours") == [1]
    assert lines.values("CardTroubles", Why="slow_down") == [1]
    assert lines.values("AcksFailed") == [1]
    assert lines.values("Fallbacks", Why="nothing_holds") == [1]
    assert sum(lines.values("ClaimsKept", Task="suggest_response")) >= 1
    assert sum(lines.values("ClaimsDropped", Task="answer")) >= 1
    assert lines.values("ClaimsStruck", Engine="extractive") == lines.values("ClaimsStruck") == [1]
    assert sum(lines.values("ModelTokensIn")) > sum(lines.values("ModelTokensOut")) > 0
    assert max(lines.values("RunsOpen")) == 1
    assert lines.values("PartsAiling")[-1] == 0
    assert all(0 <= one < 20_000 for one in lines.values("AckMilliseconds"))


def test_nobody_is_told_apart_and_nothing_that_was_said_is_on_a_line_that_measures(night: Night) -> None:
    words = {word for one in night.lines.points() for word in one.dimensions.values()}
    measuring = [line for line in night.lines.lines if '"_aws"' in line]

    assert words <= {"prod", SCENARIO} | {one for metric in TABLE for of in metric.words.values() for one in of}
    assert len(measuring) > 30
    secret = (ANA, BO, CY, DEE, "xoxb-", "xapp-", "file re-sent", "nightly load", "no alarm")
    assert [(one, line) for one in secret for line in measuring if one in line] == []
