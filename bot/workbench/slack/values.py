"""What a click or a submitted modal carries, in Slack's shapes. Pure."""

from collections.abc import Iterator

from bot.workbench.slack.errors import RefusedError
from bot.workbench.slack.events import Payload

CHOICES = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "static_select": "selected_option",
    "overflow": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
}
_INITIALS = {
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_conversation": "initial_conversation",
    "selected_channel": "initial_channel",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "value": "initial_value",
}


def acted_on(element: Payload, *, block_id: str, asked: Payload, at: str) -> Payload:
    """Return the entry of `actions` for a click on an element."""
    kind = element["type"]
    action: Payload = {
        "action_id": element["action_id"],
        "block_id": block_id,
        "type": kind,
        "action_ts": at,
    }
    for kept in ("confirm", "style", "placeholder"):
        if kept in element:
            action[kept] = element[kept]
    if kind == "button":
        action["text"] = element["text"]
        if "value" in element:
            action["value"] = element["value"]
        return action
    chosen = CHOICES.get(kind, "value")
    if chosen == "selected_option":
        given = asked.get(chosen)
        action[chosen] = None if given is None else _whole_option(element, given)
    elif chosen == "selected_options":
        action[chosen] = [_whole_option(element, option) for option in asked.get(chosen) or []]
    else:
        action[chosen] = asked.get(chosen)
    return action


def options_of(element: Payload) -> list[Payload]:
    """Return the options of a select, whether grouped or not."""
    groups = element.get("option_groups") or []
    grouped = [option for group in groups for option in group["options"]]
    return [*(element.get("options") or []), *grouped]


def completed(holder: Payload, values: Payload) -> Payload:
    """Return `state.values` as Slack sends it: what was given, whole options, and what nobody touched."""
    state = defaults_of(holder)
    for block_id, element in _stateful_elements(holder):
        given = (values.get(block_id) or {}).get(element["action_id"])
        if given is not None:
            chosen = acted_on(element, block_id=block_id, asked=given, at="")
            key = CHOICES.get(element["type"], "value")
            state[block_id][element["action_id"]] = {"type": element["type"], key: chosen[key]}
    return state


def defaults_of(holder: Payload) -> Payload:
    """Return the state a view or message has before anybody touched it."""
    values: Payload = {}
    for block_id, element in _stateful_elements(holder):
        values.setdefault(block_id, {})[element["action_id"]] = _initial(element)
    return values


def missing_values(view: Payload, values: Payload) -> Payload:
    """Return Slack's own words for every required input that is empty or does not fit."""
    errors: Payload = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        entry = (values.get(block["block_id"]) or {}).get(element["action_id"]) or {}
        given = entry.get(CHOICES.get(element["type"], "value"))
        if not given:
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif isinstance(given, str) and not _fits(element, given):
            errors[block["block_id"]] = f"Please enter {_least(element)} to {_most(element)} characters."
    return errors


def _fits(element: Payload, given: str) -> bool:
    return _least(element) <= len(given) <= _most(element)


def _least(element: Payload) -> int:
    return int(element.get("min_length", 0))


def _most(element: Payload) -> int:
    return int(element.get("max_length", 3_000))


def _stateful_elements(holder: Payload) -> Iterator[tuple[str, Payload]]:
    for block in holder.get("blocks") or []:
        for element in elements_of(block):
            if _stateful(element):
                yield block["block_id"], element


def elements_of(block: Payload) -> list[Payload]:
    """Return everything in a block that could be clicked or filled in."""
    found = (*block.get("elements", ()), block.get("accessory"), block.get("element"))
    return [element for element in found if isinstance(element, dict)]


def _stateful(element: Payload) -> bool:
    kind = str(element.get("type"))
    return "action_id" in element and kind not in ("button", "overflow", "image")


def _initial(element: Payload) -> Payload:
    chosen = CHOICES.get(element["type"], "value")
    empty: object = [] if chosen.endswith("s") else None
    return {"type": element["type"], chosen: element.get(_INITIALS[chosen], empty)}


def _whole_option(element: Payload, asked: object) -> Payload:
    wanted = asked.get("value") if isinstance(asked, dict) else asked
    for option in options_of(element):
        if option.get("value") == wanted:
            return option
    raise RefusedError("no_such_option")
