// The screen at a door. The server renders it; this exchanges it for a newer one, and runs for months without care:
// nothing is added to the page that does not take the place of something else.

import { learnFrom, learnFromPage, now } from "./clock.js";
import { Text } from "./facts.js";
import { clockOf, put, renewAtNight, shift, stayAwake } from "./screen.js";
import { Stream } from "./stream.js";

const MINUTE_MS = 60_000;

const setup = JSON.parse(document.getElementById("setup").textContent);
learnFromPage(setup.now);
const text = new Text(setup, document.documentElement.lang.slice(0, 2));
const clock = clockOf(setup.zone);
const at = (selector) => document.querySelector(selector);
const station = at(".door").dataset.station;
const stream = new Stream(setup, {
  rows: (rows) => rows.some(({ id }) => id === station) && stream.ask(),
  times: (_, ages) => station in ages && stream.ask(),
  state: showState,
  ask: load,
});

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
  renewAtNight(page, clock(now()).hour);
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
  put(at(".clock"), clock(now()).time);
  const seconds = (now() - Date.parse(door.dataset.measured)) / 1000;
  if (seconds > setup.offline_s) grey(door, "offline");
  else if (seconds > setup.fresh_s) grey(door, "stale");
}

function grey(door, freshness) {
  door.dataset.freshness = freshness;
  put(door.querySelector(".told .state"), text.say(`freshness.${freshness}`));
}

function tick() {
  showAges();
  shift(at(".screen"));
  setTimeout(tick, MINUTE_MS - (now() % MINUTE_MS));
}

stayAwake();
tick();
stream.start();
