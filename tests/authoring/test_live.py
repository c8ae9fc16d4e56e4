"""Drift is found on the local lake: what settings and runbooks name and the account does not have, a line each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.authoring.live import survey
from bot.aws.clients import Credentials
from bot.settings import Settings, parse
from bot.usecases.drift import Found
from bot.workbench.clock import Clock
from bot.workbench.company import resources
from bot.workbench.lake import furniture
from bot.workbench.lake.lake import Lake
from tests.usecases.books import BOOKS

RUNBOOKS = Path(__file__).parents[2] / "runbooks"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    started = Lake(clock=Clock(tmp_path_factory.mktemp("clock") / "clock.json"))
    started.start()
    furniture.versions_of_code(started.clients, started.names)
    yield started
    started.close()


def settings(
    lake: Lake,
    runbooks: Path,
    changes: Mapping[str, object] | None = None,
    *,
    queue: str | None = None,
    endpoints: Mapping[str, str] | None = None,
) -> Settings:
    names = lake.names
    content: Mapping[str, Any] = {
        "runbooks": str(runbooks),
        "slack": {"team": "T0", "channel": "C0"},
        "alarms": {"queue_url": queue or lake.queue_url(names.failures_queue)},
        "platform": {
            "prod": {
                "title": "PROD",
                "account": names.account,
                "account_name": "lake-local",
                "region": names.region,
                "resources": {**resources(names), **(changes or {})},
                "endpoints": endpoints or lake.endpoints,
            }
        },
        "policy": {
            "roles": {
                "oncall": {"title": "lake-oncall", "group": "S1", "page_topic": names.topic_arn(names.page_topic)},
                "platform": {"title": "lake-platform", "people": ["U1"]},
            },
            "viewer": "oncall",
            "operator": "oncall",
            "on_call": "oncall",
            "change": ["platform"],
        },
    }
    return parse(content, {}, source="a test")


def looked(lake: Lake, settings: Settings, *, members: Mapping[str, set[str]] | None = None) -> Found:
    lent = lake.credentials
    given = {role: frozenset(people) for role, people in members.items()} if members is not None else None
    return survey(
        settings,
        endpoint_url=lake.endpoint_url,
        credentials=Credentials(access_key_id=lent.access_key_id, secret_access_key=lent.secret_access_key),
        members=given.__getitem__ if given is not None else None,
    )


def lines(found: Found) -> list[str]:
    return [str(one) for one in found.drifts]


def test_the_shipped_runbooks_name_nothing_that_the_lake_does_not_have(lake: Lake) -> None:
    found = looked(lake, settings(lake, RUNBOOKS))

    assert lines(found) == []
    assert {"namespace", "pipelines"} <= set(found.unlooked)


MISSING = [
    ("bronze_bucket", "lake-copper"),
    ("silver_bucket", "lake-tin"),
    ("quarantine_bucket", "lake-lazaret"),
    ("artifacts_bucket", "lake-artefacts"),
    ("machines", ["etl_orchestration", "etl_nobody"]),
    ("jobs", ["transaction_etl", "compact_nothing"]),
    ("tables", ["silver_transactions", "quarantine_transactions", "gold_nothing"]),
    ("functions", ["promote_silver", "read_run_summary", "read_nothing"]),
    ("projects", ["lake-deploy", "lake-nothing"]),
    ("rules", ["daily_etl_schedule", "weekly"]),
    ("log_groups", ["/lake/etl/transactions", "/lake/etl/none"]),
]


@pytest.mark.parametrize(("key", "value"), MISSING, ids=[key for key, _ in MISSING])
def test_a_name_of_the_settings_that_is_not_there_is_one_line_with_the_remedy(
    lake: Lake, key: str, value: str | list[str]
) -> None:
    found = looked(lake, settings(lake, RUNBOOKS, {key: value}))

    name = value if isinstance(value, str) else value[-1]
    told = [one for one in lines(found) if f"the account has no {name}." in one]
    assert told == [
        f"bot.toml [platform] {key}: the account has no {name}. Create it, or name the right one in bot.toml."
    ]
    assert lines(found) == told


def test_an_endpoint_that_nobody_answers_at_is_found(lake: Lake) -> None:
    found = lines(
        looked(lake, settings(lake, RUNBOOKS, endpoints={**lake.endpoints, "writers": "http://127.0.0.1:9/"}))
    )

    assert found == [
        "bot.toml [platform] endpoints: nobody answers at writers. Start it, or mend its address in bot.toml."
    ]


def test_what_no_row_can_look_at_is_named_and_not_passed_over(lake: Lake) -> None:
    unlooked = looked(lake, settings(lake, RUNBOOKS)).unlooked

    assert {"build_log_groups", "gold_bucket", "lock_table", "locks", "queues", "roles", "topics"} <= set(unlooked)


def test_a_queue_and_an_alarm_that_are_not_there_are_found(lake: Lake, tmp_path: Path) -> None:
    text = (RUNBOOKS / "circuit-breaker.md").read_text(encoding="utf-8")
    (tmp_path / "circuit-breaker.md").write_text(
        text.replace("SameErrorRateHigh]", "NoSuchAlarm]", 1), encoding="utf-8"
    )
    queue = lake.queue_url(lake.names.failures_queue) + "-gone"

    found = lines(looked(lake, settings(lake, tmp_path, queue=queue)))

    assert len(found) == 2, found
    assert found[0].startswith("bot.toml: there is no queue etl-failures-bot-gone.")
    assert "circuit-breaker.md:8: there is no alarm NoSuchAlarm. Create it, or take it out of `alarms:`" in found[1]


def test_a_step_that_names_what_is_not_there_is_found_with_its_line(lake: Lake, tmp_path: Path) -> None:
    text = BOOKS["pauses"].replace("rule: ${platform.daily_rule}", "rule: nightly", 1)
    (tmp_path / "pauses.md").write_text(text, encoding="utf-8")

    (found,) = lines(looked(lake, settings(lake, tmp_path)))

    assert "pauses.md:" in found
    assert "step `schedule` finds nothing: events.rule does not admit this value of Name: 'nightly'." in found


def test_a_role_without_members_is_found_only_where_somebody_can_be_asked(lake: Lake) -> None:
    unasked = looked(lake, settings(lake, RUNBOOKS))
    asked = looked(lake, settings(lake, RUNBOOKS), members={"oncall": set(), "platform": {"U1"}})

    assert lines(unasked) == []
    assert lines(asked) == [
        "bot.toml [policy.roles.oncall]: nobody is in lake-oncall. Nobody could approve; add people."
    ]
