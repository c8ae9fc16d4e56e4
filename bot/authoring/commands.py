"""The authors' command lines: new, preview, show, try, and what `check` compares and looks for.

Exit codes as in `bot.cli`: 0 done, 1 the answer is no, 2 it could not be done. Each loads only what it needs.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.plain import counted
from bot.errors import InvalidError

if TYPE_CHECKING:
    from bot.authoring.house import House
    from bot.authoring.rehearsing import Rehearsal
    from bot.domain.runbook import Parameter, Runbook

DONE, NO, UNABLE = 0, 1, 2
RUNBOOKS = Path("runbooks")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the authors' subcommands."""
    _new(commands.add_parser("new", help="make a runbook of the template, as a draft"))
    _preview(commands.add_parser("preview", help="show what a runbook would post and whom it would ask; asks nobody"))
    _show(commands.add_parser("show", help="print a runbook as text, or as AWS CLI commands for when the bot is down"))
    _try(commands.add_parser("try", help="walk a runbook on a throw-away local lake; needs the demo's parts"))
    _iam(commands.add_parser("iam", help="print the least policy the bot's role needs, or what one runbook needs"))


def config_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the settings file."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="else RUNBOOK_BOT_CONFIG, else ./bot.toml")


# new


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", help='what is wrong, as the person who is woken would say it: "Late Files"')
    parser.add_argument("--dir", type=Path, default=RUNBOOKS, metavar="DIR", help="the folder with TEMPLATE.md")
    parser.set_defaults(act=_run_new)


def _run_new(arguments: argparse.Namespace) -> int:
    from bot.authoring.making import make

    path = make(arguments.title, arguments.dir)
    print(f"{path} is a draft: it can be read and planned, not run. Write over it, then: runbook-bot check {path}")
    return DONE


# preview, show


def _preview(parser: argparse.ArgumentParser) -> None:
    config_option(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="the runbook's Markdown file")
    parser.set_defaults(act=_run_preview)


def _run_preview(arguments: argparse.Namespace) -> int:
    from bot.actions.catalogue import CATALOGUE
    from bot.authoring.house import house
    from bot.authoring.previewing import Preview
    from bot.authoring.shelf import in_file
    from bot.domain.reasons import asking_why

    runbook, at = in_file(arguments.file), house(arguments.config)
    asked = asking_why(runbook, CATALOGUE)
    _print(Preview(asked, _rehearsal(asked, at), at.policy).lines())
    _note(at)
    return DONE


def _show(parser: argparse.ArgumentParser) -> None:
    config_option(parser)
    parser.add_argument("runbook", metavar="NAME", help="its id, or the path of its file")
    parser.add_argument("--dir", type=Path, default=RUNBOOKS, metavar="DIR", help="the folder to look for the id in")
    parser.add_argument("--cli", action="store_true", help="each step as an AWS CLI command; unknown values as $NAMES")
    parser.set_defaults(act=_run_show)


def _run_show(arguments: argparse.Namespace) -> int:
    from bot.actions.catalogue import CATALOGUE
    from bot.authoring.house import house
    from bot.authoring.sheet import Sheet
    from bot.authoring.shelf import named
    from bot.authoring.showing import text_of

    runbook, at = named(arguments.runbook, arguments.dir), house(arguments.config)
    sheet = Sheet(runbook, _rehearsal(runbook, at), at.policy)
    _print(sheet.lines() if arguments.cli else text_of(runbook, CATALOGUE, at.policy))
    _note(at)
    return DONE


def _rehearsal(runbook: "Runbook", at: "House") -> "Rehearsal":
    from bot.actions.catalogue import CATALOGUE
    from bot.authoring.rehearsing import Rehearsal

    return Rehearsal(
        catalogue=CATALOGUE,
        platform=at.platform,
        symbols=at.symbols,
        steps={step.id: step for step in runbook.steps},
        titles={parameter.name: parameter.title for parameter in runbook.parameters},
    )


def _print(lines: Iterable[str]) -> None:
    """Print the lines; whoever pipes them into `head` has seen enough, and that is no error."""
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _note(at: "House") -> None:
    if at.note:
        print(at.note, file=sys.stderr)


# check --diff, check --live


def compare_with(paths: Sequence[Path], base: str, config: Path | None) -> int:
    """Print what the runbooks newly reach, and return 1 if anything got riskier."""
    from bot.authoring.comparing import compared
    from bot.authoring.house import house

    found = compared(paths, base, house(config))
    for line in (*found.unread, *found.riskier):
        print(line)
    for note in found.notes:
        print(note, file=sys.stderr)
    print(f"{counted(len(found.riskier), 'thing')} got riskier since {base}")
    return NO if found.riskier or found.unread else DONE


def look_at_the_account(config: Path | None) -> int:
    """Print what settings and runbooks name and the account does not have, and return 1 if there is any."""
    from bot.authoring.live import survey
    from bot.settings import load

    found = survey(load(config))
    for drift in found.drifts:
        print(drift)
    if found.unlooked:
        print(f"not looked at, because no action looks there: {', '.join(found.unlooked)}", file=sys.stderr)
    print(f"{len(found.drifts)} named and not there" if found.drifts else "everything that is named is there")
    return NO if found.drifts else DONE


# iam


def _iam(parser: argparse.ArgumentParser) -> None:
    config_option(parser)
    parser.add_argument("runbooks", nargs="*", metavar="RUNBOOK", help="what these need; else the bot's whole role")
    parser.add_argument("--into", type=Path, metavar="DIR", help="write files that each fit a managed policy")
    parser.set_defaults(act=_run_iam)


def _run_iam(arguments: argparse.Namespace) -> int:
    from bot.authoring.granting import granted, note, written, written_into

    policy = granted(arguments.config, arguments.runbooks)
    if arguments.into is not None:
        _print(written_into(arguments.into, policy))
        return DONE
    _print([written(policy)])
    if words := note(policy):
        print(words, file=sys.stderr)
    return DONE


# try


def _try(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the runbook's Markdown file")
    parser.add_argument("inputs", nargs="*", metavar="NAME=VALUE", help="inputs, else they are asked for")
    parser.add_argument("--break", dest="breaks", metavar="NAME", help="cause this failure first: circuit-breaker, …")
    parser.add_argument("--yes", action="store_true", help="say yes to everything; take the first of what is offered")
    parser.set_defaults(act=_run_try)


def _run_try(arguments: argparse.Namespace) -> int:
    from bot.authoring.shelf import in_file

    try:
        from bot.workbench.guard import seal
        from bot.workbench.trying import YesToAll, try_runbook
    except ImportError as error:
        print(f"runbook-bot: the demo's parts are not installed ({error.name}). Run: make demo", file=sys.stderr)
        return UNABLE
    runbook, given = in_file(arguments.file), pairs(arguments.inputs)
    source = arguments.file.read_text(encoding="utf-8")
    seal()
    asker = YesToAll() if arguments.yes else Terminal()
    ok = try_runbook(runbook, source, given=given, breaks=arguments.breaks, asker=asker, say=_say)
    return DONE if ok else NO


def pairs(given: Sequence[str]) -> Mapping[str, str]:
    """Return NAME=VALUE arguments as a mapping.

    Raises:
        InvalidError: one has no `=`.
    """
    wrong = next((one for one in given if "=" not in one), None)
    if wrong is not None:
        raise InvalidError(f"{wrong!a} is no input; write NAME=VALUE.")
    return dict(one.partition("=")[::2] for one in given)


def _say(line: str) -> None:
    print(line, flush=True)


class Terminal:
    """Ask whoever sits at the terminal."""

    def yes(self, question: str) -> bool:
        """Return whether they said yes; anything else, and the end of the input, is no."""
        return _asked(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def value(self, parameter: "Parameter", offered: tuple[str, ...]) -> str:
        """Return what they gave; an offered value may be given by its number.

        Raises:
            InvalidError: the input ended.
        """
        for number, one in enumerate(offered, start=1):
            print(f"  {number}. {one}")
        given = _asked(f"{parameter.title}: ").strip()
        if not given:
            raise InvalidError(f"Nobody gave {parameter.name}; give it on the command line: {parameter.name}=VALUE.")
        return offered[int(given) - 1] if given.isdecimal() and 0 < int(given) <= len(offered) else given


def _asked(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        return ""
