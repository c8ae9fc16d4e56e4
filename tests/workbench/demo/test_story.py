"""The whole story on the real demo, as a newcomer lives it: from the page's first opening to the verified repair."""

import re

import pytest
from playwright.sync_api import expect

from bot.workbench.demo import Demo
from tests.workbench.demo.conftest import Newcomers
from tests.workbench.demo.newcomer import PATIENCE_MS

pytestmark = pytest.mark.browser


@pytest.mark.timeout(180)
def test_a_newcomer_repairs_the_lake_and_every_card_fits_a_phone(opened: Newcomers, demo: Demo) -> None:
    ana = opened("ana")
    phone = opened("ana", phone=True)

    alarm = ana.sees("CircuitBreakerOpen")
    expect(alarm).to_contain_text("@lake-oncall")
    expect(alarm).to_contain_text("101 of 101 name f-0193")
    expect(alarm).to_contain_text("Start only looks")
    phone.sees("CircuitBreakerOpen")
    phone.fits()

    ana.press("CircuitBreakerOpen", "Start runbook")
    pause = ana.sees("Pause the nightly load")
    expect(pause).to_contain_text("DisableRule")
    phone.sees("Pause the nightly load")
    phone.fits()
    ana.press("Pause the nightly load", "Approve")
    expect(ana.card("Pause the nightly load")).to_contain_text("owed: Resume the schedule", timeout=PATIENCE_MS)
    ana.done("one on-call click")

    ana.has_it_mended()
    ana.done("Have the bad file re-sent")
    expect(ana.card("needs an answer")).to_contain_text("Why is it safe to try again?")
    phone.fits()
    ana.press("needs an answer", "Answer…")
    reason = ana.dialog.get_by_label(re.compile("Why is it safe"))
    reason.fill("x" * 301)
    expect(reason).to_have_value("x" * 300)
    reason.evaluate("(field) => field.removeAttribute('maxlength')")
    reason.fill("x" * 301)
    ana.submit("Answer")
    expect(ana.dialog.locator(".field-error:visible")).to_contain_text("300")
    reason.fill("currency column fixed upstream, file re-sent")
    ana.submit("Answer")

    request = ana.sees("Half-open the breaker")
    expect(request).to_contain_text("OPEN → HALF_OPEN")
    expect(request).to_contain_text("1 of lake-platform, not @ana: @bo, @cy")
    expect(request).to_contain_text('"promote":false')
    phone.sees("Half-open the breaker of")
    phone.fits()
    ana.approve("Half-open the breaker of")
    refusal = ana.sees("you asked for this change yourself")
    expect(refusal).to_contain_text("Only visible to you")
    expect(refusal.get_by_role("button", name="Ask them")).to_be_visible()
    ana.done("and be refused")

    ana.become("bo")
    expect(ana.card("you asked for this change yourself")).to_have_count(0)
    ana.approve("Half-open the breaker of")
    expect(ana.card("Close the breaker of", "Approve")).to_be_visible(timeout=PATIENCE_MS)
    expect(ana.card("Half-open the breaker of", "Details")).to_contain_text("by @bo (lake-platform)")
    phone.sees("Close the breaker of")
    phone.fits()

    ana.become("cy")
    ana.approve("Close the breaker of")
    watching = ana.sees("REPAIRED SO FAR, WATCHING")
    expect(watching).to_contain_text("NOT YET CHECKED The alarm is OK")
    expect(watching).to_contain_text("Owed nothing")
    phone.sees("REPAIRED SO FAR, WATCHING")
    phone.fits()
    ana.done("the run watches for an hour")

    ana.moves_the_clock("+1 h")
    expect(ana.panel.get_by_role("button", name="+1 h", exact=True)).to_be_disabled()
    ana.moves_the_clock("+5 min")
    expect(ana.panel).to_contain_text("1 h 5 min ahead of real time")
    expect(ana.sees("transactions: REPAIRED")).to_contain_text("PASS alarm OK", timeout=PATIENCE_MS)
    expect(ana.panel).to_contain_text("All seen", timeout=PATIENCE_MS)
    expect(ana.panel.locator(".checklist li:not(.done)")).to_have_count(0)
    expect(ana.panel.get_by_role("button", name="Again: The nightly load halts itself")).to_be_enabled()
    expect(ana.room.locator(".message").filter(has_text="SameErrorRateHigh ·")).to_have_count(0)
    phone.sees("transactions: REPAIRED")
    phone.fits()
    assert demo.repaired("circuit-breaker")
    assert demo.audit().whole


def test_start_over_puts_everything_back_and_the_story_begins_again(opened: Newcomers, demo: Demo) -> None:
    ana = opened("ana")
    ana.pauses()
    ana.moves_the_clock("+15 min")
    expect(ana.panel).to_contain_text("15 min ahead of real time")

    ana.starts_over()

    expect(ana.panel).to_contain_text("1 of 10 seen", timeout=PATIENCE_MS)
    expect(ana.panel).to_contain_text("Real time.")
    expect(ana.card("CircuitBreakerOpen", "Start runbook")).to_be_visible(timeout=PATIENCE_MS)
    expect(ana.room.locator(".message")).to_have_count(1)
    ana.begins()
    expect(ana.card("Pause the nightly load", "Approve")).to_be_visible(timeout=PATIENCE_MS)
    assert [run.label for run in demo.bot.store.runs(open_only=True)] == ["R-1"]


def test_once_it_is_repaired_it_begins_again_only_from_the_beginning(opened: Newcomers, demo: Demo) -> None:
    ana = opened("ana")
    ana.sees("CircuitBreakerOpen")

    broken = ana.panel.get_by_role("button", name="Break: The nightly load halts itself")

    expect(broken).to_be_disabled()
    assert demo.slack.person("ana").do("break", scenario="circuit-breaker")["ok"] is False
