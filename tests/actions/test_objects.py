from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Element, Looking, Proposal
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


# Lists of rows set aside: copies to the condemned, and marks.

LISTS = [("s3.copy_prefix", "s3.uncopied", "copied"), ("s3.tag_prefix", "s3.untagged", "marked")]


def listed(proposal: Proposal) -> tuple[Element, ...]:
    (elements,) = proposal.lists.values()
    return elements


def send_list(proposal: Proposal, most: int = 1000) -> None:
    (call,) = proposal.calls
    assert call.many is not None
    for one in [one for one in listed(proposal) if not one.done][:most]:
        gate().send(permit(one.call), mark=nothing)


def tags(lake: Lake, name: str) -> dict[str, str]:
    found = lake.client("s3").get_object_tagging(Bucket="lake-quarantine", Key=f"{FOLDER}{name}")["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def give_tag(lake: Lake, name: str, **given: str) -> None:
    lake.client("s3").put_object_tagging(
        Bucket="lake-quarantine",
        Key=f"{FOLDER}{name}",
        Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in given.items()]},
    )


@pytest.mark.parametrize(("change", "count", "done"), LISTS)
def test_a_list_goes_on_where_it_was_interrupted_and_does_nothing_twice(
    here: Lake, change: str, count: str, done: str
) -> None:
    first = propose(LOOK, change, **ASIDE)
    assert looked(count, ASIDE)["progress"] == f"0 of 5 {done}"
    send_list(first, most=2)

    second = propose(LOOK, change, **ASIDE)

    assert [one.done for one in listed(second)] == [True, True, False, False, False]
    assert (looked(count, ASIDE)["left"], looked(count, ASIDE)["finished"]) == (3, False)
    assert (second.calls, second.seen) == (first.calls, first.seen)
    send_list(second)
    assert looked(count, ASIDE)["finished"] is True
    assert observe(LOOK, change, **ASIDE) == {"count": 5, "done": 5, "progress": f"5 of 5 {done}"}
    third = propose(LOOK, change, **ASIDE)
    assert (third.already, third.calls, len(listed(third))) == (True, (), 5)


@pytest.mark.parametrize(("change", "count", "_done"), LISTS)
def test_only_the_objects_that_are_meant_are_on_the_list(here: Lake, change: str, count: str, _done: str) -> None:
    prefix = "quarantine/mortgages/transactions/ingest_date=2026-01-"
    for run, reason in (("r", "CURRENCY_ERROR"), ("other", "NULL_VALUE_ERROR"), ("other", "CURRENCY_ERROR")):
        key = f"{prefix}21/run_id={run}/error_type={reason}/part-0000.jsonl.gz"
        put(here, key, "rows", bucket="lake-quarantine")
    given: JsonObject = {**ASIDE, "prefix": prefix, "name": "/run_id=r/", "without": "/error_type=CURRENCY_ERROR/"}

    found, proposal = looked(count, given), propose(LOOK, change, **given)

    assert (found["count"], found["left"]) == (5, 5)
    sources = [str(one.call.params["Key"]).replace("condemned/", "quarantine/", 1) for one in listed(proposal)]
    assert sources == [f"{FOLDER}part-{number:04}.jsonl.gz" for number in range(5)]


@pytest.mark.parametrize("count", ["s3.uncopied", "s3.untagged"])
def test_nothing_set_aside_is_not_finished(here: Lake, count: str) -> None:
    assert looked(count, {**ASIDE, "prefix": "quarantine/none/"})["finished"] is False


@pytest.mark.parametrize("change", ["s3.copy_prefix", "s3.tag_prefix"])
def test_a_list_of_nothing_is_not_asked_for(here: Lake, change: str) -> None:
    with pytest.raises(InvalidError, match="nothing to do"):
        propose(LOOK, change, **{**ASIDE, "prefix": "quarantine/none/"})


@pytest.mark.parametrize("change", ["s3.copy_prefix", "s3.tag_prefix"])
def test_an_object_that_changed_after_the_list_was_made_makes_another_list(here: Lake, change: str) -> None:
    first = propose(LOOK, change, **ASIDE)
    put(here, f"{FOLDER}part-0003.jsonl.gz", "other rows", bucket="lake-quarantine")

    second = propose(LOOK, change, **ASIDE)

    assert second.calls != first.calls


def test_a_copy_of_what_was_written_since_is_no_copy(here: Lake) -> None:
    send_list(propose(LOOK, "s3.copy_prefix", **ASIDE))
    put(here, f"{FOLDER}part-0003.jsonl.gz", "more and other rows", bucket="lake-quarantine")

    found = looked("s3.uncopied", ASIDE)

    assert (found["done"], found["finished"]) == (4, False)


def test_a_copy_with_an_etag_of_its_own_is_one_when_it_is_as_long_and_not_older() -> None:
    """AWS gives another ETag to the copy of what was uploaded in parts, and under a key of KMS to every copy."""
    source: JsonObject = {"Key": f"{FOLDER}a.gz", "Size": 9, "ETag": '"aa-2"', "LastModified": "2026-01-21T02:00:00Z"}
    newer: JsonObject = {
        "Key": f"{FOLDER}a.gz".replace("quarantine/", "condemned/", 1),
        "Size": 9,
        "ETag": '"bb"',
        "LastModified": "2026-01-21T02:05:00Z",
    }
    older: JsonObject = {**newer, "LastModified": "2026-01-21T01:00:00Z"}
    shorter: JsonObject = {**newer, "Size": 8}

    done = [
        read(Script(s3__list=[{"Contents": [copy]}, {"Contents": [source]}]), "s3.uncopied", **ASIDE)["done"]
        for copy in (newer, older, shorter)
    ]

    assert done == [1, 0, 0]


HOSTILE_KEYS = ["'; DROP--.gz", "a|b.gz", "${platform.account}.gz", "\u200b.gz", "a b.gz"]


@pytest.mark.parametrize(("change", "count", "_done"), LISTS)
def test_hostile_keys_are_counted_and_never_carried(here: Lake, change: str, count: str, _done: str) -> None:
    for name in HOSTILE_KEYS:
        put(here, f"{FOLDER}{name}", "x", bucket="lake-quarantine")

    found, proposal = looked(count, ASIDE), propose(LOOK, change, **ASIDE)

    assert (found["unnameable"], found["left"], len(listed(proposal))) == (5, 5, 5)
    assert not any(name in str(proposal) for name in HOSTILE_KEYS)


@pytest.mark.parametrize("prefix", ["", "condemned/", "quarantine", "silver/", "quarantine/${x}"])
def test_only_what_is_set_aside_is_copied_or_marked(prefix: str) -> None:
    with pytest.raises(ValidationError):
        params_of("s3.uncopied", {"bucket": "lake-quarantine", "prefix": prefix})


def test_a_mark_keeps_the_other_tags_and_takes_no_other_state(here: Lake) -> None:
    give_tag(here, "part-0000.jsonl.gz", owner="payments", case="C-9", state="open")

    send_list(propose(LOOK, "s3.tag_prefix", **ASIDE))

    assert tags(here, "part-0000.jsonl.gz") == {"owner": "payments", "case": "C-9", "state": "condemned"}
    assert tags(here, "part-0001.jsonl.gz") == {"state": "condemned"}


def test_a_mark_that_would_drop_a_tag_given_since_is_refused_right_before_it(here: Lake) -> None:
    calls = [one.call for one in listed(propose(LOOK, "s3.tag_prefix", **ASIDE))]
    insist = CATALOGUE.action("s3.tag_prefix").insist
    assert insist is not None
    insist(LOOK, calls)
    give_tag(here, "part-0002.jsonl.gz", owner="payments")

    with pytest.raises(InvalidError, match=r"part-0002.*since they were listed"):
        insist(LOOK, calls)


def test_a_mark_that_is_there_already_is_no_other_tag(here: Lake) -> None:
    calls = [one.call for one in listed(propose(LOOK, "s3.tag_prefix", **ASIDE))]
    insist = CATALOGUE.action("s3.tag_prefix").insist
    assert insist is not None
    give_tag(here, "part-0002.jsonl.gz", state="condemned")

    insist(LOOK, calls)


def test_a_version_that_is_gone_is_not_marked(here: Lake) -> None:
    calls = [one.call for one in listed(propose(LOOK, "s3.tag_prefix", **ASIDE))]
    insist = CATALOGUE.action("s3.tag_prefix").insist
    assert insist is not None
    key, version = f"{FOLDER}part-0002.jsonl.gz", str(calls[2].params["VersionId"])
    here.client("s3").delete_object(Bucket="lake-quarantine", Key=key, VersionId=version)

    with pytest.raises(InvalidError, match="part-0002"):
        insist(LOOK, calls)


def test_what_is_hidden_is_not_marked(here: Lake) -> None:
    here.client("s3").delete_object(Bucket="lake-quarantine", Key=f"{FOLDER}part-0002.jsonl.gz")

    assert len(listed(propose(LOOK, "s3.tag_prefix", **ASIDE))) == 4


def test_condemning_is_a_change(here: Lake) -> None:
    for name in ("s3.copy_prefix", "s3.tag_prefix"):
        assert CATALOGUE.risk(propose(LOOK, name, **ASIDE).calls) is Risk.CHANGE


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


def artifact(name: str, at: str) -> JsonObject:
    return {
        "Key": f"etl/{name}.zip",
        "VersionId": name,
        "ETag": '"' + "0" * 32 + '"',
        "Size": 1,
        "IsLatest": True,
        "LastModified": at,
    }


def test_the_newest_code_is_found_on_whichever_page_its_name_puts_it() -> None:
    old, new = artifact("etl-v1.10.0", "2026-01-01T00:00:00Z"), artifact("etl-v1.9.0", "2026-01-20T00:00:00Z")
    first: JsonObject = {"Versions": [old], "NextKeyMarker": old["Key"], "NextVersionIdMarker": "v"}
    script = Script(s3__versions_artifact=[first, {"Versions": [new]}])

    found = read(script, "s3.versions", bucket="lake-artifacts", key="etl/")

    assert (found["newest"], found["count"], found["complete"]) == ("etl-v1.9.0", 2, True)
    assert script.asked["s3.versions_artifact"][1]["KeyMarker"] == old["Key"]


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
