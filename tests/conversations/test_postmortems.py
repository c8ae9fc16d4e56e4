"""A post-mortem from the channel to people's editors and back: file, canvas, import, publish."""

import json
from http.client import HTTPConnection

from bot.domain.postmortem.sections import section_of
from bot.workbench.slack.events import Payload
from bot.workbench.slack.spoken import plain
from tests.conversations.stage import INCIDENTS, PATIENCE, Stage, good, notified_of, until


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


def test_what_people_pin_and_mark_stands_in_the_timeline_of_the_draft_with_its_link(stage: Stage) -> None:
    ana, bo, dee, gus = stage.ana, stage.bo, stage.dee, stage.gus
    good(ana.slash(INCIDENTS, "/incident declare transactions load halted"))
    ana.wait_for_message("INC-1", channel=INCIDENTS, timeout=PATIENCE)
    root = dee.say(INCIDENTS, "@bo the vendor changed <currency> & re-sent, <!channel>")
    reply = bo.say(INCIDENTS, "loading again, token ghp_" + "hK3nQ9rT2vX5zB8dG1jM4pS7wY0aC6eFhK3n", thread_ts=root)
    gone, guests = ana.say(INCIDENTS, "wrong window"), ana.say(INCIDENTS, "seen by a guest")

    ana.pin(INCIDENTS, root)
    ana.wait_for_message("marked by @ana", channel=INCIDENTS, timeout=PATIENCE)
    bo.react(INCIDENTS, root, "memo")
    ana.react(INCIDENTS, reply, "memo")
    ana.react(INCIDENTS, gone, "memo")
    gus.pin(INCIDENTS, guests)
    until(lambda: len(stage.bot.store.incident(1).notes) == 3, "three notes")
    ana.react(INCIDENTS, gone, "memo", on=False)
    until(lambda: len(stage.bot.store.incident(1).notes) == 2, "two notes")
    card = ana.wait_for_message("marked by @ana, @bo", channel=INCIDENTS, timeout=PATIENCE)
    assert "@dee: @bo the vendor changed &lt;currency&gt; &amp; re-sent, &lt;!channel&gt;" in plain(card)
    good(ana.slash(INCIDENTS, "/postmortem draft"))
    text = shared(stage, "INC-1-v1.md")

    told = section_of(text, "Timeline")
    assert f"| @dee | [note]({stage.slack.url}/archives/" in told
    assert f"p{root.replace('.', '')}) | [E" in told
    assert f"p{reply.replace('.', '')}?thread_ts={root}" in told
    assert "loading again, token \\[github-token\\]" in told
    assert "ghp_hK3n" not in text + stage.sent_to_slack()
    assert "wrong window" not in text
    assert "seen by a guest" not in text
    assert "said by @dee in INC-1, marked by @ana, @bo" in section_of(text, "Evidence")
    assert not [one for one in gus.ephemerals() if "guest" in plain(one).lower()]
    assert notified_of(dee, "marked") == []


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
