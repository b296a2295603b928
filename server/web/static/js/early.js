// Asks for a network's list while the rest of its page is still on the way: on a weak line that is a second won.
// A script of its own, that waits for nothing; the page's scripts import it and find the question asked already.

import { Lists } from "./lists.js";

const PATIENCE_MS = 20_000;
const [, base] = /^(.*)\/static\//.exec(new URL(import.meta.url).pathname);
const patience = new AbortController();
setTimeout(() => patience.abort(), PATIENCE_MS);

export const lists = new Lists({ base, network: location.pathname.split("/").pop() });
// What this phone kept of an earlier visit, or null; the server then tells only what is new.
export const old = lists.kept();
export const first = old.then(() => lists.newest(patience.signal));

first.catch(() => {}); // The page's scripts, which come later, say what failed.
