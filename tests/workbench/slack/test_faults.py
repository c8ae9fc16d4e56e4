import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.workbench.slack.faults import FAULTS, Fault, Faults
from bot.workbench.slack.person import Person
from bot.workbench.slack.server import LocalSlack
from tests.workbench.slack.scene import PLATFORM, ROOM, WORKSPACE


@pytest.fixture
def slack(lasting_slack: LocalSlack) -> LocalSlack:
    lasting_slack.reset()
    lasting_slack.workspace = WORKSPACE
    return lasting_slack


def refused(client: WebClient, method: str = "chat.postMessage", **arguments: object) -> tuple[int, str]:
    with pytest.raises(SlackApiError) as raised:
        client.api_call(method, json=arguments or {"channel": ROOM, "text": "x"})
    data = raised.value.response.data
    return int(raised.value.response.status_code), str(data.get("error") if isinstance(data, dict) else data)


def test_too_many_requests_say_when_to_come_back_and_the_sdk_does(
    client: WebClient, slack: LocalSlack, ana: Person
) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    slack.fault("rate_limit", count=2)

    client.chat_postMessage(channel=ROOM, text="at last")

    assert [message["text"] for message in ana.messages()] == ["at last"]
    assert slack.faults.active() == {}


def test_a_rate_limit_is_a_429_with_retry_after(client: WebClient, slack: LocalSlack) -> None:
    slack.fault("rate_limit", seconds=7)

    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel=ROOM, text="x")

    response = raised.value.response
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert (response.status_code, response["error"], headers["retry-after"]) == (429, "ratelimited", "7")


def test_a_server_error_does_nothing_but_a_lost_answer_did_it(
    client: WebClient, slack: LocalSlack, ana: Person
) -> None:
    slack.fault("server_error")
    assert refused(client)[0] == 500
    assert ana.messages() == []

    slack.fault("answer_lost")
    assert refused(client)[0] == 500
    assert len(ana.messages()) == 1


def test_a_fault_for_one_method_leaves_the_others_alone(client: WebClient, slack: LocalSlack) -> None:
    slack.fault("server_error", method="chat.update")

    posted = client.chat_postMessage(channel=ROOM, text="x")

    assert refused(client, "chat.update", channel=ROOM, ts=posted["ts"], text="y")[0] == 500


def test_the_app_is_out_of_the_channel_until_it_is_let_in_again(client: WebClient, slack: LocalSlack) -> None:
    slack.fault("not_in_channel")

    assert [refused(client)[1] for _ in range(3)] == ["not_in_channel"] * 3
    slack.fault("not_in_channel", count=0)
    assert client.chat_postMessage(channel=ROOM, text="x")["ok"] is True


def test_a_failing_group_lookup_is_no_empty_group(client: WebClient, slack: LocalSlack) -> None:
    slack.fault("lookup_fails", count=1)

    assert refused(client, "usergroups.users.list", usergroup=PLATFORM) == (200, "internal_error")
    assert client.usergroups_users_list(usergroup=PLATFORM)["users"] != []


def test_a_slow_answer_outlasts_an_impatient_client(slack: LocalSlack) -> None:
    impatient = WebClient(token=slack.bot_token, base_url=slack.base_url, timeout=1)
    impatient.retry_handlers.clear()
    slack.fault("slow", seconds=1.5)

    with pytest.raises(TimeoutError):
        impatient.auth_test()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_set_by_a_person(ana: Person, fault: Fault) -> None:
    answer = ana.do("fault", fault=fault, count=2)

    assert answer["ok"] is True
    assert set(ana.state()["faults"]) == ({fault} - {"disconnect"})
    ana.do("fault", fault="clear")
    assert ana.state()["faults"] == {}


def test_an_unknown_fault_is_answered_with_those_there_are(ana: Person) -> None:
    answer = ana.do("fault", fault="earthquake")

    assert answer["ok"] is False
    assert "There is no fault called 'earthquake'; there are rate_limit" in answer["error"]


def test_a_fault_strikes_as_often_as_it_was_set() -> None:
    faults = Faults()
    faults.set("rate_limit", count=2)

    struck = [faults.strikes("rate_limit", "auth.test") is not None for _ in range(3)]

    assert struck == [True, True, False]
