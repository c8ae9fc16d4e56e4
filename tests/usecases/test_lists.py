"""Thousands of calls under one yes: one list, frozen by its digest, sent in windows, gone on with after anything."""

import hashlib
import multiprocessing
import signal
from collections import Counter
from dataclasses import dataclass

import pytest

from bot.domain.approval import ApprovalState
from bot.domain.inbox import SettleUnknown, StopRun
from bot.domain.records import AttemptState, Change
from bot.domain.run import Run, RunState, StepState
from tests.usecases import list_child
from tests.usecases.table import ANA, BO, Table

COUNT = 40


def set_aside(table: Table, count: int = COUNT) -> None:
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket
    for prefix in ("quarantine/listed/", "condemned/listed/"):
        old = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
        for one in [*old.get("Versions", []), *old.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    for number in range(count):
        s3.put_object(Bucket=bucket, Key=f"quarantine/listed/part-{number:05}.json", Body=f"row {number}".encode())


@dataclass(frozen=True)
class Kind:
    """Name a kind of list: the runbook that asks for it, its step, and what it says of itself."""

    runbook: str
    step: str

    def done(self, table: Table) -> Counter[str]:
        """Return how often each object was done; a copy that was made twice has two versions."""
        return copies(table) if self.step == "copied" else marks(table)


COPIES, MARKS = Kind("condemn", "copied"), Kind("mark", "marked")
ONCE = {f"listed/part-{number:05}.json": 1 for number in range(COUNT)}


@pytest.fixture(params=[COPIES, MARKS], ids=["copies", "marks"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def copies(table: Table) -> Counter[str]:
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket
    found = s3.list_object_versions(Bucket=bucket, Prefix="condemned/listed/").get("Versions", [])
    return Counter(one["Key"].removeprefix("condemned/") for one in found)


def marks(table: Table) -> Counter[str]:
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="quarantine/listed/").get("Contents", [])]
    marked = [key for key in keys if tags(table, key).get("state") == "condemned"]
    return Counter(key.removeprefix("quarantine/") for key in marked)


def tags(table: Table, key: str) -> dict[str, str]:
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket
    return {one["Key"]: one["Value"] for one in s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}


def give_tag(table: Table, key: str, name: str, value: str) -> None:
    given = {**tags(table, key), name: value}.items()
    table.lake.clients.s3.put_object_tagging(
        Bucket=table.lake.names.quarantine_bucket,
        Key=key,
        Tagging={"TagSet": [{"Key": one, "Value": other} for one, other in given]},
    )


def asked(table: Table, kind: Kind = COPIES) -> Run:
    set_aside(table)
    return table.start(ANA, kind.runbook)


class KilledError(BaseException):
    """Stand for a process that is not there any more."""


def kill_at(table: Table, place: int) -> None:
    def window(done: int) -> None:
        if done >= place:
            raise KilledError

    table.cloud.window = window


def test_a_list_is_one_call_and_its_digest_is_that_of_the_file_people_read(table: Table, kind: Kind) -> None:
    asked(table, kind)

    (bound,) = table.newest().binding.calls
    assert bound.call.many is not None
    text, _ = table.store.snapshot(bound.call.many.digest)
    assert bound.call.many.count == text.count("\n") == COUNT
    assert hashlib.sha256(text.encode()).hexdigest() == bound.call.many.digest
    assert "40 objects" in bound.effect
    assert f"list:{table.newest().id}:0" in table.shown()


def test_a_list_that_was_approved_is_done_whole_and_once(table: Table, kind: Kind) -> None:
    asked(table, kind)

    table.approve(BO)

    assert kind.done(table) == ONCE
    (attempt,) = table.attempts()
    assert (attempt.state, attempt.answer) == (AttemptState.DONE, {"count": COUNT, "sent": COUNT})
    told = {"count": COUNT, "done": COUNT, "progress": f"40 of 40 {kind.step}"}
    assert table.run().record(kind.step).output == told


@pytest.mark.parametrize("place", [0, 8, 32])
def test_a_list_that_was_interrupted_goes_on_where_it_was_and_does_nothing_twice(
    table: Table, kind: Kind, place: int
) -> None:
    asked(table, kind)
    kill_at(table, place)
    with pytest.raises(KilledError):
        table.approve(BO)
    (left,) = table.attempts()
    assert len(kind.done(table)) == place

    two = table.another()
    two.dead.add("one")
    two.drive()

    try:
        assert left.state is (AttemptState.SENDING if place else AttemptState.PLANNED)
        assert kind.done(two) == ONCE
        assert [one.state for one in two.attempts()] == [AttemptState.DONE]
        assert two.attempts()[0].answer == {"count": COUNT, "sent": COUNT - place}
        assert two.run().state is RunState.REPAIRED
    finally:
        two.close()


def test_a_list_whose_process_was_killed_is_finished_by_another_and_does_nothing_twice(
    table: Table, kind: Kind
) -> None:
    asked(table, kind)
    table.approve(BO, drive=False)
    lent = table.lake.credentials
    spec = list_child.Spec(
        folder=table.folder,
        runbooks=table.runbooks,
        clock=table.folder / "clock.json",
        platform=table.desk.platform,
        lake_url=table.lake.endpoint_url,
        access_key_id=lent.access_key_id,
        secret_access_key=lent.secret_access_key,
        windows=3,
    )
    table.store.close()
    process = multiprocessing.get_context("spawn").Process(target=list_child.main, args=(spec,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL

    two = table.another()
    two.dead.add(list_child.NAME)
    before = len(kind.done(two))
    two.drive()

    try:
        assert 24 <= before < COUNT
        assert kind.done(two) == ONCE
        assert two.attempts()[0].answer == {"count": COUNT, "sent": COUNT - before}
    finally:
        two.close()


def test_how_far_a_list_is_stands_in_its_attempt_before_each_window(table: Table) -> None:
    asked(table)
    kill_at(table, 24)

    with pytest.raises(KilledError):
        table.approve(BO)

    (attempt,) = table.attempts()
    assert attempt.answer == {"done": 16, "begun": 24, "count": COUNT}


def test_stop_ends_a_list_at_its_next_window_and_says_how_far_it_was(table: Table, kind: Kind) -> None:
    asked(table, kind)

    def stop(done: int) -> None:
        if done == 24:
            table.send(BO, StopRun(run=1))
            table.deal()

    table.cloud.window = stop
    table.approve(BO)

    assert len(kind.done(table)) == 24
    (attempt,) = table.attempts()
    assert attempt.state is AttemptState.FAILED
    assert "24 of 40 were done, and nothing more was sent" in attempt.words
    assert table.run().state is RunState.STOPPED


def test_an_object_that_is_gone_on_the_way_ends_the_list_and_asking_again_goes_on(table: Table) -> None:
    asked(table)
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket

    def change(done: int) -> None:
        if done == 24:
            s3.delete_object(Bucket=bucket, Key="quarantine/listed/part-00030.json")

    table.cloud.window = change
    table.approve(BO)

    assert table.run().record("copied").state is StepState.FAILED
    assert "It was number 31 of 40" in table.attempts()[0].words
    table.cloud.window = None
    table.ask_again(ANA)
    table.approve(BO)
    assert set(copies(table).values()) == {1}
    assert len(copies(table)) == COUNT - 1


def test_a_tag_that_somebody_gives_on_the_way_is_not_lost_and_asking_again_goes_on(table: Table) -> None:
    asked(table, MARKS)
    key = "quarantine/listed/part-00030.json"

    def change(done: int) -> None:
        if done == 16:
            give_tag(table, key, "owner", "payments")

    table.cloud.window = change
    table.approve(BO)

    assert table.run().record("marked").state is StepState.FAILED
    assert "Somebody changed the tags of" in table.attempts()[0].words
    assert (len(marks(table)), tags(table, key)) == (24, {"owner": "payments"})
    table.cloud.window = None
    table.ask_again(ANA)
    table.approve(BO)
    assert marks(table) == ONCE
    assert tags(table, key) == {"owner": "payments", "state": "condemned"}


def test_a_tag_that_somebody_gives_after_the_yes_voids_the_request(table: Table) -> None:
    asked(table, MARKS)
    give_tag(table, "quarantine/listed/part-00030.json", "owner", "payments")

    table.approve(BO)

    assert table.newest().state is ApprovalState.VOID
    assert marks(table) == {}


def test_two_lists_under_one_yes_have_a_file_each_and_are_done_one_after_the_other(table: Table) -> None:
    set_aside(table)
    table.start(ANA, "give-up")
    files = [bound.call.many.digest for bound in table.newest().binding.calls if bound.call.many]
    shown = [str(card.payload["place"]) for card in table.cards(f"list:{table.newest().id}:")]

    table.approve(BO)

    assert (len(set(files)), shown) == (2, ["0", "1"])
    assert (copies(table), marks(table)) == (ONCE, ONCE)
    assert [(one.step, one.answer) for one in sorted(table.attempts(), key=lambda one: one.id)] == [
        ("copied", {"count": COUNT, "sent": COUNT}),
        ("marked", {"count": COUNT, "sent": COUNT}),
    ]
    assert len(table.store.approvals()) == 1


def test_what_joins_the_second_of_two_lists_while_the_first_is_sent_voids_the_rest(table: Table) -> None:
    set_aside(table)
    table.start(ANA, "give-up")
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket

    def change(done: int) -> None:
        if done == 24:
            s3.put_object(Bucket=bucket, Key="quarantine/listed/part-00061.json", Body=b"one more")

    table.cloud.window = change
    table.approve(BO)

    assert copies(table) == ONCE
    assert marks(table) == {}
    assert table.run().waiting is not None


def test_an_object_that_changes_before_the_first_is_sent_voids_the_request(table: Table) -> None:
    asked(table)
    s3, bucket = table.lake.clients.s3, table.lake.names.quarantine_bucket
    s3.put_object(Bucket=bucket, Key="quarantine/listed/part-00061.json", Body=b"one more")

    table.approve(BO)

    assert table.newest().state is ApprovalState.VOID
    assert copies(table) == {}


def test_a_list_that_is_so_already_asks_nobody(table: Table, kind: Kind) -> None:
    asked(table, kind)
    table.approve(BO)

    again = table.start(ANA, kind.runbook)

    assert again.record(kind.step).note == "found so already, and left so"
    assert len(table.store.approvals()) == 1


def test_it_happened_does_not_take_a_list_for_done_that_is_not(table: Table) -> None:
    asked(table)
    kill_at(table, 24)
    with pytest.raises(KilledError):
        table.approve(BO)
    table.cloud.window = None
    (left,) = table.attempts()
    table.store.disown(left.id, owner="one")
    run = table.run()
    lost = run.model_copy(update={"state": RunState.OUTCOME_UNKNOWN})
    table.store.commit(Change(runs=(lost,)))

    table.wish(ANA, SettleUnknown(run=1, step="copied", happened=True))

    assert len(copies(table)) == COUNT
    assert set(copies(table).values()) == {1}
