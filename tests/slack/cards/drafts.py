"""The post-mortem of that night, as values, from reading to published; hostile words in the draft."""

from datetime import timedelta

from bot.domain.assistance import Made, Tokens
from bot.domain.claims import Claim, Kind
from bot.domain.people import Place
from bot.domain.postmortem.document import Candidate, Moment, Part, Postmortem, Times
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.markdown import restruck, written
from bot.domain.strikes import by_claim
from bot.domain.value import JsonObject, JsonValue
from tests.domain.test_strikes import a_strike
from tests.slack.cards.assists import EVIL, FILE, OPEN, STRUCK, some_evidence
from tests.slack.cards.samples import ANA, CHANNEL, NIGHT

PLACES = ("var/postmortems/INC-7.md", "s3://lake-docs/postmortems/INC-7-v4.md")
AT = NIGHT + timedelta(minutes=90)


def a_reading() -> Draft:
    return Draft(
        id=3,
        incident=7,
        label="INC-7",
        title="transactions load halted",
        place=Place(team="T1", channel=CHANNEL),
        by=ANA,
        begun=AT,
        since=NIGHT - timedelta(hours=1),
        until=AT,
        groups=("/lake/etl", "/lake/promote"),
        progress="3 of 5 log groups · 41,206 lines · 9.8 MB · 18 s",
        share=0.6,
    )


def a_failed() -> Draft:
    told = "CloudWatch did not answer. <!channel>"
    return a_reading().model_copy(update={"state": DraftState.FAILED, "progress": told})


def a_document() -> Postmortem:
    return Postmortem(
        incident="INC-7",
        title="transactions load halted",
        severity=3,
        since=NIGHT - timedelta(hours=1),
        until=AT,
        times=Times(
            began=NIGHT - timedelta(minutes=5),
            detected=NIGHT - timedelta(minutes=4),
            acknowledged=NIGHT,
            mitigated=NIGHT + timedelta(minutes=24),
            waited=timedelta(minutes=11),
        ),
        parts={Part.SUMMARY: (OPEN, EVIL), Part.IMPACT: ()},
        timeline=(Moment(at=NIGHT, text="Alarm went off", source="alarm", evidence=("E1",)),),
        candidates=(
            Candidate(
                claim=FILE,
                backing=(OPEN,),
                against=(Claim(text="other files too", kind=Kind.INFERRED, evidence=("E2",)),),
                unseen=("/aws-glue/jobs/output: access denied <!here>.",),
            ),
            Candidate(claim=Claim(text="etl *waits*", evidence=("E2",)), role="contributing"),
        ),
        questions=("Who else reads it?",),
        evidence=some_evidence(),
        made=Made(
            engine="bedrock",
            model="eu.a-model",
            degraded="Impact: Bedrock answers nobody <!here>; quoted from the evidence",
            tokens=Tokens(input=12_345, output=678, cached=9_000),
        ),
    )


def a_draft() -> Draft:
    document = a_document()
    ready = {"state": DraftState.READY, "progress": "", "document": document, "text": written(document), "edition": 1}
    return a_reading().model_copy(update=ready)


def a_struck() -> Draft:
    """Return the draft with a sentence and its first candidate struck."""
    draft = a_draft()
    struck = by_claim((*STRUCK.values(), a_strike(9, FILE.text)))
    marked = {"struck": tuple(struck.values()), "text": restruck(draft.text, struck), "edition": 3}
    return draft.model_copy(update=marked)


def with_causes(count: int, *, struck: int) -> Draft:
    """Return the draft with so many candidates, the first of them struck."""
    texts = [f"guard {number} *did* not hold <!here>" for number in range(1, count + 1)]
    told = tuple(
        Candidate(
            claim=Claim(text=text, evidence=("E1",)),
            backing=(Claim(text="counted", evidence=tuple(f"E{one}" for one in range(1, 10))),),
            against=(Claim(text="a person says otherwise"),),
        )
        for text in texts
    )
    document = a_document().model_copy(update={"candidates": told})
    strikes = by_claim(a_strike(number, text) for number, text in enumerate(texts[:struck], start=1))
    text = restruck(written(document), strikes)
    return a_draft().model_copy(update={"document": document, "text": text, "struck": tuple(strikes.values())})


def a_brought(**changes: JsonValue) -> JsonObject:
    """Return what the card of an edited text shows, hostile words in it."""
    wrong: JsonObject = {
        "before": "101 rows of 101 carry CURRENCY_ERROR.",
        "now": "77,000 rows of *all* were lost <!channel>",
        "why": "77,000 stands in none of E1.",
        "evidence": [{"id": "E1", "text": "ERROR ×101: CURRENCY_ERROR <@U0BO>"}],
    }
    brought: JsonObject = {
        "by": ANA,
        "name": "ana",
        "file": "INC-7-v3 <!here>.md",
        "number": 57,
        "from": 3,
        "changed": ["Summary", "What went well"],
        "left": ["Timeline", "Evidence"],
        "counts": {"unchanged": 12, "supported": 2, "contradicted": 1, "stated": 3, "removed": 1},
        "new": 2,
        "said": ["The breaker held.", "Approve it <https://evil.example|now> \u202e"],
        "wrong": [wrong],
    }
    counts: JsonObject = {"unchanged": 12, "stated": 2}
    return {**brought, **({"counts": counts} if changes.get("wrong") == [] else {}), **changes}


def a_published() -> Draft:
    draft = a_draft()
    document = a_document()
    sure = document.candidates[0].model_copy(update={"confirmed_by": "@bo"})
    told = document.model_copy(update={"candidates": (sure,)})
    return draft.model_copy(
        update={
            "state": DraftState.PUBLISHED,
            "document": told,
            "edition": 4,
            "published": PLACES,
            "published_edition": 4,
        }
    )
