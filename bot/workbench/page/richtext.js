// Two of Slack's other text forms: rich_text (a tree made by Slack's own composer) and the markdown block (a plain,
// small dialect: headings, lists, fences, emphasis, links). Both end in the same nodes as mrkdwn.

import { fragment, h, webAddress } from "./dom.js";
import { emoji } from "./emoji.js";
import { anchor, groupTag, personTag } from "./mrkdwn.js";
import { slackDate } from "./time.js";

export function richText(block, about) {
  return h("div", { class: "rich" }, (block.elements ?? []).map((part) => richPart(part, about)));
}

function richPart(part, about) {
  const leaves = () => (part.elements ?? []).map((leaf) => richLeaf(leaf, about));
  switch (part.type) {
    case "rich_text_section": return h("div", { class: "line" }, leaves());
    case "rich_text_quote": return h("blockquote", {}, leaves());
    case "rich_text_preformatted": return h("pre", { class: "fence" }, h("code", {}, leaves()));
    case "rich_text_list": return h(part.style === "ordered" ? "ol" : "ul", { class: "rich-list" },
      (part.elements ?? []).map((item) => h("li", {}, (item.elements ?? []).map((leaf) => richLeaf(leaf, about)))));
    default: return null;
  }
}

function richLeaf(leaf, about) {
  switch (leaf.type) {
    case "text": return styled(leaf.text ?? "", leaf.style);
    case "link": {
      const address = webAddress(leaf.url);
      return address ? anchor(address, leaf.text || leaf.url) : styled(leaf.text || String(leaf.url), leaf.style);
    }
    case "user": return personTag(leaf.user_id, "", about);
    case "usergroup": return groupTag(leaf.usergroup_id, "", about);
    case "channel": return h("span", { class: "tag" }, `#${about.channels.find((one) => one.id === leaf.channel_id)?.name ?? leaf.channel_id}`);
    case "broadcast": return h("span", { class: "tag tag-me" }, `@${leaf.range}`);
    case "emoji": return h("span", { class: "emoji" }, emoji(leaf.name) ?? `:${leaf.name}:`);
    case "date": return h("time", {}, slackDate(Number(leaf.timestamp), leaf.format ?? "{date_short} {time}", about.now()));
    default: return null;
  }
}

function styled(text, style = {}) {
  let node = text;
  if (style.code) node = h("code", {}, node);
  if (style.bold) node = h("strong", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.strike) node = h("s", {}, node);
  return node;
}

export function markdown(text) {
  const blocks = [];
  let list = null;
  let fence = null;
  for (const line of String(text ?? "").split("\n")) {
    if (/^\s*```/.test(line)) {
      if (fence) fence = null;
      else blocks.push((fence = h("pre", { class: "fence" }, h("code"))));
    } else if (fence) {
      fence.firstChild.append(fence.firstChild.textContent ? `\n${line}` : line);
    } else {
      list = markdownLine(line, blocks, list);
    }
  }
  return h("div", { class: "markdown" }, blocks);
}

function markdownLine(line, blocks, list) {
  const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/.exec(line);
  if (item) {
    const tag = item[1] ? "ol" : "ul";
    const open = list?.localName === tag ? list : h(tag, { class: "rich-list", start: item[1] });
    if (open !== list) blocks.push(open);
    open.append(h("li", {}, spans(item[2])));
    return open;
  }
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) blocks.push(h("p", { class: `md-head md-head-${heading[1].length}` }, spans(heading[2])));
  else if (/^\s*>/.test(line)) blocks.push(h("blockquote", {}, spans(line.replace(/^\s*>\s?/, ""))));
  else if (/^\s*(?:-{3,}|\*{3,})\s*$/.test(line)) blocks.push(h("hr"));
  else if (line.trim()) blocks.push(h("p", {}, spans(line)));
  return null;
}

const SPAN = /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|~~([^~]+)~~|\[([^\]]+)\]\(([^()\s]+)\)|(?<![\p{L}\p{N}*])\*([^*\s][^*]*)\*|(?<![\p{L}\p{N}_])_([^_\s][^_]*)_(?![\p{L}\p{N}])/gu;

function spans(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(SPAN)) {
    nodes.push(text.slice(at, found.index), span(found));
    at = found.index + found[0].length;
  }
  return fragment(nodes, text.slice(at));
}

function span([whole, code, bold, strong, strike, label, href, star, under]) {
  if (code) return h("code", {}, code);
  if (bold ?? strong) return h("strong", {}, spans(bold ?? strong));
  if (strike) return h("s", {}, strike);
  if (star ?? under) return h("em", {}, star ?? under);
  const address = webAddress(href);
  return address ? anchor(address, label) : whole;
}
