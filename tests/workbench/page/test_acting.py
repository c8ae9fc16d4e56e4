"""What a person does in the page: clicks, modals, commands, being somebody else, the workbench's panel."""

import re
import threading

import pytest
from playwright.sync_api import Page, expect

from tests.workbench.page.local_slack import PATIENCE_SECONDS, FakeLocalSlack, Json
from tests.workbench.page.world import ANA, BO, CHANNEL, CY, message, mrkdwn, notification, option, plain

pytestmark = pytest.mark.browser


def approve(page: Page) -> None:
    page.get_by_role("button", name="Approve", exact=True).click()


def become(page: Page, name: str) -> None:
    page.locator("#switch-person").click()
    page.get_by_role("menuitemradio", name=re.compile(f"@{name}")).click()
    expect(page.locator("#switch-person")).to_contain_text(f"@{name}")
    expect(page.locator("#link-state")).to_have_text("")


def box(page: Page) -> str:
    return page.locator("#composer textarea").input_value()


def decline_view(**more: object) -> Json:
    return {
        "id": "V1",
        "type": "modal",
        "callback_id": "decline",
        "title": plain("Decline Q-9"),
        "submit": plain("Decline"),
        "close": plain("Back"),
        "previous_view_id": None,
        "blocks": [
            mrkdwn("Ends the *request*, not the run."),
            {
                "type": "input",
                "block_id": "why",
                "label": plain("Why"),
                "element": {
                    "type": "radio_buttons",
                    "action_id": "why",
                    "options": [option("Not now", "not_now"), option("Wrong values", "wrong")],
                },
            },
            {
                "type": "input",
                "block_id": "words",
                "label": plain("In your words"),
                "element": {"type": "plain_text_input", "action_id": "words", "multiline": True},
            },
            {
                "type": "input",
                "block_id": "file",
                "optional": True,
                "label": plain("File"),
                "element": {
                    "type": "static_select",
                    "action_id": "file",
                    "options": [option("f-0193", "f193"), option("f-0194", "f194")],
                },
            },
            {
                "type": "input",
                "block_id": "tell",
                "optional": True,
                "label": plain("Tell"),
                "element": {
                    "type": "checkboxes",
                    "action_id": "tell",
                    "options": [option("The owner", "owner")],
                },
            },
        ],
        **more,
    }


def show(slack: FakeLocalSlack, view: Json | None) -> None:
    if view is None:
        slack.world.views.pop(ANA, None)
    else:
        slack.world.views[ANA] = view
    slack.emit({"kind": "view", "person": ANA, "view": view})


@pytest.mark.usefixtures("page")
def test_the_first_open_is_told_once(slack: FakeLocalSlack) -> None:
    assert slack.sent("seen", times=1) == [{}]


def test_a_click_with_a_confirm_dialog_sends_exactly_one_request(page: Page, slack: FakeLocalSlack) -> None:
    approve(page)
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Half-open transactions in PROD?")
    expect(dialog).to_contain_text("Undo: set back to OPEN")
    assert slack.sent("click") == []

    dialog.get_by_role("button", name="Approve").click()
    expect(dialog).to_have_count(0)

    (click,) = slack.sent("click", times=1)
    assert click == {
        "person": ANA,
        "channel": CHANNEL,
        "ts": click["ts"],
        "block_id": "request-9",
        "action_id": "approve",
        "confirmed": True,
    }


def test_saying_no_in_the_confirm_dialog_sends_nothing(page: Page, slack: FakeLocalSlack) -> None:
    approve(page)
    page.get_by_role("alertdialog").get_by_role("button", name="Not yet").click()
    approve(page)
    page.keyboard.press("Escape")

    page.wait_for_timeout(150)
    assert slack.sent("click") == []


def test_approving_works_with_the_keyboard_alone(page: Page, slack: FakeLocalSlack) -> None:
    page.get_by_role("button", name="Approve", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Not yet")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_have_count(0)

    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_focused()
    assert [click["action_id"] for click in slack.sent("click", times=1)] == ["approve"]


def test_the_keyboard_reaches_the_approve_button_by_tab(page: Page) -> None:
    page.locator("#room-body .scroller").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.action") == "approve":
            return
    pytest.fail("Tab never reached Approve")


@pytest.mark.parametrize(("name", "drawer"), [("Channels", "#rail"), ("Your first incident", "#panel")])
def test_a_drawer_takes_the_focus_and_gives_it_back_to_its_button(page: Page, name: str, drawer: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    button = page.get_by_role("button", name=name, exact=True)

    button.click()
    expect(page.locator(f"{drawer} :focus")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(button).to_be_focused()


def test_a_server_that_wants_a_confirmation_gets_it_asked(page: Page, slack: FakeLocalSlack) -> None:
    question = {
        "title": plain("Really?"),
        "text": plain("It stops."),
        "confirm": plain("Stop it"),
        "deny": plain("No"),
    }
    slack.answers["click"] = lambda body: (
        {"ok": True} if body.get("confirmed") else {"ok": False, "error": "needs_confirm", "confirm": question}
    )

    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)

    assert [click.get("confirmed") for click in slack.sent("click", times=2)] == [None, True]


def test_a_button_is_busy_until_the_answer_and_takes_no_second_click(page: Page, slack: FakeLocalSlack) -> None:
    answered = threading.Event()
    slack.answers["click"] = lambda _: {"ok": answered.wait(PATIENCE_SECONDS)}
    details = page.get_by_role("button", name="Details")

    details.click()
    expect(details).to_have_attribute("aria-busy", "true")
    details.click()
    answered.set()
    expect(details).not_to_have_attribute("aria-busy", "true")

    assert len(slack.sent("click", times=1)) == 1


def test_an_app_that_does_not_answer_is_said_beside_the_button(page: Page, slack: FakeLocalSlack) -> None:
    slack.answers["click"] = lambda _: {"ok": False, "error": "operation_timeout"}

    page.get_by_role("button", name="Details").click()

    expect(page.locator("#room-body .app-error")).to_contain_text("operation_timeout")
    assert page.locator(".message", has=page.locator(".app-error")).get_by_role("button", name="Details").count() == 1


def test_the_focus_stays_on_the_button_when_its_card_is_redrawn(page: Page, slack: FakeLocalSlack) -> None:
    card = next(one for one in slack.world.messages if "R-42 circuit-breaker" in one["text"])
    stop = page.get_by_role("button", name="Stop", exact=True)
    stop.focus()

    slack.change({**card, "blocks": [mrkdwn("*R-42* step 7 of 11"), *card["blocks"][2:]]})

    expect(page.locator("#room-body")).to_contain_text("step 7 of 11")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()


def test_a_modal_says_what_is_missing_under_the_field_and_sends_nothing(page: Page, slack: FakeLocalSlack) -> None:
    show(slack, decline_view())

    page.get_by_role("dialog").get_by_role("button", name="Decline").click()

    expect(page.locator(".field-error:visible")).to_have_count(2)
    assert slack.sent("submit") == []


def test_the_apps_validation_errors_stand_under_their_field_and_the_words_stay(
    page: Page, slack: FakeLocalSlack
) -> None:
    slack.answers["submit"] = lambda _: {"ok": False, "errors": {"words": "Say which file."}}
    show(slack, decline_view())
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Not now").check()
    dialog.get_by_label("In your words").fill("later <b>")
    dialog.get_by_label("File").select_option(label="f-0194")
    dialog.get_by_label("The owner").check()

    dialog.get_by_role("button", name="Decline").click()

    expect(dialog.locator(".input", has_text="In your words").locator(".field-error")).to_have_text("Say which file.")
    assert dialog.get_by_label("In your words").input_value() == "later <b>"
    assert dialog.get_by_label("In your words").get_attribute("aria-invalid") == "true"
    (sent,) = slack.sent("submit", times=1)
    values = sent["values"]
    assert values["words"]["words"] == {"type": "plain_text_input", "value": "later <b>"}
    assert values["why"]["why"]["selected_option"]["value"] == "not_now"
    assert values["file"]["file"]["selected_option"]["value"] == "f194"
    assert [one["value"] for one in values["tell"]["tell"]["selected_options"]] == ["owner"]


def test_a_modal_closes_when_the_app_takes_it_and_can_be_closed_by_escape(page: Page, slack: FakeLocalSlack) -> None:
    show(slack, decline_view(blocks=[mrkdwn("Nothing to fill in.")]))
    page.get_by_role("dialog").get_by_role("button", name="Decline").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    show(slack, decline_view(id="V2"))
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert slack.sent("close", times=1) == [{"person": ANA, "view_id": "V2"}]


def test_a_pushed_view_goes_back_to_the_first_with_what_was_typed(page: Page, slack: FakeLocalSlack) -> None:
    show(slack, decline_view())
    page.get_by_label("In your words").fill("half a sentence")

    show(
        slack,
        decline_view(id="V2", previous_view_id="V1", title=plain("Why this rule"), blocks=[mrkdwn("Four eyes.")]),
    )
    expect(page.get_by_role("dialog")).to_contain_text("Four eyes.")
    page.get_by_role("dialog").get_by_role("button", name="Back").first.click()
    show(slack, decline_view())

    expect(page.get_by_label("In your words")).to_have_value("half a sentence")


def test_being_somebody_else_shows_their_messages_and_notifications_only(page: Page, slack: FakeLocalSlack) -> None:
    slack.world.messages.append(message(365, "Only Bo may read this.", ephemeral_for=BO))
    expect(page.locator("#switch-person .badge")).to_have_text("3")

    become(page, "bo")

    room = page.locator("#room-body")
    expect(room).to_contain_text("Only Bo may read this.")
    expect(room).not_to_contain_text("you asked for this change yourself")
    page.get_by_role("button", name=re.compile("Who would be woken: 2 new")).click()
    tray = page.get_by_role("dialog", name="Who would be woken")
    expect(tray).to_contain_text("@bo’s phone")
    expect(tray.locator(".push")).to_have_count(2)
    expect(tray.locator(".push-text").first).to_contain_text("Approve? PROD: half-open breaker transactions")
    approve_as = slack.sent("click")
    assert approve_as == []


def test_clicks_are_made_as_the_person_shown(page: Page, slack: FakeLocalSlack) -> None:
    become(page, "cy")

    approve(page)
    page.get_by_role("alertdialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)

    assert [click["person"] for click in slack.sent("click", times=1)] == [CY]


def test_a_notification_rings_for_its_person_and_not_for_others(page: Page, slack: FakeLocalSlack) -> None:
    slack.emit({"kind": "notification", "notification": notification(9, BO, 500, "For Bo", "mention")})
    slack.emit({"kind": "notification", "notification": notification(10, ANA, 501, "Finished: R-42", "thread")})

    page.get_by_role("button", name=re.compile("Who would be woken: 2 new")).click()

    tray = page.get_by_role("dialog", name="Who would be woken")
    expect(tray).to_contain_text("Finished: R-42")
    expect(tray).to_contain_text("reply in your thread")
    expect(tray).not_to_contain_text("For Bo")


def test_a_slash_completes_commands_and_their_words(page: Page, slack: FakeLocalSlack) -> None:
    composer = page.locator("#composer textarea")
    composer.press_sequentially("/")
    offers = page.get_by_role("option")
    expect(offers).to_have_count(2)
    expect(offers.first).to_contain_text("Find, plan and run a runbook")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert box(page) == "/runbook "
    composer.press_sequentially("ru")
    page.keyboard.press("Tab")
    assert box(page) == "/runbook run "
    composer.press_sequentially("circuit-breaker")
    page.keyboard.press("Enter")
    expect(composer).to_have_value("")

    assert slack.sent("slash", times=1) == [{"person": ANA, "channel": CHANNEL, "text": "/runbook run circuit-breaker"}]
    page.keyboard.press("ArrowUp")
    assert box(page) == "/runbook run circuit-breaker"


def test_shift_enter_breaks_the_line_and_enter_sends_the_message(page: Page, slack: FakeLocalSlack) -> None:
    composer = page.locator("#composer textarea")
    composer.press_sequentially("one")
    page.keyboard.press("Shift+Enter")
    composer.press_sequentially("two")
    page.keyboard.press("Enter")
    expect(composer).to_have_value("")

    assert slack.sent("message", times=1) == [{"person": ANA, "channel": CHANNEL, "text": "one\ntwo"}]


def test_a_command_that_fails_is_said_and_stays_in_the_box(page: Page, slack: FakeLocalSlack) -> None:
    slack.answers["slash"] = lambda _: {"ok": False, "error": "operation_timeout"}
    composer = page.locator("#composer textarea")

    composer.fill("/runbook list")
    page.keyboard.press("Enter")

    expect(page.locator("#composer .notice")).to_contain_text("/runbook: This app did not answer in 3 seconds")
    assert box(page) == "/runbook list"


def test_slash_commands_are_refused_in_threads_with_slacks_words(page: Page, slack: FakeLocalSlack) -> None:
    page.get_by_role("button", name="2 replies").click()
    thread = page.get_by_role("complementary", name="Thread")
    expect(thread).to_contain_text("upstream says they changed a column")
    reply = thread.get_by_role("combobox")
    reply.fill("/runbook status")
    page.keyboard.press("Enter")
    expect(thread).to_contain_text("/runbook is not supported in threads. Sorry!")
    assert slack.sent("slash") == []

    reply.fill("@runbook-bot status")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("")

    (sent,) = slack.sent("message", times=1)
    assert sent["thread_ts"] == next(one["ts"] for one in slack.world.messages if one["reply_count"] == 2)


def test_a_reader_at_the_end_follows_and_another_gets_a_pill(page: Page, slack: FakeLocalSlack) -> None:
    scroller = page.locator("#room-body .scroller")
    slack.say(message(400, "first"))
    expect(page.get_by_text("first", exact=True)).to_be_in_viewport()

    scroller.evaluate("(node) => { node.scrollTop = 0; }")
    expect(scroller).to_have_js_property("scrollTop", 0)
    page.wait_for_timeout(50)  # the page hears of its own scrolling a frame later
    slack.say(message(401, "second"))
    slack.say(message(402, "third"))

    pill = page.get_by_role("button", name="2 new messages")
    expect(pill).to_be_visible()
    assert scroller.evaluate("(node) => node.scrollTop") == 0
    pill.click()
    expect(page.get_by_text("third", exact=True)).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_a_broken_stream_says_reconnecting_and_loses_nothing(page: Page, slack: FakeLocalSlack) -> None:
    slack.refuse_events = True
    slack.drop_streams()
    expect(page.locator("#link-state")).to_have_text("reconnecting…")

    slack.world.messages.append(message(500, "said while the page was away"))
    slack.refuse_events = False

    expect(page.locator("#room-body")).to_contain_text("said while the page was away")
    expect(page.locator("#link-state")).to_have_text("")
    slack.say(message(501, "and live again"))
    expect(page.locator("#room-body")).to_contain_text("and live again")


def test_the_checklist_ticks_itself(page: Page, slack: FakeLocalSlack) -> None:
    panel = page.get_by_role("complementary", name="Your first incident")
    expect(panel).to_contain_text("3 of 8 seen")

    done = [{**step, "done": True} for step in slack.world.checklist]
    slack.emit({"kind": "checklist", "checklist": done})

    expect(panel).to_contain_text("All seen")
    expect(panel.locator(".checklist .done")).to_have_count(8)


def test_the_clock_moves_and_says_when_it_is_used_up(page: Page, slack: FakeLocalSlack) -> None:
    now = slack.world.clock["now"]
    slack.answers["clock"] = lambda _: {"ok": True, "now": now + 3600, "offset": 5100, "offset_left": 900}
    clock = page.get_by_role("region", name="Clock")
    expect(clock).to_contain_text("03:14")

    clock.get_by_role("button", name="+1 h").click()

    expect(clock).to_contain_text("04:14")
    expect(clock).to_contain_text("15 min left to move until Start over")
    expect(clock.get_by_role("button", name="+1 h")).to_be_disabled()
    expect(clock.get_by_role("button", name="+15 min")).to_be_enabled()
    slack.emit({"kind": "clock", "now": now + 4500, "offset": 6000, "offset_left": 0})
    expect(clock.get_by_role("button", name="+5 min")).to_be_disabled()
    expect(clock).to_contain_text("It cannot go further")
    assert slack.sent("clock", times=1) == [{"advance_seconds": 3600}]


def test_something_can_be_broken_and_slack_made_to_misbehave(page: Page, slack: FakeLocalSlack) -> None:
    page.get_by_text("Break something else").click()
    page.get_by_role("button", name="Break: A file comes late").click()
    page.get_by_text("Make this Slack misbehave").click()
    page.get_by_role("button", name="Fail the next group look-up").click()
    expect(page.locator(".panel-said")).to_contain_text("Armed")

    assert slack.sent("break", times=1) == [{"scenario": "late-file"}]
    assert slack.sent("fault", times=1) == [{"fault": "lookup_fails", "count": 1}]
    assert page.get_by_role("button", name="Break: Circuit breaker opens").is_disabled()


def test_what_only_the_world_outside_can_do_is_a_button_until_it_is_done(page: Page, slack: FakeLocalSlack) -> None:
    mend = page.get_by_role("button", name="Have it done: Upstream re-sends f-0193 corrected")
    mend.click()
    expect(page.locator(".panel-said")).to_contain_text("outside of the bot")
    assert slack.sent("fix", times=1) == [{"scenario": "circuit-breaker"}]

    broken = slack.world.scenarios[0]
    slack.emit({"kind": "scenarios", "scenarios": [{**broken, "fix": {**broken["fix"], "ready": False, "done": True}}]})

    expect(mend).to_have_count(0)
    expect(page.locator(".fix")).to_contain_text("Upstream re-sends f-0193 corrected (done)")


def test_what_cannot_be_mended_yet_cannot_be_pressed(page: Page, slack: FakeLocalSlack) -> None:
    broken = slack.world.scenarios[0]

    slack.emit({"kind": "scenarios", "scenarios": [{**broken, "fix": {**broken["fix"], "ready": False}}]})

    expect(page.get_by_role("button", name="Have it done: Upstream")).to_be_disabled()


def test_a_refused_mend_says_why(page: Page, slack: FakeLocalSlack) -> None:
    slack.answers["fix"] = lambda _: {"ok": False, "error": "Nothing is broken yet, so there is nothing to mend."}

    page.get_by_role("button", name="Have it done: Upstream").click()

    expect(page.locator(".panel-said")).to_have_text("Nothing is broken yet, so there is nothing to mend.")


def test_an_hour_is_picked_in_the_zone_of_the_reader_and_sent_as_seconds(page: Page, slack: FakeLocalSlack) -> None:
    picker = {"type": "datetimepicker", "action_id": "other", "initial_date_time": 1_795_440_600}  # 13:30 UTC
    block = {"type": "input", "block_id": "other", "label": plain("Another time"), "element": picker}
    show(slack, decline_view(title=plain("Park R-1"), submit=plain("Park"), blocks=[block]))
    field = page.get_by_label("Another time")
    expect(field).to_have_value("2026-11-23T14:30")

    field.fill("2026-11-24T08:00")
    page.get_by_role("dialog").get_by_role("button", name="Park").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    (sent,) = slack.sent("submit", times=1)
    assert sent["values"]["other"]["other"] == {"type": "datetimepicker", "selected_date_time": 1_795_503_600}


def test_an_hour_that_is_wanted_and_not_given_is_said(page: Page, slack: FakeLocalSlack) -> None:
    picker = {"type": "datetimepicker", "action_id": "other"}
    block = {"type": "input", "block_id": "other", "label": plain("Another time"), "element": picker}
    show(slack, decline_view(submit=plain("Park"), blocks=[block]))

    page.get_by_role("dialog").get_by_role("button", name="Park").click()

    expect(page.locator(".field-error:visible")).to_have_text("Please complete this required field.")
    assert slack.sent("submit") == []


def test_a_link_to_a_message_is_followed_in_place(page: Page, slack: FakeLocalSlack) -> None:
    alarm = next(one for one in slack.world.messages if one["text"].startswith("ALARM"))
    address = f"{slack.url}archives/{CHANNEL}/p{alarm['ts'].replace('.', '')}"
    slack.say(message(600, "look", blocks=[mrkdwn(f"See <{address}|A-118>.")]))

    page.get_by_role("link", name="A-118").click()

    expect(page.locator(".message.revealed")).to_have_attribute("data-ts", alarm["ts"])
    assert len(page.context.pages) == 1


def test_an_address_with_a_message_in_it_opens_there(page: Page, slack: FakeLocalSlack) -> None:
    alarm = next(one for one in slack.world.messages if one["text"].startswith("ALARM"))

    page.goto(f"{slack.url}?person={BO}#{CHANNEL}/p{alarm['ts'].replace('.', '')}")

    expect(page.locator(".message.revealed")).to_have_attribute("data-ts", alarm["ts"])


def test_a_group_is_shown_by_its_handle_and_stands_out_for_who_is_in_it(page: Page, slack: FakeLocalSlack) -> None:
    slack.say(message(600, "now", blocks=[mrkdwn("<!subteam^S0ONCALL> and <!subteam^S0OTHER>")]))

    expect(page.locator(".tag-me").last).to_have_text("@lake-oncall")
    expect(page.locator(".tag").last).to_have_text("@group")


def test_start_over_asks_first_and_then_shows_the_beginning(page: Page, slack: FakeLocalSlack) -> None:
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Keep going").click()
    assert slack.sent("start-over") == []

    def start_over(_: Json) -> Json:
        slack.world.messages[:] = [message(0, "A quiet morning.")]
        slack.world.notifications.clear()
        slack.emit({"kind": "reset"})
        return {"ok": True}

    slack.answers["start-over"] = start_over
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Start over").click()

    expect(page.locator("#room-body .message")).to_have_count(1)
    expect(page.locator("#room-body")).to_contain_text("A quiet morning.")
    assert slack.sent("start-over", times=1) == [{}]
    expect(page.locator("#tray .badge")).to_be_hidden()


def test_the_bots_home_is_opened_and_shown(page: Page, slack: FakeLocalSlack) -> None:
    page.get_by_role("button", name="Home of the bot").click()

    expect(page.get_by_role("main")).to_contain_text("What waits for you")
    assert slack.sent("home", times=1) == [{"person": ANA}]
    slack.emit(
        {
            "kind": "home",
            "person": ANA,
            "view": {"id": "VH1", "type": "home", "blocks": [mrkdwn("Q-9 waits.")]},
        }
    )
    expect(page.get_by_role("main")).to_contain_text("Q-9 waits.")


def test_a_reload_comes_back_to_the_same_person_and_channel(page: Page) -> None:
    become(page, "bo")
    page.get_by_role("button", name="playground").click()
    page.reload()

    expect(page.locator("#switch-person")).to_contain_text("@bo")
    expect(page.get_by_role("heading", level=1)).to_contain_text("playground")
