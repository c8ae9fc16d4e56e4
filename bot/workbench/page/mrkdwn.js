// Slack's mrkdwn to nodes. Order of reading, as Slack does it: fenced code, then lines (quotes, bullets), then inside
// a line code spans, <control sequences>, emphasis and emoji. Whatever does not parse is shown as the text it is.

import { fragment, h, webAddress } from "./dom.js";
import { emoji } from "./emoji.js";
import { fullTime, slackDate } from "./time.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
export const unescape = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

export function mrkdwn(text, about) {
  const parts = String(text ?? "").split("```");
  if (parts.length % 2 === 0) parts.push(`${parts.splice(-2, 1)[0]}\`\`\`${parts.pop()}`);
  return fragment(parts.map((part, index) => (index % 2 ? fenced(part, about) : lines(part, about, index > 0))));
}

function fenced(text, about) {
  const body = text.replace(/^\n/, "").replace(/\n$/, "");
  const shown = body.replace(/<([^<>\n]+)>/g, (whole, inner) => control(inner, about)?.textContent ?? whole);
  return h("pre", { class: "fence" }, h("code", {}, unescape(shown)));
}

function lines(text, about, afterFence) {
  const source = (afterFence ? text.replace(/^\n/, "") : text).replace(/\n$/, (end) => (afterFence ? end : ""));
  if (source === "") return null;
  const result = [];
  let quote = null;
  source.split("\n").forEach((line) => {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) result.push((quote = h("blockquote")));
      quote.append(row(quoted[1], about));
      return;
    }
    quote = null;
    result.push(row(line, about));
  });
  return result;
}

function row(line, about) {
  const bullet = /^(\s*)([•◦▪]|[-*](?=\s)|\d{1,2}[.)])\s+(.*)$/.exec(line);
  if (bullet) {
    return h("div", { class: `item depth-${Math.min(3, Math.floor(bullet[1].length / 2))}` },
      h("span", { class: "mark-of-item" }, bullet[2] === "-" || bullet[2] === "*" ? "•" : bullet[2]),
      h("span", {}, inline(bullet[3], about)));
  }
  return h("div", { class: line.trim() === "" ? "line empty" : "line" }, inline(line, about));
}

const WRAPS = { "*": "strong", _: "em", "~": "s" };
const isWord = (char) => char !== undefined && /[\p{L}\p{N}]/u.test(char);

export function inline(text, about) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(unescape(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = special(text, at, about);
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return fragment(nodes);
}

function special(text, at, about) {
  const char = text[at];
  if (char === "`") return codeSpan(text, at, about);
  if (char === "<") return bracketed(text, at, about);
  if (char === ":") return shortcode(text, at);
  return WRAPS[char] ? emphasis(text, at, about) : null;
}

function codeSpan(text, at, about) {
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  const body = text.slice(at + 1, end).replace(/<([^<>]+)>/g, (whole, inner) => control(inner, about)?.textContent ?? whole);
  return { node: h("code", {}, unescape(body)), end: end + 1 };
}

function bracketed(text, at, about) {
  const end = text.indexOf(">", at);
  const node = end > at + 1 ? control(text.slice(at + 1, end), about) : null;
  return node ? { node, end: end + 1 } : null;
}

function shortcode(text, at) {
  const found = /^:([a-z0-9_+-]{1,60}):/.exec(text.slice(at, at + 64));
  const sign = found && emoji(found[1]);
  return sign ? { node: h("span", { class: "emoji", role: "img", "aria-label": found[1].replaceAll("_", " ") }, sign), end: at + found[0].length } : null;
}

function emphasis(text, at, about) {
  const mark = text[at];
  if (isWord(text[at - 1]) || text[at - 1] === mark || text[at + 1] === mark || /[\s]|^$/.test(text[at + 1] ?? "")) return null;
  for (let end = text.indexOf(mark, at + 1); end !== -1; end = text.indexOf(mark, end + 1)) {
    const closes = end > at + 1 && !/\s/.test(text[end - 1]) && !isWord(text[end + 1]) && text[end + 1] !== mark && text[end - 1] !== mark;
    if (closes && !insideBrackets(text, at, end)) {
      return { node: h(WRAPS[mark], {}, inline(text.slice(at + 1, end), about)), end: end + 1 };
    }
  }
  return null;
}

const insideBrackets = (text, from, to) => text.lastIndexOf("<", to) > Math.max(from, text.lastIndexOf(">", to))
  && text.indexOf(">", to) !== -1;

// The inside of <…>: a person, group, channel, broadcast, date or web address; null for anything else.
export function control(inner, about) {
  const bar = inner.indexOf("|");
  const [head, label] = bar === -1 ? [inner, ""] : [inner.slice(0, bar), inner.slice(bar + 1)];
  if (/^@[UW][A-Z0-9]+$/.test(head)) return personTag(head.slice(1), label, about);
  if (/^#[CGD][A-Z0-9]+$/.test(head)) return channelTag(head.slice(1), label, about);
  if (head.startsWith("!subteam^")) return groupTag(head.slice("!subteam^".length), label, about);
  if (/^!(?:here|channel|everyone)$/.test(head)) return h("span", { class: "tag tag-me" }, `@${head.slice(1)}`);
  if (head.startsWith("!date^")) return dateTag(head, label, about);
  const address = webAddress(head.replace(/&amp;/g, "&"));
  return address ? anchor(address, unescape(label || head)) : null;
}

export function personTag(id, label, about) {
  const person = about.people.get(id);
  const mine = id === about.me.id;
  return h("span", { class: mine ? "tag tag-me" : "tag", title: person?.real_name }, `@${person?.name ?? (unescape(label) || id)}`);
}

function channelTag(id, label, about) {
  const channel = about.channels.find((one) => one.id === id);
  return h("span", { class: "tag" }, `#${channel?.name ?? (unescape(label) || id)}`);
}

export function groupTag(id, label, about) {
  const group = about.groups.get(id);
  const handle = group?.handle ?? (unescape(label).replace(/^@/, "") || "group");
  return h("span", { class: about.me.roles?.includes(handle) ? "tag tag-me" : "tag", title: group?.name }, `@${handle}`);
}

function dateTag(head, fallback, about) {
  const [, stamp, format = "", link] = head.split("^");
  const seconds = Number(stamp);
  if (!/^-?\d{1,12}$/.test(stamp ?? "") || !format) return h("span", {}, unescape(fallback));
  const shown = h("time", { datetime: new Date(seconds * 1000).toISOString(), title: fullTime(seconds) },
    unescape(slackDate(seconds, format, about.now())));
  const address = link && webAddress(link.replace(/&amp;/g, "&"));
  return address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, shown) : shown;
}

// A link to a message of this Slack is followed in place, as Slack does; every other one opens a tab of its own.
export function anchor(address, label) {
  const message = messageAt(address);
  if (!message) return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
  const follow = (event) => {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("open-message", { detail: message }));
  };
  return h("a", { href: address, on: { click: follow } }, label);
}

function messageAt(address) {
  const url = new URL(address);
  const [, channel, stamp] = /^\/archives\/([A-Z0-9]+)\/p(\d{7,})$/.exec(url.pathname) ?? [];
  return url.host === location.host && channel ? { channel, ts: `${stamp.slice(0, -6)}.${stamp.slice(-6)}` } : null;
}
