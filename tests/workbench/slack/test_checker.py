import pytest

from bot.workbench.slack.checker import check_blocks, check_message, check_view
from tests.workbench.slack.scene import Body, actions, button, modal, section, text_input


def plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}


def option(number: int) -> Body:
    return {"text": plain(f"Option {number}"), "value": str(number)}


def select(count: int, **fields: object) -> Body:
    return {
        "type": "static_select",
        "action_id": "pick",
        "options": [option(n) for n in range(count)],
        **fields,
    }


CONFIRM = {"title": plain("Sure?"), "text": plain("In PROD."), "confirm": plain("Yes"), "deny": plain("No")}
IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a chart"}
CELL = {"type": "raw_text", "text": "x"}

GOOD: dict[str, list[Body]] = {
    "the ten blocks of our cards": [
        {"type": "header", "text": plain("R-42")},
        {**section("*PROD* <@U0ANA>"), "expand": True, "block_id": "top"},
        {"type": "section", "fields": [plain("a"), plain("b")]},
        {"type": "divider"},
        IMAGE,
        {"type": "image", "slack_file": {"id": "F0CHART"}, "alt_text": "a chart"},
        {"type": "context", "elements": [plain("Started"), IMAGE]},
        {"type": "markdown", "text": "# Done"},
        {"type": "table", "rows": [[CELL, CELL], [CELL, CELL]]},
        actions(button("Approve", "yes", style="primary", value="apr_1", confirm=CONFIRM)),
    ],
    "menus": [
        actions(
            select(100, placeholder=plain("Choose"), initial_option=option(3)),
            {"type": "overflow", "action_id": "more", "options": [option(n) for n in range(5)]},
        ),
        {**section("x"), "accessory": button("Open", "open", url="https://example.com")},
    ],
    "rich text": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "x", "style": {"bold": True}}],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "emoji", "name": "a"}]}],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}]},
            ],
        }
    ],
    "everything at its limit": [
        {**section("x" * 3_000), "block_id": "b" * 255},
        {"type": "header", "text": plain("x" * 150)},
        actions(*(button("x" * 75, f"a{n}", value="v" * 2_000) for n in range(25))),
        {"type": "context", "elements": [plain(str(n)) for n in range(10)]},
        {"type": "section", "fields": [plain("f") for _ in range(10)]},
    ],
    "fifty blocks": [{"type": "divider"} for _ in range(50)],
}


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD)
def test_what_slack_takes_has_no_problem(blocks: list[Body]) -> None:
    assert check_blocks(blocks, "message") == []


BAD: dict[str, tuple[object, str, str]] = {
    "unknown block": ({"type": "data_table"}, "/blocks/0/type", "unsupported type: data_table"),
    "block without a type": ({"text": plain("x")}, "/blocks/0", "missing required field: type"),
    "block that is no object": ("x", "/blocks/0", "must be an object"),
    "extra field": ({"type": "divider", "colour": "red"}, "/blocks/0/colour", "invalid additional property"),
    "extra field of a button": (
        actions(button("x", "a", emoji=True)),
        "/blocks/0/elements/0/emoji",
        "invalid additional property",
    ),
    "expand on a header": (
        {"type": "header", "text": plain("x"), "expand": True},
        "/blocks/0/expand",
        "invalid additional property",
    ),
    "mrkdwn in a header": (
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        "/blocks/0/text/type",
        "unsupported type: mrkdwn",
    ),
    "mrkdwn on a button": (
        actions({**button("x", "a"), "text": {"type": "mrkdwn", "text": "x"}}),
        "/blocks/0/elements/0/text/type",
        "unsupported type: mrkdwn",
    ),
    "text that is a string": (
        {"type": "section", "text": "hello"},
        "/blocks/0/text",
        "must be an object",
    ),
    "section without text": ({"type": "section"}, "/blocks/0", "at least one of these fields is required"),
    "empty text": (section(""), "/blocks/0/text/text", "must be more than 0 characters"),
    "3,001 characters in a section": (
        section("x" * 3_001),
        "/blocks/0/text/text",
        "must be less than 3001 characters",
    ),
    "151 characters in a header": (
        {"type": "header", "text": plain("x" * 151)},
        "/blocks/0/text/text",
        "must be less than 151 characters",
    ),
    "12,001 characters of markdown": (
        {"type": "markdown", "text": "x" * 12_001},
        "/blocks/0/text",
        "must be less than 12001 characters",
    ),
    "block id of 256": ({"type": "divider", "block_id": "b" * 256}, "/blocks/0/block_id", "less than 256"),
    "action id of 256": (actions(button("x", "a" * 256)), "/blocks/0/elements/0/action_id", "less than 256"),
    "11 fields": (
        {"type": "section", "fields": [plain("x") for _ in range(11)]},
        "/blocks/0/fields",
        "no more than 10 items allowed [11]",
    ),
    "a field of 2,001": (
        {"type": "section", "fields": [plain("x" * 2_001)]},
        "/blocks/0/fields/0/text",
        "must be less than 2001 characters",
    ),
    "26 actions": (
        actions(*(button("x", f"a{n}") for n in range(26))),
        "/blocks/0/elements",
        "no more than 25 items allowed [26]",
    ),
    "no actions": (actions(), "/blocks/0/elements", "must be more than 0 items"),
    "11 context elements": (
        {"type": "context", "elements": [plain("x") for _ in range(11)]},
        "/blocks/0/elements",
        "no more than 10 items allowed [11]",
    ),
    "button in context": (
        {"type": "context", "elements": [button("x", "a")]},
        "/blocks/0/elements/0/type",
        "unsupported type: button",
    ),
    "text in actions": (actions(plain("x")), "/blocks/0/elements/0/type", "unsupported type: plain_text"),
    "unknown element": (
        actions({"type": "slider", "action_id": "a"}),
        "/blocks/0/elements/0/type",
        "unsupported type: slider",
    ),
    "bad style": (
        actions(button("x", "a", style="warning")),
        "/blocks/0/elements/0/style",
        "must be a valid enum value: primary, danger",
    ),
    "button text of 76": (
        actions(button("x" * 76, "a")),
        "/blocks/0/elements/0/text/text",
        "must be less than 76 characters",
    ),
    "button value of 2,001": (
        actions(button("x", "a", value="v" * 2_001)),
        "/blocks/0/elements/0/value",
        "must be less than 2001 characters",
    ),
    "button value that is a number": (
        actions(button("x", "a", value=7)),
        "/blocks/0/elements/0/value",
        "must be a string",
    ),
    "button url of 3,001": (
        actions(button("x", "a", url="u" * 3_001)),
        "/blocks/0/elements/0/url",
        "must be less than 3001 characters",
    ),
    "button without text": (
        actions({"type": "button", "action_id": "a"}),
        "/blocks/0/elements/0",
        "missing required field: text",
    ),
    "confirm without deny": (
        actions(button("x", "a", confirm={k: v for k, v in CONFIRM.items() if k != "deny"})),
        "/blocks/0/elements/0/confirm",
        "missing required field: deny",
    ),
    "confirm title of 101": (
        actions(button("x", "a", confirm={**CONFIRM, "title": plain("x" * 101)})),
        "/blocks/0/elements/0/confirm/title/text",
        "must be less than 101 characters",
    ),
    "confirm text of 301": (
        actions(button("x", "a", confirm={**CONFIRM, "text": plain("x" * 301)})),
        "/blocks/0/elements/0/confirm/text/text",
        "must be less than 301 characters",
    ),
    "duplicate action id": (
        actions(button("x", "a"), button("y", "a")),
        "/blocks/0/elements/1/action_id",
        '`action_id` "a" already exists',
    ),
    "101 options": (actions(select(101)), "/blocks/0/elements/0/options", "no more than 100 items allowed"),
    "no options": (actions(select(0)), "/blocks/0/elements/0/options", "must be more than 0 items"),
    "options and groups": (
        actions(select(1, option_groups=[{"label": plain("g"), "options": [option(1)]}])),
        "/blocks/0/elements/0",
        "exactly one of these fields is required: options, option_groups",
    ),
    "option without a value": (
        actions(select(1, options=[{"text": plain("x")}])),
        "/blocks/0/elements/0/options/0",
        "missing required field: value",
    ),
    "option value of 151": (
        actions(select(1, options=[{"text": plain("x"), "value": "v" * 151}])),
        "/blocks/0/elements/0/options/0/value",
        "must be less than 151 characters",
    ),
    "initial option that is none": (
        actions(select(2, initial_option=option(7))),
        "/blocks/0/elements/0/initial_option",
        "must be one of the options",
    ),
    "6 overflow options": (
        actions({"type": "overflow", "action_id": "o", "options": [option(n) for n in range(6)]}),
        "/blocks/0/elements/0/options",
        "no more than 5 items allowed [6]",
    ),
    "input without a label": (
        {"type": "input", "element": {"type": "plain_text_input", "action_id": "a"}},
        "/blocks/0",
        "missing required field: label",
    ),
    "button as input": (
        {"type": "input", "label": plain("x"), "element": button("x", "a")},
        "/blocks/0/element/type",
        "unsupported type: button",
    ),
    "image without alt text": (
        {"type": "image", "image_url": "https://example.com/a.png"},
        "/blocks/0",
        "missing required field: alt_text",
    ),
    "image without a source": (
        {"type": "image", "alt_text": "x"},
        "/blocks/0",
        "exactly one of these fields is required: image_url, slack_file",
    ),
    "101 table rows": (
        {"type": "table", "rows": [[CELL] for _ in range(101)]},
        "/blocks/0/rows",
        "no more than 100 items allowed [101]",
    ),
    "21 table columns": (
        {"type": "table", "rows": [[CELL for _ in range(21)]]},
        "/blocks/0/rows/0",
        "no more than 20 items allowed [21]",
    ),
    "unknown rich text": (
        {"type": "rich_text", "elements": [{"type": "rich_text_poem", "elements": []}]},
        "/blocks/0/elements/0/type",
        "unsupported type: rich_text_poem",
    ),
}


@pytest.mark.parametrize(("block", "pointer", "words"), BAD.values(), ids=BAD)
def test_a_bad_block_is_refused_with_its_place_and_nothing_else_is(block: object, pointer: str, words: str) -> None:
    problems = check_blocks([block], "message")

    assert [problem.pointer for problem in problems] == [pointer]
    assert words in problems[0].words
    assert problems[0].error == "invalid_blocks"


TOGETHER: dict[str, tuple[list[Body], str, str, str]] = {
    "51 blocks": (
        [{"type": "divider"} for _ in range(51)],
        "/blocks",
        "no more than 50 items allowed [51]",
        "invalid_blocks",
    ),
    "duplicate block id": (
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        "/blocks/1/block_id",
        '`block_id` "b" already exists',
        "invalid_blocks",
    ),
    "markdown over 12,000 together": (
        [{"type": "markdown", "text": "x" * 6_001}, {"type": "markdown", "text": "x" * 6_000}],
        "/blocks",
        "must have less than 12001 characters together",
        "invalid_blocks",
    ),
    "two tables": (
        [{"type": "table", "rows": [[CELL]]}, {"type": "table", "rows": [[CELL]]}],
        "/blocks",
        "only one table allowed",
        "invalid_blocks",
    ),
    "13,201 characters in all": (
        [section("x" * 2_800) for _ in range(4)] + [section("x" * 2_001)],
        "/blocks",
        "13201 characters in all blocks together",
        "msg_blocks_too_long",
    ),
}


@pytest.mark.parametrize(("blocks", "pointer", "words", "error"), TOGETHER.values(), ids=TOGETHER)
def test_blocks_that_are_only_wrong_together_are_refused(
    blocks: list[Body], pointer: str, words: str, error: str
) -> None:
    problems = check_blocks(blocks, "message")

    assert [(problem.pointer, problem.error) for problem in problems] == [(pointer, error)]
    assert words in problems[0].words


def test_13200_characters_in_all_are_still_taken() -> None:
    assert check_blocks([section("x" * 2_640) for _ in range(5)], "message") == []


MESSAGES: dict[str, tuple[Body, str, str]] = {
    "nothing at all": ({}, "/text", "no_text"),
    "empty text": ({"text": ""}, "/text", "no_text"),
    "blocks without a top-level text": ({"blocks": [section("x")]}, "/text", "missing_text_in_message"),
    "40,001 characters of text": ({"text": "x" * 40_001}, "/text", "msg_too_long"),
    "a bad block": ({"text": "x", "blocks": [section("")]}, "/blocks/0/text/text", "invalid_blocks"),
    "blocks that are no list": ({"text": "x", "blocks": {"type": "divider"}}, "/blocks", "invalid_blocks"),
    "a bad block in an attachment": (
        {"text": "x", "attachments": [{"blocks": [section("")]}]},
        "/attachments/0/blocks/0/text/text",
        "invalid_blocks",
    ),
    "metadata without a payload": (
        {"text": "x", "metadata": {"event_type": "run"}},
        "/metadata",
        "invalid_metadata_format",
    ),
}


@pytest.mark.parametrize(("payload", "pointer", "error"), MESSAGES.values(), ids=MESSAGES)
def test_a_bad_message_is_refused_with_slacks_own_error(payload: Body, pointer: str, error: str) -> None:
    problems = check_message(payload)

    assert [(problem.pointer, problem.error) for problem in problems] == [(pointer, error)]


def test_a_message_of_text_blocks_and_metadata_is_taken() -> None:
    payload = {
        "text": "x" * 40_000,
        "blocks": [section("x")],
        "metadata": {"event_type": "run", "event_payload": {"run": 42}},
    }

    assert check_message(payload) == []


VIEWS: dict[str, tuple[Body, str, str]] = {
    "title of 25": (modal(section("x"), title=plain("x" * 25)), "/view/title/text", "less than 25"),
    "submit of 25": (modal(section("x"), submit=plain("x" * 25)), "/view/submit/text", "less than 25"),
    "close of 25": (modal(section("x"), close=plain("x" * 25)), "/view/close/text", "less than 25"),
    "no title": ({"type": "modal", "blocks": [section("x")]}, "/view", "missing required field: title"),
    "private metadata of 3,001": (
        modal(section("x"), private_metadata="x" * 3_001),
        "/view/private_metadata",
        "less than 3001",
    ),
    "callback id of 256": (modal(section("x"), callback_id="x" * 256), "/view/callback_id", "less than 256"),
    "101 blocks": (
        modal(*({"type": "divider"} for _ in range(101))),
        "/view/blocks",
        "no more than 100 items allowed [101]",
    ),
    "input without submit": (
        {"type": "modal", "title": plain("x"), "blocks": [text_input("Why", "why", "b")]},
        "/view",
        "missing required field: submit",
    ),
    "extra field": (modal(section("x"), colour="red"), "/view/colour", "invalid additional property"),
    "markdown in a modal": (
        modal({"type": "markdown", "text": "x"}),
        "/view/blocks/0/type",
        "unsupported type: markdown",
    ),
    "no blocks": ({"type": "home"}, "/view/blocks", "must be an array"),
    "title of a Home": (
        {"type": "home", "title": plain("x"), "blocks": [section("x")]},
        "/view/title",
        "invalid additional property",
    ),
    "another type": ({"type": "page", "blocks": []}, "/view/type", "unsupported type: page"),
}


@pytest.mark.parametrize(("view", "pointer", "words"), VIEWS.values(), ids=VIEWS)
def test_a_bad_view_is_refused_with_its_place(view: Body, pointer: str, words: str) -> None:
    problems = check_view(view)

    assert [problem.pointer for problem in problems] == [pointer]
    assert words in problems[0].words


def test_a_modal_with_inputs_and_a_home_of_100_blocks_are_taken() -> None:
    assert check_view(modal(text_input("Why", "why", "b"), private_metadata="x" * 3_000)) == []
    assert check_view({"type": "home", "blocks": [{"type": "divider"} for _ in range(100)]}) == []


def test_a_problem_reads_as_slack_writes_it() -> None:
    (problem,) = check_blocks([section("")], "message")

    assert problem.line == "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"


def test_slack_sdks_own_models_are_asked_about_what_our_tables_take() -> None:
    (problem,) = check_blocks([actions({"type": "timepicker", "action_id": "t", "initial_time": "99:99"})], "message")

    assert problem.pointer == "/blocks/0"
    assert problem.words == "initial_time attribute must be in format 'HH:mm'"
