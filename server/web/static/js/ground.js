// The ground below the stations: tiles where there are some, else the districts' names on a plain colour.

/* global L */

import { element, rem } from "./pins.js";
import { extent, makeRoom } from "./room.js";

const RIGHT_REM = [0, -3, 3];
const DOWN_REM = [0, -1.25, 1.25, -2.5, 2.5, 4]; // The last is below a pin that the name stands above of.
const STEPS_REM = RIGHT_REM.flatMap((right) => DOWN_REM.map((down) => [right, down]))
  .sort((a, b) => Math.hypot(...a) - Math.hypot(...b));

export class Ground {
  // tiles: { tiles, attribution, link, datum } of the setup; changed(): words() says something else now.
  constructor(map, tiles, text, changed) {
    Object.assign(this, { map, text, names: L.layerGroup().addTo(map), districts: [], lost: false });
    map.createPane("names").style.zIndex = 350;
    map.on("moveend", () => this.makeRoom());
    this.layer = tiles.tiles ? L.tileLayer(tiles.tiles, { maxZoom: map.getMaxZoom() }).addTo(map) : null;
    if (!this.layer) return;
    this.host = new URL(tiles.tiles, location.href).host;
    this.layer.on("tileerror", () => this.turn(true, changed));
    this.layer.on("tileload", () => this.turn(false, changed));
    const credit = L.control({ position: "bottomleft" });
    credit.onAdd = () => attribution(tiles);
    if (tiles.attribution) credit.addTo(map);
  }

  turn(lost, changed) {
    if (this.lost === lost) return;
    this.lost = lost;
    this.showNames();
    this.makeRoom();
    changed();
  }

  words() {
    if (!this.layer) return this.text.say("map.plain");
    if (this.lost) return this.text.say("map.tiles.lost");
    return this.host === location.host ? "" : this.text.say("map.tiles.seen", { host: this.host });
  }

  // points: [{ row, at }]. Each district's name stands amid its stations.
  name(points) {
    const districts = new Map();
    for (const { row, at } of points) {
      const name = (row.region || [])[0];
      if (name) districts.set(name, [...(districts.get(name) || []), at]);
    }
    // Of as many stations by name: the points come as they are ranked, which changes.
    const sorted = [...districts].sort(([one, a], [other, b]) => b.length - a.length || (one < other ? -1 : 1));
    const known = sorted.map(([name, places]) => `${name} ${places.length}`).join();
    if (this.known !== known) {
      this.known = known;
      this.districts = sorted;
      this.showNames();
    }
    this.makeRoom();
  }

  showNames() {
    this.names.clearLayers();
    if (this.layer && !this.lost) return;
    for (const [name, places] of this.districts) this.names.addLayer(label(name, middle(places)));
  }

  // Where there is no room for all, names of many stations come first.
  makeRoom() {
    const words = [...this.map.getPane("names").querySelectorAll("bdi")];
    const pins = this.map.getPane("markerPane");
    const chips = [...pins.querySelectorAll(".chip")].map((each) => each.getBoundingClientRect());
    const named = [...pins.querySelectorAll(".pin.named .name")].filter(({ style }) => style.visibility !== "hidden");
    const steps = STEPS_REM.map((step) => step.map((each) => each * rem()));
    makeRoom(words, () => steps, [...chips, ...named.map(extent)]);
  }
}

function middle(places) {
  const mean = (index) => places.reduce((sum, place) => sum + place[index], 0) / places.length;
  return [mean(0), mean(1)];
}

function label(name, at) {
  const icon = L.divIcon({ className: "district", html: element("bdi", "", name), iconSize: null });
  return L.marker(at, { icon, interactive: false, keyboard: false, pane: "names" });
}

function attribution({ attribution: words, link }) {
  const made = element("p", "credit", link ? "" : words);
  if (!link) return made;
  const source = made.appendChild(element("a", "", words));
  source.href = link;
  source.rel = "noopener noreferrer";
  return made;
}
