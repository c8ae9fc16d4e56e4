"""What the assistant needs of a model, whichever it is: one request, one reply in an agreed form."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel

from bot.domain.assistance import Tokens
from bot.domain.value import JsonObject, Value

log = logging.getLogger(__name__)

Heard = Callable[[JsonObject], None]


class Asked(Value):
    """Hold one request; `output` names the schema of the reply."""

    task: str
    system: str
    user: str
    output: str
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class Said:
    """Hold what came back.

    Attributes:
        reply: in the agreed form, or None.
        refused: where there is none, what came instead, as a clause for people; `why` is the same in one word.
        fault: whether the service, rather than what it was asked, is to be suspected.
        tokens: used either way.
    """

    reply: BaseModel | None
    model: str
    tokens: Tokens
    refused: str = ""
    why: Literal["guarded", "too_long", "malformed"] = "malformed"
    fault: bool = True

    @property
    def result(self) -> str:
        """Return what came back, in one word."""
        return self.why if self.reply is None else "answered"


class Model(Protocol):
    """Words what it is given."""

    def ask(self, asked: Asked, *, heard: Heard | None = None) -> Said:
        """Return what the model says; `heard` is given each sentence of `claims` as soon as it is whole.

        Raises:
            UnavailableError: no answer came, or none that can be read.
            CallRefusedError: the service said no.
        """
        ...


class Closable(Model, Protocol):
    """A model that holds connections."""

    def close(self) -> None:
        """Close them; who is asking meanwhile gets no answer."""
        ...


class Later:
    """Load a model when it is first needed, once, in whichever thread comes first: loading takes seconds."""

    def __init__(self, load: Callable[[], Closable]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: Closable | None = None

    def warm(self) -> None:
        """Load it now; where that fails it is logged, and tried again when the model is asked."""
        try:
            self._model()
        except Exception:
            log.exception("The model could not be loaded.")

    def ask(self, asked: Asked, *, heard: Heard | None = None) -> Said:
        """Load it if nobody has, and ask.

        Raises:
            InvalidError: it cannot be used as it is set.
        """
        return self._model().ask(asked, heard=heard)

    def close(self) -> None:
        """Close what was loaded; what is still being loaded is not waited for."""
        if self._loaded is not None:
            self._loaded.close()

    def _model(self) -> Closable:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
