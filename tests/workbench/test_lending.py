"""The demo's bot gets no model, a local one, or a real one that somebody asked for by name."""

import pytest

from bot.aws.clients import Credentials
from bot.workbench.bedrock.lending import STAND_IN, Lent
from bot.workbench.launch import lending


def test_without_a_word_no_model_is_lent() -> None:
    with lending(None) as lent:
        assert lent is None


def test_the_stand_in_needs_nothing_outside() -> None:
    with lending(STAND_IN) as lent:
        assert lent is not None
        assert (lent.endpoint_url or "").startswith("http://127.0.0.1:")
        assert lent.outside == frozenset()


def test_a_real_model_opens_the_wall_for_one_host_and_no_other() -> None:
    key = Credentials(access_key_id="x", secret_access_key="y")

    lent = Lent(model="eu.anthropic.claude-x", region="eu-central-1", credentials=key)

    assert lent.outside == {"bedrock-runtime.eu-central-1.amazonaws.com"}


def test_a_real_model_is_asked_for_with_the_credentials_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_SECRET_ACCESS_KEY": "B",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)

    with lending("eu.anthropic.claude-x") as lent:
        assert lent is not None
        assert (lent.model, lent.credentials.access_key_id, lent.endpoint_url) == ("eu.anthropic.claude-x", "A", None)
