import pytest

from bot.aws.clients import Clients, Fence, boottime, refuse_redirects
from bot.errors import InvalidError, OutcomeUnknownError, UnavailableError
from tests.aws.seeded import CREDENTIALS, REGION


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "aws_endpoint_url_sts"])
def test_an_environment_that_redirects_calls_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidError, match=name):
        refuse_redirects({"PATH": "/bin", name: "http://127.0.0.1:1"})


def test_an_ordinary_environment_is_fine() -> None:
    refuse_redirects({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "lake"})


def test_even_a_redirecting_environment_does_not_move_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", "http://127.0.0.1:1")

    clients = Clients(region=REGION, fence=Fence(), credentials=CREDENTIALS)

    assert clients.host("events") == "events.eu-west-1.amazonaws.com"


def test_a_sending_client_tries_once_and_a_reading_one_three_times() -> None:
    clients = Clients(region=REGION, fence=Fence(), credentials=CREDENTIALS)

    attempts = {
        kind: client.meta.config.retries["total_max_attempts"]
        for kind, client in (("sending", clients.sending("events")), ("reading", clients.reading("events")))
    }

    assert attempts == {"sending": 1, "reading": 3}


def test_timeouts_are_set_and_a_long_poll_waits_longer() -> None:
    clients = Clients(region=REGION, fence=Fence(), credentials=CREDENTIALS, connect_timeout=1, read_timeout=2)

    assert (clients.reading("sqs").meta.config.connect_timeout, clients.reading("sqs").meta.config.read_timeout) == (
        1,
        2,
    )
    assert clients.polling("sqs").meta.config.read_timeout > 20


def test_a_fence_lets_one_request_out_and_shuts() -> None:
    fence = Fence()

    with fence.opened() as sending:
        fence.before_send()
        assert sending.sent
        with pytest.raises(OutcomeUnknownError):
            fence.before_send()
    with pytest.raises(UnavailableError):
        fence.before_send()


def test_a_fence_shuts_by_the_clock_that_goes_on_while_frozen() -> None:
    fence = Fence(limit=5)

    with fence.opened() as sending:
        sending.marked = boottime() - 6
        with pytest.raises(UnavailableError, match="Too long"):
            fence.before_send()
        assert not sending.sent
