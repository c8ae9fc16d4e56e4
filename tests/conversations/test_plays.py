"""The whole conversations about data, from alarm to repair; no row of it is ever sent to Slack."""

import pytest

from bot.workbench.lake.documents import from_rows
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.readings import keys_under
from bot.workbench.plays import PLAYS
from bot.workbench.plays.story import Story
from tests.conversations.stage import INCIDENTS, PATIENCE, Stage, until
from tests.rows import given_away, names_in


@pytest.mark.parametrize("name", sorted({*PLAYS} - {"circuit-breaker"}))  # that one is played by test_cli.py
def test_the_lake_is_repaired_by_people_in_their_roles_and_slack_never_sees_a_row(stage: Stage, name: str) -> None:
    said: list[str] = []

    repaired = PLAYS[name](Story(stage, name, say=said.append), None)

    assert repaired, "\n".join(said[-20:])
    secret = secrets(stage.lake)
    assert len(secret) > 1_000
    assert given_away(secret, stage.sent_to_slack()) == set()


class Broken(Story):
    """Play a failure that has happened already."""

    def breaks(self, words: str) -> None:
        self.talk.note(words)


def test_of_two_failures_of_one_runbook_only_the_one_that_was_repaired_is_shown_as_repaired(stage: Stage) -> None:
    for name, alarm in (("rollback-state", "DeployPipelineFailed"), ("rollback-function", "SmokeTestFailed")):
        stage.break_(name)
        stage.ana.wait_for_message(alarm, channel=INCIDENTS, timeout=PATIENCE)

    assert PLAYS["rollback-function"](Broken(stage, "rollback-function", say=list[str]().append), None)

    until(lambda: shown(stage)["rollback-function"] == "repaired", "it is shown as repaired")
    assert (shown(stage)["rollback-state"], shown(stage)["rollback"]) == ("broken", "ready")


def shown(stage: Stage) -> dict[str, str]:
    return {str(one["name"]): str(one["state"]) for one in stage.scenarios()}


def secrets(lake: Lake) -> set[str]:
    """Return what names people's accounts and transactions, of all rows that readers get or that were set aside."""
    found: set[str] = set()
    for bucket, prefix in ((lake.names.silver_bucket, "silver/"), (lake.names.quarantine_bucket, "quarantine/")):
        for key in keys_under(lake.clients.s3, bucket, prefix):
            if key.endswith(".jsonl.gz"):
                found |= names_in(from_rows(lake.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    return found
