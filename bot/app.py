"""The composition root: plain constructor calls from settings to a bot that can be started and closed.

`serve` and the workbench build the same bot with the same call; only the workbench passes a clock and endpoints, which
neither the environment nor bot.toml can set.
"""

import logging
import secrets
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from functools import partial
from itertools import chain
from time import monotonic

from bot.actions.catalogue import CATALOGUE
from bot.anchoring import anchors_of, plumbing_of
from bot.assistant.breaker import FAULTS, Breaker
from bot.assistant.budget import Budget
from bot.assistant.extractive import ExtractiveAssistant
from bot.assistant.fallback import FallbackAssistant
from bot.assistant.folder import read_prompts
from bot.assistant.model import Closable, Later
from bot.assistant.writing import Writer
from bot.aws.bedrock import BedrockRuntime
from bot.aws.clients import READ_TIMEOUT_S, Credentials, refuse_redirects
from bot.aws.cloud import AwsCloud
from bot.aws.intake import AlarmIntake, ours
from bot.aws.logs import AwsLogs
from bot.aws.plumbing import Plumbing
from bot.aws.posted import PostedAlarms
from bot.documents.views import DraftViews
from bot.domain.action import Catalogue, Looking, Platform
from bot.domain.alarm import AlarmNotice
from bot.domain.claims import check
from bot.domain.inbox import OF_ALARM, AlarmCame, Delivery
from bot.domain.metrics import STARTS, measured
from bot.domain.people import Person, Place
from bot.domain.reading import read_runbook
from bot.domain.reasons import asking_why
from bot.domain.remarks import Remark
from bot.domain.uploads import Upload
from bot.engine.transact import DbosEngine
from bot.errors import EdgeError, UnavailableError
from bot.ports import Assistant, Clock, Directory, Remarks, Uploads
from bot.records.archives import FolderArchive
from bot.records.index import RunbookIndex
from bot.records.library import FolderLibrary
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.settings import AssistantSettings, Settings, environment
from bot.slack.app import build_app
from bot.slack.cards.stage import Stage
from bot.slack.chat import SlackChat, WebClient, web_client
from bot.slack.commands import Commands
from bot.slack.directory import Memory, SlackDirectory, hasty, patient
from bot.slack.drawing import Drawing
from bot.slack.files import SlackFiles
from bot.slack.links import Links
from bot.slack.opened import Opened
from bot.slack.remarks import SlackRemarks
from bot.slack.renderer import Renderer
from bot.slack.transport import HttpTransport, PostedTransport, SocketTransport, Transport, Urgent
from bot.slack.views import Views
from bot.usecases.desk import Desk, nowhere, utc_for
from bot.usecases.edits import Edits
from bot.usecases.measuring import EVERY, Acknowledgements, Standing, tell
from bot.usecases.plans import Plan, plan
from bot.usecases.postmortems.drafts import pages
from bot.usecases.restoring import restore
from bot.usecases.starting import fill
from bot.usecases.work import THREADS, Bell, Failures, Performer, Precedence, Sweeper

log = logging.getLogger(__name__)

INTAKE_PAUSE = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=2)
VOICE_KEPT = timedelta(seconds=5)
ALARMS_PATH = "/aws/alarms"
WELL_WITHIN = timedelta(seconds=30)
"""A part that gave no sign of life for so long does not work; the slowest of them looks every 300 ms."""


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Say where Slack and AWS are, when they are not the real ones; only the workbench makes one.

    Attributes:
        aws_read_timeout_s: how long an answer of AWS is waited for.
        bedrock_faults: after how many faults in a row a model is left alone for a while.
        card_interval: the least time between two editions of a card.
        standing_every: how often it is measured how the bot stands.
    """

    slack_url: str | None = None
    aws_url: str | None = None
    aws_credentials: Credentials | None = None
    aws_read_timeout_s: float = READ_TIMEOUT_S
    bedrock_url: str | None = None
    bedrock_credentials: Credentials | None = None
    bedrock_faults: int = FAULTS
    intake_wait_s: int = 20
    card_interval: timedelta = timedelta(seconds=1)
    standing_every: timedelta = EVERY


class Pulse:
    """Say which parts of this process do not work, in words for whoever watches it."""

    def __init__(self, *, beats: Callable[[], bool], sweeps: Callable[[], bool]) -> None:
        """Take what says whether the engine beats in the records, and whether the sweeper comes round."""
        self._beats = beats
        self._sweeps = sweeps
        self._threads: list[threading.Thread] = []
        self._hears: Callable[[], bool] = lambda: True

    def watch(self, threads: list[threading.Thread], *, hears: Callable[[], bool]) -> None:
        """Insist that these live, and that Slack is heard, too."""
        self._threads = threads
        self._hears = hears

    def ailing(self) -> tuple[str, ...]:
        """Return the names of what does not work."""
        try:
            found = [] if self._beats() else ["engine"]
        except EdgeError:
            found = ["database"]
        if not self._sweeps():
            found.append("sweeper")
        if not self._hears():
            found.append("slack")
        return (*found, *(thread.name for thread in self._threads if not thread.is_alive()))


class Bot:
    """Hold the parts of one running bot, and start and stop them in the order that works."""

    def __init__(
        self,
        *,
        desk: Desk,
        store: Store,
        engine: DbosEngine,
        sweeper: Sweeper,
        renderer: Renderer,
        transport: Transport,
        intake: AlarmIntake | None,
        intake_wait_s: int,
        bell: Bell,
        pulse: Pulse,
        model: Later | None,
        closes: tuple[AwsCloud, Plumbing],
    ) -> None:
        self.desk = desk
        self.store = store
        self._engine = engine
        self._sweeper = sweeper
        self._renderer = renderer
        self._transport = transport
        self._intake = intake
        self._intake_wait_s = intake_wait_s
        self._bell = bell
        self._model = model
        self._closes = closes
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        pulse.watch(self._threads, hears=lambda: transport.connected)

    def start(self) -> None:
        """Start everything; returns once Slack is connected."""
        behind = self.store.behind_anchor()
        if behind is not None:
            restore(self.desk, anchor=behind.hash)
        self._engine.launch()
        self._sweeper.start()
        self._spawn(lambda: self._renderer.run(self._stopping), "renderer")
        if self._intake is not None:
            self._spawn(self._take_alarms, "intake")
        self._transport.start()
        if self._model is not None:  # not waited for at close: loading takes seconds and changes nothing
            threading.Thread(target=self._model.warm, name="assistant", daemon=True).start()
        log.info("The bot is ready.", extra={"replica": self.desk.replica, **measured((STARTS, 1))})

    def close(self) -> None:
        """Stop taking work in, finish what is under way, and close; safe to call twice."""
        self._stopping.set()
        self._transport.close()
        self._sweeper.close()
        self._engine.close()
        for thread in self._threads:
            thread.join(timeout=self._intake_wait_s + 5)
        self._threads.clear()
        self.store.close()
        if self._model is not None:
            self._model.close()
        for one in self._closes:
            one.close()

    @property
    def wsgi(self) -> HttpTransport | None:
        """Return what Slack's posts go to, where the transport is signed HTTP."""
        return self._transport.wsgi if isinstance(self._transport, PostedTransport) else None

    def wait(self) -> None:
        """Block until close is called from elsewhere."""
        self._stopping.wait()

    def _spawn(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _take_alarms(self) -> None:
        while self._intake is not None and not self._stopping.is_set():
            try:
                self._intake.take(self._accept_alarm, wait_s=self._intake_wait_s)
            except Exception:  # whatever one message does, the others are still heard
                log.exception("The alarm queue could not be read to the end; it is asked again.")
                self._stopping.wait(INTAKE_PAUSE.total_seconds())

    def _accept_alarm(self, notice: AlarmNotice) -> None:
        self.store.accept(alarm_delivery(self.desk, notice))
        self._bell.ring()


def build(settings: Settings, *, clock: Clock | None = None, endpoints: Endpoints | None = None) -> Bot:
    """Return the bot of one environment, ready to start.

    Raises:
        RequestError: a setting does not fit; the words say which.
    """
    if endpoints is None:
        refuse_redirects(environment())
        endpoints = Endpoints()
    plumbing = _plumbing(settings, endpoints)
    cloud = _cloud(settings, endpoints)
    store = Store.open(
        settings.records.url,
        signer=signer_at(settings.records.signing_key, trust=settings.records.trusted_keys),
        anchors=anchors_of(settings, plumbing),
        clock=clock,
        kept=tell,
    )
    replica = f"{socket.gethostname()}-{secrets.token_hex(6)}"
    client = web_client(settings.slack.bot_token.get_secret_value(), base_url=endpoints.slack_url)
    chat = SlackChat(client, commands=Commands(names=settings.slack.commands))
    links = Links(chat, workspace=settings.slack.workspace_url)
    policy, team, known = settings.the_policy(), settings.slack.team, Memory()
    directory = SlackDirectory(client=patient(client), policy=policy, team=team, memory=known)
    assistant, model = assistant_of(settings, store=store, endpoints=endpoints)
    desk = _desk(
        settings,
        store=store,
        cloud=cloud,
        plumbing=plumbing,
        directory=directory,
        replica=replica,
        assistant=assistant,
        catalogue=_catalogue(endpoints),
        uploads=SlackFiles(patient(client)),
        permalink=links.to,
        remarks=SlackRemarks(patient(client), directory=directory),
    )
    quick = SlackDirectory(client=hasty(client), policy=policy, team=team, memory=known)
    failures = Failures()
    bell, precedence = Bell(), Precedence()
    engine = DbosEngine(
        perform=Performer(desk=desk, nudge=bell.ring, failures=failures, give_way=precedence.give_way),
        claims=store,
        database_url=settings.records.engine_url,
        installation=store.installation,
        replica=replica,
        concurrency=THREADS,
        dead_after=DEAD_AFTER,
    )
    pulse = Pulse(
        beats=lambda: replica in store.living(within=WELL_WITHIN), sweeps=lambda: sweeper.swept(within=WELL_WITHIN)
    )
    acknowledgements = Acknowledgements(precedence.urgent)
    standing = Standing(
        records=store,
        ailing=pulse.ailing,
        anchored=store.anchor_age,
        acknowledged=acknowledgements.take,
        every=endpoints.standing_every,
    )
    sweeper = Sweeper(
        records=store,
        engine=engine,
        failures=failures,
        bell=bell,
        also=_also(
            store.anchor_if_due,
            Edits(desk).look,
            *([standing.tell_if_due] if settings.metrics.namespace else []),
        ),
        give_way=precedence.give_way,
    )
    answering = replace(desk, directory=quick)
    return Bot(
        desk=desk,
        store=store,
        engine=engine,
        sweeper=sweeper,
        renderer=Renderer(
            records=store,
            drawing=_drawing(desk),
            chat=chat,
            uploads=desk.uploads,
            links=links,
            interval=endpoints.card_interval.total_seconds(),
            leads=lambda: store.leads("renderer", by=replica, during=VOICE_KEPT),
        ),
        transport=_transport(
            settings,
            client=client,
            desk=answering,
            zone=quick.zone,
            bell=bell,
            pulse=pulse,
            urgent=acknowledgements.timed,
        ),
        intake=_intake(settings, desk=desk, plumbing=plumbing),
        intake_wait_s=endpoints.intake_wait_s,
        bell=bell,
        pulse=pulse,
        model=model,
        closes=(cloud, plumbing),
    )


def plan_alone(settings: Settings, name: str, given: Mapping[str, str], *, endpoints: Endpoints | None = None) -> Plan:
    """Return the plan of a runbook, reading the lake for real, with no Slack and nothing kept.

    Raises:
        RequestError: the runbook or an input does not fit, or no bot was ever started on these records.
    """
    if endpoints is None:
        refuse_redirects(environment())
        endpoints = Endpoints()
    plumbing, cloud = _plumbing(settings, endpoints), _cloud(settings, endpoints)
    store = Store.read_only(settings.records.url)
    try:
        desk = _desk(
            settings,
            store=store,
            cloud=cloud,
            plumbing=plumbing,
            directory=_Nobody(),
            replica="plan",
            assistant=ExtractiveAssistant(),
            catalogue=_catalogue(endpoints),
            uploads=_NoUploads(),
            remarks=_NoRemarks(),
        )
        runbook = asking_why(desk.library.find(name), desk.catalogue)
        place = Place(team=desk.team, channel=desk.channel)
        inputs = fill(desk, runbook, given, {})
        return plan(desk, runbook, inputs=inputs, facts={}, requester="cli", place=place)
    finally:
        store.close()
        cloud.close()
        plumbing.close()


def _desk(
    settings: Settings,
    *,
    store: Store,
    cloud: AwsCloud,
    plumbing: Plumbing,
    directory: Directory,
    replica: str,
    assistant: Assistant,
    catalogue: Catalogue,
    uploads: Uploads,
    remarks: Remarks,
    permalink: Callable[[str, str], str] = nowhere,
) -> Desk:
    library = FolderLibrary(settings.runbooks, read=read_runbook)
    copy = plumbing.publish if settings.records.published_copy else None
    return Desk(
        records=store,
        cloud=cloud,
        pager=plumbing,
        directory=directory,
        library=library,
        logs=AwsLogs(Looking(catalogue=CATALOGUE, platform=settings.the_platform(), perform=cloud.look)),
        uploads=uploads,
        remarks=remarks,
        archive=FolderArchive(settings.records.archives, published=settings.records.published, copy=copy),
        search=RunbookIndex(settings.records.index, runbooks=library.runbooks, incidents=lambda: pages(store)),
        assistant=assistant,
        catalogue=catalogue,
        policy=settings.the_policy(),
        platform=settings.the_platform(),
        environment=settings.environment,
        team=settings.slack.team,
        channel=settings.slack.channel,
        replica=replica,
        alive=lambda owner: owner == replica or owner not in store.dead(after=DEAD_AFTER),
        zone=directory.zone if isinstance(directory, SlackDirectory) else utc_for,
        morning=settings.slack.morning_hour,
        permalink=permalink,
    )


def assistant_of(settings: Settings, *, store: Store, endpoints: Endpoints) -> tuple[Assistant, Later | None]:
    """Return the assistant, and its model if it has one, to be loaded while nobody waits for it."""
    chosen, platform = settings.assistant, settings.the_platform()
    prompts, plain = read_prompts(settings.prompts), ExtractiveAssistant()
    if not chosen.model:
        return plain, None
    model = Later(lambda: _bedrock(chosen, region=chosen.region or platform.region, endpoints=endpoints))
    writer = Writer(
        model=model,
        prompts=prompts,
        check=partial(check, names=_names(platform)),
        budget=Budget(
            counters=store,
            now=store.now,
            per_incident=chosen.tokens_per_incident,
            per_person=chosen.tokens_per_person,
            per_channel=chosen.tokens_per_channel,
            per_day=chosen.tokens_per_day,
            kept=chosen.kept_for_severity_1,
        ),
        boundary=lambda: f"data-{secrets.token_hex(16)}",
    )
    fallback = FallbackAssistant(
        writer=writer,
        plain=plain,
        breaker=Breaker(now=monotonic, faults=endpoints.bedrock_faults),
        deadline=timedelta(seconds=chosen.deadline_seconds),
        draft_deadline=timedelta(seconds=chosen.draft_deadline_seconds),
        at_once=chosen.at_once,
    )
    return fallback, model


def _bedrock(chosen: AssistantSettings, *, region: str, endpoints: Endpoints) -> Closable:
    from bot.assistant.bedrock import Bedrock, Choice  # noqa: PLC0415 - loads langchain, which takes seconds

    runtime = BedrockRuntime(
        region=region, endpoint_url=endpoints.bedrock_url, credentials=endpoints.bedrock_credentials
    )
    return Bedrock(runtime, Choice.model_validate(chosen.model_dump(include=set(Choice.model_fields))))


def _names(platform: Platform) -> tuple[str, ...]:
    """Return what a sentence may name although no item does: the platform's own resources."""
    listed = ((one,) if isinstance(one, str) else one for one in platform.resources.values())
    return (platform.name, platform.account_name, *chain.from_iterable(listed))


def _catalogue(endpoints: Endpoints) -> Catalogue:
    """Return what can be done there: the local lake says of some actions that it cannot."""
    return CATALOGUE.imitated() if endpoints.aws_url else CATALOGUE


class _Nobody:
    """Stand for a directory where no person is: nothing is asked of Slack for a plan on the terminal."""

    def person(self, person: str, *, fresh: bool = False) -> Person:
        """Know nobody."""
        raise UnavailableError("There is no Slack here to ask who that is.")

    def members(self, role: str, *, fresh: bool = False) -> frozenset[str]:
        """Know no group."""
        raise UnavailableError("There is no Slack here to ask who is in that role.")

    def shared(self, channel: str) -> bool:
        """Know no channel."""
        raise UnavailableError("There is no Slack here to ask about that channel.")


class _NoUploads:
    """Stand for what people share where there is no Slack."""

    def shared(self, channel: str, *, thread: str | None) -> Sequence[Upload]:
        """Know no file."""
        return ()

    def upload(self, file: str) -> Upload:
        """Know no file."""
        raise UnavailableError("There is no Slack here to ask for a file.")

    def content(self, upload: Upload) -> bytes:
        """Hold no file."""
        raise UnavailableError("There is no Slack here to ask for a file.")


class _NoRemarks:
    """Stand for what people say where there is no Slack."""

    def remark(self, channel: str, ts: str) -> Remark | None:
        """Know no message."""
        raise UnavailableError("There is no Slack here to ask for a message.")


def _also(*done: Callable[[], object]) -> Callable[[], None]:
    """Return one function that does each in turn."""

    def do_all() -> None:
        for one in done:
            one()

    return do_all


def _drawing(desk: Desk) -> Drawing:
    return Drawing(
        records=desk.records,
        library=desk.library,
        directory=desk.directory,
        catalogue=desk.catalogue,
        policy=desk.policy,
        platform=desk.platform,
        serves=desk.environment,
        documents=DraftViews(),
    )


def _transport(
    settings: Settings,
    *,
    client: WebClient,
    desk: Desk,
    zone: Callable[[str], tzinfo],
    bell: Bell,
    pulse: Pulse,
    urgent: Urgent,
) -> Transport:
    def accept(delivery: Delivery) -> bool:
        new = desk.records.accept(delivery)
        bell.ring()
        return new

    def stage() -> Stage:
        return Stage(
            policy=desk.policy,
            platform=desk.platform,
            serves=desk.environment,
            catalogue=desk.catalogue,
            now=desk.now(),
        )

    secret = settings.slack.signing_secret.get_secret_value()
    app = build_app(
        accept=accept,
        now=desk.now,
        client=client,
        signing_secret=secret,
        views=Views(desk=desk, stage=stage, opened=Opened(kept=desk.records, now=desk.now), zone=zone),
        commands=Commands(names=settings.slack.commands),
        note_emoji=settings.slack.note_emoji,
    )
    if settings.slack.transport == "http":
        also = _posted(settings, desk=desk, bell=bell)
        return PostedTransport(app, signing_secret=secret, ailing=pulse.ailing, also=also, urgent=urgent)
    return SocketTransport(app, app_token=settings.slack.app_token.get_secret_value(), client=client, urgent=urgent)


def _posted(settings: Settings, *, desk: Desk, bell: Bell) -> Mapping[str, PostedAlarms]:
    """Return what else is posted to this process: alarms, where they come by HTTPS."""
    if not settings.alarms.posted:
        return {}
    topics = frozenset(settings.alarms.topic_arns)

    def accept(notice: AlarmNotice) -> None:
        desk.records.accept(alarm_delivery(desk, notice))
        bell.ring()

    return {
        ALARMS_PATH: PostedAlarms(
            region=desk.platform.region,
            topic_arns=topics,
            ours=lambda notice: ours(notice, platform=desk.platform, topic_arns=topics),
            accept=accept,
        )
    }


def alarm_delivery(desk: Desk, notice: AlarmNotice) -> Delivery:
    """Return what is kept of an alarm that came in, once for each message of SNS."""
    return Delivery(
        identity=f"{OF_ALARM}{notice.message_id}",
        wish=AlarmCame(notice=notice),
        person=None,
        place=Place(team=desk.team, channel=desk.channel),
        at=desk.now(),
    )


def _intake(settings: Settings, *, desk: Desk, plumbing: Plumbing) -> AlarmIntake | None:
    if not settings.alarms.queue_url:
        return None
    return AlarmIntake(
        plumbing=plumbing,
        platform=desk.platform,
        topic_arns=frozenset(settings.alarms.topic_arns),
    )


def _cloud(settings: Settings, endpoints: Endpoints) -> AwsCloud:
    return AwsCloud(
        catalogue=CATALOGUE,
        platform=settings.the_platform(),
        endpoint_url=endpoints.aws_url,
        credentials=endpoints.aws_credentials,
        read_timeout=endpoints.aws_read_timeout_s,
    )


def _plumbing(settings: Settings, endpoints: Endpoints) -> Plumbing:
    return plumbing_of(settings, endpoint_url=endpoints.aws_url, credentials=endpoints.aws_credentials)
