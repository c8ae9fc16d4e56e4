// The workbench's movable clock: what time it is there, how far ahead of real time, and buttons to move it. A button
// that cannot be used says why instead of only being grey.

import { h } from "./dom.js";
import { dayName, lasting, shortTime, zoneName } from "./time.js";
import { inWords, send } from "./wire.js";

const STEPS = [["+5 min", 300], ["+15 min", 900], ["+1 h", 3600]];

export class Clock {
  constructor({ store }) {
    this.store = store;
    this.face = h("p", { class: "clock-face", role: "timer" });
    this.note = h("p", { class: "clock-note", id: "clock-note" });
    this.trouble = h("p", { class: "app-error", role: "alert", hidden: true });
    this.buttons = STEPS.map(([words, seconds]) => h("button", {
      type: "button", class: "button", "aria-describedby": "clock-note", data: { seconds: String(seconds) },
      on: { click: ({ currentTarget }) => this.#advance(seconds, currentTarget) },
    }, words));
    this.root = h("section", { class: "panel-part", "aria-label": "Clock" },
      h("h3", {}, "Clock"), this.face, h("div", { class: "button-row" }, this.buttons), this.note, this.trouble);
    store.on("all clock", () => this.show());
    setInterval(() => this.#tick(), 1000);
  }

  #tick() {
    const now = this.store.now();
    if (!this.store.clock.now) return;
    const words = [shortTime(now), `${dayName(now, now - this.store.clock.offset)} · ${zoneName()}`];
    if (this.face.textContent === words.join("")) return;
    this.face.replaceChildren(h("strong", {}, words[0]), h("span", {}, words[1]));
  }

  show() {
    this.#tick();
    const { offset, left } = this.store.clock;
    const usable = this.buttons.filter((button) => {
      button.disabled = Number(button.dataset.seconds) > left;
      return !button.disabled;
    });
    const ahead = offset >= 60 ? `${lasting(offset)} ahead of real time. ` : "Real time. ";
    this.note.textContent = ahead + (usable.length === 0
      ? `It cannot go further: ${lasting(left)} left, because log lines more than two hours ahead are refused. Start over gives it back.`
      : usable.length < STEPS.length ? `${lasting(left)} left to move until Start over.` : "Move it to see what waiting does.");
  }

  async #advance(seconds, button) {
    button.setAttribute("aria-busy", "true");
    const answer = await send("/_ui/clock", { advance_seconds: seconds });
    button.removeAttribute("aria-busy");
    this.trouble.hidden = answer.ok;
    this.trouble.textContent = answer.ok ? "" : inWords(answer.error);
    if (answer.ok && Number.isFinite(answer.now)) this.store.apply({ kind: "clock", ...answer });
  }
}
