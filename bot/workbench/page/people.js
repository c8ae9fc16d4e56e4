// Who one is: a button with the face of the person shown and a menu of everybody, with their roles in words, "on call
// now" or "guest", and how often each phone would have rung since one last looked.

import { avatar, roleInWords } from "./avatar.js";
import { counted, fragment, h, icon } from "./dom.js";
import { openMenu } from "./menu.js";

export class People {
  constructor({ store, root, onSwitch }) {
    Object.assign(this, { store, onSwitch });
    this.button = h("button", { type: "button", class: "me", "aria-haspopup": "menu", "aria-expanded": "false", id: "switch-person", on: { click: () => this.#open() } });
    root.append(this.button);
    store.on("all notifications", () => this.show());
  }

  #humans() {
    return [...this.store.people.values()].filter((one) => !one.is_bot);
  }

  show() {
    const me = this.store.me();
    const elsewhere = this.#humans().filter((one) => one.id !== me.id).reduce((sum, one) => sum + this.store.unread(one.id), 0);
    this.button.setAttribute("aria-label", `You are ${me.name}. Switch person${elsewhere ? `; ${counted(elsewhere, "notification")} for others` : ""}`);
    this.button.replaceChildren(avatar(me, "small"),
      h("span", { class: "me-words" }, h("strong", {}, `@${me.name}`), h("small", {}, firstWords(me))),
      elsewhere ? h("span", { class: "badge", "aria-hidden": "true" }, String(elsewhere)) : "", icon("down"));
  }

  #open() {
    openMenu(this.button, this.#humans().map((one) => ({ id: one.id, checked: one.id === this.store.person, node: this.#row(one) })), {
      label: "Be somebody else",
      className: "people-menu",
      onPick: (item) => item.id !== this.store.person && this.onSwitch(item.id),
    });
  }

  #row(person) {
    const unread = this.store.unread(person.id);
    return fragment(avatar(person),
      h("span", { class: "who" },
        h("span", { class: "who-name" }, h("strong", {}, `@${person.name}`), person.real_name && h("span", {}, person.real_name)),
        h("span", { class: "roles" },
          person.note && h("span", { class: `chip ${/on call/.test(person.note) ? "chip-good" : "chip-quiet"}` }, person.note),
          (person.roles ?? []).map((role) => h("span", { class: "chip" }, roleInWords(role))),
          !person.note && !person.roles?.length && h("span", { class: "chip chip-quiet" }, "no role"))),
      unread > 0 && h("span", { class: "badge", "aria-label": counted(unread, "notification") }, String(unread)));
  }
}

const firstWords = (person) => [person.note, ...(person.roles ?? []).map(roleInWords)].filter(Boolean).slice(0, 2).join(" · ") || "no role";
