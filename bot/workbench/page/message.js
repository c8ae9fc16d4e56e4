// One message: who, when, what, and what one can do with it. It is drawn whole from its JSON; a change draws it again
// and puts the focus back where it was.

import { clicks } from "./act.js";
import { renderBlocks } from "./blocks.js";
import { h, icon, localAddress } from "./dom.js";
import { markActions, marks } from "./marks.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar } from "./avatar.js";
import { fullTime, shortTime } from "./time.js";

export function aboutOf(store) {
  return { people: store.people, groups: store.groups, channels: store.channels, me: store.me(), now: () => store.now() };
}

export function renderMessage(message, { store, compact, inThread }) {
  const author = store.people.get(message.user) ?? { id: message.user ?? "?", name: message.username ?? (message.user === "USLACKBOT" ? "Slackbot" : message.user ?? "app"), is_bot: Boolean(message.bot_id) };
  const seconds = Number(message.ts);
  const mine = Boolean(message.ephemeral_for);
  return h("article", {
    class: `message${compact ? " compact" : ""}${mine ? " ephemeral" : ""}`,
    data: { ts: message.ts, channel: message.channel },
    tabindex: -1,
    "aria-label": `${author.name} at ${shortTime(seconds)}`,
  },
  compact ? h("div", { class: "gutter" }, h("time", { class: "side-time", title: fullTime(seconds) }, shortTime(seconds))) : h("div", { class: "gutter" }, avatar(author)),
  h("div", { class: "message-body" },
    mine && h("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
    !inThread && message.thread_broadcast && message.thread_ts && broadcastLine(message, store),
    !compact && h("div", { class: "byline" },
      h("strong", { class: "author" }, author.name),
      author.is_bot && h("span", { class: "app-chip" }, "APP"),
      h("time", { title: fullTime(seconds), datetime: new Date(seconds * 1000).toISOString() }, shortTime(seconds))),
    content(message, store),
    message.edited && h("span", { class: "edited" }, "(edited)"),
    files(message),
    marks(message, store),
    !inThread && message.reply_count > 0 && replies(message, store)),
  !mine && h("div", { class: "hover-actions" },
    markActions(message, store),
    !inThread && h("button", { type: "button", class: "icon", "aria-label": `Reply in thread to ${author.name}`, title: "Reply in thread", on: { click: () => store.open({ channel: message.channel, thread: rootOf(message) }) } }, icon("reply"))));
}

const rootOf = (message) => ({ channel: message.channel, ts: message.thread_ts ?? message.ts });

function content(message, store) {
  const about = aboutOf(store);
  if (!message.blocks?.length) return h("div", { class: "text" }, mrkdwn(message.text, about));
  const place = () => ({ channel: message.channel, ts: message.ts });
  const act = clicks({ person: () => store.person, place, about });
  return h("div", { class: "card" }, renderBlocks(message.blocks, { about, act, files: message.files }));
}

function broadcastLine(message, store) {
  return h("p", { class: "broadcast" }, "replied to ",
    h("button", { type: "button", class: "linklike", on: { click: () => store.open({ channel: message.channel, thread: rootOf(message) }) } }, "a thread"));
}

function replies(message, store) {
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h("button", { type: "button", class: "replies", on: { click: () => store.open({ channel: message.channel, thread: rootOf(message) }) } }, icon("reply"), count);
}

function files(message) {
  return (message.files ?? []).map((file) => {
    const source = localAddress(file.url_private_download ?? file.url_private ?? file.permalink ?? "");
    const name = file.title || file.name || "file";
    if (source && /^image\/(png|jpeg|gif|svg\+xml|webp)$/.test(file.mimetype ?? "") && !message.blocks?.length) {
      return h("figure", { class: "picture" }, h("img", { src: source, alt: file.alt_txt ?? name }), h("figcaption", {}, name));
    }
    const body = [icon("file"), h("span", {}, h("strong", {}, name), h("small", {}, [file.filetype ?? file.mimetype, size(file.size)].filter(Boolean).join(" · ")))];
    return source ? h("a", { class: "file", href: source, download: name, rel: "noopener" }, body) : h("div", { class: "file" }, body);
  });
}

function size(bytes) {
  if (!Number.isFinite(bytes)) return "";
  return bytes < 1024 ? `${bytes} bytes` : bytes < 1048576 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
}
