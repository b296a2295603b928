// A station's own page, kept fresh. What is shown first came with the HTML and is complete without this.
// Words, sockets and slots are changed in place; what only the server can say anew (hours, forecast, what is
// nearby, a socket that was put in or taken out) is taken from the page itself, fetched again.

import { Cards, put } from "./cards.js";
import { learnFrom, learnFromPage } from "./clock.js";
import { Text } from "./facts.js";
import { Stream } from "./stream.js";
import { Units } from "./units.js";

const AGES_MS = 10_000;
const RENEW_MS = 15 * 60_000; // The forecast's quarter, the mark of the present hour, and what was tomorrow.

const setup = JSON.parse(document.getElementById("setup").textContent);
learnFromPage(setup.now);
const text = new Text(setup, document.documentElement.lang.slice(0, 2));
const cards = new Cards(setup, text);
const station = document.querySelector(".station");
const units = new Units(station, text);
const id = station.dataset.station;
let outdated = "kept" in document.documentElement.dataset; // The service worker's copy.
let renewing = false;

function rows(list) {
  const row = list.find((each) => each.id === id);
  if (!row) return;
  show(row);
  ask().catch(() => {}); // The next change asks again; the ages on the page say how old it is meanwhile.
}

async function ask(signal) {
  const askedMs = Date.now();
  // Asked because something has changed: what the browser has from a moment ago is the old state.
  const answer = await fetch(`${setup.base}/api/v1/stations/${id}`, { signal, cache: "no-cache" });
  if (answer.status === 404) location.reload(); // Taken off the register: the page that offers the list.
  if (!answer.ok) throw new Error(answer.statusText);
  learnFrom(answer, askedMs);
  const whole = await answer.json();
  show(whole);
  if (!units.show(whole)) outdated = true;
  await renew();
}

function show(row) {
  const before = words();
  cards.showRow(station, row);
  if (before !== words()) outdated = true;
}

function words() {
  const told = [...station.querySelectorAll("[data-fact]")].map((tile) => tile.dataset.value);
  return [station.dataset.freshness, ...told, station.querySelector(".notices").textContent].join();
}

// The parts of the page that the server words, as it words them now; what was unfolded stays so.
async function renew() {
  if (!outdated || renewing) return;
  renewing = true;
  try {
    const answer = await fetch(location.href, { cache: "no-cache", headers: { accept: "text/html" } });
    if (!answer.ok) return;
    outdated = false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of station.querySelectorAll("[data-part]")) replace(part, page);
    showAges();
  } finally {
    renewing = false;
  }
}

function replace(part, page) {
  const newer = page.querySelector(`[data-part="${part.dataset.part}"]`);
  if (!newer) return;
  const unfolded = part.querySelector("details[open]");
  const focused = part.contains(document.activeElement) && selectorOf(document.activeElement);
  part.replaceChildren(...newer.childNodes);
  const details = part.querySelector("details");
  if (unfolded && details) details.open = true;
  const again = focused && part.querySelector(focused);
  if (again) again.focus({ preventScroll: true });
}

function selectorOf(element) {
  return element.matches("a") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : "summary";
}

function showAges() {
  cards.showAges([station]);
  units.age();
}

function state(name) {
  const line = document.querySelector(".connection");
  line.dataset.state = name;
  put(line.querySelector(".text"), text.say(`link.${name}`));
}

function times(atMs, said) {
  if (id in said) cards.showTimes(station, atMs, said[id]);
}

function seen() {
  if (document.visibilityState !== "visible") return;
  showAges();
  renew().catch(() => {});
}

showAges();
setInterval(showAges, AGES_MS);
setInterval(() => {
  outdated = true;
  if (document.visibilityState === "visible") ask().catch(() => {});
}, RENEW_MS);
document.addEventListener("visibilitychange", seen);
addEventListener("pageshow", (event) => {
  outdated = outdated || event.persisted;
});
new Stream(setup, { rows, times, state, ask }).start();
seen();
