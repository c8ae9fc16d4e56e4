"""Write what is made of the code into the docs: the tables of commands, settings and metrics, and the manifest.

Run it from the top folder: `python -m docs.tables`. `tests/test_docs.py` fails where it was forgotten.
"""

import json
import re
from pathlib import Path

from bot.domain import metrics
from bot.settings import table
from bot.slack.commands import Commands, manifest

PAGES = tuple(Path(__file__).parent / name for name in ("setup.md", "metrics.md"))


def written(text: str) -> str:
    """Return the page with its tables and its manifest as they are now."""
    made = json.dumps(manifest(Commands()), indent=2)
    text = re.sub(
        r"```json\n\{\n  \"display_information\".*?\n```", lambda _: f"```json\n{made}\n```", text, flags=re.S
    )
    for new in (Commands().table(), table(), metrics.table()):
        head = re.escape(new.splitlines()[0])
        text = re.sub(rf"^{head}\n(?:\|.*\n)*", lambda _, new=new: f"{new}\n", text, flags=re.M)
    return text


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
