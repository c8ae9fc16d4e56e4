"""The one way the local Slack says no: Slack's own error code, as `{"ok": false, "error": …}`."""

from bot.workbench.slack.events import Payload


class RefusedError(Exception):
    """Carry Slack's error code and what goes with it in the answer."""

    def __init__(self, code: str, *, messages: list[str] | None = None, **fields: object) -> None:
        super().__init__(code)
        self.code = code
        self.fields: Payload = dict(fields)
        if messages:
            self.fields["errors"] = messages
            self.fields["response_metadata"] = {"messages": messages}

    def body(self) -> Payload:
        """Return the answer Slack would give."""
        return {"ok": False, "error": self.code, **self.fields}
