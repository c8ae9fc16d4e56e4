// Questions that must be answered before something happens: Slack's confirm objects and the page's own. A native
// modal dialog; Esc means no, and the careful answer has the focus, so that Enter twice never approves.

import { h, uniqueId } from "./dom.js";

export function confirmed({ title, text, confirm, deny, style }) {
  return new Promise((resolve) => {
    const ids = { title: uniqueId("confirm-title"), text: uniqueId("confirm-text") };
    const dialog = h("dialog", { class: "dialog small", "aria-labelledby": ids.title, "aria-describedby": ids.text, role: "alertdialog" },
      h("h2", { id: ids.title }, title),
      h("div", { id: ids.text, class: "dialog-text" }, text),
      h("div", { class: "dialog-foot" },
        h("button", { type: "button", class: "button", autofocus: true, on: { click: () => dialog.close("no") } }, deny),
        h("button", { type: "button", class: `button ${style === "danger" ? "danger" : "primary"}`, on: { click: () => dialog.close("yes") } }, confirm)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
