"""Bedrock's own wire, spoken by a stand-in on loopback, through the real boto3 and the real langchain-aws.

The only module that loads langchain here: that takes seconds, so everything that needs it stands here.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from bot.assistant.extractive import ExtractiveAssistant
from bot.assistant.fallback import FallbackAssistant
from bot.assistant.model import Asked, Heard, Model, Said
from bot.aws.bedrock import BedrockRuntime
from bot.aws.clients import Credentials
from bot.domain.assistance import Answer, Expansion, Job, Made, Suggestion, Wording, grounds
from bot.domain.claims import Claim
from bot.errors import InvalidError
from bot.workbench.bedrock.server import BedrockStandIn
from bot.workbench.bedrock.wits import Mode
from tests.assistant.jobs import ANSWER, DRAFT, EXPAND, JOBS, SUGGEST
from tests.assistant.scripted import PROMPTS, CountersInMemory, assistant

CLAUDE = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
INSTEAD = "; this is from the runbook and the evidence alone."
PLAIN = ExtractiveAssistant()
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens

Make = Callable[..., Model]
Reply = Answer | Expansion | Suggestion | Wording


@pytest.fixture(scope="module")
def stand_in() -> Iterator[BedrockStandIn]:
    made = BedrockStandIn(latency=30)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def make(stand_in: BedrockStandIn) -> Iterator[Make]:
    from bot.assistant.bedrock import Bedrock, Choice  # noqa: PLC0415 - takes seconds; only these tests wait for it

    lent = Credentials(access_key_id=stand_in.access_key_id, secret_access_key=stand_in.secret_access_key)
    runtimes: list[BedrockRuntime] = []

    def made(*, url: str = stand_in.endpoint_url, key: Credentials = lent, seconds: float = 20, **choice: Any) -> Model:  # noqa: ANN401 - fields of Choice
        runtime = BedrockRuntime(region="eu-west-1", endpoint_url=url, credentials=key, read_timeout=seconds)
        runtimes.append(runtime)
        return Bedrock(runtime, Choice(**{"model": CLAUDE, **choice}))

    yield made
    for runtime in runtimes:
        runtime.close()


@pytest.fixture(scope="module")
def bedrock(make: Make) -> Model:
    return make()


@pytest.fixture
def wire(stand_in: BedrockStandIn) -> BedrockStandIn:
    stand_in.mode = Mode.GOOD
    stand_in.asked.clear()
    return stand_in


def verbs(asked: FallbackAssistant) -> dict[str, Reply]:
    return {
        "expand_step": asked.expand_step(EXPAND),
        "suggest_response": asked.suggest_response(SUGGEST),
        "answer": asked.answer(ANSWER),
        "draft_postmortem": asked.draft_postmortem(DRAFT),
    }


def claims(reply: Reply) -> Sequence[Claim]:
    match reply:
        case Expansion():
            return (*reply.do, *reply.look_for, *reply.can_go_wrong, *reply.undo, *(one.why for one in reply.proposed))
        case Suggestion():
            return reply.response
        case Answer():
            return reply.claims
        case Wording():
            return [claim for section in reply.sections.values() for claim in section]


# Good.


def test_every_job_is_done_by_the_model_and_every_sentence_holds(bedrock: Model, wire: BedrockStandIn) -> None:
    replies = verbs(assistant(bedrock))

    for task, reply in replies.items():
        assert (reply.made.engine, reply.made.degraded, reply.made.dropped) == ("bedrock", "", ())
        assert reply.made.prompt_sha256 == PROMPTS[task].sha256
        assert reply.made.tokens.input > reply.made.tokens.cached > 0
        assert claims(reply)
    assert replies["suggest_response"].model_dump()["runbook"] == "circuit-breaker"
    assert [one.streams for one in wire.asked] == [False, False, True, *[False] * len(DRAFT.sections)]


def test_a_wire_that_fails_on_the_second_section_keeps_the_first_and_says_so(
    bedrock: Model, wire: BedrockStandIn
) -> None:
    first, *rest = DRAFT.sections

    class Failing:
        """Let the wire go silent once the first section is back."""

        def ask(self, asked: Asked, *, heard: Heard | None = None) -> Said:
            said = bedrock.ask(asked, heard=heard)
            wire.mode = Mode.AWAY
            return said

    wording = assistant(Failing()).draft_postmortem(DRAFT)

    quoted = PLAIN.draft_postmortem(DRAFT).sections
    assert wording.sections[first]
    assert wording.sections[first] != quoted[first]
    assert [wording.sections[title] for title in rest] == [quoted[title] for title in rest]
    assert (wording.made.engine, wording.made.model) == ("bedrock", CLAUDE)
    assert wording.made.degraded.startswith(f"{', '.join(rest)}: ")
    assert wording.made.degraded.endswith("; what it did not word is quoted from the evidence.")


def test_what_leaves_the_bot_is_the_prompt_a_forced_form_and_nothing_else(bedrock: Model, wire: BedrockStandIn) -> None:
    assistant(bedrock).expand_step(EXPAND)

    (asked,) = wire.asked
    (tool,) = asked.body["toolConfig"]["tools"]
    assert asked.path == "/model/eu.anthropic.claude-sonnet-4-20250514-v1%3A0/converse"
    assert set(asked.body) == {"messages", "system", "inferenceConfig", "toolConfig"}
    assert asked.body["inferenceConfig"] == {"maxTokens": PROMPTS["expand_step"].max_tokens}
    assert asked.body["system"] == [{"text": PROMPTS["expand_step"].system}, {"cachePoint": {"type": "default"}}]
    assert tool["toolSpec"]["name"] == "ExpansionReply"
    assert asked.body["toolConfig"]["toolChoice"] == {"tool": {"name": "ExpansionReply"}}
    assert [item["id"] for item in asked.items] == [item.id for item in grounds(EXPAND).items]


def test_the_answer_is_heard_while_it_is_written_sentence_by_sentence(bedrock: Model, wire: BedrockStandIn) -> None:
    heard: list[str] = []

    answer = assistant(bedrock).answer(ANSWER, heard=heard.append)

    assert len(heard) == len(answer.claims) > 1
    assert heard[-1] == " ".join(claim.text for claim in answer.claims)


def test_a_model_that_langchain_would_not_stream_is_asked_for_its_answer_whole(
    make: Make, wire: BedrockStandIn
) -> None:
    answer = assistant(make(model="newcomer.claude-next", base_model="")).answer(ANSWER)

    assert (answer.made.engine, answer.made.degraded) == ("bedrock", "")
    assert [one.streams for one in wire.asked] == [False]


def test_models_guardrail_temperature_and_cache_are_as_set(make: Make, wire: BedrockStandIn) -> None:
    nova = "eu.amazon.nova-pro-v1:0"
    model = make(models={"answer": nova}, guardrail="gr-1", guardrail_version="3", temperature=0.0, cache_prompts=False)

    assistant(model).answer(ANSWER)
    assistant(model).suggest_response(SUGGEST)

    paths = [one.path for one in wire.asked]
    assert "nova-pro" in paths[0]
    assert "claude" in paths[1]
    for asked in wire.asked:
        assert asked.body["guardrailConfig"] == {"guardrailIdentifier": "gr-1", "guardrailVersion": "3"}
        assert asked.body["inferenceConfig"]["temperature"] == 0.0
        assert len(asked.body["system"]) == 1


def test_an_inference_profile_is_used_by_its_arn_without_asking_what_it_is(make: Make, wire: BedrockStandIn) -> None:
    arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123"

    answer = assistant(make(model=arn, base_model="anthropic.claude-sonnet-4-20250514-v1:0")).answer(ANSWER)

    assert answer.made.engine == "bedrock"
    assert "application-inference-profile%2Fabc123" in wire.asked[0].path
    assert len(wire.asked) == 1


def test_a_model_that_cannot_be_made_to_call_a_tool_is_refused_with_the_remedy(make: Make) -> None:
    with pytest.raises(InvalidError, match=r"set assistant\.output to json_schema"):
        make(model="deepseek.r1-v1:0")


def test_with_json_schema_the_form_is_asked_of_the_service_instead(make: Make, wire: BedrockStandIn) -> None:
    assistant(make(output="json_schema")).suggest_response(SUGGEST)

    (asked,) = wire.asked
    form = asked.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert form["name"] == "SuggestionReply"
    assert json.loads(form["schema"])["additionalProperties"] is False
    assert "toolConfig" not in asked.body


def test_nothing_is_traced_and_no_gateway_is_used_whatever_the_environment_says(
    make: Make, wire: BedrockStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = BedrockStandIn()
    elsewhere.start()
    for name, value in {
        "LANGSMITH_TRACING": "true",
        "LANGCHAIN_TRACING_V2": "true",
        "LANGSMITH_ENDPOINT": elsewhere.endpoint_url,
        "LANGSMITH_API_KEY": "lsv2_x",
        "LANGSMITH_GATEWAY": elsewhere.endpoint_url,
    }.items():
        monkeypatch.setenv(name, value)

    answer = assistant(make()).answer(ANSWER)
    suggestion = assistant(make()).suggest_response(SUGGEST)
    elsewhere.close()

    assert (answer.made.engine, suggestion.made.engine) == ("bedrock", "bedrock")
    assert (len(wire.asked), elsewhere.asked, elsewhere.refused) == (2, [], 0)


# Away, slow, wrong: the same commands answer, and say why.


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (Mode.THROTTLED, "Bedrock takes no more requests from this account now"),
        (Mode.OVERLOADED, "Bedrock is out of order (ServiceUnavailableException)"),
        (Mode.DENIED, "AWS does not let the bot use this model (AccessDeniedException)"),
        (Mode.GUARDED, "The guardrail stopped Bedrock's reply"),
        (Mode.CHATTING, "Bedrock's reply did not have the agreed form"),
        (Mode.WRONG_SCHEMA, "Bedrock's reply did not have the agreed form"),
        (Mode.HALF, "Bedrock's reply did not have the agreed form"),
        (Mode.HALLUCINATING, "Nothing of Bedrock's reply stands in the evidence"),
        (Mode.MALICIOUS, "Nothing of Bedrock's reply stands in the evidence"),
        (Mode.LYING, "Nothing of Bedrock's reply stands in the evidence"),
    ],
)
def test_a_model_that_is_away_or_wrong_is_quoted_over_for_every_job(
    bedrock: Model, wire: BedrockStandIn, mode: Mode, words: str
) -> None:
    wire.mode = mode

    for task, job in JOBS.items():
        reply, plain = by_verb(assistant(bedrock), task, job), by_verb(PLAIN, task, job)
        assert reply.made.degraded == f"{words}{INSTEAD}"
        assert reply.made.engine == "extractive"
        assert reply.model_copy(update={"made": plain.made}) == plain


def by_verb(asked: FallbackAssistant | ExtractiveAssistant, task: str, job: Job) -> Reply:
    reply: Reply = getattr(asked, task)(job)
    return reply


def test_an_answer_that_cannot_be_read_or_breaks_off_is_quoted_over(bedrock: Model, wire: BedrockStandIn) -> None:
    wire.mode = Mode.BROKEN

    streamed = assistant(bedrock).answer(ANSWER).made.degraded
    whole = assistant(bedrock).suggest_response(SUGGEST).made.degraded

    assert streamed == f"Bedrock broke off in the middle of its answer{INSTEAD}"
    assert whole == f"Bedrock's answer could not be read{INSTEAD}"


def test_a_model_that_nobody_can_reach_is_quoted_over(make: Make) -> None:
    answer = assistant(make(url=NOWHERE)).answer(ANSWER)

    assert answer.made.degraded == f"Bedrock cannot be reached{INSTEAD}"


def test_a_slow_model_is_not_waited_for_longer_than_the_deadline(bedrock: Model, wire: BedrockStandIn) -> None:
    wire.mode = Mode.SLOW

    answer = assistant(bedrock, deadline=0.2).answer(ANSWER)

    assert answer.made.degraded == f"Bedrock did not answer within 0.2 s{INSTEAD}"
    assert answer.claims == PLAIN.answer(ANSWER).claims


def test_a_model_that_says_nothing_for_too_long_is_given_up_by_the_client(make: Make, wire: BedrockStandIn) -> None:
    wire.mode = Mode.SLOW

    answer = assistant(make(seconds=0.2)).suggest_response(SUGGEST)

    assert answer.made.degraded == f"Bedrock did not answer in time{INSTEAD}"
    assert len(wire.asked) == 2  # once, and once more


def test_of_a_flood_of_sentences_the_first_are_read_and_the_rest_is_counted(
    bedrock: Model, wire: BedrockStandIn
) -> None:
    wire.mode = Mode.FLOODING

    suggestion = assistant(bedrock).suggest_response(SUGGEST)
    answer = assistant(bedrock).answer(ANSWER)

    assert 0 < len(suggestion.response) <= 40
    assert "(160 more sentences)" in [one.claim.text for one in suggestion.made.dropped]
    assert answer.made.degraded == f"Bedrock's reply did not have the agreed form{INSTEAD}"


# Malicious: nothing of it reaches people.


@pytest.mark.parametrize("mode", [Mode.MALICIOUS, Mode.HALLUCINATING, Mode.LYING])
def test_nothing_a_lying_model_says_is_told_or_heard(bedrock: Model, wire: BedrockStandIn, mode: Mode) -> None:
    wire.mode = mode
    heard: list[str] = []

    replies = verbs(assistant(bedrock))
    assistant(bedrock).answer(ANSWER, heard=heard.append)

    told = " ".join([*heard, *(f"{claim.text} {claim.quote}" for reply in replies.values() for claim in claims(reply))])
    lies = ("98,765", "loans-4711", "succeeded with", "in OK", "CLOSED.")
    for bad in ("<!", "<@", "evil.example", "rm s3", "skip the approval", *lies):
        assert bad not in told
    assert replies["expand_step"].model_dump()["proposed"] == ()
    assert replies["suggest_response"].model_dump()["runbook"] in {"circuit-breaker", None}


# The stand-in's own door.


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "only to the key of this launch"),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260121/eu-west-1/bedrock/aws4_request, "
          f"SignedHeaders=host, Signature={'0' * 64}"}, "only to the key of this launch"),
        ({"Authorization": "Bearer x"}, "only to the key of this launch"),
        ({"Host": "evil.example"}, "only to its own address"),
        ({"Origin": "http://evil.example"}, "does not answer web pages"),
    ],
)  # fmt: skip
def test_the_stand_in_opens_only_to_the_key_of_its_launch(
    wire: BedrockStandIn, headers: dict[str, str], words: str
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(wire.endpoint_url.rpartition(":")[2]), timeout=5)
    connection.request("POST", "/model/x/converse", body="{}", headers=headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()

    assert answer.status == 403
    assert words in said
    assert wire.asked == []


def test_a_foreign_key_is_told_by_the_client_as_refused(make: Make, wire: BedrockStandIn) -> None:
    foreign = Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="x")

    answer = assistant(make(key=foreign)).answer(ANSWER)

    assert answer.made.degraded == f"AWS does not let the bot use this model (AccessDeniedException){INSTEAD}"


# Many at once.


def test_many_questions_at_once_are_all_answered_and_all_tokens_counted(bedrock: Model, wire: BedrockStandIn) -> None:
    counters = CountersInMemory()
    asked = assistant(bedrock, counters=counters, at_once=4)
    made: list[Made] = []

    threads = [threading.Thread(target=lambda: made.append(asked.answer(ANSWER).made)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [one.engine for one in made] == ["bedrock"] * 12
    assert counters.counted["tokens of INC-7"] == sum(one.tokens.input + one.tokens.output for one in made)
