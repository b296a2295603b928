// On the page that stands in for one that cannot be had: the lists that this phone has seen, and a way back.

const AGAIN_MS = 30_000;
const MOST = 5;

async function offer() {
  const cache = await caches.open("waystation-pages");
  const seen = (await cache.keys()).filter(({ url }) => /\/n\/[^/]+$/.test(new URL(url).pathname));
  const list = document.getElementById("seen");
  for (const request of seen.slice(-MOST).reverse()) {
    const page = await cache.match(request);
    const link = document.createElement("a");
    link.href = request.url;
    link.textContent = decodeURIComponent(page.headers.get("x-title")).split(" · ")[0];
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  list.parentElement.hidden = !seen.length;
}

// A report is sent, not kept: it is not for want of an earlier visit that it cannot be had.
function tellOfReport() {
  const report = /^(.*\/s\/[^/]+)\/report$/.exec(location.pathname);
  if (!report) return;
  document.querySelector(".unseen").hidden = true;
  document.querySelectorAll(".reporting").forEach((element) => (element.hidden = false));
  document.querySelector(".reporting .station").href = report[1] + location.search;
}

async function tryAgain() {
  try {
    await fetch(location.href, { method: "HEAD", cache: "no-store" });
    location.reload();
  } catch (error) {
    // Still nothing; the next try follows.
  }
}

tellOfReport();
offer();
// The page that was asked for stands in the address; the page about it has an address of its own.
if (!location.pathname.endsWith("/offline")) {
  addEventListener("online", tryAgain);
  setInterval(tryAgain, AGAIN_MS);
}
