"""The server of the signed HTTP transport, as far as it is ours."""

import os
import socket
import threading
import time

import pytest
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn

from bot.slack import wsgi_server
from bot.slack.wsgi_server import HttpServer, Serving, Worker

PATIENCE = 10.0


def nobody() -> Serving:
    raise AssertionError("Nothing is served here.")


@pytest.mark.parametrize("sent", [b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX: ", b"POST", b"\r\n"])
def test_a_request_that_comes_too_slowly_does_not_keep_its_thread(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_server, "REQUEST_SECONDS", 0.05)
    server = HttpServer(host="127.0.0.1", port=0, begin=nobody)
    worker = Worker(0, os.getppid(), [], server, 0, server.cfg, Logger(server.cfg))
    theirs, ours = socket.socketpair()
    connection = TConn(server.cfg, ours, ("127.0.0.1", 1), ("127.0.0.1", 2))
    with theirs, ours:
        theirs.sendall(sent)
        thread = threading.Thread(target=worker.handle, args=(connection,), daemon=True)
        thread.start()
        thread.join(0.1)
        waits = thread.is_alive()
        deadline = time.monotonic() + PATIENCE
        while thread.is_alive() and time.monotonic() < deadline:
            worker.murder_pending()
            thread.join(0.02)
    worker.tmp.close()

    assert waits
    assert not thread.is_alive()
