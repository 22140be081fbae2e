// One backtest: progress while it runs, then figures, equity, trades, and what it assumed.

import { api } from "../core/api.js";
import { EquityChart } from "../core/chart.js";
import { h, one, setText } from "../core/dom.js";
import { capital, count, day, money, percent, price, quantity, ratio, signedMoney, signedPercent, toneOf, wallTime, words } from "../core/format.js";
import { sideNode, writeBadge } from "../ui/badges.js";
import { confirm } from "../ui/dialog.js";
import { strategyTitles } from "../ui/strategy.js";
import { Table, emptyState, staticTable } from "../ui/table.js";
import { act, toast, toastError } from "../ui/toast.js";

const { backtest } = one("[data-backtest]").dataset;
const REFRESH_MS = 700;
const CURRENCY = "USD";
const FINAL = new Set(["succeeded", "failed", "stopped"]);
let chart = null;
let curve = [];

const deltaClass = (value) => (toneOf(value) ? `delta ${toneOf(value)}` : "");

function tile(name, value, note = "", tone = "") {
  return h("div", { class: "tile" }, h("dt", {}, name), h("dd", { class: `tile-value ${tone}` }, value), h("dd", { class: "tile-note" }, note));
}

function drawRun(run) {
  const asked = run.request ?? {};
  setText(one("#title"), `${titles.get(asked.strategy) ?? asked.strategy ?? "Backtest"}, ${(asked.symbols ?? []).join(", ")}`);
  setText(one("#period"), `${day(asked.start_date)} to ${day(asked.end_date)}`);
  writeBadge(one("#state"), run.state);
  one("#stop").hidden = FINAL.has(run.state);
  const going = one("#going");
  going.hidden = FINAL.has(run.state);
  one("progress", going).value = run.progress ?? 0;
  setText(one("#going-text"), run.state === "pending" ? "Waiting for a free worker." : `${percent(run.progress, 0)} done${run.message ? `, ${run.message}` : ""}.`);
  const failed = one("#failed");
  failed.hidden = !["failed", "stopped"].includes(run.state);
  setText(one("span", failed), run.error || "The backtest was stopped before its end. Run it again from the list.");
}

function drawResult(result) {
  one("#result").hidden = false;
  one("#figures").replaceChildren(
    tile("Total return", signedPercent(result.total_return), `${money(result.initial_capital, CURRENCY, 0)} at the start`, deltaClass(result.total_return)),
    tile("Final value", money(result.final_value, CURRENCY), `${signedMoney(result.final_value - result.initial_capital, CURRENCY)}`),
    tile("Sharpe ratio", ratio(result.sharpe_ratio), result.sharpe_ratio === null ? "needs 60 sessions" : "annualised"),
    tile("Max drawdown", percent(result.max_drawdown), "from the highest value"),
    tile("Trades", count(result.num_trades), `${count(result.round_trips)} round trips`),
    tile("Win rate", percent(result.win_rate, 1), "of round trips, after fees"),
  );
  curve = result.equity_curve ?? [];
  chart ??= new EquityChart(one("#equity-chart"), { onPoint: drawHead });
  chart.set(curve.map((point) => [`${point.session_on}T00:00:00Z`, point.equity]));
  drawHead(null);
  drawTrades(result.trade_history ?? []);
  drawAssumed(result);
}

function drawHead(point) {
  const at = point ? new Date(point.time * 1000).toISOString().slice(0, 10) : null;
  const row = curve.find((one) => one.session_on === at) ?? curve[curve.length - 1];
  if (!row) return;
  one("#equity-head").replaceChildren(h("b", {}, day(row.session_on, true)), h("span", {}, "Equity ", h("b", {}, money(row.equity, CURRENCY))), h("span", {}, "Drawdown ", h("b", {}, percent(row.drawdown))));
}

function drawTrades(trades) {
  const table = new Table(one("#trades"), {
    caption: "Trades",
    key: (row) => row.trade_id,
    empty: emptyState("list", "The strategy did not trade in this period. Try a longer one, or other parameters."),
    columns: [
      { label: "Session", text: (row) => `${day(row.timestamp)}${row.phase ? `, ${words(row.phase)}` : ""}` },
      { label: "Symbol", head: true, text: (row) => row.symbol },
      { label: "Side", node: (row) => sideNode(row().action) },
      { label: "Quantity", right: true, text: (row) => quantity(row.quantity) },
      { label: "Price", right: true, text: (row) => price(row.price) },
      { label: "Fee", right: true, phone: false, text: (row) => price(row.fee) },
      { label: "P&L", right: true, phone: false, text: (row) => (row.pnl === null ? "—" : signedMoney(row.pnl, CURRENCY)), tone: (row) => deltaClass(row.pnl) },
      { label: "Role", phone: false, class: "quiet", text: (row) => row.role },
    ],
  });
  table.update(trades);
  setText(one("#trades-count"), String(trades.length));
}

function plain(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

const SHARES = /_pct$|^(position_size|stop_loss|take_profit|volume_cap)$/;

/** A setting's name and value as people read them: shares in percent, the unit behind a comma. */
function assumed(name, value) {
  const label = capital(words(name)).replace(/ pct$/, "").replace(/ bps$/, ", bps");
  if (SHARES.test(name) && value !== null && Number.isFinite(Number(value))) return [label, `${Number((Number(value) * 100).toFixed(6))} %`];
  return [label, typeof value === "object" && value !== null ? JSON.stringify(value).replaceAll(/["{}[\]]/g, "").replaceAll(",", ", ").replaceAll(":", " ") : plain(value)];
}

function drawAssumed(result) {
  const settings = Object.entries(result.settings ?? {}).map(([name, value]) => assumed(name, value));
  one("#assumed").replaceChildren(
    ...[...(result.messages ?? [])].map((text) => h("p", {}, text)),
    h("dl", { class: "facts" }, settings.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ...((result.rules_not_simulated ?? []).length ? [h("p", { class: "note" }, `Rules not simulated: ${result.rules_not_simulated.join(", ").replaceAll("_", " ").toLowerCase()}.`)] : []),
  );
}

const button = one("#equity-table-switch");
button.addEventListener("click", () => {
  const isTable = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isTable));
  button.lastChild.textContent = isTable ? "Chart" : "Table";
  one("#equity-chart").hidden = isTable;
  const table = one("#equity-table");
  table.hidden = !isTable;
  if (!isTable) return;
  table.replaceChildren(
    staticTable(
      "Equity at each close, newest first",
      [
        { label: "Session", text: (row) => day(row.session_on) },
        { label: "Equity", right: true, text: (row) => money(row.equity, CURRENCY) },
        { label: "Drawdown", right: true, text: (row) => percent(row.drawdown) },
      ],
      [...curve].reverse().slice(0, 500),
    ),
  );
});

let titles = new Map();
let job = null;
one("#stop").addEventListener("click", async () => {
  const sure = await confirm({ title: "Stop this backtest?", will: ["end the run; it shows no result"], wont: ["touch an account"], action: "Stop" });
  if (sure) act(one("#stop"), async () => {
    await api.post(`/api/jobs/${job}/stop`);
    toast("The run ends at its next step.");
  });
});

async function load() {
  const run = await api.get(`/api/backtests/${backtest}`);
  job = run.job;
  drawRun(run);
  if (run.result) drawResult(run.result);
  if (!FINAL.has(run.state)) setTimeout(() => load().catch(toastError), REFRESH_MS);
  setText(one("#asked-at"), `asked for ${wallTime(run.created_at)}, your clock`);
}

strategyTitles()
  .then((found) => {
    titles = found;
    return load();
  })
  .catch((error) => toastError(error, "The backtest did not load"));
