"""What comes from outside is seen as it is, and look-alikes are named."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.plain import cleaned, mixed, unmarked, unseen, visible


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("a\u202eb\u200bc\x00d\u2066e\ufefff", "abcdef"),
        ("\x1b[31mred\x1b[0m and \x1b]0;title\x07gone", "red and gone"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x9b2Jcleared", "cleared"),
        ("tag\U000e0061\U000e0062\U000e007f", "tag"),
        ("v\ufe0f\U000e0101s", "vs"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("a\tb", "a b"),
        ("lone \ud800 half", "lone  half"),
        ("\u3164\u115f", ""),
        ("Ünïcode 🔥 stays", "Ünïcode 🔥 stays"),
    ],
)
def test_what_cannot_be_seen_is_gone_and_what_can_be_stays(hostile: str, harmless: str) -> None:
    assert cleaned(hostile, most=2_000) == harmless


def test_each_line_and_the_whole_are_cut() -> None:
    text = cleaned("x" * 900 + "\n" + "short\n" * 900, most=1_000)

    assert 900 < len(text) <= 1_000
    assert len(text.split("\n")[0]) == 500
    assert text.endswith("…")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_cleaning_leaves_nothing_unseen_and_cleaning_again_changes_nothing(text: str) -> None:
    once = cleaned(text, most=200)

    assert not unseen(once)
    assert cleaned(once, most=200) == once
    assert "\n" not in visible(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the transa\u0441tions failed", ("transa\u0441tions",)),
        ("\u041d\u0430LF_OPEN", ("\u041d\u0430LF",)),
        ("p\u03b1yments", ("p\u03b1yments",)),
        ("f\uff49le", ("f\uff49le",)),
        ("run 2\uff16x", ("2\uff16x",)),
        ("плохо and good", ()),
        ("naïve Zürich", ()),
        ("東京タワーの", ()),
        ("250 \u03bcs, 250\u03bcs, 5\u00b5s, 3k\u03a9", ()),
        ("m² and 1ª", ()),
        ("plain", ()),
    ],
)
def test_a_word_of_more_than_one_script_is_named(text: str, words: tuple[str, ...]) -> None:
    assert mixed(text) == words


def test_sentences_of_a_list_begin_where_its_lines_do() -> None:
    text = "- **Halt rather than drop.** No load.\n  2. Second\n10) Tenth\n-5 degrees\n* 3 * 4\n- [ ] not done"

    plain = unmarked(f"{text}\n2026. A year")

    assert plain.split("\n") == [
        "Halt rather than drop. No load.",
        "Second",
        "Tenth",
        "-5 degrees",
        "3 * 4",
        "[ ] not done",
        "2026. A year",
    ]
