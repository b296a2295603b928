// What the page says around the list: how many and in which order, what to do when nothing fits, where the rider is.

import { put } from "./cards.js";
import { lacks } from "./selection.js";

const at = (selector) => document.querySelector(selector);

export class Frame {
  // link(id): the address of a station's page.
  constructor(text, link) {
    this.text = text;
    this.link = link;
  }

  // selection: of selection.js; wanted: what was asked of it.
  found({ judged, fitting, far }, wanted) {
    const known = wanted.place && !far ? "here" : "place";
    const parts = [this.text.say("list.count", { count: this.text.number(judged.length) })];
    if (judged.length > 1) parts.push(this.text.say(`list.order.${fitting ? known : "nearest"}`));
    put(at(".found"), judged.length ? parts.join(this.text.say("sentence.separator")) : "");
  }

  nothing({ judged: [best], fitting }, { typed, wishes }) {
    at(".nothing-fits").hidden = fitting;
    at("p.empty").hidden = Boolean(best);
    put(at("p.empty .words"), this.text.say(typed ? "list.empty.search" : "list.empty", { words: typed }));
    if (fitting) return;
    const link = at(".nothing-fits a");
    link.href = this.link(best.row.id);
    put(link.firstElementChild, this.text.name(best.row.name));
    const reasons = lacks(best, wishes).map((reason) => this.text.say(`lack.${reason}`));
    const what = reasons.join(this.text.say("sentence.separator"));
    put(at(".nothing-fits .what"), this.text.say("list.nothing.lacks", { what }));
  }

  // count: how many the button would add; the links to pages are for those without scripts.
  more(count) {
    if (at(".pages")) at(".pages").remove();
    at(".more").hidden = count <= 0;
    put(at(".more"), this.text.say("list.more", { count }));
  }

  // Why the place is not known is said to who has asked for it, on this page.
  place({ state, asked }, far) {
    at(".near").setAttribute("aria-pressed", String(state === "here" && !far));
    const said = far && state === "here" ? "far" : state;
    put(at(".where"), asked && said !== "unasked" ? this.text.say(`near.${said}`) : "");
  }

  connection(state) {
    at(".connection").dataset.state = state;
    put(at(".connection .text"), this.text.say(`link.${state}`));
  }
}
