// The message box: Enter sends, Shift+Enter breaks the line, arrow up brings back what one sent before, / completes
// commands. In a thread a slash command is refused with Slack's words, because Slack does that.

import { appError } from "./act.js";
import { commandOf, suggestions } from "./completion.js";
import { h, icon, uniqueId } from "./dom.js";
import { inWords, send } from "./wire.js";

const MAX_HEIGHT = 180;

const PIECE = 0x8000;

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

export class Composer {
  #history = [];
  #recalled = -1;
  #offered = [];
  #chosen = -1;

  constructor({ store, root, thread }) {
    Object.assign(this, { store, root, inThread: Boolean(thread), thread: thread ?? (() => null) });
    this.listId = uniqueId("offers");
    this.offers = h("div", { class: "offers", id: this.listId, role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.notice = h("div", { class: "notice", role: "alert", hidden: true });
    this.box = h("textarea", {
      rows: 1, autocomplete: "off", spellcheck: "false", role: "combobox", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": this.listId,
    });
    this.sender = h("button", { type: "button", class: "icon send", "aria-label": "Send", on: { click: () => this.#submit() } }, icon("send"));
    this.picker = h("input", { type: "file", hidden: true, "aria-hidden": "true", tabindex: -1, on: { change: () => this.#share() } });
    this.attacher = h("button", { type: "button", class: "icon attach", "aria-label": "Share a file", title: "Share a file", on: { click: () => this.picker.click() } }, icon("file"));
    root.append(this.offers, this.notice, this.picker, h("div", { class: "composer-box" }, this.box, this.attacher, this.sender));
    this.box.addEventListener("input", () => this.#typed());
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("blur", () => this.#offer([]));
    store.on("all place", () => this.#rename());
  }

  focus() {
    this.box.focus();
  }

  fill(text) {
    this.box.value = text;
    this.#typed();
    this.focus();
  }

  #rename() {
    const place = this.store.place();
    const where = place.is_im ? `@${this.store.bot()?.name ?? "bot"}` : `#${place.name}`;
    const label = this.inThread ? "Reply in thread" : `Message ${where}`;
    this.box.placeholder = this.inThread ? label : `${label} or /command`;
    this.box.setAttribute("aria-label", label);
  }

  #typed() {
    this.#recalled = -1;
    this.notice.hidden = true;
    this.box.style.setProperty("height", "auto");
    this.box.style.setProperty("height", `${Math.min(this.box.scrollHeight, MAX_HEIGHT)}px`);
    const { commands, people } = this.store;
    this.#offer(suggestions(this.box.value, { commands, people, inThread: this.inThread }));
  }

  #offer(offered) {
    this.#offered = offered;
    this.#chosen = -1;
    this.offers.hidden = offered.length === 0;
    this.box.setAttribute("aria-expanded", String(offered.length > 0));
    this.box.removeAttribute("aria-activedescendant");
    this.offers.replaceChildren(...offered.map((one, index) => h("div", {
      class: "offer", role: "option", id: `${this.listId}-${index}`, "aria-selected": "false",
      on: { mousedown: (event) => { event.preventDefault(); this.#take(index); } },
    }, h("strong", {}, one.title), one.usage && h("span", { class: "usage" }, one.usage), one.note && h("small", {}, one.note))));
  }

  #choose(index) {
    this.#chosen = (index + this.#offered.length) % this.#offered.length;
    [...this.offers.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === this.#chosen)));
    this.box.setAttribute("aria-activedescendant", `${this.listId}-${this.#chosen}`);
    this.offers.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  #take(index) {
    this.fill(this.#offered[index].insert);
  }

  #key(event) {
    if (event.isComposing) return;
    const open = this.#offered.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const from = this.#chosen === -1 && event.key === "ArrowUp" ? 0 : this.#chosen;
      this.#choose(from + (event.key === "ArrowDown" ? 1 : -1));
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      this.#offer([]);
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.#take(Math.max(0, this.#chosen));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#enter();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      this.#recall(event);
    }
  }

  #enter() {
    const partial = this.box.value.startsWith("/") && !/\s/.test(this.box.value) && !this.store.commands.some((one) => one.command === this.box.value);
    if (this.#chosen >= 0 || (partial && this.#offered.length)) this.#take(Math.max(0, this.#chosen));
    else this.#submit();
  }

  #recall(event) {
    const next = this.#recalled + (event.key === "ArrowUp" ? 1 : -1);
    const usable = this.#recalled >= 0 || this.box.value === "";
    if (!usable || next >= this.#history.length || next < -1) return;
    event.preventDefault();
    this.box.value = next === -1 ? "" : this.#history[next];
    this.#recalled = next;
  }

  async #submit() {
    const text = this.box.value.trim();
    if (!text || this.root.getAttribute("aria-busy") === "true") return;
    const command = commandOf(text);
    if (command && this.inThread) {
      this.#say(`${command} is not supported in threads. Sorry! Mention the bot instead: @${this.store.bot()?.name ?? "bot"} …`);
      return;
    }
    this.root.setAttribute("aria-busy", "true");
    const answer = await (command ? this.#command(text) : this.#message(text));
    this.root.removeAttribute("aria-busy");
    this.#history.unshift(text);
    if (answer.ok || answer.response) this.#sent();
    else this.#say(command ? `${command}: ${appError(answer.error)}` : inWords(answer.error));
  }

  // What a command answers, a refusal too, comes as a message by the event stream.
  #sent() {
    this.box.value = "";
    this.#typed();
  }

  #command(text) {
    return send("/_ui/slash", { person: this.store.person, channel: this.store.channel, text });
  }

  #message(text) {
    const thread = this.thread();
    return send("/_ui/message", { person: this.store.person, channel: this.store.channel, text, ...(thread ? { thread_ts: thread.ts } : {}) });
  }

  async #share() {
    const file = this.picker.files?.[0];
    this.picker.value = "";
    if (!file) return;
    const thread = this.thread();
    const content = base64(new Uint8Array(await file.arrayBuffer()));
    const answer = await send("/_ui/upload", { person: this.store.person, channel: this.store.channel, name: file.name, content, ...(thread ? { thread_ts: thread.ts } : {}) });
    if (!answer.ok) this.#say(inWords(answer.error));
  }

  #say(words) {
    this.notice.replaceChildren(h("span", {}, words),
      h("button", { type: "button", class: "icon", "aria-label": "Dismiss", on: { click: () => { this.notice.hidden = true; this.focus(); } } }, icon("close")));
    this.notice.hidden = false;
  }
}
