// Open positions; each row opens into its sleeves and protection.

import { api, symbolPath } from "../core/api.js";
import { h, one, setText } from "../core/dom.js";
import { money, price, quantity, signedMoney, signedPercent, toneOf } from "../core/format.js";
import { confirm } from "../ui/dialog.js";
import { Table, disclose, emptyState } from "../ui/table.js";
import { act, toast } from "../ui/toast.js";

const delta = (value) => (toneOf(value) ? `delta ${toneOf(value)}` : "");

function protectionText({ protection }) {
  if (!protection || (!protection.stop && !protection.target)) return "none";
  return [protection.stop && `stop ${price(protection.stop)}`, protection.target && `target ${price(protection.target)}`].filter(Boolean).join(", ");
}

export function positionsPanel(page) {
  const table = new Table(one("#positions"), {
    caption: "Open positions",
    steady: true,
    empty: emptyState("line", page.canWrite ? "No positions yet. Strategies open them once they run; New order opens one by hand." : "No positions yet."),
    columns: [
      {
        label: "Symbol",
        ch: 13,
        head: true,
        node: (row, toggle) =>
          h(
            "span",
            { class: "row" },
            disclose(`Sleeves of ${row().symbol}`, toggle),
            h("a", { href: `/accounts/${page.account}/symbols/${symbolPath(row().symbol)}/` }, row().symbol),
          ),
      },
      { label: "Quantity", ch: 10, right: true, flash: true, text: (row) => quantity(row.quantity) },
      { label: "Avg price", ch: 10, right: true, phone: false, text: (row) => price(row.average_price) },
      { label: "Price", ch: 10, right: true, phone: false, flash: true, text: (row) => price(row.price) },
      { label: "Value", ch: 13, right: true, text: (row) => money(row.value, page.currency) },
      { label: "P&L", ch: 13, right: true, flash: true, text: (row) => signedMoney(row.pnl, page.currency), tone: (row) => delta(row.pnl) },
      { label: "P&L %", ch: 10, right: true, phone: false, text: (row) => signedPercent(row.pnl_pct), tone: (row) => toneOf(row.pnl_pct) },
      { label: "Protection", ch: 25, phone: false, class: "quiet", text: protectionText },
      ...(page.canWrite ? [{ label: "Actions", ch: 11, hidden: true, right: true, phone: false, node: (row) => closeButton(page, row) }] : []),
    ],
    detail: (row) => [detailRow(page, row)],
  });
  return (state, before) => {
    if (state.positions === before.positions) return;
    table.update(state.positions ?? []);
    setText(one("#positions-count"), String(state.positions?.length ?? 0));
  };
}

function detailRow(page, row) {
  const sleeve = (part) =>
    h(
      "div",
      {},
      h("span", { class: "strong" }, part.deployment === null ? "By hand" : part.name),
      h("span", {}, `${quantity(part.quantity)} at ${price(part.average_price)}`),
      h("span", { class: delta(part.pnl) }, signedMoney(part.pnl, page.currency)),
    );
  return h(
    "tr",
    { class: "sub" },
    h(
      "td",
      { colspan: 9 },
      h(
        "div",
        { class: "sleeves" },
        (row.sleeves ?? []).map(sleeve),
        h("div", {}, h("span", {}, `Protection: ${protectionText(row)}`), h("span", {}, `Price ${price(row.price)}, average ${price(row.average_price)}`)),
        page.canWrite ? h("div", {}, closeButton(page, () => row)) : null,
      ),
    ),
  );
}

function closeButton(page, row) {
  const button = h("button", { class: "btn btn-quiet btn-small", type: "button", "aria-label": `Close position ${row().symbol}` }, "Close");
  button.addEventListener("click", () => closePosition(page, row(), button));
  return button;
}

export async function closePosition(page, row, button) {
  const sure = await confirm({
    title: `Close the position in ${row.symbol}?`,
    will: [
      `cancel the stop and target of ${row.symbol}`,
      `send a market order for ${quantity(row.quantity)} ${row.symbol}, one for each sleeve; it fills at the next open`,
    ],
    wont: ["stop the strategies: one may open the position again when its target changes"],
    action: `Close ${row.symbol}`,
  });
  if (!sure) return;
  await act(button, async () => {
    await api.post(`/api/accounts/${page.account}/close-position`, { symbol: row.symbol });
    toast(`Closing ${row.symbol}: the order is sent.`);
  });
}
