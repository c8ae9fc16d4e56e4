"""What comes in hostile lies as harmless evidence, and no claim carries it further."""

import pytest

from bot.domain.claims import Claim, Kind, check
from bot.domain.evidence import Gathering, Origin
from bot.domain.matching import words_of_alarm
from bot.domain.plain import unseen
from tests.domain.attacks import ATTACKS, Attack

NAMED = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.tries)
SECRETS = {"a token", "a token with a gap", "a key", "a password", "a person"}
UNSEEN = {attack.tries for attack in ATTACKS if any(unseen(one) for one in attack.must_not)}


@NAMED
def test_evidence_holds_nothing_unseen_and_no_secret(attack: Attack) -> None:
    gathering = Gathering()
    gathering.add("message", attack.text, origin=Origin.TEXT, source=attack.text, link=attack.text)
    gathering.skip(attack.text)

    item = gathering.evidence().items[0]

    assert len(item.text) <= 2_000
    assert len(item.source) <= 300
    assert item.link == "" or item.link.startswith("http")
    for text in (item.text, item.source, *gathering.evidence().unread):
        assert not unseen(text)
        if attack.tries in SECRETS | UNSEEN:
            assert [one for one in attack.must_not if one in text] == []


@NAMED
def test_no_claim_carries_a_mention_a_link_or_a_look_alike_even_when_it_quotes_one(attack: Attack) -> None:
    gathering = Gathering()
    name = gathering.add("message", attack.text, origin=Origin.TEXT, source="#incident")
    item = gathering.evidence().items[0]
    claim = Claim(text=item.text[:500], kind=Kind.OBSERVED, evidence=(name,), quote=item.text)

    for kept in check([claim, Claim(text=attack.text[:500], evidence=(name,))], gathering.evidence()).kept:
        assert not unseen(kept.text)
        assert [one for one in ("://", "<!", "<@", "](", "@channel", "@here") if one in kept.text] == []
        assert [one for one in attack.must_not if one in kept.text and one not in {"<script>", "<img"}] == []


@NAMED
def test_the_words_for_the_index_are_words(attack: Attack) -> None:
    assert all(word.isalnum() for word in words_of_alarm({"AlarmDescription": attack.text}))
