"""Every id behind a sentence can be opened: what is cited first, page by page, and each item whole."""

from bot.domain.evidence import Evidence
from bot.domain.inbox import DeclineRequest, ShowAudit, ShowEvidence, ShowPostmortem
from bot.domain.value import JsonObject
from bot.usecases.evidence import PAGE
from tests.usecases.table import ANA, BO, Table
from tests.usecases.test_postmortems import FakeLogs, drafted, seat

LONG = '{"level":"ERROR","message":"CURRENCY_ERROR in ' + "a row of many " * 60 + '","source_file_id":"f-0193"}'


def page(table: Table, number: int) -> tuple[JsonObject, list[str]]:
    table.wish(ANA, ShowEvidence(subject="postmortem:1", page=number))
    told = table.whispers()[-1]
    return told, [item.id for item in Evidence.model_validate(told["evidence"]).items]


def test_what_sentences_cite_comes_first_and_every_item_is_on_some_page(table: Table) -> None:
    seat(table)
    draft = drafted(table)
    assert draft.document is not None
    cited = list(dict.fromkeys(one for _, claim in draft.document.claims() for one in claim.evidence))

    told, first = page(table, 1)
    pages = [page(table, number)[1] for number in range(1, int(str(told["pages"])) + 1)]

    shown = [one for each in pages for one in each]
    assert shown[: len(cited)] == cited
    assert sorted(shown) == sorted(item.id for item in draft.document.evidence.items)
    assert len(first) == PAGE
    assert len(shown) > PAGE


def test_an_item_is_opened_by_its_id_with_the_whole_line_it_points_at(table: Table) -> None:
    seat(table, logs=FakeLogs(bad=LONG))
    draft = drafted(table)
    assert draft.document is not None
    item = next(one for one in draft.document.evidence.items if one.kind == "log" and one.text.startswith('{"level"'))
    assert len(item.text) < len(LONG)

    table.wish(ANA, ShowPostmortem(item=item.id))

    told = table.whispers()[-1]
    assert told["what"] == "item"
    assert told["of"] == item.model_dump(mode="json")
    assert told["verbatim"] == LONG


def test_an_item_without_a_line_and_one_whose_archive_is_gone_are_shown_all_the_same(table: Table) -> None:
    seat(table, logs=FakeLogs(bad=LONG))
    draft = drafted(table)
    assert draft.document is not None
    (table.folder / "archives" / "INC-1.db").unlink()

    for item in draft.document.evidence.items:
        table.wish(ANA, ShowEvidence(subject="postmortem:1", item=item.id))

        assert (table.whispers()[-1]["of"], table.whispers()[-1]["verbatim"]) == (item.model_dump(mode="json"), "")


def test_what_may_not_be_shown_in_a_channel_is_not_opened_there_either(table: Table) -> None:
    seat(table)
    draft = drafted(table)
    assert draft.document is not None
    hidden = next(one for one in draft.document.evidence.items if one.channel is not None)

    table.wish(ANA, ShowEvidence(subject="postmortem:1", item=hidden.id), channel="C0OTHER")
    table.wish(ANA, ShowEvidence(subject="postmortem:1", item="E999"))

    assert "There is no E999" in table.refused()
    assert not [one for one in table.whispers() if one.get("what") == "item"]


def test_a_run_shows_what_it_has_seen_by_now_and_each_of_it_whole(table: Table) -> None:
    run = table.start(ANA, "swap")

    table.wish(ANA, ShowEvidence(subject=run.label))
    told = table.whispers()[-1]
    items = Evidence.model_validate(told["evidence"]).items
    table.wish(ANA, ShowEvidence(subject=run.label, item=items[-1].id))

    assert (told["subject"], told["cited"]) == (run.label, 0)
    assert any(item.source.startswith(f"{run.label}, step") for item in items)
    assert table.whispers()[-1]["of"] == items[-1].model_dump(mode="json")


def test_the_audit_of_a_run_is_shown_with_that_of_its_requests_and_without_what_people_wrote(table: Table) -> None:
    run = table.start(ANA, "swap")
    table.wish(BO, DeclineRequest(approval=1, why="other", words="password=c4nary"))

    table.wish(ANA, ShowAudit(run=run.id))

    told = table.whispers()[-1]
    records = told["records"]
    assert isinstance(records, list)
    bodies = [one for one in records if isinstance(one, dict)]
    kinds = [(one["subject"], one["kind"]) for one in bodies]
    numbers = [int(str(one["seq"])) for one in bodies]
    assert ("Q-1", "approval.declined") in kinds
    assert ("R-1", "run.started") in kinds
    assert numbers == sorted(numbers, reverse=True)
    assert "c4nary" not in str(told)
