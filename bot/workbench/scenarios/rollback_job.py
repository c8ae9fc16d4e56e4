"""A deployment gave the load new code, and it fails: the smoke test says so. The code before lies beside it.

moto has no `glue.update_job`, so the bot cannot point the job back here: the last good commit is deployed again.
"""

from bot.workbench.lake import furniture
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import SMOKE_PREFIX
from bot.workbench.lake.readings import keys_under
from bot.workbench.scenarios.checks import alarms_ok, pointed_at, schedule_on, smoke_succeeded
from bot.workbench.scenarios.driving import alarm, expect, only_the_local_lake, run
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "SmokeTestFailed"
GOOD, BAD = furniture.ARTIFACTS


def break_(lake: Lake) -> None:
    """Deploy a good commit and then a bad one, and smoke-test the deployment.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the smoke test did not fail.
    """
    only_the_local_lake(lake)
    names, codebuild = lake.names, lake.clients.codebuild
    furniture.versions_of_code(lake.clients, names)
    for commit in furniture.COMMITS:
        build = codebuild.start_build(projectName=names.deploy_project, sourceVersion=commit)["build"]["id"]
        codebuild.batch_get_builds(ids=[build])
    lake.spoil(BAD)
    given: dict[str, object] = {"pipeline": names.pipeline, "smoke": True, "promote": False}
    expect(run(lake, f"{SMOKE_PREFIX}job-{names.run_id(lake.clock.now())}", given), ALARM)
    alarm(lake, ALARM)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: does the job run the code before, does the smoke test succeed, and was nothing deleted?"""
    names = lake.names
    script = lake.clients.glue.get_job(JobName=names.jobs[0])["Job"]["Command"]["ScriptLocation"]
    there = keys_under(lake.clients.s3, names.artifacts_bucket, "etl/")
    return (
        Check(name="the job runs the code before", ok=script.endswith(f"/{GOOD}"), seen=script),
        Check(name="all code is kept", ok={f"etl/{GOOD}", f"etl/{BAD}"} <= set(there), seen=f"{len(there)} artifacts"),
        smoke_succeeded(lake),
        pointed_at(lake, lake.seeded.latest_key.removesuffix("_LATEST.json"), lake.seeded.run_id),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


SCENARIO = Scenario(
    name="rollback-job",
    title="New code of the load fails its smoke test",
    break_=break_,
    repaired=repaired,
    answered_by="rollback",
)
