// The cards of the list: made from the page's template, filled from judged stations (rank.js), and spoken.

import { put } from "./cards.js";
import { now } from "./clock.js";
import { spoken } from "./spoken.js";
import { lacks } from "./selection.js";

const LONGEST_RIDE_MIN = 90;
const SILENT = ["offline", "none"];

export class Entries {
  constructor(setup, text, cards) {
    this.setup = setup;
    this.text = text;
    this.cards = cards;
    this.list = document.querySelector(".cards");
    this.template = document.getElementById("card");
    this.shown = new Map([...this.list.children].map((card) => [card.dataset.station, card]));
    this.judged = new Map();
  }

  // These stations in this order; cards that stay keep their element, and the focus.
  show(judged, wishes) {
    const focused = document.activeElement && document.activeElement.closest("[data-station]");
    this.judged = new Map(judged.map((each) => [each.row.id, each]));
    const before = this.shown;
    this.shown = new Map(judged.map(({ row }) => [row.id, before.get(row.id) || this.make(row)]));
    for (const each of judged) this.refresh(each, wishes, true);
    for (const [id, card] of this.shown) {
      if (!before.has(id)) card.querySelectorAll(".changed").forEach((tile) => tile.classList.remove("changed"));
    }
    this.list.replaceChildren(...this.shown.values());
    if (focused && this.shown.has(focused.dataset.station)) focused.querySelector("a").focus({ preventScroll: true });
  }

  // Whether exactly these stations stand in the list, in this order.
  stands(judged) {
    const ids = [...this.shown.keys()];
    return ids.length === judged.length && judged.every(({ row }, index) => row.id === ids[index]);
  }

  // A station's own page, in the language chosen here.
  link(id) {
    const { base, lang } = this.setup;
    return `${base}/s/${id}${lang ? `?lang=${lang}` : ""}`;
  }

  make(row) {
    const card = this.template.content.firstElementChild.cloneNode(true);
    card.id = row.id;
    card.dataset.station = row.id;
    card.querySelector("a").href = this.link(row.id);
    put(card.querySelector("h3 bdi"), this.text.name(row.name));
    put(card.querySelector(".region"), (row.region || []).join(" · "));
    const tag = card.querySelector(".tag");
    if (tag && !row.simulated) tag.remove();
    return card;
  }

  // A shown card anew. Its last line comes and goes only with `moving`: nothing moves under a finger.
  refresh(judged, wishes, moving) {
    const card = this.shown.get(judged.row.id);
    this.judged.set(judged.row.id, judged);
    put(card.querySelector(".way"), this.way(judged));
    put(card.querySelector(".offers"), this.amenities(judged.row).join(this.text.say("list.separator")));
    const why = card.querySelector(".why");
    const notes = this.notes(judged, wishes);
    if (moving) why.hidden = !notes.length;
    put(why, notes.join(this.text.say("sentence.separator")));
    this.cards.showRow(card, judged.row);
    this.speak(card, judged, notes);
  }

  age() {
    this.cards.showAges(this.shown.values());
    for (const [id, judged] of this.judged) {
      const card = this.shown.get(id);
      if (card) this.speak(card, judged, card.querySelector(".why").hidden ? [] : [card.querySelector(".why").textContent]);
    }
  }

  speak(card, judged, notes) {
    const { row } = judged;
    const when = row.measured_at ? this.text.age(row.measured_at, now()) : "";
    const way = judged.metres === null ? "" : this.text.distance(judged.metres);
    const said = { way, when, notes: [...notes, ...this.told(row)], amenities: this.amenities(row) };
    put(card.querySelector(".said"), spoken(this.text, row, said));
  }

  way({ metres, riding }) {
    if (metres === null) return "";
    const far = this.text.distance(metres);
    if (riding > LONGEST_RIDE_MIN) return far;
    return `${this.text.say("way.riding", { count: Math.max(1, Math.round(riding)) })} · ${far}`;
  }

  amenities(row) {
    const named = (row.amenities || []).map((word) => this.setup.amenities[word] || word);
    return SILENT.includes(row.freshness) && !named.length ? [this.text.say("station.amenities.none")] : [...new Set(named)];
  }

  // What staff say, for those who listen.
  told(row) {
    const at = now();
    return this.text.nearest(row.notices || [], at).map((notice) => this.text.notice(notice, at));
  }

  // Why it stands where it stands, as far as the card does not show it anyway.
  notes(judged, wishes) {
    const { row, closed, byForecast, crowding, metres } = judged;
    const shut = row.access.value === "closed" || row.access.value === "locked";
    const keys = lacks(judged, wishes).filter((reason) => reason !== "closed" || shut).map((reason) => `lack.${reason}`);
    if (closed && !shut) keys.unshift("arrival.closes");
    if (metres !== null && !closed && row.access.value === "closed") keys.push("arrival.opens");
    if (byForecast && (crowding !== row.crowding.value || row.freshness !== "fresh")) keys.push(`arrival.${crowding}`);
    return keys.map((key) => this.text.say(key));
  }
}
