"""Markdown to `Runbook`: every problem at once, each with its line and its remedy.

A file with our front matter must follow the template; any other Markdown loads as a runbook of manual steps. What
the steps may do is `checking`'s question.
"""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from hashlib import sha256
from itertools import pairwise
from pathlib import PurePosixPath

from pydantic import ValidationError

from bot.domain.blocks import FrontMatter, ParameterBlock, StepBlock, UntilBlock, explain
from bot.domain.markdown import Document, Item, Part, document
from bot.domain.problem import Problem, Severity
from bot.domain.runbook import Parameter, Phase, Runbook, Section, Status, Step, Until
from bot.domain.strictyaml import Mapped, parse_yaml
from bot.domain.value import Value

__all__ = ["TEMPLATE_SECTIONS", "Problem", "Reading", "Severity", "read_runbook"]

TEMPLATE_SECTIONS = (
    "Use Case", "Safety", "Symptoms", "Root Causes", "Detection", "Mitigation Steps", "Verification", "Prevention",
    "See also",
)  # fmt: skip
MOST_CHARACTERS = 262_144

_OURS = ("id", "alarms", "exclusive", "parameters", "can_wait")
_MITIGATION = re.compile(r"mitigat\w*( .*)?|(resolution|remediation|recovery|repair)?\s*steps|resolution|remediation")
_LOOKING = re.compile(r"diagnos\w*( .*)?|investigat\w*( .*)?|troubleshoot\w*( .*)?|debug\w*( .*)?|triage( .*)?")
_ABOUT = re.compile(
    r"meaning|impact|summary|overview|description|context|background|severity|symptoms?|((root|possible) )?causes?"
    r"|use case|safety|prevention|see also|references?|links?|(additional|further) .*|owners?|contacts?|alerts?"
)
_OVER = (
    "This runbook has no section on verification. Look at what raised it (the alarm, its metric, the people who "
    "called), and press Done only if it is over."
)
_VERIFICATION = re.compile(r"verif\w*( .*)?")
_HIDDEN = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bxox[abeoprs]-[0-9A-Za-z-]{10,}|\bxapp-[0-9]-[0-9A-Za-z-]{10,}"
    r"|\bgh[opsru]_[0-9A-Za-z]{36}|\bgithub_pat_[0-9A-Za-z_]{22,}"
    r"|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|(?i:\b(?:aws_)?(?:secret|password|passwd|token|api_?key)\w*\s*[:=]\s*['\"]?)(?![$<{*])[0-9A-Za-z/+_-]{20,}"
)
_OF_SECRETS = (
    *("akia", "asia", "xox", "xapp-", "ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "private key"),
    *("secret", "passw", "token", "key"),
)
"""What a line with a secret holds, its case folded; searching for one of these is fifty times as fast."""
_RUNBOOK_ID = re.compile(r"[a-z][a-z0-9-]{0,59}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Reading(Value):
    """Hold what came of a file: the runbook unless an error stands in the way, and every problem."""

    runbook: Runbook | None
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that keep the runbook from loading."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def read_runbook(text: str, path: str) -> Reading:
    """Return the runbook a Markdown file holds, with every problem found."""
    if len(text) > MOST_CHARACTERS:
        words = f"The file has {len(text)} characters; at most {MOST_CHARACTERS} are read: split it."
        return Reading(runbook=None, problems=(Problem(path=path, line=1, words=words),))
    found = document(text.removeprefix("\ufeff"))
    reader = _Ours(text, path, found) if _is_ours(found) else _Plain(text, path, found)
    runbook = reader.read()
    problems = tuple(sorted(set(reader.problems), key=lambda problem: (problem.line, problem.words)))
    failed = any(problem.severity is Severity.ERROR for problem in problems)
    return Reading(runbook=None if failed else runbook, problems=problems)


def _is_ours(found: Document) -> bool:
    if any(item.blocks for part in found.parts for item in part.items) or found.strays:
        return True
    fields = rf"^(?:{'|'.join(_OURS)})\s*:"
    return found.front is not None and re.search(fields, found.front.text, re.MULTILINE) is not None


class _Reader:
    """Share what both kinds of file need."""

    def __init__(self, text: str, path: str, found: Document) -> None:
        self.text = text
        self.path = path
        self.found = found
        self.stem = PurePosixPath(path).stem
        self.problems: list[Problem] = []

    def error(self, line: int, words: str) -> None:
        self.problems.append(Problem(path=self.path, line=line, words=words))

    def warn(self, line: int, words: str) -> None:
        self.problems.append(Problem(path=self.path, line=line, words=words, severity=Severity.WARNING))

    def read(self) -> Runbook | None:
        raise NotImplementedError

    def sections(self) -> tuple[Section, ...]:
        return tuple(
            Section(title=part.title, line=part.line, markdown=part.markdown, first_line=part.first_line)
            for part in self.found.parts
        )

    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    def scan(self, *, severity: Severity) -> None:
        """Look at every line for what must stand in no runbook: secrets, and characters nobody sees."""
        text = self.text.removeprefix("\ufeff")
        whole = text.casefold()
        marks = [mark for mark in _OF_SECRETS if mark in whole]
        for number, line in enumerate(text.split("\n"), start=1):
            folded = line.casefold()
            if any(mark in folded for mark in marks) and _SECRET.search(line):
                self.error(number, "This looks like a secret; revoke it, and name where it is kept instead.")
            if not line.isascii() and (character := _HIDDEN.search(line)):
                words = f"This line holds the invisible character {character[0]!a}; remove it."
                self.problems.append(Problem(path=self.path, line=number, words=words, severity=severity))


class _Plain(_Reader):
    """Read any Markdown: the title, the sections, and one manual step per list item of the section that fits."""

    def read(self) -> Runbook | None:
        self.scan(severity=Severity.WARNING)
        title = self.title()
        if not title:
            self.error(1, "The file is empty; write a heading `# Runbook: …` and the steps, or remove it.")
            return None
        walked = self.walked()
        if not walked:
            self.warn(1, "No section is called Mitigation, Steps or Resolution, so there is no step to walk; name one.")
        checks = [part for part in self.found.parts if _VERIFICATION.fullmatch(_plainly(part.title))]
        steps = (*self.steps(Phase.MITIGATION, walked), *self.steps(Phase.VERIFICATION, checks))
        if steps and not checks:
            over = Item(self.found.last_line, None, "See that it is over", _OVER)
            steps = (*steps, _manual("check_1", 1, Phase.VERIFICATION, over))
        return Runbook(
            id=_slug(self.stem),
            title=title,
            category="other",
            owner="",
            status=Status.TRIAL,
            sections=self.sections(),
            steps=steps,
            path=self.path,
            sha256=self.sha256(),
        )

    def title(self) -> str:
        front = self.found.front
        fields: Mapped | None = parse_yaml(front.text, first_line=front.line) if front else None
        named = (fields.value or {}).get("title") if fields else None
        if fields is not None and front is not None:
            unread = ", ".join(name for name in fields.value or {} if name != "title")
            words = f"This front matter is not a runbook's, so every step is manual and {unread or 'nothing'} is unread"
            self.warn(front.line, f"{words}; give it `id: {_slug(self.stem)}` and the template's fields.")
        return self.found.title or (named if isinstance(named, str) else "") or self.first_line()

    def first_line(self) -> str:
        lines = (line.strip("#*_ \t") for line in self.found.body.split("\n"))
        return next((line[:120] for line in lines if line), "")

    def walked(self) -> list[Part]:
        """Return the sections whose content is walked: how to look and how to mend; else all that say what to do."""
        titles = [(part, _plainly(part.title)) for part in self.found.parts]
        mending = [part for part, title in titles if _MITIGATION.fullmatch(title) or _LOOKING.fullmatch(title)]
        others = [part for part, title in titles if not (_ABOUT.fullmatch(title) or _VERIFICATION.fullmatch(title))]
        whole = [] if self.found.parts else [self.found.lead]
        return [part for part in mending or others or whole if part.items or part.passages]

    def steps(self, phase: Phase, parts: Collection[Part]) -> Iterator[Step]:
        number = 0
        for part in parts:
            beside = [one for one in part.passages if part.items and not one.title.endswith(":") and one.prose]
            for one in beside:
                words = f"`{part.title}` holds a list, so this paragraph beside it is shown and not walked."
                self.warn(one.line, words)
            if not part.items and not part.passages:
                self.warn(part.line, f"`{part.title}` holds nothing to do; write one item per step.")
            for item in part.items or part.passages:
                number += 1
                step_id = f"{'step' if phase is Phase.MITIGATION else 'check'}_{number}"
                if not item.title:
                    self.warn(item.line, "This list item has no words; say what to do.")
                    continue
                yield _manual(step_id, number, phase, item)


class _Ours(_Reader):
    """Read a file that follows the template; everything it says is validated."""

    def read(self) -> Runbook | None:
        self.scan(severity=Severity.ERROR)
        fields = self.front()
        head = self.validated_front(fields) if fields is not None else None
        self.check_sections()
        for line, words in self.found.strays:
            self.error(line, words)
        steps = tuple(self.steps())
        if head is None or fields is None:
            return None
        self.check_head(head, fields)
        if any(problem.severity is Severity.ERROR for problem in self.problems):
            return None
        return Runbook(
            id=head.id,
            title=head.title,
            category=head.category,
            owner=head.owner,
            status=head.status,
            trial_in=tuple(head.trial_in),
            proved=head.proved,
            alarms=tuple(head.alarms),
            can_wait=head.can_wait,
            exclusive=head.exclusive,
            parameters=tuple(_parameter(name, block) for name, block in head.parameters.items()),
            sections=self.sections(),
            steps=steps,
            path=self.path,
            sha256=self.sha256(),
            lines=_dotted(fields),
        )

    def front(self) -> Mapped | None:
        front = self.found.front
        if front is None:
            self.error(1, f"The front matter is missing; begin the file with `---` and `id: {_slug(self.stem)}`.")
            return None
        if not front.closed:
            self.error(front.line, "The front matter is not closed; end it with a line `---`.")
            return None
        fields = parse_yaml(front.text, first_line=front.line)
        for slip in fields.slips:
            self.error(slip.line, slip.words)
        return fields if fields.value is not None else None

    def validated_front(self, fields: Mapped) -> FrontMatter | None:
        try:
            return FrontMatter.model_validate(fields.value)
        except ValidationError as error:
            for place, words in explain(error, FrontMatter):
                self.error(fields.line(place, 1), words)
        return None

    def check_head(self, head: FrontMatter, fields: Mapped) -> None:
        line = fields.line(("id",), 1)
        if not _RUNBOOK_ID.fullmatch(head.id):
            self.error(line, f"The id {head.id!a} must be small letters, digits and `-`: `{_slug(head.id)}`.")
        elif head.id != self.stem:
            self.error(line, f"The id `{head.id}` must equal the file's name; write `id: {self.stem}`, or rename it.")
        if self.found.title not in {f"Runbook: {head.title}", head.title}:
            heading = f"`# Runbook: {head.title}`"
            self.error(self.found.title_line, f"The first heading must be {heading}, as the front matter says.")
        if head.alarms and not head.can_wait:
            self.error(fields.line(("alarms",), 1), "A runbook with alarms must say `can_wait:`, in one sentence.")
        for name, block in head.parameters.items():
            self.check_parameter(name, block, fields)

    def check_parameter(self, name: str, block: ParameterBlock, fields: Mapped) -> None:
        place = ("parameters", name)
        if not _NAME.fullmatch(name):
            self.error(fields.line(place, 1), f"The name {name!a} must be small ASCII letters, digits and `_`.")
        if block.pattern is None:
            return
        try:
            pattern = re.compile(block.pattern, re.ASCII)
        except re.error as error:
            self.error(fields.line((*place, "pattern"), 1), f"The pattern cannot be read: {error}.")
            return
        for value in (*block.enum, *([block.default] if block.default is not None else [])):
            if not pattern.fullmatch(value):
                self.error(fields.line(place, 1), f"`{value}` does not fit the pattern of {name}; mend one of the two.")

    def check_sections(self) -> None:
        titles = [part.title for part in self.found.parts]
        for place, title in enumerate(TEMPLATE_SECTIONS):
            if title not in titles:
                self.missing_section(title, place, titles)
        present = [part for part in self.found.parts if part.title in TEMPLATE_SECTIONS]
        for before, after in pairwise(present):
            first, second = TEMPLATE_SECTIONS.index(before.title), TEMPLATE_SECTIONS.index(after.title)
            if first == second:
                self.error(after.line, f"The section `{after.title}` stands here a second time; join the two.")
            elif first > second:
                self.error(after.line, f"The section `{after.title}` must stand before `{before.title}`; move it.")
        for part in self.found.parts:
            self.check_part(part)

    def missing_section(self, title: str, place: int, titles: Collection[str]) -> None:
        later = [part for part in self.found.parts if part.title in TEMPLATE_SECTIONS[place + 1 :]]
        line = later[0].line if later else self.found.last_line
        where = f"before `## {later[0].title}`" if later else "at the end"
        near = get_close_matches(title, [name for name in titles if name not in TEMPLATE_SECTIONS], n=1, cutoff=0.5)
        hint = f", or rename `## {near[0]}`" if near else ""
        self.error(line, f"The section `{title}` is missing; write `## {title}` {where}{hint}.")

    def check_part(self, part: Part) -> None:
        if part.title not in TEMPLATE_SECTIONS:
            near = get_close_matches(part.title, TEMPLATE_SECTIONS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else " Its list items are no steps."
            self.warn(part.line, f"`{part.title}` is no section of the template.{hint}")
        elif not part.markdown.strip():
            self.error(part.line, f"The section `{part.title}` is empty; say what holds, or `None known.`")
        elif part.title in {"Mitigation Steps", "Verification"} and not part.items:
            self.error(part.line, f"`{part.title}` holds no list; write one numbered item per step.")
        if part.title not in {"Mitigation Steps", "Verification"}:
            for item in part.items:
                for block in item.blocks:
                    words = f"A step under `{part.title}` never runs; move it to Mitigation Steps or Verification."
                    self.error(block.line, words)

    def steps(self) -> Iterator[Step]:
        taken: dict[str, int] = {}
        for phase, title in ((Phase.MITIGATION, "Mitigation Steps"), (Phase.VERIFICATION, "Verification")):
            number = 0
            for item in (item for part in self.found.parts if part.title == title for item in part.items):
                if item.number is not None and item.number <= number:
                    self.error(item.line, f"The number {item.number} stands twice; number on with {number + 1}.")
                number = max(number + 1, item.number or 0)
                step = self.step(item, number, phase)
                if step is None:
                    continue
                if step.id in taken:
                    first = f"the step of line {taken[step.id]} has it"
                    self.error(step.lines.get("id", step.line), f"The id `{step.id}` is taken: {first}; take another.")
                taken.setdefault(step.id, step.line)
                yield step

    def step(self, item: Item, number: int, phase: Phase) -> Step | None:
        if not item.title:
            self.error(item.line, "This step has no words; begin it with `**What it does.**`.")
        if len(item.blocks) > 1:
            self.error(item.blocks[1].line, "A list item may carry one step block; give this one an item of its own.")
        if not item.blocks:
            prefix = "step" if phase is Phase.MITIGATION else "check"
            return _manual(f"{prefix}_{number}", number, phase, item)
        source = item.blocks[0]
        if not source.closed:
            self.error(source.line, "This step block is not closed; end it with three backticks, indented likewise.")
            return None
        fields = parse_yaml(source.text, first_line=source.line + 1)
        for slip in fields.slips:
            self.error(slip.line, slip.words)
        if fields.value is None:
            return None
        try:
            block = StepBlock.model_validate(fields.value)
        except ValidationError as error:
            for place, words in explain(error, StepBlock):
                self.error(fields.line(place, source.line), words)
            return None
        return _machine(block, fields, number, phase, item)


def _manual(step_id: str, number: int, phase: Phase, item: Item) -> Step:
    return Step(id=step_id, number=number, phase=phase, line=item.line, title=item.title, prose=item.prose)


def _machine(block: StepBlock, fields: Mapped, number: int, phase: Phase, item: Item) -> Step:
    return Step(
        id=block.id,
        number=number,
        phase=phase,
        line=item.line,
        title=item.title,
        prose=item.prose,
        uses=block.uses,
        with_=block.with_,
        when=block.when,
        expect=block.expect,
        until=_until(block.until),
        for_each=block.for_each,
        most=block.most,
        undo=block.undo,
        no_undo=block.no_undo,
        owes=block.owes,
        approved_with=block.approved_with,
        needs=tuple(block.needs),
        risk=block.risk,
        watch=block.watch,
        lifetime=block.lifetime,
        effect=block.effect,
        untouched=block.untouched,
        says=block.says,
        lines=_dotted(fields),
    )


def _until(block: UntilBlock | None) -> Until | None:
    if block is None:
        return None
    return Until(expression=block.expression, every=block.every, within=block.within)


def _parameter(name: str, block: ParameterBlock) -> Parameter:
    return Parameter(
        name=name,
        title=block.title or name.replace("_", " ").capitalize(),
        pattern=block.pattern,
        enum=tuple(block.enum),
        sources=tuple(block.sources),
        choices=block.choices,
        default=block.default,
        required=block.required,
        asked_by=block.asked_by,
        labels=block.labels,
        only_if=block.only_if,
    )


def _dotted(fields: Mapped) -> dict[str, int]:
    return {".".join(str(part) for part in place): line for place, line in fields.lines.items() if place}


def _plainly(title: str) -> str:
    return title.strip(" :.").lower()


def _slug(stem: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", stem)
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower().encode("ascii", "ignore").decode()).strip("-")
    return (plain if plain[:1].isalpha() else f"runbook-{plain}".rstrip("-"))[:60].rstrip("-")
