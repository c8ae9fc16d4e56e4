"""How the bot logs: one JSON object a line, facts with names, nothing secret."""

import json
import logging
from datetime import UTC, datetime

from bot.domain.redaction import redact

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRETS = ("token", "secret", "response_url", "trigger_id", "authorization", "password")


class JsonLines(logging.Formatter):
    """Write a record as one line of JSON; a field named like a secret is left out, the text of others redacted."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "module": record.name,
            "message": record.getMessage(),
        }
        line |= {
            name: redact(value).text if isinstance(value, str) else value
            for name, value in vars(record).items()
            if name not in _PLAIN and not any(word in name.lower() for word in _SECRETS)
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info)).text
        return json.dumps(line, default=str, ensure_ascii=True)
