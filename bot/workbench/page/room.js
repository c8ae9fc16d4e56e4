// The middle of the page: the open channel (head, messages) or the bot's Home. Which one is open is in the store.

import { clicks } from "./act.js";
import { renderBlocks } from "./blocks.js";
import { fragment, h, icon, localAddress } from "./dom.js";
import { aboutOf } from "./message.js";
import { MessageList } from "./messages.js";

export class Room {
  constructor({ store, head, body, composer }) {
    Object.assign(this, { store, head, body, composer });
    this.list = new MessageList({
      store,
      inThread: false,
      label: "Messages",
      belongs: (message) => message.channel === store.channel && (!message.thread_ts || message.thread_ts === message.ts || message.thread_broadcast),
      empty: () => "Nothing here yet. Type / for the bot's commands.",
    });
    store.on("all place", () => this.show());
    store.on("message", (message) => this.#inChannel() && this.list.added(message));
    store.on("changed", (message) => this.#inChannel() && this.list.changed(message));
    store.on("deleted", (message) => this.#inChannel() && this.list.deleted(message));
    store.on("canvases", () => this.#inChannel() && this.#channelHead());
    store.on("home", () => store.pane === "home" && this.show());
  }

  #inChannel() {
    return this.store.pane === "channel";
  }

  show() {
    const shown = `${this.store.person} ${this.store.pane} ${this.store.channel}`;
    const again = shown === this.shown;
    this.shown = shown;
    this.composer.hidden = !this.#inChannel();
    if (!this.#inChannel()) return this.#home();
    this.#channelHead();
    const from = this.list.scroller.scrollTop;
    const follow = this.list.following || !again;
    if (this.list.root.parentElement !== this.body) this.body.replaceChildren(this.list.root);
    this.list.showAll();
    if (!follow) this.list.scroller.scrollTop = from;
    return undefined;
  }

  #channelHead() {
    const place = this.store.place();
    const members = (place.members ?? []).map((id) => this.store.people.get(id)).filter(Boolean);
    const bot = this.store.bot();
    const title = place.is_im ? bot?.name ?? place.name : place.name;
    this.head.replaceChildren(fragment(
      h("h1", { id: "room-title" }, h("span", { class: "hash", "aria-hidden": "true" }, place.is_im ? "" : place.is_private ? "◦ " : "# "), title),
      place.environment_note && h("span", { class: "environment" }, place.environment_note),
      !place.is_im && members.length && h("span", { class: "member-count", title: members.map((one) => one.real_name || one.name).join(", ") }, `${members.length} members`),
      this.store.canvases.filter((one) => one.channel === place.id).map((one) => h("a", {
        class: "canvas", href: localAddress(one.permalink), target: "_blank", rel: "noopener", title: `Canvas: ${one.title}`,
      }, icon("file"), h("span", {}, one.title)))));
  }

  #home() {
    const store = this.store;
    const bot = store.bot();
    this.head.replaceChildren(h("h1", { id: "room-title" }, icon("home"), `${bot?.name ?? "App"} · Home`), h("span", { class: "environment" }, `as @${store.me().name} sees it`));
    const blocks = store.home?.blocks ?? [];
    const about = aboutOf(store);
    const act = clicks({ person: () => store.person, place: () => ({ view_id: store.home?.id }), about });
    this.body.replaceChildren(h("div", { class: "scroller home", tabindex: 0, role: "region", "aria-label": "Home of the bot" },
      blocks.length ? h("div", { class: "card home-card" }, renderBlocks(blocks, { about, act })) : h("p", { class: "empty" }, "The bot has put nothing here yet.")));
  }
}
