// Keeps a page of the console fresh. The server says that something has changed, and the page fetches itself:
// what stands here is always what the server shows this person. Everything works without it.

const SILENCE_MS = 35_000; // Two of the server's words every 15 s were lost.
const POLL_MS = 30_000;
const ANSWER_MS = 20_000;
const PATIENCE_MS = 5_000; // A browser that has lost the line gets a new one in three seconds, mostly.
const HIDDEN_MS = 60_000; // A page that nobody sees needs no line of its own.
const SETTLE_MS = 250;
const CALM_MS = 5_000; // While much changes, nobody can read faster; safety does not wait.
const AT_HAND_MS = 20_000; // Whoever has gone into a field is about to write or to choose there.

const main = document.querySelector("main[data-live]");
const line = document.querySelector(".watch");

forgetWhatWasSaid();
// Back from elsewhere a browser may show a page as it was left; whoever reads it now may be somebody else.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
if (main && line) watch();

// Told once: a reload, or a link that is sent on, does not say it again.
function forgetWhatWasSaid() {
  const address = new URL(location.href);
  if (!address.searchParams.has("said")) return;
  address.searchParams.delete("said");
  history.replaceState(history.state, "", address);
}

function watch() {
  const every = Number(main.dataset.live) * 1000;
  let shown = document.body.dataset.version;
  let source = null;
  let silence = null;
  let retry = null;
  let hidden = null;
  let soon = null;
  let asking = false;
  let later = null;
  let pressed = false;
  let touchedMs = 0;
  let safety = null; // Of the server's last word; another one is urgent.
  let urgent = false;
  let askedMs = -CALM_MS;
  let stale = false; // There is news that does not stand on the page yet.

  function tell(state) {
    if (line.dataset.state === state) return;
    line.dataset.state = state;
    line.querySelector(".text").textContent = line.dataset[state];
    line.querySelector("a").hidden = state === "live" || state === "polling";
  }

  function settled() {
    if (stale) tell("waiting");
    else tell(source && source.readyState === EventSource.OPEN ? "live" : "polling");
  }

  function listen() {
    if (source) source.close();
    source = null;
    if (!("EventSource" in window)) return poll();
    source = new EventSource(line.dataset.events);
    source.onerror = () => watchSilence(source && source.readyState === EventSource.CLOSED ? 0 : PATIENCE_MS);
    source.addEventListener("alive", heard);
    source.addEventListener("alerts", (event) => {
      const news = JSON.parse(event.data);
      stale = stale || String(news.version) !== shown;
      urgent = urgent || (safety !== null && news.safety !== safety);
      safety = news.safety;
      heard();
    });
    watchSilence();
  }

  function heard() {
    clearTimeout(retry);
    retry = null;
    watchSilence();
    if (stale) refresh();
    else settled();
  }

  function watchSilence(ms = SILENCE_MS) {
    clearTimeout(silence);
    silence = setTimeout(poll, ms);
  }

  // No line: ask, and try again for one each time.
  function poll() {
    clearTimeout(retry);
    retry = setTimeout(() => {
      listen();
      refresh();
    }, POLL_MS);
    refresh();
  }

  function refresh() {
    stale = true;
    clearTimeout(later);
    clearTimeout(soon);
    const calmMs = urgent ? 0 : askedMs + CALM_MS - performance.now();
    soon = setTimeout(fetchPage, Math.max(SETTLE_MS, calmMs));
  }

  async function fetchPage() {
    if (asking) return refresh();
    if (typed() || selecting() || pressed) return settled();
    if (atHand()) {
      later = setTimeout(refresh, AT_HAND_MS);
      return settled();
    }
    asking = true;
    urgent = false;
    askedMs = performance.now();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_MS);
    try {
      const answer = await fetch(location.href, { headers: { "x-live": "1" }, signal: patience.signal });
      if (answer.redirected) return leave();
      // Not for this person any more, or gone: the server says which.
      if ([403, 404].includes(answer.status) && !typed()) return location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Begun while it was on its way: what somebody does here is worth more.
      if (typed() || pressed) return settled();
      shown = page.body.dataset.version;
      stale = false;
      swap(page);
      settled();
    } catch (error) {
      tell("lost");
    } finally {
      clearTimeout(timer);
      asking = false;
    }
  }

  // A list of choices that hangs open, or a phone's keys, would go with the field.
  function atHand() {
    const field = document.activeElement;
    const written = field.matches("select, textarea, input:not([type=checkbox], [type=radio])");
    return written && main.contains(field) && Date.now() - touchedMs < AT_HAND_MS;
  }

  // What goes away under a finger is not tapped.
  function touch(isDown) {
    pressed = isDown;
    touchedMs = Date.now();
    if (stale && !pressed) refresh();
  }

  // The session has ended: what stands here is for nobody any more, but for words that would be lost.
  function leave() {
    clearTimeout(retry);
    clearTimeout(silence);
    if (source) source.close();
    source = null;
    tell("out");
    if (!typed()) location.reload();
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.visibilityState === "hidden") {
      hidden = setTimeout(() => {
        clearTimeout(silence);
        if (source) source.close();
        source = null;
      }, HIDDEN_MS);
    } else if (!source && line.dataset.state !== "out") {
      listen();
      refresh();
    }
  });
  window.addEventListener("online", () => {
    if (line.dataset.state === "out") return;
    listen();
    refresh();
  });
  window.addEventListener("offline", () => tell("lost"));
  document.addEventListener("pointerdown", () => touch(true));
  document.addEventListener("pointerup", () => touch(false));
  document.addEventListener("pointercancel", () => touch(false));
  document.addEventListener("keydown", () => (touchedMs = Date.now()));
  // The words are gone again, or were sent: what has waited for them comes now.
  document.addEventListener("input", () => {
    if (!stale || typed()) return;
    touchedMs = 0;
    refresh();
  });
  document.addEventListener("focusout", () => stale && refresh());
  if (every) setInterval(() => document.visibilityState === "visible" && line.dataset.state !== "out" && refresh(), every);

  tell("connecting");
  listen();
}

// Whether somebody is at work on a form here: another choice or other words than the server sent.
function typed() {
  return [...main.querySelectorAll("input, textarea, select")].some((field) => {
    if (field.type === "hidden" || field.type === "submit") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return field.selectedIndex !== sentChoice(field);
    return field.value !== field.defaultValue;
  });
}

// Where the server marked none, the first is chosen.
function sentChoice(field) {
  return Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
}

function selecting() {
  const chosen = getSelection();
  return chosen && !chosen.isCollapsed && main.contains(chosen.anchorNode);
}

// What can be found again on the new page: by its id, else by where it stands.
function pathTo(element) {
  const steps = [];
  for (let each = element; each && each !== main; each = each.parentElement) {
    if (each.id) return `#${CSS.escape(each.id)} ${steps.join(" ")}`.trim();
    steps.unshift(`> :nth-child(${[...each.parentElement.children].indexOf(each) + 1})`);
  }
  return `:scope ${steps.join(" ")}`;
}

function swap(page) {
  const fresh = page.querySelector("main");
  if (!fresh || fresh.innerHTML === main.innerHTML) return;
  const focused = main.contains(document.activeElement) ? pathTo(document.activeElement) : "";
  const details = [...main.querySelectorAll("details")].map((each) => [pathTo(each), each.open]);
  const { scrollX, scrollY } = window;
  document.title = page.title;
  main.replaceChildren(...document.adoptNode(fresh).childNodes);
  for (const [path, open] of details) {
    const found = main.querySelector(path);
    if (found && found.tagName === "DETAILS") found.open = open;
  }
  if (focused) {
    const found = main.querySelector(focused);
    if (found) found.focus({ preventScroll: true });
  }
  window.scrollTo(scrollX, scrollY);
}
