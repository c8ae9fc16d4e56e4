"""The quarantine review on a load the gate really blocked: its good way, and ways on which nothing may happen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.inbox import StartRun
from bot.domain.run import RunState, StepState
from bot.workbench.cast import YOU
from bot.workbench.lake import answers
from bot.workbench.lake.documents import from_rows, to_json, to_rows
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.driving import expect, nightly, run
from bot.workbench.scenarios.registry import SCENARIOS
from tests.runbooks.playing import ONE, Broken, Played, broken, playing
from tests.workbench.lake.driving import keys, read_json
from tests.workbench.scenarios.mending import failing

SCENARIO = SCENARIOS["quarantine-review"]
BY_HAND = "mended"


@pytest.fixture(scope="module")
def blocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with broken("quarantine-review", tmp_path_factory.mktemp("lake")) as one:
        yield one


@pytest.fixture
def kept(blocked: Broken, tmp_path: Path) -> Iterator[Played]:
    """For what stops before anything is loaded again."""
    with playing("quarantine-review", blocked.kept(), tmp_path) as played:
        yield played


@pytest.fixture
def anew(blocked: Broken, tmp_path: Path) -> Iterator[Played]:
    """For what loads, promotes or gives up."""
    with playing("quarantine-review", blocked.anew(), tmp_path) as played:
        blocked.clean = False
        yield played


def reviewed(played: Played, **inputs: str) -> Played:
    """Go on until the cause is to be mended."""
    played.start(**{"error_type": "CURRENCY_ERROR", **inputs}).approve("tell", ONE)
    assert played.waits_for() == ("done", BY_HAND), (played.run.waiting, played.failed())
    return played


def corrected(played: Played) -> Played:
    """Go on until the retry is asked for, the source having corrected its files."""
    reviewed(played)
    SCENARIO.mend(played.lake)
    return played.done(BY_HAND)


def blocked_run(lake: Lake) -> str:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn, statusFilter="FAILED")
    return found["executions"][0]["name"]


def partition(lake: Lake) -> str:
    return lake.names.partition(lake.clock.now().date())


def pointer_key(lake: Lake) -> str:
    return f"{partition(lake)}_LATEST.json"


def live(lake: Lake) -> str | None:
    """Return what readers have; on the first of a month they have nothing of it yet."""
    if pointer_key(lake) not in keys(lake, lake.names.silver_bucket, partition(lake)):
        return None
    return str(read_json(lake, lake.names.silver_bucket, pointer_key(lake))["run_id"])


def set_aside(lake: Lake) -> list[dict[str, str]]:
    bucket = lake.names.quarantine_bucket
    found = keys(lake, bucket, "quarantine/")
    return [
        row for key in found for row in from_rows(lake.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    ]


def retries(lake: Lake) -> list[str]:
    found = lake.clients.sfn.list_executions(stateMachineArn=lake.names.state_machine_arn)
    return [one["name"] for one in found["executions"] if one["name"].startswith("qretry-")]


def test_corrected_rows_are_loaded_again_and_promoted_and_the_others_given_up_but_never_gone(anew: Played) -> None:
    lake = anew.lake
    rows = set_aside(lake)

    corrected(anew)
    assert (anew.waits_for(), set(anew.asked().binding.needs)) == (("approval", "retry"), {"platform", "quality"})
    anew.approve("retry")
    assert set(anew.asked().binding.needs) == {"platform", "domain"}
    anew.approve("promote").give(rest="condemn")
    assert set(anew.asked().binding.needs) == {"platform", "quality"}
    anew.approve("copy")

    assert anew.run.state is RunState.REPAIRED, (anew.run.waiting, anew.failed())
    assert failing(SCENARIO, lake) == set()
    assert anew.note("fewer") == "set aside 57, before 153"
    assert anew.sent() == [
        "sns.publish",
        "states.retry_quarantine",
        "s3.copy_current",
        *[row for row in ("s3.put_pointer", "s3.create_pointer") if row in anew.sent()],
        "s3.copy_condemned",
        "s3.tag_condemned",
    ]
    assert len(set_aside(lake)) == len(rows)
    assert anew.named(rows) == set()
    assert set(anew.output("by_reason")["rows"][0]) == {"error_type", "n", "different", "sample"}


def test_more_objects_than_a_card_can_name_are_given_up_under_one_yes_of_two(anew: Played) -> None:
    s3, bucket = anew.lake.clients.s3, anew.lake.names.quarantine_bucket
    (sample, *_) = [key for key in keys(anew.lake, bucket, "quarantine/") if "error_type=NULL_VALUE_ERROR/" in key]
    folder = sample.rpartition("/")[0]
    for number in range(50):
        s3.put_object(Bucket=bucket, Key=f"{folder}/more-{number:03}.jsonl.gz", Body=to_rows([]))

    corrected(anew).approve("retry").approve("promote").give(rest="condemn").approve("copy")

    assert anew.run.state is RunState.REPAIRED, (anew.run.waiting, anew.failed())
    assert (anew.output("copy")["done"], anew.output("tag")["done"]) == (52, 52)
    assert anew.sent()[-2:] == ["s3.copy_condemned", "s3.tag_condemned"]


def test_rows_that_nobody_corrected_are_refused_again_and_nothing_is_promoted(anew: Played) -> None:
    lake, before = anew.lake, live(anew.lake)

    reviewed(anew).done(BY_HAND)
    assert anew.note("resent").startswith("0 source files came since")
    anew.approve("retry").give(rest="none")

    assert anew.note("gate").startswith("gate refuses it: 6.12 %")
    assert (anew.state("promote"), anew.state("copy")) == (StepState.SKIPPED, StepState.SKIPPED)
    assert (anew.run.state, live(lake)) == (RunState.NOT_REPAIRED, before)


def test_a_pointer_somebody_else_moved_is_not_overwritten(anew: Played) -> None:
    lake = anew.lake
    corrected(anew).approve("retry")
    other = {**read_json(lake, lake.names.silver_bucket, lake.seeded.latest_key), "run_id": "20200101T000000Z"}
    lake.clients.s3.put_object(Bucket=lake.names.silver_bucket, Key=pointer_key(lake), Body=to_json(other))

    anew.approve("promote")

    assert "void" in anew.words()
    assert live(lake) == "20200101T000000Z"
    assert "s3.copy_current" not in anew.sent()


def test_an_athena_that_returns_nothing_is_said_so_and_nothing_is_concluded_from_it(
    kept: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "answered", lambda *_: None)

    reviewed(kept)

    assert kept.note("by_reason") == "Athena returned nothing (SUCCEEDED): see step 3"
    assert kept.note("attempts") == "Athena returned nothing (SUCCEEDED): not known"
    assert kept.note("summary").startswith("153 of 2500 rows set aside: 6.12 %")


def waiting_run(lake: Lake) -> str:
    """Leave a run of corrected rows that the gate allows, and that nobody has given to readers."""
    SCENARIO.mend(lake)
    now = lake.clock.now()
    name = f"waits-{now:%H%M%S}"
    expect(run(lake, name, {**nightly(lake, now.date()), "promote": False}), "SUCCEEDED")
    return name


def test_a_run_that_only_waits_for_its_promotion_is_given_to_readers_and_loads_nothing_again(anew: Played) -> None:
    name = waiting_run(anew.lake)

    anew.start(run_id=name)
    assert (anew.waits_for(), set(anew.asked().binding.needs)) == (("approval", "promote"), {"platform", "domain"})
    anew.approve("promote")

    assert anew.run.state is RunState.NOT_REPAIRED  # the blocked run's own alarm is still there
    assert anew.failed() == ["alarm_ok"]
    assert live(anew.lake) == name
    assert retries(anew.lake) == []
    assert "states.retry_quarantine" not in anew.sent()


def test_a_run_that_waited_until_a_newer_one_was_good_is_not_given_to_readers(anew: Played) -> None:
    old, before = waiting_run(anew.lake), live(anew.lake)
    anew.lake.clock.advance(60)
    waiting_run(anew.lake)

    anew.start(run_id=old)

    assert (anew.failed(), anew.sent(), live(anew.lake)) == (["readers"], [], before)


def test_who_asked_cannot_approve_the_retry(kept: Played) -> None:
    reviewed(kept).done(BY_HAND)

    kept.table.vote(YOU, kept.asked())

    assert (kept.asked().step, kept.asked().state.open) == ("retry", True)
    assert retries(kept.lake) == []


def test_what_is_no_reason_starts_nothing(kept: Played) -> None:
    kept.table.wish(YOU, StartRun(runbook="quarantine-review", inputs={"error_type": "'; DROP TABLE x"}))

    assert kept.table.store.runs(open_only=False) == []


def test_a_run_that_wrote_nothing_has_nothing_to_review(kept: Played) -> None:
    kept.start(run_id="20200101T000000Z")

    assert (kept.failed(), kept.sent()) == (["where"], [])


def test_a_second_review_of_the_pipeline_is_shown_the_first_and_starts_nothing(kept: Played) -> None:
    kept.start()
    first = kept.run.id

    kept.start()

    assert [run.id for run in kept.table.store.runs(open_only=False)] == [first]


def test_a_run_without_its_marker_did_not_finish_and_is_left_to_failure_recovery(anew: Played) -> None:
    lake = anew.lake
    marker = f"{partition(lake)}run_id={blocked_run(lake)}/_SUCCESS"
    lake.clients.s3.delete_object(Bucket=lake.names.silver_bucket, Key=marker)

    anew.start()

    assert (anew.failed(), anew.sent()) == (["summary"], [])
