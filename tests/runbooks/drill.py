"""A shipped runbook walked on a broken local lake by the bot's own use cases, with answers instead of people."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.reading import read_runbook
from bot.domain.runbook import Parameter
from bot.workbench.clock import Clock
from bot.workbench.lake.lake import Lake
from bot.workbench.scenarios.scenario import Scenario
from bot.workbench.trying import Walk, YesToAll, scenario_of

FOLDER = Path(__file__).parents[2] / "runbooks"


@contextmanager
def a_lake(folder: Path) -> Iterator[Lake]:
    """Start a lake, for all drills of a module; each puts it back first."""
    lake = Lake(clock=Clock(folder / "clock.json"))
    lake.start()
    try:
        yield lake
    finally:
        lake.close()


@dataclass
class Answers:
    """Say yes, but to what is named in `no`; give the values that are named, and else the first that is offered.

    Attributes:
        meanwhile: what somebody else does just before a question that says these words is answered; each once.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    no: tuple[str, ...] = ()
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def yes(self, question: str) -> bool:
        """Answer yes or no."""
        self._hears(question)
        return not any(one in question for one in self.no)

    def value(self, parameter: Parameter, offered: tuple[str, ...]) -> str:
        """Give a value."""
        self._hears(parameter.name)
        return self.values.get(parameter.name) or YesToAll().value(parameter, offered)

    def _hears(self, question: str) -> None:
        self.asked.append(question)
        for words in [words for words in self.meanwhile if words in question]:
            self.meanwhile.pop(words)()


@dataclass(frozen=True)
class Drilled:
    """Hold how a drill ended: whether run and lake say repaired, what was told, and who was asked what."""

    ok: bool
    told: str
    asked: tuple[str, ...]

    def line(self, words: str) -> str:
        """Return the line that says the words.

        Raises:
            AssertionError: none does.
        """
        found = next((one for one in self.told.splitlines() if words in one), None)
        assert found is not None, self.told
        return found

    @property
    def approvals(self) -> list[str]:
        """Return the steps that asked for an approval, as `14. Title  [risk, roles]`."""
        return [one.removeprefix("ASKS     ") for one in self.told.splitlines() if one.startswith("ASKS ")]


@dataclass
class Drill:
    """Walk one runbook on one lake."""

    lake: Lake
    folder: Path
    runbook: str

    def __call__(
        self,
        answers: Answers | None = None,
        *,
        given: Mapping[str, str] | None = None,
        broken: bool = True,
        worse: Callable[[], object] | None = None,
    ) -> Drilled:
        """Break the lake (and make it `worse`), walk, and return how it ended."""
        source = (FOLDER / f"{self.runbook}.md").read_text(encoding="utf-8")
        found = read_runbook(source, f"runbooks/{self.runbook}.md").runbook
        assert found is not None
        answers, lines = answers or Answers(), list[str]()
        scenario: Scenario = scenario_of(self.runbook)
        if broken:
            scenario.break_(self.lake)
        if worse:
            worse()
        walk = Walk(runbook=found, source=source, lake=self.lake, asker=answers, say=lines.append)
        ok = walk.walked(given or {}, folder=self.folder)
        checks = scenario.repaired(self.lake) if broken else ()
        lines += [f"LAKE     {'PASS' if check.ok else 'FAIL'} {check.name}: {check.seen}" for check in checks]
        return Drilled(ok=ok and all(one.ok for one in checks), told="\n".join(lines), asked=tuple(answers.asked))
