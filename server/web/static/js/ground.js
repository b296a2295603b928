// The ground below the stations: tiles where there are some, else the districts' names on a plain colour.

/* global L */

import { element, rem } from "./pins.js";

const WIDE_REM = 6.25;
const HIGH_REM = 1.75;

export class Ground {
  // tiles: { tiles, attribution, link, datum } of the setup; changed(): words() says something else now.
  constructor(map, tiles, text, changed) {
    Object.assign(this, { map, text, names: L.layerGroup().addTo(map), districts: [], lost: false });
    map.createPane("names").style.zIndex = 350;
    map.on("zoomend", () => this.showNames());
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
    const known = [...districts].map(([name, places]) => `${name} ${places.length}`).join();
    if (this.known === known) return;
    this.known = known;
    this.districts = [...districts].sort((a, b) => b[1].length - a[1].length);
    this.showNames();
  }

  // Names that would stand on one another are left out, those of few stations first.
  showNames() {
    this.names.clearLayers();
    if (this.layer && !this.lost) return;
    const [wide, high] = [WIDE_REM * rem(), HIGH_REM * rem()];
    const taken = [];
    for (const [name, places] of this.districts) {
      const at = middle(places);
      const { x, y } = this.map.latLngToLayerPoint(at);
      if (taken.some((other) => Math.abs(x - other.x) < wide && Math.abs(y - other.y) < high)) continue;
      taken.push({ x, y });
      this.names.addLayer(label(name, at));
    }
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
