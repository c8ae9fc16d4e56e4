import pytest
from pydantic import ValidationError

from bot.actions.catalogue import CATALOGUE
from bot.domain.action import Looking
from bot.domain.strictjson import parse_object
from bot.domain.value import JsonObject, JsonValue
from bot.errors import InvalidError, WorldChangedError
from tests.actions.scripted import NOW, Script, observe, params_of, propose, read
from tests.aws.moto_lake import Lake, gate
from tests.aws.seeded import BREAKER, ETAG, KEY, PLATFORM, SOURCE, nothing, permit, text

PLACE: JsonObject = {"bucket": "lake-artifacts", "key": KEY}
STANDING: JsonObject = {
    "found": True,
    "ETag": ETAG,
    "VersionId": "v1",
    "LastModified": "2026-01-21T02:07:32Z",
    "Body": BREAKER,
    "Unlisted": 0,
}


def swapping(state: str = "HALF_OPEN", **change: JsonValue) -> JsonObject:
    return {**PLACE, "change": {"state": state, **change}}


def lake_look() -> Looking:
    return Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=gate().look)


def test_a_document_is_read_with_the_version_it_has() -> None:
    assert read(Script(s3__get_breaker=[STANDING]), "s3.read_json", **PLACE) == {
        "found": True,
        "etag": ETAG,
        "version_id": "v1",
        "modified": "2026-01-21T02:07:32Z",
        "body": BREAKER,
    }


def test_a_document_that_is_not_there_has_no_fields_at_all() -> None:
    assert read(Script(s3__get_breaker=[{"found": False}]), "s3.read_json", **PLACE) == {"found": False}


@pytest.mark.parametrize("key", ["terraform/prod.tfstate", "etl/job.py", "control/x.json", "", f"x/{KEY}", f"{KEY}\n"])
def test_what_is_no_control_document_is_not_read(key: str) -> None:
    script = Script()

    with pytest.raises(InvalidError, match="no control document"):
        read(script, "s3.read_json", bucket="lake-artifacts", key=key)

    assert not script.asked


def test_a_swap_names_the_one_write_and_what_was_seen() -> None:
    proposal = propose(Script(s3__get_breaker=[STANDING]).look, "s3.swap_json", **swapping(reason="f-0193 was mended"))

    (call,) = proposal.calls
    assert (call.row, call.params["IfMatch"]) == ("s3.put_breaker", ETAG)
    assert parse_object(str(call.params["Body"])) == {
        **BREAKER,
        "state": "HALF_OPEN",
        "reason": "f-0193 was mended",
        "changed_by": "R-42",
    }
    assert proposal.seen == {"found": True, "etag": ETAG, "version_id": "v1", "body": BREAKER}
    assert "state: 'OPEN' -> 'HALF_OPEN'" in proposal.changes


def test_a_swap_that_changes_nothing_makes_no_call() -> None:
    proposal = propose(Script(s3__get_breaker=[STANDING]).look, "s3.swap_json", **swapping("OPEN"))

    assert (proposal.already, proposal.calls) == (True, ())


@pytest.mark.parametrize("field", ["changed_by", "threshold", "pipeline", "command"])
def test_a_swap_changes_only_state_and_reason(field: str) -> None:
    script = Script(s3__get_breaker=[STANDING])

    with pytest.raises(InvalidError, match="may change reason, state"):
        propose(script.look, "s3.swap_json", **swapping(**{field: "x"}))

    assert not script.asked


@pytest.mark.parametrize("key", ["silver/a/year=2026/month=01/schema_v=v1/_LATEST.json", "silver/a/_SUCCESS"])
def test_a_pointer_and_a_success_marker_are_never_swapped(key: str) -> None:
    with pytest.raises(InvalidError, match="may change nothing"):
        propose(Script().look, "s3.swap_json", bucket="lake-silver", key=key, change={"state": "OPEN"})


def test_a_document_with_unknown_fields_is_not_swapped_because_they_would_be_lost() -> None:
    with pytest.raises(InvalidError, match="1 fields"):
        propose(Script(s3__get_breaker=[{**STANDING, "Unlisted": 1}]).look, "s3.swap_json", **swapping())


def test_a_document_that_is_not_there_is_not_swapped() -> None:
    with pytest.raises(InvalidError, match="There is no"):
        propose(Script(s3__get_breaker=[{"found": False}]).look, "s3.swap_json", **swapping())


def test_a_document_that_vanished_after_the_swap_is_a_changed_world() -> None:
    with pytest.raises(WorldChangedError):
        observe(Script(s3__get_breaker=[{"found": False}]).look, "s3.swap_json", **swapping())


def test_free_text_in_a_reason_stays_one_field_of_json() -> None:
    words = 'x", "threshold": 1000000, "y": "\u200b\U0001f525 \'; DROP TABLE x; -- ${platform.account}'

    proposal = propose(Script(s3__get_breaker=[STANDING]).look, "s3.swap_json", **swapping(reason=words))

    written = parse_object(str(proposal.calls[0].params["Body"]))
    assert (written["reason"], written["threshold"], set(written)) == (words, 100, set(BREAKER))
    assert str(proposal.calls[0].params["Body"]).isascii()


def test_a_reason_of_10_kb_is_refused() -> None:
    with pytest.raises(InvalidError, match="Body"):
        propose(Script(s3__get_breaker=[STANDING]).look, "s3.swap_json", **swapping(reason="x" * 10_240))


def test_a_swap_on_the_lake_writes_once_and_is_observed(the_lake: Lake) -> None:
    proposal = propose(lake_look(), "s3.swap_json", **swapping())

    answer = gate().send(permit(proposal.calls[0]), mark=nothing)

    output = observe(lake_look(), "s3.swap_json", answer, **swapping())
    assert output == {
        "etag": answer["ETag"],
        "version_id": answer["VersionId"],
        "body": {**BREAKER, "state": "HALF_OPEN", "changed_by": "R-42"},
    }
    assert parse_object(the_lake.breaker()) == output["body"]


def test_a_write_that_had_happened_is_settled_by_reading_back(the_lake: Lake) -> None:
    action, _ = params_of("s3.swap_json", swapping())
    (call,) = propose(lake_look(), "s3.swap_json", **swapping()).calls
    assert action.settle is not None

    before = action.settle(lake_look(), call)
    answer = gate().send(permit(call), mark=nothing)

    assert (before, action.settle(lake_look(), call)) == (None, answer)


def test_a_write_by_somebody_else_settles_nothing(the_lake: Lake) -> None:
    action, _ = params_of("s3.swap_json", swapping())
    (call,) = propose(lake_look(), "s3.swap_json", **swapping()).calls
    assert action.settle is not None
    the_lake.put_breaker(text({**BREAKER, "state": "HALF_OPEN", "changed_by": "R-43"}))

    assert action.settle(lake_look(), call) is None


def listed(*keys: str) -> JsonObject:
    contents: list[JsonValue] = [
        {"Key": key, "Size": 4, "ETag": ETAG, "LastModified": "2026-01-21T02:00:00Z"} for key in keys
    ]
    return {"found": True, "Contents": contents}


FINDING: JsonObject = {"bucket": "lake-bronze", "prefix": "bronze/mortgages/transactions/ingest_date=2026-01-21/"}


def test_objects_are_found_by_what_their_key_contains() -> None:
    found = read(
        Script(s3__list=[listed("bronze/a/f-0193.csv.gz", "bronze/a/f-0194.csv.gz")]), "s3.find", name="0193", **FINDING
    )

    assert found == {
        "count": 1,
        "complete": True,
        "objects": [{"key": "bronze/a/f-0193.csv.gz", "size": 4, "etag": ETAG, "modified": "2026-01-21T02:00:00Z"}],
    }


def test_hostile_keys_are_only_text() -> None:
    keys = ["bronze/'; DROP--", "bronze/a|b", "bronze/${platform.account}", "bronze/\u200b\U0001f525"]

    found = read(Script(s3__list=[listed(*keys)]), "s3.find", **FINDING)

    assert isinstance(found["objects"], list)
    assert [one["key"] for one in found["objects"] if isinstance(one, dict)] == keys


def test_every_page_is_listed_and_an_empty_one_is_not_the_end() -> None:
    pages = [
        {**listed(), "NextContinuationToken": "t1"},
        {**listed("bronze/a"), "NextContinuationToken": "t2"},
        listed("bronze/b"),
    ]
    script = Script(s3__list=pages)

    found = read(script, "s3.find", **FINDING)

    assert (found["count"], found["complete"]) == (2, True)
    assert [asked.get("ContinuationToken") for asked in script.asked["s3.list"]] == [None, "t1", "t2"]


def test_a_listing_beyond_its_budget_says_that_it_is_not_complete() -> None:
    endless = Script(s3__list=[{**listed("bronze/a"), "NextContinuationToken": "t"}])
    many = Script(s3__list=[listed(*(f"bronze/{n}" for n in range(201)))])

    first, second = read(endless, "s3.find", **FINDING), read(many, "s3.find", **FINDING)

    assert (len(endless.asked["s3.list"]), first["complete"]) == (10, False)
    assert (second["count"], second["complete"]) == (200, False)


def test_finding_on_the_lake(the_lake: Lake) -> None:
    action, params = params_of("s3.find", {**FINDING, "name": "f-0193"})
    assert action.read is not None

    output = action.read(lake_look(), params, NOW)

    assert output["count"] == 1
    assert SOURCE in str(output["objects"])


@pytest.mark.parametrize("given", [{}, {"bucket": 7, "key": "k"}, {**PLACE, "version": "x"}])
def test_parameters_are_taken_as_they_are_or_not_at_all(given: JsonObject) -> None:
    with pytest.raises(ValidationError):
        params_of("s3.read_json", given)
