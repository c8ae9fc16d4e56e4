"""What a yes binds, and whose yes counts."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action import Call
from bot.domain.approval import (
    Approval,
    ApprovalState,
    Binding,
    BoundCall,
    Vote,
    cast,
    difference,
    end,
    insist,
    still_eligible,
    who_may,
)
from bot.domain.people import Person, Place
from bot.domain.value import JsonValue
from bot.errors import NotAllowedError, WorldChangedError

NOW = datetime(2026, 1, 21, 3, 0, tzinfo=UTC)
ANA = Person(id="U1", team="T1", name="ana")
BO = Person(id="U2", team="T1", name="bo")
CY = Person(id="U3", team="T1", name="cy")
CARD = (Place(team="T1", channel="C1", ts="1.1"), 1)
PLATFORM = frozenset({"platform"})


def bound(**changes: object) -> BoundCall:
    call = Call(row="s3.put_breaker", params={"Bucket": "b", "Body": "{}"}, resource="s3://b/k")
    plain = BoundCall(
        step="half_open",
        item=0,
        index=0,
        call=call,
        row_version=1,
        host="s3.example",
        seen={"etag": "1"},
        when="true",
        expect="output.ok",
        undo="reopen",
        effect="Half-open.",
        changes="OPEN to HALF_OPEN",
        untouched="data",
    )
    return plain.model_copy(update=changes)


def binding(**changes: object) -> Binding:
    plain = Binding(
        installation="i1",
        run=1,
        team="T1",
        channel="C1",
        step="half_open",
        request=1,
        authors=("U1",),
        snapshot="a" * 64,
        library="a" * 64,
        account="1" * 12,
        role="arn:aws:iam::111111111111:role/bot",
        risk="change",
        needs=("platform",),
        requester_may=False,
        lifetime_s=900,
        verification=("output.ok",),
        calls=(bound(),),
        expires="2026-01-21T03:15:00+00:00",
        nonce="n",
    )
    return plain.model_copy(update=changes)


def approval(**changes: object) -> Approval:
    plain = Approval(
        id=9,
        run=1,
        step="half_open",
        request=1,
        binding=binding(),
        digest=binding().digest(),
        candidates={"platform": ("U1", "U2", "U3"), "domain": ("U2",)},
        asked_by="U1",
        asked_at=NOW,
        expires=NOW + timedelta(minutes=15),
        environment="PROD",
    )
    return plain.model_copy(update=changes)


def yes(asked: Approval, by: Person, **changes: object) -> Approval:
    given_: dict[str, object] = {"roles": PLATFORM, "shown": CARD, "clicked": CARD, "now": NOW, **changes}
    return cast(asked, by=by, **given_)  # type: ignore[arg-type] # the changes are the test's own


def test_the_last_yes_needed_approves() -> None:
    assert yes(approval(), BO).state is ApprovalState.APPROVED


def test_nobody_may_approve_their_own_request() -> None:
    with pytest.raises(NotAllowedError, match="you asked for this change yourself") as refused:
        yes(approval(), ANA)

    assert "<@U2>, <@U3>" in refused.value.words


def test_a_control_request_may_be_confirmed_by_its_requester() -> None:
    own = approval(binding=binding(requester_may=True))

    assert yes(own, ANA).state is ApprovalState.APPROVED


def test_somebody_outside_the_role_is_refused_and_told_who_can() -> None:
    with pytest.raises(NotAllowedError, match=r"you are not in platform \(checked just now\)"):
        yes(approval(), Person(id="U9", team="T1", name="eve"), roles=frozenset())


def test_somebody_who_joined_the_group_after_the_ask_is_refused() -> None:
    with pytest.raises(NotAllowedError, match="joined the group after"):
        yes(approval(), Person(id="U9", team="T1", name="eve"))


def test_somebody_who_left_the_group_since_the_ask_is_refused() -> None:
    with pytest.raises(NotAllowedError, match="not in platform"):
        yes(approval(), BO, roles=frozenset())


@pytest.mark.parametrize("flag", ["is_bot", "is_guest", "is_stranger"])
def test_guests_bots_and_strangers_can_never_approve(flag: str) -> None:
    with pytest.raises(NotAllowedError, match="can never approve"):
        yes(approval(), BO.model_copy(update={flag: True}))


def test_a_click_after_expiry_is_refused() -> None:
    with pytest.raises(NotAllowedError, match="expired"):
        yes(approval(), BO, now=NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    "clicked",
    [
        (Place(team="T2", channel="C1", ts="1.1"), 1),
        (Place(team="T1", channel="C2", ts="1.1"), 1),
        (Place(team="T1", channel="C1", ts="9.9"), 1),
        (Place(team="T1", channel="C1", ts="1.1"), 2),
    ],
)
def test_a_click_replayed_on_another_surface_or_edition_is_refused(clicked: tuple[Place, int]) -> None:
    with pytest.raises(NotAllowedError, match="not on the request as it stands"):
        yes(approval(), BO, clicked=clicked)


def test_a_click_on_a_card_that_shows_an_older_edition_than_is_signed_now_is_refused() -> None:
    with pytest.raises(NotAllowedError, match="not on the request as it stands"):
        yes(approval(edition=2), BO)


def test_two_roles_need_two_people_even_if_one_person_has_both() -> None:
    both = approval(binding=binding(needs=("platform", "domain")))

    once = yes(both, BO, roles=frozenset({"platform", "domain"}))

    assert once.state is ApprovalState.PENDING
    with pytest.raises(NotAllowedError, match="approved this already"):
        yes(once, BO, roles=frozenset({"platform", "domain"}))


def test_a_second_yes_after_the_vote_is_complete_changes_nothing() -> None:
    done = yes(approval(), BO)

    with pytest.raises(NotAllowedError, match="Already approved by bo; your click changed nothing"):
        yes(done, CY)


def test_an_ended_request_says_how_it_ended() -> None:
    over = end(approval(), ApprovalState.VOID, by="bot", why="state OPEN to CLOSED", now=NOW)

    with pytest.raises(NotAllowedError, match="void: state OPEN to CLOSED"):
        yes(over, BO)


def test_who_may_leaves_out_authors_and_those_who_said_yes() -> None:
    vote = Vote(person="U2", name="bo", role="platform", at=NOW)
    two = approval(binding=binding(needs=("platform", "platform")), votes=(vote,))

    assert who_may(two) == "<@U3>"


def test_somebody_who_left_between_the_vote_and_the_call_no_longer_counts() -> None:
    voted = yes(approval(), BO)

    assert still_eligible(voted, {"U2": frozenset({"platform"})}) is None
    assert still_eligible(voted, {"U2": frozenset()}) == "bo is no longer in platform"


MUTATIONS: list[tuple[str, Binding]] = [
    ("form", binding(form="approval/v2")),
    ("installation", binding(installation="i2")),
    ("run", binding(run=2)),
    ("team", binding(team="T2")),
    ("channel", binding(channel="C2")),
    ("step", binding(step="close")),
    ("request", binding(request=2)),
    ("authors", binding(authors=("U1", "U2"))),
    ("snapshot", binding(snapshot="b" * 64)),
    ("library", binding(library="b" * 64)),
    ("account", binding(account="2" * 12)),
    ("role", binding(role="arn:aws:iam::111111111111:role/other")),
    ("risk", binding(risk="control")),
    ("needs", binding(needs=("oncall",))),
    ("requester_may", binding(requester_may=True)),
    ("lifetime_s", binding(lifetime_s=901)),
    ("verification", binding(verification=("true",))),
    ("expires", binding(expires="2026-01-21T04:15:00+00:00")),
    ("nonce", binding(nonce="m")),
    ("calls", binding(calls=(bound(), bound(index=1)))),
    ("reason", binding(reason="another")),
    ("reason_by", binding(reason_by="U2")),
    ("calls[0].step", binding(calls=(bound(step="probe"),))),
    ("calls[0].item", binding(calls=(bound(item=1),))),
    ("calls[0].index", binding(calls=(bound(index=1),))),
    (
        "calls[0].call.params.Body",
        binding(calls=(bound(call=Call(row="s3.put_breaker", params={"Bucket": "x"}, resource="s3://b/k")),)),
    ),
    ("calls[0].row_version", binding(calls=(bound(row_version=2),))),
    ("calls[0].host", binding(calls=(bound(host="evil.example"),))),
    ("calls[0].seen.etag", binding(calls=(bound(seen={"etag": "2"}),))),
    ("calls[0].after", binding(calls=(bound(after=0),))),
    ("calls[0].when", binding(calls=(bound(when="false"),))),
    ("calls[0].expect", binding(calls=(bound(expect="true"),))),
    ("calls[0].undo", binding(calls=(bound(undo=None),))),
    ("calls[0].effect", binding(calls=(bound(effect="Nothing."),))),
    ("calls[0].changes", binding(calls=(bound(changes=""),))),
    ("calls[0].untouched", binding(calls=(bound(untouched="everything"),))),
]


@pytest.mark.parametrize(("field", "mutated"), MUTATIONS, ids=[field for field, _ in MUTATIONS])
def test_any_other_field_gives_another_digest_and_is_named(field: str, mutated: Binding) -> None:
    assert mutated.digest() != binding().digest()
    found = difference(binding(), mutated)
    assert found is not None
    assert found[0] == field


def test_every_field_of_the_binding_is_covered_by_a_mutation() -> None:
    named = {field.split(".")[1] if field.startswith("calls[") else field for field, _ in MUTATIONS}
    named |= {"calls"}

    assert set(Binding.model_fields) <= named
    assert set(BoundCall.model_fields) <= named


def test_a_difference_voids_and_names_what_it_was_and_is() -> None:
    with pytest.raises(WorldChangedError, match="asked: etag was '1', is now '2'"):
        insist(binding(), binding(calls=(bound(seen={"etag": "2"}),)))


def test_of_several_differences_the_one_that_was_seen_is_named_down_to_its_leaf() -> None:
    was = bound(seen={"body": {"state": "OPEN", "by": "etl"}, "etag": "1"})
    now = bound(
        seen={"body": {"state": "CLOSED", "by": "etl"}, "etag": "2"},
        call=Call(row="s3.put_breaker", params={"Bucket": "b", "Body": "other"}, resource="s3://b/k"),
    )

    assert difference(binding(calls=(was,)), binding(calls=(now,))) == ("calls[0].seen.body.state", "OPEN", "CLOSED")


def test_calls_that_were_made_already_are_not_held_against_the_world() -> None:
    two = binding(calls=(bound(), bound(index=1)))
    moved = binding(calls=(bound(seen={"etag": "2"}), bound(index=1)))

    insist(two, moved, first=1)


def test_what_is_owed_stays_authorised_though_authors_and_runbook_changed() -> None:
    later = binding(authors=("U1", "U2"), library="b" * 64)

    insist(binding(), later, owed=True)
    with pytest.raises(WorldChangedError):
        insist(binding(), later)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def digest_with(value: JsonValue) -> str:
    return bound(call=Call(row="r", params={"P": value}, resource="x")).digest()


@given(json_values, json_values)
def test_two_calls_share_a_digest_only_if_they_are_the_same(one: JsonValue, other: JsonValue) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (digest_with(one) == digest_with(other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), ("1", 1), (1.0, {"$float": "0x1.0000000000000p+0"}), ({"$a": 1}, {"$$a": 1}), ([], {})],
)
def test_values_that_look_alike_do_not_share_a_digest(one: JsonValue, other: JsonValue) -> None:
    assert digest_with(one) != digest_with(other)


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0, False), ([1], [True]), ({"a": 0}, {"a": 0.0})])
def test_what_would_not_be_signed_alike_is_a_difference(one: JsonValue, other: JsonValue) -> None:
    seen = [binding(calls=(bound(seen={"P": value}),)) for value in (one, other)]
    sent = [binding(calls=(bound(call=Call(row="r", params={"P": v}, resource="x")),)) for v in (one, other)]

    assert difference(*seen) is not None
    assert difference(*sent) is not None


def test_a_request_that_an_older_bot_kept_is_read_without_what_it_no_longer_has() -> None:
    kept = approval().model_dump(mode="json")
    older = {**kept, "reason": "because", "binding": without_the_new(kept["binding"])}

    read = Approval.model_validate_json(json.dumps(older))

    assert (read.binding.reason, read.glass) == ("", None)
    assert read == approval()


def without_the_new(bound: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: one for name, one in bound.items() if name not in {"reason", "reason_by"}}
