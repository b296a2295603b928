// The newest facts of a network: by its event stream, or by asking for the list where there is none.

const POLL_MS = 30_000;
const PATIENCE_MS = 12_000;

export class Stream {
  // told: { rows(list), times(at, ages), state("live" | "polling" | "lost") }
  constructor(setup, told) {
    this.setup = setup;
    this.told = told;
    this.lastId = setup.event_id;
    this.timer = null;
    this.patience = null;
  }

  start() {
    if ("EventSource" in window) this.listen();
    else this.poll();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.timer !== null) this.ask();
    });
  }

  query(names) {
    const query = new URLSearchParams({ network: this.setup.network });
    if (this.setup.district) query.set(names, this.setup.district);
    return query;
  }

  listen() {
    const query = this.query("districts");
    query.set("last_event_id", this.lastId);
    this.source = new EventSource(`${this.setup.base}/api/v1/events?${query}`);
    this.source.onopen = () => this.alive();
    this.source.onerror = () => this.troubled();
    this.source.addEventListener("changes", (event) => {
      this.heard(event);
      this.told.rows(JSON.parse(event.data).stations);
    });
    this.source.addEventListener("refresh", (event) => {
      this.heard(event);
      this.ask();
    });
    this.source.addEventListener("times", (event) => {
      const { at, seconds_before } = JSON.parse(event.data);
      this.told.times(Date.parse(at), seconds_before);
    });
  }

  heard(event) {
    this.lastId = event.lastEventId || this.lastId;
  }

  alive() {
    clearTimeout(this.patience);
    this.patience = null;
    clearTimeout(this.timer);
    this.timer = null;
    this.told.state("live");
  }

  // The browser reconnects by itself unless the server refused; meanwhile the list is asked for.
  troubled() {
    if (this.patience === null) this.patience = setTimeout(() => this.poll(), PATIENCE_MS);
    if (this.source.readyState === EventSource.CLOSED) {
      setTimeout(() => this.listen(), POLL_MS);
      this.poll();
    }
  }

  poll() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), POLL_MS);
    this.ask();
  }

  async ask() {
    try {
      const answer = await fetch(`${this.setup.base}/api/v1/stations?${this.query("district")}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const { stations } = await answer.json();
      this.told.rows(stations);
      if (this.timer !== null) this.told.state("polling");
    } catch (error) {
      this.told.state("lost");
    }
  }
}
