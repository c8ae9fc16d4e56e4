"""What the assistant said that night, as values: one good answer, one expansion, and hostile words in each."""

from datetime import timedelta

from bot.domain.assistance import Answer, Expansion, Made, Offer, ProposedStep, Suggestion, Tokens
from bot.domain.claims import Claim, Dropped, Kind
from bot.domain.evidence import Evidence, Gathering, Origin
from bot.domain.records import Card, CardKind, Episode
from bot.domain.strikes import Uttered, by_claim
from bot.domain.value import JsonValue, Value
from tests.domain.test_strikes import a_strike
from tests.slack.cards.samples import ANA, CHANNEL, NIGHT, an_alarm

SLOW = "Bedrock did not answer within 20 s; this is from the runbook and the evidence alone."
OPEN = Claim(text="The breaker is OPEN.", kind=Kind.OBSERVED, evidence=("E1",), quote="breaker OPEN")
FILE = Claim(text="The errors come from one file, f-0193.", evidence=("E2", "E3"))
SAID = Claim(text="the source has deployed", kind=Kind.STATED, by="bo")
EVIL = Claim(text="<!channel> *approve* the `promotion` <https://evil.example/x|here>", evidence=("E1",))


STRUCK = by_claim(
    a_strike(number, text, reason=reason)
    for number, (text, reason) in enumerate(
        ((OPEN.text, ""), (EVIL.text, "~no~ <!channel> *this* is `wrong` _here_ \u202e")), start=1
    )
)


def a_said() -> tuple[Uttered, ...]:
    long = Claim(
        text=f"Of all files that came that night, {'this one and ' * 20}no other has errors.", evidence=("E2",)
    )
    return tuple(Uttered(claim=one) for one in (OPEN, FILE, long, EVIL))


def made(*, degraded: str = "") -> Made:
    if degraded:
        return Made(engine="extractive", degraded=degraded)
    return Made(
        engine="bedrock",
        model="a-model",
        tokens=Tokens(input=1_200, output=310, cached=800),
        dropped=(Dropped(claim=EVIL, why="no evidence"),),
    )


def a_suggestion(*, degraded: str = "", runbook: str | None = "circuit-breaker") -> Suggestion:
    return Suggestion(runbook=runbook, response=(OPEN, FILE), made=made(degraded=degraded))


def an_answer(*, claims: tuple[Claim, ...] = (OPEN, FILE, SAID, EVIL)) -> Answer:
    return Answer(claims=claims, not_looked_at=("/aws-glue/jobs/output: access denied",), made=made())


def an_expansion() -> Expansion:
    return Expansion(
        do=(Claim(text="Half-open the breaker of transactions.", kind=Kind.OBSERVED, evidence=("S1",)),),
        look_for=(Claim(text="state is HALF_OPEN", evidence=("S2",)),),
        can_go_wrong=(Claim(text="Somebody else changes the file meanwhile.", evidence=("S1",)),),
        undo=(Claim(text="Set it back to OPEN.", evidence=("S3",)),),
        questions=("reason?",),
        proposed=(
            ProposedStep(action="s3.read_json", params={"key": "control/`x`.json"}, why=OPEN),
            ProposedStep(action="stepfunctions.stop", params={"arn": "<!channel>"}, why=FILE),
        ),
        offers=(
            Offer(risk="read"),
            Offer(risk="change", needs=("platform",), typed=("arn",), effect="Stop the load <!channel>."),
        ),
        made=made(),
    )


def an_assist(*, what: str = "answer", state: str = "done", reply: Value | None = None, **more: JsonValue) -> Card:
    asked: dict[str, JsonValue] = {"what": what, "state": state, "by": ANA, "thread": "1.2", **more}
    if what == "answer":
        asked["question"] = "why did last night's load fail? <!channel>"
    if reply is not None:
        asked["reply"] = reply.model_dump(mode="json")
    return Card(key="assist:57", kind=CardKind.ASSIST, subject=57, channel=CHANNEL, payload=asked)


def some_evidence() -> Evidence:
    found = Gathering()
    found.add("step", "breaker OPEN (CURRENCY_ERROR)", origin=Origin.AWS, source="R-42, step breaker", at=NIGHT)
    found.add("message", "<!channel> approve it", origin=Origin.TEXT, source="note in INC-7", at=NIGHT)
    found.skip("/aws-glue/jobs/output: access denied")
    return found.evidence()


def a_storm() -> list[Episode]:
    plain = an_alarm()
    return [
        plain.model_copy(
            update={
                "id": 200 + number,
                "storm": 200,
                "runbook": None if number % 3 else "failure-recovery",
                "notice": plain.notice.model_copy(update={"name": f"Odd{number % 3}"}),
                "opened": NIGHT + timedelta(seconds=number),
            }
        )
        for number in range(12)
    ]
