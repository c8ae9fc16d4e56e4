// What people put on a message, an emoji or a pin: the row under it, and the two small actions that put them there.

import { emoji } from "./emoji.js";
import { h, icon } from "./dom.js";
import { inWords, send } from "./wire.js";

const NOTE = "memo";

export function marks(message, store) {
  const put = message.reactions ?? [];
  if (!put.length && !pinned(message)) return null;
  return h("div", { class: "marks" },
    pinned(message) && h("span", { class: "mark" }, icon("pin"), `Pinned by ${called(message.pinned_info?.pinned_by, store)}`),
    put.map((one) => {
      const mine = one.users.includes(store.person);
      const who = one.users.map((id) => called(id, store)).join(", ");
      return h("button", {
        type: "button", class: "mark", data: { action: `reaction ${one.name}` }, "aria-pressed": String(mine),
        "aria-label": `${one.name}, ${one.count}: ${who}`, title: `${who} with :${one.name}:`,
        on: { click: (event) => react(event.currentTarget, message, store, one.name, !mine) },
      }, emoji(one.name.split("::")[0]) ?? `:${one.name}:`, h("span", {}, String(one.count)));
    }));
}

export function markActions(message, store) {
  const noted = (message.reactions ?? []).some((one) => one.name === NOTE && one.users.includes(store.person));
  const note = noted ? "Take your :memo: away" : "Note it with :memo:";
  const pin = pinned(message) ? "Unpin" : "Pin to the channel";
  return [
    h("button", {
      type: "button", class: "icon", data: { action: "note" }, "aria-label": note, title: note,
      on: { click: (event) => react(event.currentTarget, message, store, NOTE, !noted) },
    }, emoji(NOTE)),
    h("button", {
      type: "button", class: "icon", data: { action: "pin" }, "aria-label": pin, title: pin,
      on: { click: (event) => sent(event.currentTarget, "/_ui/pin", { ...placeOf(message, store), on: !pinned(message) }) },
    }, icon("pin")),
  ];
}

const pinned = (message) => Boolean(message.pinned_to?.length);
const called = (id, store) => `@${store.people.get(id)?.name ?? id ?? "?"}`;
const placeOf = (message, store) => ({ person: store.person, channel: message.channel, ts: message.ts });

function react(node, message, store, name, on) {
  return sent(node, "/_ui/react", { ...placeOf(message, store), emoji: name, on });
}

async function sent(node, path, body) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  const answer = await send(path, body);
  node.removeAttribute("aria-busy");
  if (answer.ok === false) node.title = inWords(answer.error);
}
