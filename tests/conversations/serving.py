"""One `serve` over signed HTTP in a process of its own, told where the local Slack and the local lake are."""

import json
import sys
from pathlib import Path

from bot.app import Bot, Endpoints, build
from bot.aws.clients import Credentials
from bot.settings import environment, parse
from bot.slack.wsgi_server import HttpServer
from bot.workbench.clock import Clock


def main(spec: Path) -> None:
    """Serve until told to end, as bot/cli.py does."""
    told = json.loads(spec.read_text(encoding="utf-8"))
    settings = parse(told["settings"], environment(), source="the test")
    endpoints = Endpoints(
        slack_url=told["slack_url"],
        aws_url=told["aws_url"],
        aws_credentials=Credentials(**told["aws_credentials"]),
        intake_wait_s=1,
    )

    def begin() -> Bot:
        bot = build(settings, clock=Clock(Path(told["clock"])), endpoints=endpoints)
        bot.start()
        return bot

    HttpServer(host=settings.slack.http_host, port=settings.slack.http_port, begin=begin).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
