// What a rider asks of the list: district, name, needs. Shown in the head, kept in the address (`want=socket,water`);
// the needs on the phone too.

const WISHES = ["socket", "battery", "water", "meal", "toilet", "places"];
const KEY = "waystation.wishes";

export class Head {
  // ready(): the phone has all stations and can answer by itself; until then the links are followed.
  // told(): something else is asked for.
  constructor(text, ready, told) {
    const query = new URLSearchParams(location.search);
    this.text = text;
    this.ready = ready;
    this.told = told;
    this.district = query.get("district") || "";
    this.typed = (query.get("q") || "").trim();
    this.wishes = wished(query);
    this.listen();
    this.show();
  }

  listen() {
    const search = document.querySelector(".search");
    search.addEventListener("submit", (event) => {
      if (!this.ready()) return;
      event.preventDefault();
      document.activeElement.blur();
    });
    search.addEventListener("input", () => {
      if (this.ready()) this.change({ typed: search.elements.q.value.trim() });
    });
    this.on(".wishes", "wish", (wish) => {
      const wishes = WISHES.filter((each) => this.wishes.includes(each) !== (each === wish));
      remember(wishes);
      this.change({ wishes });
    });
    this.on(".districts", "district", (district) => {
      document.querySelector(".districts").open = false;
      this.change({ district });
    });
  }

  // What was typed while the stations were on their way.
  catchUp() {
    this.typed = document.querySelector(".search").elements.q.value.trim();
    this.show();
  }

  // The links lead to the same list where there are no scripts.
  on(selector, name, act) {
    const holder = document.querySelector(selector);
    if (!holder) return;
    holder.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || !this.ready() || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      act(link.dataset[name]);
    });
  }

  change(wanted) {
    Object.assign(this, wanted);
    this.show();
    this.told();
  }

  clear() {
    document.querySelector(".search").elements.q.value = "";
    remember([]);
    this.change({ district: "", typed: "", wishes: [] });
  }

  show() {
    for (const link of document.querySelectorAll(".wishes a")) mark(link, this.wishes.includes(link.dataset.wish));
    for (const link of document.querySelectorAll(".districts a")) mark(link, link.dataset.district === this.district);
    const chosen = document.querySelector(".districts .chosen");
    if (chosen) chosen.textContent = this.district || this.text.say("district.all");
    this.keep(new URL(location.href), (address) => history.replaceState(history.state, "", address));
    const language = document.querySelector(".language");
    this.keep(new URL(language.href), (address) => language.setAttribute("href", address));
  }

  keep(url, set) {
    const wanted = { district: this.district, q: this.typed, want: this.wishes.join(",") };
    for (const [name, value] of Object.entries(wanted)) {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    url.searchParams.delete("page");
    set(url.pathname + url.search.replace(/%2C/g, ",") + url.hash);
  }
}

// The address wins, so that a shared list shows what was shared; without a word in it, what was chosen last.
function wished(query) {
  if (query.has("want")) return parse(query.get("want"));
  try {
    return parse(localStorage.getItem(KEY));
  } catch (error) {
    return []; // A browser that keeps nothing.
  }
}

function parse(want) {
  const asked = (want || "").split(",");
  return WISHES.filter((wish) => asked.includes(wish));
}

function remember(wishes) {
  try {
    localStorage.setItem(KEY, wishes.join(","));
  } catch (error) {
    // Then the address alone keeps them.
  }
}

function mark(link, chosen) {
  if (chosen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}
