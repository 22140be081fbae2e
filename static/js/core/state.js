// The reducer of one account's stream: (state, message) → state. No network, no document.
// Sections that did not change keep their identity, so a panel redraws only when its section is another object.

export const TRIMMED = 50;
const NEWEST_FIRST = new Set(["orders", "fills", "decisions", "notifications"]);
const EQUITY_KEPT = 6000;

const keyOf = (row) => String(row.key ?? row.id);

function rowsPut(section, rows, put) {
  const next = [...rows];
  for (const row of put) {
    const at = next.findIndex((other) => keyOf(other) === keyOf(row));
    if (at >= 0) next[at] = { ...next[at], ...row };
    else if (NEWEST_FIRST.has(section)) next.unshift(row);
    else next.push(row);
  }
  if (section === "positions") next.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
  return NEWEST_FIRST.has(section) ? next.slice(0, TRIMMED) : next;
}

function equityPut(points, put) {
  const next = [...points];
  for (const point of put) {
    if (next.length && next[next.length - 1][0] === point[0]) next[next.length - 1] = point;
    else next.push(point);
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
    else next[section] = { ...next[section], ...value };
  }
  for (const [section, keys] of Object.entries(message.drop ?? {})) {
    const gone = new Set(keys.map(String));
    next[section] = (next[section] ?? []).filter((row) => !gone.has(keyOf(row)));
  }
  return next;
}
