"""Which messages tell of a run, and are behind once it stands otherwise: none may offer a way that is closed."""

from collections.abc import Iterator

from bot.domain.reasons import REASON
from bot.domain.records import Card, CardKind
from bot.domain.run import Awaiting, Run, Waiting, standing
from bot.usecases.desk import Desk


def run_card(run: Run) -> Card:
    """Return the card that shows the run; it is edited in place and notifies nobody."""
    return Card(key=f"run:{run.id}", kind=CardKind.RUN, subject=run.id, channel=run.place.channel)


def notice(run: Run, what: str, *, mark: str = "", **facts: str | int | bool | None) -> Card:
    """Return a new message about a run that does notify: finished, failed, unknown, owed."""
    return Card(
        key=f"{what}:{run.id}{mark}",
        kind=CardKind.NOTICE,
        subject=run.id,
        channel=run.place.channel,
        under=f"run:{run.id}",
        payload={"what": what, **facts},
        urgent=True,
    )


def asking_card(run: Run, waiting: Waiting, *, by: str = "") -> Card:
    """Return the message that asks somebody to do a step by hand, or for inputs; `by` is who has answered.

    Why a change is wanted may be asked after another question of the same step: that is another message.
    """
    mark = f":{waiting.step}:{run.record(waiting.step).request}" + (":why" if waiting.asks == REASON else "")
    facts = {"by": by} if by else {}
    return notice(run, waiting.what.value, mark=mark, step=waiting.step, **facts)


def run_cards(desk: Desk, run: Run) -> tuple[Card, ...]:
    """Return the run's own card, and those that stand already and show what it no longer is or waits for."""
    before = desk.records.run(run.id)
    keys: list[str] = []
    if standing(before) is not standing(run):
        keys += [f"alarm:{run.alarm}", f"incident:{run.incident}"]
    if before.waiting != run.waiting:
        keys += [f"alarm:{run.alarm}", *_asking(desk, before)]
    if before.owed != run.owed:
        keys += _owing(desk, before)
    known = (desk.records.card(key) for key in dict.fromkeys(keys))
    return (run_card(run), *(card.model_copy(update={"urgent": False}) for card in known if card))


def _asking(desk: Desk, run: Run) -> Iterator[str]:
    """Yield the keys of what asked somebody for the step that the run waits at."""
    if run.waiting is None:
        return
    step = run.waiting.step
    at = f"{run.id}:{step}:{run.record(step).request}"
    match run.waiting.what:
        case Awaiting.INPUT | Awaiting.DONE:
            yield asking_card(run, run.waiting).key
        case Awaiting.PERSON:
            yield from (f"failed:{at}", f"unknown:{at}")
            for one in desk.records.approvals(run=run.id):
                if one.step == step:
                    yield f"request:{one.id}"
                    yield from (f"{what}:{run.id}:{one.id}" for what in ("void", "expired", "declined"))
        case _:
            return


def _owing(desk: Desk, run: Run) -> Iterator[str]:
    """Yield the keys of what said that the run, which has ended, still owes something."""
    yield f"finished:{run.id}:{len(run.undoing)}"
    yield from desk.records.card_keys(f"owed:{run.id}:")
