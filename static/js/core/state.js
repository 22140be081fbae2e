// The reducer of one account's stream: (state, message) → state. No network, no document.
// Sections that did not change keep their identity, so a panel redraws only when its section is another object.
// The order of a list comes from its rows alone: whatever order an event brings them in, the result is the same.

const newest = (value) => (a, b) => value(b) - value(a);

const ORDER = {
  orders: newest((row) => row.sequence),
  fills: newest((row) => Number(row.key)),
  decisions: newest((row) => Number(row.key)),
  notifications: newest((row) => Number(row.key)),
  positions: (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
};
const KEPT = { orders: 50, fills: 50, decisions: 50, notifications: 20 };
const EQUITY_KEPT = 6000;

function rowsPut(section, rows, put) {
  const known = new Map(rows.map((row) => [row.key, row]));
  for (const row of put) known.set(row.key, row);
  const next = [...known.values()];
  if (ORDER[section]) next.sort(ORDER[section]);
  return next.slice(0, KEPT[section] ?? next.length);
}

/** Points in order of time; one of a known time replaces it. */
function equityPut(points, put) {
  const next = [...points];
  for (const point of put) {
    const at = next.findLastIndex(([time]) => time <= point[0]);
    if (at >= 0 && next[at][0] === point[0]) next[at] = point;
    else next.splice(at + 1, 0, point);
  }
  return next.length > EQUITY_KEPT ? next.slice(next.length - EQUITY_KEPT) : next;
}

export function reduce(state, message) {
  if (message.type === "snapshot") return message.state;
  if (message.type !== "event") return state;
  const next = { ...state };
  for (const [section, value] of Object.entries(message.put ?? {})) {
    if (section === "equity") next.equity = equityPut(next.equity ?? [], value);
    else if (Array.isArray(value)) next[section] = rowsPut(section, next[section] ?? [], value);
    else if (value) next[section] = { ...next[section], ...value };
  }
  for (const [section, keys] of Object.entries(message.drop ?? {})) {
    const gone = new Set(keys.map(String));
    next[section] = (next[section] ?? []).filter((row) => !gone.has(String(row.key)));
  }
  return next;
}
