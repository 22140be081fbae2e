// The equity curve with its figures, and the table behind it.

import { EquityChart } from "../core/chart.js";
import { h, one } from "../core/dom.js";
import { marketTime, money, percent, ratio, signedPercent } from "../core/format.js";
import { staticTable } from "../ui/table.js";

const TABLE_ROWS = 250;

export function equityPanel(page) {
  const chart = new EquityChart(one("#equity-chart"), { onPoint: (point) => drawHead(page, point) });
  const button = one("#equity-table-switch");
  const table = one("#equity-table");
  button.addEventListener("click", () => {
    const isTable = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isTable));
    button.lastChild.textContent = isTable ? "Chart" : "Table";
    one("#equity-chart").hidden = isTable;
    table.hidden = !isTable;
    if (isTable) drawTable(page, table);
  });
  return (state, before) => {
    if (state.equity !== before.equity) {
      chart.set(state.equity ?? []);
      if (!table.hidden) drawTable(page, table);
    }
    if (state.equity !== before.equity || state.performance !== before.performance) drawHead(page, null);
  };
}

const entry = (name, value, className = "") => h("span", {}, `${name} `, h("b", { class: className }, value));

function drawHead(page, point) {
  const { performance = {}, equity = [], overview } = page.state ?? {};
  const head = one("#equity-head");
  if (point?.value !== undefined) {
    head.replaceChildren(entry(marketTime(point.time * 1000), money(point.value, page.currency)));
    return;
  }
  if (!overview) return;
  if (equity.length < 2) {
    head.replaceChildren("The curve begins with the first bars after the start.");
    return;
  }
  head.replaceChildren(
    entry("Last day", signedPercent(performance.daily_return)),
    entry("Max drawdown", percent(performance.max_drawdown)),
    entry("Sharpe", ratio(performance.sharpe_ratio)),
    entry("Win rate", percent(performance.win_rate, 0)),
  );
}

function drawTable(page, holder) {
  const rows = [...(page.state.equity ?? [])].reverse().slice(0, TABLE_ROWS);
  holder.replaceChildren(
    staticTable(
      "Equity, newest first",
      [
        { label: "Market time", text: ([at]) => marketTime(at) },
        { label: "Equity", right: true, text: ([, value]) => money(value, page.currency) },
      ],
      rows,
    ),
  );
}
