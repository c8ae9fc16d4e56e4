"""The bot's own calls: intake queue, dead letters, pages, audit anchors, published texts. A closed list.

They go to fixed resources; no runbook can name them, and they never pass through the gate.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from pydantic import Field

from bot.aws.clients import CONNECT_TIMEOUT_S, NO_ANSWER, READ_TIMEOUT_S, Clients, Credentials, Fence
from bot.domain.value import Value
from bot.errors import InvalidError, OutcomeUnknownError, UnavailableError

WAIT_S = 20
MOST_MESSAGES = 10
NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
MOST_SUBJECT = 100
MOST_MESSAGE_BYTES = 262_144


class Plumbed(Value):
    """Fix the resources; what is None cannot be used.

    Attributes:
        topics: the page topics of the policy's roles, by ARN.
        anchors: bucket and prefix, e.g. `lake-audit` and `audit/anchors/`; so of published texts.
    """

    account: str
    region: str
    queue_url: str | None = None
    dead_letter_url: str | None = None
    topics: frozenset[str] = frozenset()
    anchors_bucket: str | None = None
    anchors_prefix: str = Field(default="audit/anchors/", pattern=r"^[A-Za-z0-9/_-]+/$")
    published_bucket: str | None = None
    published_prefix: str = Field(default="", pattern=r"^([A-Za-z0-9/_-]+/)?$")


class Message(Value):
    """Hold one message of the queue as it lies there."""

    receipt: str
    message_id: str
    body: str


class Plumbing:
    """Make the bot's own calls, and no other."""

    def __init__(
        self,
        *,
        plumbed: Plumbed,
        endpoint_url: str | None = None,
        credentials: Credentials | None = None,
        connect_timeout: float = CONNECT_TIMEOUT_S,
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        self._resources = plumbed
        self._fence = Fence()
        self._clients = Clients(
            region=plumbed.region,
            fence=self._fence,
            endpoint_url=endpoint_url,
            credentials=credentials,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )

    def receive(self, *, wait_s: int = WAIT_S) -> tuple[Message, ...]:
        """Return messages of the intake queue, waiting up to `wait_s` seconds for the first.

        Raises:
            UnavailableError: the queue did not answer.
        """
        answer = self._asked(
            "sqs",
            "receive_message",
            polling=True,
            QueueUrl=_fixed(self._resources.queue_url, "intake queue"),
            MaxNumberOfMessages=MOST_MESSAGES,
            WaitTimeSeconds=wait_s,
        )
        return tuple(
            Message(receipt=one["ReceiptHandle"], message_id=one["MessageId"], body=one["Body"])
            for one in answer.get("Messages", ())
        )

    def delete(self, receipt: str) -> None:
        """Delete a message of the intake queue.

        Raises:
            UnavailableError: the queue did not answer; the message may come again.
        """
        queue = _fixed(self._resources.queue_url, "intake queue")
        self._asked("sqs", "delete_message", QueueUrl=queue, ReceiptHandle=receipt)

    def bury(self, body: str, reason: str) -> None:
        """Send what cannot be used to the dead letters, with the reason beside it.

        Raises:
            UnavailableError: the dead letters did not answer.
        """
        attribute = {"DataType": "String", "StringValue": ascii(reason)[1:-1][:500] or "-"}
        self._asked(
            "sqs",
            "send_message",
            QueueUrl=_fixed(self._resources.dead_letter_url, "dead-letter queue"),
            MessageBody=body,
            MessageAttributes={"reason": attribute},
        )

    def page(self, topic: str, subject: str, words: str) -> None:
        """Publish to a page topic, once: a page that was sent and not answered is not sent again here.

        Raises:
            InvalidError: it is none of the policy's topics; nothing was sent.
            UnavailableError: nothing was sent.
            OutcomeUnknownError: sent, and no answer came back.
        """
        if topic not in self._resources.topics:
            raise InvalidError("That is no page topic of the policy; nothing was sent.")
        publish = self._clients.sending("sns").publish
        line = ascii(" ".join(subject.split()))[1:-1][:MOST_SUBJECT] or "-"
        with self._fence.opened() as sending:
            try:
                publish(TopicArn=topic, Subject=line, Message=words[: MOST_MESSAGE_BYTES // 4] or "-")
            except (*NO_ANSWER, ClientError) as error:
                if sending.sent and not _refused(error):
                    raise OutcomeUnknownError("The page was sent, and SNS did not answer.") from error
                raise UnavailableError(f"The page did not go out ({type(error).__name__}).") from error

    def missing(self) -> tuple[str, ...]:
        """Return those of the bot's own queues and page topics that are not there, by name.

        Raises:
            UnavailableError: AWS did not say.
        """
        queues = [url for url in (self._resources.queue_url, self._resources.dead_letter_url) if url]
        gone = [f"queue {url.rpartition('/')[2]}" for url in queues if not self._queue_stands(url)]
        topics = [topic for topic in sorted(self._resources.topics) if not self._topic_stands(topic)]
        return (*gone, *(f"topic {topic.rpartition(':')[2]}" for topic in topics))

    def _queue_stands(self, url: str) -> bool:
        there = self._asked("sqs", "get_queue_attributes", forgiven=NO_QUEUE, QueueUrl=url, AttributeNames=["QueueArn"])
        return bool(there)

    def _topic_stands(self, topic: str) -> bool:
        return bool(self._asked("sns", "get_topic_attributes", forgiven="NotFound", TopicArn=topic))

    def anchor_names(self) -> list[str]:
        """Return the names under which audit anchors are kept.

        Raises:
            UnavailableError: they could not be listed.
        """
        prefix = self._resources.anchors_prefix
        found: list[str] = []
        last = prefix
        while True:
            page = self._asked(
                "s3",
                "list_objects_v2",
                Bucket=_fixed(self._resources.anchors_bucket, "bucket for audit anchors"),
                Prefix=prefix,
                StartAfter=last,
                ExpectedBucketOwner=self._resources.account,
            )
            keys = [str(one["Key"]) for one in page.get("Contents", [])]
            found += [key.removeprefix(prefix) for key in keys]
            if not keys or not page.get("IsTruncated"):
                return found
            last = keys[-1]

    def read_anchor(self, name: str) -> str:
        """Return the audit anchor kept under a name.

        Raises:
            UnavailableError: it could not be read.
        """
        answer = self._asked(
            "s3",
            "get_object",
            Bucket=_fixed(self._resources.anchors_bucket, "bucket for audit anchors"),
            Key=self._resources.anchors_prefix + name,
            ExpectedBucketOwner=self._resources.account,
        )
        text: str = answer["Body"].read().decode("ascii")
        return text

    def anchor(self, name: str, body: str) -> None:
        """Keep an audit anchor under a name never used before; one that is there already is left as it is.

        Raises:
            UnavailableError: the anchor may not be kept.
        """
        prefix = self._resources.anchors_prefix
        _insist_on_name(name, "an anchor")
        self._asked(
            "s3",
            "put_object",
            forgiven="PreconditionFailed",
            Bucket=_fixed(self._resources.anchors_bucket, "bucket for audit anchors"),
            Key=prefix + name,
            Body=body.encode("ascii"),
            ContentType="application/json",
            IfNoneMatch="*",
            ExpectedBucketOwner=self._resources.account,
        )

    def publish(self, name: str, text: str) -> str:
        """Keep a published text under a name of its own, and return its address; the same text twice is kept once.

        Raises:
            InvalidError: another text has that name; it is left as it is.
            UnavailableError: the text may not be kept.
        """
        _insist_on_name(name, "a published text")
        bucket = _fixed(self._resources.published_bucket, "bucket for published texts")
        key = self._resources.published_prefix + name
        owner = self._resources.account
        kept = self._asked(
            "s3",
            "put_object",
            forgiven="PreconditionFailed",
            Bucket=bucket,
            Key=key,
            Body=text.encode(),
            ContentType="text/markdown; charset=utf-8",
            IfNoneMatch="*",
            ExpectedBucketOwner=owner,
        )
        address = f"s3://{bucket}/{key}"
        if not kept:
            found = self._asked("s3", "get_object", Bucket=bucket, Key=key, ExpectedBucketOwner=owner)
            if found["Body"].read() != text.encode():
                raise InvalidError(f"{address} is another text already, and was left as it is.")
        return address

    def close(self) -> None:
        """Close every connection."""
        self._clients.close()

    def _asked(
        self,
        service: str,
        operation: str,
        *,
        polling: bool = False,
        forgiven: str = "",
        **params: object,
    ) -> Mapping[str, Any]:
        client = self._clients.polling(service) if polling else self._clients.reading(service)
        try:
            answer: Mapping[str, Any] = getattr(client, operation)(**params)
        except ClientError as error:
            if forgiven and error.response.get("Error", {}).get("Code") == forgiven:
                return {}
            raise UnavailableError(
                f"AWS said no to the bot's own {operation} ({error.response.get('Error', {}).get('Code')})."
            ) from error
        except NO_ANSWER as error:
            words = f"AWS did not answer the bot's own {operation} ({type(error).__name__})."
            raise UnavailableError(words) from error
        return answer


def _refused(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return False
    said: Mapping[str, Any] = error.response
    return int(said.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) < 500


def _insist_on_name(name: str, what: str) -> None:
    if not (name.isascii() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()):
        raise InvalidError(f"{name!a} cannot be the name of {what}.")


def _fixed(resource: str | None, what: str) -> str:
    if resource is None:
        raise InvalidError(f"The settings name no {what}.")
    return resource
