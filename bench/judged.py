"""Both assistants on incidents with a planted cause: every sentence supported, not determined, or false.

And of each draft: is the planted cause among the first three candidates, and is the timeline in order?
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.figures import Table
from bench.incidents import Scene, Took, Watch, Words, broken, lake_in
from bench.truth import NEAR, Truth, Verdict, truth_of
from bench.twisted import CHANGED, FLIPPED, SWAPPED, caught
from bot.app import Endpoints, assistant_of
from bot.aws.clients import borrowed_credentials
from bot.domain.claims import Claim
from bot.domain.postmortem.draft import Draft
from bot.errors import InvalidError
from bot.ports import Assistant
from bot.records.store import Store
from bot.settings import Settings, environment, load
from bot.workbench.scenarios.registry import SCENARIOS

LINES, LINES_TINY = 3_000, 300
WORDS = ("suggestion", "answer", "draft")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Hold what became of the sentences on one incident.

    Attributes:
        of: verdicts by where the sentences stand: suggestion, answer or draft.
        false: the sentences that are false.
        unsure: the sentences nothing planted tells about.
        place: of the planted cause among the draft's candidates, from 1.
        in_order: whether the timeline is, and the log's begin is near the planted one.
        dropped: sentences the bot's own check dropped before anybody saw them.
        quoting: replies that no model worded, of suggestion and answer.
        twisted: of each way to make a sentence false, how often `postmortem check` found it, and of how many.
    """

    name: str
    of: dict[str, Counter[Verdict]]
    false: tuple[str, ...]
    unsure: tuple[str, ...]
    place: int | None
    in_order: bool
    lines: int
    took: Took
    dropped: int
    quoting: int
    twisted: dict[str, tuple[int, int]]


@dataclass
class _Bench:
    """Collect verdicts."""

    truth: Truth
    of: dict[str, Counter[Verdict]] = field(default_factory=dict)
    false: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def hear(self, where: str, claims: Iterator[Claim] | tuple[Claim, ...]) -> None:
        for claim in claims:
            verdict = self.truth.judge(claim.text, by=claim.by)
            self.of.setdefault(where, Counter())[verdict] += 1
            if verdict is Verdict.FALSE:
                self.false.append(claim.text)
            elif verdict is Verdict.UNKNOWN:
                self.unsure.append(claim.text)


def measure(*, tiny: bool = False) -> Iterator[Table]:
    """Break everything, let it be worded, judge, and yield the tables."""
    names = list(SCENARIOS)[:1] if tiny else list(SCENARIOS)
    with TemporaryDirectory() as folder:
        found = list(judge(Path(folder), names, lines=LINES_TINY if tiny else LINES))
    away, model = _bedrock()
    rows = [_rates("without a model", found)]
    if model is None:
        rows.append(("with Bedrock", *(["not measured"] * (len(RATE_HEADS) - 1))))
    else:
        with TemporaryDirectory() as folder:
            worded = list(judge(Path(folder), names, lines=LINES, assistant=model))
        rows.append(_rates("with Bedrock", worded))
        away = f"of suggestions and answers with Bedrock, {sum(one.quoting for one in worded)} were not worded by it"
    yield Table(
        title="Sentences on incidents with a planted cause",
        heads=RATE_HEADS,
        rows=tuple(rows),
        notes=(
            *([away] if away else []),
            "judged against what was done to the lake, not against what the bot gathered; the same hand wrote both",
            "quoted: a runbook's or an alarm's own words, under their name; in no rate",
            *(f"false: {one[:200]}" for judged in found for one in judged.false),
        ),
    )
    yield Table(
        title="Drafts of incidents with a planted cause",
        heads=("failure", "lines", "place of the cause", "timeline in order", *WORDS, "draft s", "CPU-s"),
        rows=tuple(_row(one) for one in found),
        notes=("of suggestion, answer and draft: supported / not determined / false",),
    )
    yield _twisted(found)


def _twisted(found: list[Judged]) -> Table:
    rows = []
    for way, least in ((SWAPPED, "100 %"), (CHANGED, "99 %"), (FLIPPED, "95 %")):
        seen, of = (sum(one.twisted[way][place] for one in found) for place in (0, 1))
        rows.append((way, f"{seen} of {of} ({100 * seen / max(1, of):.1f} %)", least))
    return Table(
        title="`postmortem check`: sentences of these drafts, each made false in one way",
        heads=("made false by", "found", "wanted"),
        rows=tuple(rows),
        notes=("each draft as it was made holds; what people state is not tried",),
    )


RATE_HEADS = ("assistant", "sentences", "supported", "not determined", "false", "quoted", "dropped by its own check")


def judge(folder: Path, names: list[str], *, lines: int, assistant: Words | None = None) -> Iterator[Judged]:
    """Yield what became of each incident."""
    with lake_in(folder) as lake:
        for number, name in enumerate(names):
            with broken(lake, name, folder, lines=lines, assistant=assistant, over=number > 0) as scene:
                yield judged(scene)


def judged(scene: Scene, *, twist: bool = True) -> Judged:
    """Have one incident suggested for, asked about and drafted, and judge every sentence.

    Args:
        twist: whether each sentence of the draft is made false too, for `postmortem check` to find.
    """
    random = Random(scene.name)  # noqa: S311 - the same cases every time
    suggestion, answer = scene.suggestion(), scene.answer()
    declared = scene.lake.clock.now()
    watch = Watch()
    draft = scene.draft()
    took = watch.stop()
    document = draft.document
    assert document is not None  # noqa: S101 - it is ready
    over = document.times.resolved or draft.until
    moments = {"acknowledged": declared, "mitigated": over, "resolved": over}
    bench = _Bench(truth_of(scene, since=draft.since, until=draft.until, moments=moments))
    bench.hear("suggestion", suggestion.response if suggestion else ())
    bench.hear("answer", answer.claims)
    bench.hear("draft", tuple(claim for _, claim in document.claims()))
    made = [one.made for one in (suggestion, answer) if one is not None]
    return Judged(
        name=scene.name,
        of=bench.of,
        false=tuple(bench.false),
        unsure=tuple(bench.unsure),
        place=bench.truth.place(one.claim.text for one in document.candidates),
        in_order=_in_order(draft, scene),
        lines=len(bench.truth.lines),
        took=took,
        quoting=sum(one.engine != "bedrock" for one in made),
        dropped=len(document.dropped) + sum(len(one.dropped) for one in made),
        twisted=caught(document, draft.text, random) if twist else {},
    )


def _in_order(draft: Draft, scene: Scene) -> bool:
    """Return whether moments follow each other, and the logs' begin lies within a minute of the planted one."""
    timeline = draft.document.timeline if draft.document else ()
    at = [one.at for one in timeline]
    begun = [one.at for one in timeline if one.source == "log"]
    return at == sorted(at) and bool(begun) and all(abs(one - scene.began) <= NEAR for one in begun)


def _rates(name: str, found: list[Judged]) -> tuple[str, ...]:
    total = sum((counter for one in found for counter in one.of.values()), Counter[Verdict]())
    said = sum(total[one] for one in Verdict if one is not Verdict.QUOTED)
    shares = (f"{total[one]} ({total[one] / max(1, said):.3f})" for one in Verdict if one is not Verdict.QUOTED)
    return (name, str(said), *shares, str(total[Verdict.QUOTED]), str(sum(one.dropped for one in found)))


def _row(one: Judged) -> tuple[str, ...]:
    def told(where: str) -> str:
        counter = one.of.get(where, Counter())
        return " / ".join(str(counter[kind]) for kind in (Verdict.SUPPORTED, Verdict.UNKNOWN, Verdict.FALSE))

    return (
        one.name,
        f"{one.lines:,}",
        str(one.place or "no"),
        "yes" if one.in_order else "**no**",
        *(told(where) for where in WORDS),
        f"{one.took.wall:.1f}",
        f"{one.took.cpu:.1f}",
    )


def _bedrock() -> tuple[str, Words | None]:
    """Return who words with Bedrock, where a bot.toml names a model and there are credentials; else why not."""
    file = environment().get("RUNBOOK_BOT_CONFIG")
    settings = load(Path(file)) if file else None
    if settings is None or not settings.assistant.model:
        return "Bedrock was not measured: no RUNBOOK_BOT_CONFIG names a bot.toml with a model", None
    try:
        credentials, _ = borrowed_credentials()
    except InvalidError as error:
        return f"Bedrock was not measured: {error.words}", None
    return "", partial(_with_model, settings, Endpoints(bedrock_credentials=credentials))


def _with_model(settings: Settings, endpoints: Endpoints, store: Store) -> Assistant:
    assistant, model = assistant_of(settings, store=store, endpoints=endpoints)
    if model is not None:
        model.warm()
    return assistant
