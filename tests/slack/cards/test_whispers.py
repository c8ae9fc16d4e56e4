from pathlib import Path

import pytest

from bot.domain.reading import read_runbook
from bot.domain.runbook import Phase
from bot.domain.value import JsonObject
from bot.slack.cards.blocks import characters
from bot.slack.cards.whispers import Whisper, whisper
from tests.slack.cards.samples import RUNBOOKS, stage


def listed(count: int) -> list[JsonObject]:
    shelves = ("Incident response", "Troubleshooting", "Production operations")
    return [
        {"id": f"runbook-{one}", "title": f"Runbook {one}", "category": shelves[one % 3], "status": "active"}
        for one in range(count)
    ]


def text_of(items: list[JsonObject]) -> str:
    shown = whisper(Whisper(payload={"what": "runbooks", "items": [*items]}, stage=stage(), ids="w"))
    assert characters(shown.blocks) <= 2_500
    return str(shown.blocks)


def test_every_runbook_that_is_shipped_is_listed() -> None:
    read = [read_runbook(path.read_text(encoding="utf-8"), path.name).runbook for path in RUNBOOKS.glob("[a-z]*.md")]
    items: list[JsonObject] = [
        {"id": one.id, "title": one.title, "category": one.category, "status": "active", "summary": one.summary}
        for one in read
        if one is not None
    ]

    told = text_of(items)

    assert len(items) == 9
    assert [one["id"] for one in items if str(one["id"]) not in told] == []


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("[a-z]*.md")), ids=lambda path: path.stem)
def test_a_plan_leaves_no_step_out_however_many_there_are(path: Path) -> None:
    runbook = read_runbook(path.read_text(encoding="utf-8"), path.name).runbook
    assert runbook is not None
    steps: list[JsonObject] = [
        {
            "number": one.number,
            "title": one.title,
            "phase": one.phase.value,
            "status": "known later",
            "words": "known after what is not known yet " * 8,
            **({"risk": "change", "needs": ["platform"]} if place % 4 == 0 else {}),
        }
        for place, one in enumerate(runbook.forward)
    ]
    plan: JsonObject = {"runbook": runbook.id, "title": runbook.title, "steps": [*steps]}

    shown = whisper(Whisper(payload={"what": "plan", "plan": plan}, stage=stage(), ids="w"))

    assert characters(shown.blocks) <= 2_500
    walked = [one for one in runbook.forward if one.phase is Phase.MITIGATION]
    assert [one.number for one in walked if f"· {one.number} " not in str(shown.blocks)] == []


@pytest.mark.parametrize(("count", "left"), [(10, ""), (36, ""), (200, "164 more: `/runbook search WORDS`")])
def test_a_longer_shelf_is_named_by_category_and_what_is_left_out_is_counted(count: int, left: str) -> None:
    told = text_of(listed(count))

    assert told.count("`runbook-") == min(count, 36)
    assert "*Troubleshooting*" in told
    assert left in told
    assert ("more:" in told) == bool(left)
