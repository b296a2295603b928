// Registers the service worker, and tells of a page that came out of its cache. On every page.

const KEEP_AFTER_MS = 1_000; // The page's own needs come first on a weak line.
const [, base, version] = /^(.*)\/static\/([^/]+)\//.exec(new URL(import.meta.url).pathname);
const root = document.documentElement;
let touched = false;

function tellAge() {
  const notice = document.getElementById("kept");
  // A page with a line about its connection tells of it there.
  if (!root.dataset.kept || document.querySelector(".connection")) return;
  const minutes = Math.max(1, Math.round((Date.now() - Date.parse(root.dataset.kept)) / 60_000));
  const [count, unit] =
    minutes < 60 ? [minutes, "minute"] : minutes < 1440 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  const words = new Intl.RelativeTimeFormat(root.lang).format(-Math.floor(count), unit);
  notice.querySelector("time").textContent = words;
  notice.hidden = false;
}

async function register() {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener("message", () => {
    // Whoever has begun to read or to type is not interrupted: the next visit shows the new page.
    if (!touched) location.replace(location.pathname + location.search);
  });
  await serviceWorker.register(`${base}/worker.js`, { scope: `${base}/` });
  const { active } = await serviceWorker.ready;
  const page = location.origin + location.pathname + location.search;
  active.postMessage({ page, offlinePage: `${base}/offline?lang=${root.lang.slice(0, 2)}`, version });
}

function begin() {
  register().catch(() => {}); // Forbidden or no room: everything works as without it.
}

for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, () => (touched = true), { once: true, passive: true });
}
addEventListener("beforeinstallprompt", (event) => event.preventDefault()); // Nobody is nagged to install.
tellAge();
if ("serviceWorker" in navigator) {
  if (root.dataset.kept) begin();
  else if (document.readyState === "complete") setTimeout(begin, KEEP_AFTER_MS);
  else addEventListener("load", () => setTimeout(begin, KEEP_AFTER_MS));
}
