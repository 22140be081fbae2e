// The strategies deployed on the account, each with its own start and stop.

import { api } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { percent } from "../core/format.js";
import { badge, writeBadge } from "../ui/badges.js";
import { confirm } from "../ui/dialog.js";
import { Table, emptyState } from "../ui/table.js";
import { act, toast } from "../ui/toast.js";
import { STOP_WILL, STOP_WONT } from "./control.js";

const TARGETS = { 1: "long", 0: "flat", "-1": "short" };

function targetsText(row) {
  const wanted = Object.entries(row.targets ?? {}).filter(([, target]) => target !== null && Number(target) !== 0);
  if (!wanted.length) return "flat";
  return wanted.map(([symbol, target]) => `${symbol} ${TARGETS[Number(target)] ?? percent(target, 1)}`).join(", ");
}

function sizeText(row) {
  return [
    `${percent(row.position_size, 0)} each`,
    row.stop_loss && `stop ${percent(row.stop_loss, 0)}`,
    row.take_profit && `target ${percent(row.take_profit, 0)}`,
  ]
    .filter(Boolean)
    .join(", ");
}

export function deploymentsPanel(page) {
  const table = new Table(one("#deployments"), {
    caption: "Strategies deployed on this account",
    key: (row) => row.id,
    empty: emptyState("spark", "No strategy is deployed on this account. Each one decides after a close and trades within the account's limits.", page.canWrite ? h("a", { class: "btn", href: `/accounts/${page.account}/settings/#strategies` }, "Add a strategy") : null),
    columns: [
      { label: "Strategy", ch: 20, head: true, text: (row) => row.name },
      { label: "Symbols", ch: 26, phone: false, class: "quiet", text: (row) => (row.symbols ?? []).join(", ") },
      { label: "Wants", ch: 26, phone: false, flash: true, text: targetsText },
      { label: "Size", ch: 28, phone: false, class: "quiet", text: sizeText },
      {
        label: "State",
        node: (row) => h("span", { class: "row" }, badge(row().state), h("span", { class: "note" })),
        refresh: (cell, row) => {
          const [state, message] = cell.firstChild.children;
          writeBadge(state, row.state);
          message.textContent = row.message ?? "";
        },
      },
      ...(page.canWrite ? [{ label: "Actions", ch: 11, hidden: true, right: true, node: (row) => startStop(row), refresh: drawButton }] : []),
    ],
  });
  return (state, before) => {
    if (state.deployments !== before.deployments) table.update(state.deployments ?? []);
  };
}

function drawButton(cell, row) {
  const button = cell.firstChild;
  const running = row.state === "running";
  button.textContent = running ? "Stop" : "Start";
  button.setAttribute("aria-label", `${running ? "Stop" : "Start"} ${row.name}`);
}

function startStop(row) {
  const button = h("button", { class: "btn btn-small", type: "button" });
  button.addEventListener("click", async () => {
    const deployment = row();
    const running = deployment.state === "running";
    if (running && !(await confirm({ title: `Stop ${deployment.name}?`, will: STOP_WILL, wont: STOP_WONT, action: "Stop" }))) return;
    await act(button, async () => {
      await api.post(`/api/deployments/${deployment.id}/${running ? "stop" : "start"}`);
      toast(`${deployment.name} is ${running ? "stopped; its positions and protection stay" : "running"}.`);
    });
  });
  return button;
}
