// The app's modals: a native dialog that shows the open view of the person shown, keeps what was typed when the app
// updates or pushes a view, and puts the app's validation errors under their fields.

import { appError, clicks } from "./act.js";
import { renderBlocks } from "./blocks.js";
import { asset, h, icon, uniqueId } from "./dom.js";
import { plain } from "./elements.js";
import { Form } from "./inputs.js";
import { aboutOf } from "./message.js";
import { send } from "./wire.js";

export class Modal {
  #typed = new Map();
  #dialog = null;
  #view = null;
  #form = null;

  constructor({ store }) {
    this.store = store;
    store.on("all view", () => this.show(store.view));
  }

  show(view) {
    if (this.#view) this.#typed.set(this.#view.id, this.#form.values());
    if (!view) return this.#remove();
    const same = this.#view?.id === view.id;
    if (same && JSON.stringify(view) === JSON.stringify(this.#view)) return undefined;
    const focused = same ? document.activeElement?.id && document.activeElement.closest(".block")?.dataset.block : null;
    this.#view = view;
    this.#form = new Form();
    this.#dialog ??= this.#open();
    this.#dialog.replaceChildren(this.#content(view));
    this.#dialog.setAttribute("aria-label", plain(view.title));
    const block = [...this.#dialog.querySelectorAll(".block")].find((one) => focused && one.dataset.block === focused);
    const first = (block ?? this.#dialog).querySelector("[autofocus], input, textarea, select, .dialog-foot .primary");
    first?.focus();
    if (first && !same) first.scrollTop = 0; // a long text is read from its beginning
    return undefined;
  }

  #open() {
    const dialog = h("dialog", { class: "dialog modal" });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close();
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  #remove() {
    this.#dialog?.close();
    this.#dialog?.remove();
    this.#dialog = null;
    this.#view = null;
    this.#form = null;
  }

  #content(view) {
    const about = aboutOf(this.store);
    const form = this.#form;
    const act = clicks({ person: () => this.store.person, place: () => ({ view_id: view.id, values: form.values() }), about });
    const kept = this.#typed.get(view.id) ?? view.state?.values;
    const pushed = view.previous_view_id && view.previous_view_id !== view.id;
    this.trouble = h("p", { class: "app-error", role: "alert", hidden: true });
    this.submitter = view.submit || this.#hasInputs(view) ? h("button", { type: "submit", class: "button primary" }, plain(view.submit) || "Submit") : null;
    const sheet = h("form", { class: "modal-form", novalidate: true, id: uniqueId("view") },
      h("header", { class: "modal-head" },
        pushed && h("button", { type: "button", class: "icon", "aria-label": "Back", on: { click: () => this.#close() } }, icon("back")),
        h("img", { src: asset("bot.svg"), alt: "", width: 24, height: 24 }),
        h("h2", {}, plain(view.title)),
        h("button", { type: "button", class: "icon", "aria-label": "Close dialog", on: { click: () => this.#close() } }, icon("close"))),
      h("div", { class: "modal-body" }, renderBlocks(view.blocks ?? [], { about, act, form, kept }), this.trouble),
      h("footer", { class: "dialog-foot" },
        h("button", { type: "button", class: "button", on: { click: () => this.#close() } }, plain(view.close) || (this.submitter ? "Cancel" : "Close")),
        this.submitter));
    sheet.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    return sheet;
  }

  #hasInputs(view) {
    return (view.blocks ?? []).some((block) => block.type === "input");
  }

  async #submit() {
    if (this.submitter?.getAttribute("aria-busy") === "true") return;
    const missing = this.#form.missing();
    this.#form.show(missing);
    if (Object.keys(missing).length) return;
    const view = this.#view;
    this.submitter.setAttribute("aria-busy", "true");
    const answer = await send("/_ui/submit", { person: this.store.person, view_id: view.id, values: this.#form.values() });
    this.submitter.removeAttribute("aria-busy");
    if (this.#view !== view) return; // the app put another view there meanwhile
    if (answer.errors && Object.keys(answer.errors).length) this.#refused(answer.errors);
    else if (!answer.ok) this.#say(appError(answer.error));
    else this.#advance(answer.view ?? null);
  }

  #refused(errors) {
    const homeless = this.#form.show(errors);
    this.#say(homeless.map((blockId) => errors[blockId]).join(" "));
  }

  #advance(view) {
    this.store.view = view;
    this.show(view);
  }

  #say(words) {
    this.trouble.textContent = words;
    this.trouble.hidden = !words;
  }

  async #close() {
    const view = this.#view;
    this.#advance(null);
    if (view) await send("/_ui/close", { person: this.store.person, view_id: view.id });
  }
}
