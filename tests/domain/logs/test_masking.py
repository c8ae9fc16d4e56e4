import pytest

from bot.domain.logs.masking import Memo, fold, headline, mask, source_of


@pytest.mark.parametrize(
    ("word", "masked"),
    [
        ("rows", "rows"),
        ("12345", "<*>"),
        ("16:42:09.486", "<*>"),
        ("2026-01-21T02:07:31Z", "<*>"),
        ("6f3cbf058c2765548a39ad724905d6a1", "<*>"),
        ("8a533bf9-bd12-4608-a8eb-606890982448", "<*>"),
        ("f-0193", "<*>"),
        ("run_id=20260121T020000Z", "run_id=<*>"),
        ("s3://lake-bronze/ingest_date=2026-01-21/f-0193.csv.gz", "s3://lake-bronze/ingest_date=<*>/<*>"),
        ("Travel2Controller#115", "Travel2Controller#<*>"),
        ("10.0.0.12:8080", "<*>"),
        ("x" * 500, "<*>"),
    ],
)
def test_what_counts_dates_or_identifies_is_masked_and_names_stay(word: str, masked: str) -> None:
    assert mask(word) == masked


def test_a_memo_forgets_before_it_grows_without_end() -> None:
    memo = Memo()

    for number in range(130_000):
        memo[f"id-{number}"]

    assert len(memo) <= 60_000


def test_siblings_that_differ_in_one_word_become_one_template() -> None:
    keys = [f"user {name} logged in" for name in ("ana", "bo", "cy", "di", "ed")] + ["user bo logged out"]

    folded = fold(dict.fromkeys(keys, 4))

    assert set(folded.values()) == {"user <*> logged in", "user bo logged out"}


def test_too_few_siblings_stay_apart() -> None:
    keys = ["no access to bronze", "no access to silver", "no access to gold"]

    assert fold(dict.fromkeys(keys, 4)) == {key: key for key in keys}


def test_a_template_is_never_masked_whole() -> None:
    keys = [f"{word} {word}" for word in ("a", "b", "c", "d", "e")] + ["a", "b", "c", "d", "e", "f"]

    assert "<*>" not in fold(dict.fromkeys(keys, 4)).values()


def test_a_stack_trace_is_named_by_its_first_line_and_its_deepest_cause() -> None:
    trace = "\n".join(
        [
            "ERROR write failed",
            "\tat a.B.c(B.java:7)",
            "Caused by: x.Y: one",
            "Caused by: java.io.IOException: disk full",
        ]
    )

    assert headline(trace) == "ERROR write failed … Caused by: java.io.IOException: disk full"
    assert headline("Traceback (most recent call last):\n  File x\nValueError: bad") == (
        "Traceback (most recent call last): … ValueError: bad"
    )


@pytest.mark.parametrize(
    ("stream", "source"),
    [
        ("ts-contacts-service-866bd68c97-xcqfx", "ts-contacts-service"),
        ("ts-travel2-service-5c66d57d58-6mp2b", "ts-travel2-service"),
        ("2026/01/21/[$LATEST]0f4a77b1", "etl"),
        ("jr_0f4a77b10f4a77b1", "etl"),
        ("worker", "worker"),
        ("20260121T020000Z", "etl"),
    ],
)
def test_a_source_is_a_stream_without_its_instance(stream: str, source: str) -> None:
    assert source_of(stream, "/lake/etl") == source
