"""The page on the real local Slack, without an app: key, policy headers, events and refusals fit together."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from slack_sdk import WebClient

from bot.workbench.slack.server import LocalSlack
from bot.workbench.slack.workspace import Channel, Command, Group, Human, Workspace
from tests.workbench.page.world import ANA, BO, CHANNEL, button, mrkdwn

pytestmark = pytest.mark.browser

WORKSPACE = Workspace(
    people=(Human(id=ANA, name="ana", real_name="Ana Ruiz"), Human(id=BO, name="bo", real_name="Bo Lindqvist")),
    groups=(Group(id="S1", handle="lake-platform", name="Lake platform", members=(BO,)),),
    channels=(Channel(id=CHANNEL, name="incident-etl", members=(ANA, BO, "U0RUNBOOK")),),
    commands=(Command(command="/runbook", usage="list", description="Find a runbook"),),
)


@pytest.fixture
def local() -> Iterator[LocalSlack]:
    with LocalSlack(WORKSPACE) as served:
        yield served


@pytest.fixture
def live(chromium: Browser, local: LocalSlack) -> Iterator[Page]:
    wrongs: list[str] = []
    context = chromium.new_context(reduced_motion="reduce")
    opened = context.new_page()
    opened.on("pageerror", lambda error: wrongs.append(str(error)))
    opened.on("console", lambda said: wrongs.append(said.text) if said.type == "error" else None)
    opened.goto(local.page_url)
    expect(opened.locator("#switch-person")).to_contain_text("@ana")
    expect(opened.locator("#link-state")).to_have_text("")
    yield opened
    context.close()
    assert wrongs == []


def test_what_one_writes_notifies_whom_it_mentions(live: Page) -> None:
    live.get_by_label("Message #incident-etl").fill("@lake-platform please look at <b> & co")
    live.keyboard.press("Enter")

    expect(live.locator("#room-body .message")).to_contain_text("@lake-platform please look at <b> & co")
    live.locator("#switch-person").click()
    live.get_by_role("menuitemradio", name="@bo").click()
    expect(live.locator("#tray .badge")).to_have_text("1")
    expect(live.locator("#room-body .tag-me")).to_have_text("@lake-platform")


def test_a_command_and_a_click_without_an_app_are_said_to_have_failed(live: Page, local: LocalSlack) -> None:
    client = WebClient(token=local.bot_token, base_url=local.base_url)
    blocks = [mrkdwn("*Pause?*"), {"type": "actions", "elements": [button("Approve", "approve")]}]
    client.chat_postMessage(channel=CHANNEL, text="Pause?", blocks=blocks)
    live.get_by_role("button", name="Approve").click()
    expect(live.locator("#room-body .app-error")).to_contain_text("dispatch_failed")

    live.get_by_label("Message #incident-etl").fill("/runbook list")
    live.keyboard.press("Enter")

    expect(live.locator(".message.ephemeral")).to_contain_text("dispatch_failed")


def test_a_message_is_marked_and_pinned_from_its_small_actions_and_from_the_row_under_it(
    live: Page, local: LocalSlack
) -> None:
    ts = local.person("bo").say("#incident-etl", "the source re-sent the file")
    local.person("bo").react("#incident-etl", ts, "memo")
    row = live.locator("#room-body .message")
    row.hover()

    row.get_by_role("button", name="Note it with :memo:").click()
    chip = row.get_by_role("button", name="memo, 2: @bo, @ana")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(row.get_by_role("button", name="Take your :memo: away")).to_be_focused()
    row.get_by_role("button", name="Pin to the channel").click()
    expect(row.locator(".marks")).to_contain_text("Pinned by @ana")
    chip.click()
    row.get_by_role("button", name="Unpin").click()

    expect(row.locator(".marks")).to_have_text("📝1")
    expect(row.get_by_role("button", name="memo, 1: @bo")).to_have_attribute("aria-pressed", "false")


def test_a_page_without_the_key_is_told_where_to_get_it(chromium: Browser, local: LocalSlack) -> None:
    page = chromium.new_page()

    answer = page.goto(local.url)

    assert answer is not None
    assert answer.status == 403
    assert "open the workbench by the URL it printed" in page.locator("body").inner_text()
    page.context.close()


def test_a_file_is_shared_from_the_page_and_a_canvas_opens_from_the_channels_head(
    live: Page, local: LocalSlack
) -> None:
    client = WebClient(token=local.bot_token, base_url=local.base_url)
    content = {"type": "markdown", "markdown": "## What happened\n\nThe load <b>halted</b>."}
    client.canvases_create(title="INC-7", channel_id=CHANNEL, document_content=content)

    live.locator("#composer input[type=file], .composer input[type=file]").first.set_input_files(
        {"name": "INC-7-v1.md", "mimeType": "text/markdown", "buffer": "# größer\n".encode() * 9_000}
    )

    expect(live.locator("#room-body .file")).to_contain_text("INC-7-v1.md")
    with live.expect_popup() as opened:
        live.get_by_role("link", name="INC-7", exact=True).click()
    expect(opened.value.get_by_role("heading", name="What happened")).to_be_visible()
    expect(opened.value.locator("body")).to_contain_text("The load <b>halted</b>.")
