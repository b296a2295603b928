// What a rider needs, as codes in the address (`want=socket,water`) and kept on the phone; and what a station lacks.

export const WISHES = ["socket", "battery", "water", "meal", "toilet", "places"];
const KEY = "waystation.wishes";

export function parse(want) {
  const asked = (want || "").split(",");
  return WISHES.filter((wish) => asked.includes(wish));
}

// The address wins, so that a shared list shows what was shared; without a word in it, what was chosen last.
export function wished(query) {
  if (query.has("want")) return parse(query.get("want"));
  try {
    return parse(localStorage.getItem(KEY));
  } catch (error) {
    return []; // A browser that keeps nothing.
  }
}

export function remember(wishes) {
  try {
    localStorage.setItem(KEY, wishes.join(","));
  } catch (error) {
    // Then the address alone keeps them.
  }
}

// What a judged station (rank.js) lacks of the wishes: "no_water", "unknown_socket"; also "closed" when there are
// wishes at all, as nobody gets anything behind a closed door.
export function lacks(judged, wishes) {
  const reasons = Object.keys(judged.penalties).filter((reason) => /^(no|unknown)_/.test(reason));
  return judged.closed && wishes.length ? ["closed", ...reasons] : reasons;
}
