// The left rail: workspace, the bot's Home, channels, direct messages, and at its foot whether bot and lake are up.
// A place with something new is bold; one whose message would have woken this person carries a number.

import { counted, h, icon } from "./dom.js";
import { avatar } from "./avatar.js";
import { send } from "./wire.js";

const PLAIN_STATES = new Set(["connected", "ready"]);

export class Rail {
  #fresh = new Set();

  constructor({ store, root, onOpen }) {
    Object.assign(this, { store, root, onOpen });
    store.on("all place notifications status", () => this.show());
    store.on("message", (message) => {
      if (message.channel === store.channel && store.pane === "channel") return;
      this.#fresh.add(message.channel);
      this.show();
    });
    store.on("reset", () => this.#fresh.clear());
  }

  show() {
    const { store } = this;
    if (store.pane === "channel") this.#fresh.delete(store.channel);
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    const channels = store.channels.filter((one) => !one.is_im);
    const direct = store.channels.filter((one) => one.is_im && (!one.members?.length || one.members.includes(store.person)));
    this.root.replaceChildren(
      h("p", { class: "workspace" }, h("strong", {}, store.team.name || "Workspace"), h("small", {}, "a local workspace")),
      h("ul", { class: "places" }, this.#place("home", [icon("home"), "Home of the bot"], store.pane === "home", () => this.#home())),
      h("h2", { class: "rail-title" }, "Channels"),
      h("ul", { class: "places" }, channels.map((one) => this.#channel(one, [h("span", { class: "hash", "aria-hidden": "true" }, one.is_private ? "◦" : "#"), one.name]))),
      direct.length ? h("h2", { class: "rail-title" }, "Direct messages") : "",
      h("ul", { class: "places" }, direct.map((one) => this.#channel(one, [avatar(store.bot() ?? { is_bot: true }, "tiny"), store.bot()?.name ?? one.name]))),
      h("ul", { class: "states", "aria-label": "State of the parts" }, Object.entries(store.status).map(([part, state]) => h("li", { class: PLAIN_STATES.has(state) ? "state-good" : "state-wait" }, `${part} ${state}`))));
    if (focused) this.root.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  }

  #channel(one, face) {
    const here = this.store.pane === "channel" && this.store.channel === one.id;
    const woke = this.store.notifications.filter((note) => note.channel === one.id && !this.store.read.get(this.store.person)?.has(note.id)).length;
    return this.#place(one.id, face, here, () => {
      this.store.open({ channel: one.id });
      this.onOpen();
    }, this.#fresh.has(one.id), here ? 0 : woke);
  }

  #place(id, face, here, go, fresh = false, count = 0) {
    return h("li", {}, h("button", {
      type: "button", class: `place${fresh ? " fresh" : ""}`, "aria-current": here ? "page" : undefined, data: { place: id }, on: { click: go },
    }, h("span", { class: "place-name" }, face), count ? h("span", { class: "badge", "aria-label": counted(count, "notification") }, String(count)) : null));
  }

  async #home() {
    this.store.open({ pane: "home" });
    this.onOpen();
    await send("/_ui/home", { person: this.store.person });
  }
}
