"""What a post-mortem holds: computed times, claims with their evidence, causes that are candidates until confirmed."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.assistance import Engine, Made
from bot.domain.claims import Claim, Dropped
from bot.domain.evidence import Evidence, Link
from bot.domain.value import Value


class Part(StrEnum):
    """Name a section that holds claims, in the order they stand."""

    SUMMARY = "Summary"
    IMPACT = "Impact"
    DETECTION = "Detection"
    RESPONSE = "Response and recovery"
    WELL = "What went well"
    BADLY = "What went badly"
    LUCKY = "Where we were lucky"


# What stands in a section nobody has written yet; the last three are for people alone.
PROMPTS: Mapping[Part, str] = {
    Part.SUMMARY: "_Not determined: two or three sentences on what happened and how it ended._",
    Part.IMPACT: "_Not determined: who got wrong data, late data or none, and for how long?_",
    Part.DETECTION: "_Not determined: how was it noticed, and could it have been sooner?_",
    Part.RESPONSE: "_Not determined: what was done, in which order, and what ended it?_",
    Part.WELL: "_For people: what helped, and should be kept?_",
    Part.BADLY: "_For people: what made it longer or harder than it had to be?_",
    Part.LUCKY: "_For people: what could as well have gone the other way?_",
}
FOR_PEOPLE = frozenset({Part.WELL, Part.BADLY, Part.LUCKY})


class Moment(Value):
    """Hold one row of the timeline.

    Attributes:
        source: what it comes from, in a word: alarm, run, step, approval, call, note, incident, log, execution,
            job, object, deploy.
        key: what makes it the same moment as another source's; empty where nothing does.
        link: where a person can open it.
    """

    at: datetime
    text: str
    source: str
    evidence: tuple[str, ...] = ()
    by: str = ""
    key: str = ""
    link: Link = ""


class Times(Value):
    """Hold when it went how far; what nothing tells is None, never a guess.

    Attributes:
        began: the trigger or the first trouble seen, not the alarm.
        waited: how long requests were open that nobody had answered; two at once count once. None: nothing was asked.
    """

    began: datetime | None = None
    detected: datetime | None = None
    acknowledged: datetime | None = None
    mitigated: datetime | None = None
    resolved: datetime | None = None
    waited: timedelta | None = None


class Candidate(Value):
    """Hold a candidate for trigger or contributing factor, with what speaks for it and against it.

    Attributes:
        role: trigger or contributing.
        unseen: what was not looked at and might tell.
        confirmed_by: the person who says it is so; until then it is a candidate.
    """

    claim: Claim
    role: str = "trigger"
    backing: tuple[Claim, ...] = ()
    against: tuple[Claim, ...] = ()
    unseen: tuple[str, ...] = ()
    confirmed_by: str = ""


class ActionItem(Value):
    """Hold a thing to do; nobody owns it who did not take or get it."""

    text: str
    evidence: tuple[str, ...] = ()
    owner: str = ""
    due: str = ""
    done: bool = False


class Postmortem(Value):
    """Hold one post-mortem, whole.

    Attributes:
        number: the edition of the draft, from 1.
        status: DRAFT or PUBLISHED.
        evidence: what every claim points at, and what was not read.
        made: who worded it and what that cost; what was dropped of it stands in `dropped`. None: not known.
    """

    incident: str
    title: str
    severity: int | None = None
    number: int = 1
    status: str = "DRAFT"
    since: datetime
    until: datetime
    times: Times = Times()
    parts: Mapping[Part, tuple[Claim, ...]] = {}
    timeline: tuple[Moment, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    questions: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    evidence: Evidence = Evidence()
    made: Made | None = None

    @property
    def engine(self) -> Engine:
        """Return who worded its sections."""
        return self.made.engine if self.made else "extractive"

    def claims(self) -> Iterator[tuple[str, Claim]]:
        """Yield every claim with the name of where it stands."""
        for part in Part:
            yield from ((part.value, claim) for claim in self.parts.get(part, ()))
        for candidate in self.candidates:
            yield CANDIDATES, candidate.claim
            yield from ((FOR, claim) for claim in candidate.backing)
            yield from ((AGAINST, claim) for claim in candidate.against)


CANDIDATES = "Trigger and contributing factors"
FOR, AGAINST = "For", "Against"
