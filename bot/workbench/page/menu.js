// One small menu for everything that drops down: overflow menus, selects on cards, the person switcher's list. It is
// a native popover (Esc and a click elsewhere close it) with arrow keys, first letters, and focus given back.

import { h } from "./dom.js";

const GAP = 6;

export function openMenu(anchor, items, { label, onPick, className = "" }) {
  const menu = h("div", { class: `menu ${className}`, popover: "auto", role: "menu", "aria-label": label },
    items.map((item) => h("button", {
      type: "button",
      role: item.checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": item.checked === undefined ? undefined : String(item.checked),
      class: "menu-item",
      tabindex: -1,
      on: { click: () => { menu.hidePopover(); onPick(item); } },
    }, item.node ?? [h("span", {}, item.text), item.description && h("small", {}, item.description)])));
  menu.addEventListener("keydown", (event) => walk(event, menu));
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) anchor.focus();
    menu.remove();
  });
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild)?.focus();
  return menu;
}

function place(menu, anchor) {
  const from = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = from.bottom + GAP + size.height <= innerHeight;
  const top = below ? from.bottom + GAP : Math.max(GAP, from.top - GAP - size.height);
  menu.style.setProperty("top", `${top}px`);
  menu.style.setProperty("left", `${Math.max(GAP, Math.min(from.left, innerWidth - size.width - GAP))}px`);
}

function walk(event, menu) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items.at(to % items.length)?.focus();
  } else if (event.key === "Tab") {
    menu.hidePopover();
  } else if (/^\p{L}$/u.test(event.key)) {
    const letter = event.key.toLowerCase();
    [...items.slice(at + 1), ...items].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
  }
}
