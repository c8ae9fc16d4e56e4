"""Messages read back from the local Slack as plain words; what Slack itself answers decides."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from slack_sdk import WebClient

from bot.domain.moment import from_millis
from bot.domain.people import Person
from bot.domain.remarks import Mark
from bot.errors import CallRefusedError, UnavailableError
from bot.slack.remarks import MOST_NAMES, SlackRemarks, plain
from bot.workbench.slack.faults import Fault
from bot.workbench.slack.server import LocalSlack
from tests.domain.attacks import ATTACKS, Attack
from tests.workbench.slack.scene import ROOM, WORKSPACE


class Known:
    """Know what some people are called."""

    names = {"U0ANA": "ana", "U0BO": "bo"}

    def person(self, person: str, *, fresh: bool = False) -> Person:
        if person not in self.names:
            raise UnavailableError("Slack did not answer who that is.")
        return Person(id=person, team="T0LAKE", name=self.names[person])

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        return frozenset()

    def shared(self, channel: str) -> bool:
        return False


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE) as started:
        yield started


def reading(slack: LocalSlack) -> SlackRemarks:
    client = WebClient(token=slack.bot_token, base_url=slack.base_url, retry_handlers=[])
    return SlackRemarks(client, directory=Known())


@pytest.fixture
def remarks(slack: LocalSlack) -> SlackRemarks:
    slack.reset()
    return reading(slack)


def called(person: str) -> str:
    return Known.names.get(person, person)


def test_a_message_is_read_whole_with_who_said_it_and_its_marks(remarks: SlackRemarks, slack: LocalSlack) -> None:
    ana, bo = slack.person("ana"), slack.person("bo")
    ts = ana.say(ROOM, "the source & its file <b>, says @bo")
    bo.react(ROOM, ts, "memo")
    ana.pin(ROOM, ts)

    found = remarks.remark(ROOM, ts)

    assert found is not None
    assert (found.ts, found.by, found.text) == (ts, "U0ANA", "the source & its file <b>, says @bo")
    assert found.at == from_millis(round(float(ts) * 1_000))
    assert (found.pinned, found.reactions, found.unlisted) == (True, {"memo": frozenset({"U0BO"})}, frozenset())
    assert found.bears(Mark(by="U0BO", emoji="memo"), added=False)


def test_a_reply_is_read_and_not_the_message_that_it_answers(remarks: SlackRemarks, slack: LocalSlack) -> None:
    ana = slack.person("ana")
    root = ana.say(ROOM, "what happened?")
    reply = ana.say(ROOM, "the disk was full", thread_ts=root)
    ana.say(ROOM, "again", thread_ts=root)

    found = [remarks.remark(ROOM, ts) for ts in (reply, root)]

    assert [one and (one.text, one.thread) for one in found] == [("the disk was full", root), ("what happened?", "")]


def test_a_mark_that_went_is_not_on_it_any_more(remarks: SlackRemarks, slack: LocalSlack) -> None:
    ana = slack.person("ana")
    ts = ana.say(ROOM, "noted")
    for on in (True, False):
        ana.react(ROOM, ts, "memo", on=on)
        ana.pin(ROOM, ts, on=on)

    found = remarks.remark(ROOM, ts)

    assert found is not None
    assert (found.pinned, found.reactions) == (False, {})


def test_what_an_app_wrote_is_nobodys(remarks: SlackRemarks, slack: LocalSlack) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.base_url)
    ts = str(client.chat_postMessage(channel=ROOM, text="R-42")["ts"])

    found = remarks.remark(ROOM, ts)

    assert found is not None
    assert found.by == ""


def test_what_was_shared_is_named_beside_the_words(remarks: SlackRemarks, slack: LocalSlack) -> None:
    ana = slack.person("ana")
    ana.share(ROOM, "chart.png", b"\x89PNG")
    (message,) = ana.messages(ROOM)

    found = remarks.remark(ROOM, message["ts"])

    assert found is not None
    assert (found.by, found.text) == ("U0ANA", "(with chart.png)")


def test_a_message_that_is_gone_is_none_and_a_channel_without_the_bot_refuses(
    remarks: SlackRemarks, slack: LocalSlack
) -> None:
    elsewhere = slack.person("bo").say("#random", "not for the bot")

    assert remarks.remark(ROOM, "1768961400.000100") is None
    with pytest.raises(CallRefusedError) as refused:
        remarks.remark("C0OTHER", elsewhere)
    assert refused.value.code == "not_in_channel"


@pytest.mark.parametrize("fault", ["server_error", "rate_limit"])
def test_a_slack_that_does_not_answer_is_unavailable(remarks: SlackRemarks, slack: LocalSlack, fault: Fault) -> None:
    ts = slack.person("ana").say(ROOM, "noted")
    slack.fault(fault, count=1)

    with pytest.raises(UnavailableError):
        remarks.remark(ROOM, ts)


class Answering(BaseHTTPRequestHandler):
    """Be a Slack that answers with a shape the local one never has."""

    answer = b""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    "answer",
    [
        b'{"ok": true, "messages": []}',
        b'{"ok": true}',
        b'{"ok": true, "messages": [{"ts": "1.000001", "user": "U0ANA", "text": "the root of its thread"}]}',
        b'{"ok": true, "messages": [{"ts": "2.000002", "subtype": "tombstone", "user": "USLACKBOT"}]}',
        b'{"ok": false, "error": "thread_not_found"}',
    ],
)
def test_what_slack_leaves_of_a_deleted_message_is_no_message(answer: bytes) -> None:
    handler = type("Handler", (Answering,), {"answer": answer})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        client = WebClient(token="xoxb-test", base_url=f"http://127.0.0.1:{server.server_port}/api/")
        assert SlackRemarks(client, directory=Known()).remark(ROOM, "2.000002") is None
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U0BO> and <@U0BO|robert>, not <@U0WHO|who> or <@U0NOBODY>", "@bo and @bo, not @U0WHO or @U0NOBODY"),
        ("<!channel> <!here|here> <!subteam^S0PLATFORM|@lake-platform>", "@channel here @lake-platform"),
        ("<#C0ETL|incident-etl> <#C0ETL>", "#incident-etl #C0ETL"),
        ("<https://lake.example/a?b=1&amp;c=2|the run> <https://lake.example>", None),
        ("<mailto:a@lake.example|a@lake.example>", "mailto:a@lake.example"),
        ("<!date^1768961400^{time}|02:10>", "02:10"),
        ("a &lt;b&gt; &amp;lt; c", "a <b> &lt; c"),
        ("one\ntwo\x00\x07", "one\ntwo"),
    ],
)
def test_slacks_own_marks_become_what_people_read(text: str, words: str | None) -> None:
    expected = words or "the run (https://lake.example/a?b=1&c=2) https://lake.example"

    assert plain(text, called=called) == expected


def test_a_message_full_of_mentions_asks_for_a_few_names_only() -> None:
    asked: list[str] = []

    def named(person: str) -> str:
        asked.append(person)
        return person

    plain(" ".join(f"<@U0{number:04d}>" for number in range(500)), called=named)

    assert len(asked) == MOST_NAMES


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.tries)
def test_no_mark_of_slacks_survives_a_hostile_message(attack: Attack) -> None:
    said = plain(attack.text, called=called)

    assert "<!channel>" not in said or "&lt;" in attack.text
    assert "<@" not in said
    assert "<https:" not in said
