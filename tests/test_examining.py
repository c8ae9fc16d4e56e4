"""The examining command lines on real files: the exit code, what is printed, and what is not loaded."""

import gzip
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import run
from bot.domain.postmortem.markdown import written as markdown
from bot.records.archive import write_archive
from tests.domain.logs.lines import BEGIN, failing, merged, quiet
from tests.domain.postmortem.inc7 import document

ROOT = Path(__file__).parents[1]
NEVER = ("dbos", "slack_bolt", "slack_sdk", "boto3", "sqlalchemy", "langchain_aws", "moto")


def written(path: Path, *, trouble: bool = True) -> Path:
    found = merged(quiet(), failing("ERROR cannot parse row {}", begin=BEGIN + 120_000)) if trouble else list(quiet())
    rows = (
        {"timestamp": one.at, "logStreamName": one.stream, "eventId": one.event, "message": one.message}
        for one in found
    )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_logs_digest_names_the_candidate_and_when_it_began(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = written(tmp_path / "before.jsonl.gz", trouble=False)

    assert run(["logs", "digest", str(written(tmp_path / name)), "--baseline", str(baseline)]) == 0

    said = capsys.readouterr().out
    assert said.startswith("640 log lines from 13:00:00 UTC")
    assert "  1. etl-worker (score" in said
    assert "Began about 13:02:00 UTC" in said


def test_logs_digest_prints_everything_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logs", "digest", str(written(tmp_path / "a.jsonl")), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["lines"], found["baseline_lines"]) == (640, 0)
    assert [one["source"] for one in found["suspects"]] == ["etl-worker"]
    assert {"text", "count", "examples", "columns", "first", "last"} <= set(found["templates"][0])


def test_a_packed_file_that_broke_off_is_read_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-2_000])

    assert run(["logs", "digest", str(path)]) == 0

    said = capsys.readouterr()
    assert "Not read: " in said.err
    assert "is damaged after" in said.err
    assert "log lines from" in said.out


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["logs", "digest", "no-such-file"]) == 2
    assert "There is no file no-such-file" in capsys.readouterr().err


@pytest.mark.parametrize("given", [b"", b"\x00\xff\xfe" * 5_000, b"{" * 100_000, b"x" * 3_000_000])
def test_whatever_comes_through_standard_input_is_digested_without_loading_the_bot(given: bytes) -> None:
    code = (
        "import sys; from bot.cli import run; code = run(['logs', 'digest', '-']);"
        f"print([name for name in {NEVER} if name in sys.modules]); sys.exit(code)"
    )

    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[-1] == "[]"
    assert b"log line" in done.stdout


# postmortem check


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "INC-7.md"
    path.write_text(markdown(document()), encoding="utf-8")
    write_archive(path.with_suffix(".db"), document(), text=markdown(document()))
    return path


def test_a_post_mortem_that_its_archive_bears_passes(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["postmortem", "check", str(draft)]) == 0
    assert run(["postmortem", "check", str(draft.with_suffix(".db"))]) == 0
    assert "10 sentences, 7 items of evidence, 0 problems" in capsys.readouterr().out


def test_an_edited_number_fails_with_its_line(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = draft.read_text(encoding="utf-8").replace("612 of 10,000 rows went", "611 of 10,000 rows went")
    draft.write_text(text, encoding="utf-8")
    line = next(number for number, one in enumerate(text.splitlines(), start=1) if "611 of" in one)

    assert run(["postmortem", "check", str(draft)]) == 1
    assert f"{draft}: line {line}: It says 611; the archive says 612." in capsys.readouterr().out


def test_an_edited_text_cannot_write_over_what_is_found(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = draft.read_text(encoding="utf-8").replace("612 of 10,000 rows went", "611\x1b[2J\x1b[H of 10,000 rows went")
    draft.write_text(text, encoding="utf-8")
    known = sqlite3.connect(draft.with_suffix(".db"))
    known.execute("update about set value = ? where name = 'incident'", ("\x1b[HINC-7: 0 problems\n",))
    known.commit()
    known.close()

    assert run(["postmortem", "check", str(draft)]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_wording_that_blames_is_shown_and_fails_nothing(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = draft.read_text(encoding="utf-8")
    draft.write_text(
        text.replace("_For people: what helped, and should be kept?_", "- It was human error."), encoding="utf-8"
    )

    assert run(["postmortem", "check", str(draft)]) == 0
    assert "“human error”: say what the situation made likely" in capsys.readouterr().out


def test_neither_a_draft_that_is_not_there_nor_one_without_its_archive_can_be_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.md"
    assert run(["postmortem", "check", str(path)]) == 2
    assert "There is no file" in capsys.readouterr().err

    path.write_text("# A post-mortem\n", encoding="utf-8")
    assert run(["postmortem", "check", str(path)]) == 2
    assert "There is no archive" in capsys.readouterr().err
