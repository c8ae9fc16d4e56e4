"""Who is notified of what, per person; and what happens when nobody answers."""

import json
from collections.abc import Callable

from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, Stage, good, notified_of, request, told, until


def _why(person: Person) -> list[str]:
    return [str(one["why"]) for one in person.notifications()]


def test_each_hears_what_needs_them_once_and_edits_notify_nobody(stage: Stage) -> None:
    stage.half_open_asked()
    assert (_why(stage.dee), _why(stage.gus)) == ([], [])
    assert notified_of(stage.cy, "Half-open") == ["group"]
    assert (_why(stage.ana), _why(stage.bo)) == (["group", "group", "mention", "group"], ["group", "group", "group"])
    before = len(stage.bo.notifications())

    stage.repaired_by_bo_and_cy()

    assert notified_of(stage.ana, "WATCHING") == ["mention"]
    assert notified_of(stage.cy, "WATCHING") == ["mention"]
    assert notified_of(stage.bo, "WATCHING") == ["mention"]
    assert len(stage.bo.notifications()) == before + 2  # the request to close, and how it ended
    for one in (stage.ana, stage.bo, stage.cy):
        words = [str(seen["text"]) for seen in one.notifications()]
        assert all(len(text) <= 200 for text in words)
        assert not any(text.startswith("RUNNING") for text in words)


def test_when_nobody_answers_the_group_hears_again_the_pager_rings_once_and_it_is_asked_once_more(
    stage: Stage,
) -> None:
    pages = _pages_of(stage)
    stage.half_open_asked()
    assert notified_of(stage.cy, "Approve?") == ["group"]

    stage.advance(5 * 60)
    until(lambda: len(stage.cy.notifications()) == 2, "the group hears again")
    stage.advance(5 * 60)
    until(lambda: stage.kinds().count("approval.paged") == 1, "the pager")
    stage.advance(5 * 60)
    stage.ana.wait_for_message("EXPIRED", channel=INCIDENTS)
    again = request(stage.ana, "Half-open the breaker")
    stage.advance(5 * 60)
    until(lambda: stage.kinds().count("approval.reminded") == 2, "the second request's own reminder")
    stage.advance(11 * 60)
    until(lambda: stage.kinds().count("approval.expired") == 2, "the second request's own end")

    assert "Q-3" in plain(again)
    assert stage.kinds().count("approval.asked") == 3  # the pause, the half-open, and once more
    assert [one["Subject"] for one in pages()] == ["PROD: Q-2 waits for approval"]
    assert (stage.breaker(), stage.probes()) == ("OPEN", [])
    expired = stage.ana.wait_for_message("nobody answered Q-3", channel=INCIDENTS)
    good(stage.ana.click("Ask again", message=expired))
    request(stage.bo, "Half-open the breaker")


def test_ask_them_mentions_those_who_can_at_most_once_in_five_minutes(stage: Stage) -> None:
    asked = stage.half_open_asked()
    good(stage.ana.click("Approve", message=asked))
    told(stage.ana, "you asked for this change yourself")
    before = len(stage.cy.notifications())

    good(stage.ana.click("Ask them"))
    until(lambda: len(stage.cy.notifications()) == before + 1, "Cy is asked")
    good(stage.ana.click("Ask them"))

    assert "less than five minutes ago" in told(stage.ana, "asked less than")
    assert len(stage.cy.notifications()) == before + 1


def _pages_of(stage: Stage) -> Callable[[], list[dict[str, str]]]:
    """Subscribe a queue to the page topic; return what reads it whole."""
    names, clients = stage.lake.names, stage.lake.clients
    url = clients.sqs.create_queue(QueueName="pages")["QueueUrl"]
    clients.sqs.purge_queue(QueueUrl=url)
    clients.sns.subscribe(TopicArn=names.topic_arn(names.page_topic), Protocol="sqs", Endpoint=names.queue_arn("pages"))

    def pages() -> list[dict[str, str]]:
        found = clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(one["Body"]) for one in found]

    return pages
