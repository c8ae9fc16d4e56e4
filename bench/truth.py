"""What was planted, and whether a sentence says it: supported, not determined, or false; apart from the bot's check.

The bot's own check holds a sentence against the evidence the bot gathered. Here it is held against what was done to
the lake: what each scenario breaks, written down by hand; the alarms, metrics and lines as the lake itself holds them,
read without the bot; and what the bench did to the incident, at which time. What neither tells is not determined.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bench.incidents import Scene, alarms_in
from bot.domain.logs.masking import ANY, mask
from bot.domain.moment import moment, span
from bot.workbench.lake.builds import UNREADABLE
from bot.workbench.lake.causes import FAILURES
from bot.workbench.lake.furniture import COMMITS
from bot.workbench.lake.noise import PREFIX
from bot.workbench.lake.seed import FILES_A_NIGHT
from bot.workbench.lake.sources import COLUMN_TYPES, NEW_COLUMN
from bot.workbench.scenarios.circuit_breaker import BAD_FILE
from bot.workbench.scenarios.registry import SCENARIOS

SAME = timedelta(seconds=2)
NEAR = timedelta(seconds=60)
_RUN = r"([0-9]{8}T[0-9]{6}Z)"


class Verdict(StrEnum):
    """Say what a sentence is, held against what was planted."""

    SUPPORTED = "supported"
    UNKNOWN = "not determined"
    FALSE = "false"
    QUOTED = "quoted"


@dataclass(frozen=True)
class Line:
    """Hold one line as the lake holds it."""

    at: int
    stream: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Hold what is so.

    Attributes:
        facts: patterns of sentences on the lake, each with the only words its group may have.
        group: what lines are named after where their stream is only a run's.
        alarms: name to what CloudWatch said of it when it was on.
        over: names of those that were OK in the end.
        points: highest and newest value of each alarm's metric.
        known: texts that are somebody's words, not the bot's: descriptions of alarms.
        moments: what the bench did, and when.
    """

    name: str
    began: datetime
    facts: Mapping[str, str]
    group: str
    alarms: Mapping[str, Mapping[str, object]]
    over: frozenset[str]
    points: Mapping[str, tuple[float, float]]
    known: frozenset[str]
    moments: Mapping[str, datetime]
    lines: Sequence[Line]
    before: Sequence[Line]

    def judge(self, text: str, *, by: str = "") -> Verdict:
        """Return what a sentence is; `by` is whose words they are, where it quotes somebody."""
        said = text.removeprefix("It may be an effect: ")
        if by.startswith("runbook ") or text in self.known:
            return Verdict.QUOTED
        for pattern, judged in (
            (_ALARM, self._alarm),
            (_ANSWERS, self._answers),
            (_ROW, self._row),
            (_SUMMARY, self._summary),
            (_SPAN, self._span),
            (_INCIDENT, self._incident),
            (_METRIC, self._metric),
            (_CANDIDATE, self._candidate),
        ):
            found = pattern.match(said)
            if found is not None:
                return Verdict.SUPPORTED if judged(found) else Verdict.FALSE
        if said.startswith("Threshold Crossed"):
            reasons = [str(one.get("StateReason")) for one in self.alarms.values()]
            return Verdict.SUPPORTED if any(said.rstrip(".") in one for one in reasons) else Verdict.FALSE
        return self._fact(said)

    def _fact(self, said: str) -> Verdict:
        met = [(found[1], right) for pattern, right in self.facts.items() if (found := re.search(pattern, said))]
        if not met:
            return Verdict.UNKNOWN
        return Verdict.SUPPORTED if all(seen == right for seen, right in met) else Verdict.FALSE

    def _alarm(self, found: re.Match[str]) -> bool:
        alarm = self.alarms.get(found["name"])
        if alarm is None or found["state"] not in {"is ALARM", "went off", "was OK again"}:
            return False
        if "OK again" in found[0] and found["name"] not in self.over:
            return False
        since = alarm["StateUpdatedTimestamp"]
        told = [_told(found["since"])] if found["since"] else []
        limit = re.search(r"\(threshold ([0-9.e+]+)\)", found[0])
        right = limit is None or float(limit[1]) == float(str(alarm["Threshold"]))
        return right and all(isinstance(since, datetime) and abs(one - since) <= SAME for one in told)

    def _answers(self, found: re.Match[str]) -> bool:
        right = _OF_DEPLOYMENTS.get(found["alarm"], SCENARIOS[self.name].runbook)
        return found["runbook"] == right and found["alarm"] in self.alarms

    def _row(self, found: re.Match[str]) -> bool:
        """Return whether a template's row says what the lines are: how many, since when, by whom, with which values."""
        ours = [one for one in self.lines if _fits(found["shape"], one.message)]
        if len(ours) != _number(found["count"]) or not ours:
            return False
        first, last = (f"{_utc(one.at):%H:%M:%S}" for one in (ours[0], ours[-1]))
        rest = found["rest"]
        told = re.search(r"(\d\d:\d\d:\d\d) UTC–(\d\d:\d\d:\d\d) UTC", rest)
        if told and (told[1], told[2]) != (first, last):
            return False
        more = re.search(r"more from (\d\d:\d\d:\d\d) UTC", rest)
        if more and not first <= more[1] <= last:
            return False
        counted = [_number(one) for one in re.findall(r"×([0-9,]+)", rest)]
        if any(one > len(ours) for one in counted):
            return False
        before = sum(_fits(found["shape"], one.message) for one in self.before)
        known = re.search(r"than before \(([0-9,]+)\)", rest)
        if known and _number(known[1]) != before:
            return False
        return not ("none before" in rest and before)

    def _summary(self, found: re.Match[str]) -> bool:
        return _number(found["count"]) == len(self.lines)

    def _span(self, found: re.Match[str]) -> bool:
        """Return whether a duration is the one that the planted beginning and what was done afterwards come to."""
        if found["what"] not in self.moments:
            return False
        right = self.moments[found["what"]] - self.began
        return any(span(right + timedelta(seconds=off)) == found["span"] for off in range(-3, 4))

    def _incident(self, found: re.Match[str]) -> bool:
        told = {name: _told(at) for name, at in re.findall(r"(declared|resolved) ([0-9-]+ [0-9:]+ UTC)", found[0])}
        done = {"declared": self.moments["acknowledged"], "resolved": self.moments["resolved"]}
        return found["state"] == "resolved" and all(abs(done[name] - at) <= SAME for name, at in told.items())

    def _metric(self, found: re.Match[str]) -> bool:
        known = self.points.get(found["metric"])
        if found["most"] is None:
            return known is None
        return known is not None and tuple(float(found[name]) for name in ("most", "now")) == known

    def _candidate(self, found: re.Match[str]) -> bool:
        """Return whether the source that a candidate names wrote such lines; that it is a cause is not said."""
        shape = found["shape"]
        who = _base(found["source"])
        return any((_base(one.stream) or self.group) == who and _fits(shape, one.message) for one in self.lines)

    def place(self, candidates: Iterable[str]) -> int | None:
        """Return at which place the planted cause stands among the candidates, from 1; None where it does not."""
        cause = FAILURES[self.name].cause
        shape_of = " ".join(mask(word) for word in cause.text.format(n=777, run="20260121T020000Z").split())
        own = {f"{PREFIX}{cause.who}", *_OWN_VOICES.get(self.name, ())}
        for number, text in enumerate(candidates, start=1):
            source, _, shape = text.partition(": ")
            if source in own and (shape_of in shape or source in _OWN_VOICES.get(self.name, ())):
                return number
        return None


# Sentences whose truth can be computed.

_ALARM = re.compile(
    r"Alarm (?P<name>\w+) (?P<state>is \w+|went off|was OK again)"
    r"(?: (?:since|at) (?P<since>[0-9-]+ [0-9:]+ UTC))?(?P<rest>.*)"
)
_ANSWERS = re.compile(r"(?P<runbook>[a-z-]+) answers (?P<alarm>\w+) by name$")
_ROW = re.compile(r"(?P<level>[A-Z]+) ×(?P<count>[0-9,]+), (?P<rest>.*?(?:\d\d UTC|×[0-9,]+|[\w/.-]+)): (?P<shape>.+)$")
_SUMMARY = re.compile(r"(?P<count>[0-9,]+) log lines from ")
_SPAN = re.compile(r"time until (?P<what>detected|acknowledged|mitigated|resolved): (?P<span>.+?)\.?$")
_INCIDENT = re.compile(r"INC-[0-9]+ is (?P<state>\w+), .*")
_METRIC = re.compile(
    r"(?P<metric>\w+)(?: has no points|: [0-9]+ points of .*at most (?P<most>[0-9.e+]+), now (?P<now>[0-9.e+]+?))\.?$"
)
_CANDIDATE = re.compile(
    r"(?P<source>(?:synthetic/)?[\w./-]+): (?P<shape>(?:<\*> )?\[?(?:WARN|ERROR|CRITICAL|Error)\b.*)$"
)

# Alarms of a deployment, which is looked at before anything is rolled back.
_OF_DEPLOYMENTS: Mapping[str, str] = {
    "SmokeTestFailed": "deployment-failures",
    "DeployPipelineFailed": "deployment-failures",
}

# Beside the synthetic line of the planted cause, the lake's own pipeline tells of it too.
_OWN_VOICES: Mapping[str, tuple[str, ...]] = {
    "circuit-breaker": ("transactions",),
    "backfill": ("arrivals",),
    "schema-evolution": ("transactions",),
    "quarantine-review": ("transactions",),
}


def _fits(shape: str, message: str) -> bool:
    """Return whether a line is of a shape, its level and time aside."""
    words = re.sub(rf"^(?:{re.escape(ANY)} )*(?:WARN|ERROR|CRITICAL|INFO) ", "", shape)
    pattern = ".*?".join(re.escape(part) for part in words.split(ANY))
    return re.search(rf"(?:^|\"|\s|\b){pattern}(?:\"|$)", message) is not None


def _base(stream: str) -> str:
    """Return who writes a stream, its number or run aside."""
    return re.sub(r"(?:-[0-9]+|-?[0-9]{8}T[0-9]{6}Z)$", "", stream).rstrip("-")


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _told(text: str) -> datetime:
    """Return the time that a sentence reads out."""
    return moment(text.replace(" UTC", "Z"))


def _utc(millis: int) -> datetime:
    return moment("1970-01-01T00:00:00Z") + timedelta(milliseconds=millis)


# What is so.


def truth_of(scene: Scene, *, since: datetime, until: datetime, moments: Mapping[str, datetime]) -> Truth:
    """Read the lake, without the bot, after the incident; `since` and `until` bound the lines that a draft reads."""
    alarms = {str(one["AlarmName"]): one for one in scene.seen}
    points = {str(one["MetricName"]): _points(scene, one, since, until) for one in alarms.values()}
    updated = [one["StateUpdatedTimestamp"] for one in alarms.values()]
    detected = min((at for at in updated if isinstance(at, datetime)), default=moments["acknowledged"])
    day = timedelta(days=1)
    return Truth(
        name=scene.name,
        began=scene.began,
        facts={**_EVERYWHERE, **_facts(scene)},
        group=scene.lake.names.log_group.rsplit("/", 1)[-1],
        alarms=alarms,
        over=frozenset(str(one["AlarmName"]) for one in alarms_in(scene.lake, "OK")),
        points={name: values for name, values in points.items() if values is not None},
        known=frozenset(part for one in alarms.values() for part in _sentences(str(one.get("AlarmDescription", "")))),
        moments={"detected": detected, **moments},
        lines=_lines(scene, since, until),
        before=_lines(scene, since - day, until - day),
    )


def _sentences(text: str) -> Iterable[str]:
    return (text, *re.split(r"(?<=[.!?])\s+", text))


def _lines(scene: Scene, since: datetime, until: datetime) -> list[Line]:
    pages = scene.lake.clients.logs.get_paginator("filter_log_events").paginate(
        logGroupName=scene.lake.names.log_group,
        startTime=int(since.timestamp() * 1000),
        endTime=int(until.timestamp() * 1000) - 1,
    )
    found = [Line(one["timestamp"], one["logStreamName"], one["message"]) for page in pages for one in page["events"]]
    return sorted(found, key=lambda one: one.at)


def _points(scene: Scene, alarm: Mapping[str, object], since: datetime, until: datetime) -> tuple[float, float] | None:
    dimensions = alarm.get("Dimensions")
    answer = scene.lake.clients.cloudwatch.get_metric_statistics(
        Namespace=str(alarm["Namespace"]),
        MetricName=str(alarm["MetricName"]),
        Dimensions=[{"Name": one["Name"], "Value": one["Value"]} for one in dimensions]
        if isinstance(dimensions, list)
        else [],
        StartTime=since,
        EndTime=until,
        Period=300,
        Statistics=["Maximum"],
    )
    values = [one["Maximum"] for one in sorted(answer["Datapoints"], key=lambda one: one["Timestamp"])]
    rounded = [float(f"{value:g}") for value in values]
    return (max(rounded), rounded[-1]) if rounded else None


_EVERYWHERE: Mapping[str, str] = {r"\bschedule (ENABLED|DISABLED)": "ENABLED"}


def _facts(scene: Scene) -> Mapping[str, str]:
    """Return what a scenario's sentences may say, as the scenario does it."""
    seeded, newest = scene.lake.seeded, _newest_execution(scene)
    return {
        "circuit-breaker": {
            r"\bbreaker ([A-Z_]+)\b": "OPEN",
            r"\b([A-Z]+_ERROR)\b": "CURRENCY_ERROR",
            r"\bname (f-[0-9]+)": BAD_FILE,
            r"^([0-9]+) (?:counted|of [0-9]+ (?:errors are|name))": "101",
        },
        "backfill": {
            r"\bit read ([0-9]+) files": "9",
            r"\bsource files now ([0-9]+)": "12",
            rf"\breaders have {_RUN}": seeded.months[1].run_id,
        },
        "schema-evolution": {
            r"\bunexpected column (\w+)": NEW_COLUMN,
            r"^([0-9]+) files, most of them SCHEMA_ERROR": str(FILES_A_NIGHT),
            r"\bversion 1, ([0-9]+) columns": str(len(COLUMN_TYPES)),
            rf"^{_RUN} failed": newest,
            rf"\breaders have {_RUN}": seeded.run_id,
        },
        "rollback": {
            rf"\breaders have {_RUN}": newest,
            rf"\bbefore it {_RUN}": seeded.run_id,
            rf"^{_RUN} may be given to readers": seeded.run_id,
        },
        "rollback-function": {r"^(no build) yet": "no build", **_around_a_deployment(states=1)},
        "rollback-job": {
            r"^newest (\w+)": "SUCCEEDED",
            r"\blast good ([0-9a-f]+)": COMMITS[0],
            **_around_a_deployment(states=1),
        },
        "rollback-state": {
            r"^newest (\w+)": "FAILED",
            r"\bnone was (\w+)": "good",
            r"^FAILED in BUILD: (.+)": UNREADABLE,
            **_around_a_deployment(states=2),
        },
        "quarantine-review": {
            r"^([0-9]+ of [0-9]+) rows set aside": "153 of 2500",
            r"\b([0-9.]+) % of the rows are in quarantine": "6.12",
            rf"\bnewest {_RUN}": newest,
            rf"\brun {_RUN} wrote": newest,
            rf"\breaders have {_RUN}": seeded.run_id,
            r"^([0-9]+) CURRENCY_ERROR": "96",
        },
        "failure-recovery": {
            rf"^{_RUN} FAILED": newest,
            r"\bFAILED with (\w+)": "GlueJobFailed",
            r"\b(\w+Error: [\w ]+)$": "OutOfMemoryError: Java heap space",
            r"^([0-9]+) failed in 24 hours": "1",
            r"^([0-9]+) ran out of time": "0",
            rf"\breaders have {_RUN}": seeded.run_id,
        },
        "common-failures": {
            r"_LATEST\.json is (\w+)": "gone",
            r"\bhidden by a (delete marker, [0-9]+ version) below": "delete marker, 1 version",
            r"^table (\S+) is there": scene.lake.names.table,
        },
        "query-performance": {
            r"\bworst read ([0-9]+) GB": "64",
            r"^SUCCEEDED: ([0-9]+) GB": "64",
            r"\bcompares (\w+)": "nothing",
        },
        "deployment-failures": {
            r"^newest (\w+)": "FAILED",
            r"^([A-Z]+) in BUILD": "FAILED",
            r"\bthe runner ([\w ]+)": "lost its connection",
            r"\bheld by (\S+) for": "codebuild@lake-deploy",
        },
    }[scene.name]


def _around_a_deployment(*, states: int) -> Mapping[str, str]:
    return {r"^the lock is (\w+)": "free", r"^([0-9]+) versions, the newest of": str(states)}


def _newest_execution(scene: Scene) -> str:
    found = scene.lake.clients.sfn.list_executions(stateMachineArn=scene.lake.names.state_machine_arn)["executions"]
    return max(found, key=lambda one: one["startDate"])["name"] if found else ""


def counted(verdicts: Iterable[Verdict]) -> Counter[Verdict]:
    """Return how many there are of each."""
    return Counter(verdicts)
