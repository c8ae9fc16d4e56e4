from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workbench.lake import sources
from bot.workbench.lake.validation import find_fault, read_files

DAY = date(2026, 11, 23)
GOOD = sources.good_rows(DAY, "f-0180", count=1)[0]


@pytest.mark.parametrize(
    ("cells", "error_type"),
    [
        ({}, None),
        ({"currency": "EURO"}, "CURRENCY_ERROR"),
        ({"currency": "eur"}, "CURRENCY_ERROR"),
        ({"currency": "XXX"}, "CURRENCY_ERROR"),
        ({"currency": "ZAR"}, None),
        ({"currency": ""}, "NULL_VALUE_ERROR"),
        ({"account_id": "  "}, "NULL_VALUE_ERROR"),
        ({"amount": "12,50"}, "TYPE_ERROR"),
        ({"amount": "NaN"}, "TYPE_ERROR"),
        ({"amount": "Infinity"}, "TYPE_ERROR"),
        ({"amount": "-12.50"}, None),
        ({"booked_at": "2026-11-22"}, "TIMESTAMP_ERROR"),
        ({"booked_at": "2026-13-01T00:00:00Z"}, "TIMESTAMP_ERROR"),
        ({"booked_at": "2026-11-22T10:00:00+01:00"}, None),
    ],
)
def test_a_row_is_named_after_the_first_thing_wrong_with_it(cells: dict[str, str], error_type: str | None) -> None:
    assert find_fault({**GOOD, **cells}) == error_type


def test_the_load_halts_at_the_row_that_is_too_many() -> None:
    bad = sources.wrong_currency_rows(DAY, "f-0193")

    findings = read_files({"f-0193": bad, "f-0194": [GOOD]}, may_trip=True)

    assert (findings.tripped, len(findings.faults), findings.rows) == ("CURRENCY_ERROR", 101, 101)
    assert not findings.promotion_allowed


def test_a_probe_reads_to_the_end() -> None:
    bad = sources.wrong_currency_rows(DAY, "f-0193")

    findings = read_files({"f-0193": bad}, may_trip=False)

    assert (findings.tripped, len(findings.faults), findings.rows) == (None, 137, 177)


def test_a_run_without_rows_is_never_promoted() -> None:
    assert not read_files({"f-0180": []}, may_trip=True).promotion_allowed


@given(st.integers(min_value=1, max_value=9_999))
def test_upstreams_good_files_are_good_and_survive_the_file_format(number: int) -> None:
    rows = sources.good_rows(DAY, f"f-{number:04d}")

    assert list(sources.from_csv(sources.to_csv(rows))) == rows
    assert {find_fault(row) for row in rows} == {None}


def test_correcting_a_file_mends_every_row_and_touches_no_other() -> None:
    bad = sources.wrong_currency_rows(DAY, "f-0193")

    mended = sources.corrected(bad)

    assert {find_fault(row) for row in mended} == {None}
    assert mended[sources.WRONG_ROWS :] == bad[sources.WRONG_ROWS :]


def test_the_same_file_has_the_same_bytes() -> None:
    rows = sources.good_rows(DAY, "f-0180")

    assert sources.to_csv(rows) == sources.to_csv(rows)
