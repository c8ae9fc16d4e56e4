// The live wire: one EventSource per person shown. The browser resumes with Last-Event-ID by itself; after any gap
// the whole state is read again, so a restarted server (with new numbers) and a resumed one end in the same place.

const RETRY_MS = [500, 1000, 2000, 4000];

export class Live {
  #source = null;
  #failures = 0;
  #timer = 0;

  constructor(store) {
    this.store = store;
  }

  // Resolves when the wire is open and the state read behind it, so nothing falls between the two.
  follow(person) {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(`/_ui/events?person=${encodeURIComponent(person ?? "")}`);
    this.#source = source;
    return new Promise((resolve) => {
      source.addEventListener("open", async () => {
        this.#failures = 0;
        if (await this.store.load()) this.store.setLink("live");
        resolve();
      });
      source.addEventListener("message", ({ data }) => this.#receive(data));
      source.addEventListener("error", () => {
        if (source !== this.#source) return;
        this.store.setLink("reconnecting");
        if (source.readyState === EventSource.CLOSED) this.#again(person);
      });
    });
  }

  #receive(data) {
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return; // not ours to repair: the next reload of the state brings what this line meant
    }
    this.store.apply(event);
  }

  #again(person) {
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.store.load(); // which says in words why, when the server is there but refuses
    this.#timer = setTimeout(() => this.follow(person), wait);
  }
}
