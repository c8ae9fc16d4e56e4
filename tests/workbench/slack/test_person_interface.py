import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
from slack_bolt import Ack
from slack_sdk import WebClient

from bot.errors import InvalidError
from bot.workbench.slack.person import NotSeenError, Person
from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.ui import QuietStage
from tests.workbench.slack.scene import (
    BOT,
    ROOM,
    WORKSPACE,
    Body,
    Bot,
    actions,
    button,
    by_http,
    by_socket,
    card,
    section,
)


class Play(QuietStage):
    """A stage with one scenario that breaks and is watched."""

    def __init__(self) -> None:
        super().__init__(lambda: 1_795_000_000.0)
        self.broken = False

    def scenarios(self) -> list[Body]:
        state = "broken" if self.broken else "ready"
        return [{"name": "circuit-breaker", "title": "Breaker opens", "state": state}]

    def break_(self, name: str) -> None:
        if name != "circuit-breaker":
            raise InvalidError(f"There is no scenario called {name!r}.")
        self.broken = True

    def start_over(self) -> None:
        super().start_over()
        self.broken = False

    def checklist(self) -> list[Body]:
        return [{"id": "broken", "title": "Break it", "done": self.broken}]

    def status(self) -> Body:
        return {"bot": "starting", "lake": "ready"}


@pytest.fixture
def stage() -> Play:
    return Play()


@pytest.fixture
def play(stage: Play) -> Iterator[Person]:
    with LocalSlack(WORKSPACE, stage=stage) as slack:
        yield slack.person("ana")


class Stream:
    """Read the event stream as a browser would."""

    def __init__(self, slack: LocalSlack, person: str, *, after: int | None = None) -> None:
        self._connection = HTTPConnection("127.0.0.1", slack.port, timeout=20)
        headers = {"Authorization": f"Bearer {slack.key}"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        self._connection.request("GET", f"/_ui/events?person={person}", headers=headers)
        self._answer: HTTPResponse = self._connection.getresponse()
        self._answer.readline()

    def next(self) -> Body:
        while True:
            line = self._answer.readline().decode()
            assert line, "The stream ended."
            if line.startswith("data: "):
                event: Body = json.loads(line.removeprefix("data: "))
                if event["kind"] not in ("checklist", "scenarios", "status", "clock"):
                    return event

    def ended(self) -> bool:
        return self._answer.read() is not None

    def close(self) -> None:
        self._connection.close()


def test_the_state_is_what_that_person_sees(ana: Person, bo: Person) -> None:
    state = ana.state()

    people = {human["name"]: human for human in state["people"]}
    assert (people["ana"]["roles"], people["ana"]["note"]) == (["lake-oncall"], "on call now")
    assert people["gus"]["note"] == "guest"
    assert people["runbook-bot"]["is_bot"] is True
    assert [room["name"] for room in state["channels"]] == ["incident-etl", "random", "directmessage"]
    assert "secret" in [room["name"] for room in bo.state()["channels"]]
    assert state["commands"][0]["command"] == "/runbook"
    assert state["status"] == {"bot": "disconnected"}
    assert (state["view"], state["home"], state["messages"]) == (None, None, [])


def test_an_unknown_person_gets_the_first_humans_state(slack: LocalSlack) -> None:
    assert Person(slack.url, slack.key, "").state()["person"] == "U0ANA"


def test_the_stream_tells_each_person_what_they_may_see(slack: LocalSlack, client: WebClient) -> None:
    ana, gus = Stream(slack, "U0ANA"), Stream(slack, "U0GUS")

    client.chat_postEphemeral(channel=ROOM, user="U0ANA", text="only ana")
    posted = client.chat_postMessage(channel=ROOM, text="hello <@U0GUS>")
    client.chat_update(channel=ROOM, ts=posted["ts"], text="changed")
    client.chat_delete(channel=ROOM, ts=posted["ts"])

    assert [ana.next()["kind"] for _ in range(4)] == [
        "message",
        "message",
        "message_changed",
        "message_deleted",
    ]
    seen = [gus.next() for _ in range(4)]
    assert [event["kind"] for event in seen] == [
        "message",
        "notification",
        "message_changed",
        "message_deleted",
    ]
    assert seen[0]["message"]["text"] == "hello <@U0GUS>"
    assert seen[1]["notification"]["why"] == "mention"
    assert seen[3] == {"kind": "message_deleted", "channel": ROOM, "ts": posted["ts"]}
    ana.close()
    gus.close()


def test_the_stream_resumes_after_the_last_event_seen(slack: LocalSlack, client: WebClient, ana: Person) -> None:
    client.chat_postMessage(channel=ROOM, text="one")
    last = ana.state()["event_id"]
    client.chat_postMessage(channel=ROOM, text="two")

    stream = Stream(slack, "U0ANA", after=last)

    assert stream.next()["message"]["text"] == "two"
    stream.close()


def test_a_stream_that_cannot_be_resumed_is_told_to_start_anew(slack: LocalSlack) -> None:
    stream = Stream(slack, "U0ANA", after=999_999)

    assert stream.next() == {"kind": "reset"}
    stream.close()


@pytest.mark.parametrize("ack_seconds", [0.3])
def test_a_timeout_is_told_to_the_person_only(slack: LocalSlack, bot: Bot, ana: Person) -> None:
    released = threading.Event()

    def never(ack: Ack) -> None:
        released.wait(20)
        ack()

    bot.app.action("slow")(never)
    bot.client.chat_postMessage(channel=ROOM, text="x", blocks=[actions(button("Slow", "slow"))])
    bo_sees, ana_sees = Stream(slack, "U0BO"), Stream(slack, "U0ANA")

    with by_http(bot):
        answer = ana.click("Slow")
        released.set()
    bot.client.chat_postMessage(channel=ROOM, text="after")

    assert answer == {"ok": False, "error": "operation_timeout"}
    assert ana_sees.next() == {"kind": "operation_timeout", "person": "U0ANA", "what": "click"}
    assert bo_sees.next()["message"]["text"] == "after"
    bo_sees.close()
    ana_sees.close()


def test_the_clock_is_the_stages_and_its_refusal_is_shown(play: Person) -> None:
    moved = play.advance(900)
    refused = play.advance(6_000)

    assert (moved["ok"], moved["offset"], moved["offset_left"]) == (True, 900, 5_100)
    assert refused == {"ok": False, "error": "The clock can be moved by 0 to 5100 seconds more."}
    ts = play.say("#incident-etl", "later")
    assert ts.startswith("1795000900.")


def test_breaking_something_shows_in_scenarios_and_checklist(play: Person) -> None:
    unknown = play.do("break", scenario="flood")
    play.do("break", scenario="circuit-breaker")

    state = play.state()
    assert unknown == {"ok": False, "error": "There is no scenario called 'flood'."}
    assert state["scenarios"][0]["state"] == "broken"
    assert state["checklist"] == [{"id": "broken", "title": "Break it", "done": True}]
    assert state["status"] == {"bot": "starting", "lake": "ready"}


def test_what_changes_on_the_stage_is_told_without_being_asked(stage: Play) -> None:
    with LocalSlack(WORKSPACE, stage=stage) as slack:
        ana = slack.person("ana")
        ana.wait_for(lambda state: state["event_id"] > 0)
        before = ana.state()["event_id"]
        stage.broken = True
        slack.refresh()

        ana.wait_for(lambda state: state["event_id"] > before)


def test_start_over_forgets_what_was_said_and_asks_the_stage(play: Person, stage: Play) -> None:
    play.do("break", scenario="circuit-breaker")
    play.say("#incident-etl", "hello")
    play.do("fault", fault="rate_limit", count=5)

    play.do("start-over")

    state = play.state()
    assert (state["messages"], state["faults"], state["notifications"]) == ([], {}, [])
    assert state["scenarios"][0]["state"] == "ready"
    assert stage.happened == ["start-over"]


def test_the_app_stays_connected_through_a_start_over(bot: Bot, ana: Person) -> None:
    bot.app.command("/runbook")(lambda ack: ack("here"))

    with by_socket(bot):
        ana.do("start-over")
        answer = ana.slash("#incident-etl", "/runbook list")

    assert answer["response"]["text"] == "here"


def test_a_page_that_is_open_starts_the_play(play: Person, stage: Play) -> None:
    play.do("seen")

    assert stage.happened == ["seen"]


@pytest.mark.parametrize(
    ("what", "fields", "error"),
    [
        ("slash", {"channel": "C0NONE", "text": "/runbook"}, "channel_not_found"),
        ("message", {"channel": "G0SECRET", "text": "x"}, "channel_not_found"),
        ("message", {"channel": "D0BO", "text": "x"}, "channel_not_found"),
        ("message", {"channel": ROOM, "text": "  "}, "no_text"),
        ("message", {"channel": ROOM, "text": "x", "thread_ts": "1.0"}, "message_not_found"),
        ("click", {"channel": ROOM, "ts": "1.0", "action_id": "a"}, "message_not_found"),
        ("submit", {"view_id": "V0NONE"}, "not_found"),
        ("slash", {"channel": ROOM}, "The field 'text' is missing."),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(ana: Person, what: str, fields: Body, error: str) -> None:
    assert ana.do(what, **fields)["error"] == error


def test_a_button_that_is_gone_cannot_be_pressed(ana: Person, client: WebClient) -> None:
    posted = client.chat_postMessage(channel=ROOM, text="x", blocks=card(button("Yes", "yes")))
    client.chat_update(channel=ROOM, ts=posted["ts"], text="done", blocks=[])

    answer = ana.do("click", channel=ROOM, ts=posted["ts"], action_id="yes")

    assert answer["error"] == "no_such_button"
    with pytest.raises(NotSeenError, match="sees no 'Yes'; there is no button at all"):
        ana.click("Yes")


def test_somebody_elses_ephemeral_cannot_be_pressed(ana: Person, bo: Person, client: WebClient) -> None:
    shown = client.chat_postEphemeral(channel=ROOM, user="U0ANA", text="x", blocks=[actions(button("Yes", "yes"))])

    answer = bo.do("click", channel=ROOM, ts=shown["message_ts"], action_id="yes")

    assert answer["error"] == "message_not_found"


def test_a_person_waits_for_words_wherever_they_stand(ana: Person, client: WebClient) -> None:
    later = threading.Timer(
        0.1, lambda: client.chat_postMessage(channel=ROOM, text="push", blocks=[section("state *HALF_OPEN*")])
    )
    later.start()

    message = ana.wait_for_message("HALF_OPEN", channel="#incident-etl")

    later.join()
    assert message["text"] == "push"


def test_a_person_who_waits_in_vain_says_what_was_there_instead(ana: Person) -> None:
    ana.say("#incident-etl", "something else")

    with pytest.raises(NotSeenError, match=r"did not see 'CLOSED' in 0\.05 s.*something else"):
        ana.wait_for_message("CLOSED", timeout=0.05)


def test_a_person_reacts_to_the_newest_button_of_that_name(bot: Bot, ana: Person) -> None:
    pressed: list[str] = []

    def listen(ack: Ack, action: Body) -> None:
        ack()
        pressed.append(action["value"])

    bot.app.action("yes")(listen)
    for value in ("old", "new"):
        bot.client.chat_postMessage(channel=ROOM, text=value, blocks=[actions(button("Approve", "yes", value=value))])

    with by_http(bot):
        ana.click("Approve")
        ana.click("yes", message=ana.messages()[0])

    assert pressed == ["new", "old"]


def test_a_guest_and_a_stranger_are_sent_as_what_they_are(bot: Bot, slack: LocalSlack) -> None:
    bodies: list[Body] = []

    def listen(ack: Ack, body: Body) -> None:
        ack()
        bodies.append(body)

    bot.app.action("yes")(listen)
    bot.client.chat_postMessage(channel=ROOM, text="x", blocks=[actions(button("Approve", "yes"))])

    with by_http(bot):
        slack.person("eve").click("Approve")
        slack.person("pager").click("Approve")

    assert [body["user"]["team_id"] for body in bodies] == ["T0OTHER", "T0LAKE"]
    assert [body["team"]["id"] for body in bodies] == ["T0LAKE", "T0LAKE"]


def test_what_people_did_and_what_the_app_called_is_recorded(slack: LocalSlack, bot: Bot, ana: Person) -> None:
    bot.app.command("/runbook")(lambda ack: ack("x"))

    with by_http(bot):
        ana.slash("#incident-etl", "/runbook list")
        bot.client.chat_postMessage(channel=ROOM, text="x")

    assert [(act.person, act.what, act.detail) for act in slack.acts] == [("U0ANA", "slash", "/runbook list")]
    assert slack.calls[-1] == ("chat.postMessage", {"channel": ROOM, "text": "x"})
    assert slack.bot_token not in repr(slack.calls)


def test_closing_ends_streams_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    slack = LocalSlack(WORKSPACE).start()
    stream = Stream(slack, "U0ANA")

    slack.close()

    assert stream.ended()
    stream.close()
    assert set(threading.enumerate()) <= before


def test_closing_with_a_connected_app_leaves_no_thread_of_ours(bot: Bot, slack: LocalSlack) -> None:
    with by_socket(bot) as connection:
        connection.client.auto_reconnect_enabled = False
        slack.close()

        assert not [thread for thread in threading.enumerate() if thread.name.startswith("local-slack")]


def test_many_people_at_once_lose_nothing(bot: Bot, slack: LocalSlack) -> None:
    counted = threading.Lock()
    seen: list[str] = []

    def listen(ack: Ack, body: Body) -> None:
        ack(f"got {body['text']}")
        with counted:
            seen.append(body["text"])

    bot.app.command("/runbook")(listen)
    people = [slack.person(name) for name in ("ana", "bo", "gus", "eve")]

    with by_socket(bot):
        threads = [
            threading.Thread(target=people[n % 4].slash, args=("#incident-etl", f"/runbook {n}")) for n in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    assert sorted(seen, key=int) == [str(n) for n in range(16)]
    assert sum(len(person.ephemerals()) for person in people) == 16


def test_the_port_can_be_chosen_and_is_free_again_after_closing() -> None:
    first = LocalSlack(WORKSPACE).start()
    port = first.port
    first.close()

    with LocalSlack(WORKSPACE, port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"
        assert second.person("ana").state()["people"][0]["id"] == BOT


def test_a_message_is_marked_once_by_each_and_pinned_once_by_all(ana: Person, bo: Person) -> None:
    ts = ana.say("#incident-etl", "noted")
    for person in (ana, bo):
        person.react("#incident-etl", ts, "memo")
    ana.pin("#incident-etl", ts)

    (message,) = bo.messages()
    assert message["reactions"] == [{"name": "memo", "users": ["U0ANA", "U0BO"], "count": 2}]
    assert (message["pinned_to"], message["pinned_info"]["pinned_by"]) == ([ROOM], "U0ANA")
    for emoji, on, code in (
        ("memo", True, "already_reacted"),
        ("eyes", False, "no_reaction"),
        ("<b>", True, "invalid_name"),
    ):
        with pytest.raises(NotSeenError, match=code):
            ana.react("#incident-etl", ts, emoji, on=on)
    for at, code in ((ts, "already_pinned"), ("1.000001", "message_not_found")):
        with pytest.raises(NotSeenError, match=code):
            bo.pin("#incident-etl", at)
    bo.pin("#incident-etl", ts, on=False)
    with pytest.raises(NotSeenError, match="no_pin"):
        bo.pin("#incident-etl", ts, on=False)


def test_nobody_marks_what_only_one_person_sees_or_what_stands_where_they_are_not(
    slack: LocalSlack, client: WebClient, ana: Person, bo: Person
) -> None:
    client.chat_postEphemeral(channel=ROOM, user="U0ANA", text="only ana")
    hidden = bo.say("#secret", "between us")

    for channel, ts in ((ROOM, ana.ephemerals()[0]["ts"]), ("G0SECRET", hidden)):
        assert ana.do("react", channel=channel, ts=ts, emoji="memo", on=True)["ok"] is False
        assert ana.do("pin", channel=channel, ts=ts, on=True)["ok"] is False
