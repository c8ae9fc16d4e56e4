"""A deployment made a new version of the function that promotes live, and it fails: the smoke test says so.

Nothing of it has reached readers. moto runs no function: the pipeline's worker asks which version is live, and fails
where it is the bad one.
"""

from bot.workbench.lake import furniture
from bot.workbench.lake.lake import Lake
from bot.workbench.lake.names import SMOKE_PREFIX
from bot.workbench.scenarios.checks import alarms_ok, broken_first, pointed_at, schedule_on, smoke_succeeded
from bot.workbench.scenarios.driving import alarm, expect, only_the_local_lake, run
from bot.workbench.scenarios.scenario import Check, Scenario

ALARM = "SmokeTestFailed"
GOOD, BAD = "1", "2"


def break_(lake: Lake) -> None:
    """Make a version live that fails, and smoke-test the deployment.

    Raises:
        EdgeError: the account is not the local lake's (nothing was changed), or the smoke test did not fail.
    """
    only_the_local_lake(lake)
    names = lake.names
    furniture.versions_of_code(lake.clients, names)
    lake.clients.functions.update_alias(FunctionName=names.promote_function, Name=names.live_alias, FunctionVersion=BAD)
    lake.spoil(f"{names.promote_function}:{BAD}")
    given: dict[str, object] = {"pipeline": names.pipeline, "smoke": True, "promote": False}
    expect(run(lake, f"{SMOKE_PREFIX}function-{names.run_id(lake.clock.now())}", given), ALARM)
    alarm(lake, ALARM)


def repaired(lake: Lake) -> tuple[Check, ...]:
    """Read the lake: is the version before live again, does the smoke test succeed, and was nothing deleted?"""
    functions, name = lake.clients.functions, lake.names.promote_function
    if name not in {one["FunctionName"] for one in functions.list_functions()["Functions"]}:
        return (broken_first(),)
    live = _live(lake)
    versions = {one["Version"] for one in functions.list_versions_by_function(FunctionName=name)["Versions"]}
    return (
        Check(name="the version before is live", ok=live == GOOD, seen=f"version {live}"),
        Check(name="every version is kept", ok={GOOD, BAD} <= versions, seen=", ".join(sorted(versions))),
        smoke_succeeded(lake),
        pointed_at(lake, lake.seeded.latest_key.removesuffix("_LATEST.json"), lake.seeded.run_id),
        schedule_on(lake),
        *alarms_ok(lake, ALARM),
    )


def _live(lake: Lake) -> str:
    found = lake.clients.functions.get_alias(FunctionName=lake.names.promote_function, Name=lake.names.live_alias)
    return found["FunctionVersion"]


SCENARIO = Scenario(
    name="rollback-function",
    title="A new version of a function fails its smoke test",
    break_=break_,
    repaired=repaired,
    answered_by="rollback",
)
