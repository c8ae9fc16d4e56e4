"""What every card is shown against: the rules, the place, the catalogue and the hour."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.action import Catalogue, Platform
from bot.domain.policy import Policy, foreseen
from bot.domain.run import Run, StepRecord, StepState
from bot.domain.runbook import Risk, Runbook, Status, Step
from bot.slack.cards import wording

_ERROR = re.compile(r"[A-Za-z][A-Za-z0-9_.]{1,60}", re.ASCII)
_MENTIONED = re.compile(r"&lt;@([UW][A-Z0-9]{1,20})(?:\|[^&|]{0,80})?&gt;", re.ASCII)
_OUTPUT = re.compile(r"\boutput\.([a-z_]{1,40})\b", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Hold what is the same for every card of one environment at one moment.

    Attributes:
        serves: the environment as bot.toml names it, and as runbooks on trial do.
        links: addresses of cards that stand already, by card key, e.g. `run:42`.
        names: what people are called, by their id; a name notifies nobody, a mention does.
    """

    policy: Policy
    platform: Platform
    serves: str
    catalogue: Catalogue
    now: datetime
    links: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> str:
        """Return the environment as every card names it first."""
        return wording.quoted(self.platform.name, 30)

    @property
    def account(self) -> str:
        """Return account and region in words."""
        return f"{wording.quoted(self.platform.account_name, 40)}, {wording.quoted(self.platform.region, 20)}"

    def starts(self, runbook: Runbook) -> bool:
        """Return whether the runbook may be started here, as the start itself decides."""
        return runbook.not_startable(self.serves) is None

    def name(self, who: str) -> str:
        """Return what the person is called, notifying nobody; a mention only where no name is known."""
        known = self.names.get(who)
        return f"@{wording.quoted(known, 40)}" if known else wording.person(who)

    def said(self, text: str, most: int = 200) -> str:
        """Return what a person wrote, with whom it mentions by name, notifying nobody."""

        def called(found: re.Match[str]) -> str:
            return self.name(found[1]) if found[1] in self.names else found[0]

        return wording.cut_mrkdwn(_MENTIONED.sub(called, wording.quoted(text, most)), most)

    def named(self, who: Iterable[str], *, most: int = 5) -> str:
        """Return the names of several people, the rest as a number."""
        listed = list(who)
        shown = ", ".join(self.name(one) for one in listed[:most])
        return f"{shown} and {len(listed) - most} more" if len(listed) > most else shown

    def linked(self, key: str, words: str) -> str:
        """Return the words as a link to a card of ours, or as they are while it does not stand."""
        link = self.links.get(key)
        return f"<{link}|{words}>" if link else words

    def changes(self, step: Step) -> bool:
        """Return whether the step is one that asks before it acts."""
        action = self.catalogue.actions.get(step.uses or "")
        return action is not None and action.propose is not None

    def moves(self, step: Step) -> bool:
        """Return whether the step can change the lake itself, and not only hold or stop what runs."""
        action = self.catalogue.actions.get(step.uses or "")
        return action is not None and action.propose is not None and action.risk in {Risk.CHANGE, Risk.DESTRUCTIVE}

    def asks_for(self, step: Step) -> str:
        """Return in words whose click the step will want."""
        action = self.catalogue.actions.get(step.uses or "")
        if action is None:
            return "a person"
        judged = foreseen(step, action, self.catalogue, self.policy)
        who = wording.roles_wanted(judged.needs, self.policy)
        return who if judged.requester_may else f"{who}, not who starts it"


def note_of(record: StepRecord, most: int = 160) -> str:
    """Return what became of a step in words; of one that failed, what was seen beside what was wanted."""
    if record.state is not StepState.FAILED or not record.note.startswith("expected "):
        return wording.prose(record.note, most)
    wanted = wording.prose(record.note.removeprefix("expected ").replace("output.", ""), most)
    seen = record.output or {}
    named = [name for name in dict.fromkeys(_OUTPUT.findall(record.note)) if name in seen]
    if _ERROR.fullmatch(str(seen.get("error", ""))):
        named.append("error")
    saw = [f"{name} {wording.code(str(seen[name]), 60)}" for name in named if isinstance(seen[name], str | int | None)]
    return f"wanted {wanted}" + (f"; saw {', '.join(saw)}" if saw else "")


def subject_of(run: Run) -> str:
    """Return what the run is about, e.g. its pipeline, as a card's headline names it."""
    known = run.inputs.get("pipeline") or next(iter(run.inputs.values()), "")
    return wording.quoted(known, 40)


def on_trial(runbook: Runbook | None) -> str:
    """Return the mark of a runbook that is still on trial, to stand right behind the environment."""
    return " · 🧪 TRIAL" if runbook is not None and runbook.status is Status.TRIAL and not _by_hand(runbook) else ""


def _by_hand(runbook: Runbook) -> bool:
    return all(step.manual for step in runbook.steps)


def headline(run: Run) -> str:
    """Return `R-42 · circuit-breaker · transactions`."""
    parts = (run.label, wording.quoted(run.runbook, 40), subject_of(run))
    return " · ".join(part for part in parts if part)


def step_or_none(runbook: Runbook, step_id: str) -> Step | None:
    """Return the step, or None where this reading of the runbook has none of that id."""
    return next((step for step in runbook.steps if step.id == step_id), None)


def plain_title(runbook: Runbook, step_id: str) -> str:
    """Return the step's title for a dialog."""
    step = step_or_none(runbook, step_id)
    return wording.plain(wording.sentence(step.title) if step else step_id)


def title_of(runbook: Runbook, step_id: str, most: int = 80) -> str:
    """Return the step's title without its full stop."""
    step = step_or_none(runbook, step_id)
    return wording.prose(wording.sentence(step.title), most) if step else wording.code(step_id, 40)
