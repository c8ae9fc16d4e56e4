"""Terraform's state was cut off while it was written: every deployment fails to read it. The version before is whole.

What is deployed is as it was. moto runs no Terraform: a build fails while the state on top cannot be read.
"""

from bot.workbench.lake import furniture, watches
from bot.workbench.lake.documents import to_json
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.checks import alarms_ok, schedule_on, smoke_succeeded
from bot.workbench.scenarios.driving import alarm, only_the_local_lake
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "DeployPipelineFailed"
CUT_OFF = to_json({"version": 4, "serial": furniture.STATE_SERIAL + 1})[:20]


def break_(lake: Lake) -> None:
    """Cut the state off, and let a deployment fail on it.

    Raises:
        EdgeError: the account is not the local lake's; nothing was changed.
    """
    only_the_local_lake(lake)
    clients, names = lake.clients, lake.names
    furniture.versions_of_code(clients, names)
    clients.s3.put_object(Bucket=names.state_bucket, Key=names.state_key, Body=CUT_OFF)
    build = clients.codebuild.start_build(projectName=names.deploy_project, sourceVersion=furniture.COMMITS[-1])[
        "build"
    ]["id"]
    clients.codebuild.batch_get_builds(ids=[build])
    watches.happened(clients, names, ALARM, 1, at=lake.clock.now())
    alarm(lake, ALARM)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: is the whole state on top again, by a copy, and every version there?"""
    s3, names = lake.clients.s3, lake.names
    found = s3.list_object_versions(Bucket=names.state_bucket, Prefix=names.state_key).get("Versions", [])
    top = next((one for one in found if one["IsLatest"]), None)
    oldest = min(found, key=lambda one: one["LastModified"], default=None)
    whole = top is not None and oldest is not None and top["ETag"] == oldest["ETag"]
    copied = top is not None and oldest is not None and top["VersionId"] != oldest["VersionId"]
    return (
        Check(name="the whole state is on top", ok=whole, seen=f"of {len(found)} versions"),
        Check(name="by a copy, every version is kept", ok=copied and len(found) > 2, seen=f"{len(found)} versions"),
        smoke_succeeded(lake),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


SCENARIO = Scenario(
    name="rollback-state",
    title="Terraform's state is cut off, and nothing can be deployed",
    break_=break_,
    repaired=repaired,
    answered_by="rollback",
)
