// A network on a wall. The server renders it; this turns its panels, exchanges it for a newer one, and says when
// there is none. It runs for months: nothing is added to the page that does not take the place of something else.

import { learnFrom, learnFromPage, now } from "./clock.js";
import { Text } from "./facts.js";
import { clockOf, put, renewAtNight, shift, stayAwake } from "./screen.js";
import { Stream } from "./stream.js";

const TURN_MS = 12_000; // Six lines are read in it, twice.
const SOONEST_MS = 3_000; // A city changes every second; a wall need not.
const LATEST_MS = 10_000; // What only the clock changes.
const DEAD_MS = 30_000; // Three times nothing.

const setup = JSON.parse(document.getElementById("setup").textContent);
learnFromPage(setup.now);
const text = new Text(setup, document.documentElement.lang.slice(0, 2));
const clock = clockOf(setup.zone);
const at = (selector) => document.querySelector(selector);
let loadedMs = performance.now();
let askedMs = loadedMs;
let news = false;
let why = "";
let held = null; // The number of turns at which a person has stopped them.
const stream = new Stream(setup, {
  rows: () => (news = true),
  times: () => (news = true),
  state: (state) => (at("#wall").dataset.state = state),
  ask: load,
});

async function load(signal) {
  const beganMs = Date.now();
  why = "lost";
  const answer = await fetch(location.href, { signal, cache: "no-store" });
  why = answer.status === 404 ? "revoked" : "failing";
  if (why === "revoked") showDeath();
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const wall = page.querySelector(".wall");
  if (!wall) throw new Error("some other page, as a network that wants a login gives it");
  learnFrom(answer, beganMs);
  why = "";
  loadedMs = performance.now();
  at(".wall").replaceWith(document.adoptNode(wall));
  show();
  renewAtNight(page, clock(now()).hour);
}

// By the clock, so that walls side by side turn together and a page that begins anew goes on.
function turn() {
  const panels = document.querySelectorAll(".panel");
  const number = held ?? Math.floor(Date.now() / TURN_MS);
  const shown = ((number % panels.length) + panels.length) % panels.length;
  panels.forEach((panel, index) => {
    if (panel.hidden !== (index !== shown)) panel.hidden = index !== shown;
  });
}

function showDeath() {
  const wall = at(".wall");
  const measured = Date.parse(wall.dataset.measured);
  const silent = performance.now() - loadedMs > DEAD_MS;
  const dead =
    why === "revoked" ? why
    : silent ? why || "lost"
    : Number.isNaN(measured) ? "none"
    : (now() - measured) / 1000 > setup.fresh_s ? "old"
    : "";
  if (!dead) return;
  const time = wall.dataset.measured && text.moment(wall.dataset.measured, now());
  // Without any reading there is no time of one.
  put(at(".told .dead"), text.say(`wall.dead.${time || dead === "revoked" ? dead : "none"}`, { time }));
  if (wall.dataset.dead !== dead) wall.dataset.dead = dead;
}

function show() {
  turn();
  const age = at(".told .age");
  if (age) put(age, text.age(age.dateTime, now()));
  put(at(".clock"), clock(now()).time);
  shift(at(".screen"));
  showDeath();
}

function ask() {
  const waited = performance.now() - askedMs;
  if (waited < SOONEST_MS || (!news && waited < LATEST_MS)) return;
  askedMs = performance.now();
  news = false;
  stream.ask();
}

function tick() {
  show();
  ask();
  setTimeout(tick, 1_000);
}

// Whoever stands before it may stop the panels, and turn them by hand.
addEventListener("keydown", ({ key }) => {
  const number = held ?? Math.floor(Date.now() / TURN_MS);
  if (key === " ") held = held === null ? number : null;
  else if (key === "ArrowRight") held = number + 1;
  else if (key === "ArrowLeft") held = number - 1;
  turn();
});
stayAwake();
tick();
stream.start();
