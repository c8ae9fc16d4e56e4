"""After three faults in a row a neighbour is left alone for a minute; then exactly one caller tries."""

import pytest

from bot.assistant.breaker import Breaker
from bot.errors import UnavailableError
from tests.assistant.scripted import Seconds


@pytest.fixture
def seconds() -> Seconds:
    return Seconds(at=100.0)


@pytest.fixture
def breaker(seconds: Seconds) -> Breaker:
    return Breaker(now=seconds)


def passes(breaker: Breaker) -> bool:
    try:
        breaker.enter()
    except UnavailableError:
        return False
    return True


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.fault()


def test_two_faults_and_an_answer_leave_it_closed(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.enter()
    breaker.good()
    fail(breaker, 2)

    assert passes(breaker)


def test_while_one_tries_again_the_others_are_sent_away(breaker: Breaker, seconds: Seconds) -> None:
    fail(breaker, 3)
    seconds.at += 60

    assert [passes(breaker) for _ in range(3)] == [True, False, False]
    with pytest.raises(UnavailableError, match="but for one trial under way"):
        breaker.enter()


def test_a_trial_that_never_reached_the_neighbour_lets_the_next_one_try(breaker: Breaker, seconds: Seconds) -> None:
    fail(breaker, 3)
    seconds.at += 60
    breaker.enter()

    breaker.neither()

    assert passes(breaker)


def test_a_trial_that_fails_opens_it_for_another_minute(breaker: Breaker, seconds: Seconds) -> None:
    fail(breaker, 3)
    seconds.at += 60
    fail(breaker, 1)
    seconds.at += 59

    assert not passes(breaker)
    seconds.at += 1
    assert passes(breaker)


def test_a_late_answer_of_an_earlier_call_closes_it(breaker: Breaker) -> None:
    fail(breaker, 3)

    breaker.good()

    assert passes(breaker)
