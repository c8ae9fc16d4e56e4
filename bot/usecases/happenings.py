"""What happened on the lake itself in a window: executions, jobs, alarms, pointers, deploys; each with its evidence.

Everything is read through the gate, and no more of it than is bounded here; what cannot be read is said.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from math import ceil

from bot.domain.evidence import Gathering, Origin
from bot.domain.moment import moment, written
from bot.domain.postmortem.document import Moment
from bot.domain.records import Episode
from bot.domain.run import Run
from bot.domain.timeline import of_alias, of_build, of_code, of_execution, of_history, of_job, of_job_run, of_pointer
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, InvalidError
from bot.usecases import console
from bot.usecases.desk import Desk

BEFORE = timedelta(hours=6)  # what started so long before the window may have ended within it
MOST_OF_A_KIND = 12
MOST_NAMED = 4  # machines, jobs, projects
MOST_PARTITIONS = 12
MOST_ALARMS = 8
LONGEST_TRAIL = timedelta(days=14)
STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
MOVED = "UpdateAlias20150331"  # Lambda's events carry the date of their interface
_PARTITION = re.compile(r"silver/(?:[A-Za-z0-9_-]+/)+year=[0-9]{4}/month=[0-9]{2}/schema_v=v[0-9]{1,3}/")


def happened(
    desk: Desk,
    found: Gathering,
    *,
    since: datetime,
    until: datetime,
    episodes: Sequence[Episode] = (),
    runs: Sequence[Run] = (),
) -> tuple[Moment, ...]:
    """Return what happened in the window, each moment with the item it was gathered as."""
    window = _Window(desk, found, since, until)
    told: list[Moment] = []
    for read in (_executions, _job_runs, _builds, _code, _aliases):
        told += read(window)
    told += _alarm_histories(window, episodes)
    told += _pointers(window, _partitions(window, episodes, runs))
    return tuple(told)


def executions(desk: Desk, found: Gathering, *, since: datetime, until: datetime, most: int) -> tuple[Moment, ...]:
    """Return the newest executions of each machine, each moment with the item it was gathered as."""
    return tuple(_executions(_Window(desk, found, since, until), most=most))


_Shown = tuple[Moment, str]
"""A moment, and where AWS's console shows what it is about."""


class _Window:
    """Hold who looks, where what is seen is kept, and which time counts."""

    def __init__(self, desk: Desk, found: Gathering, since: datetime, until: datetime) -> None:
        self.desk, self.found, self.since, self.until = desk, found, since, until

    def names(self, key: str) -> tuple[str, ...]:
        """Return what the platform names under a key, as many as are looked at; that there are more is said."""
        value = self.desk.platform.resources.get(key, ())
        named = (value,) if isinstance(value, str) else tuple(value)
        if len(named) > MOST_NAMED:
            self.found.skip(f"{key}: only {', '.join(named[:MOST_NAMED])} of {len(named)} were looked at")
        return named[:MOST_NAMED]

    def looked(self, action: str, about: str, **params: object) -> JsonObject:
        """Return what a reading action sees, nothing where it cannot look; that is told."""
        entry = self.desk.catalogue.action(action)

        def look() -> JsonObject:
            return entry.looked(self.desk.look, entry.params.model_validate(params), self.desk.now())

        return self.seen(look, f"{about} ({action})")

    def listed(self, row: str, about: str, **params: JsonValue) -> JsonObject:
        """Return what a row keeps, nothing where it cannot be read; that is told."""
        return self.seen(lambda: self.desk.look(row, **params), about)

    def seen(self, look: Callable[[], JsonObject], about: str) -> JsonObject:
        """Return what a look sees; its failure becomes a sentence on what was not read."""
        try:
            return look()
        except (BotError, ValueError) as error:
            words = error.words if isinstance(error, BotError) else "its parameters do not fit"
            self.found.skip(f"{about}: {words[:160]}")
            return {}

    def within(self, moments: Iterable[_Shown], kind: str, source: str) -> Iterator[Moment]:
        """Yield those of the window, the newest few, each kept as an item; its words are the item's, redacted."""
        ours = sorted((one for one in moments if self.since <= one[0].at <= self.until), key=lambda one: one[0].at)
        if len(ours) > 2 * MOST_OF_A_KIND:
            self.found.skip(f"{source}: {len(ours) - 2 * MOST_OF_A_KIND} earlier moments of the window are not told")
        for one, link in ours[-2 * MOST_OF_A_KIND :]:
            where = f"{source}, {written(one.at)}"
            name = self.found.add(kind, one.text, origin=Origin.AWS, source=where, at=one.at, link=link)
            item = self.found.evidence().item(name) if name else None
            if item is not None:
                yield one.model_copy(update={"text": item.text, "evidence": (name,)})


def _executions(window: _Window, *, most: int = MOST_OF_A_KIND) -> Iterator[Moment]:
    for machine in window.names("machines"):
        started: list[JsonObject] = []
        for status in STATUSES:
            answer = window.looked(
                "stepfunctions.executions", f"executions of {machine}", machine=machine, status=status
            )
            started += _rows(answer.get("executions"))
        late = [one for one in started if _between(one.get("started"), window.since - BEFORE, window.until)]
        late.sort(key=lambda one: str(one["started"]), reverse=True)
        if len(late) > most:
            window.found.skip(f"executions of {machine}: only the newest {most} of {len(late)} were looked at")
        moments: list[_Shown] = []
        for one in late[:most]:
            stands = window.looked("stepfunctions.execution", f"execution {one['name']}", arn=one["arn"])
            page = console.execution(window.desk.platform, str(one["arn"]))
            moments += _shown(of_execution(stands, machine), page) if stands else ()
        yield from window.within(moments, "execution", f"Step Functions, {machine}")


def _alarm_histories(window: _Window, episodes: Sequence[Episode]) -> Iterator[Moment]:
    """Yield how the alarms' states changed apart from what their episodes tell: a flapping alarm has one card."""
    alarms: dict[str, list[Episode]] = {}
    for episode in episodes:
        alarms.setdefault(episode.notice.name, []).append(episode)
    if len(alarms) > MOST_ALARMS:
        window.found.skip(f"histories of alarms: only {MOST_ALARMS} of {len(alarms)} were looked at")
    for name, own in [*alarms.items()][:MOST_ALARMS]:
        about, since, until = f"the history of {name}", written(window.since), written(window.until)
        history = window.looked("cloudwatch.alarm_history", about, name=name, since=since, until=until)
        if history and not history["complete"]:
            window.found.skip(f"{about}: only its newest changes of the window were read")
        turns = of_history(_rows(history.get("turns")), own)
        yield from window.within(
            _shown(turns, console.alarm(window.desk.platform, name)), "alarm", f"history of {name}"
        )


def _job_runs(window: _Window) -> Iterator[Moment]:
    for job in window.names("jobs"):
        stands = window.looked("glue.job", f"the job {job}", job=job)
        if not stands.get("found"):
            continue
        changed = _shown(of_job(stands, job), console.job(window.desk.platform, job))
        yield from window.within(changed, "deploy", f"Glue, {job}")
        runs = _rows(window.looked("glue.job_runs", f"runs of {job}", job=job).get("runs"))
        pages = [console.job_run(window.desk.platform, job, str(run["id"])) for run in runs]
        ran = (one for run, page in zip(runs, pages, strict=True) for one in _shown(of_job_run(run, job), page))
        yield from window.within(ran, "job", f"Glue, {job}")


def _builds(window: _Window) -> Iterator[Moment]:
    for project in window.names("projects"):
        found = _rows(window.looked("codebuild.builds", f"builds of {project}", project=project).get("builds"))
        page = console.build(window.desk.platform, project)
        built = (one for build in found for one in _shown(of_build(build), page))
        yield from window.within(built, "deploy", f"CodeBuild, {project}")


def _code(window: _Window) -> Iterator[Moment]:
    for bucket in window.names("artifacts_bucket"):
        answer = window.looked("s3.versions", f"code in {bucket}", bucket=bucket, key="etl/")
        put = (
            one
            for version in _rows(answer.get("versions"))
            for one in _shown(
                of_code(version, bucket), console.stored(window.desk.platform, bucket, str(version["key"]))
            )
        )
        yield from window.within(put, "deploy", f"S3, {bucket}")


def _aliases(window: _Window) -> Iterator[Moment]:
    if not (window.names("functions") or window.names("function")):
        return
    age = window.desk.now() - window.since
    if age > LONGEST_TRAIL:
        window.found.skip("moves of functions' aliases: the window is more than 14 days ago")
        return
    hours = max(1, ceil(age / timedelta(hours=1)))
    about = "moves of functions' aliases"
    found = _rows(window.looked("cloudtrail.events", about, by="EventName", name=MOVED, hours=hours).get("events"))
    moved = (one for event in found for one in _shown(of_alias(event), ""))
    yield from window.within(moved, "deploy", "CloudTrail")


# Pointers.


def _pointers(window: _Window, partitions: Iterable[str]) -> Iterator[Moment]:
    for bucket in window.names("silver_bucket"):
        for partition in partitions:
            key = f"{partition}_LATEST.json"
            page = window.listed("s3.versions_pointer", f"versions of {key}", Bucket=bucket, Prefix=key, MaxKeys=1000)
            stored = console.stored(window.desk.platform, bucket, key)
            yield from window.within(_shown(of_pointer(page, key), stored), "object", f"S3, {key}")


def _partitions(window: _Window, episodes: Sequence[Episode], runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the partitions that alarms and runs name, then those of the window's months; the first few."""
    named = [value for one in episodes for value in one.notice.dimensions.values()]
    named += [str(value) for run in runs for value in run.inputs.values()]
    found = [one for one in named if _PARTITION.fullmatch(one)]
    for bucket in window.names("silver_bucket"):
        found += _of_the_months(window, bucket)
    partitions = tuple(dict.fromkeys(found))
    if len(partitions) > MOST_PARTITIONS:
        window.found.skip(f"pointers: only {MOST_PARTITIONS} of {len(partitions)} partitions were looked at")
    return partitions[:MOST_PARTITIONS]


def _of_the_months(window: _Window, bucket: str) -> Iterator[str]:
    months = dict.fromkeys(f"year={at:%Y}/month={at:%m}/" for at in (window.since, window.until))
    pipelines = window.names("pipelines")
    for domain in islice(_below(window, bucket, "silver/"), MOST_NAMED):
        for table in _below(window, bucket, domain):
            if pipelines and table.rstrip("/").rsplit("/", 1)[-1] not in pipelines:
                continue
            for month in months:
                yield from (one for one in _below(window, bucket, table + month) if _PARTITION.fullmatch(one))


def _below(window: _Window, bucket: str, prefix: str) -> tuple[str, ...]:
    page = window.listed("s3.folders", f"folders of {bucket}/{prefix}", Bucket=bucket, Prefix=prefix)
    return tuple(sorted(str(one["Prefix"]) for one in _rows(page.get("CommonPrefixes"))))


def _shown(moments: Iterable[Moment], page: str) -> Iterator[_Shown]:
    return ((one, page) for one in moments)


def _rows(value: JsonValue) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _between(at: JsonValue, since: datetime, until: datetime) -> bool:
    try:
        return isinstance(at, str) and since <= moment(at) <= until
    except InvalidError:
        return False
