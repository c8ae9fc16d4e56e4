"""Each subcommand with one right and one wrong input: the exit code, and a sentence that helps."""

import http.client
import io
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.cli import run
from bot.domain.audit import AuditEntry
from bot.domain.records import Change
from bot.records.anchors import folder_anchors
from bot.records.signing import signer_at
from bot.records.store import Store
from bot.settings import environment, load
from tests.embedded import points

ROOT = Path(__file__).parents[1]
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-test",
    "SLACK_APP_TOKEN": "xapp-test",
    "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99",
}
AWS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write a bot.toml whose records are in a folder of their own and that names no queue."""
    text = (ROOT / "bot.example.toml").read_text(encoding="utf-8")
    head, _, tail = text.partition("[alarms]")
    text = head + "[platform.prod]" + tail.partition("[platform.prod]")[2]
    for relative in ("var/", "trust/"):
        text = text.replace(f'"{relative}', f'"{tmp_path}/{relative}').replace(
            f":///{relative}", f":///{tmp_path}/{relative}"
        )
    text = text.replace('anchors = "anchors"', f'anchors = "{tmp_path}/anchors"')
    file = tmp_path / "bot.toml"
    file.write_text(text, encoding="utf-8")
    return file


def _keep(config: Path, *, beat: bool = False) -> None:
    """Have the records of a bot that was started once and did one thing."""
    records = load(config).records
    store = Store.open(
        records.url,
        signer=signer_at(records.signing_key, trust=records.trusted_keys),
        anchors=folder_anchors(Path(records.anchors)),
    )
    store.commit(Change(audit=(AuditEntry(kind="run.started", subject="R-1", actor="U1"),)))
    if beat:
        store.beat("here")
    store.close()


# check, actions, manifest, version


def test_check_finds_nothing_in_our_own_runbooks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 0
    assert ", 0 errors" in capsys.readouterr().out


def test_check_finds_nothing_in_our_own_runbooks_under_the_example_of_bot_toml(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["check", "--config", "bot.example.toml"]) == 0
    assert "9 runbooks, 0 errors, 0 warnings" in capsys.readouterr().out


def test_check_names_file_line_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "circuit-breaker.md"
    text = (ROOT / "runbooks/circuit-breaker.md").read_text(encoding="utf-8")
    bad.write_text(text.replace("uses: s3.read_json", "uses: s3.read_jsn", 1), encoding="utf-8")

    assert run(["check", str(bad)]) == 1

    said = capsys.readouterr().out
    assert f"{bad}:" in said
    assert "s3.read_jsn" in said
    assert ", 0 errors" not in said


def test_check_of_a_path_that_is_not_there_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "no-such-folder"]) == 2
    assert "There is no no-such-folder" in capsys.readouterr().err


def test_actions_lists_what_fits_with_a_step_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["actions", "schedule", "pause"]) == 0
    assert "uses: schedule.pause" in capsys.readouterr().out


def test_actions_that_fit_nothing_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["actions", "teleport"]) == 1
    assert "0 actions" in capsys.readouterr().out


def test_the_manifest_is_json_for_either_transport(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["manifest"]) == 0
    by_socket = json.loads(capsys.readouterr().out)
    assert run(["manifest", "--http", "https://bot.example.com/slack/events"]) == 0
    by_http = json.loads(capsys.readouterr().out)

    assert by_socket["settings"]["socket_mode_enabled"] is True
    assert by_http["settings"]["interactivity"]["request_url"] == "https://bot.example.com/slack/events"


def test_the_manifest_uses_the_names_that_a_workspace_gave_the_commands(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text(encoding="utf-8").replace("# commands = ", "commands = ")
    config.write_text(text, encoding="utf-8")

    assert run(["manifest", "--config", str(config)]) == 0

    assert "/rb" in [one["command"] for one in json.loads(capsys.readouterr().out)["features"]["slash_commands"]]


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["plan", "--help"], ["audit", "verify", "--help"]])
def test_help_and_version_are_no_mistake(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(argv)

    assert ended.value.code == 0
    assert "runbook-bot" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv", [[], ["nonsense"], ["audit"], ["manifest", "--nonsense"], ["demo", "--until", "never"]]
)
def test_a_command_line_that_is_none_is_refused_with_the_usage(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(argv)

    assert ended.value.code == 2
    assert "usage: runbook-bot" in capsys.readouterr().err


# plan, audit, health


def test_plan_before_the_first_start_says_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "circuit-breaker", "--config", str(config)]) == 2
    assert "Start the bot once" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["circut-breaker"], "circuit-breaker"),
        (["circuit-breaker", "pipe=transactions"], "has no input 'pipe'"),
        (["circuit-breaker", "pipeline"], "NAME=VALUE"),
        (["circuit-breaker", "pipeline='; DROP"], "must look like"),
    ],
)
def test_plan_of_what_does_not_fit_says_what_would(
    config: Path, argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(config)

    assert run(["plan", *argv, "--config", str(config)]) == 2
    assert words in capsys.readouterr().err


def test_plan_refuses_an_environment_that_redirects_aws(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")

    assert run(["plan", "circuit-breaker", "--config", str(config)]) == 2
    assert "AWS_ENDPOINT_URL_S3" in capsys.readouterr().err


def test_audit_verify_of_whole_records(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _keep(config)

    assert run(["audit", "verify", "--every-signature", "--config", str(config)]) == 0
    assert "whole" in capsys.readouterr().out


def test_audit_verify_of_edited_records_says_no(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _keep(config)
    with sqlite3.connect(config.parent / "var/bot.db") as records:
        for (name,) in records.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            records.execute(f'drop trigger "{name}"')
        changed = records.execute("update audit set body = replace(body, 'U1', 'U2')").rowcount
    records.close()
    assert changed

    assert run(["audit", "verify", "--config", str(config)]) == 1
    assert "NOT whole" in capsys.readouterr().out


def test_audit_verify_without_records_says_what_is_missing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", "--config", str(config)]) == 2
    assert "There is no" in capsys.readouterr().err


def test_audit_rotate_goes_on_with_a_new_key_that_the_old_one_brought_in(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(config)
    key = load(config).records.signing_key
    old = key.read_text(encoding="ascii")

    assert run(["audit", "rotate", "--config", str(config)]) == 0

    said = capsys.readouterr().out
    assert key.read_text(encoding="ascii") != old
    (aside,) = key.parent.glob("audit.key.*")
    assert (aside.read_text(encoding="ascii"), aside.stat().st_mode & 0o077) == (old, 0)
    assert str(aside) in said
    assert key.read_text(encoding="ascii").strip() not in said
    _keep(config)
    assert run(["audit", "verify", "--every-signature", "--config", str(config)]) == 0


def test_an_auditor_who_trusts_only_the_first_key_still_finds_a_rotated_audit_whole(config: Path) -> None:
    _keep(config)
    trusted = load(config).records.trusted_keys
    first = trusted.read_text(encoding="ascii")

    assert [run(["audit", "rotate", "--config", str(config)]) for _ in range(2)] == [0, 0]
    trusted.write_text(first, encoding="ascii")

    assert run(["audit", "verify", "--every-signature", "--config", str(config)]) == 0


def test_a_rotation_that_was_cut_off_is_finished_by_the_next_and_not_begun_again(config: Path) -> None:
    _keep(config)
    records = load(config).records
    made = signer_at(records.signing_key.with_name("audit.key.new"), trust=records.trusted_keys)
    store = Store.open(records.url, signer=signer_at(records.signing_key, trust=records.trusted_keys))
    store.ledger.rotate(made)
    store.close()

    assert run(["audit", "rotate", "--config", str(config)]) == 0

    assert signer_at(records.signing_key, trust=records.trusted_keys).key == made.key
    _keep(config)
    assert run(["audit", "verify", "--config", str(config)]) == 0


@pytest.mark.parametrize("held", [None, "f" * 64], ids=["no key file", "another key's file"])
def test_audit_rotate_without_the_old_key_is_refused_and_no_other_key_gets_trusted(
    held: str | None, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(config)
    records = load(config).records
    trusted, right = records.trusted_keys.read_text(encoding="ascii"), records.signing_key.read_text(encoding="ascii")
    anchored = sorted(path.name for path in (config.parent / "anchors").rglob("*"))
    records.signing_key.unlink()
    if held:
        records.signing_key.write_text(held, encoding="ascii")
        records.signing_key.chmod(0o600)

    assert run(["audit", "rotate", "--config", str(config)]) == 2

    assert "estore" in capsys.readouterr().err
    assert records.trusted_keys.read_text(encoding="ascii") == trusted
    assert [path.name for path in config.parent.rglob("audit.key*")] == ["audit.key"] * bool(held)
    assert sorted(path.name for path in (config.parent / "anchors").rglob("*")) == anchored
    records.signing_key.write_text(right, encoding="ascii")
    records.signing_key.chmod(0o600)
    assert run(["audit", "verify", "--every-signature", "--config", str(config)]) == 0


def test_audit_rotate_under_a_living_bot_is_refused_and_changes_nothing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(config, beat=True)
    key = load(config).records.signing_key
    old = key.read_text(encoding="ascii")

    assert run(["audit", "rotate", "--config", str(config)]) == 2

    assert "Stop it first" in capsys.readouterr().err
    assert [path.name for path in key.parent.glob("audit.key*")] == ["audit.key"]
    assert key.read_text(encoding="ascii") == old


def test_audit_rotate_without_records_says_what_is_missing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "rotate", "--config", str(config)]) == 2
    assert "Start the bot once" in capsys.readouterr().err
    assert not load(config).records.signing_key.exists()


ERASE = ["audit", "erase", "--person", "U0EVE", "--reason", "they asked for it"]


def _say(config: Path, text: str) -> None:
    records = load(config).records
    store = Store.open(records.url, signer=signer_at(records.signing_key, trust=records.trusted_keys))
    store.commit(Change(audit=(AuditEntry(kind="incident.noted", subject="INC-1", actor="U0EVE", private=text),)))
    store.close()


def test_audit_erase_counts_first_and_erases_only_when_it_is_told_to(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(config)
    _say(config, "c4nary")
    kept = config.parent / "var/bot.db"

    assert run([*ERASE, "--config", str(config)]) == 0
    assert "Would erase: 1 texts of U0EVE, 0 of others" in capsys.readouterr().out
    assert b"c4nary" in kept.read_bytes()

    assert run([*ERASE, "--yes", "--config", str(config)]) == 0
    assert "Erased: 1 texts of U0EVE" in capsys.readouterr().out
    assert b"c4nary" not in kept.read_bytes()
    assert run(["audit", "verify", "--every-signature", "--config", str(config)]) == 0


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--person", "eve", "--reason", "x"], "no id of a person"),
        (["--person", "U0EVE", "--reason", " "], "Why?"),
        (["--person", "U0EVE", "--reason", "x", "--yes"], "Start the bot once"),
    ],
)
def test_audit_erase_of_nobody_for_nothing_or_without_records_is_refused(
    argv: list[str], words: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", "erase", *argv, "--config", str(config)]) == 2
    assert words in capsys.readouterr().err
    assert not load(config).records.signing_key.exists()


def test_health_tells_whether_somebody_is_alive(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["health", "--config", str(config)]) == 2
    assert "Start the bot once" in capsys.readouterr().err

    _keep(config)
    assert run(["health", "--config", str(config)]) == 1
    assert "nobody is alive" in capsys.readouterr().out

    _keep(config, beat=True)
    assert run(["health", "--config", str(config)]) == 0
    assert "1 alive" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["serve"], ["plan", "x"], ["audit", "verify"], ["health"]])
def test_without_settings_each_says_how_to_get_them(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*argv, "--config", "no-such.toml"]) == 2
    assert "Copy bot.example.toml" in capsys.readouterr().err


# match, redact


def test_match_ranks_a_folder_of_markdown_for_each_alarm_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "DiskFull.md").write_text("# Disk full\n\nThe disk is full; remove old files.\n")
    (tmp_path / "net.md").write_text("---\nalarms: [LinkDown]\n---\n# Network\n\nA link is down.\n")
    alarms = tmp_path / "alarms.jsonl"
    alarms.write_text('{"AlarmName": "LinkDown-prod"}\n{"summary": "old files fill the disk"}\n')

    assert run(["match", "--runbooks", str(tmp_path), "--alarm", str(alarms), "--json"]) == 0

    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["alarm"], first["runbooks"][0]["path"], first["runbooks"][0]["exact"]) == (
        "LinkDown-prod",
        "net.md",
        True,
    )
    assert second["runbooks"][0]["path"] == "deep/DiskFull.md"


def test_match_of_nothing_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alarm = tmp_path / "alarm.json"
    alarm.write_text('{"text": "teleportation"}')

    assert run(["match", "--runbooks", "no-such-folder", "--alarm", str(alarm)]) == 2
    assert run(["match", "--alarm", "no-such-file"]) == 2
    assert run(["match", "--runbooks", str(tmp_path), "--alarm", str(alarm)]) == 1

    said = capsys.readouterr()
    assert "There is no folder no-such-folder" in said.err
    assert "There is no file no-such-file" in said.err
    assert "nothing fits" in said.out


def test_redact_filters_standard_input_and_counts_on_the_other_side(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = b"mail ana@example.com\nand bo@example.com, ana@example.com\r\nno text: \xff"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines), encoding="ascii"))

    assert run(["redact"]) == 0

    said = capsys.readouterr()
    assert said.out == "mail [email#1]\nand [email#2], [email#1]\r\nno text: \ufffd"
    assert said.err == "3 email\n"


# What is loaded for what.


def _loaded(argv: Sequence[str], *, of: Sequence[str]) -> tuple[int, list[str]]:
    """Run a subcommand in a process of its own; return its exit code and which of these it loaded."""
    program = (
        "import json, sys; from bot.cli import run; code = run(json.loads(sys.argv[1]));"
        "print('LOADED', json.dumps([code, [one for one in json.loads(sys.argv[2]) if one in sys.modules]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(list(argv)), json.dumps(list(of))],
        input='{"AlarmName": "CircuitBreakerOpen"}',
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    code, found = json.loads(done.stdout.rpartition("LOADED ")[2])
    return int(code), [str(one) for one in found]


IAM = ["iam", "--config", "bot.example.toml"]
MATCH = ["match", "--alarm", "-"]


@pytest.mark.parametrize(
    "argv", [["check"], ["actions"], ["redact"], MATCH, ["audit", "verify"], ["manifest"], ["health"], IAM]
)
def test_what_only_looks_loads_neither_the_executor_nor_bolt_nor_the_workbench(argv: list[str], config: Path) -> None:
    _keep(config, beat=True)
    given = [*argv, "--config", str(config)] if argv[0] in {"audit", "health"} else argv

    code, found = _loaded(
        given, of=["dbos", "slack_bolt", "moto", "langchain", "starlette", "bot.app", "bot.workbench"]
    )

    assert (code, found) == (0, [])


def test_serve_loads_neither_the_workbench_nor_a_model(config: Path) -> None:
    code, found = _loaded(
        ["serve", "--config", str(config)], of=["moto", "starlette", "uvicorn", "langchain", "bot.workbench"]
    )

    assert (code, found) == (2, [])  # there is no token, so it ends before it serves


# demo, serve


def test_a_play_that_is_none_is_named_with_those_that_are() -> None:
    done = _bot(["demo", "--play", "nosuch"])

    assert done.returncode == 2
    assert "There is no failure called 'nosuch'; there is circuit-breaker" in done.stderr


def test_the_play_up_to_the_approvals_leaves_the_breaker_open() -> None:
    done = _bot(["demo", "--play", "circuit-breaker", "--until", "approval"])

    assert done.returncode == 0, done.stderr
    assert "the breaker is still OPEN" in done.stdout
    assert done.stderr == ""


def test_the_whole_play_repairs_the_lake_and_the_audit_is_whole() -> None:
    done = _bot(["demo", "--play", "circuit-breaker"])

    assert done.returncode == 0, done.stderr
    assert "PASS breaker CLOSED" in done.stdout
    assert "[Approve] [Decline…] [Details] […]" in done.stdout
    assert "Go back" not in done.stdout
    assert "whole" in done.stdout
    assert "FAIL" not in done.stdout
    assert not [raw for raw in ("<!subteam", "<!date", "<@U") if raw in done.stdout]


def _bot(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-m", "bot", *argv]
    return subprocess.run(program, capture_output=True, text=True, check=False, timeout=100, cwd=ROOT)


@pytest.fixture
def served(config: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run `serve` over signed HTTP, as in production."""
    port = _free_port()
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('transport = "socket"', f'transport = "http"\nhttp_port = {port}'), encoding="utf-8")
    with (config.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--config", str(config)],
            cwd=ROOT,
            env={**environment(), **SECRETS, **AWS},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None and _asked(port, "GET", "/health")[0] != 200:
            time.sleep(0.1)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _asked(port: int, method: str, path: str, body: str = "", *, signed: str = "") -> tuple[int, str]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if signed:
        stamp = str(int(time.time()))  # noqa: TID251 - Slack's signatures are on the host's time
        signature = SignatureVerifier(signed).generate_signature(timestamp=stamp, body=body) or ""
        headers |= {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def test_serve_over_signed_http_answers_slack_and_nobody_else_and_ends_when_told(
    served: tuple["subprocess.Popen[bytes]", int], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process, port = served
    typed = "command=/runbook&text=help&team_id=T0000000000&channel_id=C0000000000&user_id=U1&trigger_id=1.2.3"

    helped = _asked(port, "POST", "/slack/events", typed, signed=SECRETS["SLACK_SIGNING_SECRET"])
    forged = _asked(port, "POST", "/slack/events", typed, signed="another secret")
    lost = _asked(port, "GET", "/")

    assert helped[0] == 200, (config.parent / "log").read_text(encoding="utf-8")
    assert "/runbook plan" in helped[1]
    assert (forged[0], lost[0]) == (401, 404)
    assert run(["health", "--config", str(config)]) == 0
    again = _served_again(config, port)
    assert again.returncode == 2, again.stderr
    assert "runbook-bot: Another bot is using" in again.stderr
    assert "Traceback" not in again.stderr
    process.send_signal(signal.SIGTERM)
    assert process.wait(timedelta(seconds=30).total_seconds()) == 0
    log = (config.parent / "log").read_text(encoding="utf-8")
    lines = [line for line in log.splitlines() if line.startswith("{")]
    (ready,) = [line for line in lines if json.loads(line)["message"] == "The bot is ready."]
    (started,) = points(ready)
    assert (started.namespace, started.name, started.values) == ("RunbookBot", "Starts", (1,))
    assert started.dimensions == {"Environment": "prod"}
    assert not [word for word in (*SECRETS.values(), "Traceback") if word in log]
    assert run(["audit", "verify", "--config", str(config)]) == 0
    assert "0 records, whole" in capsys.readouterr().out


def _served_again(config: Path, port: int) -> "subprocess.CompletedProcess[str]":
    """Serve the same records once more, on a port of its own."""
    other = config.with_name("other.toml")
    text = config.read_text(encoding="utf-8")
    other.write_text(text.replace(f"http_port = {port}", f"http_port = {_free_port()}"), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "bot", "serve", "--config", str(other)],
        cwd=ROOT,
        env={**environment(), **SECRETS, **AWS},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
