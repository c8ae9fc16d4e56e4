"""langchain takes seconds to load: nobody waits for it, and without a model it is never loaded at all."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys, tomllib
from pathlib import Path
from bot.app import Endpoints, build
from bot.aws.clients import Credentials
from bot.settings import parse

example, folder = tomllib.loads(Path("bot.example.toml").read_text()), sys.argv[1]
secrets = {"SLACK_BOT_TOKEN": "xoxb", "SLACK_APP_TOKEN": "xapp"}
key = Credentials(access_key_id="x", secret_access_key="y")
nowhere = Endpoints(slack_url="http://127.0.0.1:9/", aws_url="http://127.0.0.1:9", aws_credentials=key)
loaded = []
for name, model in (("without", ""), ("with", "eu.anthropic.claude-sonnet-4-20250514-v1:0")):
    example["assistant"] = {"model": model}
    example["records"] = {
        "url": f"sqlite:///{folder}/{name}.db",
        "engine_url": f"sqlite:///{folder}/{name}-engine.db",
        **{part: f"{folder}/{name}-{part}" for part in ("index", "signing_key", "trusted_keys", "anchors")},
    }
    bot = build(parse(example, secrets, source="test"), endpoints=nowhere)
    loaded.append([type(bot.desk.assistant).__name__, any(one.startswith("langchain") for one in sys.modules)])
    bot.close()
print("LOADED", json.dumps(loaded))
"""


def test_a_bot_is_built_without_langchain_with_a_model_or_without(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.rpartition("LOADED ")[2]) == [
        ["ExtractiveAssistant", False],
        ["FallbackAssistant", False],
    ]
