"""How work is named in the engine's tables: installation, work, and which turn at it. Pure; knows no DBOS."""

from dataclasses import dataclass

FIRST_TURN = 0


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Count one go at a work; a later one exists only where the records still had the work open."""

    installation: str
    work: str
    number: int = FIRST_TURN

    def __post_init__(self) -> None:
        if not self.work or "#" in self.work or not self.installation or "/" in self.installation:
            msg = f"A work needs a name without '#', an installation one without '/': {self!r}"
            raise ValueError(msg)

    @property
    def first_id(self) -> str:
        """Return the workflow id of the first turn: every replica derives the same."""
        return f"{self.installation}/{self.work}"

    @property
    def later_prefix(self) -> str:
        """Return what the workflow ids of all later turns begin with."""
        return f"{self.first_id}#"

    @property
    def workflow_id(self) -> str:
        """Return the id that the engine's table keeps unique."""
        return self.first_id if self.number == FIRST_TURN else f"{self.later_prefix}{self.number}"


def read(workflow_id: str, *, installation: str) -> Turn | None:
    """Return the turn a workflow id names, or None for one that another installation or a stranger wrote."""
    ours, slash, rest = workflow_id.partition("/")
    if not slash or ours != installation:
        return None
    work, hash_, number = rest.partition("#")
    if not work:
        return None
    if not hash_:
        return Turn(installation=installation, work=work)
    if not (number.isascii() and number.isdigit()) or int(number) == FIRST_TURN:
        return None
    return Turn(installation=installation, work=work, number=int(number))
