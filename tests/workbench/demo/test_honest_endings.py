"""What does not go well is said as it is: a probe that fails, a no, a stop that still owes, a wrong input."""

import re

import pytest
from playwright.sync_api import expect

from bot.workbench.demo import Demo
from tests.workbench.demo.conftest import Newcomers
from tests.workbench.demo.newcomer import PATIENCE_MS, Newcomer

pytestmark = pytest.mark.browser


def schedule_of(demo: Demo) -> str:
    return demo.lake.clients.events.describe_rule(Name=demo.lake.names.schedule_rule)["State"]


def test_a_probe_of_the_file_as_it_is_fails_and_says_what_is_safe_and_what_to_press(
    opened: Newcomers, demo: Demo
) -> None:
    ana, phone = opened("ana"), opened("ana", phone=True)
    ana.asks("I hope it is gone")

    ana.become("bo")
    ana.approve("Half-open the breaker of")

    failed = ana.sees("did not do what was expected")
    expect(failed).to_contain_text("wanted status == 'SUCCEEDED'; saw status FAILED")
    expect(failed).to_contain_text("nothing more happens by itself")
    expect(failed).to_contain_text("Owed Resume the schedule")
    for button in ("Ask again", "Undo…", "Park until…"):
        expect(failed.get_by_role("button", name=button)).to_be_visible()
    expect(ana.card("Half-open the breaker of", "Details")).to_contain_text("did not do what was expected")
    phone.sees("did not do what was expected")
    phone.fits()
    assert demo.repaired("circuit-breaker") is False


def test_a_no_wants_a_reason_ends_the_request_and_not_the_run(ana: Newcomer) -> None:
    ana.asks()
    ana.become("cy")
    ana.press("Half-open the breaker of", "Decline…")
    expect(ana.dialog).to_contain_text("ends this request; the run goes on waiting")
    ana.dialog.get_by_label("Why?").select_option(label="Wrong values")
    ana.fill(re.compile("In a sentence"), "file not re-sent yet")
    ana.submit("Decline")

    declined = ana.sees("DECLINED")

    expect(declined).to_contain_text("by @cy")
    expect(declined).to_contain_text("file not re-sent yet")
    expect(declined.get_by_role("button", name="Ask again")).to_be_visible(timeout=PATIENCE_MS)
    expect(declined.get_by_role("button", name="Approve")).to_have_count(0)


def test_details_show_the_whole_call_the_evidence_and_the_command_line(opened: Newcomers) -> None:
    phone = opened("ana", phone=True)
    phone.asks()

    phone.press("Half-open the breaker of", "Details")

    expect(phone.dialog).to_contain_text("The exact calls (2, in this order)")
    expect(phone.dialog).to_contain_text("What was seen, and must still be so")
    expect(phone.dialog).to_contain_text("version_id")
    expect(phone.dialog).to_contain_text("aws s3api put-object")
    expect(phone.dialog.get_by_role("button", name="Approve")).to_have_count(0)
    phone.fits()


def test_a_run_is_parked_until_an_hour_that_is_picked(ana: Newcomer) -> None:
    ana.asks()
    ana.choose("Half-open the breaker of", "Park until…")
    ana.dialog.get_by_label("Until").select_option(label="Another time…")
    field = ana.dialog.get_by_label(re.compile("Another time"))
    expect(field).to_have_value(re.compile(r"^\d{4}-\d\d-\d\dT\d\d:[03]0$"))
    picked = field.input_value()
    ana.submit("Park")
    expect(ana.dialog).to_have_count(0)

    parked = ana.sees("PARKED until")

    expect(parked).to_contain_text(picked[-5:])
    expect(parked.get_by_role("button", name="Take over")).to_be_visible()
    expect(ana.card("Half-open the breaker of", "Approve")).to_have_count(0)


def test_a_run_that_is_stopped_owes_the_resume_and_one_button_does_it(ana: Newcomer, demo: Demo) -> None:
    ana.pauses()
    assert schedule_of(demo) == "DISABLED"
    ana.press("needs an answer", "Stop")
    expect(ana.question).to_contain_text("What it owes stays owed: 1")
    ana.answer("Stop")
    stopped = ana.sees("STOPPED")
    expect(stopped).to_contain_text("Resume the schedule")
    assert schedule_of(demo) == "DISABLED"

    ana.press("STOPPED", "Do what is owed", sure="Do it now")

    expect(ana.card("Started by", "All steps")).to_contain_text("owed: nothing", timeout=PATIENCE_MS)
    assert schedule_of(demo) == "ENABLED"


# One wrong input per door.


def test_an_unknown_command_is_refused_as_slack_refuses_it(somebody: Newcomer) -> None:
    somebody.type("/rnbook list")

    expect(somebody.sees("is not a valid command")).to_contain_text("/rnbook")


def test_an_unknown_runbook_is_answered_with_the_nearest_name(somebody: Newcomer) -> None:
    somebody.type("/runbook run circuit-braker")

    expect(somebody.sees("circuit-braker")).to_contain_text("circuit-breaker")


def test_an_input_value_of_the_wrong_shape_is_named(somebody: Newcomer, running: Demo) -> None:
    before = running.bot.store.runs(open_only=False)

    somebody.type("/runbook run circuit-breaker pipeline=TRANSACTIONS!")

    refused = somebody.sees("TRANSACTIONS!")
    expect(refused).to_contain_text("Only visible to you")
    assert running.bot.store.runs(open_only=False) == before


def test_a_request_that_is_answered_already_cannot_be_answered_again(opened: Newcomers) -> None:
    ana, bo = opened("ana"), opened("bo")
    ana.begins()
    expect(bo.card("Pause the nightly load", "Approve")).to_be_visible(timeout=PATIENCE_MS)
    ana.press("Pause the nightly load", "Approve")

    expect(bo.card("Pause the nightly load")).to_contain_text("by @ana (lake-oncall)", timeout=PATIENCE_MS)
    expect(bo.card("Pause the nightly load", "Approve")).to_have_count(0)
