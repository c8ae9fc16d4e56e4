"""Small runbooks for stories that need one thing of a runbook and not the whole circuit breaker."""

FRONT = """---
id: {id}
title: {title}
category: Incident response
owner: platform
status: active
{more}---

# Runbook: {title}

## Use Case

For a story.

## Safety

None known.

## Symptoms

None known.

## Root Causes

None known.

## Detection

None known.

## Mitigation Steps

{steps}
## Verification

{checks}
## Prevention

None known.

## See also

None known.
"""

PIPELINE = """exclusive: "'breaker/' + inputs.pipeline"
parameters:
  pipeline:
    title: Pipeline
    from: "size(platform.pipelines) == 1 ? platform.pipelines[0] : null"
    pattern: "[a-z]{1,20}"
"""

BREAKER = """{number}. **{title}.**
   ```yaml step
   id: {id}
   uses: s3.swap_json
   with:
     bucket: ${{platform.artifacts_bucket}}
     key: control/circuit_breaker/${{inputs.pipeline}}.json
     change:
       state: {state}
   expect: output.body.state == '{state}'
   needs: {needs}
   {undo}
   ```

"""

READ = """{number}. **Read the breaker.**
   ```yaml step
   id: {id}
   uses: s3.read_json
   with:
     bucket: ${{platform.artifacts_bucket}}
     key: control/circuit_breaker/${{inputs.pipeline}}.json
   expect: {expect}
   ```

"""

RULE = """{number}. **See the schedule.**
   ```yaml step
   id: {id}
   uses: events.rule
   with:
     rule: ${{platform.daily_rule}}
   {more}
   ```

"""

PAUSE = """{number}. **Pause the schedule.**
   ```yaml step
   id: pause
   uses: schedule.pause
   with:
     rule: ${{platform.daily_rule}}
   expect: output.state == 'DISABLED'
   owes: resume
   ```

"""

RESUME = """{number}. **Resume the schedule.**
   ```yaml step
   id: resume
   uses: schedule.resume
   with:
     rule: ${{platform.daily_rule}}
   ```

"""

LIST = """{number}. **See what runs.**
   ```yaml step
   id: {id}
   uses: stepfunctions.executions
   with:
     machine: ${{platform.machine}}
     status: RUNNING
   {more}
   ```

"""

STOP_EACH = """{number}. **Stop what runs.**
   ```yaml step
   id: stop_each
   uses: stepfunctions.stop
   for_each: steps.running.output.executions
   with:
     arn: ${{item.arn}}
     cause: stopped by ${{run.label}}
   expect: output.status != 'RUNNING'
   no_undo: A stopped execution cannot go on.
   ```

"""

FILES = """{number}. **Find the files.**
   ```yaml step
   id: files
   uses: s3.find
   with:
     bucket: ${{platform.bronze_bucket}}
     prefix: bronze/mortgages/transactions/ingest_date=${{timestamp(run.started).getFullYear()}}-
     name: f-0193
   expect: output.complete
   ```

"""

START_EACH = """{number}. **Probe each file.**
   ```yaml step
   id: start_each
   uses: stepfunctions.run
   for_each: steps.files.output.objects
   with:
     machine: ${{platform.machine}}
     name_prefix: cb-probe
     input:
       pipeline: transactions
       raw_bucket: ${{platform.bronze_bucket}}
       raw_key: ${{item.key}}
       promote: false
     sources:
       - bucket: ${{platform.bronze_bucket}}
         key: ${{item.key}}
   until:
     expression: output.status != 'RUNNING'
     every: 5s
     within: 10 min
   expect: output.status == 'SUCCEEDED'
   no_undo: It promotes nothing.
   ```

"""

BY_HAND = "{number}. **Call the source.** Ask what they changed.\n\n"


def _book(name: str, title: str, steps: tuple[str, ...], checks: tuple[str, ...], more: str = "") -> str:
    numbered = "".join(step.replace("{number}", str(number)) for number, step in enumerate(steps, start=1))
    checked = "".join(check.replace("{number}", str(number)) for number, check in enumerate(checks, start=1))
    return FRONT.format(id=name, title=title, more=more, steps=numbered, checks=checked)


def _swap(step: str, title: str, state: str, *, undo: str, needs: str = "[platform]") -> str:
    return BREAKER.format(number="{number}", id=step, title=title, state=state, needs=needs, undo=undo)


def _read(step: str, expect: str) -> str:
    return READ.format(number="{number}", id=step, expect=expect)


def _rule(step: str, more: str = "expect: output.found") -> str:
    return RULE.format(number="{number}", id=step, more=more)


def _listed(step: str, uses: str, *more: str) -> str:
    lines = "".join(f"   {one}\n" for one in more)
    return f"""{{number}}. **{step.capitalize()} everything.**
   ```yaml step
   id: {step}
   uses: {uses}
   with:
     bucket: ${{platform.quarantine_bucket}}
     prefix: quarantine/listed/
   expect: output.done == output.count
   no_undo: It hurts nobody.
{lines}   ```

"""


_HALF_OPEN = _swap("half_open", "Half-open", "HALF_OPEN", undo="undo: reopen")
_REOPEN = _swap("reopen", "Set it back", "OPEN", undo="no_undo: It is the safe state.")

SWAP = _book(
    "swap",
    "Swap the Breaker",
    (_read("breaker", "output.found"), _HALF_OPEN, _REOPEN),
    (_read("checked", "output.body.state == 'HALF_OPEN'"),),
    PIPELINE,
)

TWO_PEOPLE = _book(
    "two-people",
    "Swap the Breaker by Two",
    (_swap("half_open", "Half-open", "HALF_OPEN", undo="undo: reopen", needs="[platform, oncall]"), _REOPEN),
    (_read("checked", "output.body.state == 'HALF_OPEN'"),),
    PIPELINE,
)

OPEN_AND_CLOSE = _book(
    "open-and-close",
    "Half-open and Close under One Yes",
    (
        _swap("half_open", "Half-open", "HALF_OPEN", undo="undo: reopen", needs="[platform, oncall]"),
        _swap("closing", "Close", "CLOSED", undo="undo: reopen", needs="[]").replace(
            "undo:", "approved_with: half_open\n   risk: destructive\n   undo:"
        ),
        _REOPEN,
    ),
    (_read("checked", "output.body.state == 'CLOSED'"),),
    PIPELINE,
)

NEVER_GOOD = _book(
    "never-good",
    "Swap the Breaker in Vain",
    (_read("breaker", "output.found"), _HALF_OPEN, _REOPEN),
    (_read("checked", "output.body.state == 'CLOSED'"),),
    PIPELINE,
)

PAUSES = _book(
    "pauses",
    "Pause for a While",
    (_rule("schedule"), PAUSE.format(number="{number}"), BY_HAND, RESUME.format(number="{number}")),
    (_rule("schedule_after"),),
)

STARTS = _book(
    "starts",
    "Probe Each File",
    (FILES.format(number="{number}"), START_EACH.format(number="{number}")),
    (_rule("schedule_after"),),
)

STOPS = _book(
    "stops",
    "Stop What Runs",
    (
        LIST.format(number="{number}", id="running", more="expect: output.count > 0"),
        STOP_EACH.format(number="{number}"),
    ),
    (LIST.format(number="{number}", id="left", more="says: ${{output.count}} left".format()),),
)

BY_HAND_FIRST = _book(
    "by-hand-first",
    "Call, then Swap",
    (BY_HAND, _HALF_OPEN, _REOPEN),
    (_read("checked", "output.body.state == 'HALF_OPEN'"),),
    PIPELINE,
)

BY_ROLE = _book(
    "by-role",
    "Let Platform Call, then Swap",
    (
        BY_HAND.rstrip() + "\n   ```yaml step\n   id: call\n   needs: [platform]\n   ```\n\n",
        _HALF_OPEN,
        _REOPEN,
    ),
    (_read("checked", "output.body.state == 'HALF_OPEN'"),),
    PIPELINE,
)

WAYS = """exclusive: "'breaker/' + inputs.pipeline"
parameters:
  pipeline:
    title: Pipeline
    from: "size(platform.pipelines) == 1 ? platform.pipelines[0] : null"
    pattern: "[a-z]{1,20}"
  way:
    title: How shall it go on?
    enum: [probe, close, gone, none]
    labels: {probe: Let one file through, close: Close at once, none: Leave it}
    only_if: {gone: "!steps.breaker.output.found"}
    asked_by: half_open
"""

TWO_WAYS = _book(
    "two-ways",
    "Go One Way or the Other",
    (
        _read("breaker", "output.found"),
        _swap("half_open", "Half-open", "HALF_OPEN", undo="undo: reopen").replace(
            "needs:", "if: inputs.way == 'probe'\n   needs:"
        ),
        _swap("closing", "Close it", "CLOSED", undo="undo: reopen").replace(
            "needs:", "if: inputs.way in ['close', 'gone']\n   needs:"
        ),
        _REOPEN,
    ),
    (_read("checked", "output.body.state in ['HALF_OPEN', 'CLOSED', 'OPEN']"),),
    WAYS,
)


COPY, MARK = _listed("copied", "s3.copy_prefix"), _listed("marked", "s3.tag_prefix")
CONDEMN = _book("condemn", "Copy what was set Aside", (COPY,), (_rule("schedule_after"),))
MARKS = _book("mark", "Mark what was set Aside", (MARK,), (_rule("schedule_after"),))
GIVE_UP = _book(
    "give-up",
    "Copy and mark what was set Aside",
    (COPY, _listed("marked", "s3.tag_prefix", "approved_with: copied")),
    (_rule("schedule_after"),),
)

WAYS_THEN_BY_HAND = _book(
    "ways-then-by-hand",
    "Go One Way or the Other, and call",
    (
        _read("breaker", "output.found"),
        _swap("half_open", "Half-open", "HALF_OPEN", undo="undo: reopen").replace(
            "needs:", "if: inputs.way == 'probe'\n   needs:"
        ),
        _swap("closing", "Close it", "CLOSED", undo="undo: reopen").replace(
            "needs:", "if: inputs.way in ['close', 'gone']\n   needs:"
        ),
        BY_HAND,
        _REOPEN,
    ),
    (_read("checked", "output.body.state in ['HALF_OPEN', 'CLOSED', 'OPEN']"),),
    WAYS,
)

EACH = _book(
    "each",
    "Half-open Each",
    (
        _swap("half_open", "Half-open", "HALF_OPEN", undo="undo: reopen")
        .replace("${inputs.pipeline}", "${item}")
        .replace("needs:", "for_each: platform.pipelines\n   needs:"),
        BY_HAND,
        _swap("reopen", "Set it back", "OPEN", undo="no_undo: It is the safe state.").replace(
            "${inputs.pipeline}", "${item}"
        ),
    ),
    (_read("checked", "output.body.state == 'HALF_OPEN'"),),
    PIPELINE,
)

BOOKS = {
    "each": EACH,
    "condemn": CONDEMN,
    "mark": MARKS,
    "give-up": GIVE_UP,
    "two-ways": TWO_WAYS,
    "ways-then-by-hand": WAYS_THEN_BY_HAND,
    "swap": SWAP,
    "two-people": TWO_PEOPLE,
    "open-and-close": OPEN_AND_CLOSE,
    "never-good": NEVER_GOOD,
    "pauses": PAUSES,
    "pauses-too": PAUSES.replace("id: pauses", "id: pauses-too"),
    "starts": STARTS,
    "stops": STOPS,
    "by-hand-first": BY_HAND_FIRST,
    "by-role": BY_ROLE,
}
