// Recent orders and fills, one at a time in the same place.

import { api, symbolPath } from "../core/api.js";
import { all, h, one } from "../core/dom.js";
import { price, quantity, signedMoney, toneOf, words } from "../core/format.js";
import { badge, sideNode, writeBadge } from "../ui/badges.js";
import { confirm, formDialog } from "../ui/dialog.js";
import { field } from "../ui/form.js";
import { Table, emptyState, shortDay, timeColumn } from "../ui/table.js";
import { act, toast } from "../ui/toast.js";

const OPEN = new Set(["HELD", "APPROVED", "SUBMITTING", "WORKING", "PARTIALLY_FILLED"]);
const TYPES = { MARKET: "market", LIMIT: "limit", STOP: "stop", STOP_LIMIT: "stop limit" };

export function priceText(order) {
  const type = TYPES[order.order_type] ?? order.order_type;
  const at = [order.stop_price && price(order.stop_price), order.limit_price && price(order.limit_price)].filter(Boolean).join(" / ");
  return at ? `${type} ${at}` : type;
}

/** Who sent it: a strategy in its role, or a person. */
function originText(row) {
  return row.role === "manual" ? "By hand" : [row.deployment_name, row.role].filter(Boolean).join(", ");
}

/** The symbol leads to its page; on a phone a history shows the day under it. */
function symbolColumn(page, dated) {
  const link = ({ symbol }) => h("a", { href: `/accounts/${page.account}/symbols/${symbolPath(symbol)}/` }, symbol);
  const node = (row) => h("span", {}, link(row()), dated ? h("span", { class: "only-narrow note num" }, shortDay(row().market_time)) : null);
  return { label: "Symbol", ch: 9, head: true, node };
}

export const isOpen = (order) => OPEN.has(order.state);

export function orderColumns(page, { dated = false } = {}) {
  return [
    timeColumn((row) => row.market_time),
    symbolColumn(page, dated),
    { label: "Side", ch: 7, node: (row) => sideNode(row().side) },
    { label: "Quantity", ch: 12, right: true, flash: true, text: (row) => (Number(row.filled) && row.filled !== row.quantity ? `${quantity(row.filled)} of ${quantity(row.quantity)}` : quantity(row.quantity)) },
    { label: "Order", ch: 16, phone: false, text: priceText },
    { label: "Filled at", ch: 10, right: true, phone: false, flash: true, text: (row) => price(row.average_price) },
    { label: "From", ch: 22, phone: false, class: "quiet", text: originText },
    { label: "State", ch: 14, node: (row) => badge(row().state), refresh: (cell, row) => writeBadge(cell.firstChild, row.state) },
  ];
}

export function fillColumns(page, { dated = false } = {}) {
  return [
    timeColumn((row) => row.market_time),
    symbolColumn(page, dated),
    { label: "Side", ch: 7, node: (row) => sideNode(row().side) },
    { label: "Quantity", ch: 12, right: true, text: (row) => quantity(row.quantity) },
    { label: "Price", ch: 10, right: true, text: (row) => price(row.price) },
    { label: "Fee", ch: 8, right: true, phone: false, text: (row) => price(row.fee) },
    { label: "Realised", ch: 13, right: true, text: (row) => (Number(row.realised) ? signedMoney(row.realised, page.currency) : "—"), tone: (row) => (toneOf(row.realised) ? `delta ${toneOf(row.realised)}` : "") },
    { label: "From", ch: 22, phone: false, class: "quiet", text: originText },
  ];
}

export function activityPanel(page) {
  const orders = new Table(one("#orders"), {
    caption: "Recent orders",
    steady: true,
    empty: emptyState("list", "No orders yet. Strategies send theirs after a close; yours start at New order."),
    columns: [
      ...orderColumns(page),
      ...(page.canWrite ? [actionColumn()] : []),
    ],
  });
  const fills = new Table(one("#fills"), {
    caption: "Recent fills",
    steady: true,
    empty: emptyState("check", "No fills yet. Orders fill at the next open or inside the next bar."),
    columns: fillColumns(page),
  });
  for (const button of all("[data-activity]")) button.addEventListener("click", () => show(button.dataset.activity));
  bindCancelAll(page);
  return (state, before) => {
    if (state.orders !== before.orders) orders.update(state.orders ?? []);
    if (state.fills !== before.fills) fills.update(state.fills ?? []);
  };
}

function show(name) {
  for (const button of all("[data-activity]")) button.setAttribute("aria-pressed", String(button.dataset.activity === name));
  one("#orders").hidden = name !== "orders";
  one("#fills").hidden = name !== "fills";
}

/** Change and Cancel of an order while it is open; `after` runs once the server has answered. */
export function actionColumn(after = () => {}) {
  return {
    label: "Actions",
    ch: 19,
    hidden: true,
    right: true,
    node: (row) => h("span", { class: "table-actions" }, changeButton(row, after), cancelButton(row, after)),
    refresh: (cell, row) => (cell.firstChild.hidden = !isOpen(row)),
  };
}

function actionButton(name, row) {
  return h("button", { class: "btn btn-quiet btn-small", type: "button", "aria-label": `${name} order ${row().side} ${row().symbol}` }, name);
}

function cancelButton(row, after) {
  const button = actionButton("Cancel", row);
  button.addEventListener("click", () => cancelOrder(row(), button).then(after));
  return button;
}

function changeButton(row, after) {
  const button = actionButton("Change", row);
  button.addEventListener("click", () => changeOrder(row()).then(after));
  return button;
}

/** A replacement: what differs from the order is sent, the new order takes its place when the old one is cancelled. */
async function changeOrder(order) {
  const left = String(Number(order.quantity) - Number(order.filled));
  const before = { quantity: left, limit_price: order.limit_price, stop_price: order.stop_price };
  const number = (name, label, hint) => field({ name, label, hint, type: "number", required: true, value: before[name] });
  const fields = [
    number("quantity", "Quantity", Number(order.filled) ? `Of what is left; ${quantity(order.filled)} are filled.` : ""),
    ...(order.stop_price === null ? [] : [number("stop_price", "Stop price")]),
    ...(order.limit_price === null ? [] : [number("limit_price", "Limit price")]),
  ];
  const answer = await formDialog({
    title: `Change ${order.side === "BUY" ? "buy" : "sell"} ${quantity(left)} ${order.symbol}, ${words(order.order_type)}`,
    text: "A new order takes its place once the old one is cancelled; the risk gate judges it first.",
    fields,
    action: "Change order",
    send(values) {
      const changes = Object.entries(values).filter(([name, value]) => value !== Number(before[name]));
      if (!changes.length) throw new Error("Nothing is changed yet.");
      return api.post(`/api/orders/${order.id}/replace`, Object.fromEntries(changes.map(([name, value]) => [name, String(value)])));
    },
  });
  if (answer) toast(answer.message, answer.success ? "good" : "warn", { title: answer.success ? "Order changed" : "Denied: the order stays as it was" });
}

export async function cancelOrder(order, button) {
  const protective = order.role === "stop" || order.role === "target";
  if (protective) {
    const sure = await confirm({
      title: `Cancel the ${order.role} of ${order.symbol}?`,
      will: [`leave ${quantity(order.quantity)} ${order.symbol} without this protection`],
      wont: ["close the position"],
      action: `Cancel the ${order.role}`,
    });
    if (!sure) return;
  }
  await act(button, async () => {
    await api.post(`/api/orders/${order.id}/cancel`);
    toast(`Cancel of ${order.side} ${quantity(order.quantity)} ${order.symbol} asked for.`);
  });
}

function bindCancelAll(page) {
  const button = one("#cancel-all");
  if (!button) return;
  button.addEventListener("click", async () => {
    const sure = await confirm({
      title: "Cancel all working orders?",
      will: ["cancel every order that would open or enlarge a position"],
      wont: ["cancel protective stops and targets", "close a position", "stop the strategies"],
      action: "Cancel all",
    });
    if (!sure) return;
    await act(button, async () => {
      const answer = await api.post(`/api/accounts/${page.account}/cancel-all`);
      toast(answer?.message || "Cancel of all working orders asked for.");
    });
  });
}
