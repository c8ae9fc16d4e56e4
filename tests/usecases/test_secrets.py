"""A secret in what a run reads or is given reaches no eye and no call; what is signed is exactly what is shown."""

import json
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest

from bot.domain.action import Call
from bot.domain.approval import ApprovalState
from bot.domain.inbox import DeclareIncident, ExpandStep, GiveInputs, StartPostmortem, StartRun
from bot.domain.postmortem.draft import DraftState
from bot.domain.records import Change
from bot.domain.runbook import Parameter
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from bot.slack.cards.alarm import alarm_card
from bot.slack.cards.run import run_card
from bot.usecases.runs import fits
from tests.slack.cards.samples import stage
from tests.usecases.books import FRONT, PIPELINE, READ
from tests.usecases.table import ANA, BO, CountingCloud, Table
from tests.usecases.test_assistance import FakeAssistant, an_alarm, seat
from tests.usecases.test_postmortems import FakeLogs
from tests.usecases.test_postmortems import seat as seat_logs

SECRET = "c4nary-do-not-tell"


def test_a_call_that_would_carry_a_secret_is_never_asked_for(table: Table) -> None:
    table.write_breaker(reason=f"opened by etl, password={SECRET}")

    run = table.start(ANA, "swap")

    assert table.store.approvals() == []
    assert table.cloud.sent == []
    note = run.record("half_open").note
    assert "Never offered: a parameter of s3.put_breaker holds what looks like a secret (password)" in note
    assert SECRET not in note


@pytest.mark.parametrize("reason", [f"password={SECRET}", "see ghp_" + "a1B2" * 9])
def test_a_run_takes_no_secret_as_an_input(table: Table, reason: str) -> None:
    table.wish(ANA, StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions", "reason": reason}))

    assert table.store.runs(open_only=False) == []
    assert "reason holds what looks like a secret" in table.refused()
    assert reason[-8:] not in table.refused()


def test_an_input_whose_name_gives_it_away_is_not_taken() -> None:
    with pytest.raises(InvalidError, match="db_password holds what looks like a secret"):
        fits(Parameter(name="db_password", title="Password"), "hunter2")


def test_a_request_that_is_void_tells_no_secret_of_what_has_changed(table: Table) -> None:
    table.start(ANA, "swap")
    table.write_breaker(reason="fixed", changed_by=f"ana@example.nl password={SECRET}")

    table.approve(BO)

    voided = table.store.approval(1)
    assert voided.state is ApprovalState.VOID
    assert "changed_by" in voided.ended_why
    assert SECRET not in voided.ended_why + str([private for _, private in table.store.audit(most=200)])


def test_a_late_input_takes_no_secret_either(table: Table) -> None:
    run = table.start(ANA)
    table.approve(ANA)

    table.wish(ANA, GiveInputs(run=run.id, inputs={"reason": f"password={SECRET}"}))

    assert "reason holds what looks like a secret" in table.refused()
    assert "reason" not in table.run().inputs


def test_who_is_named_in_a_reason_stands_in_the_call_as_it_is_signed(table: Table) -> None:
    run = table.start(ANA)
    table.approve(ANA)

    table.wish(ANA, GiveInputs(run=run.id, inputs={"reason": "ana@example.nl fixed the column"}))

    (bound,) = (one for one in table.newest().binding.calls if one.step == "half_open")
    assert '"reason":"ana@example.nl fixed the column"' in str(bound.call.params["Body"])


# One canary for each kind of source that can be read.

LEAK = f"failed, password={SECRET}"
MAIL = f"{SECRET}@example.nl"
ARN = "arn:aws:states:eu-west-1:123456789012:execution:etl_orchestration:x"
AT = "2026-11-23T02:00:00Z"


LOOK = """1. **Read it.**
   ```yaml step
   id: looked
   uses: {uses}
   with: {given}
   says: {says}
   ```
"""


class Source(NamedTuple):
    """Hold how a source is read, what its row answers, and which of it a runbook would say."""

    uses: str
    given: str
    says: str
    row: str
    answer: JsonObject


SOURCES = {
    "a control document": Source(
        "s3.read_json",
        "{bucket: '${platform.artifacts_bucket}', key: control/circuit_breaker/transactions.json}",
        "output.body.reason",
        "s3.get_breaker",
        {
            "ETag": '"0123456789abcdef0123456789abcdef"',
            "LastModified": AT,
            "Unlisted": 0,
            "Body": {"pipeline": "transactions", "state": "OPEN", "window_s": 60, "threshold": 1, "reason": LEAK},
        },
    ),
    "an execution's cause": Source(
        "stepfunctions.execution",
        f"{{arn: '{ARN}'}}",
        "output.cause",
        "states.execution",
        {"name": "x", "executionArn": ARN, "status": "FAILED", "startDate": AT, "error": "Halted", "cause": LEAK},
    ),
    "a Glue job's error": Source(
        "glue.job_runs",
        "{job: '${platform.jobs[0]}'}",
        "output.runs[0].error",
        "glue.job_runs",
        {"JobRuns": [{"Id": "jr_1", "JobRunState": "FAILED", "StartedOn": AT, "ErrorMessage": LEAK}]},
    ),
    "a build's log": Source(
        "codebuild.log",
        "{group: '${platform.build_log_groups[0]}', stream: 0a1b2c3d-0a1b-4c3d-8e5f-0a1b2c3d4e5f}",
        "output.error",
        "logs.build",
        {"events": [{"timestamp": 1, "message": f"Error: mail to {MAIL} {LEAK}"}]},
    ),
    "CloudTrail": Source(
        "cloudtrail.events",
        "{by: EventName, name: UpdateAlias20150331}",
        "output.events[0].who",
        "cloudtrail.events",
        {"Events": [{"EventName": "UpdateAlias20150331", "EventTime": AT, "EventSource": "l", "Username": MAIL}]},
    ),
}


@dataclass
class Leaky(CountingCloud):
    """Answer one row with the canary."""

    row: str = ""
    answer: JsonObject = field(default_factory=dict)

    def look(self, call: Call) -> JsonObject:
        return self.answer if call.row == self.row else super().look(call)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_a_source_leaks_reaches_no_card_no_model_and_no_draft(table: Table, source: Source) -> None:
    step = LOOK.format(uses=source.uses, given=source.given, says=f"${{{source.says}}}")
    checked = READ.format(number=1, id="checked", expect="output.found")
    book = FRONT.format(id="leaky", title="Read a Leak", more=PIPELINE, steps=step, checks=checked)
    (table.runbooks / "leaky.md").write_text(book, encoding="utf-8")
    table.desk = replace(table.desk, cloud=Leaky(table.cloud.inner, row=source.row, answer=source.answer))
    seat_logs(table, logs=FakeLogs(bad=json.dumps({"level": "ERROR", "message": LEAK, "api_key": SECRET})))
    assistant = FakeAssistant()
    table.desk = replace(table.desk, assistant=assistant)
    table.wish(ANA, DeclareIncident(title="load halted"))

    run = table.start(ANA, "leaky")
    table.wish(ANA, ExpandStep(run=run.id, step="looked"))
    table.wish(ANA, StartPostmortem())

    assert run.record("looked").output  # it was really read
    draft = table.store.draft(1)
    assert draft.state is DraftState.READY
    places = {
        "the card": json.dumps(run_card(run, table.desk.runbook(run), [], stage()).blocks),
        "what a model is asked": "".join(job.model_dump_json() for job in assistant.jobs),
        "the draft": draft.model_dump_json(),
        "the archive": (table.folder / "archives" / "INC-1.db").read_bytes().decode("latin-1"),
    }
    assert [where for where, text in places.items() if SECRET in text] == []
    assert [where for where, text in places.items() if "[password" not in text and "[email" not in text] == []


def test_what_an_alarm_leaks_reaches_no_card_and_no_model(table: Table) -> None:
    assistant = seat(table)
    alarm = an_alarm(table, description=f"ask {MAIL}")
    leaky = alarm.model_copy(
        update={
            "notice": alarm.notice.model_copy(update={"reason": LEAK}),
            "findings": ({"id": "E1", "step": "breaker", "words": LEAK, "ok": True},),
        }
    )
    table.store.commit(Change(episodes=(leaky,)))

    table.drive()

    shown = alarm_card(leaky, table.desk.library.find("circuit-breaker"), None, stage(), struck={})
    assert SECRET not in json.dumps(shown.blocks) + shown.text
    assert "[password]" in json.dumps(shown.blocks)
    (job,) = assistant.jobs
    assert SECRET not in job.model_dump_json()
    assert "[password#1]" in job.model_dump_json()
