"""The preview shows the real cards, and for each step its risk and whom it asks, without asking anybody."""

from bot.authoring.house import DEFAULT_POLICY
from bot.domain.policy import Policy, Role
from tests.authoring.made import part, preview


def test_the_head_says_whom_the_runbook_needs_and_what_it_asks_when() -> None:
    lines = preview().split("\n")

    assert lines[0] == "Circuit Breaker Triggered (circuit-breaker), active, proved 2026-11-23 drill circuit-breaker"
    assert "Needs oncall for steps 10, 11" in lines
    assert "Needs platform for steps 12, 14" in lines
    assert any(
        line.startswith("Asks at the start for pipeline (“Pipeline”), unless it is known from") for line in lines
    )
    assert any(line.startswith("Asks before step 12 for reason") and "unless" not in line for line in lines)


def test_each_step_says_what_it_does_and_who_must_say_yes() -> None:
    text = preview()

    assert "1. Read the breaker: read, at once" in text
    assert "10. Pause the schedule: control, needs oncall, the requester may" in text
    assert "13. Probe one file: control, covered by the yes to step `half_open`" in text
    assert "14. Close the breaker: change, needs platform, not the requester" in text
    assert "15. Resume the schedule: control, covered by the yes to step `pause`" in text
    assert "check 5. One hour below the threshold: read, at once, watches for 1:00:00" in text


def test_the_request_is_the_card_that_would_be_posted_with_unknown_values_named() -> None:
    text = part(preview(), "12.")

    assert "│ Half-open the breaker of `${PIPELINE}` and let one file through, ${PROBE_FILE}." in text
    assert "│ 🟠 PROD · APPROVAL NEEDED (lake-prod, eu-west-1)" in text
    assert "│ Who  1 of platform, not @you: @one of platform" in text
    assert '│   IfMatch = "${HALF_OPEN_SEEN_ETAG}"' in text
    assert "│ 2. stepfunctions StartExecution" in text
    assert "[Approve] [Decline…] [Details]" in text


def test_what_the_run_would_be_asked_by_people_is_shown_where_it_is_asked() -> None:
    text = preview(("16. **Set it back", "16. **Call the source.** Ask.\n\n17. **Set it back"))

    assert "│ [Answer…] [Park until…]" in part(text, "12.")
    assert "16. Call the source: by hand; somebody presses Done" in text
    assert "│ [Done] [Park until…]" in part(text, "16.")
    assert "│ [Start runbook] [I’m on it]" in text


def test_which_way_is_a_question_of_its_own_and_why_is_asked_after_it() -> None:
    text = part(preview(name="failure-recovery"), "13.")

    which, _, why = text.partition("┌─ once that is answered")
    assert "│ [Run it again] [Resume it] [Start nothing]" in which
    assert "Why do you want this change?" not in which
    assert "Why do you want this change?" in why
    assert "how shall it go on?" not in why


def test_a_role_the_policy_lacks_is_warned_of() -> None:
    text = preview(("needs: [platform]\n    effect: Close", "needs: [auditors]\n    effect: Close"))

    assert "  ! the policy has no role auditors: nobody could approve." in text


def test_two_of_one_role_are_counted() -> None:
    text = preview(("needs: [platform]\n    effect: Close", "needs: [platform, platform]\n    effect: Close"))

    assert "Needs 2 × platform for step 14" in text


def test_a_group_is_shown_by_its_title_and_never_by_its_id() -> None:
    roles = {"oncall": Role(title="lake-oncall", group="S0ONCALL"), "platform": Role(title="lake-platform", group="S9")}
    policy: Policy = DEFAULT_POLICY.model_copy(update={"roles": roles})

    text = preview(policy=policy)

    assert "@lake-oncall" in text
    assert "S0ONCALL" not in text
    assert "S9" not in text


def test_a_step_whose_calls_depend_on_what_it_finds_says_so() -> None:
    text = preview(
        (
            "key: control/circuit_breaker/${inputs.pipeline}.json\n      change:\n        state: CLOSED",
            "key: nowhere.json\n      change:\n        state: CLOSED",
        )
    )

    assert "depends on what it finds" in part(text, "14.")


def test_a_draft_and_a_trial_say_what_they_are() -> None:
    proved = 'status: active\nproved: "2026-11-23 drill circuit-breaker"'

    assert preview((proved, "status: draft")).startswith("Circuit Breaker Triggered (circuit-breaker), draft\n")
    assert ", trial in staging, qa\n" in preview((proved, "status: trial\ntrial_in: [staging, qa]"))
    assert ", trial in no environment yet\n" in preview((proved, "status: trial"))


def test_no_stand_in_is_left() -> None:
    assert "zq" not in preview(platform=None)
