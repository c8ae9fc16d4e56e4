"""Where an added step stands, and the runbook read with it."""

from datetime import UTC, datetime

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.adding import following, follows, insist_literal, judged_by
from bot.domain.people import Place
from bot.domain.run import Added, AddedStep, Run, RunState, advance
from bot.domain.runbook import Phase, Risk, Runbook, Status, Step
from bot.domain.value import JsonObject
from bot.errors import InvalidError, RequestError

NOW = datetime(2026, 1, 21, 3, 0, tzinfo=UTC)


def step(name: str, number: int, **changes: object) -> Step:
    plain = Step(id=name, number=number, phase=Phase.MITIGATION, line=1, title=name, prose="", uses="s3.swap_json")
    return plain.model_copy(update=changes)


BOOK = Runbook(
    id="book",
    title="Book",
    category="x",
    owner="platform",
    status=Status.ACTIVE,
    path="book.md",
    sha256="a" * 64,
    steps=(
        step("half_open", 1, needs=("platform",)),
        step("probe", 2, uses="stepfunctions.run", approved_with="half_open"),
        step("close", 3, needs=("platform", "domain")),
        step("checked", 1, phase=Phase.VERIFICATION, uses="s3.read_json"),
    ),
)


def run(**changes: object) -> Run:
    plain = Run(
        id=42,
        runbook="book",
        title="Book",
        snapshot="a" * 64,
        environment="PROD",
        place=Place(team="T1", channel="C1"),
        inputs={},
        requester="U1",
        authors=("U1",),
        path=tuple(one.id for one in BOOK.steps),
        started=NOW,
        touched=NOW,
    )
    return plain.model_copy(update=changes)


def an_added(number: int, after: str, **changes: object) -> AddedStep:
    plain = AddedStep(
        id=f"added_{number}",
        number=3 + number,
        after=after,
        uses="s3.read_json",
        title="Read",
        params={},
        risk=Risk.READ,
        by="U2",
        at=NOW,
        proposal=f"assist:57:{number}",
    )
    return plain.model_copy(update=changes)


@pytest.mark.parametrize(("at", "after"), [(0, "probe"), (1, "probe"), (2, "close")])
def test_it_stands_behind_what_is_under_way_and_all_that_one_yes_covers_with_it(at: int, after: str) -> None:
    assert follows(run(at=at), BOOK) == after


def test_a_second_one_stands_behind_the_first() -> None:
    once = advance(run(), Added(step=an_added(1, "probe")), now=NOW)

    last = follows(once, following(BOOK, once))
    twice = advance(once, Added(step=an_added(2, last)), now=NOW)

    assert last == "added_1"
    assert twice.path == ("half_open", "probe", "added_1", "added_2", "close", "checked")
    assert [one.id for one in following(BOOK, twice).steps] == list(twice.path)
    assert twice.authors == ("U1", "U2")


@pytest.mark.parametrize(
    "changes",
    [
        {"at": 3},
        {"at": 4},
        {"state": RunState.STOPPED},
        {"stopping": True},
        {"undoing": ("close",)},
        {"added": tuple(an_added(number, "probe") for number in range(10))},
    ],
    ids=str,
)
def test_a_run_past_its_mitigation_takes_none(changes: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        follows(run(**changes), BOOK)


def test_it_is_judged_by_the_most_that_the_runbook_asks_for_its_action_and_for_what_leads_it() -> None:
    assert judged_by(CATALOGUE.action("s3.swap_json"), BOOK) == (Risk.CHANGE, ("domain", "platform"))
    assert judged_by(CATALOGUE.action("stepfunctions.run"), BOOK)[1] == ("platform",)
    assert judged_by(CATALOGUE.action("events.rule"), BOOK) == (Risk.READ, ())


@pytest.mark.parametrize(
    "params",
    [{"key": "${x}"}, {"key": "a${x}b"}, {"a": {"b": ["${x}"]}}, {"a": {"${x}": 1}}, {"${x}": 1}, {"a": "${"}],
)
def test_an_expression_is_nowhere_a_value(params: JsonObject) -> None:
    with pytest.raises(InvalidError, match="never an expression"):
        insist_literal(params)


def test_the_runbook_of_a_run_without_added_steps_is_the_very_same() -> None:
    assert following(BOOK, run()) is BOOK
