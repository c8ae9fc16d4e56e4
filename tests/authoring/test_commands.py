"""The authors' command lines, through the same door as people: what they print, and how they exit."""

import shutil
from pathlib import Path

import pytest

from bot.cli import DONE, NO, UNABLE, run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "runbooks", tmp_path / "runbooks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNBOOK_BOT_CONFIG", raising=False)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    caught = capsys.readouterr()
    return caught.out, caught.err


@pytest.mark.parametrize("command", ["new", "preview", "show", "try", "check"])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run([command, "--help"])

    assert ended.value.code == 0
    assert f"usage: runbook-bot {command}" in said(capsys)[0]


def test_a_new_runbook_passes_check_and_a_second_of_its_name_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "Late Files"]) == DONE
    assert "runbooks/late-files.md is a draft" in said(capsys)[0]
    assert run(["check"]) == DONE

    assert run(["new", "Late files"]) == UNABLE
    assert "There is a runbook late-files in runbooks already" in said(capsys)[1]


def test_show_and_preview_print_the_runbook_and_say_what_they_lack(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "circuit-breaker"]) == DONE
    out, err = said(capsys)
    assert "→ s3.swap_json (close): change, asks platform; only if" in out
    assert "```" not in out
    assert "There is no bot.toml here" in err

    assert run(["show", "circuit-breaker", "--cli"]) == DONE
    assert "aws events disable-rule" in said(capsys)[0]

    assert run(["preview", "runbooks/circuit-breaker.md"]) == DONE
    assert "APPROVAL NEEDED" in said(capsys)[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "circuit-braker"], "Did you mean 'circuit-breaker'?"),
        (["show", "nothing.md"], "There is no file nothing.md"),
        (["show", "circuit-breaker", "--dir", "nowhere"], "no folder of runbooks at nowhere"),
        (["preview", "runbooks"], "There is no file runbooks"),
        (["preview", "runbooks/circuit-breaker.md", "--config", "none.toml"], "There is no none.toml"),
        (["try", "none.md"], "There is no file none.md"),
        (["try", "runbooks/circuit-breaker.md", "pipeline"], "write NAME=VALUE"),
        (["new", "Late Files", "--dir", "nowhere"], "There is no nowhere/TEMPLATE.md"),
        (["check", "--diff", "nope"], "no revision"),
        (["check", "--live"], "There is no bot.toml"),
        (["check", "nowhere", "--diff", "runbooks"], "There is no nowhere"),
    ],
    ids=lambda given: " ".join(given)[:30] if isinstance(given, list) else "",
)
def test_what_cannot_be_done_is_said_in_words_with_exit_2(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(arguments) == UNABLE

    out, err = said(capsys)
    assert words in err
    assert out == ""


def test_a_change_that_got_riskier_exits_1_with_a_sentence_for_each(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(here / "runbooks", here / "old")
    assert run(["check", "--diff", "old"]) == DONE
    assert said(capsys)[0] == "0 things got riskier since old\n"

    book = here / "runbooks" / "circuit-breaker.md"
    book.write_text(book.read_text(encoding="utf-8").replace("watch: 1h\n", "watch: 10 min\n"), encoding="utf-8")
    assert run(["check", "--diff", "old"]) == NO
    out, _ = said(capsys)
    assert "Step `watch` watches for 0:10:00, before 1:00:00." in out
    assert out.endswith("1 thing got riskier since old\n")


def test_a_runbook_that_cannot_be_read_now_exits_1_and_one_that_could_not_be_then_counts_as_new(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(here / "runbooks", here / "old")
    book, old = here / "runbooks" / "circuit-breaker.md", here / "old" / "circuit-breaker.md"
    text = book.read_text(encoding="utf-8")

    book.write_text(text.replace("## Safety", "## Sefety", 1), encoding="utf-8")
    assert run(["check", "--diff", "old"]) == NO
    assert "The section `Safety` is missing" in said(capsys)[0]

    book.write_text(text, encoding="utf-8")
    old.write_text(text.replace("## Safety", "## Sefety", 1), encoding="utf-8")
    assert run(["check", "--diff", "old"]) == NO
    out, err = said(capsys)
    assert "it is new" in out
    assert "circuit-breaker.md could not be read at old, so all of it counts as new." in err


def test_diff_and_live_are_not_asked_for_together(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["check", "--live", "--diff", "HEAD"])

    assert ended.value.code == 2
    assert "not allowed with" in said(capsys)[1]


TOML = """
[slack]
team = "T0"
channel = "C0"
[platform.prod]
title = "PROD"
account = "123456789012"
account_name = "lake"
region = "eu-west-1"
resources = {}
[policy]
viewer = "a"
operator = "a"
on_call = "a"
change = CHANGE
[policy.roles.a]
title = "a"
people = ["U1"]
[policy.roles.b]
title = "b"
people = ["U2"]
"""


def test_a_policy_that_asks_fewer_than_it_did_is_found_beside_its_old_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = here / "runbooks" / "circuit-breaker.md"
    text = book.read_text(encoding="utf-8").replace("    needs: [platform]\n    effect: Close", "    effect: Close")
    book.write_text(text, encoding="utf-8")
    shutil.copytree(here / "runbooks", here / "old")
    (here / "prompts").mkdir()
    (here / "old" / "bot.toml").write_text(TOML.replace("CHANGE", '["a", "b"]'), encoding="utf-8")
    (here / "bot.toml").write_text(TOML.replace("CHANGE", '["a"]'), encoding="utf-8")

    assert run(["check", "--diff", "old"]) == NO

    assert "Step `close` needs a, before a + b." in said(capsys)[0]
