"""What Bedrock's client cannot do is said in words, and never with what was asked."""

import os
from pathlib import Path

import pytest

from bot.aws.bedrock import BedrockRuntime
from bot.aws.clients import borrowed_credentials
from bot.errors import InvalidError, UnavailableError

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture(autouse=True)
def _a_shell_without_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:  # noqa: TID251 - to empty it
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_without_credentials_nothing_is_sent_and_the_words_say_so() -> None:
    runtime = BedrockRuntime(region="eu-west-1", endpoint_url="http://127.0.0.1:9")
    message = {"role": "user", "content": [{"text": "a secret question"}]}

    for ask in (runtime.converse, runtime.converse_stream):
        with pytest.raises(UnavailableError, match="There are no AWS credentials for Bedrock") as refused:
            ask(modelId="a-model", messages=[message])
        assert "secret question" not in str(refused.value)
    runtime.close()


def test_it_talks_to_bedrock_of_its_region_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://evil.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://evil.example")

    runtime = BedrockRuntime(region="eu-west-1")
    runtime.close()

    assert runtime.endpoint_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"


def test_the_credentials_of_a_shell_are_borrowed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "AWS_DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)

    credentials, region = borrowed_credentials()

    assert (credentials.access_key_id, credentials.session_token, region) == (*list(KEYS.values())[::2], "eu-west-1")


def test_a_shell_without_credentials_or_region_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidError, match="no AWS credentials in this shell; log in first"):
        borrowed_credentials()
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidError, match="set AWS_DEFAULT_REGION"):
        borrowed_credentials()
