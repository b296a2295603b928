// The screen at a door. The server renders it; this exchanges it for a newer one, and runs for months without care:
// nothing is added to the page that does not take the place of something else.

import { learnFrom, learnFromPage, now } from "./clock.js";
import { Text } from "./facts.js";
import { Stream } from "./stream.js";

const MINUTE_MS = 60_000;
const NIGHT = [3, 4]; // Hours in which nobody sees the screen begin anew.
const SHIFTS = [[0, 0], [2, 0], [2, 2], [0, 2], [-2, 2], [-2, 0], [-2, -2], [0, -2], [2, -2]];

const setup = JSON.parse(document.getElementById("setup").textContent);
learnFromPage(setup.now);
const text = new Text(setup, document.documentElement.lang.slice(0, 2));
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: setup.zone, hour: "numeric", minute: "2-digit" });
const at = (selector) => document.querySelector(selector);
const station = at(".door").dataset.station;
const styles = stylesOf(document);
const stream = new Stream(setup, {
  rows: (rows) => rows.some(({ id }) => id === station) && stream.ask(),
  times: (_, ages) => station in ages && stream.ask(),
  state: showState,
  ask: load,
});

function stylesOf(page) {
  return page.querySelector("link[rel=stylesheet]").getAttribute("href");
}

function put(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

async function load(signal) {
  const askedMs = Date.now();
  const answer = await fetch(location.href, { signal, cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.statusText);
  learnFrom(answer, askedMs);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const door = page.querySelector(".door");
  if (!door) throw new Error("some other page, as a network that wants a login gives it");
  at(".door").replaceWith(door);
  showAges();
  // The server has answered just now, so the new release can be had, and nobody is there.
  if (stylesOf(page) !== styles && NIGHT.includes(Number(clock.format(now()).split(":")[0]))) location.reload();
}

function showState(state) {
  at(".connection").dataset.state = state;
  put(at(".connection .text"), text.say(`link.${state}`));
}

function showAges() {
  const door = at(".door");
  for (const time of door.querySelectorAll("time.age")) {
    if (time.dateTime) put(time, text.age(time.dateTime, now()));
  }
  put(at(".clock"), clock.format(now()).replace(/^0/, ""));
  const seconds = (now() - Date.parse(door.dataset.measured)) / 1000;
  if (seconds > setup.offline_s) grey(door, "offline");
  else if (seconds > setup.fresh_s) grey(door, "stale");
}

function grey(door, freshness) {
  door.dataset.freshness = freshness;
  put(door.querySelector(".told .state"), text.say(`freshness.${freshness}`));
}

// Every few minutes a little aside, so that nothing burns in.
function shift() {
  const [x, y] = SHIFTS[Math.floor(Date.now() / (5 * MINUTE_MS)) % SHIFTS.length];
  at(".screen").style.transform = `translate(${x}px, ${y}px)`;
}

function tick() {
  showAges();
  shift();
  setTimeout(tick, MINUTE_MS - (now() % MINUTE_MS));
}

async function stayAwake() {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock.request("screen");
  } catch (error) {
    // Without HTTPS, or on a television: its own settings keep it on.
  }
}

stayAwake();
document.addEventListener("visibilitychange", stayAwake);
tick();
stream.start();
