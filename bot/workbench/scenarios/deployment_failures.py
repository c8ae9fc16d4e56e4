"""A deployment died 45 minutes ago and left its lock on the Terraform state: nothing can be deployed.

The build that took the lock has FAILED, so nobody works under it. moto answers no `cloudtrail.lookup_events` and
no `iam.simulate_principal_policy`; it runs no build, so a new one says SUCCEEDED without applying anything, or fails
while somebody holds the lock.
"""

import uuid
from datetime import timedelta

from bot.workbench.lake import builds, furniture, journal, locks
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.checks import alarms_ok, broken_first, schedule_on, smoke_succeeded
from bot.workbench.scenarios.driving import alarm, only_the_local_lake
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "TerraformLockStale"
WHY = "terraform apply: exit status 1: the runner lost its connection"
_AGO, _LASTED = timedelta(minutes=45), timedelta(minutes=2)


def break_(lake: Lake) -> None:
    """Start a deployment, let it take the lock, and let it die without giving it back.

    Raises:
        EdgeError: the account is not the local lake's; nothing was changed.
    """
    only_the_local_lake(lake)
    clients, names, began = lake.clients, lake.names, lake.clock.now() - _AGO
    body = to_json({"version": 4, "serial": furniture.STATE_SERIAL + 1})
    clients.s3.put_object(Bucket=names.state_bucket, Key=names.state_key, Body=body)
    build = clients.codebuild.start_build(projectName=names.deploy_project, sourceVersion=furniture.COMMITS[-1])[
        "build"
    ]["id"]
    lock = str(uuid.uuid5(uuid.NAMESPACE_URL, build))
    locks.take(clients.dynamodb, names, lock=lock, build=build, at=began + timedelta(seconds=30))
    builds.fail(names, build, began=began, ended=began + _LASTED, why=WHY)
    lines = (
        "Acquiring state lock. This may take a few moments...",
        "aws_glue_job.transaction_etl_spark: Modifying...",
        f"Error: {WHY}",
        "Phase complete: BUILD State: FAILED",
    )
    stamped = [journal.text_event(text, at=began + index * _LASTED / len(lines)) for index, text in enumerate(lines)]
    stream = build.split(":", 1)[1]
    clients.logs.create_log_stream(logGroupName=names.deploy_log_group, logStreamName=stream)
    clients.logs.put_log_events(logGroupName=names.deploy_log_group, logStreamName=stream, logEvents=stamped)
    alarm(lake, ALARM)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: is the lock gone, did a later deployment succeed, and then a smoke test?"""
    ids = lake.clients.codebuild.list_builds_for_project(projectName=lake.names.deploy_project)["ids"]
    if not ids:
        return (broken_first(),)
    found = lake.clients.codebuild.batch_get_builds(ids=ids)["builds"]
    later = [build for build in found if build["buildStatus"] != "FAILED"]
    again = [build["id"] for build in later if build["buildStatus"] == "SUCCEEDED"]
    commit = any(build.get("sourceVersion") == furniture.COMMITS[-1] for build in later)
    lock = locks.read(lake.clients.dynamodb, lake.names)
    return (
        Check(name="no lock on the state", ok=lock is None, seen="free" if lock is None else f"held by {lock.build}"),
        Check(name="a later deployment SUCCEEDED", ok=bool(again), seen=again[-1] if again else "none"),
        Check(
            name="it deployed the same commit",
            ok=commit,
            seen=furniture.COMMITS[-1][:7] if commit else "another, or none",
        ),
        smoke_succeeded(lake),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


SCENARIO = Scenario(
    name="deployment-failures",
    title="A dead deployment still holds the Terraform lock",
    break_=break_,
    repaired=repaired,
)
