"""`check` finds what would go wrong at 3 a.m.: each kind of mistake has a bad document, a line and a remedy."""

from datetime import datetime
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, JsonValue

from bot.domain.action import Action, Catalogue, Look, Occasion, Proposal
from bot.domain.checking import check_library, check_runbook
from bot.domain.policy import Policy, Role
from bot.domain.problem import Problem, Severity
from bot.domain.reading import read_runbook
from bot.domain.runbook import Risk, Runbook, Status
from bot.domain.value import JsonObject


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Rule(Strict):
    rule: str


class Key(Strict):
    bucket: str
    key: str


class Swap(Key):
    change: dict[str, str | int | None]


class Back(Key):
    replaces: str = ""


class Find(Strict):
    prefix: str
    status: Literal["RUNNING", "FAILED"] = "RUNNING"
    most: int = 10


class Arn(Strict):
    arn: str


class Body(Strict):
    state: str
    count: int | None = None


class Document(Strict):
    found: bool
    body: Body | None = None


class Object(Strict):
    key: str
    size: int


class Found(Strict):
    count: int
    objects: list[Object]
    top: dict[str, str]
    anything: JsonValue


class State(Strict):
    state: str


def looks(_look: Look, _params: object, _now: datetime) -> JsonObject:
    return {}


def proposes(_look: Look, _params: object, _occasion: Occasion) -> Proposal:
    return Proposal(calls=(), seen={}, effect="", changes="")


def reading(name: str, params: type[BaseModel], returns: type[BaseModel]) -> Action:
    return Action(id=name, title=name, params=params, returns=returns, rows=(), read=looks)


def changing(name: str, params: type[BaseModel], returns: type[BaseModel], risk: Risk) -> Action:
    return Action(id=name, title=name, params=params, returns=returns, rows=(), risk=risk, propose=proposes)


ACTIONS = (
    reading("s3.read_json", Key, Document),
    reading("s3.find", Find, Found),
    reading("events.rule", Rule, State),
    changing("s3.swap_json", Swap, Document, Risk.CHANGE),
    changing("schedule.pause", Rule, State, Risk.CONTROL),
    changing("schedule.resume", Rule, State, Risk.CONTROL),
    changing("states.stop", Arn, State, Risk.CONTROL),
    changing("s3.put_back", Back, Document, Risk.CHANGE),
    changing("stepfunctions.run", Arn, State, Risk.CONTROL),
)
CATALOGUE = Catalogue(rows={}, actions={action.id: action for action in ACTIONS})
KEYS = {"bucket", "rule"}

GOOD = """\
---
id: breaker
title: Breaker
category: Incident response
owner: platform
status: draft
alarms: [A]
can_wait: Yes.
exclusive: "'breaker/' + inputs.pipeline"
parameters:
  pipeline:
    from: [alarm.dimensions.Pipeline]
  file:
    choices: steps.files.output.objects.map(o, o.key)
    asked_by: swap
---

# Runbook: Breaker

## Use Case

Use it.

## Safety

Safe.

## Symptoms

None known.

## Root Causes

None known.

## Detection

None known.

## Mitigation Steps

1. **Look.**
   ```yaml step
   id: look
   uses: s3.read_json
   with:
     bucket: ${platform.bucket}
     key: control/${inputs.pipeline}.json
   expect: output.found
   ```
2. **Find.**
   ```yaml step
   id: files
   uses: s3.find
   with:
     prefix: bronze/
   if: steps.look.output.body.state == 'OPEN'
   ```
3. **Pause.**
   ```yaml step
   id: pause
   uses: schedule.pause
   with:
     rule: ${platform.rule}
   owes: resume
   ```
4. **Stop.**
   ```yaml step
   id: stop
   uses: states.stop
   for_each: steps.files.output.objects
   with:
     arn: ${item.key}
   if: has(steps.files) && steps.files.output.count > 0
   ```
5. **Swap.**
   ```yaml step
   id: swap
   uses: s3.swap_json
   with:
     bucket: ${platform.bucket}
     key: ${inputs.file}
     change: {state: HALF, count: 1}
   until: {expression: output.found, every: 5s, within: 10 min}
   expect: output.body.state == 'HALF'
   undo: back
   lifetime: 30 min
   ```
6. **By hand.**
7. **Swap more.**
   ```yaml step
   id: more
   uses: s3.swap_json
   with:
     bucket: b
     key: k
     change: {}
   approved_with: swap
   no_undo: Nothing to take back.
   ```
8. **Resume.**
   ```yaml step
   id: resume
   uses: schedule.resume
   with:
     rule: ${platform.rule}
   ```
9. **Back.**
   ```yaml step
   id: back
   uses: s3.swap_json
   with:
     bucket: b
     key: k
     change: {state: "${steps.look.output.body.state}"}
   no_undo: It is the way back.
   ```

## Verification

1. **See.**
   ```yaml step
   id: seen
   uses: s3.find
   with:
     prefix: silver/
   expect: output.count == steps.files.output.count
   watch: 1h
   ```

## Prevention

None known.

## See also

See [the other one](other.md#top), [this](#use-case) and [the web](https://example.org).
"""


def runbook(text: str) -> Runbook:
    found = read_runbook(text, "runbooks/breaker.md")
    assert found.runbook is not None, [str(problem) for problem in found.problems]
    return found.runbook


def problems(text: str, known: set[str] | None = None) -> tuple[Problem, ...]:
    return check_runbook(runbook(text), CATALOGUE, KEYS, known)


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1, old
    return GOOD.replace(old, new, 1)


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_a_good_runbook_has_no_problem() -> None:
    assert problems(GOOD, {"runbooks/other.md"}) == ()


MISTAKES = [
    # actions and parameters
    (
        "uses: s3.read_json",
        "uses: s3.raed_json",
        "uses: s3.raed",
        "called 's3.raed_json'. Did you mean 's3.read_json'?",
    ),
    ("prefix: bronze/", "prefx: bronze/", "prefx:", "s3.find has no parameter `prefx`. Did you mean `prefix`?"),
    ("     key: control/${inputs.pipeline}.json\n", "", "   with:", "s3.read_json needs the parameter `key`; add it"),
    ("prefix: bronze/", "prefix: 5", "prefix: 5", "The parameter `prefix` of s3.find does not fit"),
    ("prefix: bronze/", "prefix: b\n     status: DONE", "status: DONE", "'RUNNING' or 'FAILED'"),
    ("count: 1}", "count: [1]}", "count: [1]", "The parameter `change.count"),
    ("prefix: bronze/", "prefix: b\n     most: 'many'", "most:", "The parameter `most` of s3.find does not fit"),
    # what expressions refer to
    ("${platform.bucket}", "${platform.buckett}", "buckett", "no platform.buckett. Did you mean `bucket`?"),
    (
        "   expect: output.found",
        "   expect: output.body.state",
        "expect: output.body",
        "is a text, never true; hold it",
    ),
    ("body.state == 'OPEN'", "body.count", "if: steps.look", "is a number, never true; hold it against"),
    ("${platform.bucket}", "${platform.zone}", "zone", "no platform.zone. Add it to the platform section of bot.toml"),
    ("${inputs.pipeline}", "${inputs.pipelin}", "pipelin}", "no input `pipelin`. Did you mean `pipeline`?"),
    ("${inputs.pipeline}", "${inputs.x}", "inputs.x", "no input `x`. Declare it under `parameters:`"),
    ("${inputs.pipeline}", "${inputs.file}", "key: control", "asked by step `swap`, after this one"),
    ("${inputs.pipeline}", "${alarm.nme}", "alarm.nme", "no alarm.nme. Did you mean `name`?"),
    ("${inputs.pipeline}", "${run.name}", "run.name", "There is no run.name."),
    ("${inputs.pipeline}", "${stepz.look}", "stepz", "Nothing is called `stepz` here"),
    ("${inputs.pipeline}", "${output.found}", "output.found}", "`output` is known in `expect`, `until` and `says`"),
    ("${inputs.pipeline}", "${item.key}", "key: control", "`item` is known in `with`, where the step has `for_each`"),
    ("if: steps.look.output", "if: steps.lok.output", "steps.lok", "There is no step `lok`. Did you mean `look`?"),
    ("if: steps.look.output.body", "if: steps.swap.output.body", "if: steps.swap", "Step `swap` runs after `files`"),
    ("if: steps.look.output.body.state", "if: steps.back.output.body.state", "steps.back", "Step `back` runs after"),
    ("if: steps.look.output.body.state", "if: steps.files.output.top.x", "if: steps.files", "cannot ask for its own"),
    ("if: steps.look.output.body", "if: steps.look.outputs.body", "if: steps.look", "a step has `output` and `state`"),
    ("body.state == 'OPEN'", "body.staet == 'OPEN'", "staet", "no steps.look.output.body.staet. Did you mean `state`?"),
    ("body.state == 'OPEN'", "body.state.x == 'OPEN'", "if: steps.look", "output.body.state.x. It has no fields"),
    ("expect: output.found", "expect: output.fond", "expect: output.fond", "no output.fond. Did you mean `found`?"),
    ("map(o, o.key)", "map(o, o.kye)", "choices:", "no steps.files.output.objects[0].kye. Did you mean `key`?"),
    ("body.state == 'OPEN'", "found == 'OPEN'", "if: steps.look", "is a truth, held against a text: never equal"),
    ("output.count > 0", "output.count == '0'", "if: has", "is a number, held against a text: never equal"),
    ("${steps.look.output.body.state}", "${steps.resume.output.state}", "resume.output", "Step `resume` runs after"),
    (
        "key: k",
        "key: ${steps.swap.output.body.state}",
        "swap.output.body",
        "approved with `swap`, before `swap` has run",
    ),
    ("expect: output.count == steps.files.output.count", "expect: steps.step_6.output.x", "step_6", "done by hand"),
    # bad expressions
    ("expect: output.found", "expect: output.found &&", "output.found &&", "a name is expected here"),
    ("expect: output.found", "expect: ${output.found}", "${output.found}", "Leave out `${` and `}` here"),
    ("${platform.bucket}", "${platform.bucket", "${platform.bucket", "is not closed by `}`"),
    (
        "exclusive: \"'breaker/' + inputs.pipeline\"",
        "exclusive: breaker/1",
        "exclusive:",
        "Nothing is called `breaker`",
    ),
    ("exclusive: \"'breaker/' + inputs.pipeline\"", "exclusive: a b", "exclusive:", "`b` is not expected here"),
    (
        "exclusive: \"'breaker/' + inputs.pipeline\"",
        "exclusive: steps.look.output.found ? 'a' - inputs.pipeline",
        "exclusive:",
        "`:` is expected here",
    ),
    # what asks nobody
    (
        "   expect: output.found\n",
        "   expect: output.found\n   needs: [platform]\n",
        "needs:",
        "s3.read_json only looks",
    ),
    ("   expect: output.found\n", "   expect: output.found\n   risk: change\n", "risk:", "s3.read_json only looks"),
    ("   expect: output.found\n", "   expect: output.found\n   lifetime: 5 min\n", "lifetime:", "only looks"),
    (
        "6. **By hand.**\n",
        "6. **By hand.**\n   ```yaml step\n   id: hand\n   risk: change\n   ```\n",
        "risk: change",
        "Step `hand` has `risk` but no action",
    ),
    (
        "6. **By hand.**\n",
        "6. **By hand.**\n   ```yaml step\n   id: hand\n   lifetime: 5 min\n   ```\n",
        "lifetime: 5 min",
        "Step `hand` has `lifetime` but no action",
    ),
    (
        "6. **By hand.**\n",
        "6. **By hand.**\n   ```yaml step\n   id: hand\n   needs: [a, b]\n   ```\n",
        "needs: [a, b]",
        "One person says that step `hand` is done; name one role",
    ),
    # ways back, checks, pairs, approvals
    ("   no_undo: It is the way back.\n", "", "id: back", "Step `back` has no way back; add `undo:`"),
    ("undo: back", "undo: swap", "undo: swap", "names itself as its undo"),
    ("undo: back", "undo: bak", "undo: bak", "There is no step `bak`. Did you mean `back`?"),
    ("undo: back", "undo: look", "undo: look", "The undo `look` only looks"),
    ("undo: back", "undo: back\n   no_undo: x", "no_undo: x", "Give `undo:` or `no_undo:`, not both"),
    ("   owes: resume\n", "", "uses: schedule.pause", "pauses and nothing resumes; add `owes:`"),
    ("owes: resume", "owes: rsume", "owes: rsume", "There is no step `rsume`. Did you mean `resume`?"),
    ("owes: resume", "owes: look", "owes: look", "Step `look` does not run after `pause`"),
    ("owes: resume", "owes: swap", "owes: swap", "does not use schedule.resume, so the pause would stay"),
    ("     rule: ${platform.rule}\n   owes", "     rule: other\n   owes", "owes:", "resumes something else than"),
    ("approved_with: swap", "approved_with: swp", "approved_with: swp", "There is no step `swp`."),
    ("approved_with: swap", "approved_with: resume", "approved_with: resume", "does not run before `more`"),
    ("approved_with: swap", "approved_with: look", "approved_with: look", "asks for no approval"),
    ("approved_with: swap", "approved_with: back", "approved_with: back", "does not run before `more`"),
    ("undo: back", "undo: back\n   risk: control", "risk: control", "is lower than s3.swap_json's, change"),
    # times and loops
    ("every: 5s, within: 10 min", "every: 10 min, within: 5s", "until:", "`every` must be at most `within`"),
    ("within: 10 min", "within: 2 d", "until:", "that at most 24h"),
    ("every: 5s, within: 10 min", "every: 1s, within: 3h", "until:", "would look 10800 times; at most 2000"),
    ("watch: 1h", "watch: 25h", "watch: 25h", "A watch lasts at most 24h"),
    (
        "watch: 1h",
        "watch: 1h\n   until: {expression: output.count > 0, every: 1s, within: 5 min}",
        "   until: {expression: output.count",
        "make it longer than `watch`",
    ),
    ("lifetime: 30 min", "lifetime: 2h", "lifetime: 2h", "A request lives at most 60 min"),
    ("for_each: steps.files.output.objects", "for_each: steps.files.output.count", "for_each:", "needs a list"),
    ("arn: ${item.key}", "arn: fixed", "for_each:", "`with` never uses `item`"),
    # what belongs elsewhere
    (
        "expect: output.found",
        "expect: output.found\n   undo: back",
        "   undo: back",
        "only looks, so `undo` means nothing",
    ),
    ("expect: output.found", "expect: output.found\n   watch: 1h", "   watch: 1h", "`watch:` belongs to a check"),
    ("lifetime: 30 min", "watch: 1h", "   watch: 1h", "Only a step that looks can watch"),
    (
        "6. **By hand.**",
        "6. **By hand.**\n   ```yaml step\n   id: hand\n   expect: true == true\n   ```",
        "expect: true ==",
        "Step `hand` has `expect` but no action",
    ),
    (
        "   uses: s3.find\n   with:\n     prefix: silver/\n   expect: output.count == steps.files.output.count\n",
        "   uses: states.stop\n   with:\n     arn: fixed-arn\n",
        "uses: states.stop\n   with:\n     arn: fixed-arn",
        "Verification only looks; move the step up",
    ),
    ("asked_by: swap", "asked_by: swop", "asked_by:", "There is no step `swop`. Did you mean `swap`?"),
    ("asked_by: swap", "asked_by: look", "choices:", "Step `files` has not run when this is asked"),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), MISTAKES, ids=[f"{m[1][-30:]}" for m in MISTAKES])
def test_a_mistake_is_told_with_line_and_remedy(old: str, new: str, where: str, words: str) -> None:
    text = changed(old, new)

    found = problems(text)

    said = [problem for problem in found if words in problem.words]
    assert said, [str(problem) for problem in found]
    assert said[0].severity is Severity.ERROR
    assert said[0].line == line_of(text, where)


DOUBTS = [
    ("expect: output.found", "expect: output.body.count == 1 || output.found", "expect:", "ask has(output.body.count)"),
    ("expect: output.found", "expect: has(output.body) && output.found || output.found", "", ""),
    (
        "expect: output.count == steps",
        "expect: output.top.x == 'a' || output.count == 1 # ",
        "expect: output.top",
        "has(output.top.x)",
    ),
    (
        "if: has(steps.files) && steps",
        "if: steps.look.output.found && steps",
        "if: steps.look.output.found",
        "has(steps.files)",
    ),
    (
        "expect: output.count == steps.files.output.count",
        "expect: output.objects.all(o, o.size > 1)",
        "expect: output.objects",
        "all() is true of an empty list; also ask size(output.objects) > 0",
    ),
    (
        "expect: output.count == steps.files.output.count",
        "expect: size(output.objects) > 0 && output.objects.all(o, o.size > 1)",
        "",
        "",
    ),
    ("  file:\n", "  other:\n    title: Other\n  file:\n", "  other:", "The input `other` is never used"),
    ("exclusive: \"'breaker/' + inputs.pipeline\"\n", "", "FIRST", "add `exclusive:`"),
    ("expect: output.found", "expect: 1 == 1", "expect: 1 == 1", "`expect` never looks at `output`, so nothing"),
    (
        "{expression: output.found, every",
        "{expression: steps.look.output.found, every",
        "until:",
        "never looks at `output`",
    ),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), DOUBTS, ids=[f"{m[1][-40:]}" for m in DOUBTS])
def test_a_doubt_is_a_warning_and_a_guard_ends_it(old: str, new: str, where: str, words: str) -> None:
    text = changed(old, new)

    found = problems(text)

    assert [problem.severity for problem in found] == [Severity.WARNING] * bool(words)
    assert all(words in problem.words for problem in found), [str(problem) for problem in found]
    expected = 1 if where == "FIRST" else line_of(text, where)
    assert all(problem.line == expected for problem in found)


def test_an_open_field_admits_anything_below_it() -> None:
    text = changed("expect: output.count == steps.files.output.count", "expect: output.anything.at.all == 1")

    assert problems(text) == ()


@pytest.mark.parametrize("slip", ["{inputs.pipeline}", "{{ inputs.pipeline }}", "$inputs.pipeline"])
def test_a_value_written_as_other_tools_would_have_it_is_told(slip: str) -> None:
    text = changed("   owes: resume", f"   effect: Pause `{slip}`.\n   owes: resume")

    (problem,) = problems(text)

    assert problem.line == line_of(text, "   effect:")
    assert problem.words == f"`{slip}` stands for nothing here; write `${{inputs.pipeline}}`."


def test_a_check_that_expects_nothing_is_told() -> None:
    text = changed("   expect: output.count == steps.files.output.count\n   watch: 1h\n", "")

    (problem,) = problems(text)

    assert problem.line == line_of(text, "   id: seen")
    assert problem.words == "Check `seen` passes whatever it finds; add `expect:` or `until:` with what must be true."


def test_an_undo_that_would_take_back_what_somebody_else_did_since_is_told() -> None:
    state = '     change: {state: "${steps.look.output.body.state}"}\n'
    unbound = GOOD.replace("   id: back\n   uses: s3.swap_json", "   id: back\n   uses: s3.put_back").replace(state, "")

    (problem,) = problems(unbound)

    assert problem.line == line_of(unbound, "   undo: back")
    assert "give it `replaces:` with what `swap` left there" in problem.words
    bound = unbound.replace("   uses: s3.put_back\n   with:\n", "   uses: s3.put_back\n   with:\n     replaces: e\n")
    assert problems(bound) == ()


def test_what_goes_on_after_it_was_started_is_to_be_waited_for() -> None:
    text = changed("uses: states.stop", "uses: stepfunctions.run")

    (problem,) = problems(text)

    assert problem.line == line_of(text, "uses: stepfunctions.run")
    assert "is not over when step `stop` looks; add `until:`" in problem.words


def test_a_change_that_nothing_looks_at_is_told() -> None:
    text = GOOD.replace(
        "   uses: s3.find\n   with:\n     prefix: silver/\n   expect: output.count == steps.files.output."
        "count\n   watch: 1h\n",
        "",
    )

    said = [problem for problem in problems(text) if "nothing looks whether it worked; add `expect:`" in problem.words]

    unseen = ("   id: pause", "   id: stop", "   id: more", "   id: resume", "   id: back")
    assert [problem.line for problem in said] == [line_of(text, words) for words in unseen]


def test_dead_links_are_told_and_others_left_alone() -> None:
    (problem,) = problems(GOOD, {"runbooks/otter.md"})

    assert problem.line == line_of(GOOD, "other.md")
    assert problem.words == "The link other.md#top leads nowhere. Did you mean runbooks/otter.md?"


def test_a_link_that_climbs_out_of_the_folder_is_held_against_what_is_there() -> None:
    text = changed("](other.md#top)", "](../docs/a.md)")

    assert problems(text, {"docs/a.md"}) == ()
    assert "leads nowhere" in problems(text, {"runbooks/a.md"})[0].words


def another(path: str, **changes: object) -> Runbook:
    return runbook(GOOD).model_copy(update={"path": path, "status": Status.ACTIVE, **changes})


def test_two_runbooks_may_not_claim_one_alarm_or_one_id() -> None:
    found = check_library(
        [another("runbooks/z.md"), another("runbooks/a.md"), another("runbooks/b.md", id="b", alarms=("B",))]
    )

    assert [(p.path, p.line, p.words) for p in found] == [
        ("runbooks/z.md", 2, "The id `breaker` is taken by runbooks/a.md; rename one of the two files."),
        ("runbooks/z.md", 7, "The alarm A is answered by runbooks/a.md already; name it in one of the two."),
    ]


STANDING = [
    ("status: trial", "status", "error", "On trial it starts only where it says so; add `trial_in: [staging]`"),
    ("status: active", "status", "error", "Nobody has seen this runbook work; drill it with `runbook-bot try`"),
    ('status: active\nproved: "last week"', "proved", "error", "`proved` is 'last week'; write \"2026-11-23 drill"),
    ('status: active\nproved: "2026-02-30 drill x"', "proved", "error", 'write "2026-11-23 drill'),
    ('status: active\nproved: "2026-11-23 drill"', "proved", "error", 'write "2026-11-23 drill'),
    ('status: active\nproved: "2026-11-23 rumour x"', "proved", "error", 'write "2026-11-23 drill'),
    ('status: active\nproved: "20261123 drill x"', "proved", "error", 'write "2026-11-23 drill'),
    ("status: draft\ntrial_in: [staging]", "trial_in", "warning", "means nothing while the status is draft"),
]


@pytest.mark.parametrize(("status", "field", "severity", "words"), STANDING, ids=[words[:40] for *_, words in STANDING])
def test_a_status_without_what_it_rests_on_is_found(status: str, field: str, severity: str, words: str) -> None:
    text = changed("status: draft", status)

    (found,) = problems(text)

    assert (found.line, found.severity.value) == (line_of(text, f"{field}:"), severity)
    assert words in found.words


SOUND = ['status: active\nproved: "2026-11-23 trial R-42"', "status: trial\ntrial_in: [staging]", "status: retired"]


@pytest.mark.parametrize("status", SOUND)
def test_a_status_that_rests_on_something_is_fine(status: str) -> None:
    assert problems(changed("status: draft", status)) == ()


WAYS = """  way:
    enum: [data, code, none]
    labels: {data: Point back, code: Old version}
    only_if: {code: steps.look.output.found}
    asked_by: files
"""
CHOOSING = GOOD.replace("    asked_by: swap\n", f"    asked_by: swap\n{WAYS}", 1).replace(
    "if: steps.look.output.body.state == 'OPEN'", "if: inputs.way in ['data', 'code']"
)


def test_a_good_choice_has_no_problem() -> None:
    assert problems(CHOOSING) == ()


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        ("enum: [data, code, none]", "enum: [data, code, later]", "enum:", "Nothing happens for 'later'"),
        ("['data', 'code']", "['data', 'cod']", "if: inputs.way", "`way` is never 'cod'. Did you mean `code`?"),
        ("inputs.way in ['data', 'code']", "inputs.way == 'x'", "if: inputs.way", "It is one of data, code, none"),
        ("labels: {data:", "labels: {date:", "labels:", "`labels` names 'date', which is no value of `way`"),
        ("only_if: {code:", "only_if: {cod:", "only_if:", "`only_if` names 'cod'"),
        ("only_if: {code: steps.look", "only_if: {code: steps.swap", "only_if:", "has not run when this is asked"),
        ("Old version", "Point back", "labels:", "are called 'Point back'"),
        ("    asked_by: files\n", "", "only_if:", "belongs to a choice"),
    ],
)
def test_a_mistake_in_a_choice_is_told_with_line_and_remedy(old: str, new: str, where: str, words: str) -> None:
    text = CHOOSING.replace(old, new, 1)
    assert text != CHOOSING

    found = [str(one) for one in problems(text) if words in one.words]

    assert found, [str(one) for one in problems(text)]
    assert found[0].startswith(f"runbooks/breaker.md:{line_of(text, where)}:")


@pytest.mark.parametrize("kind", ["enum: [a, b]", "from: [alarm.name]", "default: because", "choices: platform.rule"])
def test_a_reason_that_is_nobodys_own_words_is_refused(kind: str) -> None:
    text = changed("parameters:\n", f"parameters:\n  reason:\n    {kind}\n")

    assert [one.words for one in problems(text) if "words of their own" in one.words]


def test_a_label_longer_than_a_button_is_refused() -> None:
    read = read_runbook(CHOOSING.replace("Point back", "Point all the readers back"), "runbooks/breaker.md")

    assert "must have 1 to 20 characters" in str(read.errors[0])


TWO = Policy(
    roles={name: Role(title=name) for name in ("oncall", "platform", "domain", "viewer")},
    viewer="viewer",
    operator="oncall",
    on_call="oncall",
    change=("platform",),
    destructive=("platform", "platform"),
)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("needs: [viewer, viewer]", "asks platform for a step of risk change, and `needs` only adds"),
        ("needs: [domain, platform]", ""),
        ("needs: [platfrom]", "The policy has no role `platfrom`, so nobody could say yes. Did you mean `platform`?"),
        ("risk: destructive\n   needs: [platform, viewer]", "write `needs: [platform, viewer, platform]`"),
        ("risk: destructive\n   needs: [platform, platform]", ""),
    ],
)
def test_a_step_that_asks_less_than_the_policy_is_told_whom_it_leaves_out(asked: str, words: str) -> None:
    text = changed("   undo: back\n", f"   undo: back\n   {asked}\n")

    found = check_runbook(runbook(text), CATALOGUE, KEYS, policy=TWO)

    assert [problem.line for problem in found] == [line_of(text, "needs:")] * len(found)
    assert [words in problem.words for problem in found] == [True] * len(found)
    assert bool(found) is bool(words)
