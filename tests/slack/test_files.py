"""What people share, read from the local Slack: the token stays with Slack's host, and no more is read than may be."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from slack_sdk import WebClient

from bot.domain.uploads import CANVAS, MOST_BYTES, Upload
from bot.errors import InvalidError, NotFoundError, UnavailableError
from bot.slack.files import SlackFiles
from bot.workbench.slack.server import LocalSlack
from tests.workbench.slack.scene import BOT, ROOM, WORKSPACE


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE) as started:
        yield started


@pytest.fixture
def files(slack: LocalSlack) -> SlackFiles:
    slack.reset()
    return SlackFiles(WebClient(token=slack.bot_token, base_url=slack.base_url))


def an_upload(address: str, *, form: str = "md") -> Upload:
    return Upload(id="F0AAAAAAA", name="a.md", by="U0ANA", size=3, form=form, address=address)


def test_files_of_the_channel_and_of_the_thread_come_newest_first(files: SlackFiles, slack: LocalSlack) -> None:
    ana, bo = slack.person("ana"), slack.person("bo")
    root = ana.say(ROOM, "the draft")
    first = ana.share(ROOM, "one.md", b"1")
    second = bo.share(ROOM, "two.md", b"2", thread_ts=root)
    third = ana.share(ROOM, "three.txt", b"3")

    assert [one.id for one in files.shared(ROOM, thread=root)] == [third, second, first]
    found = files.shared(ROOM, thread=root)[1]
    assert (found.by, found.form, found.size, found.channels) == ("U0BO", "md", 1, frozenset({ROOM}))
    assert [one.id for one in files.shared(ROOM, thread=None)] == [third, first]


def test_what_is_in_a_file_is_read_with_the_bots_token(files: SlackFiles, slack: LocalSlack) -> None:
    file = slack.person("ana").share(ROOM, "INC-7 – v3.md", "# größer\n".encode())

    assert files.content(files.upload(file)).decode() == "# größer\n"


def test_a_file_where_the_bot_is_not_is_not_there(files: SlackFiles, slack: LocalSlack) -> None:
    hidden = slack.person("bo").share("#random", "hidden.md", b"x")

    with pytest.raises(NotFoundError, match="not where the bot is"):
        files.upload(hidden)
    with pytest.raises(NotFoundError, match="not where the bot is"):
        files.upload("F0NOTHERE")
    with pytest.raises(NotFoundError, match="not in this channel"):
        files.shared("C0OTHER", thread=None)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/files/F1/a.md",
        "http://127.0.0.1:1/files/F1/a.md",
        "{host}.evil.example/files/F1/a.md",
        "{host}@evil.example/files/F1/a.md",
        "file:///etc/passwd",
        "",
    ],
)
def test_the_token_goes_nowhere_but_to_slacks_own_host(files: SlackFiles, slack: LocalSlack, address: str) -> None:
    with pytest.raises(InvalidError, match="does not lie with Slack itself"):
        files.content(an_upload(address.format(host=slack.url)))


def test_the_real_slack_has_its_files_on_their_own_host() -> None:
    real = SlackFiles(WebClient(token="xoxb-none"))

    for address in ("https://slack.com/files/a.md", "http://files.slack.com/a.md", "https://files.slack.com.evil/a.md"):
        with pytest.raises(InvalidError, match="does not lie with Slack itself"):
            real.content(an_upload(address))


def test_a_larger_file_than_was_said_is_not_read_to_its_end(files: SlackFiles, slack: LocalSlack) -> None:
    file = slack.person("ana").share(ROOM, "large.md", b"x" * (MOST_BYTES + 10))
    told = files.upload(file).model_copy(update={"size": 10})

    with pytest.raises(InvalidError, match="larger than"):
        files.content(told)


class _Elsewhere(BaseHTTPRequestHandler):
    """Redirect, refuse or show a page to log in, by the path; remember the tokens that came."""

    tokens: list[str] = []

    def do_GET(self) -> None:
        if self.path == "/away":
            self.tokens.append(self.headers.get("Authorization", ""))
        code = {"/302": 302, "/403": 403}.get(self.path, 200)
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/away")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html>log in")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def elsewhere() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_redirect_is_not_followed_and_a_login_page_is_no_file() -> None:
    with elsewhere() as url:
        files = SlackFiles(WebClient(token="xoxb-secret", base_url=f"{url}/api/"))
        for path, why in (("/302", "302: the app needs the scope files:read"), ("/403", "403"), ("/page", "a page")):
            with pytest.raises(UnavailableError, match=why):
                files.content(an_upload(url + path))

    assert _Elsewhere.tokens == []


def test_slack_that_is_away_is_said_to_be(files: SlackFiles, slack: LocalSlack) -> None:
    away = SlackFiles(WebClient(token=slack.bot_token, base_url="http://127.0.0.1:9/api/"))

    with pytest.raises(UnavailableError, match="did not answer"):
        away.upload("F0AAAAAAA")
    with pytest.raises(UnavailableError, match="did not give the file"):
        away.content(an_upload("http://127.0.0.1:9/files/a.md"))


def test_a_canvas_is_read_as_the_page_slack_makes_of_it(files: SlackFiles, slack: LocalSlack) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.base_url)
    content = {"type": "markdown", "markdown": "# INC-7 · x\n\n- a sentence [E1]\n"}
    made = client.canvases_create(title="INC-7", channel_id=ROOM, document_content=content)

    told = files.upload(str(made["canvas_id"]))

    assert (told.form, told.by, told.channels) == (CANVAS, BOT, frozenset({ROOM}))
    assert b"<li>a sentence [E1]</li>" in files.content(told)
