from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.approval import ApprovalState, Vote, end
from bot.domain.incident import Note, given_role, graded, led
from bot.domain.moment import moment
from bot.domain.postmortem.document import Moment, Times
from bot.domain.records import taken
from bot.domain.run import RunState, StepRecord, StepState
from bot.domain.timeline import (
    merged,
    of_alias,
    of_approval,
    of_build,
    of_code,
    of_episode,
    of_execution,
    of_history,
    of_incident,
    of_job,
    of_job_run,
    of_pointer,
    of_run,
    times,
    waited,
)
from bot.domain.value import JsonObject
from tests.records.values import NOON, a_run, an_approval, an_episode, an_incident

LATER = NOON + timedelta(minutes=10)


def said(text: str, at: datetime = NOON, source: str = "note", **more: str) -> Moment:
    return Moment(at=at, text=text, source=source, key=more.get("key", ""), evidence=tuple(more.get("ids", "").split()))


def test_moments_are_in_order_and_in_utc() -> None:
    east = timezone(timedelta(hours=5))

    found = merged([said("second", LATER), said("first", NOON.astimezone(east))])

    assert [one.text for one in found] == ["first", "second"]
    assert all(one.at.tzinfo is UTC for one in found)


def test_a_time_without_an_offset_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no offset"):
        merged([said("x", NOON.replace(tzinfo=None))])


def test_one_moment_told_by_two_sources_is_one_row_with_both_their_evidence() -> None:
    soon = NOON + timedelta(seconds=40)

    found = merged(
        [
            said("Alarm went off.", soon, "alarm", key="alarm:1", ids="E4"),
            said("Alarm history says so.", NOON, "history", key="alarm:1", ids="E1"),
        ]
    )

    assert [(one.at, one.text, one.source, one.evidence) for one in found] == [
        (NOON, "Alarm history says so.", "history, alarm", ("E1", "E4"))
    ]


def test_who_said_that_they_are_on_it_is_told_and_the_first_to_say_so_acknowledged_it() -> None:
    first = taken(an_episode(), by="U2", now=NOON)
    second = taken(first, by="U3", now=LATER)

    told = [(one.at, one.by) for one in of_episode(second) if "on it" in one.text]

    assert told == [(NOON, "U2"), (LATER, "U3")]
    assert times(episodes=[second], now=LATER).acknowledged == NOON


def test_the_same_words_an_hour_later_are_another_moment() -> None:
    assert len(merged([said("Retry."), said("Retry.", NOON + timedelta(hours=1))])) == 2
    assert len(merged([said("Retry."), said("retry.", NOON + timedelta(seconds=5))])) == 1


def test_an_alarm_that_flaps_is_told_each_time_it_went_off_was_taken_and_was_ok() -> None:
    episodes = []
    for number in range(2):
        began = NOON + timedelta(seconds=60 * number)
        turned = {"id": number + 1, "since": began.isoformat(), "ok_since": (began + timedelta(seconds=30)).isoformat()}
        episodes.append(taken(an_episode().model_copy(update=turned), by="U2", now=began + timedelta(seconds=10)))

    told = merged(moment for one in episodes for moment in of_episode(one))

    assert [word for one in told for word in ("went off", "on it", "OK again") if word in one.text] == [
        *("went off", "on it", "OK again"),
        *("went off", "on it", "OK again"),
    ]


def test_a_run_of_before_or_of_another_incident_neither_acknowledged_nor_mitigated_it() -> None:
    incident = an_incident().model_copy(update={"declared": LATER})
    done = {"state": RunState.REPAIRED, "ended": LATER + timedelta(minutes=5)}
    of_it = {"incident": incident.id, "alarm": None, **done}
    before = a_run().model_copy(update={**of_it, "started": NOON - timedelta(hours=1), "ended": NOON})
    other = a_run().model_copy(update={**of_it, "id": 2, "incident": incident.id + 1, "started": LATER})

    found = times(runs=[before, other], approvals=[an_approval(run=2)], incident=incident, now=LATER)

    assert (found.detected, found.acknowledged, found.mitigated, found.waited) == (LATER, LATER, None, None)
    assert times(runs=[a_run().model_copy(update=of_it)], incident=incident, now=LATER).mitigated == done["ended"]


def test_two_people_who_say_the_same_are_two_rows() -> None:
    both = [said("Same here.").model_copy(update={"by": by}) for by in ("U2", "U3")]

    assert [one.by for one in merged(both)] == ["U2", "U3"]


def test_what_one_source_tells_of_one_moment_stays_in_its_order() -> None:
    run = a_run().model_copy(update={"state": RunState.STOPPED, "ended": a_run().started})

    assert [one.text for one in merged(of_run(run))] == ["R-1 (Circuit breaker) started.", "R-1 ended stopped."]


def test_a_run_tells_its_start_its_steps_and_its_end() -> None:
    records = {
        "pause": StepRecord(step="pause", state=StepState.DONE, at=NOON + timedelta(minutes=1), by="U2"),
        "half_open": StepRecord(step="half_open", state=StepState.SKIPPED, at=LATER),
    }
    run = a_run().model_copy(update={"records": records, "state": RunState.REPAIRED, "ended": LATER})

    assert [one.text for one in of_run(run)] == [
        "R-1 (Circuit breaker) started.",
        "R-1 step pause done.",
        "R-1 ended repaired: its verification passed.",
    ]


def test_an_approval_tells_who_said_yes() -> None:
    approval = an_approval().model_copy(update={"votes": (Vote(person="U2", name="Bo", role="platform", at=LATER),)})

    asked, voted = of_approval(approval)

    assert (asked.at, voted.at, voted.by) == (approval.asked_at, LATER, "U2")


def test_a_request_that_somebody_declined_tells_when_and_who() -> None:
    no = end(an_approval(), ApprovalState.DECLINED, by="U2", why="not now", now=LATER)

    _, over = of_approval(no)

    assert (over.at, over.by) == (LATER, "U2")
    assert over.text == "Q-1 declined: Pauses the schedule (R-1)."


def test_an_incident_tells_its_changes_and_what_people_noted() -> None:
    noted = Note(at=LATER, by="U3", text="two\nlines")
    incident = an_incident().model_copy(update={"notes": (noted,), "resolved": LATER, "mitigated": LATER})

    assert [(one.source, one.text) for one in of_incident(incident)][1:] == [
        ("note", "two lines"),
        ("incident", f"{incident.label} resolved."),
    ]


def test_what_an_incident_became_is_told_with_who_did_it_and_what_it_was_before() -> None:
    incident = graded(an_incident(), 1, by="U0ANA", now=NOON)
    incident = led(incident, "U0BO", by="U0ANA", now=LATER)
    incident = given_role(incident, "scribe", "U0CY", by="U0BO", now=LATER)
    names = {"U0BO": "@bo", "U0CY": "@cy"}

    told = [(one.at, one.by, one.text) for one in of_incident(incident, called=names.__getitem__)][1:]

    label = incident.label
    assert told == [
        (NOON, "U0ANA", f"{label}: severity is 1 now, and was 3 before."),
        (LATER, "U0ANA", f"{label}: lead is @bo now."),
        (LATER, "U0BO", f"{label}: scribe is @cy now."),
    ]


def test_the_history_of_an_alarm_tells_what_no_episode_does() -> None:
    episode = an_episode().model_copy(update={"since": ONE, "ok_since": TWO})
    turns: list[JsonObject] = [
        {"at": "2026-01-21T01:50:00Z", "was": "OK", "became": "ALARM"},
        {"at": "2026-01-21T01:55:00Z", "was": "ALARM", "became": "OK"},
        {"at": "2026-01-21T02:00:00.400000Z", "was": "OK", "became": "ALARM"},
        {"at": "2026-01-21T02:07:31Z", "was": "ALARM", "became": "OK"},
        {"at": "no time", "was": "OK", "became": "ALARM"},
    ]

    told = [one.text for one in of_history(turns, [episode])]

    name = episode.notice.name
    assert told == [f"Alarm {name} went off.", f"Alarm {name} was OK again."]
    assert len(merged([*of_history(turns, [episode]), *of_episode(episode)])) == 4


def test_an_alarm_tells_when_it_went_off() -> None:
    (went, *_) = of_episode(an_episode())

    assert went.source == "alarm"
    assert "went off" in went.text


ONE, TWO = "2026-01-21T02:00:00Z", "2026-01-21T02:07:31Z"


def test_an_execution_tells_its_start_and_its_end_and_one_that_still_goes_only_its_start() -> None:
    going: JsonObject = {"name": "load-1", "arn": "arn:1", "status": "RUNNING", "started": ONE, "stopped": ""}
    over: JsonObject = {**going, "status": "FAILED", "error": "GlueJobFailed", "stopped": TWO}

    assert [one.text for one in of_execution(going, "etl")] == ["Execution load-1 of etl started."]
    assert [(one.at, one.text) for one in of_execution(over, "etl")][1:] == [
        (moment(TWO), "Execution load-1 of etl ended FAILED with GlueJobFailed.")
    ]


def test_what_two_listings_tell_of_one_execution_is_told_once() -> None:
    over: JsonObject = {"name": "load-1", "arn": "arn:1", "status": "FAILED", "started": ONE, "stopped": TWO}

    assert len(merged([*of_execution(over, "etl"), *of_execution(over, "etl")])) == 2


def test_runs_of_jobs_builds_code_and_aliases_tell_what_was_deployed_and_ran() -> None:
    run: JsonObject = {"id": "jr_1", "state": "FAILED", "started": ONE, "stopped": TWO}
    build: JsonObject = {
        "id": "deploy:1", "status": "FAILED", "started": ONE, "stopped": TWO, "commit": "9b7d0429c1f6aa",
        "failed_phase": "BUILD",
    }  # fmt: skip
    job: JsonObject = {"found": True, "key": "etl/etl-v2.zip", "modified": ONE}
    code: JsonObject = {"key": "etl/etl-v2.zip", "version_id": "v", "modified": ONE}
    moved: JsonObject = {"at": ONE, "resource": "promote_silver", "error": ""}
    found = [*of_job_run(run, "etl"), *of_build(build), *of_job(job, "etl"), *of_code(code, "code"), *of_alias(moved)]

    assert [(one.source, one.text) for one in found] == [
        ("job", "Run jr_1 of the job etl started."),
        ("job", "Run jr_1 of the job etl ended FAILED."),
        ("deploy", "Build deploy:1 of commit 9b7d0429c1f6 started."),
        ("deploy", "Build deploy:1 of commit 9b7d0429c1f6 ended FAILED in BUILD."),
        ("deploy", "The set-up of the job etl was changed; it runs etl/etl-v2.zip."),
        ("deploy", "Code etl/etl-v2.zip was put into code."),
        ("deploy", "A change of a function's alias of promote_silver was made."),
    ]
    refused = next(iter(of_alias({**moved, "error": "AccessDenied"})))
    assert refused.text == "A change of a function's alias of promote_silver was refused (AccessDenied)."


def test_a_pointer_tells_each_version_and_what_hid_it_and_nothing_of_longer_keys() -> None:
    key = "silver/t/_LATEST.json"
    page: JsonObject = {
        "Versions": [
            {"Key": key, "VersionId": "2", "LastModified": ONE},
            {"Key": f"{key}.bak", "VersionId": "9", "LastModified": ONE},
        ],
        "DeleteMarkers": [{"Key": key, "VersionId": "3", "LastModified": ONE}],
    }

    assert [one.text for one in merged(of_pointer(page, key))] == [
        f"{key} has a new version.",
        f"{key} was hidden by a delete marker.",
    ]


def test_what_has_no_time_or_none_that_can_be_read_is_no_moment() -> None:
    assert list(of_job({"found": True, "modified": ""}, "etl")) == []
    assert list(of_job({"found": True, "modified": "yesterday"}, "etl")) == []


def test_time_waiting_for_people_counts_two_requests_at_once_only_once() -> None:
    def asked(start: int, end: int) -> object:
        vote = Vote(person="U2", name="Bo", role="platform", at=NOON + timedelta(minutes=end))
        at = NOON + timedelta(minutes=start)
        return an_approval().model_copy(update={"asked_at": at, "votes": (vote,), "state": ApprovalState.CONSUMED})

    asking = [asked(0, 4), asked(2, 6), asked(20, 25)]

    assert waited(asking, now=LATER) == timedelta(minutes=11)  # type: ignore[arg-type] # made by model_copy


@pytest.mark.parametrize("state", [ApprovalState.DECLINED, ApprovalState.WITHDRAWN, ApprovalState.REVOKED])
def test_a_request_that_got_no_yes_has_waited_until_its_end(state: ApprovalState) -> None:
    asked = an_approval()

    over = end(asked, state, by="U2", why="not now", now=asked.asked_at + timedelta(minutes=4))

    assert waited([over], now=LATER) == timedelta(minutes=4)
    assert waited([over.model_copy(update={"ended": None})], now=LATER) == timedelta(0)


def test_an_open_request_has_waited_until_now_and_no_longer_than_it_lives() -> None:
    open_one = an_approval()

    assert waited([open_one], now=open_one.asked_at + timedelta(minutes=3)) == timedelta(minutes=3)
    assert waited([open_one], now=open_one.asked_at + timedelta(days=3)) == open_one.expires - open_one.asked_at


def test_times_are_from_records_and_what_none_tells_is_none() -> None:
    assert times(now=NOON) == Times()
    incident = an_incident().model_copy(update={"declared": NOON, "mitigated": LATER})

    found = times(began=NOON - timedelta(minutes=2), incident=incident, now=LATER)

    assert (found.began, found.detected, found.mitigated, found.resolved, found.waited) == (
        NOON - timedelta(minutes=2),
        NOON,
        LATER,
        None,
        None,
    )
