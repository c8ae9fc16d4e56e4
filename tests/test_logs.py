"""A log line is one JSON object with named facts, and nothing secret."""

import json
import logging

import pytest

from bot.logs import JsonLines
from tests.domain.attacks import TOKEN


def _line(message: str, **facts: object) -> str:
    record = logging.makeLogRecord({"name": "bot.runs", "levelname": "INFO", "msg": message, **facts})
    return JsonLines().format(record)


def test_a_record_is_one_line_of_json_with_its_facts() -> None:
    line = _line("Step performed.", run=42, step="half_open")

    said = json.loads(line)
    assert (said["level"], said["module"], said["message"]) == ("INFO", "bot.runs", "Step performed.")
    assert (said["run"], said["step"]) == (42, "half_open")
    assert said["timestamp"].endswith("+00:00")


def test_what_is_named_like_a_secret_is_left_out() -> None:
    line = _line("Called.", bot_token="s1", response_url="s2", Trigger_Id="s3", db_password="s4", card="run:1")

    assert [secret for secret in ("s1", "s2", "s3", "s4") if secret in line] == []
    assert json.loads(line)["card"] == "run:1"


def test_no_secret_is_told_by_a_field_or_by_what_a_bug_says() -> None:
    with pytest.raises(ValueError, match="could not") as raised:
        float(f"password=hunter2-and-more {TOKEN}")

    line = _line("Failed.", why=f"refused {TOKEN}", exc_info=(raised.type, raised.value, raised.tb))

    assert [secret for secret in (TOKEN, "hunter2") if secret in line] == []


def test_text_from_outside_cannot_begin_a_line_of_its_own() -> None:
    line = _line("Buried.", reason='x"}\n{"message": "The bot is ready."\u2028\u202e')

    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line)["message"] == "Buried."


def test_a_bug_is_logged_whole() -> None:
    with pytest.raises(ValueError, match="went wrong") as raised:
        int("what went wrong")

    line = _line("A listener failed.", exc_info=(raised.type, raised.value, raised.tb))

    assert "what went wrong" in json.loads(line)["exception"]
