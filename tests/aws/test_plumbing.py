import inspect
from functools import cache

import pytest

from bot.aws.plumbing import Plumbed, Plumbing
from bot.errors import InvalidError, OutcomeUnknownError, UnavailableError
from tests.aws.moto_lake import Lake
from tests.aws.neighbour import Mood, Neighbour
from tests.aws.seeded import ACCOUNT, CREDENTIALS, REGION

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:lake-page"
ANCHORED = Plumbed(account=ACCOUNT, region=REGION, anchors_bucket="lake-artifacts", topics=frozenset({TOPIC}))


@cache
def plumbing(plumbed: Plumbed = ANCHORED) -> Plumbing:
    return Plumbing(plumbed=plumbed, credentials=CREDENTIALS)


def test_the_list_of_own_calls_is_closed() -> None:
    public = {name for name, _ in inspect.getmembers(Plumbing, inspect.isfunction) if not name.startswith("_")}

    assert public == {
        "receive",
        "delete",
        "bury",
        "page",
        "anchor",
        "anchor_names",
        "read_anchor",
        "missing",
        "publish",
        "close",
    }


def test_an_anchor_is_kept_once_and_never_replaced(the_lake: Lake) -> None:
    pipes = plumbing()
    pipes.anchor("000042.json", "first")
    pipes.anchor("000042.json", "second")

    answer = the_lake.client("s3").get_object(Bucket="lake-artifacts", Key="audit/anchors/000042.json")

    assert answer["Body"].read() == b"first"
    assert pipes.anchor_names() == ["000042.json"]
    assert pipes.read_anchor("000042.json") == "first"


@pytest.mark.parametrize("name", ["", "../etl/job.py", "a/b", "a b", "ä.json"])
def test_an_anchor_cannot_leave_its_prefix(the_lake: Lake, name: str) -> None:
    with pytest.raises(InvalidError):
        plumbing().anchor(name, "x")


PUBLISHED = Plumbed(account=ACCOUNT, region=REGION, published_bucket="lake-artifacts", published_prefix="docs/pm/")


def test_a_published_text_is_kept_under_its_own_name_and_never_replaced(the_lake: Lake) -> None:
    pipes = plumbing(PUBLISHED)

    assert pipes.publish("INC-7-v3.md", "größer") == "s3://lake-artifacts/docs/pm/INC-7-v3.md"
    assert pipes.publish("INC-7-v3.md", "größer") == "s3://lake-artifacts/docs/pm/INC-7-v3.md"
    with pytest.raises(InvalidError, match="is another text already"):
        pipes.publish("INC-7-v3.md", "other")

    answer = the_lake.client("s3").get_object(Bucket="lake-artifacts", Key="docs/pm/INC-7-v3.md")
    assert (answer["Body"].read().decode(), answer["ContentType"]) == ("größer", "text/markdown; charset=utf-8")


def test_a_published_text_that_aws_does_not_take_is_said_to_be_refused(the_lake: Lake) -> None:
    elsewhere = PUBLISHED.model_copy(update={"published_bucket": "no-such-bucket-anywhere"})

    with pytest.raises(UnavailableError, match="AWS said no"):
        plumbing(elsewhere).publish("INC-7-v3.md", "x")
    with pytest.raises(InvalidError, match="name no bucket"):
        plumbing().publish("INC-7-v3.md", "x")
    with pytest.raises(InvalidError, match="cannot be the name"):
        plumbing(PUBLISHED).publish("../INC-7.md", "x")


def test_a_page_goes_to_topics_of_the_policy_only(the_lake: Lake) -> None:
    with pytest.raises(InvalidError, match="no page topic"):
        plumbing().page("arn:aws:sns:eu-west-1:999999999999:theirs", "s", "w")


def test_a_page_reaches_the_pager(the_lake: Lake) -> None:
    sns, sqs = the_lake.client("sns"), the_lake.client("sqs")
    topic = sns.create_topic(Name="lake-page")["TopicArn"]
    queue = sqs.create_queue(QueueName="pager")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:pager")

    plumbing().page(TOPIC, "Approve?\nPROD", "half-open the breaker")

    (paged,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert "half-open the breaker" in paged["Body"]
    assert "Approve? PROD" in paged["Body"]


def paging(neighbour: Neighbour) -> Plumbing:
    return Plumbing(
        plumbed=ANCHORED, credentials=CREDENTIALS, endpoint_url=neighbour.url, read_timeout=neighbour.patience
    )


@pytest.mark.parametrize("mood", ["late", "drops", "fails"])
def test_a_page_without_an_answer_is_not_sent_again(neighbour: Neighbour, mood: Mood) -> None:
    neighbour.mood = mood

    with pytest.raises(OutcomeUnknownError):
        paging(neighbour).page(TOPIC, "s", "w")

    assert len(neighbour.arrived()) == 1


def test_a_page_that_is_refused_did_not_go_out(neighbour: Neighbour) -> None:
    neighbour.mood = "forbids"

    with pytest.raises(UnavailableError):
        paging(neighbour).page(TOPIC, "s", "w")


def test_what_the_settings_do_not_name_cannot_be_used() -> None:
    bare = plumbing(Plumbed(account=ACCOUNT, region=REGION))

    with pytest.raises(InvalidError, match="intake queue"):
        bare.receive(wait_s=0)
    with pytest.raises(InvalidError, match="dead-letter"):
        bare.bury("x", "y")
    with pytest.raises(InvalidError, match="anchors"):
        bare.anchor("a", "x")
