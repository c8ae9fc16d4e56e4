"""What the page makes of messages: every block type, and hostile text."""

import pytest
from playwright.sync_api import Page, expect

from tests.workbench.page.local_slack import FakeLocalSlack, Json
from tests.workbench.page.world import BOT, CHANNEL, button, message, mrkdwn, plain

pytestmark = pytest.mark.browser


def open_playground(page: Page) -> None:
    page.get_by_role("button", name="playground").click()
    page.locator(".block-header").wait_for()


def test_mrkdwn_becomes_bold_code_links_mentions_quotes_and_bullets(page: Page) -> None:
    open_playground(page)

    section = page.locator(".block-section").first
    assert section.locator("strong").all_inner_texts() == ["bold"]
    assert section.locator("em").inner_text() == "italic"
    assert section.locator("s").inner_text() == "gone"
    assert section.locator(".line code").inner_text() == "code"
    assert section.locator("a").get_attribute("href") == "https://example.com/page"
    assert section.locator("a").get_attribute("rel") == "noopener noreferrer"
    assert section.locator(".tag").all_inner_texts() == ["@bo", "#incident-etl"]
    assert section.locator("blockquote").inner_text() == "quoted"
    assert section.locator(".item").count() == 2
    assert section.locator("pre").inner_text() == "fenced *not bold*"
    assert "a <b> & c" in section.inner_text()
    assert section.get_by_role("button", name="Look").is_visible()


def test_the_page_s_own_sign_has_its_size_and_no_frame_of_a_mark(page: Page) -> None:
    sign = page.locator(".topbar img")

    assert sign.bounding_box() == {**(sign.bounding_box() or {}), "width": 26, "height": 26}
    assert sign.evaluate("(sign) => getComputedStyle(sign).padding") == "0px"


def test_fields_dividers_context_and_headers_are_shown(page: Page) -> None:
    open_playground(page)

    assert page.locator(".block-header").inner_text() == "A header"
    assert page.locator(".field").all_inner_texts() == ["Left\none", "Right *raw*"]
    assert page.locator(".block-divider hr").count() == 1
    assert page.locator(".block-context strong").inner_text() == "more"


def test_a_long_section_folds_unless_it_says_expand(page: Page) -> None:
    open_playground(page)

    more = page.locator(".see-more")
    assert more.count() == 1
    assert page.locator(".folded").count() == 1
    more.click()
    assert page.locator(".folded").count() == 0
    assert page.get_by_role("button", name="See less").get_attribute("aria-expanded") == "true"


def test_pictures_come_from_this_machine_only_and_carry_their_finding(page: Page) -> None:
    open_playground(page)

    pictures = page.locator(".block-image")
    assert pictures.nth(0).locator("img").get_attribute("alt") == "errors rise at 02:05"
    assert pictures.nth(0).locator("figcaption").inner_text() == "Chart"
    assert pictures.nth(1).locator("img").count() == 0
    assert "not on this machine" in pictures.nth(1).inner_text()


def test_rich_text_markdown_files_and_unknown_blocks_are_shown(page: Page) -> None:
    open_playground(page)

    rich = page.locator(".block-rich_text")
    assert rich.locator("strong").inner_text() == "rich "
    assert "@cy" in rich.inner_text()
    assert rich.locator("a").count() == 0
    assert rich.locator("ol li").inner_text() == "one"
    markdown = page.locator(".block-markdown")
    assert markdown.locator(".md-head").inner_text() == "Heading two"
    assert markdown.locator("a").get_attribute("href") == "https://example.com/"
    assert markdown.locator("li").inner_text() == "point"
    assert "video is not shown" in page.locator(".block-video").inner_text()
    assert "INC-7 draft" in page.locator("a.file").inner_text()


def test_menus_on_a_card_send_the_chosen_option(page: Page, slack: FakeLocalSlack) -> None:
    open_playground(page)

    page.get_by_role("button", name="Choose a file").click()
    page.get_by_role("menuitemradio", name="f-0194").click()
    page.get_by_role("button", name="Choose a person").click()
    page.get_by_role("menuitemradio", name="@bo").click()
    expect(page.get_by_role("button", name="Choose a person: @bo", exact=True)).to_have_text("@bo")
    page.locator(".block-actions .more").click()
    page.get_by_role("menuitem", name="Second thing").click()

    file, person, more = slack.sent("click", times=3)
    assert file["selected_option"]["value"] == "f194"
    assert person["selected_user"] == "U0BO"
    assert (more["action_id"], more["selected_option"]["value"]) == ("gallery_more", "o1")
    assert more["block_id"] == "gallery-actions"


def test_dates_are_shown_in_the_viewers_zone_against_the_movable_clock(page: Page) -> None:
    alarm = page.locator(".message", has_text="CircuitBreakerOpen").first

    assert "since today 03:06" in alarm.inner_text()
    assert "yesterday 03:11" in alarm.inner_text()
    assert "tomorrow 03:00" in alarm.inner_text()


HOSTILE = [
    ("<script>window.hacked = 1</script>", "<script>window.hacked = 1</script>"),
    ("&lt;img src=x onerror=hacked=1&gt;", "<img src=x onerror=hacked=1>"),
    ("<javascript:alert(1)|click me>", "<javascript:alert(1)|click me>"),
    ("<data:text/html,hi|click me>", "<data:text/html,hi|click me>"),
    ("&lt;@U0BO&gt; &lt;!channel&gt;", "<@U0BO> <!channel>"),
    ("<@U0BO onclick=x>", "<@U0BO onclick=x>"),
    ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
    ("'; DROP TABLE runs; --", "'; DROP TABLE runs; --"),
    ("a_b_c *b c * 2*3*4 ~ ~ **", "a_b_c *b c * 2*3*4 ~ ~ **"),
    ("```never closed <script>", "```never closed <script>"),
    (":unknown_thing: :__proto__: :constructor:", ":unknown_thing: :__proto__: :constructor:"),
    ("<!date^nonsense^{time}|2 o'clock>", "2 o'clock"),
]


def test_hostile_text_is_shown_as_the_text_it_is(page: Page, slack: FakeLocalSlack) -> None:
    for number, (text, _) in enumerate(HOSTILE):
        slack.say(message(400 + number, text, user=f"U0X{number}"))
    expect(page.locator("#room-body .message").last).to_contain_text(HOSTILE[-1][1])

    shown = page.locator("#room-body .message").filter(has=page.locator(".author", has_text="U0X"))
    assert shown.locator(".text").all_inner_texts() == [words for _, words in HOSTILE]
    assert shown.locator("a, img, script, .tag").count() == 0
    assert page.evaluate("window.hacked") is None


def test_hostile_names_labels_and_block_types_stay_text(page: Page, slack: FakeLocalSlack) -> None:
    evil = "<img src=x onerror=hacked=1>"
    blocks: list[Json] = [
        {"type": "header", "text": plain(evil)},
        {"type": 'x" onclick="hacked=1'},
        {"type": "actions", "block_id": evil, "elements": [button(evil, evil)]},
        mrkdwn(f"<https://example.com/|{evil.replace('<', '&lt;').replace('>', '&gt;')}>"),
        {"type": "image", "image_url": "javascript:hacked=1", "alt_text": evil},
    ]
    files = [{"id": "F", "title": evil, "url_private": "javascript:hacked=1", "mimetype": "image/png"}]

    slack.say(message(400, evil, blocks=blocks, files=files, user=evil))

    last = page.locator("#room-body .message").last
    expect(last.locator(".block-header")).to_have_text(evil)
    assert last.locator("img").count() == 0
    assert last.locator("a").get_attribute("href") == "https://example.com/"
    assert last.get_by_role("button", name=evil, exact=True).count() == 1
    assert page.evaluate("window.hacked") is None


def test_ten_kilobytes_without_a_space_do_not_widen_a_phone(page: Page, slack: FakeLocalSlack) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    long = "x" * 10_000

    slack.say(message(400, f"{long}\n`{long}`\n```{long}```\n<https://example.com/{long}>"))

    expect(page.locator("#room-body .message").last).to_contain_text("xxxx")
    assert sideways(page) == []


def sideways(page: Page) -> list[str]:
    """Return what can be scrolled sideways."""
    found: list[str] = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('body *')]
          .filter((node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0
            && !['hidden', 'clip', 'visible'].includes(getComputedStyle(node).overflowX)
            || node === document.documentElement && node.scrollWidth > innerWidth)
          .map((node) => node.className || node.tagName)"""
    )
    return found


def test_no_card_overflows_a_phone_390_pixels_wide(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert sideways(page) == []

    page.get_by_role("button", name="Channels").click()
    open_playground(page)

    assert sideways(page) == []
    beyond = page.locator(".block").evaluate_all(
        "(blocks) => blocks.filter((block) => block.getBoundingClientRect().right > innerWidth).length"
    )
    assert beyond == 0


def test_the_phone_view_shows_the_same_channel_390_pixels_wide(page: Page) -> None:
    page.get_by_role("button", name="Phone view").click()

    width = page.locator("#slack").evaluate("(frame) => frame.clientWidth")
    assert width == 390
    assert page.locator("#rail").is_hidden()
    assert page.get_by_role("button", name="Approve", exact=True).is_visible()
    assert sideways(page) == []


def test_only_the_person_it_is_for_sees_an_ephemeral_and_it_says_so(page: Page, slack: FakeLocalSlack) -> None:
    assert "Only visible to you" in page.locator(".message.ephemeral").inner_text()

    slack.emit({"kind": "message", "message": message(410, "for bo only", ephemeral_for="U0BO")})
    slack.say(message(411, "for everybody"))

    expect(page.locator("#room-body")).to_contain_text("for everybody")
    assert "for bo only" not in page.locator("body").inner_text()


def test_an_edit_changes_the_message_in_place_and_says_edited(page: Page, slack: FakeLocalSlack) -> None:
    slack.say(message(400, "Reading logs"))
    expect(page.locator("#room-body .message").last).to_contain_text("Reading logs")
    count = page.locator("#room-body .message").count()

    slack.change(message(400, "Read 41,206 lines", edited={"user": BOT, "ts": "2"}))

    expect(page.locator("#room-body .message").last).to_contain_text("Read 41,206 lines")
    assert page.locator("#room-body .message").count() == count
    assert "Reading logs" not in page.locator("#room-body").inner_text()
    assert page.locator("#room-body .message").last.locator(".edited").is_visible()


def test_a_deleted_message_disappears(page: Page, slack: FakeLocalSlack) -> None:
    slack.say(message(400, "oops"))
    expect(page.locator("#room-body .message").last).to_contain_text("oops")

    slack.emit({"kind": "message_deleted", "channel": CHANNEL, "ts": message(400, "")["ts"]})

    expect(page.locator("#room-body")).not_to_contain_text("oops")
