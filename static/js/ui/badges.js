// States and verdicts as badges, one tone for each meaning.

import { h } from "../core/dom.js";
import { words } from "../core/format.js";

const TONES = {
  FILLED: "good", PARTIALLY_FILLED: "info", WORKING: "info", APPROVED: "info", SUBMITTING: "info", HELD: "",
  CANCEL_PENDING: "warn", CANCELLED: "", EXPIRED: "", VOIDED: "", DENIED: "bad", REJECTED: "bad", UNKNOWN: "warn", SKIPPED: "warn",
  ALLOW: "good", CUT: "warn", DENY: "bad", TOO_SMALL: "warn", STOPPED: "warn",
  ACTIVE: "good", REDUCING: "warn", HALTED: "bad",
  running: "good", stopped: "", paused: "warn", failed: "bad",
  pending: "", succeeded: "good", stopping: "warn",
  info: "info", warning: "warn", critical: "bad",
};

const NAMES = { ALLOW: "allowed", DENY: "denied", CUT: "cut", TOO_SMALL: "too small", STOPPED: "stopped" };

export const stateName = (state) => NAMES[state] ?? words(state);

export function badge(state) {
  const node = h("span", { class: "badge" });
  writeBadge(node, state);
  return node;
}

export function writeBadge(node, state) {
  if (node.dataset.state === state) return;
  node.dataset.state = state;
  node.dataset.tone = TONES[state] ?? "";
  node.textContent = stateName(state);
}

export function sideNode(side) {
  return h("span", { class: `side ${side === "BUY" ? "gain" : "loss"}` }, side);
}
