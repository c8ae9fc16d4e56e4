import re
from collections.abc import Iterator
from itertools import combinations

import pytest

from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.postmortem.checking import archived, check
from bot.domain.postmortem.comparing import borne
from bot.domain.postmortem.document import Part, Postmortem
from bot.domain.postmortem.markdown import written
from tests.domain.postmortem.inc7 import BEGAN, at, claim, document

WORDS = written(document())


def found(text: str) -> list[str]:
    return [str(one) for one in check(text, archived(document()), judge=borne)]


def test_an_untouched_text_holds() -> None:
    assert found(WORDS) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("612 of 10,000 rows went", "613 of 10,000 rows went", "It says 613; the archive says 612."),
        ("[E4] [E5]", "[E4] [E7]", "It cites E4 E7; in the archive it cites E4 E5."),
        ("[E4] [E5]", "[E4] [E99]", "E99 is not in the archive."),
        ("The execution failed. ", "The execution succeeded. ", "It says succeeded; the archive says failed."),
        ("No wrong data was promoted.", "Wrong data was promoted.", "It leaves something out; the archive says no."),
        ("| 2026-01-21 02:07:33 |", "| 2026-01-21 02:07:34 |", "The timeline has no such row"),
        ("Q-9 approved as platform.", "Q-8 approved as platform.", "The timeline has no such row"),
        (
            "- Mitigated: 2026-01-21 02:31:03 UTC (after 24 min)",
            "- Mitigated: 2026-01-21 02:31:03 UTC (after 4 min)",
            "computed",
        ),
        ("INC-7 ·", "INC-8 ·", "The text is of INC-8, the archive of INC-7."),
        ('<a id="e3"></a>E3 |', '<a id="e3"></a>E33 |', "E33 is not in the archive."),
        ("[E3]: #e3", "[E3]: https://evil.example", "The mark E3 leads elsewhere than to its row."),
        ("## Impact\n", "## Impact\n\n[e3]: #e1\n", "The mark E3 leads elsewhere than to its row."),
        (
            "| 612 of 10,000 rows are in quarantine. |",
            "| 12 of 10,000 rows are in quarantine. |",
            "E3 says something else",
        ),
    ],
)
def test_an_edit_that_the_archive_does_not_bear_is_found(before: str, after: str, words: str) -> None:
    assert before in WORDS

    said = found(WORDS.replace(before, after, 1))

    assert any(words in one for one in said), said


def derived() -> Postmortem:
    """Return a document of which one sentence rests on a value that code computed."""
    item = Item(id="D1", kind="derived", origin=Origin.RECORDS, source="computed", text="time until resolved: 20 min")
    whole = document()
    evidence = whole.evidence.model_copy(update={"items": (*whole.evidence.items, item)})
    claim = Claim(text=item.text, kind=Kind.OBSERVED, evidence=("D1",))
    return whole.model_copy(update={"evidence": evidence, "parts": {**whole.parts, Part.IMPACT: (claim,)}})


def test_a_sentence_on_a_computed_value_holds_as_it_was_drafted_and_not_with_another_number() -> None:
    text, kept = written(derived()), archived(derived())

    assert check(text, kept, judge=borne) == ()
    assert check(text.replace("resolved: 20 min [D1]", "resolved: 28 min [D1]"), kept, judge=borne) != ()
    assert check(text.replace("[D1]", "[E1]"), kept, judge=borne) != ()


def test_a_row_that_was_removed_is_found() -> None:
    lines = WORDS.splitlines(keepends=True)
    rows = [place for place, line in enumerate(lines) if re.match(r"\| (<a|2026)", line)]

    assert len(rows) == 11
    for place in rows:
        assert found("".join(lines[:place] + lines[place + 1 :])) != []


def test_what_a_person_states_is_theirs_to_say() -> None:
    assert found(WORDS.replace("_For people: what helped, and should be kept?_", "- 7 of us were there.")) == []


# A generated set: how much of what somebody could twist is caught.

SUBJECTS = ["The load", "Run R-{n}", "The probe", "Partition month={m}", "The breaker", "Query Q-{n}", "Job {n}"]
OUTCOMES = [("failed", "succeeded"), ("was open", "was closed"), ("was repaired", "was not repaired")]


def generated() -> Postmortem:
    items: list[Item] = []
    claims: list[Claim] = []
    for n, (subject, (outcome, _)) in enumerate(((s, o) for s in SUBJECTS for o in OUTCOMES), start=1):
        text = f"{subject.format(n=n, m=n % 12 + 1)} {outcome} after {n * 7} rows at 02:{n:02}:00"
        items.append(Item(id=f"E{n}", kind="log", origin=Origin.AWS, source="logs", at=at(n), text=text))
        claims.append(Claim(text=f"{text}.", kind=Kind.OBSERVED, evidence=(f"E{n}",)))
    return Postmortem(
        incident="INC-1",
        title="generated",
        since=BEGAN,
        until=at(60),
        parts={Part.IMPACT: tuple(claims)},
        evidence=Evidence(items=tuple(items)),
    )


def twisted(kind: str) -> Iterator[str]:
    whole = generated()
    text = written(whole)
    claims = [f"- {claim.text} [{claim.evidence[0]}]" for claim in whole.parts[Part.IMPACT]]
    for line in claims:
        assert line in text
        match kind:
            case "ids":
                own = line.rpartition("[")[2]
                for other in ("E1]", "E9]", "E21]"):
                    if other != own:
                        yield text.replace(line, line.replace(f"[{own}", f"[{other}"), 1)
            case "numbers":
                said = line.rpartition(" [")[0]
                for number in re.finditer(r"\d+", said):
                    changed = str(int(number[0]) + 1).rjust(len(number[0]), "0")
                    edited = f"{said[: number.start()]}{changed}{said[number.end() :]}"
                    yield text.replace(line, line.replace(said, edited), 1)
            case _:
                for pair in OUTCOMES:
                    for one, other in (pair, pair[::-1]):
                        if f" {one} " in line and not (one == "was repaired" and "not" in line):
                            yield text.replace(line, line.replace(f" {one} ", f" {other} "), 1)


@pytest.mark.parametrize(("kind", "least", "of"), [("ids", 1.0, 60), ("numbers", 0.99, 80), ("outcomes", 0.95, 21)])
def test_what_is_twisted_in_a_generated_set_is_caught(kind: str, least: float, of: int) -> None:
    kept = archived(generated())
    texts = list(twisted(kind))

    caught = sum(bool(check(text, kept, judge=borne)) for text in texts)

    assert len(texts) >= of
    assert caught >= least * len(texts)
    assert check(written(generated()), kept, judge=borne) == ()
    assert all(one != other for one, other in combinations(texts[:5], 2))


def test_a_changed_number_in_a_sentence_on_a_computed_value_is_caught() -> None:
    words = "time until detected: 30 s"
    derived = Item(id="D1", kind="derived", origin=Origin.RECORDS, source="computed from the evidence", text=words)
    told = document()
    told = told.model_copy(
        update={
            "parts": {**told.parts, Part.DETECTION: (claim(words, "D1"),)},
            "evidence": told.evidence.model_copy(update={"items": (*told.evidence.items, derived)}),
        }
    )
    text = written(told)

    assert check(text, archived(told), judge=borne) == ()
    twisted = text.replace(f"- {words} [D1]", "- time until detected: 3 s [D1]")
    (wrong,) = check(twisted, archived(told), judge=borne)
    assert wrong.words == "It says 3; the archive says 30."


def test_what_is_struck_through_says_nothing_that_could_be_wrong() -> None:
    line = "612 of 10,000 rows went to quarantine. [E3]"

    assert found(WORDS.replace(line, "~~999 of 10,000 rows went to quarantine. [E3]~~ *struck by @bo: no*")) == []
    assert found(WORDS.replace(line, "~~999 of 10,000 rows went to quarantine. [E3]~~")) != []
