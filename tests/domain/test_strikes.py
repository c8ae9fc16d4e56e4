from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.claims import Claim
from bot.domain.reasons import MOST_REASON
from bot.domain.strikes import Strike, by_claim, claim_id, reasoned, seen_in, taken_back, unstruck
from bot.errors import RequestError
from tests.domain.attacks import ATTACKS, Attack

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OPEN = "The breaker of transactions is OPEN."


def a_strike(number: int = 1, text: str = OPEN, **changes: object) -> Strike:
    made = Strike(
        id=number,
        claim=claim_id(text),
        text=text,
        about="INC-7",
        message="assist:57",
        channel="C0ETL",
        by="U0BO",
        name="bo",
        at=NOON,
        reason="it was closed",
    )
    return made.model_copy(update=changes)


@pytest.mark.parametrize(
    "text",
    [
        "the breaker of transactions is open",
        "The  breaker of `transactions` is **OPEN**!",
        "Breaker of the transactions is OPEN.",
        "The breaker of transac\u200btions is OPEN.",
        "The breaker of “transactions” is OPEN.",
    ],
)
def test_the_same_words_are_the_same_sentence(text: str) -> None:
    assert claim_id(text) == claim_id(OPEN)


@pytest.mark.parametrize(
    "text",
    [
        "The breaker of transactions was OPEN.",
        "The breaker of transactions is not OPEN.",
        "The breaker of transactions is CLOSED.",
        "The breaker of accounts is OPEN.",
        "OPEN is the breaker of transactions.",
        "The breaker of transa\u0441tions is OPEN.",
        "The rate is < 5 %.",
        "",
    ],
)
def test_other_words_are_another_sentence(text: str) -> None:
    assert claim_id(text) != claim_id(OPEN)


def test_what_is_less_is_not_what_is_more() -> None:
    assert len({claim_id(f"The rate is {sign}5 %.") for sign in ("< ", "> ", "-", "")}) == 4


@given(st.text(max_size=400))
def test_every_text_has_an_id_of_one_shape(text: str) -> None:
    known = claim_id(text)

    assert len(known) == 16
    assert int(known, 16) >= 0


def test_of_two_strikes_of_one_sentence_the_first_counts_and_none_that_was_taken_back() -> None:
    over = taken_back(a_strike(1), by="U0CY", name="cy", now=NOON)

    assert by_claim([a_strike(3), over, a_strike(2)]) == {claim_id(OPEN): a_strike(2)}


def test_a_strike_is_taken_back_once() -> None:
    over = taken_back(a_strike(), by="U0CY", name="cy", now=NOON)

    assert (over.open, over.undone_by, over.undone_at) == (False, "U0CY", NOON)
    with pytest.raises(RequestError, match="@cy took the strike of “The breaker of transactions is OPEN"):
        taken_back(over, by="U0ANA", name="ana", now=NOON)


def test_a_reason_is_shown_where_it_was_given_and_nowhere_else() -> None:
    assert seen_in("C0ETL", a_strike()).said == "struck by @bo: it was closed"
    assert seen_in("C0OTHER", a_strike()).said == "struck by @bo"


def test_what_was_struck_is_left_out_and_the_rest_stays_in_its_order() -> None:
    claims = (Claim(text="One."), Claim(text="THE ONE"), Claim(text="Two."))

    assert unstruck(claims, ["one"]) == (Claim(text="Two."),)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.tries.replace(" ", "-"))
def test_a_reason_is_one_clean_line(attack: Attack) -> None:
    said = reasoned(attack.text)

    assert len(said) <= MOST_REASON
    assert said.splitlines() in ([said], [])
    harmless = {"<!channel>", "<@U0BO>", "<https://evil.example", "<script>", "<img"}  # made so where it is written
    assert [bad for bad in attack.must_not if bad in said and bad not in harmless] == []


def test_a_sentence_is_the_same_one_whatever_number_a_person_in_it_bears() -> None:
    ids = {claim_id(f"The mail to {name} failed.") for name in ("[email#1]", "[email#7]", "[email]")}

    assert len(ids) == 1
