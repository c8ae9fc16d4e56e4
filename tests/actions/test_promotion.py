from collections.abc import Iterator

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Looking, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import CallRefusedError, InvalidError
from tests.actions.partition import AT, HALF, HERE, NEW, OLD, current, point_to, pointer, put, seed_partition, write_run
from tests.actions.scripted import NOW, observe, params_of, propose
from tests.aws.moto_lake import Lake, gate, lake
from tests.aws.seeded import PARTITION, PLATFORM, nothing, permit

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
PROMOTING: JsonObject = {**HERE, "run_id": NEW, "promoted_at": AT}


@pytest.fixture
def here() -> Iterator[Lake]:
    with lake() as seeded:
        seed_partition(seeded)
        yield seeded


def left_over(run_id: str = NEW) -> JsonValue:
    action, params = params_of("lake.current", {**HERE, "run_id": run_id})
    return action.looked(LOOK, params, NOW)["left_over"]


def send_all(proposal: Proposal) -> tuple[JsonObject, ...]:
    return tuple(gate().send(permit(call), mark=nothing) for call in proposal.calls)


def test_readers_are_pointed_to_another_run_by_one_conditional_write(here: Lake) -> None:
    proposal = propose(LOOK, "lake.point", **PROMOTING)

    answers = send_all(proposal)

    assert [call.row for call in proposal.calls] == ["s3.put_pointer"]
    assert CATALOGUE.risk(proposal.calls) is Risk.CHANGE
    assert observe(LOOK, "lake.point", *answers, **PROMOTING)["run_id"] == NEW
    assert pointer(here) == {
        "run_id": NEW,
        "promoted_at": AT,
        "output_prefix": f"{PARTITION}run_id={NEW}/",
        "current_prefix": f"{PARTITION}current/",
        "schema_version": "v1",
    }


@pytest.mark.parametrize("action", ["lake.point", "lake.promote"])
def test_a_run_without_its_marker_is_never_given_to_readers(here: Lake, action: str) -> None:
    with pytest.raises(InvalidError, match="no _SUCCESS"):
        propose(LOOK, action, **{**PROMOTING, "run_id": HALF})


@pytest.mark.parametrize("action", ["lake.point", "lake.promote"])
def test_a_run_the_gate_refuses_is_never_given_to_readers(here: Lake, action: str) -> None:
    write_run(here, NEW, {}, has_critical_errors=True)

    with pytest.raises(InvalidError, match="critical error"):
        propose(LOOK, action, **PROMOTING)


def test_somebody_else_s_flip_in_between_is_refused_by_the_precondition(here: Lake) -> None:
    proposal = propose(LOOK, "lake.point", **PROMOTING)
    point_to(here, "20260119T020000Z")

    with pytest.raises(CallRefusedError) as refused:
        send_all(proposal)

    assert refused.value.code == "PreconditionFailed"
    assert propose(LOOK, "lake.point", **PROMOTING).seen != proposal.seen


@pytest.mark.parametrize("action", ["lake.point", "lake.promote"])
def test_a_pointer_other_than_the_one_that_was_to_be_replaced_is_left(here: Lake, action: str) -> None:
    left = left_over()
    etag = propose(LOOK, "lake.point", **PROMOTING).seen["etag"]
    extra: JsonObject = {"left_over": left} if action == "lake.promote" else {}
    assert propose(LOOK, action, **{**PROMOTING, **extra, "replaces": etag}).calls
    point_to(here, "20260119T020000Z")

    with pytest.raises(InvalidError, match="Somebody gave readers 20260119T020000Z since"):
        propose(LOOK, action, **{**PROMOTING, **extra, "replaces": etag})


def test_a_pointer_that_is_gone_is_made_anew_and_only_if_still_gone(here: Lake) -> None:
    here.client("s3").delete_object(Bucket="lake-silver", Key=f"{PARTITION}_LATEST.json")
    proposal = propose(LOOK, "lake.point", **PROMOTING)
    assert [call.row for call in proposal.calls] == ["s3.create_pointer"]
    point_to(here, OLD)

    with pytest.raises(CallRefusedError) as refused:
        send_all(proposal)

    assert refused.value.code == "PreconditionFailed"
    assert pointer(here)["run_id"] == OLD


@pytest.mark.parametrize("action", ["lake.point", "lake.promote"])
def test_a_pointer_that_came_where_there_was_none_is_left(here: Lake, action: str) -> None:
    extra: JsonObject = {"left_over": left_over()} if action == "lake.promote" else {}
    here.client("s3").delete_object(Bucket="lake-silver", Key=f"{PARTITION}_LATEST.json")
    assert propose(LOOK, action, **{**PROMOTING, **extra, "replaces": "none"}).calls
    point_to(here, OLD)

    with pytest.raises(InvalidError, match=f"Somebody gave readers {OLD} since; the pointer was none"):
        propose(LOOK, action, **{**PROMOTING, **extra, "replaces": "none"})


def test_pointing_to_the_live_run_changes_nothing(here: Lake) -> None:
    proposal = propose(LOOK, "lake.point", **{**PROMOTING, "run_id": OLD})

    assert (proposal.already, proposal.calls) == (True, ())


def test_a_promotion_copies_hides_what_is_left_over_and_points_last(here: Lake) -> None:
    given: JsonObject = {**PROMOTING, "left_over": left_over()}
    proposal = propose(LOOK, "lake.promote", **given)

    answers = send_all(proposal)

    assert [call.row for call in proposal.calls] == [
        "s3.copy_current",
        "s3.copy_current",
        "s3.hide_left_over",
        "s3.put_pointer",
    ]
    output = observe(LOOK, "lake.promote", *answers, **given)
    assert (output["run_id"], output["complete"], output["left_over_count"]) == (NEW, True, 0)
    assert current(here) == {"part-0000.parquet": "new-0", "part-0001.parquet": "new-1"}
    assert pointer(here)["run_id"] == NEW


def test_what_was_seen_and_the_calls_stay_the_same_while_the_promotion_s_own_calls_are_made(here: Lake) -> None:
    given: JsonObject = {**PROMOTING, "left_over": left_over()}
    first = propose(LOOK, "lake.promote", **given)

    for call in first.calls:
        again = propose(LOOK, "lake.promote", **given)
        assert (again.calls, again.seen) == (first.calls, first.seen)
        gate().send(permit(call), mark=nothing)

    assert propose(LOOK, "lake.promote", **given).already


def test_what_is_hidden_keeps_every_version_and_comes_back_when_the_marker_goes(here: Lake) -> None:
    send_all(propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": left_over()}))
    s3, key = here.client("s3"), f"{PARTITION}current/part-0002.parquet"

    found = s3.list_object_versions(Bucket="lake-silver", Prefix=key)

    assert len(found["Versions"]) == 1
    s3.delete_object(Bucket="lake-silver", Key=key, VersionId=found["DeleteMarkers"][0]["VersionId"])
    assert "part-0002.parquet" in current(here)


def test_a_file_left_over_that_nobody_listed_stops_the_promotion(here: Lake) -> None:
    with pytest.raises(InvalidError, match=r"part-0002\.parquet, which is not of this run"):
        propose(LOOK, "lake.promote", **PROMOTING)


def test_a_console_s_mark_of_a_folder_is_no_file_and_stops_no_promotion(here: Lake) -> None:
    put(here, f"{PARTITION}current/", "")
    put(here, f"{PARTITION}run_id={NEW}/", "")
    given: JsonObject = {**PROMOTING, "left_over": left_over()}

    answers = send_all(propose(LOOK, "lake.promote", **given))

    assert observe(LOOK, "lake.promote", *answers, **given)["complete"] is True


def test_a_file_that_came_after_the_list_was_made_stops_the_promotion(here: Lake) -> None:
    listed = left_over()
    put(here, f"{PARTITION}current/part-0009.parquet", "somebody else's")

    with pytest.raises(InvalidError, match="part-0009"):
        propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": listed})


@pytest.mark.parametrize("name", ["../_LATEST.json", "part-0000.parquet", "x/../../run_id=1/_SUCCESS"])
def test_only_files_left_over_in_current_can_be_listed(here: Lake, name: str) -> None:
    listed: list[JsonValue] = [{"key": f"{PARTITION}current/{name}", "etag": '"' + "0" * 32 + '"'}]

    with pytest.raises(InvalidError):
        propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": listed})


def test_nothing_is_hidden_in_a_bucket_that_does_not_keep_versions(here: Lake) -> None:
    listed = left_over()
    here.client("s3").put_bucket_versioning(Bucket="lake-silver", VersioningConfiguration={"Status": "Suspended"})

    with pytest.raises(InvalidError, match="does not keep every version"):
        propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": listed})


def test_one_file_swapped_after_the_look_is_another_proposal(here: Lake) -> None:
    given: JsonObject = {**PROMOTING, "left_over": left_over()}
    proposal = propose(LOOK, "lake.promote", **given)
    put(here, f"{PARTITION}run_id={NEW}/part-0001.parquet", "swapped")

    again = propose(LOOK, "lake.promote", **given)

    assert again.seen["files"] != proposal.seen["files"]
    assert again.calls[1].params["CopySourceIfMatch"] != proposal.calls[1].params["CopySourceIfMatch"]


def test_a_run_without_files_is_not_promoted(here: Lake) -> None:
    write_run(here, "20260123T020000Z", {})

    with pytest.raises(InvalidError, match="0 files"):
        propose(LOOK, "lake.promote", **{**PROMOTING, "run_id": "20260123T020000Z"})


def test_the_rollback_of_a_promotion_is_a_promotion_of_the_run_before(here: Lake) -> None:
    send_all(propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": left_over()}))

    back: JsonObject = {**PROMOTING, "run_id": OLD, "left_over": left_over(OLD)}
    answers = send_all(propose(LOOK, "lake.promote", **back))

    assert observe(LOOK, "lake.promote", *answers, **back)["complete"] is True
    assert current(here) == {f"part-000{n}.parquet": f"old-{n}" for n in range(3)}


def test_copies_and_the_pointer_are_settled_by_looking(here: Lake) -> None:
    action, _ = params_of("lake.promote", PROMOTING)
    calls = propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": left_over()}).calls
    assert action.settle is not None
    settled = [calls[0], calls[-1]]
    assert [action.settle(LOOK, call) for call in settled] == [None, None]

    answers = [gate().send(permit(call), mark=nothing) for call in settled]

    assert [action.settle(LOOK, call) for call in settled] == answers


def test_a_file_taken_out_of_sight_is_not_settled_by_looking(here: Lake) -> None:
    action, _ = params_of("lake.promote", PROMOTING)
    calls = propose(LOOK, "lake.promote", **{**PROMOTING, "left_over": left_over()}).calls
    assert action.settle is not None
    (hidden,) = [call for call in calls if call.row == "s3.hide_left_over"]

    gate().send(permit(hidden), mark=nothing)

    assert action.settle(LOOK, hidden) is None


def test_a_run_of_many_files_is_filled_in_as_one_list_before_the_pointer(here: Lake) -> None:
    write_run(here, NEW, {f"part-{number:03}.parquet": f"rows {number}" for number in range(40)})
    left = left_over()

    proposal = propose(LOOK, "lake.promote", **PROMOTING, left_over=left)

    first, *_, last = proposal.calls
    assert first.many is not None
    assert first.many.count >= 40
    assert last.row == "s3.put_pointer"
    gate().send_many(permit(first), proposal.lists[first.resource], mark=lambda _done, _begun: None)
    for call in proposal.calls[1:]:
        gate().send(permit(call), mark=nothing)
    seen = observe(LOOK, "lake.promote", **PROMOTING, left_over=left)
    assert (seen["complete"], seen["missing"], seen["run_id"]) == (True, 0, NEW)
    assert all(one.done for one in propose(LOOK, "lake.promote", **PROMOTING, left_over=left).lists[first.resource])


def test_a_run_other_than_the_one_that_was_to_be_replaced_is_left(here: Lake) -> None:
    given: JsonObject = {**PROMOTING, "left_over": left_over(), "instead_of": OLD}
    assert propose(LOOK, "lake.promote", **given).calls
    point_to(here, "20260119T020000Z")

    with pytest.raises(InvalidError, match=f"Readers have 20260119T020000Z, not {OLD}"):
        propose(LOOK, "lake.promote", **given)
