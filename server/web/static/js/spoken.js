// A station as one sentence, for those who listen to the page: the same as server/web/spoken.py says.

const SILENT = ["offline", "none"];

// said: { way, when, amenities, notes }, each as it stands on the card.
export function spoken(text, row, said) {
  const silent = SILENT.includes(row.freshness);
  const parts = [text.say(`access.${row.access.value}`)];
  if (said.way) parts.push(said.way);
  parts.push(...measured(text, row));
  if (row.freshness !== "fresh") parts.push(text.say(`freshness.${row.freshness}`));
  if (said.when) parts.push(said.when);
  if (silent && said.amenities.length) parts.push(said.amenities.join(text.say("list.separator")));
  return [...parts, ...said.notes].join(text.say("sentence.separator"));
}

function measured(text, row) {
  const parts = [];
  const { crowding, comfort, sockets, batteries } = row;
  if (crowding.value !== "unknown") parts.push(text.say(`crowding.${crowding.value}`).toLowerCase());
  if (text.looks.comfort[comfort.value][0] === "bad") parts.push(text.say(`comfort.${comfort.value}`).toLowerCase());
  if (comfort.temperature_c !== undefined) {
    parts.push(text.say("said.degrees", { value: text.halfDegrees(comfort.temperature_c) }));
  }
  if (sockets) parts.push(text.say("said.sockets", { count: sockets.free }));
  if (batteries) parts.push(text.say("said.batteries", { count: batteries.charged }));
  return parts;
}
