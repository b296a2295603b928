// Fetches what the map consists of, all at once, when its tab is first opened: most riders never need it.

const STYLES = ["../vendor/leaflet/leaflet.css", "../css/map.css"];
const opened = new WeakMap();

// source: { rows() -> the rows of /api/v1/stations, place() -> { lat, lon } or null, setup, link(id) -> address }.
// The same container has one map, however often and quickly it is asked for. Throws when a part did not come.
export function open(container, source) {
  if (!opened.has(container)) opened.set(container, start(container, source));
  return opened.get(container);
}

async function start(container, source) {
  container.textContent = source.setup.strings["map.loading"];
  try {
    const [{ StationMap }] = await Promise.all([
      import("./station_map.js"),
      import("../vendor/leaflet/leaflet.js"),
      import("../vendor/supercluster/supercluster.js"),
      ...STYLES.map(style),
    ]);
    container.textContent = "";
    return new StationMap(container, source);
  } catch (error) {
    opened.delete(container);
    throw error;
  }
}

function style(path) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(path, import.meta.url).href;
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(path));
    };
    document.head.append(link);
  });
}
