// Circles as wide as a ride around stations. Those of one kind are one shape, with a line around all of it only: so
// many circles over one another would hide the map, and 2,080 cost no more than some milliseconds.

/* global L */

const DEGREE_M = 111_195; // Of latitude, as server/served/astray.py has it.
const ROOM = 0.1; // Of the map's size on each side, for those who drag it.
const WHOLE = 2 * Math.PI;

// groups: [{ places: [[lat, lon]], line, wide, dash, ground: 0 to 1 }], the lowest first.
export function circles(groups, metres) {
  return new (L.Layer.extend({
    onAdd(map) {
      if (!map.getPane("circles")) map.createPane("circles").style.zIndex = 340;
      this.canvas = L.DomUtil.create("canvas", "circles leaflet-zoom-hide", map.getPane("circles"));
      this.canvas.setAttribute("aria-hidden", "true");
      this.draw();
    },
    onRemove() {
      this.canvas.remove();
    },
    getEvents() {
      return { moveend: this.draw, resize: this.draw };
    },
    draw() {
      draw(this._map, this.canvas, groups, metres);
    },
  }))();
}

function draw(map, canvas, groups, metres) {
  const size = map.getSize();
  const corner = map.containerPointToLayerPoint(size.multiplyBy(-ROOM)).round();
  L.DomUtil.setPosition(canvas, corner);
  const area = size.multiplyBy(1 + 2 * ROOM).ceil();
  fit(canvas, area);
  const spare = fit(document.createElement("canvas"), area);
  const drawn = groups.map((group) => {
    const rounds = group.places.map((place) => round(map, place, metres, corner)).filter((each) => seen(each, area));
    if (rounds.length) paint(canvas, spare, rounds, group);
    return rounds.length;
  });
  canvas.dataset.drawn = drawn.join(" ");
}

// In points of the page, not of the screen: a phone's finer ones cost four times as much and show no more.
function fit(canvas, { x, y }) {
  return Object.assign(canvas, { width: x, height: y });
}

function round(map, [lat, lon], metres, corner) {
  const { x, y } = map.latLngToLayerPoint([lat, lon]);
  const top = map.latLngToLayerPoint([lat + metres / DEGREE_M, lon]);
  return { x: x - corner.x, y: y - corner.y, radius: y - top.y };
}

function seen({ x, y, radius }, area) {
  return x + radius > 0 && y + radius > 0 && x - radius < area.x && y - radius < area.y;
}

function paint(canvas, spare, rounds, { line, wide, dash, ground }) {
  const pen = spare.getContext("2d");
  if (ground) {
    trace(pen, rounds, { fillStyle: line }).fill();
    lay(canvas, spare, ground);
  }
  // The half of each line that is inside of another circle, or of its own, goes.
  trace(pen, rounds, { strokeStyle: line, lineWidth: 2 * wide }).setLineDash(dash);
  pen.stroke();
  trace(pen, rounds, { globalCompositeOperation: "destination-out" }).fill();
  pen.globalCompositeOperation = "source-over";
  lay(canvas, spare, 1);
}

function trace(pen, rounds, look) {
  Object.assign(pen, look).beginPath();
  for (const { x, y, radius } of rounds) {
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, WHOLE);
  }
  return pen;
}

// What is on the spare one, onto the other; then there is room for the next.
function lay(canvas, spare, alpha) {
  const pen = canvas.getContext("2d");
  pen.globalAlpha = alpha;
  pen.drawImage(spare, 0, 0);
  spare.getContext("2d").clearRect(0, 0, spare.width, spare.height);
}
