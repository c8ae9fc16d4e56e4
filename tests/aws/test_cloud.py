import time

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.aws.cloud import AwsCloud
from bot.domain.action import Call, Element, Looking, Occasion
from bot.domain.many import standing_for
from bot.domain.runbook import Risk
from bot.errors import (
    BotError,
    CallRefusedError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    StaleError,
    UnavailableError,
)
from bot.ports import Cloud
from tests.aws.moto_lake import Lake, gate
from tests.aws.neighbour import Mood, Neighbour
from tests.aws.seeded import (
    ACCOUNT,
    BREAKER,
    EXECUTION,
    FOREIGN,
    KEY,
    PLATFORM,
    PROBE_INPUT,
    SOURCE,
    forged,
    good,
    nothing,
    permit,
    raising,
    sendable,
    text,
)

DISABLE = "AWSEvents.DisableRule"
CHANGING = [row.id for row in CATALOGUE.rows.values() if row.risk is not Risk.READ]
READING = [row.id for row in CATALOGUE.rows.values() if row.risk is Risk.READ]


def test_the_gate_is_the_port() -> None:
    found: Cloud = gate()

    assert callable(found.look)


# Sending a list.


OTHER = '"22222222222222222222222222222222"'


def copies(count: int, *, etag: str = '"11111111111111111111111111111111"') -> list[Call]:
    look = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=lambda _: {})
    bucket = PLATFORM.names("quarantine_bucket")[0]
    return [
        look.call(
            "s3.copy_condemned",
            Bucket=bucket,
            Key=f"condemned/a/part-{number}.json",
            CopySource={"Bucket": bucket, "Key": f"quarantine/a/part-{number}.json"},
            CopySourceIfMatch=etag,
        )
        for number in range(count)
    ]


def unmarked(_done: int, _begun: int) -> None:
    """Mark nothing."""


def of(calls: list[Call]) -> list[Element]:
    return [Element(call) for call in calls]


@pytest.mark.parametrize(
    "other", [copies(11), copies(9), copies(10, etag=OTHER), copies(10)[::-1]], ids=["more", "fewer", "other", "order"]
)
def test_a_list_that_is_not_the_one_approved_leaves_nothing(neighbour: Neighbour, other: list[Call]) -> None:
    approved = standing_for(copies(10), resource="s3://q/condemned/a/")

    with pytest.raises(InvalidError, match="not the one that was approved"):
        neighbour.gate().send_many(permit(approved), of(other), mark=unmarked)

    assert neighbour.seen == []


def test_a_list_with_one_call_no_row_admits_leaves_nothing(neighbour: Neighbour) -> None:
    (good_one,) = copies(1)
    forged_one = good_one.model_copy(update={"params": {**good_one.params, "Key": "quarantine/a/part-0.json"}})
    approved = standing_for([good_one, forged_one], resource="s3://q/condemned/a/")

    with pytest.raises(InvalidError, match="does not admit"):
        neighbour.gate().send_many(permit(approved), of([good_one, forged_one]), mark=unmarked)

    assert neighbour.seen == []


def set_aside(lake: Lake, count: int) -> list[Call]:
    """Put objects where the copies look for them."""
    calls = copies(count, etag='"9b9af6945c95f1aa302a61acf75c9bd6"')
    for call in calls:
        source = call.params["CopySource"]
        assert isinstance(source, dict)
        lake.client("s3").put_object(Bucket=source["Bucket"], Key=source["Key"], Body=b"row")
    return calls


def copied(lake: Lake) -> int:
    found = lake.client("s3").list_objects_v2(Bucket="lake-quarantine", Prefix="condemned/a/")
    return int(found["KeyCount"])


def test_of_a_list_nothing_leaves_before_its_window_is_marked(the_lake: Lake) -> None:
    calls, marks = set_aside(the_lake, 20), []

    def mark(done: int, begun: int) -> None:
        marks.append((done, begun, copied(the_lake)))
        if done == 16:
            raise StaleError("not ours any more")

    with pytest.raises(StaleError):
        gate().send_many(permit(standing_for(calls, resource="r")), of(calls), mark=mark)

    assert marks == [(0, 8, 0), (8, 16, 8), (16, 20, 16)]
    assert copied(the_lake) == 16


def test_what_is_so_already_is_not_sent(the_lake: Lake) -> None:
    calls = set_aside(the_lake, 10)
    elements = [Element(call, done=place % 2 == 0) for place, call in enumerate(calls)]

    answer = gate().send_many(permit(standing_for(calls, resource="r")), elements, mark=unmarked)

    assert (answer, copied(the_lake)) == ({"count": 10, "sent": 5}, 5)


def test_an_element_without_an_answer_is_named_and_nothing_follows_its_window(neighbour: Neighbour) -> None:
    calls = copies(20)

    with pytest.raises(OutcomeUnknownError, match="It was number 1 of 20"):
        neighbour.gate().send_many(permit(standing_for(calls, resource="r")), of(calls), mark=unmarked)

    assert len(neighbour.seen) == 8


def test_what_aws_was_too_busy_for_is_sent_again_after_another_mark(neighbour: Neighbour) -> None:
    calls = [good("glue.delete_partitions")] * 3
    marks: list[tuple[int, int]] = []

    def mark(done: int, begun: int) -> None:
        neighbour.mood = "answers" if marks else "throttles"
        marks.append((done, begun))

    answer = neighbour.gate().send_many(permit(standing_for(calls, resource="r")), of(calls), mark=mark)

    assert (answer, marks) == ({"count": 3, "sent": 3}, [(0, 3), (0, 3)])
    assert neighbour.seen == ["AWSGlue.BatchDeletePartition"] * 6


def test_what_aws_stays_too_busy_for_is_named(neighbour: Neighbour) -> None:
    neighbour.mood = "throttles"
    calls = [good("glue.delete_partitions")] * 2

    with pytest.raises(CallRefusedError, match=r"ThrottlingException.*It was number 1 of 2"):
        neighbour.gate().send_many(permit(standing_for(calls, resource="r")), of(calls), mark=unmarked)

    assert neighbour.seen == ["AWSGlue.BatchDeletePartition"] * 6


def test_a_window_that_came_too_late_is_marked_anew_and_not_sent_once_it_is_another_process_s(
    neighbour: Neighbour,
) -> None:
    calls = [good("glue.delete_partitions")] * 2
    marks: list[tuple[int, int]] = []

    def mark(done: int, begun: int) -> None:
        marks.append((done, begun))
        if len(marks) == 2:
            raise StaleError("taken over")

    with pytest.raises(StaleError):
        neighbour.new_gate(fence=-1.0).send_many(permit(standing_for(calls, resource="r")), of(calls), mark=mark)

    assert neighbour.seen == []


def test_a_process_that_froze_in_a_mark_marks_anew_before_anything_leaves(neighbour: Neighbour) -> None:
    calls = [good("glue.delete_partitions")] * 2
    seen_at_mark: list[int] = []

    def mark(_done: int, _begun: int) -> None:
        seen_at_mark.append(len(neighbour.seen))
        if len(seen_at_mark) == 1:
            time.sleep(1.2)

    neighbour.new_gate(fence=1.0).send_many(permit(standing_for(calls, resource="r")), of(calls), mark=mark)

    assert seen_at_mark[:2] == [0, 0]
    assert neighbour.seen == ["AWSGlue.BatchDeletePartition"] * 2


def test_a_row_that_is_not_safe_to_repeat_is_never_sent_as_a_list(neighbour: Neighbour) -> None:
    call = good("states.start_isolated")

    with pytest.raises(ValueError, match="may not be sent as a list"):
        neighbour.gate().send_many(permit(standing_for([call], resource="r")), of([call]), mark=unmarked)

    assert neighbour.seen == []


def test_a_list_is_not_sent_as_one_call_nor_one_call_as_a_list(neighbour: Neighbour) -> None:
    with pytest.raises(ValueError, match="stands for a list"):
        neighbour.gate().send(permit(standing_for(copies(2), resource="r")), mark=nothing)
    with pytest.raises(ValueError, match="not sent as a list"):
        neighbour.gate().send_many(permit(copies(1)[0]), of(copies(1)), mark=unmarked)

    assert neighbour.seen == []


# Sending once.


def test_one_permit_is_one_request_after_the_mark(neighbour: Neighbour) -> None:
    at_mark: list[int] = []

    answer = neighbour.gate().send(
        permit(good("events.disable_rule")), mark=lambda: at_mark.append(len(neighbour.seen))
    )

    assert (answer, at_mark, neighbour.seen) == ({}, [0], [DISABLE])


UNKNOWN: tuple[Mood, ...] = ("late", "drops", "fails", "garbles", "lists")


@pytest.mark.parametrize("mood", UNKNOWN)
def test_no_trustworthy_answer_is_outcome_unknown_after_exactly_one_request(neighbour: Neighbour, mood: Mood) -> None:
    neighbour.mood = mood

    with pytest.raises(OutcomeUnknownError, match="sent"):
        neighbour.gate().send(permit(good("events.disable_rule")), mark=nothing)

    assert neighbour.arrived() == [DISABLE]


@pytest.mark.parametrize("mood", UNKNOWN)
@pytest.mark.parametrize("row", CHANGING)
def test_every_changing_row_leaves_once_however_it_is_answered(neighbour: Neighbour, row: str, mood: Mood) -> None:
    neighbour.mood = mood

    with pytest.raises(OutcomeUnknownError):
        neighbour.gate().send(permit(good(row)), mark=nothing)

    assert len(neighbour.arrived()) == 1


def test_a_start_whose_answer_names_no_execution_is_outcome_unknown(neighbour: Neighbour) -> None:
    with pytest.raises(OutcomeUnknownError):
        neighbour.gate().send(permit(good("states.start_isolated")), mark=nothing)

    assert neighbour.seen == ["AWSStepFunctions.StartExecution"]


REFUSED: dict[Mood, str] = {
    "throttles": "ThrottlingException",
    "denies": "AccessDeniedException",
    "slow down": "SlowDown",
}


@pytest.mark.parametrize("mood", REFUSED)
def test_a_plain_no_changed_nothing_and_is_asked_once(neighbour: Neighbour, mood: Mood) -> None:
    neighbour.mood = mood

    with pytest.raises(CallRefusedError, match="nothing was changed") as refused:
        neighbour.gate().send(permit(good("events.disable_rule")), mark=nothing)

    assert (refused.value.code, neighbour.seen) == (REFUSED[mood], [DISABLE])


def test_a_redirect_to_another_region_is_not_followed(neighbour: Neighbour) -> None:
    neighbour.mood = "redirects"

    with pytest.raises((CallRefusedError, OutcomeUnknownError)):
        neighbour.gate().send(permit(good("s3.put_breaker")), mark=nothing)

    assert [one for one in neighbour.seen if one.startswith("PUT")] == neighbour.seen[:1]
    assert len([one for one in neighbour.seen if one.startswith("PUT")]) == 1


def test_a_mark_that_fails_lets_nothing_out(neighbour: Neighbour) -> None:
    with pytest.raises(StaleError):
        neighbour.gate().send(permit(good("events.disable_rule")), mark=raising(StaleError("taken over")))

    assert neighbour.seen == []


def test_a_process_that_was_frozen_since_the_mark_sends_nothing(neighbour: Neighbour) -> None:
    with pytest.raises(UnavailableError, match="Too long"):
        neighbour.new_gate(fence=-1.0).send(permit(good("events.disable_rule")), mark=nothing)

    assert neighbour.seen == []


def test_the_sending_client_is_shut_outside_the_gate(neighbour: Neighbour) -> None:
    cloud = neighbour.gate()

    with pytest.raises(UnavailableError, match="outside the gate"):
        cloud._clients.sending("events").disable_rule(Name="daily_etl_schedule")

    assert neighbour.seen == []


def test_nobody_listening_means_nothing_was_sent() -> None:
    with Neighbour() as gone:
        cloud = gone.new_gate()
        cloud.identity("events")

    with pytest.raises(UnavailableError, match="nothing was sent"):
        cloud.send(permit(good("events.disable_rule")), mark=nothing)


# Who calls.


def test_the_session_name_is_no_part_of_who_calls(neighbour: Neighbour) -> None:
    cloud = neighbour.new_gate()

    first, second = cloud.identity("s3"), cloud.identity("s3", fresh=True)

    assert first == second
    assert (first.account, first.role) == (ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/runbook-bot")
    assert first.host == neighbour.url.removeprefix("http://")


def test_who_calls_is_asked_once_for_control_and_again_for_every_change(neighbour: Neighbour) -> None:
    cloud = neighbour.new_gate()
    cloud.send(permit(good("events.disable_rule")), mark=nothing)
    cloud.send(permit(good("events.enable_rule")), mark=nothing)
    assert neighbour.asked_who == 1

    with pytest.raises(OutcomeUnknownError):
        cloud.send(permit(good("s3.put_breaker")), mark=nothing)

    assert neighbour.asked_who == 2


def test_a_change_is_not_sent_by_another_role_than_the_one_that_approvals_of_this_process_bind(
    neighbour: Neighbour,
) -> None:
    cloud = neighbour.new_gate()
    bound = cloud.identity("s3").role
    neighbour.role = "administrator"

    for _ in range(2):
        with pytest.raises(NotAllowedError, match=r"administrator.*Nothing was sent.*Restart"):
            cloud.send(permit(good("s3.put_breaker")), mark=nothing)

    assert neighbour.seen == []
    assert cloud.identity("s3").role == bound


@pytest.mark.parametrize("row", ["events.rule", "events.disable_rule"])
def test_credentials_of_another_account_reach_nothing(neighbour: Neighbour, row: str) -> None:
    neighbour.account = "999999999999"
    cloud = neighbour.new_gate()

    with pytest.raises(NotAllowedError, match="999999999999"):
        _perform(cloud, good(row))

    assert neighbour.seen == []


def _perform(cloud: AwsCloud, call: Call) -> None:
    if CATALOGUE.row(call.row).risk is Risk.READ:
        cloud.look(call)
    else:
        cloud.send(permit(call), mark=nothing)


# What must not leave.


@pytest.mark.parametrize("what", sorted(FOREIGN))
def test_no_foreign_value_leaves_through_any_parameter_of_any_row(neighbour: Neighbour, what: str) -> None:
    cloud = neighbour.new_gate()
    tried = 0

    for row in CATALOGUE.rows.values():
        for name in row.allows:
            if sendable(name, FOREIGN[what]):
                continue
            tried += 1
            with pytest.raises(BotError):
                _perform(cloud, forged(row.id, **{name: FOREIGN[what]}))

    assert tried > 40
    assert (neighbour.seen, neighbour.asked_who) == ([], 0)


def test_no_parameter_beside_the_row_leaves(neighbour: Neighbour) -> None:
    cloud = neighbour.gate()

    for row in CATALOGUE.rows:
        with pytest.raises(InvalidError, match="may not carry"):
            _perform(cloud, forged(row, RequestPayer="requester"))

    assert neighbour.seen == []


def test_a_call_whose_resource_was_rewritten_does_not_leave(neighbour: Neighbour) -> None:
    call = good("events.disable_rule").model_copy(update={"resource": "events:other"})

    with pytest.raises(InvalidError):
        neighbour.gate().send(permit(call), mark=nothing)

    assert neighbour.seen == []


def test_a_row_that_is_not_in_the_catalogue_cannot_be_called(neighbour: Neighbour) -> None:
    with pytest.raises(NotFoundError):
        neighbour.gate().look(Call(row="iam.put_role_policy", params={}, resource=""))


@pytest.mark.parametrize("row", CHANGING)
def test_a_changing_row_is_never_looked_at(neighbour: Neighbour, row: str) -> None:
    with pytest.raises(ValueError, match="permit"):
        neighbour.gate().look(good(row))

    assert neighbour.seen == []


@pytest.mark.parametrize("row", READING)
def test_a_reading_row_takes_no_permit(neighbour: Neighbour, row: str) -> None:
    with pytest.raises(ValueError, match="only reads"):
        neighbour.gate().send(permit(good(row)), mark=nothing)

    assert neighbour.seen == []


# Looking.


@pytest.mark.parametrize("mood", ["throttles", "fails", "drops"])
def test_a_read_is_tried_again_and_then_says_so(neighbour: Neighbour, mood: Mood) -> None:
    neighbour.mood = mood

    with pytest.raises(UnavailableError, match="Try again"):
        neighbour.gate().look(good("events.rule"))

    assert neighbour.seen == ["AWSEvents.DescribeRule"] * 3


def test_a_read_with_an_answer_that_cannot_be_read_may_be_tried_again(neighbour: Neighbour) -> None:
    neighbour.mood = "garbles"

    with pytest.raises(UnavailableError, match="Try again"):
        neighbour.gate().look(good("events.rule"))


def test_a_read_that_is_denied_says_which_code(neighbour: Neighbour) -> None:
    neighbour.mood = "denies"

    with pytest.raises(CallRefusedError) as refused:
        neighbour.gate().look(good("events.rule"))

    assert refused.value.code == "AccessDeniedException"


def test_what_is_not_there_is_an_answer(the_lake: Lake) -> None:
    cloud = gate()

    for row in ("s3.get_pointer", "s3.get_success", "states.execution", "logs.filter"):
        assert cloud.look(good(row)) == {"found": False}


def test_a_missing_bucket_is_not_a_missing_document(the_lake: Lake) -> None:
    elsewhere = PLATFORM.model_copy(update={"resources": {**PLATFORM.resources, "artifacts_bucket": "lake-gone"}})
    looking = Looking(catalogue=CATALOGUE, platform=elsewhere, perform=gate().look)
    call = looking.call("s3.get_breaker", Bucket="lake-gone", Key=KEY)

    with pytest.raises(CallRefusedError, match="NoSuchBucket"):
        AwsCloud(catalogue=CATALOGUE, platform=elsewhere).look(call)


BAD_DOCUMENTS = {
    "two keys of one name": '{"state": "OPEN", "state": "CLOSED"}',
    "no JSON": "state: OPEN",
    "a list": "[1]",
    "NaN": '{"count": NaN}',
    "too deep": '{"a":' * 20 + "1" + "}" * 20,
    "too large": '{"reason": "' + "x" * 70_000 + '"}',
    "a number for a text": '{"state": 7}',
    "a truth for a number": '{"count": true}',
}


@pytest.mark.parametrize("what", sorted(BAD_DOCUMENTS))
def test_a_control_document_that_is_not_plain_is_refused(the_lake: Lake, what: str) -> None:
    the_lake.put_breaker(BAD_DOCUMENTS[what])

    with pytest.raises(InvalidError):
        gate().look(good("s3.get_breaker"))


def test_unknown_fields_of_a_document_are_counted_and_not_kept(the_lake: Lake) -> None:
    the_lake.put_breaker(text({**BREAKER, "password": "hunter2"}))

    answer = gate().look(good("s3.get_breaker"))

    assert (answer["Body"], answer["Unlisted"]) == (BREAKER, 1)


# Writing to the lake.


def test_a_swap_is_refused_when_somebody_else_wrote_first(the_lake: Lake) -> None:
    cloud = gate()
    looking = Looking(catalogue=CATALOGUE, platform=PLATFORM, perform=cloud.look)
    action = CATALOGUE.action("s3.swap_json")
    params = action.params.model_validate({"bucket": "lake-artifacts", "key": KEY, "change": {"state": "HALF_OPEN"}})
    assert action.propose is not None
    proposal = action.propose(looking, params, Occasion(installation="i", run=42, step="half_open"))
    theirs = text({**BREAKER, "state": "CLOSED"})
    the_lake.put_breaker(theirs)

    with pytest.raises(CallRefusedError) as refused:
        cloud.send(permit(proposal.calls[0]), mark=nothing)

    assert (refused.value.code, the_lake.breaker()) == ("PreconditionFailed", theirs)


def test_starting_twice_under_one_name_starts_once(the_lake: Lake) -> None:
    cloud = gate()

    first = cloud.send(permit(good("states.start_isolated")), mark=nothing)
    second = cloud.send(permit(good("states.start_isolated")), mark=nothing)

    assert first == second
    assert first["executionArn"] == EXECUTION


def test_a_start_that_had_happened_and_ended_is_answered_as_started(the_lake: Lake) -> None:
    cloud = gate()
    first = cloud.send(permit(good("states.start_isolated")), mark=nothing)
    cloud.send(permit(good("states.stop")), mark=nothing)

    assert cloud.send(permit(good("states.start_isolated")), mark=nothing) == first


def test_a_name_that_was_used_with_other_input_is_refused(the_lake: Lake) -> None:
    cloud = gate()
    cloud.send(permit(good("states.start_isolated")), mark=nothing)
    other = good("states.start_isolated", input=text({**PROBE_INPUT, "raw_key": SOURCE.replace("0193", "0194")}))

    with pytest.raises(CallRefusedError) as refused:
        cloud.send(permit(other), mark=nothing)

    assert refused.value.code == "ExecutionAlreadyExists"
