"""One night at the lake, as values: the breaker of `transactions` opened at 02:07 UTC and ana runs the runbook."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Call, Platform
from bot.domain.alarm import AlarmNotice
from bot.domain.approval import Approval, ApprovalState, Binding, BoundCall, Vote
from bot.domain.incident import Incident, IncidentState, Note
from bot.domain.people import Place
from bot.domain.policy import Policy, Role
from bot.domain.reading import read_runbook
from bot.domain.records import AlarmState, Attempt, AttemptState, Episode
from bot.domain.remarks import Mark
from bot.domain.run import Added, AddedStep, Awaiting, Owed, Run, RunState, StepRecord, StepState, Waiting, advance
from bot.domain.runbook import Phase, Risk, Runbook
from bot.domain.value import JsonObject
from bot.slack.cards.stage import Stage

RUNBOOKS = Path(__file__).parents[3] / "runbooks"
NIGHT = datetime(2026, 1, 21, 2, 12, tzinfo=UTC)
ANA, BO, CY = "U0ANA", "U0BO", "U0CY"
CHANNEL = "C0ETL"
REASON = "currency column fixed upstream, file re-sent 02:05"
ETAG = '"9b2cd7c0d7c0d7c0d7c0d7c0d7c0d7c0"'
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:etl_orchestration"
FILE = "bronze/mortgages/transactions/ingest_date=2026-01-21/f-0193.csv.gz"

POLICY = Policy(
    roles={
        "oncall": Role(title="lake-oncall", group="S0ONCALL"),
        "platform": Role(
            title="lake-platform", group="S0PLATFORM", page_topic="arn:aws:sns:eu-west-1:123456789012:lake-page"
        ),
        "domain": Role(title="domain analysts", people=(CY,)),
        "everyone": Role(title="lake-team", group="S0TEAM"),
    },
    viewer="everyone",
    operator="everyone",
    on_call="oncall",
    change=("platform",),
    channels=(CHANNEL,),
)
PLATFORM = Platform(name="PROD", account="123456789012", account_name="lake-prod", region="eu-west-1", resources={})
LINKS = {
    "run:42": f"https://lake.example/archives/{CHANNEL}/p1",
    "request:9": f"https://lake.example/archives/{CHANNEL}/p2",
    "alarm:118": f"https://lake.example/archives/{CHANNEL}/p3",
}
NAMES = {ANA: "ana", BO: "bo", CY: "cy"}


def stage(*, now: datetime = NIGHT, policy: Policy = POLICY, names: Mapping[str, str] = NAMES) -> Stage:
    return Stage(
        policy=policy, platform=PLATFORM, serves="prod", catalogue=CATALOGUE, now=now, links=LINKS, names=names
    )


@cache
def runbook() -> Runbook:
    path = RUNBOOKS / "circuit-breaker.md"
    found = read_runbook(path.read_text(encoding="utf-8"), "runbooks/circuit-breaker.md").runbook
    assert found is not None
    return found


def an_incident(**changes: object) -> Incident:
    incident = Incident(
        id=7,
        title="transactions load halted",
        severity=3,
        place=Place(team="T1", channel=CHANNEL),
        declared_by=ANA,
        declared=NIGHT,
        lead=BO,
        roles={"scribe": CY},
        alarms=(118,),
        notes=(Note(at=NIGHT + timedelta(minutes=3), by=ANA, text="source says: the currency column is fixed"),),
    )
    return incident.model_copy(update=changes)


def marked_incident(text: str = "the source *re-sent* the file, see <run>") -> Incident:
    """Return an incident of whose notes one was typed and two are messages that people marked."""
    at = NIGHT + timedelta(minutes=4)
    link = "https://lake.example/archives/C1/p1768961640000100"
    marks = (Mark(by=ANA, emoji="memo"), Mark(by=BO), Mark(by=CY, emoji="memo"))
    return an_incident(
        notes=(
            *an_incident().notes,
            Note(at=at, by=CY, text=text, ts="1768961640.000100", link=link, marks=marks[:1]),
            Note(at=at, by=BO, text=text, ts="1768961640.000200", marks=marks),
        )
    )


def an_alarm(**changes: object) -> Episode:
    notice = AlarmNotice(
        name="CircuitBreakerOpen",
        arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CircuitBreakerOpen",
        account="123456789012",
        region="eu-west-1",
        state="ALARM",
        previous="OK",
        description="The load of transactions halted itself; it waits for a person.",
        reason="Threshold Crossed: 1 datapoint [101.0 (21/01/26 02:05:00)] was greater than the threshold (100.0).",
        at="2026-01-21T02:07:31Z",
        namespace="DataLake/ETL",
        metric="SameErrorCount",
        dimensions={"Pipeline": "transactions"},
        threshold=100.0,
        message_id="m-1",
        topic="t",
    )
    episode = Episode(
        id=118,
        notice=notice,
        since="2026-01-21T02:07:31Z",
        runbook="circuit-breaker",
        why="exact match by alarm name CircuitBreakerOpen",
        findings=(
            {"id": "E1", "words": "breaker OPEN since 2026-01-21T02:07:31Z (CURRENCY_ERROR)", "ok": True},
            {"id": "E2", "words": "101 of 101 errors are CURRENCY_ERROR", "ok": True},
            {"id": "E3", "words": "101 of 101 name f-0193, no other file", "ok": True},
        ),
        channel=CHANNEL,
        opened=NIGHT - timedelta(minutes=4),
    )
    return episode.model_copy(update=changes)


# Runs.

LOOKED = ("breaker", "pointer", "schedule", "errors", "rate", "files", "raw")
SAYS = {
    "breaker": "breaker OPEN since 2026-01-21T02:07:31Z (CURRENCY_ERROR)",
    "schedule": "schedule ENABLED",
    "errors": "101 of 101 errors are CURRENCY_ERROR",
    "files": "101 of 101 name f-0193, no other file",
    "pointer": "what readers get now is noted, to compare at the end",
    "rate": "101 counted by CloudWatch",
    "raw": "that file is in bronze",
    "running": "nothing runs now",
}


def done(step: str, *, note: str = "", **changes: object) -> StepRecord:
    answers: tuple[JsonObject, ...] = ({"ETag": ETAG},) if step in {"half_open", "close"} else ()
    record = StepRecord(step=step, state=StepState.DONE, at=NIGHT - timedelta(minutes=1), note=note, answers=answers)
    return record.model_copy(update=changes)


def a_run(**changes: object) -> Run:
    """R-42, before it has asked for anything: it looked, and found what it found."""
    forward = runbook().forward
    path = tuple(step.id for step in forward)
    records = {step: done(step, note=SAYS.get(step, "")) for step in LOOKED}
    records["other_files"] = StepRecord(step="other_files", state=StepState.SKIPPED, note="not needed")
    records["running"] = done("running", note=SAYS["running"])
    run = Run(
        id=42,
        runbook="circuit-breaker",
        title="Circuit Breaker Triggered",
        snapshot="3f9a1c" + "0" * 58,
        environment="PROD",
        place=Place(team="T0LAKE", channel=CHANNEL),
        alarm=118,
        inputs={"pipeline": "transactions"},
        requester=ANA,
        authors=(ANA,),
        path=path,
        checks=frozenset(step.id for step in forward if step.phase is Phase.VERIFICATION),
        at=path.index("pause"),
        records=records,
        started=NIGHT - timedelta(minutes=2),
        touched=NIGHT,
    )
    return run.model_copy(update=changes)


def at_step(step: str, **changes: object) -> Run:
    """R-42 at a later step, all before it done or not needed."""
    before = a_run()
    place = before.path.index(step)
    records = {name: before.records.get(name) or done(name, note=LATER.get(name, "")) for name in before.path[:place]}
    if "stop_running" in records:
        records["stop_running"] = StepRecord(step="stop_running", state=StepState.SKIPPED, note="not needed")
    owed = (Owed(step="resume", cause="pause", approval=8, since=NIGHT),) if "pause" in records else ()
    if "resume" in records:
        owed = ()
    reached = {"at": place, "records": records, "owed": owed}
    return before.model_copy(update={**reached, **changes})


ADDED = AddedStep(
    id="added_1",
    number=19,
    after="probe",
    uses="stepfunctions.stop",
    title="Stop an execution",
    params={"arn": "arn:aws:states:eu-west-1:123456789012:execution:etl:x", "cause": "stopped by R-42"},
    risk=Risk.CHANGE,
    needs=("platform",),
    by=BO,
    at=NIGHT,
    proposal="assist:57:2",
    evidence=("E2", "E3"),
    typed=("arn",),
)


def with_added(**changes: object) -> Run:
    """R-42 with a step that @bo added behind the probe."""
    run = advance(at_step("half_open"), Added(step=ADDED), now=NIGHT)
    return run.model_copy(update=changes)


LATER = {"probe": "probe cb-probe-4f1a22c0 SUCCEEDED", "breaker_closed": "breaker CLOSED, changed by R-42"}


def waiting_for(what: Awaiting, step: str, *, words: str = "Waits for Q-9", **changes: object) -> Run:
    approval = 9 if what is Awaiting.APPROVAL else None
    wait = Waiting(what=what, step=step, words=words, since=NIGHT, approval=approval)
    return at_step(step, state=RunState.WAITING, waiting=wait, **changes)


REPAIRED_NOTES = {
    "breaker_closed": "breaker CLOSED, changed by R-42",
    "probe_clean": "probe SUCCEEDED, 0 CURRENCY_ERROR in 12 lines",
    "schedule_on": "schedule ENABLED",
    "pointer_unchanged": "`_LATEST.json` unchanged",
    "watch": "at most 0 CURRENCY_ERROR in five minutes, for one hour",
    "alarm_ok": "alarm OK",
}


def ended(state: RunState, **changes: object) -> Run:
    """R-42 at its end; not repaired means that the probe was not clean."""
    base = a_run()
    records: dict[str, StepRecord] = {
        name: base.records.get(name) or done(name, note={**LATER, **REPAIRED_NOTES}.get(name, "")) for name in base.path
    }
    records["stop_running"] = StepRecord(step="stop_running", state=StepState.SKIPPED)
    if state is RunState.NOT_REPAIRED:
        note = "expected output.lines == 0; 37 CURRENCY_ERROR"
        records["probe_clean"] = done("probe_clean", note=note, state=StepState.FAILED)
    finished = {"at": len(base.path), "records": records, "state": state, "ended": NIGHT + timedelta(minutes=24)}
    return base.model_copy(update={**finished, **changes})


def watching() -> Run:
    run = ended(RunState.WATCHING, ended=None)
    due = NIGHT + timedelta(hours=1)
    records = {**run.records, "watch": StepRecord(step="watch", since=NIGHT), "alarm_ok": StepRecord(step="alarm_ok")}
    wait = Waiting(what=Awaiting.WATCH, step="watch", words="Watching: one hour", since=NIGHT, due=due)
    return run.model_copy(update={"records": records, "waiting": wait, "at": run.path.index("watch")})


# Requests.


def breaker_body(state: str, reason: str) -> str:
    body = {"changed_by": "R-42", "count": 101, "error_type": "CURRENCY_ERROR", "pipeline": "transactions"}
    return json.dumps({**body, "reason": reason, "state": state}, sort_keys=True, separators=(",", ":"))


def put_breaker(reason: str = "currency column fixed upstream") -> BoundCall:
    params: JsonObject = {
        "ExpectedBucketOwner": "123456789012",
        "Bucket": "lake-artifacts",
        "Key": "control/circuit_breaker/transactions.json",
        "Body": breaker_body("HALF_OPEN", reason),
        "IfMatch": ETAG,
    }
    resource = "s3://lake-artifacts/control/circuit_breaker/transactions.json"
    return BoundCall(
        step="half_open",
        item=0,
        index=0,
        call=Call(row="s3.put_breaker", params=params, resource=resource),
        row_version=1,
        host="s3.eu-west-1.amazonaws.com",
        seen={"found": True, "etag": ETAG, "version_id": "v1", "body": {"state": "OPEN", "count": 101}},
        expect="output.body.state == 'HALF_OPEN'",
        undo="reopen",
        effect=f"Half-open the breaker of `transactions` and let one file through, {FILE}.",
        changes="state: 'OPEN' -> 'HALF_OPEN'\nreason: '101 CURRENCY_ERROR' -> 'currency column fixed upstream'",
        untouched="silver data, `_LATEST.json`, `current/`",
    )


def start_probe() -> BoundCall:
    text = json.dumps({"pipeline": "transactions", "promote": False, "raw_key": FILE})
    params: JsonObject = {"stateMachineArn": MACHINE, "name": "cb-probe-4f1a22c0", "input": text}
    return BoundCall(
        step="probe",
        item=0,
        index=0,
        call=Call(row="states.start_isolated", params=params, resource=MACHINE),
        row_version=1,
        host="states.eu-west-1.amazonaws.com",
        seen={"machine": {"revision": "r1"}},
        effect=f"Start one probe run of {FILE}, promoting nothing.",
        changes="execution cb-probe-4f1a22c0: none -> RUNNING",
        untouched="silver data of other runs, `_LATEST.json`, `current/`",
    )


def pause_and_resume() -> tuple[BoundCall, BoundCall]:
    def one(row: str, step: str, effect: str, changes: str, after: int | None) -> BoundCall:
        return BoundCall(
            step=step,
            item=0,
            index=0,
            call=Call(row=row, params={"Name": "daily_etl_schedule"}, resource="events:daily_etl_schedule"),
            row_version=1,
            host="events.eu-west-1.amazonaws.com",
            seen={"state": "ENABLED", "schedule": "cron(0 2 * * ? *)"} if after is None else {},
            after=after,
            effect=effect,
            changes=changes,
            untouched="data, the breaker, executions that run now",
        )

    paused = "Pause the nightly load of `transactions` until this run is over."
    resumed = "Resume the nightly load of `transactions`."
    return (
        one("events.disable_rule", "pause", paused, "state: ENABLED -> DISABLED", None),
        one("events.enable_rule", "resume", resumed, "", 0),
    )


def an_approval(*calls: BoundCall, **changes: object) -> Approval:
    bound = calls or (put_breaker(), start_probe())
    binding = Binding(
        installation="abc",
        run=42,
        team="T0LAKE",
        channel=CHANNEL,
        step=bound[0].step,
        request=1,
        authors=(ANA,),
        snapshot="3f9a1c" + "0" * 58,
        library="3f9a1c" + "0" * 58,
        account="123456789012",
        role="arn:aws:iam::123456789012:role/runbook-bot",
        risk="change",
        needs=("platform",),
        requester_may=False,
        lifetime_s=900,
        verification=(),
        calls=bound,
        expires=(NIGHT + timedelta(minutes=15)).isoformat(),
        nonce="n",
        reason=str(changes.pop("reason", REASON)),
        reason_by=ANA,
    )
    approval = Approval(
        id=9,
        run=42,
        step=bound[0].step,
        request=1,
        binding=binding,
        digest=binding.digest(),
        candidates={"platform": (ANA, BO, CY)},
        asked_by=ANA,
        asked_at=NIGHT,
        expires=NIGHT + timedelta(minutes=15),
        environment="PROD",
    )
    return approval.model_copy(update=changes)


def control_request(**changes: object) -> Approval:
    made = an_approval(*pause_and_resume(), reason="", candidates={"oncall": (ANA, BO)}, id=8, **changes)
    control = {"risk": "control", "needs": ("oncall",), "requester_may": True}
    return made.model_copy(update={"binding": made.binding.model_copy(update=control)})


def two_roles(**changes: object) -> Approval:
    made = an_approval(candidates={"platform": (ANA, BO), "domain": (CY,)}, **changes)
    return made.model_copy(update={"binding": made.binding.model_copy(update={"needs": ("platform", "domain")})})


YES = Vote(person=BO, name="bo", role="platform", at=NIGHT + timedelta(minutes=4))
APPROVED = {"state": ApprovalState.APPROVED, "votes": (YES,)}
CONSUMED = {"state": ApprovalState.CONSUMED, "votes": (YES,), "used": 2}


def attempts() -> tuple[Attempt, ...]:
    calls = (*pause_and_resume(), put_breaker(), start_probe())
    return tuple(
        Attempt(
            id=place,
            run=42,
            step=one.step,
            item=0,
            index=0,
            request=1,
            approval=9,
            call=one.call,
            digest="d",
            owner="one",
            state=AttemptState.DONE,
            planned_at=NIGHT,
            sent_at=NIGHT,
        )
        for place, one in enumerate(calls, start=1)
    )


def unknown() -> tuple[Run, tuple[Attempt, ...]]:
    words = "Sent, and no answer came within 10 s."
    shows = "A read now shows body.state 'OPEN', etag '9b2c', unchanged, so it probably did not happen."
    record = StepRecord(step="half_open", state=StepState.UNKNOWN, note=words, at=NIGHT, shows=shows, shown_at=NIGHT)
    wait = Waiting(what=Awaiting.PERSON, step="half_open", words=words, since=NIGHT)
    run = at_step("half_open", state=RunState.OUTCOME_UNKNOWN, waiting=wait)
    lost = attempts()[2].model_copy(update={"state": AttemptState.UNKNOWN})
    return run.model_copy(update={"records": {**run.records, "half_open": record}}), (*attempts()[:1], lost)


def is_ok() -> Episode:
    return an_alarm(state=AlarmState.OK, ok_since="2026-01-21T03:31:00Z", run=42, taken_by=ANA, times=4)


def over() -> Incident:
    return an_incident(
        state=IncidentState.RESOLVED,
        mitigated=NIGHT + timedelta(minutes=24),
        resolved=NIGHT + timedelta(minutes=84),
        resolved_by=BO,
        revision=4,
    )
