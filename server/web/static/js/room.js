// Words on a map never lie on a pin or on one another: they are moved beside, or not shown.

const AIR = 2;

// Where the letters of an element are, however wide it is itself.
export function extent(element) {
  const letters = document.createRange();
  letters.selectNodeContents(element);
  return letters.getBoundingClientRect();
}

function moved(box, [right, down]) {
  return { left: box.left + right, right: box.right + right, top: box.top + down, bottom: box.bottom + down };
}

function apart(one, other) {
  return (
    one.right + AIR <= other.left || other.right + AIR <= one.left ||
    one.bottom + AIR <= other.top || other.bottom + AIR <= one.top
  );
}

// words: elements, those that matter most first. steps(box): [right, down] in pixels, the best first.
// taken: boxes that no word may lie on.
export function makeRoom(words, steps, taken) {
  for (const word of words) word.style.transform = "";
  // All is read before anything is written: the browser lays the page out once.
  const boxes = words.map(extent);
  const used = [...taken];
  words.forEach((word, index) => {
    const box = boxes[index];
    const step = steps(box).find((each) => used.every((other) => apart(moved(box, each), other)));
    word.style.visibility = step ? "" : "hidden";
    if (!step) return;
    word.style.transform = `translate(${step[0]}px, ${step[1]}px)`;
    used.push(moved(box, step));
  });
}
