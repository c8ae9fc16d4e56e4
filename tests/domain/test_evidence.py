"""Evidence is clean and redacted by construction, and each channel sees only its own."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.evidence import MOST_ITEMS, Evidence, Gathering, Item, Origin
from bot.domain.redaction import for_eyes

NIGHT = datetime(2026, 1, 21, 2, 7, 31, tzinfo=UTC)
SECRET = "ghp_" + "a1B2" * 9


def test_items_are_numbered_in_the_order_of_gathering() -> None:
    gathering = Gathering()

    ids = [gathering.add("log", text, origin=Origin.TEXT, source="logs") for text in ("one", "two")]

    assert ids == ["E1", "E2"]
    item = gathering.evidence().item("E2")
    assert item is not None
    assert item.text == "two"


def test_a_placeholder_means_the_same_in_every_item() -> None:
    gathering = Gathering()

    for text in ("ana@example.com asked", "bo@example.com answered", "ana@example.com thanked"):
        gathering.add("message", text, origin=Origin.TEXT, source="#incident")

    texts = [item.text for item in gathering.evidence().items]
    assert texts == ["[email#1] asked", "[email#2] answered", "[email#1] thanked"]
    assert gathering.redactor.counts == {"email": 3}


def test_no_item_can_be_made_of_text_that_is_not_redacted_and_clean() -> None:
    hostile = f"\x1b[31m{SECRET[:9]}\u200b{SECRET[9:]}\u202e"

    item = Item(id="E1", kind="log", origin=Origin.TEXT, source=hostile, text=hostile)

    assert (item.text, item.source) == ("[github-token]", "[github-token]")


def test_items_that_were_made_apart_do_not_pass_for_telling_of_the_same_person() -> None:
    apart = [Item(id=n, kind="log", origin=Origin.TEXT, source="logs", text=f"{n}@example.com") for n in ("ana", "bo")]

    assert [one.text for one in apart] == ["[email]", "[email]"]


def test_what_was_redacted_elsewhere_is_told_apart_from_what_a_job_numbers() -> None:
    gathering = Gathering()

    for text in (for_eyes("ana@example.com asked"), "bo@example.com answered"):
        gathering.add("step", text, origin=Origin.AWS, source="looked")

    assert [item.text for item in gathering.evidence().items] == ["[email] asked", "[email#1] answered"]


@pytest.mark.parametrize("lead", [480, 499, 1_985, 1_999])
def test_a_secret_across_a_cut_is_redacted_whole(lead: int) -> None:
    item = Item(id="E1", kind="log", origin=Origin.TEXT, source="logs", text=("x " * 1_000)[:lead] + " " + SECRET)

    assert SECRET[:8] not in item.text
    assert len(item.text) <= 2_000


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a b", "https://a|b", "<https://a>", "slack://x"])
def test_a_link_that_is_no_plain_web_address_is_none(link: str) -> None:
    assert Item(id="E1", kind="log", origin=Origin.TEXT, source="logs", text="a", link=link).link == ""


def some() -> Evidence:
    gathering = Gathering()
    gathering.add("alarm", "ALARM", origin=Origin.AWS, source="alarm", at=NIGHT)
    gathering.add("message", "back", origin=Origin.TEXT, source="#a", at=NIGHT + timedelta(minutes=24), channel="C_A")
    gathering.add("message", "other", origin=Origin.TEXT, source="#b", channel="C_B")
    gathering.skip("#c: not allowed")
    gathering.skip("#c: not allowed")
    return gathering.evidence().model_copy(update={"derived": {"outage": "24 min"}})


def test_what_was_not_looked_at_is_told_once() -> None:
    assert some().unread == ("#c: not allowed",)


def test_a_channel_sees_its_own_items_and_what_was_derived_only_where_all_is_seen() -> None:
    evidence = some()

    assert [item.id for item in evidence.readable_in("C_A").items] == ["E1", "E2"]
    assert [item.id for item in evidence.readable_in("C_B").items] == ["E1", "E3"]
    assert [item.id for item in evidence.readable_in(None).items] == ["E1"]
    assert evidence.readable_in("C_A").derived == {}
    one_channel = evidence.model_copy(update={"items": evidence.items[:2]})
    assert one_channel.readable_in("C_A").derived == {"outage": "24 min"}


def test_beyond_the_most_items_it_is_told_that_there_was_more() -> None:
    gathering = Gathering()

    ids = [gathering.add("log", str(n), origin=Origin.TEXT, source="logs") for n in range(MOST_ITEMS + 2)]

    assert ids[-1] == ""
    assert gathering.evidence().unread == (f"more than {MOST_ITEMS} items; left out: logs",)


def test_evidence_that_an_older_bot_kept_is_read_without_what_it_no_longer_has() -> None:
    older = '{"items": [], "derived": {"minutes": "3"}, "basis": {"minutes": ["E1"]}, "unread": []}'

    assert Evidence.model_validate_json(older) == Evidence(derived={"minutes": "3"})
