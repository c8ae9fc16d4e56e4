"""What a step's calls would carry is refused by `check` where the file alone shows that they never may."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.actions.catalogue import CATALOGUE
from bot.authoring.binding import refused
from bot.authoring.checking import check_files
from bot.domain.action import Action, Call, Catalogue, Look, Occasion, OneOf, Platform, Proposal, Row
from bot.domain.runbook import Phase, Risk, Runbook, Step
from bot.domain.value import JsonObject
from tests.authoring.made import LAKE, TEXT, book
from tests.domain.test_denies import ANCHORED, HOSTILE

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
ATTACKS = {
    "code": ("key: control/circuit_breaker/${inputs.pipeline}.json", "key: etl/transaction_etl.py", "no control doc"),
    "an access point of another account": (
        "bucket: ${platform.artifacts_bucket}",
        "bucket: arn:aws:s3:eu-west-1:999999999999:accesspoint/x",
        "s3.get_breaker does not admit this value of Bucket",
    ),
    "a machine of somebody else": ("machine: ${platform.machine}", "machine: somebody_elses", "value of stateMachine"),
    "a schedule of somebody else": (
        "rule: ${platform.daily_rule}",
        "rule: theirs",
        "admit this value of Name: 'theirs",
    ),
    "a bucket of the lake in the wrong place": (
        "bucket: ${platform.artifacts_bucket}",
        "bucket: ${platform.bronze_bucket}",
        "s3.get_breaker does not admit this value of Bucket",
    ),
    "a probe that promotes": ("promote: false", "promote: true", "states.start does not admit this value of input"),
    "a state there is not": (
        "state: HALF_OPEN",
        "state: WIDE_OPEN",
        "s3.put_breaker does not admit this value of Body",
    ),
}


@pytest.mark.parametrize("platform", [None, LAKE], ids=["without bot.toml", "with bot.toml"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_value_that_no_row_admits_is_refused_with_its_line(
    tmp_path: Path, attack: str, platform: Platform | None
) -> None:
    old, new, words = ATTACKS[attack]
    assert old in TEXT
    text = TEXT.replace(old, new)
    path = tmp_path / "circuit-breaker.md"
    path.write_text(text, encoding="utf-8")

    found = [one for one in check_files([path], platform=platform) if words in one.words]

    lines = text.split("\n")
    assert found, attack
    assert all(one.severity == "error" and "with:" in lines[one.line - 1] for one in found), found


@pytest.mark.parametrize("path", [one for one in sorted(RUNBOOKS.glob("*.md")) if one.name != "TEMPLATE.md"])
def test_nothing_of_a_shipped_runbook_is_refused(path: Path) -> None:
    found = [one for one in check_files([path]) if "leads nowhere" not in one.words]

    assert found == []


def test_a_name_that_bot_toml_lists_may_stand_as_it_is() -> None:
    written = book(("rule: ${platform.daily_rule}", "rule: daily_etl_schedule"))

    assert refused(written, CATALOGUE, LAKE) == ()
    assert refused(written, CATALOGUE, None) != ()


def test_what_only_a_run_can_know_is_not_guessed_at() -> None:
    assert refused(book(("machine: ${platform.machine}", "machine: ${inputs.pipeline}")), CATALOGUE, LAKE) == ()


class Given(BaseModel):
    """Whatever the file says."""

    params: dict[str, Any]


def careless(row: Row, params: Mapping[str, Any]) -> tuple[Runbook, Catalogue]:
    """Return a step that makes a hostile call, by a row whose author let it pass."""
    lax = row.model_copy(update={"allows": {name: OneOf(values=(value,)) for name, value in params.items()}})

    def propose(look: Look, given: Given, _occasion: Occasion) -> Proposal:
        calls: tuple[Call, ...] = (look.call(row.id, **given.params),)
        return Proposal(calls=calls, seen={}, effect="", changes="")

    action = Action(
        id="careless.call",
        title="Careless",
        params=Given,
        returns=Given,
        rows=(row.id,),
        risk=Risk.CHANGE,
        propose=propose,
    )
    with_: JsonObject = {"params": dict(params)}
    step = Step(id="one", number=1, phase=Phase.MITIGATION, line=7, title="", prose="", uses=action.id, with_=with_)
    runbook = book().model_copy(update={"steps": (step,)})
    return runbook, Catalogue(rows={row.id: lax}, actions={action.id: action})


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_what_is_never_done_is_refused_by_check_even_where_a_row_lets_it_pass(what: str) -> None:
    runbook, catalogue = careless(*HOSTILE[what])

    found = refused(runbook, catalogue, ANCHORED)

    assert [one.line for one in found] == [7]
    assert "is never done so" in found[0].words
