// The thread beside the channel: its first message, the replies, and a message box in which slash commands do not
// work (as in Slack), so a mention is offered instead.

import { Composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { MessageList } from "./messages.js";

export class Thread {
  constructor({ store, root }) {
    Object.assign(this, { store, root });
    this.list = new MessageList({
      store,
      inThread: true,
      label: "Messages of the thread",
      belongs: (message) => Boolean(store.thread) && message.channel === store.thread.channel
        && (message.ts === store.thread.ts || message.thread_ts === store.thread.ts),
      empty: () => "This thread is gone.",
    });
    this.where = h("small", {});
    this.box = h("div", { class: "composer" });
    const close = h("button", { type: "button", class: "icon", "aria-label": "Close thread", on: { click: () => this.close() } }, icon("close"));
    root.append(h("div", { class: "room-head" }, h("h2", {}, "Thread"), this.where, close), h("div", { class: "room-body" }, this.list.root), this.box);
    root.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.close());
    this.composer = new Composer({ store, root: this.box, thread: () => store.thread });
    store.on("all place", () => this.show());
    store.on("message", (message) => this.list.added(message));
    store.on("changed", (message) => this.list.changed(message));
    store.on("deleted", (message) => this.list.deleted(message));
  }

  show() {
    const open = Boolean(this.store.thread) && this.store.pane === "channel";
    const key = open ? `${this.store.thread.channel} ${this.store.thread.ts}` : null;
    const opened = open && key !== this.shown;
    this.shown = key;
    this.root.hidden = !open;
    document.getElementById("desk").classList.toggle("with-thread", open);
    if (!open) return;
    const place = this.store.place();
    this.where.textContent = place.is_im ? "" : `#${place.name}`;
    this.list.showAll();
    if (opened) document.getElementById("desk").classList.remove("panel-first");
    if (opened) this.composer.focus();
  }

  close() {
    this.store.open({ thread: null });
    document.querySelector("#composer textarea")?.focus();
  }
}
