"""A runbook as the bot knows it: prose for people, and steps a machine may take.

Reading Markdown into these values is `reading`'s work; deciding what a step may do is `policy`'s and `plan`'s.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from bot.domain.value import JsonObject, Value


class Risk(StrEnum):
    """Say what a call can do to the lake, mildest first."""

    READ = "read"
    CONTROL = "control"
    CHANGE = "change"
    DESTRUCTIVE = "destructive"

    @property
    def rank(self) -> int:
        """Return the place in the order, so that the higher of two can be taken."""
        return list(Risk).index(self)


class Status(StrEnum):
    """Say how far a runbook may be trusted: active ones start, trial ones where they name the environment."""

    DRAFT = "draft"
    TRIAL = "trial"
    ACTIVE = "active"
    RETIRED = "retired"


class Phase(StrEnum):
    """Name the section a step stands in."""

    MITIGATION = "mitigation"
    VERIFICATION = "verification"


MOST_WAYS = 5
LONGEST_LABEL = 20

_WAY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


class Parameter(Value):
    """Describe one input: where its value may come from and what it may be.

    Attributes:
        sources: expressions tried in order, e.g. `alarm.dimensions.Pipeline`; the first that is not null wins.
        choices: an expression over earlier steps that yields the list of values to pick from.
        asked_by: the id of the first step that needs it; None means it is asked at the start.
        labels: what a value of the enum is called on buttons and in lists, at most 20 characters.
        only_if: expressions over earlier steps; a value of the enum whose expression is false is not offered.
    """

    name: str
    title: str
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    choices: str | None = None
    default: str | None = None
    required: bool = True
    asked_by: str | None = None
    labels: Mapping[str, str] = {}
    only_if: Mapping[str, str] = {}

    @property
    def choice(self) -> bool:
        """Return whether it is a choice between ways to go on: asked late, with few enough values for buttons."""
        few = 0 < len(self.enum) <= MOST_WAYS
        return self.asked_by is not None and self.required and few and all(_WAY.fullmatch(one) for one in self.enum)

    def label(self, value: str) -> str:
        """Return what people call a value."""
        return self.labels.get(value, value)


class Until(Value):
    """Say when a step that observes may go on, and when it gives up."""

    expression: str
    every: timedelta
    within: timedelta


class Step(Value):
    """Hold one list item: prose always, and a machine part where the author wrote one.

    Attributes:
        number: the list number as printed, unique within its phase.
        uses: the action of the catalogue; None makes it a manual step that somebody marks Done.
        with_: parameters; strings may hold `${expression}`.
        when: the `if` expression; None means always.
        undo: the id of the step that takes this one back; that step never runs forward.
        no_undo: why there is none, where a mutating step names no undo.
        owes: the id of the later step that must follow once this one is done (a pause owes its resume).
        approved_with: the id of the earlier step whose approval covers this one too.
        watch: how long a verification keeps looking before the run is called repaired.
        most: how many elements of `for_each` one approval may cover, where that is more than the usual 20.
        says: the finding in words, a text with `${expression}` over the step's own output; shown on cards.
        effect: one sentence for the request, a text with `${expression}`; so is `untouched`.
        lines: where each field of the machine part stands in the file, e.g. `with.bucket`, for `check`.
        added: a person added it to one run; no file names it, and the policy judges it at its strictest.
    """

    id: str
    number: int
    phase: Phase
    line: int
    title: str
    prose: str
    uses: str | None = None
    with_: JsonObject = {}
    when: str | None = None
    expect: str | None = None
    until: Until | None = None
    for_each: str | None = None
    most: int | None = None
    undo: str | None = None
    no_undo: str | None = None
    owes: str | None = None
    approved_with: str | None = None
    needs: tuple[str, ...] = ()
    risk: Risk | None = None
    watch: timedelta | None = None
    lifetime: timedelta | None = None
    effect: str | None = None
    untouched: str | None = None
    says: str | None = None
    lines: Mapping[str, int] = {}
    added: bool = False

    @property
    def manual(self) -> bool:
        """Return whether a person does it and marks it Done."""
        return self.uses is None

    @property
    def label(self) -> str:
        """Return the number as people find it in the file: `12`, or `check 2`."""
        return f"check {self.number}" if self.phase is Phase.VERIFICATION else str(self.number)


class Section(Value):
    """Hold one section of the template as written; `first_line` is where its text begins."""

    title: str
    line: int
    markdown: str
    first_line: int = 0


class Runbook(Value):
    """Hold one file of `runbooks/`, read.

    Attributes:
        sha256: of the file's bytes; what an approval binds.
        trial_in: the environments, as bot.toml names them, in which a trial runbook may start.
        proved: when and how it was seen to work, e.g. `2026-11-23 drill circuit-breaker`.
        alarms: names of CloudWatch alarms this runbook answers.
        exclusive: an expression naming the target that only one run may hold.
        lines: where each field of the front matter stands in the file, e.g. `parameters.pipeline.from`.
    """

    id: str
    title: str
    category: str
    owner: str
    status: Status
    trial_in: tuple[str, ...] = ()
    proved: str | None = None
    alarms: tuple[str, ...] = ()
    can_wait: str = ""
    exclusive: str | None = None
    parameters: tuple[Parameter, ...] = ()
    sections: tuple[Section, ...] = ()
    steps: tuple[Step, ...] = ()
    path: str
    sha256: str
    lines: Mapping[str, int] = {}

    def step(self, step_id: str) -> Step:
        """Return the step of that id.

        Raises:
            KeyError: no step has it; `check` has refused such a runbook before it gets here.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def not_startable(self, environment: str) -> str | None:
        """Return why it may not be started in an environment, in words with the remedy; None where it may.

        A trial runbook that is done by hand alone, such as any plain Markdown, may be walked anywhere.
        """
        match self.status:
            case Status.ACTIVE:
                return None
            case Status.TRIAL if environment in self.trial_in or all(step.manual for step in self.steps):
                return None
            case Status.TRIAL:
                named = ", ".join(self.trial_in) or "no environment yet"
                return f"{self.title} is on trial in {named}, not in {environment}; here it can be read and planned."
            case _:
                return f"{self.title} is {self.status}; it can be read and planned, not run."

    @property
    def forward(self) -> tuple[Step, ...]:
        """Return the steps in the order they run; a step that is only another's undo is left out."""
        undoes = {step.undo for step in self.steps}
        return tuple(step for step in self.steps if step.id not in undoes)

    def section(self, title: str) -> Section | None:
        """Return the section of that title, or None."""
        return next((section for section in self.sections if section.title == title), None)

    @property
    def summary(self) -> str:
        """Return the first sentence of the Use Case."""
        section = self.section("Use Case")
        text = " ".join(section.markdown.split()) if section else self.title
        return text.split(". ")[0].rstrip(".") + "."
