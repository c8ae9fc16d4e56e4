"""Alarms as they come in: SNS messages in a queue, read as hints; whoever deals with them asks CloudWatch.

A message is deleted only after its alarm was accepted, or after the dead letters have it, with the reason.
"""

import logging
from collections.abc import Callable

from bot.aws.plumbing import WAIT_S, Message, Plumbing
from bot.domain.action import Platform, shown
from bot.domain.alarm import AlarmNotice, alarm_notice
from bot.domain.metrics import ALARMS_REFUSED, measured
from bot.domain.value import Value
from bot.errors import BotError, InvalidError

log = logging.getLogger(__name__)


class Received(Value):
    """Hold one alarm that came in, and what deletes its message."""

    receipt: str
    message_id: str
    notification: AlarmNotice


class AlarmIntake:
    """Read alarms from the intake queue."""

    def __init__(self, *, plumbing: Plumbing, platform: Platform, topic_arns: frozenset[str]) -> None:
        self._plumbing = plumbing
        self._platform = platform
        self._topic_arns = topic_arns

    def take(self, accept: Callable[[AlarmNotice], None], *, wait_s: int = WAIT_S) -> int:
        """Accept what has come in and delete each message once `accept` returned; return how many.

        What `accept` raises is raised; its message and those behind it come again.

        Raises:
            UnavailableError: the queue did not answer.
        """
        received = self.receive(wait_s=wait_s)
        for one in received:
            accept(one.notification)
            self.done(one)
        return len(received)

    def receive(self, *, wait_s: int = WAIT_S) -> list[Received]:
        """Return alarms that came in; what is none, or not ours, goes to the dead letters.

        Raises:
            UnavailableError: the queue did not answer.
        """
        received = []
        for message in self._plumbing.receive(wait_s=wait_s):
            try:
                notice = ours(alarm_notice(message.body), platform=self._platform, topic_arns=self._topic_arns)
            except InvalidError as error:
                self._bury(message, error.words)
                continue
            one = Received(receipt=message.receipt, message_id=notice.message_id, notification=notice)
            received.append(one)
        return received

    def done(self, received: Received) -> None:
        """Delete the message of an alarm that was accepted.

        Raises:
            UnavailableError: the queue did not answer; the message may come again.
        """
        self._plumbing.delete(received.receipt)

    def _bury(self, message: Message, reason: str) -> None:
        try:
            self._plumbing.bury(message.body, reason)
            self._plumbing.delete(message.receipt)
        except BotError:  # it comes again, and holds up no alarm beside it
            log.exception("A message could not be sent to the dead letters.", extra={"sqs": message.message_id})
            return
        facts = {"sqs": message.message_id, "reason": reason}
        log.warning(
            "Message sent to the dead letters.", extra={**facts, **measured((ALARMS_REFUSED, 1), Why="not_ours")}
        )


def ours(notice: AlarmNotice, *, platform: Platform, topic_arns: frozenset[str]) -> AlarmNotice:
    """Return the alarm if it came through a topic of ours and is of our account and region.

    Raises:
        InvalidError: says what of it is not ours.
    """
    if notice.topic not in topic_arns:
        raise InvalidError(f"It came through the topic {shown(notice.topic)}, which is not one of ours.")
    if (notice.account, notice.region) != (platform.account, platform.region):
        raise InvalidError(f"The alarm {shown(notice.arn)} is of another account or region.")
    return notice
