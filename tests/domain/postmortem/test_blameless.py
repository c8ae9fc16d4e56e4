import pytest

from bot.domain.postmortem.blameless import COUNT, blaming

BLAMING = [
    "The outage was due to human error.",
    "An operator error led to the halt.",
    "It was a careless change.",
    "The negligent deployment",
    "This was a stupid mistake.",
    "Ana should have checked the file.",
    "It could have easily prevented this.",
    "They ought to have known.",
    "Obviously the file was bad.",
    "If only the alarm had been read.",
    "The engineer failed to notice the alarm.",
    "She forgot to resume the schedule.",
    "The team ignored the warning.",
    "@bo broke the pipeline.",
    "He mistakenly approved it.",
    "The developer made a mistake.",
    "The operator didn't read the card.",
    "The author was wrong.",
    "It was their fault.",
    "A fat-finger of the prefix",
    "They did not follow the runbook.",
    "A violation of the process",
    "Due to poor judgment",
    "We need to be more careful.",
    "Action: retrain the team.",
    "The person was at fault.",
    "Sloppy review",
    "Nobody was paying; inattention cost an hour.",
    "They accidentally deleted it.",
    "Somebody overlooked the line.",
]
FINE = [
    "The load failed to write its marker.",
    "The alarm should fire within a minute.",
    "R-42 ended not repaired: its verification failed.",
    "Q-9 was approved by @bo at 02:16.",
    "Ana approved the half-open step after reading the card.",
]


@pytest.mark.parametrize("text", BLAMING)
def test_words_that_point_at_a_person_are_found_with_a_rewrite(text: str) -> None:
    found = blaming(text)

    assert found
    assert all(text[one.place : one.place + len(one.words)] == one.words and one.rewrite for one in found)


@pytest.mark.parametrize("text", FINE)
def test_words_about_systems_and_decisions_are_left_alone(text: str) -> None:
    assert blaming(text) == ()


def test_there_are_about_thirty_patterns() -> None:
    assert 28 <= COUNT <= 40
