// The dashboard of one account: a stream of states, and a panel for each part of it.

import { AccountStream } from "../core/stream.js";
import { one, setText, throttle } from "../core/dom.js";
import { wallTime } from "../core/format.js";
import { activityPanel } from "../dashboard/activity.js";
import { controlPanel } from "../dashboard/control.js";
import { decisionsPanel, notificationsPanel } from "../dashboard/feeds.js";
import { deploymentsPanel } from "../dashboard/deployments.js";
import { equityPanel } from "../dashboard/equity.js";
import { positionsPanel } from "../dashboard/positions.js";
import { riskPanel } from "../dashboard/risk.js";
import { ticketPanel } from "../dashboard/ticket.js";
import { tilesPanel } from "../dashboard/tiles.js";

const REDRAW_MS = 120;

const data = one("[data-account]").dataset;
const page = {
  account: data.account,
  currency: data.currency,
  canWrite: data.canWrite === "true",
  canOperate: data.canOperate === "true",
  state: null,
};

const panels = [
  controlPanel,
  tilesPanel,
  equityPanel,
  positionsPanel,
  activityPanel,
  riskPanel,
  decisionsPanel,
  deploymentsPanel,
  notificationsPanel,
  ticketPanel,
].map((panel) => panel(page));

let drawn = {};
let latest = null;

const redraw = throttle(() => {
  page.state = latest;
  for (const panel of panels) panel?.(latest, drawn);
  drawn = latest;
}, REDRAW_MS);

const banner = one("#connection-lost");
const badge = one("#connection");
const NAMES = { live: "live", lost: "reconnecting", closed: "not connected", connecting: "connecting" };
const TONES = { live: "good", lost: "warn", closed: "bad" };
let lostTimer = null;

function showStatus(status) {
  setText(badge, NAMES[status.name]);
  badge.dataset.tone = TONES[status.name] ?? "";
  clearTimeout(lostTimer);
  if (status.name === "live") {
    banner.hidden = true;
    return;
  }
  // a blink of a second is shown by the badge alone
  const wait = banner.hidden && status.name === "lost" ? 1000 : 0;
  lostTimer = setTimeout(() => {
    banner.hidden = false;
    one("#connection-retry").textContent = status.name === "closed" ? "Sign in" : "Try now";
    setText(one("#connection-text"), lostText(status));
  }, wait);
}

function lostText(status) {
  if (status.name === "closed") return "The server closed this connection. Sign in again to go on.";
  const shown = status.since ? `showing data of ${wallTime(status.since)}, your clock` : "no data yet";
  return `Connection lost, ${shown}. Trying again by itself.`;
}

const stream = new AccountStream(page.account, {
  onState(state) {
    latest = state;
    redraw();
  },
  onStatus: showStatus,
});

one("#connection-retry").addEventListener("click", () => {
  if (stream.status === "closed") location.reload();
  else stream.retry();
});
