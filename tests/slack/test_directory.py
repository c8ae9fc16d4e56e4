from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.domain.policy import Policy, Role
from bot.errors import NotAllowedError, UnavailableError
from bot.slack.directory import CHANNELS_FOR, MOST_KEPT, PEOPLE_FOR, Memory, SlackDirectory, hasty, patient
from bot.workbench.slack.faults import Fault
from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.workspace import Channel
from tests.workbench.slack.scene import WORKSPACE, Ticks

POLICY = Policy(
    roles={
        "platform": Role(title="lake-platform", group="S0PLATFORM"),
        "listed": Role(title="lake-listed", people=("U0ANA", "U0BO")),
        "both": Role(title="lake-both", group="S0ONCALL", people=("U0CY",)),
        "gone": Role(title="lake-gone", group="S0GONE"),
        "nobody": Role(title="lake-nobody"),
    },
    viewer="platform",
    operator="platform",
    on_call="platform",
    change=("platform",),
)


@pytest.fixture(scope="module")
def local() -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE) as started:
        yield started


@pytest.fixture
def slack(local: LocalSlack) -> Iterator[LocalSlack]:
    yield local
    local.faults.clear()
    local.workspace = WORKSPACE
    local.reset()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.base_url)


@pytest.fixture
def directory(client: WebClient, ticks: Ticks) -> SlackDirectory:
    return SlackDirectory(client=hasty(client), policy=POLICY, team="T0LAKE", memory=Memory(ticks=ticks))


def asked(slack: LocalSlack, method: str) -> int:
    return sum(name == method for name, _ in slack.calls)


def test_a_member_is_known_by_name(directory: SlackDirectory) -> None:
    ana = directory.person("U0ANA")

    assert (ana.id, ana.team, ana.name, ana.member) == ("U0ANA", "T0LAKE", "ana", True)


@pytest.mark.parametrize(
    ("person", "flag"),
    [("U0GUS", "is_guest"), ("U0PAGER", "is_bot"), ("U0EVE", "is_stranger"), ("U0RUNBOOK", "is_bot")],
)
def test_guests_bots_and_strangers_are_no_members(directory: SlackDirectory, person: str, flag: str) -> None:
    found = directory.person(person)

    assert getattr(found, flag)
    assert not found.member


def test_who_has_left_is_no_member(slack: LocalSlack, directory: SlackDirectory) -> None:
    people = tuple(human.model_copy(update={"deleted": human.id == "U0ANA"}) for human in slack.workspace.people)
    slack.workspace = slack.workspace.model_copy(update={"people": people})

    assert not directory.person("U0ANA").member


@pytest.mark.parametrize(
    ("role", "people"),
    [
        ("platform", {"U0BO", "U0CY", "U0PAGER"}),
        ("listed", {"U0ANA", "U0BO"}),
        ("both", {"U0ANA", "U0CY"}),
        ("nobody", set()),
    ],
)
def test_a_role_is_a_group_a_list_or_both(directory: SlackDirectory, role: str, people: set[str]) -> None:
    assert directory.members(role) == people


def test_what_slack_said_is_believed_for_a_minute(slack: LocalSlack, directory: SlackDirectory, ticks: Ticks) -> None:
    for _ in range(3):
        directory.members("platform")
        directory.person("U0ANA")
    assert (asked(slack, "usergroups.users.list"), asked(slack, "users.info")) == (1, 1)

    ticks.seconds += PEOPLE_FOR.total_seconds()
    directory.members("platform")
    directory.person("U0ANA")

    assert (asked(slack, "usergroups.users.list"), asked(slack, "users.info")) == (2, 2)


def test_fresh_asks_anew_and_what_it_hears_is_remembered(slack: LocalSlack, directory: SlackDirectory) -> None:
    directory.members("platform")
    slack.workspace = slack.workspace.with_group("lake-platform", ("U0CY",))

    assert directory.members("platform") == {"U0BO", "U0CY", "U0PAGER"}
    assert directory.members("platform", fresh=True) == {"U0CY"}
    assert directory.members("platform") == {"U0CY"}
    assert directory.person("U0ANA", fresh=True) == directory.person("U0ANA", fresh=True)
    assert asked(slack, "users.info") == 2


@pytest.mark.parametrize("fault", ["lookup_fails", "server_error", "rate_limit"])
def test_without_an_answer_nobody_is_in_a_role(slack: LocalSlack, directory: SlackDirectory, fault: Fault) -> None:
    slack.fault(fault, count=20)

    with pytest.raises(UnavailableError, match="did not answer who is in lake-platform"):
        directory.members("platform", fresh=True)


def test_a_failure_is_not_remembered(slack: LocalSlack, directory: SlackDirectory) -> None:
    slack.fault("server_error", count=1)
    with pytest.raises(UnavailableError):
        directory.members("platform")

    assert "U0BO" in directory.members("platform")


def test_a_failed_fresh_look_is_not_answered_from_memory(slack: LocalSlack, directory: SlackDirectory) -> None:
    directory.members("platform")
    slack.fault("server_error", count=1)

    with pytest.raises(UnavailableError):
        directory.members("platform", fresh=True)


def test_an_unknown_group_has_no_members_at_all(directory: SlackDirectory) -> None:
    with pytest.raises(UnavailableError, match="no_such_subteam"):
        directory.members("gone")


def test_a_role_the_policy_lacks_is_named(directory: SlackDirectory) -> None:
    with pytest.raises(NotAllowedError, match="no role 'other'"):
        directory.members("other")


def test_somebody_slack_does_not_know_is_nobody(directory: SlackDirectory) -> None:
    with pytest.raises(UnavailableError, match="user_not_found"):
        directory.person("U0NOBODY")


def test_a_slack_that_is_not_there_is_no(client: WebClient, ticks: Ticks) -> None:
    client.base_url = "http://127.0.0.1:9/api/"
    directory = SlackDirectory(client=hasty(client), policy=POLICY, team="T0LAKE", memory=Memory(ticks=ticks))

    for ask in (
        lambda: directory.person("U0ANA"),
        lambda: directory.members("platform"),
        lambda: directory.shared("C"),
    ):
        with pytest.raises(UnavailableError):
            ask()


def test_a_patient_directory_asks_again_where_a_hasty_one_gives_up(
    slack: LocalSlack, client: WebClient, ticks: Ticks
) -> None:
    memory = Memory(ticks=ticks)
    waiting = SlackDirectory(client=patient(client), policy=POLICY, team="T0LAKE", memory=memory)
    slack.fault("rate_limit", count=1)

    assert "U0BO" in waiting.members("platform", fresh=True)

    shares = SlackDirectory(client=hasty(client), policy=POLICY, team="T0LAKE", memory=memory)
    before = asked(slack, "usergroups.users.list")
    assert "U0BO" in shares.members("platform")
    assert asked(slack, "usergroups.users.list") == before


def test_a_channel_with_others_in_it_is_shared_and_that_lasts_five_minutes(
    slack: LocalSlack, directory: SlackDirectory, ticks: Ticks
) -> None:
    slack.workspace = slack.workspace.with_channel(Channel(id="C0EXT", name="ext", is_ext_shared=True))

    assert directory.shared("C0EXT")
    assert not directory.shared("C0ETL")
    assert not directory.shared("C0ETL")
    assert asked(slack, "conversations.info") == 2

    ticks.seconds += CHANNELS_FOR.total_seconds()
    directory.shared("C0ETL")
    assert asked(slack, "conversations.info") == 3


def test_a_channel_slack_does_not_know_is_no(directory: SlackDirectory) -> None:
    with pytest.raises(UnavailableError, match="channel_not_found"):
        directory.shared("C0NONE")


def test_a_persons_time_zone_is_the_one_they_set(directory: SlackDirectory) -> None:
    assert str(directory.zone("U0ANA")) == "Europe/Amsterdam"
    assert directory.zone("U0NOBODY") is UTC


class Answers(WebClient):
    """Answer with what a test says Slack answered."""

    def __init__(self, user: object) -> None:
        super().__init__(token="xoxb-test")
        self.user = user

    def users_info(self, **_arguments: Any) -> Any:  # noqa: ANN401 - Slack's own signature
        return {"ok": True, "user": self.user}


WHOLE = {
    "id": "U0ANA",
    "team_id": "T0LAKE",
    "name": "ana",
    "deleted": False,
    "is_bot": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
}


@pytest.mark.parametrize(
    ("user", "member"),
    [
        (WHOLE, True),
        ({**WHOLE, "team_id": "E0ORG", "enterprise_user": {"teams": ["T0LAKE"]}}, True),
        ({**WHOLE, "team_id": "T0OTHER", "enterprise_user": {"teams": ["T0ELSE"]}}, False),
        ({**WHOLE, "is_stranger": True}, False),
        ({**WHOLE, "is_ultra_restricted": True}, False),
        ({name: value for name, value in WHOLE.items() if name != "is_bot"}, False),
        ({name: value for name, value in WHOLE.items() if name != "is_restricted"}, False),
        ({name: value for name, value in WHOLE.items() if name != "team_id"}, False),
    ],
)
def test_what_slack_leaves_unsaid_counts_against_a_person(user: dict[str, object], member: bool) -> None:
    directory = SlackDirectory(client=Answers(user), policy=POLICY, team="T0LAKE")

    assert directory.person("U0ANA").member is member


@pytest.mark.parametrize("user", [None, "ana", {**WHOLE, "id": "U0BO"}, {}])
def test_an_answer_about_somebody_else_is_none(user: object) -> None:
    with pytest.raises(UnavailableError):
        SlackDirectory(client=Answers(user), policy=POLICY, team="T0LAKE").person("U0ANA")


def test_the_memory_is_bounded(ticks: Ticks) -> None:
    memory = Memory(ticks=ticks)
    asked_for: list[str] = []

    def recalled(person: str) -> None:
        def ask() -> str:
            asked_for.append(person)
            return "known"

        memory.recall("person", person, ask, lasts=timedelta(hours=1), fresh=False)

    for number in range(MOST_KEPT + 1):
        recalled(str(number))
    recalled("0")

    assert asked_for[-2:] == [str(MOST_KEPT), "0"]
