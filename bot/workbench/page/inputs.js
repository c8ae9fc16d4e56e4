// Input blocks of modals: how each field looks, what it says when it is wrong, and its value in the shape Slack sends
// with a view submission. A form keeps a reader per field and the words typed so far across view updates.

import { h, uniqueId } from "./dom.js";
import { allOptions, plain } from "./elements.js";
import { localMinute } from "./time.js";

export class Form {
  readers = new Map();
  errors = new Map();
  labels = new Map();

  add(blockId, actionId, reader) {
    this.readers.set(`${blockId} ${actionId}`, { blockId, actionId, reader });
  }

  values() {
    const values = {};
    for (const { blockId, actionId, reader } of this.readers.values()) {
      values[blockId] = { ...values[blockId], [actionId]: reader() };
    }
    return values;
  }

  // Slack refuses an empty required field itself, before the app hears of it.
  missing() {
    const empty = ({ value, selected_option: one, selected_options: many, selected_user: user, selected_date: date, selected_time: time, selected_date_time: hour }) =>
      ![value, one, user, date, time, hour, many?.length].some((given) => given !== undefined && given !== null && given !== "" && given !== 0);
    return Object.fromEntries([...this.readers.values()]
      .filter(({ blockId, reader }) => this.labels.get(blockId)?.required && empty(reader()))
      .map(({ blockId }) => [blockId, "Please complete this required field."]));
  }

  show(errors) {
    for (const [blockId, place] of this.errors) {
      const words = errors[blockId];
      place.line.hidden = !words;
      place.line.textContent = words ?? "";
      place.field.classList.toggle("wrong", Boolean(words));
      for (const control of place.field.querySelectorAll("input, select, textarea")) control.setAttribute("aria-invalid", String(Boolean(words)));
    }
    const first = [...this.errors].find(([blockId]) => errors[blockId]);
    first?.[1].field.querySelector("input, select, textarea")?.focus();
    return Object.keys(errors).filter((blockId) => !this.errors.has(blockId));
  }
}

export function inputBlock(block, context, blockId) {
  const form = context.form;
  if (!form) return h("p", { class: "unshown" }, "(An input is shown in modals only.)");
  const ids = { field: uniqueId("field"), hint: uniqueId("hint"), error: uniqueId("error") };
  const element = block.element ?? {};
  const kept = context.kept?.[blockId]?.[element.action_id];
  const grouped = ["radio_buttons", "checkboxes", "multi_static_select"].includes(element.type);
  const { node, read } = control(element, ids.field, context.about, kept);
  if (block.dispatch_action) node.addEventListener("change", () => context.act(node, element, blockId, read()));
  for (const one of [node, ...node.querySelectorAll("input")]) {
    if (one.matches("input, select, textarea")) one.setAttribute("aria-describedby", `${ids.error} ${ids.hint}`);
  }
  const label = h(grouped ? "legend" : "label", { class: "label", for: grouped ? undefined : ids.field },
    plain(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null);
  const line = h("p", { class: "field-error", id: ids.error, role: "alert", hidden: true });
  const field = h(grouped ? "fieldset" : "div", { class: "input" }, label, node,
    block.hint && h("p", { class: "hint", id: ids.hint }, plain(block.hint)), line);
  form.add(blockId, element.action_id ?? "", read);
  form.labels.set(blockId, { required: !block.optional });
  form.errors.set(blockId, { line, field });
  return field;
}

function control(element, id, about, kept) {
  switch (element.type) {
    case "plain_text_input": return written(element, id, kept);
    case "email_text_input":
    case "url_text_input": return written(element, id, kept);
    case "number_input": return written({ ...element, kind: "number" }, id, kept);
    case "static_select": return listed(element, id, allOptions(element), kept);
    case "users_select": return people(element, id, about, kept);
    case "radio_buttons": return ticks(element, id, "radio", kept);
    case "multi_static_select":
    case "checkboxes": return ticks(element, id, "checkbox", kept);
    case "datepicker": return dated(element, id, "date", "selected_date", kept?.selected_date ?? element.initial_date);
    case "timepicker": return dated(element, id, "time", "selected_time", kept?.selected_time ?? element.initial_time);
    case "datetimepicker": return hour(element, id, kept);
    default: return { node: h("p", { class: "unshown" }, `(${String(element.type)} is not shown in this Slack)`), read: () => ({ type: element.type }) };
  }
}

function written(element, id, kept) {
  const node = h(element.multiline ? "textarea" : "input", {
    id, type: element.multiline ? undefined : "text", inputmode: element.kind === "number" ? "decimal" : undefined,
    rows: element.multiline ? 4 : undefined, maxlength: element.max_length, placeholder: plain(element.placeholder) || undefined,
    autofocus: element.focus_on_load, autocomplete: "off",
  });
  node.value = kept?.value ?? element.initial_value ?? "";
  return { node, read: () => ({ type: element.type, value: node.value === "" ? null : node.value }) };
}

function listed(element, id, options, kept) {
  const initial = kept?.selected_option?.value ?? element.initial_option?.value ?? "";
  const node = h("select", { id }, h("option", { value: "", class: "nothing" }, plain(element.placeholder) || "Choose"),
    options.map((option, index) => h("option", { value: String(index) }, plain(option.text))));
  node.value = String(options.findIndex((option) => option.value === initial));
  if (node.selectedIndex === -1) node.selectedIndex = 0;
  return { node, read: () => ({ type: element.type, selected_option: options[node.value === "" ? -1 : Number(node.value)] ?? null }) };
}

function people(element, id, about, kept) {
  const initial = kept?.selected_user ?? element.initial_user ?? "";
  const node = h("select", { id }, h("option", { value: "" }, plain(element.placeholder) || "Choose a person"),
    [...about.people.values()].filter((one) => !one.is_bot).map((one) => h("option", { value: one.id }, `@${one.name} · ${one.real_name ?? ""}`)));
  node.value = initial;
  return { node, read: () => ({ type: element.type, selected_user: node.value || null }) };
}

function ticks(element, id, type, kept) {
  const initial = kept?.selected_options ?? element.initial_options ?? [kept?.selected_option ?? element.initial_option];
  const chosen = new Set(initial.filter(Boolean).map((option) => option.value));
  const options = allOptions(element);
  const boxes = options.map((option) => {
    const box = h("input", { type, name: id, id: uniqueId("tick") });
    box.checked = chosen.has(option.value);
    return box;
  });
  const node = h("div", { class: "ticks" }, options.map((option, index) => h("label", { class: "tick" }, boxes[index],
    h("span", {}, plain(option.text), option.description && h("small", {}, plain(option.description))))));
  const picked = () => options.filter((_, index) => boxes[index].checked);
  const read = () => (type === "radio"
    ? { type: element.type, selected_option: picked()[0] ?? null }
    : { type: element.type, selected_options: picked() });
  return { node, read };
}

// Slack sends seconds since 1970; a person picks in the zone of this machine.
function hour(element, id, kept) {
  const node = h("input", { id, type: "datetime-local", step: 60 });
  const initial = kept?.selected_date_time ?? element.initial_date_time;
  if (initial) node.value = localMinute(initial);
  const read = () => ({ type: element.type, selected_date_time: node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null });
  return { node, read };
}

function dated(element, id, type, name, initial) {
  const node = h("input", { id, type, value: initial });
  return { node, read: () => ({ type: element.type, [name]: node.value || null }) };
}
