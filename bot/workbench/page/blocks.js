// Block Kit to nodes: one function per block type the bot emits, unknown ones named instead of hidden. A long
// section folds behind "See more" unless it says expand: true, which the calls to be approved always do.

import { h, icon, localAddress, uniqueId } from "./dom.js";
import { interactive, plain } from "./elements.js";
import { inputBlock } from "./inputs.js";
import { mrkdwn } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";

const FOLD_CHARACTERS = 600;
const FOLD_LINES = 9;

// context: { about, act(node, element, blockId, picked), files, form? } - form only inside modals.
export function renderBlocks(blocks, context) {
  return blocks.map((block, index) => {
    const content = renderBlock(block, context, block.block_id ?? String(index));
    return h("div", { class: `block block-${/^[a-z_]+$/.test(block.type) ? block.type : "unknown"}`, data: { block: block.block_id ?? "" } }, content);
  });
}

function renderBlock(block, context, blockId) {
  switch (block.type) {
    case "section": return section(block, context, blockId);
    case "header": return h("h3", { class: "header" }, plain(block.text));
    case "divider": return h("hr");
    case "context": return contextLine(block, context);
    case "actions": return (block.elements ?? []).map((element) => interactive(element, blockId, context));
    case "image": return picture(block, context);
    case "input": return inputBlock(block, context, blockId);
    case "rich_text": return richText(block, context.about);
    case "markdown": return markdown(block.text);
    default: return h("p", { class: "unshown" }, `(A block of type ${String(block.type)} is not shown in this Slack.)`);
  }
}

export function textOf(text, about) {
  return text?.type === "plain_text" ? plain(text).split("\n").map((line) => h("div", { class: "line" }, line)) : mrkdwn(text?.text, about);
}

function section(block, context, blockId) {
  const body = h("div", { class: "section-body" });
  if (block.text) {
    const text = h("div", { class: "text" }, textOf(block.text, context.about));
    body.append(block.expand === true ? text : foldable(text, String(block.text.text ?? "")));
  }
  if (block.fields) {
    body.append(h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "field" }, textOf(field, context.about)))));
  }
  if (!block.accessory) return body;
  const accessory = block.accessory.type === "image" ? thumbnail(block.accessory) : interactive(block.accessory, blockId, context);
  return [body, h("div", { class: "accessory" }, accessory)];
}

function foldable(text, source) {
  if (source.length <= FOLD_CHARACTERS && source.split("\n").length <= FOLD_LINES) return text;
  text.classList.add("folded");
  text.id = uniqueId("fold");
  const more = h("button", { type: "button", class: "see-more", "aria-expanded": "false", "aria-controls": text.id }, "See more");
  more.addEventListener("click", () => {
    const open = !text.classList.toggle("folded");
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? "See less" : "See more";
  });
  return h("div", {}, text, more);
}

function contextLine(block, context) {
  return (block.elements ?? []).map((element) => (element.type === "image"
    ? thumbnail(element)
    : h("span", { class: "context-text" }, textOf(element, context.about))));
}

function sourceOf(image, files = []) {
  const { id, url } = image.slack_file ?? {};
  const known = files.find((one) => one.id === id)?.url_private;
  return localAddress(image.image_url ?? known ?? url ?? `/files/${encodeURIComponent(id)}/file`);
}

function thumbnail(image) {
  const source = (image.image_url || image.slack_file) && sourceOf(image);
  return source
    ? h("img", { class: "thumb", src: source, alt: image.alt_text ?? "", width: 44, height: 44 })
    : h("span", { class: "thumb no-image", role: "img", "aria-label": image.alt_text }, icon("eye"));
}

function picture(block, context) {
  const source = (block.image_url || block.slack_file) && sourceOf(block, context.files);
  const finding = plain(block.title) || block.alt_text;
  return h("figure", { class: "picture" },
    source && h("img", { src: source, alt: block.alt_text ?? "", loading: "lazy", on: { error: ({ target }) => target.replaceWith(notLoaded()) } }),
    !source && notLoaded(),
    finding && h("figcaption", { "aria-hidden": source && finding === block.alt_text ? "true" : undefined }, finding));
}

const notLoaded = () => h("p", { class: "unshown" }, "(A picture that is not on this machine; it was not loaded.)");
