// Sockets one by one and the slots of swap cabinets, changed in place on a station's own page.

import { put } from "./cards.js";
import { now } from "./clock.js";

export class Units {
  constructor(holder, text) {
    this.holder = holder;
    this.text = text;
  }

  // The newest states; false when there are other sockets, cabinets or slots than those that are shown.
  show({ socket_list = [], cabinets = [] }) {
    if (shapeOf(socket_list, cabinets) !== this.shape()) return false;
    const sockets = this.all("[data-socket]");
    socket_list.forEach((socket, index) => {
      showUnit(sockets[index], "unit", socket.state, this.text.say(`socket.state.${socket.state}`));
      this.showSince(sockets[index], socket.since);
    });
    cabinets.forEach((cabinet, index) => this.showCabinet(this.all("[data-cabinet]")[index], cabinet));
    return true;
  }

  all(selector) {
    return [...this.holder.querySelectorAll(selector)];
  }

  shape() {
    const sockets = this.all("[data-socket]").map((item) => ({ id: item.dataset.socket }));
    const cabinets = this.all("[data-cabinet]").map((section) => ({
      id: section.dataset.cabinet,
      slots: [...section.querySelectorAll("[data-slot]")].map((item) => ({ n: item.dataset.slot })),
    }));
    return shapeOf(sockets, cabinets);
  }

  showSince(item, instant) {
    let time = item.querySelector(".since");
    if (!instant && time) time.remove();
    if (!instant) return;
    if (!time) {
      time = document.createElement("time");
      time.className = "since";
      item.append(time);
    }
    time.dateTime = instant;
    put(time, this.since(instant));
  }

  showCabinet(section, cabinet) {
    const sums = [
      this.text.say("batteries.charged_count", { count: cabinet.charged }),
      this.text.say("batteries.empty", { count: cabinet.empty }),
    ];
    if (cabinet.faulty) sums.push(this.text.say("batteries.faulty", { count: cabinet.faulty }));
    put(section.querySelector(".sums"), cabinet.online ? sums.join(" · ") : this.text.say("cabinet.offline"));
    const slots = section.querySelectorAll("[data-slot]");
    cabinet.slots.forEach((slot, index) => {
      showUnit(slots[index], "slot", slot.word, this.text.say(`slot.${slot.word}`));
    });
  }

  age() {
    for (const time of this.all(".since")) put(time, this.since(time.dateTime));
  }

  since(instant) {
    const minutes = Math.max(0, Math.floor((now() - Date.parse(instant)) / 60_000));
    if (minutes < 1) return this.text.say("since.now");
    if (minutes < 60) return this.text.say("since.minutes", { count: minutes });
    if (minutes < 1440) return this.text.say("since.hours", { count: Math.floor(minutes / 60) });
    return this.text.say("since.days", { count: Math.floor(minutes / 1440) });
  }
}

function shapeOf(sockets, cabinets) {
  const slots = (cabinet) => cabinet.slots.map((slot) => String(slot.n));
  return JSON.stringify([sockets.map((each) => each.id), cabinets.map((each) => [each.id, slots(each)])]);
}

function showUnit(item, kind, state, word) {
  if (!item.classList.contains(state)) item.className = `${kind} ${state} changed`;
  put(item.querySelector(".word"), word);
}
