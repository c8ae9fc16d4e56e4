"""A post-mortem for tests: the nightly load that stopped itself."""

from datetime import UTC, datetime, timedelta

from bot.domain.claims import Claim, Dropped, Kind
from bot.domain.evidence import Evidence, Item, Origin
from bot.domain.postmortem.document import ActionItem, Candidate, Moment, Part, Postmortem, Times

BEGAN = datetime(2026, 1, 21, 2, 7, 3, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def claim(text: str, *ids: str, kind: Kind = Kind.OBSERVED, quote: str = "", by: str = "") -> Claim:
    return Claim(text=text, evidence=ids, kind=kind, quote=quote, by=by)


def item(name: str, kind: str, minutes: float, text: str, origin: Origin = Origin.AWS) -> Item:
    return Item(id=name, kind=kind, origin=origin, source=f"{kind} of the lake", at=at(minutes), text=text)


ITEMS = (
    item("E1", "alarm", 0.5, "Alarm halted went to ALARM: 101 > 100."),
    item("E2", "log", 0, "ERROR ×101: CURRENCY_ERROR, f-0193"),
    item("E3", "object", 1, "612 of 10,000 rows are in quarantine."),
    item("E4", "run", 24, "R-42 repaired: verification passed.", Origin.RECORDS),
    item("E5", "approval", 9, "Q-9 was approved by U0BO.", Origin.RECORDS),
    item("E6", "log", 0, "validation failed: | `x` [E1] *not* " + "z" * 400, Origin.TEXT),
    item("E7", "execution", 0.2, "Execution 20260121 failed.").model_copy(update={"link": "https://x.example/e"}),
)


DENIED = "/aws-glue/jobs/output: access denied. None of it was read."


def document() -> Postmortem:
    return Postmortem(
        incident="INC-7",
        title="transactions load halted",
        severity=3,
        since=at(-7),
        until=at(84),
        times=Times(began=at(0), detected=at(0.5), acknowledged=at(3), mitigated=at(24), waited=timedelta(minutes=11)),
        parts={
            Part.SUMMARY: (
                claim("The nightly load stopped itself on bad currency values.", "E1", "E2"),
                claim("No wrong data was promoted.", "E3", "E4", kind=Kind.INFERRED),
            ),
            Part.IMPACT: (
                claim("612 of 10,000 rows went to quarantine.", "E3"),
                claim("The execution failed.", "E7", quote="Execution 20260121 failed."),
                claim("A line said `validation failed` | [E1] *twice* in run_id_x, 1. of 2", "E6"),
                claim("Reports were late until noon.", kind=Kind.STATED, by="@cy"),
            ),
            Part.RESPONSE: (claim("R-42 repaired the breaker 24 minutes after it began.", "E4", "E5"),),
        },
        timeline=(
            Moment(at=at(0), text="First CURRENCY_ERROR in the logs.", source="log", evidence=("E2",)),
            Moment(at=at(0.5), text="Alarm halted went off.", source="alarm", evidence=("E1",)),
            Moment(at=at(9), text="Q-9 approved as platform.", source="approval", evidence=("E5",), by="U0BO"),
            Moment(at=at(24), text="R-42 ended repaired.", source="run", evidence=("E4",)),
        ),
        candidates=(
            Candidate(
                claim=claim("f-0193 carries an unknown currency code.", "E2", kind=Kind.INFERRED),
                backing=(claim("101 of 101 errors carry f-0193.", "E2"),),
                against=(claim("The execution failed before the alarm.", "E7", "E1"),),
                unseen=("the source system",),
            ),
        ),
        actions=(ActionItem(text="Reject unknown currency codes at landing.", evidence=("E2",)),),
        questions=("Who sends f-0193?",),
        dropped=(Dropped(claim=claim("It was the network.", "E1"), why="E1 says nothing of a network."),),
        evidence=Evidence(items=ITEMS, derived={"time_to_mitigate": "24 min"}, unread=(DENIED,)),
    )
