import pytest

from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence
from bot.domain.postmortem.comparing import Fate, borne, compare
from bot.domain.postmortem.markdown import read, written
from tests.domain.postmortem.inc7 import document


def judge(claim: Claim, evidence: Evidence) -> str:
    return "E3 says 612." if "613" in claim.text else ""


def fates(before: str, after: str) -> dict[Fate, list[str]]:
    text = written(document())
    assert before in text
    found: dict[Fate, list[str]] = {}
    for one in compare(document(), read(text.replace(before, after, 1)), judge=judge, editor="@dee"):
        found.setdefault(one.fate, []).append(one.claim.text)
    return found


def test_an_untouched_text_is_unchanged_in_every_sentence() -> None:
    found = fates("DRAFT", "DRAFT")

    assert list(found) == [Fate.UNCHANGED]
    assert len(found[Fate.UNCHANGED]) == 10


def test_a_reworded_sentence_is_held_to_its_evidence() -> None:
    found = fates("The nightly load stopped itself on", "The nightly load halted itself because of")

    assert found[Fate.SUPPORTED] == ["The nightly load halted itself because of bad currency values."]
    assert Fate.REMOVED not in found


def test_a_sentence_against_its_evidence_is_contradicted() -> None:
    found = fates("612 of 10,000 rows went", "613 of 10,000 rows went")

    assert found[Fate.CONTRADICTED] == ["613 of 10,000 rows went to quarantine."]


def test_a_persons_new_sentence_stays_under_their_name() -> None:
    prompt = "_For people: what helped, and should be kept?_"
    text = written(document()).replace(prompt, "- The runbook was open already.")

    (one,) = [c for c in compare(document(), read(text), judge=judge, editor="@dee") if c.fate is Fate.STATED]

    assert (one.claim.text, one.claim.by) == ("The runbook was open already.", "@dee")


def test_without_an_editor_a_new_sentence_is_unsourced() -> None:
    text = written(document()).replace("_For people: what helped, and should be kept?_", "It just worked.")

    found = [one.fate for one in compare(document(), read(text), judge=judge)]

    assert found.count(Fate.UNSOURCED) == 1


def test_a_removed_sentence_is_said() -> None:
    found = fates("- 612 of 10,000 rows went to quarantine. [E3]\n", "")

    assert found[Fate.REMOVED] == ["612 of 10,000 rows went to quarantine."]


def test_a_reworded_sentence_without_its_marks_is_the_editors() -> None:
    found = fates("612 of 10,000 rows went to quarantine. [E3]", "About 600 rows went to quarantine.")

    assert found[Fate.STATED] == ["About 600 rows went to quarantine."]


@pytest.mark.parametrize(
    ("text", "ids", "words"),
    [
        ("612 of 10,000 rows are in quarantine.", ("E3",), ""),
        ("640 of 10,000 rows are in quarantine.", ("E3",), "640"),
        ("612 of 10,000 rows are in quarantine.", ("E99",), "E99"),
    ],
)
def test_a_sentence_is_borne_by_its_evidence_or_the_reason_is_said(text: str, ids: tuple[str, ...], words: str) -> None:
    why = borne(Claim(text=text, evidence=ids, kind=Kind.OBSERVED), document().evidence)

    assert bool(why) == bool(words)
    assert words in why


def test_a_sentence_that_is_struck_through_says_nothing_and_is_not_removed() -> None:
    marked = "~~613 rows went to quarantine. [E3]~~ *struck by @bo: 612*"
    found = fates("612 of 10,000 rows went to quarantine. [E3]", marked)

    assert found[Fate.STRUCK] == ["613 rows went to quarantine."]
    assert Fate.CONTRADICTED not in found
    assert Fate.REMOVED not in found
    same = fates(
        "No wrong data was promoted. [E3] [E4] *inferred*", "~~No wrong data was promoted. [E3] [E4]~~ *struck by @bo*"
    )
    assert same[Fate.STRUCK] == ["No wrong data was promoted."]
