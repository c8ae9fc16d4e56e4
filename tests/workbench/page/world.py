"""What the fake local Slack holds: an incident as the bot would post it, and one message per block type."""

from tests.workbench.page.local_slack import Json, World

ANA, BO, CY, DEE, BOT = "U0ANA", "U0BO", "U0CY", "U0DEE", "U0BOT"
CHANNEL, PLAYGROUND, DIRECT = "C0ETL", "C0PLAY", "D0BOT"
START = 1763863620
LONG = "\n".join(f"• line {number} of what was seen" for number in range(1, 15))

CHART = """<svg xmlns="http://www.w3.org/2000/svg" width="640" height="150" viewBox="0 0 640 150">
<rect width="640" height="150" fill="#ffffff"/><path d="M20 118h600" stroke="#c5cecb"/>
<path d="M20 40h600" stroke="#b3261e" stroke-dasharray="5 5"/>
<text x="24" y="34" font-family="sans-serif" font-size="12" fill="#b3261e">threshold 100</text>
<path d="M20 118H470l8-79h130" fill="none" stroke="#0d6b63" stroke-width="3"/>
<g font-family="sans-serif" font-size="11" fill="#5f6d6f"><text x="20" y="138">00:00</text>
<text x="300" y="138">01:00</text><text x="560" y="138">02:30 UTC</text></g></svg>"""


def date(seconds: int, shape: str = "{date_short_pretty} {time}") -> str:
    """Return a Slack date token with an UTC fallback."""
    return f"<!date^{seconds}^{shape}|{seconds} UTC>"


def mrkdwn(text: str, **more: object) -> Json:
    """Return a section with that text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def plain(text: str) -> Json:
    """Return a plain_text object."""
    return {"type": "plain_text", "text": text, "emoji": True}


def button(text: str, action_id: str, **more: object) -> Json:
    """Return a button element."""
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "v1", **more}


def option(text: str, value: str) -> Json:
    """Return an option of a menu."""
    return {"text": plain(text), "value": value}


def overflow(action_id: str, *texts: str) -> Json:
    """Return an overflow menu."""
    options = [option(text, f"o{index}") for index, text in enumerate(texts)]
    return {"type": "overflow", "action_id": action_id, "options": options}


def message(after: float, text: str, *, user: str = BOT, channel: str = CHANNEL, **more: object) -> Json:
    """Return a message that many seconds after the start."""
    return {
        "type": "message",
        "ts": f"{START + after:.6f}",
        "user": user,
        "channel": channel,
        "text": text,
        "ephemeral_for": None,
        "reply_count": 0,
        **more,
    }


def context(*texts: str) -> Json:
    """Return a context block."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts]}


def alarm_card() -> Json:
    """Return the alarm as cards.md sketches it."""
    return message(
        0,
        "ALARM PROD transactions load halted (CircuitBreakerOpen). circuit-breaker fits. <!subteam^S1|@lake-oncall>",
        edited={"user": BOT, "ts": "1"},
        reply_count=2,
        blocks=[
            mrkdwn(
                ":red_circle: *ALARM · CircuitBreakerOpen · transactions*\n"
                f"*PROD* (account lake-prod, eu-west-1) · since {date(START - 20)} · A-118 · "
                "<!subteam^S1|@lake-oncall>",
                expand=True,
            ),
            mrkdwn(
                "*What it means.* The load halted itself: 101 CURRENCY_ERROR within an hour (limit "
                "100). The failed "
                f"run was not promoted; readers still get the run of {date(START - 86160)}.\n"
                f"*Can it wait?* Yes, until the next load, {date(START + 86000)}.",
                expand=True,
            ),
            mrkdwn(
                "*Looked already* (read-only, 4 s)\n• breaker `OPEN`, run `20260121T020000Z` [E1]\n"
                "• 101 of 101 errors are CURRENCY_ERROR [E2]\n• all from 1 of 14 files: `f-0193` [E3]\n"
                "• schedule ENABLED; 1 execution running [E4]",
                expand=True,
            ),
            mrkdwn(
                "*Runbook: circuit-breaker* · exact match by alarm name · owner lake-platform · last "
                "good run 12 days "
                "ago\nFirst change it will ask for: pause the schedule (one on-call click).\n"
                "_Suggestion (inferred, E2 E3): have f-0193 corrected before the probe._"
            ),
            {
                "type": "image",
                "image_url": "/files/chart.svg",
                "alt_text": "CURRENCY_ERROR per hour: 0 until 02:05 UTC, then 101; threshold 100",
            },
            {
                "type": "actions",
                "block_id": "alarm-118",
                "elements": [
                    button("Start runbook", "start_runbook", style="primary"),
                    button("I'm on it", "on_it"),
                    button("Other runbook…", "other_runbook"),
                    overflow("alarm_more", "Plan only", "Declare incident", "Snooze", "Read", "Evidence"),
                ],
            },
            context("Start only looks; every change stops for an approval. · Nobody has this yet · no model used"),
        ],
    )


def run_card() -> Json:
    """Return the run card, waiting for an approval."""
    return message(
        180,
        "R-42 circuit-breaker transactions: waiting for 1 approval",
        blocks=[
            mrkdwn(
                "*R-42 · circuit-breaker · transactions* · PROD eu-west-1 · INC-7\n"
                ":double_vertical_bar: *WAITING for 1 approval* (platform), step 6 of 11 · until "
                f"{date(START + 1200)} "
                "→ open request Q-9",
                expand=True,
            ),
            mrkdwn(
                "`DONE 1–4` Looked: OPEN · 101 CURRENCY_ERROR/h · one file f-0193\n"
                f"`DONE 5`   Schedule paused · <@{ANA}> {date(START + 300, '{time}')} · *owed: resume*\n"
                "`WAIT 6`   Half-open the breaker\n`next 7`   Probe one file (same approval)\n"
                "`next 8`   Close (platform)\n`next 9–11` Resume schedule · verify · watch 1 h"
            ),
            {
                "type": "actions",
                "block_id": "run-42",
                "elements": [
                    button("Park until…", "park"),
                    button("Take over", "take_over"),
                    button("Stop", "stop"),
                    overflow("run_more", "Expand step 6", "All steps", "Evidence", "Read runbook"),
                ],
            },
            context(f"Started by <@{ANA}> {date(START + 180)} · owed: 1 resume · updated {date(START + 300)}"),
        ],
    )


def request_card() -> Json:
    """Return the request for approval, with Slack's confirm object on Approve."""
    return message(
        320,
        "Approve? PROD: half-open breaker transactions, probe 1 file. @ana asks, until 02:27 UTC. "
        "<!subteam^S2|@lake-platform>",
        blocks=[
            mrkdwn(
                "<!subteam^S2|@lake-platform> :large_orange_circle: *APPROVAL NEEDED · PROD* "
                "(lake-prod, eu-west-1) · "
                f"Q-9 · 15 min, until {date(START + 1200, '{time}')}\n"
                "*Half-open the breaker of `transactions` and let one file through.*",
                expand=True,
            ),
            mrkdwn(
                "*Changes*  state OPEN → HALF_OPEN; starts 1 probe run (f-0193, promote: no)\n"
                "*Does not touch*  silver data, `_LATEST.json`, `current/`\n"
                "*If it goes wrong*  Undo asks lake-platform to set it back to OPEN, ready to send; the "
                "probe run is "
                "never promoted\n"
                f'*Why* (<@{ANA}>)\n> "currency column fixed upstream, file re-sent 03:05"\n'
                f"*Seen* {date(START + 310, '{time}')}  OPEN since 03:07. If this changes, the request "
                "is void.\n"
                f"*Who*  1 of lake-platform, not <@{ANA}>: <@{BO}>, <@{CY}> (do not disturb until 07:00)",
                expand=True,
            ),
            mrkdwn(
                "```s3 PutObject lake-artifacts control/circuit_breaker/transactions.json {state: "
                "HALF_OPEN, …} "
                'If-Match "9b2c4f0d2a1e88c0b7d5e3f1a9c4d2e0"\n'
                "states StartExecution etl_orchestration name cb-probe-4f1a {raw_key: "
                "raw/transactions/2026-01-21/f-0193.csv.gz, promote: false}```",
                expand=True,
            ),
            {
                "type": "actions",
                "block_id": "request-9",
                "elements": [
                    button(
                        "Approve",
                        "approve",
                        style="primary",
                        confirm={
                            "title": plain("Half-open transactions in PROD?"),
                            "text": plain(
                                "Breaker OPEN → HALF_OPEN, then one probe run of 1 file. Nothing is "
                                "promoted. "
                                "Undo: set back to OPEN, same approvers."
                            ),
                            "confirm": plain("Approve"),
                            "deny": plain("Not yet"),
                        },
                    ),
                    button("Decline…", "decline"),
                    button("Details", "details"),
                ],
            },
            context("R-42 step 6+7 · runbook 3f9a1c · no answer by 03:17: group again, 03:22: pager · used once"),
        ],
    )


def refusal() -> Json:
    """Return the refusal only Ana sees."""
    return message(
        360,
        "Not approved: you asked for this change yourself.",
        ephemeral_for=ANA,
        blocks=[
            mrkdwn(
                ":no_entry_sign: *Not approved: you asked for this change yourself.* Nothing was done; "
                "the request is "
                f"open until {date(START + 1200, '{time}')}.\nRule: changes to PROD need somebody of "
                "*lake-platform* "
                f"who did not start R-42. Can approve: <@{BO}>, <@{CY}> (do not disturb)."
            ),
            {
                "type": "actions",
                "block_id": "refused-1",
                "elements": [
                    button("Ask @bo", "ask_bo"),
                    button("Park until…", "park_refused"),
                    button("Why this rule", "why"),
                ],
            },
            context("Recorded as a refusal (#1873), not as a decline."),
        ],
    )


def thread_replies(root: Json) -> list[Json]:
    """Return two replies under the alarm."""
    return [
        message(
            60,
            "Looking. The file came at 02:05, upstream says they changed a column.",
            user=ANA,
            thread_ts=root["ts"],
        ),
        message(90, f"<@{ANA}> noted on INC-7.", thread_ts=root["ts"]),
    ]


def gallery() -> list[Json]:
    """Return one message per block type, in a channel of its own."""
    blocks: list[Json] = [
        {"type": "header", "text": plain("A header")},
        mrkdwn(
            "*bold* _italic_ ~gone~ `code` and <https://example.com/page|a link> for "
            f"<@{BO}> in <#{CHANNEL}> :tada: a &lt;b&gt; &amp; c\n> quoted\n• first\n• "
            "second\n```fenced *not bold*```",
            accessory=button("Look", "look"),
        ),
        mrkdwn(LONG),
        mrkdwn(LONG, expand=True),
        {
            "type": "section",
            "fields": [
                {"type": "mrkdwn", "text": "*Left*\none"},
                {"type": "plain_text", "text": "Right *raw*"},
            ],
        },
        {"type": "divider"},
        {
            "type": "image",
            "image_url": "/files/chart.svg",
            "alt_text": "errors rise at 02:05",
            "title": plain("Chart"),
        },
        {"type": "image", "image_url": "https://example.com/far.png", "alt_text": "far away"},
        {
            "type": "actions",
            "block_id": "gallery-actions",
            "elements": [
                button("Go", "go", style="primary"),
                button("Remove", "remove", style="danger"),
                {
                    "type": "static_select",
                    "action_id": "choose",
                    "placeholder": plain("Choose a file"),
                    "options": [option("f-0193", "f193"), option("f-0194", "f194")],
                },
                {"type": "users_select", "action_id": "who", "placeholder": plain("Choose a person")},
                overflow("gallery_more", "First thing", "Second thing"),
            ],
        },
        context("small words", "*more*"),
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "rich ", "style": {"bold": True}},
                        {"type": "user", "user_id": CY},
                        {"type": "link", "url": "javascript:alert(1)", "text": "bad link"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
                },
            ],
        },
        {
            "type": "markdown",
            "text": "## Heading two\n\n**strong** and [there](https://example.com/)\n\n- point",
        },
        {"type": "video", "title": plain("unknown")},
    ]
    return [
        message(1000, "gallery", channel=PLAYGROUND, blocks=blocks),
        message(
            1010,
            "the draft",
            channel=PLAYGROUND,
            files=[
                {
                    "id": "F1",
                    "name": "draft.md",
                    "title": "INC-7 draft",
                    "mimetype": "text/markdown",
                    "filetype": "markdown",
                    "size": 8123,
                    "url_private": "/files/draft.md",
                }
            ],
        ),
    ]


def notification(number: int, person: str, after: int, text: str, why: str) -> Json:
    """Return what that person's phone would have shown."""
    return {
        "id": f"n{number}",
        "person": person,
        "channel": CHANNEL,
        "ts": f"{START + after:.6f}",
        "text": text,
        "why": why,
        "at": START + after,
    }


def people() -> list[Json]:
    """Return the cast: two on-call, two of platform, a guest, the bot."""
    return [
        {
            "id": ANA,
            "name": "ana",
            "real_name": "Ana Ruiz",
            "roles": ["lake-oncall"],
            "note": "on call now",
            "is_bot": False,
        },
        {
            "id": BO,
            "name": "bo",
            "real_name": "Bo Lindqvist",
            "roles": ["lake-platform", "lake-oncall"],
            "note": "",
            "is_bot": False,
        },
        {
            "id": CY,
            "name": "cy",
            "real_name": "Cy Adeyemi",
            "roles": ["lake-platform"],
            "note": "do not disturb until 07:00",
            "is_bot": False,
        },
        {"id": DEE, "name": "dee", "real_name": "Dee Moreau", "roles": [], "note": "guest", "is_bot": False},
        {
            "id": BOT,
            "name": "runbook-bot",
            "real_name": "Runbook bot",
            "roles": [],
            "note": "",
            "is_bot": True,
        },
    ]


def world() -> World:
    """Return an incident half way: alarm, run, open request, one refusal."""
    alarm, request = alarm_card(), request_card()
    everyone = [ANA, BO, CY, DEE, BOT]
    return World(
        people=people(),
        channels=[
            {
                "id": CHANNEL,
                "name": "incident-etl",
                "is_private": False,
                "is_im": False,
                "members": everyone,
                "environment_note": "PROD · lake-prod",
            },
            {
                "id": PLAYGROUND,
                "name": "playground",
                "is_private": False,
                "is_im": False,
                "members": everyone,
                "environment_note": "",
            },
            {
                "id": DIRECT,
                "name": "runbook-bot",
                "is_private": True,
                "is_im": True,
                "members": [],
                "environment_note": "",
            },
        ],
        commands=[
            {
                "command": "/runbook",
                "usage": "list | search WORDS | show NAME | plan NAME | run NAME [key=value …] | "
                "status [R-42] | stop R-42",
                "description": "Find, plan and run a runbook",
            },
            {
                "command": "/approvals",
                "usage": "list | show Q-9 | revoke Q-9",
                "description": "What waits for a yes",
            },
        ],
        messages=[
            message(-400, "Morning handover: nothing open. :wave:", user=CY),
            alarm,
            *thread_replies(alarm),
            message(150, "I'm on it, starting the runbook", user=ANA),
            run_card(),
            request,
            refusal(),
            *gallery(),
        ],
        notifications=[
            notification(1, ANA, 0, alarm["text"], "group"),
            notification(2, BO, 0, alarm["text"], "group"),
            notification(3, BO, 320, request["text"], "group"),
            notification(4, CY, 320, request["text"], "group"),
        ],
        checklist=[
            {"id": "alarm", "title": "Read the alarm card", "done": True},
            {"id": "start", "title": "Press Start runbook", "done": True},
            {"id": "pause", "title": "Approve the pause of the schedule", "done": True},
            {"id": "refused", "title": "Try to approve your own change", "done": False},
            {"id": "switch", "title": "Become somebody of the platform team", "done": False},
            {"id": "approve", "title": "Approve half-open and probe", "done": False},
            {"id": "close", "title": "Approve closing the breaker", "done": False},
            {"id": "watch", "title": "Move the clock past the watch hour", "done": False},
        ],
        links=[{"title": "The circuit-breaker runbook", "url": "/files/chart.svg"}],
        groups=[{"id": "S0ONCALL", "handle": "lake-oncall", "name": "Lake on-call"}],
        scenarios=[
            {
                "name": "circuit-breaker",
                "title": "Circuit breaker opens",
                "state": "broken",
                "fix": {"title": "Upstream re-sends f-0193 corrected", "ready": True, "done": False},
            },
            {"name": "late-file", "title": "A file comes late", "state": "ready"},
        ],
        clock={"now": START + 420, "offset": 1500, "offset_left": 4500},
        homes={
            ANA: {
                "id": "VH1",
                "type": "home",
                "blocks": [
                    {"type": "header", "text": plain("What waits for you")},
                    mrkdwn("Nothing waits for you. R-42 waits for *lake-platform*."),
                ],
            }
        },
        files={"chart.svg": CHART, "draft.md": "# draft"},
    )
