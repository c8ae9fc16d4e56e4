import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from wsgiref.simple_server import make_server
from wsgiref.util import setup_testing_defaults

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState

from bot.domain.inbox import AskAgain, CastVote, DeclineRequest, GiveInputs, ShowStatus, StartRun
from bot.domain.people import Place
from bot.domain.records import Card, CardKind, Change
from bot.domain.run import Awaiting
from bot.domain.value import JsonObject
from bot.errors import UnavailableError
from bot.slack.transport import MOST_BYTES, HttpTransport, SocketTransport
from bot.workbench.slack.person import Person
from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.workspace import Command
from tests.slack.cards import samples
from tests.slack.door import ANA, CHANNEL, SECRET, TEAM, Body, Door, signed, slash
from tests.workbench.slack.scene import WORKSPACE, Silent, ThreadedServer, Ticks, actions, button, section

PATIENCE = 20.0  # seconds; Slack itself waits for three
Reach = Callable[[Door, LocalSlack], AbstractContextManager[None]]


@contextmanager
def by_socket(door: Door, slack: LocalSlack) -> Iterator[None]:
    transport = SocketTransport(door.app(), app_token=slack.app_token, client=door.client)
    transport.start()
    try:
        yield
    finally:
        transport.close()


@contextmanager
def by_http(door: Door, slack: LocalSlack) -> Iterator[None]:
    wsgi = HttpTransport(door.app(signing_secret=slack.signing_secret), signing_secret=slack.signing_secret)
    server = make_server("127.0.0.1", 0, wsgi, ThreadedServer, Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    slack.deliver_to(f"http://127.0.0.1:{server.server_port}/slack/events")
    try:
        yield
    finally:
        slack.deliver_to(None)
        server.shutdown()
        server.server_close()
        thread.join(2)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def slack(ticks: Ticks) -> Iterator[LocalSlack]:
    commands = (Command(command="/runbook"), Command(command="/approvals"))
    with LocalSlack(WORKSPACE.model_copy(update={"commands": commands}), ticks=ticks, ack_seconds=PATIENCE) as started:
        yield started


@pytest.fixture
def told(slack: LocalSlack, tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path, base_url=slack.base_url, token=slack.bot_token)
    yield made
    made.close()


@pytest.fixture(params=[by_socket, by_http])
def reach(request: pytest.FixtureRequest) -> Reach:
    chosen: Reach = request.param
    return chosen


@pytest.fixture
def ana(slack: LocalSlack) -> Person:
    return slack.person("ana")


def show(door: Door, *elements: Body, thread: str | None = None) -> str:
    """Post a card as the renderer would; return where it stands."""
    blocks = [section("Approve?"), *([actions(*elements)] if elements else [])]
    answer = door.client.chat_postMessage(channel=CHANNEL, text="Approve?", blocks=blocks, thread_ts=thread)
    return str(answer["ts"])


def until(seen: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "It did not come to that."
        time.sleep(0.01)


def test_a_typed_command_is_kept_and_answered(told: Door, slack: LocalSlack, reach: Reach, ana: Person) -> None:
    with reach(told, slack):
        answer = ana.slash("#incident-etl", "/runbook run circuit-breaker pipeline=transactions")

    assert answer["response"]["text"] == "Looking up circuit-breaker to start it…"
    assert told.inbox.only.wish == StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions"})
    assert told.inbox.only.place == Place(team=TEAM, channel=CHANNEL)


def test_a_click_is_kept_once_with_where_the_card_stands(
    told: Door, slack: LocalSlack, reach: Reach, ana: Person
) -> None:
    root = show(told)
    ts = show(told, button("Approve", "approve", value="9:2"), thread=root)
    with reach(told, slack):
        ana.click("Approve")

    assert told.inbox.only.wish == CastVote(approval=9, edition=2)
    assert told.inbox.only.place == Place(team=TEAM, channel=CHANNEL, ts=ts, thread=root)
    assert told.inbox.offered == 1


def test_an_option_of_the_overflow_is_a_click(told: Door, slack: LocalSlack, ana: Person) -> None:
    option = {"text": {"type": "plain_text", "text": "Ask again"}, "value": "ask_again:42"}
    show(told, {"type": "overflow", "action_id": "more", "options": [option]})
    with by_socket(told, slack):
        ana.click("Ask again")

    assert told.inbox.only.wish == AskAgain(run=42)


def test_every_envelope_delivered_three_times_is_kept_once(told: Door, slack: LocalSlack, reach: Reach) -> None:
    show(told, button("Approve", "approve", value="9:2"))
    bo = slack.person("bo")
    slack.fault("duplicate", count=3)
    with reach(told, slack):
        bo.click("Approve")
        bo.slash("#incident-etl", "/runbook status R-42")
        until(lambda: told.inbox.offered == 6)

    assert [one.wish for one in told.inbox.kept] == [CastVote(approval=9, edition=2), ShowStatus(run=42)]


def test_a_mention_in_a_thread_is_heard_there(told: Door, slack: LocalSlack, reach: Reach, ana: Person) -> None:
    root = show(told)
    with reach(told, slack):
        ana.say("#incident-etl", "@runbook-bot run circuit-breaker", thread_ts=root)
        until(lambda: bool(told.inbox.kept))

    assert told.inbox.only.wish == StartRun(runbook="circuit-breaker")
    assert told.inbox.only.place.thread == root


def test_a_direct_message_and_home_are_heard(told: Door, slack: LocalSlack, ana: Person) -> None:
    with by_socket(told, slack):
        ana.say("dm", "status")
        ana.open_home()
        until(lambda: len(told.inbox.kept) == 2)

    assert {one.wish.kind for one in told.inbox.kept} == {"show_status", "open_home"}


# Dialogs.


def test_declining_opens_a_dialog_checks_it_and_is_kept(
    told: Door, slack: LocalSlack, reach: Reach, ana: Person
) -> None:
    told.keep(samples.a_run(), samples.an_approval())
    show(told, button("Decline…", "decline", value="9"))
    with reach(told, slack):
        ana.click("Decline…")
        refused = ana.submit({"why": "other"})
        done = ana.submit({"why": "other", "words": "the file is not fixed yet"})

    assert refused["errors"] == {"words": "Say in a sentence what it is."}
    assert done["ok"]
    assert ana.view() is None
    assert told.inbox.only.wish == DeclineRequest(approval=9, why="other", words="the file is not fixed yet")
    assert told.inbox.only.place == Place(team=TEAM, channel=CHANNEL)


def test_reviewing_approves_the_card_it_was_opened_from(told: Door, slack: LocalSlack, reach: Reach) -> None:
    told.keep(samples.a_run(), samples.an_approval())
    ts = show(told, button("Review…", "review", value="9"))
    bo = slack.person("bo")
    with reach(told, slack):
        bo.click("Review…")
        assert told.inbox.offered == 0
        bo.submit()

    assert told.inbox.only.wish == CastVote(approval=9, edition=1)
    assert told.inbox.only.place == Place(team=TEAM, channel=CHANNEL, ts=ts)


def test_what_a_run_waits_for_is_given_in_a_dialog(told: Door, slack: LocalSlack, reach: Reach, ana: Person) -> None:
    told.keep(samples.waiting_for(Awaiting.INPUT, "half_open"))
    show(told, button("Give inputs…", "inputs", value="42:half_open"))
    given = {"input:probe_file": "bronze/a/f.csv", "input:reason": "fixed upstream"}
    with reach(told, slack):
        ana.click("Give inputs…")
        refused = ana.submit({**given, "input:probe_file": "silver/x'; DROP"})
        ana.submit(given)

    assert set(refused["errors"]) == {"input:probe_file"}
    assert told.inbox.only.wish == GiveInputs(
        run=42, inputs={"probe_file": "bronze/a/f.csv", "reason": "fixed upstream"}
    )


@pytest.mark.parametrize("how", ["slash", "click", "after a mention"])
def test_a_start_that_lacks_inputs_asks_for_them(told: Door, slack: LocalSlack, ana: Person, how: str) -> None:
    refused: JsonObject = {"what": "refused", "start": StartRun(runbook="needy").model_dump(mode="json")}
    answer = Card(key="whisper:7", kind=CardKind.WHISPER, subject=7, channel=CHANNEL, to=ANA, payload=refused)
    told.store.commit(Change(cards=(answer,)))
    show(told, button("Start runbook", "run_runbook", value="needy"), button("Give inputs…", "as_typed", value="7"))
    with by_socket(told, slack):
        if how == "slash":
            ana.slash("#incident-etl", "/runbook run needy")
        else:
            ana.click("Start runbook" if how == "click" else "Give inputs…")
        assert told.inbox.offered == 0
        ana.submit({"input:table": "accounts", "input:reason": "now"})

    assert told.inbox.only.wish == StartRun(runbook="needy", inputs={"table": "accounts", "reason": "now"})
    assert told.inbox.only.place.channel == CHANNEL


def test_a_dialog_pressed_open_and_delivered_twice_opens_once_and_says_nothing(
    told: Door, slack: LocalSlack, ana: Person
) -> None:
    told.keep(samples.a_run(), samples.an_approval())
    show(told, button("Details", "details", value="9"))
    slack.fault("duplicate", count=2)
    with by_socket(told, slack):
        ana.click("Details")
        until(lambda: sum(name == "views.open" for name, _ in slack.calls) == 2)

    assert ana.view() is not None
    assert ana.ephemerals() == []


def test_a_trigger_that_died_on_the_way_is_said_where_the_click_was(
    told: Door, slack: LocalSlack, ana: Person, ticks: Ticks
) -> None:
    told.keep(samples.a_run(), samples.an_approval())
    show(told, button("Details", "details", value="9"))

    def later() -> None:
        ticks.seconds += 4

    told.directory.meanwhile = later
    with by_socket(told, slack):
        ana.click("Details")

    (words,) = [one["text"] for one in ana.ephemerals()]
    assert "in time; nothing was done. Press the button again." in words
    assert ana.view() is None


def test_a_dialog_refused_to_a_guest_tells_no_fact(told: Door, slack: LocalSlack, reach: Reach) -> None:
    told.keep(samples.a_run(), samples.an_approval())
    show(told, button("Details", "details", value="9"))
    gus = slack.person("gus")
    with reach(told, slack):
        gus.click("Details")

    (words,) = [one["text"] for one in gus.ephemerals()]
    assert "Guests" in words
    assert gus.view() is None
    assert not any(name == "views.open" for name, _ in slack.calls)


# Socket Mode.


def test_a_dropped_connection_is_made_again(told: Door, slack: LocalSlack, ana: Person) -> None:
    with by_socket(told, slack):
        slack.fault("disconnect")
        until(lambda: slack.connected)
        answer = ana.slash("#incident-etl", "/runbook help")

    assert "/runbook run" in answer["response"]["text"]


def test_closing_leaves_no_thread_and_no_connection(told: Door, slack: LocalSlack, ana: Person) -> None:
    before = set(threading.enumerate())
    transport = SocketTransport(told.app(), app_token=slack.app_token, client=told.client)
    transport.start()
    ana.slash("#incident-etl", "/runbook status")
    connected = transport.connected

    transport.close()

    assert (connected, transport.connected) == (True, False)
    assert set(threading.enumerate()) - before == set()
    until(lambda: not slack.connected)
    assert not ana.slash("#incident-etl", "/runbook status")["ok"]


def test_what_is_being_dealt_with_is_acknowledged_before_the_connection_ends(
    told: Door, slack: LocalSlack, ana: Person
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(5)

    told.inbox.meanwhile = wait
    transport = SocketTransport(told.app(), app_token=slack.app_token, client=told.client)
    transport.start()
    with ThreadPoolExecutor() as people:
        typed = people.submit(ana.slash, "#incident-etl", "/runbook run circuit-breaker")
        assert begun.wait(5)
        closing = people.submit(transport.close)
        until(lambda: not transport.connected)
        go_on.set()
        closing.result(5)

        assert typed.result(5)["response"]["text"] == "Looking up circuit-breaker to start it…"
    assert len(told.inbox.kept) == 1


@pytest.mark.timeout(30)
def test_closing_ends_a_reader_that_begins_only_then(
    told: Door, slack: LocalSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, comes = Connection.run_until_completion, threading.Event()

    def late(self: Connection, state: ConnectionState) -> None:
        comes.set()
        until(lambda: not self.is_active())
        state.terminated = False  # as its runner does, just before it
        read(self, state)

    monkeypatch.setattr(Connection, "run_until_completion", late)
    before = set(threading.enumerate())
    transport = SocketTransport(told.app(), app_token=slack.app_token, client=told.client)
    transport.start()
    assert comes.wait(5)

    transport.close()

    assert set(threading.enumerate()) - before == set()


def test_closing_twice_or_before_the_start_is_nothing(told: Door, slack: LocalSlack) -> None:
    transport = SocketTransport(told.app(), app_token=slack.app_token, client=told.client)

    transport.close()
    transport.start()
    transport.close()
    transport.close()

    assert not transport.connected


@pytest.mark.parametrize(
    ("token", "url", "why"),
    [
        ("xapp-wrong", None, "check SLACK_APP_TOKEN"),
        ("xapp-any", "http://127.0.0.1:9/api/", "cannot be reached"),
    ],
)
def test_a_connection_that_cannot_be_made_is_said_and_leaves_no_thread(
    told: Door, slack: LocalSlack, token: str, url: str | None, why: str
) -> None:
    before = set(threading.enumerate())
    client = WebClient(base_url=url or slack.base_url)
    transport = SocketTransport(told.app(), app_token=token, client=client)

    with pytest.raises(UnavailableError, match=why):
        transport.start()

    assert set(threading.enumerate()) - before == set()


# Signed HTTP.


def ask(wsgi: HttpTransport, path: str, *, method: str = "GET", body: bytes = b"", **environ: str) -> tuple[str, bytes]:
    """Ask a WSGI app as a server does."""
    asked: dict[str, object] = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "SERVER_PROTOCOL": "HTTP/1.1",
        **environ,
    }
    setup_testing_defaults(asked)
    statuses: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _: None

    answer = b"".join(wsgi(asked, start_response))
    return statuses[0], answer


def test_health_names_the_parts_that_do_not_work_and_nothing_else(door: Door) -> None:
    ailing: list[str] = []
    wsgi = HttpTransport(door.app(), signing_secret=SECRET, ailing=lambda: ailing)

    first = ask(wsgi, "/health")
    ailing += ["engine", "sweeper"]

    assert first == ("200 OK", b"ok")
    assert ask(wsgi, "/health") == ("503 Service Unavailable", b"not working: engine, sweeper")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/slack/events"), ("POST", "/"), ("POST", "/health"), ("GET", "/slack/install")]
)
def test_every_other_path_is_not_found(door: Door, method: str, path: str) -> None:
    assert ask(HttpTransport(door.app(), signing_secret=SECRET), path, method=method)[0].startswith("404")


@pytest.mark.parametrize(
    ("length", "status"),
    [(str(MOST_BYTES + 1), "413"), ("", "411"), ("-1", "411"), ("１", "411"), ("1e9", "411"), ("9" * 5_000, "411")],  # noqa: RUF001 - a fullwidth digit
)
def test_a_body_of_unknown_or_unreasonable_length_is_not_read(door: Door, length: str, status: str) -> None:
    found, _ = ask(
        HttpTransport(door.app(), signing_secret=SECRET), "/slack/events", method="POST", CONTENT_LENGTH=length
    )

    assert found.startswith(status)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"\xff\xfe"),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"a":' + b"1" * 5_000 + b"}"),
        ("application/json", b'{"event": {"channel": 1}, "authorizations": [1]}'),
        ("application/x-www-form-urlencoded", b"payload={"),
        ("application/x-www-form-urlencoded", b"payload=1"),
        ("application/x-www-form-urlencoded", b"ssl_check=1"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_X_SLACK_REQUEST_TIMESTAMP": "now", "HTTP_X_SLACK_SIGNATURE": "v0=0"},
        {"HTTP_X_SLACK_REQUEST_TIMESTAMP": "9" * 12, "HTTP_X_SLACK_SIGNATURE": "v0=\xe9"},
    ],
)
def test_of_what_is_not_signed_nothing_is_read(door: Door, kind: str, body: bytes, headers: dict[str, str]) -> None:
    wsgi = HttpTransport(door.app(), signing_secret=SECRET)

    found, _ = ask(wsgi, "/slack/events", method="POST", body=body, CONTENT_TYPE=kind, **headers)

    assert found == "401 Unauthorized"


def test_without_a_secret_nobody_gets_in(door: Door) -> None:
    text, headers = signed(slash("status"))
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}

    found, _ = ask(
        HttpTransport(door.app(), signing_secret=""), "/slack/events", method="POST", body=text.encode(), **environ
    )

    assert found == "401 Unauthorized"


@pytest.mark.parametrize(("secret", "status"), [(SECRET, "200 OK"), ("forged", "401 Unauthorized")])
def test_only_what_slack_signed_gets_in(door: Door, secret: str, status: str) -> None:
    text, headers = signed(slash("status"), secret=secret)
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ["CONTENT_TYPE"] = headers["content-type"]

    found, _ = ask(
        HttpTransport(door.app(), signing_secret=SECRET), "/slack/events", method="POST", body=text.encode(), **environ
    )

    assert found == status
    assert len(door.inbox.kept) == (status == "200 OK")


def test_what_else_is_posted_here_goes_to_its_own_door_and_is_bounded_like_all(door: Door) -> None:
    came: list[bytes] = []

    def take(body: bytes) -> tuple[str, str]:
        came.append(body)
        return "200 OK", "Accepted"

    wsgi = HttpTransport(door.app(), signing_secret=SECRET, also={"/aws/alarms": take})

    assert ask(wsgi, "/aws/alarms", method="POST", body=b"{}") == ("200 OK", b"Accepted")
    assert ask(wsgi, "/aws/alarms", method="GET")[0].startswith("404")
    assert ask(wsgi, "/aws/alarms", method="POST", CONTENT_LENGTH=str(MOST_BYTES + 1))[0].startswith("413")
    assert came == [b"{}"]
