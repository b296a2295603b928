// Where the rider is. Known to this page alone: no request carries it, it is kept for the session only.
// Asked for on a tap, or without a word when the rider has already allowed it.

const KEY = "waystation.place";
const NEAR = { enableHighAccuracy: true, timeout: 12_000, maximumAge: 60_000 };
const ROUGH = { enableHighAccuracy: false, timeout: 8_000, maximumAge: 600_000 };
const REFUSED = 1;

export class Place {
  // told(tapped): the state or the place has changed, after a tap or by itself.
  // States: "unasked", "locating", "here", "refused", "unavailable", "insecure".
  constructor(told) {
    this.told = told;
    this.state = "unasked";
    this.asked = false; // Ever, on this page.
    this.tapped = false; // Just now.
    this.here = kept();
    if (this.here) this.state = "here";
  }

  // At the start of a page, and when the rider comes back to it.
  async renew() {
    if (!window.isSecureContext) return;
    if (!navigator.permissions) {
      // It does not tell what it allows; where it has just allowed it, it does not ask again.
      if (this.asked && this.here) await this.locate(true);
      return;
    }
    try {
      const permission = await navigator.permissions.query({ name: "geolocation" });
      if (permission.state === "granted") await this.locate(true);
      if (permission.state === "denied") this.lose("refused");
    } catch (error) {
      // A browser that does not tell is asked on a tap.
    }
  }

  // The rider's tap.
  async ask() {
    this.asked = true;
    this.tapped = true;
    if (!window.isSecureContext) this.lose("insecure");
    else if (!navigator.geolocation) this.lose("unavailable");
    else await this.locate(false);
    this.tapped = false;
  }

  async locate(quietly) {
    if (!quietly) this.turn("locating");
    try {
      this.found(await position(NEAR).catch((error) => (error.code === REFUSED ? Promise.reject(error) : position(ROUGH))));
    } catch (error) {
      if (error.code === REFUSED) this.lose("refused");
      else if (!quietly) this.lose("unavailable");
    }
  }

  found({ coords }) {
    this.here = { lat: coords.latitude, lon: coords.longitude };
    keep(this.here);
    this.turn("here");
  }

  lose(state) {
    this.here = null;
    keep(null);
    this.turn(state);
  }

  turn(state) {
    this.state = state;
    this.told(this.tapped);
  }
}

function position(options) {
  return new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject, options));
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch (error) {
    return null;
  }
}

function keep(place) {
  try {
    if (place) sessionStorage.setItem(KEY, JSON.stringify(place));
    else sessionStorage.removeItem(KEY);
  } catch (error) {
    // A browser that keeps nothing locates again on each page.
  }
}
