"""What a person does on the page of the demo, in their words: read a card, press a button, become somebody else."""

import re

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS = 20_000

WIDE = """() => {
  const limit = document.documentElement.clientWidth;
  const shown = [...document.querySelectorAll('#room *, dialog[open] *')].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && (box.right > limit + 1 || box.left < -1);
  });
  return shown.map((node) => `${node.className || node.tagName}: ${node.textContent.slice(0, 60)}`);
}"""


class Newcomer:
    """Be one person at one window."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.room = page.locator("#room-body")
        self.panel = page.locator("#panel")
        self.dialog = page.get_by_role("dialog").filter(has=page.locator(".modal-form"))
        self.question = page.get_by_role("alertdialog")

    def card(self, words: str, button: str = "") -> Locator:
        """Return the newest card that says these words (and offers this button)."""
        found = self.room.locator(".message").filter(has_text=words)
        if button:
            found = found.filter(has=self.page.get_by_role("button", name=button, exact=True))
        return found.last

    def sees(self, words: str) -> Locator:
        """Wait for a card with these words and return it."""
        card = self.card(words)
        expect(card).to_be_visible(timeout=PATIENCE_MS)
        return card

    def press(self, words: str, button: str, *, sure: str = "") -> None:
        """Press a button of the newest card that says these words; answer its question, if it asks one."""
        self.card(words, button).get_by_role("button", name=button, exact=True).click()
        if sure:
            self.answer(sure)

    def choose(self, words: str, option: str, *, sure: str = "") -> None:
        """Choose from the menu of the newest card that says these words."""
        self.card(words, "More actions").get_by_role("button", name="More actions").click()
        self.page.get_by_role("menuitem", name=option).click()
        if sure:
            self.answer(sure)

    def answer(self, button: str) -> None:
        """Answer the open question."""
        self.question.get_by_role("button", name=button, exact=True).click()
        expect(self.question).to_have_count(0)

    def approve(self, words: str) -> None:
        """Approve the newest open request that says these words, through its confirm dialog."""
        self.card(words, "Approve").get_by_role("button", name="Approve", exact=True).click()
        expect(self.question).to_contain_text("PROD")
        self.answer("Approve")

    def become(self, name: str) -> None:
        """Go on as somebody else."""
        self.page.locator("#switch-person").click()
        self.page.get_by_role("menuitemradio", name=re.compile(f"@{name}")).click()
        expect(self.page.locator("#switch-person")).to_contain_text(f"@{name}")

    def type(self, text: str) -> None:
        """Write into the message box and send it."""
        box = self.page.locator("#composer textarea")
        box.fill(text)
        box.press("Enter")

    def fill(self, label: str | re.Pattern[str], value: str) -> None:
        """Fill a field of the open modal."""
        self.dialog.get_by_label(label).fill(value)

    def submit(self, button: str) -> None:
        """Send the open modal."""
        self.dialog.get_by_role("button", name=button, exact=True).click()

    def done(self, title: str) -> None:
        """Wait until the checklist ticks this off."""
        expect(self.panel.locator(".checklist .done").filter(has_text=title)).to_have_count(1, timeout=PATIENCE_MS)

    def has_it_mended(self) -> None:
        """Have the bad file re-sent by whoever makes it."""
        self.panel.get_by_role("button", name="Have it done: Upstream re-sends f-0193 corrected").click()
        expect(self.panel.locator(".fix.done")).to_be_visible()

    def moves_the_clock(self, step: str) -> None:
        """Press a button of the clock."""
        self.panel.get_by_role("button", name=step, exact=True).click()

    def starts_over(self) -> None:
        """Put everything back."""
        self.panel.get_by_role("button", name="Start over").click()
        self.answer("Start over")

    def fits(self) -> None:
        """Check that nothing on the page, cards and dialogs included, is wider than the screen."""
        assert self.page.evaluate(WIDE) == []

    # The story, as far as a test needs it.

    def begins(self) -> None:
        """Start the runbook from the alarm card."""
        self.sees("CircuitBreakerOpen")
        self.press("CircuitBreakerOpen", "Start runbook")

    def pauses(self) -> None:
        """Come to where the reason is asked for."""
        self.begins()
        self.press("Pause the nightly load", "Approve")
        expect(self.card("needs an answer", "Answer…")).to_be_visible(timeout=PATIENCE_MS)

    def asks(self, reason: str = "currency column fixed upstream, file re-sent") -> None:
        """Come to where the half-open request stands."""
        self.pauses()
        self.gives(reason)
        expect(self.card("Half-open the breaker", "Approve")).to_be_visible(timeout=PATIENCE_MS)

    def gives(self, reason: str) -> None:
        """Give the reason in the modal."""
        self.press("needs an answer", "Answer…")
        self.fill(re.compile("Why is it safe"), reason)
        self.submit("Answer")
        expect(self.dialog).to_have_count(0)
