// Which station suits a rider best: minutes to ride, and minutes more for what they would find. Pure.
// The same as server/ranking.py; tests/ranking_cases.json holds both to the same answers.

const EARTH_M = 6_371_008.8;
const FORECAST_FROM_MIN = 15;
const FORECAST = { q: "quiet", b: "busy", c: "crowded", f: "full" };
const radians = (degrees) => (degrees * Math.PI) / 180;
const known = (value) => value !== undefined && value !== null;

// Metres along the ground in a straight line; places are { lat, lon } in degrees, WGS-84.
export function distance(one, other) {
  const lat = Math.sin(radians(other.lat - one.lat) / 2) ** 2;
  const lon = Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  const share = lat + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * lon;
  return Math.floor(2 * EARTH_M * Math.asin(Math.sqrt(Math.min(1, share))) + 0.5);
}

// The way to a station, null where one of the places is not known.
export function ride(row, place, ranking) {
  if (!place || !known(row.lat) || !known(row.lon)) return null;
  const metres = distance(place, row);
  return { metres, minutes: (metres * ranking.detour * 60) / (1000 * ranking.riding_kmh) };
}

// asked: { place | null, wishes, nowMs, ranking (setup.ranking) }
export function judge(row, asked) {
  const way = ride(row, asked.place, asked.ranking);
  const riding = way ? way.minutes : 0;
  const { crowding, byForecast } = crowdingThen(row, riding);
  const access = accessThen(row.access, row.freshness, asked.nowMs + riding * 60_000);
  const penalties = { ...wordPenalties(row, access, crowding, asked.ranking), ...wishPenalties(row, crowding, asked) };
  const more = Object.values(penalties).reduce((sum, minutes) => sum + minutes, 0);
  return {
    row, penalties, crowding, byForecast, closed: access === "closed",
    metres: way && way.metres, riding: way && way.minutes, minutes: way && way.minutes + more,
  };
}

// All rows judged, best first; where no place is known, by district and name.
export function ranked(rows, asked) {
  return Array.from(rows, (row) => judge(row, asked)).sort(compare);
}

function compare(one, other) {
  if (one.closed !== other.closed) return one.closed ? 1 : -1;
  const [a, b] = [one, other].map((each) => (each.minutes === null ? Infinity : each.minutes));
  if (a !== b) return a - b;
  return (
    text((one.row.region || [])[0], (other.row.region || [])[0]) ||
    text(one.row.name.zh, other.row.name.zh) ||
    text(one.row.id, other.row.id)
  );
}

// By code points, as Python does: every phone and the server come to the same order.
function text(one = "", other = "") {
  if (one === other) return 0;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  if (at === one.length || at === other.length) return one.length - other.length;
  return one.codePointAt(at) - other.codePointAt(at);
}

function accessThen(access, freshness, arrivalMs) {
  const evidence = access.evidence || "none";
  const changed = Boolean(access.changes_at) && Date.parse(access.changes_at) <= arrivalMs;
  if (changed && access.then) return access.then;
  if (evidence === "contact" && freshness !== "fresh") return "unknown";
  if (access.value === "unknown" || (changed && evidence === "notice")) return "unknown";
  if (access.value === "locked") return "closed";
  const open = access.value === "open" || access.value === "closing_soon";
  return open !== changed ? "open" : "closed";
}

function crowdingThen(row, riding) {
  if (riding >= FORECAST_FROM_MIN) {
    const word = FORECAST[(row.forecast || "")[Math.min(3, Math.floor(riding / 15 + 0.5))]];
    if (word) return { crowding: word, byForecast: true };
  }
  return { crowding: row.freshness === "fresh" ? row.crowding.value : "unknown", byForecast: false };
}

function wordPenalties(row, access, crowding, ranking) {
  const comfort = row.freshness === "fresh" ? row.comfort.value : "unknown";
  const found = {};
  if (crowding === "crowded") found.crowded = ranking.crowded_penalty_min;
  if (crowding === "full") found.full = ranking.full_penalty_min;
  if (crowding === "unknown") found.crowding_unknown = ranking.unknown_penalty_min;
  if (comfort === "hot" || comfort === "cold") found[comfort] = ranking.discomfort_penalty_min;
  if (comfort === "unknown") found.comfort_unknown = ranking.unknown_penalty_min;
  if (access === "unknown") found.access_unknown = ranking.unknown_penalty_min;
  return found;
}

function wishPenalties(row, crowding, asked) {
  const found = {};
  for (const wish of asked.wishes) {
    const met = meets(row, crowding, wish, asked.ranking);
    if (met === false) found[`no_${wish}`] = asked.ranking.missing_penalty_min;
    if (met === null) found[`unknown_${wish}`] = asked.ranking.unknown_penalty_min;
  }
  return found;
}

// null: the station may have it, which is not known now. An unknown room costs once, as a word.
function meets(row, crowding, wish, { amenities, equipped }) {
  if (wish === "places") return crowding !== "full";
  const has = (wanted) => (row.codes || row.amenities || []).some((code) => wanted.includes(code));
  if (wish in amenities) return has(amenities[wish]);
  const counted = wish === "socket" ? row.sockets && row.sockets.free : row.batteries && row.batteries.charged;
  if (row.freshness === "fresh") return Boolean(counted);
  return row.freshness === "offline" || known(counted) || has(equipped[wish]) ? null : false;
}
