import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from slack_bolt import BoltRequest

from bot.domain.inbox import CastVote, DeclineRequest, OpenHome, ShowHelp, ShowStatus, StartRun
from bot.errors import NotAllowedError, UnavailableError
from bot.workbench.slack.checker import check_view
from tests.embedded import collected
from tests.slack.cards import samples
from tests.slack.door import (
    ANA,
    CHANNEL,
    THREAD,
    Body,
    Door,
    chosen,
    click,
    direct,
    event,
    home_click,
    mentioned,
    post,
    said,
    signed,
    slash,
    submit,
    written,
)

HOME_OPENED = event({"type": "app_home_opened", "user": ANA, "channel": "D0ANA", "tab": "home", "event_ts": "1.2"})
DECLINED = submit("decline", f"9 {CHANNEL} -", {**chosen("why", "why", "not now"), **written("words", "words", None)})


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        (slash("status R-42"), ShowStatus(run=42)),
        (click("approve", "9:2"), CastVote(approval=9, edition=2)),
        (DECLINED, DeclineRequest(approval=9, why="not now")),
        (mentioned("<@U0RUNBOOK> status R-42"), ShowStatus(run=42)),
        (direct("status R-42"), ShowStatus(run=42)),
        (HOME_OPENED, OpenHome()),
    ],
    ids=["slash", "click", "modal", "mention", "direct message", "home"],
)
def test_whatever_comes_in_is_kept_once_however_often_it_is_delivered(door: Door, body: Body, wish: object) -> None:
    app = door.app()

    acknowledged = [post(app, body) for _ in range(3)]

    assert [one.status for one in acknowledged] == [200, 200, 200]
    assert door.inbox.only.wish == wish
    assert door.inbox.offered == 3


def test_an_unsigned_request_is_refused_and_nothing_is_kept(door: Door) -> None:
    app = door.app()

    refused = post(app, click("approve", "9:2"), secret="another secret")

    assert refused.status == 401
    assert door.inbox.offered == 0


def test_a_tampered_request_is_refused(door: Door) -> None:
    text, headers = signed(slash("status R-42"))

    refused = door.app().dispatch(BoltRequest(body=text.replace("R-42", "R-43"), headers=dict(headers)))

    assert refused.status == 401
    assert door.inbox.offered == 0


def test_without_a_secret_nobody_can_sign(door: Door) -> None:
    app = door.app(signing_secret="")

    assert post(app, slash("list"), secret="x").status == 401


def test_a_start_is_acknowledged_in_words_only_the_person_sees(door: Door) -> None:
    acknowledged = said(post(door.app(), slash("run circuit-breaker pipeline=transactions")))

    assert acknowledged == {"text": "Looking up circuit-breaker to start it…", "response_type": "ephemeral"}
    assert door.inbox.only.wish == StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions"})
    assert door.inbox.only.said == "/runbook run circuit-breaker pipeline=transactions"


@pytest.mark.parametrize("text", ["list", "status", "show circuit-breaker", "plan circuit-breaker"])
def test_what_has_facts_is_acknowledged_without_any(door: Door, text: str) -> None:
    assert said(post(door.app(), slash(text))) == {}
    assert len(door.inbox.kept) == 1


def test_help_is_answered_at_once_and_kept_nowhere(door: Door) -> None:
    acknowledged = said(post(door.app(), slash("help")))

    assert "`/runbook run name" in acknowledged["text"]
    assert acknowledged["response_type"] == "ephemeral"
    assert door.inbox.offered == 0


def test_a_slip_is_answered_with_the_nearest_name_and_the_usage(door: Door) -> None:
    acknowledged = said(post(door.app(), slash("sttus R-42")))

    assert "Did you mean `/runbook status`?" in acknowledged["text"]
    assert door.inbox.offered == 0


def test_a_mention_that_cannot_be_read_asks_for_help_through_the_inbox(door: Door) -> None:
    post(door.app(), mentioned("<@U0RUNBOOK> sttus"))

    assert isinstance(door.inbox.only.wish, ShowHelp)


def test_other_names_for_commands_are_the_ones_registered(door: Door) -> None:
    app = door.app(names={"runbook": "rb"})

    assert said(post(app, slash("status", command="/rb"))) == {}
    assert "do not know what to do" in said(post(app, slash("status", command="/runbook")))["text"]
    assert door.inbox.only.wish == ShowStatus()


def test_a_field_that_does_not_fit_is_said_at_the_field(door: Door) -> None:
    body = submit("decline", f"9 {CHANNEL} -", chosen("why", "why", "other"))

    acknowledged = said(post(door.app(), body))

    assert acknowledged == {"response_action": "errors", "errors": {"words": "Say in a sentence what it is."}}
    assert door.inbox.offered == 0


def test_a_dialog_that_is_too_old_says_so_in_its_place(door: Door) -> None:
    acknowledged = said(post(door.app(), submit("review", f"guessed {CHANNEL} -", {})))

    assert acknowledged["response_action"] == "update"
    assert check_view(acknowledged["view"]) == []
    assert "too old" in json.dumps(acknowledged["view"])
    assert door.inbox.offered == 0


def test_slack_may_check_the_address_before_it_uses_it(door: Door) -> None:
    acknowledged = said(post(door.app(), {"type": "url_verification", "challenge": "3eZbrw1a", "token": "legacy"}))

    assert acknowledged == {"challenge": "3eZbrw1a"}


@pytest.mark.parametrize(
    "body",
    [
        event({"type": "reaction_added", "user": ANA, "event_ts": "1.2"}),
        {**click("approve", "9:2"), "type": "shortcut", "callback_id": "x"},
        {**submit("decline", "9", {}), "type": "view_closed"},
    ],
    ids=["event", "shortcut", "closed"],
)
def test_what_nobody_listens_to_is_acknowledged_quietly(door: Door, body: Body) -> None:
    acknowledged = post(door.app(), body)

    assert (acknowledged.status, acknowledged.body) == (200, "")


# When something fails.

SECRETS = ("secret-address", "1.2.slash", "1.2.click", "1.2.submit", "xoxb-test")


def everything_logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{record.getMessage()} {record.exc_text} {record.__dict__}" for record in caplog.records)


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (UnavailableError("The records did not answer; nothing was kept. Try again."), "did not answer"),
        (RuntimeError("wires crossed"), "Something went wrong on our side"),
    ],
)
def test_a_command_that_could_not_be_kept_is_answered_in_words(door: Door, fails: Exception, words: str) -> None:
    door.inbox.fails = fails

    assert words in said(post(door.app(), slash("list")))["text"]


def test_a_dialog_that_could_not_be_kept_says_so(door: Door) -> None:
    door.inbox.fails = UnavailableError("The records did not answer.")

    acknowledged = said(post(door.app(), DECLINED))

    assert acknowledged["response_action"] == "update"
    assert "The records did not answer." in json.dumps(acknowledged["view"])


@pytest.mark.parametrize("body", [mentioned("<@U0RUNBOOK> status"), HOME_OPENED], ids=["mention", "home"])
def test_an_event_that_could_not_be_kept_is_delivered_again_by_slack(door: Door, body: Body) -> None:
    app = door.app()
    door.inbox.fails = RuntimeError("wires crossed")

    first = post(app, body)
    door.inbox.fails = None
    again = post(app, body)

    assert (first.status, again.status) == (500, 200)
    assert len(door.inbox.kept) == 1


def test_a_bug_is_logged_whole_and_slacks_secrets_never(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    door.keep(samples.a_run(), samples.an_approval())
    app = door.app()

    typed = (slash("list"), slash("nonsense"))
    clicked = (click("approve", "9:2"), click("details", "9"), click("other", "9"))
    for fails in (None, RuntimeError("wires crossed")):
        door.inbox.fails = fails
        for body in (*typed, *clicked, DECLINED):
            post(app, body)

    logged = everything_logged(caplog)
    assert "wires crossed" in logged
    assert "Traceback" in logged or any(record.exc_info for record in caplog.records)
    assert [secret for secret in SECRETS if secret in logged] == []


class Told:
    """A Slack that hears what people are told, and can open no dialog."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Body]] = []
        told = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                told.heard.append((self.path.removeprefix("/api/"), json.loads(sent)))
                body = json.dumps({"ok": True, "ts": "1.2", "message_ts": "1.2"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(2)


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("body", "method", "where"),
    [
        (
            click("other", "9", thread=THREAD),
            "chat.postEphemeral",
            {"channel": CHANNEL, "user": ANA, "thread_ts": THREAD},
        ),
        (home_click("other", "9"), "chat.postMessage", {"channel": ANA}),
    ],
    ids=["message", "home"],
)
def test_a_click_that_comes_to_nothing_is_answered_where_it_was(
    door: Door, told: Told, body: Body, method: str, where: dict[str, str]
) -> None:
    door.client.base_url = told.url

    acknowledged = post(door.app(), body)

    assert (acknowledged.status, acknowledged.body) == (200, "")
    ((called, sent),) = told.heard
    assert called == method
    words = sent.pop("text")
    assert "not one I know" in words
    assert sent == where


def test_who_is_refused_is_told_the_command_as_it_is_called_here(door: Door, told: Told) -> None:
    door.client.base_url = told.url

    post(door.app(names={"runbook": "rb"}), click("park", "4242"))

    ((_, sent),) = told.heard
    assert "/rb" in sent["text"]
    assert "/runbook" not in sent["text"]


@pytest.mark.parametrize(
    ("error", "failed", "errors"),
    [
        (UnavailableError("the database is away"), [1], []),
        (RuntimeError("wires crossed"), [1], [1]),
        (NotAllowedError("you may not"), [], []),
    ],
)
def test_what_could_not_be_kept_is_counted_and_what_was_refused_in_words_is_not(
    door: Door, error: Exception, failed: list[int], errors: list[int]
) -> None:
    door.inbox.fails = error

    with collected() as lines:
        post(door.app(), slash("list"))

    assert (lines.values("AcksFailed"), lines.values("Errors")) == (failed, errors)


def test_a_click_is_acknowledged_even_if_nobody_can_be_told(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    acknowledged = post(door.app(), click("other", "9"))

    assert acknowledged.status == 200
    assert "could not be told" in everything_logged(caplog)


def test_the_way_of_an_acknowledgement_asks_slack_nothing(door: Door, told: Told) -> None:
    door.client.base_url = told.url
    app = door.app()

    for body in (slash("list"), click("approve", "9:2"), DECLINED, {**HOME_OPENED, "event_id": "Ev0002"}):
        post(app, body)

    assert len(door.inbox.kept) == 4
    assert told.heard == []
