"""The real demo, one per module, put back to its beginning before each test; and newcomers who look at it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.workbench.demo import Demo
from tests.workbench.demo.newcomer import Newcomer

RUNBOOKS = Path(__file__).parents[3] / "runbooks"
DESKTOP, PHONE = (1280, 800), (390, 844)
PATIENCE_MS = 20_000

Newcomers = Callable[..., Newcomer]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(folder=tmp_path_factory.mktemp("demo"), runbooks=RUNBOOKS, ack_seconds=PATIENCE_MS / 1000)
    try:
        demo.start()
        yield demo
    finally:
        demo.close()


@pytest.fixture
def demo(running: Demo) -> Demo:
    """Give the demo as it was at the beginning."""
    if running.slack.acts or running.checklist()[0]["done"]:
        running.start_over()
    return running


@pytest.fixture
def opening(chromium: Browser, running: Demo) -> Iterator[Newcomers]:
    """Open the page as somebody on a desk or a phone; an error in the page's own code fails the test."""
    wrongs: list[str] = []
    contexts = []

    def open_page(person: str = "ana", *, phone: bool = False) -> Newcomer:
        width, height = PHONE if phone else DESKTOP
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale="en-GB",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrongs.append(str(error)))
        page.goto(f"{running.slack.page_url}&person=U0{person.upper()}")
        expect(page.locator("#switch-person")).to_contain_text(f"@{person}", timeout=PATIENCE_MS)
        expect(page.locator("#link-state")).to_have_text("", timeout=PATIENCE_MS)
        return Newcomer(page)

    yield open_page
    for context in contexts:
        context.close()
    assert wrongs == []


@pytest.fixture
def opened(demo: Demo, opening: Newcomers) -> Newcomers:
    """Open pages on the demo as it was at the beginning."""
    return opening


@pytest.fixture
def ana(opened: Newcomers) -> Newcomer:
    """Open the page as Ana, who is on call: the failure happens before her eyes."""
    return opened("ana")


@pytest.fixture
def somebody(opening: Newcomers) -> Newcomer:
    """Open the page as Dee, wherever the story stands."""
    return opening("dee")
