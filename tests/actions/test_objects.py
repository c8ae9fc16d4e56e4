from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Looking, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject, JsonValue
from bot.errors import CallRefusedError, InvalidError, WorldChangedError
from tests.actions.partition import NEW, OLD, pointer, put, seed_partition
from tests.actions.scripted import NOW, Script, observe, params_of, propose, read
from tests.aws.moto_lake import Lake, gate, lake
from tests.aws.seeded import PARTITION, PLATFORM, nothing, permit

LOOK = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda call: gate().look(call))
FOLDER = "quarantine/mortgages/transactions/ingest_date=2026-01-21/run_id=r/"
ASIDE: JsonObject = {"bucket": "lake-quarantine", "prefix": FOLDER}
LATEST: JsonObject = {"bucket": "lake-silver", "key": f"{PARTITION}_LATEST.json"}


@pytest.fixture
def here() -> Iterator[Lake]:
    with lake() as seeded:
        for number in range(5):
            put(seeded, f"{FOLDER}part-{number:04d}.jsonl.gz", f"rows {number}", bucket="lake-quarantine")
        yield seeded


def looked(name: str, given: JsonObject) -> JsonObject:
    action, params = params_of(name, given)
    output = action.looked(LOOK, params, NOW)
    action.returns.model_validate(output)
    return output


def send_all(proposal: Proposal, most: int = 100) -> tuple[JsonObject, ...]:
    return tuple(gate().send(permit(call), mark=nothing) for call in proposal.calls[:most])


def objects(output: JsonObject) -> JsonObject:
    return {"bucket": "lake-quarantine", "objects": output["todo"]}


# Copies to the condemned.


def test_copying_goes_on_where_it_was_interrupted_and_copies_nothing_twice(here: Lake) -> None:
    first = looked("s3.uncopied", ASIDE)
    assert (first["left"], first["progress"], first["finished"]) == (5, "0 of 5 copied", False)
    proposal = propose(LOOK, "s3.copy_prefix", **objects(first))
    send_all(proposal, most=2)

    second = looked("s3.uncopied", ASIDE)

    assert (second["done"], second["left"], second["progress"]) == (2, 3, "2 of 5 copied")
    rest = propose(LOOK, "s3.copy_prefix", **objects(second))
    assert not {call.resource for call in rest.calls} & {call.resource for call in proposal.calls[:2]}
    send_all(rest)
    assert looked("s3.uncopied", ASIDE)["finished"] is True
    assert observe(LOOK, "s3.copy_prefix", **objects(first)) == {"count": 5, "done": 5, "progress": "5 of 5 copied"}


def test_a_list_is_as_long_as_was_asked_for(here: Lake) -> None:
    found = looked("s3.uncopied", {**ASIDE, "most": 2})

    assert isinstance(found["todo"], list)
    assert (len(found["todo"]), found["left"], found["complete"]) == (2, 5, True)


@pytest.mark.parametrize("name", ["s3.uncopied", "s3.untagged"])
def test_only_the_objects_that_are_meant_count(here: Lake, name: str) -> None:
    prefix = "quarantine/mortgages/transactions/ingest_date=2026-01-"
    for run, reason in (("r", "CURRENCY_ERROR"), ("other", "NULL_VALUE_ERROR"), ("other", "CURRENCY_ERROR")):
        key = f"{prefix}21/run_id={run}/error_type={reason}/part-0000.jsonl.gz"
        put(here, key, "rows", bucket="lake-quarantine")

    found = looked(name, {**ASIDE, "prefix": prefix, "name": "/run_id=r/", "without": "/error_type=CURRENCY_ERROR/"})

    assert isinstance(found["todo"], list)
    keys = [str(one["key"]) for one in found["todo"] if isinstance(one, dict)]
    assert (found["count"], found["left"]) == (5, 5)
    assert all(key.startswith(f"{FOLDER}part-") for key in keys)


def test_nothing_to_copy_is_not_finished(here: Lake) -> None:
    assert looked("s3.uncopied", {**ASIDE, "prefix": "quarantine/none/"})["finished"] is False


def test_an_object_that_changed_after_the_list_was_made_is_not_copied(here: Lake) -> None:
    found = looked("s3.uncopied", ASIDE)
    put(here, f"{FOLDER}part-0003.jsonl.gz", "other rows", bucket="lake-quarantine")

    with pytest.raises(InvalidError, match="part-0003"):
        propose(LOOK, "s3.copy_prefix", **objects(found))


def test_what_was_seen_stays_the_same_while_the_copies_are_made(here: Lake) -> None:
    given = objects(looked("s3.uncopied", ASIDE))
    first = propose(LOOK, "s3.copy_prefix", **given)

    for call in first.calls:
        again = propose(LOOK, "s3.copy_prefix", **given)
        assert (again.calls, again.seen) == (first.calls, first.seen)
        gate().send(permit(call), mark=nothing)


def test_a_copy_is_settled_by_looking(here: Lake) -> None:
    action, _ = params_of("s3.copy_prefix", objects(looked("s3.uncopied", ASIDE)))
    call = propose(LOOK, "s3.copy_prefix", **objects(looked("s3.uncopied", ASIDE))).calls[0]
    assert action.settle is not None

    before = action.settle(LOOK, call)
    answer = gate().send(permit(call), mark=nothing)

    assert (before, action.settle(LOOK, call)) == (None, answer)


HOSTILE_KEYS = ["'; DROP--.gz", "a|b.gz", "${platform.account}.gz", "\u200b.gz", "a b.gz"]


def test_hostile_keys_are_counted_and_never_carried(here: Lake) -> None:
    for name in HOSTILE_KEYS:
        put(here, f"{FOLDER}{name}", "x", bucket="lake-quarantine")

    copies, marks = looked("s3.uncopied", ASIDE), looked("s3.untagged", ASIDE)

    assert (copies["unnameable"], copies["left"], marks["unnameable"], marks["left"]) == (5, 5, 5, 5)
    assert not any(name in str((copies["todo"], marks["todo"])) for name in HOSTILE_KEYS)


@pytest.mark.parametrize("name", HOSTILE_KEYS)
def test_a_hostile_key_in_a_list_makes_no_call(here: Lake, name: str) -> None:
    with pytest.raises(InvalidError):
        propose(
            LOOK,
            "s3.copy_prefix",
            bucket="lake-quarantine",
            objects=[{"key": f"{FOLDER}{name}", "etag": '"' + "0" * 32 + '"'}],
        )


@pytest.mark.parametrize("prefix", ["", "condemned/", "quarantine", "silver/", "quarantine/${x}"])
def test_only_what_is_set_aside_is_copied_or_marked(prefix: str) -> None:
    with pytest.raises(ValidationError):
        params_of("s3.uncopied", {"bucket": "lake-quarantine", "prefix": prefix})


# Tags.


def test_marking_keeps_other_tags_and_goes_on_where_it_was_interrupted(here: Lake) -> None:
    s3, key = here.client("s3"), f"{FOLDER}part-0000.jsonl.gz"
    s3.put_object_tagging(
        Bucket="lake-quarantine", Key=key, Tagging={"TagSet": [{"Key": "owner", "Value": "payments"}]}
    )
    first = looked("s3.untagged", ASIDE)
    given = objects(first)
    proposal = propose(LOOK, "s3.tag_prefix", **given)
    for call in proposal.calls[:2]:
        assert propose(LOOK, "s3.tag_prefix", **given).seen == proposal.seen
        gate().send(permit(call), mark=nothing)

    second = looked("s3.untagged", ASIDE)

    assert (first["left"], second["done"], second["left"]) == (5, 2, 3)
    tags = s3.get_object_tagging(Bucket="lake-quarantine", Key=key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"owner": "payments", "state": "condemned"}
    send_all(propose(LOOK, "s3.tag_prefix", **objects(second)))
    assert observe(LOOK, "s3.tag_prefix", **given)["done"] == 5
    assert looked("s3.untagged", ASIDE)["finished"] is True


def test_condemning_is_a_change(here: Lake) -> None:
    given = objects(looked("s3.untagged", ASIDE))

    for name in ("s3.copy_prefix", "s3.tag_prefix"):
        assert CATALOGUE.risk(propose(LOOK, name, **given).calls) is Risk.CHANGE


# Versions and delete markers.


def test_a_pointer_that_was_deleted_is_brought_back_as_it_was(here: Lake) -> None:
    seed_partition(here)
    here.client("s3").delete_object(Bucket="lake-silver", Key=LATEST["key"])
    found = looked("s3.versions", LATEST)
    assert (found["found"], found["hidden"], found["count"]) == (False, True, 1)
    given: JsonObject = {**LATEST, "marker": found["marker"]}

    send_all(propose(LOOK, "s3.undelete", **given))

    assert observe(LOOK, "s3.undelete", **given)["found"] is True
    assert pointer(here)["run_id"] == OLD
    assert propose(LOOK, "s3.undelete", **given).already


def test_a_version_of_data_is_never_removed(here: Lake) -> None:
    seed_partition(here)
    version = looked("s3.versions", LATEST)["newest"]
    here.client("s3").delete_object(Bucket="lake-silver", Key=LATEST["key"])

    with pytest.raises(InvalidError, match="no delete marker"):
        propose(LOOK, "s3.undelete", **LATEST, marker=version)


def test_a_marker_with_nothing_below_it_is_left() -> None:
    mark: JsonObject = {
        "Key": LATEST["key"],
        "VersionId": "m1",
        "IsLatest": True,
        "LastModified": "2026-01-21T02:00:00Z",
    }
    script = Script(s3__versions_pointer=[{"found": True, "DeleteMarkers": [mark]}])

    with pytest.raises(InvalidError, match="Nothing lies below"):
        propose(script.look, "s3.undelete", **LATEST, marker="m1")


def test_a_pointer_without_any_version_is_neither_found_nor_hidden(here: Lake) -> None:
    found = looked("s3.versions", LATEST)

    assert (found["found"], found["hidden"], found["count"]) == (False, False, 0)
    assert "marker" not in found


def test_what_is_not_back_after_all_is_a_changed_world(here: Lake) -> None:
    with pytest.raises(WorldChangedError):
        observe(LOOK, "s3.undelete", **LATEST, marker="x")


def test_the_versions_of_the_state_are_listed_and_its_text_is_never_read(here: Lake) -> None:
    s3 = here.client("s3")
    s3.create_bucket(Bucket="lake-tfstate", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="lake-tfstate", VersioningConfiguration={"Status": "Enabled"})
    for text in ("canary-secret-1", "canary-secret-2"):
        put(here, "lake/prod.tfstate", text, bucket="lake-tfstate")

    found = looked("s3.versions", {"bucket": "lake-tfstate", "key": "lake/prod.tfstate"})

    assert found["count"] == 2
    assert "canary" not in str(found)


@pytest.mark.parametrize("key", ["silver/x/_SUCCESS", "control/circuit_breaker/transactions.json", ""])
def test_versions_of_anything_else_are_not_listed(key: str) -> None:
    with pytest.raises(InvalidError):
        read(Script(), "s3.versions", bucket="lake-silver", key=key)


def test_a_bucket_that_is_gone_or_shut_is_an_answer(here: Lake) -> None:
    there = looked("s3.versioning", {"bucket": "lake-quarantine"})

    assert there == {"found": True, "denied": False, "enabled": True}
    assert read(Script(s3__versioning=[{"found": False}]), "s3.versioning", bucket="lake-quarantine")["found"] is False


def test_a_bucket_that_may_not_be_looked_at_says_so() -> None:
    def refuse(_call: object) -> JsonObject:
        raise CallRefusedError("no", code="AccessDenied")

    look = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=refuse)
    action, params = params_of("s3.versioning", {"bucket": "lake-quarantine"})

    assert action.looked(look, params, NOW) == {"found": True, "denied": True, "enabled": False}


def test_an_object_is_seen_with_its_version(here: Lake) -> None:
    seed_partition(here)
    key = f"{PARTITION}run_id={NEW}/_SUCCESS"

    assert looked("s3.head", {"bucket": "lake-silver", "key": key})["found"] is True
    gone: JsonValue = f"{PARTITION}run_id=none/_SUCCESS"
    assert looked("s3.head", {"bucket": "lake-silver", "key": gone}) == {"found": False}
