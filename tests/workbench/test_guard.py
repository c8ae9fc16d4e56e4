"""An audit hook cannot be taken back, so everything that seals does so in a child process."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

from bot.workbench.guard import forget_accounts

SENTINEL = "AKIASENTINEL00000000"


class Child(NamedTuple):
    code: int
    said: str


def run(program: str, *, folder: Path, **environment: str) -> Child:
    inherited = {"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**inherited, **environment},
        check=False,
    )
    return Child(done.returncode, done.stdout + done.stderr)


@contextmanager
def eavesdropper() -> Iterator[tuple[str, list[str]]]:
    """Listen where somebody's settings point to, and write down every Authorization header that arrives."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization", ""))
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


CALL_S3 = """
import boto3, botocore.exceptions
from botocore.config import Config
quick = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
session = boto3.Session()
print("key", session.get_credentials().access_key)
try:
    session.client("s3", region_name="eu-west-1", config=quick).list_buckets()
except botocore.exceptions.EndpointConnectionError as refused:
    print("not sent", refused)
except botocore.exceptions.ClientError:
    print("sent")
"""


def test_without_the_wall_somebodys_settings_are_used(tmp_path: Path) -> None:
    with eavesdropper() as (address, heard):
        child = run(
            CALL_S3,
            folder=tmp_path,
            AWS_ACCESS_KEY_ID=SENTINEL,
            AWS_SECRET_ACCESS_KEY="real",
            AWS_ENDPOINT_URL=address,
        )

    assert "sent" in child.said.splitlines()
    assert SENTINEL in heard[0]


@pytest.mark.parametrize("where", ["environment", "profile"])
def test_a_sealed_process_neither_uses_nor_sends_somebodys_credentials(tmp_path: Path, where: str) -> None:
    with eavesdropper() as (address, heard):
        settings = {"AWS_ENDPOINT_URL": address, "HTTPS_PROXY": address, "HTTP_PROXY": address}
        if where == "environment":
            settings |= {"AWS_ACCESS_KEY_ID": SENTINEL, "AWS_SECRET_ACCESS_KEY": "real"}
        else:
            settings |= {"AWS_PROFILE": "prod"}
            (tmp_path / ".aws").mkdir()
            (tmp_path / ".aws" / "credentials").write_text(
                f"[prod]\naws_access_key_id={SENTINEL}\naws_secret_access_key=real\n"
                f"[default]\naws_access_key_id={SENTINEL}\naws_secret_access_key=real\n"
            )
        child = run(f"from bot.workbench.guard import seal\nseal()\n{CALL_S3}", folder=tmp_path, **settings)

    assert "key WORKBENCHDUMMY000000" in child.said
    assert "not sent" in child.said
    assert SENTINEL not in child.said
    assert heard == []


def test_a_session_made_before_the_wall_is_forgotten(tmp_path: Path) -> None:
    program = """
import boto3
boto3.client("s3", region_name="eu-west-1")
from bot.workbench.guard import seal
seal()
print(boto3.client("s3", region_name="eu-west-1")._request_signer._credentials.access_key)
"""
    child = run(program, folder=tmp_path, AWS_ACCESS_KEY_ID=SENTINEL, AWS_SECRET_ACCESS_KEY="real")

    assert child.said.strip() == "WORKBENCHDUMMY000000"


TO_THE_OUTSIDE = [
    "socket.socket().connect(('192.0.2.1', 443))",
    "socket.socket().connect_ex(('192.0.2.1', 443))",
    "socket.create_connection(('192.0.2.1', 443), 1)",
    "socket.create_connection(('s3.eu-west-1.amazonaws.com', 443), 1)",
    "socket.getaddrinfo('sts.amazonaws.com', 443)",
    "socket.gethostbyname('sts.amazonaws.com')",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 443))",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))",
    "socket.socket().connect(('169.254.169.254', 80))",
    "socket.socket().bind(('0.0.0.0', 0))",
    "socket.socket().bind(('', 0))",
    "asyncio.run(asyncio.open_connection('192.0.2.1', 443))",
    "urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
]


@pytest.mark.parametrize("attempt", TO_THE_OUTSIDE)
def test_no_way_to_the_outside_is_left(tmp_path: Path, attempt: str) -> None:
    program = f"""
import asyncio, socket, urllib.error, urllib.request
from bot.workbench.guard import OutsideRefusedError, seal
seal()
try:
    {attempt}
except OutsideRefusedError as refused:
    print("refused", refused)
except urllib.error.URLError as wrapped:
    print("refused" if isinstance(wrapped.reason, OutsideRefusedError) else wrapped)
"""
    child = run(program, folder=tmp_path)

    assert child.said.startswith("refused")


INSIDE = [
    "a = socket.create_server(HERE); b = socket.create_connection(a.getsockname(), 1)",
    "a = socket.create_server(HERE); b = socket.socket(); b.connect(('localhost', a.getsockname()[1]))",
    "a, b = (socket.socket(socket.AF_UNIX) for _ in '12'); a.bind('x'); a.listen(); b.connect('x')",
    "a, b = socket.socketpair(); a.sendall(b'x')",
]


@pytest.mark.parametrize("use", INSIDE)
def test_loopback_and_unix_sockets_still_work(tmp_path: Path, use: str) -> None:
    program = f"""
import os, socket
from bot.workbench.guard import seal
seal()
os.chdir({str(tmp_path)!r})
HERE = ("127.0.0.1", 0)
{use}
print("works")
"""
    child = run(program, folder=tmp_path)

    assert child.said.splitlines()[-1] == "works"


def test_one_named_host_may_be_reached_and_no_other(tmp_path: Path) -> None:
    program = """
import socket
import bot.workbench.guard as guard
answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]
socket.getaddrinfo = lambda host, *rest: answer  # no name server here
guard.seal(allow=["bedrock-runtime.eu-west-1.amazonaws.com"])
def reach(address):
    try:
        socket.socket(type=socket.SOCK_DGRAM).connect((address, 443))  # sends nothing
    except guard.OutsideRefusedError:
        return "refused"
    except OSError:
        pass
    return "let through"
print(reach("192.0.2.7"))
socket.getaddrinfo("bedrock-runtime.eu-west-1.amazonaws.com", 443)
print(reach("192.0.2.7"), reach("192.0.2.8"))
"""
    child = run(program, folder=tmp_path)

    assert child.said.splitlines() == ["refused", "let through refused"]


def test_every_aws_and_proxy_setting_is_dropped_and_nothing_else() -> None:
    environment = {
        "AWS_PROFILE": "prod",
        "AWS_ENDPOINT_URL_S3": "http://somewhere",
        "AWS_ACCESS_KEY_ID": SENTINEL,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://somewhere",
        "BOTO_CONFIG": "/home/someone/.boto",
        "https_proxy": "http://somewhere",
        "ALL_PROXY": "http://somewhere",
        "PATH": "/usr/bin",
    }

    forget_accounts(environment)

    assert environment["PATH"] == "/usr/bin"
    assert environment["AWS_ACCESS_KEY_ID"] == "WORKBENCHDUMMY000000"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["BOTO_CONFIG"] == os.devnull
    kept = json.dumps(environment)
    assert SENTINEL not in kept
    assert "somewhere" not in kept
    assert "prod" not in kept


def test_the_whole_lake_works_inside_the_wall(tmp_path: Path) -> None:
    program = """
from pathlib import Path
from bot.workbench.guard import seal
seal()
from bot.workbench.clock import Clock
from bot.workbench.lake import breaker
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.registry import SCENARIOS
lake = Lake(clock=Clock(Path("clock.json").absolute()))
lake.start()
SCENARIOS["circuit-breaker"].break_(lake)
print(breaker.read(lake.clients.s3, lake.names).state)
lake.close()
"""
    child = run(f"import os\nos.chdir({str(tmp_path)!r})\n{program}", folder=tmp_path)

    assert child == Child(0, "OPEN\n")


def test_this_process_was_not_sealed_by_a_test() -> None:
    with socket.socket() as wild:
        wild.bind(("0.0.0.0", 0))  # noqa: S104 - what a sealed process could not do
