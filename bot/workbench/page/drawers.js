// What opens and closes at the edges: rail and panel as drawers where the page is narrow, and the phone view, which
// shows the same channel in a frame 390 px wide. Layout itself is CSS (container queries); this only flips classes.

import { icon } from "./dom.js";

export class Drawers {
  constructor({ desk, railButton, panelButton, phoneButton, note }) {
    Object.assign(this, { desk, railButton, panelButton, phoneButton, note });
    railButton.append(icon("menu"));
    panelButton.append(icon("list"));
    phoneButton.prepend(icon("phone"));
    railButton.addEventListener("click", () => this.#flip(railButton, "rail-open"));
    panelButton.addEventListener("click", () => this.#flipPanel());
    phoneButton.addEventListener("click", () => this.phone(!desk.classList.contains("as-phone")));
    document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.#closeAll());
    desk.addEventListener("click", (event) => !event.target.closest("#rail, #panel") && this.#closeAll());
    new MutationObserver(() => this.#sync()).observe(desk, { attributeFilter: ["class"] });
    new ResizeObserver(() => this.#sync()).observe(desk);
  }

  #flip(button, name) {
    const open = this.desk.classList.toggle(name);
    button.setAttribute("aria-expanded", String(open));
    if (open) this.desk.querySelector("#rail button")?.focus();
  }

  // Wide: the panel is there unless put away. Narrow: away unless opened. Between: a thread stands before it.
  #flipPanel() {
    const threadOpen = this.desk.classList.contains("with-thread") && !this.desk.classList.contains("as-phone");
    const open = this.desk.classList.toggle(narrow() ? "panel-open" : threadOpen && tight() ? "panel-first" : "panel-away");
    if (open && narrow()) this.desk.querySelector("#panel :is(button:enabled, summary)")?.focus();
  }

  #sync() {
    const shown = getComputedStyle(this.desk.querySelector("#panel")).display !== "none";
    this.panelButton.setAttribute("aria-expanded", String(shown));
  }

  // What had the focus in a drawer is gone from sight with it, so its button takes the focus back.
  closeRail() {
    const within = this.desk.classList.contains("rail-open") && this.desk.querySelector("#rail").contains(document.activeElement);
    this.desk.classList.remove("rail-open");
    this.railButton.setAttribute("aria-expanded", "false");
    if (within) this.railButton.focus();
  }

  #closeAll() {
    this.closeRail();
    const within = this.desk.classList.contains("panel-open") && this.desk.querySelector("#panel").contains(document.activeElement);
    this.desk.classList.remove("panel-open");
    if (within) this.panelButton.focus();
  }

  phone(on) {
    this.desk.classList.toggle("as-phone", on);
    document.documentElement.classList.toggle("phone-dialogs", on);
    this.phoneButton.setAttribute("aria-pressed", String(on));
    this.note.hidden = !on;
    this.note.textContent = on ? "The same channel on a phone, 390 px wide" : "";
    this.closeRail();
  }
}

const tight = () => matchMedia("(max-width: 1460px)").matches;
const narrow = () => matchMedia("(max-width: 900px)").matches;
