// What stands on the map, as elements: stations, clusters, popups. Whatever a name holds is only ever text.

const SHUT = ["closed", "locked"];
const OPEN = ["open", "closing_soon"];
const OLD = ["stale", "offline"];

export function element(name, className, words = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = words;
  return made;
}

// Pixels of a unit that grows with the rider's text.
export function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(space, "use"));
  svg.firstChild.setAttribute("href", `#i-${name}`);
  return svg;
}

export function nameOf(row, text) {
  return text.language === "en" ? row.name.en || row.name.zh : row.name.zh;
}

// Open, not crowded and known for sure: worth riding to.
export function isQuiet(row) {
  return row.freshness === "fresh" && OPEN.includes(row.access.value) && row.crowding.value === "quiet";
}

// The one word of a station that matters most from afar: that it is shut, else how full it is, else whether it opens.
function foremost(row) {
  return SHUT.includes(row.access.value) || row.crowding.value === "unknown" ? "access" : "crowding";
}

export function station(row, text, nowMs) {
  const fact = text.facts(row, nowMs).find((each) => each.kind === foremost(row));
  const live = row.freshness === "fresh" || fact.value === "closed";
  const chip = element("span", `chip ${live ? fact.tone : "unknown"}`);
  chip.append(icon(fact.icon), element("span", "word", fact.word));
  return [chip, element("bdi", "name", nameOf(row, text))];
}

export function stationLabel(row, text, nowMs) {
  const words = text.facts(row, nowMs).filter((fact) => fact.value !== "unknown").map((fact) => fact.word);
  if (row.freshness !== "fresh") words.push(text.say(`freshness.${row.freshness}`));
  return [nameOf(row, text), ...words].join(text.say("sentence.separator"));
}

export function cluster(count, quiet, text) {
  const chip = element("span", `chip ${quiet ? "good" : "unknown"}`);
  chip.append(element("strong", "", text.number(count)));
  if (quiet) chip.append(element("small", "", text.say("map.cluster.quiet", { count: text.number(quiet) })));
  return [chip];
}

export function clusterLabel(count, quiet, text) {
  const words = [text.say("map.cluster", { count: text.number(count) })];
  if (quiet) words.push(text.say("map.cluster.quiet", { count: text.number(quiet) }));
  return words.join(text.say("sentence.separator"));
}

// A station in a popup: name, three words with their reasons, what is free, age, and the way to its page.
export function card(row, text, href, nowMs) {
  const made = element("article", "balloon");
  made.dataset.freshness = row.freshness;
  made.dataset.access = row.access.value;
  const heading = element("h2");
  const link = heading.appendChild(element("a"));
  link.href = href;
  link.append(element("bdi", "", nameOf(row, text)));
  const facts = element("ul", "facts");
  facts.append(...text.facts(row, nowMs).map((fact) => tile(fact, text)));
  made.append(heading, line(row, text, nowMs), facts);
  if (row.sockets || row.batteries) made.append(resources(row, text));
  return made;
}

function line(row, text, nowMs) {
  const words = row.freshness === "fresh" ? [] : [text.say(`freshness.${row.freshness}`)];
  if (row.measured_at) words.push(text.age(row.measured_at, nowMs));
  return element("p", "place", words.join(text.say("sentence.separator")));
}

function tile(fact, text) {
  const item = element("li", `fact ${fact.tone}`);
  item.dataset.fact = fact.kind;
  item.dataset.value = fact.value;
  item.append(icon(fact.icon), element("span", "kind", text.say(`fact.${fact.kind}`)));
  item.append(element("strong", "word", fact.word), element("span", "note", fact.note));
  return item;
}

function resources(row, text) {
  const list = element("ul", "resources");
  const { sockets, batteries } = row;
  const add = (name, label, amount, some) => {
    const item = list.appendChild(element("li", some ? "resource some" : "resource"));
    item.append(icon(name), element("span", "label", label), element("strong", "amount", amount));
  };
  if (sockets) add("plug", text.say("sockets.free"), text.say("sockets.ratio", sockets), sockets.free > 0);
  if (batteries) {
    const amount = text.say("batteries.count", { count: batteries.charged });
    add("battery", text.say("batteries.charged"), amount, batteries.charged > 0);
  }
  return list;
}

// Stations on one spot, which no zoom takes apart: each by its name and its word.
export function choice(rows, text, hrefOf, nowMs) {
  const list = element("ul", "spot");
  for (const row of rows) {
    const fact = text.facts(row, nowMs).find((each) => each.kind === foremost(row));
    const link = list.appendChild(element("li")).appendChild(element("a"));
    link.href = hrefOf(row.id);
    link.append(element("bdi", "", nameOf(row, text)), element("small", "", fact.word));
    link.classList.toggle("old", OLD.includes(row.freshness));
  }
  return list;
}
