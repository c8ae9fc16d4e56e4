"""The fake local Slack and one open page for the browser tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.workbench.page.local_slack import FakeLocalSlack
from tests.workbench.page.world import world

PATIENCE_MS = 20_000


@pytest.fixture
def slack() -> Iterator[FakeLocalSlack]:
    served = FakeLocalSlack(world())
    served.start()
    yield served
    served.stop()


@pytest.fixture
def page(chromium: Browser, slack: FakeLocalSlack) -> Iterator[Page]:
    """Open the page as Ana, in Berlin; an error in the page's own code fails the test."""
    wrongs: list[str] = []
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.on("pageerror", lambda error: wrongs.append(str(error)))
    opened.on("console", lambda said: wrongs.append(said.text) if "Content Security" in said.text else None)
    opened.goto(slack.url)
    opened.locator(".message").first.wait_for()
    expect(opened.locator("#link-state")).to_have_text("")
    yield opened
    context.close()
    assert wrongs == []
