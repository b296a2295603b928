// The page of a network: one list, ranked on the phone. What is shown first came with the HTML and is complete without this.

import { Calm } from "./calm.js";
import { Cards } from "./cards.js";
import { learnFromPage, now } from "./clock.js";
import { Entries } from "./entries.js";
import { Text } from "./facts.js";
import { Frame } from "./frame.js";
import { Head } from "./head.js";
import { Lists } from "./lists.js";
import { Place } from "./place.js";
import { judge } from "./rank.js";
import { select } from "./selection.js";
import { Stations } from "./stations.js";
import { Stream } from "./stream.js";
import { Views } from "./views.js";

const PAGE = 30;
const AGES_MS = 10_000;
const REFRESH_MS = 60_000;

const setup = JSON.parse(document.getElementById("setup").textContent);
learnFromPage(setup.now);
const text = new Text(setup, document.documentElement.lang.slice(0, 2));
const at = (selector) => document.querySelector(selector);
const entries = new Entries(setup, text, new Cards(setup, text));
const frame = new Frame(text, (id) => entries.link(id));
const stations = new Stations();
const lists = new Lists(setup);
let limit = PAGE;
let eventId = setup.event_id;
let far = false;
let loading = 0;
let meanwhile = []; // What was told while a list was on its way: it is newer than that.

const head = new Head(text, () => stations.rows.size > 0, () => rank(true));
const place = new Place((tapped) => {
  frame.place(place, far);
  rank(tapped);
});
const calm = new Calm(at(".reorder"), entries.list, () => rank(true, limit));
const views = new Views(text, { rows: onMap, place: () => place.here, setup, link: (id) => entries.link(id) });
const stream = new Stream(setup, { rows: changed, times: older, state: (state) => frame.connection(state), ask: load });

function asked() {
  const { district, typed, wishes } = head;
  return { district, typed, wishes, place: place.here, nowMs: now(), ranking: setup.ranking };
}

function onMap() {
  return select([...stations.all()], asked()).judged.map(({ row }) => row);
}

// byRider: the rider asked for it, and sees the first of the new order; else it moves only when that disturbs nobody.
function rank(byRider, rows = PAGE) {
  if (!stations.rows.size) return;
  stations.age(now(), setup.fresh_s, setup.offline_s);
  const wanted = asked();
  const selection = select([...stations.all()], wanted);
  far = selection.far;
  if (byRider) limit = rows;
  const judged = selection.judged.slice(0, limit);
  const same = entries.stands(judged);
  frame.found(selection, wanted);
  if (byRider || calm.allows()) show(selection, judged, wanted, !byRider && !same);
  else {
    entries.judged.forEach((_, id) => refresh(stations.get(id), wanted));
    calm.offer(!same);
  }
  views.changed();
}

function refresh(row, wanted) {
  if (row) entries.refresh(judge(row, far ? { ...wanted, place: null } : wanted), wanted.wishes, false);
}

function show(selection, judged, wanted, byItself) {
  entries.show(judged, wanted.wishes);
  calm.moved(byItself);
  frame.nothing(selection, wanted);
  frame.more(Math.min(PAGE, selection.judged.length - limit));
  frame.place(place, far);
  stream.narrow(judged.map(({ row }) => (row.region || [""])[0] || ""), eventId);
}

function changed(statuses) {
  if (loading) meanwhile.push(...statuses);
  const rows = stations.merge(statuses);
  rows.filter((row) => entries.shown.has(row.id)).forEach((row) => refresh(row, asked()));
  rank(false);
}

function older(atMs, saidOf) {
  stations.times(atMs, saidOf);
  for (const [id, said] of Object.entries(saidOf)) {
    if (entries.shown.has(id)) entries.cards.showTimes(entries.shown.get(id), atMs, said);
  }
  entries.age();
}

async function load(signal) {
  loading += 1;
  try {
    take(await lists.newest(signal));
  } finally {
    loading -= 1;
    if (!loading) meanwhile = [];
  }
}

function take(list) {
  eventId = list.eventId;
  const first = !stations.rows.size;
  stations.replace(list.rows);
  stations.merge(meanwhile);
  if (first) head.catchUp();
  rank(first);
}

// What was kept is shown when it is no older than the page itself: else its first thirty would go back in time.
async function begin() {
  const seen = await lists.kept();
  const recent = seen && now() - seen.atMs < setup.offline_s * 1000;
  if (seen && ("kept" in document.documentElement.dataset || (recent && place.here))) take(seen);
  await stream.ask();
  stream.start();
}

function grow() {
  entries.age();
  rank(false);
}

at(".near").addEventListener("click", () => place.ask());
at(".more").addEventListener("click", () => rank(true, limit + PAGE));
at("p.empty a").addEventListener("click", (event) => {
  if (!stations.rows.size) return;
  event.preventDefault();
  head.clear();
});
setInterval(grow, AGES_MS);
setInterval(() => document.visibilityState === "visible" && load().catch(() => {}), REFRESH_MS);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") grow();
  if (document.visibilityState === "visible" && place.state === "here") place.renew();
});
entries.age();
place.renew();
begin();
