"""What a message or view says and which labels can be pressed. Pure; for clients that cannot look."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.workbench.slack.events import Payload
from bot.workbench.slack.values import CHOICES, elements_of, options_of


@dataclass(frozen=True)
class Label:
    """Be one element a person can press, choose from or fill in."""

    block: Payload
    element: Payload

    def labels(self) -> list[str]:
        """Return every name under which it can be found."""
        element = self.element
        own = [
            str(element.get("action_id", "")),
            *(_words(element.get(name)) for name in ("text", "placeholder")),
        ]
        return [name for name in (*own, *self._option_labels()) if name]

    def fits(self, label: str, value: str | None) -> bool:
        """Tell whether the label, and the option's value if one is given, are here; a person or a day is no option."""
        if label not in self.labels():
            return False
        if CHOICES.get(str(self.element["type"]), "selected_option") not in {"selected_option", "selected_options"}:
            return True
        return value is None or value in {str(option.get("value")) for option in options_of(self.element)}

    def click(self, label: str, value: str | None) -> Payload:
        """Return what a click on it sends."""
        sent = {"block_id": self.block["block_id"], "action_id": self.element["action_id"]}
        if value is None and label in self._option_labels():
            value = str(self._option_labels()[label]["value"])
        return sent if value is None else {**sent, **self.value(value)}

    def value(self, given: object) -> Payload:
        """Return what a filled-in element holds; an option by its value or its label."""
        kind = str(self.element["type"])
        field = CHOICES.get(kind, "value")
        if field == "selected_option":
            return {"type": kind, field: {"value": self._option_value(given)}}
        if field == "selected_options":
            listed = given if isinstance(given, list | tuple) else [given]
            return {"type": kind, field: [{"value": self._option_value(item)} for item in listed]}
        return {"type": kind, field: given}

    def _option_value(self, given: object) -> object:
        option = self._option_labels().get(str(given))
        return option["value"] if option else given

    def _option_labels(self) -> dict[str, Payload]:
        return {_words(option.get("text")): option for option in options_of(self.element)}


def labels_of(holder: Payload) -> Iterator[Label]:
    """Yield everything in a message or view that can be pressed or filled in."""
    for block in holder.get("blocks") or []:
        for element in elements_of(block):
            if "action_id" in element:
                yield Label(block, element)


def plain(holder: Payload) -> str:
    """Return all words of a message or view, one line per text, the top-level text first."""
    return "\n".join(_all_words({name: given for name, given in holder.items() if name in ("text", "title", "blocks")}))


def _all_words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _all_words(item)
    elif isinstance(value, dict):
        for name, given in value.items():
            if name in ("text", "alt_text") and isinstance(given, str):
                yield given
            elif isinstance(given, dict | list):
                yield from _all_words(given)


def _words(text: object) -> str:
    return str(text.get("text", "")) if isinstance(text, dict) else ""
