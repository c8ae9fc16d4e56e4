"""What a step found, in words that everybody in the channel reads."""

import pytest

from bot.domain.value import JsonValue
from bot.slack.cards.wording import prose
from bot.usecases.runs import worded
from tests.domain.attacks import ATTACKS, Attack


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.secret], ids=lambda one: one.tries)
@pytest.mark.parametrize(
    "says", ["most of them ${output.top.message}", "${steps.log.output.top.message}", "${output.all[0]}"]
)
def test_a_finding_tells_no_secret_and_no_person_of_what_was_seen(says: str, attack: Attack) -> None:
    seen: dict[str, JsonValue] = {"top": {"message": attack.text}, "all": [attack.text]}

    told = prose(worded(says, {"output": seen, "steps": {"log": {"output": seen}}}), 500)

    assert [one for one in attack.must_not if one in told] == []


def test_numbers_ids_and_who_acted_stay() -> None:
    seen: dict[str, JsonValue] = {
        "count": 123456782,
        "run": "20260121T020000Z",
        "name": "retry-4-0a1b2c3d4e5f",
        "sha": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "who": "ana@lake.example",
    }
    says = "${string(output.count)} of ${output.run}, ${output.name} at ${output.sha} by ${output.who}"

    told = worded(says, {"output": seen, "steps": {}})

    assert told == f"123456782 of {seen['run']}, {seen['name']} at {seen['sha']} by {seen['who']}"


@pytest.mark.parametrize("says", ["${alarm.reason}", "${inputs.note}", "${item.name}", "${steps.log.output.text}"])
def test_what_an_alarm_an_input_or_an_item_says_is_redacted_too(says: str) -> None:
    told = "ana@lake.example wrote password=hunter2"
    seen: dict[str, JsonValue] = {
        "alarm": {"reason": told},
        "inputs": {"note": told},
        "item": {"name": told},
        "steps": {"log": {"output": {"text": told}}},
    }

    assert worded(says, seen) == "[email] wrote password=[password]"


def test_two_people_in_two_findings_do_not_become_one() -> None:
    told = [worded("${output.by} did it", {"output": {"by": mail}}) for mail in ("ana@example.com", "bo@example.com")]

    assert told == ["[email] did it", "[email] did it"]
