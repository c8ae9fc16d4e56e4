"""Prompts: a file's text to a `Prompt`, and a prompt with a job to what a model is sent. Pure.

Evidence is hostile text. It goes only into the user's message, as JSON, one item a line, inside a boundary that is
drawn anew for every request; the system's text is static, the same for every job.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.assistance import Job, grounds
from bot.domain.claims import Dropped
from bot.domain.evidence import Evidence, Item
from bot.domain.redaction import redacted
from bot.domain.strictyaml import parse_yaml
from bot.domain.value import JsonObject, JsonValue, Value
from bot.errors import InvalidError

NAMES = frozenset({"boundary", "job", "evidence"})
MOST_CHARACTERS = 32_768
FEWEST_BOUNDARY = 16
MOST_STRUCK = 40
NOT_TOLD = {"evidence", "subject", "by", "channel", "urgent", "struck"}
"""What of a job is told apart from it, or to no model."""

_PARTS = re.compile(
    r"\A---\n(?P<front>.*?)\n---\n\s*# System\n(?P<system>.*?)\n# User\n(?P<user>.*)\Z",
    re.DOTALL,
)
_BRACES = re.compile(r"\{\{(?P<name>.*?)\}\}", re.DOTALL)
_AROUND = re.compile(r"^\{\{boundary\}\}\n\{\{job\}\}\n\{\{evidence\}\}\n\{\{boundary\}\}$", re.MULTILINE)
_LINE_ENDS = {ord(one): f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}


class Prompt(Value):
    """Hold one prompt file.

    Attributes:
        output: name of the schema the reply must have.
        max_tokens: the most the model may write.
        system: static text; the same for every job, so that a service can keep it in its cache.
        user: the template of the user's message.
    """

    id: str
    version: int
    output: str
    max_tokens: int
    system: str
    user: str
    sha256: str

    @property
    def label(self) -> str:
        """Return `id@version`, as answers record it."""
        return f"{self.id}@{self.version}"


class Rendered(Value):
    """Hold what a model is sent."""

    system: str
    user: str


class _Front(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    version: int = Field(ge=1)
    output: str = Field(pattern=r"^[A-Z][A-Za-z]{0,39}$")
    max_tokens: int = Field(ge=100, le=16_000)


def parse_prompt(text: str, path: str) -> Prompt:
    """Return the prompt a file holds.

    Raises:
        InvalidError: names file and line, and what would fit.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidError(f"{path}:1: the prompt has {len(text)} characters; at most {MOST_CHARACTERS} are read.")
    parts = _PARTS.match(text)
    if parts is None:
        words = "a prompt is front matter between `---` lines, then `# System`, then `# User`, each with its text"
        raise InvalidError(f"{path}:1: {words}.")
    front = _front(parts["front"], path)
    _insist_on_names(text, parts, path)
    return Prompt(
        **front.model_dump(),
        system=parts["system"].strip(),
        user=parts["user"].strip(),
        sha256=sha256(text.encode()).hexdigest(),
    )


def render(prompt: Prompt, job: Job, *, boundary: str, dropped: Sequence[Dropped] = ()) -> Rendered:
    """Return what a model is sent for the job.

    Args:
        prompt: says how.
        job: what is asked, with its evidence; redacted.
        boundary: drawn at random for this request alone.
        dropped: on a second try, what of the first reply the evidence did not bear.

    Raises:
        InvalidError: the boundary is too short, or stands in the data.
    """
    values = {
        "boundary": boundary,
        "job": _line({"job": job.model_dump(mode="json", exclude=NOT_TOLD)}),
        "evidence": "\n".join((*_lines(grounds(job)), *_struck(job.struck), *map(_again, dropped))),
    }
    if len(boundary) < FEWEST_BOUNDARY or boundary in values["job"] or boundary in values["evidence"]:
        raise InvalidError("The boundary must be long, random and nowhere in the data; draw another one.")
    return Rendered(system=prompt.system, user=substitute(prompt.user, values))


def substitute(template: str, values: Mapping[str, str]) -> str:
    """Return the template with every `{{name}}` replaced, once: what a value holds is never looked at again.

    Raises:
        InvalidError: a name has no value, or a value no name.
    """
    names = {found["name"] for found in _BRACES.finditer(template)}
    if missing := sorted(names - set(values)):
        raise InvalidError(f"The prompt asks for {', '.join(missing)}, which nobody gives.")
    if unused := sorted(set(values) - names):
        raise InvalidError(f"The prompt has no place for {', '.join(unused)}.")
    return _BRACES.sub(lambda found: values[found["name"]], template)


def _front(text: str, path: str) -> _Front:
    found = parse_yaml(text, first_line=2)
    if found.slips or found.value is None:
        slip = found.slips[0]
        raise InvalidError(f"{path}:{slip.line}: {slip.words}")
    try:
        return _Front.model_validate(found.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        line = found.line(first["loc"], 1)
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"{path}:{line}: {name}: {first['msg']}.") from error


def _insist_on_names(text: str, parts: re.Match[str], path: str) -> None:
    for found in _BRACES.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found.start() < parts.start("user"):
            raise InvalidError(f"{path}:{line}: only the user's message has places to fill; the system's is static.")
        if found["name"] not in NAMES:
            known = ", ".join(f"{{{{{name}}}}}" for name in sorted(NAMES))
            raise InvalidError(f"{path}:{line}: there is no {found[0][:60]!a}; there is {known}.")
    if len(_AROUND.findall(parts["user"])) != 1 or len(_BRACES.findall(parts["user"])) != len(NAMES) + 1:
        line = text.count("\n", 0, parts.start("user")) + 1
        words = "the user's message needs {{boundary}}, {{job}}, {{evidence}}, {{boundary}}, once, each on its own line"
        raise InvalidError(f"{path}:{line}: {words}.")


def _lines(evidence: Evidence) -> Iterator[str]:
    yield from (_line({"item": _shown(item)}) for item in evidence.items)
    if evidence.derived:
        yield _line({"derived": dict(evidence.derived)})
    if evidence.unread:
        yield _line({"unread": list(evidence.unread)})


def _struck(sentences: Sequence[str]) -> Iterator[str]:
    """Yield what people struck, the newest where there is much; by whom and why is theirs, and is not told."""
    if sentences:
        yield _line({"struck": list(sentences[-MOST_STRUCK:])})


def _again(dropped: Dropped) -> str:
    return _line(redacted({"dropped": {"text": dropped.claim.text, "why": dropped.why}}))


def _shown(item: Item) -> JsonObject:
    """Return the item as a model sees it: without link and channel, which are for people."""
    kept: JsonObject = item.model_dump(mode="json", exclude={"link", "channel"}, exclude_none=True)
    return kept


def _line(value: JsonValue) -> str:
    """Return the value as one line of JSON, also for readers who take U+2028 for a line's end."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)
