"""A runbook is read whole: what it says becomes values, what is wrong comes with line and remedy, all at once."""

from datetime import timedelta
from hashlib import sha256

import pytest

from bot.domain.reading import Reading, Severity, read_runbook
from bot.domain.runbook import Phase, Risk, Status

PATH = "runbooks/breaker.md"

GOOD = """\
---
id: breaker
title: Breaker
category: Incident response
owner: platform
status: active
alarms: [A, B]
can_wait: Yes, until 02:00.
exclusive: "'breaker/' + inputs.pipeline"
parameters:
  pipeline:
    from: alarm.dimensions.Pipeline
    pattern: "[a-z]{1,9}"
    enum: [trades]
  reason:
    title: Why?
    required: true
    asked_by: swap
---

# Runbook: Breaker

## Use Case

Use it. Or do not.

## Safety

Safe.

## Symptoms

None known.

## Root Causes

None known.

## Detection

None known.

## Mitigation Steps

1. **Look at it.** It is there.

   | a | b |
   ```yaml step
   id: look
   uses: s3.read_json
   with:
     bucket: ${platform.bucket}
   expect: output.found
   ```
   And more prose.

2. Ask somebody. Then wait.

3. **Swap it.**
   ```yaml step
   id: swap
   uses: s3.swap_json
   with:
     change: {state: OPEN, reason: '${inputs.reason}'}
   if: steps.look.output.found
   until: {expression: output.ok, every: 5s, within: 10 min}
   undo: look
   needs: [platform, platform]
   risk: destructive
   lifetime: 1h
   effect: Swap it.
   untouched: the rest
   says: swapped
   ```

## Verification

1. **See.**
   ```yaml step
   id: seen
   uses: s3.read_json
   watch: 1 h
   ```

## Prevention

None known.

## See also

None known.
"""


def read(text: str, path: str = PATH) -> Reading:
    return read_runbook(text, path)


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), start=1) if words in line)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_good_runbook_is_read_whole() -> None:
    reading = read(GOOD)

    assert reading.problems == ()
    runbook = reading.runbook
    assert runbook is not None
    assert (runbook.id, runbook.title, runbook.owner, runbook.status) == (
        "breaker",
        "Breaker",
        "platform",
        Status.ACTIVE,
    )
    assert runbook.alarms == ("A", "B")
    assert runbook.can_wait == "Yes, until 02:00."
    assert runbook.summary == "Use it."
    assert runbook.sha256 == sha256(GOOD.encode()).hexdigest()
    assert [section.title for section in runbook.sections][:2] == ["Use Case", "Safety"]
    assert runbook.section("Use Case") == runbook.sections[0]
    assert runbook.lines["parameters.pipeline.pattern"] == line_of(GOOD, 'pattern: "')


def test_parameters_keep_their_order_and_their_sources() -> None:
    runbook = read(GOOD).runbook

    assert runbook is not None
    pipeline, reason = runbook.parameters
    assert (pipeline.name, pipeline.title, pipeline.sources) == ("pipeline", "Pipeline", ("alarm.dimensions.Pipeline",))
    assert (pipeline.pattern, pipeline.enum) == ("[a-z]{1,9}", ("trades",))
    assert (reason.title, reason.asked_by, reason.required) == ("Why?", "swap", True)


def test_a_list_item_is_a_step_with_title_prose_and_machine_part() -> None:
    runbook = read(GOOD).runbook

    assert runbook is not None
    look, ask, swap, seen = runbook.steps
    assert (look.id, look.number, look.phase, look.title) == ("look", 1, Phase.MITIGATION, "Look at it")
    assert look.prose == "It is there.\n\n| a | b |\nAnd more prose."
    assert look.with_ == {"bucket": "${platform.bucket}"}
    assert (look.line, look.lines["with.bucket"]) == (line_of(GOOD, "1. **Look"), line_of(GOOD, "bucket: $"))
    assert (ask.id, ask.manual, ask.title, ask.prose) == ("step_2", True, "Ask somebody", "Then wait.")
    assert (swap.when, swap.undo, swap.needs) == ("steps.look.output.found", "look", ("platform", "platform"))
    assert (swap.risk, swap.lifetime, swap.says) == (Risk.DESTRUCTIVE, timedelta(hours=1), "swapped")
    assert swap.until is not None
    assert (swap.until.every, swap.until.within) == (timedelta(seconds=5), timedelta(minutes=10))
    assert swap.with_ == {"change": {"state": "OPEN", "reason": "${inputs.reason}"}}
    assert (seen.phase, seen.number, seen.watch) == (Phase.VERIFICATION, 1, timedelta(hours=1))


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends_of_other_systems_change_nothing(ending: str) -> None:
    here, there = read(GOOD).runbook, read(GOOD.replace("\n", ending)).runbook

    assert here is not None
    assert there is not None
    assert there.steps == here.steps


def expected_line(text: str, where: str) -> int:
    match where:
        case "FIRST":
            return 1
        case "LAST":
            return len(text.split("\n")) - 1
        case "## Safety AGAIN":
            return line_of(text, "## Safety") + 4
        case "id: look AGAIN":
            return line_of(text, "3. **Swap") + 2
        case "   id: swap BEFORE":
            return line_of(text, "   id: swap") - 1
        case _:
            return line_of(text, where)


BAD = [
    ("id: breaker\n", "id: Breaker One\n", "id: Breaker", "must be small letters, digits and `-`: `breaker-one`"),
    ("id: breaker\n", "id: other\n", "id: other", "write `id: breaker`, or rename it"),
    ("id: breaker\n", "", "FIRST", "`id` is missing; add `id:`"),
    ("title: Breaker\n", "title: 5\n", "title: 5", "`title` must be text; put it in quotes; it is the number 5"),
    ("status: active", "status: ready", "status: ready", "it may be draft, trial, active or retired"),
    ("owner: platform", "owner: '@Bo'", "owner: '@Bo'", "`owner` is '@Bo'; write small ASCII letters"),
    ("category: Inc", "categorie: Inc", "categorie:", "There is no field `categorie` here. Did you mean `category`?"),
    ("can_wait: Yes, until 02:00.\n", "", "alarms:", "must say `can_wait:`"),
    ("alarms: [A, B]", "alarms: A", "alarms: A", "`alarms` must be a list"),
    ("alarms: [A, B]", "alarms: [A, 7]", "alarms: [A, 7]", "`alarms.1` must be text"),
    ('exclusive: "\'breaker/\' + inputs.pipeline"', "exclusive: 'breaker/' + inputs.pipeline", "exclusive:",
     "`exclusive: \"'breaker/' + inputs.pipeline\"`"),
    ("title: Why?", "titel: Why?", "titel:", "There is no field `titel` here. Did you mean `title`?"),
    ("required: true", "required: 'true'", "required:", "`parameters.reason.required` must be true or false"),
    ('pattern: "[a-z]{1,9}"', 'pattern: "["', "pattern:", "The pattern cannot be read"),
    ("enum: [trades]", "enum: [TRADES]", "pipeline:", "`TRADES` does not fit the pattern of pipeline"),
    ("  reason:\n", "  Reason:\n", "  Reason:", "The name 'Reason' must be small ASCII letters"),
    ("status: active", "status: active\nstatus: draft", "status: draft", "`status` stands here twice; keep one"),
    ("# Runbook: Breaker", "# Runbook: Braker", "# Runbook: Braker", "must be `# Runbook: Breaker`"),
    ("## Detection\n\nNone known.\n", "", "## Mitigation Steps",
     "The section `Detection` is missing; write `## Detection` before `## Mitigation Steps`"),
    ("## Detection", "## Detecting", "## Mitigation Steps", "or rename `## Detecting`"),
    ("## See also\n\nNone known.\n", "", "LAST", "The section `See also` is missing; write `## See also` at the end"),
    ("Safe.\n", "", "## Safety", "The section `Safety` is empty; say what holds, or `None known.`"),
    ("## Symptoms", "## Safety", "## Safety AGAIN", "stands here a second time; join the two"),
    ("2. Ask somebody. Then wait.", "2.", "2.", "This step has no words"),
    ("id: swap", "id: Swap", "id: Swap", "`id` is 'Swap'; write small ASCII letters"),
    ("id: swap", "id: sw\u0430p", "id: sw\u0430p", "write small ASCII letters"),
    ("id: swap", "id: look", "id: look AGAIN", "The id `look` is taken"),
    ("uses: s3.swap_json", "use: s3.swap_json", "use: s3", "There is no field `use` here. Did you mean `uses`?"),
    ("every: 5s, ", "", "until:", "`until.every` is missing"),
    ("every: 5s", "every: 5", "until:", "`until.every` is 5; write a time such as 5s, 10 min or 1h"),
    ("every: 5s", "evry: 5s", "until:", "There is no field `evry` here. Did you mean `every`?"),
    ("watch: 1 h", "watch: 8 d", "watch: 8 d", "`watch` is '8 d'; at most 7d"),
    ("needs: [platform, platform]", "needs: platform", "needs: platform", "`needs` must be a list, such as [platform]"),
    ("risk: destructive", "risk: huge", "risk: huge", "it may be read, control, change or destructive"),
    ("expect: output.found", "expect: true", "expect: true", "`expect` must be text; put it in quotes; it is true"),
    ("if: steps.look.output.found", "if: !has(steps.look)", "if: !has", "`if: '!has(steps.look)'`"),
    ("change: {state: OPEN, reason: '${inputs.reason}'}", "change: {state: OPEN, reason: ${inputs.reason}}", "change:",
     "`change: {state: OPEN, reason: '${inputs.reason}'}`"),
    ("uses: s3.swap_json", "uses: &x s3.swap_json", "uses: &x", "the anchor &x"),
    ("effect: Swap it.", "effect: ''", "effect: ''", "`effect` must have 1 to 500 characters"),
    ("```yaml step\n   id: swap", "```yml step\n   id: swap", "```yml step",
     "A step block begins with ```yaml step, exactly"),
    ("Safe.\n", "Safe.\n\n```yaml step\nid: x\n```\n", "```yaml step", "This step block stands in no list item"),
    ("None known.\n\n## Root", "- x\n  ```yaml step\n  id: x\n  ```\n\n## Root", "  ```yaml step",
     "A step under `Symptoms` never runs; move it"),
    ("3. **Swap it.**", "3. **Swap it.**\n   ```yaml step\n   id: one\n   ```", "   id: swap BEFORE",
     "A list item may carry one step block"),
    ("2. Ask", "\u200b2. Ask", "Ask somebody", "the invisible character '\\u200b'; remove it"),
    ("Safe.", "Use AKIAIOSFODNN7EXAMPLE here.", "AKIA", "looks like a secret"),
    ("effect: Swap it.", "effect: xoxb-123456789012-abcdefghijkl", "xoxb", "looks like a secret"),
    ("Safe.", "password: hunter2hunter2hunter2hunter2", "hunter2", "looks like a secret"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "where", "words"), BAD, ids=[f"{old[:20]}>{new[:20]}" for old, new, _, _ in BAD]
)
def test_what_is_wrong_is_told_with_line_and_remedy(old: str, new: str, where: str, words: str) -> None:
    text = changed(old, new)

    reading = read(text)

    said = [problem for problem in reading.errors if words in problem.words]
    assert said, [str(problem) for problem in reading.problems]
    assert said[0].path == PATH
    assert reading.runbook is None
    assert said[0].line == expected_line(text, where)


def test_all_problems_are_told_at_once() -> None:
    text = changed("status: active", "status: ready").replace("id: swap", "id: Swap").replace("Safe.\n", "")

    lines = [problem.line for problem in read(text).errors]

    assert lines == sorted([line_of(text, "status:"), line_of(text, "id: Swap"), line_of(text, "## Safety")])


def test_sections_out_of_order_are_told() -> None:
    text = changed("## Symptoms", "## X").replace("## Root Causes", "## Symptoms").replace("## X", "## Root Causes")

    (problem,) = read(text).errors

    assert problem.line == line_of(text, "## Symptoms")
    assert problem.words == "The section `Symptoms` must stand before `Root Causes`; move it."


def test_a_section_nobody_asked_for_is_only_a_warning() -> None:
    text = changed("## See also", "## Notes\n\nx\n\n## See also")

    reading = read(text)

    assert reading.runbook is not None
    assert [(p.line, p.severity) for p in reading.problems] == [(line_of(text, "## Notes"), Severity.WARNING)]


def test_a_number_that_stands_twice_is_told() -> None:
    text = changed("3. **Swap it.**", "Meanwhile:\n\n2. **Swap it.**")

    (problem,) = read(text).errors

    assert (problem.line, problem.words) == (line_of(text, "2. **Swap"), "The number 2 stands twice; number on with 3.")


def test_front_matter_that_never_ends_is_told() -> None:
    text = changed("---\n\n# Runbook", "\n# Runbook")

    assert any("is not closed; end it with a line `---`" in problem.words for problem in read(text).errors)


def test_a_step_block_without_front_matter_is_no_plain_runbook() -> None:
    text = "# T\n\n## Mitigation Steps\n\n1. A.\n   ```yaml step\n   id: a\n   ```\n"

    errors = read(text).errors

    assert errors[0].line == 1
    assert any("The front matter is missing; begin the file with `---` and `id: breaker`" in e.words for e in errors)


def test_a_file_beyond_all_measure_is_not_read() -> None:
    (problem,) = read("x" * 300_000).errors

    assert "at most 262144" in problem.words


PLAIN = """\
# Kube API is down

## Meaning

It is down.

## Mitigation

Do this:

- Restart the server. Then look at
  the log:

  ```shell
  kubectl get pods
  ```
- [ ] Call **somebody**.
  1. first the owner
  2. then the other

Or this:

1. **Fail over.** It takes long.
"""


def test_plain_markdown_loads_and_every_item_of_the_section_that_fits_is_a_manual_step() -> None:
    reading = read(PLAIN, "docs/KubeAPIDown.md")

    assert reading.problems == ()
    runbook = reading.runbook
    assert runbook is not None
    assert (runbook.id, runbook.title, runbook.status) == ("kube-apidown", "Kube API is down", Status.TRIAL)
    assert [section.title for section in runbook.sections] == ["Meaning", "Mitigation"]
    assert [(s.id, s.title, s.manual) for s in runbook.steps] == [
        ("step_1", "Restart the server", True),
        ("step_2", "Call **somebody**", True),
        ("step_3", "Fail over", True),
        ("check_1", "See that it is over", True),
    ]
    assert "kubectl get pods" in runbook.steps[0].prose
    assert "1. first the owner" in runbook.steps[1].prose
    assert runbook.steps[2].line == line_of(PLAIN, "1. **Fail")


@pytest.mark.parametrize(
    "title", ["Mitigation", "Mitigation Steps", "Steps", "Resolution", "Remediation steps", "STEPS:"]
)
def test_sections_by_other_names_give_steps_as_well(title: str) -> None:
    runbook = read(f"# T\n\n## {title}\n\n* One.\n* Two.\n\n## Verify\n\n* Look.\n").runbook

    assert runbook is not None
    assert [(step.id, step.phase) for step in runbook.steps] == [
        ("step_1", Phase.MITIGATION),
        ("step_2", Phase.MITIGATION),
        ("check_1", Phase.VERIFICATION),
    ]


PROSE = """\
---
title: Queue is Full
---

# QueueFull

## Meaning

The queue holds more than it should.

## Impact

Events come late.

## Diagnosis

Look at how many wait:

```shell
queue count
```

Find out who sends. It is mostly one sender.

## Mitigation

### Ask the sender to stop

They have a switch.

Then drain the queue.
"""


def test_sections_of_plain_prose_are_walked_paragraph_by_paragraph_with_the_code_under_each() -> None:
    runbook = read(PROSE, "docs/QueueFull.md").runbook

    assert runbook is not None
    assert [(step.id, step.title) for step in runbook.steps] == [
        ("step_1", "Look at how many wait"),
        ("step_2", "Find out who sends"),
        ("step_3", "Ask the sender to stop"),
        ("step_4", "Then drain the queue"),
        ("check_1", "See that it is over"),
    ]
    assert "queue count" in runbook.steps[0].prose
    assert "They have a switch." in runbook.steps[2].prose
    assert all(step.manual for step in runbook.steps)


def test_a_file_with_sections_of_its_own_names_is_walked_but_for_what_only_tells_about_it() -> None:
    runbook = read("# T\n\n## Overview\n\nTells.\n\n## When it burns\n\nCall the brigade.\n").runbook

    assert runbook is not None
    assert [step.title for step in runbook.steps] == ["Call the brigade", "See that it is over"]


def test_a_file_without_any_section_is_walked_from_its_title_on() -> None:
    runbook = read("# T\n\nPull the plug.\n\nPut it back.\n").runbook

    assert runbook is not None
    assert [step.title for step in runbook.steps] == ["Pull the plug", "Put it back", "See that it is over"]


def test_a_paragraph_beside_a_list_is_reported_because_it_is_not_walked() -> None:
    (problem,) = read("# T\n\n## Steps\n\nFirst think. Then act.\n\n1. Act.\n").problems

    assert (problem.line, problem.severity) == (5, Severity.WARNING)
    assert "shown and not walked" in problem.words


def test_a_plain_file_without_steps_loads_and_says_so() -> None:
    reading = read("# T\n\n## Meaning\n\n- not a step\n")

    assert reading.runbook is not None
    assert reading.runbook.steps == ()
    assert [problem.severity for problem in reading.problems] == [Severity.WARNING]
    assert "no step to walk" in reading.problems[0].words


def test_foreign_front_matter_is_reported_and_its_title_taken_where_there_is_no_heading() -> None:
    reading = read("---\ntitle: From Hugo\nweight: 20\n---\n\n## Steps\n\n1. Do it.\n", "runbooks/hugo.md")

    assert reading.runbook is not None
    assert reading.runbook.title == "From Hugo"
    (problem,) = reading.problems
    assert (problem.line, problem.severity) == (2, Severity.WARNING)
    assert "weight is unread" in problem.words
    assert "`id: hugo`" in problem.words


def test_an_item_without_words_and_an_empty_file_are_reported() -> None:
    assert "no words" in read("# T\n\n## Steps\n\n1.\n2. x\n").problems[0].words
    assert read("\n \n").runbook is None
    assert "The file is empty" in read("").errors[0].words


def test_a_very_long_item_keeps_every_word_in_its_prose() -> None:
    words = "word " * 60

    runbook = read(f"# T\n\n## Steps\n\n1. {words}\n").runbook

    assert runbook is not None
    assert len(runbook.steps[0].title) <= 120
    assert runbook.steps[0].prose == words.strip()


def test_a_problem_reads_like_a_compilers() -> None:
    (problem,) = read("").errors

    assert str(problem).startswith("runbooks/breaker.md:1: error: The file is empty")
