// What a screen that stands for months needs, at a door or on a wall.

const MINUTE_MS = 60_000;
const NIGHT = [3, 4]; // Hours in which nobody sees the screen begin anew.
const SHIFTS = [[0, 0], [2, 0], [2, 2], [0, 2], [-2, 2], [-2, 0], [-2, -2], [0, -2], [2, -2]];

export function put(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

// Local time of a place, from one formatter that is made once: { time: "13:05", hour: 13 }.
export function clockOf(zone) {
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "numeric", minute: "2-digit" });
  return (instant) => {
    const said = clock.format(instant);
    return { time: said.replace(/^0/, ""), hour: Number(said.split(":")[0]) };
  };
}

function stylesOf(page) {
  return page.querySelector("link[rel=stylesheet]").getAttribute("href");
}

const styles = stylesOf(document);

// A new release can be had when the server has just answered with it; it is taken when nobody is there.
export function renewAtNight(page, hour) {
  if (stylesOf(page) !== styles && NIGHT.includes(hour)) location.reload();
}

// Every few minutes a little aside, so that nothing burns in.
export function shift(element) {
  const [x, y] = SHIFTS[Math.floor(Date.now() / (5 * MINUTE_MS)) % SHIFTS.length];
  element.style.transform = `translate(${x}px, ${y}px)`;
}

async function awake() {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock.request("screen");
  } catch (error) {
    // Without HTTPS, or on a television: its own settings keep it on.
  }
}

export function stayAwake() {
  awake();
  document.addEventListener("visibilitychange", awake);
}
