// The network's list, small: whole the first time, afterwards without the half that seldom changes.

import { learnFrom } from "./clock.js";
import { decode } from "./compact.js";

const NAME = "waystation-answers";
const MOST = 4; // Lists of so many networks are kept.

export class Lists {
  constructor(setup) {
    this.address = `${setup.base}/api/v1/networks/${setup.network}/compact`;
    this.whole = null;
    // A page from the server has asked for the whole list already; one from the service worker has not.
    this.preload = document.querySelector("link[rel=preload][as=fetch]");
  }

  // What this phone kept of an earlier visit, or null.
  async kept() {
    const answer = await kept(this.address);
    try {
      return answer && this.told(await answer.json());
    } catch (error) {
      return null; // Of an older version of this page.
    }
  }

  // { rows, eventId, atMs }; throws when there is no answer.
  async newest(signal) {
    const askedMs = Date.now();
    const query = this.whole && !this.preload ? `?registry=${this.whole.tag}` : "";
    this.preload = null;
    const answer = await fetch(this.address + query, { signal });
    if (!answer.ok) throw new Error(answer.statusText);
    learnFrom(answer, askedMs);
    const list = await answer.json();
    const told = this.told(list.registry ? list : { ...list, registry: this.whole.registry });
    keep(this.address, new Response(JSON.stringify(this.whole)));
    return told;
  }

  told(list) {
    const rows = decode(list);
    this.whole = list;
    return { rows, eventId: list.event_id, atMs: Date.parse(list.at) };
  }
}

// On the phone, beside what the service worker keeps: the answer last kept for an address, or null.
async function kept(address) {
  try {
    return ("caches" in window && (await (await caches.open(NAME)).match(address))) || null;
  } catch (error) {
    return null; // A browser that keeps nothing.
  }
}

async function keep(address, answer) {
  try {
    const cache = await caches.open(NAME);
    await cache.put(address, answer);
    const addresses = await cache.keys();
    await Promise.all(addresses.slice(0, -MOST).map((each) => cache.delete(each)));
  } catch (error) {
    // Full or forbidden: the next visit waits for the network.
  }
}
