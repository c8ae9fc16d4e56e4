import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from bot.domain.approval import ApprovalState, cast
from bot.domain.following import FollowState, closed, owned
from bot.domain.incident import led, resolved
from bot.domain.people import Person
from bot.domain.records import AlarmState, AttemptState, Change, Outcome, Wait
from bot.domain.run import Owed, RunState
from bot.domain.strikes import taken_back
from bot.errors import LeaseHeldError, NotAllowedError, NotFoundError, StaleError
from bot.ports import Claims, Records
from bot.records import dialogs
from bot.records.database import Database
from bot.records.signing import Signer
from bot.records.store import Store
from tests.domain.test_strikes import a_strike
from tests.records.values import (
    NOON,
    PLACE,
    StandingClock,
    a_card,
    a_delivery,
    a_followup,
    a_run,
    an_approval,
    an_episode,
    an_incident,
    begin,
    entry,
    taking,
)

HOSTILE = ["'; DROP TABLE runs; --", "🔥🚨", "x" * 10_000, "a\u200bb\u202e", "nul\x00byte", "a\nb"]

HOUR = timedelta(hours=1)


def at_once(work: Callable[[int], bool], *, times: int = 12) -> list[bool]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(work, range(times)))


def wins(act: Callable[[], object]) -> bool:
    with contextlib.suppress(StaleError, LeaseHeldError, NotAllowedError):
        act()
        return True
    return False


def test_the_store_is_what_the_ports_ask_for(store: Store) -> None:
    records: Records = store
    claims: Claims = store

    claims.beat("one")
    assert records.installation == store.installation


# The inbox


def test_what_comes_in_twice_is_kept_once(store: Store) -> None:
    assert store.accept(a_delivery("E1"))
    assert not store.accept(a_delivery("E1"))
    assert store.accept(a_delivery("E2"))

    assert len(store.deliveries()) == 2


def test_what_comes_in_twelve_times_at_once_is_kept_once(store: Store) -> None:
    kept = at_once(lambda _: store.accept(a_delivery("E1")))

    assert sum(kept) == 1


def test_a_delivery_is_there_until_it_is_dealt_with_and_is_dealt_with_once(store: Store) -> None:
    store.accept(a_delivery("E1", words="/runbook list"))
    (number,) = store.deliveries()
    delivery = store.delivery(number)
    assert delivery == a_delivery("E1", words="/runbook list").model_copy(update={"id": number})

    store.commit(Change(inbox=number))

    assert store.delivery(number) is None
    assert store.deliveries() == []
    with pytest.raises(StaleError):
        store.commit(Change(inbox=number, runs=(a_run(),)))
    with pytest.raises(NotFoundError):
        store.run(1)
    assert not store.accept(a_delivery("E1"))


def test_deliveries_come_oldest_first_and_not_all_at_once(store: Store) -> None:
    for name in "abc":
        store.accept(a_delivery(name))

    numbers = store.deliveries(most=2)

    found = [store.delivery(number) for number in numbers]
    assert [one.identity for one in found if one] == ["a", "b"]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_kept_as_it_is(store: Store, words: str) -> None:
    store.accept(a_delivery(words, words=words))
    run = a_run(exclusive=words).model_copy(update={"inputs": {"pipeline": words}})
    store.commit(Change(runs=(run,), cards=(a_card(words=words),), audit=(entry(subject=words, private=words),)))
    store.commit(Change(episodes=(an_episode(arn=words),)))

    delivery = store.delivery(store.deliveries()[0])
    card = store.card("run:1")
    holder = store.holder(words)
    assert delivery is not None
    assert (delivery.said, delivery.identity) == (words, words)
    assert store.run(1).inputs == {"pipeline": words}
    assert holder is not None
    assert holder.exclusive == words
    assert card is not None
    assert card.payload == {"words": words}
    assert [private for _, private in store.audit(subject=words)] == [words]
    assert len(store.episodes(arn=words)) == 1


# Changes


def test_a_run_rises_by_one_revision_with_every_change(store: Store) -> None:
    store.commit(Change(runs=(a_run(),)))
    assert store.run(1) == a_run().model_copy(update={"revision": 1})

    store.commit(Change(runs=(store.run(1).model_copy(update={"state": RunState.WAITING}),)))

    assert (store.run(1).revision, store.run(1).state) == (2, RunState.WAITING)


def test_a_stale_change_keeps_nothing(store: Store) -> None:
    store.commit(Change(runs=(a_run(),)))
    stale = store.run(1)
    store.commit(Change(runs=(stale.model_copy(update={"state": RunState.WAITING}),)))
    store.accept(a_delivery())
    (number,) = store.deliveries()

    with pytest.raises(StaleError):
        store.commit(
            Change(
                runs=(stale.model_copy(update={"state": RunState.REPAIRED}),),
                approvals=(an_approval(),),
                opens=(Wait(key="segment:1:1", due=NOON),),
                cards=(a_card(),),
                inbox=number,
                audit=(entry(),),
            )
        )

    assert store.run(1).state is RunState.WAITING
    assert store.approvals() == []
    assert not store.wait_open("segment:1:1")
    assert store.card("run:1") is None
    assert store.deliveries() == [number]
    assert store.audit() == []


def test_a_run_begins_once(store: Store) -> None:
    store.commit(Change(runs=(a_run(),)))

    with pytest.raises(StaleError):
        store.commit(Change(runs=(a_run(),)))


def test_twelve_changes_of_one_revision_have_one_winner(store: Store) -> None:
    store.commit(Change(runs=(a_run(),)))
    seen = store.run(1)

    won = at_once(lambda n: wins(lambda: store.commit(Change(runs=(seen.model_copy(update={"requester": f"U{n}"}),)))))

    assert sum(won) == 1
    assert store.run(1).revision == 2


def test_twelve_people_voting_at_once_are_one_vote_for_one_place(store: Store) -> None:
    people = tuple(f"U{n}" for n in range(2, 14))
    wide = an_approval().model_copy(update={"candidates": {"platform": people}})
    store.commit(Change(runs=(a_run(),), approvals=(wide,)))

    def vote(number: int) -> bool:
        seen = store.approval(1)
        by = Person(id=people[number], team="T1", name=people[number])
        where = (PLACE, 1)
        return wins(
            lambda: store.commit(
                Change(
                    approvals=(cast(seen, by=by, roles=frozenset({"platform"}), shown=where, clicked=where, now=NOON),)
                )
            )
        )

    won = at_once(vote)

    assert sum(won) == 1
    approval = store.approval(1)
    assert approval.state is ApprovalState.APPROVED
    assert len(approval.votes) == 1


def test_twelve_takings_of_one_call_give_one_permit(store: Store) -> None:
    begin(store)
    asked = taking(store)

    won = at_once(
        lambda n: wins(
            lambda: store.take(
                asked.model_copy(update={"attempt": asked.attempt.model_copy(update={"owner": f"replica-{n}"})})
            )
        )
    )

    assert sum(won) == 1
    assert len(store.attempts(1)) == 1


def test_stop_and_take_at_once_never_both_win(store: Store) -> None:
    for number in range(1, 9):
        begin(store, number)
        asked = taking(store, number, lease=f"thing:{number}")
        stopping = store.run(number).model_copy(update={"stopping": True})

        with ThreadPoolExecutor(2) as pool:
            took = pool.submit(wins, partial(store.take, asked))
            stopped = pool.submit(wins, partial(store.commit, Change(runs=(stopping,))))

        assert stopped.result()
        planned = store.attempts(number)
        assert bool(planned) is took.result()
        if planned:
            # Taken first: the plan stands before the Stop, and is not sent by whoever finds it later.
            with pytest.raises(StaleError):
                store.retake(planned[0].id, owner="two")


# One run per target


def test_a_target_is_one_run_s_until_it_ends_owing_nothing(store: Store) -> None:
    store.commit(Change(runs=(a_run(1, exclusive="breaker:transactions"),)))

    with pytest.raises(LeaseHeldError) as refused:
        store.commit(Change(runs=(a_run(2, exclusive="breaker:transactions"),)))
    assert (refused.value.holder, refused.value.resource) == (1, "breaker:transactions")

    owed = Owed(step="resume", cause="pause", approval=1, since=NOON)
    ended = store.run(1).model_copy(update={"state": RunState.STOPPED, "owed": (owed,)})
    store.commit(Change(runs=(ended,)))
    with pytest.raises(LeaseHeldError):
        store.commit(Change(runs=(a_run(2, exclusive="breaker:transactions"),)))
    assert [run.id for run in store.runs()] == [1]

    store.commit(Change(runs=(store.run(1).model_copy(update={"owed": ()}),)))
    store.commit(Change(runs=(a_run(2, exclusive="breaker:transactions"),)))
    holder = store.holder("breaker:transactions")
    assert holder is not None
    assert holder.id == 2
    assert [run.id for run in store.runs()] == [2]
    assert [run.id for run in store.runs(open_only=False)] == [2, 1]


def test_who_saw_an_older_run_is_told_so_though_another_run_has_its_target_by_now(store: Store) -> None:
    store.commit(Change(runs=(a_run(1, exclusive="b"),)))
    seen = store.run(1)
    store.commit(Change(runs=(seen.model_copy(update={"state": RunState.STOPPED}),)))
    store.commit(Change(runs=(a_run(2, exclusive="b"),)))

    with pytest.raises(StaleError):
        store.commit(Change(runs=(seen,)))


def test_an_ended_run_that_opens_again_cannot_take_its_target_back_from_another(store: Store) -> None:
    ended = a_run(1, exclusive="b").model_copy(update={"state": RunState.REPAIRED})
    store.commit(Change(runs=(ended,)))
    store.commit(Change(runs=(a_run(2, exclusive="b"),)))

    with pytest.raises(LeaseHeldError) as refused:
        store.commit(Change(runs=(store.run(1).model_copy(update={"state": RunState.RUNNING}),)))

    assert refused.value.holder == 2
    assert store.run(1).state is RunState.REPAIRED


def test_twelve_starts_at_once_are_one_run(store: Store) -> None:
    won = at_once(lambda n: wins(lambda: store.commit(Change(runs=(a_run(n + 1, exclusive="b"),)))))

    assert sum(won) == 1
    assert len(store.runs()) == 1


# Looking


def test_what_is_not_there_is_said_in_words(store: Store) -> None:
    for ask in (store.run, store.approval, store.episode):
        with pytest.raises(NotFoundError, match="There is no"):
            ask(99)
    with pytest.raises(NotFoundError):
        store.snapshot("0" * 64)
    assert store.holder("nothing") is None
    assert store.delivery(99) is None
    assert store.card("none") is None


def test_requests_come_newest_first_of_one_run_or_of_all(store: Store) -> None:
    declined = an_approval(2, run=1).model_copy(update={"state": ApprovalState.DECLINED})
    store.commit(Change(runs=(a_run(1), a_run(2)), approvals=(an_approval(1, run=1), declined, an_approval(3, run=2))))

    assert [one.id for one in store.approvals()] == [3, 2, 1]
    assert [one.id for one in store.approvals(run=1)] == [2, 1]
    assert [one.id for one in store.approvals(run=1, open_only=True)] == [1]


def test_an_episode_of_an_alarm_is_kept_once(store: Store) -> None:
    store.commit(Change(episodes=(an_episode(1),)))

    with pytest.raises(StaleError):
        store.commit(Change(episodes=(an_episode(2),)))
    store.commit(Change(episodes=(an_episode(2, since="2026-11-23T13:00:00Z"),)))

    over = store.episode(1).model_copy(update={"state": AlarmState.OK})
    store.commit(Change(episodes=(over,)))
    assert [one.id for one in store.episodes()] == [2]
    assert [one.id for one in store.episodes(open_only=False, arn="arn:alarm")] == [2, 1]
    assert store.episodes(arn="arn:other") == []


def test_a_counter_goes_up_and_down_and_never_below_zero(store: Store) -> None:
    counted = [store.count("tokens of INC-7", by) for by in (500, -100, 50, -1_000, 3)]

    assert counted == [500, 400, 450, 0, 3]
    assert store.count("tokens of INC-8", -5) == 0


def test_what_twelve_count_at_once_adds_up(store: Store) -> None:
    at_once(lambda _: store.count("tokens of 2026-01-21", 100) > 0)

    assert store.count("tokens of 2026-01-21", 0) == 1_200


def test_numbers_are_never_given_twice(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: store.next_id("run"), range(40)))

    assert sorted(numbers) == list(range(1, 41))
    assert store.next_id("approval") == 1


def test_a_snapshot_is_kept_once_under_its_digest(store: Store) -> None:
    store.keep_snapshot("# One\r\n", "runbooks/one.md", "a" * 64)
    store.keep_snapshot("# One\r\n", "runbooks/one.md", "a" * 64)

    assert store.snapshot("a" * 64) == ("# One\r\n", "runbooks/one.md")


# Incidents


def test_incidents_are_found_newest_first_by_channel_and_by_being_open(store: Store) -> None:
    store.commit(Change(incidents=(an_incident(1), an_incident(2, channel="C2"), an_incident(3))))
    store.commit(Change(incidents=(resolved(store.incident(3), by="U1", now=NOON),)))

    assert [one.id for one in store.incidents()] == [3, 2, 1]
    assert [one.id for one in store.incidents(channel="C1", open_only=True)] == [1]
    with pytest.raises(NotFoundError, match="There is no INC-9"):
        store.incident(9)


def test_an_incident_that_somebody_else_changed_since_is_not_overwritten(store: Store) -> None:
    store.commit(Change(incidents=(an_incident(1),)))
    read = store.incident(1)
    store.commit(Change(incidents=(led(read, "U2", by="U1", now=NOON),)))

    with pytest.raises(StaleError, match="INC-1"):
        store.commit(Change(incidents=(led(read, "U3", by="U1", now=NOON),)))

    assert store.incident(1).lead == "U2"


# Action items


def test_action_items_are_found_oldest_first_by_subject_owner_and_being_open(store: Store) -> None:
    store.commit(
        Change(followups=(a_followup(1), a_followup(2, owner="U1"), a_followup(3, subject="INC-2", owner="U1")))
    )
    done = closed(store.followup(2), FollowState.DONE, by="U1", now=NOON)
    store.commit(Change(followups=(done,)))

    assert [one.id for one in store.followups()] == [1, 2, 3]
    assert [one.id for one in store.followups(subject="INC-1")] == [1, 2]
    assert [one.id for one in store.followups(owner="U1", open_only=True)] == [3]
    assert store.followup(2).state is FollowState.DONE
    with pytest.raises(NotFoundError, match="There is no ACT-9"):
        store.followup(9)


def test_an_action_item_that_somebody_else_changed_since_is_not_overwritten(store: Store) -> None:
    store.commit(Change(followups=(a_followup(1),)))
    read = store.followup(1)
    store.commit(Change(followups=(owned(read, "U2"),)))

    with pytest.raises(StaleError, match="ACT-1"):
        store.commit(Change(followups=(owned(read, "U3"),), opens=(Wait(key="item:1:1", due=NOON),)))

    assert store.followup(1).owner == "U2"
    assert not store.wait_open("item:1:1")


# Strikes


def test_strikes_that_stand_are_found_by_what_they_are_about_oldest_first(store: Store) -> None:
    said = [("One.", "INC-7"), ("Two.", "A-118"), ("Three.", "INC-7"), ("One.", "INC-8")]
    made = [a_strike(number, text, about=about) for number, (text, about) in enumerate(said, start=1)]
    store.commit(Change(strikes=tuple(made)))
    store.commit(Change(strikes=(taken_back(store.strike(3), by="U1", name="one", now=NOON),)))

    assert [one.id for one in store.strikes(["A-118", "INC-7", "R-1"])] == [1, 2]
    assert store.strikes([]) == []
    assert not store.strike(3).open
    assert store.strike(1) == made[0].model_copy(update={"revision": 1})
    with pytest.raises(NotFoundError, match="There is no strike 9"):
        store.strike(9)


def test_a_sentence_is_struck_once_in_one_incident_until_that_is_taken_back(store: Store) -> None:
    store.commit(Change(strikes=(a_strike(1),)))

    with pytest.raises(StaleError):
        store.commit(Change(strikes=(a_strike(2),), counts=(("claims:bedrock", 1),), audit=(entry("claim.struck"),)))

    assert store.count("claims:bedrock", 0) == 0
    assert store.audit() == []
    store.commit(Change(strikes=(a_strike(3, about="INC-8"),)))
    store.commit(Change(strikes=(taken_back(store.strike(1), by="U1", name="one", now=NOON),)))
    store.commit(Change(strikes=(a_strike(2),)))
    assert [one.id for one in store.strikes(["INC-7"])] == [2]


def test_of_twelve_who_strike_one_sentence_at_once_one_does(store: Store) -> None:
    done = at_once(lambda number: wins(lambda: store.commit(Change(strikes=(a_strike(number + 1),)))))

    assert done.count(True) == 1
    assert len(store.strikes(["INC-7"])) == 1


def test_a_strike_that_somebody_else_took_back_since_is_not_taken_back_again(store: Store) -> None:
    store.commit(Change(strikes=(a_strike(1),)))
    read = store.strike(1)
    store.commit(Change(strikes=(taken_back(read, by="U1", name="one", now=NOON),)))

    with pytest.raises(StaleError, match="That strike was changed"):
        store.commit(Change(strikes=(taken_back(read, by="U2", name="two", now=NOON),)))

    assert store.strike(1).undone_by == "U1"


def test_strikes_are_counted_by_who_worded_the_sentence(store: Store) -> None:
    engines = ("bedrock", "bedrock", "extractive", None, "extractive")
    made = [a_strike(number, f"{number}.", engine=engine) for number, engine in enumerate(engines, start=1)]
    store.commit(Change(strikes=tuple(made), counts=(("claims:bedrock", 5), ("claims:extractive", 2))))
    store.commit(Change(strikes=(taken_back(store.strike(5), by="U1", name="one", now=NOON),)))

    assert store.struck() == {"bedrock": 2, "extractive": 1, "": 1}
    assert (store.count("claims:bedrock", 0), store.count("claims:extractive", 0)) == (5, 2)


@pytest.mark.parametrize("text", HOSTILE[:4])
def test_a_strike_of_hostile_words_is_kept_as_they_are(store: Store, text: str) -> None:
    store.commit(Change(strikes=(a_strike(1, text, about=text, reason=text),)))

    assert [(one.text, one.reason) for one in store.strikes([text])] == [(text, text)]


# Waits


def test_a_wait_comes_when_its_hour_has_come_and_never_again_once_it_is_over(store: Store) -> None:
    later = Wait(key="segment:1:2", due=NOON + timedelta(minutes=5))
    store.commit(Change(opens=(later, Wait(key="segment:1:1", due=NOON))))

    assert [wait.key for wait in store.open_waits(due=NOON)] == ["segment:1:1"]
    assert store.open_waits(due=later.due)[1] == later

    store.commit(Change(closes=("segment:1:1",)))
    store.commit(Change(opens=(Wait(key="segment:1:1", due=NOON),)))
    assert not store.wait_open("segment:1:1")
    assert store.wait_open("segment:1:2")
    assert [wait.key for wait in store.open_waits(due=later.due)] == ["segment:1:2"]


def test_each_share_of_waits_has_its_own_most_and_of_a_share_the_longest_overdue_come_first(store: Store) -> None:
    def at(minute: int) -> datetime:
        return NOON + timedelta(minutes=minute)

    keys = ("segment:1:1", "segment:2:1", "segment:3:1", "look:1", "ladder:1:1", "glass:1:1:1", "looks:9", "item:1:1")
    store.commit(Change(opens=tuple(Wait(key=key, due=at(-minute)) for minute, key in enumerate(keys))))
    store.commit(Change(closes=("item:1:1",)))
    shares = [(("segment",), 2), (("look",), 2), (("ladder", "glass"), 5), (("item",), 1)]

    assert store.waits_of(shares, due=NOON) == [
        ["segment:3:1", "segment:2:1"],
        ["look:1"],
        ["glass:1:1:1", "ladder:1:1"],
        [],
    ]
    assert store.waits_of(shares, due=at(-4)) == [[], [], ["glass:1:1:1", "ladder:1:1"], []]
    assert store.waits_of([(("segment",), 1)], due=NOON) == [["segment:3:1"]]


def test_an_open_wait_keeps_its_hour(store: Store) -> None:
    store.commit(Change(opens=(Wait(key="segment:1:1", due=NOON),)))
    store.commit(Change(opens=(Wait(key="segment:1:1", due=NOON + timedelta(hours=1)),)))

    assert store.open_waits(due=NOON) == [Wait(key="segment:1:1", due=NOON)]


# Cards


def test_a_card_is_behind_until_it_is_shown_and_again_after_each_change(store: Store) -> None:
    store.commit(Change(cards=(a_card(words="one"),)))
    assert [card.key for card in store.cards_behind()] == ["run:1"]

    store.card_shown("run:1", ts="171.1", shown=1, edition=1)
    assert store.cards_behind() == []

    store.commit(Change(cards=(a_card(words="two"),)))
    (card,) = store.cards_behind()
    assert (card.ts, card.wanted, card.shown, card.edition) == ("171.1", 2, 1, 1)
    assert card.payload == {"words": "two"}


def test_what_came_before_is_found_newest_first_dealt_with_or_not_and_not_beyond_the_time(store: Store) -> None:
    for minute, name in enumerate(("E1", "E2", "E3", "E4")):
        store.accept(a_delivery(name).model_copy(update={"at": NOON + timedelta(minutes=minute)}))
    first, second, _, last = store.deliveries()
    store.commit(Change(inbox=second))

    found = store.came(before=last, since=NOON + timedelta(minutes=1))

    assert [one.identity for one in found] == ["E3", "E2"]
    assert [one.identity for one in store.came(before=last, since=NOON, most=1)] == ["E3"]
    assert store.came(before=first, since=NOON) == []


def test_cards_are_found_by_how_their_key_begins_and_by_nothing_else(store: Store) -> None:
    keys = ("owed:1:2", "owed:11:1", "owed:1:7", "owed:1", "owed_1:1")
    store.commit(Change(cards=tuple(a_card(key) for key in keys)))

    assert store.card_keys("owed:1:") == ["owed:1:2", "owed:1:7"]
    assert store.card_keys("owed_1:") == ["owed_1:1"]


def test_a_card_that_changed_while_it_was_shown_stays_behind(store: Store) -> None:
    store.commit(Change(cards=(a_card(),)))
    store.commit(Change(cards=(a_card(),)))

    store.card_shown("run:1", ts="171.1", shown=1, edition=0)

    assert [card.key for card in store.cards_behind()] == ["run:1"]


def test_urgent_cards_come_first_and_stay_urgent_until_they_are_shown(store: Store) -> None:
    store.commit(Change(cards=(a_card("run:1"), a_card("run:2"))))
    store.commit(Change(cards=(a_card("request:1", urgent=True),)))
    store.commit(Change(cards=(a_card("request:1"),)))

    assert [card.key for card in store.cards_behind()] == ["request:1", "run:1", "run:2"]
    store.card_shown("request:1", ts="1.1", shown=2, edition=1)
    store.commit(Change(cards=(a_card("request:1"),)))
    assert [card.key for card in store.cards_behind()] == ["run:1", "run:2", "request:1"]


# What nobody knows


def test_an_attempt_left_behind_is_disowned_and_its_sender_has_no_more_say(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store, owner="dead")).attempt
    with pytest.raises(StaleError):
        store.disown(attempt, owner="alive")
    store.mark_sending(attempt, owner="dead")

    store.disown(attempt, owner="alive")
    store.disown(attempt, owner="alive")

    assert store.attempts(1)[0].state is AttemptState.UNKNOWN
    with pytest.raises(StaleError):
        store.commit(Change(outcomes=(Outcome(attempt=attempt, owner="dead", state=AttemptState.DONE),)))


def test_a_person_says_that_it_did_happen(store: Store) -> None:
    begin(store)
    attempt = store.take(taking(store, owner="dead")).attempt
    with pytest.raises(StaleError):
        store.commit(Change(settles=(attempt,)))
    store.mark_sending(attempt, owner="dead")
    store.disown(attempt, owner="alive")

    store.commit(Change(settles=(attempt,)))

    assert store.attempts(1)[0].state is AttemptState.DONE


# Replicas


def test_who_stopped_beating_is_dead_whatever_the_movable_clock_says(store: Store, clock: StandingClock) -> None:
    store.beat("one")
    clock.move(timedelta(hours=3))

    assert store.dead(after=timedelta(minutes=1)) == frozenset()
    assert store.dead(after=timedelta(0)) == {"one"}


def test_a_dead_replica_s_work_goes_to_exactly_one(store: Store) -> None:
    won = at_once(lambda n: store.claim("run:1", of="dead", by=f"replica-{n}"))

    assert sum(won) == 1
    assert store.claim("run:1", of="another", by="replica-1")


def test_one_process_leads_until_its_time_is_over(store: Store) -> None:
    assert store.leads("cards", by="one", during=timedelta(minutes=1))
    assert store.leads("cards", by="one", during=timedelta(0))
    assert store.leads("cards", by="two", during=timedelta(minutes=1))
    assert not store.leads("cards", by="one", during=timedelta(minutes=1))


# Dialogs


def test_a_dialog_is_found_by_its_person_until_its_time_is_over(store: Store, clock: StandingClock) -> None:
    store.keep_dialog("opaque", person="U0ANA", until=clock.now() + HOUR, subject='{"approval": 9}')

    found = [
        store.dialog("opaque", person="U0ANA"),
        store.dialog("opaque", person="U0BO"),
        store.dialog("9", person=""),
    ]
    clock.move(HOUR)

    assert found == ['{"approval": 9}', None, None]
    assert store.dialog("opaque", person="U0ANA") is None


def test_a_dialog_is_found_by_whoever_opens_the_same_records_next(
    store: Store, url: str, signer: Signer, clock: StandingClock
) -> None:
    store.keep_dialog("opaque", person="U0ANA", until=clock.now() + HOUR, subject="{}")
    store.close()

    other = Store.open(url, signer=signer, clock=clock)

    assert other.dialog("opaque", person="U0ANA") == "{}"
    other.close()


def test_only_so_many_dialogs_are_kept_and_no_id_can_be_read_from_the_records(
    store: Store, url: str, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "MOST_OPEN", 3)
    for number in range(5):
        store.keep_dialog(f"opaque-{number}", person="U0ANA", until=clock.now() + HOUR, subject="{}")

    assert [store.dialog(f"opaque-{number}", person="U0ANA") for number in range(5)] == [None, None, "{}", "{}", "{}"]
    reader = Database(url, read_only=True)
    with reader.reading() as connection:
        kept = [tuple(row) for row in connection.execute(sa.text("select * from dialogs"))]
    reader.close()
    assert len(kept) == 3
    assert "opaque" not in str(kept)


# Time, and who may write


def test_the_database_tells_the_time_unless_another_clock_is_given(url: str, signer: Signer) -> None:
    store = Store.open(url, signer=signer)
    try:
        first, second = store.now(), store.now()
        assert first.utcoffset() == timedelta(0)
        assert first < second
    finally:
        store.close()


def test_the_installation_stays_the_same(url: str, signer: Signer) -> None:
    found = []
    for _ in range(2):
        store = Store.open(url, signer=signer)
        found.append(store.installation)
        store.close()

    assert found[0] == found[1]
    assert len(found[0]) == 12


def test_a_reader_looks_beside_the_writer_and_changes_nothing(store: Store, url: str) -> None:
    begin(store)
    reader = Store.read_only(url)
    try:
        assert reader.run(1) == store.run(1)
        with pytest.raises(NotAllowedError, match="reading only"):
            reader.commit(Change(runs=(a_run(2),)))
        with pytest.raises(NotAllowedError):
            reader.accept(a_delivery())
    finally:
        reader.close()
