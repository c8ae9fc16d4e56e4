"""Sentences are heard as soon as they are whole, whatever the pieces, and never twice."""

import json

import pytest

from bot.assistant.hearing import Hearing

FIRST = {"text": 'The "breaker" is OPEN {so} [far].', "kind": "observed", "evidence": ["E1"], "quote": ""}
SECOND = {"text": "É \\ é\n}", "kind": "inferred", "evidence": ["E1", "E2"], "quote": "x"}
WHOLE = json.dumps({"note": "claims: [", "claims": [FIRST, SECOND], "more": {"claims": [{"text": "no"}]}})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 24, 1_000])
def test_every_sentence_is_heard_once_in_pieces_of_any_size(size: int) -> None:
    hearing = Hearing()

    heard = [one for at in range(0, len(WHOLE), size) for one in hearing.hear(WHOLE[at : at + size])]

    assert heard == [FIRST, SECOND]
    assert hearing.text == WHOLE


def test_a_sentence_is_heard_with_its_last_character() -> None:
    hearing = Hearing()
    first = WHOLE.index("}, {") + 1

    assert hearing.hear(WHOLE[: first - 1]) == []
    assert hearing.hear(WHOLE[first - 1 : first]) == [FIRST]


@pytest.mark.parametrize(
    "text", ["", "[", "claims", '{"claims": "yes"}', '{"claims": [1, 2]}', '{"claims": [{"a": ', "}" * 99]
)
def test_what_is_no_list_of_sentences_is_heard_as_nothing(text: str) -> None:
    hearing = Hearing()

    assert [one for letter in text for one in hearing.hear(letter)] == []


def test_more_than_is_read_is_noticed() -> None:
    hearing = Hearing()
    hearing.hear("x" * 70_000)

    assert hearing.too_long
