"""The slash commands, one row each: parser, help, Slack's manifest and the README's table are made of the rows.

Nothing here tells a fact about runbooks, runs or requests: what has facts goes through the inbox and comes back.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, get_args

from bot.domain.blocks import duration
from bot.domain.inbox import (
    AddFollowUp,
    AskQuestion,
    DeclareIncident,
    Delivery,
    EditSection,
    EndIncident,
    ExpandStep,
    ExportPostmortem,
    Form,
    GiveInputs,
    GradeIncident,
    ImportPostmortem,
    NamePerson,
    NoteIncident,
    PublishPostmortem,
    RevokeRequest,
    ShowAlarms,
    ShowApprovals,
    ShowFollowUps,
    ShowHelp,
    ShowIncidents,
    ShowList,
    ShowPostmortem,
    ShowRunbook,
    ShowStatus,
    SnoozeAlarm,
    StartPostmortem,
    StartRun,
    StopRun,
    SuggestForAlarm,
    TakeAlarm,
    Wish,
)
from bot.domain.incident import MOST_NOTE
from bot.domain.people import Place
from bot.domain.postmortem.sections import editable
from bot.domain.uploads import CANVAS
from bot.domain.value import JsonObject
from bot.errors import InvalidError
from bot.slack.cards.blocks import Block
from bot.slack.cards.wording import code
from bot.slack.parsing import (
    Words,
    cleaned,
    first_word,
    label_first,
    mentioned,
    name_of,
    nearest,
    nothing_more,
    number,
    one_number,
    sentence,
    typed,
    words,
)
from bot.slack.payloads import hashed

MOST_SAID = 1_000
MOST_SOURCE = 500
FORMS: Final[tuple[Form, ...]] = get_args(Form)
HELP = "help"
_SLASH = re.compile(r"/[a-z0-9][a-z0-9_-]{0,30}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Row:
    """Hold one subcommand.

    Attributes:
        usage: what follows its name.
        build: what it makes of the words typed; raises InvalidError in words.
        alone: whether the command without a subcommand means this one.
        reads: how its words are read: with values and quotes, or as a sentence.
    """

    command: str
    name: str
    usage: str
    help: str
    build: Callable[[Words], Wish]
    alone: bool = False
    reads: Callable[[str], Words] = words


def _listed(found: Words) -> Wish:
    return ShowList(words=found.text)


def _searched(found: Words) -> Wish:
    if not found.text:
        raise InvalidError("Search for what? Words are missing.")
    return ShowList(words=found.text)


def _shown(found: Words) -> Wish:
    nothing_more(found, beyond=len(found.plain))
    return ShowRunbook(runbook=name_of(found))


def _started(found: Words) -> StartRun:
    inputs = dict(found.given)
    alarm = inputs.pop("alarm", None)
    return StartRun(runbook=name_of(found), inputs=inputs, alarm=number(alarm, "A") if alarm is not None else None)


def _planned(found: Words) -> Wish:
    return _started(found).model_copy(update={"plan_only": True})


def _status(found: Words) -> Wish:
    return ShowStatus(run=one_number(found, "R") if found.plain or found.given else None)


def _stopped(found: Words) -> Wish:
    return StopRun(run=one_number(found, "R"))


def _answered(found: Words) -> Wish:
    nothing_more(found, beyond=1, values=True)
    if not found.plain:
        raise InvalidError("Which run? Its id is missing; write R-42.")
    if not found.given:
        raise InvalidError("Answer what? Write name=value, as the run asks for it.")
    return GiveInputs(run=number(found.plain[0], "R"), inputs=found.given)


def _requests(found: Words) -> Wish:
    nothing_more(found, beyond=0)
    return ShowApprovals()


def _request(found: Words) -> Wish:
    return ShowApprovals(approval=one_number(found, "Q"))


def _revoked(found: Words) -> Wish:
    return RevokeRequest(approval=one_number(found, "Q"))


def _expanded(found: Words) -> Wish:
    _only(found)
    of, step = found.plain[0] if found.plain else "", " ".join(found.plain[1:])
    if not re.fullmatch(r"(?:check )?\S+", step, re.IGNORECASE):
        raise InvalidError("Which step of what? Write R-42 or a runbook's name, and the step's number, or check 1.")
    if re.fullmatch(r"r-?[1-9][0-9]{0,8}", of.lower(), re.ASCII):
        return ExpandStep(run=number(of, "R"), step=step.lower()[:40])
    return ExpandStep(runbook=name_of(Words(plain=(of,), given={}, text=of)), step=step.lower()[:40])


def _alarms(found: Words) -> Wish:
    nothing_more(found, beyond=0)
    return ShowAlarms()


def _suggested(found: Words) -> Wish:
    cost = "--cost" in found.plain
    named = [word for word in found.plain if word != "--cost"]
    _only(found)
    if len(named) != 1:
        raise InvalidError("For which alarm? Write its id or its name.")
    if re.fullmatch(r"a-?[1-9][0-9]{0,8}", named[0].lower(), re.ASCII):
        return SuggestForAlarm(alarm=number(named[0], "A"), cost=cost)
    return SuggestForAlarm(name=named[0][:255], cost=cost)


def _taken(found: Words) -> Wish:
    return TakeAlarm(alarm=one_number(found, "A"))


def _snoozed(found: Words) -> Wish:
    _only(found)
    alarm = one_number(Words(plain=found.plain[:1], given={}, text=found.text), "A")
    said = " ".join(found.plain[1:]).removeprefix("for ")
    try:
        span = duration(said) if said else timedelta(hours=1)
    except ValueError as error:
        why = str(error)
        raise InvalidError(f"For how long? {why[:1].upper()}{why[1:]}.") from error
    return SnoozeAlarm(alarm=alarm, minutes=max(1, span // timedelta(minutes=1)))


def _drafted(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=0, values=True)
    _only(rest, "since", "until", "groups")
    groups = tuple(one.strip() for one in rest.given.get("groups", "").split(",") if one.strip())
    since, until = rest.given.get("since", ""), rest.given.get("until", "")
    return StartPostmortem(incident=incident, groups=groups, since=since, until=until)


def _draft_shown(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=1)
    item = rest.plain[0].upper() if rest.plain else ""
    if item and not re.fullmatch(r"[DE][1-9][0-9]{0,4}", item, re.ASCII):
        raise InvalidError(f"{code(item, 60)} is no incident and no piece of evidence; write INC-7, or E37.")
    return ShowPostmortem(incident=incident, item=item)


def _section_edited(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    _only(rest)
    return EditSection(incident=incident, section=editable(" ".join(rest.plain)) if rest.plain else "")


def _published(found: Words) -> Wish:
    anyway = "--anyway" in found.plain
    plain = tuple(word for word in found.plain if word != "--anyway")
    incident, rest = label_first(Words(plain=plain, given=found.given, text=found.text), "INC")
    nothing_more(rest, beyond=0)
    return PublishPostmortem(incident=incident, anyway=anyway)


def _exported(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=1)
    form = next((one for one in FORMS if rest.plain and one == rest.plain[0].lower()), None)
    if form is None:
        raise InvalidError(f"As what? Write one of {', '.join(FORMS)}.")
    return ExportPostmortem(incident=incident, form=form)


def _imported(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=1)
    source = rest.plain[0] if rest.plain else ""
    return ImportPostmortem(incident=incident, source=CANVAS if source.lower() == CANVAS else source[:MOST_SOURCE])


def _followed(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=0 if incident is not None else 1)
    match rest.plain[0].lower() if rest.plain else "":
        case "":
            return ShowFollowUps(incident=incident)
        case "mine":
            return ShowFollowUps(which="mine")
        case "open":
            return ShowFollowUps(which="open")
        case other:
            raise InvalidError(f"{code(other, 40)} is no list of action items; write INC-7, mine or open.")


def _item_added(found: Words) -> Wish:
    word, rest = first_word(found.raw)
    if word != "add":
        raise InvalidError("Do what with an action item? It can be added: action add, and what is to be done.")
    incident, said = label_first(sentence(rest), "INC")
    return AddFollowUp(incident=incident, text=said.raw.strip()[:MOST_NOTE])


def _declared(found: Words) -> Wish:
    severity, alarm = found.given.get("severity", "3"), found.given.get("alarm")
    if more := [name for name in found.given if name not in {"severity", "alarm"}]:
        whole = "if it is part of what has happened, put all of that in quotes"
        raise InvalidError(f"I do not understand {code(f'{more[0]}=', 60)} here; {whole}.")
    return DeclareIncident(
        title=" ".join(found.plain),
        severity=_severity(severity),
        alarm=number(alarm, "A") if alarm is not None else None,
    )


def _only(found: Words, *names: str) -> None:
    more = [name for name in found.given if name not in names]
    if more:
        raise InvalidError(f"I do not understand {code(f'{more[0]}=', 60)} here.")


def _severity(text: str) -> int:
    if text not in {"1", "2", "3", "4"}:
        raise InvalidError(f"{code(text, 20)} is no severity; write 1, 2, 3 or 4.")
    return int(text)


def _incident(found: Words) -> Wish:
    return ShowIncidents(incident=one_number(found, "INC") if found.plain or found.given else None)


def _incidents(found: Words) -> Wish:
    nothing_more(found, beyond=0)
    return ShowIncidents(every=True)


def _graded(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=1)
    return GradeIncident(incident=incident, severity=_severity(rest.plain[0] if rest.plain else ""))


def _led(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=1)
    return NamePerson(incident=incident, person=mentioned(rest.plain[0]) if rest.plain else None)


def _part_given(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    nothing_more(rest, beyond=2)
    if not rest.plain:
        raise InvalidError("Which part? Its name is missing.")
    person = mentioned(rest.plain[1]) if len(rest.plain) > 1 else None
    return NamePerson(incident=incident, role=rest.plain[0].lower()[:40], person=person)


def _noted(found: Words) -> Wish:
    incident, rest = label_first(found, "INC")
    return NoteIncident(incident=incident, text=rest.raw.strip()[:MOST_NOTE])


def _mitigated(found: Words) -> Wish:
    return EndIncident(incident=one_number(found, "INC") if found.plain or found.given else None, over=False)


def _resolved(found: Words) -> Wish:
    return EndIncident(incident=one_number(found, "INC") if found.plain or found.given else None, over=True)


ROWS: tuple[Row, ...] = (
    Row(command="runbook", name="list", usage="[words]", help="List the runbooks.", build=_listed, reads=sentence),
    Row(
        command="runbook",
        name="search",
        usage="words",
        help="Find runbooks by words.",
        build=_searched,
        reads=sentence,
    ),
    Row(command="runbook", name="show", usage="name", help="Read a runbook.", build=_shown),
    Row(
        command="runbook",
        name="plan",
        usage="name [key=value …] [alarm=A-118]",
        help="Look, and say what a run would ask for; nothing is changed.",
        build=_planned,
    ),
    Row(
        command="runbook",
        name="run",
        usage="name [key=value …] [alarm=A-118]",
        help="Start a runbook. It starts by looking; every change stops for an approval.",
        build=_started,
    ),
    Row(command="runbook", name="status", usage="[R-42]", help="Show one run, or all that are open.", build=_status),
    Row(
        command="runbook",
        name="answer",
        usage="R-42 name=value …",
        help="Give a run what it waits for, or choose how it goes on.",
        build=_answered,
    ),
    Row(
        command="runbook",
        name="expand",
        usage="R-42 4 (or name 4)",
        help="Say what exactly to do at a step, with this run's values.",
        build=_expanded,
    ),
    Row(command="runbook", name="stop", usage="R-42", help="Stop a run; what it owes stays owed.", build=_stopped),
    Row(command="approvals", name="list", usage="", help="List the open requests.", build=_requests, alone=True),
    Row(command="approvals", name="show", usage="Q-9", help="Show a request whole.", build=_request),
    Row(command="approvals", name="revoke", usage="Q-9", help="Take back your yes before it is used.", build=_revoked),
    Row(command="alarm", name="list", usage="", help="List the open alarms.", build=_alarms, alone=True),
    Row(
        command="alarm",
        name="suggest",
        usage="A-118 or its name [--cost]",
        help="Look again, and suggest a response.",
        build=_suggested,
    ),
    Row(command="alarm", name="ack", usage="A-118", help="Say that you are on it.", build=_taken),
    Row(command="alarm", name="snooze", usage="A-118 [1h]", help="Keep an expected alarm quiet.", build=_snoozed),
    Row(
        command="incident",
        name="declare",
        usage="what has happened [severity=3] [alarm=A-118]",
        help="Declare an incident in this channel.",
        build=_declared,
    ),
    Row(
        command="incident",
        name="status",
        usage="[INC-7]",
        help="Show an incident; this channel's newest if none is named.",
        build=_incident,
        alone=True,
    ),
    Row(command="incident", name="list", usage="", help="List the open incidents.", build=_incidents),
    Row(
        command="incident",
        name="severity",
        usage="[INC-7] 2",
        help="Give it another severity, or confirm it.",
        build=_graded,
    ),
    Row(command="incident", name="lead", usage="[INC-7] [@name]", help="Lead it, or name who does.", build=_led),
    Row(
        command="incident",
        name="role",
        usage="[INC-7] scribe [@name]",
        help="Take or give a part: scribe, comms, liaison.",
        build=_part_given,
    ),
    Row(
        command="incident",
        name="note",
        usage="[INC-7] words",
        help="Keep what you saw or did.",
        build=_noted,
        reads=sentence,
    ),
    Row(command="incident", name="mitigate", usage="[INC-7]", help="Say that it hurts no more.", build=_mitigated),
    Row(command="incident", name="resolve", usage="[INC-7]", help="Say that it is over.", build=_resolved),
    Row(
        command="postmortem",
        name="draft",
        usage="[INC-7] [since=02:00] [until=04:30] [groups=/lake/etl,…]",
        help="Draft a post-mortem of an incident, or of a window of time.",
        build=_drafted,
    ),
    Row(
        command="postmortem",
        name="show",
        usage="[INC-7] [E37]",
        help="Show the draft, or one piece of its evidence.",
        build=_draft_shown,
        alone=True,
    ),
    Row(
        command="postmortem",
        name="edit",
        usage="[INC-7] [section]",
        help="Edit one section in a dialog.",
        build=_section_edited,
    ),
    Row(
        command="postmortem",
        name="export",
        usage="[INC-7] md|html|docx|json",
        help="Post the draft as a file.",
        build=_exported,
    ),
    Row(
        command="postmortem",
        name="import",
        usage="[INC-7] [file|canvas]",
        help="Read an edited file back (the newest here, or by link), or the canvas.",
        build=_imported,
    ),
    Row(
        command="postmortem",
        name="publish",
        usage="[INC-7] [--anyway]",
        help="Publish it, unless the evidence contradicts a sentence.",
        build=_published,
    ),
    Row(
        command="postmortem",
        name="actions",
        usage="[INC-7|mine|open]",
        help="Show action items, with the checklist in the incident's channel.",
        build=_followed,
    ),
    Row(
        command="postmortem",
        name="action",
        usage="add [INC-7] words",
        help="Add an action item; nobody has it until somebody takes or gets it.",
        build=_item_added,
        reads=sentence,
    ),
)
TITLES: Mapping[str, str] = {
    "runbook": "Find, plan and run runbooks",
    "approvals": "See requests, take back a yes",
    "alarm": "See alarms, have a response suggested",
    "incident": "Declare and steer incidents",
    "postmortem": "Draft and publish post-mortems, follow up",
}
ESCAPED = frozenset({"incident"})
"""The commands whose mentions Slack writes as ids."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Hold what a slash command led to: something to keep, and the words of the acknowledgement."""

    delivery: Delivery | None = None
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Commands:
    """Read what people type under the names this workspace uses.

    Attributes:
        names: other names for commands, e.g. {"runbook": "rb"}.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ROWS

    def __post_init__(self) -> None:
        """Insist on names that Slack takes, each for one command.

        Raises:
            InvalidError: names the setting and what would fit.
        """
        slash = self.slash_names()
        if unknown := [one for one in self.names if one not in self._commands()]:
            known = ", ".join(self._commands())
            raise InvalidError(f"slack.commands: there is no command {unknown[0]!a} to rename, only {known}.")
        if wrong := [one for one in slash if not _SLASH.fullmatch(one)]:
            raise InvalidError(f"slack.commands: {wrong[0]!a} is no name; write small letters, digits, - and _.")
        if twice := [one for one in slash if slash.count(one) > 1]:
            raise InvalidError(f"slack.commands: {twice[0]!a} is the name of two commands; give each its own.")

    def slash_names(self) -> tuple[str, ...]:
        """Return the commands to register, e.g. `/runbook`."""
        return tuple(self._slash(command) for command in self._commands())

    def asked(self, body: Mapping[str, str], *, at: datetime) -> Asked:
        """Translate a slash command; help is answered at once and kept nowhere.

        Raises:
            InvalidError: it cannot be read; the words hold the usage.
        """
        text = typed(body.get("text") or "")
        wish = self.read(self._command(body["command"]), text)
        if isinstance(wish, ShowHelp):
            return Asked(words=wish.words)
        delivery = Delivery(
            identity=hashed(body["trigger_id"]),
            wish=wish,
            person=body["user_id"],
            place=Place(team=body["team_id"], channel=body["channel_id"]),
            said=cleaned(f"{body['command']} {text}")[:MOST_SAID],
            at=at,
        )
        return Asked(delivery=delivery, words=_at_once(wish))

    def said(self, text: str) -> Wish:
        """Translate what was said to the bot in a message; the command's own name may be left out.

        Raises:
            InvalidError: it cannot be read; the words hold the usage.
        """
        word, rest = first_word(text)
        named = self._named(word)
        if named is not None:
            return self.read(named, rest)
        if word in {"", HELP}:
            return ShowHelp(words=self.overview())
        having = [row.command for row in self.rows if row.name == word]
        if not having and self._asks(word, text):
            return AskQuestion(question=text)
        for command in having:
            with suppress(InvalidError):
                return self.read(command, text)
        return self.read(having[0] if having else self._commands()[0], text)

    def _asks(self, word: str, text: str) -> bool:
        """Return whether it is a question, and no command somebody mistyped."""
        names = {*(row.name for row in self.rows), *self._commands()}
        return text.rstrip().endswith("?") or len(text.split()) > 3 or nearest(word, names) is None

    def read(self, command: str, text: str) -> Wish:
        """Return the wish behind what follows a command.

        Raises:
            InvalidError: it cannot be read; the words hold the usage.
        """
        word, rest = first_word(text)
        rows = [row for row in self.rows if row.command == command]
        row = next((row for row in rows if row.name == word or (row.alone and not word)), None)
        if row is None:
            return self._help_or_miss(command, word)
        if cleaned(rest).lower() == HELP:
            return ShowHelp(words=self._line(row))
        try:
            return row.build(row.reads(rest))
        except InvalidError as error:
            raise InvalidError(f"{error.words}\nUsage: {self._usage(row)}") from error

    def help(self, command: str | None = None) -> str:
        """Return the help for one command, or for all."""
        shown = [command] if command else self._commands()
        parts = ["\n".join((f"*{self._slash(one)}* · {TITLES[one]}", *self._lines(one))) for one in shown]
        last = "A value of several words stands in quotes. The same works by mention, also in threads."
        return "\n".join((*parts, last))

    def overview(self) -> str:
        """Return one line for each command, and how to get the rest of it."""
        lines = [
            f"• *{self._slash(one)}* · {TITLES[one]}: {', '.join(row.name for row in self.rows if row.command == one)}"
            for one in self._commands()
        ]
        first = self._slash(self._commands()[0])
        last = f"`{first} {HELP}` says more of one. Or ask in words, by mention: what failed?"
        return "\n".join((*lines, last))

    def table(self) -> str:
        """Return the README's table of commands, in Markdown."""
        lines = [f"| {self._usage(row).replace('|', chr(92) + '|')} | {row.help} |" for row in self.rows]
        return "\n".join(("| Command | What it does |", "| --- | --- |", *lines))

    def hints(self) -> tuple[tuple[str, str, str], ...]:
        """Return command, usage and description, as the manifest and a completing box want them."""
        return tuple(
            (
                self._slash(command),
                " | ".join((*(row.name for row in self.rows if row.command == command), HELP)),
                TITLES[command],
            )
            for command in self._commands()
        )

    def renamed(self, text: str) -> str:
        """Return a text with the commands in it as they are called here."""
        if not self.names:
            return text
        known = "|".join(self._commands())
        return re.sub(rf"(?<![\w/.])/({known})(?![\w/-]|\.\w)", lambda found: self._slash(found[1]), text)

    def renamed_in(self, block: Block) -> Block:
        """Return a block or a view so; what is set as code stays, since calls are shown as they are signed."""
        return {key: self._renamed(value, key) for key, value in block.items()}

    def _renamed(self, value: object, key: str = "") -> object:
        match value:
            case str() if key == "text" and not value.startswith("```"):
                return self.renamed(value)
            case dict():
                return self.renamed_in(value)
            case list() | tuple():
                return [self._renamed(one) for one in value]
            case _:
                return value

    def escaped(self) -> frozenset[str]:
        """Return the commands, as registered, whose mentions Slack writes as ids."""
        return frozenset(self._slash(command) for command in ESCAPED)

    def _help_or_miss(self, command: str, word: str) -> ShowHelp:
        if word in {"", HELP}:
            return ShowHelp(words=self.help(command))
        near = nearest(word, [*(row.name for row in self.rows if row.command == command), HELP])
        hint = f" Did you mean `{self._slash(command)} {near}`?" if near else ""
        unknown = f"There is no {code(f'{self._slash(command)} {word}', 80)}.{hint}"
        raise InvalidError(f"{unknown} Nothing was done.\n{self.help(command)}")

    def _lines(self, command: str) -> tuple[str, ...]:
        return tuple(f"• {self._line(row)}" for row in self.rows if row.command == command)

    def _line(self, row: Row) -> str:
        return f"{self._usage(row)} — {row.help}"

    def _usage(self, row: Row) -> str:
        return f"`{f'{self._slash(row.command)} {row.name} {row.usage}'.strip()}`"

    def _commands(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.command for row in self.rows))

    def _slash(self, command: str) -> str:
        return f"/{self.names.get(command, command).lstrip('/')}"

    def _command(self, typed_name: str) -> str:
        found = self._named(cleaned(typed_name).lower())
        if found is None:
            raise InvalidError(f"I do not know the command {code(typed_name, 40)}. Nothing was done.\n{self.help()}")
        return found

    def _named(self, word: str) -> str | None:
        bare = word.lstrip("/")
        return next((one for one in self._commands() if bare and bare in {one, self._slash(one)[1:].lower()}), None)


def _at_once(wish: Wish) -> str:
    return f"Looking up {wish.runbook} to start it…" if isinstance(wish, StartRun) and not wish.plan_only else ""


BOT_SCOPES = (
    "app_mentions:read",
    "canvases:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "pins:read",
    "reactions:read",
    "usergroups:read",
    "users:read",
)
BOT_EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.im",
    "pin_added",
    "pin_removed",
    "reaction_added",
    "reaction_removed",
)


def manifest(commands: Commands, *, request_url: str | None = None, name: str = "runbook-bot") -> JsonObject:
    """Return the manifest of the Slack app.

    Args:
        request_url: where Slack posts signed requests, ending in /slack/events; None: Socket Mode.
    """
    url: JsonObject = {"request_url": request_url} if request_url else {}
    slash: list[JsonObject] = [
        {
            "command": command,
            "description": description,
            "usage_hint": usage,
            "should_escape": command in commands.escaped(),
            **({"url": request_url} if request_url else {}),
        }
        for command, usage, description in commands.hints()
    ]
    return {
        "display_information": {"name": name, "description": "Runs runbooks, with approvals where it hurts."},
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "slash_commands": [*slash],
        },
        "oauth_config": {"scopes": {"bot": [*BOT_SCOPES]}},
        "settings": {
            "event_subscriptions": {**url, "bot_events": [*BOT_EVENTS]},
            "interactivity": {"is_enabled": True, **url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }
