from datetime import UTC, datetime

import pytest

from bot.domain.action import (
    Action,
    Allowed,
    AnyOf,
    Call,
    Catalogue,
    Document,
    Each,
    Fields,
    Fixed,
    Looking,
    Match,
    Named,
    Occasion,
    OneOf,
    Platform,
    Row,
    Text,
    Whole,
    bind,
    shown,
)
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import InvalidError, NotFoundError

PLATFORM = Platform(
    name="PROD",
    account="123456789012",
    account_name="lake-prod",
    region="eu-west-1",
    resources={"bucket": "lake.artifacts", "machines": ("etl", "probe"), "empty": ()},
)
NUMBER = Document(fields={"n": Whole(least=0, most=9)}, required=("n",))

ADMITTED: list[tuple[Allowed, JsonValue]] = [
    (Match(pattern="<bucket>"), "lake.artifacts"),
    (Match(pattern="<machines>-[0-9]"), "probe-7"),
    (Match(pattern="<account>/<region>"), "123456789012/eu-west-1"),
    (Fixed(value="<account>"), "123456789012"),
    (Named(prefix="arn:<region>:", of=Match(pattern="<machines>")), "arn:eu-west-1:etl"),
    (Whole(least=1, most=5), 5),
    (Text(most=3), "äöü"),
    (OneOf(values=(False, "x")), False),
    (NUMBER, '{"n": 7}'),
    (Each(of=Whole(least=1, most=5), most=2), [1, 5]),
    (Fields(fields={"a": Text(most=1), "b": Text(most=1)}, required=("a",)), {"a": "x"}),
    (AnyOf(of=(OneOf(values=(None,)), Text(most=1))), None),
]
REFUSED: list[tuple[Allowed, JsonValue]] = [
    (Match(pattern="<bucket>"), "lakeXartifacts"),
    (Match(pattern="<bucket>"), "lake.artifacts\n"),
    (Match(pattern="<bucket>"), " lake.artifacts"),
    (Match(pattern="<bucket>"), "l\u0430ke.artifacts"),
    (Match(pattern=r"\d+"), "\uff17"),
    (Match(pattern=r"\w+"), "\u00e4"),
    (Match(pattern=".*"), 7),
    (Match(pattern=".*"), None),
    (Match(pattern="etl|probe"), "etlprobe"),
    (Match(pattern="<empty>"), "anything"),
    (Fixed(value="<account>"), "999999999999"),
    (Fixed(value="<account>"), 123456789012),
    (Named(prefix="arn:<region>:", of=Match(pattern="<machines>")), "arn:us-east-1:etl"),
    (Named(prefix="arn:<region>:", of=Match(pattern="<machines>")), "etl"),
    (Whole(least=1, most=5), 0),
    (Whole(least=1, most=5), True),
    (Whole(least=1, most=5), 1.0),
    (Whole(least=1, most=5), "1"),
    (Text(most=3), "äöüß"),
    (Text(most=3), 1),
    (OneOf(values=(False,)), 0),
    (OneOf(values=(False,)), "false"),
    (OneOf(values=(False,)), None),
    (OneOf(values=(1,)), True),
    (NUMBER, "{}"),
    (NUMBER, '{"n": 7, "m": 1}'),
    (NUMBER, '{"n": 7, "n": 8}'),
    (NUMBER, '{"n": "7"}'),
    (NUMBER, {"n": 7}),
    (NUMBER, "not json"),
    (Each(of=Whole(least=1, most=5), most=2), [1, 2, 3]),
    (Each(of=Whole(least=1, most=5), most=2), [9]),
    (Each(of=Whole(least=1, most=5), most=2), 1),
    (Fields(fields={"a": Text(most=1)}, required=("a",)), {}),
    (Fields(fields={"a": Text(most=1)}), {"b": "x"}),
    (Fields(fields={"a": Text(most=1)}), '{"a": "x"}'),
    (AnyOf(of=(OneOf(values=(None,)), Text(most=1))), "xx"),
]


@pytest.mark.parametrize(("allowed", "value"), ADMITTED)
def test_what_fits_is_admitted(allowed: Allowed, value: JsonValue) -> None:
    assert allowed.admits(value, PLATFORM)


@pytest.mark.parametrize(("allowed", "value"), REFUSED)
def test_what_only_nearly_fits_is_refused(allowed: Allowed, value: JsonValue) -> None:
    assert not allowed.admits(value, PLATFORM)


def test_a_platform_without_the_entry_is_told_to_add_it() -> None:
    with pytest.raises(InvalidError, match=r"bot\.toml"):
        Match(pattern="<queues>").admits("x", PLATFORM)


ROW = Row(
    id="x.stop",
    service="x",
    operation="stop",
    title="Stop",
    allows={
        "machine": Named(prefix="arn:<region>:<account>:", of=Match(pattern="<machines>")),
        "owner": Fixed(value="<account>"),
        "count": Whole(least=1, most=9),
    },
    required=("machine", "owner"),
    resource="{machine}",
    risk=Risk.CONTROL,
)
WHOLE: JsonObject = {"owner": "123456789012", "machine": "arn:eu-west-1:123456789012:etl"}


def test_binding_fills_in_what_the_platform_fixes_and_writes_names_out() -> None:
    assert bind(ROW, {"machine": "etl"}, PLATFORM) == Call(
        row="x.stop", params=WHOLE, resource="arn:eu-west-1:123456789012:etl"
    )


def test_binding_a_bound_call_changes_nothing() -> None:
    call = bind(ROW, {"machine": "etl", "count": 3}, PLATFORM)

    assert bind(ROW, call.params, PLATFORM) == call


def test_binding_leaves_what_it_was_given_alone() -> None:
    given: JsonObject = {"machine": "etl"}

    bind(ROW, given, PLATFORM)

    assert given == {"machine": "etl"}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "needs machine"),
        ({"machine": "etl", "force": True}, "may not carry the parameter force"),
        ({"machine": "payroll"}, "does not admit this value of machine: 'payroll'"),
        ({"machine": "etl", "owner": "999999999999"}, "owner"),
        ({"machine": "etl", "count": None}, "count"),
    ],
)
def test_a_call_that_the_row_does_not_admit_is_refused_by_name(params: JsonObject, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        bind(ROW, params, PLATFORM)


def test_what_is_shown_of_a_value_is_short_ascii() -> None:
    assert shown("l\u0430ke\u200b") == "'l\\u0430ke\\u200b'"
    assert len(shown("x" * 10_240)) < 130


def test_a_token_is_of_one_occasion_alone() -> None:
    occasion = Occasion(installation="i", run=1, step="a")
    others = [
        occasion.model_copy(update=update)
        for update in ({"installation": "j"}, {"run": 2}, {"step": "b"}, {"item": 1}, {"request": 2})
    ]

    assert occasion.token() == Occasion(installation="i", run=1, step="a").token()
    assert len({occasion.token(), *(other.token() for other in others)}) == 6
    assert len(occasion.token(32)) == 32


class Nothing(Value):
    """Take nothing."""


def looks(_look: object, _params: object, _now: datetime) -> JsonObject:
    return {}


CATALOGUE = Catalogue(
    rows={"x.stop": ROW, "x.see": ROW.model_copy(update={"id": "x.see", "risk": Risk.READ})},
    actions={"x.look": Action(id="x.look", title="Look", params=Nothing, returns=Nothing, rows=("x.see",), read=looks)},
)


def test_a_name_the_catalogue_lacks_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean 'x\.look'"):
        CATALOGUE.action("x.lok")
    with pytest.raises(NotFoundError, match="runbook-bot actions"):
        CATALOGUE.action("rm -rf")
    with pytest.raises(NotFoundError, match="no catalogue row"):
        CATALOGUE.row("x.nope")


def test_the_risk_of_calls_is_the_highest_of_their_rows() -> None:
    see, stop = (Call(row=row, params={}, resource="") for row in ("x.see", "x.stop"))

    assert CATALOGUE.risk([]) is Risk.READ
    assert CATALOGUE.risk([see]) is Risk.READ
    assert CATALOGUE.risk([see, stop, see]) is Risk.CONTROL


def test_looking_binds_before_it_performs() -> None:
    performed: list[Call] = []

    def perform(call: Call) -> JsonObject:
        performed.append(call)
        return {"found": True}

    looking = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=perform)
    with pytest.raises(InvalidError):
        looking("x.see", machine="payroll")
    assert performed == []

    assert looking("x.see", machine="etl") == {"found": True}
    assert performed == [looking.call("x.see", machine="etl")]
    assert performed[0].params == WHOLE
    assert looks(looking, Nothing(), datetime(2026, 1, 21, tzinfo=UTC)) == {}
