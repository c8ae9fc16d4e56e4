"""Functions: which version is live, make another one live, what the gate's own function says of a run."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.gate import Gate, judged
from bot.actions.lake import NameRun
from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Call, Look, Occasion, Proposal
from bot.domain.runbook import Risk
from bot.domain.strictjson import canonical
from bot.domain.value import JsonObject
from bot.errors import InvalidError

ALIAS = "live"
_METRICS = ("input_rows", "quarantined_rows", "condemned_rows", "quarantine_rate")


class NameFunction(Params):
    """Name a function."""

    function: str


class LiveVersion(Returns):
    """Say which version of a function is live; without that alias only `found` is there.

    Attributes:
        also: other versions that get a part of the calls, as of a deployment that goes step by step.
    """

    found: bool
    version: str = ""
    revision: str = ""
    also: list[str] = []


def alias(look: Look, params: NameFunction, _now: datetime) -> JsonObject:
    """Return which version of a function is live."""
    return _alias(look, params.function)


def _alias(look: Look, function: str) -> JsonObject:
    answer = look("lambda.alias", FunctionName=function)
    if answer.get("found") is False:
        return {"found": False}
    weights = object_of(object_of(answer.get("RoutingConfig")).get("AdditionalVersionWeights"))
    live: JsonObject = {"version": answer["FunctionVersion"], "revision": answer.get("RevisionId") or ""}
    return {"found": True, **live, "also": [*sorted(weights)]}


class SetVersion(NameFunction):
    """Name the version that shall be live.

    Attributes:
        replaces: the version that is live, where it is known from an earlier step; with any other nothing is changed.
            An undo names the one its run made live.
    """

    version: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}$")]
    replaces: str = ""


def propose_alias(look: Look, params: SetVersion, _occasion: Occasion) -> Proposal:
    """Propose to make a version live, if the one that is live is still the one that was seen."""
    live = _alias(look, params.function)
    if not live["found"]:
        raise InvalidError(f"{params.function} has no alias {ALIAS!r}, so nothing can be switched.")
    also = ", ".join(str(one) for one in live["also"]) if isinstance(live["also"], list) else ""
    seen: JsonObject = {"version": live["version"], "revision": live["revision"], **({"also": also} if also else {})}
    if live["version"] == params.version and not also:
        words = f"Version {params.version} of {params.function} is live already."
        return Proposal(calls=(), seen=seen, effect=words, changes="nothing", already=True)
    if params.replaces and live["version"] != params.replaces:
        raise InvalidError(
            f"Somebody made version {live['version']} of {params.function} live since; it was {params.replaces}. "
            "Nothing was changed."
        )
    # An alias keeps its weights unless they are taken away: part of the calls would go on to the other version.
    alone: JsonObject = {"RoutingConfig": {"AdditionalVersionWeights": {}}} if also else {}
    call = look.call(
        "lambda.update_alias",
        FunctionName=params.function,
        FunctionVersion=params.version,
        RevisionId=live["revision"],
        **alone,
    )
    return Proposal(
        calls=(call,),
        seen=seen,
        effect=f"Makes version {params.version} of {params.function} live; the next call runs it.",
        changes=f"live: {live['version']}{f', in part {also}' if also else ''} -> {params.version}",
        untouched="Every version's code, calls that run now.",
    )


def observe_alias(look: Look, params: SetVersion, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return which version is live."""
    return _alias(look, params.function)


def settle_alias(look: Look, call: Call) -> JsonObject | None:
    """Return the answer the switch would have had, if that version is live."""
    live = _alias(look, str(call.params["FunctionName"]))
    if not live["found"] or live["version"] != call.params["FunctionVersion"] or live["also"]:
        return None
    return {"FunctionVersion": live["version"], "RevisionId": live["revision"]}


class AskGate(NameRun):
    """Name the run, and the gate's function (`gate_function` of the platform)."""

    function: str


def gate(look: Look, params: AskGate, _now: datetime) -> JsonObject:
    """Return what the gate's function says of a run, judged by the same rule as the run's own marker."""
    table, _, rest = params.partition.partition("year=")
    payload: JsonObject = {
        "silver_bucket": params.bucket,
        "silver_prefix": table,
        "run_key": params.run_id,
        "schema_version": rest.rsplit("schema_v=", 1)[-1].rstrip("/"),
    }
    answer = look("lambda.gate", FunctionName=params.function, Payload=canonical(payload).decode())
    if answer.get("found") is False or answer.get("FunctionError"):
        return judged(params.run_id, None)
    said = object_of(answer.get("Payload"))
    metrics = {name: said[name] for name in _METRICS if said.get(name) is not None}
    return judged(params.run_id, {**said, "metrics": metrics})


ACTIONS = (
    Action(
        id="lambda.alias",
        title="See which version of a function is live",
        params=NameFunction,
        returns=LiveVersion,
        rows=("lambda.alias",),
        read=alias,
    ),
    Action(
        id="lambda.set_version",
        title="Make another version of a function live",
        params=SetVersion,
        returns=LiveVersion,
        rows=("lambda.alias", "lambda.update_alias"),
        risk=Risk.CHANGE,
        propose=propose_alias,
        observe=observe_alias,
        settle=settle_alias,
    ),
    Action(
        id="lambda.gate",
        title="Ask the gate's own function what it says of a run",
        params=AskGate,
        returns=Gate,
        rows=("lambda.gate",),
        read=gate,
        local=False,
    ),
)
