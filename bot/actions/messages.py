"""Queues and topics: how many messages wait, putting dead letters back, telling the people who follow a topic."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from bot.actions.parameters import Params, Returns
from bot.actions.tables import object_of
from bot.domain.action import Action, Look, Occasion, Proposal
from bot.domain.runbook import Risk
from bot.domain.value import JsonObject
from bot.errors import InvalidError, WorldChangedError

WAITING, IN_FLIGHT = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
MOST_PER_SECOND = 10
NAME = r"^[A-Za-z0-9_-]{1,80}$"


class NameQueue(Params):
    """Name a queue."""

    queue: Annotated[str, Field(pattern=NAME)]


class Queue(Returns):
    """Say how many messages wait in a queue, and how many are being worked on; both are approximate."""

    waiting: int
    in_flight: int


def queue(look: Look, params: NameQueue, _now: datetime) -> JsonObject:
    """Return how many messages wait."""
    return _waiting(look, params.queue)


def _waiting(look: Look, name: str) -> JsonObject:
    answer = look("sqs.attributes", QueueUrl=name, AttributeNames=[WAITING, IN_FLIGHT])
    if answer.get("found") is False:
        raise InvalidError(f"There is no queue {name}.")
    said = object_of(answer["Attributes"])
    return {"waiting": int(str(said[WAITING])), "in_flight": int(str(said[IN_FLIGHT]))}


def propose_replay(look: Look, params: NameQueue, _occasion: Occasion) -> Proposal:
    """Propose to put all dead letters back; AWS runs one such task per queue."""
    waiting = _waiting(look, params.queue)["waiting"]
    if not waiting:
        words = f"Nothing waits in {params.queue}."
        return Proposal(calls=(), seen={"some": False}, effect=words, changes="nothing", already=True)
    call = look.call("sqs.replay", SourceArn=params.queue, MaxNumberOfMessagesPerSecond=MOST_PER_SECOND)
    return Proposal(
        calls=(call,),
        seen={"some": True},
        effect=f"Puts the messages of {params.queue} back where they came from; each is worked on again.",
        changes=f"messages in {params.queue}: about {waiting} -> 0",
        untouched="The messages themselves. What failed on them must be mended first, or they come back here.",
    )


class Publish(Params):
    """Say what is told, and to the followers of which topic. No rows, no names: counts and hashes only."""

    topic: Annotated[str, Field(pattern=NAME)]
    subject: Annotated[str, Field(pattern=r"^[ -~]{1,100}$")]
    message: Annotated[str, Field(pattern=r"^[ -~\n]{1,2000}$")]


class Published(Returns):
    """Return the number SNS gave the message."""

    message_id: str


def propose_publish(look: Look, params: Publish, _occasion: Occasion) -> Proposal:
    """Propose one message; a standard topic has no token, so it is sent once and never again."""
    call = look.call("sns.publish", TopicArn=params.topic, Subject=params.subject, Message=params.message)
    return Proposal(
        calls=(call,),
        seen={},
        effect=f"Tells everybody who follows {params.topic}: {params.subject}.",
        changes=f"message to {params.topic}: none -> sent",
        untouched="All data.",
    )


def observe_publish(_look: Look, _params: Publish, answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return the number of the message.

    Raises:
        WorldChangedError: there was no answer that names it.
    """
    if not answers:
        raise WorldChangedError("Nothing was sent.", field="message", was="sent", now="none")
    return {"message_id": answers[-1]["MessageId"]}


def observe_replay(look: Look, params: NameQueue, _answers: tuple[JsonObject, ...]) -> JsonObject:
    """Return how many messages wait."""
    return _waiting(look, params.queue)


ACTIONS = (
    Action(
        id="sqs.queue",
        title="See how many messages wait in a queue",
        params=NameQueue,
        returns=Queue,
        rows=("sqs.attributes",),
        read=queue,
    ),
    Action(
        id="sqs.replay",
        title="Put dead letters back where they came from",
        params=NameQueue,
        returns=Queue,
        rows=("sqs.attributes", "sqs.replay"),
        risk=Risk.CHANGE,
        propose=propose_replay,
        shows=False,
        observe=observe_replay,
        local=False,
    ),
    Action(
        id="sns.publish",
        title="Tell the people who follow a topic",
        params=Publish,
        returns=Published,
        rows=("sns.publish",),
        risk=Risk.CONTROL,
        propose=propose_publish,
        shows=False,
        observe=observe_publish,
    ),
)
