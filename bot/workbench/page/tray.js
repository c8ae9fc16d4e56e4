// Who would be woken: what the phone of the person shown would have displayed, newest first, with the reason; and in
// phone view the push message itself, for a few seconds, above the screen.

import { counted, h, icon } from "./dom.js";
import { aboutOf } from "./message.js";
import { mrkdwn } from "./mrkdwn.js";
import { shortTime } from "./time.js";

const WHY = {
  mention: "mentions you", group: "mentions a group you are in", dm: "direct message", thread: "reply in your thread",
};
const PUSH_MS = 7000;

export class Tray {
  constructor({ store, root, shelf, onOpen }) {
    Object.assign(this, { store, shelf, onOpen });
    this.count = h("span", { class: "badge", hidden: true });
    this.button = h("button", { type: "button", class: "icon", id: "tray-toggle", "aria-haspopup": "dialog", "aria-expanded": "false", on: { click: () => this.#toggle() } }, icon("bell"), this.count);
    this.card = h("div", { class: "tray-card", popover: "auto", role: "dialog", "aria-label": "Who would be woken" });
    this.card.addEventListener("toggle", ({ newState }) => {
      this.button.setAttribute("aria-expanded", String(newState === "open"));
      if (newState === "open") this.#fill();
      else store.markRead(store.person);
    });
    root.append(this.button, this.card);
    store.on("all notifications", () => this.show());
    store.on("notification", (one) => this.#push(one));
  }

  #toggle() {
    this.card.togglePopover();
    this.card.querySelector("button")?.focus();
  }

  show() {
    const unread = this.store.unread(this.store.person);
    this.count.hidden = unread === 0;
    this.count.textContent = String(unread);
    this.button.setAttribute("aria-label", `Who would be woken: ${counted(unread, "new notification")} for ${this.store.me().name}`);
    if (this.card.matches(":popover-open")) this.#fill();
  }

  #fill() {
    const me = this.store.me();
    const all = [...this.store.notifications].reverse();
    this.card.replaceChildren(
      h("h2", {}, `@${me.name}’s phone`),
      h("p", { class: "tray-note" }, all.length
        ? "What would have lit up, newest first. Edits and messages only visible to you wake nobody."
        : "Nothing so far. Only new messages that mention this person, a group of theirs, or a thread they are in would light it up."),
      h("ol", { class: "pushes" }, all.map((one) => h("li", {}, this.#row(one)))));
  }

  #row(one) {
    return h("button", { type: "button", class: "push", on: { click: () => { this.card.hidePopover(); this.onOpen(one); } } },
      h("span", { class: "push-head" }, h("span", {}, `${this.#where(one)} · ${WHY[one.why] ?? one.why}`), h("time", {}, shortTime(seconds(one.at ?? one.ts)))),
      h("span", { class: "push-text" }, this.#words(one)));
  }

  #where(one) {
    const channel = this.store.channels.find((each) => each.id === one.channel);
    return !channel || channel.is_im ? "Direct message" : `#${channel.name}`;
  }

  #words(one) {
    return h("span", {}, mrkdwn(one.text, aboutOf(this.store))).textContent;
  }

  #push(one) {
    const banner = this.#row(one);
    banner.classList.add("banner");
    this.shelf.replaceChildren(banner);
    setTimeout(() => banner.remove(), PUSH_MS);
  }
}

const seconds = (at) => (Number.isFinite(Number(at)) ? Number(at) : Date.parse(at) / 1000);
