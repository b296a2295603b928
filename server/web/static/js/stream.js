// The newest facts of a network: by its event stream, or by asking for them where there is none.
// The server says something at least every 15 seconds, so a silent line is a dead one.

import { learnAtLeast, learnFrom } from "./clock.js";

const POLL_MS = 30_000;
const PATIENCE_MS = 12_000;
const ANSWER_MS = 20_000; // 60 kB arrive in this time at 24 kbit/s.

export class Stream {
  // told: { rows(list), times(at, ages), state("live" | "polling" | "lost"), ask(signal) }
  // ask fetches all that the page shows and throws when it could not; without it the list of stations is asked for.
  constructor(setup, told) {
    this.setup = setup;
    this.told = told;
    this.fetchAll = told.ask || ((signal) => this.askStations(signal));
    this.districts = setup.district || "";
    this.lastId = setup.event_id;
    this.heardMs = 0;
    this.asking = false;
    this.again = false;
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

  // Listen to these districts only; none, or a station that is in none, means all of them.
  // eventId: of the list that the cards now shown come from; what has changed since is told again, and nothing missed.
  narrow(districts, eventId) {
    const wanted = districts.includes("") ? "" : [...new Set(districts)].sort().join(",");
    if (wanted === this.districts) return;
    this.districts = wanted;
    this.lastId = eventId || this.lastId;
    if (this.source) this.listen();
  }

  listen() {
    if (this.source) this.source.close();
    const query = new URLSearchParams({ network: this.setup.network, last_event_id: this.lastId });
    if (this.districts) query.set("districts", this.districts);
    this.source = new EventSource(`${this.setup.base}/api/v1/events?${query}`);
    this.source.onopen = () => this.alive();
    this.source.onerror = () => this.troubled();
    this.on("changes", (event) => this.told.rows(JSON.parse(event.data).stations));
    this.on("refresh", () => this.ask());
    this.on("times", (event) => {
      const { at, seconds_before } = JSON.parse(event.data);
      learnAtLeast(Date.parse(at));
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
    // A page out of the worker's cache: nothing was ever heard, so nothing on it is known to be new.
    if (!this.heardMs && this.source.readyState !== EventSource.CLOSED) this.told.state("lost");
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
    this.again = this.asking;
    if (this.asking) return;
    this.asking = true;
    const patience = new AbortController();
    const timeout = setTimeout(() => patience.abort(), ANSWER_MS);
    try {
      await this.fetchAll(patience.signal);
      if (this.timer !== null) this.told.state("polling");
    } catch (error) {
      this.told.state("lost");
    } finally {
      clearTimeout(timeout);
      this.asking = false;
    }
    // What was told meanwhile may be newer than the answer.
    if (this.again) this.ask();
  }

  async askStations(signal) {
    const query = new URLSearchParams({ network: this.setup.network });
    if (this.setup.district) query.set("district", this.setup.district);
    const askedMs = Date.now();
    const answer = await fetch(`${this.setup.base}/api/v1/stations?${query}`, { signal });
    if (!answer.ok) throw new Error(answer.statusText);
    learnFrom(answer, askedMs);
    this.told.rows((await answer.json()).stations);
  }
}
