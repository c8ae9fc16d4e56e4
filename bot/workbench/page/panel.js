// The side panel "Your first incident": a checklist that ticks itself, the clock, what can be broken, what Slack can
// be made to do wrong, links, and Start over. This part belongs to the workbench; a real Slack has none of it.

import { Clock } from "./clock.js";
import { confirmed } from "./confirm.js";
import { fragment, h, icon, webAddress } from "./dom.js";
import { anchor } from "./mrkdwn.js";
import { inWords, send } from "./wire.js";

const FAULTS = [
  ["Say “too many requests” three times", { fault: "rate_limit", count: 3 }],
  ["Answer with a server error twice", { fault: "server_error", count: 2 }],
  ["Put the bot out of the channel once", { fault: "not_in_channel", count: 1 }],
  ["Drop the bot’s connection", { fault: "disconnect" }],
  ["Deliver the next thing three times", { fault: "duplicate", count: 3 }],
  ["Be slow for the next two calls", { fault: "slow", seconds: 2, count: 2 }],
  ["Take no canvas once", { fault: "no_canvas", count: 1 }],
  ["Take none of the next two files", { fault: "no_files", count: 2 }],
  ["Fail the next group look-up", { fault: "lookup_fails", count: 1 }],
];

export class Panel {
  constructor({ store, root }) {
    Object.assign(this, { store, root });
    this.steps = h("section", { class: "panel-part first" });
    this.breaks = h("section", { class: "panel-part", "aria-label": "Break something" });
    this.links = h("section", { class: "panel-part", "aria-label": "Links" });
    this.said = h("p", { class: "panel-said", role: "status" });
    this.clock = new Clock({ store });
    root.append(this.steps, this.breaks, this.clock.root, this.#faults(), this.links, this.#startOver());
    store.on("all checklist", () => this.#showSteps());
    store.on("all scenarios", () => this.#showBreaks());
    store.on("all", () => this.#showLinks());
  }

  #showSteps() {
    const steps = this.store.checklist;
    const done = steps.filter((step) => step.done).length;
    const next = steps.find((step) => !step.done);
    const bar = h("progress", { max: steps.length || 1, value: done, "aria-label": "Progress" });
    this.steps.replaceChildren(
      h("h2", {}, "Your first incident"),
      h("p", { class: "progress-words" }, steps.length && done === steps.length ? "All seen. Start over to play it again; leave the file as it is, and see the probe fail." : `${done} of ${steps.length} seen`),
      bar,
      h("ol", { class: "checklist" }, steps.map((step) => h("li", { class: step.done ? "done" : step === next ? "next" : "", "aria-current": step === next ? "step" : undefined },
        h("span", { class: "tickbox" }, step.done && icon("check")), h("span", {}, step.title, h("span", { class: "unseen" }, step.done ? " (done)" : ""))))));
  }

  // What is broken or comes first stands open; the other failures wait behind a word, so that the list stays short.
  #showBreaks() {
    const all = this.store.scenarios;
    const near = all.filter((one, place) => place === 0 || one.state !== "ready");
    const others = all.filter((one) => !near.includes(one));
    const more = h("details", { class: "more-breaks", open: this.others?.open, hidden: others.length === 0 },
      h("summary", {}, "Break something else"), h("ul", { class: "breaks" }, others.map((one) => this.#break(one))));
    this.others = more;
    this.breaks.replaceChildren(h("h3", {}, "Break something"), h("ul", { class: "breaks" }, near.map((one) => this.#break(one))), more, this.said);
  }

  #break(one) {
    const words = { ready: "", broken: "broken now", repaired: "repaired" }[one.state];
    const again = one.state === "repaired" ? "Again" : "Break";
    const doIt = ({ currentTarget }) => this.#send(currentTarget, "/_ui/break", { scenario: one.name }, "Broken. Watch the channel.");
    return h("li", {},
      h("span", { class: "break-title" }, one.title, words && h("span", { class: `chip ${one.state === "repaired" ? "chip-good" : "chip-warn"}` }, words)),
      h("button", { type: "button", class: "button", disabled: one.state === "broken", "aria-label": `${again}: ${one.title}`, on: { click: doIt } }, again),
      one.fix && (one.fix.ready || one.fix.done || one.state !== "ready") && this.#fix(one));
  }

  #fix(scenario) {
    const { title, ready, done } = scenario.fix;
    const mend = ({ currentTarget }) => this.#send(currentTarget, "/_ui/fix", { scenario: scenario.name }, "Done. That happened outside of the bot; only people know.");
    return h("div", { class: done ? "fix done" : "fix" },
      done && h("span", { class: "tickbox" }, icon("check")),
      h("span", { class: "break-title" }, done ? h("span", {}, title, h("span", { class: "unseen" }, " (done)")) : title),
      !done && h("button", { type: "button", class: "button", disabled: !ready, "aria-label": `Have it done: ${title}`, on: { click: mend } }, "Have it done"));
  }

  #faults() {
    return h("details", { class: "panel-part faults" }, h("summary", {}, "Make this Slack misbehave"),
      h("ul", {}, FAULTS.map(([words, body]) => h("li", {}, h("button", {
        type: "button", class: "linklike", data: { fault: body.fault }, on: { click: ({ currentTarget }) => this.#send(currentTarget, "/_ui/fault", body, `Armed: ${words.toLowerCase()}.`) },
      }, words)))));
  }

  #showLinks() {
    const links = this.store.links.filter((link) => webAddress(new URL(link.url, location.href).href));
    this.links.hidden = links.length === 0;
    this.links.replaceChildren(fragment(h("h3", {}, "Read more"),
      h("ul", { class: "links" }, links.map((link) => h("li", {}, anchor(new URL(link.url, location.href).href, link.title))))));
  }

  #startOver() {
    const button = h("button", { type: "button", class: "button wide-button", id: "start-over", on: { click: () => this.#ask(button) } }, "Start over");
    return h("section", { class: "panel-part", "aria-label": "Start over" }, button);
  }

  async #ask(button) {
    const yes = await confirmed({
      title: "Start over?",
      text: "Channels, runs and the local lake go back to how they were at the beginning, and so does the clock. Nothing outside this machine is touched.",
      confirm: "Start over",
      deny: "Keep going",
      style: "danger",
    });
    if (!yes || !(await this.#send(button, "/_ui/start-over", {}, "Started over."))) return;
    this.root.scrollTop = 0;
    await send("/_ui/seen", {});
  }

  async #send(button, path, body, words) {
    button.setAttribute("aria-busy", "true");
    const answer = await send(path, body);
    button.removeAttribute("aria-busy");
    this.said.textContent = answer.ok ? words : inWords(answer.error);
    return answer.ok;
  }
}
