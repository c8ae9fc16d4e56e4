// A click on something the app put there: asks first where the app wants that, shows that it is busy, sends exactly
// one request, and says what Slack would say when the app does not answer. What changes on the card comes by events.

import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { inWords, send } from "./wire.js";

export function clicks({ person, place, about }) {
  return async (node, element, blockId, picked = {}) => {
    if (node.getAttribute("aria-busy") === "true") return;
    const agreed = element.confirm ? await asked(element.confirm, about) : undefined;
    if (agreed === false) return;
    const body = {
      person: person(), ...place(), block_id: blockId, action_id: element.action_id, ...picked,
      ...(agreed ? { confirmed: true } : {}),
    };
    const answer = await busy(node, () => send("/_ui/click", body));
    if (answer.error === "needs_confirm" && (await asked(answer.confirm ?? {}, about))) {
      trouble(node, await busy(node, () => send("/_ui/click", { ...body, confirmed: true })));
    } else if (answer.error !== "needs_confirm") {
      trouble(node, answer);
    }
  };
}

function asked(question, about) {
  const words = (part, otherwise) => part?.text ?? otherwise;
  return confirmed({
    title: words(question.title, "Are you sure?"),
    text: question.text?.type === "mrkdwn" ? mrkdwn(question.text.text, about) : words(question.text, ""),
    confirm: words(question.confirm, "Yes"),
    deny: words(question.deny, "Cancel"),
    style: question.style,
  });
}

async function busy(node, work) {
  node.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

const APP_ERRORS = {
  operation_timeout: "This app did not answer in 3 seconds (operation_timeout). Nothing is known about your click; look before you try again.",
  dispatch_failed: "This app is not connected just now (dispatch_failed). Try again in a moment.",
};

export const appError = (error) => APP_ERRORS[error]
  ?? (["unreachable", "forbidden"].includes(error) ? inWords(error) : `This app responded with an error: ${inWords(error)}`);

function trouble(node, answer) {
  const block = node.closest(".block") ?? node.parentElement;
  block?.parentElement?.querySelectorAll(":scope > .app-error").forEach((old) => old.remove());
  if (answer.ok === false) block?.after(h("p", { class: "app-error", role: "alert" }, appError(answer.error)));
}
