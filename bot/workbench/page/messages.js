// The list of messages of one place (a channel or a thread): day dividers, grouping, changes in place, and scrolling
// that follows only a reader who is already at the end; everybody else gets a pill that says how many came.

import { h, icon } from "./dom.js";
import { renderMessage } from "./message.js";
import { keyOf } from "./state.js";
import { dayName, sameDay } from "./time.js";

const GROUP_SECONDS = 300;
const NEAR_END = 48;

export class MessageList {
  #nodes = new Map();
  #missed = 0;

  constructor({ store, belongs, inThread, empty, label }) {
    Object.assign(this, { store, belongs, inThread, empty });
    this.list = h("div", { class: "messages" });
    this.pill = h("button", { type: "button", class: "pill", hidden: true, on: { click: () => this.toEnd(true) } });
    this.scroller = h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": label, on: { scroll: () => this.atEnd() && this.#forget() } }, this.list);
    this.root = h("div", { class: "list-frame" }, this.scroller, this.pill);
    this.following = true;
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    const sizes = new ResizeObserver(() => this.following && this.toEnd());
    [this.list, this.scroller].forEach((node) => sizes.observe(node));
  }

  showAll() {
    this.#nodes.clear();
    this.list.replaceChildren();
    const messages = [...this.store.messages.values()].filter(this.belongs).sort((a, b) => (a.ts < b.ts ? -1 : 1));
    if (!messages.length) this.list.append(h("p", { class: "empty" }, this.empty()));
    let before = null;
    for (const message of messages) {
      this.#append(message, before);
      before = message;
    }
    this.last = before;
    this.#forget();
    this.toEnd();
  }

  added(message) {
    if (!this.belongs(message)) return;
    if (this.last && message.ts < this.last.ts) return void this.#keepingPlace(() => this.showAll());
    const follow = this.following || message.user === this.store.person;
    this.list.querySelector(":scope > .empty")?.remove();
    this.#append(message, this.last)?.classList.add("arrived");
    this.last = message;
    if (follow) this.toEnd();
    else this.#miss();
  }

  changed(message) {
    const old = this.#nodes.get(keyOf(message));
    if (!old) return void (this.belongs(message) && this.added(message));
    const focus = focusIn(old);
    const fresh = renderMessage(message, { store: this.store, compact: old.classList.contains("compact"), inThread: this.inThread });
    old.replaceWith(fresh);
    this.#nodes.set(keyOf(message), fresh);
    if (this.last && keyOf(this.last) === keyOf(message)) this.last = message;
    refocus(fresh, focus);
    if (this.following) this.toEnd();
  }

  deleted(message) {
    const node = this.#nodes.get(keyOf(message));
    if (!node) return;
    this.#keepingPlace(() => this.showAll());
  }

  reveal(ts) {
    const node = [...this.#nodes.values()].find((one) => one.dataset.ts === ts);
    if (!node) return false;
    this.following = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("revealed");
    node.focus({ preventScroll: true });
    return true;
  }

  toEnd(byHand = false) {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.following = true;
    if (byHand) this.#forget();
  }

  atEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_END;
  }

  // A scroll that comes from a change of size is not the reader's wish to leave the end.
  #scrolled() {
    const size = `${this.scroller.scrollHeight} ${this.scroller.clientHeight}`;
    if (size === this.size || this.atEnd()) this.following = this.atEnd();
    this.size = size;
  }

  #append(message, before) {
    if (this.#nodes.has(keyOf(message))) return null;
    if (!before || !sameDay(Number(before.ts), Number(message.ts))) {
      this.list.append(h("p", { class: "day" }, h("span", {}, dayName(Number(message.ts), this.store.now()))));
      before = null;
    }
    const node = renderMessage(message, { store: this.store, compact: groups(before, message), inThread: this.inThread });
    this.#nodes.set(keyOf(message), node);
    this.list.append(node);
    return node;
  }

  #keepingPlace(work) {
    const from = this.scroller.scrollTop;
    const follow = this.following;
    work();
    if (!follow) this.scroller.scrollTop = from;
    this.following = follow;
  }

  #miss() {
    this.#missed += 1;
    this.pill.replaceChildren(icon("down"), `${this.#missed} new ${this.#missed === 1 ? "message" : "messages"}`);
    this.pill.hidden = false;
  }

  #forget() {
    this.#missed = 0;
    this.pill.hidden = true;
  }
}

// A card keeps its own head, so that each has its time; short messages of one author stand together.
function groups(before, message) {
  const isCard = (one) => one.blocks?.length > 1;
  return Boolean(before) && !isCard(message) && !isCard(before) && before.user === message.user && !before.ephemeral_for && !message.ephemeral_for
    && !message.thread_broadcast && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
}

function focusIn(node) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  return focused && { action: focused.dataset.action, block: focused.closest(".block")?.dataset.block };
}

function refocus(node, focus) {
  if (!focus) return;
  const same = [...node.querySelectorAll("[data-action]")].find((one) => one.dataset.action === focus.action);
  (same ?? node).focus({ preventScroll: true });
}
