// A station's words, resources and ages on an element with data-station: a card of the list, or a station's own page.

import { now } from "./clock.js";

const FACTS = ["access", "crowding", "comfort"];
const RESOURCES = ["sockets", "batteries"];

export function put(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

export class Cards {
  constructor(setup, text) {
    this.setup = setup;
    this.text = text;
  }

  // What is known of the station now. A tile whose word is another one than before is marked for a moment.
  showRow(card, row) {
    card.dataset.measured = row.measured_at || "";
    card.dataset.access = row.access.value;
    for (const fact of this.text.facts(row, now())) this.showFact(card, fact);
    const { sockets, batteries } = row;
    const free = sockets ? this.text.say("sockets.ratio", sockets) : null;
    const charged = batteries ? this.text.say("batteries.count", { count: batteries.charged }) : null;
    this.showResource(card, "sockets", free, sockets && sockets.free, sockets && sockets.measured_at);
    this.showResource(card, "batteries", charged, batteries && batteries.charged, batteries && batteries.measured_at);
    this.showNotices(card, row.notices || []);
    this.showFreshness(card, row.freshness);
    this.showUpdated(card);
    this.showAges([card]); // a row out of the worker's cache is as old as it is
  }

  // Newer times of unchanged facts: said is one number of seconds before atMs, or one for each fact.
  showTimes(card, atMs, said) {
    const instant = (seconds) => new Date(atMs - seconds * 1000).toISOString();
    const ages = Array.isArray(said) ? said : Array(6).fill(said);
    card.dataset.measured = instant(ages[0]);
    [...FACTS, ...RESOURCES].forEach((name, index) => {
      const time = card.querySelector(`[data-fact="${name}"] .age, [data-resource="${name}"] .age`);
      if (time && ages[index + 1] !== null) time.dateTime = instant(ages[index + 1]);
    });
    this.showUpdated(card);
    this.showAges([card]);
  }

  // Without a connection nobody tells that a fact has grown old: the page sees it by itself.
  showAges(cards) {
    for (const card of cards) {
      card.querySelectorAll("time.age").forEach((time) => this.showAge(card, time));
      if (!card.dataset.measured || card.dataset.freshness === "none") continue;
      const seconds = (now() - Date.parse(card.dataset.measured)) / 1000;
      if (seconds > this.setup.offline_s) this.showFreshness(card, "offline");
      else if (seconds > this.setup.fresh_s && card.dataset.freshness === "fresh") this.showFreshness(card, "stale");
    }
  }

  // An age that says nothing more than the card's own stays for those who listen, not for the eye.
  showAge(card, time) {
    if (!time.dateTime) return;
    put(time, this.text.age(time.dateTime, now()));
    time.title = this.text.moment(time.dateTime, now());
    const own = time.matches(".newest") || this.text.isOlder(time.dateTime, card.dataset.measured);
    time.classList.toggle("sr", !own);
  }

  showFact(card, fact) {
    const tile = card.querySelector(`[data-fact="${fact.kind}"]`);
    if (!tile) return;
    if (tile.dataset.value !== fact.value) {
      tile.className = `fact ${fact.tone} changed`;
      tile.dataset.value = fact.value;
      tile.querySelector("use").setAttribute("href", `#i-${fact.icon}`);
    }
    put(tile.querySelector(".word"), fact.word);
    put(tile.querySelector(".note"), "whole" in card.dataset ? fact.full : fact.note);
    this.setAge(card, tile, fact.at);
  }

  showResource(card, name, amount, some, instant) {
    const item = card.querySelector(`[data-resource="${name}"]`);
    if (!item) return;
    item.hidden = amount === null;
    if (amount === null) return;
    item.classList.toggle("some", some > 0);
    put(item.querySelector(".amount"), amount);
    this.setAge(card, item, instant);
  }

  // What staff tell riders: all of it on a station's own page, on a card what matters most.
  showNotices(card, notices) {
    const list = card.querySelector(".notices");
    const told = "whole" in card.dataset ? notices : this.text.nearest(notices, now());
    const lines = told.map((notice) => this.text.notice(notice, now()));
    const before = [...list.querySelectorAll("bdi")].map((line) => line.textContent);
    list.hidden = !lines.length;
    if (lines.join("\n") === before.join("\n")) return;
    list.replaceChildren(...lines.map((words) => this.noticeLine(words)));
  }

  noticeLine(words) {
    const [line, label, said] = ["li", "strong", "bdi"].map((name) => document.createElement(name));
    label.textContent = this.text.say("notice.label");
    said.textContent = words;
    line.append(label, " ", said);
    return line;
  }

  setAge(card, holder, instant) {
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
    this.showAge(card, time);
  }

  showFreshness(card, freshness) {
    card.dataset.freshness = freshness;
    const state = freshness === "fresh" ? "" : this.text.say(`freshness.${freshness}`);
    card.querySelectorAll(".state").forEach((element) => put(element, state));
  }

  showUpdated(card) {
    const line = card.querySelector(".updated");
    line.hidden = !card.dataset.measured;
    const nothing = card.querySelector(".nothing");
    if (nothing) nothing.hidden = !line.hidden;
    const time = line.querySelector("time");
    time.dateTime = card.dataset.measured;
    this.showAge(card, time);
  }
}
