// Places as a map shows them. Chinese tiles are shifted by GCJ-02; the same numbers as in server/geo.py, where
// they are explained. Nothing else may be done with a shifted place but to draw it.

const A = 6_378_245;
const EE = 0.006693421622965943;

// [latitude, longitude] in WGS-84 degrees, as tiles of that datum ("wgs84" or "gcj02") show it.
export function shown(lat, lon, datum) {
  return datum === "gcj02" && inChina(lat, lon) ? toGcj02(lat, lon) : [lat, lon];
}

function inChina(lat, lon) {
  return lat >= 0.8293 && lat <= 55.8271 && lon >= 72.004 && lon <= 137.8347;
}

function toGcj02(lat, lon) {
  const [north, east] = shift(lon - 105, lat - 35);
  const rad = (lat / 180) * Math.PI;
  const magic = 1 - EE * Math.sin(rad) ** 2;
  const root = Math.sqrt(magic);
  return [
    lat + (north * 180) / (((A * (1 - EE)) / (magic * root)) * Math.PI),
    lon + (east * 180) / ((A / root) * Math.cos(rad) * Math.PI),
  ];
}

// Metres to the north and to the east.
function shift(x, y) {
  const wave = (length) => Math.sin(length * Math.PI);
  const both = 20 * wave(6 * x) + 20 * wave(2 * x);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
  north += ((both + 20 * wave(y) + 40 * wave(y / 3)) * 2) / 3;
  north += ((160 * wave(y / 12) + 320 * wave(y / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
  east += ((both + 20 * wave(x) + 40 * wave(x / 3)) * 2) / 3;
  east += ((150 * wave(x / 12) + 300 * wave(x / 30)) * 2) / 3;
  return [north, east];
}
