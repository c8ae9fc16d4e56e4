"""True sentences and how they are made false: what the check of claims is measured with.

Each case is what was seen and what may truly be said of it, in words of our own; `{n}` and the like are drawn anew for
every case, so that no two items hold the same facts. `false` turns a true sentence round, one way at a time.
"""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from bench.place import beside
from bot.domain.claims import Claim, Kind, quoted_whole
from bot.domain.evidence import Evidence, Gathering, Origin
from bot.workbench.lake.journal import halt_line, line


@dataclass(frozen=True, kw_only=True)
class Case:
    """Hold a true claim; `flips` are words of it with those that say the reverse."""

    claim: Claim
    flips: tuple[tuple[str, str], ...] = ()


# What was seen: the text, the words that a quotation takes of it, and what may be said.
_AWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Alarm QuarantineRateHigh-{k} is in ALARM since 2026-01-{d}T{h}:{m}:20Z: {r} was greater than threshold 5.0.",
        "Alarm QuarantineRateHigh-{k} is in ALARM since 2026-01-{d}T{h}:{m}:20Z: {r} was greater than threshold 5.0",
        (
            "QuarantineRateHigh-{k} has been in ALARM since {h}:{m} UTC, with {r} against a threshold of 5.",
            "At {r} the rate was above the threshold of 5.0 (QuarantineRateHigh-{k}).",
        ),
    ),
    (
        "Execution load-{k} of etl-daily FAILED at 2026-01-{d}T{h}:{m}:05Z after {n} s: States.TaskFailed.",
        "Execution load-{k} of etl-daily FAILED at 2026-01-{d}T{h}:{m}:05Z after {n} s: States.TaskFailed",
        (
            "The execution load-{k} failed at {h}:{m} UTC after {n} seconds.",
            "States.TaskFailed ended load-{k}: the execution failed after {n} s.",
        ),
    ),
    (
        "Execution load-{k} of etl-daily SUCCEEDED at 2026-01-{d}T{h}:{m}:05Z after {n} s.",
        "Execution load-{k} of etl-daily SUCCEEDED at 2026-01-{d}T{h}:{m}:05Z after {n} s",
        (
            "The execution load-{k} succeeded after {n} s.",
            "On 2026-01-{d} the execution load-{k} of etl-daily succeeded.",
        ),
    ),
    (
        "Glue job run jr_{k} is in state FAILED: Command failed with exit code {c}. It ran for {n} s with {w} workers.",
        "Glue job run jr_{k} is in state FAILED: Command failed with exit code {c}",
        (
            "The Glue job run jr_{k} failed with exit code {c}.",
            "Run jr_{k} of the Glue job is in state FAILED (exit code {c}).",
        ),
    ),
    (
        "Rule daily-{k} is DISABLED since 2026-01-{d}T{h}:{m}:00Z.",
        "Rule daily-{k} is DISABLED since 2026-01-{d}T{h}:{m}:00Z",
        ("The rule daily-{k} is disabled.", "Since {h}:{m} UTC the rule daily-{k} has been disabled."),
    ),
    (
        "Object control/circuit_breaker/p{k}.json has state OPEN, errors {n}, since 2026-01-{d}T{h}:{m}:00Z.",
        "Object control/circuit_breaker/p{k}.json has state OPEN, errors {n}, since 2026-01-{d}T{h}:{m}:00Z",
        (
            "The breaker file control/circuit_breaker/p{k}.json says that the state is open, with {n} errors.",
            "With {n} errors the state in p{k}.json is OPEN.",
        ),
    ),
    (
        "Head of silver/p{k}/_LATEST.json: not found (404).",
        "Head of silver/p{k}/_LATEST.json: not found (404)",
        ("The pointer silver/p{k}/_LATEST.json is missing.", "There is no silver/p{k}/_LATEST.json: not found."),
    ),
    (
        "All {n} partitions of table t{k} are registered.",
        "All {n} partitions of table t{k} are registered",
        ("All {n} partitions of t{k} are registered.", "Every one of the {n} partitions of table t{k} is registered."),
    ),
    (
        "Queue etl-failures-dlq-{k}: {n} messages visible, oldest {c} min.",
        "Queue etl-failures-dlq-{k}: {n} messages visible, oldest {c} min",
        (
            "The queue etl-failures-dlq-{k} has {n} messages visible; the oldest is {c} minutes old.",
            "{n} messages are visible in etl-failures-dlq-{k}.",
        ),
    ),
)
_RECORDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "R-{k} circuit-breaker ended: repaired, after {n} min.",
        "R-{k} circuit-breaker ended: repaired, after {n} min",
        ("Run R-{k} of circuit-breaker ended repaired after {n} min.", "R-{k} took {n} minutes and was repaired."),
    ),
    (
        "Q-{k} was approved by Bo and Cy at {h}:{m} UTC.",
        "Q-{k} was approved by Bo and Cy at {h}:{m} UTC",
        ("Bo and Cy approved Q-{k} at {h}:{m} UTC.", "Q-{k} was approved by Bo and Cy."),
    ),
    (
        "Q-{k} was declined by Ana at {h}:{m} UTC: not before the batch is over.",
        "Q-{k} was declined by Ana at {h}:{m} UTC: not before the batch is over",
        ("Ana declined Q-{k} at {h}:{m} UTC.", "Q-{k} was declined by Ana."),
    ),
    (
        "R-{k} step 4 pause: done, schedule daily-{k} paused.",
        "R-{k} step 4 pause: done, schedule daily-{k} paused",
        ("Step 4 of R-{k} paused the schedule daily-{k}.", "The schedule daily-{k} was paused in step 4 of R-{k}."),
    ),
)
_LINES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "promotion blocked: quarantine_rate {r} >= 5.0 run_id=2026{k}T020000Z",
        "promotion blocked: quarantine_rate {r} >= 5.0 run_id=2026{k}T020000Z",
        (
            "Promotion of run 2026{k}T020000Z was blocked, since the quarantine_rate {r} is at least 5.0.",
            "The gate blocked the promotion of 2026{k}T020000Z at a quarantine_rate of {r}.",
        ),
    ),
    (
        "no _SUCCESS under silver/run_id=2026{k}T020000Z/, refusing to promote",
        "no _SUCCESS under silver/run_id=2026{k}T020000Z/, refusing to promote",
        (
            "There was no _SUCCESS for run_id=2026{k}T020000Z, so the promotion was refused.",
            "Promotion of 2026{k}T020000Z was refused: no _SUCCESS.",
        ),
    ),
    (
        "AccessDenied: s3:PutObject on arn:aws:s3:::lake-quarantine/q{k} was denied, {n} rows not written",
        "AccessDenied: s3:PutObject on arn:aws:s3:::lake-quarantine/q{k} was denied, {n} rows not written",
        (
            "Writing to arn:aws:s3:::lake-quarantine/q{k} was denied (AccessDenied); {n} rows were not written.",
            "s3:PutObject was denied and {n} rows were not written.",
        ),
    ),
    (
        "SCHEMA_ERROR: missing required column C{k} in {n} of {w}{n} rows",
        "SCHEMA_ERROR: missing required column C{k} in {n} of {w}{n} rows",
        (
            "The required column C{k} is missing in {n} rows (SCHEMA_ERROR).",
            "SCHEMA_ERROR: {n} of {w}{n} rows had no required column C{k}; it was missing.",
        ),
    ),
    (
        "Connection to catalog-{k} timed out after {c} s, attempt {w} failed",
        "Connection to catalog-{k} timed out after {c} s, attempt {w} failed",
        (
            "The connection to catalog-{k} timed out after {c} seconds and attempt {w} failed.",
            "Attempt {w} to reach catalog-{k} failed with a timeout after {c} s.",
        ),
    ),
    (
        "copied {n} files to current/p{k}, {w} skipped, promotion complete in {c} s",
        "copied {n} files to current/p{k}, {w} skipped, promotion complete in {c} s",
        (
            "{n} files were copied to current/p{k} and {w} skipped; the promotion completed in {c} s.",
            "The promotion to current/p{k} was complete after {c} s with {n} files copied.",
        ),
    ),
    (
        "none of the {n} probes of stream-{k} succeeded, breaker stays open",
        "none of the {n} probes of stream-{k} succeeded, breaker stays open",
        (
            "None of the {n} probes of stream-{k} succeeded and the breaker stays open.",
            "The breaker of stream-{k} is still open, since none of {n} probes succeeded.",
        ),
    ),
)
FLIPS = (
    ("failed", "succeeded"),
    ("FAILED", "SUCCEEDED"),
    ("succeeded", "failed"),
    ("SUCCEEDED", "FAILED"),
    ("is disabled", "is enabled"),
    ("been disabled", "been enabled"),
    ("DISABLED", "ENABLED"),
    ("open", "closed"),
    ("OPEN", "CLOSED"),
    ("is missing", "is present"),
    ("There is no", "There is a"),
    ("There was no", "There was a"),
    ("above", "below"),
    ("greater than", "less than"),
    ("All", "None of the"),
    ("Every", "No"),
    ("None", "All"),
    ("none", "all"),
    ("approved", "declined"),
    ("declined", "approved"),
    ("repaired", "not repaired"),
    ("paused", "resumed"),
    ("blocked", "allowed"),
    ("was refused", "was allowed"),
    ("refusing", "agreeing"),
    ("was denied", "was granted"),
    ("not written", "written"),
    ("timed out", "completed"),
    ("completed", "failed"),
    ("complete", "incomplete"),
    ("were copied", "were not copied"),
    ("are registered", "are not registered"),
    ("is registered", "is not registered"),
    ("not found", "found"),
    ("halting", "resuming"),
    ("ERROR", "OK"),
    ("error", "ok"),
)


def made_up(random: Random, count: int) -> tuple[Evidence, list[Case]]:
    """Return evidence of our own and what may truly be said of it, as the line has it and in other words."""
    gathering, cases = Gathering(), list[Case]()
    kinds = [(Origin.AWS, one) for one in _AWS] + [(Origin.RECORDS, one) for one in _RECORDS]
    kinds += [(Origin.TEXT, one) for one in _LINES]
    for place in range(count):
        origin, (seen, quote, said) = kinds[place % len(kinds)]
        drawn = _drawn(random)
        text = seen.format(**drawn)
        name = gathering.add("log", text, origin=origin, source="made up")
        for sentence in (text, *(one.format(**drawn) for one in said)):
            cases += _both(sentence, quote.format(**drawn), name)
    return gathering.evidence(), cases


def of_the_lake(random: Random, count: int) -> tuple[Evidence, list[Case]]:
    """Return the pipeline's own lines, as the workbench's lake writes them, each said as it stands."""
    gathering, cases = Gathering(), list[Case]()
    for _ in range(count):
        error = random.choice(("CURRENCY_ERROR", "TYPE_ERROR", "NULL_VALUE_ERROR", "TIMESTAMP_ERROR"))
        lines = (
            halt_line(error, random.randrange(101, 9_999)),
            line("ERROR", f"validation failed: {error} in f-{random.randrange(10_000):04d}", "validate", "check"),
            line(
                "WARNING", f"promotion blocked: quarantine_rate {random.randrange(500, 9_999) / 100}", "gate", "decide"
            ),
        )
        entry = random.choice(lines)
        said = str(entry["message"])
        name = gathering.add("log", json.dumps(entry), origin=Origin.TEXT, source="lake")
        cases += _both(said, said, name)
    return gathering.evidence(), cases


def of_real_logs(random: Random, count: int) -> tuple[Evidence, list[Case]] | None:
    """Return lines of a real system, each said as it stands; None where there are none on this machine."""
    files = [file for folder in beside("logs") for file in sorted(folder.glob("2023*.jsonl.gz"))]
    if not files:
        return None
    messages: dict[str, None] = {}
    for file in files[:6]:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            messages |= {str(json.loads(one)["message"])[:300]: None for one in lines}
    gathering, cases = Gathering(), list[Case]()
    for message in random.sample(list(messages), count):
        name = gathering.add("log", message, origin=Origin.TEXT, source="real")
        item = gathering.evidence().item(name)
        if item is not None and not re.search(r"https?:|//", item.text):
            cases.append(Case(claim=Claim(text=item.text, kind=Kind.OBSERVED, evidence=(name,))))
    return gathering.evidence(), cases


def _both(sentence: str, quote: str, name: str) -> Iterator[Case]:
    """Return the claim without and with its quotation."""
    flips = tuple((word, other) for word, other in FLIPS if re.search(rf"\b{word}\b", sentence))
    for words in ("", quote):
        yield Case(
            claim=Claim(text=sentence, kind=Kind.OBSERVED, evidence=(name,), quote=words),
            flips=flips,
        )


def _drawn(random: Random) -> dict[str, str]:
    return {
        "k": str(random.randrange(1_000, 9_999)),
        "n": str(random.randrange(13, 900)),
        "r": f"{random.randrange(501, 4_000) / 100}",
        "c": str(random.randrange(13, 99)),
        "w": str(random.randrange(2, 10)),
        "d": f"{random.randrange(10, 29)}",
        "h": f"{random.randrange(24):02d}",
        "m": f"{random.randrange(60):02d}",
    }


# The ways to make a true claim false.


def swapped(case: Case, evidence: Evidence, random: Random) -> Claim:
    """Return the claim pointing at another item, which does not say the same."""
    said = {item.text for item in evidence.items if item.id in case.claim.evidence}
    others = [
        item.id for item in evidence.items if item.text not in said and not quoted_whole(case.claim.text, item.text)
    ]
    return case.claim.model_copy(update={"evidence": (random.choice(others),)})


def renumbered(case: Case, random: Random) -> Claim | None:
    """Return the claim with one digit of one number changed; None where it has none."""
    digits = [found.start() for found in re.finditer(r"[0-9]", case.claim.text)]
    if not digits:
        return None
    place = random.choice(digits)
    other = random.choice([digit for digit in "123456789" if digit != case.claim.text[place]])
    text = case.claim.text
    return case.claim.model_copy(update={"text": text[:place] + other + text[place + 1 :]})


def borrowed(case: Case, evidence: Evidence, random: Random) -> Claim | None:
    """Return the claim with one number replaced by another number of the same item; None where there is none."""
    numbers = re.compile(r"(?<![\w.:/-])[0-9]+(?:\.[0-9]+)?(?![\w:/-]|\.[0-9])")
    item = evidence.item(case.claim.evidence[0])
    own = [*numbers.finditer(case.claim.text)]
    if item is None or not own:
        return None
    chosen = random.choice(own)
    others = sorted({found[0] for found in numbers.finditer(item.text)} - {chosen[0]})
    if not others:
        return None
    text = case.claim.text[: chosen.start()] + random.choice(others) + case.claim.text[chosen.end() :]
    return case.claim.model_copy(update={"text": text})


def turned(case: Case) -> Iterator[Claim]:
    """Return the claim with one of its outcomes turned round, each in turn; what it quotes stays."""
    for word, other in case.flips:
        text = re.sub(rf"\b{word}\b", other, case.claim.text, count=1)
        yield replace(case, claim=case.claim.model_copy(update={"text": text})).claim
