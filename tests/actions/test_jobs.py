from collections.abc import Iterator

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Looking
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError
from tests.actions.scripted import NOW, Script, observe, params_of, propose, read
from tests.aws.moto_lake import Lake, gate, lake
from tests.aws.seeded import ACCOUNT, JOB_RUN, PARTITION, PLATFORM, RUN, nothing, permit

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
STARTING: JsonObject = {"job": "compact", "partition": PARTITION, "source_run": RUN, "run_key": "compact-7"}
JOB: JsonObject = {
    "Name": "transaction_etl",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/lake-etl",
    "Command": {
        "Name": "glueetl",
        "ScriptLocation": "s3://lake-artifacts/etl/etl-v1.3.0-0123abc/job.py",
        "PythonVersion": "3",
        "Others": [],
    },
    "DefaultArguments": {"--git-sha": "0123abc", "--TempDir": "s3://lake-artifacts/tmp/"},
    "MaxRetries": 1,
    "Timeout": 60,
    "WorkerType": "G.1X",
    "NumberOfWorkers": 4,
    "MaxCapacity": 0.0625,
    "GlueVersion": "5.0",
    "LastModifiedOn": "2026-01-20T10:00:00Z",
    "Others": ["CreatedOn", "AllocatedCapacity"],
}
SETTING: JsonObject = {
    "job": "transaction_etl",
    "bucket": "lake-artifacts",
    "key": "etl/etl-v1.2.9-89abcde/job.py",
}


def job(**other: JsonValue) -> Script:
    return Script(glue__job=[{"found": True, "Job": {**JOB, **other}}])


def run(state: str, **other: JsonValue) -> JsonObject:
    return {"Id": JOB_RUN, "JobRunState": state, "Attempt": 0, "StartedOn": "2026-01-21T02:00:00Z", **other}


@pytest.fixture
def here() -> Iterator[Lake]:
    with lake() as seeded:
        seeded.client("glue").create_job(
            Name="compact", Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://lake-artifacts/etl/c.py"}
        )
        yield seeded


def test_a_job_tells_which_code_it_runs_and_none_of_its_arguments() -> None:
    found = read(
        job(DefaultArguments={"--git-sha": "0123abc", "--password": "canary"}), "glue.job", job="transaction_etl"
    )

    assert (found["script"], found["commit"]) == ("s3://lake-artifacts/etl/etl-v1.3.0-0123abc/job.py", "0123abc")
    assert "canary" not in str(found)


def test_other_code_is_set_by_sending_the_whole_job_back() -> None:
    proposal = propose(job().look, "glue.set_script", **SETTING)

    (call,) = proposal.calls
    update = call.params["JobUpdate"]
    assert isinstance(update, dict)
    assert update["Command"] == {
        "Name": "glueetl",
        "ScriptLocation": "s3://lake-artifacts/etl/etl-v1.2.9-89abcde/job.py",
        "PythonVersion": "3",
    }
    kept = ("Role", "DefaultArguments", "MaxRetries", "Timeout", "WorkerType", "NumberOfWorkers", "GlueVersion")
    assert {name: update[name] for name in kept} == {name: JOB[name] for name in kept}
    assert "MaxCapacity" not in update
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE


def test_a_change_of_the_job_in_between_is_seen_because_glue_has_no_precondition() -> None:
    assert (
        propose(job().look, "glue.set_script", **SETTING).seen
        != propose(job(Timeout=61).look, "glue.set_script", **SETTING).seen
    )


def test_code_that_is_not_the_one_to_be_replaced_is_left() -> None:
    runs = "s3://lake-artifacts/etl/etl-v1.3.0-0123abc/job.py"
    assert propose(job().look, "glue.set_script", **SETTING, replaces=runs).calls

    with pytest.raises(InvalidError, match=r"Somebody let transaction_etl run .*0123abc/job.py since"):
        propose(job().look, "glue.set_script", **SETTING, replaces="s3://lake-artifacts/etl/etl-v1.1.0-fedcba9/job.py")


@pytest.mark.parametrize(
    "other", [{"Others": ["CodeGenConfigurationNodes"]}, {"DefaultArguments": {"--db-password": "x"}}]
)
def test_a_job_that_cannot_be_sent_back_whole_is_left(other: JsonObject) -> None:
    with pytest.raises(InvalidError, match="Deploy"):
        propose(job(**other).look, "glue.set_script", **SETTING)


@pytest.mark.parametrize("key", ["etl/../x.py", "etl/a//b.py", "etl/.hidden"])
def test_code_elsewhere_is_not_set(key: str) -> None:
    with pytest.raises(InvalidError, match="does not admit"):
        propose(job().look, "glue.set_script", **{**SETTING, "key": key})


def test_a_job_that_runs_the_code_already_is_left() -> None:
    same: JsonObject = {**SETTING, "key": "etl/etl-v1.3.0-0123abc/job.py"}

    assert propose(job().look, "glue.set_script", **same).already


def test_a_run_that_hangs_is_stopped_and_one_that_ended_is_left() -> None:
    given: JsonObject = {"job": "transaction_etl", "run_id": JOB_RUN}
    going = Script(glue__job_run=[{"found": True, "JobRun": run("RUNNING")}])
    ended = Script(glue__job_run=[{"found": True, "JobRun": run("FAILED", ErrorMessage="OutOfMemoryError")}])

    proposal = propose(going.look, "glue.stop_run", **given)

    assert [(call.row, call.params["JobRunIds"]) for call in proposal.calls] == [("glue.stop_job_run", [JOB_RUN])]
    assert CATALOGUE.risk(proposal.calls) is Risk.CONTROL
    assert propose(ended.look, "glue.stop_run", **given).already
    assert read(ended, "glue.job_run", **given)["error"] == "OutOfMemoryError"


def test_a_job_is_started_once_and_looked_at(here: Lake) -> None:
    proposal = propose(LOOK, "glue.start_job", **STARTING)

    answer = gate().send(permit(proposal.calls[0]), mark=nothing)

    output = observe(LOOK, "glue.start_job", answer, **STARTING)
    assert (output["id"], output["run_key"]) == (answer["JobRunId"], "compact-7")
    action, params = params_of("glue.job_runs", {"job": "compact"})
    assert action.looked(LOOK, params, NOW)["count"] == 1


def test_a_job_that_goes_is_not_started_again() -> None:
    script = Script(glue__job_runs=[{"found": True, "JobRuns": [run("RUNNING")]}])

    with pytest.raises(InvalidError, match="runs already"):
        propose(script.look, "glue.start_job", **STARTING)
