"""Source files as the upstream system sends them: real CSV.gz, the same for the same day and file. Pure.

What is wrong with a row is found in validation.py; here rows are only made, written and read.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

COLUMNS = ("transaction_id", "account_id", "amount", "currency", "booked_at")

COLUMN_TYPES = {  # in the catalogue
    "transaction_id": "string",
    "account_id": "string",
    "amount": "decimal(18,2)",
    "currency": "string",
    "booked_at": "timestamp",
}
NEW_COLUMN = "channel"  # what the upstream system adds: it may be empty
SCHEMAS = {"v1": COLUMNS, "v2": (*COLUMNS, NEW_COLUMN)}
_CHANNELS = ("branch", "online", "")

Row = dict[str, str]

GOOD_ROWS = 40
_CURRENCIES = ("EUR", "EUR", "EUR", "GBP", "USD", "CHF")
_DAY_SECONDS = 86_400

# What the upstream system writes by mistake where EUR is meant: no code of ISO 4217.
WRONG_CURRENCY = "EURO"
WRONG_ROWS = 137


def file_ids(first: int, count: int = 14) -> tuple[str, ...]:
    """Return the ids of one night's files, in the order they are read."""
    return tuple(f"f-{number:04d}" for number in range(first, first + count))


def good_rows(day: date, file_id: str, *, count: int = GOOD_ROWS) -> list[Row]:
    """Return rows of one file in which nothing is wrong."""
    number = int(file_id.removeprefix("f-"))
    start = datetime.combine(day, time(), tzinfo=UTC) - timedelta(days=1)
    return [_row(start, number, index) for index in range(count)]


def wrong_currency_rows(day: date, file_id: str) -> list[Row]:
    """Return rows of one file in which most currencies are unknown: more than the breaker takes."""
    rows = good_rows(day, file_id, count=WRONG_ROWS + GOOD_ROWS)
    return [{**row, "currency": WRONG_CURRENCY} if index < WRONG_ROWS else row for index, row in enumerate(rows)]


def with_channel(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with the column the upstream system adds."""
    return [{**row, NEW_COLUMN: _CHANNELS[index % len(_CHANNELS)]} for index, row in enumerate(rows)]


def in_cents(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with amounts a hundred times too large: every one valid, all of them wrong."""
    return [{**row, "amount": f"{float(row['amount']) * 100:.2f}"} for row in rows]


def corrected(rows: Iterable[Row]) -> list[Row]:
    """Return the same rows as the upstream system re-sends them."""
    return [{**row, "currency": "EUR"} if row["currency"] == WRONG_CURRENCY else row for row in rows]


def to_csv(rows: Iterable[Row], *, schema_version: str = "v1") -> bytes:
    """Write rows as gzipped CSV; equal rows give equal bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, SCHEMAS[schema_version], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return gzip.compress(text.getvalue().encode("utf-8"), mtime=0)


def from_csv(body: bytes, *, schema_version: str = "v1") -> Iterator[Row]:
    """Read rows of gzipped CSV; a missing cell is an empty one.

    Raises:
        ValueError: a column is missing or unknown, or the text is no UTF-8.
        OSError: the bytes are no gzip; EOFError: they are cut off.
    """
    columns = SCHEMAS[schema_version]
    reader = csv.DictReader(io.StringIO(gzip.decompress(body).decode("utf-8")))
    found = tuple(reader.fieldnames or ())
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise ValueError(f"missing required columns {', '.join(missing)}")
    unknown = [column for column in found if column not in columns]
    if unknown:
        raise ValueError(f"unexpected column {', '.join(unknown)}, not in schema {schema_version}")
    for row in reader:
        yield {column: row.get(column) or "" for column in columns}


def _row(start: datetime, number: int, index: int) -> Row:
    mixed = (number * 7919 + index * 104_729) % 1_000_003  # spread without lots: the same row every time
    return {
        "transaction_id": f"t-{number:04d}-{index:05d}",
        "account_id": f"a-{mixed % 9000 + 1000}",
        "amount": f"{mixed % 250_000 / 100:.2f}",
        "currency": _CURRENCIES[mixed % len(_CURRENCIES)],
        "booked_at": f"{start + timedelta(seconds=mixed % _DAY_SECONDS):%Y-%m-%dT%H:%M:%SZ}",
    }
