"""Only a person adds a proposed step to a run, only one that everything admits, and it is asked for like any other."""

import json
from collections.abc import Mapping
from datetime import timedelta

from bot.domain.approval import ApprovalState
from bot.domain.assistance import Expansion, Offer, ProposedStep
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Origin
from bot.domain.inbox import AddStep, AskAgain, LeaveOut, ParkRun, StopRun
from bot.domain.inbox import ExpandStep as ExpandWish
from bot.domain.records import Card, Change
from bot.domain.run import RunState, StepState
from bot.domain.value import JsonObject
from tests.usecases.table import ANA, BO, CHANNEL, CY, DEE, EVE, GUS, ROBO, Table
from tests.usecases.test_assistance import seat

WHY = Claim(
    text="The pipeline is transactions.", kind=Kind.OBSERVED, evidence=("E1",), quote="pipeline is transactions"
)
KEY = "control/circuit_breaker/transactions.json"


def swap(table: Table, **other: object) -> ProposedStep:
    """Propose to set the breaker back to OPEN, which the runbook's own `reopen` would do."""
    params: JsonObject = {"bucket": table.lake.names.artifacts_bucket, "key": KEY, "change": {"state": "OPEN"}}
    return ProposedStep(action="s3.swap_json", params={**params, **other}, why=WHY)  # type: ignore[dict-item] # hostile


def look(table: Table, key: str = KEY) -> ProposedStep:
    return ProposedStep(
        action="s3.read_json", params={"bucket": table.lake.names.artifacts_bucket, "key": key}, why=WHY
    )


def expanded(table: Table, *proposed: ProposedStep, person: str = ANA, step: str = "reopen") -> Card:
    """Start `swap`, which waits for a yes at half_open, and expand a step; return the expansion's card."""
    if not table.store.runs(open_only=False):
        table.start(person, "swap")
    return again(table, *proposed, step=step)


def again(table: Table, *proposed: ProposedStep, step: str = "reopen", channel: str = CHANNEL) -> Card:
    seat(table, proposed=proposed)
    table.wish(ANA, ExpandWish(run=1, step=step), channel=channel)
    return table.cards("assist:")[-1]


def reply(card: Card) -> Expansion:
    return Expansion.model_validate(card.payload["reply"])


def offer(card: Card) -> Offer:
    (only,) = reply(card).offers
    return only


def press(
    table: Table,
    person: str | None,
    card: Card,
    *,
    number: int = 1,
    typed: Mapping[str, str] | None = None,
    ts: str | None = None,
    channel: str = CHANNEL,
) -> None:
    wish = AddStep(answer=int(card.key.split(":")[1]), number=number, typed=typed or {})
    table.wish(person, wish, ts=ts or f"ts-{card.key}", channel=channel)


def forged(table: Table, card: Card, step: ProposedStep, found: Offer | None = None) -> None:
    """Write a proposal into the records that code never let through, as if the card had shown a button for it."""
    whole = reply(card).model_copy(update={"proposed": (step,), "offers": (found or Offer(risk="read"),)})
    payload = {**card.payload, "reply": whole.model_dump(mode="json")}
    table.store.commit(Change(cards=(card.model_copy(update={"payload": payload}),)))
    table.drive()


# What is added.


def test_an_added_change_stands_behind_what_is_under_way_and_asks_those_whom_its_row_asks(table: Table) -> None:
    card = expanded(table, swap(table))
    press(table, ANA, card)

    run = table.run()
    assert run.path == ("breaker", "half_open", "added_1", "checked")
    (added,) = run.added
    assert (added.by, added.proposal, added.evidence) == (ANA, f"{card.key}:1", ("E1",))
    assert table.newest().step == "half_open"

    table.approve(BO)
    asked = table.newest()
    assert (asked.step, asked.binding.risk, asked.binding.needs) == ("added_1", "change", ("platform",))
    assert table.state() == "HALF_OPEN"
    table.approve(CY)
    assert table.state() == "OPEN"
    assert table.run().record("added_1").state is StepState.DONE


def test_an_added_look_runs_when_its_turn_comes_and_asks_nobody(table: Table) -> None:
    press(table, ANA, expanded(table, look(table)))

    table.approve(BO)

    assert [one.step for one in table.store.approvals()] == ["half_open"]
    assert table.run().record("added_1").output is not None
    assert table.run().state is RunState.REPAIRED


def test_who_adds_a_step_is_an_author_of_it_and_of_what_was_asked_before(table: Table) -> None:
    card = expanded(table, swap(table))
    first = table.newest()
    press(table, BO, card)

    assert table.run().authors == (ANA, BO)
    assert table.store.approval(first.id).state is ApprovalState.REVOKED
    asked = table.newest()
    assert (asked.id, asked.step, asked.binding.authors) == (first.id + 1, "half_open", (ANA, BO))
    table.approve(BO)
    assert "you asked for this change yourself" in table.refused()
    table.approve(CY)
    table.approve(BO)
    assert "you asked for this change yourself" in table.refused()
    assert table.state() == "HALF_OPEN"


def test_what_an_author_adds_leaves_the_open_request_as_it_is(table: Table) -> None:
    card = expanded(table, swap(table))
    asked = table.newest()

    press(table, ANA, card)

    assert table.newest() == asked


def test_it_stands_in_the_audit_with_what_it_rests_on(table: Table) -> None:
    card = expanded(table, swap(table))
    press(table, ANA, card)

    (record,) = [one for one in table.audited() if one.body.kind == "run.step_added"]
    facts = record.body.facts
    assert (record.body.actor, record.body.subject) == (ANA, "R-1")
    assert (facts["action"], facts["risk"], facts["proposal"]) == ("s3.swap_json", "change", f"{card.key}:1")
    assert facts["evidence"] == ["E1"]


def test_two_proposals_are_added_in_the_order_they_were_pressed(table: Table) -> None:
    card = expanded(table, look(table), swap(table))

    press(table, ANA, card, number=2)
    press(table, ANA, card, number=1)

    assert table.run().path == ("breaker", "half_open", "added_1", "added_2", "checked")
    assert [one.uses for one in table.run().added] == ["s3.swap_json", "s3.read_json"]
    table.approve(BO)
    table.approve(CY)
    assert [table.run().record(f"added_{number}").state for number in (1, 2)] == [StepState.DONE] * 2


def test_an_added_step_asks_no_less_than_where_the_runbook_itself_uses_its_action(table: Table) -> None:
    table.start(ANA, "two-people")
    seat(table, proposed=(swap(table),))
    table.wish(ANA, ExpandWish(run=1, step="reopen"))

    press(table, ANA, table.cards("assist:")[-1])
    table.approve(CY)
    table.approve(BO)

    asked = table.newest()
    assert (asked.step, sorted(asked.binding.needs)) == ("added_1", ["oncall", "platform"])


def test_an_added_look_that_fails_keeps_nothing_from_going_on(table: Table) -> None:
    gone = "control/circuit_breaker/nothere.json"
    card = expanded(table, look(table))
    forged(table, card, look(table, gone).model_copy(update={"origins": {"bucket": Origin.AWS, "key": Origin.AWS}}))
    press(table, ANA, card)

    table.approve(BO)

    assert table.run().state is RunState.REPAIRED


def test_an_added_change_that_nobody_wants_any_more_is_left_out_and_the_run_goes_on(table: Table) -> None:
    press(table, ANA, expanded(table, swap(table)))
    table.approve(BO)
    asked = table.newest()

    table.wish(DEE, LeaveOut(run=1, step="added_1"))

    assert table.store.approval(asked.id).state is ApprovalState.REVOKED
    assert table.run().record("added_1").state is StepState.SKIPPED
    assert table.run().state is RunState.REPAIRED
    assert table.state() == "HALF_OPEN"
    assert "run.step_left_out" in table.kinds()


def test_a_step_of_the_runbook_is_not_left_out(table: Table) -> None:
    expanded(table)

    table.wish(ANA, LeaveOut(run=1, step="half_open"))

    assert "Only a step that was added" in table.refused()
    assert table.run().next_step == "half_open"


def test_a_run_goes_on_with_its_added_steps_after_the_bot_was_started_again(table: Table) -> None:
    press(table, ANA, expanded(table, swap(table)))
    other = table.another()
    other.approve(BO)
    other.approve(CY)

    assert other.state() == "OPEN"
    assert other.run().record("added_1").state is StepState.DONE
    other.close()


# Attacks on what may be added.


def test_an_action_the_runbook_does_not_use_is_never_shown(table: Table) -> None:
    names = ("iam.attach_role_policy", "lambda.invoke", "s3.swap_json ", "")

    card = expanded(table, *(swap(table).model_copy(update={"action": name}) for name in names))

    assert reply(card).proposed == ()
    assert ["not among the actions" in one.why for one in reply(card).made.dropped] == [True] * 4


def test_a_value_that_stands_in_no_evidence_is_never_shown(table: Table) -> None:
    card = expanded(table, swap(table, bucket="somebody-elses-bucket"))

    assert reply(card).proposed == ()
    assert "stands in no evidence" in reply(card).made.dropped[-1].why


def test_a_placeholder_is_no_value_for_a_step(table: Table) -> None:
    card = expanded(table, swap(table, change={"reason": "[email#1]"}), look(table, key="[password#2]"))

    assert reply(card).proposed == ()
    assert {one.why for one in reply(card).made.dropped} == {"The value of a parameter is one that was redacted."}


def test_a_reason_that_the_evidence_does_not_bear_drops_its_proposal(table: Table) -> None:
    lie = Claim(text="The probe is CLOSED since 03:15.", kind=Kind.OBSERVED, evidence=("E77",))

    card = expanded(table, swap(table).model_copy(update={"why": lie}))

    assert reply(card).proposed == ()


HOSTILE: list[tuple[JsonObject, str]] = [
    ({"action": "s3.delete_bucket"}, "does not use"),
    ({"action": "schedule.pause"}, "does not use"),
    ({"action": "athena.query", "params": {"sql": "DROP TABLE x"}}, "does not take these parameters"),
    ({"params": {"bucket": "evil-bucket"}}, "does not admit"),
    ({"params": {"bucket": "arn:aws:s3:eu-west-1:999999999999:accesspoint/x"}}, "does not admit"),
    ({"params": {"key": "etl/transform.py"}}, "no control document"),
    ({"params": {"key": "control/circuit_breaker/../../etl/x.py"}}, "no control document"),
    ({"params": {"key": "gold/_SUCCESS"}}, "no control document"),
    ({"params": {"key": "control/circuit_breaker/tr\u0430nsactions.json"}}, "no control document"),
    ({"params": {"acl": "public-read"}}, "does not take these parameters"),
    ({"params": {"risk": "read"}}, "does not take these parameters"),
    ({"params": {"change": "OPEN"}}, "does not take these parameters"),
    ({"params": {"key": "${'control/circuit_breaker/' + inputs.pipeline + '.json'}"}}, "never an expression"),
    ({"params": {"change": {"${platform.name}": "OPEN"}}}, "never an expression"),
]


def test_what_nothing_admits_is_not_added_even_if_its_button_was_forged(table: Table) -> None:
    """The records are made to hold what code never lets on a card: the press judges again."""
    card = expanded(table, swap(table))
    good = reply(card).proposed[0]
    before = table.run()

    for attack, words in HOSTILE:
        more = attack.get("params", {})
        assert isinstance(more, dict)
        params = {**good.params, **more}
        changed = {"params": params, "origins": dict.fromkeys(params, Origin.AWS), "action": good.action} | (
            {"action": attack["action"]} if "action" in attack else {}
        )
        forged(table, card, good.model_copy(update=changed))
        table.forget_whispers()
        press(table, ANA, card)

        assert words in table.refused(), attack
        assert table.run() == before, attack
    assert table.cloud.sent == []


def test_a_value_whose_origin_nobody_noted_is_not_added(table: Table) -> None:
    card = expanded(table, swap(table))
    forged(table, card, reply(card).proposed[0].model_copy(update={"origins": {}}))

    press(table, ANA, card)

    assert "Nobody vouches for the value" in table.refused()


def test_what_no_row_admits_has_no_button(table: Table) -> None:
    """A bucket of the platform, named in the evidence, that the row does not list for the action."""
    table.start(ANA, "swap")
    bucket = table.lake.names.quarantine_bucket
    run = table.run()
    table.store.commit(Change(runs=(run.model_copy(update={"inputs": {**run.inputs, "note": bucket}}),)))

    card = again(table, swap(table, bucket=bucket))

    assert "may not" in offer(card).refused or "does not admit" in offer(card).refused
    press(table, ANA, card)
    assert table.refused()
    assert table.run().added == ()


def test_a_model_that_says_a_change_only_reads_changes_nothing_of_what_it_asks(table: Table) -> None:
    sly = Claim(
        text="The pipeline is transactions, so it only looks.",
        kind=Kind.INFERRED,
        evidence=("E1",),
        quote="pipeline is transactions",
    )
    card = expanded(table, swap(table).model_copy(update={"why": sly}))

    assert (offer(card).risk, offer(card).needs) == ("change", ("platform",))
    press(table, ANA, card)
    table.approve(BO)

    assert table.newest().step == "added_1"
    assert table.newest().binding.risk == "change"
    assert table.state() == "HALF_OPEN"


def test_a_pause_is_not_added_without_its_resume(table: Table) -> None:
    table.start(ANA, "pauses")
    rule = table.lake.names.schedule_rule
    why = Claim(text=f"The schedule is {rule}.", kind=Kind.INFERRED, evidence=("V1",))
    pause = ProposedStep(action="schedule.pause", params={"rule": rule}, why=why)

    card = again(table, pause, step="pause")

    assert "A pause and its resume go together" in offer(card).refused
    press(table, ANA, card)
    assert "A pause and its resume go together" in table.refused()


def test_what_only_a_text_names_is_typed_again_by_the_person(table: Table) -> None:
    card = expanded(table, swap(table))
    good = reply(card).proposed[0]
    told = good.model_copy(update={"origins": {**good.origins, "key": Origin.TEXT}})
    forged(table, card, told, Offer(risk="change", typed=("key",)))

    press(table, ANA, card)
    assert "Type again what only a text vouches for: key" in table.refused()
    press(table, ANA, card, typed={"key": KEY, "bucket": "evil"})
    assert "Type again" in table.refused()
    press(table, ANA, card, typed={"key": "etl/x.py"})
    assert table.run().added == ()
    press(table, ANA, card, typed={"key": KEY})

    (added,) = table.run().added
    assert (added.params["key"], added.typed) == (KEY, ("key",))


def test_a_value_that_only_a_text_names_is_marked_to_be_typed(table: Table) -> None:
    rule = table.lake.names.schedule_rule
    table.edit("swap", "**Half-open.**", f"**Half-open.** Mind {rule}.")

    card = expanded(table, ProposedStep(action="events.rule", params={"rule": rule}, why=WHY), step="half_open")

    assert offer(card).typed == ("rule",)
    press(table, ANA, card)
    assert "Type again what only a text vouches for: rule" in table.refused()


# Attacks on who presses, where and when.


def test_guests_bots_strangers_nobody_and_who_may_not_operate_add_nothing(table: Table) -> None:
    card = expanded(table, swap(table))
    table.directory.roles["everyone"].discard(DEE)

    for person in (GUS, ROBO, EVE, DEE, "U0NOBODY", None):
        press(table, person, card)

    assert table.run().added == ()
    assert table.kinds().count("wish.refused") == 6


def test_silence_of_slack_is_a_no(table: Table) -> None:
    card = expanded(table, swap(table))
    table.directory.silent = True

    press(table, ANA, card)

    assert table.run().added == ()
    assert "Refused to be safe" in table.refused()


def test_pressed_twice_it_is_added_once(table: Table) -> None:
    card = expanded(table, swap(table))

    press(table, ANA, card)
    press(table, BO, card)

    assert len(table.run().added) == 1
    assert table.run().authors == (ANA,)
    assert "was added to R-1 already" in table.refused()


def test_what_is_no_proposal_of_an_expansion_where_it_stands_is_refused(table: Table) -> None:
    """Forged places and ids, another message, another channel."""
    card = expanded(table, swap(table))
    table.forget_whispers()

    press(table, ANA, card, number=2)
    press(table, ANA, card, number=99)
    press(table, ANA, card, ts="17.5")
    press(table, ANA, card, channel="D0ANA")
    table.wish(ANA, AddStep(answer=999, number=1), ts="ts-assist:999")
    table.wish(ANA, AddStep(answer=1, number=1), ts="ts-assist:1")

    assert ["no expansion of a run" in str(one["words"]) for one in table.whispers()] == [True] * 6
    assert table.run().added == ()


def test_an_expansion_in_another_channel_carries_no_button_for_the_run(table: Table) -> None:
    expanded(table)

    card = again(table, swap(table), channel="D0ANA")

    assert "expand the step there" in offer(card).refused


def test_an_expansion_without_a_run_offers_nothing_to_add(table: Table) -> None:
    seat(table, proposed=(ProposedStep(action="s3.read_json", params={"key": KEY}, why=WHY),))
    table.wish(ANA, ExpandWish(runbook="swap", step="1"))

    assert reply(table.cards("assist:")[-1]).offers == ()


def test_a_run_that_has_ended_takes_no_step(table: Table) -> None:
    card = expanded(table, swap(table))
    table.wish(ANA, StopRun(run=1))

    press(table, ANA, card)

    assert "R-1 has ended" in table.refused()
    assert table.run().added == ()


def test_a_run_that_checks_takes_no_step_behind_its_checks(table: Table) -> None:
    card = expanded(table, swap(table))
    run = table.run()
    table.store.commit(Change(runs=(run.model_copy(update={"at": 2}),)))

    press(table, ANA, card)

    assert "come behind its checks" in table.refused()


def test_no_more_than_ten_steps_are_added_to_a_run(table: Table) -> None:
    card = expanded(table, look(table))
    press(table, ANA, card)
    run = table.run()
    many = tuple(run.added[0].model_copy(update={"id": f"added_{n}", "proposal": f"x{n}"}) for n in range(1, 11))
    table.store.commit(Change(runs=(run.model_copy(update={"added": many, "path": run.path}),)))

    press(table, ANA, card)

    assert "has 10 added steps already" in table.refused()


def test_an_added_step_is_asked_anew_when_the_world_changed_since_the_yes(table: Table) -> None:
    press(table, ANA, expanded(table, swap(table)))
    table.approve(BO)
    table.approve(CY, drive=False)
    table.write_breaker(state="CLOSED")
    table.drive()

    assert table.newest().state is ApprovalState.VOID
    assert table.state() == "CLOSED"
    table.wish(ANA, AskAgain(run=1))
    assert table.newest().state is ApprovalState.PENDING


def test_a_step_of_the_records_that_was_changed_after_the_yes_is_not_sent(table: Table) -> None:
    press(table, ANA, expanded(table, swap(table)))
    table.approve(BO)
    table.approve(CY, drive=False)
    run = table.run()
    other = run.added[0].model_copy(update={"params": {**run.added[0].params, "change": {"state": "CLOSED"}}})
    table.store.commit(Change(runs=(run.model_copy(update={"added": (other,)}),)))
    table.drive()

    assert table.newest().state is ApprovalState.VOID
    assert table.state() == "HALF_OPEN"


def test_a_parked_run_keeps_its_added_step(table: Table) -> None:
    card = expanded(table, swap(table))
    table.wish(ANA, ParkRun(run=1, until=table.now() + timedelta(hours=1)))
    press(table, ANA, card)

    table.later(timedelta(minutes=61))
    table.drive()

    assert table.run().path == ("breaker", "half_open", "added_1", "checked")
    assert table.newest().step == "half_open"


def test_nothing_of_the_models_words_is_in_the_step(table: Table) -> None:
    press(table, ANA, expanded(table, swap(table)))

    (added,) = table.run().added
    assert WHY.text not in json.dumps(added.model_dump(mode="json"))
    assert added.title == table.desk.catalogue.action("s3.swap_json").title
