import pytest

from bot.domain.inbox import AskQuestion, OpenHome, ShowHelp, ShowStatus, StartRun, Wish
from bot.domain.people import Place
from bot.slack.commands import Commands
from bot.slack.home import home_opened
from bot.slack.mentions import direct_message, mention
from tests.slack.door import ANA, CARD, CHANNEL, NOON, TEAM, THREAD, direct, event, mentioned


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("<@U0RUNBOOK> run circuit-breaker pipeline=x", StartRun(runbook="circuit-breaker", inputs={"pipeline": "x"})),
        ("<@U0RUNBOOK|runbook-bot> status", ShowStatus()),
        ("hey <@U0RUNBOOK> status r42", ShowStatus(run=42)),
        ("status <@U0RUNBOOK>", ShowStatus()),
        ("<@U0RUNBOOK>\u00a0*status*", None),
        ("<@U0RUNBOOK> run x why=a&amp;b", StartRun(runbook="x", inputs={"why": "a&b"})),
    ],
)
def test_a_mention_means_what_the_command_means(text: str, wish: Wish | None) -> None:
    heard = mention(mentioned(text), Commands(), at=NOON)

    assert heard is not None
    assert heard.wish == wish or (wish is None and isinstance(heard.wish, ShowHelp))


def test_a_mention_is_kept_under_its_event_in_its_thread() -> None:
    heard = mention(mentioned("<@U0RUNBOOK> status", thread_ts=THREAD), Commands(), at=NOON)

    assert heard is not None
    assert heard.identity == "Ev0001"
    assert heard.person == ANA
    assert heard.place == Place(team=TEAM, channel=CHANNEL, ts=CARD, thread=THREAD)
    assert heard.said == "status"


def test_what_cannot_be_read_becomes_help_with_the_nearest_name() -> None:
    heard = mention(mentioned("<@U0RUNBOOK> rn circuit-breaker"), Commands(), at=NOON)

    assert heard is not None
    assert isinstance(heard.wish, ShowHelp)
    assert "Did you mean `/runbook run`" in heard.wish.words


@pytest.mark.parametrize(
    "text", ["why did last night's load fail?", "has this happened before?", "what is going on with the loads tonight"]
)
def test_what_is_no_command_is_a_question(text: str) -> None:
    heard = mention(mentioned(f"<@U0RUNBOOK> {text}"), Commands(), at=NOON)

    assert heard is not None
    assert heard.wish == AskQuestion(question=text)


@pytest.mark.parametrize("text", ["<@U0RUNBOOK>", "<@U0RUNBOOK> help"])
def test_a_bare_mention_gets_help(text: str) -> None:
    heard = mention(mentioned(text), Commands(), at=NOON)

    assert heard is not None
    assert isinstance(heard.wish, ShowHelp)
    assert "/approvals" in heard.wish.words


@pytest.mark.parametrize("text", ["x" * 40_000, "<@U0RUNBOOK> run x why=" + "👩‍🚒" * 3_000, "\u200b" * 500])
def test_a_flood_becomes_help_of_a_bounded_length(text: str) -> None:
    heard = mention(mentioned(text), Commands(), at=NOON)

    assert heard is not None
    assert isinstance(heard.wish, ShowHelp)
    assert len(heard.wish.words) <= 2_800
    assert len(heard.said) <= 1_000


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B0OTHER"},
        {"subtype": "message_changed"},
        {"edited": {"user": ANA, "ts": "1.2"}},
        {"user": "U0RUNBOOK"},
        {"user": None},
    ],
)
def test_machines_edits_and_the_bot_itself_are_not_answered(more: dict[str, object]) -> None:
    assert mention(mentioned("<@U0RUNBOOK> status", **more), Commands(), at=NOON) is None
    assert direct_message(direct("status", **more), Commands(), at=NOON) is None


def test_a_direct_message_needs_no_mention() -> None:
    heard = direct_message(direct("status"), Commands(), at=NOON)

    assert heard is not None
    assert heard.wish == ShowStatus()
    assert heard.place == Place(team=TEAM, channel="D0ANA", ts=CARD)


def test_a_direct_message_with_a_mention_is_heard_once() -> None:
    assert mention(mentioned("<@U0RUNBOOK> status", channel="D0ANA"), Commands(), at=NOON) is None


def test_what_people_say_to_each_other_is_not_heard() -> None:
    assert direct_message(direct("status", channel_type="channel", channel=CHANNEL), Commands(), at=NOON) is None


def test_opening_home_is_kept_and_its_messages_tab_is_not() -> None:
    opened = {"type": "app_home_opened", "user": ANA, "channel": "D0ANA", "event_ts": "1.2"}

    kept = home_opened(event({**opened, "tab": "home"}), at=NOON)

    assert kept is not None
    assert (kept.wish, kept.identity, kept.place) == (OpenHome(), "Ev0001", Place(team=TEAM, channel="D0ANA"))
    assert home_opened(event({**opened, "tab": "messages"}), at=NOON) is None
