// The compact list as rows of /api/v1/stations; server/web/compact.py explains its form.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE = Object.fromEntries([...DIGITS].map((digit, value) => [digit, value]));
const FACTS = ["access", "crowding", "comfort", "sockets", "batteries"];

// `known`: an earlier answer with the registry, for an answer that comes without it. Throws when that is another.
export function decode(compact, known = compact) {
  if (!known.registry || known.tag !== compact.tag) throw new Error("the registry of another list");
  const rows = registered(known.registry);
  const status = columns(compact.status, rows.length);
  const behind = FACTS.map((name) => status[`behind.${name}`]);
  const instant = instants(Date.parse(compact.at));
  rows.forEach((row, n) => {
    row.freshness = status.freshness[n];
    const seconds = status.seconds[n];
    if (seconds !== null) row.measured_at = instant(seconds);
    FACTS.forEach((name, fact) => {
      const said = status[name][n];
      if (said) row[name] = { ...said };
      if (said && said.measured_at === "") row[name].measured_at = instant(seconds + behind[fact][n]);
    });
    if (row.places !== undefined) row.crowding.places = row.places;
    put(row.comfort, "temperature_c", status.temperature_c[n]);
    put(row.comfort, "humidity_pct", status.humidity_pct[n]);
    if (status.simulated[n]) row.simulated = true;
    if (status.forecast) put(row, "forecast", status.forecast[n]);
    if (status.notices && status.notices[n].length) row.notices = status.notices[n];
  });
  return rows;
}

function registered({ ids, lat, lon, amenities, ...others }) {
  const names = idsOf(ids);
  const column = columns(others, names.length);
  const [lats, lons] = [coordinates(lat, names.length), coordinates(lon, names.length)];
  const rows = names.map((id, n) => {
    const name = { zh: column.zh[n] };
    const region = regionOf(column.region[n], column.last[n], name.zh);
    const row = { id, network: column.network[n], name, region, aliases: column.aliases[n], amenities: [], codes: [] };
    put(name, "en", column.en[n]);
    put(row, "lat", lats[n]);
    put(row, "lon", lons[n]);
    put(row, "places", column.places[n]);
    put(row, "hours", column.hours[n]);
    return row;
  });
  for (const [word, code, who] of amenities) {
    for (const n of positions(who)) {
      rows[n].amenities.push(word);
      rows[n].codes.push(code);
    }
  }
  return rows;
}

// What is not known is left out, as in the rows.
function put(row, name, value) {
  if (value !== null && value !== "") row[name] = value;
}

// Most stations were heard of in the same half minute, and making a text of an instant is slow on a phone.
function instants(atMs) {
  const made = new Map();
  return (seconds) => {
    if (!made.has(seconds)) made.set(seconds, new Date(atMs - seconds * 1000).toISOString().replace(".000", ""));
    return made.get(seconds);
  };
}

function columns(written, count) {
  const read = ([name, column]) => [name, Array.isArray(column) ? column : values(column, count)];
  return Object.fromEntries(Object.entries(written).map(read));
}

function values({ of, at }, count) {
  return numbers(at, count).map((number) => of[number]);
}

function numbers(at, count) {
  const found = Array(count).fill(0);
  for (let i = 0; i < at.length; i += 1) found[i % count] = found[i % count] * DIGITS.length + VALUE[at[i]];
  return found;
}

function coordinates({ from, at }, count) {
  return numbers(at, count).map((number) => (number === 0 ? null : (from + number - 1) / 100_000));
}

function idsOf(written) {
  const ids = [];
  for (const each of written) {
    if (typeof each === "string") ids.push(each);
    else for (let n = 0; n < each; n += 1) ids.push(after(ids[ids.length - 1]));
  }
  return ids;
}

function after(id) {
  const [number] = id.match(/[0-9]{1,9}$/);
  return id.slice(0, id.length - number.length) + String(Number(number) + 1).padStart(number.length, "0");
}

function regionOf(path, last, name) {
  if (last === null) return path;
  return [...path, typeof last === "number" ? [...name].slice(0, last).join("") : last];
}

function positions(who) {
  if (Array.isArray(who)) {
    let position = 0;
    return who.map((distance) => (position += distance));
  }
  const found = [];
  for (let n = 0; n < who.length * 6; n += 1) {
    if (VALUE[who[Math.floor(n / 6)]] & (32 >> n % 6)) found.push(n);
  }
  return found;
}
