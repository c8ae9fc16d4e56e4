from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.domain.action import Platform
from bot.domain.evidence import Item, Origin
from bot.usecases import console

LAKE = Platform(
    name="PROD", account="123456789012", account_name="lake-prod", region="eu-west-1", resources={}, in_console=True
)
HOST = "https://eu-west-1.console.aws.amazon.com"
AT = datetime(2026, 1, 21, 13, 0, tzinfo=UTC)
ARN = "arn:aws:states:eu-west-1:123456789012:execution:etl:20260121T020000Z"


@pytest.mark.parametrize(
    ("made", "address"),
    [
        (
            console.alarm(LAKE, "Breaker/open now"),
            "/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/Breaker%2Fopen%20now",
        ),
        (
            console.log_group(LAKE, "/lake/etl", since=AT, until=AT),
            "/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Flake$252Fetl/log-events"
            "$3Fstart$3D1769000400000$26end$3D1769000400000",
        ),
        (
            console.log_line(LAKE, "/lake/etl/transactions", "2026/01/21/[$LATEST]0f", AT),
            "/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Flake$252Fetl$252Ftransactions/log-events/"
            "2026$252F01$252F21$252F$255B$2524LATEST$255D0f$3Fstart$3D1769000399000$26end$3D1769000401000",
        ),
        (console.execution(LAKE, ARN), f"/states/home?region=eu-west-1#/v2/executions/details/{ARN}"),
        (console.job(LAKE, "etl"), "/gluestudio/home?region=eu-west-1#/editor/job/etl/details"),
        (console.job_run(LAKE, "etl/a", "jr_1"), "/gluestudio/home?region=eu-west-1#/job/etl%2Fa/run/jr_1"),
        (
            console.build(LAKE, "deploy"),
            "/codesuite/codebuild/123456789012/projects/deploy/history?region=eu-west-1",
        ),
        (console.stored(LAKE, "lake", "a b/c.json"), "/s3/object/lake?region=eu-west-1&prefix=a%20b/c.json"),
        (console.stored(LAKE, "lake", "a/b/"), "/s3/buckets/lake?region=eu-west-1&prefix=a/b/"),
    ],
)
def test_a_thing_is_shown_by_the_console_of_its_region(made: str, address: str) -> None:
    assert made == HOST + address
    assert Item(id="E1", kind="log", origin=Origin.AWS, source="s", text="t", link=made).link == made


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
        ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(region: str, host: str) -> None:
    assert console.alarm(LAKE.model_copy(update={"region": region}), "a").startswith(host)


def test_a_lake_that_is_in_no_console_has_no_addresses() -> None:
    local = LAKE.model_copy(update={"in_console": False})

    assert console.alarm(local, "a") == console.execution(local, ARN) == console.stored(local, "b", "k") == ""


@pytest.mark.parametrize("hostile", ["a|b>", "<!channel>", "x) [y](https://evil.example", "a\nb", "пример", "#/../.."])
def test_a_hostile_name_stays_a_name(hostile: str) -> None:
    made = console.stored(LAKE, "lake", hostile)

    assert made.startswith(f"{HOST}/s3/object/lake?region=eu-west-1&prefix=")
    assert not set(made) & set("<>|() \n[]#")
    assert made.isascii()
    assert parse_qs(urlsplit(made).query)["prefix"] == [hostile]
