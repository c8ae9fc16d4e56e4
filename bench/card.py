"""How soon an alarm's card stands in Slack after its message was put, without a model.

The alarm goes off in the local lake and is published; from there until the local Slack takes the bot's card, by its
time of that message. In between lie the queue, the inbox, DescribeAlarms, the match and the card.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import Child, Said, child, records_in
from bench.figures import Table, ms, percentile
from bot.workbench.company import ANA
from bot.workbench.slack.person import Person

ROUNDS = 5
ALARMS = (  # each of another runbook, and fewer than make a storm
    "DeployPipelineFailed",
    "StepFunctionsExecutionsFailed",
    "QuarantineRateHigh",
    "SchemaErrorSpike",
    "CatalogTableMissing",
)
PATIENCE = 30.0
BETWEEN_S = 1.0  # longer than alarms wait for company
PROMISED_MS = 1000


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Measure and yield the table."""
    rounds, alarms = (1, ALARMS[:1]) if tiny else (ROUNDS, ALARMS)
    took: list[float] = []
    with TemporaryDirectory() as folder, child("workbench") as neighbours:
        spec = neighbours.ask(do="start", folder=str(Path(folder) / "0"))
        for number in range(rounds):
            if number:
                neighbours.ask(do="reset")
            spec["content"]["records"] = records_in(spec, Path(folder) / str(number))
            took += _round(neighbours, spec, alarms)
    shares = (0.0, 0.5, 0.95, 1.0)
    late = sum(1000 * one > PROMISED_MS for one in took)
    yield Table(
        title="An alarm's message put -> its card stands in Slack, without a model",
        heads=("n", "least ms", "p50 ms", "p95 ms", "most ms", "over 1 s"),
        rows=((str(len(took)), *(ms(1000 * percentile(took, share)) for share in shares), str(late)),),
        notes=(
            f"{rounds} bots, {len(alarms)} alarms each, one at a time; the alarm queue is long-polled",
            "the local lake and the local Slack run in another process",
        ),
    )


def _round(neighbours: Child, spec: Said, alarms: tuple[str, ...]) -> Iterator[float]:
    """Let the alarms go off one by one; yields how long each card took, in seconds."""
    with child("serving") as serving:
        serving.ask(do="start", **{name: spec[name] for name in ("content", "secrets", "slack_url", "aws")})
        ana = Person(spec["page_url"], spec["key"], ANA)
        for alarm in alarms:
            put = float(neighbours.ask(do="alarm", name=alarm)["put"])
            card = ana.wait_for_message(alarm, timeout=PATIENCE)
            yield float(card["ts"]) - put
            time.sleep(BETWEEN_S)
