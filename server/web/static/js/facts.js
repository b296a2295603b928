// Facts as words, on the phone: the same as server/web/text.py says, from the same strings and looks.

const DAY_MS = 86_400_000;
const TURNS = { open: "access.opens", closed: "access.closes", unknown: "access.changes" };

export class Text {
  constructor(setup, language) {
    this.strings = setup.strings;
    this.looks = setup.looks;
    this.language = language;
    const minutes = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "2-digit" };
    // Made once: that takes a phone longer than all that it is then asked for.
    this.calendar = new Intl.DateTimeFormat("en-GB", { ...minutes, hourCycle: "h23", timeZone: setup.zone });
  }

  say(key, values = {}) {
    const one = `${key}.one`;
    const chosen = String(values.count) === "1" && one in this.strings ? one : key;
    return this.strings[chosen].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  number(value) {
    return this.language === "en" ? value.toLocaleString("en") : String(value);
  }

  moment(instant, nowMs) {
    const { day, month, date, time } = this.local(Date.parse(instant));
    const days = day - this.local(nowMs).day;
    if (days === 0) return this.say("day.today", { time });
    if (days === 1) return this.say("day.tomorrow", { time });
    if (Math.abs(days) > 7) return this.say("day.date", { month, day: date, time });
    // Day 0, 1 January 1970, was a Thursday; Monday is weekday 0.
    return this.say("day.weekday", { day: this.say(`weekday.${(day + 3) % 7}`), time });
  }

  // A coming moment in the fewest words: midnight, and what is less than 12 hours away, need no day. It has long
  // passed on a page that nobody has renewed since.
  turn(instant, nowMs) {
    const { time } = this.local(Date.parse(instant));
    const hours = (Date.parse(instant) - nowMs) / 3_600_000;
    if (Math.abs(hours) < 12 || (hours > 0 && hours <= 24 && time === "0:00")) return this.say("day.today", { time });
    return this.moment(instant, nowMs);
  }

  // Where the stations are: the day, counted since 1970, and the time of day.
  local(ms) {
    const parts = this.calendar.formatToParts(ms).map(({ type, value }) => [type, value]);
    const { year, month, day, hour, minute } = Object.fromEntries(parts);
    const count = Date.UTC(year, month - 1, day) / 86_400_000;
    return { day: count, month: Number(month), date: Number(day), time: `${Number(hour)}:${minute}` };
  }

  name(name) {
    return (this.language === "en" && name.en) || name.zh;
  }

  distance(metres) {
    if (metres < 1000) return this.say("way.metres", { count: Math.max(10, Math.round(metres / 10) * 10) });
    const rounded = metres < 9_950 ? (metres / 1000).toFixed(1) : String(Math.round(metres / 1000));
    return this.say("way.kilometres", { count: rounded.replace(/\.0$/, "") });
  }

  isOlder(instant, newest) {
    return !newest || Date.parse(newest) - Date.parse(instant) >= 60_000;
  }

  age(instant, nowMs) {
    const minutes = Math.max(0, Math.floor((nowMs - Date.parse(instant)) / 60_000));
    if (minutes < 1) return this.say("age.now");
    if (minutes < 60) return this.say("age.minutes", { count: minutes });
    if (minutes < 1440) return this.say("age.hours", { count: Math.floor(minutes / 60) });
    return this.say("age.days", { count: Math.floor(minutes / 1440) });
  }

  facts(row, nowMs) {
    return [
      this.fact("access", row.access, this.accessNotes(row.access, nowMs)),
      this.fact("crowding", row.crowding, this.crowdingNotes(row.crowding)),
      this.fact("comfort", row.comfort, this.comfortNotes(row.comfort)),
    ];
  }

  fact(kind, said, notes) {
    const [tone, icon] = this.looks[kind][said.value];
    const full = notes.join(this.say("sentence.separator"));
    const word = this.say(`${kind}.${said.value}`);
    return { kind, value: said.value, word, tone, icon, note: notes[0], full, at: said.measured_at };
  }

  accessNotes(access, nowMs) {
    const evidence = access.evidence || "none";
    const notes = [];
    if (access.changes_at && (access.then || (access.value !== "locked" && access.value !== "unknown"))) {
      const opposite = access.value === "closed" ? "open" : "closed";
      const then = access.then || (evidence === "notice" ? "unknown" : opposite);
      notes.push(this.say(TURNS[then], { time: this.turn(access.changes_at, nowMs) }));
    }
    notes.push(this.say(`evidence.${evidence}`));
    if (access.hours_unconfirmed) notes.push(this.say("access.unconfirmed"));
    return notes;
  }

  // A notice as one line: what it means for getting in, its words, and when.
  notice({ access, text, start, end }, nowMs) {
    const words = access ? [this.say(`notice.access.${access}`)] : [];
    if (text.zh || text.en) words.push(this.name(text));
    const begun = Date.parse(start) <= nowMs;
    const times = { start: this.moment(start, nowMs), end: end && this.moment(end, nowMs) };
    if (end || !begun) words.push(this.say(end ? `notice.${begun ? "until" : "planned"}` : "notice.from", times));
    return words.join(this.say("notice.separator"));
  }

  // The one for a card: what holds now, else what begins within a day.
  nearest([first], nowMs) {
    return first && Date.parse(first.start) - nowMs <= DAY_MS ? [first] : [];
  }

  crowdingNotes(crowding) {
    const reason = crowding.reason || "places";
    if (crowding.value === "unknown") return [this.say(`crowding.reason.${reason}`)];
    const taken = crowding.taken_pct_from;
    const notes = [taken === undefined ? this.say("crowding.few") : this.say(`crowding.taken.${taken}`)];
    if (reason === "held") notes[0] = this.say("crowding.reason.held");
    if (crowding.places) notes.push(this.say("crowding.places", { count: this.number(crowding.places) }));
    if (crowding.estimated) notes.push(this.say("crowding.estimated"));
    return notes;
  }

  comfortNotes(comfort) {
    const notes = [];
    const reason = this.say(`comfort.reason.${comfort.reason || "temperature"}`);
    if (comfort.temperature_c !== undefined) {
      const degrees = this.say("comfort.temperature", { value: this.halfDegrees(comfort.temperature_c) });
      const humid = comfort.reason === "heat_index";
      notes.push(humid ? degrees + this.say("sentence.separator") + reason : degrees);
    }
    if (comfort.humidity_pct !== undefined) {
      notes.push(this.say("comfort.humidity", { value: Math.floor(comfort.humidity_pct / 5 + 0.5) * 5 }));
    }
    return notes.length ? notes : [reason];
  }

  halfDegrees(value) {
    return Math.floor(value * 2 + 0.5) / 2;
  }
}
