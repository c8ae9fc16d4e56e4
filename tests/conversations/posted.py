"""Two servers for signed HTTP: one in this process, and gunicorn in one of its own."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from bot.settings import SECRETS, environment
from bot.slack.transport import EVENTS_PATH, HEALTH_PATH
from tests.conversations.stage import Stage, until

ROOT = Path(__file__).parents[2]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def posted(stage: Stage) -> Iterator[str]:
    """Have Slack post to the bot in this process; yields the address."""
    stage.stop_bot()
    stage.transport = "http"
    wsgi = stage.start_bot().wsgi
    assert wsgi is not None
    server = make_server("127.0.0.1", 0, wsgi, server_class=_Server, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    stage.slack.deliver_to(address + EVENTS_PATH)
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def gunicorn(stage: Stage) -> Iterator["subprocess.Popen[bytes]"]:
    """Have Slack post to a bot under gunicorn, on the same files; the bot of this process is away meanwhile."""
    stage.stop_bot()
    stage.transport = "http"
    settings, endpoints = stage.settings(), stage.endpoints()
    port = free_port()
    content = settings.model_dump(mode="json", exclude={"slack": set(SECRETS)})
    content["slack"]["http_port"] = port
    lent = stage.lake.credentials
    spec = stage.records / "serving.json"
    spec.write_text(
        json.dumps(
            {
                "settings": content,
                "slack_url": endpoints.slack_url,
                "aws_url": endpoints.aws_url,
                "aws_credentials": {
                    "access_key_id": lent.access_key_id,
                    "secret_access_key": lent.secret_access_key,
                },
                "clock": str(stage.clock_file),
            }
        ),
        encoding="utf-8",
    )
    secrets = {SECRETS[name]: getattr(settings.slack, name).get_secret_value() for name in SECRETS}
    program = [sys.executable, "-m", "tests.conversations.serving", str(spec)]
    with (stage.records / "serving.log").open("wb") as log:
        process = subprocess.Popen(program, cwd=ROOT, env={**environment(), **secrets}, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or status_of(port, HEALTH_PATH) == 200, "gunicorn answers")
        stage.slack.deliver_to(f"http://127.0.0.1:{port}{EVENTS_PATH}")
        yield process
    finally:
        process.terminate()
        process.wait(30)


def status_of(port: int, path: str) -> int:
    """Return the status with which a server answers, or 0 if it does not."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def free_port() -> int:
    """Return a port nobody listens on now."""
    with WSGIServer(("127.0.0.1", 0), _Silent) as found:
        return found.server_port
