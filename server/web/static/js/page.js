// Keeps the facts on a page fresh. What is shown first came with the HTML and is complete without this.

import { Text } from "./facts.js";
import { Stream } from "./stream.js";

const AGES_MS = 10_000;
const FACTS = ["access", "crowding", "comfort"];
const RESOURCES = ["sockets", "batteries"];

const setup = JSON.parse(document.getElementById("setup").textContent);
const text = new Text(setup, document.documentElement.lang.slice(0, 2));
const cards = new Map(
  [...document.querySelectorAll("[data-station]")].map((card) => [card.dataset.station, card]),
);
// A phone's clock may be wrong by hours; ages are told by the server's, which rendered the page just now.
const ahead = Date.parse(setup.now) - Date.now();
const offset = Math.abs(ahead) > 120_000 ? ahead : 0;
const now = () => Date.now() + offset;

function put(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

function setAge(holder, instant) {
  let time = holder.querySelector(".age");
  if (!instant) {
    if (time) time.remove();
    return;
  }
  if (!time) {
    time = document.createElement("time");
    time.className = "age";
    holder.append(time);
  }
  time.dateTime = instant;
  showAge(time);
}

// An age that says nothing more than the card's own stays for those who listen, not for the eye.
function showAge(time) {
  if (!time.dateTime) return;
  put(time, text.age(time.dateTime, now()));
  time.title = text.moment(time.dateTime, now());
  const newest = time.closest("[data-station]").dataset.measured;
  time.classList.toggle("sr", !time.matches(".newest") && !text.isOlder(time.dateTime, newest));
}

function showUpdated(card) {
  const line = card.querySelector(".updated");
  line.hidden = !card.dataset.measured;
  const nothing = card.querySelector(".nothing");
  if (nothing) nothing.hidden = !line.hidden;
  const time = line.querySelector("time");
  time.dateTime = card.dataset.measured;
  showAge(time);
}

function showFact(card, fact) {
  const tile = card.querySelector(`[data-fact="${fact.kind}"]`);
  if (!tile) return;
  if (tile.dataset.value !== fact.value) {
    tile.className = `fact ${fact.tone} changed`;
    tile.dataset.value = fact.value;
    tile.querySelector("use").setAttribute("href", `#i-${fact.icon}`);
  }
  put(tile.querySelector(".word"), fact.word);
  put(tile.querySelector(".note"), "whole" in card.dataset ? fact.full : fact.note);
  setAge(tile, fact.at);
}

function showResource(card, name, amount, some, instant) {
  const item = card.querySelector(`[data-resource="${name}"]`);
  if (!item) return;
  item.hidden = amount === null;
  if (amount === null) return;
  item.classList.toggle("some", some > 0);
  put(item.querySelector(".amount"), amount);
  setAge(item, instant);
}

function showFreshness(card, freshness) {
  card.dataset.freshness = freshness;
  put(card.querySelector(".state"), freshness === "fresh" ? "" : text.say(`freshness.${freshness}`));
}

function showRow(row) {
  const card = cards.get(row.id);
  if (!card) return;
  card.dataset.measured = row.measured_at || "";
  for (const fact of text.facts(row, now())) showFact(card, fact);
  const { sockets, batteries } = row;
  const free = sockets ? text.say("sockets.ratio", sockets) : null;
  const charged = batteries ? text.say("batteries.count", { count: batteries.charged }) : null;
  showResource(card, "sockets", free, sockets && sockets.free, sockets && sockets.measured_at);
  showResource(card, "batteries", charged, batteries && batteries.charged, batteries && batteries.measured_at);
  showFreshness(card, row.freshness);
  showUpdated(card);
  if ("whole" in card.dataset) askWhole(row.id);
}

async function askWhole(id) {
  try {
    const answer = await fetch(`${setup.base}/api/v1/stations/${id}`);
    if (answer.ok) showWhole(await answer.json());
  } catch (error) {
    // The next change asks again; the ages on the page say how old it is meanwhile.
  }
}

function showWhole(station) {
  for (const socket of station.socket_list || []) {
    const item = document.querySelector(`[data-socket="${socket.id}"]`);
    if (item) item.className = `unit ${socket.state}`;
    if (item) put(item.querySelector(".word"), text.say(`socket.state.${socket.state}`));
  }
  for (const cabinet of station.cabinets || []) showCabinet(cabinet);
}

function showCabinet(cabinet) {
  const section = document.querySelector(`[data-cabinet="${cabinet.id}"]`);
  if (!section) return;
  const sums = [
    text.say("batteries.charged_count", { count: cabinet.charged }),
    text.say("batteries.empty", { count: cabinet.empty }),
  ];
  if (cabinet.faulty) sums.push(text.say("batteries.faulty", { count: cabinet.faulty }));
  put(section.querySelector(".sums"), cabinet.online ? sums.join(" · ") : text.say("cabinet.offline"));
  for (const slot of cabinet.slots) {
    const item = section.querySelector(`[data-slot="${slot.n}"]`);
    if (item) item.className = `slot ${slot.word}`;
    if (item) put(item.querySelector(".word"), text.say(`slot.${slot.word}`));
  }
}

function showTimes(at, secondsBefore) {
  for (const [id, said] of Object.entries(secondsBefore)) {
    const card = cards.get(id);
    if (!card) continue;
    const instant = (seconds) => new Date(at - seconds * 1000).toISOString();
    const ages = Array.isArray(said) ? said : Array(6).fill(said);
    card.dataset.measured = instant(ages[0]);
    [...FACTS, ...RESOURCES].forEach((name, index) => {
      const time = card.querySelector(`[data-fact="${name}"] .age, [data-resource="${name}"] .age`);
      if (time && ages[index + 1] !== null) time.dateTime = instant(ages[index + 1]);
    });
    showUpdated(card);
  }
  showAges();
}

// Without a connection nobody tells that a fact has grown old: the page sees it by itself.
function ageCard(card) {
  if (!card.dataset.measured) return;
  const seconds = (now() - Date.parse(card.dataset.measured)) / 1000;
  if (seconds > setup.offline_s && card.dataset.freshness !== "offline") showFreshness(card, "offline");
  else if (seconds > setup.fresh_s && card.dataset.freshness === "fresh") showFreshness(card, "stale");
}

function showAges() {
  document.querySelectorAll("time.age").forEach(showAge);
  cards.forEach(ageCard);
}

function showState(state) {
  const line = document.querySelector(".connection");
  line.dataset.state = state;
  put(line.querySelector(".text"), text.say(`link.${state}`));
}

showAges();
setInterval(showAges, AGES_MS);
document.addEventListener("visibilitychange", showAges);
new Stream(setup, { rows: (rows) => rows.forEach(showRow), times: showTimes, state: showState }).start();
