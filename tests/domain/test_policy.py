"""Who may do what: verdicts on steps, places at the table, and admission."""

from datetime import timedelta

import pytest
from pydantic import BaseModel

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Action, Call, Catalogue
from bot.domain.people import Person
from bot.domain.policy import Decision, Policy, Role, admit, foreseen, missing, places, together, verdict
from bot.domain.runbook import Phase, Risk, Step
from bot.errors import NotAllowedError

POLICY = Policy(
    roles={name: Role(title=f"lake-{name}") for name in ("oncall", "platform", "domain", "team")},
    viewer="team",
    operator="oncall",
    on_call="oncall",
    change=("platform",),
    channels=("C1",),
)
ANA = Person(id="U1", team="T1", name="ana")


def step(**changes: object) -> Step:
    plain = Step(id="one", number=1, phase=Phase.MITIGATION, line=1, title="One", prose="", uses="s3.swap_json")
    return plain.model_copy(update=changes)


def test_a_read_runs_on_the_command() -> None:
    assert verdict(step(), [Risk.READ], POLICY).decision is Decision.ALLOW


def test_a_control_step_is_one_on_call_click_that_the_requester_may_give() -> None:
    judged = verdict(step(), [Risk.CONTROL], POLICY)

    assert (judged.decision, judged.needs, judged.requester_may) == (Decision.ASK, ("oncall",), True)


def test_the_policy_may_keep_on_call_from_confirming_their_own_isolated_execution() -> None:
    strict = POLICY.model_copy(update={"own_isolated": False})

    def own(policy: Policy, *, isolated: bool) -> bool:
        return verdict(step(), [Risk.CONTROL], policy, isolated=isolated).requester_may

    assert [own(POLICY, isolated=True), own(strict, isolated=True), own(strict, isolated=False)] == [True, False, True]


def test_what_is_announced_of_a_step_is_decided_by_its_calls_where_they_are_known_and_else_by_the_worst() -> None:
    strict = POLICY.model_copy(update={"own_isolated": False})
    rows = {name: CATALOGUE.rows[name] for name in ("states.start_isolated", "states.stop")}
    only = Action(id="run", title="Run", params=BaseModel, returns=BaseModel, rows=(*rows,), risk=Risk.CONTROL)
    catalogue = Catalogue(rows=rows, actions={"run": only})

    def may(*called: str) -> bool:
        calls = [Call(row=name, params={}, resource="r") for name in called]
        return foreseen(step(), only, catalogue, strict, calls=calls).requester_may

    assert [may(), may("states.start_isolated"), may("states.stop")] == [False, False, True]


def test_a_change_needs_the_named_roles_and_never_the_requester() -> None:
    judged = verdict(step(needs=("platform", "domain")), [Risk.READ, Risk.CHANGE], POLICY)

    assert (judged.needs, judged.requester_may) == (("platform", "domain"), False)


def test_a_change_that_names_nobody_falls_back_to_the_policys_roles() -> None:
    assert verdict(step(), [Risk.CHANGE], POLICY).needs == ("platform",)


def test_a_step_can_raise_its_risk_but_never_lower_it() -> None:
    raised = verdict(step(risk=Risk.CHANGE), [Risk.CONTROL], POLICY)
    lowered = verdict(step(risk=Risk.READ), [Risk.CHANGE], POLICY)

    assert (raised.risk, lowered.risk) == (Risk.CHANGE, Risk.CHANGE)


@pytest.mark.parametrize(
    ("risk", "runbook_asks", "needs"),
    [
        (Risk.CONTROL, (), ("oncall",)),
        (Risk.CONTROL, ("domain",), ("domain", "oncall")),
        (Risk.CHANGE, (), ("platform",)),
        (Risk.CHANGE, ("domain",), ("domain", "platform")),
        (Risk.CHANGE, ("platform", "platform"), ("platform", "platform")),
        (Risk.DESTRUCTIVE, ("domain",), ("domain", "platform", "platform")),
    ],
)
def test_an_added_step_needs_what_the_policy_asks_and_what_the_runbook_asks_and_never_its_author(
    risk: Risk, runbook_asks: tuple[str, ...], needs: tuple[str, ...]
) -> None:
    two = POLICY.model_copy(update={"destructive": ("platform", "platform")})

    judged = verdict(step(added=True, needs=runbook_asks), [risk], two)

    assert (tuple(sorted(judged.needs)), judged.requester_may) == (needs, False)


def test_a_destructive_step_is_not_offered_unless_the_policy_names_two_people() -> None:
    two = POLICY.model_copy(update={"destructive": ("platform", "platform")})

    assert verdict(step(), [Risk.DESTRUCTIVE], POLICY).decision is Decision.DENY
    assert verdict(step(), [Risk.DESTRUCTIVE], two).needs == ("platform", "platform")


@pytest.mark.parametrize(
    ("risk", "named", "needs"),
    [
        (Risk.CONTROL, ("team",), ("oncall", "team")),
        (Risk.CONTROL, ("platform",), ("platform",)),  # who may say yes to a change may to less
        (Risk.CHANGE, ("team",), ("platform", "team")),
        (Risk.CHANGE, ("oncall",), ("oncall", "platform")),
        (Risk.CHANGE, ("domain", "platform"), ("domain", "platform")),
        (Risk.DESTRUCTIVE, ("platform",), ("platform", "platform")),
        (Risk.DESTRUCTIVE, ("team", "team"), ("platform", "platform", "team", "team")),
        (Risk.DESTRUCTIVE, ("domain", "platform"), ("domain", "platform", "platform")),
        (Risk.DESTRUCTIVE, ("platform", "platform", "platform"), ("platform", "platform", "platform")),
    ],
)
def test_no_step_can_ask_others_instead_of_those_the_policy_asks(
    risk: Risk, named: tuple[str, ...], needs: tuple[str, ...]
) -> None:
    two = POLICY.model_copy(update={"destructive": ("platform", "platform")})

    judged = verdict(step(needs=named), [risk], two)

    assert (tuple(sorted(judged.needs)), judged.requester_may) == (needs, False)


def test_one_yes_to_several_steps_fills_the_places_of_each() -> None:
    lead, follower = step(needs=("platform", "team")), step(id="two", needs=("platform", "domain"))

    both = together([(one, verdict(one, [Risk.CHANGE], POLICY)) for one in (lead, follower)])

    assert sorted(both.needs) == ["domain", "platform", "team"]


def test_a_control_step_that_goes_with_a_change_brings_the_places_it_names_and_not_on_call() -> None:
    plain, named = step(id="two"), step(id="two", needs=("domain",))

    def asked(follower: Step) -> tuple[str, ...]:
        return together([(step(), change), (follower, verdict(follower, [Risk.CONTROL], POLICY))]).needs

    change = verdict(step(), [Risk.CHANGE], POLICY)
    assert (asked(plain), asked(named)) == (("platform",), ("platform", "domain"))


def test_the_requester_may_confirm_several_steps_only_where_they_may_confirm_each() -> None:
    mine, theirs = step(), step(id="two", needs=("oncall",))

    both = together([(one, verdict(one, [Risk.CONTROL], POLICY)) for one in (mine, theirs)])

    assert (both.needs, both.requester_may) == (("oncall",), False)


@pytest.mark.parametrize(
    ("needs", "named", "minutes"),
    [
        (("platform",), None, 15),
        (("platform", "domain"), None, 60),
        (("platform", "platform"), None, 60),
        (("platform", "domain"), timedelta(minutes=20), 20),
    ],
)
def test_a_request_that_two_must_answer_is_given_more_time_unless_its_step_says_how_much(
    needs: tuple[str, ...], named: timedelta | None, minutes: int
) -> None:
    judged = verdict(step(needs=needs, lifetime=named), [Risk.CHANGE], POLICY)

    assert judged.lifetime == timedelta(minutes=minutes)


def test_one_yes_to_several_steps_lives_as_long_as_the_shortest_of_them_says() -> None:
    short, two = step(lifetime=timedelta(minutes=5)), step(id="two", needs=("platform", "domain"))

    both = together([(one, verdict(one, [Risk.CHANGE], POLICY)) for one in (short, two)])

    assert both.lifetime == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("lead", "follower", "needs", "requester_may"),
    [
        ((Risk.CHANGE, ("platform",)), (Risk.CHANGE, ("domain",)), ("platform", "domain"), False),
        ((Risk.CHANGE, ("platform",)), (Risk.CHANGE, ("platform", "platform")), ("platform", "platform"), False),
        ((Risk.CHANGE, ("domain",)), (Risk.CHANGE, ()), ("domain", "platform"), False),
        ((Risk.CONTROL, ("domain", "domain")), (Risk.CHANGE, ("platform",)), ("platform", "domain", "domain"), False),
        ((Risk.CHANGE, ("platform",)), (Risk.CONTROL, ()), ("platform",), False),
        ((Risk.CONTROL, ()), (Risk.CONTROL, ("domain",)), ("oncall", "domain"), False),
        ((Risk.CONTROL, ()), (Risk.CONTROL, ()), ("oncall",), True),
        ((Risk.CONTROL, ()), (Risk.READ, ("domain",)), ("oncall",), True),
    ],
)
def test_one_yes_to_several_steps_needs_what_each_of_them_names(
    lead: tuple[Risk, tuple[str, ...]],
    follower: tuple[Risk, tuple[str, ...]],
    needs: tuple[str, ...],
    requester_may: bool,
) -> None:
    steps = [(step(needs=named), risk) for risk, named in (lead, follower)]

    judged = together([(one, verdict(one, [risk], POLICY)) for one, risk in steps])

    assert (sorted(judged.needs), judged.requester_may) == (sorted(needs), requester_may)


def test_one_step_that_is_never_offered_denies_all_that_one_yes_would_cover() -> None:
    steps = [(step(), Risk.CHANGE), (step(), Risk.DESTRUCTIVE)]

    judged = together([(one, verdict(one, [risk], POLICY)) for one, risk in steps])

    assert judged.decision is Decision.DENY


def test_a_request_lives_an_hour_at_most() -> None:
    assert verdict(step(lifetime=timedelta(hours=9)), [Risk.CHANGE], POLICY).lifetime == timedelta(minutes=60)


def test_one_person_in_two_roles_fills_one_place() -> None:
    seated = places(("platform", "domain"), {"U1": frozenset({"platform", "domain"})})

    assert len(seated) == 1
    assert len(missing(("platform", "domain"), {"U1": frozenset({"platform", "domain"})})) == 1


def test_somebody_with_two_roles_moves_over_for_somebody_with_one() -> None:
    seated = places(
        ("platform", "domain"),
        {"U1": frozenset({"platform", "domain"}), "U2": frozenset({"platform"})},
    )

    assert seated == {"U1": "domain", "U2": "platform"}


def test_two_places_of_one_role_need_two_people() -> None:
    one = {"U1": frozenset({"platform"})}

    assert missing(("platform", "platform"), one) == ("platform",)
    assert missing(("platform", "platform"), {**one, "U2": frozenset({"platform"})}) == ()


@pytest.mark.parametrize("flag", ["is_bot", "is_guest", "is_stranger"])
def test_guests_bots_and_strangers_see_nothing_whatever_role_they_hold(flag: str) -> None:
    somebody = ANA.model_copy(update={flag: True})

    with pytest.raises(NotAllowedError, match="Guests, bots and people from other workspaces"):
        admit(somebody, frozenset({"team", "oncall"}), policy=POLICY, channel="C1", starts=False)


def test_nothing_is_told_in_a_channel_without_an_environment() -> None:
    with pytest.raises(NotAllowedError, match="not bound"):
        admit(ANA, frozenset({"team"}), policy=POLICY, channel="C9", starts=False)


def test_where_no_channel_is_bound_nothing_is_told_anywhere() -> None:
    with pytest.raises(NotAllowedError, match="not bound"):
        admit(ANA, frozenset({"team"}), policy=POLICY.model_copy(update={"channels": ()}), channel="C1", starts=False)


def test_a_viewer_may_look_but_not_start() -> None:
    admit(ANA, frozenset({"team"}), policy=POLICY, channel="C1", starts=False)

    with pytest.raises(NotAllowedError, match="lake-oncall"):
        admit(ANA, frozenset({"team"}), policy=POLICY, channel="C1", starts=True)
