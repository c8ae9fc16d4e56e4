"""A stand-in for AWS on 127.0.0.1 that counts requests and misbehaves as told: late, gone, failing, garbled."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal

from bot.actions.catalogue import CATALOGUE
from bot.aws.cloud import AwsCloud
from tests.aws.seeded import ACCOUNT, CREDENTIALS, PLATFORM

Mood = Literal[
    "answers", "late", "drops", "fails", "garbles", "lists", "throttles", "denies", "redirects", "slow down", "forbids"
]
READ_TIMEOUT_S = 0.3  # of who talks to a neighbour that never answers
PATIENT_S = 30.0  # of who talks to one that does: a busy machine is no silence
ROLE = "runbook-bot"
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:sts::{account}:assumed-role/{role}/{session}</Arn><UserId>AIDA</UserId>"
    "<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
STATUS = {"fails": 500, "forbids": 403, "throttles": 400, "denies": 400, "slow down": 503, "redirects": 301}
BODY = {
    "answers": "{}",
    "late": "{}",
    "fails": json.dumps({"__type": "InternalException"}),
    "garbles": "<html>who are you?",
    "lists": "[]",
    "throttles": json.dumps({"__type": "ThrottlingException"}),
    "denies": json.dumps({"__type": "AccessDeniedException"}),
    "slow down": json.dumps({"__type": "SlowDown"}),
    "forbids": "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code></Error></ErrorResponse>",
    "redirects": "<Error><Code>PermanentRedirect</Code><Region>us-east-1</Region></Error>",
}


class Neighbour:
    """Listen until left; `seen` holds the target or path of every request that is not about who is calling."""

    def __init__(self) -> None:
        self.mood: Mood = "answers"
        self.seen: list[str] = []
        self.asked_who = 0
        self.account, self.role = ACCOUNT, ROLE
        self._gate = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._gates: list[AwsCloud] = []
        self._shared: dict[float, AwsCloud] = {}

    def __enter__(self) -> "Neighbour":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.set()
        for gate in self._gates:
            gate.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Forget what was seen, and answer again."""
        self.mood, self.asked_who = "answers", 0
        self.account, self.role = ACCOUNT, ROLE
        self.seen.clear()

    @property
    def patience(self) -> float:
        """Return how long its answer is worth waiting for."""
        return READ_TIMEOUT_S if self.mood == "late" else PATIENT_S

    def arrived(self) -> list[str]:
        """Return what was seen, once there is something: who does not wait for the answer may be quicker."""
        give_up = time.monotonic() + PATIENT_S
        while not self.seen and time.monotonic() < give_up:
            time.sleep(0.005)
        return self.seen

    def gate(self) -> AwsCloud:
        """Return the gate that tests share; making clients is what takes long."""
        if self.patience not in self._shared:
            self._shared[self.patience] = self.new_gate()
        return self._shared[self.patience]

    def new_gate(self, *, fence: float = 30.0) -> AwsCloud:
        """Return a gate of its own to this neighbour, one that has not asked who calls."""
        made = AwsCloud(
            catalogue=CATALOGUE,
            platform=PLATFORM,
            endpoint_url=self.url,
            credentials=CREDENTIALS,
            read_timeout=self.patience,
            fence=fence,
            list_pauses=(0.01, 0.01),
        )
        self._gates.append(made)
        return made

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        neighbour = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if b"GetCallerIdentity" in sent:
                    neighbour.asked_who += 1
                    session = f"session-{neighbour.asked_who}"
                    told = IDENTITY.format(account=neighbour.account, role=neighbour.role, session=session)
                    self._say(200, told)
                    return
                neighbour.seen.append(self.headers.get("X-Amz-Target") or f"{self.command} {self.path}")
                if neighbour.mood == "drops":
                    self.close_connection = True
                    self.connection.close()
                    return
                if neighbour.mood == "late":
                    neighbour._gate.wait(5)
                    self.close_connection = True
                    return
                self._say(STATUS.get(neighbour.mood, 200), BODY[neighbour.mood])

            def _say(self, status: int, body: str) -> None:
                raw = body.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", Handler._any)
        return Handler
