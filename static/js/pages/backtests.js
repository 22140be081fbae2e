// Backtests: ask for one, see one's own runs.

import { api } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { day, percent, ratio, signedPercent, toneOf, wallTime } from "../core/format.js";
import { badge, writeBadge } from "../ui/badges.js";
import { checkAll, field, formError, showRefusal, symbolsOf, valueOf } from "../ui/form.js";
import { StrategyPicker, strategiesGet } from "../ui/strategy.js";
import { Table, emptyState } from "../ui/table.js";
import { act, toastError } from "../ui/toast.js";

const REFRESH_MS = 1500;
const titles = new Map();

const table = new Table(one("#runs"), {
  caption: "Your backtests, newest first",
  key: (row) => row.id,
  empty: emptyState("flask", "No backtests yet. Choose a strategy, symbols and dates, then press Run."),
  columns: [
    { label: "Run", head: true, node: (row) => h("a", { href: `/backtests/${row().id}/` }, titles.get(row().request?.strategy) ?? `Run ${row().id}`) },
    { label: "Symbols", phone: false, class: "quiet", text: (row) => symbolsText(row.request?.symbols) },
    { label: "Sessions", phone: false, class: "quiet", text: (row) => `${day(row.request?.start_date)} to ${day(row.request?.end_date)}` },
    { label: "Return", right: true, text: (row) => signedPercent(row.summary?.total_return), tone: (row) => (toneOf(row.summary?.total_return) ? `delta ${toneOf(row.summary?.total_return)}` : "") },
    { label: "Drawdown", right: true, phone: false, text: (row) => percent(row.summary?.max_drawdown) },
    { label: "Sharpe", right: true, phone: false, text: (row) => ratio(row.summary?.sharpe_ratio) },
    { label: "State", node: (row) => badge(row().state), refresh: (cell, row) => writeBadge(cell.firstChild, row.state) },
    { label: "Asked at (your clock)", phone: false, class: "quiet", text: (row) => wallTime(row.created_at) },
  ],
});

function symbolsText(symbols = []) {
  return symbols.length > 5 ? `${symbols.slice(0, 5).join(", ")} and ${symbols.length - 5} more` : symbols.join(", ");
}

let timer = null;

async function refresh() {
  clearTimeout(timer);
  const answer = await api.get("/api/backtests");
  table.update(answer.results);
  if (answer.results.some((row) => row.state === "running" || row.state === "pending")) timer = setTimeout(() => refresh().catch(toastError), REFRESH_MS);
}

const share = (name, label, value, hint) => field({ name, label, value, hint, type: "number", unit: "%", min: 0, max: 1000 });

async function bind(strategies) {
  const form = one("#backtest-form");
  const problem = one("#backtest-error");
  const today = form.dataset.marketDay;
  const picker = new StrategyPicker(strategies);
  const fields = {
    symbols: field({ name: "symbols", label: "Symbols", value: form.dataset.symbols, required: true, hint: "Separated by commas.", wide: true }),
    start_date: field({ name: "start_date", label: "From", type: "date", value: form.dataset.start, required: true }),
    end_date: field({ name: "end_date", label: "To", type: "date", value: form.dataset.end || today, required: true }),
    initial_capital: field({ name: "initial_capital", label: "Capital", type: "number", unit: "USD", value: "100000", min: 1, required: true }),
    position_size: share("position_size", "Position size", "5", "Of equity, for each entry."),
    stop_loss: share("stop_loss", "Stop loss", "2", "Empty for none."),
    take_profit: share("take_profit", "Take profit", "5", "Empty for none."),
  };
  const all = () => [...picker.fields(), ...Object.values(fields)];
  one("#backtest-fields").replaceChildren(picker.node, h("div", { class: "fields" }, Object.values(fields)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    formError(problem, "");
    if (!checkAll(all())) return;
    const part = (name) => (valueOf(fields[name]) === null ? null : Number((valueOf(fields[name]) / 100).toFixed(8)));
    const body = {
      strategy: picker.name(),
      parameters: picker.parameters(),
      symbols: symbolsOf(valueOf(fields.symbols)),
      start_date: valueOf(fields.start_date),
      end_date: valueOf(fields.end_date),
      initial_capital: valueOf(fields.initial_capital),
      position_size: part("position_size") ?? 0.05,
      stop_loss: part("stop_loss"),
      take_profit: part("take_profit"),
      wait: 0,
    };
    act(one("#backtest-run"), async () => {
      try {
        const answer = await api.post("/api/backtest", body);
        location.assign(`/backtests/${answer.run}/`);
      } catch (error) {
        if (!showRefusal(all(), error)) formError(problem, error.message);
      }
    });
  });
}

async function load() {
  const strategies = await strategiesGet();
  for (const strategy of strategies) titles.set(strategy.name, strategy.title ?? strategy.name);
  await Promise.all([bind(strategies), refresh()]);
}

load().catch((error) => toastError(error, "The page did not load"));
