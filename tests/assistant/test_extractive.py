"""Without a model every job is answered by quoting, and nothing is said that does not stand in the evidence."""

import pytest

from bot.assistant.extractive import ExtractiveAssistant
from bot.assistant.quoting import ranked, sentences
from bot.domain.assistance import AnswerQuestion, ExpandStep, Expansion, Job, SuggestResponse, grounds
from bot.domain.claims import Claim, Kind, check
from bot.domain.evidence import Evidence, Item, Origin
from tests.assistant.jobs import ANSWER, BREAKER, DRAFT, EVIDENCE, EXPAND, ITEMS, QUARANTINE, SUGGEST

PLAIN = ExtractiveAssistant()


def _all_claims() -> list[tuple[Job, Claim]]:
    expansion = PLAIN.expand_step(EXPAND)
    everything = (*expansion.do, *expansion.look_for, *expansion.can_go_wrong, *expansion.undo)
    wording = PLAIN.draft_postmortem(DRAFT)
    return [
        *((EXPAND, claim) for claim in everything),
        *((SUGGEST, claim) for claim in PLAIN.suggest_response(SUGGEST).response),
        *((ANSWER, claim) for claim in PLAIN.answer(ANSWER).claims),
        *((DRAFT, claim) for section in wording.sections.values() for claim in section),
    ]


@pytest.mark.parametrize(("job", "claim"), _all_claims())
def test_every_sentence_quotes_an_item_exactly(job: Job, claim: Claim) -> None:
    item = grounds(job).item(claim.evidence[0])

    assert item is not None
    assert claim.quote in item.text
    assert claim.text.endswith(claim.quote)


@pytest.mark.parametrize(("job", "claim"), _all_claims())
def test_every_sentence_passes_the_check_that_a_model_s_must_pass(job: Job, claim: Claim) -> None:
    checked = check([claim], grounds(job))

    assert (checked.kept, checked.dropped) == ((claim,), ())


@pytest.mark.parametrize(("job", "claim"), _all_claims())
def test_what_only_a_text_says_is_told_as_its_source_s_and_never_as_seen(job: Job, claim: Claim) -> None:
    item = grounds(job).item(claim.evidence[0])

    assert item is not None
    assert (claim.kind is Kind.OBSERVED) <= (item.origin is not Origin.TEXT)
    assert (claim.kind is Kind.STATED) == (claim.by == item.source)


# expand


def said(claims: tuple[Claim, ...]) -> list[str]:
    return [claim.text for claim in claims]


def test_a_step_is_expanded_with_values_call_verification_undo_and_questions() -> None:
    expansion = PLAIN.expand_step(EXPAND)

    assert said(expansion.do) == [
        "Half-open the breaker.",
        "Only when the cause is fixed: the file corrected and re-sent, or the ETL mended.",
        "pipeline: transactions",
        "probe_file: bronze/mortgages/transactions/f-0193.csv.gz",
        'Exact call: {"IfMatch": "\\"9b2c\\"", "Key": "control/circuit_breaker/transactions.json", '
        '"operation": "s3 PutObject"}',
    ]
    assert said(expansion.look_for)[0] == "The breaker reads HALF_OPEN, changed by this run."
    assert "The breaker of transactions is OPEN." in said(expansion.look_for)
    assert said(expansion.can_go_wrong) == ["Not fixed yet?", "Press Park and come back; OPEN is safe."]
    assert said(expansion.undo) == ["Set it back to OPEN: nothing loads."]
    assert expansion.questions == ("Why is it safe to try again?",)
    assert expansion.made.engine == "extractive"


def test_a_step_with_nothing_but_its_words_is_expanded_too() -> None:
    expansion = PLAIN.expand_step(ExpandStep(runbook="x", step="look", title="Look.", prose="Look."))

    assert said(expansion.do) == ["Look."]
    assert expansion.model_copy(update={"do": ()}) == Expansion(do=(), made=expansion.made)


# suggest


def test_an_alarm_that_a_runbook_names_gets_that_runbook_with_its_symptoms_and_first_steps() -> None:
    suggestion = PLAIN.suggest_response(SUGGEST)

    assert suggestion.runbook == "circuit-breaker"
    assert said(suggestion.response) == [
        "CircuitBreakerOpen is in ALARM since 02:07 UTC.",
        "SameErrorCount was 101 and the threshold is 100.",
        "circuit-breaker answers CircuitBreakerOpen by name",
        "Alarm CircuitBreakerOpen; the state machine fails in its first state.",
        "Readers see yesterday's data.",
        "Read the breaker.",
        "Note which run readers get.",
        "See whether the schedule is on.",
    ]


def test_without_an_exact_match_the_candidates_are_shown_with_their_words_and_none_is_picked() -> None:
    unsure = BREAKER.model_copy(update={"exact": False, "matched": ("breaker",)})

    suggestion = PLAIN.suggest_response(SUGGEST.model_copy(update={"candidates": (unsure, QUARANTINE)}))

    assert suggestion.runbook is None
    assert "circuit-breaker: breaker stand in both" in said(suggestion.response)
    assert "quarantine-review: rows, currency stand in both" in said(suggestion.response)


def test_an_alarm_that_no_runbook_fits_is_said_to_have_fired_and_no_more() -> None:
    suggestion = PLAIN.suggest_response(SuggestResponse(alarm="DiskFull", candidates=(), evidence=Evidence()))

    assert (suggestion.runbook, suggestion.response) == (None, ())


# answer


def test_a_question_is_answered_by_the_items_that_fit_its_words_best_first() -> None:
    heard: list[str] = []

    answer = PLAIN.answer(ANSWER, heard=heard.append)

    assert said(answer.claims)[0] == "Load 20260121T020000Z failed with CircuitBreakerOpen."
    assert answer.not_looked_at == EVIDENCE.unread
    assert heard == [" ".join(said(answer.claims))]


@pytest.mark.parametrize(
    "question", ["Who won the cup?", "How much does the warehouse cost us in Frankfurt?", "why?", "", "🙂", "?" * 5000]
)
def test_a_question_that_the_evidence_does_not_answer_is_not_determined(question: str) -> None:
    heard: list[str] = []

    answer = PLAIN.answer(AnswerQuestion(question=question, evidence=EVIDENCE), heard=heard.append)

    assert answer.claims == ()
    assert answer.not_looked_at == EVIDENCE.unread
    assert heard == []


def test_a_rare_word_weighs_more_than_one_that_stands_everywhere() -> None:
    items = [
        Item(id=f"E{number}", kind="log", origin=Origin.AWS, source="logs", text=text)
        for number, text in enumerate(["The load ran.", "The load ran.", "The probe ran."], start=1)
    ]

    assert next(fit.item.id for fit in ranked("did the load or the probe run", items)) == "E3"


# draft


def test_a_draft_has_every_section_and_says_nothing_where_the_evidence_has_nothing() -> None:
    wording = PLAIN.draft_postmortem(DRAFT)

    assert list(wording.sections) == list(DRAFT.sections)
    assert wording.sections["Where luck helped"] == ()
    assert "time to mitigate: 24 min" in said(wording.sections["Impact"])
    assert said(wording.sections["Response"])[0] == "Step pause was done: the schedule daily_etl_schedule is DISABLED."


def test_a_cause_is_a_candidate_and_never_rests_on_a_text() -> None:
    causes = PLAIN.draft_postmortem(DRAFT).sections["Candidate causes"]

    assert causes
    assert {claim.kind for claim in causes} == {Kind.INFERRED}
    assert all(claim.text.startswith("Candidate, not confirmed: ") for claim in causes)
    assert "E5" not in {name for claim in causes for name in claim.evidence}


# sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("- one\n- two\n\n3. three", ["one", "two", "three"]),
        ("1. Read the breaker\n2. Note it. Then wait.", ["Read the breaker", "Note it.", "Then wait."]),
        ("See e.g. The log. Done.", ["See e.g. The log.", "Done."]),
        ("It is 1.5 MB at 02.07 UTC.", ["It is 1.5 MB at 02.07 UTC."]),
        ('He said "stop." Then it stopped.', ['He said "stop."', "Then it stopped."]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_a_text_falls_into_sentences_and_lines(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_the_quotes_of_a_thousand_items_are_found_at_once() -> None:
    items = tuple(ITEMS[2].model_copy(update={"id": f"E{number}"}) for number in range(1_000))

    answer = PLAIN.answer(ANSWER.model_copy(update={"evidence": Evidence(items=items)}))

    assert len(answer.claims) == 5
