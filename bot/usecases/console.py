"""Where AWS's own console shows a thing: addresses made here of names and times, none of them found in a text.

An environment that is in no console (the local lake) has no addresses; they are empty then.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from bot.domain.action import Platform

_AROUND = timedelta(seconds=1)
_HOSTS = {"cn": "console.amazonaws.cn", "us-gov": "console.amazonaws-us-gov.com"}
_HOST = "console.aws.amazon.com"


def alarm(platform: Platform, name: str) -> str:
    """Return the page of an alarm, with its metric and history."""
    return _page(platform, "cloudwatch/home", f"#alarmsV2:alarm/{_once(name)}")


def log_group(platform: Platform, group: str, *, since: datetime, until: datetime) -> str:
    """Return all lines of a log group within a window."""
    return _page(
        platform, "cloudwatch/home", f"#logsV2:log-groups/log-group/{_twice(group)}/log-events{_window(since, until)}"
    )


def log_line(platform: Platform, group: str, stream: str, at: datetime) -> str:
    """Return the second of a stream in which the line stands."""
    place = f"#logsV2:log-groups/log-group/{_twice(group)}/log-events/{_twice(stream)}"
    return _page(platform, "cloudwatch/home", f"{place}{_window(at - _AROUND, at + _AROUND)}")


def execution(platform: Platform, arn: str) -> str:
    """Return the page of a state machine's execution."""
    return _page(platform, "states/home", f"#/v2/executions/details/{quote(arn, safe=':')}")


def job(platform: Platform, name: str) -> str:
    """Return the page of a Glue job's set-up."""
    return _page(platform, "gluestudio/home", f"#/editor/job/{_once(name)}/details")


def job_run(platform: Platform, name: str, run: str) -> str:
    """Return the page of a Glue job's run."""
    return _page(platform, "gluestudio/home", f"#/job/{_once(name)}/run/{_once(run)}")


def build(platform: Platform, project: str) -> str:
    """Return the builds of a CodeBuild project."""
    return _page(platform, f"codesuite/codebuild/{platform.account}/projects/{_once(project)}/history")


def stored(platform: Platform, bucket: str, key: str) -> str:
    """Return the page of an object in S3, or of a folder where the key ends with a slash."""
    kind = "buckets" if key.endswith("/") else "object"
    return _page(platform, f"s3/{kind}/{_once(bucket)}", prefix=key)


def _page(platform: Platform, path: str, fragment: str = "", *, prefix: str = "") -> str:
    if not platform.in_console:
        return ""
    region = platform.region
    partition = next((host for begins, host in _HOSTS.items() if region.startswith(f"{begins}-")), _HOST)
    under = f"&prefix={quote(prefix, safe='/')}" if prefix else ""
    return f"https://{region}.{partition}/{path}?region={region}{under}{fragment}"


def _window(since: datetime, until: datetime) -> str:
    first, last = (int(at.timestamp() * 1000) for at in (since, until))
    return f"$3Fstart$3D{first}$26end$3D{last}"


def _once(name: str) -> str:
    return quote(name, safe="")


def _twice(name: str) -> str:
    """Return the name as CloudWatch's page has it behind `#`: quoted twice, with `$` for the second `%`."""
    return _once(_once(name)).replace("%", "$")
