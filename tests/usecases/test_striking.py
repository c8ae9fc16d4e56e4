"""A sentence that somebody struck is shown so, wherever it stands, and is never again said as borne by its evidence."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.assistant.extractive import ExtractiveAssistant
from bot.documents.views import DraftViews
from bot.domain.assistance import AnswerQuestion, ExpandStep
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Gathering, Origin
from bot.domain.inbox import (
    AskQuestion,
    ConfirmCause,
    DeclareIncident,
    EditDraft,
    ExportPostmortem,
    ImportPostmortem,
    PublishPostmortem,
    SettleImport,
    StartPostmortem,
    StrikeClaims,
    SuggestForAlarm,
)
from bot.domain.inbox import ExpandStep as ExpandWish
from bot.domain.incident import IncidentState
from bot.domain.postmortem.checking import archived, check
from bot.domain.postmortem.comparing import borne
from bot.domain.postmortem.document import CANDIDATES, Part
from bot.domain.postmortem.draft import Draft, DraftState
from bot.domain.postmortem.markdown import read as read_text
from bot.domain.postmortem.sections import replaced, section_of
from bot.domain.records import Card, Change
from bot.domain.redaction import Redactor
from bot.domain.strikes import claim_id
from bot.slack.cards.blocks import Message
from bot.slack.drawing import Drawing
from bot.slack.parsing import harmless
from bot.usecases import gathering, strikes
from bot.usecases.postmortems.drafts import pages
from bot.workbench.lake.lake import Lake
from bot.workbench.slack.checker import check_message
from tests.domain.attacks import ATTACKS
from tests.slack.cards.reading import read
from tests.slack.fakes import payload_of
from tests.usecases import test_adding, test_measuring, test_postmortems
from tests.usecases.halted import Halted
from tests.usecases.table import ANA, BO, CHANNEL, CY, DEE, EVE, GUS, ROBO, Table
from tests.usecases.test_assistance import OBSERVED, an_alarm, seat

OPEN = claim_id(OBSERVED.text)
STRUCK = "• ~The breaker is OPEN.~ [E1] _struck by @bo_: it was closed"
AGAIN_STRUCK = STRUCK.replace("E1", "E2")
SINCE, UNTIL = "2026-11-23T02:00:00Z", "2026-11-23T03:00:00Z"
SUMMARY = Part.SUMMARY.value
WHY = "it was closed"
AGAIN = OBSERVED.model_copy(update={"evidence": ("E2",)})
"""The same sentence, as it points at what was gathered for a question or a draft."""


@pytest.fixture
def lake(started: Halted) -> Lake:
    """A lake that nothing here changes, so it need not be put back."""
    return started.lake


def an_episode(table: Table, *claims: Claim) -> None:
    """Let an alarm come in, and its suggestion be shown on its card."""
    seat(table, claims=claims or (OBSERVED,), runbook="circuit-breaker")
    an_alarm(table)
    table.drive()


def strike(
    table: Table,
    person: str = BO,
    message: str = "A-1",
    *wrong: str,
    back: tuple[int, ...] = (),
    reason: str = WHY,
    ts: str | None = None,
    channel: str = CHANNEL,
) -> None:
    key = f"alarm:{message[2:]}" if message.startswith("A-") else message
    wish = StrikeClaims(message=message, wrong=wrong or (() if back else (OPEN,)), back=back, reason=reason)
    table.wish(person, wish, ts=ts or f"ts-{key}", channel=channel)


def shown(table: Table, key: str) -> str:
    """Return a card as people read it now."""
    return read(drawn(table, key))


def drawn(table: Table, key: str) -> Message:
    card = table.store.card(key)
    assert card is not None
    drawing = Drawing(
        records=table.store,
        library=table.desk.library,
        directory=table.directory,
        catalogue=table.desk.catalogue,
        policy=table.desk.policy,
        platform=table.desk.platform,
        serves=table.desk.environment,
        documents=DraftViews(),
    )
    message = drawing.draw(card, link=lambda _: None).shows
    assert isinstance(message, Message)
    return message


def an_answer(table: Table, question: str = "is it open?", *, channel: str = CHANNEL) -> Card:
    seat(table, claims=(AGAIN,))
    table.wish(ANA, AskQuestion(question=question), channel=channel)
    return table.cards("assist:")[-1]


# On the message.


def test_a_struck_sentence_is_shown_struck_through_in_place_with_who_and_why(table: Table) -> None:
    an_episode(table)
    before = table.store.card("alarm:1")

    strike(table)

    after = table.store.card("alarm:1")
    assert before is not None
    assert after is not None
    assert (after.ts, after.wanted > before.wanted) == (before.ts, True)
    assert STRUCK in shown(table, "alarm:1")
    assert "• The breaker is OPEN. [E1]" not in shown(table, "alarm:1")
    assert not table.whispers()


def test_it_is_kept_with_who_when_which_and_why_and_in_the_audit_as_ids(table: Table) -> None:
    an_episode(table)

    strike(table)

    (kept,) = table.store.strikes(["A-1"])
    assert (kept.by, kept.name, kept.claim, kept.text, kept.reason) == (BO, "bo", OPEN, OBSERVED.text, WHY)
    assert (kept.message, kept.engine) == ("A-1", "bedrock")
    assert timedelta() <= table.now() - kept.at < timedelta(minutes=1)
    record, private = next(one for one in table.store.audit() if one[0].body.kind == "claim.struck")
    assert (record.body.subject, record.body.actor, private) == ("A-1", BO, WHY)
    assert record.body.facts == {"claim": OPEN, "strike": kept.id, "message": "A-1", "engine": "bedrock"}
    assert WHY not in record.body.text()
    assert record.body.seq in table.store.ledger.texts_of(BO).written


def test_it_is_still_struck_after_a_restart(table: Table) -> None:
    an_episode(table)
    strike(table)

    again = table.another()

    assert STRUCK in shown(again, "alarm:1")
    again.close()


def test_a_strike_is_taken_back_by_anybody_who_may_strike(table: Table) -> None:
    an_episode(table)
    strike(table)
    (kept,) = table.store.strikes(["A-1"])

    strike(table, CY, "A-1", back=(kept.id,))

    assert "• The breaker is OPEN. [E1]" in shown(table, "alarm:1")
    assert table.store.strikes(["A-1"]) == []
    over = table.store.strike(kept.id)
    assert (over.undone_by, over.undone_name, over.undone_at is not None) == (CY, "cy", True)
    assert table.kinds()[-1] == "claim.unstruck"
    strike(table, ANA)
    assert "_struck by @ana_" in shown(table, "alarm:1")


def test_two_who_strike_the_same_sentence_strike_it_once_and_the_second_is_told(table: Table) -> None:
    an_episode(table)
    wish = StrikeClaims(message="A-1", wrong=(OPEN,), reason=WHY)
    for person in (BO, CY):
        table.send(person, wish, ts="ts-alarm:1")

    table.drive()

    (kept,) = table.store.strikes(["A-1"])
    assert kept.by == BO
    assert [one["what"] for one in table.whispers()] == ["refused"]
    assert "was struck by @bo: it was closed" in table.refused()
    assert "Your click changed nothing." in table.refused()
    assert table.kinds().count("claim.struck") == 1
    assert test_measuring.of(table, "ClaimsStruck") == [("bedrock",)]


def test_who_strikes_two_of_which_one_is_struck_is_told_of_that_one(table: Table) -> None:
    other = Claim(text="The breaker is OPEN since 02:07.", kind=Kind.OBSERVED, evidence=("E1",), quote=OBSERVED.quote)
    an_episode(table, OBSERVED, other)
    strike(table)

    strike(table, CY, "A-1", OPEN, claim_id(other.text), reason="")

    assert len(table.store.strikes(["A-1"])) == 2
    told = table.whispers()[-1]
    assert (told["what"], "“The breaker is OPEN.” was struck by @bo" in str(told["words"])) == ("told", True)
    assert "~The breaker is OPEN since 02:07.~ [E1] _struck by @cy_" in shown(table, "alarm:1")


def test_two_who_take_the_same_strike_back_are_both_told_the_truth(table: Table) -> None:
    an_episode(table)
    strike(table)
    (kept,) = table.store.strikes(["A-1"])

    strike(table, CY, "A-1", back=(kept.id,))
    strike(table, ANA, "A-1", back=(kept.id,))

    assert "@cy took the strike of “The breaker is OPEN.” back already" in table.refused()
    assert table.kinds().count("claim.unstruck") == 1


@pytest.mark.parametrize(
    ("wrong", "ts", "channel"),
    [
        ((claim_id("The breaker is CLOSED."),), "ts-alarm:1", CHANNEL),
        ((OPEN,), "ts-alarm:0", CHANNEL),
        ((OPEN,), "ts-alarm:1", "D0BO"),
    ],
    ids=["other words", "an older message", "another place"],
)
def test_what_is_not_the_message_as_it_stands_is_refused_with_words(
    table: Table, wrong: tuple[str, ...], ts: str, channel: str
) -> None:
    an_episode(table)

    strike(table, BO, "A-1", *wrong, ts=ts, channel=channel)

    assert "nothing was struck" in table.refused()
    assert table.store.strikes(["A-1"]) == []


def test_a_strike_of_another_incident_is_not_taken_back_here(table: Table) -> None:
    an_episode(table)
    answer = an_answer(table)
    strike(table)
    (kept,) = table.store.strikes(["A-1"])
    table.store.commit(Change(cards=(answer.model_copy(update={"payload": {**answer.payload, "about": "A-9"}}),)))
    table.drive()

    strike(table, ANA, answer.key, back=(kept.id,))

    assert "says something else by now" in table.refused()
    assert table.store.strike(kept.id).open


@pytest.mark.parametrize("person", [GUS, EVE, ROBO, "U0OUTSIDE"])
def test_guests_strangers_bots_and_who_is_outside_strike_nothing(table: Table, person: str) -> None:
    an_episode(table)

    strike(table, person)

    assert table.store.strikes(["A-1"]) == []
    assert "breaker" not in table.refused()


def test_who_may_only_look_strikes_nothing(table: Table) -> None:
    an_episode(table)
    table.desk = replace(table.desk, policy=table.desk.policy.model_copy(update={"operator": "oncall"}))

    strike(table, DEE)

    assert "You need to be in lake-oncall" in table.refused()
    assert table.store.strikes(["A-1"]) == []


def test_a_hostile_reason_is_only_words(table: Table) -> None:
    an_episode(table)

    for number, attack in enumerate(ATTACKS, start=1):
        strike(table, reason=harmless(attack.text))

        (kept,) = table.store.strikes(["A-1"])
        assert len(kept.reason) <= 300, attack.tries
        message = drawn(table, "alarm:1")
        assert check_message(payload_of(message)) == [], attack.tries
        said = json.dumps(payload_of(message), ensure_ascii=False)
        assert [bad for bad in attack.must_not if bad in said] == [], attack.tries
        assert "~The breaker is OPEN.~ [E1] _struck by @bo_" in said, attack.tries
        strike(table, BO, "A-1", back=(number,))


# Later, in the same incident.


def test_who_says_it_again_in_the_same_incident_says_it_struck(table: Table) -> None:
    an_episode(table)
    strike(table)

    table.wish(ANA, SuggestForAlarm(alarm=1))

    (card,) = table.cards("assist:")
    assert STRUCK in shown(table, card.key)


def test_an_answer_and_the_alarm_it_speaks_of_know_of_each_others_strikes(table: Table) -> None:
    an_episode(table)
    answer = an_answer(table)

    strike(table, BO, answer.key)

    assert AGAIN_STRUCK in shown(table, answer.key)
    assert shown(table, answer.key).startswith("text: All of it was struck.")
    assert STRUCK in shown(table, "alarm:1")
    assert AGAIN_STRUCK in shown(table, an_answer(table, "really?").key)


def test_it_stays_struck_when_an_incident_is_declared_after_it(table: Table) -> None:
    an_episode(table)
    strike(table)

    table.wish(ANA, DeclareIncident(alarm=1))

    assert STRUCK in shown(table, "alarm:1")
    assert AGAIN_STRUCK in shown(table, an_answer(table).key)
    strike(table, CY)
    assert "was struck by @bo" in table.refused()


def test_another_incident_may_say_the_same_sentence(table: Table) -> None:
    an_episode(table)
    table.wish(ANA, DeclareIncident(alarm=1))
    strike(table)
    later = table.store.episode(1).model_copy(
        update={"id": table.store.next_id("alarm"), "revision": 0, "since": UNTIL}
    )
    table.store.commit(Change(episodes=(later,)))

    table.wish(ANA, SuggestForAlarm(alarm=later.id))

    (card,) = table.cards("assist:")
    assert "• The breaker is OPEN. [E1]" in shown(table, card.key)


def test_a_reason_stays_in_the_channel_it_was_given_in(table: Table) -> None:
    an_episode(table)
    strike(table)

    answer = an_answer(table, channel="D0ANA")

    assert answer.channel == "D0ANA"
    assert "~The breaker is OPEN.~" in shown(table, answer.key)
    assert "_struck by @bo_" in shown(table, answer.key)
    assert WHY not in shown(table, answer.key)


def test_a_later_job_is_told_of_it_as_struck_and_never_as_evidence(table: Table) -> None:
    an_episode(table)
    strike(table)
    assistant = seat(table, claims=(AGAIN,))

    table.wish(ANA, AskQuestion(question="is it open?"))

    (job,) = assistant.jobs
    assert isinstance(job, AnswerQuestion)
    assert job.struck == (OBSERVED.text,)
    assert OBSERVED.text not in [item.text for item in job.evidence.items]
    assert WHY not in job.model_dump_json()


def test_without_a_model_it_is_not_even_heard_while_the_answer_is_being_written(table: Table) -> None:
    heard: list[str] = []
    found = Gathering()
    found.add("step", "The breaker is OPEN.", origin=Origin.AWS, source="R-1")
    job = AnswerQuestion(question="Is the breaker open?", evidence=found.evidence(), struck=("breaker is open",))

    said = ExtractiveAssistant().answer(job, heard=heard.append)

    assert [one.text for one in said.claims] == ["The breaker is OPEN."]
    assert heard == []


def test_how_many_each_engine_kept_and_people_struck_is_told_where_the_cost_is(table: Table) -> None:
    an_episode(table)
    strike(table)

    table.wish(ANA, SuggestForAlarm(alarm=1, cost=True))

    (card,) = table.cards("assist:")
    assert "model: 1 of 1 sentences struck so far · no model: 0 of 0" in shown(table, card.key)
    assert strikes.fates(table.store) == {"bedrock": [2, 1], "extractive": [0, 0]}


# An expanded step.


def test_a_sentence_of_an_expanded_step_is_struck_too(table: Table) -> None:
    told = Claim(
        text="The pipeline is transactions.", kind=Kind.OBSERVED, evidence=("E1",), quote="pipeline is transactions"
    )
    table.start(ANA, "swap")
    assistant = seat(table, claims=(told,))
    table.wish(ANA, ExpandWish(run=1, step="half_open"))
    (card,) = table.cards("assist:")

    strike(table, BO, card.key, claim_id(told.text))
    table.wish(ANA, ExpandWish(run=1, step="half_open"))

    assert "~The pipeline is transactions.~ [E1] _struck by @bo_" in shown(table, card.key)
    job = assistant.jobs[-1]
    assert isinstance(job, ExpandStep)
    assert job.struck == (told.text,)


def test_what_was_proposed_for_a_struck_reason_cannot_be_added_any_more(table: Table) -> None:
    """The attack: a button that was drawn before the strike is pressed after it."""
    card = test_adding.expanded(table, test_adding.look(table))
    assert "[Add to run]" in shown(table, card.key)

    strike(table, BO, card.key, claim_id(test_adding.WHY.text))
    test_adding.press(table, ANA, card)

    assert table.run().added == ()
    assert "What speaks for it was struck by @bo" in table.refused()
    assert "[Add to run]" not in shown(table, card.key)
    assert "Cannot be added: what speaks for it is struck." in shown(table, card.key)


# A draft.


@pytest.fixture
def draft(table: Table) -> Draft:
    test_postmortems.seat(table)
    return test_postmortems.drafted(table)


def sourced(draft: Draft, section: str = SUMMARY) -> Claim:
    return next(one.claim for one in read_text(draft.text).sentences if one.section == section and one.claim.evidence)


def line_of(draft: Draft, claim: Claim) -> str:
    return next(line for line in draft.text.splitlines() if claim.text.split(":")[0] in line and "[" in line)


def struck_in_draft(table: Table, claim: Claim, *, person: str = BO, reason: str = WHY) -> Draft:
    strike(table, person, "postmortem:1", claim_id(claim.text), reason=reason)
    return table.store.draft(1)


def test_a_sourced_sentence_of_a_draft_is_struck_in_its_next_edition(table: Table, draft: Draft) -> None:
    claim = sourced(draft)

    now = struck_in_draft(table, claim)

    body = section_of(now.text, SUMMARY)
    assert "*struck by @bo: it was closed*" in body
    assert body.startswith("- ~~")
    assert (now.edition, now.edits[-1].by, now.edits[-1].section) == (2, BO, SUMMARY)
    assert [one.claim for one in now.struck] == [claim_id(claim.text)]
    assert "_struck by @bo_: it was closed" in shown(table, "postmortem:1")
    assert "1 struck by people" in shown(table, "postmortem:1")


def test_a_strike_in_a_draft_is_taken_back_and_the_text_is_as_it_was(table: Table, draft: Draft) -> None:
    claim = sourced(draft)
    now = struck_in_draft(table, claim)
    strike(table, CY, "postmortem:1", back=(table.store.strikes(["INC-1"])[0].id,))

    back = table.store.draft(1)
    assert section_of(back.text, SUMMARY) == section_of(draft.text, SUMMARY)
    assert (back.struck, back.edition, now.edition) == ((), 3, 2)


def test_a_strike_in_what_is_published_leaves_it_published_and_can_be_given_out_anew(
    table: Table, draft: Draft
) -> None:
    table.wish(ANA, PublishPostmortem(draft=1))

    struck_in_draft(table, sourced(draft))
    assert "**DRAFT v2**" in table.store.draft(1).text

    table.wish(ANA, PublishPostmortem(draft=1))
    published = (table.folder / "postmortems" / "INC-1.md").read_text(encoding="utf-8")
    assert "*struck by @bo: it was closed*" in published


def test_what_was_struck_on_the_alarms_card_is_struck_in_the_draft_that_is_made_later(table: Table) -> None:
    an_episode(table)
    strike(table)
    test_postmortems.seat(table, claims=(AGAIN,))
    table.wish(ANA, DeclareIncident(alarm=1))
    assert table.store.incident(1).alarms == (1,)

    table.wish(ANA, StartPostmortem(incident=1, since=SINCE, until=UNTIL))

    draft = table.store.draft(1)
    assert draft.state is DraftState.READY
    assert "A-1" in draft.about
    said = [one for one in read_text(draft.text).sentences if claim_id(one.claim.text) == OPEN]
    assert said
    assert [one.struck for one in said] == [True] * len(said)


def test_a_strike_on_an_answer_reaches_the_draft_that_stands_already(table: Table, draft: Draft) -> None:
    claim = sourced(draft)
    table.store.commit(Change(incidents=(table.store.incident(1).model_copy(update={"state": IncidentState.OPEN}),)))
    card = an_answer(table)
    reply = {"claims": [claim.model_dump(mode="json")], "not_looked_at": [], "made": {"engine": "bedrock"}}
    table.store.commit(Change(cards=(card.model_copy(update={"payload": {**card.payload, "reply": reply}}),)))
    table.drive()

    strike(table, BO, card.key, claim_id(claim.text))

    now = table.store.draft(1)
    assert now.edition == draft.edition + 1
    assert "*struck by @bo: it was closed*" in section_of(now.text, SUMMARY)


def test_people_cannot_unstrike_by_editing_the_text(table: Table, draft: Draft) -> None:
    now = struck_in_draft(table, sourced(draft))

    table.wish(ANA, EditDraft(draft=1, edition=now.edition, sections={SUMMARY: section_of(draft.text, SUMMARY)}))
    assert "what is struck stays so" in table.refused()
    whole = f"{section_of(draft.text, SUMMARY)}\n- It was short."
    table.wish(ANA, EditDraft(draft=1, edition=now.edition, sections={SUMMARY: whole}))

    kept = section_of(table.store.draft(1).text, SUMMARY)
    assert kept == f"{section_of(now.text, SUMMARY)}\n- It was short. *stated by @ana*"


def test_a_file_with_the_mark_taken_off_brings_it_back_struck(table: Table, draft: Draft) -> None:
    now = struck_in_draft(table, sourced(draft))
    unmarked = replaced(now.text, SUMMARY, f"{section_of(draft.text, SUMMARY)}\n- It was short.")
    table.uploads.put("a.md", unmarked.encode(), by=ANA)

    table.wish(ANA, ImportPostmortem())

    card = table.cards("postmortem:1:import:")[-1]
    counts = card.payload["counts"]
    assert isinstance(counts, dict)
    assert counts["struck"] == 1
    number = card.payload["number"]
    assert isinstance(number, int)
    table.wish(ANA, SettleImport(draft=1, number=number, taken=True))
    kept = section_of(table.store.draft(1).text, SUMMARY)
    assert kept == f"{section_of(now.text, SUMMARY)}\n- It was short. *stated by @ana*"


def test_a_mark_that_nobody_made_is_taken_off_and_puts_nothing_in_anybodys_mouth(table: Table, draft: Draft) -> None:
    claim = sourced(draft)
    forged = draft.text.replace(
        f"- {line_of(draft, claim)[2:]}", f"- ~~{line_of(draft, claim)[2:]}~~ *struck by @bo: no*"
    )
    assert forged != draft.text
    table.uploads.put("a.md", forged.replace("## What went well\n", "## What went well\n\nMuch.\n").encode(), by=ANA)
    table.wish(ANA, ImportPostmortem())
    number = table.cards("postmortem:1:import:")[-1].payload["number"]
    assert isinstance(number, int)
    table.wish(ANA, SettleImport(draft=1, number=number, taken=True))

    edition = table.store.draft(1).edition
    body = section_of(draft.text, SUMMARY).replace("- ", "- ~~", 1).replace("\n", "~~ *struck by @bo: no*\n", 1)
    table.wish(ANA, EditDraft(draft=1, edition=edition, sections={SUMMARY: f"{body}\n- ~~Mine.~~ *struck by @bo: no*"}))

    assert "struck by @bo" not in table.store.draft(1).text


def test_a_struck_sentence_holds_up_no_publishing_and_goes_out_struck(table: Table, draft: Draft) -> None:
    assert draft.document is not None
    items = [one for one in draft.document.evidence.items if one.kind == "log"]
    wrong = Claim(text="77,000 rows failed.", kind=Kind.OBSERVED, evidence=(items[0].id,))
    body = f"{section_of(draft.text, SUMMARY)}\n- {wrong.text} [{items[0].id}]"
    table.wish(ANA, EditDraft(draft=1, edition=1, sections={SUMMARY: body}))
    table.wish(ANA, PublishPostmortem())
    assert "the evidence contradicts" in table.refused()

    now = struck_in_draft(table, wrong)
    table.wish(ANA, PublishPostmortem())

    published = (table.folder / "postmortems" / "INC-1.md").read_text(encoding="utf-8")
    assert f"~~77,000 rows failed. [{items[0].id}]~~ *struck by @bo: it was closed*" in published
    assert check(now.text, archived(draft.document), judge=borne) == ()
    assert table.store.draft(1).state is DraftState.PUBLISHED


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("md", lambda text: "~~" in text),
        ("html", lambda text: "<s>" in text),
        ("json", lambda text: '"struck":[{' in text),
    ],
)
def test_every_form_of_a_draft_says_what_is_struck(
    table: Table, draft: Draft, form: str, says: Callable[[str], bool]
) -> None:
    now = struck_in_draft(table, sourced(draft))
    table.wish(ANA, ExportPostmortem(form="md"))

    text = DraftViews().view(form, now).text

    assert says(text)
    assert "struck by @bo: it was closed" in text or form == "json"


def test_a_struck_sentence_is_no_past_that_a_later_incident_learns_from(table: Table) -> None:
    told = Claim(text="The incident is INC-1", evidence=("E1",))
    test_postmortems.seat(table, claims=(told,))
    draft = test_postmortems.drafted(table)
    assert draft.document is not None
    assert draft.document.parts[Part.SUMMARY]
    now = struck_in_draft(table, told)

    class Past:
        def runbooks(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
            return []

        def fitting(self, words: object, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
            return []

        def incidents(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
            return [("INC-1", ("load",))]

    evidence = gathering.of_question(replace(table.desk, search=Past()), "load?", Redactor(), channel=CHANNEL)

    past = next(item.text for item in evidence.items if item.text.startswith("INC-1 of"))
    assert "no summary was written" in past
    assert told.text not in pages(table.store)["INC-1"].text
    assert told.text in now.text


# Candidates.


def test_the_candidates_own_button_strikes_it_and_that_can_be_taken_back(table: Table, draft: Draft) -> None:
    assert draft.document is not None
    first = draft.document.candidates[0]

    table.wish(ANA, ConfirmCause(draft=1, number=0, edition=1, right=False))

    now = table.store.draft(1)
    assert "~~" in section_of(now.text, CANDIDATES)
    assert "*struck by @ana*" in section_of(now.text, CANDIDATES)
    assert first.claim.text not in shown(table, "postmortem:1")
    table.wish(BO, ConfirmCause(draft=1, number=0, edition=2, right=True))
    assert "Take that back first" in table.refused()
    strike(table, BO, "postmortem:1", back=(table.store.strikes(["INC-1"])[0].id,))
    assert section_of(table.store.draft(1).text, CANDIDATES) == section_of(draft.text, CANDIDATES)


def test_striking_a_confirmed_candidate_takes_the_confirmation_back(table: Table, draft: Draft) -> None:
    assert draft.document is not None
    table.wish(ANA, ConfirmCause(draft=1, number=0, edition=1, right=True))

    now = struck_in_draft(table, draft.document.candidates[0].claim)

    assert now.document is not None
    assert now.document.candidates[0].confirmed_by == ""
    assert "confirmed by @ana" not in now.text


def test_what_people_state_is_theirs_and_cannot_be_struck(table: Table, draft: Draft) -> None:
    stated = f"{section_of(draft.text, SUMMARY)}\n- It was short."
    table.wish(ANA, EditDraft(draft=1, edition=1, sections={SUMMARY: stated}))

    strike(table, BO, "postmortem:1", claim_id("It was short."))

    assert "nothing was struck" in table.refused()


def test_a_draft_that_is_being_written_learns_of_a_strike_meanwhile(table: Table) -> None:
    an_episode(table)
    table.wish(ANA, DeclareIncident(alarm=1))
    logs = test_postmortems.FakeLogs()
    test_postmortems.seat(table, logs=logs, claims=(AGAIN,))

    def meanwhile() -> None:
        if len(logs.asked) == 2:
            table.send(BO, StrikeClaims(message="A-1", wrong=(OPEN,)), ts="ts-alarm:1")
            table.deal()

    logs.on_page = meanwhile
    table.wish(ANA, StartPostmortem(incident=1, since=SINCE, until=UNTIL))

    said = [one for one in read_text(table.store.draft(1).text).sentences if claim_id(one.claim.text) == OPEN]
    assert said
    assert all(one.struck for one in said)


def test_a_strike_is_old_news_after_an_hour_too(table: Table) -> None:
    an_episode(table)
    strike(table)
    table.later(timedelta(minutes=50))

    strike(table, CY)

    assert "(50 min ago); it is struck once." in table.refused()
