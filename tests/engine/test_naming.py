import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.naming import Turn, read

WORDS = st.text(st.characters(exclude_characters="#/"), min_size=1)


@given(installation=WORDS, work=WORDS, number=st.integers(0, 10**6))
def test_every_workflow_id_reads_back_as_the_turn_it_names(installation: str, work: str, number: int) -> None:
    turn = Turn(installation=installation, work=work, number=number)

    assert read(turn.workflow_id, installation=installation) == turn


def test_later_turns_of_another_work_never_share_the_prefix() -> None:
    segment = Turn(installation="here", work="segment:42:3")
    other = Turn(installation="here", work="segment:42:30", number=2)

    assert not other.workflow_id.startswith(segment.later_prefix)


@pytest.mark.parametrize(
    "workflow_id",
    [
        "there/inbox:1",
        "inbox:1",
        "here",
        "here/",
        "here/#2",
        "here/inbox:1#",
        "here/inbox:1#0",
        "here/a#²",
        "",
    ],
)
def test_what_this_installation_did_not_write_is_not_read(workflow_id: str) -> None:
    assert read(workflow_id, installation="here") is None


@pytest.mark.parametrize(("installation", "work"), [("here", "inbox#1"), ("here", ""), ("he/re", "inbox:1"), ("", "x")])
def test_a_name_that_could_be_read_two_ways_is_refused(installation: str, work: str) -> None:
    with pytest.raises(ValueError, match="without"):
        Turn(installation=installation, work=work)
