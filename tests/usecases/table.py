"""A table to play the bot's use cases on: real records, the real local lake, a directory that can be told what to say.

Work is performed here in order, by hand, so that a test sees exactly what one press leads to.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from pathlib import Path

from bot.actions.catalogue import CATALOGUE
from bot.assistant.extractive import ExtractiveAssistant
from bot.aws.clients import Credentials
from bot.aws.cloud import AwsCloud
from bot.aws.logs import AwsLogs
from bot.domain.action import Call, Element, Look, Looking, Occasion, Platform, Proposal
from bot.domain.approval import Approval, ApprovalState, ConsumedApproval
from bot.domain.audit import AuditRecord
from bot.domain.counting import Counted, counted
from bot.domain.inbox import AskAgain, CastVote, Delivery, GiveInputs, MarkDone, StartRun, Wish
from bot.domain.people import Person, Place
from bot.domain.policy import Policy, Role
from bot.domain.reading import read_runbook
from bot.domain.records import Attempt, AttemptState, Card, Taken, Taking
from bot.domain.remarks import Mark, Remark
from bot.domain.run import Awaiting, Run
from bot.domain.uploads import Upload
from bot.domain.value import JsonObject
from bot.errors import NotFoundError, OutcomeUnknownError, StaleError, UnavailableError
from bot.ports import Cloud, Identity
from bot.records.anchors import folder_anchors
from bot.records.archives import FolderArchive
from bot.records.ledger import verify_store
from bot.records.library import FolderLibrary
from bot.records.signing import signer_at, trusted_keys
from bot.records.store import Store
from bot.usecases.desk import Desk
from bot.usecases.work import perform_work
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.circuit_breaker import BAD_FILE
from tests.usecases.books import BOOKS

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
READ = lru_cache(maxsize=64)(read_runbook)  # the same few files are read for each table
TEAM = "T0LAKE"
CHANNEL = "C0ETL"
REASON = "currency column fixed upstream, file re-sent"
ANA, BO, CY, DEE, GUS, ROBO, EVE = "U0ANA", "U0BO", "U0CY", "U0DEE", "U0GUS", "U0ROBO", "U0EVE"

MOST_WRITES = 40  # of the breaker file, in one test
POLICY = Policy(
    roles={
        "oncall": Role(title="lake-oncall", group="S0ONCALL"),
        "platform": Role(
            title="lake-platform", group="S0PLATFORM", page_topic="arn:aws:sns:eu-west-1:123456789012:lake-page"
        ),
        "everyone": Role(title="lake-team", group="S0TEAM"),
    },
    viewer="everyone",
    operator="everyone",
    on_call="oncall",
    change=("platform",),
    channels=(CHANNEL,),
)


@dataclass
class FakeDirectory:
    """Say who people are; a test may change it, or make it silent."""

    roles: dict[str, set[str]] = field(
        default_factory=lambda: {"oncall": {ANA, BO}, "platform": {ANA, BO, CY}, "everyone": {ANA, BO, CY, DEE}}
    )
    people: dict[str, Person] = field(
        default_factory=lambda: {
            one: Person(
                id=one,
                team=TEAM,
                name=one[2:].lower(),
                is_guest=one == GUS,
                is_bot=one == ROBO,
                is_stranger=one == EVE,
            )
            for one in (ANA, BO, CY, DEE, GUS, ROBO, EVE)
        }
    )
    silent: bool = False
    not_told: set[str] = field(default_factory=set)
    not_told_anew: set[str] = field(default_factory=set)
    asked_fresh: list[str] = field(default_factory=list)

    def person(self, person: str, *, fresh: bool = False) -> Person:
        self._speak(silent=person in self.not_told)
        if person not in self.people:
            raise NotFoundError(f"Slack knows nobody {person}.")
        return self.people[person]

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        self._speak()
        if fresh:
            self.asked_fresh.append(role)
            self._speak(silent=role in self.not_told_anew)
        POLICY.role(role)
        return frozenset(self.roles[role])

    def shared(self, channel: str) -> bool:
        self._speak()
        return channel == "C0SHARED"

    def _speak(self, *, silent: bool = False) -> None:
        if self.silent or silent:
            raise UnavailableError("Slack did not answer who is in that group.")


@dataclass
class FakePager:
    """Remember who was woken."""

    pages: list[tuple[str, str, str]] = field(default_factory=list)

    def page(self, topic: str, subject: str, words: str) -> None:
        self.pages.append((topic, subject, words))


@dataclass
class FakeUploads:
    """Hold what people shared in Slack, newest last."""

    files: list[tuple[Upload, bytes]] = field(default_factory=list)

    def put(self, name: str, content: bytes, *, by: str, channel: str = CHANNEL, size: int | None = None) -> str:
        """Share a file, and return its id."""
        file = f"F0FILE{len(self.files):04d}"
        found = Upload(
            id=file,
            name=name,
            by=by,
            size=len(content) if size is None else size,
            channels=frozenset({channel}),
            form=name.rpartition(".")[2],
        )
        self.files.append((found, content))
        return file

    def shared(self, channel: str, *, thread: str | None) -> list[Upload]:
        return [one for one, _ in reversed(self.files) if channel in one.channels]

    def upload(self, file: str) -> Upload:
        found = next((one for one, _ in self.files if one.id == file), None)
        if found is None:
            raise NotFoundError("That file is not there, or not where the bot is.")
        return found

    def content(self, upload: Upload) -> bytes:
        return next(content for one, content in self.files if one.id == upload.id)


@dataclass
class FakeRemarks:
    """Hold what people said in the channel, and how it is marked; or fail as Slack does."""

    said: dict[str, Remark] = field(default_factory=dict)
    fails: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def say(self, text: str, *, at: datetime, by: str = BO) -> str:
        """Say something, and return where it stands."""
        ts = f"{int(at.timestamp())}.{len(self.said):06d}"
        self.said[ts] = Remark(ts=ts, at=at, by=by, text=text)
        return ts

    def edit(self, ts: str, **changes: object) -> None:
        """Let a message be another."""
        self.said[ts] = self.said[ts].model_copy(update=changes)

    def put(self, ts: str, mark: Mark) -> None:
        """Mark a message in Slack."""
        people = self.said[ts].reactions
        put = {mark.emoji: people.get(mark.emoji, frozenset()) | {mark.by}} if mark.emoji else {}
        self.edit(ts, pinned=self.said[ts].pinned or not mark.emoji, reactions={**people, **put})

    def take(self, ts: str, mark: Mark) -> None:
        """Take a mark away in Slack."""
        people = self.said[ts].reactions
        left = {mark.emoji: people[mark.emoji] - {mark.by}} if mark.emoji else {}
        self.edit(ts, pinned=self.said[ts].pinned and bool(mark.emoji), reactions={**people, **left})

    def remark(self, channel: str, ts: str) -> Remark | None:
        self.asked.append(ts)
        if self.fails is not None:
            raise self.fails
        return self.said.get(ts) if channel == CHANNEL else None


@dataclass
class CountingCloud:
    """Pass everything on to the real gate, and remember what was sent."""

    inner: Cloud
    sent: list[Call] = field(default_factory=list)
    permits: list[ConsumedApproval] = field(default_factory=list)
    looked: int = 0
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    losing: int = 0
    window: Callable[[int], None] | None = None

    def lose(self, times: int) -> None:
        """Let the next calls be marked as sent, and neither leave nor be answered."""
        self.losing = times

    def look(self, call: Call) -> JsonObject:
        self.looked += 1
        return self.inner.look(call)

    def send(self, permit: ConsumedApproval, *, mark: Callable[[], None]) -> JsonObject:
        if self.before:
            self.before()
        self.sent.append(permit.call)
        self.permits.append(permit)
        if self.losing:
            self.losing -= 1
            mark()
            raise OutcomeUnknownError("It was sent, and no answer came.")
        try:
            return self.inner.send(permit, mark=mark)
        finally:
            if self.after:
                self.after()

    def send_many(
        self,
        permit: ConsumedApproval,
        elements: Sequence[Element],
        *,
        mark: Callable[[int, int], None],
        insist: Callable[[Sequence[Call]], None] | None = None,
    ) -> JsonObject:
        self.permits.append(permit)

        def marked(done: int, begun: int) -> None:
            if self.window:
                self.window(done)
            mark(done, begun)

        return self.inner.send_many(permit, elements, mark=marked, insist=insist)

    @property
    def rows(self) -> list[str]:
        return [call.row for call in self.sent]

    def identity(self, service: str) -> Identity:
        return self.inner.identity(service)


@dataclass
class Nothing:
    """Find nothing."""

    def runbooks(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        return []

    def fitting(self, words: Sequence[str], *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        return []

    def incidents(self, words: str, *, most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
        return []


@lru_cache(maxsize=4)
def _gate(lake: Lake, endpoint_url: str, read_timeout: float) -> AwsCloud:
    """Return the gate that all tables of a lake share; making its clients is what takes long."""
    lent = lake.credentials
    return AwsCloud(
        catalogue=CATALOGUE,
        platform=platform_of(lake),
        endpoint_url=endpoint_url,
        credentials=Credentials(access_key_id=lent.access_key_id, secret_access_key=lent.secret_access_key),
        read_timeout=read_timeout,
    )


def platform_of(lake: Lake) -> Platform:
    names = lake.names
    return Platform(
        name="PROD",
        account=names.account,
        account_name="lake-local",
        region=names.region,
        resources={
            "bronze_bucket": names.bronze_bucket,
            "silver_bucket": names.silver_bucket,
            "quarantine_bucket": names.quarantine_bucket,
            "artifacts_bucket": names.artifacts_bucket,
            "log_groups": (names.log_group,),
            "machines": (names.state_machine,),
            "machine": names.state_machine,
            "rules": (names.schedule_rule,),
            "daily_rule": names.schedule_rule,
            "namespace": names.namespace,
            "pipelines": (names.pipeline,),
            "gold_bucket": names.gold_bucket,
            "tfstate_bucket": names.state_bucket,
            "tfstate_keys": (names.state_key,),
            "lock_table": names.locks_table,
            "locks": (names.lock_id,),
            "database": names.database,
            "table": names.table,
            "tables": (names.table, names.quarantine_table),
            "quarantine_table": names.quarantine_table,
            "workgroup": names.workgroup,
            "workgroups": (names.workgroup,),
            "job": names.jobs[0],
            "jobs": (*names.jobs,),
            "function": names.promote_function,
            "functions": (names.promote_function, names.summary_function),
            "gate_function": names.summary_function,
            "project": names.deploy_project,
            "projects": (names.deploy_project,),
            "build_log_groups": (names.deploy_log_group,),
            "queue": names.failures_queue,
            "queues": (names.failures_queue, names.failures_dead_letters),
            "dead_letter_queue": names.failures_dead_letters,
            "dead_letter_queues": (names.failures_dead_letters,),
            "topics": (names.failures_topic, names.quarantine_topic),
            "quarantine_topic": names.quarantine_topic,
            "failures_topic": names.failures_topic,
            "etl_role": "etl-glue",
            "roles": ("etl-glue", "lake-deploy"),
        },
    )


class Table:
    """Play deliveries against a desk, and perform what they lead to."""

    def __init__(
        self,
        *,
        lake: Lake,
        clock: Clock,
        folder: Path,
        replica: str = "one",
        endpoint_url: str | None = None,
        read_timeout: float = 10.0,
    ) -> None:
        self.lake = lake
        self.folder = folder
        self.clock = clock
        self.directory = FakeDirectory()
        self.pager = FakePager()
        self.uploads = FakeUploads()
        self.remarks = FakeRemarks()
        self.runbooks = folder / "runbooks"
        if not self.runbooks.exists():
            self.runbooks.mkdir(parents=True)
            for source in RUNBOOKS.glob("*.md"):
                (self.runbooks / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
            for name, text in BOOKS.items():
                (self.runbooks / f"{name}.md").write_text(text, encoding="utf-8")
        self.counted: list[Counted] = []
        self.store = Store.open(
            f"sqlite:///{folder / 'bot.db'}",
            signer=signer_at(folder / "audit.key", trust=folder / "audit.pub"),
            anchors=folder_anchors(folder / "anchors"),
            clock=clock,
            kept=lambda change: self.counted.extend(counted(change)),
        )
        platform = platform_of(lake)
        self.zone: tzinfo = timezone(timedelta(hours=12 - clock.now().hour))  # it is about noon, whenever this is run
        self.cloud = CountingCloud(_gate(lake, endpoint_url or lake.endpoint_url, read_timeout))
        self.desk = Desk(
            records=self.store,
            cloud=self.cloud,
            pager=self.pager,
            directory=self.directory,
            library=FolderLibrary(self.runbooks, read=READ),
            assistant=ExtractiveAssistant(),
            logs=AwsLogs(Looking(catalogue=CATALOGUE, platform=platform, perform=self.cloud.look)),
            archive=FolderArchive(folder / "archives", published=folder / "postmortems"),
            uploads=self.uploads,
            remarks=self.remarks,
            search=Nothing(),
            catalogue=CATALOGUE,
            policy=POLICY,
            platform=platform,
            environment="prod",
            team=TEAM,
            channel=CHANNEL,
            replica=replica,
            alive=lambda owner: owner not in self.dead,
            zone=lambda _person: self.zone,
        )
        self.dead: set[str] = set()
        self._before = self._newest_version()
        self._count = 0
        self._loads = 0
        self._shown: dict[str, Card] = {}
        self.silent_channels: set[str] = set()

    def close(self) -> None:
        self.store.close()

    def another(self, replica: str = "two") -> "Table":
        """Sit down with the same records as another process of the bot; only one of both performs at a time."""
        self.store.close()
        return Table(lake=self.lake, clock=self.clock, folder=self.folder, replica=replica)

    def insist_on_the_story(self) -> None:
        """Insist that the audit is whole, and that each request to AWS had its attempt under a consumed approval."""
        keys = trusted_keys(self.folder / "audit.pub")
        told = verify_store(
            f"sqlite:///{self.folder / 'bot.db'}", keys=keys, anchors=folder_anchors(self.folder / "anchors")
        )
        assert told.whole, told
        reading = Store.read_only(f"sqlite:///{self.folder / 'bot.db'}", clock=self.clock)
        try:
            self._insist_on_permits(reading)
        finally:
            reading.close()

    def _insist_on_permits(self, store: Store) -> None:
        taken = [record for record, _ in store.audit(most=10_000) if record.body.kind == "call.taken"]
        for permit in self.cloud.permits:
            approval = store.approval(permit.approval)
            attempt = next(one for one in store.attempts(approval.run) if one.id == permit.attempt)
            assert attempt.call == permit.call, attempt
            assert attempt.sent_at is not None or attempt.state is AttemptState.FAILED, attempt
            assert permit.call in [one.call for one in approval.binding.calls], approval
            assert approval.used > 0, approval
            assert any(record.body.facts["digest"] == permit.digest for record in taken), permit

    def wish(
        self,
        person: str | None,
        wish: Wish,
        *,
        ts: str | None = None,
        identity: str | None = None,
        channel: str = CHANNEL,
        said: str = "",
    ) -> None:
        """Let a person want something, and perform everything that is due."""
        self.send(person, wish, ts=ts, identity=identity, channel=channel, said=said)
        self.drive()

    def send(
        self,
        person: str | None,
        wish: Wish,
        *,
        ts: str | None = None,
        identity: str | None = None,
        channel: str = CHANNEL,
        said: str = "",
    ) -> bool:
        self._count += 1
        return self.store.accept(
            Delivery(
                identity=identity or f"{self.desk.replica}-{self._count}",
                wish=wish,
                person=person,
                place=Place(team=TEAM, channel=channel, ts=ts),
                said=said,
                at=self.clock.now(),
            )
        )

    def deal(self) -> None:
        """Deal with what came in, and with nothing else that is due."""
        for number in self.store.deliveries():
            perform_work(self.desk, f"inbox:{number}")
        self._show()

    def segment(self) -> None:
        """Perform what is due once, and nothing that becomes due by it."""
        for wait in self.store.open_waits(due=self.clock.now()):
            perform_work(self.desk, wait.key)
        self._show()

    def also_sees(self, action: str, beside: JsonObject) -> None:
        """Let an action see something more beside what it proposes on; `beside` can be changed later."""
        known = self.desk.catalogue
        found = known.action(action)
        propose = found.propose
        assert propose is not None

        def seeing(look: Look, params: object, occasion: Occasion) -> Proposal:
            proposal = propose(look, params, occasion)
            return proposal.model_copy(update={"seen": {**proposal.seen, **beside}})

        wider = replace(known, actions={**known.actions, action: replace(found, propose=seeing)})
        object.__setattr__(self.desk, "catalogue", wider)

    def refuse_to_take(self) -> None:
        """Let the records refuse every taking, as if somebody else were always first."""

        def take(taking: Taking) -> Taken:
            raise StaleError(f"Somebody else was first: {taking.attempt.step}.")

        object.__setattr__(self.store, "take", take)

    def segment_of(self, run: int) -> None:
        """Perform what is due of one run, once."""
        for wait in self.store.open_waits(due=self.clock.now()):
            if wait.key.startswith(f"segment:{run}:"):
                perform_work(self.desk, wait.key)

    def drive(self, *, seconds: float = 240) -> None:
        """Perform what is due until nothing is; the clock is moved for those that poll."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < until:
            due = [f"inbox:{number}" for number in self.store.deliveries()]
            due += [wait.key for wait in self.store.open_waits(due=self.clock.now())]
            if not due and not self._poll():
                return
            for work in due:
                perform_work(self.desk, work)
            self._show()

    def _poll(self) -> bool:
        """Return whether a run looks again soon; the lake gets a moment, then the clock is moved to that hour."""
        polls = [run.waiting for run in self.store.runs() if run.waiting and run.waiting.what is Awaiting.POLL]
        if not polls:
            return False
        time.sleep(0.3)
        due = min(one.due for one in polls if one.due)
        self.clock.advance(max(0.0, (due - self.clock.now()).total_seconds()))
        return True

    def _show(self) -> None:
        """Stand every request on a card, as the renderer would."""
        for card in self.store.cards_behind():
            if card.channel in self.silent_channels:
                continue
            self._shown[card.key] = card
            ts = card.ts or f"ts-{card.key}"
            self.store.card_shown(card.key, ts=ts, shown=card.wanted, edition=card.edition)

    def run(self, number: int = 1) -> Run:
        return self.store.run(number)

    def start(self, person: str = ANA, runbook: str = "circuit-breaker", *, drive: bool = True, **inputs: str) -> Run:
        """Start a runbook, and return the newest run."""
        given = {"pipeline": "transactions"} if runbook == "circuit-breaker" else {"reason": REASON}
        (self.wish if drive else self.send)(person, StartRun(runbook=runbook, inputs={**given, **inputs}))
        return self.store.runs(open_only=False)[0] if drive else self.run()

    def half_open_asked(self) -> Approval:
        """Play the circuit breaker until the request to half-open it is posted."""
        self.start(ANA)
        self.approve(ANA)
        self.reason(ANA)
        asked = self.newest()
        assert asked.step == "half_open", self.run()
        return asked

    def newest(self) -> Approval:
        return self.store.approvals()[0]

    def approve(
        self, person: str, approval: Approval | None = None, *, identity: str | None = None, drive: bool = True
    ) -> Approval:
        """Let a person press Approve on a request, the newest if none is given, as its card stands now."""
        asked = approval or self.newest()
        card = self.store.card(f"request:{asked.id}")
        assert card is not None
        vote = CastVote(approval=asked.id, edition=card.edition)
        (self.wish if drive else self.send)(person, vote, ts=card.ts, identity=identity)
        return self.store.approval(asked.id)

    def reason(self, person: str = ANA) -> None:
        inputs = {"reason": REASON}
        self.wish(person, GiveInputs(run=self.run().id, inputs=inputs))

    def done(self, person: str = ANA, step: str = "step_3") -> None:
        """Let a person say that a manual step is done."""
        self.wish(person, MarkDone(run=self.run().id, step=step))

    def ask_again(self, person: str = ANA) -> None:
        self.wish(person, AskAgain(run=self.run().id))

    def forget_whispers(self) -> None:
        for key in [key for key in self._shown if key.startswith("whisper:")]:
            del self._shown[key]

    def shown(self) -> list[str]:
        return list(self._shown)

    def whispers(self) -> list[JsonObject]:
        return [card.payload for card in self._cards() if card.key.startswith("whisper:")]

    def cards(self, prefix: str) -> list[Card]:
        """Return what is shown under keys that begin so."""
        return [card for card in self._cards() if card.key.startswith(prefix)]

    def refused(self) -> str:
        words = [str(one["words"]) for one in self.whispers() if one.get("what") == "refused"]
        assert words, "nobody was refused"
        return words[-1]

    def notices(self) -> list[str]:
        return [str(card.payload["what"]) for card in self._cards() if "what" in card.payload and not card.to]

    def _cards(self) -> list[Card]:
        return list(self._shown.values())

    def attempts(self, run: int = 1) -> list[Attempt]:
        return list(self.store.attempts(run))

    def audited(self) -> list[AuditRecord]:
        """Return the audit, oldest first."""
        return [record for record, _ in reversed(self.store.audit(most=1000))]

    def kinds(self) -> list[str]:
        return [record.body.kind for record in self.audited()]

    def breaker(self) -> str:
        names = self.lake.names
        body = self.lake.clients.s3.get_object(Bucket=names.artifacts_bucket, Key=names.breaker_key)["Body"].read()
        return body.decode()

    def document(self) -> JsonObject:
        found: JsonObject = json.loads(self.breaker())
        return found

    def state(self) -> str:
        return str(self.document()["state"])

    def write_breaker(self, **fields: str) -> None:
        """Let somebody else write fields of the breaker file."""
        self.put_breaker(json.dumps({**json.loads(self.breaker()), **fields}).encode())

    def put_breaker(self, body: bytes) -> None:
        """Let somebody else write the breaker file, whatever is in it."""
        names = self.lake.names
        self.lake.clients.s3.put_object(Bucket=names.artifacts_bucket, Key=names.breaker_key, Body=body)

    def written(self) -> list[str]:
        """Return the versions of the breaker file that were written since the table was laid."""
        names, s3 = self.lake.names, self.lake.clients.s3
        found = s3.list_object_versions(Bucket=names.artifacts_bucket, Prefix=names.breaker_key, MaxKeys=MOST_WRITES)
        newest_first = [one["VersionId"] for one in found["Versions"]]
        return newest_first[: newest_first.index(self._before)]

    def _newest_version(self) -> str:
        names, s3 = self.lake.names, self.lake.clients.s3
        return s3.head_object(Bucket=names.artifacts_bucket, Key=names.breaker_key)["VersionId"]

    def probes(self) -> list[str]:
        """Return the names of the probes that ran since the lake was broken, by this table's runs."""
        arn = self.lake.names.state_machine_arn
        found = self.lake.clients.sfn.list_executions(stateMachineArn=arn)["executions"]
        ours = {str(call.params["name"]) for call in self.cloud.sent if call.row == "states.start_isolated"}
        return [one["name"] for one in found if one["name"] in ours]

    def bad_file(self) -> str:
        return self.lake.names.raw_key(self.clock.now().date(), BAD_FILE)

    def raw_file(self, mark: str, *, body: bytes | None = None) -> str:
        """Let the source send the corrected file once more, under another name; return its key."""
        names, s3 = self.lake.names, self.lake.clients.s3
        key = self.bad_file().replace(BAD_FILE, f"{BAD_FILE}.{mark}")
        found = body or s3.get_object(Bucket=names.bronze_bucket, Key=self.bad_file())["Body"].read()
        s3.put_object(Bucket=names.bronze_bucket, Key=key, Body=found)
        return key

    def running_loads(self, count: int) -> list[str]:
        """Start loads that run until somebody stops them: nobody answers their task."""
        if self.state() != "CLOSED":
            self.write_breaker(state="CLOSED")
        self.lake.pause()
        arn = self.lake.names.state_machine_arn
        started = []
        for _ in range(count):
            self._loads += 1
            given = json.dumps({"pipeline": "transactions", "ingest_date": "2026-11-23", "promote": True})
            name = f"load-{self._loads}-{self.store.installation}"
            started.append(self.lake.clients.sfn.start_execution(stateMachineArn=arn, name=name, input=given))
        return [one["executionArn"] for one in started]

    def status(self, execution: str) -> str:
        return self.lake.clients.sfn.describe_execution(executionArn=execution)["status"]

    def edit(self, runbook: str, old: str, new: str) -> None:
        """Let somebody edit a runbook."""
        file = self.runbooks / f"{runbook}.md"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def rule(self) -> str:
        return self.lake.clients.events.describe_rule(Name=self.lake.names.schedule_rule)["State"]

    def later(self, delta: timedelta) -> None:
        self.clock.advance(delta.total_seconds())

    def now(self) -> datetime:
        return self.clock.now()

    def open_states(self) -> list[ApprovalState]:
        return [one.state for one in self.store.approvals()]
