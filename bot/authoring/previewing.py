"""What a runbook would post and ask, before anybody runs it: no AWS, no Slack. What a run finds shows as ${NAMES}.

The cards are drawn by the code that draws them for Slack; only the values in them are made up.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.authoring.cardtext import lines_of
from bot.authoring.rehearsing import Rehearsal, Rehearsed
from bot.domain.action import Action
from bot.domain.alarm import AlarmNotice
from bot.domain.approval import Approval, Binding, BoundCall
from bot.domain.people import Place
from bot.domain.policy import Decision, Policy, Verdict, foreseen
from bot.domain.reasons import REASON, asking_why
from bot.domain.records import Episode
from bot.domain.run import Awaiting, Run, RunState, Waiting
from bot.domain.runbook import Parameter, Phase, Runbook, Step
from bot.errors import InvalidError
from bot.slack.cards.alarm import alarm_card
from bot.slack.cards.blocks import Message
from bot.slack.cards.notices import Told, notice
from bot.slack.cards.request import request_card
from bot.slack.cards.run import run_card
from bot.slack.cards.stage import Stage

AT = datetime(2026, 1, 21, 3, 12, tzinfo=UTC)
YOU = "U0YOU"
PLACE = Place(team="T0", channel="C0")


@dataclass
class Preview:
    """Walk a runbook on paper."""

    runbook: Runbook
    rehearsal: Rehearsal
    policy: Policy

    def lines(self) -> Iterator[str]:
        """Yield the preview: whom and what it needs, then step by step what would be posted."""
        for line in self._all():
            yield self.rehearsal.symbols.plain(line)

    def _all(self) -> Iterator[str]:
        runbook = self.runbook
        yield f"{runbook.title} ({runbook.id}), {standing(runbook)}"
        yield from self._roles()
        yield from self._inputs()
        if runbook.alarms:
            shown = alarm_card(self._episode(), runbook, None, self._stage, struck={})
            yield from self._card("when an alarm goes off", shown)
        yield from self._card("when it starts, edited as it goes on", run_card(self._run(), runbook, (), self._stage))
        for step in runbook.forward:
            yield from self._step(step)
        undoes = {step.undo for step in runbook.steps} - {None}
        for step in runbook.steps:
            if step.id in undoes:
                yield from self._step(step, only="only as an undo")

    def _roles(self) -> Iterator[str]:
        asked: dict[str, list[str]] = {}
        for step in self.runbook.forward:
            judged = self._judged(step, self._rehearsed(step))
            if judged is not None and judged.decision is Decision.ASK and self._covered_by(step) is None:
                for role, count in Counter(judged.needs).items():
                    asked.setdefault(f"{count} × {role}" if count > 1 else role, []).append(_number(step))
        if not asked:
            yield "Needs nobody's approval."
        for role, steps in asked.items():
            yield f"Needs {role} for step{'s' if len(steps) > 1 else ''} {', '.join(steps)}"
        unknown = sorted({role.rpartition(" ")[2] for role in asked} - set(self.policy.roles))
        if unknown:
            yield f"  ! the policy has no role {', '.join(unknown)}: nobody could approve."

    def _inputs(self) -> Iterator[str]:
        for parameter in self.runbook.parameters:
            step = self._named(parameter.asked_by)
            when = f"before step {_number(step)}" if step else "at the start"
            yield f"Asks {when} for {parameter.name} (“{parameter.title}”){_unless(parameter)}"

    def _step(self, step: Step, *, only: str = "") -> Iterator[str]:
        rehearsed = self._rehearsed(step)
        judged = self._judged(step, rehearsed)
        yield ""
        doing = _doing(step, judged, self._covered_by(step))
        yield f"{_number(step)}. {step.title}{f' ({only})' if only else ''}: {doing}"
        if step.when:
            yield f"   only if {' '.join(step.when.split())}"
        for place, question in enumerate(self._questions(step)):
            yield from self._card("once that is answered" if place else "when it gets here", question)
        if step.manual:
            run = self._run(step, what=Awaiting.DONE)
            yield from self._card("when it gets here", self._notice("done", step, run, self.runbook))
        if judged is not None and judged.decision is Decision.ASK and self._covered_by(step) is None:
            if rehearsed is None:
                yield "   (what exactly it asks for depends on what it finds; `runbook-bot plan` or `try` shows it)"
            else:
                request = request_card(self._approval(step, judged), self._run(step), self.runbook, self._stage)
                yield from self._card("asks", request)

    def _rehearsed(self, step: Step) -> Rehearsed | None:
        action = self._action(step)
        try:
            return self.rehearsal.perform(step, action) if action else None
        except InvalidError:
            return None

    def _judged(self, step: Step, rehearsed: Rehearsed | None) -> Verdict | None:
        """Return the policy's answer: for the calls where they are known, else for the worst the action can do."""
        action = self._action(step)
        if action is None:
            return None
        calls = rehearsed.calls if rehearsed else ()
        return foreseen(step, action, self.rehearsal.catalogue, self.policy, calls=calls)

    def _action(self, step: Step) -> Action | None:
        return self.rehearsal.catalogue.actions.get(step.uses) if step.uses else None

    def _covered_by(self, step: Step) -> str | None:
        """Return the earlier step whose yes covers this one."""
        owing = next((one.id for one in self.runbook.steps if one.owes == step.id), None)
        return step.approved_with or owing

    def _named(self, step: str | None) -> Step | None:
        return next((one for one in self.runbook.steps if one.id == step), None)

    def _card(self, what: str, message: Message) -> Iterator[str]:
        names = {known.group: known.title for known in self.policy.roles.values() if known.group}
        yield f"   ┌─ {what}"
        yield from (f"   │ {line}" for line in lines_of(message, {**names, YOU: "you"}))
        yield "   └─"

    # -- values for the cards

    @property
    def _stage(self) -> Stage:
        names = {YOU: "you", **{_member(role): f"one of {known.title}" for role, known in self.policy.roles.items()}}
        return Stage(
            policy=self.policy,
            platform=self.rehearsal.platform,
            serves=next(iter(self.runbook.trial_in), ""),
            catalogue=self.rehearsal.catalogue,
            now=AT,
            names=names,
        )

    def _inputs_given(self) -> dict[str, str]:
        return {
            one.name: self.rehearsal.symbols.text(one.name, f"the input “{one.title}”")
            for one in self.runbook.parameters
        }

    def _run(self, step: Step | None = None, *, what: Awaiting = Awaiting.APPROVAL) -> Run:
        path = tuple(one.id for one in self.runbook.forward)
        at = path.index(step.id) if step and step.id in path else 0
        waiting = Waiting(what=what, step=step.id, words=step.title, since=AT, approval=1) if step else None
        early = {one.name for one in self.runbook.parameters if one.asked_by is None}
        return Run(
            id=1,
            runbook=self.runbook.id,
            title=self.runbook.title,
            snapshot=self.runbook.sha256,
            environment=self.rehearsal.platform.name,
            place=PLACE,
            inputs={name: value for name, value in self._inputs_given().items() if name in early},
            requester=YOU,
            authors=(YOU,),
            state=RunState.WAITING if waiting else RunState.RUNNING,
            path=path,
            checks=frozenset(one.id for one in self.runbook.forward if one.phase is Phase.VERIFICATION),
            at=at,
            waiting=waiting,
            started=AT,
            touched=AT,
        )

    def _questions(self, step: Step) -> Iterator[Message]:
        """Yield what a run asks people at a step, one question after the other: why comes after which way."""
        given = self._inputs_given()
        known = {one.name: given[one.name] for one in self.runbook.parameters if one.asked_by != step.id}
        run = self._run(step, what=Awaiting.INPUT).model_copy(update={"inputs": known})
        while True:
            runbook = asking_why(self.runbook, self.rehearsal.catalogue, run)
            lacking = [
                one
                for one in runbook.parameters
                if one.asked_by == step.id and one.required and one.name not in run.inputs
            ]
            if not lacking:
                return
            ways = lacking[0].enum if len(lacking) == 1 and lacking[0].choice else ()
            waiting = run.waiting.model_copy(update={"offers": ways}) if run.waiting else None
            yield self._notice("input", step, run.model_copy(update={"waiting": waiting}), runbook)
            answered = {one.name: given[one.name] for one in lacking}
            run = run.model_copy(update={"inputs": {**run.inputs, **answered}})

    def _notice(self, what: str, step: Step, run: Run, runbook: Runbook) -> Message:
        return notice(Told(payload={"what": what, "step": step.id}, run=run, runbook=runbook, stage=self._stage))

    def _approval(self, step: Step, judged: Verdict) -> Approval:
        together = [one for one in self.runbook.forward if one.approved_with == step.id]
        owed = self._named(step.owes)
        calls = tuple(call for one in (step, *together, *([owed] if owed else [])) for call in self._bound(one))
        binding = Binding(
            installation="preview",
            run=1,
            team=PLACE.team,
            channel=PLACE.channel,
            step=step.id,
            request=1,
            authors=(YOU,),
            snapshot=self.runbook.sha256,
            library=self.runbook.sha256,
            account=self.rehearsal.platform.account,
            role="",
            risk=judged.risk.value,
            needs=judged.needs,
            requester_may=judged.requester_may,
            lifetime_s=int(judged.lifetime.total_seconds()),
            verification=(),
            calls=calls,
            expires=(AT + judged.lifetime).isoformat(),
            nonce="",
            reason=self._inputs_given().get(REASON, ""),
            reason_by=YOU,
        )
        return Approval(
            id=1,
            run=1,
            step=step.id,
            request=1,
            binding=binding,
            digest="",
            candidates={role: (_member(role),) for role in judged.needs},
            asked_by=YOU,
            asked_at=AT,
            expires=AT + judged.lifetime,
            environment=self.rehearsal.platform.name,
        )

    def _bound(self, step: Step) -> Iterator[BoundCall]:
        rehearsed = self._rehearsed(step)
        proposal = rehearsed.proposal if rehearsed else None
        if proposal is None:
            return
        for index, call in enumerate(proposal.calls):
            yield BoundCall(
                step=step.id,
                item=0,
                index=index,
                call=call,
                row_version=1,
                host="",
                seen=proposal.seen,
                effect=self.rehearsal.said(step, "effect", step.effect) or proposal.effect,
                changes=proposal.changes,
                untouched=self.rehearsal.said(step, "untouched", step.untouched) or proposal.untouched,
            )

    def _episode(self) -> Episode:
        name, platform, given = self.runbook.alarms[0], self.rehearsal.platform, self._inputs_given()
        notice_ = AlarmNotice(
            name=name,
            arn=f"arn:aws:cloudwatch:{platform.region}:{platform.account}:alarm:{name}",
            account=platform.account,
            region=platform.region,
            state="ALARM",
            previous="OK",
            reason="what CloudWatch says",
            at=AT.isoformat(),
            dimensions={"Pipeline": given["pipeline"]} if "pipeline" in given else {},
            message_id="preview",
            topic="",
        )
        return Episode(
            id=1,
            notice=notice_,
            since=AT.isoformat(),
            runbook=self.runbook.id,
            why=f"exact match by alarm name {name}",
            channel=PLACE.channel,
            opened=AT,
        )


def standing(runbook: Runbook) -> str:
    """Return in words how far the runbook may be trusted, and where it may start."""
    where = f" in {', '.join(runbook.trial_in) or 'no environment yet'}" if runbook.status == "trial" else ""
    return f"{runbook.status}{where}" + (f", proved {runbook.proved}" if runbook.proved else "")


def _member(role: str) -> str:
    return "U0" + "".join(character for character in role.upper() if character.isalnum())


def _number(step: Step | None) -> str:
    return step.label if step is not None else "?"


def _unless(parameter: Parameter) -> str:
    known = [*parameter.sources, *([parameter.default] if parameter.default else [])]
    return f", unless it is known from {' or '.join(' '.join(one.split()) for one in known)}" if known else ""


def _doing(step: Step, judged: Verdict | None, covered_by: str | None) -> str:
    if step.manual:
        return "by hand; somebody presses Done"
    if judged is None:
        return f"the catalogue has no {step.uses}"
    watch = f", watches for {step.watch}" if step.watch else ""
    if judged.decision is Decision.ALLOW:
        return f"read, at once{watch}"
    if judged.decision is Decision.DENY:
        return f"{judged.risk}, never offered: {judged.reason}"
    if covered_by:
        return f"{judged.risk}, covered by the yes to step `{covered_by}`"
    own = "the requester may" if judged.requester_may else "not the requester"
    return f"{judged.risk}, needs {' + '.join(judged.needs)}, {own}"
