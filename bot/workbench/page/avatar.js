// Faces without pictures: initials on one of eight quiet colours, always the same for one person; the bot has its own.

import { asset, h } from "./dom.js";

const COLOURS = 8;

export function avatar(person, size = "") {
  if (person.is_bot) return h("img", { class: `avatar ${size}`, src: asset("bot.svg"), alt: "", width: 36, height: 36 });
  return h("span", { class: `avatar tone-${tone(person.id)} ${size}`, "aria-hidden": "true" }, initials(person));
}

function initials(person) {
  const words = String(person.real_name || person.name || "?").trim().split(/\s+/);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0].slice(0, 2)).toUpperCase();
}

function tone(id) {
  return [...String(id)].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 9973, 7) % COLOURS;
}

// A user-group handle as a person would say it: lake-oncall is "lake on call".
export const roleInWords = (handle) => handle.replace(/on-?call/g, "on call").replaceAll("-", " ");
