"""What the lake itself tells of a window: read through the gate, bounded, each moment with its item."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.action import Call
from bot.domain.evidence import Evidence, Gathering, Origin
from bot.domain.postmortem.document import Moment
from bot.domain.value import JsonObject
from bot.errors import CallRefusedError
from bot.usecases.happenings import executions, happened
from bot.workbench.lake.names import LakeNames
from tests.records.values import an_episode
from tests.usecases.table import CountingCloud, Table


@dataclass
class Refusing(CountingCloud):
    """Refuse to let some services be looked at."""

    services: tuple[str, ...] = ()

    def look(self, call: Call) -> JsonObject:
        if call.row.startswith(self.services):
            raise CallRefusedError("AWS did not allow it.", code="AccessDenied")
        return super().look(call)


def told(table: Table, *, hours: float = 1) -> tuple[Sequence[Moment], Evidence]:
    found = Gathering()
    now = table.now()
    moments = happened(table.desk, found, since=now - timedelta(hours=hours), until=now)
    return moments, found.evidence()


def test_a_halted_load_is_told_with_its_start_its_end_and_why(table: Table) -> None:
    moments, evidence = told(table)

    (started, ended) = [one for one in moments if one.source == "execution"]
    assert started.at <= ended.at
    assert ended.text.endswith("of etl_orchestration ended FAILED with CircuitBreakerOpen.")
    item = evidence.item(ended.evidence[0])
    assert item is not None
    assert (item.text, item.kind, item.origin, item.at) == (ended.text, "execution", Origin.AWS, ended.at)
    assert item.source.startswith("Step Functions, etl_orchestration")


def test_what_happened_before_the_window_is_not_told(table: Table) -> None:
    near, _ = told(table)
    wide, _ = told(table, hours=30)

    assert not [one for one in near if one.source in {"object", "deploy"}]
    assert any(one.source == "deploy" and one.text.startswith("Code etl/") for one in wide)
    assert any(one.source == "object" and one.text.endswith("has a new version.") for one in wide)


def test_a_pointer_that_changes_is_told_even_if_no_alarm_names_its_partition(table: Table) -> None:
    names: LakeNames = table.lake.names
    key = table.lake.seeded.latest_key
    s3 = table.lake.clients.s3
    body = s3.get_object(Bucket=names.silver_bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=names.silver_bucket, Key=key, Body=body)

    moments, _ = told(table)

    assert [one.text for one in moments if one.source == "object"] == [f"{key} has a new version."]


def test_what_may_not_be_looked_at_is_said_and_the_rest_is_told(table: Table) -> None:
    refusing = Refusing(table.cloud.inner, services=("codebuild.", "glue."))
    table.desk = replace(table.desk, cloud=refusing)

    moments, evidence = told(table)

    assert any(one.source == "execution" for one in moments)
    assert any("builds of lake-deploy" in one and "AWS did not allow it." in one for one in evidence.unread)
    assert any("the job transaction_etl" in one for one in evidence.unread)


def test_a_platform_that_names_nothing_is_asked_for_nothing(table: Table) -> None:
    bare = table.desk.platform.model_copy(update={"resources": {}})
    counting = CountingCloud(table.cloud.inner)
    table.desk = replace(table.desk, platform=bare, cloud=counting)

    moments, evidence = told(table)

    assert (moments, evidence.unread, counting.looked) == ((), (), 0)


def test_an_alarm_that_flapped_is_told_with_each_turn(table: Table) -> None:
    cloudwatch = table.lake.clients.cloudwatch
    name = table.lake.names.error_alarm
    for state in ("OK", "ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a story")
    notice = an_episode().notice.model_copy(update={"name": name})
    episode = an_episode().model_copy(update={"notice": notice})

    found = Gathering()
    now = table.now()
    moments = happened(
        table.desk, found, since=now - timedelta(hours=1), until=now + timedelta(minutes=1), episodes=(episode,)
    )

    told = [one for one in moments if one.source == "alarm"]
    assert [one.text for one in told][-3:] == [
        f"Alarm {name} was OK again.",
        f"Alarm {name} went off.",
        f"Alarm {name} was OK again.",
    ]
    items = [found.evidence().item(one.evidence[0]) for one in told]
    assert [(item.kind, item.origin, item.text) for item in items if item] == [
        ("alarm", Origin.AWS, one.text) for one in told
    ]


def test_a_history_that_cannot_be_read_is_said(table: Table) -> None:
    table.desk = replace(table.desk, cloud=Refusing(table.cloud.inner, services=("cloudwatch.alarm_history",)))

    found = Gathering()
    now = table.now()
    happened(table.desk, found, since=now - timedelta(hours=1), until=now, episodes=(an_episode(),))

    assert any("the history of" in one and "AWS did not allow it." in one for one in found.evidence().unread)


def test_no_more_executions_are_looked_at_than_are_asked_for_and_that_is_said(table: Table) -> None:
    found, now = Gathering(), table.now()

    told = [executions(table.desk, found, since=now - timedelta(hours=1), until=now, most=most) for most in (1, 0)]

    assert [len(moments) for moments in told] == [2, 0]
    assert "executions of etl_orchestration: only the newest 0 of 1 were looked at" in found.evidence().unread
