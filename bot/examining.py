"""The command lines that examine files: logs, and drafts of post-mortems. They load neither the engine nor Slack.

Exit codes as in `bot.cli`: 0 done, 1 the answer is no, 2 it could not be done.
"""

import argparse
import gzip
import io
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bot.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from bot.domain.logs.event import LogEvent

DONE, NO, UNABLE = 0, 1, 2
STDIN = "-"
MOST_BYTES = 1 << 20  # of one line; what is longer is read as several
SHOWN_EVERY = 4_096  # lines
BAR = 24  # characters
LOGS = "say what many log lines come to"
POSTMORTEM = "hold a post-mortem against its evidence"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the examining subcommands."""
    logs = commands.add_parser("logs", help=LOGS)
    _digest(logs.add_subparsers(required=True, metavar="digest").add_parser("digest", help=LOGS))
    postmortem = commands.add_parser("postmortem", help=POSTMORTEM)
    _check(postmortem.add_subparsers(required=True, metavar="check").add_parser("check", help=POSTMORTEM))


# logs digest


def _digest(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Find templates, onset and candidates in files of JSON lines {timestamp, logStreamName, eventId, message}, of "
        "other JSON lines, or of plain text; also as .gz, and - for standard input."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="with the lines; - is standard input")
    parser.add_argument("--baseline", action="append", default=[], metavar="FILE", help="lines of when all was well")
    parser.add_argument("--json", action="store_true", help="print everything, as one JSON object")
    parser.set_defaults(act=_run_digest)


def _run_digest(arguments: argparse.Namespace) -> int:
    from bot.domain.logs.mining import Miner
    from bot.domain.logs.ranking import digest
    from bot.domain.logs.showing import lines

    miner, bar = Miner(), Bar(shown=sys.stderr.isatty())
    for name in arguments.baseline:
        miner.feed_baseline(_events(name, miner.note, bar))
    for name in arguments.files:
        miner.feed(_events(name, miner.note, bar))
    bar.clear()
    found = digest(miner)
    print(found.model_dump_json(indent=2) if arguments.json else "\n".join(lines(found)))
    for words in bar.unread:
        print(f"Not read: {words}", file=sys.stderr)
    return DONE


class Bar:
    """Show on a terminal how far reading is; `unread` gathers what could not be read, in words."""

    def __init__(self, *, shown: bool) -> None:
        self.unread: list[str] = []
        self._shown = shown
        self._lines = 0
        self._began = time.monotonic()

    def show(self, name: str, *, lines: int, done: float | None) -> None:
        """Show so many more lines, and the share of the file that is done where that is known."""
        self._lines += lines
        if not self._shown:
            return
        speed = self._lines / max(time.monotonic() - self._began, 0.001)
        filled = "█" * int((done or 0) * BAR)
        share = f"{filled:░<{BAR}} {done:4.0%}" if done is not None else "reading"
        sys.stderr.write(f"\r\x1b[K{Path(name).name[:32]} {share}  {self._lines:,} lines, {speed:,.0f}/s")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar off the terminal."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _events(name: str, note: Callable[[str], None], bar: Bar) -> "Iterator[LogEvent]":
    from bot.domain.logs.reading import events

    with _opened(name) as (stream, done):
        yield from events(_lines(stream, name, done, bar), name=Path(name).name, note=note)


def _lines(stream: BinaryIO, name: str, done: Callable[[], float | None], bar: Bar) -> Iterator[bytes]:
    read = 0
    try:
        while line := stream.readline(MOST_BYTES):
            yield line
            read += 1
            if read % SHOWN_EVERY == 0:
                bar.show(name, lines=SHOWN_EVERY, done=done())
    except (EOFError, gzip.BadGzipFile, zlib.error):
        bar.unread.append(f"{name} is damaged after {read:,} lines; what came before is in the digest.")
    bar.show(name, lines=read % SHOWN_EVERY, done=done())


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, Callable[[], float | None]]]:
    """Open a file, packed or not, or standard input; yields it and what says how much of it is done."""
    if name == STDIN:
        yield sys.stdin.buffer, lambda: None
        return
    path = Path(name)
    if not path.is_file():
        raise NotFoundError(f"There is no file {name}. Give a file of log lines, or - for standard input.")
    try:
        raw = path.open("rb")
    except OSError as error:
        raise InvalidError(f"{name} cannot be read: {error.strerror}.") from error
    size = max(path.stat().st_size, 1)
    with raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
        yield stream, lambda: min(1.0, raw.tell() / size)


# postmortem check


def _check(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Hold every sentence, row and number of a post-mortem's Markdown against the evidence archive beside it, "
        "offline. Given the archive itself, check the draft that it keeps. Exit 1 if something does not hold."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the Markdown, or the archive (.db)")
    parser.add_argument("--archive", type=Path, metavar="FILE", help="else FILE with the ending .db")
    parser.set_defaults(act=_run_check)


def _run_check(arguments: argparse.Namespace) -> int:
    from bot.domain.plain import visible
    from bot.domain.postmortem.blameless import blaming
    from bot.domain.postmortem.checking import check
    from bot.domain.postmortem.comparing import borne
    from bot.domain.postmortem.markdown import read
    from bot.records.archive import read_archive

    path: Path = arguments.file
    written = None if path.suffix == ".db" else _text(path)
    kept, draft = read_archive(arguments.archive or path.with_suffix(".db"))
    text = draft if written is None else written
    found = check(text, kept, judge=borne)
    for finding in found:
        print(visible(f"{path}: {finding}"))
    for one in read(text).sentences:
        for wording in blaming(one.claim.text):
            print(visible(f"{path}: line {one.line}: “{wording.words}”: {wording.rewrite} (wording only)"))
    sentences = read(text).sentences
    struck = sum(one.struck for one in sentences)
    told = f"{len(sentences)} sentences" + (f" ({struck} struck)" if struck else "")
    print(f"{visible(kept.incident)}: {told}, {len(kept.evidence.items)} items of evidence, {len(found)} problems")
    return NO if found else DONE


def _text(path: Path) -> str:
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}. Give a post-mortem's Markdown.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path} is not UTF-8 text.") from error
