// Sends a report without leaving the page, so that a lost network loses no words. The form works without this.

const PATIENCE_MS = 20_000;

const form = document.querySelector(".report form");
const button = form.querySelector("button");
const refused = form.querySelector(".refused");
const send = button.textContent;
const draft = `report ${location.pathname}`;

function show(sending, words) {
  button.setAttribute("aria-disabled", String(sending));
  button.textContent = sending ? form.dataset.sending : send;
  refused.textContent = words;
}

// A browser may refuse to keep anything; then the words live as long as the page.
function keep(note) {
  try {
    if (note) sessionStorage.setItem(draft, note);
    else sessionStorage.removeItem(draft);
  } catch (error) {
    return;
  }
}

function kept() {
  try {
    return sessionStorage.getItem(draft) || "";
  } catch (error) {
    return "";
  }
}

// The server answers with the page after this one, or with this one and what is wrong.
async function post() {
  const impatient = new AbortController();
  const timer = setTimeout(() => impatient.abort(), PATIENCE_MS);
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, signal: impatient.signal });
    if (answer.ok) return { next: answer.url };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const said = page.querySelector(".refused");
    return { words: (said && said.textContent) || form.dataset.unsent };
  } catch (error) {
    return { words: form.dataset.unsent };
  } finally {
    clearTimeout(timer);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  keep(form.elements.note.value);
  show(true, "");
  const { next, words } = await post();
  show(false, words || "");
  if (!next) return;
  keep("");
  location.assign(next);
});

if (!form.elements.note.value) form.elements.note.value = kept();
