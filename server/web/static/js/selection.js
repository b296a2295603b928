// Which stations the list shows, best first. Pure.

import { distance, ranked } from "./rank.js";

const FAR_M = 50_000;

// asked: as for rank.js, with `district` and `typed`. Gives { judged, fitting, far }: not fitting means that no station
// has all that is wished, and all are shown, the nearest to it first; far means that the rider is in another city,
// where riding times say nothing.
export function select(rows, asked) {
  const far = isFar(rows, asked.place);
  const place = far ? null : asked.place;
  const chosen = rows.filter((row) => inside(row, asked.district) && found(row, asked.typed));
  const judged = ranked(chosen, { ...asked, place });
  const fitting = judged.filter((each) => !lacks(each, asked.wishes).length);
  if (fitting.length || !judged.length) return { judged: fitting, fitting: true, far };
  return { judged: place ? judged : leastLacking(judged), fitting: false, far };
}

function leastLacking(judged) {
  const missing = (each) => Object.values(each.penalties).reduce((sum, minutes) => sum + minutes, 0);
  return [...judged].sort((one, other) => one.closed - other.closed || missing(one) - missing(other));
}

function isFar(rows, place) {
  const placed = place ? rows.filter((row) => row.lat !== undefined && row.lat !== null) : [];
  return placed.length > 0 && placed.every((row) => distance(place, row) > FAR_M);
}

// What a judged station (rank.js) lacks of the wishes: "no_water", "unknown_socket"; also "closed" when there are
// wishes at all, as nobody gets anything behind a closed door.
export function lacks(judged, wishes) {
  const reasons = Object.keys(judged.penalties).filter((reason) => /^(no|unknown)_/.test(reason));
  return judged.closed && wishes.length ? ["closed", ...reasons] : reasons;
}

// Whether a name, an alias or a part of the region holds what was typed; case and blanks do not matter.
function found(row, typed) {
  const plain = (words) => words.toLowerCase().replace(/\s+/g, "");
  const wanted = plain(typed);
  const names = [row.name.zh, row.name.en || "", ...(row.aliases || []), ...(row.region || [])];
  return !wanted || names.some((name) => plain(name).includes(wanted));
}

// One district of the network, "" for all of it.
function inside(row, district) {
  return !district || (row.region || [])[0] === district;
}
