// Stations as clusters and pins: only what is in sight stands in the page, however many there are.

/* global L, Supercluster */

import * as pins from "./pins.js";
import { makeRoom } from "./room.js";

const NAMED = 15;
const MARGIN = 0.2;
const APART_REM = 5.75;
const PIN_REM = 2.75; // How high map.css has a pin, ...
const NEAR = 8; // ... and by how many pixels a name at each end reaches into it.

export class Crowd {
  // link(id): the address of a station's page.
  constructor(map, text, link) {
    Object.assign(this, { map, text, link, shown: new Map(), opened: null, focus: null, nowMs: 0 });
    this.layer = L.layerGroup().addTo(map);
    map.on("moveend", () => this.draw());
    map.on("popupopen", ({ popup }) => this.named(popup));
    map.on("popupclose", () => (this.opened = null));
  }

  // points: [{ row, at: [lat, lon] as the map shows it }].
  show(points, nowMs) {
    this.nowMs = nowMs;
    this.rows = points.map(({ row }) => row);
    const features = points.map(({ row, at: [lat, lon] }, index) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lon, lat] },
      properties: { index, quiet: pins.isQuiet(row) ? 1 : 0 },
    }));
    this.index = new Supercluster({
      radius: APART_REM * pins.rem(),
      extent: 256,
      maxZoom: this.map.getMaxZoom(),
      map: ({ quiet }) => ({ quiet }),
      reduce: (sum, { quiet }) => (sum.quiet += quiet),
    }).load(features);
    this.draw();
    this.refresh();
  }

  draw() {
    if (!this.index) return;
    const box = this.map.getBounds().pad(MARGIN);
    const zoom = Math.floor(this.map.getZoom());
    const sight = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
    const wanted = new Map(this.index.getClusters(sight, zoom).map((each) => this.pin(each, zoom)));
    for (const [key, marker] of this.shown) if (!wanted.has(key)) this.take(key, marker);
    for (const [key, make] of wanted) if (!this.shown.has(key)) this.shown.set(key, make().addTo(this.layer));
    this.makeRoom([...wanted.keys()].sort());
    this.refocus();
  }

  // A name is below its pin, or above it; the stations in an order that stays when their words and ranks change.
  makeRoom(keys) {
    const names = keys.map((key) => this.shown.get(key).getElement().querySelector(":scope.named .name"));
    const pane = this.map.getPane("markerPane");
    const above = ({ height }) => [0, NEAR - PIN_REM * pins.rem() - height];
    const chips = [...pane.querySelectorAll(".chip")].map((each) => each.getBoundingClientRect());
    makeRoom(names.filter(Boolean), (box) => [[0, 0], above(box)], chips);
  }

  take(key, marker) {
    if (marker.getElement() === document.activeElement) this.focus = marker.getLatLng();
    marker.remove();
    this.shown.delete(key);
  }

  // A key that says everything that is seen, and how to make the marker.
  pin({ id, geometry: { coordinates }, properties }, zoom) {
    const at = [coordinates[1], coordinates[0]];
    const { text, nowMs } = this;
    if (properties.cluster) {
      const { point_count: count, quiet } = properties;
      const key = `${at} ${count} ${quiet}`;
      const label = pins.clusterLabel(count, quiet, text);
      const act = (marker) => this.zoomIn(id, count, marker);
      return [key, () => this.marker(at, "cluster", pins.cluster(count, quiet, text), label, act)];
    }
    const row = this.rows[properties.index];
    const label = pins.stationLabel(row, text, nowMs);
    const named = zoom >= NAMED ? "named" : "";
    const act = () => this.tell(row.id, at);
    return [`${row.id} ${at} ${named} ${label}`, () => this.marker(at, named, pins.station(row, text, nowMs), label, act)];
  }

  marker(at, kind, parts, label, act) {
    const html = pins.element("div", "inner");
    html.append(...parts);
    const icon = L.divIcon({ className: `pin ${kind}`, html, iconSize: null });
    const marker = L.marker(at, { icon, riseOnHover: true });
    marker.on("add", () => marker.getElement().setAttribute("aria-label", label));
    marker.on("keydown", ({ originalEvent: event }) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act(marker);
    });
    return marker.on("click", () => act(marker));
  }

  zoomIn(id, count, marker) {
    const zoom = this.index.getClusterExpansionZoom(id);
    if (zoom <= this.map.getMaxZoom()) {
      this.map.setView(marker.getLatLng(), zoom);
      return;
    }
    const indices = this.index.getLeaves(id, count).map(({ properties }) => properties.index);
    const rows = indices.sort((a, b) => a - b).map((index) => this.rows[index]); // as the list has them
    this.popup(marker.getLatLng(), pins.choice(rows, this.text, this.link, this.nowMs));
  }

  tell(id, at) {
    const row = this.rows.find((each) => each.id === id);
    this.popup(at, pins.card(row, this.text, this.link(id), this.nowMs));
    this.opened = id;
  }

  popup(at, content) {
    const from = document.activeElement;
    this.map.closePopup();
    const popup = L.popup({ maxWidth: 340, minWidth: 280, autoPanPadding: [12, 12] }).setLatLng(at).setContent(content);
    popup.openOn(this.map);
    if (!from || !from.closest(".pin")) return;
    content.querySelector("a").focus({ preventScroll: true });
    popup.once("remove", () => this.giveBack(from, at));
  }

  // Who came by the keyboard goes back to where they were.
  giveBack(from, at) {
    if (from.isConnected) from.focus({ preventScroll: true });
    else this.focus = L.latLng(at);
    this.refocus();
  }

  named(popup) {
    const close = popup.getElement().querySelector(".leaflet-popup-close-button");
    close.setAttribute("aria-label", this.text.say("map.close"));
  }

  // An open popup tells the newest.
  refresh() {
    const row = this.opened && this.rows.find((each) => each.id === this.opened);
    const content = row && this.map.getPane("popupPane").querySelector(".balloon");
    if (!content) return;
    // The heading stays: its link may have the focus.
    const [heading, ...old] = content.children;
    const [, ...fresh] = pins.card(row, this.text, this.link(row.id), this.nowMs).children;
    old.forEach((part) => part.remove());
    heading.after(...fresh);
    content.dataset.freshness = row.freshness;
  }

  // The marker with the focus has gone with the zoom: the nearest one has it now.
  refocus() {
    if (!this.focus || !this.shown.size) return;
    const far = (marker) => this.map.distance(marker.getLatLng(), this.focus);
    const nearest = [...this.shown.values()].reduce((a, b) => (far(b) < far(a) ? b : a));
    nearest.getElement().focus({ preventScroll: true });
    this.focus = null;
  }
}
