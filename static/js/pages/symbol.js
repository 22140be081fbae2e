// One symbol on one account: candles with signals and fills, the position, its orders, and the table behind the chart.

import { api, symbolPath } from "../core/api.js";
import { CandleChart } from "../core/chart.js";
import { h, one } from "../core/dom.js";
import { count, day, marketTime, money, price, quantity, signedMoney, signedPercent, toneOf } from "../core/format.js";
import { fillColumns, orderColumns } from "../dashboard/activity.js";
import { Table, emptyState, staticTable } from "../ui/table.js";
import { toastError } from "../ui/toast.js";

const { account, currency, symbol } = one("[data-account]").dataset;
const page = { account, currency };
const TARGET_WORDS = { 1: "long", 0: "flat", "-1": "short" };

const orders = new Table(one("#orders"), { caption: `Orders in ${symbol}`, columns: orderColumns(page), empty: emptyState("list", `No orders in ${symbol} on this account yet.`) });
const fills = new Table(one("#fills"), { caption: `Fills in ${symbol}`, columns: fillColumns(page), empty: emptyState("check", `No fills in ${symbol} yet. They appear as arrows on the chart.`) });
const head = one("#chart-head");
const chart = new CandleChart(one("#chart"), { onBar: (time) => drawHead(time) });
let bars = [];
let marksOf = new Map();

const dayOf = (at) => String(at).slice(0, 10);

function targetWord(target) {
  return TARGET_WORDS[Number(target)] ?? `${Number(target) * 100} %`;
}

function marks({ signals = [], fills: filled = [] }) {
  const known = new Set(bars.map((bar) => bar.day));
  const all = [
    ...signals.map((signal) => ({ time: dayOf(signal.time), kind: "signal", words: `${signal.deployment_name} turned ${targetWord(signal.target)}` })),
    ...filled.map((fill) => ({
      time: dayOf(fill.market_time),
      kind: fill.side === "BUY" ? "buy" : "sell",
      words: `${fill.side === "BUY" ? "bought" : "sold"} ${quantity(fill.quantity)} at ${price(fill.price)}${fill.role ? `, ${fill.role}` : ""}`,
    })),
  ];
  return all.filter((mark) => known.has(mark.time)).sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function drawHead(time) {
  const bar = bars.find((one) => one.day === time) ?? bars[bars.length - 1];
  if (!bar) return;
  const entry = (name, value) => h("span", {}, `${name} `, h("b", {}, value));
  const change = Number(bar.close) / Number(bar.open) - 1;
  head.replaceChildren(
    h("b", {}, day(bar.day, true)),
    entry("Open", price(bar.open)),
    entry("High", price(bar.high)),
    entry("Low", price(bar.low)),
    entry("Close", price(bar.close)),
    h("span", { class: toneOf(change) ? `delta ${toneOf(change)}` : "" }, signedPercent(change)),
    entry("Volume", count(bar.volume)),
    ...(marksOf.get(bar.day) ?? []).map((words) => h("span", {}, words)),
  );
}

function drawPosition(position) {
  const holder = one("#position");
  if (!position) {
    holder.replaceChildren(emptyState("line", `This account holds no ${symbol}.`));
    return;
  }
  const tile = (name, value, tone = "") => h("div", { class: "tile" }, h("dt", {}, name), h("dd", { class: `tile-value ${tone}` }, value));
  const tone = toneOf(position.pnl);
  holder.replaceChildren(
    h(
      "dl",
      { class: "tiles tiles-inset" },
      tile("Quantity", quantity(position.quantity)),
      tile("Average price", price(position.average_price)),
      tile("Price", price(position.price)),
      tile("Value", money(position.value, currency)),
      tile("P&L", signedMoney(position.pnl, currency), tone ? `delta ${tone}` : ""),
      tile("P&L %", signedPercent(position.pnl_pct), tone),
    ),
  );
}

function drawTable(data) {
  const rows = [...bars].reverse().slice(0, 250);
  one("#bars-table").replaceChildren(
    staticTable(
      `Bars of ${symbol}, newest first`,
      [
        { label: "Session", text: (bar) => day(bar.day) },
        ...["open", "high", "low", "close"].map((name) => ({ label: name[0].toUpperCase() + name.slice(1), right: true, text: (bar) => price(bar[name]) })),
        { label: "Volume", right: true, phone: false, text: (bar) => count(bar.volume) },
        { label: "Signals and fills", phone: false, text: (bar) => (marksOf.get(bar.day) ?? []).join("; ") },
      ],
      rows,
    ),
  );
  return data;
}

const button = one("#table-switch");
button.addEventListener("click", () => {
  const isTable = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isTable));
  button.lastChild.textContent = isTable ? "Chart" : "Table";
  one("#chart").hidden = isTable;
  one("#bars-table").hidden = !isTable;
});

async function load() {
  const data = await api.get(`/api/accounts/${account}/symbols/${symbolPath(symbol)}`);
  bars = data.bars.map((bar) => ({ ...bar, day: dayOf(bar.time) }));
  const all = marks(data);
  marksOf = new Map();
  for (const mark of all) marksOf.set(mark.time, [...(marksOf.get(mark.time) ?? []), mark.words]);
  chart.setBars(bars, matchMedia("(max-width: 720px)").matches ? 60 : 130);
  chart.setMarkers(all);
  one("#symbol-name").textContent = data.name ?? "";
  one("#no-bars").hidden = bars.length > 0;
  one("#chart").hidden = bars.length === 0;
  drawHead(null);
  drawTable(data);
  drawPosition(data.position);
  orders.update(data.orders ?? []);
  fills.update([...(data.fills ?? [])].sort((a, b) => (a.market_time < b.market_time ? 1 : -1)));
  one("#as-of").textContent = bars.length ? `up to ${marketTime(data.market_time ?? bars[bars.length - 1].time)} market time` : "";
}

load().catch((error) => toastError(error, `${symbol} did not load`));
