"""The runbooks as they are shipped: they read and check without a word, and every value they build is admitted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import PLATFORM_KEYS
from bot.domain.checking import check_library, check_runbook
from bot.domain.expression import compile_expression, first_given, resolve
from bot.domain.policy import Policy, Role
from bot.domain.reading import read_runbook
from bot.domain.runbook import Runbook, Status
from bot.domain.value import JsonObject, JsonValue

FOLDER = Path(__file__).parents[2] / "runbooks"
FILES = sorted(FOLDER.glob("*.md"))
KNOWN = frozenset(f"runbooks/{file.name}" for file in FILES)
TEMPLATE = "TEMPLATE.md"
DEMO = Policy(
    roles={name: Role(title=name) for name in ("oncall", "platform", "domain", "quality", "team")},
    viewer="team",
    operator="team",
    on_call="oncall",
    change=("platform",),
    destructive=("platform", "platform"),
)


def load(name: str, path: str | None = None) -> Runbook:
    reading = read_runbook((FOLDER / name).read_text("utf-8"), path or f"runbooks/{name}")
    assert reading.problems == (), [str(problem) for problem in reading.problems]
    assert reading.runbook is not None
    return reading.runbook


@pytest.mark.parametrize("name", [file.name for file in FILES if file.name != TEMPLATE])
def test_a_shipped_runbook_reads_and_checks_without_a_problem(name: str) -> None:
    found = check_runbook(load(name), CATALOGUE, PLATFORM_KEYS, KNOWN, policy=DEMO)

    assert found == (), [str(problem) for problem in found]


def test_the_template_is_a_runbook_once_it_has_a_name_of_its_own() -> None:
    runbook = load(TEMPLATE, "runbooks/my-runbook.md")

    found = check_runbook(runbook, CATALOGUE, PLATFORM_KEYS, KNOWN)

    assert found == (), [str(problem) for problem in found]
    assert runbook.status is Status.DRAFT


def test_no_two_shipped_runbooks_claim_one_alarm() -> None:
    assert check_library(load(file.name) for file in FILES if file.name != TEMPLATE) == ()


# -- the circuit breaker, walked with what its steps would find


OPEN: JsonObject = {
    "pipeline": "transactions",
    "state": "OPEN",
    "opened_at": "2026-01-21T02:07:32Z",
    "error_type": "CURRENCY_ERROR",
    "count": 101,
    "window_s": 3600,
    "threshold": 100,
    "run_id": "20260121T020000Z",
    "changed_by": "etl run 20260121T020000Z",
    "reason": "101 CURRENCY_ERROR in 3600 s",
}
CLOSED: JsonObject = {
    **OPEN,
    "state": "CLOSED",
    "opened_at": None,
    "error_type": None,
    "count": 0,
    "run_id": None,
    "changed_by": "seed",
    "reason": None,
}
FILE = "bronze/mortgages/transactions/ingest_date=2026-01-21/f-0193.csv.gz"
OTHER = "bronze/mortgages/transactions/ingest_date=2026-01-21/f-0192.csv.gz"
PROBE: JsonObject = {
    "name": "cb-probe-0123456789ab",
    "arn": "arn:aws:states:eu-west-1:123456789012:execution:etl_orchestration:cb-probe-0123456789ab",
    "status": "SUCCEEDED",
    "error": "",
    "cause": "",
    "started": "2026-01-21T02:20:00Z",
    "stopped": "2026-01-21T02:21:00Z",
}


def document(body: JsonObject, **changes: JsonValue) -> JsonObject:
    return {"found": True, "etag": '"e"', "version_id": "v", "modified": "m", "body": {**body, **changes}}


def listed(*keys: str) -> JsonObject:
    objects: list[JsonValue] = [{"key": key, "size": 1, "etag": '"e"', "modified": "m"} for key in keys]
    return {"count": len(keys), "complete": True, "objects": objects}


def counted(field: str, **counts: int) -> JsonObject:
    groups: list[JsonValue] = [
        {"key": {field: key.replace("_dash_", "-")}, "count": count, "first": "f", "last": "l"}
        for key, count in counts.items()
    ]
    top: JsonValue = {field: next(iter(counts)).replace("_dash_", "-")} if counts else {}
    lines = sum(counts.values())
    return {"lines": lines, "read": lines, "not_json": 0, "complete": True, "groups": groups, "top": top}


def found_when_open() -> dict[str, JsonObject]:
    """Return what each step would yield on a night with one bad file, the probe clean."""
    return {
        "breaker": document(OPEN),
        "pointer": listed("silver/x/_LATEST.json"),
        "schedule": {"found": True, "state": "ENABLED", "schedule": "cron(0 2 * * ? *)"},
        "errors": counted("error_type", CURRENCY_ERROR=101, NULL_VALUE_ERROR=2),
        "rate": {"points": 2, "latest": 0, "max": 101, "min": 0, "sum": 101.0, "values": []},
        "files": counted("source_file_id", f_dash_0193=101),
        "raw": listed(FILE),
        "other_files": listed(OTHER),
        "running": {"count": 1, "executions": [{"name": "n", "arn": str(PROBE["arn"]), "started": "s"}]},
        "pause": {"state": "DISABLED"},
        "stop_running": {"status": "ABORTED"},
        "half_open": {"etag": '"e"', "version_id": "v", "body": {**OPEN, "state": "HALF_OPEN"}},
        "probe": PROBE,
        "close": {"etag": '"e"', "version_id": "v", "body": {**OPEN, "state": "CLOSED"}},
        "resume": {"state": "ENABLED"},
        "breaker_closed": document(OPEN, state="CLOSED", changed_by="R-42"),
        "probe_clean": counted("error_type", NULL_VALUE_ERROR=1, none=9),
        "schedule_on": {"found": True, "state": "ENABLED", "schedule": ""},
        "pointer_unchanged": listed("silver/x/_LATEST.json"),
        "watch": {"points": 12, "latest": 0, "max": 0, "min": 0, "sum": 0, "values": []},
        "alarm_ok": {"found": True, "state": "OK", "reason": "", "since": "", "metric": "", "namespace": ""},
    }


class Walk:
    """Go through a runbook the way a run does, and keep what every step was given and said."""

    def __init__(self, runbook: Runbook, found: dict[str, JsonObject], *, alarm: JsonObject | None = None) -> None:
        self.runbook = runbook
        self.found = found
        self.given: dict[str, Any] = {}
        self.said: dict[str, JsonValue] = {}
        self.failed: list[str] = []
        self.scope: dict[str, JsonValue] = {
            "inputs": {"pipeline": "transactions"},
            "steps": {},
            "platform": {
                "name": "PROD", "account": "123456789012", "region": "eu-west-1", "namespace": "DataLake/ETL",
                "bronze_bucket": "lake-bronze", "silver_bucket": "lake-silver", "artifacts_bucket": "lake-artifacts",
                "quarantine_bucket": "lake-quarantine", "log_groups": ["/lake/etl/transactions"], "rules": ["daily"],
                "daily_rule": "daily", "machine": "etl_orchestration", "machines": ["etl_orchestration"],
                "pipelines": ["transactions"],
            },
            "alarm": alarm or {},
            "incident": {},
            "run": {"id": 42, "label": "R-42", "started": "2026-01-21T02:10:00+00:00", "requester": "U1"},
            "item": None,
        }  # fmt: skip

    def forward(self) -> "Walk":
        """Walk until the end, or until something that is no check fails."""
        for step in self.runbook.forward:
            if step.when is not None and not compile_expression(step.when).truth(self.scope):
                continue
            if step.id == "resume" and "pause" not in self.given:
                continue
            for name, value in self.asked(step.id):
                self.scope["inputs"] = {**self.inputs, name: value}
            self.do(step.id)
            if step.id in self.failed and step.phase == "mitigation":
                break
        return self

    @property
    def inputs(self) -> JsonObject:
        inputs = self.scope["inputs"]
        assert isinstance(inputs, dict)
        return inputs

    def asked(self, step: str) -> Iterator[tuple[str, JsonValue]]:
        for parameter in self.runbook.parameters:
            if parameter.asked_by == step:
                value = first_given(parameter.sources, self.scope)
                choices = compile_expression(parameter.choices).value(self.scope) if parameter.choices else None
                yield parameter.name, value or (choices[0] if isinstance(choices, list) else "currency fixed")

    def do(self, step_id: str) -> None:
        step = self.runbook.step(step_id)
        action = CATALOGUE.action(step.uses or "")
        items = compile_expression(step.for_each).value(self.scope) if step.for_each else [None]
        assert isinstance(items, list)
        for item in items:
            given = resolve(step.with_, {**self.scope, "item": item})
            self.given[step_id] = action.params.model_validate(given)
        assert "${" not in f"{resolve(step.effect or '', self.scope)}{resolve(step.untouched or '', self.scope)}"
        output = self.found[step_id]
        action.returns.model_validate(output)
        own = {**self.scope, "output": output}
        wanted = [text for text in (step.until and step.until.expression, step.expect) if text]
        if not all(compile_expression(text).truth(own) for text in wanted):
            self.failed.append(step_id)
        else:
            self.said[step_id] = resolve(step.says, own) if step.says else ""
        steps = self.scope["steps"]
        assert isinstance(steps, dict)
        self.scope["steps"] = {**steps, step_id: {"output": output, "state": "done"}}


def walk(found: dict[str, JsonObject], *, alarm: JsonObject | None = None) -> Walk:
    return Walk(load("circuit-breaker.md"), found, alarm=alarm).forward()


def test_an_open_breaker_is_repaired_step_by_step() -> None:
    done = walk(found_when_open(), alarm={"name": "CircuitBreakerOpen", "dimensions": {"Pipeline": "transactions"}})

    assert done.failed == []
    assert list(done.given) == [
        "breaker", "pointer", "schedule", "errors", "rate", "files", "raw", "running", "pause", "stop_running",
        "half_open", "probe", "close", "resume", "breaker_closed", "probe_clean", "schedule_on", "pointer_unchanged",
        "watch", "alarm_ok",
    ]  # fmt: skip
    assert done.given["breaker"].key == "control/circuit_breaker/transactions.json"
    assert done.given["pointer"].prefix == "silver/mortgages/transactions/year=2026/month=01/"
    assert done.given["errors"].since == "2026-01-21T01:07:32Z"
    assert done.given["raw"].name == "/f-0193."
    assert done.given["probe"].input == {
        "pipeline": "transactions", "raw_bucket": "lake-bronze", "raw_key": FILE, "promote": False,
    }  # fmt: skip
    assert [source.key for source in done.given["probe"].sources] == [FILE]
    assert done.given["close"].change == {"state": "CLOSED", "reason": "probe cb-probe-0123456789ab SUCCEEDED"}
    assert done.given["probe_clean"].where == {"run_id": "cb-probe-0123456789ab"}


def test_what_the_steps_found_is_said_in_a_few_words() -> None:
    said = walk(found_when_open()).said

    assert said["breaker"] == "breaker OPEN since 2026-01-21T02:07:32Z (CURRENCY_ERROR)"
    assert said["errors"] == "101 of 103 errors are CURRENCY_ERROR"
    assert said["rate"] == "101 counted by CloudWatch"
    assert said["files"] == "101 of 101 name f-0193, no other file"
    assert said["probe_clean"] == "probe SUCCEEDED, 0 CURRENCY_ERROR in 10 lines"
    assert said["watch"] == "at most 0 CURRENCY_ERROR in five minutes, for one hour"


def test_a_closed_breaker_leaves_everything_as_it_is() -> None:
    found = {**found_when_open(), "breaker": document(CLOSED), "breaker_closed": document(CLOSED)}

    done = walk(found)

    assert list(done.given) == [
        "breaker", "pointer", "schedule", "errors", "breaker_closed", "schedule_on", "pointer_unchanged",
    ]  # fmt: skip
    assert done.failed == []
    assert done.said["breaker"] == "breaker CLOSED: nothing to clear"
    assert done.given["errors"].since == "2026-01-21T01:10:00Z"


def test_a_breaker_left_half_open_is_taken_over() -> None:
    done = walk({**found_when_open(), "breaker": document(OPEN, state="HALF_OPEN")})

    assert done.failed == []
    assert {"half_open", "probe", "close"} <= set(done.given)


@pytest.mark.parametrize("changes", [{"error_type": None}, {"opened_at": None}])
def test_a_breaker_file_that_does_not_say_why_stops_the_run_at_once(changes: dict[str, JsonValue]) -> None:
    done = walk({**found_when_open(), "breaker": document(OPEN, **changes)})

    assert done.failed == ["breaker"]
    assert list(done.given) == ["breaker"]


def test_a_file_sent_twice_gives_a_choice() -> None:
    done = Walk(load("circuit-breaker.md"), {**found_when_open(), "raw": listed(FILE, OTHER)})
    file = next(parameter for parameter in done.runbook.parameters if parameter.name == "probe_file")

    done.forward()

    assert first_given(file.sources, done.scope) is None
    assert compile_expression(file.choices or "").value(done.scope) == [FILE, OTHER]


def test_a_file_that_is_not_in_bronze_leads_to_the_others() -> None:
    done = walk({**found_when_open(), "raw": listed()})

    assert done.given["other_files"].name == ".csv"
    assert done.given["other_files"].prefix.endswith("/ingest_date=2026-01-21")
    assert done.given["probe"].input["raw_key"] == OTHER


def test_a_file_of_the_old_year_is_found_in_the_new_one() -> None:
    done = walk({**found_when_open(), "breaker": document(OPEN, opened_at="2025-12-31T23:50:00Z")})

    assert done.given["raw"].prefix.endswith("/ingest_date=2025-")


def test_errors_that_name_no_file_lead_to_a_choice_of_that_day_s() -> None:
    done = walk({**found_when_open(), "files": counted("source_file_id")})

    assert done.given["raw"].name == ".csv"
    assert done.given["raw"].prefix.endswith("/ingest_date=2026-01-21")
    assert done.said["files"] == "no line names a file"


def test_without_any_file_nothing_is_half_opened_and_the_run_does_not_call_it_repaired() -> None:
    found = {**found_when_open(), "raw": listed(), "other_files": listed(), "breaker_closed": document(OPEN)}

    done = walk(found)

    assert not {"half_open", "probe", "close"} & set(done.given)
    assert "resume" in done.given
    assert done.failed == ["breaker_closed"]


def test_a_failed_probe_stops_before_the_breaker_is_closed() -> None:
    done = walk({**found_when_open(), "probe": {**PROBE, "status": "FAILED"}})

    assert done.failed == ["probe"]
    assert "close" not in done.given


CHECKS: list[tuple[str, JsonObject]] = [
    ("breaker_closed", document(OPEN)),
    ("breaker_closed", document(OPEN, state="CLOSED", changed_by="somebody")),
    ("probe_clean", counted("error_type")),
    ("probe_clean", counted("error_type", CURRENCY_ERROR=1, none=9)),
    ("probe_clean", {**counted("error_type", none=9), "complete": False}),
    ("schedule_on", {"found": True, "state": "DISABLED", "schedule": ""}),
    ("pointer_unchanged", listed("silver/x/_LATEST.json", "silver/y/_LATEST.json")),
    ("pointer_unchanged", {**listed("silver/x/_LATEST.json"), "complete": False}),
    ("watch", {"points": 0, "values": []}),
    ("watch", {"points": 12, "latest": 0, "max": 101, "min": 0, "sum": 101, "values": []}),
    ("alarm_ok", {"found": True, "state": "ALARM", "reason": "", "since": "", "metric": "", "namespace": ""}),
    ("alarm_ok", {"found": False}),
]


@pytest.mark.parametrize(("check", "seen"), CHECKS)
def test_each_check_can_fail(check: str, seen: JsonObject) -> None:
    assert walk({**found_when_open(), check: seen}).failed == [check]


def test_a_schedule_that_was_paused_before_may_stay_paused() -> None:
    paused: JsonObject = {"found": True, "state": "DISABLED", "schedule": ""}

    assert walk({**found_when_open(), "schedule": paused, "schedule_on": paused}).failed == []


def test_undo_writes_open_with_who_took_it_back() -> None:
    done = walk({**found_when_open(), "reopen": {"etag": '"e"', "version_id": "v", "body": OPEN}})

    done.do("reopen")

    assert done.failed == []
    assert done.given["reopen"].change == {"state": "OPEN", "reason": "taken back by R-42"}
    assert "reopen" not in [step.id for step in done.runbook.forward]


HOSTILE = ["' || true || '", "${1 + 1}", '"}', "a|b", "\u202e", "x" * 300]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_id_in_a_log_line_stays_a_name_that_finds_nothing(name: str) -> None:
    groups: list[JsonValue] = [{"key": {"source_file_id": name}, "count": 1, "first": "f", "last": "l"}]
    top: JsonObject = {"source_file_id": name}
    files: JsonObject = {**counted("source_file_id"), "lines": 1, "top": top, "groups": groups}

    done = walk({**found_when_open(), "files": files})

    assert done.given["raw"].name == f"/{name}."
    assert done.failed == []
