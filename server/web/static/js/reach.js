// The 15-minute circle: a file is read into the form, and points are drawn on the map. The table needs neither.

/* global L */

import { Text } from "./facts.js";
import { shown } from "./geo.js";
import { element } from "./pins.js";

const STYLES = ["../vendor/leaflet/leaflet.css", "../css/map.css"];
const CLOSEST = 18;
const SCALE_PX = 110;
const KINDS = ["unserved", "unknown", "served"];
const TONES = { served: "--good", unknown: "--unknown", unserved: "--bad" };

const chooser = document.querySelector(".file");
if (chooser) takeFiles(chooser);
const button = document.querySelector(".show-map");
const setup = document.getElementById("setup");
if (button && setup) {
  button.hidden = false;
  button.addEventListener("click", () => open(JSON.parse(setup.textContent)));
}

function takeFiles(field) {
  const form = field.closest("form");
  field.hidden = false;
  field.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    form.elements.demand.value = decoded(await file.arrayBuffer());
    const line = form.querySelector(".read");
    line.textContent = line.dataset.read.replace("{name}", () => file.name);
  });
}

// Spreadsheets in China save GB 18030; only the digits matter.
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

async function open(told) {
  button.disabled = true;
  const box = document.getElementById("map");
  try {
    const [{ Ground }, { circles }] = await Promise.all([
      import("./ground.js"), import("./circles.js"), import("../vendor/leaflet/leaflet.js"), ...STYLES.map(style),
    ]);
    button.hidden = true;
    box.hidden = false;
    draw(box, told, Ground, circles);
  } catch {
    button.disabled = false;
    button.textContent = button.dataset.failed;
  }
}

function draw(box, told, Ground, circles) {
  const text = new Text(told, document.documentElement.lang.slice(0, 2));
  const ground = box.appendChild(element("div", "ground"));
  const note = box.appendChild(element("p", "hint"));
  ground.setAttribute("role", "region");
  ground.setAttribute("aria-label", text.say("staff.reach.map.label"));
  const map = L.map(ground, { zoomControl: false, attributionControl: false, maxZoom: CLOSEST, preferCanvas: true });
  const titles = { zoomInTitle: text.say("map.zoom_in"), zoomOutTitle: text.say("map.zoom_out") };
  L.control.zoom({ position: "bottomright", ...titles }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: SCALE_PX }).addTo(map);
  const points = told.points.map(([lat, lon, kind]) => ({ at: shown(lat, lon, told.map.datum), kind }));
  const stations = told.stations.map((row) => ({ row, at: shown(row.lat, row.lon, told.map.datum) }));
  // Stations and the bulk of the points: for one that is 500 km away nothing of all others would be seen.
  map.fitBounds(told.frame.map(([lat, lon]) => shown(lat, lon, told.map.datum)), { padding: [24, 24], maxZoom: 15 });
  const tiles = new Ground(map, told.map, text, () => (note.textContent = tiles.words()));
  tiles.name(stations);
  note.textContent = tiles.words();
  const colour = getComputedStyle(document.documentElement);
  circles(rings(stations, colour), told.metres).addTo(map);
  for (const { at, kind } of points) L.circleMarker(at, look(KINDS[kind], colour)).addTo(map);
  const Square = squares();
  for (const { row, at } of stations) mark(new Square(at, station(row.kind, colour)), row.name).addTo(map);
  ground.dataset.drawn = String(points.length);
}

// Told by more than colour: filled, dashed, hollow.
function look(kind, colour) {
  const tone = colour.getPropertyValue(TONES[kind]).trim();
  const shape = { served: { fillOpacity: 0.85 }, unknown: { fillOpacity: 0.25, dashArray: "2 2" } }[kind];
  return { radius: 5, weight: 2, color: tone, fillColor: tone, fillOpacity: 0, interactive: false, ...shape };
}

// A station that is closed at that hour explains why nobody near it is in reach: full, dashed, hollow as points are.
function station(kind, colour) {
  const ink = colour.getPropertyValue("--ink").trim();
  const paper = colour.getPropertyValue("--paper").trim();
  const hollow = { color: ink, fillColor: paper };
  const shape = { unserved: hollow, unknown: { ...hollow, dashArray: "3 2" } }[KINDS[kind]];
  return { radius: 5, weight: 2, color: paper, fillColor: ink, fillOpacity: 1, ...shape };
}

// As its station is told: full and on ground, dashed, dotted; those that nobody can count on lie below.
function rings(stations, colour) {
  const looks = [["--dim", 1.5, [2, 5], 0], ["--unknown", 2, [9, 6], 0], ["--good", 2, [], 0.16]];
  return looks.map(([tone, wide, dash, ground], kind) => {
    const places = stations.filter(({ row }) => row.kind === kind).map(({ at }) => at);
    return { places, line: colour.getPropertyValue(tone).trim(), wide, dash, ground };
  });
}

// Of the same size at every zoom, as circle markers are.
function squares() {
  return L.CircleMarker.extend({
    _updatePath() {
      const { _ctx: pen, _drawing: drawing } = this._renderer;
      if (!drawing || this._empty()) return;
      const half = this._radius;
      pen.beginPath();
      pen.rect(this._point.x - half, this._point.y - half, 2 * half, 2 * half);
      this._renderer._fillStroke(pen, this);
    },
  });
}

function mark(made, name) {
  return made.bindTooltip(element("bdi", "", name));
}

function style(path) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(path, import.meta.url).href;
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}
