// All stations of the network as the phone knows them, by id: rows as of /api/v1/stations.

const KEPT = [
  "network", "name", "region", "aliases", "lat", "lon", "places", "area_m2", "area_qualifier", "hours", "host_kind",
  "amenities", "codes", "instrumented", "forecast",
];
const FACTS = ["access", "crowding", "comfort", "sockets", "batteries"];

export class Stations {
  constructor() {
    this.rows = new Map();
  }

  all() {
    return this.rows.values();
  }

  get(id) {
    return this.rows.get(id);
  }

  // The whole list, which also says which stations there are.
  replace(rows) {
    this.rows = new Map(rows.map((row) => [row.id, row]));
  }

  // The changing part of some stations; what stands in the registry stays. Returns the whole rows.
  merge(statuses) {
    return statuses.filter((status) => this.rows.has(status.id)).map((status) => {
      const old = this.rows.get(status.id);
      const row = Object.fromEntries(KEPT.filter((key) => key in old).map((key) => [key, old[key]]));
      this.rows.set(status.id, { ...row, ...status });
      return this.rows.get(status.id);
    });
  }

  // Newer times of unchanged facts, as the event `times` tells them.
  times(atMs, saidOf) {
    for (const [id, said] of Object.entries(saidOf)) {
      const row = this.rows.get(id);
      if (!row) continue;
      const ages = Array.isArray(said) ? said : Array(6).fill(said);
      const instant = (seconds) => new Date(atMs - seconds * 1000).toISOString();
      row.measured_at = instant(ages[0]);
      FACTS.forEach((name, index) => {
        if (row[name] && row[name].measured_at && ages[index + 1] !== null) row[name].measured_at = instant(ages[index + 1]);
      });
    }
  }

  // Facts grow old by themselves, also where nobody tells.
  age(nowMs, freshS, offlineS) {
    for (const row of this.rows.values()) {
      if (!row.measured_at || row.freshness === "none") continue;
      const seconds = (nowMs - Date.parse(row.measured_at)) / 1000;
      if (seconds > offlineS) row.freshness = "offline";
      else if (seconds > freshS && row.freshness === "fresh") row.freshness = "stale";
    }
  }
}
