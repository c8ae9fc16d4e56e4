"""A post-mortem from the channel to people's editors and back: file, canvas, import, publish."""

import json
from http.client import HTTPConnection

from bot.domain.postmortem.sections import section_of
from bot.workbench.slack.events import Payload
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, PATIENCE, Stage, good, until


def downloaded(stage: Stage, address: str) -> str:
    """Return a file as a person's browser gets it."""
    connection = HTTPConnection("127.0.0.1", stage.slack.port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {stage.slack.key}"}
    connection.request("GET", address.removeprefix(stage.slack.url), headers=headers)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def shared(stage: Stage, name: str) -> str:
    """Wait for a file of that name in the channel, and return its text."""

    def found() -> list[Payload]:
        return [
            file for one in stage.ana.messages(INCIDENTS) for file in one.get("files") or () if file["name"] == name
        ]

    until(lambda: bool(found()), f"the file {name}")
    return downloaded(stage, found()[-1]["url_private"])


def test_a_draft_goes_out_as_file_and_canvas_and_comes_back_edited(stage: Stage) -> None:
    ana, bo = stage.ana, stage.bo
    good(ana.slash(INCIDENTS, "/incident declare transactions load halted"))
    ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    good(ana.slash(INCIDENTS, "/postmortem draft"))
    text = shared(stage, "INC-1-v1.md")
    until(lambda: bool(ana.canvases(INCIDENTS)), "a canvas")
    ana.wait_for_message("also a canvas", channel=INCIDENTS, timeout=PATIENCE)

    good(bo.slash(INCIDENTS, "/postmortem"))
    bo.wait_for_message("the draft’s card in its channel", channel=INCIDENTS, timeout=PATIENCE)

    edited = text.replace("## What went well\n", "## What went well\n\nThe breaker held <!channel>.\n")
    bo.share(INCIDENTS, "INC-1 edited.md", edited.encode())
    good(bo.slash(INCIDENTS, "/postmortem import"))
    shown = bo.wait_for_message("BROUGHT IN by @bo", channel=INCIDENTS, timeout=PATIENCE)
    assert "The breaker held" in plain(shown)
    good(bo.click("Take it over", message=shown))
    bo.wait_for_message("TAKEN OVER as edition 2", channel=INCIDENTS, timeout=PATIENCE)
    (canvas,) = ana.canvases(INCIDENTS)
    until(lambda: "The breaker held" in downloaded(stage, canvas["permalink"]), "the canvas follows")

    ana.write_canvas(
        canvas["id"], stage.bot.store.draft(1).text.replace("## Summary\n", "## Summary\n\nIt was short.\n")
    )
    good(ana.slash(INCIDENTS, "/postmortem import canvas"))
    shown = ana.wait_for_message("BROUGHT IN by @ana", channel=INCIDENTS, timeout=PATIENCE)
    good(ana.click("Take it over", message=shown))
    ana.wait_for_message("TAKEN OVER as edition 3", channel=INCIDENTS, timeout=PATIENCE)
    until(lambda: "canvas mark" in downloaded(stage, canvas["permalink"]), "the canvas is written again")

    kept = stage.bot.store.draft(1).text
    assert "It was short. *stated by @ana*" in section_of(kept, "Summary")
    assert section_of(kept, "What went well").startswith("- The breaker held \\<!channel>. *stated by @bo*")
    assert "<!channel>" not in json.dumps([args for name, args in stage.slack.calls if name == "chat.postMessage"])

    stage.slack.fault("no_files")
    good(bo.slash(INCIDENTS, "/postmortem export docx"))
    bo.wait_for_message("Slack did not take the file INC-1-v3.docx", channel=INCIDENTS, timeout=PATIENCE)
