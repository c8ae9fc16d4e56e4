"""Every error the bot raises on purpose.

BotError
├── RequestError            the person can mend it; the words are shown as they are, remedy included
│   ├── NotFoundError       nothing has that name; the words offer the nearest
│   ├── NotAllowedError     the rule says no; the words say who may and what to do next
│   ├── InvalidError        what was given does not fit; the words say what would
│   └── ExpressionError     an expression of a runbook is wrong or could not be answered
├── ConflictError           the world moved between looking and acting
│   ├── StaleError          somebody else changed the same record first; look again and decide again
│   ├── WorldChangedError   what was approved is not what is there now; names the difference
│   └── LeaseHeldError      another run holds the resource; wait for it
└── EdgeError               a neighbour (Slack, AWS, the database) failed; says whether anything was changed
    ├── UnavailableError    nothing was changed; trying again later is safe
    │   └── BusyError       the neighbour takes no more calls for now
    ├── CallRefusedError    AWS answered no; nothing was changed
    └── OutcomeUnknownError sent, but no answer: it may or may not have happened

Anything else that is raised is a bug: it is logged whole and one sentence is shown.
"""


class BotError(Exception):
    """Carry words that can be shown to a person."""

    @property
    def words(self) -> str:
        """Return the sentence for the person."""
        return str(self)


class RequestError(BotError):
    """Say what the person can mend, and how."""


class NotFoundError(RequestError):
    """Say that nothing has that name, and what comes near."""


class NotAllowedError(RequestError):
    """Say which rule refuses, who may, and what to do next."""


class InvalidError(RequestError):
    """Say what does not fit, and what would."""


class ExpressionError(RequestError):
    """Say what is wrong with an expression, and where."""


class ConflictError(BotError):
    """Say that the world moved between looking and acting."""


class StaleError(ConflictError):
    """Say that the record was changed by somebody else first."""


class WorldChangedError(ConflictError):
    """Name the difference between what was approved and what is there."""

    def __init__(self, words: str, *, field: str, was: str, now: str) -> None:
        super().__init__(words)
        self.field = field
        self.was = was
        self.now = now


class LeaseHeldError(ConflictError):
    """Name the run that holds the resource."""

    def __init__(self, words: str, *, resource: str, holder: int) -> None:
        super().__init__(words)
        self.resource = resource
        self.holder = holder


class EdgeError(BotError):
    """Say which neighbour failed, and whether anything was changed."""


class UnavailableError(EdgeError):
    """Say that nothing was changed and that trying again later is safe."""


class BusyError(UnavailableError):
    """Say that the neighbour takes no more calls for now."""


class CallRefusedError(EdgeError):
    """Carry AWS's own code beside the words; nothing was changed."""

    def __init__(self, words: str, *, code: str) -> None:
        super().__init__(words)
        self.code = code


class OutcomeUnknownError(EdgeError):
    """Say that a call was sent and that no answer came back."""
