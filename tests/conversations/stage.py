"""The demo as a stage for conversations: the same bot, Slack and lake, with hands behind the curtain."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeVar

from bot.app import Bot, Endpoints
from bot.settings import Settings
from bot.workbench.bedrock.lending import Lent
from bot.workbench.company import ANA, BO, CY, DEE, GUS, workspace
from bot.workbench.demo import Demo
from bot.workbench.lake import breaker
from bot.workbench.slack.events import Payload
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain
from bot.workbench.slack.workspace import Workspace

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
INCIDENTS = "#incident-etl"
SCENARIO = "circuit-breaker"
READ_TIMEOUT_S = 1.0  # of the bot's calls to AWS, where something stands in between
CARD_INTERVAL = timedelta(milliseconds=20)  # nobody reads along
PATIENCE = 20.0  # seconds; generous, since it only bounds how long a failure takes
CANARY = "canary-4f1a9c-do-not-tell"
REASON = "currency column fixed upstream, file re-sent"

T = TypeVar("T")


class Stage(Demo):
    """Play conversations on the demo.

    Attributes:
        transport: how the next bot is reached.
        aws_url: where the next bot is told that AWS is, if not at the lake itself.
    """

    def __init__(self, folder: Path, *, runbooks: Path = RUNBOOKS, lent: Lent | None = None) -> None:
        super().__init__(folder=folder, runbooks=runbooks, ack_seconds=PATIENCE, lent=lent)
        self.clock_file = folder / "clock.json"
        self.transport: Literal["socket", "http"] = "socket"
        self.aws_url: str | None = None
        self.used = False
        self.ana, self.bo, self.cy, self.dee, self.gus = (self.slack.person(one) for one in (ANA, BO, CY, DEE, GUS))

    def settings(self) -> Settings:
        made = super().settings()
        return made.model_copy(update={"slack": made.slack.model_copy(update={"transport": self.transport})})

    def endpoints(self) -> Endpoints:
        made = replace(super().endpoints(), card_interval=CARD_INTERVAL)
        return replace(made, aws_url=self.aws_url, aws_read_timeout_s=READ_TIMEOUT_S) if self.aws_url else made

    # Hands behind the curtain.

    def begin(self) -> None:
        """Put everything back to the beginning, unless nothing happened yet."""
        self.transport, self.aws_url = "socket", None
        self.slack.deliver_to(None)
        self.people(workspace())
        if self.used:
            self.start_over()
        self.used = True

    def people(self, workspace: Workspace) -> None:
        """Change who and what is in the local Slack."""
        self.slack.workspace = workspace

    def stop_bot(self) -> None:
        """End the bot as a deployment does; what it keeps stays."""
        if self._bot is not None:
            self._bot.close()
            self._bot = None

    def start_bot(self) -> Bot:
        """Start a bot on the same files."""
        self._bot = self._started_bot()
        return self._bot

    @contextmanager
    def downtime(self) -> Iterator[None]:
        """Have no bot for a while."""
        self.stop_bot()
        yield
        self.start_bot()

    @property
    def records(self) -> Path:
        """Return the folder of what the bot keeps."""
        return self._folder / "bot"

    def describe(self, description: str) -> None:
        """Have the description of the breaker's alarm say this."""
        cloudwatch = self.lake.clients.cloudwatch
        (known,) = cloudwatch.describe_alarms(AlarmNames=["CircuitBreakerOpen"])["MetricAlarms"]
        cloudwatch.put_metric_alarm(
            AlarmName=known["AlarmName"],
            AlarmDescription=description,
            Namespace=known["Namespace"],
            MetricName=known["MetricName"],
            Dimensions=known["Dimensions"],
            Statistic=known["Statistic"],
            Period=known["Period"],
            EvaluationPeriods=known["EvaluationPeriods"],
            Threshold=known["Threshold"],
            ComparisonOperator=known["ComparisonOperator"],
            TreatMissingData=known["TreatMissingData"],
            AlarmActions=known["AlarmActions"],
            OKActions=known["OKActions"],
        )

    def reached(self) -> tuple[object, ...]:
        """Return where the newest run stands: what it waits for, what it was told, and what became of its requests."""
        store = self.bot.store
        run = store.runs(open_only=False)[0]
        requests = sorted(store.approvals(run=run.id), key=lambda one: one.id)
        told = sorted(run.inputs)
        answers = [(one.step, one.state.value) for one in requests]
        return run.runbook, run.state.value, run.next_step, told, answers, self.breaker(), self.schedule()

    def breaker(self) -> str:
        """Return the state of the breaker, read from the lake."""
        return breaker.read(self.lake.clients.s3, self.lake.names).state

    def schedule(self) -> str:
        """Return the state of the nightly schedule, read from the lake."""
        return str(self.lake.clients.events.describe_rule(Name=self.lake.names.schedule_rule)["State"])

    def probes(self) -> list[str]:
        """Return the probes that were started in the lake, by name."""
        arn = self.lake.names.state_machine_arn
        found = self.lake.clients.sfn.list_executions(stateMachineArn=arn, maxResults=100)["executions"]
        return [one["name"] for one in found if one["name"].startswith("cb-probe-")]

    def kinds(self) -> list[str]:
        """Return what the audit holds, oldest first."""
        return [record.body.kind for record, _ in self.bot.store.audit(most=1_000)]

    # The usual ways through the conversation.

    def alarm(self) -> Payload:
        """Have the nightly load fail, and wait for the alarm."""
        self.break_(SCENARIO)
        return self.ana.wait_for_message("ALARM PROD", channel=INCIDENTS, timeout=PATIENCE)

    def started(self) -> Payload:
        """Go on until the pause of the schedule is asked for."""
        self.alarm()
        good(self.ana.click("Start runbook"))
        return request(self.ana, "Pause the nightly load")

    def half_open_asked(self) -> Payload:
        """Go on until the half-open is asked for; the file is corrected already."""
        good(self.ana.click("Approve", message=self.started()))
        self.reason_given()
        return request(self.ana, "Half-open the breaker")

    def reason_given(self, reason: str = REASON) -> None:
        """Have the file corrected, and say so in the dialog that asks."""
        self.ana.wait_for_message("Answer…", channel=INCIDENTS, timeout=PATIENCE)
        self.fix(SCENARIO)
        good(self.ana.click("Answer…"))
        self.ana.wait_for_view(timeout=PATIENCE)
        good(self.ana.submit({"input:reason": reason}))

    def repaired_by_bo_and_cy(self) -> None:
        """Go on from the half-open request until the run watches."""
        good(self.bo.click("Approve", message=request(self.bo, "Half-open the breaker")))
        until(self.probes, "a probe")
        self.advance(6)  # the run looks at its probe every five seconds
        good(self.cy.click("Approve", message=request(self.cy, "Close the breaker")))
        self.ana.wait_for_message("WATCHING", channel=INCIDENTS, timeout=PATIENCE)

    # What was said.

    def cards(self, words: str) -> list[Payload]:
        """Return the messages in the incident channel that say this and everybody sees."""
        return [one for one in self.ana.messages(INCIDENTS) if words in plain(one) and not one["ephemeral_for"]]

    def keys(self) -> list[str]:
        """Return the keys of the cards that stand; a file that was shared has none."""
        told = [one["metadata"] for one in self.cards("") if one.get("metadata")]
        return [str(one["event_payload"]["card"]) for one in told]

    def calls(self, method: str) -> list[Payload]:
        """Return the arguments of the bot's calls of one Web API method."""
        return [arguments for name, arguments in self.slack.calls if name == method]

    def sent_to_slack(self) -> str:
        """Return everything the bot ever sent to Slack."""
        return json.dumps([arguments for _, arguments in self.slack.calls], ensure_ascii=False)


def good(answer: Payload) -> Payload:
    """Return an answer of the local Slack that is no refusal."""
    assert answer["ok"], answer
    return answer


def request(person: Person, words: str) -> Payload:
    """Wait for an open request that says these words."""

    def found(state: Payload) -> Payload | None:
        asked = (one for one in reversed(state["messages"]) if "APPROVAL NEEDED" in plain(one))
        return next((dict(one) for one in asked if words in plain(one)), None)

    state = person.wait_for(lambda now: found(now) is not None, timeout=PATIENCE, what=f"a request to {words!r}")
    return found(state) or {}


def told(person: Person, words: str) -> str:
    """Wait for a message that only this person sees, and return all of its words."""

    def found(state: Payload) -> str | None:
        own = (plain(one) for one in reversed(state["messages"]) if one["ephemeral_for"] == person.id)
        return next((one for one in own if words in one), None)

    state = person.wait_for(lambda now: found(now) is not None, timeout=PATIENCE, what=f"only {person.id}: {words!r}")
    return found(state) or ""


def until(look: Callable[[], T], what: str, *, seconds: float = PATIENCE) -> T:
    """Look until there is something, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError(f"It did not happen within {seconds:g} s: {what}.")


def notified_of(person: Person, words: str) -> list[str]:
    """Return why this person was notified of messages whose push text says this."""
    return [str(one["why"]) for one in person.notifications() if words in str(one["text"])]
