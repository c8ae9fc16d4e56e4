"""What the load accepts: a pure reading of rows, and the count that trips the breaker.

The error types are the platform's own. Nothing here logs or writes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from bot.workbench.lake.breaker import trips
from bot.workbench.lake.sources import COLUMNS, Row

ERROR_TYPES = ("CURRENCY_ERROR", "NULL_VALUE_ERROR", "TIMESTAMP_ERROR", "TYPE_ERROR")

# ISO 4217, the active codes of currencies.
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Say what is wrong with one row of one file."""

    error_type: str
    file_id: str
    row: Row


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Say what a load found; `tripped` is the error type at which it halted, or None."""

    rows: int
    valid: tuple[Row, ...]
    faults: tuple[Fault, ...]
    tripped: str | None

    @property
    def counts(self) -> Counter[str]:
        """Count the faults by error type."""
        return Counter(fault.error_type for fault in self.faults)

    @property
    def quarantine_rate(self) -> float:
        """Return the share of rows set aside, in percent."""
        return round(100 * len(self.faults) / self.rows, 2) if self.rows else 0.0

    @property
    def promotion_allowed(self) -> bool:
        """Apply the platform's gate: there is data, under 5 % of it was set aside, and nothing tripped."""
        return self.rows > 0 and self.quarantine_rate < 5 and self.tripped is None


def read_files(files: Mapping[str, Iterable[Row]], *, may_trip: bool) -> Findings:
    """Validate file by file; halt at the row that trips the breaker, if it may."""
    counts: Counter[str] = Counter()
    valid: list[Row] = []
    faults: list[Fault] = []
    for file_id, rows in files.items():
        for row in rows:
            error_type = find_fault(row)
            if error_type is None:
                valid.append(row)
                continue
            faults.append(Fault(error_type=error_type, file_id=file_id, row=row))
            counts[error_type] += 1
            if may_trip and trips(counts[error_type]):
                return _findings(valid, faults, tripped=error_type)
    return _findings(valid, faults, tripped=None)


def find_fault(row: Row) -> str | None:
    """Return the error type of the first thing that is wrong with a row, or None."""
    if any(not row[column].strip() for column in COLUMNS):
        return "NULL_VALUE_ERROR"
    if not _is_amount(row["amount"]):
        return "TYPE_ERROR"
    if row["currency"] not in CURRENCIES:
        return "CURRENCY_ERROR"
    if not _is_time(row["booked_at"]):
        return "TIMESTAMP_ERROR"
    return None


def _findings(valid: list[Row], faults: list[Fault], *, tripped: str | None) -> Findings:
    return Findings(rows=len(valid) + len(faults), valid=tuple(valid), faults=tuple(faults), tripped=tripped)


def _is_amount(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
