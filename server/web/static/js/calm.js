// When the list may change its order by itself. A card that moves under a finger is the wrong card tapped, so it may
// only while nobody is at it: at the top (a phone in its holder shows the best station without being touched) and ten
// seconds after the last touch, and not more often than that. Otherwise a button offers the new order. Words on the
// cards are always the newest: only places in the list wait.

const QUIET_MS = 10_000;
const TOP_PX = 60;
const SETTLED_MS = 400;

export class Calm {
  // button: offers the new order; list: takes no taps for the moment after it moved by itself.
  constructor(button, list, sort) {
    this.button = button;
    this.list = list;
    this.touchedMs = -Infinity;
    this.movedMs = -Infinity;
    const touched = () => (this.touchedMs = performance.now());
    for (const name of ["pointerdown", "touchmove", "keydown", "scroll"]) {
      window.addEventListener(name, touched, { passive: true });
    }
    button.addEventListener("click", () => {
      sort();
      window.scrollTo(0, 0);
    });
  }

  allows() {
    const since = performance.now() - Math.max(this.touchedMs, this.movedMs);
    const reading = this.list.contains(document.activeElement);
    return document.visibilityState === "hidden" || (since > QUIET_MS && window.scrollY < TOP_PX && !reading);
  }

  offer(another) {
    this.button.hidden = !another;
  }

  moved(byItself) {
    this.button.hidden = true;
    if (!byItself) return;
    this.movedMs = performance.now();
    this.list.classList.add("settling");
    setTimeout(() => this.list.classList.remove("settling"), SETTLED_MS);
  }
}
