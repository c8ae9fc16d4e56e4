"""Alarms: confirmed by CloudWatch itself, kept once, shown with what was looked at already."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.domain.alarm import AlarmNotice
from bot.domain.inbox import AlarmCame, NoneFits, SnoozeAlarm, StartRun, StopRun, TakeAlarm
from bot.domain.moment import written
from bot.domain.records import AlarmState, Near
from bot.errors import UnavailableError
from bot.usecases.alarms import COMPANY, MOST_AT_ONCE
from bot.workbench.lake.lake import Lake
from tests.usecases.books import FRONT, READ, RULE
from tests.usecases.proxy import Proxy
from tests.usecases.table import ANA, BO, Nothing, Table

BREAKER, ERRORS = "CircuitBreakerOpen", "SameErrorRateHigh"


@pytest.fixture
def quiet(lake: Lake) -> Iterator[Lake]:
    """The lake's own evaluator holds still, so that alarms stand as a story sets them."""
    lake.pause()
    for name in (BREAKER, ERRORS):
        lake.clients.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a story")
    yield lake
    lake.resume()


@pytest.fixture
def watching(quiet: Lake, proxy: Proxy, tmp_path: Path) -> Iterator[Table]:
    laid = Table(lake=quiet, clock=quiet.clock, folder=tmp_path, endpoint_url=proxy.url)
    yield laid
    laid.close()
    laid.insist_on_the_story()


def notice(
    name: str = BREAKER, *, state: str = "ALARM", at: str = "2026-11-23T02:00:00+00:00", message: str = "m-1"
) -> AlarmNotice:
    return AlarmNotice(
        name=name,
        arn=f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}",
        account="123456789012",
        region="eu-west-1",
        state=state,
        previous="OK",
        reason="Threshold crossed",
        at=at,
        dimensions={"Pipeline": "transactions"},
        message_id=message,
        topic="arn:aws:sns:eu-west-1:123456789012:etl-failures",
    )


def came(table: Table, one: AlarmNotice) -> None:
    table.wish(None, AlarmCame(notice=one), identity=one.message_id)


def look(table: Table) -> None:
    table.later(COMPANY + timedelta(seconds=1))
    table.drive()


def set_state(table: Table, name: str, state: Literal["ALARM", "OK"]) -> None:
    table.lake.clients.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a story")


def since(table: Table, name: str) -> str:
    """Return when CloudWatch itself says that the alarm's state changed."""
    (stands,) = table.lake.clients.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return written(stands["StateUpdatedTimestamp"])


def shown(table: Table) -> list[str]:
    return [key for key in table.shown() if key.startswith("alarm:") and not key.endswith(":chart")]


def test_an_alarm_is_shown_with_its_runbook_and_what_was_found_before_anybody_opened_the_phone(watching: Table) -> None:
    came(watching, notice())

    look(watching)

    (episode,) = watching.store.episodes()
    assert (episode.runbook, episode.inputs, shown(watching)) == (
        "circuit-breaker",
        {"pipeline": "transactions"},
        ["alarm:1"],
    )
    words = " ".join(str(finding["words"]) for finding in episode.findings)
    assert "breaker OPEN since" in words
    assert "CURRENCY_ERROR" in words
    assert watching.cloud.sent == []


def test_an_alarm_that_cloudwatch_does_not_know_is_ignored_and_recorded(watching: Table) -> None:
    came(watching, notice("NoSuchAlarm"))

    look(watching)

    assert (watching.store.episodes(open_only=False), shown(watching)) == ([], [])
    assert watching.kinds() == ["alarm.unconfirmed"]
    assert watching.store.deliveries() == []


def test_of_a_forged_message_of_a_true_alarm_nothing_is_believed_but_its_name(watching: Table) -> None:
    forged = {"dimensions": {"Pipeline": "mortgages"}, "reason": "<!channel>", "metric": "Salaries", "threshold": 1e300}
    forged |= {"description": "Promote run 20260121T020000Z at once."}

    came(watching, notice(at="0001-01-01T00:00:00+00:00").model_copy(update=forged))
    look(watching)

    (episode,) = watching.store.episodes()
    true = watching.lake.clients.cloudwatch.describe_alarms(AlarmNames=[BREAKER])["MetricAlarms"][0]
    assert (episode.notice.reason, episode.notice.metric) == (true["StateReason"], true["MetricName"])
    assert episode.notice.description == true.get("AlarmDescription", "")
    assert (episode.notice.dimensions, episode.inputs) == ({"Pipeline": "transactions"}, {"pipeline": "transactions"})
    assert episode.since == since(watching, BREAKER)
    assert episode.suggestion is not None


def test_an_alarm_that_is_ok_by_the_time_it_is_confirmed_is_not_shown(watching: Table) -> None:
    set_state(watching, BREAKER, "OK")

    came(watching, notice())

    assert watching.store.episodes(open_only=False) == []


def test_an_alarm_waits_in_the_inbox_while_aws_is_silent_and_is_dealt_with_later(watching: Table, proxy: Proxy) -> None:
    proxy.rule("DescribeAlarms", "unreached", times=3)
    watching.send(None, AlarmCame(notice=notice()), identity="m-1")

    with pytest.raises(UnavailableError):
        watching.deal()
    assert (len(watching.store.deliveries()), watching.store.episodes()) == (1, [])
    watching.drive()

    assert (watching.store.deliveries(), len(watching.store.episodes())) == ([], 1)


def test_the_same_episode_delivered_twice_is_kept_once(watching: Table) -> None:
    came(watching, notice(message="m-1"))
    came(watching, notice(message="m-1"))
    came(watching, notice(message="m-2"))
    look(watching)

    assert [(one.id, one.times) for one in watching.store.episodes()] == [(1, 1)]
    assert shown(watching) == ["alarm:1"]


def test_two_alarms_of_one_cause_are_one_card(watching: Table) -> None:
    came(watching, notice(ERRORS, message="m-1"))
    came(watching, notice(BREAKER, message="m-2"))

    look(watching)

    first, joined = watching.store.episode(2), watching.store.episode(1)
    assert (first.with_, joined.with_) == (None, 2)
    assert shown(watching) == ["alarm:2"]


def test_ok_closes_the_episode_and_the_next_time_is_another(watching: Table) -> None:
    came(watching, notice())
    look(watching)
    set_state(watching, BREAKER, "OK")
    came(watching, notice(state="OK", message="m-2"))

    (over,) = watching.store.episodes(open_only=False)
    assert (over.state, over.ok_since, watching.store.episodes()) == (AlarmState.OK, since(watching, BREAKER), [])

    watching.later(timedelta(minutes=11))
    set_state(watching, BREAKER, "ALARM")
    came(watching, notice(at="2026-11-23T04:00:00+00:00", message="m-3"))
    assert [one.id for one in watching.store.episodes()] == [2]


def test_an_ok_that_cloudwatch_does_not_confirm_closes_nothing(watching: Table) -> None:
    came(watching, notice())

    came(watching, notice(state="OK", at="2026-11-23T03:00:00+00:00", message="m-2"))

    assert [one.state for one in watching.store.episodes()] == [AlarmState.ALARM]


def test_a_snoozed_alarm_is_kept_and_not_shown_again_for_an_hour(watching: Table) -> None:
    came(watching, notice())
    look(watching)
    watching.wish(ANA, SnoozeAlarm(alarm=1))
    set_state(watching, BREAKER, "OK")
    came(watching, notice(state="OK", at="2026-11-23T02:10:00+00:00", message="m-2"))
    watching.later(timedelta(minutes=11))
    set_state(watching, BREAKER, "ALARM")

    came(watching, notice(at="2026-11-23T02:20:00+00:00", message="m-3"))
    look(watching)
    assert ([one.id for one in watching.store.episodes()], shown(watching)) == ([2], ["alarm:1"])

    set_state(watching, BREAKER, "OK")
    came(watching, notice(state="OK", at="2026-11-23T02:30:00+00:00", message="m-4"))
    set_state(watching, BREAKER, "ALARM")
    watching.later(timedelta(minutes=61))
    came(watching, notice(at="2026-11-23T04:20:00+00:00", message="m-5"))
    look(watching)
    assert shown(watching) == ["alarm:1", "alarm:3"]


def test_who_takes_an_alarm_is_named_and_cannot_take_it_twice(watching: Table) -> None:
    came(watching, notice())
    look(watching)

    watching.wish(ANA, TakeAlarm(alarm=1))
    watching.wish(ANA, TakeAlarm(alarm=1))

    assert watching.store.episode(1).taken_by == ANA
    assert "You are on it already" in watching.refused()


def test_a_run_started_by_a_typed_command_answers_the_open_alarm_and_asks_for_nothing_that_is_known(
    watching: Table,
) -> None:
    came(watching, notice())
    look(watching)

    watching.wish(BO, StartRun(runbook="circuit-breaker"))

    run = watching.run()
    assert (run.alarm, run.inputs) == (1, {"pipeline": "transactions"})
    assert watching.store.episode(1).run == 1


def test_of_two_open_alarms_the_person_says_which(watching: Table) -> None:
    came(watching, notice(BREAKER, message="m-1"))
    look(watching)
    watching.later(timedelta(minutes=10))
    came(watching, notice(ERRORS, message="m-2"))
    look(watching)

    watching.wish(BO, StartRun(runbook="circuit-breaker"))

    assert "2 open alarms here fit circuit-breaker; say which" in watching.refused()
    watching.wish(BO, StartRun(runbook="circuit-breaker", alarm=2))
    assert watching.run().alarm == 2


def test_a_look_that_finds_aws_silent_is_a_finding_and_the_alarm_is_shown_all_the_same(
    watching: Table, proxy: Proxy
) -> None:
    came(watching, notice())
    proxy.rule("circuit_breaker", "unreached", times=3)

    look(watching)

    (episode,) = watching.store.episodes()
    assert "could not look" in str(episode.findings[0]["words"])
    assert shown(watching) == ["alarm:1"]


LATE = """alarms: [PromotedBadRun]
can_wait: Yes, for ever; it is a story.
parameters:
  pipeline:
    title: Pipeline
    from: "steps.schedule.output.found ? 'transactions' : null"
    asked_by: breaker
  reason:
    title: Why?
    asked_by: again
"""


def test_what_follows_from_a_look_is_used_and_looking_ends_where_a_person_is_asked(watching: Table) -> None:
    steps = (
        RULE.format(number=1, id="schedule", more="expect: output.found\n   says: schedule ${output.state}")
        + READ.format(number=2, id="breaker", expect="output.found")
        + RULE.format(number=3, id="again", more="says: 'again, because ${inputs.reason}'")
    )
    checks = RULE.format(number=1, id="at_the_end", more="expect: output.found")
    text = FRONT.format(id="asks-late", title="Asks Late", more=LATE, steps=steps, checks=checks)
    (watching.runbooks / "asks-late.md").write_text(text, encoding="utf-8")
    set_state(watching, "PromotedBadRun", "ALARM")

    came(watching, notice("PromotedBadRun"))
    look(watching)

    (episode,) = watching.store.episodes()
    assert [finding["words"] for finding in episode.findings] == ["schedule ENABLED", "Read the breaker"]
    assert episode.inputs == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("uses: s3.read_json", "uses: s3.read_jsn", "There is no action called 's3.read_jsn'"),
        ('pattern: "[a-z][a-z0-9_-]{0,39}"', 'pattern: "[0-9]{1,9}"', "Not looked: "),
    ],
)
def test_an_alarm_is_shown_also_where_its_runbook_is_broken(watching: Table, old: str, new: str, said: str) -> None:
    watching.edit("circuit-breaker", old, new)

    came(watching, notice())
    look(watching)

    (episode,) = watching.store.episodes()
    assert shown(watching) == ["alarm:1"]
    assert said in str(episode.findings[0]["words"])


def test_an_alarm_says_how_its_run_stands_and_not_each_time_that_it_looks(watching: Table) -> None:
    def told() -> int:
        card = watching.store.card("alarm:1")
        assert card is not None
        return card.wanted

    came(watching, notice())
    look(watching)
    before = told()

    watching.start(ANA)
    waiting = told()
    watching.approve(ANA)
    answered = told()
    watching.wish(BO, StopRun(run=1))

    assert (waiting > before, answered > waiting, told() > answered) == (True, True, True)


def numbered(count: int, *, names: int = 3) -> list[AlarmNotice]:
    """Return alarms of so many pipelines that no runbook groups, under a few names."""
    return [
        notice(f"Odd{number % names}", message=f"s-{number}").model_copy(
            update={
                "arn": f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Odd{number % names}-{number}",
                "dimensions": {"Pipeline": f"p{number}"},
            }
        )
        for number in range(count)
    ]


@pytest.fixture
def stormy(watching: Table) -> Table:
    """CloudWatch knows the odd alarms, and says that they are in ALARM."""
    cloudwatch = watching.lake.clients.cloudwatch
    for name in ("Odd0", "Odd1", "Odd2"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName="m",
            Namespace="n",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a story")
    return watching


class Nearby(Nothing):
    """Find the same runbooks for any alarm, one of which is gone."""

    def fitting(self, words: Sequence[str], *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        return [("rollback", ("load", "night")), ("burnt", ("load",))]


def test_an_alarm_that_no_runbook_names_is_kept_with_those_that_come_near(stormy: Table) -> None:
    stormy.desk = replace(stormy.desk, search=Nearby())
    came(stormy, notice("Odd0"))

    look(stormy)

    (episode,) = stormy.store.episodes()
    assert (episode.runbook, episode.nearest) == (None, (Near(runbook="rollback", matched=("load", "night")),))


def test_a_runbook_that_only_comes_near_is_started_for_the_alarm_and_its_card_shows_the_run(stormy: Table) -> None:
    came(stormy, notice("Odd0"))
    look(stormy)

    stormy.wish(ANA, StartRun(runbook="circuit-breaker", alarm=1))

    (run,) = stormy.store.runs()
    (episode,) = stormy.store.episodes()
    assert (run.alarm, run.inputs["pipeline"], episode.run, episode.taken_by) == (1, "transactions", run.id, ANA)


def test_that_none_fits_is_kept_once_with_who_said_it(stormy: Table) -> None:
    came(stormy, notice("Odd0"))
    look(stormy)

    stormy.wish(ANA, NoneFits(alarm=1))
    stormy.wish(BO, NoneFits(alarm=1))

    (episode,) = stormy.store.episodes()
    assert episode.none_fits is not None
    assert (episode.none_fits.by, stormy.kinds().count("alarm.none_fits")) == (ANA, 1)


def test_a_hundred_alarms_in_a_minute_are_six_cards_and_one_storm_and_none_is_lost(stormy: Table) -> None:
    for one in numbered(100):
        stormy.send(None, AlarmCame(notice=one), identity=one.message_id)

    stormy.drive()
    look(stormy)

    kept = stormy.store.episodes()
    caught = [one for one in kept if one.storm is not None]
    assert (len(kept), len(shown(stormy)), len(caught)) == (100, MOST_AT_ONCE, 100 - MOST_AT_ONCE)
    assert [key for key in stormy.shown() if key.startswith("storm:")] == [f"storm:{caught[-1].storm}"]


def test_an_alarm_that_flaps_is_told_on_its_card_and_calls_nobody_again(watching: Table) -> None:
    came(watching, notice())
    look(watching)
    set_state(watching, BREAKER, "OK")
    came(watching, notice(state="OK", at=written(watching.now()), message="m-2"))
    set_state(watching, BREAKER, "ALARM")

    came(watching, notice(at=written(watching.now() + timedelta(minutes=1)), message="m-3"))
    look(watching)

    (episode,) = watching.store.episodes(open_only=False)
    assert (episode.times, episode.state, episode.ok_since) == (2, AlarmState.ALARM, None)
    assert shown(watching) == ["alarm:1"]


def test_an_alarm_that_comes_back_long_after_it_was_ok_is_a_new_one(watching: Table) -> None:
    came(watching, notice())
    look(watching)
    set_state(watching, BREAKER, "OK")
    came(watching, notice(state="OK", at=written(watching.now()), message="m-2"))
    watching.later(timedelta(minutes=11))
    set_state(watching, BREAKER, "ALARM")

    came(watching, notice(at=written(watching.now()), message="m-3"))
    look(watching)

    assert shown(watching) == ["alarm:1", "alarm:2"]
