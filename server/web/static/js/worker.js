// The service worker: on a weak network a page that was seen before is shown as it was, marked with the time.
// It keeps pages, each together with the assets that it names, and nothing else: no answer of the API, no report.
// No version stands in here. A page that names new assets takes the old one's place once all of them have come.

const PAGES = "waystation-pages";
const ASSETS = "waystation-assets";
const MOST_PAGES = 20;
const YOUNG_MS = 60_000; // Shown as it came, without asking: its facts are renewed by its scripts anyway.
const PATIENCE_MS = 1_500; // Then the kept page is better than waiting.

const base = new URL(self.registration.scope).pathname;
const LIST = /^n\/[^/]+$/; // Shown at once: its scripts bring all of it up to date.
const WORTH_KEEPING = /^$|^(n|s|door)\/[^/]+$/;
const OFFLINE = /^offline$/;
const NOT_FOR_RIDERS = /^(api|feeds|healthz|readyz|metrics|staff|wall)\b/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const path = pathBelow(url);
  if (method !== "GET" || path === null) return;
  if (path.startsWith("static/")) event.respondWith(asset(event));
  else if (mode !== "navigate" || NOT_FOR_RIDERS.test(path)) return;
  else if (WORTH_KEEPING.test(path)) event.respondWith(visit(event, path));
  else event.respondWith(fetch(event.request).catch(() => offline(url)));
});

// From the page that registered this worker: it was loaded before there was anybody to keep it.
self.addEventListener("message", (event) => {
  const { page, offlinePage, version } = event.data;
  const ask = async (address, wanted) => {
    const old = await (await caches.open(PAGES)).match(address);
    if (old && (!wanted || old.headers.get("x-version") === wanted)) return;
    await keep(address, await fetch(address, { cache: wanted ? "no-cache" : "force-cache" }));
  };
  event.waitUntil(Promise.all([ask(page, ""), ask(offlinePage, version)]).catch(() => {}));
});

function pathBelow(address) {
  const { origin, pathname } = new URL(address);
  return origin === self.location.origin && pathname.startsWith(base) ? pathname.slice(base.length) : null;
}

async function visit(event, path) {
  const { url, cache } = event.request;
  const old = await (await caches.open(PAGES)).match(url);
  const reload = cache === "reload" || cache === "no-cache";
  if (old && !reload && isYoung(old)) return old;
  let shownOld = false;
  const coming = fetch(event.request).then(working);
  const keeping = coming.then((answer) => keep(url, answer.clone()));
  const renewing = keeping.then((version) => shownOld && renewed(event, path, old, version));
  event.waitUntil(renewing.catch(() => {}));
  if (!old) return coming.catch(() => offline(url));
  const atOnce = LIST.test(path) && !reload;
  const answer = atOnce ? null : await Promise.race([coming.catch(() => null), pause(PATIENCE_MS)]);
  shownOld = !answer;
  return answer || marked(old);
}

// A proxy without a server behind it says 502: no better than no answer.
function working(answer) {
  if (answer.status >= 500) throw new Error(answer.statusText);
  return answer;
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms, null));
}

function isYoung(answer) {
  const age = Date.now() - Date.parse(answer.headers.get("x-kept-at"));
  return age >= 0 && age < YOUNG_MS;
}

// The page tells its scripts and styles that it is an old one.
async function marked(answer) {
  const html = await answer.clone().text();
  const kept = `<html data-kept="${answer.headers.get("x-kept-at")}" `;
  return new Response(html.replace("<html ", kept), { headers: answer.headers });
}

async function renewed(event, path, old, version) {
  const outdated = old.headers.get("x-version") !== version;
  const client = await self.clients.get(event.resultingClientId);
  if (client && (outdated || !LIST.test(path))) client.postMessage("renewed");
}

async function offline(url) {
  const pages = await caches.open(PAGES);
  const asked = WORTH_KEEPING.test(pathBelow(url)) && (await pages.match(url, { ignoreSearch: true }));
  if (asked) return marked(asked);
  const language = new URL(url).searchParams.get("lang");
  const chosen = await pages.match(`${base}offline?lang=${language}`);
  return chosen || (await pages.match(`${base}offline`, { ignoreSearch: true })) || Response.error();
}

async function asset(event) {
  const { request } = event;
  const assets = await caches.open(ASSETS);
  const old = await assets.match(request.url);
  if (old) return old;
  const answer = await fetch(request);
  if (answer.ok) event.waitUntil(assets.put(request.url, answer.clone()).catch(() => {}));
  return answer;
}

let last = Promise.resolve();

// One after another, so that tidying never takes what another page is about to need.
function keep(url, answer) {
  last = last.catch(() => {}).then(() => keepWhole(url, answer));
  return last;
}

// A page is kept with all of its assets or not at all. The version of its assets comes back.
async function keepWhole(url, answer) {
  const pages = await caches.open(PAGES);
  if (answer.status === 404) await pages.delete(url);
  if (!answer.ok) return null;
  const html = await answer.text();
  const named = [...new Set(html.match(/[^"]*\/static\/[0-9a-f]+\/[^"#]+\.(css|js|svg)(?=")/g))];
  const assets = await caches.open(ASSETS);
  const had = await Promise.all(named.map((each) => assets.match(each)));
  await assets.addAll(named.filter((_, index) => !had[index]));
  const version = named.length ? versionOf(named[0]) : "";
  const title = encodeURIComponent((/<title>([^<]*)/.exec(html) || ["", ""])[1]);
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": answer.headers.get("content-security-policy") || "",
    "x-kept-at": new Date().toISOString(),
    "x-title": title,
    "x-version": version,
  };
  // Shown from here, it asks for what is new by itself, and needs less than it would ask for in advance.
  const lazy = html.replace(/<link rel="preload"[^>]*>/, "");
  await pages.put(url, new Response(lazy, { headers }));
  await tidy(pages, assets);
  return version;
}

function versionOf(address) {
  return /\/static\/([0-9a-f]+)\//.exec(address)[1];
}

async function tidy(pages, assets) {
  const seen = (await pages.keys()).filter((each) => !OFFLINE.test(pathBelow(each.url)));
  await Promise.all(seen.slice(0, -MOST_PAGES).map((each) => pages.delete(each)));
  const named = new Set((await pages.matchAll()).map((page) => page.headers.get("x-version")));
  const old = (await assets.keys()).filter((each) => !named.has(versionOf(each.url)));
  await Promise.all(old.map((each) => assets.delete(each)));
}
