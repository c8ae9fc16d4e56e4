"""A rehearsal of the shipped runbook: with names of the lake, or with none."""

from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.authoring.house import DEFAULT_POLICY
from bot.authoring.previewing import Preview
from bot.authoring.rehearsing import Rehearsal, unknown_platform
from bot.authoring.sheet import Sheet
from bot.authoring.symbols import Symbols
from bot.domain.action import PLATFORM_KEYS, Platform
from bot.domain.policy import Policy
from bot.domain.reading import read_runbook
from bot.domain.reasons import asking_why
from bot.domain.runbook import Runbook

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
TEXT = (RUNBOOKS / "circuit-breaker.md").read_text(encoding="utf-8")
LAKE = Platform(
    name="PROD",
    account="123456789012",
    account_name="lake-prod",
    region="eu-west-1",
    resources={
        "bronze_bucket": "lake-bronze",
        "silver_bucket": "lake-silver",
        "quarantine_bucket": "lake-quarantine",
        "artifacts_bucket": "lake-artifacts",
        "log_groups": ("/lake/etl/transactions",),
        "machines": ("etl_orchestration",),
        "machine": "etl_orchestration",
        "rules": ("daily_etl_schedule",),
        "daily_rule": "daily_etl_schedule",
        "namespace": "DataLake/ETL",
        "pipelines": ("transactions",),
    },
)


def book(*changes: tuple[str, str], name: str = "circuit-breaker") -> Runbook:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    found = read_runbook(text, f"runbooks/{name}.md")
    assert found.runbook is not None, [str(problem) for problem in found.problems]
    return found.runbook


def rehearsal(runbook: Runbook, platform: Platform | None) -> Rehearsal:
    symbols = Symbols()
    return Rehearsal(
        catalogue=CATALOGUE,
        platform=platform or unknown_platform(PLATFORM_KEYS, symbols),
        symbols=symbols,
        steps={step.id: step for step in runbook.steps},
        titles={one.name: one.title for one in runbook.parameters},
    )


def sheet(*changes: tuple[str, str], platform: Platform | None = LAKE, policy: Policy = DEFAULT_POLICY) -> str:
    runbook = book(*changes)
    return "\n".join(Sheet(runbook, rehearsal(runbook, platform), policy).lines())


def preview(
    *changes: tuple[str, str],
    name: str = "circuit-breaker",
    platform: Platform | None = LAKE,
    policy: Policy = DEFAULT_POLICY,
) -> str:
    runbook = asking_why(book(*changes, name=name), CATALOGUE)
    return "\n".join(Preview(runbook, rehearsal(runbook, platform), policy).lines())


def part(text: str, begins: str) -> str:
    """Return the part about one step."""
    at = text.index(f"\n{begins}")
    return text[at : text.find("\n\n", at + 1)]
