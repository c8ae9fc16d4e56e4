import json

import pytest

from bot.domain.inbox import (
    AddFollowUp,
    DeclareIncident,
    EditSection,
    EndIncident,
    ExpandStep,
    ExportPostmortem,
    GiveInputs,
    GradeIncident,
    ImportPostmortem,
    NamePerson,
    NoteIncident,
    PublishPostmortem,
    RevokeRequest,
    ShowAlarms,
    ShowApprovals,
    ShowFollowUps,
    ShowHelp,
    ShowIncidents,
    ShowList,
    ShowPostmortem,
    ShowRunbook,
    ShowStatus,
    SnoozeAlarm,
    StartPostmortem,
    StartRun,
    StopRun,
    SuggestForAlarm,
    TakeAlarm,
    Wish,
)
from bot.domain.people import Place
from bot.errors import InvalidError
from bot.slack.commands import ROWS, Commands, Row, manifest
from tests.slack.door import ANA, CHANNEL, NOON, TEAM, digest, slash

READ = [
    ("runbook", "list", ShowList()),
    ("runbook", "list bad currency", ShowList(words="bad currency")),
    ("runbook", "SEARCH  bad “currency” a=b", ShowList(words="bad “currency” a=b")),
    ("runbook", "show circuit-breaker", ShowRunbook(runbook="circuit-breaker")),
    ("runbook", "show Circuit Breaker", ShowRunbook(runbook="circuit-breaker")),
    ("runbook", "run circuit-breaker", StartRun(runbook="circuit-breaker")),
    (
        "runbook",
        "Run circuit-breaker pipeline=transactions alarm=A-118",
        StartRun(runbook="circuit-breaker", inputs={"pipeline": "transactions"}, alarm=118),
    ),
    ("runbook", "plan circuit-breaker", StartRun(runbook="circuit-breaker", plan_only=True)),
    ("runbook", "status", ShowStatus()),
    ("runbook", "status r42", ShowStatus(run=42)),
    ("runbook", "stop R-42", StopRun(run=42)),
    ("runbook", "answer R-42 way=data", GiveInputs(run=42, inputs={"way": "data"})),
    ("runbook", "answer r42 way=data why=“as agreed”", GiveInputs(run=42, inputs={"way": "data", "why": "as agreed"})),
    ("approvals", "", ShowApprovals()),
    ("approvals", "list", ShowApprovals()),
    ("approvals", "show Q-9", ShowApprovals(approval=9)),
    ("approvals", "revoke q9", RevokeRequest(approval=9)),
    ("runbook", "expand R-42 4", ExpandStep(run=42, step="4")),
    ("runbook", "expand circuit-breaker Half_open", ExpandStep(runbook="circuit-breaker", step="half_open")),
    ("runbook", "expand R-42 Check 1", ExpandStep(run=42, step="check 1")),
    ("alarm", "", ShowAlarms()),
    ("alarm", "suggest A-118", SuggestForAlarm(alarm=118)),
    ("alarm", "suggest CircuitBreakerOpen --cost", SuggestForAlarm(name="CircuitBreakerOpen", cost=True)),
    ("alarm", "ack a118", TakeAlarm(alarm=118)),
    ("alarm", "snooze A-118", SnoozeAlarm(alarm=118)),
    ("alarm", "snooze A-118 90min", SnoozeAlarm(alarm=118, minutes=90)),
    ("alarm", "snooze A-118 for 10 min", SnoozeAlarm(alarm=118, minutes=10)),
    ("postmortem", "draft", StartPostmortem()),
    ("postmortem", "draft INC-7", StartPostmortem(incident=7)),
    (
        "postmortem",
        "draft since=02:00 until=04:30 groups=/a,/b",
        StartPostmortem(since="02:00", until="04:30", groups=("/a", "/b")),
    ),
    ("postmortem", "", ShowPostmortem()),
    ("postmortem", "show inc-7", ShowPostmortem(incident=7)),
    ("postmortem", "show e37", ShowPostmortem(item="E37")),
    ("postmortem", "show INC-7 D2", ShowPostmortem(incident=7, item="D2")),
    ("postmortem", "edit", EditSection()),
    ("postmortem", "edit INC-7 went well", EditSection(incident=7, section="What went well")),
    ("postmortem", "edit Summary", EditSection(section="Summary")),
    ("postmortem", "export docx", ExportPostmortem(form="docx")),
    ("postmortem", "export INC-7 HTML", ExportPostmortem(form="html", incident=7)),
    ("postmortem", "publish --anyway", PublishPostmortem(anyway=True)),
    ("postmortem", "publish INC-7", PublishPostmortem(incident=7)),
    ("postmortem", "import", ImportPostmortem()),
    ("postmortem", "import inc-7 Canvas", ImportPostmortem(incident=7, source="canvas")),
    (
        "postmortem",
        "import https://lake.slack.com/files/U0ANA/F0123ABCD/a.md",
        ImportPostmortem(source="https://lake.slack.com/files/U0ANA/F0123ABCD/a.md"),
    ),
    ("postmortem", "actions", ShowFollowUps()),
    ("postmortem", "actions inc-7", ShowFollowUps(incident=7)),
    ("postmortem", "actions Mine", ShowFollowUps(which="mine")),
    ("postmortem", "actions open", ShowFollowUps(which="open")),
    ("postmortem", "action add INC-7 call the vendor, a=b", AddFollowUp(incident=7, text="call the vendor, a=b")),
    ("postmortem", "action add “quote” it", AddFollowUp(text="“quote” it")),
    ("incident", "", ShowIncidents()),
    ("incident", "list", ShowIncidents(every=True)),
    ("incident", "status inc-7", ShowIncidents(incident=7)),
    ("incident", "declare load halted", DeclareIncident(title="load halted")),
    (
        "incident",
        "declare “load halted” severity=2 alarm=A-118",
        DeclareIncident(title="load halted", severity=2, alarm=118),
    ),
    ("incident", "severity 2", GradeIncident(severity=2)),
    ("incident", "severity INC-7 1", GradeIncident(incident=7, severity=1)),
    ("incident", "lead", NamePerson()),
    ("incident", "lead <@U0BO|bo>", NamePerson(person="U0BO")),
    ("incident", "lead INC-7 <@U0BO>", NamePerson(incident=7, person="U0BO")),
    ("incident", "role scribe <@U0CY>", NamePerson(role="scribe", person="U0CY")),
    ("incident", "note the “source” re-sent  it a=b", NoteIncident(text="the “source” re-sent  it a=b")),
    ("incident", "note INC-7 seen", NoteIncident(incident=7, text="seen")),
    ("incident", "note help came at 3", NoteIncident(text="help came at 3")),
    ("incident", "declare help needed", DeclareIncident(title="help needed")),
    ("incident", "note state=OPEN, now state=CLOSED", NoteIncident(text="state=OPEN, now state=CLOSED")),
    ("incident", "note they said “mended", NoteIncident(text="they said “mended")),
    ("postmortem", "action add say 'what if a= is empty", AddFollowUp(text="say 'what if a= is empty")),
    ("runbook", "search 'late files", ShowList(words="'late files")),
    ("incident", "mitigate", EndIncident(over=False)),
    ("incident", "resolve INC-7", EndIncident(incident=7, over=True)),
]


@pytest.mark.parametrize(("command", "text", "wish"), READ)
def test_a_command_becomes_its_wish(command: str, text: str, wish: Wish) -> None:
    assert Commands().read(command, text) == wish


@pytest.mark.parametrize(
    ("command", "text", "why"),
    [
        ("runbook", "rn circuit-breaker", "Did you mean `/runbook run`"),
        ("runbook", "circuit-breaker", "There is no `/runbook circuit-breaker`"),
        ("runbook", "run", "name is missing"),
        ("runbook", "stop", "id is missing"),
        ("runbook", "stop everything", "write R-42"),
        ("runbook", "stop R-42 R-43", "do not understand `R-43`"),
        ("runbook", "answer way=data", "Which run?"),
        ("runbook", "answer R-42", "Answer what?"),
        ("runbook", "answer R-42 data", "do not understand `data`"),
        ("runbook", "answer R-42 reason=file re-sent", 'in quotes: `reason="file re-sent"`'),
        ("runbook", "run circuit-breaker reason=file re-sent pipeline=a", 'in quotes: `reason="file re-sent"`'),
        ("postmortem", "draft INC-7 since=yesterday 02:00", 'in quotes: `since="yesterday 02:00"`'),
        ("incident", "declare latency=5s", "do not understand `latency=` here; if it is part of what has happened"),
        ("alarm", "snooze A-118 soon", "Write a time such as"),
        ("runbook", "status run=42", "id is missing"),
        ("runbook", "show x y=1", "do not understand `y=`"),
        ("runbook", "run x alarm=R-4", "is a run, not an alarm"),
        ("runbook", "search", "Words are missing"),
        ("approvals", "list Q-9", "do not understand `Q-9`"),
        ("approvals", "revoke R-9", "is a run, not a request"),
        ("runbook", "expand circuit-breaker", "Which step of what"),
        ("alarm", "suggest", "For which alarm"),
        ("alarm", "snooze A-118 soon", "For how long"),
        ("alarm", "snooze 1h", "1h"),
        ("alarm", "ack Q-9", "is a request, not an alarm"),
        ("postmortem", "export pdf", "one of md, html, docx, json"),
        ("postmortem", "show everything", "write INC-7, or E37"),
        ("postmortem", "show INC-7 E1 E2", "do not understand `E2`"),
        ("postmortem", "edit timeline", "is no section people write in: Summary, Impact"),
        ("postmortem", "edit what", "is no section people write in: What went well, What went badly."),
        ("postmortem", "draft from=02:00", "do not understand `from=`"),
        ("postmortem", "publish now", "do not understand `now`"),
        ("postmortem", "import a.md b.md", "do not understand `b.md`"),
        ("postmortem", "actions all", "is no list of action items"),
        ("postmortem", "actions INC-7 mine", "do not understand `mine`"),
        ("postmortem", "action drop 3", "action add, and what is to be done"),
        ("incident", "resolve R-9", "is a run, not an incident"),
        ("incident", "severity high", "is no severity"),
        ("incident", "severity", "is no severity"),
        ("incident", "lead bo", "mention the person"),
        ("incident", "role", "Which part"),
        ("incident", "declare x when=now", "do not understand `when=`"),
        ("runbook", 'run x a="b', "not closed"),
        ("runbook", 'run x reason="say "no" twice"', "is no name"),
    ],
)
def test_a_miss_is_refused_with_what_would_fit(command: str, text: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why) as refused:
        Commands().read(command, text)

    assert f"`/{command} " in refused.value.words


@pytest.mark.parametrize("text", ["", "help", "HELP", "\u200bhelp"])
def test_help_names_every_row_of_the_command_and_none_of_another(text: str) -> None:
    wish = Commands().read("runbook", text)

    assert isinstance(wish, ShowHelp)
    for row in ROWS:
        assert (row.help in wish.words) == (row.command == "runbook")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.command} {row.name}")
def test_every_row_explains_itself(row: Row) -> None:
    wish = Commands().read(row.command, f"{row.name} help")

    assert wish == ShowHelp(words=f"`/{f'{row.command} {row.name} {row.usage}'.strip()}` — {row.help}")


def test_a_slash_command_is_kept_under_its_trigger_and_with_what_was_typed() -> None:
    body = slash("run  circuit-breaker reason=“it’s fixed”", trigger="13345224609.738474920.8088930838d88f008e0")

    asked = Commands().asked(body, at=NOON)

    assert asked.words == "Looking up circuit-breaker to start it…"
    delivery = asked.delivery
    assert delivery is not None
    assert delivery.identity == digest("13345224609.738474920.8088930838d88f008e0")
    assert (delivery.person, delivery.place, delivery.at) == (ANA, Place(team=TEAM, channel=CHANNEL), NOON)
    assert delivery.said == "/runbook run circuit-breaker reason=“it’s fixed”"
    assert "hooks.slack" not in delivery.model_dump_json()
    assert body["trigger_id"] not in delivery.model_dump_json()


def test_help_is_the_acknowledgement_and_is_kept_nowhere() -> None:
    asked = Commands().asked(slash("help"), at=NOON)

    assert asked.delivery is None
    assert "/runbook run" in asked.words


def test_what_has_facts_says_nothing_at_once() -> None:
    assert [Commands().asked(slash(text), at=NOON).words for text in ("list", "status R-42", "plan x")] == ["", "", ""]


def test_other_names_are_read_shown_and_registered() -> None:
    commands = Commands(names={"runbook": "rb"})

    asked = commands.asked(slash("status R-42", command="/rb"), at=NOON)

    assert asked.delivery is not None
    assert asked.delivery.wish == ShowStatus(run=42)
    assert commands.slash_names() == ("/rb", "/approvals", "/alarm", "/incident", "/postmortem")
    assert "/rb run" in commands.help()
    assert "/runbook" not in commands.help()


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"runbok": "rb"}, "no command 'runbok' to rename, only runbook, approvals"),
        ({"runbook": "run books"}, "'/run books' is no name"),
        ({"runbook": ""}, "'/' is no name"),
        ({"runbook": "alarm"}, "'/alarm' is the name of two commands"),
    ],
)
def test_another_name_that_cannot_be_one_is_refused_before_anything_starts(names: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        Commands(names=names)


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("Type /runbook help.", "Type /rb help."),
        ("there is none: `/runbook list`", "there is none: `/rb list`"),
        ("See /approvals.", "See /yes."),
        ("/runbooks, a/runbook, s3://runbook and /runbook.md", "/runbooks, a/runbook, s3://runbook and /runbook.md"),
        ("/alarm list", "/alarm list"),
    ],
)
def test_what_is_said_calls_commands_by_the_names_they_have_here(text: str, here: str) -> None:
    assert Commands(names={"runbook": "rb", "approvals": "/yes"}).renamed(text) == here


def test_what_no_command_of_that_word_takes_is_refused_by_the_first_of_them() -> None:
    with pytest.raises(InvalidError, match="`R-42` is a run, not a runbook"):
        Commands().said("show R-42")


def test_a_command_nobody_registered_is_refused_with_help() -> None:
    with pytest.raises(InvalidError, match="do not know the command"):
        Commands().asked(slash("list", command="/other"), at=NOON)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("run circuit-breaker pipeline=x", StartRun(runbook="circuit-breaker", inputs={"pipeline": "x"})),
        ("/runbook run circuit-breaker", StartRun(runbook="circuit-breaker")),
        ("Runbook run circuit-breaker", StartRun(runbook="circuit-breaker")),
        ("status", ShowStatus()),
        ("list", ShowList()),
        ("show Q-9", ShowApprovals(approval=9)),
        ("show circuit-breaker", ShowRunbook(runbook="circuit-breaker")),
        ("approvals", ShowApprovals()),
        ("approvals revoke Q-9", RevokeRequest(approval=9)),
        ("revoke Q-9", RevokeRequest(approval=9)),
    ],
)
def test_the_same_is_said_by_mention(text: str, wish: Wish) -> None:
    assert Commands().said(text) == wish


@pytest.mark.parametrize(
    "hostile",
    [
        "<!channel>",
        "`<@U0ANA>`",
        "*bold*",
        "&lt;!here&gt;",
        "\u202eevil",
        "x" * 10_000,
        "👩‍🚒" * 500,
        "'; DROP TABLE x",
    ],
)
def test_what_was_typed_comes_back_harmless(hostile: str) -> None:
    with pytest.raises(InvalidError) as refused:
        Commands().read("runbook", hostile)

    words = refused.value.words
    assert "<" not in words.replace("&lt;", "")
    assert "\u202e" not in words
    assert len(words) < 2_800


@pytest.mark.parametrize("url", [None, "https://bot.example/slack/events"])
def test_the_manifest_registers_every_command_for_its_transport(url: str | None) -> None:
    made = json.loads(json.dumps(manifest(Commands(), request_url=url)))

    slashes = {one["command"]: one for one in made["features"]["slash_commands"]}
    assert set(slashes) == {"/runbook", "/approvals", "/alarm", "/incident", "/postmortem"}
    assert [name for name, one in slashes.items() if one["should_escape"]] == ["/incident"]
    assert "run" in slashes["/runbook"]["usage_hint"]
    assert made["settings"]["socket_mode_enabled"] is (url is None)
    assert {one.get("url") for one in slashes.values()} == {url}
    assert made["settings"]["interactivity"].get("request_url") == url
    assert made["settings"]["event_subscriptions"].get("request_url") == url
    assert {"commands", "chat:write", "usergroups:read"} <= set(made["oauth_config"]["scopes"]["bot"])


def test_the_table_for_the_readme_has_a_line_per_row() -> None:
    lines = Commands().table().splitlines()

    assert len(lines) == len(ROWS) + 2
    assert lines[2] == "| `/runbook list [words]` | List the runbooks. |"
