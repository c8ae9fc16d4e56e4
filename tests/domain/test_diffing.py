"""What an edit of a runbook lets happen is found; what only tells people something else is not."""

from pathlib import Path

import pytest

from bot.actions.catalogue import CATALOGUE
from bot.domain.diffing import Edit, Riskier, changes_since, compare
from bot.domain.lowered import lowered_policy
from bot.domain.policy import Policy, Role
from bot.domain.reading import read_runbook
from bot.domain.runbook import Runbook

TEXT = (Path(__file__).parents[2] / "runbooks" / "circuit-breaker.md").read_text(encoding="utf-8")
POLICY = Policy(
    roles={"oncall": Role(title="on-call", group="S1"), "platform": Role(title="platform", people=("U1", "U2"))},
    viewer="oncall",
    operator="oncall",
    on_call="oncall",
    change=("platform",),
    channels=("C1",),
)


def read(text: str) -> Runbook:
    found = read_runbook(text, "runbooks/circuit-breaker.md")
    assert found.runbook is not None, [str(problem) for problem in found.problems]
    return found.runbook


def edited(*changes: tuple[str, str], text: str = TEXT) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def riskier(before: str | None, after: str | None) -> tuple[Riskier, ...]:
    was = {"circuit-breaker": read(before)} if before else {}
    now = {"circuit-breaker": read(after)} if after else {}
    return compare(was, now, catalogue=CATALOGUE, policy=POLICY)


def told(before: str | None, after: str | None) -> list[str]:
    return [f"{one.kind} [{one.risk}]: {one.words}" for one in riskier(before, after)]


LAST_STEP = """16. **Set it back to OPEN.**"""
HARMLESS = [
    ("prose", ("Only when the cause is fixed", "Only once the cause is fixed")),
    ("a title", ("**Count the errors by type.**", "**Count errors.**")),
    ("one more approver", ("needs: [platform]", "needs: [platform, platform]")),
    ("a higher risk", ("uses: schedule.pause", "risk: change\n    needs: [platform]\n    uses: schedule.pause")),
    ("a shorter lifetime", ("undo: reopen", "undo: reopen\n    lifetime: 5 min")),
    ("an alarm less", ("[CircuitBreakerOpen, SameErrorRateHigh]", "[CircuitBreakerOpen]")),
    ("a first pattern", ('pattern: "[^\\\\n]{1,300}"', 'pattern: "[^\\\\n]{1,300}"')),
    ("less that is said", ("says: schedule ${output.state}", "says: schedule")),
    ("a longer watch", ("watch: 1h\n", "watch: 70 min\n")),
    ("put on the shelf", ('status: active\nproved: "2026-11-23 drill circuit-breaker"', "status: retired")),
]


@pytest.mark.parametrize(("old", "new"), [change for _, change in HARMLESS], ids=[name for name, _ in HARMLESS])
def test_an_edit_that_lets_nothing_more_happen_is_no_finding(old: str, new: str) -> None:
    assert told(TEXT, edited((old, new))) == []


def test_a_step_that_is_taken_out_reaches_nothing_new() -> None:
    without = TEXT[: TEXT.index("5. **Hold it against")] + TEXT[TEXT.index("6. **Which file?**") :]

    assert told(TEXT, without) == []


def test_a_runbook_that_is_removed_makes_nothing_riskier() -> None:
    assert told(TEXT, None) == []


RISKIER = [
    (
        "bucket: ${platform.artifacts_bucket}",
        "bucket: ${platform.silver_bucket}",
        "resource [read]",
        'Step `breaker` now uses s3.read_json with bucket = "${platform.silver_bucket}" (was',
    ),
    ("     name: _LATEST.json\n", "", "resource [read]", 'name = nothing (was "_LATEST.json")'),
    (
        "promote: false\n      sources",
        "promote: true\n      sources",
        "resource [change]",
        "input.promote = true (was false)",
    ),
    (
        "state: CLOSED\n        reason: probe",
        'state: "OPEN"\n        reason: probe',
        "resource [change]",
        "change.state",
    ),
    (
        "for_each: steps.running.output.executions",
        "for_each: steps.running.output.executions.filter(e, true)",
        "resource [control]",
        "for each of `steps.running.output.executions.filter(e, true)` (was",
    ),
    ('    pattern: "[a-z][a-z0-9_-]{0,39}"\n', "", "resource [change]", "The input `pipeline` takes what fits nothing"),
    ("bronze/[A-Za-z0-9_=/.-]{1,200}", "[a-z]+/[A-Za-z0-9_=/.-]{1,200}", "resource [change]", "The input `probe_file`"),
    ("    choices: platform.pipelines\n", "", "resource [change]", "is no longer picked from a list"),
    (
        "id: running\n",
        'id: running\n   effect: "${steps.breaker.output.body.reason}"\n',
        "output [read]",
        "Step `running` now looks at body.reason of what s3.read_json returns.",
    ),
    (
        "    approved_with: half_open\n",
        "    approved_with: half_open\n    lifetime: 60 min\n",
        "approval [change]",
        "Step `probe` may be answered for 1:00:00, before 0:15:00.",
    ),
    (
        "    undo: reopen\n    needs: [platform]\n    effect: Close",
        "    undo: reopen\n    approved_with: half_open\n    needs: [platform]\n    effect: Close",
        "approval [change]",
        "a yes to `half_open` covers it",
    ),
    (
        "if: has(steps.probe) && steps.probe.output.status == 'SUCCEEDED'",
        "if: has(steps.probe)",
        "guard [change]",
        "Step `close` has another `if`: has(steps.probe), before",
    ),
    (
        "    expect: output.status == 'SUCCEEDED'\n    approved",
        "    approved",
        "guard [change]",
        "another `expect`: nothing",
    ),
    ("output.points > 0 && output.max <= 100", "output.points > 0", "guard [read]", "`watch` has another `expect`"),
    ("watch: 1h\n", "watch: 10 min\n", "guard [read]", "watches for 0:10:00, before 1:00:00"),
    (
        "exclusive: \"'breaker/' + inputs.pipeline\"",
        "exclusive: \"'breaker/' + inputs.reason\"",
        "guard [change]",
        "Another target keeps two runs apart",
    ),
    (
        "    undo: reopen\n    needs: [platform]\n    effect: Half",
        "    no_undo: It is quick.\n    needs: [platform]\n    effect: Half",
        "guard [change]",
        "another `undo`: nothing, before reopen",
    ),
    (
        "[CircuitBreakerOpen, SameErrorRateHigh]",
        "[CircuitBreakerOpen, SameErrorRateHigh, Another]",
        "start [read]",
        "answers the alarm Another",
    ),
    (
        "   expect: output.complete && output.objects ==",
        "   if: has(steps.probe)\n   expect: output.complete && output.objects ==",
        "guard [read]",
        "`pointer_unchanged` is looked at only if has(steps.probe), before always",
    ),
]


@pytest.mark.parametrize(("old", "new", "kind", "words"), RISKIER, ids=[words[:30] for _, _, _, words in RISKIER])
def test_what_an_edit_newly_allows_is_said_in_a_sentence_with_its_line(
    old: str, new: str, kind: str, words: str
) -> None:
    text = edited((old, new))

    found = [one for one in riskier(TEXT, text) if words in one.words]

    assert [f"{one.kind} [{one.risk}]" for one in found] == [kind], told(TEXT, text)
    assert found[0].path == "runbooks/circuit-breaker.md"
    assert 1 <= found[0].line <= text.count("\n")


def test_a_promotion_in_the_probe_is_found_beside_everything_that_stays_the_same() -> None:
    text = edited(("promote: false\n      sources", "promote: true\n      sources"))

    assert len(told(TEXT, text)) == 1


def test_a_step_asked_of_fewer_is_found_even_where_it_is_renamed() -> None:
    two = edited(("needs: [platform]\n    effect: Close", "needs: [platform, oncall]\n    effect: Close"))

    for name in ("close", "shut"):
        found = told(two, edited(("id: close\n", f"id: {name}\n")))

        assert f"approval [change]: Step `{name}` needs platform, before platform + oncall." in found


def test_a_step_that_names_others_instead_of_the_policy_s_roles_lowers_nothing() -> None:
    text = edited(("needs: [platform]\n    effect: Close", "needs: [oncall]\n    effect: Close"))

    assert told(TEXT, text) == []


def test_a_step_renamed_moved_to_another_bucket_says_who_is_asked() -> None:
    at = TEXT.index("id: close\n")
    text = TEXT[:at] + edited(("id: close\n", "id: shut\n"), ("artifacts_bucket", "silver_bucket"), text=TEXT[at:])

    found = [one for one in told(TEXT, text) if one.startswith("resource")]

    assert len(found) == 1
    assert found[0].startswith('resource [change]: Step `shut` now uses s3.swap_json with bucket = "${platform.silver')
    assert found[0].endswith("; asked of platform.")


def test_steps_that_change_places_are_found() -> None:
    first, second = TEXT.index("14. **Close"), TEXT.index("15. **Resume")
    third = TEXT.index("16. **Set it")
    close = TEXT[first:second].replace("14. **", "15. **")
    resume = TEXT[second:third].replace("15. **", "14. **")

    found = told(TEXT, TEXT[:first] + resume + close + TEXT[third:])

    assert found == ["guard [change]: Step `resume` now runs before `close`."]


def test_a_check_and_a_hand_gate_that_are_taken_out_are_found() -> None:
    by_hand = edited((LAST_STEP, "16. **Call the source.** Ask them.\n\n17. **Set it back to OPEN.**"))
    at = by_hand.index("4. **No pointer has moved.**")
    less = by_hand[:at] + by_hand[by_hand.index("5. **One hour below") :]

    found = told(by_hand, less.replace("16. **Call the source.** Ask them.\n\n", ""))

    assert [one.split(":")[0] for one in found] == ["guard [change]", "guard [change]"]
    assert "The check `pointer_unchanged` is gone" in found[1]
    assert found[0].endswith("Nobody is asked to do this by hand any more: Call the source")


DRAFT = edited(("status: active", "status: draft"))


def test_a_draft_that_becomes_active_newly_reaches_all_its_changes() -> None:
    found = told(DRAFT, TEXT)

    assert (
        found[0]
        == "start [change]: `circuit-breaker` may be started in every environment; it was draft. It does up to change."
    )
    assert any("can now call s3.put_breaker (" in one and one.endswith(" on s3://{Bucket}/{Key}.") for one in found)
    assert not any("s3.get_breaker" in one for one in found), "a draft can be planned, so its reads were reachable"


def test_a_trial_in_one_more_environment_is_found() -> None:
    one = edited(("status: active", "status: trial\ntrial_in: [staging]"))
    two = edited(("trial_in: [staging]", "trial_in: [staging, prod]"), text=one)

    assert told(one, two) == [
        "start [change]: `circuit-breaker` may be started in prod; it was trial in staging. It does up to change."
    ]


def test_a_new_runbook_says_that_it_is_new_and_everything_it_reaches() -> None:
    found = told(None, TEXT)

    assert "it is new. It does up to change." in found[0]
    assert {one.split(" ")[0] for one in found} == {"start", "call", "resource", "output"}


def test_a_policy_that_asks_fewer_lowers_the_approvals_of_every_step_that_names_nobody() -> None:
    text = edited(("    needs: [platform]\n    effect: Close", "    effect: Close"))
    book = {"circuit-breaker": read(text)}
    two = POLICY.model_copy(update={"change": ("platform", "oncall")})
    less = POLICY.model_copy(update={"change": ("oncall",)})

    found = compare(book, book, catalogue=CATALOGUE, policy=less, policy_before=two)

    assert [one.words for one in found] == [
        "Step `probe` needs oncall, before platform + oncall.",
        "Step `close` needs oncall, before platform + oncall.",
    ]
    assert compare(book, book, catalogue=CATALOGUE, policy=two, policy_before=less) == ()


def test_a_policy_that_lets_others_in_is_told_apart_from_one_that_lets_fewer() -> None:
    wider = POLICY.model_copy(
        update={
            "roles": {**POLICY.roles, "platform": Role(title="platform", people=("U1", "U2", "U3"))},
            "operator": "platform",
            "channels": ("C1", "C2"),
        }
    )
    strict = POLICY.model_copy(update={"own_isolated": False})

    assert list(lowered_policy(strict, POLICY)) == [
        "On-call may confirm an isolated execution that they asked for themselves."
    ]
    assert list(lowered_policy(POLICY, strict)) == []
    assert list(lowered_policy(POLICY, wider)) == [
        "The role platform is other people: U1, U2, U3 now, U1, U2 before.",
        "Those who may start and steer runs are platform now, oncall before.",
        "It tells more channels: C2.",
    ]
    assert list(lowered_policy(POLICY, POLICY)) == []


# -- what the library announces


def edits(before: dict[str, str], after: dict[str, str]) -> list[Edit]:
    was = {name: read(text) for name, text in before.items()}
    now = {name: read(text) for name, text in after.items()}
    return list(changes_since(was, now, catalogue=CATALOGUE, policy=POLICY))


def test_a_folder_that_stayed_the_same_has_no_edits() -> None:
    assert edits({"circuit-breaker": TEXT}, {"circuit-breaker": TEXT}) == []


def test_an_edit_of_words_alone_is_announced_as_nothing_riskier() -> None:
    (edit,) = edits({"circuit-breaker": TEXT}, {"circuit-breaker": edited(("You have time to think.", "Think."))})

    assert (edit.what, edit.riskier) == ("edited", ())
    assert edit.words == "Circuit Breaker Triggered was edited: nothing got riskier."
    assert edit.before != edit.after


def test_an_edit_that_got_riskier_is_announced_with_its_findings() -> None:
    (edit,) = edits({"circuit-breaker": TEXT}, {"circuit-breaker": edited(("watch: 1h\n", "watch: 10 min\n"))})

    assert edit.words == "Circuit Breaker Triggered was edited: 1 thing got riskier."


def test_a_runbook_that_came_or_went_is_announced() -> None:
    assert [one.what for one in edits({}, {"circuit-breaker": TEXT})] == ["added"]
    assert [(one.what, one.after) for one in edits({"circuit-breaker": TEXT}, {})] == [("removed", None)]
