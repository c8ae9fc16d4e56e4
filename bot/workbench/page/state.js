// What the page knows: one store per page, filled by /_ui/state and kept current by the event stream. Parts of the
// page subscribe to a topic and read; only this file writes. Nothing here touches the document.

import { ask } from "./wire.js";

export const keyOf = (message) => `${message.channel} ${message.ts}`;

export class Store {
  #listeners = new Map();
  #waiting = null;
  #turn = 0;

  constructor({ person, channel }) {
    Object.assign(this, {
      person, channel, pane: "channel", thread: null, link: "connecting",
      team: { name: "" }, people: new Map(), groups: new Map(), channels: [], commands: [], messages: new Map(),
      view: null, home: null, notifications: [], checklist: [], links: [], canvases: [], scenarios: [], status: {},
      clock: { now: 0, offset: 0, left: 0, at: 0 }, read: new Map(), woken: new Map(),
    });
  }

  on(topics, listener) {
    for (const topic of topics.split(" ")) {
      if (!this.#listeners.has(topic)) this.#listeners.set(topic, []);
      this.#listeners.get(topic).push(listener);
    }
  }

  tell(topic, detail) {
    for (const listener of this.#listeners.get(topic) ?? []) listener(detail);
  }

  // Events that arrive while the state is on its way are applied after it, so none is lost and none is older.
  async load(person = this.person) {
    this.#waiting ??= [];
    this.#turn += 1;
    const turn = this.#turn;
    const asked = person ?? "";
    const state = await ask(`/_ui/state?person=${encodeURIComponent(asked)}`);
    if (turn !== this.#turn) return false; // a later question is on its way; its answer is the newer one
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (!Array.isArray(state.messages)) {
      this.tell("trouble", state.error ?? "unreadable");
      return false;
    }
    this.#fill(state, asked);
    this.tell("all");
    waiting.forEach((event) => this.apply(event));
    return true;
  }

  #fill(state, asked) {
    const wasDirect = Boolean(this.place().is_im);
    const humans = state.people.filter((one) => !one.is_bot);
    this.people = new Map(state.people.map((one) => [one.id, one]));
    this.groups = new Map((state.groups ?? []).map((one) => [one.id, one]));
    this.person = this.people.has(asked) ? asked : humans[0]?.id;
    for (const name of ["team", "channels", "commands", "view", "home", "notifications", "checklist", "links", "scenarios", "status", "canvases"]) {
      this[name] = state[name] ?? this[name];
    }
    this.view = state.view ?? null;
    this.home = state.home ?? null;
    this.messages = new Map(state.messages.map((message) => [keyOf(message), message]));
    this.#clock(state);
    this.#woke(this.person, this.notifications);
    if (!this.channels.some((one) => one.id === this.channel)) this.channel = this.#likeBefore(wasDirect)?.id;
    if (this.thread && !this.messages.has(keyOf(this.thread))) this.thread = null;
  }

  // Another person's direct message with the bot is a channel of its own.
  #likeBefore(wasDirect) {
    return this.channels.find((one) => Boolean(one.is_im) === wasDirect) ?? this.channels[0];
  }

  apply(event) {
    if (this.#waiting) return void this.#waiting.push(event);
    const mine = !event.person || event.person === this.person;
    switch (event.kind) {
      case "message": return this.#put(event.message, "message");
      case "message_changed": return this.#put(event.message, "changed");
      case "message_deleted": return this.#drop(event);
      case "canvas": return this.#canvas(event.canvas);
      case "view": return mine && this.#set("view", event.view ?? null);
      case "home": return mine && this.#set("home", event.view ?? null);
      case "notification": return this.#notify(event.notification ?? event);
      case "clock": return this.#clock(event);
      case "checklist": return this.#set("checklist", event.checklist);
      case "scenarios": return this.#set("scenarios", event.scenarios);
      case "status": return this.#set("status", event.status);
      case "operation_timeout": return mine && this.tell("timeout", event);
      case "reset": return this.tell("reset");
      default: return undefined; // an event of a newer server: this page has nothing to show for it
    }
  }

  #set(name, value) {
    this[name] = value;
    this.tell(name, value);
  }

  #canvas(canvas) {
    this.#set("canvases", [...this.canvases.filter((one) => one.id !== canvas.id), canvas]);
  }

  #put(message, topic) {
    if (message.ephemeral_for && message.ephemeral_for !== this.person) return;
    const known = this.messages.has(keyOf(message));
    this.messages.set(keyOf(message), message);
    this.tell(known ? "changed" : topic, message);
  }

  #drop({ channel, ts }) {
    const message = this.messages.get(`${channel} ${ts}`);
    if (!message) return;
    this.messages.delete(keyOf(message));
    this.tell("deleted", message);
  }

  #notify(notification) {
    this.#woke(notification.person, [notification]);
    if (notification.person === this.person && !this.notifications.some((one) => one.id === notification.id)) {
      this.notifications = [...this.notifications, notification];
      this.tell("notification", notification);
    }
    this.tell("notifications");
  }

  #woke(person, notifications) {
    const known = this.woken.get(person) ?? new Set();
    notifications.forEach((one) => known.add(one.id));
    this.woken.set(person, known);
  }

  // What other people's phones showed is part of their state; asked for rarely, for the badges only.
  async countOthers() {
    for (const one of [...this.people.values()].filter((each) => !each.is_bot && each.id !== this.person)) {
      const state = await ask(`/_ui/state?person=${encodeURIComponent(one.id)}`);
      this.#woke(one.id, Array.isArray(state.notifications) ? state.notifications : []);
    }
    this.tell("notifications");
  }

  unread(person) {
    return [...(this.woken.get(person) ?? [])].filter((id) => !this.read.get(person)?.has(id)).length;
  }

  markRead(person) {
    this.read.set(person, new Set(this.woken.get(person)));
    this.tell("notifications");
  }

  #clock({ now, offset, offset_left: left }) {
    this.clock = { now, offset, left, at: performance.now() };
    this.tell("clock");
  }

  now() {
    return this.clock.now + (performance.now() - this.clock.at) / 1000;
  }

  open({ channel = this.channel, pane = "channel", thread = null }) {
    Object.assign(this, { channel, pane, thread });
    this.tell("place");
  }

  setLink(link) {
    if (link !== this.link) this.#set("link", link);
  }

  me() {
    return this.people.get(this.person) ?? { id: this.person, name: "?", roles: [] };
  }

  bot() {
    return [...this.people.values()].find((one) => one.is_bot);
  }

  place() {
    return this.channels.find((one) => one.id === this.channel) ?? { id: this.channel, name: "" };
  }
}
