"""Bedrock through langchain-aws: the only module that imports langchain, and it takes seconds to load.

Whoever wants it imports it inside the function that builds it, in a thread of its own. The client is made elsewhere,
with its time limits and its errors in our words; nothing is traced, and no gateway of the environment is used.
"""

import logging
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from langchain_aws import ChatBedrockConverse
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import Runnable
from langsmith import tracing_context
from pydantic import BaseModel, ValidationError

from bot.assistant.hearing import Hearing
from bot.assistant.model import Asked, Heard, Said
from bot.assistant.replies import SCHEMAS
from bot.domain.assistance import Tokens
from bot.domain.strictjson import parse_object
from bot.domain.value import Value
from bot.errors import InvalidError

log = logging.getLogger(__name__)

GUARDED = "guardrail_intervened"


class Choice(Value):
    """Say which model does which task, and how it is held to a form.

    Attributes:
        model: a model's id, an inference profile or its ARN.
        models: other ones by task.
        base_model: the id of the model behind an ARN.
        output: `tool` forces the call of one tool whose input is the reply; `json_schema` is Bedrock's own output form.
    """

    model: str
    models: Mapping[str, str] = {}
    base_model: str = ""
    output: Literal["tool", "json_schema"] = "tool"
    guardrail: str = ""
    guardrail_version: str = "DRAFT"
    cache_prompts: bool = True
    temperature: float | None = None


class Runtime(Protocol):
    """Bedrock Runtime's client, as far as langchain calls it."""

    @property
    def region(self) -> str:
        """Return the region it talks to."""
        ...

    @property
    def endpoint_url(self) -> str:
        """Return where it talks to."""
        ...

    def converse(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - AWS's own shape
        """Return a whole reply."""
        ...

    def converse_stream(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - AWS's own shape
        """Return a reply piece by piece."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class Bedrock:
    """Ask models of Bedrock."""

    def __init__(self, runtime: Runtime, choice: Choice) -> None:
        """Make what every request needs, so that the first one does not wait for it.

        Raises:
            InvalidError: a model cannot be held to a form as it is set.
        """
        self._runtime = runtime
        self._choice = choice
        self._chats = {name: self._chat(name) for name in {choice.model, *choice.models.values()}}

    def ask(self, asked: Asked, *, heard: Heard | None = None) -> Said:
        """Return what the model says."""
        name = self._choice.models.get(asked.task, self._choice.model)
        chat = self._chats[name].model_copy(update={"max_tokens": asked.max_tokens})
        schema = SCHEMAS[asked.output]
        messages: list[BaseMessage] = [SystemMessage(self._system(asked.system)), HumanMessage(asked.user)]
        with tracing_context(enabled=False):
            try:
                # What langchain does not know to stream tools comes whole, whoever listens.
                if heard is not None and self._choice.output == "tool" and not chat.disable_streaming:
                    message, reply = _streamed(chat, schema, messages, heard)
                else:
                    message, reply = _whole(chat, schema, messages, self._method)
            except ValueError as error:  # langchain's own, for an answer it can make nothing of
                log.info("The model's answer could not be read.", extra={"kind": type(error).__name__})
                return Said(reply=None, model=name, tokens=Tokens(), refused=_NO_FORM)
        return _said(name, message, reply)

    def close(self) -> None:
        """Close every connection."""
        self._runtime.close()

    @property
    def _method(self) -> Literal["function_calling", "json_schema"]:
        return "function_calling" if self._choice.output == "tool" else "json_schema"

    def _system(self, text: str) -> list[str | dict[Any, Any]]:
        static: list[str | dict[Any, Any]] = [{"type": "text", "text": text}]
        return [*static, ChatBedrockConverse.create_cache_point()] if self._choice.cache_prompts else static

    def _chat(self, name: str) -> ChatBedrockConverse:
        guardrail = {
            "guardrailIdentifier": self._choice.guardrail,
            "guardrailVersion": self._choice.guardrail_version,
        }
        base = self._choice.base_model
        what: dict[str, Any] = {"base_model_id": base, "provider": _provider(base)} if name.startswith("arn:") else {}
        chat = ChatBedrockConverse(
            model_id=name,
            **what,
            client=self._runtime,
            bedrock_client=self._runtime,  # the control plane is never asked: an ARN's base model is a setting
            region_name=self._runtime.region,
            endpoint_url=self._runtime.endpoint_url,
            temperature=self._choice.temperature,
            guardrail_config=guardrail if self._choice.guardrail else None,
        )
        if self._choice.output == "tool" and "tool" not in (chat.supports_tool_choice_values or ()):
            words = f"{name} cannot be made to call one tool; set assistant.output to json_schema"
            raise InvalidError(words)
        return chat


_NO_FORM = "Bedrock's reply did not have the agreed form"


def _whole(
    chat: ChatBedrockConverse,
    schema: type[BaseModel],
    messages: list[BaseMessage],
    method: Literal["function_calling", "json_schema"],
) -> tuple[AIMessage, BaseModel | None]:
    structured: Runnable[Any, Any] = chat.with_structured_output(schema, include_raw=True, method=method)
    found = structured.invoke(messages)
    message, parsed = found["raw"], found["parsed"]
    return message, parsed if isinstance(parsed, schema) else None


def _streamed(
    chat: ChatBedrockConverse, schema: type[BaseModel], messages: list[BaseMessage], heard: Heard
) -> tuple[AIMessage, BaseModel | None]:
    """Return the message and the reply, each sentence told as soon as it is whole.

    `with_structured_output` gives a stream's reply only at its end, and adding chunk to chunk parses all of it anew for
    each; so the tool's input is put together here, and read once, strictly.
    """
    hearing = Hearing()
    usage: UsageMetadata | None = None
    metadata: dict[str, Any] = {}
    for chunk in chat.bind_tools([schema], tool_choice=schema.__name__).stream(messages):
        assert isinstance(chunk, AIMessageChunk)  # noqa: S101 - what a stream of this model is made of
        for call in chunk.tool_call_chunks:
            for sentence in hearing.hear(call["args"] or ""):
                heard(sentence)
        usage = chunk.usage_metadata or usage
        metadata |= chunk.response_metadata
        if hearing.too_long:
            break
    message = AIMessage(content="", usage_metadata=usage, response_metadata=metadata)
    try:
        return message, schema.model_validate(parse_object(hearing.text))
    except (InvalidError, ValidationError):
        return message, None


def _said(name: str, message: AIMessage, reply: BaseModel | None) -> Said:
    tokens, stop = _tokens(message), message.response_metadata.get("stopReason")
    if stop == GUARDED:
        words = "The guardrail stopped Bedrock's reply"
        return Said(reply=None, model=name, tokens=tokens, refused=words, why="guarded", fault=False)
    if stop == "max_tokens":
        words = "Bedrock's reply was longer than it may be"
        return Said(reply=None, model=name, tokens=tokens, refused=words, why="too_long", fault=False)
    return Said(reply=reply, model=name, tokens=tokens, refused="" if reply is not None else _NO_FORM)


def _tokens(message: AIMessage) -> Tokens:
    usage = message.usage_metadata
    if usage is None:
        return Tokens()
    cached = usage.get("input_token_details", {}).get("cache_read", 0)
    return Tokens(input=usage["input_tokens"], output=usage["output_tokens"], cached=cached)


def _provider(base_model: str) -> str:
    """Return whose the model is: `eu.anthropic.claude-…` and `anthropic.claude-…` are anthropic's."""
    parts = base_model.split(".")
    return parts[1] if len(parts) > 2 and len(parts[0]) <= 4 else parts[0]
