// The interactive pieces of a card, as the bot uses them: buttons, overflow menus, selects, people, dates. Each ends
// in one call of `act(node, element, blockId, picked)`; none of them talks to the server itself.

import { h, icon, webAddress } from "./dom.js";
import { emoji } from "./emoji.js";
import { openMenu } from "./menu.js";

export const plain = (text) => String(text?.text ?? "").replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole)
  .replace(/&(lt|gt|amp);/g, (whole, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);

export function interactive(element, blockId, { act, about }) {
  switch (element.type) {
    case "button": return button(element, blockId, act);
    case "overflow": return overflow(element, blockId, act);
    case "static_select": return select(element, optionsOf(element), blockId, act, (item) => ({ selected_option: item.option }));
    case "users_select": return select(element, peopleOf(element, about), blockId, act, (item) => ({ selected_user: item.id }));
    case "datepicker": return moment(element, "date", element.initial_date, blockId, act, (value) => ({ selected_date: value }));
    case "timepicker": return moment(element, "time", element.initial_time, blockId, act, (value) => ({ selected_time: value }));
    default: return h("span", { class: "unshown" }, `(${String(element.type)} is not shown in this Slack)`);
  }
}

function button(element, blockId, act) {
  const style = { primary: "primary", danger: "danger" }[element.style] ?? "";
  const node = h("button", {
    type: "button",
    class: `button ${style}`,
    "aria-label": element.accessibility_label,
    data: { action: element.action_id ?? "" },
  }, plain(element.text));
  node.addEventListener("click", () => {
    const address = element.url && webAddress(element.url);
    if (address) window.open(address, "_blank", "noopener,noreferrer");
    act(node, element, blockId);
  });
  return node;
}

function overflow(element, blockId, act) {
  const node = h("button", {
    type: "button", class: "button more", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false",
    data: { action: element.action_id ?? "" },
  }, icon("dots"));
  node.addEventListener("click", () => openMenu(node, optionsOf(element), {
    label: "More actions",
    onPick: (item) => {
      const address = item.option.url && webAddress(item.option.url);
      if (address) window.open(address, "_blank", "noopener,noreferrer");
      act(node, element, blockId, { selected_option: item.option });
    },
  }));
  return node;
}

function select(element, items, blockId, act, picked) {
  const label = plain(element.placeholder) || "Choose";
  const named = (text) => (text === undefined || text === label ? label : `${label}: ${text}`);
  const chosen = items.find((item) => item.checked)?.text;
  const shown = h("span", {}, chosen ?? label);
  const node = h("button", {
    type: "button", class: "button pick", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": named(chosen),
    data: { action: element.action_id ?? "" },
  }, shown, icon("down"));
  node.addEventListener("click", () => openMenu(node, items, {
    label,
    onPick: (item) => {
      shown.textContent = item.text;
      node.setAttribute("aria-label", named(item.text));
      act(node, element, blockId, picked(item));
    },
  }));
  return node;
}

function moment(element, type, initial, blockId, act, picked) {
  const node = h("input", {
    type, class: "moment", value: initial, "aria-label": plain(element.placeholder) || (type === "date" ? "Date" : "Time"),
    data: { action: element.action_id ?? "" },
  });
  node.addEventListener("change", () => node.value && act(node, element, blockId, picked(node.value)));
  return node;
}

export const allOptions = (element) => element.options ?? (element.option_groups ?? []).flatMap((group) => group.options ?? []);

function optionsOf(element) {
  return allOptions(element).map((option) => ({
    text: plain(option.text),
    description: option.description && plain(option.description),
    option,
    checked: element.type === "overflow" ? undefined : option.value === element.initial_option?.value,
  }));
}

function peopleOf(element, about) {
  return [...about.people.values()].filter((one) => !one.is_bot).map((one) => ({
    id: one.id, text: `@${one.name}`, description: one.real_name, checked: one.id === element.initial_user,
  }));
}
