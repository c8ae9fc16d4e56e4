"""Bedrock Runtime's client: explicit time limits, and errors in our words, also those in the middle of a stream."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    TokenRetrievalError,
)

from bot.aws.clients import NO_ANSWER, Credentials, bedrock_runtime
from bot.errors import BusyError, CallRefusedError, UnavailableError

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 60.0
ATTEMPTS = 2

_BUSY = frozenset({"ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"})
_DOWN = frozenset({"ServiceUnavailableException", "InternalServerException", "ModelNotReadyException"})
_DOWN |= {"ModelTimeoutException", "ModelErrorException"}
_NO_KEY = (NoCredentialsError, PartialCredentialsError, TokenRetrievalError)
_SLOW = (ReadTimeoutError, ConnectTimeoutError)


class BedrockRuntime:
    """Converse with models; what langchain calls of a client, and nothing else."""

    def __init__(
        self,
        *,
        region: str,
        endpoint_url: str | None = None,
        credentials: Credentials | None = None,
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        self.region = region
        self._client = bedrock_runtime(
            region=region,
            endpoint_url=endpoint_url,
            credentials=credentials,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=read_timeout,
            attempts=ATTEMPTS,
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    @property
    def endpoint_url(self) -> str:
        """Return where it talks to."""
        return str(self._client.meta.endpoint_url)

    @property
    def meta(self) -> Any:  # noqa: ANN401 - botocore's own
        """Return what the client knows of itself; langchain asks for the region and adds its user agent."""
        return self._client.meta

    def converse(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - AWS's own shape
        """Return a whole reply.

        Raises:
            UnavailableError: no answer, or none that can be read.
            CallRefusedError: AWS said no.
        """
        try:
            answer: Mapping[str, Any] = self._client.converse(**request)
        except (ClientError, *NO_ANSWER) as error:
            raise _ours(error) from error
        if not {"output", "stopReason", "usage"} <= set(answer) or "message" not in answer["output"]:
            raise UnavailableError("Bedrock's answer could not be read")
        return answer

    def converse_stream(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - AWS's own shape
        """Return a reply piece by piece.

        Raises:
            UnavailableError: no answer, or none that can be read; also while it is being read.
            CallRefusedError: AWS said no.
        """
        try:
            answer: Mapping[str, Any] = self._client.converse_stream(**request)
        except (ClientError, *NO_ANSWER) as error:
            raise _ours(error) from error
        return {**answer, "stream": _events(answer["stream"])}


def _events(stream: Any) -> Iterator[Any]:  # noqa: ANN401 - botocore's own class
    """Yield the events until one says that the message is over, and close the connection however it ends."""
    ended = False
    try:
        for event in stream:
            ended = ended or "messageStop" in event
            yield event
    except (ClientError, *NO_ANSWER) as error:
        raise _ours(error) from error
    finally:
        stream.close()
    if not ended:
        raise UnavailableError("Bedrock broke off in the middle of its answer")


def _ours(error: Exception) -> UnavailableError | CallRefusedError:
    """Return the error as a clause for people; what was asked never stands in it."""
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        code = code[:1].upper() + code[1:]  # in a stream AWS writes it small
        if code in _BUSY:
            return BusyError("Bedrock takes no more requests from this account now")
        if code in _DOWN:
            return UnavailableError(f"Bedrock is out of order ({code})")
        if code.endswith("StreamErrorException"):
            return UnavailableError("Bedrock broke off in the middle of its answer")
        return CallRefusedError(f"AWS does not let the bot use this model ({code})", code=code)
    if isinstance(error, _NO_KEY):
        return UnavailableError("There are no AWS credentials for Bedrock")
    if isinstance(error, _SLOW):
        return UnavailableError("Bedrock did not answer in time")
    if isinstance(error, EndpointConnectionError):
        return UnavailableError("Bedrock cannot be reached")
    return UnavailableError("Bedrock's answer could not be read")
