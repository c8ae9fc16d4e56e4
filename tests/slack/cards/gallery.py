"""Every card there is, by name: what the golden files show and what the rules are held against."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.domain.action import Call, Many
from bot.domain.adding import following
from bot.domain.approval import Approval, ApprovalState, Glass, Vote
from bot.domain.following import FollowState, FollowUp, Why, closed
from bot.domain.incident import Incident
from bot.domain.policy import BreakGlass
from bot.domain.postmortem.comparing import Fate
from bot.domain.problem import Problem
from bot.domain.records import AlarmState, Attempt, Card, Episode, Near, Said, taken
from bot.domain.run import Awaiting, Run, RunState, StepRecord, StepState, Waiting
from bot.domain.runbook import Parameter, Runbook, Status
from bot.domain.strikes import Struck
from bot.domain.value import JsonObject
from bot.slack.cards import modals
from bot.slack.cards.alarm import Answered, alarm_card, storm_card
from bot.slack.cards.assist import assist_card
from bot.slack.cards.blocks import Message, View
from bot.slack.cards.checklist import checklist_card, reminder_card
from bot.slack.cards.edits import edit_card
from bot.slack.cards.home import home
from bot.slack.cards.importing import import_card
from bot.slack.cards.incident import Around, incident_card
from bot.slack.cards.morning import morning_card
from bot.slack.cards.notices import Told, notice
from bot.slack.cards.postmortem import CanvasState, file_refused, postmortem_card
from bot.slack.cards.request import request_card
from bot.slack.cards.run import further, run_card
from bot.slack.cards.stage import Stage
from bot.slack.cards.whispers import Whisper, whisper
from tests.slack.cards.assists import (
    OPEN,
    SLOW,
    STRUCK,
    a_said,
    a_storm,
    a_suggestion,
    an_answer,
    an_assist,
    an_expansion,
    some_evidence,
)
from tests.slack.cards.drafts import (
    a_brought,
    a_document,
    a_draft,
    a_failed,
    a_published,
    a_reading,
    a_struck,
    with_causes,
)
from tests.slack.cards.followed import LAST_WEEK, TUESDAY, items, mine
from tests.slack.cards.samples import (
    ANA,
    APPROVED,
    BO,
    CONSUMED,
    CY,
    NIGHT,
    POLICY,
    YES,
    a_run,
    an_alarm,
    an_approval,
    an_incident,
    at_step,
    attempts,
    control_request,
    ended,
    is_ok,
    marked_incident,
    over,
    pause_and_resume,
    put_breaker,
    runbook,
    stage,
    two_roles,
    unknown,
    waiting_for,
    watching,
    with_added,
)

Show = Callable[[], Message | View]


BROKEN = Problem(path="runbooks/quarantine-review.md", line=12, words="`owner:` is missing; name a role.")


def another(name: str) -> Runbook:
    return runbook().model_copy(update={"id": name, "title": name.capitalize()})


def an_unnamed(**changes: object) -> Episode:
    near = tuple(Near(runbook=book.id, matched=tuple(words)) for book, words in NEAREST)
    named = {"runbook": None, "why": "no runbook names this alarm", "findings": (), "nearest": near}
    return an_alarm(**named, **changes)


NEAREST = [
    (runbook(), ("breaker", "load")),
    (another("rollback"), ("good", "data", "load", "promoted", "night")),
    (another("backfill"), ("load",)),
]


def _alarm(
    episode: Episode,
    run: Run | None = None,
    *others: Episode,
    known: bool = True,
    near: Sequence[tuple[Runbook, Sequence[str]]] = (),
    unread: Sequence[Problem] = (),
    struck: Struck | None = None,
) -> Message:
    book = runbook() if known else None
    answered = Answered(run=run, runbook=runbook()) if run else None
    good = ended(RunState.REPAIRED, id=31, ended=NIGHT - timedelta(days=12)) if book and run is None else None
    return alarm_card(
        episode, book, answered, stage(), struck=struck or {}, near=near, others=others, unread=unread, good=good
    )


def _assist(card: Card, *, run: Run | None = None, struck: Struck | None = None) -> Message:
    return assist_card(card, stage(), struck=struck or {}, run=run)


def _ended_request(state: ApprovalState, why: str, by: str = "bot", *, waits: bool = True) -> Message:
    run = waiting_for(Awaiting.PERSON, "half_open", words=f"Q-9 {state.value}") if waits else at_step("half_open")
    approval = an_approval(state=state, ended_by=by, ended_why=why, edition=2)
    return request_card(approval, run, runbook(), stage(now=NIGHT + timedelta(minutes=16)))


WRONG: JsonObject = {"line": 9, "text": "77,000 rows <!channel>", "why": "77,000 stands in none of E1."}
BLAME: JsonObject = {"words": "@bo forgot to", "rewrite": "say which guard was missing or did not hold"}
WAY = Parameter(
    name="way",
    title="How shall readers get good data again?",
    enum=("data", "code", "wait", "none"),
    labels={"data": "Point readers back", "code": "Previous version", "wait": "Wait for the load", "none": "Leave it"},
    asked_by="half_open",
)


def _at_added() -> Run:
    """R-42 waits for a yes to what @bo added."""
    run = with_added()
    done = {name: StepRecord(step=name, state=StepState.DONE, at=NIGHT) for name in ("half_open", "probe")}
    wait = Waiting(what=Awaiting.PERSON, step="added_1", words="Q-10 declined", since=NIGHT)
    return run.model_copy(
        update={
            "records": {**run.records, **done},
            "at": run.path.index("added_1"),
            "state": RunState.WAITING,
            "waiting": wait,
        }
    )


def _with_ways() -> Runbook:
    known = runbook()
    return known.model_copy(update={"parameters": (*known.parameters[:1], WAY)})


def _script() -> Call:
    update: JsonObject = {"Command": {"ScriptLocation": "s3://lake-artifacts/etl/transaction_etl.py"}}
    return Call(row="glue.update_job", params={"JobName": "etl", "JobUpdate": update}, resource="glue/etl")


def _by_role() -> Runbook:
    """Return the runbook with a step that is done by hand, by platform alone."""
    known = runbook()
    steps = (step.model_copy(update={"uses": None}) if step.id == "half_open" else step for step in known.steps)
    return known.model_copy(update={"steps": tuple(steps)})


def _copying(number: int) -> Call:
    key = f"quarantine/mortgages/transactions/part-{number:05}.json"
    params: JsonObject = {
        "Bucket": "lake-quarantine",
        "Key": key.replace("quarantine", "condemned", 1),
        "CopySource": {"Bucket": "lake-quarantine", "Key": key},
        "CopySourceIfMatch": "9b2c",
        "IfNoneMatch": "*",
    }
    return Call(row="s3.copy_condemned", params=params, resource=f"s3://lake-quarantine/{params['Key']}")


def _promoting(number: int) -> Call:
    params: JsonObject = {
        "Bucket": "lake-silver",
        "Key": f"silver/mortgages/current/part-{number:05}.parquet",
        "CopySource": {"Bucket": "lake-silver", "Key": f"silver/mortgages/run_id=r7/part-{number:05}.parquet"},
        "CopySourceIfMatch": "9b2c",
    }
    return Call(row="s3.copy_current", params=params, resource=f"s3://lake-silver/{params['Key']}")


def _marking(number: int) -> Call:
    params: JsonObject = {
        "Bucket": "lake-quarantine",
        "Key": f"quarantine/mortgages/transactions/part-{number:05}.json",
        "VersionId": f"v{number}",
        "Tagging": {"TagSet": [{"Key": "state", "Value": "condemned"}]},
    }
    return Call(row="s3.tag_condemned", params=params, resource=f"s3://lake-quarantine/{params['Key']}")


def _list_request(
    of: Callable[[int], Call] = _copying,
    *,
    under: str = "s3://lake-quarantine/condemned/mortgages/",
    effect: str = "Copies 10,000 objects (81,920,000 bytes) to condemned/, where the pipeline does not take them up.",
    changes: str = "condemned/mortgages/: 0 of 10,000 -> 10,000 of 10,000 copies",
    untouched: str = "The rows in quarantine/",
) -> Approval:
    many = Many(count=10_000, digest="5f2c" * 16, first=tuple(of(number).params for number in range(3)))
    call = Call(row=of(0).row, params={}, resource=under, many=many)
    seen: JsonObject = {"objects": 10_000, "bytes": 81_920_000, "list": many.digest}
    changed = {"call": call, "seen": seen, "effect": effect, "changes": changes, "untouched": untouched}
    return an_approval(put_breaker().model_copy(update=changed))


def _list_of_copies() -> Approval:
    return _list_request(
        _promoting,
        under="s3://lake-silver/silver/mortgages/current/",
        effect="Gives readers of mortgages the files of the run r7.",
        changes="current/: 10,000 files of the run r6 -> of the run r7",
        untouched="Every run's own files",
    )


def _list_of_marks() -> Approval:
    return _list_request(
        _marking,
        under="s3://lake-quarantine/quarantine/mortgages/",
        effect="Marks 10,000 objects as condemned.",
        changes="state: 0 of 10,000 -> 10,000 of 10,000 condemned",
        untouched="Their rows, their other tags",
    )


def _glass(told: str = "") -> dict[str, object]:
    why = "readers get wrong amounts, and nobody of the platform answers"
    glass = Glass(by=CY, name="cy", role="oncall", reason=why, at=NIGHT, incident=7, channel="C0SECOND", told=told)
    return {"glass": glass}


def _broken(state: ApprovalState = ApprovalState.CONSUMED, *earlier: Vote) -> Approval:
    vote = Vote(person=CY, name="cy", role="oncall", at=NIGHT)
    return an_approval(**_glass("1.1"), state=state, votes=(*earlier, vote))


def _may_break() -> Stage:
    rule = BreakGlass(role="oncall", channel="C0SECOND")
    return stage(policy=POLICY.model_copy(update={"break_glass": rule}))


def _on_trial() -> Runbook:
    return runbook().model_copy(update={"status": Status.TRIAL, "trial_in": ("prod",)})


def _choosing(*, most: int = 4) -> Run:
    run = waiting_for(Awaiting.INPUT, "half_open")
    assert run.waiting is not None
    return run.model_copy(update={"waiting": run.waiting.model_copy(update={"offers": WAY.enum[:most]})})


def _chosen(run: Run) -> Run:
    return run.model_copy(update={"inputs": {**run.inputs, "way": "code"}})


DECLINED = _chosen(waiting_for(Awaiting.PERSON, "half_open", words="Q-9 declined"))


def every_run() -> list[tuple[Run, Runbook]]:
    """Return a run in each state and each kind of waiting there is, each with the runbook it follows."""
    waits = [(waiting_for(what, "half_open"), runbook()) for what in Awaiting]
    states = [(at_step("half_open", state=state), runbook()) for state in RunState]
    added = (_at_added(), following(runbook(), _at_added()))
    return [*waits, *states, (DECLINED, _with_ways()), (_choosing(), _with_ways()), added, (unknown()[0], runbook())]


def _notice(
    payload: JsonObject,
    run: Run,
    *,
    book: Runbook | None = None,
    after: int = 0,
    approval: Approval | None = None,
    approvals: tuple[Approval, ...] | None = None,
    tries: tuple[Attempt, ...] | None = None,
    alarm: Episode | None = None,
    incident: Incident | None = None,
    items: int = 0,
) -> Message:
    return notice(
        Told(
            payload=payload,
            alarm=alarm or is_ok(),
            incident=incident,
            items=items,
            run=run,
            runbook=book or runbook(),
            stage=stage(now=NIGHT + timedelta(minutes=after)),
            approval=approval,
            approvals=approvals or (an_approval(**CONSUMED), control_request(**CONSUMED)),
            attempts=attempts() if tries is None else tries,
        )
    )


def _whisper(payload: JsonObject, *, run: Run | None = None, asked: bool = False, known: bool = True) -> Message:
    return whisper(
        Whisper(
            payload=payload,
            stage=stage(),
            ids="whisper:7",
            runs=(run,) if run else (),
            runbook=runbook() if known else None,
            approvals=(an_approval(),) if asked else (),
        )
    )


def _draft_shown() -> Message:
    card = postmortem_card(a_draft(), (), stage())
    return whisper(Whisper(payload={"what": "postmortem", "draft": 3}, stage=stage(), ids="whisper:7", draft=card))


def _given(run: Run) -> Run:
    return run.model_copy(update={"inputs": {**run.inputs, "reason": "file re-sent"}})


def _whisper_of(incident: Incident, what: str) -> Message:
    return whisper(Whisper(payload={"what": what}, stage=stage(), ids="whisper:7", incidents=(incident,)))


def _reminder(item: FollowUp) -> Message:
    return reminder_card(item, "reminder:12:1", ANA, stage(), ids="reminder:12:1:1")


def _items(which: str, found: Sequence[FollowUp]) -> Message:
    return whisper(Whisper(payload={"what": "items", "which": which}, stage=stage(), ids="whisper:7", followups=found))


REFUSED = "Not approved: you asked for this change yourself. Can approve: <@U0BO>, <@U0CY>."
PLAN: JsonObject = {
    "runbook": "circuit-breaker",
    "title": "Circuit Breaker Triggered",
    "environment": "PROD",
    "inputs": {"pipeline": "transactions"},
    "steps": [
        {
            "step": "breaker",
            "number": 1,
            "title": "Read the breaker.",
            "phase": "mitigation",
            "status": "looked",
            "words": "breaker OPEN",
        },
        {
            "step": "pause",
            "number": 10,
            "title": "Pause the schedule.",
            "phase": "mitigation",
            "status": "would ask",
            "words": "state: ENABLED -> DISABLED",
            "risk": "control",
            "needs": ["oncall"],
            "calls": [pause_and_resume()[0].call.model_dump(mode="json", exclude_none=True)],
        },
        {
            "step": "close",
            "number": 14,
            "title": "Close.",
            "phase": "mitigation",
            "status": "known later",
            "words": "known after Probe one file.",
        },
        {
            "step": "watch",
            "number": 5,
            "title": "One hour.",
            "phase": "verification",
            "status": "known later",
            "words": "checked at the end",
        },
    ],
    "warnings": ["Close the breaker: nobody but you is in lake-platform"],
}
AUDIT: JsonObject = {
    "what": "audit",
    "run": 42,
    "count": 31,
    "records": [
        {"seq": 1873, "at": "2026-01-21T02:16:03Z", "kind": "approval.cast", "subject": "Q-9", "actor": BO},
        {"seq": 1861, "at": "2026-01-21T02:10:00Z", "kind": "run.started", "subject": "R-42", "actor": ANA},
    ],
}
LISTED: JsonObject = {
    "what": "runbooks",
    "words": "breaker",
    "items": [
        {
            "id": "circuit-breaker",
            "title": "Circuit Breaker Triggered",
            "category": "Incident response",
            "status": "active",
            "starts": True,
            "summary": "A load counted more than 100 equal errors within an hour and halted itself.",
            "matched": ["breaker"],
        }
    ],
}

GALLERY: dict[str, Show] = {
    "alarm": lambda: _alarm(an_alarm()),
    "alarm-taken-and-running": lambda: _alarm(
        taken(an_alarm(run=42, times=4), by=ANA, now=NIGHT), at_step("half_open"), an_alarm(id=119)
    ),
    "alarm-ok-again": lambda: _alarm(is_ok(), ended(RunState.REPAIRED)),
    "alarm-ok-and-nobody-came": lambda: _alarm(is_ok().model_copy(update={"run": None, "taken_by": None})),
    "alarm-without-runbook": lambda: _alarm(
        an_alarm(runbook=None, why="no runbook names this alarm", findings=()), known=False
    ),
    "alarm-with-three-that-come-near": lambda: _alarm(an_unnamed(), known=False, near=NEAREST),
    "alarm-with-one-that-a-model-chose": lambda: _alarm(
        an_unnamed(suggestion=a_suggestion(runbook="rollback")), known=False, near=NEAREST
    ),
    "alarm-that-none-fits": lambda: _alarm(an_unnamed(none_fits=Said(by=ANA, at=NIGHT)), known=False, near=NEAREST),
    "alarm-answered-by-another-runbook": lambda: _alarm(
        an_unnamed(run=42, taken_by=ANA), at_step("half_open"), known=False, near=NEAREST
    ),
    "alarm-beside-a-broken-runbook": lambda: _alarm(
        an_alarm(runbook=None, why="no runbook names this alarm", findings=()), known=False, unread=(BROKEN,)
    ),
    "alarm-of-a-runbook-on-trial-elsewhere": lambda: alarm_card(
        an_alarm(),
        runbook().model_copy(update={"status": Status.TRIAL, "trial_in": ("staging",)}),
        None,
        stage(),
        struck={},
    ),
    "alarm-answered-by-another-runbook-that-is-over": lambda: _alarm(
        an_alarm(run=42, taken_by=ANA), ended(RunState.STOPPED, runbook="rollback")
    ),
    "alarm-snoozed": lambda: _alarm(an_alarm(snoozed_until=NIGHT + timedelta(hours=1), taken_by=BO)),
    "run-with-an-added-step": lambda: run_card(with_added(), following(runbook(), with_added()), (), stage()),
    "run-waiting-at-an-added-step": lambda: run_card(_at_added(), following(runbook(), _at_added()), (), stage()),
    "run-looking": lambda: run_card(
        a_run(at=2, records=dict(list(a_run().records.items())[:2])), runbook(), (), stage()
    ),
    "run-waiting-for-approval": lambda: run_card(
        waiting_for(Awaiting.APPROVAL, "half_open").model_copy(update={"incident": 7}),
        runbook(),
        (an_approval(), control_request(**CONSUMED)),
        stage(),
    ),
    "run-waiting-for-a-choice": lambda: run_card(_choosing(most=2), _with_ways(), (), stage()),
    "run-declined-with-another-way": lambda: run_card(DECLINED, _with_ways(), (), stage()),
    "run-waiting-for-input": lambda: run_card(waiting_for(Awaiting.INPUT, "half_open"), runbook(), (), stage()),
    "run-waiting-for-hands": lambda: run_card(waiting_for(Awaiting.DONE, "half_open"), runbook(), (), stage()),
    "run-waiting-for-a-person": lambda: run_card(
        waiting_for(Awaiting.PERSON, "close", words="Q-9 declined"), runbook(), (an_approval(**CONSUMED),), stage()
    ),
    "run-polling-and-silent": lambda: run_card(
        waiting_for(Awaiting.POLL, "probe", words="Looks again: Probe one file."),
        runbook(),
        (an_approval(**CONSUMED),),
        stage(now=NIGHT + timedelta(minutes=3)),
    ),
    "run-parked": lambda: run_card(
        at_step("half_open", state=RunState.PARKED, parked_until=NIGHT + timedelta(hours=6)), runbook(), (), stage()
    ),
    "run-outcome-unknown": lambda: run_card(unknown()[0], runbook(), (), stage()),
    "run-watching": lambda: run_card(watching(), runbook(), (an_approval(**CONSUMED),), stage()),
    "run-repaired": lambda: run_card(ended(RunState.REPAIRED), runbook(), (an_approval(**CONSUMED),), stage()),
    "run-not-repaired": lambda: run_card(ended(RunState.NOT_REPAIRED), runbook(), (), stage()),
    "run-stopped-and-owing": lambda: run_card(
        at_step("half_open", state=RunState.STOPPED, stopped_by=BO, stopping=True, ended=NIGHT), runbook(), (), stage()
    ),
    "request": lambda: request_card(an_approval(), waiting_for(Awaiting.APPROVAL, "half_open"), runbook(), stage()),
    "request-control": lambda: request_card(
        control_request(), waiting_for(Awaiting.APPROVAL, "pause"), runbook(), stage()
    ),
    "request-without-precondition": lambda: request_card(
        an_approval(put_breaker().model_copy(update={"call": _script(), "untouched": "data"})),
        waiting_for(Awaiting.APPROVAL, "half_open"),
        runbook(),
        stage(),
    ),
    "request-one-of-two": lambda: request_card(
        two_roles(votes=(YES,)), waiting_for(Awaiting.APPROVAL, "half_open"), runbook(), stage()
    ),
    "request-too-long": lambda: request_card(
        an_approval(put_breaker("x" * 4_000)), waiting_for(Awaiting.APPROVAL, "half_open"), runbook(), stage()
    ),
    "request-of-many": lambda: request_card(
        an_approval(
            *(
                put_breaker().model_copy(
                    update={"item": number, "call": _copying(number), "effect": "Copies 24 objects to condemned/"}
                )
                for number in range(24)
            )
        ),
        at_step("half_open"),
        runbook(),
        stage(),
    ),
    "request-of-a-list": lambda: request_card(_list_request(), at_step("half_open"), runbook(), stage()),
    "request-of-a-list-of-copies": lambda: request_card(_list_of_copies(), at_step("half_open"), runbook(), stage()),
    "request-of-a-list-of-marks": lambda: request_card(_list_of_marks(), at_step("half_open"), runbook(), stage()),
    "modal-review-list": lambda: modals.review(_list_request(), at_step("half_open"), runbook(), stage(), opaque="f00"),
    "modal-review-list-without-file": lambda: modals.review(
        _list_request(), at_step("half_open"), runbook(), stage(), opaque="f00", listed=False
    ),
    "run-sending-a-list": lambda: run_card(at_step("half_open"), runbook(), (), stage(), going="4,208 of 10,000"),
    "request-may-break-glass": lambda: request_card(
        an_approval(), at_step("half_open", incident=7), runbook(), _may_break()
    ),
    "request-breaking-glass": lambda: request_card(
        an_approval(**_glass()), at_step("half_open", incident=7), runbook(), _may_break()
    ),
    "request-broken-glass": lambda: request_card(_broken(), at_step("half_open", incident=7), runbook(), _may_break()),
    "request-broken-glass-after-a-yes": lambda: request_card(
        _broken(ApprovalState.CONSUMED, Vote(person=BO, name="bo", role="platform", at=NIGHT - timedelta(minutes=2))),
        at_step("half_open", incident=7),
        runbook(),
        _may_break(),
    ),
    "request-broken-glass-void-on-the-way": lambda: request_card(
        _broken(ApprovalState.VOID).model_copy(
            update={"used": 1, "ended": NIGHT, "ended_by": "bot", "ended_why": "The world changed."}
        ),
        at_step("half_open", incident=7),
        runbook(),
        _may_break(),
    ),
    "modal-break-glass": lambda: modals.break_glass(
        an_approval(), at_step("half_open", incident=7), runbook(), _may_break(), opaque="bg_1"
    ),
    "notice-breaking-glass": lambda: _notice(
        {"what": "glass", "approval": 9}, at_step("half_open"), approval=an_approval(**_glass())
    ),
    "notice-broken-glass": lambda: _notice(
        {"what": "glass", "approval": 9}, at_step("half_open"), approval=_broken(ApprovalState.APPROVED)
    ),
    "notice-broken-glass-void": lambda: _notice(
        {"what": "glass", "approval": 9},
        at_step("half_open"),
        approval=_broken(ApprovalState.VOID).model_copy(update={"ended": NIGHT}),
    ),
    "notice-glass-not-broken": lambda: _notice(
        {"what": "glass", "approval": 9}, at_step("half_open"), approval=an_approval()
    ),
    "notice-unbroken": lambda: _notice(
        {"what": "unbroken", "approval": 9, "by": CY, "why": "The second channel could not be told."},
        at_step("half_open"),
        approval=an_approval(),
    ),
    "notice-finished-broken-glass": lambda: _notice(
        {"what": "finished"}, ended(RunState.REPAIRED), approvals=(_broken(), control_request(**CONSUMED))
    ),
    "request-on-trial": lambda: request_card(an_approval(), at_step("half_open"), _on_trial(), stage()),
    "run-on-trial": lambda: run_card(at_step("half_open"), _on_trial(), (), stage()),
    "edit-riskier": lambda: edit_card(
        {
            "runbook": "circuit-breaker",
            "what": "edited",
            "path": "runbooks/circuit-breaker.md",
            "count": 2,
            "riskier": [
                {"risk": "change", "line": 112, "words": "Step `half_open` needs platform, before platform + domain."},
                {"risk": "change", "line": 98, "words": "Step `close` has another `expect`: nothing, before output.x."},
            ],
        },
        runbook(),
        stage(),
        key="edit:circuit-breaker:1:2",
    ),
    "edit-removed": lambda: edit_card(
        {"runbook": "old-one", "what": "removed", "path": "runbooks/old-one.md", "count": 0, "riskier": []},
        None,
        stage(),
        key="edit:old-one:1:gone",
    ),
    "request-approved": lambda: request_card(an_approval(**APPROVED), at_step("half_open"), runbook(), stage()),
    "request-done": lambda: request_card(an_approval(**CONSUMED), at_step("close"), runbook(), stage()),
    "request-declined": lambda: _ended_request(ApprovalState.DECLINED, "not now: file not fixed yet", BO),
    "request-withdrawn": lambda: _ended_request(ApprovalState.WITHDRAWN, "asked anew", ANA, waits=False),
    "request-expired": lambda: _ended_request(ApprovalState.EXPIRED, "nobody answered"),
    "request-taken-back": lambda: _ended_request(ApprovalState.REVOKED, "taken back", BO),
    "request-void": lambda: _ended_request(
        ApprovalState.VOID,
        "The world changed since this was asked: calls[0].seen.body was {'state': 'OPEN'}, is now {'state': 'CLOSED'}.",
    ),
    "notice-finished": lambda: _notice({"what": "finished"}, ended(RunState.REPAIRED)),
    "notice-finished-in-an-incident": lambda: _notice(
        {"what": "finished"}, ended(RunState.REPAIRED, incident=7), incident=an_incident(), items=2
    ),
    "notice-not-repaired-while-the-alarm-is-on": lambda: _notice(
        {"what": "finished"}, ended(RunState.NOT_REPAIRED), alarm=an_alarm()
    ),
    "whisper-audit": lambda: _whisper(AUDIT, run=at_step("half_open")),
    "notice-watching": lambda: _notice({"what": "watching"}, watching(), after=2),
    "notice-not-repaired": lambda: _notice({"what": "finished"}, ended(RunState.NOT_REPAIRED)),
    "notice-stopped-owing": lambda: _notice(
        {"what": "owed"}, at_step("half_open", state=RunState.STOPPED, stopped_by=BO, ended=NIGHT)
    ),
    "notice-failed": lambda: _notice(
        {"what": "failed", "step": "close"},
        waiting_for(Awaiting.PERSON, "close", words="expected output.body.state == 'CLOSED'"),
    ),
    "notice-unknown": lambda: _notice({"what": "unknown", "step": "half_open"}, unknown()[0], tries=unknown()[1]),
    "notice-void": lambda: _notice(
        {"what": "void", "approval": 9, "step": "half_open"},
        waiting_for(Awaiting.PERSON, "half_open", words="Q-9 is void"),
        approval=an_approval(state=ApprovalState.VOID, ended_why="state was 'OPEN', is now 'CLOSED'."),
    ),
    "notice-expired": lambda: _notice(
        {"what": "expired", "approval": 9},
        waiting_for(Awaiting.PERSON, "half_open", words="Q-9 expired"),
        approval=an_approval(state=ApprovalState.EXPIRED),
    ),
    "notice-expired-asked-again": lambda: _notice(
        {"what": "expired", "approval": 7},
        waiting_for(Awaiting.APPROVAL, "half_open"),
        approval=an_approval(state=ApprovalState.EXPIRED, id=7),
    ),
    "notice-declined": lambda: _notice(
        {"what": "declined", "approval": 9, "step": "half_open"},
        waiting_for(Awaiting.PERSON, "half_open", words="Q-9 declined"),
        approval=an_approval(state=ApprovalState.DECLINED, ended_by=BO, ended_why="not now: file not fixed yet"),
    ),
    "notice-declined-and-asked-again": lambda: _notice(
        {"what": "declined", "approval": 9, "step": "half_open"},
        waiting_for(Awaiting.APPROVAL, "half_open"),
        approval=an_approval(state=ApprovalState.DECLINED, ended_by=BO, ended_why="not now: file not fixed yet"),
    ),
    "notice-failed-and-taken-back": lambda: _notice(
        {"what": "failed", "step": "probe"}, waiting_for(Awaiting.APPROVAL, "half_open")
    ),
    "notice-reminded": lambda: _notice(
        {"what": "reminded", "approval": 9}, at_step("half_open"), approval=an_approval()
    ),
    "notice-paged": lambda: _notice({"what": "paged", "approval": 9}, at_step("half_open"), approval=an_approval()),
    "notice-asked": lambda: _notice(
        {"what": "asked", "approval": 9, "by": ANA}, at_step("half_open"), approval=an_approval()
    ),
    "notice-input": lambda: _notice({"what": "input", "step": "half_open"}, waiting_for(Awaiting.INPUT, "half_open")),
    "notice-choice": lambda: _notice({"what": "input", "step": "half_open"}, _choosing(), book=_with_ways()),
    "question-answered": lambda: _notice(
        {"what": "input", "step": "half_open", "by": BO}, _chosen(at_step("half_open")), book=_with_ways()
    ),
    "notice-done-by-a-role": lambda: _notice(
        {"what": "done", "step": "half_open"}, waiting_for(Awaiting.DONE, "half_open"), book=_by_role()
    ),
    "notice-done": lambda: _notice({"what": "done", "step": "half_open"}, waiting_for(Awaiting.DONE, "half_open")),
    "whisper-done": lambda: _whisper({"what": "done", "words": "Severity 2", "at": "incident:7"}),
    "whisper-refused": lambda: _whisper(
        {"what": "refused", "words": REFUSED, "kind": "cast_vote", "approval": 9}, run=at_step("half_open"), asked=True
    ),
    "whisper-refused-plain": lambda: _whisper(
        {
            "what": "refused",
            "words": "There is no runbook called 'rolback'. Did you mean 'rollback'?",
            "kind": "start_run",
        }
    ),
    "whisper-postmortem": _draft_shown,
    "whisper-checked": lambda: _whisper(
        {"what": "checked", "counts": {"unchanged": 12, "contradicted": 7}, "wrong": [WRONG] * 7, "blame": [BLAME]}
    ),
    "whisper-checked-clean": lambda: _whisper(
        {"what": "checked", "counts": {"unchanged": 12}, "wrong": [], "blame": []}
    ),
    "whisper-wording": lambda: _whisper({"what": "wording", "draft": 3, "blame": [BLAME]}),
    "whisper-edit": lambda: _whisper({"what": "edit", "draft": 3, "section": "What went well"}),
    "whisper-edit-which": lambda: _whisper({"what": "edit", "draft": 3, "section": ""}),
    "whisper-refused-lacking": lambda: _whisper(
        {
            "what": "refused",
            "words": "Backfill needs month=…. Type /runbook run backfill month=…",
            "kind": "start_run",
            "start": {"kind": "start_run", "runbook": "backfill", "inputs": {"pipeline": "transactions"}},
        }
    ),
    "whisper-joined": lambda: _whisper({"what": "joined", "run": 42}, run=waiting_for(Awaiting.APPROVAL, "half_open")),
    "whisper-alone": lambda: _whisper(
        {"what": "alone", "run": 42, "words": ["Close the breaker: nobody but you is in lake-platform"]}, run=a_run()
    ),
    "whisper-plan": lambda: _whisper({"what": "plan", "plan": PLAN}),
    "whisper-other-runbooks": lambda: whisper(
        Whisper(payload={**LISTED, "what": "others", "words": ""}, stage=stage(), ids="w:7", episodes=[an_alarm()])
    ),
    "whisper-no-other-runbook": lambda: whisper(
        Whisper(payload={"what": "others", "words": "zoo"}, stage=stage(), ids="w:7", episodes=[an_alarm()])
    ),
    "modal-whole-plan": lambda: modals.whole_plan(PLAN, 1, stage(), meta="57:1"),
    "modal-search": lambda: modals.search_runbook(an_alarm()),
    "whisper-runbooks": lambda: _whisper(LISTED),
    "whisper-runbook": lambda: _whisper({"what": "runbook", "id": "circuit-breaker"}),
    "whisper-run": lambda: _whisper({"what": "run", "run": 42}, run=waiting_for(Awaiting.APPROVAL, "half_open")),
    "whisper-runs": lambda: _whisper({"what": "runs", "runs": [42]}, run=at_step("half_open")),
    "whisper-no-runs": lambda: _whisper({"what": "runs", "runs": []}),
    "whisper-approvals": lambda: _whisper({"what": "approvals", "approvals": [9]}, asked=True),
    "whisper-details": lambda: _whisper({"what": "details", "approval": 9}, run=at_step("half_open"), asked=True),
    "whisper-incident": lambda: _whisper_of(an_incident(), "incident"),
    "whisper-incidents": lambda: _whisper_of(an_incident(), "incidents"),
    "whisper-no-incidents": lambda: _whisper({"what": "incidents", "incidents": []}),
    "alarm-with-suggestion": lambda: _alarm(an_alarm(suggestion=a_suggestion())),
    "alarm-with-a-degraded-suggestion": lambda: _alarm(an_alarm(suggestion=a_suggestion(degraded=SLOW))),
    "alarm-struck": lambda: _alarm(an_alarm(suggestion=a_suggestion()), struck=STRUCK),
    "storm": lambda: storm_card(a_storm(), stage()),
    "storm-over": lambda: storm_card([one.model_copy(update={"state": AlarmState.OK}) for one in a_storm()], stage()),
    "assist-looking": lambda: _assist(an_assist(state="looking")),
    "assist-writing": lambda: _assist(an_assist(state="writing", text="The load halted because")),
    "assist-failed": lambda: _assist(an_assist(state="failed", words="Slack did not answer.")),
    "assist-answer": lambda: _assist(an_assist(reply=an_answer())),
    "assist-not-determined": lambda: _assist(an_assist(reply=an_answer(claims=()))),
    "assist-suggestion": lambda: _assist(an_assist(what="suggestion", alarm=118, cost=True, reply=a_suggestion())),
    "assist-expansion": lambda: _assist(
        an_assist(what="expansion", runbook="circuit-breaker", run=42, step="half_open", reply=an_expansion()),
        run=at_step("half_open"),
    ),
    "assist-expansion-added": lambda: _assist(
        an_assist(what="expansion", runbook="circuit-breaker", run=42, step="half_open", reply=an_expansion()),
        run=with_added(),
    ),
    "assist-expansion-of-a-runbook": lambda: _assist(
        an_assist(what="expansion", runbook="circuit-breaker", step="half_open", reply=an_expansion())
    ),
    "assist-answer-struck": lambda: _assist(an_assist(reply=an_answer()), struck=STRUCK),
    "assist-answer-all-struck": lambda: _assist(an_assist(reply=an_answer(claims=(OPEN,))), struck=STRUCK),
    "assist-suggestion-with-fates": lambda: _assist(
        an_assist(
            what="suggestion",
            alarm=118,
            cost=True,
            fates={"bedrock": [120, 3], "extractive": [40, 0]},
            reply=a_suggestion(),
        )
    ),
    "assist-expansion-struck": lambda: _assist(
        an_assist(what="expansion", runbook="circuit-breaker", run=42, step="half_open", reply=an_expansion()),
        run=at_step("half_open"),
        struck=STRUCK,
    ),
    "modal-strike": lambda: modals.strike("Answer", a_said(), STRUCK, more=2, meta="opaque"),
    "whisper-told": lambda: _whisper({"what": "told", "words": "“<!channel>” was struck by @bo (8 s ago)."}),
    "whisper-alarms": lambda: whisper(
        Whisper(payload={"what": "alarms"}, stage=stage(), ids="whisper:7", episodes=[an_alarm(), *a_storm()[:3]])
    ),
    "whisper-evidence": lambda: _whisper(
        {
            "what": "evidence",
            "subject": "A-118",
            "evidence": some_evidence().model_dump(mode="json"),
            "page": 1,
            "pages": 3,
            "count": 12,
            "cited": 2,
        }
    ),
    "whisper-item": lambda: _whisper(
        {
            "what": "item",
            "subject": "postmortem:3",
            "of": some_evidence().items[0].model_dump(mode="json"),
            "verbatim": "2026-01-21 ERROR `CURRENCY_ERROR` <!channel> " + "row " * 480,
        }
    ),
    "postmortem-struck": lambda: postmortem_card(a_struck(), (Fate.STRUCK, Fate.STRUCK), stage()),
    "postmortem-causes": lambda: postmortem_card(with_causes(6, struck=1), (Fate.STRUCK,), stage()),
    "postmortem-causes-struck": lambda: postmortem_card(with_causes(2, struck=2), (Fate.STRUCK,) * 2, stage()),
    "postmortem-reading": lambda: postmortem_card(a_reading(), (), stage()),
    "postmortem-failed": lambda: postmortem_card(a_failed(), (), stage()),
    "postmortem-draft": lambda: postmortem_card(a_draft(), (Fate.STATED, Fate.CONTRADICTED), stage()),
    "postmortem-published": lambda: postmortem_card(a_published(), (), stage()),
    "postmortem-canvas": lambda: postmortem_card(a_draft(), (), stage(), canvas=CanvasState.SHOWN),
    "postmortem-canvas-left": lambda: postmortem_card(a_draft(), (), stage(), canvas=CanvasState.LEFT),
    "postmortem-no-canvas": lambda: postmortem_card(a_draft(), (), stage(), canvas=CanvasState.REFUSED),
    "postmortem-file-refused": lambda: file_refused(a_published(), "INC-7-v4.md", "file_uploads_disabled <!here>"),
    "import-open": lambda: import_card(a_draft(), a_brought()),
    "import-clean": lambda: import_card(a_draft(), a_brought(wrong=[], left=[])),
    "import-taken": lambda: import_card(a_draft(), a_brought(settled="taken", who="ana", became=4)),
    "import-discarded": lambda: import_card(a_draft(), a_brought(settled="discarded", who="bo")),
    "modal-edit-draft": lambda: modals.edit_draft(a_draft(), "Summary"),
    "modal-edit-draft-changed": lambda: modals.edit_draft(a_draft(), "Summary", mine="- Mine <!channel>"),
    "modal-draft": lambda: modals.draft_text(a_draft()),
    "modal-draft-struck": lambda: modals.draft_text(a_struck()),
    "modal-cause": lambda: modals.judge_cause(a_draft(), a_document().candidates[0], 1),
    "modal-export": lambda: modals.export_draft(a_draft()),
    "modal-publish": lambda: modals.publish_draft(a_draft()),
    "modal-choose-section": lambda: modals.choose_section(a_draft()),
    "modal-add-fact": lambda: modals.add_fact(a_draft()),
    "checklist": lambda: checklist_card(items(), 0, 5, stage(), ids="checklist:INC-7:0:1"),
    "checklist-continued": lambda: checklist_card(items(), 1, 5, stage(), ids="checklist:INC-7:1:1"),
    "reminder-given": lambda: _reminder(mine()),
    "reminder-due-tomorrow": lambda: _reminder(mine(said=Why.TOMORROW, due=TUESDAY)),
    "reminder-overdue": lambda: _reminder(mine(said=Why.OVERDUE, due=LAST_WEEK)),
    "reminder-put-off": lambda: _reminder(mine(later=NIGHT + timedelta(days=1))),
    "reminder-said-again": lambda: _reminder(mine(message="reminder:12:9")),
    "reminder-done": lambda: _reminder(closed(mine(), FollowState.DONE, by=ANA, now=NIGHT)),
    "reminder-passed-on": lambda: _reminder(mine(owner=BO)),
    "reminder-given-back": lambda: _reminder(mine(owner="")),
    "morning": lambda: morning_card(over(), a_draft(), items()[:6], stage(), ids="morning:7:1"),
    "morning-without-draft": lambda: morning_card(over(), None, (), stage(), ids="morning:7:1"),
    "morning-being-written": lambda: morning_card(over(), a_reading(), (), stage(), ids="morning:7:1"),
    "whisper-items": lambda: _items("subject", items()),
    "whisper-items-mine": lambda: _items("mine", items()[1:3]),
    "whisper-no-items": lambda: _items("subject", ()),
    "whisper-no-items-mine": lambda: _items("mine", ()),
    "modal-drop": lambda: modals.drop_item(mine()),
    "modal-item": lambda: modals.add_item(mine()),
    "incident": lambda: incident_card(
        an_incident(),
        Around(episodes=[an_alarm()], runs=[at_step("half_open")]),
        stage(now=NIGHT + timedelta(minutes=9)),
    ),
    "incident-new": lambda: incident_card(an_incident(lead=None, roles={}, notes=(), alarms=()), Around(), stage()),
    "incident-marked": lambda: incident_card(marked_incident(), Around(), stage(now=NIGHT + timedelta(minutes=9))),
    "whisper-incident-marked": lambda: _whisper_of(marked_incident(), "incident"),
    "incident-resolved": lambda: incident_card(
        over(), Around(episodes=[is_ok()]), stage(now=NIGHT + timedelta(hours=2))
    ),
    "home": lambda: home(BO, [at_step("half_open")], [an_approval()], [an_alarm()], [an_incident()], stage()),
    "home-with-a-run-to-decide-on": lambda: home(ANA, [DECLINED], [], [], [], stage()),
    "home-empty": lambda: home(BO, [], [], [], [an_incident(lead=None)], stage()),
    "modal-decline": lambda: modals.decline(an_approval()),
    "modal-typed": lambda: modals.type_again(with_added(), an_expansion().proposed[1], ("arn",), meta="f00"),
    "run-declined-and-inputs-given": lambda: run_card(
        _given(waiting_for(Awaiting.PERSON, "half_open", words="Q-9 declined")), runbook(), (), stage()
    ),
    "modal-change": lambda: modals.change_inputs(
        at_step("half_open"), [modals.Field(name="reason", title="Why now?", value="file re-sent")]
    ),
    "modal-inputs": lambda: modals.inputs(
        at_step("half_open"),
        "half_open",
        [
            modals.Field(name="probe_file", title="File to probe with", choices=["bronze/a.csv", "bronze/b.csv"]),
            modals.Field(name="reason", title="Why is it safe to try again?", long=True),
        ],
    ),
    "modal-start-inputs": lambda: modals.start_inputs(
        runbook(),
        [modals.Field(name="pipeline", title="Pipeline", choices=["transactions", "accounts"])],
        meta="circuit-breaker:118",
        environment="PROD",
    ),
    "modal-what-else": lambda: modals.what_else(DECLINED, further(DECLINED, _with_ways())),
    "modal-park": lambda: modals.park(at_step("half_open"), now=NIGHT),
    "modal-details": lambda: modals.details(an_approval(), at_step("half_open"), runbook(), stage()),
    "modal-review": lambda: modals.review(
        an_approval(put_breaker("x" * 4_000)), at_step("half_open"), runbook(), stage(), opaque="rv_1"
    ),
}
