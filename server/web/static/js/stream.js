// The newest facts of a network: by its event stream, or by asking for the list where there is none.
// The server says something at least every 15 seconds, so a silent line is a dead one.

const POLL_MS = 30_000;
const PATIENCE_MS = 12_000;
const ANSWER_MS = 10_000;

export class Stream {
  // told: { rows(list), times(at, ages), state("live" | "polling" | "lost") }
  constructor(setup, told) {
    this.setup = setup;
    this.told = told;
    this.lastId = setup.event_id;
    this.heardMs = 0;
    this.source = null;
    this.timer = null;
    this.patience = null;
    this.watchdog = null;
  }

  start() {
    if ("EventSource" in window) this.listen();
    else this.poll();
    window.addEventListener("offline", () => this.told.state("lost"));
    window.addEventListener("online", () => this.catchUp());
    window.addEventListener("pageshow", (event) => event.persisted && this.catchUp());
    document.addEventListener("visibilitychange", () => {
      const silent = Date.now() - this.heardMs > this.setup.silence_ms / 2;
      if (document.visibilityState === "visible" && silent) this.catchUp();
    });
  }

  query(names) {
    const query = new URLSearchParams({ network: this.setup.network });
    if (this.setup.district) query.set(names, this.setup.district);
    return query;
  }

  listen() {
    if (this.source) this.source.close();
    const query = this.query("districts");
    query.set("last_event_id", this.lastId);
    this.source = new EventSource(`${this.setup.base}/api/v1/events?${query}`);
    this.source.onopen = () => this.alive();
    this.source.onerror = () => this.troubled();
    this.on("changes", (event) => this.told.rows(JSON.parse(event.data).stations));
    this.on("refresh", () => this.ask());
    this.on("times", (event) => {
      const { at, seconds_before } = JSON.parse(event.data);
      this.told.times(Date.parse(at), seconds_before);
    });
    this.on("alive", () => {});
    this.watch();
  }

  on(name, act) {
    this.source.addEventListener(name, (event) => {
      this.lastId = event.lastEventId || this.lastId;
      this.alive();
      act(event);
    });
  }

  alive() {
    this.heardMs = Date.now();
    clearTimeout(this.patience);
    this.patience = null;
    clearTimeout(this.timer);
    this.timer = null;
    this.watch();
    this.told.state("live");
  }

  watch() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.silent(), this.setup.silence_ms);
  }

  // Nothing, not even an error: the network has gone, or the server hangs.
  silent() {
    this.told.state("lost");
    this.listen();
    this.poll();
  }

  // A phone that wakes up does not wait for its timers.
  catchUp() {
    if ("EventSource" in window) this.listen();
    this.ask();
  }

  // The browser reconnects by itself unless the server refused; meanwhile the list is asked for.
  troubled() {
    if (this.patience === null) this.patience = setTimeout(() => this.poll(), PATIENCE_MS);
    if (this.source.readyState === EventSource.CLOSED) {
      clearTimeout(this.watchdog);
      this.watchdog = setTimeout(() => this.listen(), POLL_MS);
      this.poll();
    }
  }

  poll() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), POLL_MS);
    this.ask();
  }

  async ask() {
    const patience = new AbortController();
    const timeout = setTimeout(() => patience.abort(), ANSWER_MS);
    try {
      const address = `${this.setup.base}/api/v1/stations?${this.query("district")}`;
      const answer = await fetch(address, { signal: patience.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const { stations } = await answer.json();
      this.told.rows(stations);
      if (this.timer !== null) this.told.state("polling");
    } catch (error) {
      this.told.state("lost");
    } finally {
      clearTimeout(timeout);
    }
  }
}
