"""The tables of Block Kit: every block and element a bot like ours may emit, with Slack's limits.

Sources: Slack's Block Kit reference. A type that is not here is refused, so the page and the tables
have to know the same ones.
"""

from bot.workbench.slack.schema import ByType, Flag, Rule, Several, Shape, Whole, Words, any_text, text

ID = Words(255)
ANY_VALUE = Words(3_000, least=0)

CONFIRM = Shape(
    {
        "title": text(100),
        "text": any_text(300),
        "confirm": text(30),
        "deny": text(30),
        "style": Words(10, only=("primary", "danger")),
    },
    needs=("title", "text", "confirm", "deny"),
)
SLACK_FILE = Shape({"id": Words(255), "url": Words(3_000)}, one_of=(("id", "url"),))


def _option(*, rich: bool = False, url: bool = False) -> Shape:
    fields: dict[str, Rule] = {
        "text": any_text(75) if rich else text(75),
        "value": Words(150),
        "description": any_text(75) if rich else text(75),
    }
    if url:
        fields["url"] = Words(3_000)
    return Shape(fields, needs=("text", "value"))


OPTION, RICH_OPTION = _option(), _option(rich=True)
GROUP = Shape({"label": text(75), "options": Several(OPTION, 100)}, needs=("label", "options"))

_ACTION: dict[str, Rule] = {"action_id": ID}
_MENU: dict[str, Rule] = {**_ACTION, "confirm": CONFIRM, "focus_on_load": Flag(), "placeholder": text(150)}
_TYPED: dict[str, Rule] = {
    **_ACTION,
    "placeholder": text(150),
    "focus_on_load": Flag(),
    "dispatch_action_config": Shape(
        {"trigger_actions_on": Several(Words(30, only=("on_enter_pressed", "on_character_entered")), 2)}
    ),
}
_LISTS: dict[str, Rule] = {"options": Several(OPTION, 100), "option_groups": Several(GROUP, 100)}
_BOXES: dict[str, Rule] = {
    **_ACTION,
    "options": Several(RICH_OPTION, 10),
    "confirm": CONFIRM,
    "focus_on_load": Flag(),
}
_USER, _USERS = Words(255), Several(Words(255), 100)
_FILTER = Shape(
    {
        "include": Several(Words(10, only=("im", "mpim", "private", "public")), 4),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    }
)

BUTTON = Shape(
    {
        **_ACTION,
        "text": text(75),
        "url": Words(3_000),
        "value": Words(2_000),
        "style": Words(10, only=("primary", "danger")),
        "confirm": CONFIRM,
        "accessibility_label": Words(75),
    },
    needs=("text",),
)
OVERFLOW = Shape({**_ACTION, "options": Several(_option(url=True), 5), "confirm": CONFIRM}, needs=("options",))
IMAGE_ELEMENT = Shape(
    {"image_url": Words(3_000), "slack_file": SLACK_FILE, "alt_text": Words(2_000)},
    needs=("alt_text",),
    one_of=(("image_url", "slack_file"),),
)

MENUS: dict[str, Shape] = {
    "static_select": Shape({**_MENU, **_LISTS, "initial_option": OPTION}, one_of=(tuple(_LISTS),)),
    "multi_static_select": Shape(
        {
            **_MENU,
            **_LISTS,
            "initial_options": Several(OPTION, 100),
            "max_selected_items": Whole(1, 100),
        },
        one_of=(tuple(_LISTS),),
    ),
    "users_select": Shape({**_MENU, "initial_user": _USER}),
    "multi_users_select": Shape({**_MENU, "initial_users": _USERS, "max_selected_items": Whole(1, 100)}),
    "conversations_select": Shape(
        {
            **_MENU,
            "initial_conversation": _USER,
            "default_to_current_conversation": Flag(),
            "response_url_enabled": Flag(),
            "filter": _FILTER,
        }
    ),
    "channels_select": Shape({**_MENU, "initial_channel": _USER, "response_url_enabled": Flag()}),
    "datepicker": Shape({**_MENU, "initial_date": Words(10, form=r"\d{4}-\d\d-\d\d")}),
    "timepicker": Shape({**_MENU, "initial_time": Words(5, form=r"\d\d:\d\d"), "timezone": Words(60)}),
    "datetimepicker": Shape(
        {
            **_ACTION,
            "confirm": CONFIRM,
            "focus_on_load": Flag(),
            "initial_date_time": Whole(1_000_000_000, 9_999_999_999),
        }
    ),
    "checkboxes": Shape({**_BOXES, "initial_options": Several(RICH_OPTION, 10)}, needs=("options",)),
    "radio_buttons": Shape({**_BOXES, "initial_option": RICH_OPTION}, needs=("options",)),
}
INPUTS: dict[str, Shape] = {
    **MENUS,
    "plain_text_input": Shape(
        {
            **_TYPED,
            "initial_value": ANY_VALUE,
            "multiline": Flag(),
            "min_length": Whole(0, 3_000),
            "max_length": Whole(1, 3_000),
        }
    ),
    "number_input": Shape(
        {
            **_TYPED,
            "is_decimal_allowed": Flag(),
            "initial_value": Words(40),
            "min_value": Words(40),
            "max_value": Words(40),
        },
        needs=("is_decimal_allowed",),
    ),
    "email_text_input": Shape({**_TYPED, "initial_value": ANY_VALUE}),
    "url_text_input": Shape({**_TYPED, "initial_value": ANY_VALUE}),
}
IN_ACTIONS = ByType({"button": BUTTON, "overflow": OVERFLOW, **MENUS})
IN_SECTION = ByType({"button": BUTTON, "overflow": OVERFLOW, "image": IMAGE_ELEMENT, **MENUS})
IN_INPUT = ByType(INPUTS)
IN_CONTEXT = ByType({**any_text(3_000).shapes, "image": IMAGE_ELEMENT})

_STYLE = Shape({name: Flag() for name in ("bold", "italic", "strike", "code", "underline")})
RICH_LEAVES = ByType(
    {
        "text": Shape({"text": Words(12_000), "style": _STYLE}, needs=("text",)),
        "link": Shape({"url": Words(3_000), "text": Words(12_000), "unsafe": Flag(), "style": _STYLE}, needs=("url",)),
        "user": Shape({"user_id": Words(255), "style": _STYLE}, needs=("user_id",)),
        "usergroup": Shape({"usergroup_id": Words(255), "style": _STYLE}, needs=("usergroup_id",)),
        "channel": Shape({"channel_id": Words(255), "style": _STYLE}, needs=("channel_id",)),
        "broadcast": Shape({"range": Words(10, only=("here", "channel", "everyone"))}, needs=("range",)),
        "emoji": Shape({"name": Words(255), "unicode": Words(60), "style": _STYLE}, needs=("name",)),
        "color": Shape({"value": Words(20)}, needs=("value",)),
        "date": Shape(
            {
                "timestamp": Whole(0, 9_999_999_999),
                "format": Words(255),
                "url": Words(3_000),
                "fallback": Words(255),
            },
            needs=("timestamp", "format"),
        ),
    }
)
_LEAVES = Several(RICH_LEAVES, 1_000, least=0)
_RICH_SECTION = Shape({"elements": _LEAVES}, needs=("elements",))
RICH_PARTS = ByType(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_preformatted": Shape(
            {"elements": _LEAVES, "border": Whole(0, 1), "language": Words(40)}, needs=("elements",)
        ),
        "rich_text_quote": Shape({"elements": _LEAVES, "border": Whole(0, 1)}, needs=("elements",)),
        "rich_text_list": Shape(
            {
                "style": Words(10, only=("bullet", "ordered")),
                "elements": Several(ByType({"rich_text_section": _RICH_SECTION}), 500, least=0),
                "indent": Whole(0, 8),
                "offset": Whole(0, 10_000),
                "border": Whole(0, 1),
            },
            needs=("style", "elements"),
        ),
    }
)
_RICH: dict[str, Rule] = {"elements": Several(RICH_PARTS, 1_000)}
CELL = ByType(
    {
        "raw_text": Shape({"text": Words(12_000, least=0)}, needs=("text",)),
        "rich_text": Shape(_RICH, needs=("elements",)),
    }
)
COLUMN = Shape({"align": Words(10, only=("left", "center", "right")), "is_wrapped": Flag()})

_BLOCK: dict[str, Rule] = {"block_id": ID}
BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {
            **_BLOCK,
            "text": any_text(3_000),
            "fields": Several(any_text(2_000), 10),
            "accessory": IN_SECTION,
            "expand": Flag(),
        },
        any_of=(("text", "fields"),),
    ),
    "divider": Shape(_BLOCK),
    "header": Shape({**_BLOCK, "text": text(150)}, needs=("text",)),
    "image": Shape({**_BLOCK, **IMAGE_ELEMENT.fields, "title": text(2_000)}, ("alt_text",), IMAGE_ELEMENT.one_of),
    "context": Shape({**_BLOCK, "elements": Several(IN_CONTEXT, 10)}, needs=("elements",)),
    "actions": Shape({**_BLOCK, "elements": Several(IN_ACTIONS, 25)}, needs=("elements",)),
    "input": Shape(
        {
            **_BLOCK,
            "label": text(2_000),
            "element": IN_INPUT,
            "hint": text(2_000),
            "optional": Flag(),
            "dispatch_action": Flag(),
        },
        needs=("label", "element"),
    ),
    "rich_text": Shape({**_BLOCK, **_RICH}, needs=("elements",)),
}
ONLY_IN_MESSAGES: dict[str, Shape] = {
    "markdown": Shape({**_BLOCK, "text": Words(12_000)}, needs=("text",)),
    "table": Shape(
        {
            **_BLOCK,
            "rows": Several(Several(CELL, 20), 100),
            "column_settings": Several(COLUMN, 20),
        },
        needs=("rows",),
    ),
}

VIEW_FIELDS: dict[str, Rule] = {
    "private_metadata": Words(3_000, least=0),
    "callback_id": Words(255, least=0),
    "external_id": Words(255, least=0),
}
MODAL: dict[str, Rule] = {
    **VIEW_FIELDS,
    "title": text(24),
    "submit": text(24),
    "close": text(24),
    "clear_on_close": Flag(),
    "notify_on_close": Flag(),
    "submit_disabled": Flag(),
}
