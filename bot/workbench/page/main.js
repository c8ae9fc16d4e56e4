// Puts the page together: one store, one live wire, and the parts that show it. The address remembers person and
// channel, so a reload (or a second window for a second person) comes back to the same place.

import { Composer } from "./composer.js";
import { Drawers } from "./drawers.js";
import { h } from "./dom.js";
import { Live } from "./events.js";
import { Modal } from "./modal.js";
import { aboutOf } from "./message.js";
import { mrkdwn } from "./mrkdwn.js";
import { Panel } from "./panel.js";
import { People } from "./people.js";
import { Rail } from "./rail.js";
import { Room } from "./room.js";
import { Store } from "./state.js";
import { Thread } from "./thread.js";
import { Tray } from "./tray.js";
import { inWords, send } from "./wire.js";

const COUNT_OTHERS_AFTER_MS = 1200;
const by = (id) => document.getElementById(id);

function start() {
  const asked = new URLSearchParams(location.search);
  const store = new Store({ person: asked.get("person"), channel: asked.get("channel") });
  const live = new Live(store);
  const drawers = new Drawers({ desk: by("desk"), railButton: by("rail-toggle"), panelButton: by("panel-toggle"), phoneButton: by("phone-toggle"), note: by("stage-note") });
  const composer = new Composer({ store, root: by("composer") });
  const room = new Room({ store, head: by("room-head"), body: by("room-body"), composer: by("composer") });
  const become = (person) => switchTo(person, { store, live, composer });
  new Rail({ store, root: by("rail"), onOpen: () => drawers.closeRail() });
  new Thread({ store, root: by("thread") });
  new Panel({ store, root: by("panel") });
  new Modal({ store });
  new People({ store, root: by("people"), onSwitch: become });
  new Tray({ store, root: by("tray"), shelf: by("push-shelf"), onOpen: (one) => reveal(one, { store, room }) });
  announce(store);
  showLink(store);
  keepAddress(store);
  countOthers(store);
  document.addEventListener("open-message", ({ detail }) => reveal(detail, { store, room }));
  store.on("reset", () => startAgain(store));
  store.on("timeout", ({ what }) => say(`${what ?? "The app"} did not get an answer in time.`));
  open({ store, live, room });
}

// First what is there, then what changes; the wire reads the state again after every gap.
async function open({ store, live, room }) {
  const [, channel, seconds, rest] = /^#([A-Z0-9]+)\/p(\d+)(\d{6})$/.exec(location.hash) ?? [];
  await store.load();
  await live.follow(store.person);
  if (channel) reveal({ channel, ts: `${seconds}.${rest}` }, { store, room });
  await send("/_ui/seen", {});
}

async function switchTo(person, { store, live, composer }) {
  store.person = person;
  store.view = null;
  await live.follow(person);
  say(`You are now ${store.me().name}.`);
  composer.focus();
}

async function startAgain(store) {
  store.woken.clear();
  store.thread = null;
  await store.load();
}

function reveal(notification, { store, room }) {
  const message = store.messages.get(`${notification.channel} ${notification.ts}`);
  const thread = message?.thread_ts && message.thread_ts !== message.ts && !message.thread_broadcast
    ? { channel: message.channel, ts: message.thread_ts } : null;
  store.open({ channel: notification.channel, thread });
  if (!thread) room.list.reveal(notification.ts);
}

function say(words) {
  by("announcer").textContent = words;
}

function announce(store) {
  store.on("message", (message) => {
    if (message.user === store.person) return;
    const author = store.people.get(message.user)?.name ?? "app";
    say(`${author}: ${h("span", {}, mrkdwn(message.text, aboutOf(store))).textContent}`);
  });
}

const LINK_WORDS = { connecting: "connecting…", reconnecting: "reconnecting…", live: "" };

function showLink(store) {
  const line = by("link-state");
  store.on("link", (link) => { line.textContent = LINK_WORDS[link] ?? ""; });
  store.on("trouble", (error) => { line.textContent = inWords(error); });
  line.textContent = LINK_WORDS.connecting;
}

function keepAddress(store) {
  store.on("all place", () => {
    const address = new URLSearchParams({ person: store.person ?? "", channel: store.channel ?? "" });
    history.replaceState(null, "", `?${address}`);
    document.title = `${store.pane === "home" ? "Home" : store.place().name ?? ""} · @${store.me().name} · Local Slack`;
  });
}

// The badges of the others; a message that mentions somebody may have woken one of them.
function countOthers(store) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => store.countOthers(), COUNT_OTHERS_AFTER_MS);
  };
  store.on("all", later);
  store.on("message", (message) => /<[@!]/.test(JSON.stringify([message.text, message.blocks ?? []])) && later());
}

start();
