"""What people type, and who they are: help with the nearest names, hostile text harmless, no fact for strangers."""

import json
import re

import pytest

from bot.workbench.company import workspace
from bot.workbench.slack.checker import check_message
from bot.workbench.slack.person import Person
from bot.workbench.slack.spoken import plain
from bot.workbench.slack.workspace import Channel, Human, Workspace
from tests.conversations.stage import INCIDENTS, Stage, good, request, told, until

HOSTILE = {
    "sql": "'; DROP TABLE runs; --",
    "emoji": "\U0001f525\U0001f469\u200d\U0001f469\u200d\U0001f467 :fire:",
    "mentions": "<!channel> <@U0BO> <!subteam^S0PLATFORM> <https://evil.example|Approve>",
    "unseen": "a\u200bb\u2060c\u202edlrow\u202c \u05d0\u05d1",
    "marks": "*bold* _it_ ~no~ `code` ```fence``` > quote",
    "long": "x" * 10_240,
}
FACTS = ("circuit-breaker", "Circuit Breaker", "transactions", "lake-local", "R-1")


def _quiet(stage: Stage) -> dict[str, int]:
    everybody = (stage.ana, stage.bo, stage.cy, stage.dee, stage.gus)
    return {one.id: len(one.notifications()) for one in everybody}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/runbook rnu circuit-breaker", "`/runbook run`"),
        ("/runbook run circut-breaker", "circuit-breaker"),
        ("/runbook help", "/runbook plan"),
        ("/runbook run", "Usage:"),
        ("/runbook status 42", "R-42"),
        ("/runbook stop Q-1", "a request, not a run"),
        ("/approvals shw Q-1", "`/approvals show`"),
        ("/runbook search qzx", "No runbook fits"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_name_or_the_usage(lasting_stage: Stage, typed: str, offered: str) -> None:
    lasting_stage.used = True

    answer = good(lasting_stage.ana.slash(INCIDENTS, typed))

    said = (answer["response"] or {}).get("text", "")
    assert offered in said or told(lasting_stage.ana, offered)


def test_the_same_by_mention_and_in_a_direct_message(stage: Stage) -> None:
    stage.ana.say(INCIDENTS, "@runbook-bot rnu circuit-breaker")
    assert "Nothing was done" in told(stage.ana, "Did you mean")

    stage.ana.say("dm", "list")
    heard = stage.ana.wait_for_message("circuit-breaker", channel="dm")

    assert re.search(r"\b[1-9][0-9]* runbooks?\b", plain(heard))


def test_hostile_text_wherever_one_can_type_is_shown_harmless_and_mentions_nobody(stage: Stage) -> None:
    ana, before = stage.ana, _quiet(stage)

    for text in HOSTILE.values():
        for typed in (f"/runbook {text}", f"/runbook run {text}", f"/runbook search {text}"):
            good(ana.slash(INCIDENTS, typed))
        good(ana.slash(INCIDENTS, f'/runbook plan circuit-breaker pipeline="{text[:900]}"'))
        good(ana.slash(INCIDENTS, f'/runbook run circuit-breaker pipeline="{text[:900]}"'))
        ana.say(INCIDENTS, f"@runbook-bot show {text}")
        ana.say("dm", text)
    until(lambda: len(ana.notifications()) == before[ana.id] + len(HOSTILE), "each direct message is answered")
    until(lambda: not stage.bot.store.deliveries() and not stage.bot.store.cards_behind(), "all is answered")

    assert _quiet(stage) == {**before, ana.id: len(ana.notifications())}
    assert {one["why"] for one in ana.notifications()} == {"dm"}
    _insist_on_harmless(stage)
    assert not stage.bot.store.runs(open_only=False)


def test_hostile_text_in_dialogs_is_shown_harmless_on_the_cards_that_others_see(stage: Stage) -> None:
    reason = f"{HOSTILE['mentions']} {HOSTILE['unseen']} {HOSTILE['marks']} {HOSTILE['sql']}"
    asked = stage.started()
    before = _quiet(stage)
    good(stage.ana.click("Decline…", message=asked))
    stage.ana.wait_for_view()
    good(stage.ana.submit({"why": "Something else", "words": reason}))
    declined = stage.ana.wait_for_message("DECLINED", channel=INCIDENTS)
    assert "&lt;!channel&gt;" in json.dumps(declined)

    good(stage.ana.click("Ask again"))
    good(stage.ana.click("Approve", message=request(stage.ana, "Pause the nightly load")))
    stage.reason_given(reason)
    shown = request(stage.ana, "Half-open the breaker")

    assert "&lt;!channel&gt;" in json.dumps(shown)
    assert "DROP TABLE" in plain(shown)
    _insist_on_harmless(stage)
    assert _quiet(stage)[stage.dee.id] == before[stage.dee.id]
    assert {one["why"] for one in stage.cy.notifications()} == {"group"}


def _insist_on_harmless(stage: Stage) -> None:
    """Check all the bot said: taken by the checker, nobody mentioned by what was typed, nothing unseen in it."""
    said = [one for one in stage.ana.messages() if one["user"] == stage.slack.workspace.app.user_id]
    assert len(said) > 1
    shown = json.dumps(said, ensure_ascii=False)
    assert [bad for bad in ("<!channel>", "<https://evil", "\u200b", "\u202e", "\u2060") if bad in shown] == []
    for name, arguments in stage.slack.calls:
        if name.startswith("chat."):
            assert check_message({key: arguments[key] for key in ("text", "blocks") if key in arguments}) == []


def test_guests_strangers_and_who_is_outside_the_team_hear_no_fact_and_start_nothing(stage: Stage) -> None:
    stage.alarm()
    until(lambda: any(one.suggestion for one in stage.bot.store.episodes()), "the card has its suggestion")
    until(lambda: not stage.bot.store.cards_behind(), "all about the alarm is said")
    alarm = stage.cards("CircuitBreakerOpen")[0]
    eve = Human(id="U0EVE", name="eve", real_name="Eve", team_id="T0ELSEWHERE")
    fay = Human(id="U0FAY", name="fay", real_name="Fay")
    _join(stage, eve, fay)
    spoken = len(stage.slack.calls)

    for typed in ("list", "search breaker", "show circuit-breaker", "plan circuit-breaker", "status", "stop R-1"):
        good(stage.gus.slash(INCIDENTS, f"/runbook {typed}"))
    good(stage.gus.slash(INCIDENTS, "/approvals"))
    for somebody in (stage.gus, stage.slack.person("eve"), stage.slack.person("fay")):
        somebody.say(INCIDENTS, "@runbook-bot run circuit-breaker")
        good(somebody.click("Start runbook", message=alarm))
        somebody.open_home()
    until(lambda: stage.kinds().count("wish.refused") == 16, "all are refused")
    until(lambda: not stage.bot.store.cards_behind(), "all is said")

    heard = json.dumps([arguments for _, arguments in stage.slack.calls[spoken:]])
    assert [fact for fact in FACTS if fact in heard] == []
    assert "Guests" in heard or "guest" in heard
    assert not stage.bot.store.runs(open_only=False)


def _join(stage: Stage, *people: Human) -> None:
    inside = stage.slack.workspace
    room = inside.channels[0]
    joined = inside.model_copy(update={"people": (*inside.people, *people)})
    members = (*room.members, *(one.id for one in people))
    stage.people(joined.with_channel(room.model_copy(update={"members": members})))


def test_other_channels_and_shared_channels_hear_no_fact(stage: Stage) -> None:
    shared = Channel(id="C0SHARED", name="shared", members=workspace().channels[0].members, is_ext_shared=True)
    stage.people(_shared_incidents(workspace().with_channel(shared)))
    for room in ("#general", "#shared", INCIDENTS):
        good(stage.ana.slash(room, "/runbook show circuit-breaker"))
        good(stage.ana.slash(room, "/runbook run circuit-breaker"))
    until(lambda: stage.kinds().count("wish.refused") == 6, "all are refused")
    until(lambda: not stage.bot.store.cards_behind(), "all is said")

    said = [plain(one) for one in stage.ana.ephemerals() if "Starting" not in plain(one)]
    assert not [fact for fact in ("Half-open", "transactions", "lake-local") if fact in " ".join(said)]
    assert not stage.bot.store.runs(open_only=False)


def _shared_incidents(inside: Workspace) -> Workspace:
    return inside.with_channel(inside.channels[0].model_copy(update={"is_ext_shared": True}))


def test_home_shows_what_waits_for_me_and_carries_no_approve(stage: Stage) -> None:
    stage.half_open_asked()

    def home(person: Person) -> str:
        person.open_home()
        shown = person.wait_for(lambda state: bool(state["home"]), what="a Home")["home"]
        assert "Approve\n" not in plain(shown)
        return plain(shown)

    assert "Q-2" in home(stage.bo).partition("Open alarms")[0]
    assert "Nothing waits for you" in home(stage.ana)
    assert "R-1" in home(stage.dee)
