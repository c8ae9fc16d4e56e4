"""The runbook as AWS CLI commands: what would be sent, in a shell's words, each value still to be found explained."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.authoring.symbols import Symbols
from bot.aws.model import param_problems
from bot.domain.policy import Policy
from tests.authoring.made import LAKE, book, part, rehearsal, sheet


def commands(text: str) -> list[str]:
    return [line for line in text.split("\n") if line and not line.startswith("#")]


def test_a_read_is_one_command_with_the_names_of_the_lake_filled_in() -> None:
    assert part(sheet(), "# 3.").split("\n")[2] == (
        "aws events describe-rule --region eu-west-1 --name daily_etl_schedule"
    )


def test_a_change_reads_edits_and_writes_with_the_version_it_saw_as_its_condition() -> None:
    lines = commands(part(sheet(), "# 12."))

    assert lines[0].endswith('--key "control/circuit_breaker/${PIPELINE}.json" half_open.json')
    assert lines[1].startswith('jq -c --arg changed_by "${RUN}" --arg reason "${REASON}" --arg state HALF_OPEN ')
    assert '--if-match "${HALF_OPEN_SEEN_ETAG}"' in lines[2]
    assert lines[2].endswith("--body half_open.changed.json")


def test_beside_a_change_stand_its_condition_who_must_say_yes_and_what_stops() -> None:
    text = part(sheet(), "# 14.")

    assert "#    only if: has(steps.probe) && steps.probe.output.status == 'SUCCEEDED'" in text
    assert "#    change: first have a yes of platform, not yourself" in text
    assert "#    stop unless: output.body.state == 'CLOSED'" in text


def test_a_probe_that_promotes_nothing_asks_for_less_than_one_that_promotes() -> None:
    assert "#    control: first have a yes of oncall; the yes to step `half_open` covers it" in part(sheet(), "# 13.")
    promoting = sheet(("promote: false\n      sources", 'promote: true\n        run_key: "1"\n      sources'))
    assert "#    change: first have a yes of platform, not yourself" in part(promoting, "# 13.")


def test_a_pause_says_what_it_owes_and_an_undo_that_it_is_one() -> None:
    assert "#    owes: step `resume`, whatever happens" in part(sheet(), "# 10.")
    assert "# 16. Set it back to OPEN (only to take back what was done)" in sheet()


def test_every_variable_is_explained_once_and_before_it_is_used() -> None:
    for platform in (LAKE, None):
        known: list[str] = []
        for line in sheet(platform=platform).split("\n"):
            if found := re.match(r"#    \$([A-Z0-9_]+): \S", line):
                known.append(found[1])
            elif not line.startswith("#"):
                assert set(re.findall(r"\$\{([A-Z0-9_]+)\}", line)) <= set(known), line
        assert len(known) == len(set(known)) > 8


def test_no_stand_in_is_left_in_the_sheet() -> None:
    assert re.findall(r"zq\d+qz|731000\d|2001-01-01|97830\d+", sheet(platform=None)) == []


def test_without_bot_toml_the_names_of_the_lake_are_variables_too() -> None:
    text = sheet(platform=None)

    assert "#    $ARTIFACTS_BUCKET: artifacts_bucket of the platform section of bot.toml" in text
    assert "lake-artifacts" not in text


def test_each_command_is_one_the_shell_can_read(tmp_path: Path) -> None:
    script = tmp_path / "sheet.sh"
    script.write_text(sheet(platform=None), encoding="utf-8")

    assert subprocess.run(["bash", "-n", script], check=False, capture_output=True).stderr == b""


def ran(tmp_path: Path, text: str, **variables: str) -> list[list[str]]:
    """Run commands in a real shell, with an `aws` that only writes down what it was given."""
    log = tmp_path / "log"
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\nfor one in "$@"; do printf "%s\\0" "$one"; done >> {log}\necho >> {log}\n')
    aws.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **variables}
    subprocess.run(["bash", "-euc", text], check=True, cwd=tmp_path, env=environment, capture_output=True)
    return [line.split("\0")[:-1] for line in log.read_text(encoding="utf-8").split("\n") if line]


NASTY = 'it\'s "fixed" `now` $(touch pwned) \\ ok'


def test_a_value_with_quotes_and_shell_signs_arrives_as_it_is_and_runs_nothing(tmp_path: Path) -> None:
    line = commands(part(sheet(), "# 11."))[-1]

    ((*_, said),) = ran(tmp_path, line, ITEM_ARN="arn:x", RUN=NASTY)

    assert said == f"CIRCUIT_BREAKER, stopped by {NASTY}"
    assert not (tmp_path / "pwned").exists()


def test_the_input_of_an_execution_is_the_document_the_bot_would_send(tmp_path: Path) -> None:
    line = commands(part(sheet(), "# 13."))[-1]

    (sent,) = ran(tmp_path, line, PROBE_TOKEN="0" * 12, PIPELINE="transactions", PROBE_FILE="bronze/f.csv")

    assert json.loads(sent[sent.index("--input") + 1]) == {
        "pipeline": "transactions",
        "promote": False,
        "raw_bucket": "lake-bronze",
        "raw_key": "bronze/f.csv",
    }


def test_times_become_the_numbers_aws_wants(tmp_path: Path) -> None:
    logs = commands(part(sheet(), "# 4."))[0]
    metric = commands(part(sheet(), "# check 5."))[0]

    now = {"NOW": "2026-01-21T03:00:00Z", "BREAKER_BODY_ERROR_TYPE": "E", "PIPELINE": "p"}
    first, second = ran(tmp_path, f"{logs}\n{metric}", ERRORS_SINCE="2026-01-21T01:07:32Z", **now)

    assert first[first.index("--start-time") + 1] == "1768957652000"
    assert first[first.index("--end-time") + 1] == "1768964400000"
    assert second[second.index("--start-time") + 1] == str(1768964400 - 3600)
    assert second[second.index("--end-time") + 1] == "1768964401"


def test_every_call_that_is_written_is_one_its_row_names() -> None:
    runbook = book()
    made = rehearsal(runbook, LAKE)
    for step in runbook.steps:
        done = made.perform(step, CATALOGUE.action(step.uses or ""))
        for call in (*done.looks, *done.calls):
            row = CATALOGUE.row(call.row)
            assert set(row.required) <= set(call.params) <= set(row.allows), (step.id, call)
            assert not param_problems(row, call.params), (step.id, call)


def test_a_step_that_nothing_can_be_rehearsed_of_shows_its_rows_to_fill_in() -> None:
    text = part(
        sheet(
            (
                "key: control/circuit_breaker/${inputs.pipeline}.json\n   expect: >-\n     output.found\n     && (",
                "key: nowhere/${inputs.pipeline}\n   expect: >-\n     output.found\n     && (",
            )
        ),
        "# 1.",
    )

    assert "fill them in" in text
    assert all("get-object" in line for line in commands(text))


def test_a_manual_step_is_its_words_and_an_unknown_action_is_said() -> None:
    text = sheet(("16. **Set it back", "16. **Call the source.** Ask for\n    them.\n\n17. **Set it back"))
    assert "#    by hand: Ask for them." in part(text, "# 16.")

    assert "the catalogue has no s3.shred" in sheet(("uses: events.rule", "uses: s3.shred"))


def test_a_step_the_policy_never_offers_says_do_not() -> None:
    text = sheet(("uses: schedule.pause", "risk: destructive\n    uses: schedule.pause"))

    assert "destructive: the policy never offers this. Do not." in part(text, "# 10.")


def test_two_values_of_one_name_become_two_variables() -> None:
    symbols = Symbols()

    first, again, other = symbols.text("ETag", "of a"), symbols.text("ETag", "of a"), symbols.text("e_tag", "of b")

    assert first == again != other
    assert symbols.written(f"x {first} {other}") == 'x "${ETAG}" "${ETAG_2}"' or symbols.plain(other) == "${E_TAG}"


@pytest.mark.parametrize("text", ["plain", "a b", "it's", '{"a": "$b"}'])
def test_a_line_without_stand_ins_stays_as_it_is(text: str) -> None:
    assert Symbols().written(f"echo {shlex.quote(text)}") == f"echo {shlex.quote(text)}"


def test_a_policy_of_two_roles_names_both() -> None:
    policy = Policy(roles={}, viewer="a", operator="a", on_call="a", change=("a", "b"))
    text = sheet(("    needs: [platform]\n    effect: Close", "    effect: Close"), policy=policy)

    assert "first have a yes of a + b, not yourself" in part(text, "# 14.")
