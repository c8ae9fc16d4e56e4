"""What people get from the assistant: a response to an alarm, a step expanded, a question answered.

Asking keeps a card and a wait; the work gathers evidence, lets the assistant word it, and checks every sentence against
the evidence before it is shown. Nothing waits for it: an alarm is shown before, a run goes on beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.assistance import (
    PARTS,
    Answer,
    AnswerQuestion,
    Candidate,
    Expansion,
    Job,
    Made,
    Suggestion,
    SuggestResponse,
    grounds,
    redacted,
    spelled,
)
from bot.domain.assistance import ExpandStep as ExpandJob
from bot.domain.audit import AuditEntry
from bot.domain.chart import Chart
from bot.domain.claims import Claim, Dropped, check
from bot.domain.evidence import Evidence
from bot.domain.expression import compile_expression, resolve
from bot.domain.inbox import AskQuestion, Delivery, ExpandStep, OtherRunbook, SuggestForAlarm
from bot.domain.moment import moment
from bot.domain.records import Card, CardKind, Change, Episode, Wait
from bot.domain.redaction import Redactor
from bot.domain.run import Run
from bot.domain.runbook import Runbook, Step
from bot.domain.value import JsonObject, JsonValue
from bot.errors import BotError, ExpressionError, NotFoundError, RequestError
from bot.usecases import adding, gathering, strikes
from bot.usecases.alarms import MOST_NEAREST, nearest
from bot.usecases.desk import Desk
from bot.usecases.starting import alarm_card_of, listed

MOST_QUESTION = 2_000  # characters
MOST_FIRST_STEPS = 3
LEAST_POINTS = 2
TOLD_EVERY = timedelta(seconds=1)


# Asking.


def ask(desk: Desk, delivery: Delivery, wish: AskQuestion) -> Change:
    """Take a question in; the answer comes in the thread it was asked in.

    Raises:
        RequestError: there is no question.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    question = " ".join(wish.question.split())[:MOST_QUESTION]
    if not question:
        raise RequestError("Ask what? There was no question.")
    payload: JsonObject = {"what": "answer", "question": question, "about": _spoken_of(desk, delivery.place.channel)}
    return _begun(desk, delivery, payload, by=somebody.id)


def _spoken_of(desk: Desk, channel: str) -> str:
    """Return the label of what people in the channel speak of now: its open incident, else its newest open alarm."""
    here = desk.channel if channel.startswith("D") else channel
    incident = next(iter(desk.records.incidents(channel=here, open_only=True)), None)
    if incident is not None:
        return incident.label
    episode = next((one for one in desk.records.episodes() if one.channel == here), None)
    return f"A-{episode.id}" if episode is not None else ""


def expand(desk: Desk, delivery: Delivery, wish: ExpandStep) -> Change:
    """Take in that a step is to be expanded: of a run with what it has seen, or of a runbook alone.

    Raises:
        NotFoundError: there is no such run, runbook or step.
    """
    somebody = desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    if wish.run is not None:
        run = desk.records.run(wish.run)
        runbook, found = desk.runbook(run), run.id
    else:
        runbook, found = desk.library.find(wish.runbook), None
        running = next((run for run in desk.records.runs() if run.runbook == runbook.id), None)
        found = running.id if running else None
    step = _step(runbook, wish.step)
    payload: JsonObject = {
        "what": "expansion",
        "runbook": runbook.id,
        "run": found,
        "step": step.id,
        "number": step.label,
    }
    return _begun(desk, delivery, payload, by=somebody.id)


def _step(runbook: Runbook, named: str) -> Step:
    found = next((one for one in runbook.steps if named in {one.id, one.label}), None)
    if found is None:
        labels = ", ".join(one.label for one in runbook.steps[:60])
        raise NotFoundError(f"{runbook.title} has no step {named!a}; its steps are {labels}.")
    return found


def _begun(desk: Desk, delivery: Delivery, payload: JsonObject, *, by: str) -> Change:
    key = f"assist:{delivery.id}"
    place = delivery.place
    thread = place.thread or (None if place.channel.startswith("D") else place.ts)
    asked: JsonObject = {**payload, "state": "looking", "by": by, **({"thread": thread} if thread else {})}
    card = Card(key=key, kind=CardKind.ASSIST, subject=delivery.id, channel=place.channel, payload=asked, urgent=True)
    entry = AuditEntry(
        kind=f"assist.{payload['what']}", subject=key, actor=by, private=str(payload.get("question", ""))[:600]
    )
    return Change(cards=(card,), opens=(Wait(key=key, due=desk.now()),), audit=(entry,))


# Alarms.


def suggest(desk: Desk, delivery: Delivery, wish: SuggestForAlarm) -> Change:
    """Look again at an alarm and suggest anew.

    Raises:
        NotFoundError: no alarm is open that is called so.
    """
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    episode = desk.records.episode(wish.alarm) if wish.alarm is not None else _by_name(desk, wish.name)
    payload: JsonObject = {"what": "suggestion", "alarm": episode.id, "cost": wish.cost}
    return _begun(desk, delivery, payload, by=delivery.person or "")


def _by_name(desk: Desk, name: str) -> Episode:
    episodes = desk.records.episodes(open_only=False)
    found = next((one for one in episodes if one.notice.name.casefold() == name.casefold()), None)
    if found is None:
        names = ", ".join(dict.fromkeys(one.notice.name for one in episodes[:10])) or "none"
        raise NotFoundError(f"No alarm called {name!a} has gone off; those that have: {names}.")
    return found


def perform_suggest(desk: Desk, key: str) -> None:
    """Serve `suggest:ALARM`: what is suggested becomes part of the alarm's card, its picture part of the thread."""
    made: list[tuple[Suggestion, Evidence, Chart | None]] = []
    redactor = Redactor()

    def build() -> Change:
        if not desk.records.wait_open(key):
            return Change()
        episode = desk.records.episode(int(key.split(":")[1]))
        if not made:
            made.append((*suggestion_for(desk, episode, redactor), _chart(desk, episode)))
        suggestion, evidence, chart = made[0]
        told = episode.model_copy(update={"suggestion": suggestion, "chart": chart})
        kept = strikes.kept(suggestion.made.engine, len(suggestion.response))
        card = alarm_card_of(told)
        picture = Card(
            key=f"{card.key}:chart",
            kind=CardKind.PICTURE,
            subject=episode.id,
            channel=episode.channel,
            under=card.key,
        )
        shown = (card.model_copy(update={"urgent": False}), *((picture,) if chart else ()))
        subject = f"A-{episode.id}"
        return Change(
            episodes=(told,),
            evidence=((subject, evidence),),
            closes=(key,),
            cards=shown,
            counts=kept,
            audit=(_entry(subject, "suggestion", redactor),),
        )

    desk.keep(build)


def _entry(subject: str, what: str, redactor: Redactor) -> AuditEntry:
    """Return what the audit keeps of what was made: how often each kind of secret was taken out, and no text."""
    facts: JsonObject = {"what": what, "redacted": dict(redactor.counts)}
    return AuditEntry(kind="assist.made", subject=subject, actor="bot", facts=facts)


def _chart(desk: Desk, episode: Episode) -> Chart | None:
    """Return what the alarm's picture shows: its metric with the threshold; None where there are no points to show."""
    notice = episode.notice
    points = gathering.metric_points(desk, episode) if notice.metric and notice.namespace else ()
    if len(points) < LEAST_POINTS:
        return None
    since = moment(episode.since)
    return Chart(
        title=f"A-{episode.id} · {notice.name}"[:80],
        metric=notice.metric,
        since=min(points[0][0], since),
        until=max(points[-1][0], desk.now()),
        points=points,
        threshold=notice.threshold,
        bands=((since, None),),
    )


def suggestion_for(
    desk: Desk, episode: Episode, redactor: Redactor, *, by: str = "", channel: str = ""
) -> tuple[Suggestion, Evidence]:
    """Return the checked suggestion for an alarm, and the evidence it rests on.

    Args:
        by: who asked, if anybody did.
        channel: where.
    """
    evidence = gathering.of_alarm(desk, episode, redactor)
    candidates = candidates_for(desk, episode)
    label = f"A-{episode.id}"
    job = SuggestResponse(
        subject=label,
        by=by,
        channel=channel,
        urgent=_urgent(desk, label),
        alarm=episode.notice.name,
        candidates=candidates,
        evidence=evidence,
        struck=_struck(desk, label),
    )
    job = redacted(job, redactor)
    said = desk.assistant.suggest_response(job)
    response, made = _checked(desk, job, said.response, said.made)
    known = {one.runbook for one in candidates}
    runbook = said.runbook if said.runbook in known else None
    return Suggestion(runbook=runbook, response=response, made=made), grounds(job)


def candidates_for(desk: Desk, episode: Episode) -> tuple[Candidate, ...]:
    """Return the runbook that names the alarm, or the three that come nearest by words."""
    runbooks = desk.library.runbooks()
    exact = runbooks.get(episode.runbook or "")
    if exact is not None:
        return (_candidate(desk, exact, exact=True),)
    return tuple(_candidate(desk, runbooks[one.runbook], matched=one.matched) for one in nearest(desk, episode))


def other_runbooks(desk: Desk, delivery: Delivery, wish: OtherRunbook) -> JsonObject:
    """Return the runbooks that may answer an alarm if the one on its card does not; none is an answer too."""
    desk.person(delivery.person, channel=delivery.place.channel, starts=False)
    episode = desk.records.episode(wish.alarm)
    runbooks = desk.library.runbooks()
    found = [(one.runbook, one.matched) for one in nearest(desk, episode)]
    if wish.words:
        found = [one for one in desk.search.runbooks(wish.words, most=MOST_NEAREST) if one[0] in runbooks]
    items: list[JsonValue] = [
        listed(desk, runbooks[name], matched) for name, matched in found if name != episode.runbook
    ]
    return {"what": "others", "alarm": episode.id, "words": wish.words[:200], "items": items}


def _candidate(desk: Desk, runbook: Runbook, *, exact: bool = False, matched: Sequence[str] = ()) -> Candidate:
    symptoms = runbook.section("Symptoms")
    return Candidate(
        runbook=runbook.id,
        title=runbook.title,
        exact=exact,
        matched=tuple(matched),
        symptoms=symptoms.markdown.strip() if symptoms else "",
        first_steps=tuple(f"{one.number}. {one.title}" for one in runbook.forward[:MOST_FIRST_STEPS]),
    )


# Answers and expansions.


def perform_assist(desk: Desk, key: str) -> None:
    """Serve `assist:NUMBER`: gather, let the assistant word it, check, and show it on the card that was kept."""
    card = desk.records.card(key)
    if card is None or not desk.records.wait_open(key):
        return
    what, redactor = str(card.payload.get("what")), Redactor()
    try:
        made = _WORK[what](desk, card, redactor)
    except BotError as error:
        made = _Worked(payload={"state": "failed", "words": error.words[:600]})
    done = card.model_copy(update={"payload": {**card.payload, "text": "", "state": "done", **made.payload}})
    kept = ((key, made.evidence),) if made.evidence is not None else ()
    entry = _entry(key, what, redactor)
    change = Change(cards=(done,), closes=(key,), evidence=kept, counts=made.counts, audit=(entry,))
    desk.keep(lambda: change if desk.records.wait_open(key) else Change())


@dataclass(frozen=True, kw_only=True)
class _Worked:
    """Hold what a card of the assistant says by now, what that rests on, and what is counted of it."""

    payload: JsonObject
    evidence: Evidence | None = None
    counts: tuple[tuple[str, int], ...] = ()


def _struck(desk: Desk, label: str) -> tuple[str, ...]:
    return strikes.sentences(desk.records, strikes.family(desk.records, label))


def _urgent(desk: Desk, label: str) -> bool:
    """Return whether an open incident of severity 1 is what that is about."""
    named = [one for one in strikes.family(desk.records, label) if one.startswith("INC-")]
    incidents = (desk.records.incident(int(one.removeprefix("INC-"))) for one in named)
    return any(one.gravest for one in incidents)


def _answer(desk: Desk, card: Card, redactor: Redactor) -> _Worked:
    question = str(card.payload["question"])
    evidence = gathering.of_question(desk, question, redactor, channel=card.channel)
    about = strikes.about(card)
    job = AnswerQuestion(
        subject=card.key,
        by=_asker(card),
        channel=card.channel,
        urgent=_urgent(desk, about),
        question=question,
        evidence=evidence,
        struck=_struck(desk, about),
    )
    job = redacted(job, redactor)
    said = desk.assistant.answer(job, heard=_Telling(desk, card))
    claims, made = _checked(desk, job, said.claims, said.made)
    shown = Answer(
        claims=claims, not_looked_at=tuple(dict.fromkeys((*evidence.unread, *said.not_looked_at))), made=made
    )
    counts = strikes.kept(made.engine, len(claims))
    return _Worked(payload={"reply": shown.model_dump(mode="json")}, evidence=grounds(job), counts=counts)


class _Telling:
    """Show the text so far while it is being written, at most once a second; it is replaced by what was checked."""

    def __init__(self, desk: Desk, card: Card) -> None:
        self._desk = desk
        self._card = card
        self._last: datetime | None = None

    def __call__(self, text: str) -> None:
        """Show it, if the last time is long enough ago."""
        now = self._desk.now()
        if self._last is not None and now - self._last < TOLD_EVERY:
            return
        self._last = now
        payload: JsonObject = {**self._card.payload, "state": "writing", "text": text[-MOST_QUESTION:]}
        self._desk.records.commit(Change(cards=(self._card.model_copy(update={"payload": payload}),)))


def _suggestion(desk: Desk, card: Card, redactor: Redactor) -> _Worked:
    episode = desk.records.episode(_number(card.payload["alarm"]))
    said, evidence = suggestion_for(desk, episode, redactor, by=_asker(card), channel=card.channel)
    counts = strikes.kept(said.made.engine, len(said.response))
    told: JsonObject = {"fates": strikes.fates(desk.records)} if card.payload.get("cost") is True else {}
    return _Worked(payload={"reply": said.model_dump(mode="json"), **told}, evidence=evidence, counts=counts)


def _expansion(desk: Desk, card: Card, redactor: Redactor) -> _Worked:
    run = desk.records.run(_number(card.payload["run"])) if card.payload.get("run") is not None else None
    runbook = desk.runbook(run) if run else desk.library.find(str(card.payload["runbook"]))
    step = runbook.step(str(card.payload["step"]))
    job = expansion_job(desk, runbook, step, run, redactor, channel=card.channel, by=_asker(card))
    about = strikes.about(card)
    job = job.model_copy(update={"struck": _struck(desk, about), "urgent": _urgent(desk, about)})
    said = desk.assistant.expand_step(job)
    dropped: tuple[Dropped, ...] = ()
    parts: dict[str, tuple[Claim, ...]] = {}
    for name in PARTS:
        checked = check(getattr(said, name), grounds(job), names=gathering.names(desk))
        parts[name], dropped = checked.kept, (*dropped, *checked.dropped)
    proposed, offers, unfit = adding.offered(desk, job, said.proposed, run, channel=card.channel)
    made = said.made.model_copy(update={"dropped": (*said.made.dropped, *dropped, *unfit)})
    shown = Expansion(**parts, questions=said.questions, proposed=proposed, offers=offers, made=made)
    counts = strikes.kept(made.engine, sum(map(len, parts.values())) + len(proposed))
    payload: JsonObject = {"reply": shown.model_dump(mode="json"), "title": step.title}
    return _Worked(payload=payload, evidence=grounds(job), counts=counts)


_WORK = {"answer": _answer, "expansion": _expansion, "suggestion": _suggestion}


def expansion_job(
    desk: Desk, runbook: Runbook, step: Step, run: Run | None, redactor: Redactor, *, channel: str, by: str
) -> ExpandJob:
    """Return what the assistant is asked about a step: its words, this run's values, its call, and what lacks.

    Of what the run has seen, only what every reader of the channel may see.
    """
    undo = next((one for one in runbook.steps if one.id == step.undo), None)
    values, call, unknown = _values(desk, step, run)
    evidence = gathering.of_run(desk, run, runbook, redactor).readable_in(channel) if run else Evidence()
    job = ExpandJob(
        subject=run.label if run else runbook.id,
        by=by,
        channel=channel,
        runbook=runbook.id,
        step=step.id,
        title=step.title,
        prose=step.prose or step.title,
        values=values,
        call=call,
        unknown=unknown,
        undo=undo.title if undo else step.no_undo or "",
        verify=f"It is so when {step.expect}" if step.expect else "",
        actions=adding.may_be_proposed(desk, runbook),
        evidence=evidence,
    )
    return redacted(job, redactor)


def _values(desk: Desk, step: Step, run: Run | None) -> tuple[dict[str, str], JsonObject | None, tuple[str, ...]]:
    """Return the step's parameters that are known, the call they make, and the names of those nobody knows yet."""
    if step.uses is None:
        return {}, None, ()
    scope = desk.scope(run) if run else {}
    known: dict[str, JsonValue] = {}
    unknown: list[str] = []
    for name, written in step.with_.items():
        try:
            known[name] = resolve(written, scope)
        except ExpressionError:
            unknown.append(name)
    told = {name: spelled(value) for name, value in known.items()}
    call: JsonObject | None = None if unknown else {"uses": step.uses, "with": known}
    if step.when and run:
        told["needed now"] = _holds(step.when, scope)
    return told, call, tuple(unknown)


def _holds(when: str, scope: dict[str, JsonValue]) -> str:
    try:
        return "yes" if compile_expression(when).truth(scope) else f"no: {when} is false"
    except ExpressionError:
        return "not known yet"


def _checked(desk: Desk, job: Job, claims: tuple[Claim, ...], made: Made) -> tuple[tuple[Claim, ...], Made]:
    """Return the claims the evidence bears; whoever made them, they are believed only here."""
    checked = check(claims, grounds(job), names=gathering.names(desk))
    return checked.kept, made.model_copy(update={"dropped": (*made.dropped, *checked.dropped)})


def _asker(card: Card) -> str:
    """Return who asked for what the card shows."""
    return str(card.payload.get("by") or "")


def _number(value: JsonValue) -> int:
    return int(str(value))
