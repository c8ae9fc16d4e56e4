"""The command line: arguments to calls, answers to the terminal. Each subcommand loads only what it needs.

Exit codes: 0 done, 1 the answer is no (a problem was found, the lake is not repaired), 2 it could not be done.
"""

import argparse
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bot.authoring.commands import add_to, compare_with, look_at_the_account
from bot.errors import BotError, InvalidError, NotFoundError
from bot.examining import add_to as add_examining_to

if TYPE_CHECKING:
    from bot.settings import Settings

DONE, NO, UNABLE = 0, 1, 2
NOISY = (
    *("botocore", "boto3", "urllib3", "slack_bolt", "slack_sdk", "werkzeug", "dbos", "uvicorn", "bot.slack.wire"),
    *("langchain_aws", "langchain_core", "langsmith"),
)


def run(argv: Sequence[str]) -> int:
    """Run one subcommand and return the exit code."""
    arguments = _parser().parse_args(argv)
    act: Callable[[argparse.Namespace], int] = arguments.act
    try:
        return act(arguments)
    except BotError as error:
        print(f"runbook-bot: {error.words}", file=sys.stderr)
        return UNABLE
    except KeyboardInterrupt:
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runbook-bot",
        description="Runbooks as slash commands, with approvals where it hurts.",
        epilog="Start with: runbook-bot demo",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _demo(commands.add_parser("demo", help="the whole bot on this machine: local Slack, local lake, no account"))
    _serve(commands.add_parser("serve", help="serve a real Slack workspace and a real lake"))
    _check(commands.add_parser("check", help="find every problem of the runbooks, with line and remedy"))
    add_to(commands)
    add_examining_to(commands)
    _actions(commands.add_parser("actions", help="list what runbooks can use, each with a step to paste"))
    _match(commands.add_parser("match", help="rank a folder's runbooks for an alarm, in JSON"))
    _redact(commands.add_parser("redact", help="filter standard input: secrets and personal data become placeholders"))
    _plan(commands.add_parser("plan", help="make a runbook's reads for real and print the calls that would follow"))
    _audit(commands.add_parser("audit", help="verify the audit's chain, signatures and anchors; rotate its key; erase"))
    _health(commands.add_parser("health", help="exit 0 if a bot is alive on these records"))
    _manifest(commands.add_parser("manifest", help="print the Slack app manifest"))
    _prompts(commands.add_parser("prompts", help="find every problem of the model's prompts, with line and remedy"))
    return parser


def _version() -> str:
    from importlib.metadata import version

    return f"runbook-bot {version('runbook-bot')}"


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="else RUNBOOK_BOT_CONFIG, else ./bot.toml")


def _log(level: int, *, namespace: str = "", environment: str = "") -> None:
    from bot.logs import JsonLines

    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(namespace=namespace, environment=environment))
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # its warnings quote the queries of others


# demo


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=8065, help="of the page on 127.0.0.1 (default: 8065; 0: any free one)"
    )
    parser.add_argument("--play", metavar="NAME", help="play a failure, or all, as a conversation without a browser")
    parser.add_argument("--until", choices=["approval"], help="with --play: end when the half-open request is posted")
    parser.add_argument("--runbooks", type=Path, default=Path("runbooks"), metavar="DIR", help="else ./runbooks")
    parser.add_argument(
        "--bedrock",
        metavar="MODEL",
        help="use this model of Bedrock for real, with the AWS credentials of this shell; `stand-in`: a local one",
    )
    parser.add_argument("--verbose", action="store_true", help="show the bot's log")
    parser.set_defaults(act=_run_demo)


def _run_demo(arguments: argparse.Namespace) -> int:
    try:
        from bot.workbench.guard import seal
        from bot.workbench.launch import lending, play, present
    except ImportError as error:
        print(f"runbook-bot: the demo's parts are not installed ({error.name}). Run: make demo", file=sys.stderr)
        return UNABLE
    _log(logging.INFO if arguments.verbose else logging.ERROR)
    with lending(arguments.bedrock) as lent:
        seal(allow=lent.outside if lent else ())
        if arguments.play:
            ok = play(arguments.play, until=arguments.until, runbooks=arguments.runbooks, say=print, lent=lent)
            return DONE if ok else NO
        signal.signal(signal.SIGTERM, _interrupt)
        present(port=arguments.port, runbooks=arguments.runbooks, say=print, lent=lent)
    return DONE


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


# serve


def _serve(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    parser.set_defaults(act=_run_serve)


def _run_serve(arguments: argparse.Namespace) -> int:
    from bot.app import build
    from bot.settings import load

    settings = load(arguments.config)
    _log(logging.INFO, namespace=settings.metrics.namespace, environment=settings.environment)
    settings.insist_on_secrets()
    if settings.slack.transport == "http":
        return _serve_posts(settings)
    signal.signal(signal.SIGTERM, _interrupt)
    bot = build(settings)
    try:
        bot.start()
        bot.wait()
    finally:
        bot.close()
    return DONE


def _serve_posts(settings: "Settings") -> int:
    from bot.app import Bot, build
    from bot.slack.wsgi_server import NEVER_STARTS, HttpServer

    def begin() -> Bot:
        try:
            bot = build(settings)
            bot.start()
        except BotError as error:
            print(f"runbook-bot: {error.words}", file=sys.stderr)
            raise SystemExit(NEVER_STARTS) from error
        return bot

    server = HttpServer(host=settings.slack.http_host, port=settings.slack.http_port, begin=begin)
    master = os.getpid()
    try:
        server.run()
    except SystemExit as ended:
        if os.getpid() != master:
            raise  # a worker's own exit code tells its master what to do
        return UNABLE if ended.code else DONE
    return DONE


# check, actions


def _check(parser: argparse.ArgumentParser) -> None:
    paths = "files and folders; else ./runbooks"
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("runbooks")], metavar="PATH", help=paths)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--diff", metavar="BASE", help="say what got riskier since a git revision, or beside a folder")
    instead.add_argument("--live", action="store_true", help="say what is named and the account does not have")
    _config(parser)
    parser.set_defaults(act=_run_check)


def _run_check(arguments: argparse.Namespace) -> int:
    if arguments.diff is not None:
        return compare_with(arguments.paths, arguments.diff, arguments.config)
    return look_at_the_account(arguments.config) if arguments.live else _check_files(arguments)


def _check_files(arguments: argparse.Namespace) -> int:
    from bot.authoring.checking import check_files
    from bot.authoring.house import house

    files, at = _markdown(arguments.paths), house(arguments.config)
    policy, platform = (at.policy, at.platform) if at.file else (None, None)
    problems = check_files(files, policy=policy, platform=platform)
    for problem in problems:
        print(problem)
    errors = len([problem for problem in problems if problem.severity == "error"])
    print(f"{len(files)} runbooks, {errors} errors, {len(problems) - errors} warnings")
    return NO if errors else DONE


def _markdown(paths: Sequence[Path]) -> list[Path]:
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise NotFoundError(f"There is no {missing[0]}. Give a runbook, or a folder of them.")
    files = [file for path in paths for file in (sorted(path.glob("*.md")) if path.is_dir() else [path])]
    return [file for file in files if file.name not in {"TEMPLATE.md", "README.md"} or file in paths]


def _actions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="only those that have all these words")
    parser.set_defaults(act=_run_actions)


def _run_actions(arguments: argparse.Namespace) -> int:
    from bot.actions.catalogue import CATALOGUE
    from bot.domain.describing import describe

    found = [
        action
        for _, action in sorted(CATALOGUE.actions.items())
        if all(word.lower() in f"{action.id} {action.title} {action.risk}".lower() for word in arguments.words)
    ]
    for action in found:
        print(describe(action, CATALOGUE), end="\n\n")
    print(f"{len(found)} actions")
    return DONE if found else NO


# match


def _match(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runbooks", type=Path, default=Path("runbooks"), metavar="DIR", help="any folder of Markdown")
    parser.add_argument("--alarm", required=True, metavar="FILE|-", help="one JSON alarm, or one on each line")
    parser.add_argument("--most", type=int, default=3, metavar="N", help="so many for each alarm (default: 3)")
    parser.add_argument("--json", action="store_true", help="print one object for each alarm")
    parser.set_defaults(act=_run_match)


def _run_match(arguments: argparse.Namespace) -> int:
    from bot.domain.matching import Ranking, match_alarm, page_of_markdown, read_alarms

    folder: Path = arguments.runbooks
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder {folder}. Give a folder of Markdown files.")
    files = [file for file in sorted(folder.rglob("*.md")) if file.name not in {"TEMPLATE.md", "README.md"}]
    ranking = Ranking(
        page_of_markdown(file.read_text(encoding="utf-8", errors="replace"), file.relative_to(folder).as_posix())
        for file in files
    )
    matches = [match_alarm(alarm, ranking, most=arguments.most) for alarm in read_alarms(_given_text(arguments.alarm))]
    for match in matches:
        print(match.model_dump_json() if arguments.json else "\n".join(match.lines()))
    return DONE if all(match.runbooks for match in matches) else NO


def _given_text(where: str) -> str:
    if where == "-":
        return sys.stdin.read()
    file = Path(where)
    if not file.is_file():
        raise NotFoundError(f"There is no file {where}. Give one, or - for standard input.")
    return file.read_text(encoding="utf-8", errors="replace")


# redact


def _redact(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_run_redact)


def _run_redact(arguments: argparse.Namespace) -> int:
    from bot.domain.redaction import Redactor

    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]  # a stream of text
    redactor = Redactor()
    for line in redactor.lines(sys.stdin):
        print(line, end="")
    for kind, count in sorted(redactor.counts.items()):
        print(f"{count} {kind}", file=sys.stderr)
    return DONE


# plan


def _plan(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    parser.add_argument("runbook", metavar="RUNBOOK", help="its id")
    parser.add_argument("inputs", nargs="*", metavar="NAME=VALUE", help="the inputs that it asks for at the start")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(act=_run_plan)


def _run_plan(arguments: argparse.Namespace) -> int:
    from bot.app import plan_alone
    from bot.settings import load

    given = _given(arguments.inputs)
    made = plan_alone(load(arguments.config), arguments.runbook, given)
    print(made.model_dump_json(indent=2) if arguments.json else "\n".join(made.lines()))
    return DONE


def _given(words: Sequence[str]) -> dict[str, str]:
    wrong = [one for one in words if not one.partition("=")[1]]
    if wrong:
        raise InvalidError(f"{wrong[0]!a} is no input; write NAME=VALUE.")
    return {name: value for name, _, value in (one.partition("=") for one in words)}


# audit, health, manifest


def _audit(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="verify|rotate|erase")
    verify = actions.add_parser("verify", help="exit 1 if anybody touched the audit")
    _config(verify)
    verify.add_argument("--every-signature", action="store_true", help="check the signature of each record")
    verify.set_defaults(act=_run_verify)
    rotate = actions.add_parser("rotate", help="go on with a new key, while no bot runs")
    _config(rotate)
    rotate.set_defaults(act=_run_rotate)
    erase = actions.add_parser("erase", help="erase the private texts of a person; without --yes only count them")
    _config(erase)
    erase.add_argument("--person", required=True, metavar="ID", help="as Slack names them, U0ANA")
    erase.add_argument("--reason", required=True, metavar="WORDS", help="why; it stands in the audit")
    erase.add_argument("--yes", action="store_true", help="erase them: there is no way back")
    erase.set_defaults(act=_run_erase)


def _run_verify(arguments: argparse.Namespace) -> int:
    from bot.anchoring import verify_audit
    from bot.settings import load

    found = verify_audit(load(arguments.config), every_signature=arguments.every_signature)
    for line in found.lines():
        print(line)
    return DONE if found.whole else NO


def _run_rotate(arguments: argparse.Namespace) -> int:
    from bot.anchoring import rotate_key
    from bot.settings import load

    settings = load(arguments.config)
    new, aside = rotate_key(settings)
    print(f"The audit goes on with key {new.key}, brought in by a record that the old key signed.")
    print(f"Keep {settings.records.signing_key} with your secrets, on every machine that serves; then delete {aside}.")
    print(f"Whoever audits needs nothing new; the new public key is in {settings.records.trusted_keys} too.")
    return DONE


def _run_erase(arguments: argparse.Namespace) -> int:
    from bot.anchoring import erase_texts, texts_of
    from bot.domain.redaction import line_for_eyes
    from bot.settings import load

    settings, reason = load(arguments.config), line_for_eyes(arguments.reason)
    if not re.fullmatch(r"[UW][A-Z0-9]{1,20}", arguments.person, re.ASCII):
        raise InvalidError(f"{arguments.person!a} is no id of a person; Slack shows it in their profile, U0ANA.")
    if not reason:
        raise InvalidError("Why? --reason stands in the audit.")
    if arguments.yes:
        found = erase_texts(settings, arguments.person, reason=reason[:600])
    else:
        found = texts_of(settings, arguments.person)
    done = "Erased" if arguments.yes else "Would erase"
    print(
        f"{done}: {len(found.written)} texts of {found.person}, {len(found.naming)} of others that name {found.person}."
    )
    print("The chain stays whole. Incidents' notes, drafts and archives are no part of the audit, and stay.")
    if not arguments.yes and found.records:
        print("There is no way back. To erase them: --yes")
    return DONE


def _health(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    parser.set_defaults(act=_run_health)


def _run_health(arguments: argparse.Namespace) -> int:
    from datetime import timedelta

    from bot.records.store import Store
    from bot.settings import load

    store = Store.read_only(load(arguments.config).records.url)
    try:
        living = store.living(within=timedelta(seconds=10))
    finally:
        store.close()
    print(f"{len(living)} alive" if living else "nobody is alive on these records")
    return DONE if living else NO


def _manifest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--http", metavar="URL", help="the request URL of the signed HTTP transport")
    parser.add_argument("--config", type=Path, metavar="FILE", help="take the names of the commands from here")
    parser.set_defaults(act=_run_manifest)


def _run_manifest(arguments: argparse.Namespace) -> int:
    from bot.settings import load
    from bot.slack.commands import Commands, manifest

    commands = Commands(names=load(arguments.config).slack.commands) if arguments.config else Commands()
    print(json.dumps(manifest(commands, request_url=arguments.http), indent=2))
    return DONE


# prompts


def _prompts(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="check")
    check = actions.add_parser("check", help="exit 1 if a prompt does not fit")
    check.add_argument("folder", nargs="?", type=Path, default=Path("prompts"), metavar="DIR", help="else ./prompts")
    check.set_defaults(act=_run_prompts_check)


def _run_prompts_check(arguments: argparse.Namespace) -> int:
    from bot.assistant.folder import TASKS, problems, read_prompts

    found = problems(arguments.folder)
    for problem in found:
        print(problem)
    if not found:
        for prompt in read_prompts(arguments.folder).values():
            print(f"{prompt.label}  {prompt.output}, at most {prompt.max_tokens} tokens, sha256 {prompt.sha256[:12]}")
    print(f"{len(TASKS)} prompts, {len(found)} errors")
    return NO if found else DONE
