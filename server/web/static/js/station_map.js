// The stations on a map. Without tiles they stand on plain ground.
// No tile is asked for around the rider's place unless the rider wants to see it: the tile server would know.

/* global L */

import { now } from "./clock.js";
import { Text } from "./facts.js";
import { shown } from "./geo.js";
import { Crowd } from "./crowd.js";
import { Ground } from "./ground.js";
import { element, rem } from "./pins.js";

const CHINA = [[18, 74], [53, 135]];
const CLOSEST = 18;
const NEAREST = 5;
const STREETS = 15;
const SCALE_REM = 7;

// source: as map.js says.
export class StationMap {
  constructor(container, source) {
    this.source = source;
    this.text = new Text(source.setup, document.documentElement.lang.slice(0, 2));
    this.ground = container.appendChild(element("div", "ground"));
    this.note = container.appendChild(element("p", "hint"));
    this.note.setAttribute("role", "status");
    this.due = 0;
    this.start();
  }

  // The rows, the wishes or the rider's place are others now.
  changed() {
    if (!this.due) this.due = requestAnimationFrame(() => this.draw());
  }

  start() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(this.ground, {
      zoomControl: false, attributionControl: false, maxZoom: CLOSEST, minZoom: 3,
      zoomSnap: this.source.setup.map.tiles ? 1 : 0.25,
      zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still,
    });
    this.ground.setAttribute("role", "region");
    this.ground.setAttribute("aria-label", this.text.say("map.label"));
    const titles = { zoomInTitle: this.text.say("map.zoom_in"), zoomOutTitle: this.text.say("map.zoom_out") };
    L.control.zoom({ position: "bottomright", ...titles }).addTo(this.map);
    L.control.scale({ imperial: false, maxWidth: SCALE_REM * rem() }).addTo(this.map);
    this.crowd = new Crowd(this.map, this.text, this.source.link);
    // After the pins: its names make room for them.
    this.tiles = new Ground(this.map, this.source.setup.map, this.text, () => this.say());
    this.me = null;
    this.buttons();
    this.take();
    this.look();
    this.draw();
    new ResizeObserver(() => this.map.invalidateSize({ pan: false })).observe(this.ground);
    // A marker that has the focus keeps the keys from Leaflet's own handler.
    this.ground.addEventListener("keydown", (event) => event.key === "Escape" && this.map.closePopup());
  }

  buttons() {
    const bar = this.ground.parentElement.insertBefore(element("p", "looks"), this.ground);
    const add = (key, act) => {
      const button = bar.appendChild(element("button", "", this.text.say(key)));
      button.type = "button";
      button.addEventListener("click", act);
      return button;
    };
    add("map.all", () => this.fit(this.points));
    this.near = add("map.near", () => this.fit(this.around()));
  }

  // Ranking a city takes its time: once for each drawing.
  take() {
    const { datum } = this.source.setup.map;
    const rows = [...this.source.rows()];
    this.points = rows.filter((row) => row.lat !== undefined && row.lat !== null)
      .map((row) => ({ row, at: shown(row.lat, row.lon, datum) }));
    this.without = rows.length - this.points.length;
  }

  here() {
    const place = this.source.place();
    return place ? shown(place.lat, place.lon, this.source.setup.map.datum) : null;
  }

  // The rider's place and the stations nearest to it.
  around() {
    const here = this.here();
    const far = ({ at }) => this.map.distance(at, here);
    return [{ at: here }, ...[...this.points].sort((a, b) => far(a) - far(b)).slice(0, NEAREST)];
  }

  look() {
    const asksNobody = !this.source.setup.map.tiles;
    this.fit(asksNobody && this.here() ? this.around() : this.points);
  }

  fit(points) {
    const bounds = points.length ? points.map(({ at }) => at) : CHINA;
    this.map.fitBounds(bounds, { padding: [28, 40], maxZoom: STREETS });
  }

  draw() {
    this.due = 0;
    this.take();
    this.showPlace();
    this.crowd.show(this.points, now());
    this.tiles.name(this.points);
    this.say();
  }

  showPlace() {
    const here = this.here();
    this.near.hidden = !here;
    if (!here || !this.me) this.me = this.me && this.me.remove() && null;
    if (!here) return;
    if (this.me) {
      this.me.setLatLng(here);
      return;
    }
    const label = element("span", "chip", this.text.say("map.here"));
    const icon = L.divIcon({ className: "pin me", html: label, iconSize: null });
    this.me = L.marker(here, { icon, interactive: false, keyboard: false, zIndexOffset: 1000 }).addTo(this.map);
  }

  // What the map cannot show, in words below it.
  say() {
    const words = [this.tiles.words()];
    if (this.without) words.push(this.text.say("map.unplaced", { count: this.text.number(this.without) }));
    const said = words.filter(Boolean).join(" ");
    if (this.note.textContent !== said) this.note.textContent = said;
  }
}
