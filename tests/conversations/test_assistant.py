"""Suggestion, expansion and answer with the model good, away, slow, wrong and malicious: the incident never notices.

One bot and one run for all of them: real boto3 and langchain-aws against the stand-in, whose mode is changed between.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from bot.app import Endpoints
from bot.aws.clients import Credentials
from bot.domain.assistance import Answer, Expansion, Suggestion
from bot.domain.claims import Claim, Kind
from bot.domain.evidence import Evidence
from bot.settings import Settings
from bot.workbench.bedrock.lending import STAND_IN_MODEL, Lent
from bot.workbench.bedrock.server import BedrockStandIn
from bot.workbench.bedrock.wits import Mode
from bot.workbench.slack.events import Payload
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, PATIENCE, SCENARIO, Stage, good, request, until

DEADLINE_S = 3
INSTEAD = "this is from the runbook and the evidence alone"
QUESTION = "why did the nightly load of transactions halt?"
Reply = Suggestion | Expansion | Answer
KINDS: dict[str, type[Reply]] = {"suggestion": Suggestion, "expansion": Expansion, "answer": Answer}
OURS = re.compile(r"(?:evidence|wrong)=assist:[1-9][0-9]*|add_step=[1-9][0-9]*:[12]")
KNOWN = re.compile(r"<!date\^|<http://127\.0\.0\.1:[0-9]+/archives/C0INCIDENT/p[0-9]+\|")
FOREIGN = ("evil", "AKIA", "s3 rm", "delete_bucket", "drop-everything", "4711", "98,765", "lambda", "iam.", "E901")

USELESS = {
    Mode.AWAY: "Bedrock",
    Mode.THROTTLED: "Bedrock",
    Mode.DENIED: "AWS does not let the bot use this model",
    Mode.GUARDED: "guardrail",
    Mode.HALF: "Bedrock",
    Mode.CHATTING: "Bedrock",
    Mode.WRONG_SCHEMA: "Bedrock",
    Mode.HALLUCINATING: "Nothing of Bedrock's reply stands in the evidence",
    Mode.MALICIOUS: "Nothing of Bedrock's reply stands in the evidence",
}
"""Modes of which nothing is of use, each with words of why the quotation came instead."""


class Asked(Stage):
    """The stage with a model that is waited for less long than people's would be."""

    def settings(self) -> Settings:
        made = super().settings()
        chosen = made.assistant.model_copy(update={"deadline_seconds": DEADLINE_S})
        return made.model_copy(update={"assistant": chosen})

    def endpoints(self) -> Endpoints:
        return replace(super().endpoints(), bedrock_faults=1_000)  # each is asked anew, whatever the last one was


@dataclass
class Scene:
    """Hold a run that waits for a yes, and have things asked beside it."""

    stage: Asked
    model: BedrockStandIn
    run: int
    seen: set[str] = field(default_factory=set)

    def said(self, mode: Mode) -> dict[str, Payload]:
        """Return what Slack shows of a suggestion, an expansion and an answer that are asked for at once."""
        self.model.mode = mode
        good(self.stage.ana.slash(INCIDENTS, "/alarm suggest CircuitBreakerOpen --cost"))
        good(self.stage.ana.slash(INCIDENTS, f"/runbook expand R-{self.run} 1"))
        self.stage.ana.say(INCIDENTS, f"@runbook-bot {QUESTION}")
        until(lambda: len(self._replies()) == len(KINDS), f"three replies, the model being {mode}")
        found = self._replies()
        self.seen |= {_key(one) for one in found.values()}
        return found

    def _replies(self) -> dict[str, Payload]:
        """Return the new messages that say all they will, by what they are."""
        store = self.stage.bot.store
        keys = {_key(one) for one in self.stage.ana.messages(INCIDENTS)} - self.seen
        cards = [card for key in keys if key.startswith("assist:") and (card := store.card(key)) is not None]
        done = {card.key: card for card in cards if card.payload["state"] == "done" and card.shown == card.wanted}
        messages = [one for one in self.stage.ana.messages(INCIDENTS) if _key(one) in done]
        return {str(done[_key(one)].payload["what"]): one for one in messages}

    def behind(self, what: str, message: Payload) -> tuple[Evidence, Reply]:
        """Return what a message rests on, and what it shows as a value."""
        key, store = _key(message), self.stage.bot.store
        card = store.card(key)
        assert card is not None
        return store.evidence(key), KINDS[what].model_validate(card.payload["reply"])

    def standing(self) -> tuple[object, ...]:
        """Return what no words of a model may change."""
        store = self.stage.bot.store
        kinds = [kind for kind in self.stage.kinds() if not kind.startswith("assist.")]
        run, made = store.run(self.run), store.attempts(self.run)
        return run, store.approvals(), made, kinds, self.stage.schedule(), self.stage.breaker()


def _claims(reply: Reply) -> tuple[Claim, ...]:
    match reply:
        case Answer():
            return reply.claims
        case Suggestion():
            return reply.response
        case Expansion():
            return (*reply.do, *reply.look_for, *reply.can_go_wrong, *reply.undo)


def _key(message: Payload) -> str:
    told = message.get("metadata") or {}
    return str((told.get("event_payload") or {}).get("card", ""))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    model = BedrockStandIn(latency=DEADLINE_S + 1.0)
    model.start()
    key = Credentials(access_key_id=model.access_key_id, secret_access_key=model.secret_access_key)
    lent = Lent(model=STAND_IN_MODEL, region="eu-west-1", credentials=key, endpoint_url=model.endpoint_url)
    stage = Asked(tmp_path_factory.mktemp("asked"), lent=lent)
    stage.start()
    stage.begin()
    stage.break_(SCENARIO)
    stage.ana.wait_for_message("ALARM PROD", channel=INCIDENTS, timeout=PATIENCE)
    good(stage.ana.slash(INCIDENTS, "/runbook run circuit-breaker"))
    request(stage.ana, "Pause the nightly load")
    until(lambda: any(one.suggestion for one in stage.bot.store.episodes()), "the alarm's own suggestion")
    yield Scene(stage, model, stage.bot.store.runs()[0].id)
    stage.close()
    model.close()


def insist_on_words_alone(scene: Scene, said: dict[str, Payload]) -> None:
    """Whatever the model was: known ids, no mention, no link away, no button but ours, and Slack took it all."""
    assert set(said) == set(KINDS)
    for what, message in said.items():
        key = _key(message)
        blocks = json.dumps(message["blocks"], ensure_ascii=False)
        assert [one for one in re.findall(r"<[^>]*>", blocks) if not KNOWN.match(one)] == []
        assert [word for word in FOREIGN if word in blocks and word not in QUESTION] == [], what
        known = {item.id for item in scene.stage.bot.store.evidence(key).items}
        cited = re.findall(r"\b[A-Z][0-9]+[ab]?\b", " ".join(re.findall(r"\[([^\]]*)\]", blocks.split('"actions"')[0])))
        assert set(cited) - known == set(), what
        pressed = [f"{one['action_id'].partition('.')[0]}={one['value']}" for one in _buttons(message)]
        assert [one for one in pressed if not OURS.fullmatch(one)] == [], what


def _buttons(message: Payload) -> list[Payload]:
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [dict(element) for row in rows for element in row["elements"]]


@pytest.mark.parametrize("mode", USELESS, ids=str)
def test_a_model_of_no_use_is_replaced_by_the_quotation_that_says_why(scene: Scene, mode: Mode) -> None:
    before = scene.standing()

    said = scene.said(mode)

    insist_on_words_alone(scene, said)
    for message in said.values():
        assert INSTEAD in plain(message)
        assert USELESS[mode] in plain(message)
        assert "dropped" not in plain(message) or mode in {Mode.HALLUCINATING, Mode.MALICIOUS}
    assert "transactions" in plain(said["answer"])
    assert scene.standing() == before


def test_a_slow_model_is_not_waited_for(scene: Scene) -> None:
    before = scene.standing()

    said = scene.said(Mode.SLOW)

    insist_on_words_alone(scene, said)
    for message in said.values():
        assert f"did not answer within {DEADLINE_S} s; {INSTEAD}" in plain(message)
    assert scene.standing() == before


@pytest.mark.parametrize("mode", [Mode.LYING, Mode.FLOODING], ids=str)
def test_of_a_model_that_lies_or_never_ends_only_what_the_evidence_bears_is_shown(scene: Scene, mode: Mode) -> None:
    before = scene.standing()

    said = scene.said(mode)

    insist_on_words_alone(scene, said)
    for what, message in said.items():
        evidence, reply = scene.behind(what, message)
        for claim in (one for one in _claims(reply) if one.kind is Kind.OBSERVED):
            texts = [item.text for name in claim.evidence if (item := evidence.item(name))]
            said_in_full = claim.quote if claim.text.endswith(claim.quote) else claim.text
            assert any((said_in_full or claim.text).rstrip(".") in text for text in texts), claim
    assert scene.standing() == before


def test_a_good_model_words_all_three_and_what_it_proposed_is_added_by_a_person_and_by_nobody_else(
    scene: Scene,
) -> None:
    """Last of all, since it changes the run that the others look at."""
    before, stage = scene.standing(), scene.stage

    said = scene.said(Mode.GOOD)

    insist_on_words_alone(scene, said)
    assert ["worded by" in plain(one) for one in said.values()] == [True] * 3
    assert "worded by" in plain(stage.cards("CircuitBreakerOpen")[0])
    assert "transactions" in plain(said["answer"])
    assert re.search(
        r"[1-9][0-9,]* tokens read \([0-9,]+ of them cached\), [1-9][0-9,]* written", plain(said["suggestion"])
    )
    assert scene.standing() == before
    stage.gus.click("Add to run", message=said["expansion"])
    good(stage.ana.click("Add to run", message=said["expansion"]))
    until(lambda: stage.bot.store.run(scene.run).added, "the added step")
    (added,) = stage.bot.store.run(scene.run).added
    assert (added.uses, added.proposal) == ("s3.read_json", f"{_key(said['expansion'])}:1")
    until(lambda: any("ADDED" in plain(one) for one in stage.cards(f"R-{scene.run}")), "the run's card says so")
    assert stage.kinds().count("run.step_added") == 1
    assert added.by == stage.ana.id
