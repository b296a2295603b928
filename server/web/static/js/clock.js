// The server's time on a phone whose own clock may be wrong by hours. Ages are told by it, never by a page's
// birth: a page may come out of a cache. What was learnt is kept, so that an old page is old without a network too.

const KEY = "waystation.clock";
const IGNORED_MS = 120_000;

let offset = kept();

function kept() {
  try {
    return Number(localStorage.getItem(KEY)) || 0;
  } catch (error) {
    return 0; // A browser that keeps nothing learns anew on each page.
  }
}

// Milliseconds since 1970 by the server's clock, as well as it is known.
export function now() {
  return Date.now() + offset;
}

// serverMs: the server's time just now. A difference below two minutes may be the network's and is ignored.
export function learn(serverMs) {
  const ahead = serverMs - Date.now();
  if (!Number.isFinite(ahead)) return;
  offset = Math.abs(ahead) > IGNORED_MS ? ahead : 0;
  try {
    localStorage.setItem(KEY, String(offset));
  } catch (error) {
    // See above.
  }
}

// serverMs: the server's time when it sent what is read now, maybe long ago: it can be later now, never earlier.
export function learnAtLeast(serverMs) {
  if (serverMs - now() > IGNORED_MS) learn(serverMs);
}

// An answer of the server to a question asked at askedMs (by Date.now()). What waited long says nothing;
// the service worker takes the date off whatever it had kept.
export function learnFrom(answer, askedMs) {
  const date = answer.headers.get("date");
  if (date && Date.now() - askedMs < IGNORED_MS / 2) learn(Date.parse(date));
}

// The time that stands in the page itself counts only when the page came from the server just now.
export function learnFromPage(iso) {
  const [navigation] = performance.getEntriesByType("navigation");
  const again = Boolean(navigation) && navigation.type === "back_forward";
  if (!again && !("kept" in document.documentElement.dataset)) learn(Date.parse(iso));
}
